/* The server: accepts clients while there is room, and stops. */
#include "server/server.h"
#include "common/exit_code.h"
#include "common/number.h"
#include "common/outer.h"
#include "server/listen.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const int64_t close_drain_max = 4 * TENON_SECOND;    /* the system gives about 5 s */

uint32_t server_milliseconds(const struct server *server)
{
    return (uint32_t)((tenon_loop_now(server->loop) - server->started) / TENON_MILLISECOND);
}

/* ---- the pool ---- */

static bool has_room(const struct server *server)
{
    return server->counts[SESSION_FREE] > 0;
}

static void open_session(struct server *server, struct tenon_socket socket,
                         const struct tenon_address *peer)
{
    struct session *session = server->free.first;
    if (session != NULL) {
        session_list_remove(&server->free, session);
    } else {
        session = &server->sessions[server->sessions_begun++];
    }
    if (!session_open(session, server, socket, peer)) {
        session_list_append(&server->free, session);
        console_log(server->console, CONSOLE_INFO, "attach_failed", "status=%s",
                    tenon_status_name(tenon_stream_error(&session->stream).status));
    }
}

/* Sessions that are neither answered nor closing. */
static uint32_t count_served(const struct server *server)
{
    return server->counts[SESSION_WAITING] + server->counts[SESSION_ACTIVE] +
           server->counts[SESSION_ANSWERING];
}

static bool is_empty(const struct server *server)
{
    return server->counts[SESSION_FREE] == server->options->connections;
}

/* ---- accepting ---- */

void server_admit(struct server *server)
{
    uint32_t holders = 0;
    for (uint32_t i = 0; i < server->listener_count; i++) {
        struct server_entrance *entrance = &server->entrances[i];
        if (entrance->holds && has_room(server)) {
            entrance->holds = false;
            open_session(server, entrance->socket, &entrance->peer);
        }
        holders += entrance->holds ? 1 : 0;
    }
    /* Those that close already make room soon; beyond them the oldest that linger are given up. */
    while (holders > server->counts[SESSION_CLOSING] && server->lingering.first != NULL) {
        session_close(server->lingering.first, TENON_CLOSE_GRACEFUL);
    }
    if (server->stopping || server->chosen != NULL || holders > 0 ||
        (!has_room(server) && server->lingering.first == NULL)) {
        return;
    }
    for (uint32_t i = 0; i < server->listener_count; i++) {
        tenon_listener_resume(&server->listeners[i]);
    }
}

void server_wake_waiting(struct server *server)
{
    struct session *session = server->waiting.first;
    if (session != NULL && !reserve_is_empty(&server->reserve)) {
        session->queued = false;
        session_list_remove(&server->waiting, session);
        tenon_stream_receive_resume(&session->stream);
    }
}

static void on_limit(struct server *server)
{
    if (!server->short_of_descriptors) {
        server->short_of_descriptors = true;
        console_error(server->console, "cannot accept: no descriptors or no memory left; "
                                       "trying again");
    }
}

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    struct server *server = listener->context;
    struct server_entrance *entrance = &server->entrances[listener - server->listeners];
    if (status == TENON_CANCELED) {
        return TENON_PAUSE;
    }
    if (status != TENON_OK) {
        on_limit(server);
        return TENON_CONTINUE;
    }
    server->short_of_descriptors = false;
    if (has_room(server)) {
        open_session(server, socket, peer);
    } else if (server->stopping || entrance->holds) {
        tenon_socket_discard(socket);
        console_log(server->console, CONSOLE_INFO, "no_room", "limit=%" PRIu32,
                    server->options->connections);
        return TENON_CONTINUE;
    } else {
        entrance->holds = true;
        entrance->socket = socket;
        entrance->peer = *peer;
        server_admit(server);
    }
    /* While somebody lingers one more may come, and that one is given up then. */
    bool full = !has_room(server) && server->lingering.first == NULL;
    return entrance->holds || full ? TENON_PAUSE : TENON_CONTINUE;
}

/* ---- the end ---- */

static void end_if_empty(struct server *server)
{
    if (server->listeners_open == 0 && is_empty(server)) {
        tenon_timer_stop(server->loop, &server->drain_timer);
    }
}

static void say_draining(struct server *server)
{
    uint32_t count = count_served(server);
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

static void on_listener_closed(struct tenon_listener *listener)
{
    struct server *server = listener->context;
    server->entrances[listener - server->listeners].open = false;
    server->listeners_open--;
    if (server->listeners_open == 0 && server->stopping) {
        say_draining(server);
    }
    end_if_empty(server);
}

static void discard_held(struct server *server)
{
    for (uint32_t i = 0; i < server->listener_count; i++) {
        if (server->entrances[i].holds) {
            server->entrances[i].holds = false;
            tenon_socket_discard(server->entrances[i].socket);
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

void server_session_closed(struct server *server, struct session *session)
{
    session_list_append(&server->free, session);
    server_admit(server);
    end_if_empty(server);
}

static void on_drain_over(struct tenon_timer *timer)
{
    struct server *server = OUTER(timer, struct server, drain_timer);
    uint32_t cut = 0;
    close_listeners(server, TENON_CLOSE_ABORT);
    for (uint32_t i = 0; i < server->sessions_begun; i++) {
        struct session *session = &server->sessions[i];
        if (session->state != SESSION_FREE && session_cut(session)) {
            cut++;
        }
    }
    if (cut > 0) {
        server->code = EXIT_CODE_CUT_OFF;
        console_error(server->console,
                      "cut off %" PRIu32 " connection%s that took longer than the drain", cut,
                      cut == 1 ? "" : "s");
    }
}

void server_stop(struct server *server, enum tenon_request stop)
{
    if (server->stopping) {
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
    for (uint32_t i = 0; i < server->sessions_begun; i++) {
        session_stop(&server->sessions[i]);
    }
    if (server->drain != TENON_FOREVER) {
        tenon_timer_start(server->loop, &server->drain_timer, server->stopped + server->drain,
                          on_drain_over);
    }
    if (server->listeners_open == 0) {
        say_draining(server);
    }
    close_listeners(server, TENON_CLOSE_GRACEFUL);
    end_if_empty(server);
}

/* ---- --once ---- */

void server_choose(struct server *server, struct session *session)
{
    if (!server->options->once || server->chosen != NULL) {
        return;
    }
    server->chosen = session;
    (void)ready_file_remove(server);
    discard_held(server);
    close_listeners(server, TENON_CLOSE_ABORT);
    for (uint32_t i = 0; i < server->sessions_begun; i++) {
        struct session *other = &server->sessions[i];
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

int server_start(struct server *server, struct tenon_loop *loop,
                 const struct server_options *options, struct console *console)
{
    static const char listening[] = "Server is listening for connections...\n";
    memset(server, 0, sizeof *server);
    server->loop = loop;
    server->console = console;
    server->options = options;
    server->message_size = strlen(options->settings.message);
    server->started = tenon_loop_now(loop);
    server->counts[SESSION_FREE] = options->connections;
    server->sessions = calloc(options->connections, sizeof *server->sessions);
    server->scratch = malloc(SERVER_SCRATCH_SIZE);
    if (server->sessions == NULL || server->scratch == NULL ||
        !reserve_open(&server->reserve, options->connections)) {
        console_error(console, "there is not enough memory for %" PRIu32 " connections",
                      options->connections);
        return EXIT_CODE_FAILED;
    }
    int code = ready_file_remove(server);
    if (code == EXIT_CODE_NONE) {
        code = listen_all(server);
    }
    if (code == EXIT_CODE_NONE) {
        code = ready_file_write(server);
    }
    if (code != EXIT_CODE_NONE) {
        close_listeners(server, TENON_CLOSE_ABORT);
        return code;
    }
    for (uint32_t i = 0; i < server->listener_count; i++) {
        tenon_listener_accept(&server->listeners[i], on_accept);
    }
    console_print(console, listening, sizeof listening - 1);
    return EXIT_CODE_NONE;
}

int server_end(struct server *server)
{
    reserve_close(&server->reserve);
    free(server->scratch);
    free(server->sessions);
    return server->code;
}
