/* A visitor: a client at the server's gate. It sends a PROXY header, or none, and then its bytes,
 * and is served or refused, as its plan has it. */
#ifndef SIMULATION_VISITOR_H
#define SIMULATION_VISITOR_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/stream.h>
#include "scenario.h"
#include "server/options.h"

enum {
    VISITOR_BYTES_MAX = 400,
    VISITOR_KEYS = 16               /* addresses that count for --max-per-ip */
};

enum fate {
    FATE_ENTER,                     /* served, or one too many of its address */
    FATE_DENIED,
    FATE_MALFORMED,
    FATE_UNCERTIFIED,
    FATE_IGNORED,                   /* neither: it sends nothing behind a LOCAL header */
    FATES
};

enum outcome {
    OUTCOME_NONE,
    OUTCOME_SERVED,
    OUTCOME_REFUSED,                /* reset without a byte */
    OUTCOME_LEFT                    /* by itself */
};

/* What the visitors of a run share. */
struct gate {
    struct run *run;
    enum server_mode mode;
    const char *message;            /* the server's greeting */
    size_t message_size;
    uint32_t limit;                 /* of one address; 0: none */
    uint32_t alive;
    uint32_t inside[VISITOR_KEYS];  /* that are surely counted at the server now */
};

struct visitor_plan {
    int64_t begin;
    int64_t stay;                   /* how long it stays when it was served, or ignored */
    bool slow;                      /* waits for more than 3 s within its header */
    enum fate fate;
    uint32_t key;                   /* its address's, where it may enter */
    const char *header;             /* NULL: none */
    size_t header_size;
    size_t size;                    /* bytes behind it */
};

struct visitor {
    struct gate *gate;
    struct visitor_plan plan;
    uint32_t number;
    struct tenon_loop *loop;
    struct tenon_timer timer;
    struct tenon_connect connect;
    struct tenon_stream stream;
    struct tenon_send send;
    struct tenon_piece piece;
    char data[VISITOR_BYTES_MAX];
    size_t data_size;
    size_t sent;
    size_t received;
    bool sending;
    bool paused;                    /* before the next piece */
    bool inside;
    bool leaving;
    bool closing;
    enum outcome outcome;
    int64_t connected_at;           /* 0: never */
    int64_t over_at;                /* 0: not yet */
};

/* Plans it: it begins by itself. */
void visitor_plan(struct visitor *visitor, struct gate *gate, uint32_t number,
                  struct tenon_loop *loop, const struct visitor_plan *plan);

#endif
