/* Streams: the turn that delivers what has happened to them, and the close that advances in it. */
#include "common/list.h"
#include "common/stream.h"

enum {
    DRAIN_TAKES_A_TURN = 4,     /* of a stream that closes gracefully */
    DROP_TAKES = 64             /* what is readable at its deadline, in takes */
};

static void end_receive(struct tenon_stream *stream, enum tenon_status status)
{
    uint32_t kind = stream->flags & STREAM_RECEIVING;
    stream->flags &= ~((uint32_t)STREAM_RECEIVING | STREAM_PAUSED | STREAM_RECEIVE_CANCEL);
    stream->flags |= status == TENON_END ? STREAM_END_TOLD : 0;
    if (kind == STREAM_LENT) {
        (void)stream->reader.on_lent(stream, status, NULL, 0);
    } else if (kind == STREAM_NOTICE) {
        (void)stream->reader.on_ready(stream, status);
    } else {
        TENON_ASSERT(kind == STREAM_SINGLE);
        struct tenon_receive *receive = stream->reader.receive;
        receive->on_received(receive, status);
    }
}

static enum tenon_status over_status(const struct tenon_stream *stream)
{
    return stream->flags & STREAM_FAILED ? stream->error.status : TENON_END;
}

/* What is armed would go on taking bytes that nobody wants. */
static void pause_if(struct tenon_stream *stream, enum tenon_flow flow)
{
    if (flow == TENON_PAUSE) {
        stream->flags |= STREAM_PAUSED;
        (void)stream_disarm(stream);
    }
}

static void receive_single(struct tenon_stream *stream)
{
    struct tenon_receive *receive = stream->reader.receive;
    size_t taken = 0;
    if (stream_take(stream, receive->data, receive->size, &taken) == TAKE_DATA) {
        receive->received = taken;
        end_receive(stream, TENON_OK);
    }
}

static void receive_lent(struct tenon_stream *stream)
{
    const void *data = NULL;
    size_t taken = 0;
    if (stream_lend(stream, &data, &taken) == TAKE_DATA) {
        pause_if(stream, stream->reader.on_lent(stream, TENON_OK, data, taken));
        stream_unlend(stream);
    }
}

/* At most one call of the user's for data, and the last call if it is due. */
static void deliver_receive(struct tenon_stream *stream)
{
    uint32_t flags = stream->flags;
    if ((flags & STREAM_RECEIVING) == 0 || stream_awaits_event(stream)) {
        return;
    }
    if (flags & STREAM_RECEIVE_CANCEL) {
        end_receive(stream, TENON_CANCELED);
        return;
    }
    if (flags & STREAM_PAUSED) {
        return;
    }
    if ((flags & STREAM_OVER) == 0 && (flags & STREAM_READABLE) != 0) {
        if (flags & STREAM_NOTICE) {
            stream->flags &= ~(uint32_t)STREAM_READABLE;
            pause_if(stream, stream->reader.on_ready(stream, TENON_OK));
        } else if (flags & STREAM_LENT) {
            receive_lent(stream);
        } else {
            receive_single(stream);
        }
    }
    uint32_t held = STREAM_PAUSED | STREAM_RECEIVE_CANCEL;
    if ((stream->flags & STREAM_OVER) != 0 && (stream->flags & STREAM_RECEIVING) != 0 &&
        (stream->flags & held) == 0) {
        end_receive(stream, over_status(stream));
    }
}

static void deliver_sent(struct tenon_stream *stream)
{
    if ((stream->flags & STREAM_SEND_DONE) == 0) {
        return;
    }
    struct tenon_send *send = stream->send;
    stream->flags &= ~(uint32_t)STREAM_SEND_DONE;
    stream->send = NULL;
    stream_finish_if_idle(stream);
    send->on_sent(send, send->error.status);
}

/* ---- close ---- */

/* The last touch: on_closed may free the stream. */
static bool close_now(struct tenon_stream *stream, bool reset, enum tenon_status status)
{
    struct tenon_loop *loop = stream->loop;
    tenon_timer_stop(loop, &stream->close_timer);
    if (stream->flags & STREAM_READY) {
        list_remove(&stream->ready);
    }
    loop->backend->stream_close(stream, reset);
    stream->flags = 0;
    loop->pending--;
    stream->on_closed(stream, status);
    return true;
}

/* Closing on unread bytes would reset what the peer has not read yet of ours. */
static void drop_readable(struct tenon_stream *stream)
{
    size_t taken = 0;
    enum tenon_take take = TAKE_DATA;
    for (int i = 0; i < DROP_TAKES && take == TAKE_DATA; i++) {
        take = stream_take(stream, stream->loop->lent, stream->loop->lent_size, &taken);
    }
}

/* Reads and drops until the peer's end. */
static bool drain(struct tenon_stream *stream)
{
    for (int i = 0; i < DRAIN_TAKES_A_TURN; i++) {
        stream_arm(stream);
        if (stream->flags & STREAM_ARMED) {
            return false;
        }
        size_t taken = 0;
        switch (stream_take(stream, stream->loop->lent, stream->loop->lent_size, &taken)) {
        case TAKE_END:
            return close_now(stream, false, TENON_OK);
        case TAKE_FAILED:
            return close_now(stream, false, stream->error.status);
        case TAKE_WOULD_BLOCK:
            break;
        case TAKE_DATA:
            if (taken >= stream->close_bytes_left) {
                drop_readable(stream);
                return close_now(stream, false, TENON_LIMIT);
            }
            stream->close_bytes_left -= (uint32_t)taken;
            break;
        }
    }
    stream_arm(stream);
    return false;
}

/* True: it is closed, and the stream may be gone. */
static bool advance_close(struct tenon_stream *stream)
{
    if ((stream->flags & STREAM_RECEIVING) != 0 || stream_is_sending(stream)) {
        return false;
    }
    bool expired = (stream->flags & STREAM_CLOSE_EXPIRED) != 0;
    if ((stream->flags & STREAM_ABORTING) != 0 || stream->error.status != TENON_OK ||
        (stream->flags & STREAM_SEND_BROKEN) != 0) {
        if (!stream_disarm(stream)) {
            return false;
        }
        /* Of one that the peer has reset nothing is left that could be. */
        return close_now(stream, stream->error.status != TENON_RESET,
                         expired ? TENON_TIMED_OUT : stream->error.status);
    }
    stream_finish_if_idle(stream);
    if (stream->flags & STREAM_ENDED) {
        return close_now(stream, false, TENON_OK);
    }
    if (expired) {
        if (!stream_disarm(stream)) {
            return false;
        }
        drop_readable(stream);
        return close_now(stream, false, TENON_TIMED_OUT);
    }
    return drain(stream);
}

/* ---- the turn ---- */

static void deliver(struct tenon_stream *stream)
{
    stream->flags |= STREAM_DELIVERING;
    deliver_receive(stream);
    deliver_sent(stream);
    if ((stream->flags & STREAM_CLOSING) != 0 && advance_close(stream)) {
        return;
    }
    stream->flags &= ~(uint32_t)STREAM_DELIVERING;
    stream_refresh(stream);
}

void streams_run(struct tenon_loop *loop)
{
    struct tenon_link batch;
    list_take_all(&batch, &loop->streams);
    for (int i = 0; i < TENON_DELIVERIES_A_TURN && !list_empty(&batch); i++) {
        struct tenon_stream *stream = TENON_OUTER(batch.next, struct tenon_stream, ready);
        list_remove(&stream->ready);
        stream->flags &= ~(uint32_t)STREAM_READY;
        deliver(stream);
    }
    list_put_back(&loop->streams, &batch);
}
