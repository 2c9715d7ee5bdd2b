/* A program's output in the simulation: kept, and at times full or broken. */
#ifndef SIMULATION_FAKE_SINK_H
#define SIMULATION_FAKE_SINK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include "common/sink.h"
#include "scenario.h"

enum sink_state {
    SINK_OPEN,
    SINK_CROWDED,       /* takes what is written, but says that there is no room for more */
    SINK_FULL,          /* refuses everything */
    SINK_BROKEN         /* the standard output: for good */
};

struct fake_sink;
typedef void fake_sink_fn(struct fake_sink *sink, const char *data, size_t size);

struct fake_sink {
    struct sink sink;
    const char *name;
    struct run *run;
    struct tenon_loop *loop;
    struct tenon_message changed;
    void (*on_changed)(struct fake_sink *sink, enum tenon_status output_status);
    /* Looks at each write to the standard output; NULL: nobody does. */
    fake_sink_fn *on_write;
    enum sink_state state;
    bool starved;               /* somebody found no room, */
    size_t beyond;              /* and has written so much all the same */
    bool posted;                /* and is told so */
    uint64_t refused_lines;     /* of the standard output while it was not broken, */
    uint64_t refused_errors;    /* and writes to the error output */
    bool keeps;                 /* the standard output, in `text` */
    char *text;
    size_t size;
    size_t room;
    char errors[1024];          /* what the error output had last, without the log */
    size_t errors_size;
};

/* `name` is the program's, for the trace. */
void fake_sink_open(struct fake_sink *sink, const char *name, struct run *run,
                    struct tenon_loop *loop);
void fake_sink_close(struct fake_sink *sink);

/* The state from now on; the program is told in its loop's turn if it waits for that. */
void fake_sink_change(struct fake_sink *sink, enum sink_state state);

/* Whether the error output has this text. */
bool fake_sink_said(const struct fake_sink *sink, const char *text);

#endif
