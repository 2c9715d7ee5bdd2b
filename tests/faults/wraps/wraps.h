/* What the wrapped calls share. The linker makes of a call of NAME one of __wrap_NAME, which is
 * here, and of __real_NAME the C library's own. */
#ifndef FAULTS_WRAPS_H
#define FAULTS_WRAPS_H
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include "inject.h"

enum {
    INJECT_WAIT_MS = 1          /* how long a wait waits in truth */
};

/* Counts the call. The code that it is to fail with, 0: it is to be made. */
int inject_code(enum fault_call call, int fd, const char *path);

/* The same; true: errno is set, and the call is to answer -1. */
bool inject_fails(enum fault_call call, int fd, const char *path);

/* How a failure of a connected socket becomes true: its peer is reset where the code says that the
 * connection is gone, and behind EAGAIN the kernel reports the socket's state once more. */
void inject_make_true(int fd, int code);

/* What the kernel was told of a descriptor: by epoll_ctl, and that it is closed. */
void inject_closed(int fd);

/* The time that was jumped over, and a wait without events that had so much time left. */
int64_t inject_jumped(void);
void inject_idle(int64_t left);

/* A wait that was asked for `left` nanoseconds, and brought so much: the answer. */
int inject_waited(int count, int64_t left);
int64_t inject_nanoseconds(const struct timespec *time);

/* io_uring's calls and all others by their numbers; whether the kernel lets its operations end with
 * a given result. */
long inject_uring_call(long number, const long values[6]);
extern bool inject_ends_operations;
extern bool inject_epoll_waits;
extern bool inject_is_old;      /* the kernel, as inject_old_kernel says */

void inject_hold(int count);
void inject_thread_begins(void);
void inject_thread_ends(void);

#endif
