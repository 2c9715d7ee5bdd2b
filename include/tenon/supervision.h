/* Supervision: what a program and the supervisor that started it tell each other, by systemd's
 * protocols (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)) and without its library. On
 * Windows, where nothing speaks them, nothing is inherited and nobody is notified. */
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

/* Whether somebody wants to be notified: NOTIFY_SOCKET is set. */
TENON_API bool tenon_supervised(void);

/* Tells the supervisor, such as `READY=1`: one datagram to NOTIFY_SOCKET, which is a path or, with
 * `@` in front, an abstract name (Linux). Never waits. Nobody wants it: OK. Errors: INVALID (the
 * variable names no socket), and those of a send. Any thread. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_notify(const char *text, struct tenon_error *error_out);

/* How often at least the supervisor wants to hear `WATCHDOG=1`: WATCHDOG_USEC, where WATCHDOG_PID
 * is this process or absent; TENON_FOREVER: never. Half of that is a good pace. */
TENON_API int64_t tenon_watchdog_interval(void);

#ifdef __cplusplus
}
#endif
#endif
