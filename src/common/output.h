/* Standard output, error output and log files without waiting: a bounded buffer each, emptied by a
 * thread of its own. */
#ifndef PROGRAMS_OUTPUT_H
#define PROGRAMS_OUTPUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include <tenon/thread.h>
#include "sink.h"

enum {
    OUTPUT_BUFFER_SIZE = 1024 * 1024 /* in two halves: one is filled while the other is written */
};

/* Where its bytes go: the thread calls it, and ends where it fails. */
struct output_writer {
    enum tenon_status (*write)(struct output_writer *writer, const void *data, size_t size);
};

/* The writer of a standard stream. */
struct output_stream {
    struct output_writer writer;
    enum tenon_output name;
};
void output_stream_init(struct output_stream *stream, enum tenon_output name);

struct output {
    struct output_writer *writer;
    struct tenon_loop *loop;
    struct tenon_message *changed;
    struct tenon_thread thread;
    struct output *earlier;             /* what is written there comes first */
    struct tenon_lock lock;             /* of what follows */
    struct tenon_condition filled;
    struct tenon_condition idle;        /* all is written */
    struct tenon_condition ended;
    char *filling;
    char *writing;
    size_t size;                        /* bytes in `filling` */
    bool busy;                          /* `writing` is being written */
    bool starved;                       /* somebody found no room */
    bool closing;
    bool over;                          /* the thread has ended */
    enum tenon_status status;           /* why writing failed */
};

/* Starts its thread. Of two outputs on one terminal the lines stay in order: `earlier`, NULL for
 * none, is waited for before each write, but not for long. `changed` is posted to the loop when
 * there is room again after there was none, and when writing has failed. Errors: LIMIT, SYSTEM. */
TENON_CHECK_RESULT enum tenon_status output_open(struct output *output,
                                                 struct output_writer *writer,
                                                 struct tenon_loop *loop,
                                                 struct tenon_message *changed,
                                                 struct output *earlier);

/* As a sink's. */
bool output_write(struct output *output, const void *data, size_t size);
bool output_has_room(struct output *output, size_t size);

/* Waits until all is written, for a tenth of a second at most. */
void output_settle(struct output *output);

/* Why writing failed, or OK. */
enum tenon_status output_status(struct output *output);

/* Writes what is left, for at most `timeout`. True: all is done, and no thread has it any more but
 * those of outputs whose `earlier` it is. False: nobody reads, its thread still waits in its write,
 * and the process can only be ended. */
bool output_close(struct output *output, int64_t timeout);

/* Frees what it holds: behind output_close of it and of those outputs. */
void output_destroy(struct output *output);

#endif
