/* A child process as each system keeps it: what process.c needs of a system. Handles are
 * descriptors or HANDLEs; CHILD_NONE is none. */
#ifndef TENON_TESTING_CHILD_H
#define TENON_TESTING_CHILD_H
#include "testing.h"

enum {
    CHILD_NONE = -1,
    CHILD_OUTPUTS = 2
};

struct child_output {
    int64_t read;           /* our end of its pipe */
    int64_t stop[2];        /* ends a read in progress; Windows uses the first only */
};

struct child {
    int64_t process;
    uint64_t id;
    int64_t input;          /* our end of its pipe */
    struct child_output outputs[CHILD_OUTPUTS];
};

/* False: nothing is left behind. Outputs that are no pipe have no handles. */
bool child_start(const struct testing_start *start, struct child *child);

/* Blocks until something came: at least 1. 0: the end, or child_stop_reading. One thread an output.
 * */
size_t child_read(struct child *child, enum testing_output output, void *data, size_t size);
void child_stop_reading(struct child *child, enum testing_output output);
void child_close_output(struct child *child, enum testing_output output);

bool child_write(struct child *child, const void *data, size_t size);
void child_close_input(struct child *child);

/* Blocks until it has ended; its id stays its own until child_reap, which answers the code. */
void child_wait(struct child *child);
int child_reap(struct child *child, int64_t *cpu_out);

/* Both before child_reap only. */
bool child_signal(struct child *child, enum testing_signal signal);
int64_t child_cpu(struct child *child);

/* As testing_process_limit_descriptors. */
bool child_limit_descriptors(struct child *child, uint64_t limit);

#endif
