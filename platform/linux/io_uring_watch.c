/* What stays outside of the ring: an epoll descriptor watches it, and the ring waits for that one's
 * events. Before Linux 6.15 it only polls it, and a system call asks for the events.
 *
 * Listeners: the kernel lets go of an accept in the ring too late: the listening socket of a
 * process that was killed stays until its ring has been undone, and the port with it; and an accept
 * that goes on keeps the limit of descriptors that there was when it began.
 *
 * Streams whose peer takes nothing: each poll of the ring, and so a send that waits in it, also
 * ends where the peer has sent its end. Such a send is tried again at once, many times, and then
 * has a thread of the kernel's that it blocks. */
#include "linux/epoll.h"
#include "linux/uring.h"
#include <errno.h>
#include <poll.h>

static struct tenon_error watch(struct tenon_loop *loop, int fd, uintptr_t object,
                                uint32_t *slot_out)
{
    *slot_out = 0;
    return epoll_control(uring_of(loop)->epoll, EPOLL_CTL_ADD, fd, EPOLL_LISTENER, object);
}

/* The kernel may have told of it already, in a completion that no turn has come to yet. What is
 * found here is of that one, as an event is taken out when it is translated, so where a thread of
 * the kernel's writes events right now it does not write this place again. */
static void forget(struct tenon_loop *loop, int fd, uintptr_t object, uint32_t slot)
{
    struct uring_loop *uring = uring_of(loop);
    (void)slot;
    epoll_remove(uring->epoll, fd);
    for (int i = 0; i < URING_EVENTS; i++) {
        if (uring->events[i].data.u64 == object) {
            uring->events[i].data.u64 = 0;
        }
    }
}

static void mute(struct tenon_loop *loop, int fd, uintptr_t object, bool muted)
{
    epoll_mute(uring_of(loop)->epoll, fd, object, muted);
}

const struct readiness_poller uring_poller = {.watch = watch, .forget = forget, .mute = mute};

struct tenon_error uring_watch_room(struct tenon_stream *stream)
{
    bool again = (stream->flags & STREAM_WATCHED) != 0;
    struct tenon_error error =
        epoll_control(uring_of(stream->loop)->epoll, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                      (int)stream->handle, EPOLLOUT | EPOLLONESHOT,
                      readiness_object(stream, READINESS_STREAM));
    stream->flags |= error.status == TENON_OK ? STREAM_WATCHED : 0;
    return error;
}

void uring_unwatch(struct tenon_stream *stream)
{
    if (stream->flags & STREAM_WATCHED) {
        forget(stream->loop, (int)stream->handle, readiness_object(stream, READINESS_STREAM), 0);
    }
}

static void tell(uintptr_t object, uint32_t events)
{
    if (object == 0) {
        return;                 /* forgotten */
    }
    if ((object & READINESS_OWN) == READINESS_STREAM) {
        uring_writable((struct tenon_stream *)object);
    } else {
        readiness_event(object, true, false, (events & (EPOLLRDHUP | EPOLLHUP)) != 0);
    }
}

void uring_watch_descriptors(struct tenon_loop *loop)
{
    struct uring_loop *uring = uring_of(loop);
    struct io_uring_sqe *submission = uring_submission(loop, &uring->watched_operation);
    TENON_ASSERT(submission != NULL);
    submission->fd = uring->epoll;
    if (uring->ring.epoll_waits) {
        submission->opcode = URING_OP_EPOLL_WAIT;
        submission->addr = (uint64_t)(uintptr_t)uring->events;
        submission->len = URING_EVENTS;
    } else {
        submission->opcode = IORING_OP_POLL_ADD;
        submission->poll32_events = POLLIN;
    }
}

void uring_watched_over(struct tenon_loop *loop)
{
    struct uring_loop *uring = uring_of(loop);
    int count = uring->watched_operation.result;
    TENON_ASSERT(count >= 0 || count == -EAGAIN || count == -ECANCELED);
    if (count > 0 && !uring->ring.epoll_waits) {
        count = epoll_wait(uring->epoll, uring->events, URING_EVENTS, 0);
        TENON_ASSERT(count >= 0 || errno == EINTR);
    }
    for (int i = 0; i < count; i++) {
        uintptr_t object = (uintptr_t)uring->events[i].data.u64;
        uring->events[i].data.u64 = 0;
        tell(object, uring->events[i].events);
    }
    uring_watch_descriptors(loop);
}
