/* Streams on io_uring: receiving. A lent receive takes one of the loop's buffers when its bytes are
 * there, and is started anew when they have been delivered, so that a stream that is paused or idle
 * holds none. Other receives only ask whether there is something. Where no receive is pending, recv
 * tells as well as the kernel's completion would: so no result but bytes, the end and a failure has
 * to be kept, and a receive that found no buffer is no special case. */
#include "linux/uring.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(struct uring_stream) <= sizeof(((struct tenon_stream *)0)->backend), "fits");

static struct uring_receive *receive_of(struct tenon_stream *stream)
{
    return &uring_stream_of(stream)->receive;
}

struct tenon_error uring_attach(struct tenon_stream *stream, uint64_t handle)
{
    struct uring_stream *state = uring_stream_of(stream);
    memset(state, 0, sizeof *state);
    state->receive.operation.kind = URING_RECEIVE;
    state->receive.more = true;
    state->receive.buffer = URING_NO_BUFFER;
    state->kept.operation.kind = URING_KEPT;
    state->kept.buffer = URING_NO_BUFFER;
    stream->handle = handle;
    return posix_error(0);
}

bool uring_arm(struct tenon_stream *stream)
{
    struct uring_receive *receive = receive_of(stream);
    if (receive->left > 0 || receive->over) {
        return true;
    }
    struct io_uring_sqe *submission = uring_submission(stream->loop, &receive->operation);
    if (submission == NULL) {
        return true;            /* a take that finds nothing leads here again */
    }
    submission->fd = (int)stream->handle;
    if (stream->flags & (STREAM_LENT | STREAM_CLOSING)) {
        submission->opcode = IORING_OP_RECV;
        submission->flags = IOSQE_BUFFER_SELECT;
        submission->ioprio = (uint16_t)(receive->more ? 0 : IORING_RECVSEND_POLL_FIRST);
    } else {
        submission->opcode = IORING_OP_POLL_ADD;
        submission->poll32_events = POLLIN | POLLPRI | POLLRDHUP;
    }
    return false;
}

bool uring_disarm(struct tenon_stream *stream)
{
    uring_cancel(stream->loop, &receive_of(stream)->operation);
    return false;
}

/* Codes that are the operation's and not the connection's. */
static bool says_nothing(int code)
{
    return code == ECANCELED || code == ENOBUFS || code == EAGAIN || code == EINTR;
}

void uring_received(struct uring_operation *operation, const struct io_uring_cqe *completion)
{
    struct uring_receive *receive = (struct uring_receive *)(void *)operation;
    struct tenon_stream *stream = TENON_OUTER(receive, struct tenon_stream, backend);
    struct uring_buffers *buffers = &uring_of(stream->loop)->buffers;
    uint16_t buffer = uring_buffers_taken(buffers, completion);
    receive->more = (completion->flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    if (buffer != URING_NO_BUFFER && completion->res > 0) {
        receive->buffer = buffer;
        receive->at = 0;
        receive->left = (uint32_t)completion->res;
    } else if (buffer != URING_NO_BUFFER) {
        uring_buffers_give(buffers, buffer);
    }
    if (completion->res == 0 || (completion->res < 0 && !says_nothing(-completion->res))) {
        receive->over = true;
    } else if (completion->res == -ENOBUFS) {
        uring_buffers_ran_dry(buffers);
    }
}

void uring_receive_over(struct uring_operation *operation)
{
    tenon_event_readable(TENON_OUTER(operation, struct tenon_stream, backend));
}

static void give_buffer(struct tenon_stream *stream)
{
    struct uring_receive *receive = receive_of(stream);
    uring_buffers_give(&uring_of(stream->loop)->buffers, receive->buffer);
    receive->buffer = URING_NO_BUFFER;
    receive->left = 0;
}

static const unsigned char *bytes_of(struct tenon_stream *stream)
{
    const struct uring_receive *receive = receive_of(stream);
    return uring_buffers_at(&uring_of(stream->loop)->buffers, receive->buffer) + receive->at;
}

enum tenon_take uring_take(struct tenon_stream *stream, void *data, size_t size, size_t *taken_out,
                           struct tenon_error *error_out)
{
    struct uring_receive *receive = receive_of(stream);
    if (receive->left > 0) {
        *taken_out = size < receive->left ? size : receive->left;
        memcpy(data, bytes_of(stream), *taken_out);
        receive->at += (uint32_t)*taken_out;
        receive->left -= (uint32_t)*taken_out;
        if (receive->left == 0) {
            give_buffer(stream);
        }
        return TAKE_DATA;
    }
    if (receive->over) {
        *error_out = posix_error(uring_code(&receive->operation));
        return error_out->native == 0 ? TAKE_END : TAKE_FAILED;
    }
    return posix_receive((int)stream->handle, data, size, taken_out, error_out);
}

/* Its buffer stays the stream's until the callback is over, or a try_send takes it over. */
enum tenon_take uring_lend(struct tenon_stream *stream, const void **data_out, size_t *taken_out,
                           struct tenon_error *error_out)
{
    struct tenon_loop *loop = stream->loop;
    if (receive_of(stream)->left > 0) {
        *data_out = bytes_of(stream);
        *taken_out = receive_of(stream)->left;
        return TAKE_DATA;
    }
    *data_out = loop->lent;
    return uring_take(stream, loop->lent, loop->lent_size, taken_out, error_out);
}

void uring_unlend(struct tenon_stream *stream)
{
    if (receive_of(stream)->left > 0) {
        give_buffer(stream);
    }
}

void uring_stream_close(struct tenon_stream *stream, bool reset)
{
    TENON_ASSERT(!uring_in_use(&receive_of(stream)->operation));
    TENON_ASSERT(!uring_in_use(&uring_stream_of(stream)->kept.operation));
    if (receive_of(stream)->left > 0) {
        give_buffer(stream);
    }
    if (reset) {
        posix_discard(stream->handle);
    } else {
        (void)close((int)stream->handle);
    }
}
