/* A short exchange on the layer: listen, connect, accept, a request and its answer twice over, the
 * half-close of the one that answers and two graceful closes, both ends on one loop. */
#ifndef FAULTS_EXCHANGE_H
#define FAULTS_EXCHANGE_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/stream.h>
#include "faults.h"

enum {
    LISTENERS_MAX = 2,
    PEERS_MAX = 4,              /* connections that are accepted, also of attempts that failed */
    EXCHANGE_HOST_SIZE = 256,
    RECEIVED_MAX = 256,
    ROUNDS = 2,                 /* in the second no event is left over from the start */
    CROWD_MAX = 62              /* with the loop's own and a listener: what poll has room for */
};

enum phase {
    PHASE_OPEN,
    PHASE_LISTEN,
    PHASE_RUN,
    PHASE_CLOSE
};

struct exchange;

struct end {
    struct exchange *exchange;
    struct tenon_stream stream;
    struct tenon_send send;
    struct tenon_piece pieces[2];
    bool attached;
    bool closed;
    bool ended;                 /* the other end's end was seen */
    bool sending;
    bool due;                   /* what follows a round waits for the send */
    enum tenon_status failure;  /* the first, of whatever operation */
    char received[RECEIVED_MAX];
    size_t received_size;       /* in this round */
    uint32_t rounds;            /* that are complete */
};

struct exchange {
    struct run *run;
    struct tenon_loop *loop;
    char listen_host[EXCHANGE_HOST_SIZE];
    char connect_host[EXCHANGE_HOST_SIZE];
    bool local;                 /* by a path, where a stale socket stands */
    bool two;                   /* two addresses: another one serves where one fails */
    bool abort;                 /* the client resets instead */
    uint32_t crowd;             /* idle listeners, which are watched as well */
    enum phase phase;
    enum tenon_status opened;
    enum tenon_status listened;
    struct tenon_listen_report report;
    struct tenon_listener listeners[LISTENERS_MAX];
    struct tenon_listener idle[CROWD_MAX];
    uint32_t listening;
    uint32_t notices;
    struct tenon_connect connect;
    bool connect_over;
    enum tenon_status connected;
    struct end client;
    struct end peers[PEERS_MAX];
    uint32_t accepted;
};

/* From the loop's open to its close. */
void exchange_act(struct exchange *exchange);

bool end_has_all(const struct end *end);
/* The bytes so far are the first of those that are expected. */
void end_check_received(const struct end *end);

#endif
