/* The process around a program: its loop, its outputs and the requests to stop it. */
#ifndef PROGRAMS_PROGRAM_H
#define PROGRAMS_PROGRAM_H
#include <stdbool.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include <tenon/thread.h>
#include "console.h"
#include "log_file.h"
#include "output.h"
#include "sink.h"

struct program {
    struct tenon_loop *loop;
    struct sink sink;
    struct sink direct_sink;    /* once the others are closed */
    struct output_stream stream;
    struct output_stream error_stream;
    struct output output;
    struct output error_output;
    struct tenon_message output_changed;
    struct tenon_message stop_asked;
    void (*on_output_changed)(struct program *program, enum tenon_status output_status);
    void (*on_stop)(struct program *program, enum tenon_request stop);
    const char *log_path;       /* set before the opening; NULL: no log file */
    struct log_file log;
    /* Set before the opening: what a hang-up and a report do, in the loop's turn. NULL: a hang-up
     * is a stop request, and a report does nothing. */
    void (*on_hangup)(struct program *program);
    void (*on_report)(struct program *program);
    /* Set before the opening: what is to be done on a thread of the stop watch before it ends the
     * process at once. NULL: nothing. */
    void (*on_end_now)(struct program *program);
    struct tenon_message hangup_asked;
    struct tenon_message report_asked;
    bool watched;               /* the stop watch has it */
    struct tenon_lock lock;     /* of what follows: the stop watch has a thread of its own */
    enum tenon_request stop;
    /* Set before the opening: the loop does not turn before program_started, so that the first stop
     * ends the process at once. */
    bool starting;
    bool stopping;              /* a stop was asked for */
    bool over;                  /* the loop has ended */
};

/* Opens the loop, watches for stops and opens the outputs. on_stop is called for the first stop
 * request, in the loop's turn; the second ends the process at once. The struct is zeroed before,
 * and once it is `watched` it stays until the process ends. EXIT_CODE_NONE, or the code to exit
 * with; then all is said on the console, whose sink and loop are set otherwise. */
int program_open(struct program *program, struct console *console, const char *backend,
                 void (*on_stop)(struct program *program, enum tenon_request stop),
                 void (*on_output_changed)(struct program *program,
                                           enum tenon_status output_status));

/* What was `starting` has started: from now on the loop hears of a stop. */
void program_started(struct program *program);

/* Waits until the error output is written, for a tenth of a second at most: what comes next on the
 * other one is to stand below it. */
void program_settle(struct program *program);

/* Behind the loop's last turn: writes what is left, for at most `flush`, and closes everything.
 * Returns the exit code: `code`, or EXIT_CODE_FAILED where that was success and the standard output
 * has failed unless `output_may_fail`. Does not return where nobody reads the output. */
int program_close(struct program *program, struct console *console, int code, int64_t flush,
                  bool output_may_fail);

/* What the program was started as: the last part of argv[0], without `.exe`, which is taken off
 * there; `otherwise` where nothing is left. Stays as long as argv does. */
const char *program_name(char **argv, const char *otherwise);

/* For what fails before there is anything to say it with. EXIT_CODE_FAILED. */
int program_cannot_start(const char *name, enum tenon_status status);

/* The code of a program that this request ends. */
int program_stop_code(enum tenon_request stop);

#endif
