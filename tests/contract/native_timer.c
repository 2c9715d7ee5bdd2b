/* Timers of a real system (rule 11): the simulator's waits have steps, as those of Windows have. */
#include "native.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    WAITS = 21
};

struct wait {
    struct tenon_timer timer;   /* first: the callback finds the wait by it */
    struct tenon_loop *loop;
    int64_t when;
    int64_t lateness;
    bool over;
};

static void on_timer(struct tenon_timer *timer)
{
    struct wait *wait = (struct wait *)(void *)timer;
    wait->lateness = tenon_loop_now(wait->loop) - wait->when;
    wait->over = true;
}

static int compare(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

/* A wait is not rounded up to a step of the system's clock, 15.6 ms on Windows: most of them are on
 * time. */
static void short_waits_are_not_rounded_up(struct test *test)
{
    int64_t latenesses[WAITS];
    for (uint32_t i = 0; i < WAITS; i++) {
        struct wait wait = {0};
        wait.loop = test->loop;
        wait.when = tenon_loop_now(test->loop) + 2 * TENON_MILLISECOND;
        tenon_timer_start(test->loop, &wait.timer, wait.when, on_timer);
        UNTIL(test, wait.over);
        latenesses[i] = wait.lateness;
    }
    qsort(latenesses, WAITS, sizeof latenesses[0], compare);
    printf("(median %lld us late) ", (long long)(latenesses[WAITS / 2] / TENON_MICROSECOND));
    CHECK(test, latenesses[WAITS / 2] < 8 * TENON_MILLISECOND);
}

const struct test_case native_timer_cases[] = {
    {"timer.short_waits_are_not_rounded_up", short_waits_are_not_rounded_up},
    {NULL, NULL},
};
