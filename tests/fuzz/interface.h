/* The run of the interface's fuzzer: loops on hosts of the simulator, what is open on them, and a
 * model that knows which calls are legal and what may come of them. The input decides every step.
 */
#ifndef INTERFACE_H
#define INTERFACE_H
#include <tenon/tenon.h>
#include "common/outer.h"
#include "fuzz.h"
#include "simulated.h"

enum {
    HOSTS = 2,
    SIDES = 3,              /* loops; the last two are of one host */
    KEYS = 64,              /* ends in a whole run, from 1 on */
    BYTES_MAX = 16 * 1024   /* that one end sends */
};

/* A loop. */
struct side {
    struct run *run;
    struct tenon_loop *loop;
    int64_t alarm_turn;     /* the time of the turn in which an alarm ran last, */
    int64_t alarm_when;     /* and that alarm's own */
};

/* ---- what is open: each is memory of its own, freed in its last callback ---- */

enum kind {
    KIND_END,               /* a stream */
    KIND_LINK,              /* a connect */
    KIND_GATE,              /* a listener */
    KIND_ALARM,             /* a timer */
    KINDS
};

enum {
    ITEMS_MAX = 12          /* of one kind at a time */
};

/* An object's place in the run. */
struct item {
    struct side *side;
    enum kind kind;
    uint32_t slot;
};

/* ---- the run ---- */

/* What an end has sent; kept when it is gone. */
struct record {
    uint64_t begun;         /* bytes that were handed to the library */
    uint64_t sent;          /* bytes that it has said are sent */
    bool cut;               /* a send was cancelled or failed: only some of it was sent */
    bool finished;          /* the peer may see the end */
    bool closed;
    uint8_t reader;         /* the key of the end that reads it, 0: none yet */
};

struct run {
    struct fuzz_input input;
    struct sim_world *world;
    struct sim_host *hosts[HOSTS];
    struct side sides[SIDES];
    struct item *items[KINDS][ITEMS_MAX];
    struct record records[KEYS];
    uint8_t keys;           /* that were given out */
    uint32_t notes;         /* posted messages that have not run */
    uint32_t handoffs;      /* sockets on their way to another loop */
    uint64_t turn;          /* steps so far */
    bool calling;           /* inside a call of the interface: no callback may run */
    bool over;              /* all is being closed */
};

/* Zeroed memory, or the end of the process. */
void *run_allocate(size_t size);

/* False: there are enough of its kind. */
bool run_add(struct side *side, enum kind kind, struct item *item);
void run_remove(const struct item *item);
/* The one on this side that a byte of the input names; NULL: there is none. */
struct item *run_choose(struct side *side, enum kind kind);

/* What every callback begins with: it may run now, and its object is open. */
void run_check_callback(const struct item *item);

/* Runs as many operations of the input as the two low bits say: what a callback does. */
void run_react(struct side *side, uint8_t decision);

/* ---- interface_stream.c ---- */

/* For a connect, whose stream is attached when it is done. NULL: there are enough. */
struct tenon_stream *end_open(struct side *side);
void end_attached(struct tenon_stream *stream);
void end_forget(struct tenon_stream *stream);
/* Attaches a socket that was accepted, or discards it where there are enough. */
void end_attach(struct side *side, struct tenon_socket socket);
void end_operate(struct side *side, uint8_t operation);
void end_close(struct item *item);
/* Behind a long silence: what was sent has come wherever it is waited for. */
void end_check_settled(const struct run *run, const struct item *item);

/* ---- interface_connect.c ---- */

void gate_operate(struct side *side, uint8_t operation);
void gate_close(struct item *item);
void link_operate(struct side *side, uint8_t operation);
void link_close(struct item *item);

/* ---- interface_timer.c ---- */

void alarm_operate(struct side *side, uint8_t operation);
void alarm_close(struct item *item);
void alarm_check_settled(const struct run *run, const struct item *item);
void note_post(struct side *side);

#endif
