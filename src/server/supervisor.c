/* The supervisor. */
#include "server/supervisor.h"
#include "common/outer.h"
#include <tenon/supervision.h>

static void tell(struct supervisor *supervisor, const char *text)
{
    struct tenon_error error;
    char why[CONSOLE_ERROR_MAX];
    if (tenon_notify(text, &error) != TENON_OK) {
        console_error_text(error, why);
        console_error(supervisor->console, "cannot notify the supervisor (NOTIFY_SOCKET): %s", why);
    }
}

static void on_timer(struct tenon_timer *timer)
{
    struct supervisor *supervisor = OUTER(timer, struct supervisor, timer);
    tell(supervisor, "WATCHDOG=1");
    tenon_timer_start(supervisor->loop, timer,
                      tenon_loop_now(supervisor->loop) + supervisor->pace, on_timer);
}

void supervisor_ready(struct supervisor *supervisor, struct tenon_loop *loop,
                      struct console *console)
{
    int64_t interval = tenon_watchdog_interval();
    supervisor->loop = loop;
    supervisor->console = console;
    supervisor->pace = interval == TENON_FOREVER ? TENON_FOREVER : interval / 2;
    tell(supervisor, "READY=1");
    if (tenon_supervised() && supervisor->pace != TENON_FOREVER) {
        tenon_timer_start(loop, &supervisor->timer, tenon_loop_now(loop) + supervisor->pace,
                          on_timer);
    }
}

void supervisor_stopping(struct supervisor *supervisor)
{
    if (supervisor->loop != NULL) {
        tell(supervisor, "STOPPING=1");
    }
}

void supervisor_end(struct supervisor *supervisor)
{
    if (supervisor->loop != NULL) {
        tenon_timer_stop(supervisor->loop, &supervisor->timer);
    }
}
