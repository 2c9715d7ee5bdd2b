/* An odd client: one connection to the server, made on the interface itself, that does what no
 * well-behaved program does. It checks every callback that it gets and every byte that comes. */
#ifndef SIMULATION_ODD_CLIENT_H
#define SIMULATION_ODD_CLIENT_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/stream.h>
#include "scenario.h"
#include "server/options.h"

enum odd_reader {
    ODD_LENT,
    ODD_READY,
    ODD_SINGLE,
    ODD_NOTHING             /* never reads */
};

enum odd_finish {
    ODD_FINISH_SENT,        /* half-closes when all is sent */
    ODD_FINISH_END,         /* when the server has ended */
    ODD_FINISH_NEVER        /* nor closes before its patience is over */
};

struct odd_plan {
    const char *kind;
    const char *host;
    uint16_t port;
    int64_t begin;          /* when it connects, from the world's start */
    uint64_t size;          /* bytes that it sends in all, */
    uint64_t chunk_max;     /* so many at once, */
    int64_t pause_max;      /* and so long apart */
    enum odd_reader reader;
    uint64_t take_max;      /* bytes of one receive, but of a lent one */
    int64_t read_pause_max; /* between two receives */
    enum odd_finish finish;
    uint64_t reset_after;   /* bytes: resets when it has sent these */
    int64_t patience;       /* then it ends, however far it is */
    bool patience_resets;
    bool polite;            /* a server that has no cause to refuse it answers it whole */
};

/* What the odd clients of a run share. */
struct odd_world {
    struct run *run;
    enum server_mode mode;
    const char *message;    /* the server's greeting */
    size_t message_size;
    uint32_t alive;         /* clients that are not over */
};

struct odd_client {
    struct odd_world *world;
    struct odd_plan plan;
    uint32_t number;
    struct tenon_loop *loop;
    struct tenon_timer beginning;
    struct tenon_connect *connect;
    struct tenon_stream *stream;
    struct odd_send *send;          /* in flight */
    struct odd_single *single;
    struct tenon_timer sender;
    struct tenon_timer reader;
    struct tenon_timer patience;
    struct tenon_address local;
    enum tenon_status status;       /* of the connect, or of the first failure */
    int64_t connected_at;           /* 0: never, as those that follow */
    int64_t ended_at;
    int64_t over_at;
    uint64_t sent;                  /* bytes that were surely handed over, */
    uint64_t offered;               /* and those that may have been */
    uint64_t received;
    bool receiving;
    bool paused;
    bool ended;                     /* the server has */
    bool finished;
    bool closing;
    bool over;
    bool dead;                      /* its host died */
    bool gave_up;                   /* its patience was over */
    uint32_t blocks;                /* of the server's transcript that are about it */
};

/* Plans it: it begins by itself when its time has come. */
void odd_client_plan(struct odd_client *client, struct odd_world *world, uint32_t number,
                     struct tenon_loop *loop, const struct odd_plan *plan);

/* Its host has died: its memory is taken back. */
void odd_client_bury(struct odd_client *client);

/* The server's answer came whole, and its end behind it. */
bool odd_client_is_answered(const struct odd_client *client);

#endif
