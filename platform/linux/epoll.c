/* The epoll backend: one registration for a socket's life and no system call per request but its
 * own. Listeners are level-triggered, all else edge-triggered.
 *
 * What the kernel does, and this makes up for: epoll_wait has milliseconds, and epoll_pwait2, which
 * has nanoseconds, is missing before Linux 5.11 and under some tools: there a timerfd ends the
 * wait. The eventfd that wakes the loop is edge-triggered and never read: each write is an edge. */
#include "linux/epoll.h"
#include "linux/wake.h"
#include "posix/readiness.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

/* The kernel's own, 64-bit on every machine. */
struct kernel_timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

struct epoll_loop {
    struct readiness_streams readiness;
    int epoll;
    int wake;
    int timer;                  /* -1: epoll_pwait2 works */
    int64_t timer_set;
    struct epoll_event *events;
    int batch;
};

static struct epoll_loop *state_of(struct tenon_loop *loop)
{
    return loop->backend_state;
}

struct tenon_error epoll_control(int epoll, int operation, int fd, uint32_t events,
                                 uintptr_t object)
{
    struct epoll_event event = {.events = events, .data.u64 = object};
    struct tenon_error error =
        posix_error(epoll_ctl(epoll, operation, fd, &event) == 0 ? 0 : errno);
    if (error.native == ENOSPC) {
        error.status = TENON_LIMIT;     /* no disk is full: /proc/sys/fs/epoll/max_user_watches */
    }
    return error;
}

void epoll_remove(int epoll, int fd)
{
    struct tenon_error error = epoll_control(epoll, EPOLL_CTL_DEL, fd, 0, 0);
    TENON_ASSERT(error.status == TENON_OK);
}

/* It fails for wrong arguments alone: what changes a registration allocates nothing. */
void epoll_mute(int epoll, int fd, uintptr_t object, bool muted)
{
    struct tenon_error error =
        epoll_control(epoll, EPOLL_CTL_MOD, fd, muted ? EPOLLET : EPOLL_LISTENER, object);
    TENON_ASSERT(error.status == TENON_OK);
}

static uint32_t events_of(uintptr_t object)
{
    switch ((enum readiness_kind)(object & READINESS_OWN)) {
    case READINESS_STREAM:
        return EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET |
               (readiness_of(object)->known & KNOWN_ROOM ? EPOLLOUT : 0u);
    case READINESS_LISTENER:
        return EPOLL_LISTENER;
    case READINESS_ATTEMPT:
        return EPOLLOUT | EPOLLET;
    case READINESS_OWN:
        break;
    }
    return EPOLLIN | EPOLLET;
}

static struct tenon_error epoll_watch(struct tenon_loop *loop, int fd, uintptr_t object,
                                      uint32_t *slot_out)
{
    *slot_out = 0;
    return epoll_control(state_of(loop)->epoll, EPOLL_CTL_ADD, fd, events_of(object), object);
}

static struct tenon_error epoll_rewatch(struct tenon_loop *loop, int fd, uintptr_t object,
                                        uint32_t *slot)
{
    (void)slot;
    return epoll_control(state_of(loop)->epoll, EPOLL_CTL_MOD, fd, events_of(object), object);
}

/* What is kept alive by a child behind its one event is never heard of again. */
static struct tenon_error epoll_watch_once(struct tenon_loop *loop, int fd, uintptr_t object,
                                           bool again)
{
    return epoll_control(state_of(loop)->epoll, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                         EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLONESHOT, object);
}

static void epoll_forget(struct tenon_loop *loop, int fd, uintptr_t object, uint32_t slot)
{
    (void)object;
    (void)slot;
    epoll_remove(state_of(loop)->epoll, fd);
}

static void epoll_mute_listener(struct tenon_loop *loop, int fd, uintptr_t object, bool muted)
{
    epoll_mute(state_of(loop)->epoll, fd, object, muted);
}

static const struct readiness_poller epoll_poller = {epoll_watch, epoll_rewatch, epoll_watch_once,
                                                     epoll_forget, epoll_mute_listener};

static bool has_pwait2(struct epoll_loop *state)
{
    struct kernel_timespec none = {0, 0};
    return syscall(SYS_epoll_pwait2, state->epoll, state->events, 1, &none, NULL, 0) >= 0;
}

static void free_state(struct epoll_loop *state)
{
    int descriptors[] = {state->epoll, state->wake, state->timer};
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (descriptors[i] >= 0) {
            (void)close(descriptors[i]);
        }
    }
    free(state->events);
    free(state);
}

static struct tenon_error open_descriptors(struct epoll_loop *state)
{
    state->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (state->epoll < 0) {
        return posix_error(errno);
    }
    state->wake = wake_open();
    if (state->wake < 0) {
        return posix_error(errno);
    }
    struct tenon_error error =
        epoll_control(state->epoll, EPOLL_CTL_ADD, state->wake, events_of(READINESS_OWN),
                      READINESS_OWN);
    if (error.status != TENON_OK || has_pwait2(state)) {
        return error;
    }
    state->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (state->timer < 0) {
        return posix_error(errno);
    }
    return epoll_control(state->epoll, EPOLL_CTL_ADD, state->timer, events_of(READINESS_OWN),
                         READINESS_OWN);
}

static struct tenon_error epoll_open(struct tenon_loop *loop,
                                     const struct tenon_loop_options *options)
{
    struct epoll_loop *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return posix_error(ENOMEM);
    }
    state->readiness.loop.poller = &epoll_poller;
    state->epoll = -1;
    state->wake = -1;
    state->timer = -1;
    state->timer_set = TENON_FOREVER;
    state->batch = (int)options->batch;
    state->events = calloc(options->batch, sizeof *state->events);
    if (state->events == NULL) {
        free_state(state);
        return posix_error(ENOMEM);
    }
    struct tenon_error error = open_descriptors(state);
    if (error.status != TENON_OK) {
        free_state(state);
        return error;
    }
    loop->backend_state = state;
    return error;
}

static void epoll_close(struct tenon_loop *loop)
{
    free_state(state_of(loop));
}

static void epoll_wake(struct tenon_loop *loop)
{
    wake_signal(state_of(loop)->wake);
}

static struct kernel_timespec timespec_of(int64_t nanoseconds)
{
    struct kernel_timespec time = {nanoseconds / TENON_SECOND, nanoseconds % TENON_SECOND};
    return time;
}

/* The timer stays set while the same deadline is waited for again. */
static void set_timer(struct epoll_loop *state, int64_t until)
{
    if (state->timer_set == until) {
        return;
    }
    state->timer_set = until;
    struct itimerspec timer = {.it_value = {.tv_sec = (time_t)(until / TENON_SECOND),
                                            .tv_nsec = (long)(until % TENON_SECOND)}};
    int result = timerfd_settime(state->timer, TFD_TIMER_ABSTIME, &timer, NULL);
    TENON_ASSERT(result == 0);
}

static int collect(struct tenon_loop *loop, int64_t until)
{
    struct epoll_loop *state = state_of(loop);
    if (until == 0 || until == TENON_FOREVER) {
        return epoll_wait(state->epoll, state->events, state->batch, until == 0 ? 0 : -1);
    }
    if (state->timer >= 0) {
        set_timer(state, until);
        return epoll_wait(state->epoll, state->events, state->batch, -1);
    }
    int64_t left = until - posix_clock(loop);
    struct kernel_timespec time = timespec_of(left > 0 ? left : 0);
    return (int)syscall(SYS_epoll_pwait2, state->epoll, state->events, state->batch, &time, NULL,
                        0);
}

static void epoll_wait_batch(struct tenon_loop *loop, int64_t until)
{
    struct epoll_loop *state = state_of(loop);
    readiness_flush(loop);
    int count = collect(loop, until);
    if (count < 0) {
        TENON_ASSERT(errno == EINTR);
        return;                 /* a turn without events: the caller waits again */
    }
    state->readiness.loop.events += (uint32_t)count;
    for (int i = 0; i < count; i++) {
        uintptr_t object = (uintptr_t)state->events[i].data.u64;
        uint32_t events = state->events[i].events;
        if (object != READINESS_OWN) {
            readiness_event(object, (events & EPOLLIN) != 0, (events & EPOLLOUT) != 0,
                            (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0);
        }
    }
}

const struct tenon_backend epoll_backend = {
    .name = "epoll",
    .open = epoll_open,
    .close = epoll_close,
    .wait = epoll_wait_batch,
    .wake = epoll_wake,
    READINESS_ENTRIES,
};
