/* A worker: one loop's sessions and what they share. The server hands it sockets; from then on a
 * connection is its own, on its own thread where the loop has one. All that both look at is in
 * `shared`, under its lock, which is taken a few times a connection and never for a request. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/loop.h>
#include <tenon/stream.h>
#include <tenon/thread.h>
#include "common/console.h"
#include "server/content.h"
#include "server/options.h"
#include "server/reserve.h"
#include "server/session.h"
#include "server/totals.h"

struct server;

enum {
    WORKER_RECEIVE_MAX = 1024,          /* bytes that a greeting takes, and shows */
    WORKER_SCRATCH_SIZE = 64 * 1024,
    WORKER_QUEUE_MAX = 1024             /* sockets on their way to a worker */
};

/* A connection on its way to the worker that will serve it. */
struct handover {
    struct tenon_socket socket;
    struct tenon_address peer;
    uint32_t number;
    bool counted;               /* it is in the crowd of its address */
};

/* What the server sees of a worker. `closed` counts from the start and wraps. */
struct worker_view {
    uint32_t closed;
    uint32_t lingering;
    uint32_t closing;
    uint32_t cut;               /* clients that the end of the drain cut off */
    bool has_cut;
    bool over;                  /* it has nothing left and hears nothing any more */
    uint32_t reports;
    struct totals totals;       /* as of the last report, or of the end */
};

struct worker_shared {
    struct tenon_lock lock;
    struct handover *queue;     /* a ring */
    uint32_t queue_size;
    uint32_t queue_first;
    uint32_t queue_count;
    uint32_t give_up;           /* how many that linger are to make room */
    bool stop;
    int64_t stopped;            /* when */
    bool last;                  /* no socket comes any more */
    bool cut;                   /* the drain is over */
    bool report;
    bool watched;               /* the server wants to hear of each change */
    struct worker_view view;
};

struct worker {
    struct server *server;
    struct tenon_loop *loop;
    struct console console;
    const struct server_options *options;
    size_t message_size;
    int64_t started;

    struct session *sessions;
    struct dump *dumps;             /* of the sessions, with -x; else NULL */
    uint32_t capacity;
    uint32_t begun;                 /* sessions that were ever used */
    uint32_t counts[SESSION_STATES];
    struct session_list free;
    struct session_list lingering;  /* the oldest first */
    struct session_list waiting;    /* for the reserve */
    struct session_list sending;    /* the one that has taken nothing for the longest time first */
    struct tenon_timer relief;      /* of those that wait, by those that are stuck */
    struct reserve reserve;
    struct content_store content;   /* -i */
    struct console_notice broken_off;   /* answers with it */
    char *scratch;                  /* for bytes that are dropped */
    struct totals totals;

    bool local;                     /* its loop is the server's too: no thread comes between */
    bool stopping;
    int64_t stopped;
    bool last;
    bool over;
    struct tenon_message message;
    struct worker_shared shared;
};

/* Takes all memory that `capacity` sessions need. False: there is not enough; close it all the
 * same. */
bool worker_open(struct worker *worker, struct server *server, struct tenon_loop *loop,
                 uint32_t capacity);
/* Behind its loop's last turn. */
void worker_close(struct worker *worker);

/* ---- for the server: on its loop's thread ---- */

/* Serves a connection. False: too many are on their way. */
bool worker_hand(struct worker *worker, const struct handover *handover);

/* What it looks like now; while it is watched the server is told of each change. */
void worker_look(struct worker *worker, bool watched, struct worker_view *view_out);

/* So many of those that linger are to make room. */
void worker_give_up(struct worker *worker, uint32_t count);

/* The server stops: clients have the rest of the drain. Then: no socket comes any more, and it is
 * over once its clients are. And: the drain is over. */
void worker_stop(struct worker *worker, int64_t stopped);
void worker_finish(struct worker *worker);
void worker_cut(struct worker *worker);

/* Asks for its totals: view.reports counts the answers. */
void worker_report(struct worker *worker);

/* ---- for whoever turns its loop ---- */

/* Turns the loop until the worker is over. */
void worker_run(struct worker *worker);

/* ---- for its sessions ---- */

/* Sessions in a state that the server counts have become more or fewer. */
void worker_changed(struct worker *worker);
void worker_session_closed(struct worker *worker, struct session *session);

/* For the reserve: a session waits, or does not wait any more if it did. */
void worker_queue(struct worker *worker, struct session *session);
void worker_unqueue(struct worker *worker, struct session *session);

/* While some wait, those that hold an entry and are stuck are ended, as many as wait. */
void worker_relieve(struct worker *worker);

/* An entry of the reserve is free again. */
void worker_wake_waiting(struct worker *worker);

uint32_t worker_milliseconds(const struct worker *worker);

#endif
