/* The layer's scenario: hosts, loops, gates (listeners) and ends (streams), that do at random what
 * is legal, and a small model of each that knows what must come of it. Numbers are those of the
 * contract's rules. */
#ifndef SIMULATION_LAYER_H
#define SIMULATION_LAYER_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/stream.h>
#include "scenario.h"

enum {
    LAYER_HOSTS_MAX = 4,
    LAYER_LOOPS_MAX = 6,
    LAYER_TIMERS = 6,           /* of each loop */
    LAYER_GATES_MAX = 6,
    LAYER_ENDS_MAX = 160
};

/* ---- the loops, and what is on them ---- */

struct layer_timer {
    struct tenon_timer timer;
    struct layer_loop *loop;
    int64_t when;
    bool started;
};

struct layer_loop {
    struct layer *layer;
    uint32_t host;              /* its index */
    struct tenon_loop *loop;
    struct tenon_timer act;
    uint32_t acts_left;
    struct layer_timer timers[LAYER_TIMERS];
    uint64_t timer_turn;        /* in which a timer ran last, */
    int64_t timer_when;         /* and its time */
    struct tenon_message mail;
    bool mailed;
    uint64_t mailed_turn;
    int64_t mailed_at;
    bool dead;                  /* with its host */
};

struct layer_host {
    struct sim_host *host;
    char name[16];
    bool dead;
};

/* ---- gates ---- */

struct layer_gate {
    struct layer *layer;
    struct layer_loop *loop;
    struct tenon_listener *listener;    /* NULL: closed, or never opened */
    struct tenon_endpoint endpoint;
    uint32_t backlog;
    bool paused;
    bool closing;
    bool aborting;
    bool last_called;
    int64_t limited_at;         /* descriptors or memory ran out; 0: never */
};

/* An accepted socket on its way to the loop that is to have it. */
struct layer_handover;

/* ---- ends ---- */

enum layer_kind {
    RECEIVE_NONE,
    RECEIVE_LENT,
    RECEIVE_READY,
    RECEIVE_SINGLE
};

struct layer_end {
    struct layer *layer;
    struct layer_loop *loop;
    uint32_t number;
    bool active;                    /* it connected; else it was accepted */
    struct layer_end *peer;         /* once it is known */
    struct tenon_address near;      /* where an active one is, as its peer sees it, */
    struct tenon_address far;       /* and where a passive one's peer is */
    struct layer_connect *connect;  /* in flight */
    struct layer_stream *stream;    /* with the library */
    struct tenon_timer act;
    uint32_t acts_left;
    bool over;
    bool dead;
    int64_t connected_at;
    int64_t waits_until;            /* for its peer's end; 0: it does not wait */
    enum tenon_status failure;      /* the stream's first one that was seen */

    struct layer_send *send;        /* in flight */
    bool send_canceled;
    bool send_broken;
    bool finished;
    uint64_t sent;                  /* bytes that are handed over, */
    uint64_t offered;               /* and those that may have been */

    enum layer_kind receive;        /* in flight */
    struct layer_single *single;
    bool paused;
    bool receive_canceled;
    bool ended;                     /* the peer's end was read, */
    bool may_have_ended;            /* perhaps by a try_receive that took nothing */
    uint64_t received;
    uint64_t received_turn;

    bool closing;
    bool aborting;
    int64_t deadline;               /* of the close */
    enum tenon_status closed;       /* how it ended */
};

struct layer {
    struct run *run;
    bool polite;                    /* nobody is rude: so all that is begun ends well */
    bool deadly;                    /* a host may die */
    bool scarce;                    /* descriptors or memory may run out */
    bool closing_time;              /* gates close now */
    bool submitting;
    int64_t slack;                  /* how late what is due may be */
    struct layer_host hosts[LAYER_HOSTS_MAX];
    uint32_t host_count;
    struct layer_loop loops[LAYER_LOOPS_MAX];
    uint32_t loop_count;
    struct layer_gate gates[LAYER_GATES_MAX];
    uint32_t gate_count;
    struct layer_end ends[LAYER_ENDS_MAX];
    uint32_t end_count;
    uint32_t connects_left;
    uint32_t connects_pending;
    struct layer_handover *handovers;
    uint32_t accepted_count;
    struct tenon_address accepted[LAYER_ENDS_MAX];  /* peers of all sockets that gates yielded */
};

/* Rule 3: no callback runs inside a submission. */
#define SUBMIT(layer, call) \
    do { \
        (layer)->submitting = true; \
        call; \
        (layer)->submitting = false; \
    } while (0)

/* At the beginning of every callback: rules 3 and 12. */
void layer_enter(struct layer_loop *loop);

void layer_trace(const struct layer *layer, const char *what, uint32_t number, const char *text,
                 uint64_t value);

/* A post to the loop's mail, from wherever. */
void layer_post(struct layer_loop *loop);
/* Another loop of the same host, or the same. */
struct layer_loop *layer_near(struct layer_loop *loop);

/* ---- gates ---- */
void gate_open(struct layer_gate *gate, struct layer_loop *loop, uint16_t port, bool ipv6);
void gate_act(struct layer_gate *gate);
void gate_close(struct layer_gate *gate, enum tenon_close_mode mode);
void gate_bury(struct layer_gate *gate);
void handovers_bury(struct layer *layer, uint32_t host);

/* ---- ends ---- */
/* NULL: there are enough. */
struct layer_end *end_new(struct layer_loop *loop);
void end_connect(struct layer_loop *loop);
/* Attaches an accepted socket. */
void end_attach(struct layer_loop *loop, struct tenon_socket socket,
                const struct tenon_address *peer);
void end_bury(struct layer_end *end);
/* Something at random that is legal now. */
void end_act(struct layer_end *end);
struct layer_end *end_peer(struct layer_end *end);
/* A failure that was reported: whether there is a reason for it (rule 6). */
void end_failed(struct layer_end *end, enum tenon_status status);
void end_close(struct layer_end *end, enum tenon_close_mode mode, int64_t timeout);
struct layer_end *end_of(struct tenon_stream *stream);
struct tenon_stream *end_stream(struct layer_end *end);

/* ---- sending and receiving ---- */
void end_send(struct layer_end *end);
void end_try_send(struct layer_end *end);
void end_bury_send(struct layer_end *end);
void end_receive(struct layer_end *end);
void end_try_receive(struct layer_end *end);
void end_bury_receive(struct layer_end *end);

#endif
