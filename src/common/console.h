/* What a program says to people: its transcript, warnings and errors, and its log. */
#ifndef PROGRAMS_CONSOLE_H
#define PROGRAMS_CONSOLE_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/loop.h>
#include "sink.h"

enum {
    CONSOLE_LINE_MAX = 2048,    /* bytes of a line on the error output; longer ones are cut */
    CONSOLE_ERROR_MAX = 256     /* bytes of an error's text, with its zero */
};

enum console_level {
    CONSOLE_NORMAL,
    CONSOLE_INFO,       /* -v */
    CONSOLE_DEBUG       /* -vv */
};

struct console {
    const char *program;
    struct sink *sink;
    const struct tenon_loop *loop;      /* for the time of log lines */
    enum console_level level;
    bool quiet;                         /* no transcript */
    bool broken;                        /* nobody reads the transcript any more */
    uint64_t dropped;                   /* lines of the transcript that found no room, */
    uint64_t dropped_errors;            /* and of the error output, not yet reported */
};

/* Lines of the transcript, on the standard output, in one piece. Without room they are dropped and
 * counted. */
void console_print(struct console *console, const char *lines, size_t size);

/* `PROGRAM: TEXT`, `hint: TEXT` and `TEXT`, each a line on the error output. */
void console_error(struct console *console, const char *format, ...);
void console_hint(struct console *console, const char *format, ...);
void console_note(struct console *console, const char *format, ...);

/* An error's sentence, with the system's own words where ours say too little. */
void console_error_text(struct tenon_error error, char text[CONSOLE_ERROR_MAX]);

/* Why the standard output could not be written. */
const char *console_output_reason(enum tenon_status status);

/* A log line on the error output, if the level asks for it: `2026-09-20T12:34:56.789Z INFO EVENT
 * FIELDS`. */
void console_log(struct console *console, enum console_level level, const char *event,
                 const char *format, ...);

/* There is room again, or the standard output has failed: says how many lines were dropped, and
 * gives the transcript up after a failure, each once. */
void console_output_changed(struct console *console, enum tenon_status output_status);

#endif
