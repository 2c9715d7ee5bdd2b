/* Requests: the signals are blocked in every thread, and one thread waits for them. So no
 * handler runs, no system call is interrupted, and what is done about a signal is ordinary code. */
#include "posix/sockets.h"
#include <errno.h>
#include <signal.h>

struct watch {
    tenon_request_fn *on_request;
    void *argument;
    sigset_t signals;
};

static struct watch watch;      /* of the process, set once before its thread starts */

static const struct {
    int number;
    enum tenon_request request;
} signals[] = {
    {SIGINT, TENON_REQUEST_INTERRUPT}, {SIGTERM, TENON_REQUEST_TERMINATE},
    {SIGHUP, TENON_REQUEST_HANGUP}, {SIGUSR1, TENON_REQUEST_REPORT},
};

static void wait_for_signals(void *argument)
{
    (void)argument;
    for (;;) {
        int number = 0;
        if (sigwait(&watch.signals, &number) != 0) {
            continue;           /* EINTR, on systems that have it */
        }
        for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
            if (signals[i].number == number) {
                watch.on_request(watch.argument, signals[i].request);
            }
        }
    }
}

enum tenon_status tenon_request_watch(tenon_request_fn *on_request, void *argument)
{
    TENON_ASSERT(watch.on_request == NULL);
    watch.on_request = on_request;
    watch.argument = argument;
    (void)sigemptyset(&watch.signals);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action;
        if (sigaction(signals[i].number, NULL, &action) != 0) {
            return posix_error(errno).status;
        }
        if (action.sa_handler != SIG_IGN) {
            (void)sigaddset(&watch.signals, signals[i].number);
        }
    }
    int code = pthread_sigmask(SIG_BLOCK, &watch.signals, NULL);
    return code != 0 ? posix_error(code).status
                     : tenon_thread_start_detached(wait_for_signals, NULL);
}
