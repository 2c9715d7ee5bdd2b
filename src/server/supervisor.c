/* The supervisor. */
#include "server/supervisor.h"
#include "common/outer.h"

static void tell(struct supervisor *supervisor, enum tenon_news news)
{
    struct tenon_error error;
    char why[CONSOLE_ERROR_MAX];
    if (tenon_notify(news, &error) != TENON_OK) {
        const char *name = tenon_supervisor_name();
        console_error_text(error, why);
        console_error_once(supervisor->console, &supervisor->failing,
                           "cannot notify the supervisor%s%s%s: %s",
                           name == NULL ? "" : " (NOTIFY_SOCKET is ", name == NULL ? "" : name,
                           name == NULL ? "" : ")", why);
    }
}

static void on_timer(struct tenon_timer *timer);

/* Tells the news, and again as often as the supervisor wants to hear it. */
static void go_on(struct supervisor *supervisor, enum tenon_news news)
{
    int64_t interval = tenon_notify_interval(news);
    if (interval != TENON_FOREVER) {
        supervisor->news = news;
        tenon_timer_start(supervisor->loop, &supervisor->timer,
                          tenon_loop_now(supervisor->loop) + interval / 2, on_timer);
    }
}

static void on_timer(struct tenon_timer *timer)
{
    struct supervisor *supervisor = OUTER(timer, struct supervisor, timer);
    tell(supervisor, supervisor->news);
    go_on(supervisor, supervisor->news);
}

void supervisor_ready(struct supervisor *supervisor, struct tenon_loop *loop,
                      struct console *console)
{
    supervisor->loop = loop;
    supervisor->console = console;
    tell(supervisor, TENON_NEWS_READY);
    if (tenon_supervised()) {
        go_on(supervisor, TENON_NEWS_ALIVE);
    }
}

void supervisor_stopping(struct supervisor *supervisor)
{
    if (supervisor->loop != NULL) {
        tell(supervisor, TENON_NEWS_STOPPING);
        go_on(supervisor, TENON_NEWS_STOPPING);
    }
}

void supervisor_end(struct supervisor *supervisor)
{
    if (supervisor->loop != NULL) {
        tenon_timer_stop(supervisor->loop, &supervisor->timer);
    }
}
