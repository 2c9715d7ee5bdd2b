/* The server: listeners, the sessions behind them, and how it stops. It runs in its loop's turns
 * and waits for nothing; its loop has nothing pending once it has ended. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include <tenon/stream.h>
#include "common/console.h"
#include "server/options.h"
#include "server/reserve.h"
#include "server/session.h"

enum {
    SERVER_LISTENERS_MAX = 64,
    SERVER_RECEIVE_MAX = 1024,          /* bytes that a greeting takes, and shows */
    SERVER_SCRATCH_SIZE = 64 * 1024
};

/* What stands beside a listener. */
struct server_entrance {
    const struct place *place;
    bool open;
    bool holds;                     /* `socket` was accepted while there was no room for it */
    struct tenon_socket socket;
    struct tenon_address peer;
};

struct server {
    struct tenon_loop *loop;
    struct console *console;
    const struct server_options *options;
    size_t message_size;
    int64_t started;
    int code;                       /* to exit with */

    struct session *sessions;
    uint32_t sessions_begun;        /* sessions that were ever used */
    uint32_t counts[SESSION_STATES];
    uint32_t number;                /* of the last connection */
    struct session_list free;
    struct session_list lingering;  /* the oldest first */
    struct session_list waiting;    /* for the reserve */
    struct reserve reserve;
    char *scratch;                  /* for bytes that are dropped */

    struct tenon_listener listeners[SERVER_LISTENERS_MAX];
    struct server_entrance entrances[SERVER_LISTENERS_MAX];
    uint32_t listener_count;
    uint32_t listeners_open;
    bool short_of_descriptors;      /* said already */

    struct session *chosen;         /* --once: the client to serve */
    bool decided;                   /* and how that ended */
    bool stopping;
    int64_t stopped;                /* when */
    int64_t drain;                  /* how long from then on */
    struct tenon_timer drain_timer;
};

/* Listens and serves. The options and the console stay the caller's, unchanged until the end.
 * EXIT_CODE_NONE, or the code to exit with; then all is said, and the loop is to be run once more
 * to let go of what stood already. */
int server_start(struct server *server, struct tenon_loop *loop,
                 const struct server_options *options, struct console *console);

/* Stops accepting, waits for the clients and ends. */
void server_stop(struct server *server, enum tenon_request stop);

/* Behind the loop's last turn: frees its memory and returns the exit code. */
int server_end(struct server *server);

/* ---- for the sessions ---- */

/* The first byte of a client: with --once it is the one. And how it ended. */
void server_choose(struct server *server, struct session *session);
void server_decide(struct server *server, const struct session *session, int code);

/* A session began to linger, or its memory is free: who waits for room may have it. */
void server_admit(struct server *server);
void server_session_closed(struct server *server, struct session *session);

/* An entry of the reserve is free again. */
void server_wake_waiting(struct server *server);

uint32_t server_milliseconds(const struct server *server);

#endif
