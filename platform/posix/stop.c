/* Stop requests: the signals are blocked in every thread, and one thread waits for them. So no
 * handler runs, no system call is interrupted, and what is done about a signal is ordinary code. */
#include "posix/sockets.h"
#include <errno.h>
#include <signal.h>

struct watch {
    tenon_request_fn *on_stop;
    void *argument;
    sigset_t signals;
};

static struct watch watch;      /* of the process, set once before its thread starts */

static void wait_for_signals(void *argument)
{
    (void)argument;
    for (;;) {
        int number = 0;
        if (sigwait(&watch.signals, &number) != 0) {
            continue;           /* EINTR, on systems that have it */
        }
        watch.on_stop(watch.argument, number == SIGINT    ? TENON_REQUEST_INTERRUPT
                                      : number == SIGTERM ? TENON_REQUEST_TERMINATE
                                                          : TENON_REQUEST_HANGUP);
    }
}

enum tenon_status tenon_request_watch(tenon_request_fn *on_stop, void *argument)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    TENON_ASSERT(watch.on_stop == NULL);
    watch.on_stop = on_stop;
    watch.argument = argument;
    (void)sigemptyset(&watch.signals);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action;
        if (sigaction(numbers[i], NULL, &action) != 0) {
            return posix_error(errno).status;
        }
        if (action.sa_handler != SIG_IGN) {
            (void)sigaddset(&watch.signals, numbers[i]);
        }
    }
    int code = pthread_sigmask(SIG_BLOCK, &watch.signals, NULL);
    return code != 0 ? posix_error(code).status : system_thread_detached(wait_for_signals, NULL);
}
