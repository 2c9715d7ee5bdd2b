/* The server: accepts, hands over and stops. */
#include "server/server.h"
#include "common/event.h"
#include "common/exit_code.h"
#include "common/number.h"
#include "common/outer.h"
#include "server/gate.h"
#include "server/listen.h"
#include <inttypes.h>
#include <string.h>

static const int64_t close_drain_max = 4 * TENON_SECOND;    /* the system gives about 5 s */

/* ---- what the workers have ---- */

uint32_t server_count_open(const struct server *server, uint32_t index)
{
    return server->handed[index] - server->views[index].closed;
}

struct census {
    uint32_t open;
    uint32_t lingering;
    uint32_t closing;
    uint32_t over;          /* workers */
};

/* Looks at all workers. While they are watched, each change of theirs calls on_changed. */
static struct census take_census(struct server *server, bool watched)
{
    struct census census = {0};
    for (uint32_t i = 0; i < server->worker_count; i++) {
        worker_look(&server->workers[i], watched, &server->views[i]);
        census.open += server_count_open(server, i);
        census.lingering += server->views[i].lingering;
        census.closing += server->views[i].closing;
        census.over += server->views[i].over ? 1 : 0;
    }
    return census;
}

static bool has_room(const struct server *server, const struct census *census)
{
    return census->open < server->options->connections;
}

/* To the worker with the fewest. False: there is no room, or too many are on their way. */
static bool hand_over(struct server *server, const struct handover *handover)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < server->worker_count; i++) {
        if (server_count_open(server, i) < server_count_open(server, best)) {
            best = i;
        }
    }
    server->handed[best]++;
    if (worker_hand(&server->workers[best], handover)) {
        return true;
    }
    server->handed[best]--;
    return false;
}

/* ---- accepting ---- */

/* Those that close already make room soon; beyond them the oldest that linger are given up. */
static void make_room(struct server *server, const struct census *census, uint32_t wanted)
{
    uint32_t left = wanted > census->closing ? wanted - census->closing : 0;
    for (uint32_t i = 0; i < server->worker_count && left > 0; i++) {
        uint32_t lingering = server->views[i].lingering;
        uint32_t count = lingering < left ? lingering : left;
        if (count > 0) {
            worker_give_up(&server->workers[i], count);
            left -= count;
        }
    }
}

static uint32_t serve_held(struct server *server)
{
    uint32_t holders = 0;
    for (uint32_t i = 0; i < server->listener_count; i++) {
        struct server_entrance *entrance = &server->entrances[i];
        if (!entrance->holds) {
            continue;
        }
        struct census census = take_census(server, true);
        if (has_room(server, &census) && hand_over(server, &entrance->held)) {
            entrance->holds = false;
        } else {
            holders++;
        }
    }
    return holders;
}

/* There may be room: for those that are held, and for more. While somebody lingers one more may
 * come, and that one is given up then. */
static void admit(struct server *server)
{
    uint32_t holders = serve_held(server);
    struct census census = take_census(server, true);
    make_room(server, &census, holders);
    bool full = !has_room(server, &census) && census.lingering == 0;
    if (holders > 0 || full || server->stopping || server->chosen != NULL) {
        return;
    }
    (void)take_census(server, false);
    for (uint32_t i = 0; i < server->listener_count; i++) {
        tenon_listener_resume(&server->listeners[i]);
    }
}

static void on_limit(struct server *server)
{
    console_error_once(server->console, &server->short_of_descriptors,
                       "cannot accept: no descriptors or no memory left; trying again");
}

static void discard(struct server *server, const struct handover *handover)
{
    tenon_socket_discard(handover->socket);
    gate_leave(server, handover->counted, &handover->peer);
    server->totals.shed++;
}

static void log_no_room(struct server *server, const struct handover *handover)
{
    struct event event;
    if (event_begin(&event, server->console, CONSOLE_INFO, "no_room")) {
        event_number(&event, "conn", handover->number);
        event_address(&event, "peer", &handover->peer);
        event_number(&event, "limit", server->options->connections);
        event_end(&event);
    }
}

/* Accepting pauses: who comes now waits in the kernel's queue. */
static void log_full(struct server *server)
{
    struct event event;
    uint64_t held_back = 0;
    if (console_is_due(server->console, &server->full, &held_back) &&
        event_begin(&event, server->console, CONSOLE_INFO, "full")) {
        event_number(&event, "limit", server->options->connections);
        event_number(&event, "repeated", held_back);
        event_end(&event);
    }
}

/* Without room: it waits for it, unless the server stops or one waits already. */
static void hold(struct server *server, struct server_entrance *entrance,
                 const struct handover *handover)
{
    if (server->stopping || entrance->holds) {
        discard(server, handover);
        log_no_room(server, handover);
        return;
    }
    entrance->holds = true;
    entrance->held = *handover;
    admit(server);
}

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    struct server *server = listener->context;
    struct server_entrance *entrance = &server->entrances[listener - server->listeners];
    struct handover handover;
    if (status == TENON_CANCELED) {
        return TENON_PAUSE;
    }
    if (status != TENON_OK) {
        on_limit(server);
        return TENON_CONTINUE;
    }
    server->totals.accepted++;
    handover.socket = socket;
    handover.peer = *peer;
    handover.number = ++server->number;
    if (!gate_admit(server, &handover)) {
        tenon_socket_discard(socket);
        return TENON_CONTINUE;
    }
    struct census census = take_census(server, server->stopping);
    if (has_room(server, &census) && hand_over(server, &handover)) {
        census.open++;
    } else {
        hold(server, entrance, &handover);
    }
    if (entrance->holds || (!has_room(server, &census) && census.lingering == 0)) {
        log_full(server);
        /* Watched from now on, and looked at once more: room may have come in between. */
        server_worker_changed(server);
        return TENON_PAUSE;
    }
    return TENON_CONTINUE;
}

/* ---- the end ---- */

static void say_draining(struct server *server)
{
    struct census census = take_census(server, true);
    uint32_t count = census.open - census.lingering - census.closing;
    const char *plural = count == 1 ? "" : "s";
    char limit[NUMBER_TEXT_MAX];
    if (count == 0 || server->options->settings.quiet) {
        return;
    }
    if (!tenon_timer_started(&server->drain_timer)) {
        console_note(server->console, "draining %" PRIu32 " connection%s (Ctrl+C again to force)",
                     count, plural);
        return;
    }
    number_duration_format(server->drain, limit);
    console_note(server->console,
                 "draining %" PRIu32 " connection%s, up to %s (Ctrl+C again to force)", count,
                 plural, limit);
}

/* Said once, when every worker has cut off what was left. */
static void say_cut(struct server *server)
{
    uint32_t cut = 0;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        if (!server->views[i].has_cut && !server->views[i].over) {
            return;
        }
        cut += server->views[i].cut;
    }
    if (cut > 0 && !server->told_cut) {
        server->told_cut = true;
        server->code = EXIT_CODE_CUT_OFF;
        console_error(server->console,
                      "cut off %" PRIu32 " connection%s that took longer than the drain", cut,
                      cut == 1 ? "" : "s");
    }
}

/* No listener is left: the workers get nothing more. */
static void finish(struct server *server)
{
    server->finishing = true;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        worker_finish(&server->workers[i]);
    }
}

static void on_listener_closed(struct tenon_listener *listener)
{
    struct server *server = listener->context;
    server->entrances[listener - server->listeners].open = false;
    server->listeners_open--;
    if (server->listeners_open > 0) {
        return;
    }
    if (server->stopping) {
        say_draining(server);
    }
    finish(server);
}

static void discard_held(struct server *server)
{
    for (uint32_t i = 0; i < server->listener_count; i++) {
        if (server->entrances[i].holds) {
            server->entrances[i].holds = false;
            discard(server, &server->entrances[i].held);
        }
    }
}

static void close_listeners(struct server *server, enum tenon_close_mode mode)
{
    for (uint32_t i = 0; i < server->listener_count; i++) {
        if (server->entrances[i].open) {
            tenon_listener_close(&server->listeners[i], mode, on_listener_closed);
        }
    }
}

static void on_drain_over(struct tenon_timer *timer)
{
    struct server *server = OUTER(timer, struct server, drain_timer);
    close_listeners(server, TENON_CLOSE_ABORT);
    for (uint32_t i = 0; i < server->worker_count; i++) {
        worker_cut(&server->workers[i]);
    }
}

void server_stop(struct server *server, enum tenon_request stop)
{
    if (server->stopping || server->over) {
        return;
    }
    server->stopping = true;
    server->stopped = tenon_loop_now(server->loop);
    server->drain = server->options->drain;
    if (stop == TENON_REQUEST_CLOSE && server->drain > close_drain_max) {
        server->drain = close_drain_max;
    }
    (void)ready_file_remove(server);        /* it has said what went wrong */
    discard_held(server);
    (void)take_census(server, true);
    for (uint32_t i = 0; i < server->worker_count; i++) {
        worker_stop(&server->workers[i], server->stopped);
    }
    if (server->drain != TENON_FOREVER) {
        tenon_timer_start(server->loop, &server->drain_timer, server->stopped + server->drain,
                          on_drain_over);
    }
    if (server->listeners_open == 0) {
        say_draining(server);
    }
    close_listeners(server, TENON_CLOSE_GRACEFUL);
}

/* ---- what the workers tell ---- */

void server_worker_changed(struct server *server)
{
    (void)tenon_post(server->loop, &server->changed);   /* posted already: it will see it all */
}

static void on_changed(struct tenon_message *message)
{
    struct server *server = OUTER(message, struct server, changed);
    if (!server->finishing) {
        admit(server);
    }
    struct census census = take_census(server, true);
    if (server->reporting) {
        server_go_on_reporting(server);
    }
    say_cut(server);
    if (server->finishing && census.over == server->worker_count && !server->over) {
        server->over = true;
        tenon_timer_stop(server->loop, &server->drain_timer);
        server_say_totals(server);
    }
}

bool server_is_over(const struct server *server)
{
    return server->over && !server->changed.posted;
}

/* ---- --once ---- */

void server_choose(struct server *server, const struct session *session)
{
    if (!server->options->once || server->chosen != NULL) {
        return;
    }
    server->chosen = session;
    (void)ready_file_remove(server);
    discard_held(server);
    close_listeners(server, TENON_CLOSE_ABORT);
    struct worker *worker = &server->workers[0];
    for (uint32_t i = 0; i < worker->begun; i++) {
        struct session *other = &worker->sessions[i];
        if (other != session && other->state != SESSION_FREE) {
            session_close(other, TENON_CLOSE_GRACEFUL);
        }
    }
}

void server_decide(struct server *server, const struct session *session, int code)
{
    if (session == server->chosen && !server->decided) {
        server->decided = true;
        server->code = code;
    }
}

/* ---- start and end ---- */

/* Some connections are not yet, or no longer, among those that are served. */
static bool open_crowd(struct server *server)
{
    uint64_t seed = (uint64_t)tenon_loop_wall(server->loop) ^ (tenon_process_id() << 32) ^
                    (uint64_t)(uintptr_t)server;
    return crowd_open(&server->crowd, server->options->connections + SERVER_LISTENERS_MAX,
                      server->options->per_address, seed);
}

/* Each loop has the file open for itself. */
static int open_content(struct server *server)
{
    const char *path = server->options->input;
    int code = EXIT_CODE_NONE;
    for (uint32_t i = 0; path != NULL && i < server->worker_count && code == EXIT_CODE_NONE; i++) {
        struct worker *worker = &server->workers[i];
        code = content_open(&worker->content, path, worker->loop, &worker->console);
    }
    return code;
}

int server_open(struct server *server, struct tenon_loop *const *loops, uint32_t loop_count,
                const struct server_options *options, struct console *console)
{
    bool enough = true;
    memset(server, 0, sizeof *server);
    server->loop = loops[0];
    server->console = console;
    server->options = options;
    server->message_size = strlen(options->settings.message);
    server->worker_count = loop_count;
    tenon_message_init(&server->changed, on_changed);
    uint32_t capacity = (options->connections + loop_count - 1) / loop_count;
    for (uint32_t i = 0; i < loop_count; i++) {
        enough = worker_open(&server->workers[i], server, loops[i], capacity) && enough;
    }
    if (options->per_address > 0) {
        enough = open_crowd(server) && enough;
    }
    if (!enough) {
        console_error(console, "there is not enough memory for %" PRIu32 " connections",
                      options->connections);
        return EXIT_CODE_FAILED;
    }
    return open_content(server);
}

int server_start(struct server *server)
{
    static const char listening[] = "Server is listening for connections...\n";
    int code = ready_file_remove(server);
    if (code == EXIT_CODE_NONE) {
        code = listen_all(server);
    }
    if (code == EXIT_CODE_NONE) {
        code = ready_file_write(server);
    }
    if (code != EXIT_CODE_NONE) {
        server_cancel(server);
        return code;
    }
    for (uint32_t i = 0; i < server->listener_count; i++) {
        tenon_listener_accept(&server->listeners[i], on_accept);
    }
    console_print(server->console, listening, sizeof listening - 1);
    struct event event;
    if (server->console->json && event_begin_transcript(&event, server->console, "ready")) {
        event_end(&event);
    }
    return EXIT_CODE_NONE;
}

void server_cancel(struct server *server)
{
    if (server->listeners_open > 0) {
        close_listeners(server, TENON_CLOSE_ABORT);
    } else {
        finish(server);
    }
}

int server_end(struct server *server)
{
    for (uint32_t i = 0; i < server->worker_count; i++) {
        worker_close(&server->workers[i]);
    }
    if (server->options->per_address > 0) {
        crowd_close(&server->crowd);
    }
    return server->code;
}
