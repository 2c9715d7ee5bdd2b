/* The server: accepts clients while there is room, hands each to the worker that has the fewest,
 * and stops. It runs in its own loop's turns and waits for nothing; the workers' loops are turned
 * by whoever calls worker_run. With one worker both share a loop. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include <tenon/stream.h>
#include "common/console.h"
#include "server/crowd.h"
#include "server/options.h"
#include "server/totals.h"
#include "server/worker.h"

enum {
    SERVER_LISTENERS_MAX = 64
};

/* What stands beside a listener. */
struct server_entrance {
    struct place place;
    bool open;
    bool holds;                     /* this one was accepted while there was no room for it */
    struct handover held;
};

struct server {
    struct tenon_loop *loop;
    struct console *console;
    const struct server_options *options;
    size_t message_size;
    int code;                       /* to exit with */

    struct worker workers[SERVER_THREADS_MAX];
    struct worker_view views[SERVER_THREADS_MAX];
    uint32_t handed[SERVER_THREADS_MAX];    /* sockets, from the start; wraps as `closed` does */
    uint32_t worker_count;
    struct tenon_message changed;   /* from the workers */
    struct crowd crowd;             /* --max-per-ip */
    struct totals totals;           /* of what no worker sees */
    uint32_t number;                /* of the last connection */

    struct tenon_listener listeners[SERVER_LISTENERS_MAX];
    struct server_entrance entrances[SERVER_LISTENERS_MAX];
    uint32_t listener_count;
    uint32_t listeners_open;
    struct console_notice short_of_descriptors;
    struct console_notice full;

    const struct session *chosen;   /* --once: the client to serve */
    bool decided;                   /* and how that ended */
    bool stopping;
    bool finishing;                 /* no socket will be handed over any more */
    bool told_cut;
    bool over;
    int64_t stopped;                /* when */
    int64_t drain;                  /* how long from then on */
    struct tenon_timer drain_timer;
    bool reporting;
    uint32_t reports;
};

/* Takes all memory: a worker for each of the loops, the first of which is the server's own. The
 * options and the console stay the caller's, unchanged until the end. EXIT_CODE_NONE, or the code
 * to exit with; then all is said, and server_end is still to be called. */
int server_open(struct server *server, struct tenon_loop *const *loops, uint32_t loop_count,
                const struct server_options *options, struct console *console);

/* Listens and serves. EXIT_CODE_NONE, or the code to exit with; then all is said, and it is over
 * soon. */
int server_start(struct server *server);

/* Ends it before its start, for what failed elsewhere. */
void server_cancel(struct server *server);

/* Stops accepting, waits for the clients and ends. */
void server_stop(struct server *server, enum tenon_request stop);

/* Says the totals so far. */
void server_report(struct server *server);

/* Nothing is left: its loop need not be turned any more. */
bool server_is_over(const struct server *server);

/* Behind the last turn of every loop: frees its memory and returns the exit code. */
int server_end(struct server *server);

/* ---- for its own parts ---- */

/* How many connections a worker has, at most: it may have closed some since it was looked at. */
uint32_t server_count_open(const struct server *server, uint32_t index);

/* Says the totals, and where a report was asked for once every worker has answered. */
void server_say_totals(struct server *server);
void server_go_on_reporting(struct server *server);

/* ---- for its workers ---- */

/* Any thread: what the server sees of a worker has changed. */
void server_worker_changed(struct server *server);

/* The first byte of a client: with --once, which has one worker only, it is the one. And how it
 * ended. */
void server_choose(struct server *server, const struct session *session);
void server_decide(struct server *server, const struct session *session, int code);

#endif
