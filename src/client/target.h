/* The file that the response goes to: written by a thread, beside its place, and put there when all
 * has gone well. */
#ifndef CLIENT_TARGET_H
#define CLIENT_TARGET_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/file.h>
#include <tenon/loop.h>
#include <tenon/thread.h>
#include "common/console.h"
#include "common/output.h"
#include "common/sink.h"

struct target {
    struct sink sink;
    struct output_writer writer;
    struct output output;
    const char *path;
    struct tenon_lock lock;         /* of `file`, while it comes and goes */
    struct tenon_file_replacement *file;
    bool started;
};

/* The struct is zeroed before. */
void target_init(struct target *target);

/* Makes the file beside `path`, or opens what is no regular file: a pipe waits for its reader.
 * EXIT_CODE_NONE, or the code to exit with; then all is said. */
int target_open(struct target *target, const char *path, struct console *console);

/* From now on its sink may be written to. `changed` is posted to the loop when there is room after
 * there was none, and when writing has failed. The same results. */
int target_start(struct target *target, struct tenon_loop *loop, struct tenon_message *changed,
                 struct console *console);

/* Between its opening and its closing. */
bool target_is_open(const struct target *target);

/* Writing has failed: says why. */
void target_say_failure(const struct target *target, enum tenon_status status,
                        struct console *console);

/* Writes what is left, for at most `flush`; then the file takes its place where `code` is success,
 * and is removed otherwise. Returns the exit code. Does not return where nothing takes what is
 * left. One that was not opened may be closed. */
int target_close(struct target *target, int code, int64_t flush, struct console *console);

/* Any thread: nothing beside `path` outlives the process, which is to end now: closing it waits for
 * that. */
void target_abandon(struct target *target);

#endif
