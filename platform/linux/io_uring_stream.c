/* Streams on io_uring: receiving. A lent receive takes one of the loop's buffers when its bytes are
 * there. It is started anew when they have been delivered, so that a stream that is paused or idle
 * holds none; or, on a connection that has shown to live longer, it goes on until it has taken a
 * buffer's worth of bytes, which saves a submission for each message. The first pause ends that.
 * Other receives only ask whether there is something. Where no receive is pending, recv tells as
 * well as the kernel's completion would: so no result but bytes, the end and a failure has to be
 * kept, and a receive that found no buffer is no special case. */
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
    state->kept.operation.kind = URING_KEPT;
    state->kept.buffer = URING_NO_BUFFER;
    state->kept.quiet = URING_LOUD;
    stream->handle = handle;
    return posix_error(0);
}

/* The end of a local socket is lost to a receive that goes on where it comes at once with the bytes
 * before it: kernels forget it then, which is theirs to mend. */
static bool is_local(struct tenon_stream *stream)
{
    int family = AF_UNIX;
    socklen_t size = sizeof family;
    return getsockopt((int)stream->handle, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 ||
           family == AF_UNIX;
}

static bool may_go_on(struct tenon_stream *stream)
{
    struct uring_receive *receive = receive_of(stream);
    if ((stream->flags & STREAM_LENT) == 0 || uring_of(stream->loop)->one_by_one) {
        return false;
    }
    if (receive->habit == URING_LASTING) {
        receive->habit = is_local(stream) ? URING_ONE_BY_ONE : URING_GOES_ON;
    }
    return receive->habit == URING_GOES_ON;
}

bool uring_arm(struct tenon_stream *stream)
{
    struct uring_receive *receive = receive_of(stream);
    if (receive->received.left > 0 || receive->over) {
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
        /* One that goes on has to look at what is there before it waits: where bytes and a reset
         * are, it would take the first and wait for ever. */
        if (!may_go_on(stream)) {
            submission->ioprio = (uint16_t)(receive->more ? 0 : IORING_RECVSEND_POLL_FIRST);
        } else {
            receive->operation.state |= URING_REPEATED;
            submission->ioprio = IORING_RECV_MULTISHOT;
            /* The end: as much as one buffer holds. Newer headers call the field optlen. */
            submission->file_index = (uint32_t)uring_of(stream->loop)->buffers.size;
        }
    } else {
        submission->opcode = IORING_OP_POLL_ADD;
        submission->poll32_events = POLLIN | POLLPRI | POLLRDHUP;
    }
    return false;
}

bool uring_disarm(struct tenon_stream *stream)
{
    struct uring_receive *receive = receive_of(stream);
    if (receive->operation.state & URING_REPEATED) {
        receive->habit = URING_ONE_BY_ONE;
    }
    uring_cancel(stream->loop, &receive->operation);
    return false;
}

/* Codes that are the operation's and not the connection's. */
static bool says_nothing(int code)
{
    return code == ECANCELED || code == EAGAIN || code == EINTR;
}

/* Before Linux 6.17 a receive that goes on cannot be told to end: there it is for itself. */
static bool is_refused(struct uring_loop *uring, const struct uring_operation *operation)
{
    if (operation->result != -EINVAL || (operation->state & URING_REPEATED) == 0) {
        return false;
    }
    uring->one_by_one = true;
    return true;
}

void uring_received(struct uring_operation *operation, const struct io_uring_cqe *completion)
{
    struct uring_receive *receive = (struct uring_receive *)(void *)operation;
    struct tenon_stream *stream = TENON_OUTER(receive, struct tenon_stream, backend);
    struct uring_loop *uring = uring_of(stream->loop);
    uint16_t buffer = uring_buffers_taken(&uring->buffers, completion);
    receive->more = (completion->flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    if (buffer != URING_NO_BUFFER && completion->res > 0) {
        if (receive->habit < URING_LASTING) {
            receive->habit++;
        }
        uring_buffers_append(&uring->buffers, &receive->received, buffer,
                             (uint32_t)completion->res);
    } else if (buffer != URING_NO_BUFFER) {
        uring_buffers_give(&uring->buffers, buffer);
    }
    if (completion->flags & IORING_CQE_F_MORE) {
        tenon_event_more(stream);
    } else if (completion->res == -ENOBUFS) {
        uring->buffers.dry = true;
    } else if (completion->res <= 0 && !says_nothing(-completion->res) &&
               !is_refused(uring, operation)) {
        receive->over = true;
    }
}

void uring_receive_over(struct uring_operation *operation)
{
    tenon_event_readable(TENON_OUTER(operation, struct tenon_stream, backend));
}

enum tenon_take uring_take(struct tenon_stream *stream, void *data, size_t size, size_t *taken_out,
                           struct tenon_error *error_out)
{
    struct uring_buffers *buffers = &uring_of(stream->loop)->buffers;
    struct uring_receive *receive = receive_of(stream);
    struct uring_chain *received = &receive->received;
    if (received->left > 0) {
        *taken_out = size < received->left ? size : received->left;
        memcpy(data, uring_buffers_at(buffers, received->buffer) + received->at, *taken_out);
        received->at += (uint32_t)*taken_out;
        received->left -= (uint32_t)*taken_out;
        if (received->left == 0) {
            uring_buffers_give(buffers, uring_buffers_first(buffers, received));
        }
        return TAKE_DATA;
    }
    if (receive->over) {
        *error_out = posix_error(uring_code(&receive->operation));
        return error_out->native == 0 ? TAKE_END : TAKE_FAILED;
    }
    TENON_ASSERT(!uring_in_use(&receive->operation));
    return posix_receive((int)stream->handle, data, size, taken_out, error_out);
}

/* Its buffer stays until the callback is over, or longer where a try_send keeps it. */
enum tenon_take uring_lend(struct tenon_stream *stream, const void **data_out, size_t *taken_out,
                           struct tenon_error *error_out)
{
    struct tenon_loop *loop = stream->loop;
    struct uring_buffers *buffers = &uring_of(loop)->buffers;
    struct uring_chain *received = &receive_of(stream)->received;
    if (received->left > 0) {
        *data_out = uring_buffers_at(buffers, received->buffer) + received->at;
        *taken_out = received->left;
        buffers->lent = uring_buffers_first(buffers, received);
        buffers->lent_is_kept = false;
        return TAKE_DATA;
    }
    *data_out = loop->lent;
    return uring_take(stream, loop->lent, loop->lent_size, taken_out, error_out);
}

void uring_unlend(struct tenon_stream *stream)
{
    uring_buffers_unlend(&uring_of(stream->loop)->buffers);
    if (receive_of(stream)->received.left > 0 && (stream->flags & STREAM_ARMED) != 0) {
        tenon_event_more(stream);
    }
}

void uring_stream_close(struct tenon_stream *stream, bool reset)
{
    struct uring_buffers *buffers = &uring_of(stream->loop)->buffers;
    struct uring_chain *received = &receive_of(stream)->received;
    TENON_ASSERT(!uring_in_use(&receive_of(stream)->operation));
    TENON_ASSERT(!uring_in_use(&uring_stream_of(stream)->kept.operation));
    while (received->left > 0) {
        uring_buffers_give(buffers, uring_buffers_first(buffers, received));
    }
    uring_unwatch(stream);
    if (reset) {
        posix_discard(stream->handle);
    } else {
        (void)close((int)stream->handle);
    }
}
