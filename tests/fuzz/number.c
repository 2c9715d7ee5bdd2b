/* Numbers as people write them, against a reader that counts in floating point: nothing wraps. The
 * input is the text; its first bytes are also a time. */
#include "common/number.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <tenon/status.h>

static const char digits[] = "0123456789";
static const int64_t duration_max = NUMBER_HOURS_MAX * 3600 * TENON_SECOND;

/* Exact as long as it is below 2^53; above, it is far above every limit here. */
static double value_of(const char *text, size_t count)
{
    double value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* The thousandths of a unit in `text`, and the unit behind them; false: there are none. */
static bool read_thousandths(const char *text, double *thousandths_out, const char **unit_out)
{
    size_t whole = strspn(text, digits);
    size_t places = text[whole] == '.' ? strspn(text + whole + 1, digits) : 0;
    *thousandths_out = value_of(text, whole) * 1000;
    *unit_out = text + whole;
    if (whole == 0 || (text[whole] == '.' && (places == 0 || places > 3))) {
        return false;
    }
    if (places > 0) {
        static const double weights[] = {0, 100, 10, 1};
        *thousandths_out += value_of(text + whole + 1, places) * weights[places];
        *unit_out += 1 + places;
    }
    return true;
}

static bool read_duration(const char *text, int64_t *duration_out)
{
    static const struct {
        const char *name;
        double milliseconds;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};
    double thousandths = 0;
    const char *unit = NULL;
    if (!read_thousandths(text, &thousandths, &unit)) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        double microseconds = thousandths * units[i].milliseconds;
        if (strcmp(unit, units[i].name) == 0 &&
            microseconds <= (double)(duration_max / TENON_MICROSECOND)) {
            *duration_out = (int64_t)microseconds * TENON_MICROSECOND;
            return true;
        }
    }
    return false;
}

static void check_duration(const char *text)
{
    int64_t duration = -1;
    int64_t expected = 0;
    bool good = number_duration(text, &duration);
    FUZZ_CHECK(good == read_duration(text, &expected));
    FUZZ_CHECK(!good || duration == (expected == 0 ? TENON_FOREVER : expected));
}

static void check_count(const char *text, uint32_t max)
{
    size_t count = strspn(text, digits);
    double value = value_of(text, count);
    const char *unit = text + count;
    uint32_t actual = UINT32_MAX;
    value *= strcmp(unit, "k") == 0 ? 1000 : strcmp(unit, "m") == 0 ? 1000 * 1000 : 1;
    bool known = unit[0] == '\0' || strcmp(unit, "k") == 0 || strcmp(unit, "m") == 0;
    bool good = count > 0 && known && value <= max;
    FUZZ_CHECK(number_count(text, max, &actual) == good);
    FUZZ_CHECK(!good || (double)actual == value);
}

static void check_duration_format(int64_t duration)
{
    char text[NUMBER_TEXT_MAX];
    int64_t back = 0;
    memset(text, 'x', sizeof text);
    number_duration_format(duration, text);
    FUZZ_CHECK(memchr(text, '\0', sizeof text) != NULL);
    if (duration > 0 && duration <= duration_max) {
        FUZZ_CHECK(number_duration(text, &back));
        FUZZ_CHECK(back >= duration && back - duration < TENON_MILLISECOND);
    }
}

/* RFC 3339, where every text of a later time is a greater one. */
static void check_time_format(int64_t time)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    char text[NUMBER_TEXT_MAX];
    char later[NUMBER_TEXT_MAX];
    memset(text, 'x', sizeof text);
    number_time_format(time, text);
    FUZZ_CHECK(memchr(text, '\0', sizeof text) != NULL);
    FUZZ_CHECK(strlen(text) == sizeof form - 1);
    for (size_t i = 0; i < sizeof form; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        FUZZ_CHECK(form[i] == '0' ? digit : text[i] == form[i]);
    }
    if (time <= INT64_MAX - TENON_MILLISECOND) {
        number_time_format(time + TENON_MILLISECOND, later);
        FUZZ_CHECK(strcmp(text, later) < 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t limits[] = {0, 1, 999, 1000, 65535, 1000 * 1000, INT32_MAX, UINT32_MAX};
    struct fuzz_input input = {data, size};
    int64_t time = (int64_t)(fuzz_number(&input, 8) >> 1);
    char *text = fuzz_text(data, size);
    check_duration(text);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        check_count(text, limits[i]);
    }
    check_duration_format(time);
    check_duration_format(time % duration_max);
    check_time_format(time);
    free(text);
    return 0;
}
