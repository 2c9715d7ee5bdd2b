/* The supervisor that started the server, such as systemd or Windows' service manager: it is told
 * when the server is ready, when it stops, and that it is alive. */
#ifndef SERVER_SUPERVISOR_H
#define SERVER_SUPERVISOR_H
#include <tenon/loop.h>
#include <tenon/supervision.h>
#include "common/console.h"

struct supervisor {
    struct tenon_loop *loop;
    struct console *console;
    enum tenon_news news;       /* that is told again by the timer */
    struct tenon_timer timer;
    struct console_notice failing;
};

/* On the server's loop, when it listens; when it stops; and when it is over. What cannot be told is
 * said on the console and no more. */
void supervisor_ready(struct supervisor *supervisor, struct tenon_loop *loop,
                      struct console *console);
void supervisor_stopping(struct supervisor *supervisor);
void supervisor_end(struct supervisor *supervisor);

#endif
