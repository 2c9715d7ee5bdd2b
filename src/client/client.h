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
#include "client/ready_file.h"
#include "client/source.h"
#include "common/console.h"
#include "common/sink.h"

enum {
    CLIENT_REASON_MAX = 1024    /* bytes of why an ADDRESS failed, with its zero */
};

struct client_failure {
    enum tenon_status status;
    char reason[CLIENT_REASON_MAX];
};

enum client_state {
    CLIENT_CONNECTING,
    CLIENT_PAUSING,         /* between two rounds of --wait, or until there is a ready file */
    CLIENT_CONNECTED,
    CLIENT_OVER
};

struct client {
    struct tenon_loop *loop;
    struct console *console;
    const struct client_options *options;
    struct source *source;      /* of what it sends */
    struct sink *raw;           /* takes the response's bytes alone; NULL: the transcript does */
    enum client_state state;
    bool ending;                /* the exit code stands */
    int code;

    const struct place *places;
    uint32_t place_count;
    struct place ready[PLACES_MAX];
    uint32_t place;             /* the one that is tried, or connected */
    struct tenon_connect connect;
    struct client_failure failures[PLACES_MAX];
    int64_t wait_end;
    int64_t pause;
    struct tenon_timer retry;
    char earlier[CLIENT_REASON_MAX];    /* why the last exchange was tried again; empty: none was */

    struct exchange exchange;
};

/* Where its bytes come from and go to. */
struct client_streams {
    struct source *source;
    struct sink *target;        /* takes the response's bytes; NULL: the console does */
};

/* The options, the console and what the streams name stay the caller's, unchanged until the end. */
void client_start(struct client *client, struct tenon_loop *loop,
                  const struct client_options *options, struct console *console,
                  const struct client_streams *streams);

/* Ends it at once. */
void client_stop(struct client *client, enum tenon_request stop);

/* There is room for output again, or it has failed. */
void client_output_changed(struct client *client, enum tenon_status output_status);

/* The source has something again. */
void client_source_changed(struct client *client);

/* Ends it at once with this code; why is said. Does nothing where one stands already. */
void client_abort(struct client *client, int code);

/* Behind the loop's last turn: the exit code. */
int client_end(const struct client *client);

/* ---- for the exchange ---- */

/* Whether another try would follow if this one failed now; and that it has, for this reason. */
bool client_tries_again(const struct client *client);
void client_note_try(struct client *client, const char *reason);

/* It is over and its stream closed; `again`: another try is to follow. */
void client_exchange_over(struct client *client, int code, bool again);

#endif
