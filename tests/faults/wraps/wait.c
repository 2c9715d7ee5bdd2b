/* Waits and clocks, and what makes the loop's own descriptors. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "wraps/wraps.h"

enum {
    EPOLL_PWAIT2 = 441,
    WATCHED_MAX = 1024          /* descriptors that are looked at */
};

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __real_connect(int fd, const struct sockaddr *name, socklen_t size);
int __real_epoll_create1(int flags);
int __real_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __real_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout);
int __real_eventfd(unsigned value, int flags);
int __real_poll(struct pollfd *entries, nfds_t count, int timeout);
int __real_shutdown(int fd, int how);
long __real_syscall(long number, ...);
int __real_timerfd_create(int clock, int flags);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                           struct itimerspec *old);

/* What epoll watches, and when the timer ends; on the loop's thread alone. */
struct watched {
    bool on;
    int epoll;
    struct epoll_event event;
};
static struct watched watched[WATCHED_MAX];
static int64_t timer_end = TENON_FOREVER;

bool inject_is_old;

void inject_old_kernel(bool old)
{
    inject_is_old = old;
    timer_end = TENON_FOREVER;
}

void inject_closed(int fd)
{
    if (fd >= 0 && fd < WATCHED_MAX) {
        watched[fd].on = false;
    }
}

void inject_make_true(int fd, int code)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    switch (code) {
    case EAGAIN:
        if (fd < WATCHED_MAX && watched[fd].on) {
            (void)__real_epoll_ctl(watched[fd].epoll, EPOLL_CTL_MOD, fd, &watched[fd].event);
        }
        break;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENOTCONN:
    case EPIPE:
    case ETIMEDOUT:
        /* TCP dissolves the connection with a reset; a local socket cannot. */
        if (__real_connect(fd, &none, sizeof none) != 0) {
            (void)__real_shutdown(fd, SHUT_RDWR);
        }
        break;
    default:
        break;
    }
}

/* ---- time ---- */

int64_t inject_nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * TENON_SECOND + time->tv_nsec;
}

static void set_time(struct timespec *time, int64_t value)
{
    time->tv_sec = (time_t)(value / TENON_SECOND);
    time->tv_nsec = (long)(value % TENON_SECOND);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
    int result = __real_clock_gettime(clock, out);
    if (result == 0 && clock == CLOCK_MONOTONIC) {
        set_time(out, inject_nanoseconds(out) + inject_jumped());
    }
    return result;
}

static int64_t now(void)
{
    struct timespec time = {0};
    (void)__wrap_clock_gettime(CLOCK_MONOTONIC, &time);
    return inject_nanoseconds(&time);
}

int inject_waited(int count, int64_t left)
{
    if (count == 0 && left > 0) {
        inject_idle(left);
    }
    return count;
}

/* ---- epoll ---- */

int __wrap_epoll_create1(int flags)
{
    return inject_fails(CALL_EPOLL_CREATE, -1, NULL) ? -1 : __real_epoll_create1(flags);
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if ((operation == EPOLL_CTL_ADD && inject_fails(CALL_EPOLL_ADD, fd, NULL)) ||
        (operation == EPOLL_CTL_MOD && inject_fails(CALL_EPOLL_MOD, fd, NULL))) {
        return -1;
    }
    int result = __real_epoll_ctl(epoll, operation, fd, event);
    if (result == 0 && fd < WATCHED_MAX) {
        watched[fd].on = operation != EPOLL_CTL_DEL;
        watched[fd].epoll = epoll;
        watched[fd].event = *event;
    }
    return result;
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
    int64_t left = timeout >= 0 ? timeout * TENON_MILLISECOND
                   : timer_end == TENON_FOREVER ? TENON_FOREVER
                                                : timer_end - now();
    if (inject_fails(CALL_EPOLL_WAIT, epoll, NULL)) {
        return -1;
    }
    int wait = timeout == 0 ? 0 : INJECT_WAIT_MS;
    return inject_waited(__real_epoll_wait(epoll, events, count, wait), left);
}

static int wait_exactly(int epoll, struct epoll_event *events, int count,
                        const struct timespec *timeout)
{
    bool probe = count == 1;
    if (inject_is_old) {
        errno = ENOSYS;
        return -1;
    }
    if (inject_fails(probe ? CALL_PWAIT2_PROBE : CALL_PWAIT2, epoll, NULL)) {
        return -1;
    }
    int64_t left = inject_nanoseconds(timeout);
    int wait = left == 0 ? 0 : INJECT_WAIT_MS;
    return inject_waited(__real_epoll_wait(epoll, events, count, wait), left);
}

/* ---- other calls by their numbers ---- */

/* The arguments of any other call are as wide as a register. */
long __wrap_syscall(long number, ...)
{
    va_list arguments;
    long result = -1;
    va_start(arguments, number);
    if (number == EPOLL_PWAIT2) {
        int epoll = va_arg(arguments, int);
        struct epoll_event *events = va_arg(arguments, struct epoll_event *);
        int count = va_arg(arguments, int);
        result = wait_exactly(epoll, events, count, va_arg(arguments, const struct timespec *));
    } else {
        long values[6];
        for (int i = 0; i < 6; i++) {
            values[i] = va_arg(arguments, long);
        }
        result = inject_uring_call(number, values);
    }
    va_end(arguments);
    return result;
}

int __wrap_eventfd(unsigned value, int flags)
{
    return inject_fails(CALL_EVENTFD, -1, NULL) ? -1 : __real_eventfd(value, flags);
}

int __wrap_timerfd_create(int clock, int flags)
{
    return inject_fails(CALL_TIMERFD, -1, NULL) ? -1 : __real_timerfd_create(clock, flags);
}

/* It fires later in truth, where the loop has seen that the time has come. */
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                           struct itimerspec *old)
{
    timer_end = inject_nanoseconds(&value->it_value);
    return __real_timerfd_settime(fd, flags, value, old);
}

/* ---- poll ---- */

int __wrap_poll(struct pollfd *entries, nfds_t count, int timeout)
{
    int64_t left = timeout < 0 ? TENON_FOREVER : timeout * TENON_MILLISECOND;
    if (inject_fails(CALL_POLL, -1, NULL)) {
        return -1;
    }
    return inject_waited(__real_poll(entries, count, timeout == 0 ? 0 : INJECT_WAIT_MS), left);
}
