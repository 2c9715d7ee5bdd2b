/* Waits and clocks, and what makes the loop's own descriptors. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "wraps/wraps.h"

enum {
    URING_SETUP = 425,          /* SYS_io_uring_setup and so on, which older headers lack */
    URING_ENTER = 426,
    URING_REGISTER = 427,
    URING_ENABLE = 12,          /* IORING_REGISTER_ENABLE_RINGS */
    URING_SQES = 0x10000000,    /* IORING_OFF_SQES */
    URING_RECV = 27,            /* IORING_OP_RECV, */
    URING_REPEATED = 2,         /* IORING_RECV_MULTISHOT */
    EPOLL_PWAIT2 = 441,
    WATCHED_MAX = 1024,         /* descriptors that are looked at */
    WAIT_MS = 1                 /* how long a wait waits in truth */
};

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __real_connect(int fd, const struct sockaddr *name, socklen_t size);
int __real_epoll_create1(int flags);
int __real_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __real_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout);
int __real_eventfd(unsigned value, int flags);
void *__real_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
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
static bool old_kernel;

void inject_old_kernel(bool old)
{
    old_kernel = old;
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

static int64_t nanoseconds(const struct timespec *time)
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
        set_time(out, nanoseconds(out) + inject_jumped());
    }
    return result;
}

static int64_t now(void)
{
    struct timespec time = {0};
    (void)__wrap_clock_gettime(CLOCK_MONOTONIC, &time);
    return nanoseconds(&time);
}

/* Of a wait that was asked for `left` nanoseconds and brought nothing. */
static int waited(int count, int64_t left)
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
    return waited(__real_epoll_wait(epoll, events, count, timeout == 0 ? 0 : WAIT_MS), left);
}

static int wait_exactly(int epoll, struct epoll_event *events, int count,
                        const struct timespec *timeout)
{
    bool probe = count == 1;
    if (old_kernel) {
        errno = ENOSYS;
        return -1;
    }
    if (inject_fails(probe ? CALL_PWAIT2_PROBE : CALL_PWAIT2, epoll, NULL)) {
        return -1;
    }
    int64_t left = nanoseconds(timeout);
    return waited(__real_epoll_wait(epoll, events, count, left == 0 ? 0 : WAIT_MS), left);
}

/* ---- io_uring ---- */

/* As in the kernel's header, which may be older. */
struct entered {
    uint64_t signals;
    uint32_t signals_size;
    uint32_t pad;
    uint64_t time;
};

struct submission {
    uint8_t opcode;
    uint8_t flags;
    uint16_t priority;
    int32_t fd;
    uint64_t offset;
    uint64_t rest[6];
};

static struct submission *submissions;  /* of the ring that was mapped last */
static size_t submission_count;

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (inject_fails(CALL_MMAP, -1, NULL)) {
        return MAP_FAILED;
    }
    void *memory = __real_mmap(address, size, protection, flags, fd, offset);
    if (offset == URING_SQES) {
        submissions = memory;
        submission_count = size / sizeof *submissions;
    }
    return memory;
}

/* Before Linux 6.17 they are refused as they are here for a field that no receive has. */
static void refuse_repeated(void)
{
    for (size_t i = 0; i < submission_count; i++) {
        struct submission *submission = &submissions[i];
        if (submission->opcode == URING_RECV && (submission->priority & URING_REPEATED) != 0) {
            submission->offset = 1;
        }
    }
}

/* The wait is short in truth. */
static long enter(const long values[6])
{
    const struct entered *given = (const struct entered *)values[4];
    struct timespec brief = {0, WAIT_MS * TENON_MILLISECOND};
    struct entered entered = {.time = (uint64_t)(uintptr_t)&brief};
    if (inject_fails(CALL_URING_ENTER, -1, NULL)) {
        return -1;
    }
    if (old_kernel) {
        refuse_repeated();
    }
    int64_t left = TENON_FOREVER;
    if (given->time != 0) {
        left = nanoseconds((const struct timespec *)(uintptr_t)given->time);
    }
    long result = __real_syscall(URING_ENTER, values[0], values[1], values[2], values[3],
                                 &entered, sizeof entered);
    if (result < 0 && errno == ETIME) {
        (void)waited(0, left);
        errno = ETIME;
    }
    return result;
}

static long other_call(long number, const long values[6])
{
    if (number == URING_ENTER) {
        return enter(values);
    }
    bool enables = values[1] == URING_ENABLE;   /* that needs nothing that could run out */
    if ((number == URING_SETUP && inject_fails(CALL_URING_SETUP, -1, NULL)) ||
        (number == URING_REGISTER && !enables && inject_fails(CALL_URING_REGISTER, -1, NULL))) {
        return -1;
    }
    return __real_syscall(number, values[0], values[1], values[2], values[3], values[4],
                          values[5]);
}

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
        result = other_call(number, values);
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
    timer_end = nanoseconds(&value->it_value);
    return __real_timerfd_settime(fd, flags, value, old);
}

/* ---- poll ---- */

int __wrap_poll(struct pollfd *entries, nfds_t count, int timeout)
{
    int64_t left = timeout < 0 ? TENON_FOREVER : timeout * TENON_MILLISECOND;
    if (inject_fails(CALL_POLL, -1, NULL)) {
        return -1;
    }
    return waited(__real_poll(entries, count, timeout == 0 ? 0 : WAIT_MS), left);
}
