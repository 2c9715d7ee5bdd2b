/* A histogram of durations: log-linear, so its memory is fixed and its error relative. */
#ifndef CLIENT_HISTOGRAM_H
#define CLIENT_HISTOGRAM_H
#include <stdint.h>

/* The layout of an HdrHistogram of two significant digits: values below 256 ns have a slot each,
 * from there on every doubling is cut in 128 slots of one width: an error below 1/128, 0.8 %. */
enum {
    HISTOGRAM_HALF_BITS = 7,
    HISTOGRAM_HALF = 1 << HISTOGRAM_HALF_BITS,      /* slots of a doubling */
    HISTOGRAM_VALUE_BITS = 47,                      /* up to 39 hours */
    HISTOGRAM_SLOTS = HISTOGRAM_HALF * (HISTOGRAM_VALUE_BITS - HISTOGRAM_HALF_BITS + 1)
};
#define HISTOGRAM_VALUE_MAX ((INT64_C(1) << HISTOGRAM_VALUE_BITS) - 1)

struct histogram {
    uint64_t count;
    int64_t min;        /* exact, as are the next; 0 while count is */
    int64_t max;
    uint64_t slots[HISTOGRAM_SLOTS];
};

/* Empties it. */
void histogram_clear(struct histogram *histogram);

/* Adds a value of nanoseconds: one below 0 counts as 0, one above the largest as that. O(1). */
void histogram_record(struct histogram *histogram, int64_t value);

/* Adds all that `from` has. */
void histogram_merge(struct histogram *histogram, const struct histogram *from);

/* The value of which `millionths` of all values are not above it, as HdrHistogram has it: of the
 * first slot at which ceil(millionths / 10^6 * count) values, at least one, have been counted, the
 * highest value; but never more than the largest that was recorded. 500000 is the median. 0 where
 * nothing was recorded. */
int64_t histogram_percentile(const struct histogram *histogram, uint32_t millionths);

#endif
