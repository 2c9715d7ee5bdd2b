/* An event: one line of the log, one JSON object, or both.
 *
 *     struct event event;
 *     if (event_begin(&event, console, CONSOLE_INFO, "accept")) {
 *         event_number(&event, "conn", 17);
 *         event_address(&event, "peer", &peer);
 *         event_end(&event);
 *     }
 *
 * The log line is `2026-09-20T12:34:56.789Z INFO accept conn=17 peer=[::1]:52344`: a constant word,
 * then logfmt. The object has the members schema, ts, level and event, then the same fields. What
 * does not fit is cut, never in the middle of a character or an object. */
#ifndef PROGRAMS_EVENT_H
#define PROGRAMS_EVENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/status.h>
#include "console.h"

enum {
    EVENT_SCHEMA = 1,
    EVENT_DATA_MAX = 1024,      /* bytes of a payload that an object shows */
    EVENT_OBJECT_MAX = 8 * 1024
};

struct event {
    struct console *console;
    bool logs;
    bool reports;               /* as an object */
    size_t line_size;
    size_t object_size;
    char line[CONSOLE_LINE_MAX];
    char object[EVENT_OBJECT_MAX];
};

/* False: nobody wants it, and it must not be touched. */
bool event_begin(struct event *event, struct console *console, enum console_level level,
                 const char *name);
/* One that the transcript tells of: with --json always an object, in the log at INFO. */
bool event_begin_transcript(struct event *event, struct console *console, const char *name);

/* One that somebody asked for: whatever the level. */
bool event_begin_report(struct event *event, struct console *console, const char *name);

/* Keys are constant words. */
void event_number(struct event *event, const char *key, uint64_t value);
void event_flag(struct event *event, const char *key, bool value);
void event_text(struct event *event, const char *key, const char *value);
void event_address(struct event *event, const char *key, const struct tenon_address *address);
void event_status(struct event *event, enum tenon_status status);
/* In whole microseconds; the object's key gets `_us` behind it. */
void event_duration(struct event *event, const char *key, int64_t duration);
/* A payload: `bytes`, and in the object alone its beginning, as `data` where it is UTF-8 and else
 * as `data_base64`, and whether that is `truncated`. */
void event_data(struct event *event, const void *data, size_t size);
/* The same of one whose first `size` bytes, at least EVENT_DATA_MAX or all, are at hand. */
void event_data_part(struct event *event, const void *data, size_t size, uint64_t total);

void event_end(struct event *event);

/* What console_error says, in a log file and as an object. */
void event_error(struct console *console, const char *message);

/* The last object of a program that fails: its exit code, and a word for it. Nothing without
 * --json, and for success. */
void event_exit(struct console *console, int code);

#endif
