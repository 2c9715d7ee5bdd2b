/* Reports: the totals of all workers in one line. */
#include "server/server.h"
#include "common/event.h"

static void sum_totals(const struct server *server, struct totals *sum)
{
    *sum = server->totals;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        totals_add(sum, &server->views[i].totals);
    }
}

void server_say_totals(struct server *server)
{
    struct event event;
    struct totals sum;
    uint32_t open = 0;
    sum_totals(server, &sum);
    for (uint32_t i = 0; i < server->worker_count; i++) {
        open += server_count_open(server, i);
    }
    if (server->reporting ? event_begin_report(&event, server->console, "totals") :
                            event_begin(&event, server->console, CONSOLE_INFO, "totals")) {
        event_number(&event, "accepted", sum.accepted);
        event_number(&event, "open", open);
        totals_write(&sum, &event);
        event_end(&event);
    }
}

void server_go_on_reporting(struct server *server)
{
    for (uint32_t i = 0; i < server->worker_count; i++) {
        if (server->views[i].reports != server->reports && !server->views[i].over) {
            return;
        }
    }
    server_say_totals(server);
    server->reporting = false;
}

void server_report(struct server *server)
{
    if (server->reporting || server->over) {
        return;
    }
    server->reporting = true;
    server->reports++;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        worker_report(&server->workers[i]);
    }
}
