/* The load on one server: connections that ask, and how long the answers take. */
#ifndef LOAD_H
#define LOAD_H
#include <stdbool.h>
#include <stdint.h>
#include "client/histogram.h"
#include "testing.h"

/* ECHO: on each connection a message goes out when the last one has come back. BULK: messages go
 * out without waiting, and come back at the same time. GREET: each message has a connection of its
 * own, whose other end answers and ends it. */
enum load_kind {
    LOAD_ROUND_TRIPS,
    LOAD_BULK,
    LOAD_GREET
};

enum {
    LOAD_CONNECTS = 256,            /* at one time */
    LOAD_SIZE_MAX = 1024 * 1024
};

struct load_plan {
    enum load_kind kind;
    uint32_t connections;           /* that ask; GREET: at most LOAD_CONNECTS */
    uint32_t idle;                  /* that do not, beside them; the server is on ::1 as well */
    uint32_t size;                  /* of a message */
    uint64_t requests;              /* it ends after so many, or where this is 0: */
    int64_t measured;               /* after so long, and a warm-up */
};

struct load_sample {
    uint64_t requests;
    int64_t time;
    int64_t cpu;                    /* of the server's processor */
    struct histogram latency;
};

/* Opens the connections, asks, and resets them. What goes wrong ends the process. */
void load_measure(struct tenon_loop *loop, const struct load_plan *plan,
                  struct testing_process *server, uint16_t port, struct load_sample *out);

void load_fail(const char *what);

#endif
