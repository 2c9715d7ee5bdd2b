/* Numbers as people write them: durations, counts, time stamps. */
#ifndef PROGRAMS_NUMBER_H
#define PROGRAMS_NUMBER_H
#include <stdbool.h>
#include <stdint.h>

enum {
    NUMBER_TEXT_MAX = 40,       /* bytes of each text below, with its zero */
    NUMBER_HOURS_MAX = 1000     /* the longest duration */
};

/* Reads seconds, or a number with `ms`, `s`, `m` or `h` behind it, with at most three digits behind
 * a point, in nanoseconds. 0 means no limit: TENON_FOREVER. False: it is something else. */
bool number_duration(const char *text, int64_t *duration_out);

/* Reads a count from 0 to max, with `k` or `m` behind it for thousands and millions. False: it is
 * something else. */
bool number_count(const char *text, uint32_t max, uint32_t *count_out);

/* Reads bytes from 0 to max, with `k` or `m` behind them for 1024 and 1024 * 1024. False: it is
 * something else. */
bool number_size(const char *text, uint32_t max, uint32_t *size_out);

/* Writes a duration as number_duration reads it, such as `10s` or `1500ms`, rounded up to a
 * millisecond. */
void number_duration_format(int64_t duration, char text[NUMBER_TEXT_MAX]);

/* Writes the nanoseconds since 1970 as `2026-09-20T12:34:56.789Z` (RFC 3339). */
void number_time_format(int64_t time, char text[NUMBER_TEXT_MAX]);

#endif
