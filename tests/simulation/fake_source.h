/* What a client sends in the simulation: bytes that come piece by piece, at times that the seed
 * decides, as from a file or a person. */
#ifndef SIMULATION_FAKE_SOURCE_H
#define SIMULATION_FAKE_SOURCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include "client/source.h"
#include "scenario.h"

struct fake_source {
    struct source source;
    struct run *run;
    struct tenon_loop *loop;
    const char *data;
    size_t size;
    size_t there;               /* bytes that have come, */
    size_t taken;               /* and that were sent */
    size_t lent;
    bool fails;                 /* where it would have ended */
    bool begun;
    struct tenon_timer next;    /* when more comes */
    void (*on_changed)(struct fake_source *source);
};

/* The data stays the caller's. */
void fake_source_init(struct fake_source *source, struct run *run, struct tenon_loop *loop,
                      const char *data, size_t size);

/* Nobody asks any more. */
void fake_source_stop(struct fake_source *source);

#endif
