/* Streams on io_uring: sending. What a try_send is given goes out with the loop's next submission:
 * bytes of the buffer that is lent right now stay where they are, and the stream keeps that buffer
 * until they are gone; a few others are copied into one; more than a few are sent at once, as the
 * copy would cost more than the call. What the kernel has no room for is submitted again when
 * there is some; meanwhile try_send takes nothing. No send waits in the ring: see io_uring_watch.c.
 */
#include "linux/uring.h"
#include <errno.h>
#include <string.h>

enum {
    COPY_MAX = 2048
};

_Static_assert(sizeof(struct uring_operation) <= sizeof(((struct tenon_send *)0)->backend), "fits");

static struct uring_kept *kept_of(struct tenon_stream *stream)
{
    return &uring_stream_of(stream)->kept;
}

static struct uring_operation *operation_of(struct tenon_send *send)
{
    return (struct uring_operation *)(void *)send->backend;
}

/* ---- what try_send has left with us ---- */

static const unsigned char *kept_bytes(struct tenon_stream *stream)
{
    const struct uring_kept *kept = kept_of(stream);
    return uring_buffers_at(&uring_of(stream->loop)->buffers, kept->buffer) + kept->at;
}

static struct tenon_stream *stream_of(struct uring_kept *kept)
{
    struct uring_stream *state = TENON_OUTER(kept, struct uring_stream, kept);
    return TENON_OUTER(state, struct tenon_stream, backend);
}

/* It completes while it is submitted. Quiet: a completion follows only where there was no room for
 * all of it. So the loop, which has nothing else to do, waits in the same call for what comes next.
 */
static bool send_kept(struct tenon_stream *stream, bool quiet)
{
    struct uring_loop *uring = uring_of(stream->loop);
    struct uring_kept *kept = kept_of(stream);
    struct io_uring_sqe *submission = uring_submission(stream->loop, &kept->operation);
    if (submission == NULL) {
        return false;
    }
    kept->place = uring->ring.tail - 1;
    submission->opcode = IORING_OP_SEND;
    submission->fd = (int)stream->handle;
    submission->addr = (uint64_t)(uintptr_t)kept_bytes(stream);
    submission->len = kept->left;
    submission->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    if (quiet && uring->quiet_works && uring->quiet_count < uring->ring.submissions) {
        submission->flags = IOSQE_CQE_SKIP_SUCCESS;
        submission->msg_flags |= MSG_WAITALL;
        kept->quiet = (uint16_t)uring->quiet_count;
        uring->quiet[uring->quiet_count++] = kept;
    }
    return true;
}

/* Its own completion tells of it, or has. */
static void make_loud(struct uring_loop *uring, struct uring_kept *kept)
{
    if (kept->quiet != URING_LOUD) {
        uring->quiet[kept->quiet] = NULL;
        kept->quiet = URING_LOUD;
    }
}

static void end_kept(struct tenon_stream *stream, struct tenon_error error)
{
    struct uring_kept *kept = kept_of(stream);
    uring_buffers_give(&uring_of(stream->loop)->buffers, kept->buffer);
    kept->buffer = URING_NO_BUFFER;
    kept->left = 0;
    posix_tell_receive((int)stream->handle, error);
    tenon_event_flushed(stream, error);
}

/* Codes that say nothing of the connection. */
static bool passes(int code)
{
    return code == 0 || code == EAGAIN || code == EINTR || code == ENOBUFS;
}

static struct tenon_error park(struct tenon_stream *stream)
{
    struct tenon_error error = uring_watch_room(stream);
    stream->flags |= error.status == TENON_OK ? STREAM_PARKED : 0;
    return error;
}

static bool unpark(struct tenon_stream *stream)
{
    bool parked = (stream->flags & STREAM_PARKED) != 0;
    stream->flags &= ~(uint32_t)STREAM_PARKED;
    return parked;
}

void uring_kept_over(struct uring_operation *operation)
{
    struct uring_kept *kept = (struct uring_kept *)(void *)operation;
    struct tenon_stream *stream = stream_of(kept);
    int code = uring_code(operation);
    make_loud(uring_of(stream->loop), kept);
    if (code == 0) {
        kept->at += (uint32_t)operation->result;
        kept->left -= (uint32_t)operation->result;
    }
    if (kept->left == 0) {
        end_kept(stream, posix_error(0));
    } else if ((operation->state & URING_CANCELED) != 0 || !passes(code)) {
        end_kept(stream, posix_error(passes(code) ? ECANCELED : code));
    } else {
        struct tenon_error error = park(stream);
        if (error.status != TENON_OK) {
            end_kept(stream, error);
        }
    }
}

static bool is_queued(const struct uring_ring *ring, const struct uring_kept *kept)
{
    return ring->tail - kept->place <= uring_ring_queued(ring);
}

/* Its submission, while the kernel has not consumed that; NULL: there is none. */
static struct io_uring_sqe *queued(struct tenon_stream *stream)
{
    const struct uring_ring *ring = &uring_of(stream->loop)->ring;
    const struct uring_kept *kept = kept_of(stream);
    return (stream->flags & STREAM_PARKED) == 0 && is_queued(ring, kept)
               ? &ring->sqes[kept->place & (ring->submissions - 1)]
               : NULL;
}

bool uring_quiet_is_submitted(const struct uring_loop *uring)
{
    uint32_t first = 0;
    while (first < uring->quiet_count && uring->quiet[first] == NULL) {
        first++;
    }
    return first < uring->quiet_count && !is_queued(&uring->ring, uring->quiet[first]);
}

void uring_quiet_over(struct tenon_loop *loop)
{
    struct uring_loop *uring = uring_of(loop);
    uint32_t count = 0;
    TENON_ASSERT(uring_ring_is_drained(&uring->ring));
    while (count < uring->quiet_count &&
           (uring->quiet[count] == NULL || !is_queued(&uring->ring, uring->quiet[count]))) {
        count++;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct uring_kept *kept = uring->quiet[i];
        if (kept != NULL) {
            kept->operation.result = (int32_t)kept->left;
            kept->operation.state &= (uint8_t)~URING_PENDING;
            if (!uring_in_use(&kept->operation)) {
                uring_kept_over(&kept->operation);
            }
        }
    }
    uring->quiet_count -= count;
    for (uint32_t i = 0; i < uring->quiet_count; i++) {
        uring->quiet[i] = uring->quiet[i + count];
        if (uring->quiet[i] != NULL) {
            uring->quiet[i]->quiet = (uint16_t)i;
        }
    }
}

static void hear_of_kept(struct tenon_stream *stream, uint32_t more)
{
    struct io_uring_sqe *submission = queued(stream);
    if (submission != NULL) {
        submission->flags = 0;
        submission->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT | more;
        make_loud(uring_of(stream->loop), kept_of(stream));
    }
}

/* The end that follows goes into the same packet. */
void uring_hurry(struct tenon_stream *stream)
{
    bool end_follows = (stream->flags & STREAM_FINISH) != 0 && stream->send == NULL;
    hear_of_kept(stream, end_follows ? MSG_MORE : 0);
}

void uring_unsend(struct tenon_stream *stream)
{
    struct uring_kept *kept = kept_of(stream);
    if (unpark(stream)) {
        end_kept(stream, posix_error(ECANCELED));
        return;
    }
    hear_of_kept(stream, 0);
    if (kept->quiet == URING_LOUD) {
        uring_cancel(stream->loop, &kept->operation);
    } else {
        kept->operation.state |= URING_CANCELED;    /* it was tried, so no cancel would find it */
    }
}

/* ---- try_send ---- */

/* The bytes are in the buffer that is being lent, which nobody keeps yet. */
static bool is_lent(const struct uring_buffers *buffers, const unsigned char *data, size_t size)
{
    if (buffers->lent == URING_NO_BUFFER || buffers->lent_is_kept) {
        return false;
    }
    uintptr_t from = (uintptr_t)uring_buffers_at(buffers, buffers->lent);
    uintptr_t at = (uintptr_t)data;
    return at >= from && at - from < buffers->size && size <= buffers->size - (at - from);
}

/* Keeps the bytes for the next submission. False: they are to be sent at once. */
static bool keep(struct tenon_stream *stream, const void *data, size_t size)
{
    struct uring_buffers *buffers = &uring_of(stream->loop)->buffers;
    struct uring_kept *kept = kept_of(stream);
    if (is_lent(buffers, data, size)) {
        kept->buffer = buffers->lent;
        kept->at = (uint32_t)((const unsigned char *)data -
                              uring_buffers_at(buffers, buffers->lent));
        buffers->lent_is_kept = true;
    } else if (size <= COPY_MAX && size <= buffers->size && buffers->free > 0) {
        kept->buffer = uring_buffers_get(buffers);
        kept->at = 0;
        memcpy(uring_buffers_at(buffers, kept->buffer), data, size);
    } else {
        return false;
    }
    kept->left = (uint32_t)size;
    return true;
}

/* More bytes in one turn: what is kept goes out first, at once, in place of its submission. True:
 * nothing is kept any more. */
static bool send_kept_at_once(struct tenon_stream *stream, struct tenon_error *error_out)
{
    struct uring_kept *kept = kept_of(stream);
    size_t sent = 0;
    *error_out = posix_error(0);
    struct io_uring_sqe *submission = queued(stream);
    if (submission == NULL || (kept->operation.state & URING_CANCELED) != 0) {
        return false;           /* with the kernel, or given up */
    }
    *error_out = posix_send((int)stream->handle, kept_bytes(stream), kept->left, &sent);
    kept->at += (uint32_t)sent;
    kept->left -= (uint32_t)sent;
    if (error_out->status == TENON_OK && kept->left > 0) {
        submission->addr += sent;
        submission->len -= (uint32_t)sent;
        return false;
    }
    memset(submission, 0, sizeof *submission);
    submission->opcode = IORING_OP_NOP;
    submission->flags = IOSQE_CQE_SKIP_SUCCESS;
    kept->operation.state = 0;
    make_loud(uring_of(stream->loop), kept);
    end_kept(stream, *error_out);
    return error_out->status == TENON_OK;
}

struct tenon_error uring_try_send(struct tenon_stream *stream, const void *data, size_t size,
                                  size_t *sent_out)
{
    struct tenon_error error = posix_error(0);
    *sent_out = 0;
    if ((stream->flags & STREAM_UNSENT) != 0) {
        return send_kept_at_once(stream, &error)
                   ? posix_send((int)stream->handle, data, size, sent_out)
                   : error;
    }
    if (!keep(stream, data, size)) {
        return posix_send((int)stream->handle, data, size, sent_out);
    }
    stream->flags |= STREAM_UNSENT;
    *sent_out = size;
    bool first = kept_of(stream)->operation.result == 0;    /* often the end follows it */
    if (!send_kept(stream, !first)) {
        error = posix_send((int)stream->handle, data, size, sent_out);
        end_kept(stream, error);
    }
    return error;
}

/* ---- send ---- */

/* One piece at a time, of a large one a part. */
void uring_send(struct tenon_stream *stream)
{
    struct tenon_piece piece;
    struct tenon_send *send = stream->send;
    struct uring_operation *operation = operation_of(send);
    uint32_t count = tenon_send_rest(send, &piece, 1, TENON_SEND_CALL_MAX);
    TENON_ASSERT(count == 1);
    operation->kind = URING_SEND;
    struct io_uring_sqe *submission = uring_submission(stream->loop, operation);
    if (submission == NULL) {
        tenon_event_sent(stream, posix_error(ENOBUFS));
        return;
    }
    bool last = send->piece + 1 >= send->piece_count;
    submission->opcode = IORING_OP_SEND;
    submission->fd = (int)stream->handle;
    submission->addr = (uint64_t)(uintptr_t)piece.data;
    submission->len = (uint32_t)piece.size;
    submission->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT | (last ? 0 : MSG_MORE);
}

void uring_send_over(struct uring_operation *operation)
{
    struct tenon_send *send = TENON_OUTER(operation, struct tenon_send, backend);
    struct tenon_stream *stream = send->stream;
    struct tenon_piece piece = {NULL, 0};
    int code = uring_code(operation);
    (void)tenon_send_rest(send, &piece, 1, TENON_SEND_CALL_MAX);
    bool room = code == 0 && (size_t)operation->result == piece.size;
    if (code == 0 && tenon_send_advance(send, (size_t)operation->result)) {
        tenon_event_sent(stream, posix_error(0));
    } else if ((operation->state & URING_CANCELED) != 0 || !passes(code)) {
        tenon_event_sent(stream, posix_error(passes(code) ? ECANCELED : code));
    } else if (room) {
        uring_send(stream);
    } else {
        struct tenon_error error = park(stream);
        if (error.status != TENON_OK) {
            tenon_event_sent(stream, error);
        }
    }
}

void uring_writable(struct tenon_stream *stream)
{
    if (!unpark(stream)) {
        return;
    }
    if ((stream->flags & STREAM_UNSENT) == 0) {
        uring_send(stream);
    } else if (!send_kept(stream, false)) {
        end_kept(stream, posix_error(ENOBUFS));
    }
}

bool uring_send_cancel(struct tenon_stream *stream)
{
    if (unpark(stream)) {
        return true;
    }
    uring_cancel(stream->loop, operation_of(stream->send));
    return false;
}
