/* Listeners on io_uring stay outside of the ring: an epoll descriptor watches them, and one poll of
 * the ring watches that. An accept in the ring would save no call, as the peer's address has to be
 * asked for, and the kernel lets go of it too late: the listening socket of a process that was
 * killed stays until its ring has been undone, and the port with it; and an accept that goes on
 * keeps the limit of descriptors that there was when it began. */
#include "linux/epoll.h"
#include "linux/uring.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct tenon_error watch(struct tenon_loop *loop, int fd, uintptr_t object,
                                uint32_t *slot_out)
{
    *slot_out = 0;
    return epoll_control(uring_of(loop)->epoll, EPOLL_CTL_ADD, fd, EPOLLIN, object);
}

static void forget(struct tenon_loop *loop, int fd, uint32_t slot)
{
    (void)slot;
    struct tenon_error error = epoll_control(uring_of(loop)->epoll, EPOLL_CTL_DEL, fd, 0, 0);
    TENON_ASSERT(error.status == TENON_OK);
}

const struct readiness_poller uring_poller = {.watch = watch, .forget = forget};

void uring_listeners_ready(struct tenon_loop *loop)
{
    enum { EVENTS = 16 };
    struct epoll_event events[EVENTS];
    int count = 0;
    do {
        count = epoll_wait(uring_of(loop)->epoll, events, EVENTS, 0);
        TENON_ASSERT(count >= 0 || errno == EINTR);
        for (int i = 0; i < count; i++) {
            readiness_event((uintptr_t)events[i].data.u64, true, false, false);
        }
    } while (count == EVENTS || count < 0);
}
