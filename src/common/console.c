/* What a program says to people. */
#include "console.h"
#include "number.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void count_dropped(struct console *console, const char *lines, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (lines[i] == '\n') {
            console->dropped++;
        }
    }
}

void console_print(struct console *console, const char *lines, size_t size)
{
    if (console->quiet || console->broken) {
        return;
    }
    if (!console->sink->write(console->sink, TENON_OUTPUT, lines, size)) {
        count_dropped(console, lines, size);
    }
}

/* Behind `used` bytes of the line, which it ends. */
static void write_error_line(struct console *console, char line[CONSOLE_LINE_MAX], int used,
                             const char *format, va_list arguments)
{
    size_t size = used < 0 ? 0 : (size_t)used;
    int more = vsnprintf(line + size, CONSOLE_LINE_MAX - size, format, arguments);
    size = strlen(line);
    if (more < 0 || size > CONSOLE_LINE_MAX - 2) {
        size = CONSOLE_LINE_MAX - 2;
    }
    line[size] = '\n';
    if (!console->sink->write(console->sink, TENON_ERROR_OUTPUT, line, size + 1)) {
        console->dropped_errors++;
    }
}

void console_error(struct console *console, const char *format, ...)
{
    char line[CONSOLE_LINE_MAX];
    int used = snprintf(line, sizeof line, "%s: ", console->program);
    va_list arguments;
    va_start(arguments, format);
    write_error_line(console, line, used, format, arguments);
    va_end(arguments);
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

const char *console_output_reason(enum tenon_status status)
{
    return status == TENON_RESET ? "nobody reads it any more" : tenon_status_sentence(status);
}

void console_log(struct console *console, enum console_level level, const char *event,
                 const char *format, ...)
{
    char line[CONSOLE_LINE_MAX];
    char time[NUMBER_TEXT_MAX];
    if (level > console->level) {
        return;
    }
    number_time_format(tenon_loop_wall(console->loop), time);
    int used = snprintf(line, sizeof line, "%s %s %s ", time,
                        level == CONSOLE_DEBUG ? "DEBUG" : "INFO", event);
    va_list arguments;
    va_start(arguments, format);
    write_error_line(console, line, used, format, arguments);
    va_end(arguments);
}

void console_output_changed(struct console *console, enum tenon_status output_status)
{
    if (output_status != TENON_OK && !console->broken) {
        console->broken = true;
        console_error(console, "cannot write to the standard output: %s; the transcript ends here",
                      console_output_reason(output_status));
    }
    if (console->broken) {
        console->dropped = 0;       /* refused because it is broken: that is said */
    }
    uint64_t dropped = console->dropped + console->dropped_errors;
    if (dropped > 0) {
        console->dropped = 0;
        console->dropped_errors = 0;
        console_error(console, "%" PRIu64 " lines of output were dropped: nobody read them in time",
                      dropped);
    }
}
