/* The histogram: against all values, sorted, and against HdrHistogram's own arithmetic. */
#include "unit.h"
#include "client/histogram.h"
#include <stdio.h>
#include <stdlib.h>
#include <tenon/status.h>

enum {
    SAMPLES = 1000 * 1000,
    PARTS = 7
};

static const uint32_t percentiles[] = {
    0, 1, 500, 10000, 250000, 500000, 750000, 900000, 990000, 999000, 999900, 999999, 1000000
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Every magnitude from nanoseconds to hours, most of them short, as latencies are. */
static int64_t sample(uint64_t *state)
{
    uint64_t bits = next_random(state) % 48;
    uint64_t cap = next_random(state) % 48;
    return (int64_t)(next_random(state) >> (63 - (bits < cap ? bits : cap)) >> 1);
}

static int compare(const void *first, const void *second)
{
    int64_t a = *(const int64_t *)first;
    int64_t b = *(const int64_t *)second;
    return (a > b) - (a < b);
}

/* The highest value that an HdrHistogram of two digits from 1 on holds for equal to `value`: it
 * has 256 places a bucket, and each bucket's are twice as wide as those of the one before. */
static int64_t highest_equivalent(int64_t value)
{
    int64_t width = 1;
    while (value / width >= 256) {
        width *= 2;
    }
    return value / width * width + width - 1;
}

/* Of sorted values: the smallest that so many, counted up to it, are not above. */
static int64_t exact(const int64_t *sorted, size_t count, uint32_t millionths)
{
    size_t rank = (count * millionths + 999999) / 1000000;
    return sorted[rank == 0 ? 0 : rank - 1];
}

static void check_against(struct unit *unit, const struct histogram *histogram,
                          const int64_t *sorted, size_t count)
{
    CHECK(unit, histogram->count == count);
    CHECK(unit, histogram->min == sorted[0]);
    CHECK(unit, histogram->max == sorted[count - 1]);
    for (size_t i = 0; i < COUNT_OF(percentiles); i++) {
        char text[80];
        int64_t wanted = exact(sorted, count, percentiles[i]);
        int64_t got = histogram_percentile(histogram, percentiles[i]);
        int64_t highest = highest_equivalent(wanted);
        (void)snprintf(text, sizeof text, "%lu of %lu millionths",
                       (unsigned long)count, (unsigned long)percentiles[i]);
        unit_row(unit, text);
        CHECK(unit, got == (highest < histogram->max ? highest : histogram->max));
        CHECK(unit, got >= wanted && got - wanted <= wanted / 128);
    }
    unit_row(unit, NULL);
}

/* A million values at once, and in parts that are merged: the same. */
static void check_million(struct unit *unit)
{
    struct histogram *histograms = calloc(PARTS + 2, sizeof *histograms);
    int64_t *values = calloc(SAMPLES, sizeof *values);
    uint64_t state = 0x9e3779b97f4a7c15u;
    if (!CHECK(unit, histograms != NULL && values != NULL)) {
        free(values);
        free(histograms);
        return;
    }
    struct histogram *whole = &histograms[PARTS];
    struct histogram *merged = &histograms[PARTS + 1];
    histogram_clear(merged);
    for (size_t i = 0; i < SAMPLES; i++) {
        values[i] = sample(&state);
        histogram_record(whole, values[i]);
        histogram_record(&histograms[next_random(&state) % (PARTS - 1)], values[i]);
    }
    for (size_t i = 0; i < PARTS; i++) {    /* the last is empty */
        histogram_merge(merged, &histograms[i]);
    }
    qsort(values, SAMPLES, sizeof *values, compare);
    check_against(unit, whole, values, SAMPLES);
    check_against(unit, merged, values, SAMPLES);
    free(values);
    free(histograms);
}

/* Few values: each rank is one of them. */
static void check_few(struct unit *unit)
{
    static const int64_t rows[][3] = {
        {0, 0, 0}, {1, 2, 3}, {127, 128, 129}, {255, 256, 257}, {511, 512, 1 << 20},
        {1000, TENON_SECOND, 3600 * TENON_SECOND},
        {HISTOGRAM_VALUE_MAX - 1, HISTOGRAM_VALUE_MAX - 1, HISTOGRAM_VALUE_MAX},
    };
    struct histogram *histogram = malloc(sizeof *histogram);
    if (!CHECK(unit, histogram != NULL)) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        histogram_clear(histogram);
        for (size_t k = 0; k < 3; k++) {
            histogram_record(histogram, rows[i][k]);
            check_against(unit, histogram, rows[i], k + 1);
        }
    }
    free(histogram);
}

static void check_bounds(struct unit *unit)
{
    struct histogram *histogram = malloc(sizeof *histogram);
    if (!CHECK(unit, histogram != NULL)) {
        return;
    }
    histogram_clear(histogram);
    CHECK(unit, histogram_percentile(histogram, 500000) == 0);
    histogram_record(histogram, -1);
    CHECK(unit, histogram->min == 0 && histogram->max == 0 && histogram->count == 1);
    histogram_record(histogram, INT64_MAX);
    CHECK(unit, histogram->max == HISTOGRAM_VALUE_MAX);
    CHECK(unit, histogram_percentile(histogram, 1000000) == HISTOGRAM_VALUE_MAX);
    /* Ranks of counts that no product of 64 bits holds. */
    histogram->slots[1] = UINT64_C(1) << 62;
    histogram->count += UINT64_C(1) << 62;
    CHECK(unit, histogram_percentile(histogram, 999999) == 1);
    free(histogram);
}

const struct unit_case histogram_cases[] = {
    {"histogram.million", check_million},
    {"histogram.few", check_few},
    {"histogram.bounds", check_bounds},
    {NULL, NULL},
};
