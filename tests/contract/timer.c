/* Timers: never early, in order, and what callbacks may do to each other (rule 11). */
#include "harness.h"
#include "suites.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    TIMER_COUNT = 10000
};

struct clock {
    struct test *test;
    struct ticker *tickers;
    int64_t last_when;
    int64_t latest;             /* how late the latest was */
    uint32_t runs;
    uint32_t restarts;
    uint32_t stops;
};

struct ticker {
    struct tenon_timer timer;   /* first: the callback finds the ticker by it */
    struct clock *clock;
    struct ticker *friend;
    struct tenon_loop *loop;
    int64_t when;
    uint32_t runs;
    bool stopped;
};

static struct ticker *ticker_of(struct tenon_timer *timer)
{
    return (struct ticker *)(void *)timer;
}

/* Reproducible, and as random as this needs. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void start(struct ticker *ticker, int64_t when,
                  void (*on_timer)(struct tenon_timer *timer))
{
    ticker->when = when;
    ticker->stopped = false;
    test_submit(ticker->clock->test);
    tenon_timer_start(ticker->loop, &ticker->timer, when, on_timer);
    test_submitted(ticker->clock->test);
    CHECK(ticker->clock->test, tenon_timer_started(&ticker->timer));
}

static void stop(struct ticker *ticker)
{
    tenon_timer_stop(ticker->loop, &ticker->timer);
    ticker->stopped = true;
    CHECK(ticker->clock->test, !tenon_timer_started(&ticker->timer));
}

static struct ticker ticker_make(struct clock *clock)
{
    struct ticker ticker = {0};
    ticker.clock = clock;
    ticker.loop = clock->test->loop;
    return ticker;
}

/* What holds in every callback of a timer. */
static struct ticker *check_run(struct tenon_timer *timer)
{
    struct ticker *ticker = ticker_of(timer);
    struct test *test = ticker->clock->test;
    int64_t late = tenon_loop_now(ticker->loop) - ticker->when;
    CHECK(test, !test->submitting && !ticker->stopped);
    CHECK(test, !tenon_timer_started(timer));
    CHECK(test, late >= 0);
    if (late > ticker->clock->latest) {
        ticker->clock->latest = late;
    }
    ticker->runs++;
    ticker->clock->runs++;
    return ticker;
}

static void on_timer(struct tenon_timer *timer)
{
    (void)check_run(timer);
}

/* In order; and some start again, some stop another one. */
static void on_random_timer(struct tenon_timer *timer)
{
    struct ticker *ticker = check_run(timer);
    struct clock *clock = ticker->clock;
    CHECK(clock->test, ticker->when >= clock->last_when);
    clock->last_when = ticker->when;
    size_t index = (size_t)(ticker - clock->tickers);
    if (index % 10 == 0 && ticker->runs == 1) {
        clock->restarts++;
        start(ticker, tenon_loop_now(ticker->loop) + 20 * TENON_MILLISECOND, on_random_timer);
    }
    struct ticker *friend = &clock->tickers[(index + TIMER_COUNT / 2) % TIMER_COUNT];
    if (index % 7 == 0 && tenon_timer_started(&friend->timer)) {
        clock->stops++;
        stop(friend);
    }
}

static void ten_thousand_in_random_order(struct test *test)
{
    struct clock clock = {0};
    uint32_t random = 1;
    clock.test = test;
    clock.tickers = calloc(TIMER_COUNT, sizeof *clock.tickers);
    CHECK(test, clock.tickers != NULL);
    for (size_t i = 0; i < TIMER_COUNT; i++) {
        struct ticker *ticker = &clock.tickers[i];
        *ticker = ticker_make(&clock);
        start(ticker, tenon_loop_now(test->loop) + next_random(&random) * 20, on_random_timer);
    }
    for (size_t i = 0; i < TIMER_COUNT; i += 3) {
        struct ticker *ticker = &clock.tickers[i];
        start(ticker, tenon_loop_now(test->loop) + next_random(&random) * 20, on_random_timer);
    }
    UNTIL(test, clock.runs + clock.stops == TIMER_COUNT + clock.restarts);
    test_pass(test, 5 * TENON_MILLISECOND);
    CHECK(test, clock.runs + clock.stops == TIMER_COUNT + clock.restarts);
    CHECK(test, clock.restarts > 0 && clock.stops > 0);
    if (!test->around->quiet) {
        printf("(latest %lld us) ", (long long)(clock.latest / TENON_MICROSECOND));
    }
    free(clock.tickers);
}

static void on_timer_stops_friend(struct tenon_timer *timer)
{
    struct ticker *ticker = check_run(timer);
    if (tenon_timer_started(&ticker->friend->timer)) {
        stop(ticker->friend);
    }
}

/* Both are due in one turn, and the first stops the second. */
static void stopped_by_another_in_the_same_turn(struct test *test)
{
    struct clock clock = {0};
    clock.test = test;
    struct ticker first = ticker_make(&clock);
    struct ticker second = ticker_make(&clock);
    int64_t now = tenon_loop_now(test->loop);
    first.friend = &second;
    second.friend = &first;
    start(&second, now, on_timer_stops_friend);
    start(&first, now, on_timer_stops_friend);
    test_pass(test, 2 * TENON_MILLISECOND);
    CHECK(test, clock.runs == 1 && first.runs + second.runs == 1);
}

static void on_timer_restarts(struct tenon_timer *timer)
{
    struct ticker *ticker = check_run(timer);
    CHECK(ticker->clock->test, ticker->clock->last_when < tenon_loop_now(ticker->loop));
    ticker->clock->last_when = tenon_loop_now(ticker->loop);
    if (ticker->runs < 100) {
        start(ticker, 0, on_timer_restarts);
    }
}

/* A time that has passed runs in the next turn: not in the same one, and without a wait. */
static void restarted_in_the_past_runs_in_the_next_turn(struct test *test)
{
    struct clock clock = {0};
    clock.test = test;
    clock.last_when = -1;
    struct ticker ticker = ticker_make(&clock);
    start(&ticker, 0, on_timer_restarts);
    for (uint32_t i = 1; i <= 100; i++) {
        (void)test_turn(test, TENON_FOREVER);
        CHECK(test, ticker.runs <= i);
    }
    UNTIL(test, ticker.runs == 100);
    CHECK(test, !tenon_timer_started(&ticker.timer));
}

static void stop_and_move(struct test *test)
{
    struct clock clock = {0};
    clock.test = test;
    struct ticker ticker = ticker_make(&clock);
    int64_t now = tenon_loop_now(test->loop);
    CHECK(test, !tenon_timer_started(&ticker.timer));
    stop(&ticker);
    start(&ticker, now + TENON_SECOND * 3600, on_timer);
    stop(&ticker);
    stop(&ticker);
    start(&ticker, now + TENON_SECOND * 3600, on_timer);
    start(&ticker, now + TENON_MILLISECOND, on_timer);
    UNTIL(test, ticker.runs == 1);
    now = tenon_loop_now(test->loop);
    start(&ticker, now + TENON_MILLISECOND, on_timer);
    start(&ticker, now + 20 * TENON_MILLISECOND, on_timer);
    UNTIL(test, ticker.runs == 2);
    CHECK(test, tenon_loop_now(test->loop) >= now + 20 * TENON_MILLISECOND);
}

/* Times on every scale are kept apart; the far ones neither run nor wake the loop for ever. */
static void far_times(struct test *test)
{
    static const int64_t scales[] = {
        TENON_MILLISECOND, TENON_SECOND, 60 * TENON_SECOND, 3600 * TENON_SECOND,
        86400 * TENON_SECOND, 365 * 86400 * TENON_SECOND, TENON_FOREVER / 2
    };
    enum { SCALE_COUNT = sizeof scales / sizeof scales[0] };
    struct clock clock = {0};
    struct ticker tickers[SCALE_COUNT + 1];
    int64_t now = tenon_loop_now(test->loop);
    clock.test = test;
    for (int i = 0; i < SCALE_COUNT; i++) {
        tickers[i] = ticker_make(&clock);
        start(&tickers[i], now + scales[i], on_timer);
    }
    tickers[SCALE_COUNT] = ticker_make(&clock);
    start(&tickers[SCALE_COUNT], TENON_FOREVER, on_timer);
    UNTIL(test, tickers[0].runs == 1);
    test_pass(test, 30 * TENON_MILLISECOND);
    CHECK(test, clock.runs == 1);
    for (int i = 1; i <= SCALE_COUNT; i++) {
        stop(&tickers[i]);
    }
}

static void on_timer_frees(struct tenon_timer *timer)
{
    struct ticker *ticker = check_run(timer);
    free(ticker);
}

static void frees_itself(struct test *test)
{
    struct clock clock = {0};
    clock.test = test;
    for (int i = 0; i < 100; i++) {
        struct ticker *ticker = malloc(sizeof *ticker);
        CHECK(test, ticker != NULL);
        *ticker = ticker_make(&clock);
        start(ticker, tenon_loop_now(test->loop) + i * 10 * TENON_MICROSECOND, on_timer_frees);
    }
    UNTIL(test, clock.runs == 100);
}

/* A wait for a timer is a wait: a loop that has only one turns a bounded number of times. */
static void waiting_does_not_spin(struct test *test)
{
    struct clock clock = {0};
    clock.test = test;
    struct ticker ticker = ticker_make(&clock);
    uint32_t turns = test->turns;
    start(&ticker, tenon_loop_now(test->loop) + 200 * TENON_MILLISECOND, on_timer);
    UNTIL(test, ticker.runs == 1);
    CHECK(test, test->turns - turns <= 20);
}

/* So small that the next is there whenever the reader looks. */
enum { SMALL_SEND = 1024 };

static void send_for_ever(struct end *end, enum end_event event)
{
    if (event == END_SENT) {
        end_send(end, SMALL_SEND);
    }
}

/* Streams that are always ready do not keep a timer from running. */
static void busy_peers_do_not_starve_it(struct test *test)
{
    struct clock clock = {0};
    clock.test = test;
    struct ticker ticker = ticker_make(&clock);
    for (int i = 0; i < 4; i++) {
        struct pair pair = pair_make(test);
        pair.peer->act = send_for_ever;
        end_receive_lent(pair.ours);
        end_send(pair.peer, SMALL_SEND);
    }
    for (uint32_t i = 1; i <= 10; i++) {
        start(&ticker, tenon_loop_now(test->loop) + 2 * TENON_MILLISECOND, on_timer);
        UNTIL(test, ticker.runs == i);
    }
    CHECK(test, clock.latest < TENON_SECOND);
}

const struct test_case timer_cases[] = {
    {"timer.ten_thousand_in_random_order", ten_thousand_in_random_order},
    {"timer.stopped_by_another_in_the_same_turn", stopped_by_another_in_the_same_turn},
    {"timer.restarted_in_the_past_runs_in_the_next_turn",
     restarted_in_the_past_runs_in_the_next_turn},
    {"timer.stop_and_move", stop_and_move},
    {"timer.far_times", far_times},
    {"timer.frees_itself", frees_itself},
    {"timer.waiting_does_not_spin", waiting_does_not_spin},
    {"timer.busy_peers_do_not_starve_it", busy_peers_do_not_starve_it},
    {NULL, NULL}
};
