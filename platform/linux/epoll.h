/* What the Linux backends ask of an epoll descriptor. */
#ifndef TENON_LINUX_EPOLL_H
#define TENON_LINUX_EPOLL_H
#include "backend.h"
#include <sys/epoll.h>

/* epoll_ctl. */
struct tenon_error epoll_control(int epoll, int operation, int fd, uint32_t events,
                                 uintptr_t object);
/* Of one that is watched. */
void epoll_remove(int epoll, int fd);
enum {
    EPOLL_LISTENER = EPOLLIN | EPOLLRDHUP   /* its level, and that it was shut down */
};
/* A listener is watched for those or not at all: what cannot be masked is told once. */
void epoll_mute(int epoll, int fd, uintptr_t object, bool muted);

#endif
