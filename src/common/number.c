/* Numbers as people write them. */
#include "number.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tenon/status.h>

/* Reads the digits at *text, at least one, and moves behind them. False: there is none, or they are
 * above `max`. */
static bool read_digits(const char **text, uint64_t max, uint64_t *value_out)
{
    const char *at = *text;
    uint64_t value = 0;
    if (*at < '0' || *at > '9') {
        return false;
    }
    while (*at >= '0' && *at <= '9') {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > max) {
            return false;
        }
        at++;
    }
    *text = at;
    *value_out = value;
    return true;
}

static int64_t unit_of(const char *text)
{
    static const struct {
        const char *name;
        int64_t unit;
    } units[] = {
        {"", TENON_SECOND}, {"ms", TENON_MILLISECOND}, {"s", TENON_SECOND},
        {"m", 60 * TENON_SECOND}, {"h", 3600 * TENON_SECOND},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text, units[i].name) == 0) {
            return units[i].unit;
        }
    }
    return 0;
}

bool number_duration(const char *text, int64_t *duration_out)
{
    const uint64_t max = (uint64_t)NUMBER_HOURS_MAX * 3600 * TENON_SECOND;
    uint64_t whole = 0;
    uint64_t thousandths = 0;
    *duration_out = 0;
    if (!read_digits(&text, max / TENON_MILLISECOND, &whole)) {
        return false;
    }
    if (*text == '.') {
        const char *digits = ++text;
        if (!read_digits(&text, 999, &thousandths) || text - digits > 3) {
            return false;
        }
        for (ptrdiff_t i = text - digits; i < 3; i++) {
            thousandths *= 10;
        }
    }
    uint64_t unit = (uint64_t)unit_of(text);
    if (unit == 0 || whole > max / unit) {
        return false;
    }
    uint64_t duration = whole * unit + thousandths * (unit / 1000);
    if (duration > max) {
        return false;
    }
    *duration_out = duration == 0 ? TENON_FOREVER : (int64_t)duration;
    return true;
}

static bool read_count(const char *text, uint32_t thousand, uint32_t max, uint32_t *count_out)
{
    uint64_t count = 0;
    *count_out = 0;
    if (!read_digits(&text, max, &count)) {
        return false;
    }
    if (strcmp(text, "k") == 0) {
        count *= thousand;
    } else if (strcmp(text, "m") == 0) {
        count *= (uint64_t)thousand * thousand;
    } else if (*text != '\0') {
        return false;
    }
    if (count > max) {
        return false;
    }
    *count_out = (uint32_t)count;
    return true;
}

bool number_count(const char *text, uint32_t max, uint32_t *count_out)
{
    return read_count(text, 1000, max, count_out);
}

bool number_size(const char *text, uint32_t max, uint32_t *size_out)
{
    return read_count(text, 1024, max, size_out);
}

void number_duration_format(int64_t duration, char text[NUMBER_TEXT_MAX])
{
    int64_t milliseconds = duration / TENON_MILLISECOND + (duration % TENON_MILLISECOND > 0);
    bool seconds = milliseconds % 1000 == 0;
    (void)snprintf(text, NUMBER_TEXT_MAX, "%" PRId64 "%s",
                   seconds ? milliseconds / 1000 : milliseconds, seconds ? "s" : "ms");
}

void number_time_format(int64_t time, char text[NUMBER_TEXT_MAX])
{
    int64_t milliseconds = time / TENON_MILLISECOND;
    int64_t days = milliseconds / (24 * 3600 * 1000);
    int in_day = (int)(milliseconds % (24 * 3600 * 1000));

    /* Years that begin in March put the leap day at their end; 400 of them have 146097 days. Day 0
     * of this count is the first of March of the year 0. */
    int64_t from_march = days + 719468;
    int64_t era = from_march / 146097;
    int day_of_era = (int)(from_march % 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    int day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int year = (int)era * 400 + year_of_era + (month <= 2 ? 1 : 0);

    (void)snprintf(text, NUMBER_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (uint16_t)year,
                   (uint8_t)month, (uint8_t)day, (uint8_t)(in_day / 3600000),
                   (uint8_t)(in_day / 60000 % 60), (uint8_t)(in_day / 1000 % 60),
                   (uint16_t)(in_day % 1000));
}
