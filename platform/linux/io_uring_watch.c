/* What stays outside of the ring: an epoll descriptor watches it, and one poll of the ring watches
 * that.
 *
 * Listeners: the kernel lets go of an accept in the ring too late: the listening socket of a
 * process that was killed stays until its ring has been undone, and the port with it; and an accept
 * that goes on keeps the limit of descriptors that there was when it began. It would save the
 * accept that finds nobody.
 *
 * Streams whose peer takes nothing: each poll of the ring, and so a send that waits in it, also
 * ends where the peer has sent its end. Such a send is tried again at once, many times, and then
 * has a thread of the kernel's that it blocks. */
#include "linux/epoll.h"
#include "linux/uring.h"
#include <errno.h>
#include <sys/epoll.h>

static struct tenon_error watch(struct tenon_loop *loop, int fd, uintptr_t object,
                                uint32_t *slot_out)
{
    *slot_out = 0;
    return epoll_control(uring_of(loop)->epoll, EPOLL_CTL_ADD, fd, EPOLLIN, object);
}

static void forget(struct tenon_loop *loop, int fd, uint32_t slot)
{
    (void)slot;
    epoll_remove(uring_of(loop)->epoll, fd);
}

const struct readiness_poller uring_poller = {.watch = watch, .forget = forget};

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
        epoll_remove(uring_of(stream->loop)->epoll, (int)stream->handle);
    }
}

static void happened(uintptr_t object)
{
    if ((object & READINESS_OWN) == READINESS_STREAM) {
        uring_writable((struct tenon_stream *)object);
    } else {
        readiness_event(object, true, false, false);
    }
}

void uring_watched_ready(struct tenon_loop *loop)
{
    enum { EVENTS = 16 };
    struct epoll_event events[EVENTS];
    int count = 0;
    do {
        count = epoll_wait(uring_of(loop)->epoll, events, EVENTS, 0);
        TENON_ASSERT(count >= 0 || errno == EINTR);
        for (int i = 0; i < count; i++) {
            happened((uintptr_t)events[i].data.u64);
        }
    } while (count == EVENTS || count < 0);
}
