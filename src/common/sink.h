/* Where a program's output goes. The programs' modules write to a sink and to nothing else, so that
 * a test can stand in for the process. */
#ifndef PROGRAMS_SINK_H
#define PROGRAMS_SINK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/process.h>
#include <tenon/thread.h>

struct sink {
    /* Takes all bytes or none, and never waits. False: there is no room, or the output is broken.
     */
    bool (*write)(struct sink *sink, enum tenon_output output, const void *data, size_t size);
    /* Whether `size` bytes would be taken. After a false of either call the program is told once
     * there is room. */
    bool (*has_room)(struct sink *sink, enum tenon_output output, size_t size);

    struct tenon_lock lock;     /* of what follows: every thread of the program writes */
    uint64_t lost_lines;        /* of the transcript, that found no room and were not told of, */
    uint64_t lost_errors;       /* and of the error output and the log */
    bool broken;                /* nobody reads the transcript any more */
};

/* One for each program, unless it has a log file. */
void sink_init(struct sink *sink,
               bool (*write)(struct sink *sink, enum tenon_output output, const void *data,
                             size_t size),
               bool (*has_room)(struct sink *sink, enum tenon_output output, size_t size));

/* Writes at once, waiting as long as it takes: for what is said before the program runs. */
void sink_init_direct(struct sink *sink);

#endif
