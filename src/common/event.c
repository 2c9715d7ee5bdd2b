/* Events: logfmt and JSON. */
#include "event.h"
#include "exit_code.h"
#include "number.h"
#include "text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tenon/process.h>

enum {
    LINE_END = 1,               /* room that is kept for the end of each */
    OBJECT_END = 2,
    VALUE_MAX = 512             /* bytes of a text; longer ones are cut */
};

/* Adds all of it or nothing. */
static void add(char *text, size_t *size, size_t max, const char *more, size_t more_size)
{
    if (more_size <= max - *size) {
        memcpy(text + *size, more, more_size);
        *size += more_size;
    }
}

static void add_line(struct event *event, const char *text, size_t size)
{
    if (event->logs) {
        add(event->line, &event->line_size, sizeof event->line - LINE_END, text, size);
    }
}

static void add_object(struct event *event, const char *text, size_t size)
{
    if (event->reports) {
        add(event->object, &event->object_size, sizeof event->object - OBJECT_END, text, size);
    }
}

/* ---- values ---- */

static bool needs_quotes(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == ' ' || text[i] == '"' || text[i] == '=' || text[i] == '\\') {
            return true;
        }
    }
    return size == 0;
}

/* A logfmt value, escaped as all that a terminal may see. */
static size_t make_log_value(const char *text, size_t size, char *out)
{
    char escaped[TEXT_ESCAPED_MAX(VALUE_MAX) + TEXT_ESCAPED_MAX(0)];
    struct text_escape escape = {.held_count = 0};
    size_t count = text_escape(&escape, text, size, escaped);
    size_t used = 0;
    count += text_escape_end(&escape, escaped + count);
    if (!needs_quotes(escaped, count)) {
        memcpy(out, escaped, count);
        return count;
    }
    out[used++] = '"';
    for (size_t i = 0; i < count; i++) {
        if (escaped[i] == '"') {
            out[used++] = '\\';
        }
        out[used++] = escaped[i];
    }
    out[used++] = '"';
    return used;
}

/* `,"key":value`, whole or not at all. */
static void add_member(struct event *event, const char *key, const char *suffix, const char *value,
                       size_t size)
{
    char start[64];
    int length = snprintf(start, sizeof start, ",\"%s%s\":", key, suffix);
    size_t before = event->object_size;
    add_object(event, start, length < 0 ? 0 : (size_t)length);
    size_t middle = event->object_size;
    add_object(event, value, size);
    if (event->object_size - middle != size || middle == before) {
        event->object_size = before;
    }
}

static void add_field(struct event *event, const char *key, const char *value, size_t size)
{
    char start[64];
    int length = snprintf(start, sizeof start, " %s=", key);
    size_t before = event->line_size;
    add_line(event, start, length < 0 ? 0 : (size_t)length);
    size_t middle = event->line_size;
    add_line(event, value, size);
    if (event->line_size - middle != size || middle == before) {
        event->line_size = before;
    }
}

static void add_plain(struct event *event, const char *key, const char *suffix, const char *value)
{
    add_field(event, key, value, strlen(value));
    add_member(event, key, suffix, value, strlen(value));
}

/* ---- begin and end ---- */

static const char *name_of(enum console_level level)
{
    return level == CONSOLE_DEBUG ? "DEBUG" : level == CONSOLE_INFO ? "INFO" : "ERROR";
}

static const char *member_of(enum console_level level)
{
    return level == CONSOLE_DEBUG ? "debug" : level == CONSOLE_INFO ? "info" : "error";
}

/* A command line is read before there is a loop. */
static int64_t wall_of(const struct console *console)
{
    return console->loop != NULL ? tenon_loop_wall(console->loop) : tenon_process_wall();
}

static bool begin(struct event *event, struct console *console, enum console_level level,
                  const char *name, bool logs, bool reports)
{
    char text[NUMBER_TEXT_MAX];
    char start[160];
    if (!logs && !reports) {
        return false;
    }
    event->console = console;
    event->logs = logs;
    event->reports = reports;
    event->line_size = 0;
    event->object_size = 0;
    number_time_format(wall_of(console), text);
    int length = snprintf(start, sizeof start, "%s %s %s", text, name_of(level), name);
    add_line(event, start, length < 0 ? 0 : (size_t)length);
    length = snprintf(start, sizeof start,
                      "{\"schema\":%d,\"ts\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"",
                      EVENT_SCHEMA, text, member_of(level), name);
    add_object(event, start, length < 0 ? 0 : (size_t)length);
    return true;
}

bool event_begin(struct event *event, struct console *console, enum console_level level,
                 const char *name)
{
    bool asked = level <= console->level;
    return begin(event, console, level, name, console_logs(console, level),
                 console->json && asked);
}

bool event_begin_transcript(struct event *event, struct console *console, const char *name)
{
    return begin(event, console, CONSOLE_INFO, name, console_logs(console, CONSOLE_INFO),
                 console->json);
}

bool event_begin_report(struct event *event, struct console *console, const char *name)
{
    return begin(event, console, CONSOLE_INFO, name, console->log != NULL || !console->json,
                 console->json);
}

void event_end(struct event *event)
{
    if (event->logs) {
        event->line[event->line_size++] = '\n';
        console_write_log(event->console, event->line, event->line_size);
    }
    if (event->reports) {
        event->object[event->object_size++] = '}';
        event->object[event->object_size++] = '\n';
        console_write_object(event->console, event->object, event->object_size);
    }
}

/* ---- fields ---- */

void event_number(struct event *event, const char *key, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    add_plain(event, key, "", text);
}

void event_flag(struct event *event, const char *key, bool value)
{
    add_plain(event, key, "", value ? "true" : "false");
}

void event_duration(struct event *event, const char *key, int64_t duration)
{
    char text[NUMBER_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%" PRId64, duration / TENON_MICROSECOND);
    add_member(event, key, "_us", text, strlen(text));
    number_duration_format(duration, text);
    add_field(event, key, text, strlen(text));
}

static void add_json_text(struct event *event, const char *key, const void *data, size_t size)
{
    char value[TEXT_JSON_MAX(EVENT_DATA_MAX) + 2];
    size_t used = 0;
    value[used++] = '"';
    used += text_json(data, size, value + used);
    value[used++] = '"';
    add_member(event, key, "", value, used);
}

void event_text(struct event *event, const char *key, const char *text)
{
    char value[2 * (TEXT_ESCAPED_MAX(VALUE_MAX) + TEXT_ESCAPED_MAX(0)) + 2];
    size_t size = strlen(text);
    size = size < VALUE_MAX ? size : VALUE_MAX;
    if (event->logs) {
        add_field(event, key, value, make_log_value(text, size, value));
    }
    if (event->reports) {
        add_json_text(event, key, text, size);
    }
}

void event_address(struct event *event, const char *key, const struct tenon_address *address)
{
    char text[TENON_ADDRESS_TEXT_MAX];
    tenon_address_format(address, text, sizeof text);
    event_text(event, key, text);
}

void event_status(struct event *event, enum tenon_status status)
{
    event_text(event, "status", tenon_status_name(status));
}

static size_t make_base64(const uint8_t *data, size_t size, char *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t used = 0;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t left = size - i < 3 ? (uint32_t)(size - i) : 3;
        uint32_t bits = (uint32_t)data[i] << 16;
        bits |= left > 1 ? (uint32_t)data[i + 1] << 8 : 0;
        bits |= left > 2 ? (uint32_t)data[i + 2] : 0;
        out[used++] = digits[bits >> 18];
        out[used++] = digits[bits >> 12 & 63];
        out[used++] = left > 1 ? digits[bits >> 6 & 63] : '=';
        out[used++] = left > 2 ? digits[bits & 63] : '=';
    }
    return used;
}

void event_data(struct event *event, const void *data, size_t size)
{
    event_data_part(event, data, size, size);
}

void event_data_part(struct event *event, const void *data, size_t size, uint64_t total)
{
    size_t shown = size < EVENT_DATA_MAX ? size : EVENT_DATA_MAX;
    event_number(event, "bytes", total);
    if (!event->reports) {
        return;
    }
    /* A character that the limit cuts is left out; what is no text at all is shown as bytes. */
    size_t whole = text_valid(data, shown);
    if (whole == shown || (shown < total && shown - whole < 4)) {
        shown = whole;
        add_json_text(event, "data", data, shown);
    } else {
        char value[EVENT_DATA_MAX * 4 / 3 + 8];
        size_t used = 0;
        value[used++] = '"';
        used += make_base64(data, shown, value + used);
        value[used++] = '"';
        add_member(event, "data_base64", "", value, used);
    }
    const char *truncated = shown < total ? "true" : "false";
    add_member(event, "truncated", "", truncated, strlen(truncated));
}

/* ---- errors ---- */

void event_error(struct console *console, const char *message)
{
    struct event event;
    if (begin(&event, console, CONSOLE_NORMAL, "error", console->log != NULL, console->json)) {
        event_text(&event, "message", message);
        event_end(&event);
    }
}

static const char *word_of(int code)
{
    switch (code) {
    case EXIT_CODE_USAGE:
        return "usage";
    case EXIT_CODE_NOT_RESOLVED:
        return "not_resolved";
    case EXIT_CODE_REFUSED:
        return "refused";
    case EXIT_CODE_TIMED_OUT:
        return "timed_out";
    case EXIT_CODE_CANNOT_LISTEN:
        return "cannot_listen";
    case EXIT_CODE_CUT_OFF:
        return "incomplete";
    case EXIT_CODE_INTERRUPTED:
        return "interrupted";
    case EXIT_CODE_TERMINATED:
        return "terminated";
    default:
        return "failed";
    }
}

void event_exit(struct console *console, int code)
{
    struct event event;
    char value[80];
    if (code == EXIT_CODE_OK || !console->json ||
        !begin(&event, console, CONSOLE_NORMAL, "exit", false, true)) {
        return;
    }
    int length =
        snprintf(value, sizeof value, "{\"code\":\"%s\",\"exit\":%d}", word_of(code), code);
    add_member(&event, "error", "", value, length < 0 ? 0 : (size_t)length);
    event_end(&event);
}
