/* A log file: written without waiting, by a thread of its own, and given a new file when asked or
 * when its path names another one. A disk that is full costs lines and nothing else. */
#ifndef PROGRAMS_LOG_FILE_H
#define PROGRAMS_LOG_FILE_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/file.h>
#include <tenon/loop.h>
#include <tenon/thread.h>
#include "console.h"
#include "output.h"
#include "sink.h"

struct log_file {
    struct sink sink;
    struct output output;
    struct output_writer writer;
    struct tenon_loop *loop;
    struct console *console;
    const char *path;
    struct tenon_message changed;
    struct console_notice notice;

    struct tenon_file file;             /* the thread's, as is what follows up to the lock */
    struct tenon_file_identity identity;
    bool torn;                          /* the last line may have been written in part */
    struct tenon_lock lock;             /* of what follows */
    bool reopen;
    bool failing;
    struct tenon_error error;           /* why */
    uint64_t lost;                      /* lines since it is failing */
    uint64_t told;                      /* of them */
};

/* Opens it for appending. The path and the console stay the caller's until the close; the console
 * says what becomes of it, on the loop's thread. EXIT_CODE_NONE, or the code to exit with; then all
 * is said. */
int log_file_open(struct log_file *log, const char *path, struct tenon_loop *loop,
                  struct console *console);

/* Opens the path anew, at the next line. */
void log_file_reopen(struct log_file *log);

/* Writes what is left, for at most `timeout`. False: nobody takes it; the process can only be
 * ended. */
bool log_file_close(struct log_file *log, int64_t timeout);

#endif
