/* Numbers as people write them: durations, counts, time stamps. */
#include "unit.h"
#include "common/number.h"
#include <stdio.h>
#include <string.h>
#include <tenon/status.h>

static void check_durations(struct unit *unit)
{
    static const struct {
        const char *text;
        int64_t duration;
    } rows[] = {
        {"1", TENON_SECOND}, {"5s", 5 * TENON_SECOND}, {"05", 5 * TENON_SECOND},
        {"100ms", 100 * TENON_MILLISECOND}, {"2m", 120 * TENON_SECOND},
        {"1h", 3600 * TENON_SECOND}, {"1000h", 3600000 * TENON_SECOND},
        {"3600000", 3600000 * TENON_SECOND}, {"3600000000ms", 3600000 * TENON_SECOND},
        {"0.25", 250 * TENON_MILLISECOND}, {"1.5", 1500 * TENON_MILLISECOND},
        {"1.050s", 1050 * TENON_MILLISECOND}, {"0.001", TENON_MILLISECOND},
        {"0.001ms", TENON_MICROSECOND}, {"1.5ms", 1500 * TENON_MICROSECOND},
        {"0.5m", 30 * TENON_SECOND}, {"0.001h", 3600 * TENON_MILLISECOND},
        {"0", TENON_FOREVER}, {"0s", TENON_FOREVER}, {"0ms", TENON_FOREVER},
        {"0h", TENON_FOREVER}, {"0.0", TENON_FOREVER}, {"000", TENON_FOREVER},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t duration = -1;
        unit_row(unit, rows[i].text);
        CHECK(unit, number_duration(rows[i].text, &duration));
        CHECK(unit, duration == rows[i].duration);
    }
}

static void check_durations_invalid(struct unit *unit)
{
    static const char *const rows[] = {
        "", " ", "s", "ms", "h", ".", ".5", "1.", "1.s", "1..5", "1.2.3", "1.0005", "-1", "+1",
        "-0", " 1", "1 ", "1 s", "1S", "1d", "1us", "1sec", "1ss", "1s1", "1m30s", "1,5", "1e3",
        "0x10", "five", "inf", "nan", "1001h", "1000.001h", "3600001", "60001m", "3600000001ms",
        "99999999999999999999", "18446744073709551617", "18446744073709551617ms",
        "\xd9\xa1",     /* a digit, but not one of ASCII */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t duration = -1;
        unit_row(unit, rows[i]);
        CHECK(unit, !number_duration(rows[i], &duration));
    }
}

static void check_counts(struct unit *unit)
{
    static const struct {
        const char *text;
        uint32_t max;
        uint32_t count;
    } rows[] = {
        {"0", 0, 0}, {"0", 10, 0}, {"7", 10, 7}, {"10", 10, 10}, {"007", 10, 7}, {"0k", 10, 0},
        {"1k", 1000, 1000}, {"64k", 1000000, 64000}, {"1m", 1000000, 1000000},
        {"4294967295", UINT32_MAX, UINT32_MAX}, {"4294m", UINT32_MAX, 4294000000},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t count = UINT32_MAX;
        unit_row(unit, rows[i].text);
        CHECK(unit, number_count(rows[i].text, rows[i].max, &count));
        CHECK(unit, count == rows[i].count);
    }
}

static void check_counts_invalid(struct unit *unit)
{
    static const struct {
        const char *text;
        uint32_t max;
    } rows[] = {
        {"", 10}, {" ", 10}, {"k", 10}, {"-1", 10}, {"+1", 10}, {" 1", 10}, {"1 ", 10},
        {"1.5k", 10000}, {"1K", 10000}, {"1M", UINT32_MAX}, {"1g", UINT32_MAX}, {"1kk", 1000000},
        {"1km", UINT32_MAX}, {"0x1", 10}, {"one", 10}, {"1e1", 10}, {"11", 10}, {"1", 0},
        {"1k", 999}, {"2k", 1999}, {"1m", 999999}, {"4294967296", UINT32_MAX},
        {"4295m", UINT32_MAX}, {"4294967295m", UINT32_MAX}, {"99999999999999999999", UINT32_MAX},
        {"18446744073709551617", UINT32_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t count = UINT32_MAX;
        unit_row(unit, rows[i].text);
        CHECK(unit, !number_count(rows[i].text, rows[i].max, &count));
    }
}

static void check_duration_format(struct unit *unit)
{
    static const struct {
        int64_t duration;
        const char *text;
    } rows[] = {
        {10 * TENON_SECOND, "10s"}, {1500 * TENON_MILLISECOND, "1500ms"},
        {TENON_MILLISECOND, "1ms"}, {999 * TENON_MILLISECOND, "999ms"}, {1, "1ms"},
        {TENON_MILLISECOND + 1, "2ms"}, {TENON_SECOND - 1, "1s"}, {TENON_SECOND, "1s"},
        {3600 * TENON_SECOND, "3600s"}, {3600000 * TENON_SECOND, "3600000s"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[NUMBER_TEXT_MAX];
        int64_t back = 0;
        unit_row(unit, rows[i].text);
        number_duration_format(rows[i].duration, text);
        CHECK_TEXT(unit, text, rows[i].text);
        CHECK(unit, number_duration(text, &back));
        CHECK(unit, back >= rows[i].duration && back - rows[i].duration < TENON_MILLISECOND);
    }
}

static void check_time_format(struct unit *unit)
{
    static const struct {
        int64_t seconds;
        int64_t nanoseconds;
        const char *text;
    } rows[] = {
        {0, 0, "1970-01-01T00:00:00.000Z"},
        {0, 999999999, "1970-01-01T00:00:00.999Z"},
        {86399, 0, "1970-01-01T23:59:59.000Z"},
        {951782400, 0, "2000-02-29T00:00:00.000Z"},
        {1000000000, 1000000, "2001-09-09T01:46:40.001Z"},
        {1789907696, 789000000, "2026-09-20T12:34:56.789Z"},
        {2147483648, 0, "2038-01-19T03:14:08.000Z"},
        {4107542400, 0, "2100-03-01T00:00:00.000Z"},
        {9223372036, 854775807, "2262-04-11T23:47:16.854Z"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[NUMBER_TEXT_MAX];
        unit_row(unit, rows[i].text);
        number_time_format(rows[i].seconds * TENON_SECOND + rows[i].nanoseconds, text);
        CHECK_TEXT(unit, text, rows[i].text);
    }
}

static unsigned days_of(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Every day until an int64_t of nanoseconds ends, by a calendar that counts them. */
static void check_time_every_day(struct unit *unit)
{
    unsigned year = 1970;
    unsigned month = 1;
    unsigned day = 1;
    for (int64_t time = 12 * 3600 * TENON_SECOND; year < 2262; time += 24 * 3600 * TENON_SECOND) {
        char expected[NUMBER_TEXT_MAX];
        char text[NUMBER_TEXT_MAX];
        (void)snprintf(expected, sizeof expected, "%04u-%02u-%02uT12:00:00.000Z", year, month,
                       day);
        number_time_format(time, text);
        if (strcmp(text, expected) != 0) {
            CHECK_TEXT(unit, text, expected);
            return;
        }
        day++;
        if (day > days_of(year, month)) {
            day = 1;
            month++;
        }
        if (month > 12) {
            month = 1;
            year++;
        }
    }
}

const struct unit_case number_cases[] = {
    {"number.durations", check_durations},
    {"number.durations_invalid", check_durations_invalid},
    {"number.counts", check_counts},
    {"number.counts_invalid", check_counts_invalid},
    {"number.duration_format", check_duration_format},
    {"number.time_format", check_time_format},
    {"number.time_every_day", check_time_every_day},
    {NULL, NULL}
};
