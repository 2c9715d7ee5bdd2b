/* Faults: the calls that the product makes of the system, how each may fail, and the injection of
 * one such failure. */
#ifndef FAULTS_INJECT_H
#define FAULTS_INJECT_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/status.h>

/* A call by its function, and by its purpose where one function has several. */
enum fault_call {
    CALL_SOCKET,
    CALL_BIND,
    CALL_LISTEN,
    CALL_ACCEPT,
    CALL_CONNECT,
    CALL_CONNECT_RESULT,        /* getsockopt of SO_ERROR */
    CALL_OPTION,                /* setsockopt, but for the next */
    CALL_OPTION_LINGER,
    CALL_NAME_OF_LISTENER,      /* getsockname */
    CALL_NAME_OF_STREAM,
    CALL_SEND,
    CALL_SENDMSG,
    CALL_RECV,
    CALL_SHUTDOWN,
    CALL_CLOSE,                 /* but for a file's */
    CALL_FCHMOD,
    CALL_LSTAT,
    CALL_EPOLL_CREATE,
    CALL_EVENTFD,
    CALL_TIMERFD,
    CALL_EPOLL_ADD,
    CALL_EPOLL_MOD,
    CALL_EPOLL_WAIT,
    CALL_PWAIT2,
    CALL_PWAIT2_PROBE,
    CALL_URING_SETUP,
    CALL_URING_REGISTER,
    CALL_URING_ENTER,
    CALL_URING_RECV,            /* operations: their results */
    CALL_URING_SEND,
    CALL_URING_CONNECT,
    CALL_URING_POLL,
    CALL_URING_EPOLL,
    CALL_URING_CANCEL,
    CALL_MMAP,
    CALL_WAKE_EVENTFD,          /* write */
    CALL_WAKE_PIPE,
    CALL_WAKE_READ,
    CALL_PIPE,
    CALL_POLL,
    CALL_FILE_OPEN,
    CALL_FILE_WRITE,
    CALL_FILE_CLOSE,
    CALL_RENAME,
    CALL_UNLINK,
    CALL_LOOKUP,                /* getaddrinfo; its code is one of EAI_ */
    CALL_THREAD,
    CALL_MALLOC,
    CALL_CALLOC,
    CALL_REALLOC,
    CALL_SETRLIMIT,
    FAULT_CALLS
};
const char *fault_call_name(enum fault_call call);

/* Whether some scenario on this backend must make the call: where none does it has another name by
 * now, or its rows no use. */
bool fault_call_expected(enum fault_call call, const char *backend);

enum fault_effect {
    FAULT_ABSORBED,     /* the operation succeeds all the same */
    FAULT_NOTICED,      /* so it does, after the listener's notice TENON_LIMIT */
    FAULT_FAILS         /* it fails with `status` */
};

/* A row for each error that a call's manual page lists, but for those of misuse (EBADF, EFAULT,
 * EINVAL, ENOTSOCK, ...), which assert, and for those that cannot happen where the call is made.
 * FAULT_CALLS in `call` ends the table. */
struct fault {
    enum fault_call call;
    int32_t code;
    const char *name;
    enum fault_effect effect;
    enum tenon_status status;
    int32_t native;             /* what is kept beside the status */
};
extern const struct fault fault_table[];

/* The call that is about to fail. */
struct fault_site {
    enum fault_call call;
    int64_t handle;             /* the descriptor, or -1 */
    const char *path;           /* the file's, or NULL */
    const uint32_t *counts;     /* the calls so far of each kind, this one among them */
};
/* Where the scenario stands, a number of its own. Looks only; may run on a look-up's thread. */
typedef int fault_place_fn(const void *context, const struct fault_site *site);

/* From the begin to the end calls are counted, and the number-th (from 1) of the fault's fails;
 * NULL: none does. The failure is as the kernel would have it: a close has closed, a connection
 * that is said to be reset is, behind an EAGAIN comes an edge. */
void inject_begin(const struct fault *fault, uint32_t number, fault_place_fn *place_of,
                  const void *context);
/* True: it has failed; *place_out is what place_of answered. */
bool inject_end(int *place_out);
uint32_t inject_count(enum fault_call call);    /* since the last begin */

/* The address of every name: no name service takes part. */
void inject_set_address(const char *address);

/* Whether the kernel is as old as the backends can bear: without epoll_pwait2, with the plainest of
 * rings and without receives that go on up to a limit. */
void inject_old_kernel(bool old);

/* Memory and look-up results that were taken and not given back. */
int64_t inject_held(void);

/* Waits until no other thread runs. False: one still does after a minute. */
bool inject_threads_over(void);

/* Leaves a local socket that nobody listens on. */
bool inject_stale_socket(const char *path);

/* A process that crashes, or makes no progress for `seconds`, says `text` before it ends. */
void inject_guard(unsigned seconds, const char *text);

/* Time is the scenario's: a wait in which nothing comes for a millisecond jumps to its end, by at
 * most this much at once, unless another thread runs. */
#define INJECT_STEP (250 * TENON_MILLISECOND)

#endif
