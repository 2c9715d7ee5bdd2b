/* What a program says to people, and what it does where nobody listens. */
#include "unit.h"
#include "capture.h"
#include "common/console.h"
#include "common/event.h"
#include <string.h>
#include <tenon/loop.h>

static void check_lines(struct unit *unit)
{
    struct capture capture;
    capture_init(&capture);
    console_error(&capture.console, "cannot %s", "go on");
    console_hint(&capture.console, "try %d", 2);
    console_note(&capture.console, "%s", "draining");
    CHECK_TEXT(unit, capture.error, "program: cannot go on\nhint: try 2\ndraining\n");
    console_print(&capture.console, "a\nb\n", 4);
    CHECK_TEXT(unit, capture.output, "a\nb\n");
}

/* A line that is too long ends as a line all the same. */
static void check_long_line(struct unit *unit)
{
    struct capture capture;
    char text[2 * CONSOLE_LINE_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    capture_init(&capture);
    console_error(&capture.console, "%s", text);
    console_note(&capture.console, "%s", "next");
    size_t size = strlen(capture.error);
    CHECK(unit, size <= CONSOLE_LINE_MAX + 5 && size > CONSOLE_LINE_MAX - 5);
    CHECK_TEXT(unit, capture.error + size - 7, "x\nnext\n");
    CHECK(unit, strchr(capture.error, '\n') == capture.error + size - 6);
}

/* Paths, hosts and options are in messages, and a terminal obeys nothing in them. A backslash
 * stays: paths of Windows have them. */
static void check_hostile_line(struct unit *unit)
{
    struct capture capture;
    capture_init(&capture);
    console_error(&capture.console, "cannot open %s", "C:\\\x1b[2J\r\n\xc2\x9b\xe2\x80\xae\xff");
    console_hint(&capture.console, "%s", "\a");
    console_note(&capture.console, "%s", "\xe2\x82");
    CHECK_TEXT(unit, capture.error,
               "program: cannot open C:\\\\x1b[2J\\x0d\\x0a\\xc2\\x9b\\xe2\\x80\\xae\\xff\n"
               "hint: \\x07\n\\xe2\\x82\n");
}

static void check_quiet(struct unit *unit)
{
    struct capture capture;
    capture_init(&capture);
    capture.console.quiet = true;
    console_print(&capture.console, "a\n", 2);
    console_error(&capture.console, "no");
    CHECK_TEXT(unit, capture.output, "");
    CHECK_TEXT(unit, capture.error, "program: no\n");
    CHECK(unit, capture.sink.lost_lines == 0);
}

/* Lines that find no room are counted, and their number is said once. */
static void check_dropped(struct unit *unit)
{
    struct capture capture;
    capture_init(&capture);
    capture.full = true;
    console_print(&capture.console, "a\nb\nc\n", 6);
    console_error(&capture.console, "no");
    capture.full = false;
    console_output_changed(&capture.console, TENON_OK);
    CHECK(unit, strstr(capture.error, "4 lines of output were dropped") != NULL);
    capture_clear(&capture);
    console_output_changed(&capture.console, TENON_OK);
    CHECK_TEXT(unit, capture.error, "");
}

/* Nobody reads the output any more: said once, and then nothing is written there. */
static void check_broken(struct unit *unit)
{
    struct capture capture;
    capture_init(&capture);
    console_output_changed(&capture.console, TENON_RESET);
    CHECK(unit, strstr(capture.error, "program: cannot write to the standard output: ") ==
                capture.error);
    capture_clear(&capture);
    console_output_changed(&capture.console, TENON_RESET);
    console_print(&capture.console, "a\n", 2);
    CHECK_TEXT(unit, capture.error, "");
    CHECK_TEXT(unit, capture.output, "");
    CHECK(unit, capture.sink.lost_lines == 0);
}

static void log_number(struct console *console, enum console_level level, const char *name,
                       uint64_t number)
{
    struct event event;
    if (event_begin(&event, console, level, name)) {
        event_number(&event, "conn", number);
        event_end(&event);
    }
}

static void check_log(struct unit *unit)
{
    struct capture capture;
    struct tenon_loop *loop = NULL;
    if (!CHECK(unit, tenon_loop_open(NULL, &loop) == TENON_OK)) {
        return;
    }
    capture_init(&capture);
    capture.console.loop = loop;
    log_number(&capture.console, CONSOLE_INFO, "accept", 1);
    CHECK_TEXT(unit, capture.error, "");
    capture.console.level = CONSOLE_INFO;
    log_number(&capture.console, CONSOLE_DEBUG, "accept", 2);
    CHECK_TEXT(unit, capture.error, "");
    log_number(&capture.console, CONSOLE_INFO, "accept", 3);
    size_t time_size = strlen("2026-09-20T12:34:56.789Z");
    CHECK(unit, strlen(capture.error) > time_size);
    CHECK_TEXT(unit, capture.error + time_size, " INFO accept conn=3\n");
    CHECK(unit, capture.error[0] == '2' && capture.error[time_size - 1] == 'Z');
    capture_clear(&capture);
    capture.console.level = CONSOLE_DEBUG;
    log_number(&capture.console, CONSOLE_DEBUG, "close", 4);
    CHECK(unit, strstr(capture.error, "Z DEBUG close conn=4\n") != NULL);
    tenon_loop_close(loop);
}

const struct unit_case console_cases[] = {
    {"console.lines", check_lines},
    {"console.long_line", check_long_line},
    {"console.hostile_line", check_hostile_line},
    {"console.quiet", check_quiet},
    {"console.dropped", check_dropped},
    {"console.broken", check_broken},
    {"console.log", check_log},
    {NULL, NULL}
};
