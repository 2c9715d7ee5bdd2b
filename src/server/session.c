/* A session: its states, its one timer and its end. */
#include "server/session.h"
#include "common/dump.h"
#include "common/event.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include "server/gate.h"
#include "server/reserve.h"
#include "server/server.h"
#include "server/service.h"
#include "server/worker.h"
#include <assert.h>
#include <string.h>

static_assert(sizeof(struct session) <= 256, "an idle connection costs at most 256 bytes");

static const int64_t linger_silence = 5 * TENON_SECOND;
static const int64_t linger_whole = 30 * TENON_SECOND;
static const int64_t header_whole = 3 * TENON_SECOND;
static const int64_t stop_silence = 1 * TENON_SECOND;
static const int64_t stuck_min = 5 * TENON_SECOND;      /* half of what a client waits by default */

/* ---- lists ---- */

void session_list_append(struct session_list *list, struct session *session)
{
    session->next = NULL;
    session->previous = list->last;
    if (list->last == NULL) {
        list->first = session;
    } else {
        list->last->next = session;
    }
    list->last = session;
}

void session_list_remove(struct session_list *list, struct session *session)
{
    if (session->previous == NULL) {
        list->first = session->next;
    } else {
        session->previous->next = session->next;
    }
    if (session->next == NULL) {
        list->last = session->previous;
    } else {
        session->next->previous = session->previous;
    }
}

/* ---- states ---- */

void session_set_state(struct session *session, enum session_state state)
{
    struct worker *worker = session->worker;
    worker->counts[session->state]--;
    worker->counts[state]++;
    session->state = (uint8_t)state;
}

void session_touch(struct session *session)
{
    session->active_ms = worker_milliseconds(session->worker);
}

static int64_t since(const struct session *session, uint32_t milliseconds)
{
    return (int64_t)(worker_milliseconds(session->worker) - milliseconds) * TENON_MILLISECOND;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* It has sent nothing: bytes that wait for the reserve are something. */
static bool is_silent(const struct session *session)
{
    return session->state == SESSION_HEADER ||
           (session->state == SESSION_WAITING && !session->queued);
}

/* How long the session may still go on as it is, if nothing more comes; TENON_FOREVER: without
 * limit. */
static int64_t time_left(const struct session *session)
{
    const struct worker *worker = session->worker;
    int64_t timeout = worker->options->settings.timeout;
    int64_t left = TENON_FOREVER;
    if (session->state == SESSION_LINGERING) {
        left = smaller(linger_silence - since(session, session->active_ms),
                       linger_whole - since(session, session->after.lingers_ms));
    } else if (session->state == SESSION_HEADER) {
        left = header_whole - since(session, session->active_ms);
    } else if (timeout != TENON_FOREVER) {
        left = timeout - since(session, session->active_ms);
    }
    if (worker->stopping && (session->state == SESSION_LINGERING || is_silent(session))) {
        left = smaller(left, stop_silence - (tenon_loop_now(worker->loop) - worker->stopped));
    }
    return left;
}

static void on_timer(struct tenon_timer *timer);

/* The timer is started for the earliest time at which it can be due. Bytes only move active_ms; the
 * timer looks at that when it runs, so that no request touches it. */
static void start_timer(struct session *session)
{
    struct tenon_loop *loop = session->worker->loop;
    int64_t left = time_left(session);
    if (left == TENON_FOREVER) {
        return;
    }
    /* The times are cut to milliseconds: one more, or it would be early. */
    tenon_timer_start(loop, &session->timer, tenon_loop_now(loop) + left + TENON_MILLISECOND,
                      on_timer);
}

/* A send that gets on is no silence, though its completion is yet to come. */
static void look_at_send(struct session *session)
{
    if (!session->sending) {
        return;
    }
    struct reserve_entry *entry = OUTER(session->stream.send, struct reserve_entry, send);
    if (entry->send.sent != entry->progress) {
        entry->progress = entry->send.sent;
        session_touch(session);
        session_send_ends(session);
        session_send_begins(session);
    }
}

/* `reason` may be NULL. */
static void time_out(struct session *session, const char *reason)
{
    struct worker *worker = session->worker;
    struct event event;
    if (event_begin(&event, &worker->console, CONSOLE_INFO, "timeout")) {
        event_number(&event, "conn", session->number);
        if (reason != NULL) {
            event_text(&event, "reason", reason);
        }
        event_end(&event);
    }
    worker->totals.timeouts++;
    server_decide(worker->server, session, EXIT_CODE_TIMED_OUT);
}

static void expire(struct session *session)
{
    struct worker *worker = session->worker;
    bool stopped = worker->stopping && is_silent(session);
    if (session->state == SESSION_HEADER && !stopped) {
        gate_header_missing(session, "it has not come within 3 s");
        return;
    }
    if (session->state != SESSION_LINGERING && !stopped) {
        time_out(session, NULL);
    }
    session_close(session, TENON_CLOSE_GRACEFUL);
}

static void on_timer(struct tenon_timer *timer)
{
    struct session *session = OUTER(timer, struct session, timer);
    look_at_send(session);
    if (time_left(session) > -TENON_MILLISECOND) {
        start_timer(session);
    } else {
        expire(session);
    }
}

/* ---- a send in flight ---- */

void session_send_begins(struct session *session)
{
    session->sending = true;
    session_list_append(&session->worker->sending, session);
    worker_relieve(session->worker);
}

void session_send_ends(struct session *session)
{
    if (session->sending) {
        session->sending = false;
        session_list_remove(&session->worker->sending, session);
    }
}

int64_t session_time_until_stuck(const struct session *session)
{
    return stuck_min - since(session, session->active_ms);
}

bool session_end_if_stuck(struct session *session)
{
    look_at_send(session);
    if (session_time_until_stuck(session) > 0) {
        return false;
    }
    time_out(session, "others_wait");
    session_close(session, TENON_CLOSE_ABORT);
    return true;
}

static struct dump *dump_of(const struct session *session)
{
    struct worker *worker = session->worker;
    return worker->dumps == NULL ? NULL : &worker->dumps[session - worker->sessions];
}

void session_received(struct session *session, const void *data, size_t size)
{
    struct worker *worker = session->worker;
    struct dump *dump = dump_of(session);
    worker->totals.received += size;
    if (dump != NULL) {
        dump_received(dump, &worker->console, session->number, data, size);
    }
}

void session_sent(struct session *session, const void *data, size_t size)
{
    struct worker *worker = session->worker;
    struct dump *dump = dump_of(session);
    worker->totals.sent += size;
    if (dump != NULL) {
        dump_sent(dump, &worker->console, session->number, data, size);
    }
}

/* ---- open ---- */

void session_log(const struct session *session, enum console_level level, const char *name,
                 const enum tenon_status *status)
{
    struct event event;
    if (event_begin(&event, &session->worker->console, level, name)) {
        event_number(&event, "conn", session->number);
        if (status != NULL) {
            event_status(&event, *status);
        }
        event_end(&event);
    }
}

bool session_open(struct session *session, struct worker *worker,
                  const struct handover *handover)
{
    struct event event;
    memset(session, 0, sizeof *session);
    session->worker = worker;
    session->peer = handover->peer;
    session->number = handover->number;
    session->counted = handover->counted;
    if (worker->dumps != NULL) {
        memset(dump_of(session), 0, sizeof *worker->dumps);
    }
    if (tenon_stream_attach(worker->loop, &session->stream, handover->socket) != TENON_OK) {
        return false;
    }
    session_set_state(session, gate_wants_header(session) ? SESSION_HEADER : SESSION_WAITING);
    session_touch(session);
    start_timer(session);
    if (worker->options->settings.timeout == TENON_FOREVER &&
        tenon_stream_keep_alive(&session->stream, 60 * TENON_SECOND) != TENON_OK) {
        session_log(session, CONSOLE_INFO, "no_keep_alive", NULL);
    }
    if (event_begin(&event, &worker->console, CONSOLE_DEBUG, "open")) {
        event_number(&event, "conn", session->number);
        event_address(&event, "peer", &session->peer);
        event_end(&event);
    }
    tenon_stream_receive_ready(&session->stream, service_on_ready);
    return true;
}

void session_wait(struct session *session)
{
    session_touch(session);
    start_timer(session);
}

/* ---- end ---- */

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct session *session = OUTER(stream, struct session, stream);
    struct worker *worker = session->worker;
    session_log(session, CONSOLE_DEBUG, "close", &status);
    session_set_state(session, SESSION_FREE);
    gate_leave(worker->server, session->counted, &session->peer);
    worker_session_closed(worker, session);
}

void session_close(struct session *session, enum tenon_close_mode mode)
{
    struct worker *worker = session->worker;
    if (session->state != SESSION_CLOSING) {
        tenon_timer_stop(worker->loop, &session->timer);
        gate_forget(session);
        if (session->state == SESSION_LINGERING) {
            session_list_remove(&worker->lingering, session);
        }
        session_send_ends(session);
        worker_unqueue(worker, session);
        session_set_state(session, SESSION_CLOSING);
        worker_changed(worker);
    }
    tenon_stream_close(&session->stream, mode, 0, on_closed);
    worker_wake_waiting(worker);    /* it may have been this one's turn */
}

void session_linger(struct session *session)
{
    struct worker *worker = session->worker;
    session_set_state(session, SESSION_LINGERING);
    session_list_append(&worker->lingering, session);
    session->after.lingers_ms = worker_milliseconds(worker);
    session_touch(session);
    start_timer(session);
    worker_changed(worker);
}

void session_over(struct session *session, enum tenon_status status)
{
    struct worker *worker = session->worker;
    bool failed = status != TENON_END;
    session->ended = true;
    if (session->state == SESSION_HEADER && session->begin.header != NULL && !failed) {
        gate_header_missing(session, "the connection ended within it");
        return;
    }
    if (session->state == SESSION_WAITING || session->state == SESSION_HEADER) {
        session_log(session, CONSOLE_DEBUG, "health_check", &status);
    } else if (session->state == SESSION_ANSWERING && !failed) {
        return;         /* the answer comes first */
    } else {
        session_log(session, CONSOLE_INFO, "end", &status);
        worker->totals.errors += failed ? 1 : 0;
        server_decide(worker->server, session,
                      !failed ? EXIT_CODE_OK :
                      status == TENON_TIMED_OUT ? EXIT_CODE_TIMED_OUT : EXIT_CODE_FAILED);
    }
    session_close(session, failed ? TENON_CLOSE_ABORT : TENON_CLOSE_GRACEFUL);
}

void session_stop(struct session *session)
{
    if (is_silent(session) || session->queued || session->state == SESSION_LINGERING) {
        start_timer(session);
    }
}

bool session_cut(struct session *session)
{
    bool served = session->state == SESSION_ACTIVE || session->state == SESSION_ANSWERING ||
                  session->queued;
    bool gentle = is_silent(session) || session->state == SESSION_LINGERING;
    session_close(session, gentle ? TENON_CLOSE_GRACEFUL : TENON_CLOSE_ABORT);
    return served;
}
