/* What a program says to people. */
#include "console.h"
#include "event.h"
#include "text.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tenon/file.h>

static const int64_t notice_interval = 10 * TENON_SECOND;

/* ---- what finds no room ---- */

static void lose(struct sink *sink, uint64_t *count, const char *lines, size_t size)
{
    tenon_lock_take(&sink->lock);
    for (size_t i = 0; i < size; i++) {
        *count += lines[i] == '\n' ? 1 : 0;
    }
    tenon_lock_give(&sink->lock);
}

bool console_is_broken(const struct console *console)
{
    struct sink *sink = console->sink;
    tenon_lock_take(&sink->lock);
    bool broken = sink->broken;
    tenon_lock_give(&sink->lock);
    return broken;
}

bool console_break(struct console *console)
{
    struct sink *sink = console->sink;
    tenon_lock_take(&sink->lock);
    bool breaks = !sink->broken;
    sink->broken = true;
    tenon_lock_give(&sink->lock);
    return breaks;
}

static void write_output(struct console *console, const char *lines, size_t size)
{
    struct sink *sink = console->sink;
    if (!console_is_broken(console) && !sink->write(sink, TENON_OUTPUT, lines, size)) {
        lose(sink, &sink->lost_lines, lines, size);
    }
}

static void write_error(struct sink *sink, const char *line, size_t size)
{
    if (!sink->write(sink, TENON_ERROR_OUTPUT, line, size)) {
        lose(sink, &sink->lost_errors, line, size);
    }
}

/* ---- what is said ---- */

bool console_prints(const struct console *console)
{
    return !console->quiet && !console->json;
}

void console_print(struct console *console, const char *lines, size_t size)
{
    if (console_prints(console)) {
        write_output(console, lines, size);
    }
}

bool console_logs(const struct console *console, enum console_level level)
{
    if (console->log != NULL) {
        return level <= CONSOLE_INFO || level <= console->level;
    }
    return level <= console->level && !console->json;
}

void console_write_log(struct console *console, const char *line, size_t size)
{
    write_error(console->log != NULL ? console->log : console->sink, line, size);
}

void console_write_error(struct console *console, const char *lines, size_t size)
{
    write_error(console->sink, lines, size);
}

void console_write_object(struct console *console, const char *object, size_t size)
{
    write_output(console, object, size);
}

/* Behind `used` bytes of the line. A message names paths, hosts and options, which may have any
 * bytes: what a terminal obeys is escaped. */
static void write_error_line(struct console *console, char line[CONSOLE_LINE_MAX], int used,
                             const char *format, va_list arguments)
{
    char shown[TEXT_ESCAPED_MAX(CONSOLE_LINE_MAX) + TEXT_ESCAPED_MAX(0) + 1];
    struct text_escape escape = {.plain_backslash = true};
    size_t size = used < 0 ? 0 : (size_t)used;
    (void)vsnprintf(line + size, CONSOLE_LINE_MAX - size, format, arguments);
    size = text_escape(&escape, line, strlen(line), shown);
    size += text_escape_end(&escape, shown + size);
    shown[size++] = '\n';
    write_error(console->sink, shown, size);
}

static void say_error(struct console *console, const char *format, va_list arguments)
{
    char line[CONSOLE_LINE_MAX];
    int used = snprintf(line, sizeof line, "%s: ", console->program);
    write_error_line(console, line, used, format, arguments);
    event_error(console, line + (used < 0 ? 0 : used));
}

void console_error(struct console *console, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_error(console, format, arguments);
    va_end(arguments);
}

bool console_is_due(const struct console *console, struct console_notice *notice,
                    uint64_t *held_back_out)
{
    int64_t now = tenon_loop_now(console->loop);
    *held_back_out = notice->held_back;
    if (notice->said && now - notice->said_at < notice_interval) {
        notice->held_back++;
        return false;
    }
    notice->said = true;
    notice->said_at = now;
    notice->held_back = 0;
    return true;
}

void console_error_once(struct console *console, struct console_notice *notice,
                        const char *format, ...)
{
    uint64_t held_back = 0;
    if (!console_is_due(console, notice, &held_back)) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    say_error(console, format, arguments);
    va_end(arguments);
    if (held_back > 0) {
        console_note(console, "(%" PRIu64 " more of these since the last time)", held_back);
    }
}

void console_hint(struct console *console, const char *format, ...)
{
    char line[CONSOLE_LINE_MAX];
    int used = snprintf(line, sizeof line, "hint: ");
    va_list arguments;
    va_start(arguments, format);
    write_error_line(console, line, used, format, arguments);
    va_end(arguments);
}

void console_note(struct console *console, const char *format, ...)
{
    char line[CONSOLE_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    write_error_line(console, line, 0, format, arguments);
    va_end(arguments);
}

void console_error_text(struct tenon_error error, char text[CONSOLE_ERROR_MAX])
{
    if (error.status == TENON_SYSTEM || error.status == TENON_LIMIT ||
        error.status == TENON_INVALID) {
        tenon_error_format(error, text, CONSOLE_ERROR_MAX);
    } else {
        (void)snprintf(text, CONSOLE_ERROR_MAX, "%s", tenon_status_sentence(error.status));
    }
}

void console_error_path(struct console *console, const char *what, const char *path,
                        struct tenon_error error)
{
    struct tenon_file_info info;
    struct tenon_error ignored;
    char why[CONSOLE_ERROR_MAX] = "it is a folder";
    if (tenon_file_look(path, &info, &ignored) != TENON_OK || !info.folder) {
        console_error_text(error, why);
    }
    console_error(console, "cannot %s %s: %s", what, text_shown(path), why);
}

const char *console_output_reason(enum tenon_status status)
{
    return status == TENON_RESET ? "nobody reads it any more" : tenon_status_sentence(status);
}

void console_output_changed(struct console *console, enum tenon_status output_status)
{
    struct sink *sink = console->sink;
    bool breaks = output_status != TENON_OK && console_break(console);
    tenon_lock_take(&sink->lock);
    /* What was refused because it is broken: that is said. */
    uint64_t lost = sink->lost_errors + (sink->broken ? 0 : sink->lost_lines);
    sink->lost_lines = 0;
    sink->lost_errors = 0;
    tenon_lock_give(&sink->lock);
    if (breaks) {
        console_error(console, "cannot write to the standard output: %s; the transcript ends here",
                      console_output_reason(output_status));
    }
    if (lost > 0) {
        console_error(console, "%" PRIu64 " lines of output were dropped: nobody read them in time",
                      lost);
    }
}
