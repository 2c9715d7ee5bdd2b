/* The client: connects to the first ADDRESS that answers, and holds one exchange with it. It runs
 * in its loop's turns and waits for nothing; its loop has nothing pending once it has ended. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include <tenon/stream.h>
#include "client/exchange.h"
#include "client/options.h"
#include "common/console.h"

enum {
    CLIENT_REASON_MAX = 1024    /* bytes of why an ADDRESS failed, with its zero */
};

struct client_failure {
    enum tenon_status status;
    char reason[CLIENT_REASON_MAX];
};

enum client_state {
    CLIENT_CONNECTING,
    CLIENT_PAUSING,         /* between two rounds of --wait */
    CLIENT_CONNECTED,
    CLIENT_OVER
};

struct client {
    struct tenon_loop *loop;
    struct console *console;
    const struct client_options *options;
    enum client_state state;
    bool ending;                /* the exit code stands */
    int code;

    uint32_t place;             /* the one that is tried, or connected */
    struct tenon_connect connect;
    struct client_failure failures[PLACES_MAX];
    int64_t wait_end;
    int64_t pause;
    struct tenon_timer retry;

    struct exchange exchange;
};

/* The options and the console stay the caller's, unchanged until the end. */
void client_start(struct client *client, struct tenon_loop *loop,
                  const struct client_options *options, struct console *console);

/* Ends it at once. */
void client_stop(struct client *client, enum tenon_request stop);

/* There is room for output again, or it has failed. */
void client_output_changed(struct client *client, enum tenon_status output_status);

/* Behind the loop's last turn: the exit code. */
int client_end(const struct client *client);

/* The exchange is over and its stream closed. */
void client_exchange_over(struct client *client, int code);

#endif
