/* What the load test says. */
#include "client/load_report.h"
#include "common/event.h"
#include "common/place.h"
#include "common/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    TEXT_MAX = 2048,
    SHORT_MAX = 32
};

static const struct {
    uint32_t millionths;
    const char *name;
    const char *key;
} percentiles[] = {
    {500000, "p50", "p50"}, {900000, "p90", "p90"}, {990000, "p99", "p99"},
    {999000, "p99.9", "p99_9"}, {999900, "p99.99", "p99_99"},
};

static const char *const error_names[LOAD_ERRORS] = {"connect", "timeout", "reset", "mismatch"};

uint64_t load_report_errors(const struct load_counts *counts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LOAD_ERRORS; i++) {
        sum += counts->errors[i];
    }
    return sum;
}

static const char *kind_name(enum load_kind kind)
{
    return kind == LOAD_ECHO ? "echo" : kind == LOAD_CONNECT ? "connect" : "greet";
}

/* Events a second, rounded. */
static uint64_t rate_of(uint64_t count, int64_t elapsed)
{
    return elapsed <= 0 ? 0 :
        (uint64_t)((double)count * (double)TENON_SECOND / (double)elapsed + 0.5);
}

static int64_t microseconds(int64_t duration)
{
    return (duration + TENON_MICROSECOND / 2) / TENON_MICROSECOND;
}

/* ---- text ---- */

struct lines {
    char text[TEXT_MAX];
    size_t size;
};

/* What has no room is left out: there is more of it than any result needs. */
static void add(struct lines *lines, int length)
{
    size_t room = sizeof lines->text - lines->size;
    lines->size += length > 0 && (size_t)length < room ? (size_t)length : 0;
}

#define ADD(lines, ...) \
    add(lines, snprintf((lines)->text + (lines)->size, TEXT_MAX - (lines)->size, __VA_ARGS__))

/* A ready file may have named it. */
static void add_place(struct lines *lines, const char *place)
{
    char shown[TEXT_ESCAPED_MAX(PLACE_TEXT_MAX) + TEXT_ESCAPED_MAX(0)];
    struct text_escape escape = {.held_count = 0};
    size_t used = text_escape(&escape, place, strlen(place), shown);
    used += text_escape_end(&escape, shown + used);
    ADD(lines, "target %.*s ", (int)used, shown);
}

static void add_target(struct lines *lines, const struct load_result *result)
{
    const struct load_options *options = result->options;
    char ip[TENON_ADDRESS_TEXT_MAX];
    int64_t hundredths = (result->counts.elapsed + 5 * TENON_MILLISECOND) /
        (10 * TENON_MILLISECOND);
    tenon_address_format_ip(&result->peer, ip, sizeof ip);
    bool ipv6 = result->peer.family == TENON_FAMILY_IPV6 && strchr(ip, ':') != NULL;
    add_place(lines, result->target);
    ADD(lines, "(%s%s%s)  %s", ipv6 ? "[" : "", ip, ipv6 ? "]" : "", kind_name(options->kind));
    if (options->kind == LOAD_ECHO) {
        ADD(lines, " %" PRIu32 " B", options->size);
    }
    ADD(lines, "  %" PRIu32 " connection%s  %" PRId64 ".%02d s  ", options->connections,
        options->connections == 1 ? "" : "s", hundredths / 100, (int)(hundredths % 100));
    if (options->rate > 0) {
        ADD(lines, "open loop %" PRIu32 "/s\n", options->rate);
    } else {
        ADD(lines, "closed loop: queueing delay not seen; use -R\n");
    }
}

static void add_requests(struct lines *lines, const struct load_counts *counts)
{
    ADD(lines, "requests %" PRIu64 " (%" PRIu64 "/s)  errors %" PRIu64 " (", counts->requests,
        rate_of(counts->requests, counts->elapsed), load_report_errors(counts));
    for (size_t i = 0; i < LOAD_ERRORS; i++) {
        ADD(lines, "%s%s %" PRIu64, i == 0 ? "" : ", ", error_names[i], counts->errors[i]);
    }
    ADD(lines, ")\n");
}

static void add_latency(struct lines *lines, const struct histogram *latency)
{
    if (latency->count == 0) {
        ADD(lines, "latency us   none: no request was answered\n");
        return;
    }
    ADD(lines, "latency us   min %" PRId64, microseconds(latency->min));
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
        ADD(lines, "  %s %" PRId64, percentiles[i].name,
            microseconds(histogram_percentile(latency, percentiles[i].millionths)));
    }
    ADD(lines, "  max %" PRId64 "\n", microseconds(latency->max));
}

/* ---- the object ---- */

static void say_object(const struct load_result *result, struct console *console)
{
    const struct load_options *options = result->options;
    const struct load_counts *counts = &result->counts;
    struct event event;
    if (!event_begin_transcript(&event, console, "load")) {
        return;
    }
    event_text(&event, "target", result->target);
    event_address(&event, "peer", &result->peer);
    event_text(&event, "kind", kind_name(options->kind));
    if (options->kind == LOAD_ECHO) {
        event_number(&event, "size", options->size);
    }
    event_number(&event, "connections", options->connections);
    event_number(&event, "threads", options->threads);
    event_text(&event, "loop", options->rate > 0 ? "open" : "closed");
    if (options->rate > 0) {
        event_number(&event, "rate_asked", options->rate);
        event_number(&event, "unsent", counts->unsent);
    }
    event_duration(&event, "duration", counts->elapsed);
    event_number(&event, "requests", counts->requests);
    event_number(&event, "rate", rate_of(counts->requests, counts->elapsed));
    event_number(&event, "warm_up_requests", counts->warm_up);
    event_number(&event, "errors", load_report_errors(counts));
    for (size_t i = 0; i < LOAD_ERRORS; i++) {
        char key[SHORT_MAX];
        (void)snprintf(key, sizeof key, "%s_errors", error_names[i]);
        event_number(&event, key, counts->errors[i]);
    }
    if (counts->latency.count > 0) {
        event_duration(&event, "min", counts->latency.min);
        for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
            event_duration(&event, percentiles[i].key,
                           histogram_percentile(&counts->latency, percentiles[i].millionths));
        }
        event_duration(&event, "max", counts->latency.max);
    }
    event_end(&event);
}

/* ---- all of it ---- */

static void say_hints(const struct load_result *result, struct console *console)
{
    const struct load_counts *counts = &result->counts;
    char why[CONSOLE_ERROR_MAX];
    if (counts->errors[LOAD_ERROR_CONNECT] > 0) {
        bool ports = counts->connect_error.status == TENON_ADDRESS_NOT_AVAILABLE;
        console_error_text(counts->connect_error, why);
        console_error(console, "%" PRIu64 " connections failed, one of them with: %s",
                      counts->errors[LOAD_ERROR_CONNECT], ports ? "no local port is left" : why);
        if (ports) {
            console_hint(console, "how many there are: sysctl net.ipv4.ip_local_port_range "
                                  "(Linux), netsh int ipv4 show dynamicport tcp (Windows)");
        }
    }
    if (counts->unsent > 0) {
        console_hint(console, "%" PRIu64 " requests were due and not sent: the connections were "
                              "busy; try a higher -c or a lower -R", counts->unsent);
    }
}

void load_report(const struct load_result *result, struct console *console)
{
    struct lines lines = {.size = 0};
    if (!console->json) {
        add_target(&lines, result);
        add_requests(&lines, &result->counts);
        add_latency(&lines, &result->counts.latency);
        console_print(console, lines.text, lines.size);
    }
    say_object(result, console);
    say_hints(result, console);
}

/* ---- progress ---- */

/* Once a second, however many workers tell of themselves. */
static const int64_t redraw_min = 900 * TENON_MILLISECOND;

static void format_count(uint64_t count, char text[SHORT_MAX])
{
    if (count < 1000) {
        (void)snprintf(text, SHORT_MAX, "%" PRIu64, count);
    } else {
        bool millions = count >= 1000 * 1000;
        (void)snprintf(text, SHORT_MAX, "%.1f%s", (double)count / (millions ? 1e6 : 1e3),
                       millions ? "M" : "k");
    }
}

static void format_latency(const struct load_counts *counts, uint32_t millionths,
                           char text[SHORT_MAX])
{
    int64_t value = microseconds(histogram_percentile(&counts->latency, millionths));
    bool short_enough = value < 10 * 1000;
    (void)snprintf(text, SHORT_MAX, "%" PRId64 "%s", short_enough ? value : value / 1000,
                   short_enough ? "us" : "ms");
}

/* `6s/10s  256 conns  50.0k req/s  p50 84us  p99 412us  errors 0` */
static void add_progress(struct lines *lines, const struct load_result *result,
                         const struct load_progress *progress)
{
    const struct load_counts *counts = &result->counts;
    const struct load_options *options = result->options;
    char rate[SHORT_MAX];
    char median[SHORT_MAX];
    char high[SHORT_MAX];
    if (counts->elapsed == 0) {
        ADD(lines, "  warm-up  %" PRIu32 " conns", options->connections);
    } else {
        format_count(rate_of(counts->requests - progress->requests,
                             counts->elapsed - progress->elapsed), rate);
        format_latency(counts, 500000, median);
        format_latency(counts, 990000, high);
        ADD(lines, "  %" PRId64 "s", (counts->elapsed + TENON_SECOND / 2) / TENON_SECOND);
        if (options->duration != TENON_FOREVER) {
            ADD(lines, "/%" PRId64 "s", (options->duration + TENON_SECOND / 2) / TENON_SECOND);
        }
        ADD(lines, "  %" PRIu32 " conns  %s req/s  p50 %s  p99 %s", options->connections, rate,
            median, high);
    }
    ADD(lines, "  errors %" PRIu64, load_report_errors(counts));
}

/* A line in place of the one that stands there, its end wiped; the last column stays free, or some
 * terminals go on to the next line. */
static void redraw(struct load_progress *progress, const char *text, size_t size,
                   struct console *console)
{
    struct lines line = {.size = 0};
    size_t width = size < progress->columns - 1 ? size : progress->columns - 1;
    size_t wiped = progress->width > width ? progress->width - width : 0;
    ADD(&line, "\r%.*s%*s%s", (int)width, text, (int)wiped, "", width == 0 ? "\r" : "");
    progress->width = (uint32_t)width;
    console_write_error(console, line.text, line.size);
}

void load_report_progress(const struct load_result *result, struct load_progress *progress,
                          struct console *console)
{
    struct lines lines = {.size = 0};
    int64_t elapsed = result->counts.elapsed;
    bool shown = elapsed == 0 ? progress->width > 0 : elapsed - progress->elapsed < redraw_min;
    if (progress->columns == 0 || shown) {
        return;
    }
    add_progress(&lines, result, progress);
    redraw(progress, lines.text, lines.size, console);
    progress->requests = result->counts.requests;
    progress->elapsed = result->counts.elapsed;
}

void load_report_clear(struct load_progress *progress, struct console *console)
{
    if (progress->width > 0) {
        redraw(progress, "", 0, console);
    }
}
