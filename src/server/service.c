/* The services: greet, echo and discard. Each takes its bytes from the kernel only when it has a
 * place for them. */
#include "server/service.h"
#include "common/event.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include "common/peer.h"
#include "common/text.h"
#include "server/gate.h"
#include "server/reserve.h"
#include "server/server.h"
#include "server/session.h"
#include "server/worker.h"
#include <stdio.h>

static void give_back(struct worker *worker, struct reserve_entry *entry)
{
    reserve_give(&worker->reserve, entry);
    worker_wake_waiting(worker);
}

struct reserve_entry *service_take_entry(struct session *session)
{
    struct worker *worker = session->worker;
    struct reserve_entry *entry = reserve_take(&worker->reserve);
    if (entry == NULL) {
        worker_queue(worker, session);
        return NULL;
    }
    entry->content = NULL;
    return entry;
}

/* What the kernel has of the client's bytes, at most `size` of them. */
static size_t receive(struct session *session, void *data, size_t size)
{
    size_t received = tenon_stream_try_receive(&session->stream, data, size);
    if (received > 0) {
        session_touch(session);
        session_received(session, data, received);
    }
    return received;
}

/* The client's first byte. */
static void begin(struct session *session)
{
    struct worker *worker = session->worker;
    struct event event;
    if (event_begin_transcript(&event, &worker->console, "accept")) {
        event_number(&event, "conn", session->number);
        event_address(&event, "peer", &session->peer);
        event_end(&event);
    }
    session_set_state(session, SESSION_ACTIVE);
    worker->totals.answered += worker->options->mode == SERVER_GREET ? 0 : 1;
    server_choose(worker->server, session);
}

static void print_connected(struct session *session)
{
    char name[PEER_NAME_MAX];
    char line[PEER_NAME_MAX + 32];
    peer_name(&session->peer, name);
    int size = snprintf(line, sizeof line, "Connected to client: %s\n", name);
    console_print(&session->worker->console, line, size < 0 ? 0 : (size_t)size);
}

/* Hands over what the entry's piece names, as the kernel gets room for it. */
static void queue_entry(struct session *session, struct reserve_entry *entry,
                        tenon_send_fn *on_sent)
{
    entry->send.pieces = &entry->piece;
    entry->send.piece_count = 1;
    entry->progress = 0;
    tenon_stream_send(&session->stream, &entry->send, on_sent);
    session_send_begins(session);
}

/* It is over, and its bytes went as far as it came. */
static void end_send(struct session *session, const struct reserve_entry *entry)
{
    session_send_ends(session);
    session_sent(session, entry->piece.data, entry->send.sent);
}

/* Hands over what the entry's piece names. True: all of it is gone, and on_sent will not be called.
 */
static bool send_entry(struct session *session, struct reserve_entry *entry, tenon_send_fn *on_sent)
{
    size_t sent = tenon_stream_try_send(&session->stream, entry->piece.data, entry->piece.size);
    session_sent(session, entry->piece.data, sent);
    if (sent == entry->piece.size) {
        return true;
    }
    entry->piece.data = (const char *)entry->piece.data + sent;
    entry->piece.size -= sent;
    queue_entry(session, entry, on_sent);
    return false;
}

/* ---- an answer ---- */

static void print_exchange(struct session *session, const struct reserve_entry *entry)
{
    enum { FIXED = PEER_NAME_MAX + 80 };
    char lines[TEXT_ESCAPED_MAX(WORKER_RECEIVE_MAX) + FIXED];
    struct text_escape escape = {.held_count = 0};
    char name[PEER_NAME_MAX];
    if (!console_prints(&session->worker->console)) {
        return;
    }
    peer_name(&session->peer, name);
    int size = snprintf(lines, FIXED, "Connected to client: %s\nReceived data: ", name);
    size_t used = size < 0 ? 0 : (size_t)size;
    used += text_escape(&escape, entry->data, entry->size, lines + used);
    used += text_escape_end(&escape, lines + used);
    size = snprintf(lines + used, sizeof lines - used, "\nResponse sent.\n");
    used += size < 0 ? 0 : (size_t)size;
    console_print(&session->worker->console, lines, used);
}

/* The whole answer is with the kernel. */
static void answered(struct session *session, const struct reserve_entry *entry)
{
    struct worker *worker = session->worker;
    struct event event;
    print_exchange(session, entry);
    if (event_begin_transcript(&event, &worker->console, "answer")) {
        event_number(&event, "conn", session->number);
        event_data(&event, entry->data, entry->size);
        event_number(&event, "sent", entry->content == NULL ? worker->message_size : entry->offset);
        event_end(&event);
    }
    worker->totals.answered++;
    server_decide(worker->server, session, EXIT_CODE_OK);
    if (session->ended || session->after.dropped >= TENON_CLOSE_BYTES_MAX) {
        session_close(session, TENON_CLOSE_GRACEFUL);
        return;
    }
    tenon_stream_finish(&session->stream);
    session_linger(session);
}

static void on_answer_sent(struct tenon_send *send, enum tenon_status status)
{
    struct session *session = OUTER(send->stream, struct session, stream);
    struct worker *worker = session->worker;
    struct reserve_entry *entry = OUTER(send, struct reserve_entry, send);
    end_send(session, entry);
    if (session->state != SESSION_CLOSING) {
        if (status == TENON_OK) {
            answered(session, entry);
        } else {
            session_over(session, status);
        }
    }
    give_back(worker, entry);
}

/* ---- greet with a file: read piece by piece, as the client takes it ---- */

static enum tenon_flow send_file(struct session *session, struct reserve_entry *entry);

static void forget_file(struct session *session, struct reserve_entry *entry)
{
    content_release(&session->worker->content, entry->content);
    entry->content = NULL;
    give_back(session->worker, entry);
}

static void on_piece_sent(struct tenon_send *send, enum tenon_status status)
{
    struct session *session = OUTER(send->stream, struct session, stream);
    struct reserve_entry *entry = OUTER(send, struct reserve_entry, send);
    end_send(session, entry);
    if (session->state == SESSION_CLOSING) {
        forget_file(session, entry);
    } else if (status == TENON_OK) {
        session_touch(session);
        (void)send_file(session, entry);
    } else {
        session_over(session, status);
        forget_file(session, entry);
    }
}

/* The file has been changed under us, or cannot be read: what the client has is no answer. */
static void break_off(struct session *session, struct tenon_error error)
{
    struct worker *worker = session->worker;
    const char *path = worker->options->input;
    if (error.status == TENON_OK) {
        console_error_once(&worker->console, &worker->broken_off,
                           "%s has changed while it was sent: a client is cut off; write a new "
                           "file beside it and rename that into its place", path);
    } else {
        char why[CONSOLE_ERROR_MAX];
        console_error_text(error, why);
        console_error_once(&worker->console, &worker->broken_off, "cannot read %s: %s", path, why);
    }
    worker->totals.errors++;
    server_decide(worker->server, session, EXIT_CODE_FAILED);
    session_close(session, TENON_CLOSE_ABORT);
}

/* Several pieces at once, as long as the kernel takes them; then others have their turn. */
static enum tenon_flow send_file(struct session *session, struct reserve_entry *entry)
{
    enum { PIECES_AT_ONCE = 2 };
    char *room = entry->data + WORKER_RECEIVE_MAX;      /* behind what the client has sent */
    for (int i = 0;; i++) {
        struct tenon_error error;
        size_t size = 0;
        if (!content_read(entry->content, entry->offset, room,
                          (size_t)RESERVE_DATA_SIZE - WORKER_RECEIVE_MAX, &size, &error)) {
            break_off(session, error);
            forget_file(session, entry);
            return TENON_PAUSE;
        }
        if (size == 0) {
            answered(session, entry);
            forget_file(session, entry);
            return TENON_CONTINUE;
        }
        entry->offset += size;
        entry->piece.data = room;
        entry->piece.size = size;
        if (i == PIECES_AT_ONCE) {
            queue_entry(session, entry, on_piece_sent);
            return TENON_CONTINUE;
        }
        if (!send_entry(session, entry, on_piece_sent)) {
            return TENON_CONTINUE;
        }
    }
}

/* ---- greet ---- */

/* Answers what the first receive brought. */
static enum tenon_flow greet(struct session *session, struct reserve_entry *entry)
{
    struct worker *worker = session->worker;
    begin(session);
    session_set_state(session, SESSION_ANSWERING);
    if (worker->options->input != NULL) {
        entry->content = content_acquire(&worker->content);
        entry->offset = 0;
        return send_file(session, entry);
    }
    entry->piece.data = worker->options->settings.message;
    entry->piece.size = worker->message_size;
    if (send_entry(session, entry, on_answer_sent)) {
        answered(session, entry);
        give_back(worker, entry);
    }
    return TENON_CONTINUE;
}

/* ---- echo ---- */

static void on_echo_sent(struct tenon_send *send, enum tenon_status status)
{
    struct session *session = OUTER(send->stream, struct session, stream);
    struct worker *worker = session->worker;
    struct reserve_entry *entry = OUTER(send, struct reserve_entry, send);
    end_send(session, entry);
    if (session->state != SESSION_CLOSING) {
        if (status == TENON_OK) {
            session_touch(session);
            tenon_stream_receive_resume(&session->stream);
        } else {
            session_over(session, status);
        }
    }
    give_back(worker, entry);
}

static enum tenon_flow echo(struct session *session, struct reserve_entry *entry)
{
    if (session->state == SESSION_WAITING) {
        begin(session);
        print_connected(session);
    }
    entry->piece.data = entry->data;
    entry->piece.size = entry->size;
    if (!send_entry(session, entry, on_echo_sent)) {
        return TENON_PAUSE;
    }
    give_back(session->worker, entry);
    return TENON_CONTINUE;
}

/* ---- discard ---- */

static enum tenon_flow discard(struct session *session)
{
    if (session->state == SESSION_WAITING) {
        begin(session);
        print_connected(session);
    }
    return TENON_CONTINUE;
}

/* ---- after the answer ---- */

static enum tenon_flow drop(struct session *session)
{
    struct worker *worker = session->worker;
    size_t size = tenon_stream_try_receive(&session->stream, worker->scratch, WORKER_SCRATCH_SIZE);
    if (size == 0) {
        return TENON_CONTINUE;
    }
    session_received(session, worker->scratch, size);
    if (session->state == SESSION_LINGERING) {
        session_touch(session);     /* an answer that is stuck is so whatever the client sends */
    }
    session->after.dropped += (uint32_t)size;
    if (session->after.dropped < TENON_CLOSE_BYTES_MAX) {
        return TENON_CONTINUE;
    }
    if (session->state == SESSION_LINGERING) {
        session_log(session, CONSOLE_DEBUG, "linger_limit", NULL);
        session_close(session, TENON_CLOSE_GRACEFUL);
    }
    return TENON_PAUSE;     /* while answering the client is to read first */
}

/* ---- the way in ---- */

enum tenon_flow service_begin(struct session *session, struct reserve_entry *entry)
{
    struct worker *worker = session->worker;
    if (session->is_local) {
        gate_refuse_local(session);
        give_back(worker, entry);
        return TENON_PAUSE;
    }
    switch (worker->options->mode) {
    case SERVER_GREET:
        if (entry->size > WORKER_RECEIVE_MAX) {
            session->after.dropped = (uint32_t)(entry->size - WORKER_RECEIVE_MAX);
            entry->size = WORKER_RECEIVE_MAX;
        }
        return greet(session, entry);
    case SERVER_ECHO:
        return echo(session, entry);
    case SERVER_DISCARD:
        give_back(worker, entry);
        return discard(session);
    }
    return TENON_PAUSE;
}

/* The client's bytes are taken from the kernel only when there is a place for them. */
static enum tenon_flow serve(struct session *session)
{
    struct worker *worker = session->worker;
    if (worker->options->mode == SERVER_DISCARD && !session->is_local) {
        size_t size = receive(session, worker->scratch, WORKER_SCRATCH_SIZE);
        return size > 0 ? discard(session) : TENON_CONTINUE;
    }
    struct reserve_entry *entry = service_take_entry(session);
    if (entry == NULL) {
        return TENON_PAUSE;
    }
    size_t room =
        worker->options->mode == SERVER_GREET ? (size_t)WORKER_RECEIVE_MAX : RESERVE_DATA_SIZE;
    entry->size = receive(session, entry->data, room);
    if (entry->size == 0) {
        give_back(worker, entry);
        return TENON_CONTINUE;
    }
    return service_begin(session, entry);
}

enum tenon_flow service_on_ready(struct tenon_stream *stream, enum tenon_status status)
{
    struct session *session = OUTER(stream, struct session, stream);
    if (status == TENON_CANCELED) {
        return TENON_PAUSE;         /* we close it */
    }
    if (status != TENON_OK) {
        session_over(session, status);
        return TENON_PAUSE;
    }
    switch (session->state) {
    case SESSION_HEADER:
        return gate_on_ready(session);
    case SESSION_ANSWERING:
    case SESSION_LINGERING:
        return drop(session);
    default:
        return serve(session);
    }
}
