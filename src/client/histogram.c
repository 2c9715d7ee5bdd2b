/* A histogram of durations. */
#include "client/histogram.h"
#include <string.h>

enum {
    MILLION = 1000000
};

/* The place of the highest bit that is set: value is not 0. */
static unsigned highest_bit(uint64_t value)
{
    unsigned place = 0;
    for (unsigned half = 32; half > 0; half /= 2) {
        if (value >> half != 0) {
            value >>= half;
            place += half;
        }
    }
    return place;
}

/* How many low bits of a value its slot leaves out: none below two halves. */
static unsigned shift_of(uint64_t value)
{
    unsigned place = highest_bit(value | 1);
    return place > HISTOGRAM_HALF_BITS ? place - HISTOGRAM_HALF_BITS : 0;
}

/* A shifted value lies in the upper half of 0 to 255, but for the values that need no shift. */
static uint32_t slot_of(int64_t value)
{
    unsigned shift = shift_of((uint64_t)value);
    return (uint32_t)(HISTOGRAM_HALF * (uint64_t)shift + ((uint64_t)value >> shift));
}

static int64_t highest_of(uint32_t slot)
{
    uint32_t shift = slot < 2 * HISTOGRAM_HALF ? 0 : slot / HISTOGRAM_HALF - 1;
    uint64_t lowest = (uint64_t)(slot - HISTOGRAM_HALF * shift) << shift;
    return (int64_t)(lowest + (UINT64_C(1) << shift) - 1);
}

void histogram_clear(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

void histogram_record(struct histogram *histogram, int64_t value)
{
    value = value < 0 ? 0 : value > HISTOGRAM_VALUE_MAX ? HISTOGRAM_VALUE_MAX : value;
    if (histogram->count == 0 || value < histogram->min) {
        histogram->min = value;
    }
    if (value > histogram->max) {
        histogram->max = value;
    }
    histogram->count++;
    histogram->slots[slot_of(value)]++;
}

void histogram_merge(struct histogram *histogram, const struct histogram *from)
{
    if (from->count == 0) {
        return;
    }
    if (histogram->count == 0 || from->min < histogram->min) {
        histogram->min = from->min;
    }
    if (from->max > histogram->max) {
        histogram->max = from->max;
    }
    histogram->count += from->count;
    for (uint32_t i = 0; i < HISTOGRAM_SLOTS; i++) {
        histogram->slots[i] += from->slots[i];
    }
}

/* ceil(count * millionths / 10^6), at least 1, without a product that overflows. */
static uint64_t rank_of(uint64_t count, uint32_t millionths)
{
    uint64_t rest = count % MILLION * millionths;
    uint64_t rank = count / MILLION * millionths + rest / MILLION + (rest % MILLION != 0 ? 1 : 0);
    return rank == 0 ? 1 : rank;
}

int64_t histogram_percentile(const struct histogram *histogram, uint32_t millionths)
{
    uint64_t rank = rank_of(histogram->count, millionths);
    uint64_t counted = 0;
    for (uint32_t i = 0; i < HISTOGRAM_SLOTS; i++) {
        counted += histogram->slots[i];
        if (counted >= rank) {
            int64_t highest = highest_of(i);
            return highest < histogram->max ? highest : histogram->max;
        }
    }
    return histogram->max;
}
