/* A worker of the load test: one loop's connections, their schedule and what they counted. What
 * another thread looks at is in `shared`. */
#ifndef CLIENT_LOAD_WORKER_H
#define CLIENT_LOAD_WORKER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/thread.h>
#include "client/histogram.h"
#include "client/load_connection.h"
#include "client/load_options.h"

enum {
    /* A prime, so that no request of a common size begins twice at the same place. */
    LOAD_PATTERN_PERIOD = 65521
};

enum load_error {
    LOAD_ERROR_CONNECT,
    LOAD_ERROR_TIMEOUT,
    LOAD_ERROR_RESET,       /* also an end that comes too early */
    LOAD_ERROR_MISMATCH,
    LOAD_ERRORS
};

/* What every request is, the same for all workers. */
struct load_request {
    enum load_kind kind;
    const char *host;               /* numeric, or a path */
    uint16_t port;
    int64_t connect_timeout;
    int64_t timeout;                /* of a request; TENON_FOREVER: none */
    const char *data;               /* greet: the message; echo: LOAD_PATTERN_PERIOD more bytes */
    size_t size;                    /* bytes of a request */
};

/* Requests count where they began, so that those at the end are not left out. */
struct load_counts {
    uint64_t requests;              /* answered */
    uint64_t warm_up;               /* answered, but begun before */
    uint64_t unsent;                /* whose time had come when the time was over */
    uint64_t errors[LOAD_ERRORS];   /* of the warm-up too */
    struct tenon_error connect_error;   /* of one that failed: the most telling */
    int64_t elapsed;                /* of the time that is measured */
    struct histogram latency;
};

struct load_view {
    struct load_counts counts;
    bool over;
};

struct load_shared {
    struct tenon_lock lock;
    bool stop;
    struct load_view view;
};

enum load_phase {
    LOAD_RAMP,          /* all connections are made, a few at a time */
    LOAD_RUN,
    LOAD_DRAIN,         /* no request begins any more */
    LOAD_STOPPED        /* and none is waited for */
};

struct load_worker {
    struct tenon_loop *loop;
    const struct load_request *request;
    struct load_connection *connections;
    uint32_t connection_count;
    uint32_t rate;                  /* 0: a closed loop */
    int64_t duration;
    int64_t view_every;             /* 0: nobody looks before the end */

    enum load_phase phase;
    uint32_t ramp_next;             /* connections that were begun */
    uint32_t ramped;
    uint32_t over_count;
    bool over;
    int64_t started;                /* the schedule's zero: the warm-up begins */
    int64_t from;                   /* what is measured */
    int64_t to;
    uint64_t turn;                  /* the schedule has come so far */
    struct load_counts counts;
    struct tenon_timer end;         /* of the phase */
    struct tenon_timer view;
    struct tenon_message stop;

    struct tenon_thread thread;
    struct tenon_loop *watcher;     /* its loop gets `changed` with each new view */
    struct tenon_message *changed;
    struct load_shared shared;
};

/* Set before: loop, request, connections (zeroed), connection_count, rate, duration, view_every,
 * watcher and changed. The rest is zero. */
void load_worker_open(struct load_worker *worker);

/* On its loop's thread: begins. One turn of the loop, which ends when a request is due: a timer
 * would be too coarse for that. And all turns until it is over. */
void load_worker_start(struct load_worker *worker);
void load_worker_turn(struct load_worker *worker);
void load_worker_run(struct load_worker *worker);

/* Any thread: it is to end at once. And how far it is; its own thread's view is as fresh. */
void load_worker_stop(struct load_worker *worker);
void load_worker_look(struct load_worker *worker, struct load_view *view_out);

/* Adds up what two of them counted. */
void load_counts_add(struct load_counts *counts, const struct load_counts *more);

/* Behind the end of its thread. */
void load_worker_close(struct load_worker *worker);

/* ---- for its connections ---- */

/* Takes the connection's next request from the schedule. False: none is due. */
bool load_worker_take(struct load_worker *worker, struct load_connection *connection,
                      int64_t *due_out);

/* What became of one that was due then; of a connection. */
void load_worker_answered(struct load_worker *worker, int64_t due);
void load_worker_failed(struct load_worker *worker, enum load_error error);
void load_worker_not_connected(struct load_worker *worker, struct tenon_error error);
void load_worker_ramped(struct load_worker *worker, struct load_connection *connection);
void load_worker_connection_over(struct load_worker *worker);

#endif
