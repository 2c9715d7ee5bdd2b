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

/* One for each loop: copies that share their sinks, so that every thread may speak. */
struct console {
    const char *program;
    struct sink *sink;
    struct sink *log;                   /* the log file's; NULL: the log is the error output */
    const struct tenon_loop *loop;      /* for the time of log lines; NULL: before there is one */
    enum console_level level;
    bool quiet;                         /* no transcript */
    bool json;                          /* objects in place of the transcript and the log */
};

/* What is said over and over, and should be read once: at most every 10 s. Zeroed before. */
struct console_notice {
    bool said;
    int64_t said_at;
    uint64_t held_back;
};

/* Whether there is a transcript: one that nobody reads is not worth making. */
bool console_prints(const struct console *console);

/* Lines of the transcript, on the standard output, in one piece. Without room they are dropped and
 * counted. */
void console_print(struct console *console, const char *lines, size_t size);

/* `PROGRAM: TEXT`, `hint: TEXT` and `TEXT`, each a line on the error output. An error is in the log
 * and among the objects too. */
void console_error(struct console *console, const char *format, ...);
void console_hint(struct console *console, const char *format, ...);
void console_note(struct console *console, const char *format, ...);

/* Whether it is to be said again: not within 10 s of the last time. *held_back_out is how often it
 * was not since. */
bool console_is_due(const struct console *console, struct console_notice *notice,
                    uint64_t *held_back_out);

/* As console_error, where it is due. */
void console_error_once(struct console *console, struct console_notice *notice,
                        const char *format, ...);

/* An error's sentence, with the system's own words where ours say too little. */
void console_error_text(struct tenon_error error, char text[CONSOLE_ERROR_MAX]);

/* `cannot WHAT PATH: WHY`, of a file. */
void console_error_path(struct console *console, const char *what, const char *path,
                        struct tenon_error error);

/* Why the standard output could not be written. */
const char *console_output_reason(enum tenon_status status);

/* There is room again, or the standard output has failed: says how many lines were dropped, and
 * gives the transcript up after a failure, each once. */
void console_output_changed(struct console *console, enum tenon_status output_status);
bool console_is_broken(const struct console *console);
/* Nobody reads the standard output any more. True: that is new. */
bool console_break(struct console *console);

/* ---- for events ---- */

bool console_logs(const struct console *console, enum console_level level);
/* Lines for the error output, in one piece. */
void console_write_error(struct console *console, const char *lines, size_t size);
void console_write_log(struct console *console, const char *line, size_t size);
void console_write_object(struct console *console, const char *object, size_t size);

#endif
