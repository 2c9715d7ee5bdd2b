/* Streams: the calls that start and cancel something, and the events that end it. Nothing here
 * calls back. */
#include "common/stream.h"
#include "common/list.h"
#include <string.h>

static void assert_usable(const struct tenon_stream *stream)
{
    loop_assert_thread(stream->loop);
    TENON_ASSERT(stream->flags & STREAM_ATTACHED);
}

void stream_first_error(struct tenon_stream *stream, struct tenon_error error)
{
    if (stream->error.status == TENON_OK) {
        stream->error = error;
    }
}

void stream_mark_ready(struct tenon_stream *stream)
{
    if ((stream->flags & (STREAM_READY | STREAM_DELIVERING)) == 0) {
        stream->flags |= STREAM_READY;
        list_append(&stream->loop->streams, &stream->ready);
    }
}

void stream_arm(struct tenon_stream *stream)
{
    if ((stream->flags & (STREAM_ARMED | STREAM_READABLE)) == 0) {
        bool now = stream->loop->backend->arm(stream);
        stream->flags |= now ? STREAM_READABLE : STREAM_ARMED;
    }
}

bool stream_disarm(struct tenon_stream *stream)
{
    if ((stream->flags & STREAM_ARMED) == 0) {
        return true;
    }
    if (!stream->loop->backend->disarm(stream)) {
        return false;
    }
    stream->flags &= ~(uint32_t)STREAM_ARMED;
    return true;
}

bool stream_awaits_event(const struct tenon_stream *stream)
{
    uint32_t given = STREAM_LENT | STREAM_READABLE;
    return (stream->flags & STREAM_ARMED) != 0 && (stream->flags & given) != given;
}

static bool wants_turn(const struct tenon_stream *stream)
{
    uint32_t flags = stream->flags;
    if (flags & STREAM_SEND_DONE) {
        return true;
    }
    if (flags & STREAM_RECEIVING) {
        if (flags & STREAM_RECEIVE_CANCEL) {
            return (flags & STREAM_ARMED) == 0;
        }
        return (flags & STREAM_PAUSED) == 0 && !stream_awaits_event(stream) &&
               (flags & ((uint32_t)STREAM_READABLE | STREAM_OVER)) != 0;
    }
    uint32_t readable = flags & ((uint32_t)STREAM_READABLE | STREAM_ARMED);
    return (flags & STREAM_CLOSING) != 0 && readable == STREAM_READABLE &&
           !stream_is_sending(stream);
}

void stream_refresh(struct tenon_stream *stream)
{
    uint32_t idle = STREAM_PAUSED | STREAM_RECEIVE_CANCEL | STREAM_OVER | STREAM_DELIVERING;
    if ((stream->flags & STREAM_RECEIVING) != 0 && (stream->flags & idle) == 0) {
        stream_arm(stream);
    }
    if (wants_turn(stream)) {
        stream_mark_ready(stream);
    }
}

/* The first failure and the end are noted. */
static enum tenon_take noted(struct tenon_stream *stream, enum tenon_take take,
                             struct tenon_error error)
{
    if (take == TAKE_END && stream->error.status != TENON_OK) {
        take = TAKE_FAILED;     /* a reset that send has met first looks like an end afterwards */
    } else if (take == TAKE_FAILED) {
        stream_first_error(stream, error);
    }
    if (take == TAKE_END) {
        stream->flags |= STREAM_ENDED;
    } else if (take == TAKE_FAILED) {
        stream->flags |= STREAM_FAILED;
    }
    return take;
}

enum tenon_take stream_take(struct tenon_stream *stream, void *data, size_t size,
                            size_t *taken_out)
{
    struct tenon_error error = {0};
    *taken_out = 0;
    stream->flags &= ~(uint32_t)STREAM_READABLE;
    enum tenon_take take = stream->loop->backend->take(stream, data, size, taken_out, &error);
    return noted(stream, take, error);
}

enum tenon_take stream_lend(struct tenon_stream *stream, const void **data_out, size_t *taken_out)
{
    struct tenon_loop *loop = stream->loop;
    if (loop->backend->lend == NULL) {
        *data_out = loop->lent;
        return stream_take(stream, loop->lent, loop->lent_size, taken_out);
    }
    struct tenon_error error = {0};
    *taken_out = 0;
    stream->flags &= ~(uint32_t)STREAM_READABLE;
    enum tenon_take take = loop->backend->lend(stream, data_out, taken_out, &error);
    return noted(stream, take, error);
}

void stream_unlend(struct tenon_stream *stream)
{
    if (stream->loop->backend->unlend != NULL) {
        stream->loop->backend->unlend(stream);
    }
}

bool stream_is_sending(const struct tenon_stream *stream)
{
    return stream->send != NULL || (stream->flags & STREAM_UNSENT) != 0;
}

void stream_finish_if_idle(struct tenon_stream *stream)
{
    /* An abort sends no end: the peer would take what was cut short for the whole. */
    uint32_t over = STREAM_FINISHED | STREAM_ABORTING;
    if ((stream->flags & STREAM_FINISH) == 0 || (stream->flags & over) != 0) {
        return;
    }
    if (stream_is_sending(stream)) {
        if (stream->flags & STREAM_UNSENT) {
            stream->loop->backend->hurry(stream);
        }
        return;
    }
    stream->flags |= STREAM_FINISHED;
    if (stream->error.status == TENON_OK && (stream->flags & STREAM_SEND_BROKEN) == 0) {
        stream->loop->backend->finish(stream);
    }
}

/* ---- submissions ---- */

enum tenon_status tenon_stream_attach(struct tenon_loop *loop, struct tenon_stream *stream,
                                      struct tenon_socket socket)
{
    loop_assert_thread(loop);
    TENON_ASSERT(socket.backend == loop->backend);
    memset(stream, 0, sizeof *stream);
    stream->loop = loop;
    stream->error = loop->backend->attach(stream, socket.handle);
    if (stream->error.status != TENON_OK) {
        return stream->error.status;
    }
    stream->flags |= STREAM_ATTACHED;
    loop->pending++;
    return TENON_OK;
}

void tenon_socket_discard(struct tenon_socket socket)
{
    socket.backend->discard(socket.handle);
}

static void begin_receive(struct tenon_stream *stream, uint32_t kind)
{
    assert_usable(stream);
    TENON_ASSERT((stream->flags & STREAM_RECEIVING) == 0);
    TENON_ASSERT((stream->flags & STREAM_CLOSING) == 0);
    TENON_ASSERT((stream->flags & STREAM_END_TOLD) == 0);
    stream->flags |= kind;
    stream_refresh(stream);
}

void tenon_stream_receive_lent(struct tenon_stream *stream, tenon_lent_fn *on_lent)
{
    TENON_ASSERT(on_lent != NULL);
    stream->reader.on_lent = on_lent;
    begin_receive(stream, STREAM_LENT);
}

void tenon_stream_receive_ready(struct tenon_stream *stream, tenon_ready_fn *on_ready)
{
    TENON_ASSERT(on_ready != NULL);
    stream->reader.on_ready = on_ready;
    begin_receive(stream, STREAM_NOTICE);
}

void tenon_stream_receive(struct tenon_stream *stream, struct tenon_receive *receive,
                          tenon_receive_fn *on_received)
{
    TENON_ASSERT(receive->size > 0);
    TENON_ASSERT(on_received != NULL);
    receive->stream = stream;
    receive->received = 0;
    receive->on_received = on_received;
    stream->reader.receive = receive;
    begin_receive(stream, STREAM_SINGLE);
}

size_t tenon_stream_try_receive(struct tenon_stream *stream, void *data, size_t size)
{
    size_t taken = 0;
    assert_usable(stream);
    TENON_ASSERT(stream->flags & STREAM_NOTICE);
    if (size == 0 || (stream->flags & ((uint32_t)STREAM_ARMED | STREAM_OVER)) != 0) {
        return 0;               /* armed: the notice comes when there is something */
    }
    (void)stream_take(stream, data, size, &taken);     /* the end and a failure are noted in it */
    stream_refresh(stream);
    return taken;
}

void tenon_stream_receive_resume(struct tenon_stream *stream)
{
    assert_usable(stream);
    if (stream->flags & STREAM_PAUSED) {
        stream->flags &= ~(uint32_t)STREAM_PAUSED;
        stream_refresh(stream);
    }
}

void tenon_stream_receive_cancel(struct tenon_stream *stream)
{
    assert_usable(stream);
    if ((stream->flags & STREAM_RECEIVING) == 0 || (stream->flags & STREAM_RECEIVE_CANCEL) != 0) {
        return;
    }
    stream->flags |= STREAM_RECEIVE_CANCEL;
    (void)stream_disarm(stream);
    stream_refresh(stream);
}

size_t tenon_stream_try_send(struct tenon_stream *stream, const void *data, size_t size)
{
    size_t sent = 0;
    assert_usable(stream);
    TENON_ASSERT((stream->flags & (STREAM_FINISH | STREAM_CLOSING)) == 0);
    if (stream->send != NULL || stream->error.status != TENON_OK || size == 0 ||
        (stream->flags & STREAM_SEND_BROKEN) != 0) {
        return 0;
    }
    struct tenon_error error = stream->loop->backend->try_send(stream, data, size, &sent);
    if (error.status != TENON_OK) {
        stream_first_error(stream, error);
    }
    return sent;
}

void tenon_stream_send(struct tenon_stream *stream, struct tenon_send *send, tenon_send_fn *on_sent)
{
    assert_usable(stream);
    TENON_ASSERT((stream->flags & (STREAM_FINISH | STREAM_CLOSING)) == 0);
    TENON_ASSERT((stream->flags & STREAM_SEND_BROKEN) == 0 || stream->error.status != TENON_OK);
    TENON_ASSERT(stream->send == NULL);
    TENON_ASSERT(send->piece_count <= TENON_PIECES_MAX);
    TENON_ASSERT(on_sent != NULL);
    send->piece = 0;
    send->offset = 0;
    send->sent = 0;
    send->stream = stream;
    send->on_sent = on_sent;
    send->error = error_of(TENON_OK);
    stream->send = send;
    if (stream->error.status != TENON_OK) {
        tenon_event_sent(stream, stream->error);
    } else if (tenon_send_advance(send, 0)) {
        tenon_event_sent(stream, error_of(TENON_OK));
    } else if (stream->flags & STREAM_UNSENT) {
        stream->loop->backend->hurry(stream);   /* it begins behind what try_send has taken */
    } else {
        stream->loop->backend->send(stream);
    }
}

void tenon_stream_send_cancel(struct tenon_stream *stream)
{
    assert_usable(stream);
    if (stream->send == NULL || (stream->flags & STREAM_SEND_DONE) != 0) {
        return;
    }
    bool begun = (stream->flags & STREAM_UNSENT) == 0;
    if (!begun || stream->loop->backend->send_cancel(stream)) {
        tenon_event_sent(stream, error_of(TENON_CANCELED));
    }
}

void tenon_stream_finish(struct tenon_stream *stream)
{
    assert_usable(stream);
    TENON_ASSERT((stream->flags & STREAM_CLOSING) == 0);
    stream->flags |= STREAM_FINISH;
    stream_finish_if_idle(stream);
}

struct tenon_error tenon_stream_error(const struct tenon_stream *stream)
{
    return stream->error;
}

enum tenon_status tenon_stream_keep_alive(struct tenon_stream *stream, int64_t idle)
{
    int64_t seconds = idle / TENON_SECOND;
    assert_usable(stream);
    if (seconds < 1 || seconds > INT16_MAX) {
        return TENON_INVALID;
    }
    return stream->loop->backend->keep_alive(stream, (uint32_t)seconds).status;
}

/* ---- close ---- */

static void begin_abort(struct tenon_stream *stream)
{
    stream->flags |= STREAM_ABORTING;
    tenon_stream_send_cancel(stream);
    if (stream->flags & STREAM_UNSENT) {
        stream->loop->backend->unsend(stream);
    }
    (void)stream_disarm(stream);
    stream_mark_ready(stream);
}

/* The deadline of a graceful close. */
static void on_close_timer(struct tenon_timer *timer)
{
    struct tenon_stream *stream = TENON_OUTER(timer, struct tenon_stream, close_timer);
    stream->flags |= STREAM_CLOSE_EXPIRED;
    bool unfinished = stream->send != NULL && (stream->flags & STREAM_SEND_DONE) == 0;
    if (unfinished || (stream->flags & STREAM_UNSENT) != 0) {
        begin_abort(stream);
    } else {
        (void)stream_disarm(stream);
        stream_mark_ready(stream);
    }
}

void tenon_stream_close(struct tenon_stream *stream, enum tenon_close_mode mode, int64_t timeout,
                        tenon_closed_fn *on_closed)
{
    assert_usable(stream);
    if (stream->flags & STREAM_CLOSING) {
        if (mode == TENON_CLOSE_ABORT && (stream->flags & STREAM_ABORTING) == 0) {
            begin_abort(stream);
        }
        return;
    }
    TENON_ASSERT(on_closed != NULL);
    tenon_stream_receive_cancel(stream);
    stream->flags |= STREAM_CLOSING | STREAM_FINISH;
    stream->on_closed = on_closed;
    stream->close_bytes_left = TENON_CLOSE_BYTES_MAX;
    if (mode == TENON_CLOSE_ABORT || stream->error.status != TENON_OK ||
        (stream->flags & STREAM_SEND_BROKEN) != 0) {
        begin_abort(stream);
        return;
    }
    stream_finish_if_idle(stream);
    if (timeout != TENON_FOREVER) {
        tenon_timer_start(stream->loop, &stream->close_timer,
                          time_after(stream->loop->now, timeout), on_close_timer);
    }
    stream_mark_ready(stream);
}

/* ---- events ---- */

void tenon_event_more(struct tenon_stream *stream)
{
    TENON_ASSERT(stream->flags & STREAM_ARMED);
    stream->flags |= STREAM_READABLE;
    stream_mark_ready(stream);
}

void tenon_event_readable(struct tenon_stream *stream)
{
    tenon_event_more(stream);
    stream->flags &= ~(uint32_t)STREAM_ARMED;
}

void tenon_event_failed(struct tenon_stream *stream, struct tenon_error error)
{
    TENON_ASSERT(error.status != TENON_OK);
    stream_first_error(stream, error);
}

void tenon_event_sent(struct tenon_stream *stream, struct tenon_error error)
{
    TENON_ASSERT(stream->send != NULL);
    TENON_ASSERT((stream->flags & STREAM_SEND_DONE) == 0);
    stream->send->error = error;
    stream->flags |= STREAM_SEND_DONE;
    if (error.status != TENON_OK) {
        stream->flags |= STREAM_SEND_BROKEN;
        if (error.status != TENON_CANCELED) {
            stream_first_error(stream, error);
        }
    }
    stream_mark_ready(stream);
}

void tenon_event_flushed(struct tenon_stream *stream, struct tenon_error error)
{
    TENON_ASSERT(stream->flags & STREAM_UNSENT);
    stream->flags &= ~(uint32_t)STREAM_UNSENT;
    if (error.status != TENON_OK) {
        stream->flags |= STREAM_SEND_BROKEN;
        if (error.status != TENON_CANCELED) {
            stream_first_error(stream, error);
        }
    }
    if (stream->send != NULL && (stream->flags & STREAM_SEND_DONE) == 0) {
        if (error.status != TENON_OK) {
            tenon_event_sent(stream, error);
        } else {
            stream->loop->backend->send(stream);
        }
    }
    stream_finish_if_idle(stream);
    if (stream->flags & STREAM_CLOSING) {
        stream_mark_ready(stream);
    }
}
