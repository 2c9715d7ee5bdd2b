/* Supervision: what a program and the supervisor that started it tell each other. On POSIX by
 * systemd's protocols (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)) and without its
 * library; on Windows as a service of the service control manager, where nothing is inherited. */
#ifndef TENON_SUPERVISION_H
#define TENON_SUPERVISION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/export.h>
#include <tenon/loop.h>
#include <tenon/status.h>
#include <tenon/stream.h>
#ifdef __cplusplus
extern "C" {
#endif

/* How many listeners the supervisor holds for this process: LISTEN_FDS, where LISTEN_PID is this
 * process, else 0. Takes both variables out of the environment, so that children do not believe
 * that they are meant: once, on the main thread, before any other starts. Errors: INVALID (a
 * variable that is no number of descriptors). */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_inherited_count(uint32_t *count_out);

/* tenon_listen with the supervisor's listener `index`, from 0: descriptor 3 + index. It is to be a
 * stream socket that listens, of a family that this library has; it is made non-blocking and
 * close-on-exec. A path that it is bound to stays when it is closed: it is the supervisor's.
 * Errors: INVALID (it is none of that), UNSUPPORTED (Windows), LIMIT, SYSTEM; the same in
 * listener->error. *endpoint_out is where it listens; an abstract name is an empty path. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_listen_inherited(struct tenon_loop *loop, struct tenon_listener *listener,
                                         uint32_t index, struct tenon_endpoint *endpoint_out);

/* Whether somebody wants to be notified: NOTIFY_SOCKET is set, or this is a service that runs. */
TENON_API bool tenon_supervised(void);

/* Its name, as NOTIFY_SOCKET has it; NULL: it has none. */
TENON_API const char *tenon_supervisor_name(void);

/* What a supervisor is told. */
enum tenon_news {
    TENON_NEWS_READY,       /* `READY=1`; the service runs, and takes controls from now on */
    TENON_NEWS_ALIVE,       /* `WATCHDOG=1`; a service that runs has no such thing */
    TENON_NEWS_STOPPING     /* `STOPPING=1`; the service's stop is pending, and gets on */
};

/* Tells it: one datagram to NOTIFY_SOCKET, which is a path or, with `@` in front, an abstract name
 * (Linux); or the service's status. Never waits. Nobody wants it: OK. Errors: INVALID (the variable
 * names no socket), and those of a send or of SetServiceStatus. Any thread. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_notify(enum tenon_news news, struct tenon_error *error_out);

/* How often at least the supervisor wants to hear it again; TENON_FOREVER: not at all. ALIVE:
 * WATCHDOG_USEC, where WATCHDOG_PID is this process or absent. STOPPING: 2 s for a service. Half of
 * that is a good pace. */
TENON_API int64_t tenon_notify_interval(enum tenon_news news);

/* ---- services ---- */

/* Whether this system has services: Windows. */
TENON_API bool tenon_has_services(void);

/* Runs the program as the service as which the service control manager has started this process:
 * `run` is called once, on a thread of its own, and what it returns is the service's end: 0 is its
 * success, and anything else a code of its own (service-specific). *code_out is that too. The
 * manager's controls come to tenon_request_watch's function, which is to be set in `run` before the
 * READY of tenon_notify: stop is TERMINATE, a shutdown of the system CLOSE, a change of parameters
 * HANGUP, and control 128 REPORT. The console's events are not watched then. On the main thread,
 * once. Errors: NOT_CONNECTED (nobody has started this process as a service: run it as a program),
 * UNSUPPORTED (this system has none), SYSTEM. */
typedef int tenon_service_fn(void *argument);
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_service_run(tenon_service_fn *run, void *argument, int *code_out,
                                    struct tenon_error *error_out);

#ifdef __cplusplus
}
#endif
#endif
