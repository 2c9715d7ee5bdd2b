/* The loop: its turn, its run, messages and two loops side by side (rules 3, 12, 13). */
#include "harness.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

struct note {
    struct tenon_message message;       /* first: the callback finds the note by it */
    struct test *test;
    uint32_t runs;
    uint32_t turn;
    uint32_t order;
    uint32_t *counter;
    uint32_t again;                     /* how often it posts itself */
    bool stops;
};

static void post(struct note *note, bool expected)
{
    test_submit(note->test);
    bool posted = tenon_post(note->test->loop, &note->message);
    test_submitted(note->test);
    CHECK(note->test, posted == expected);
}

static void on_note(struct tenon_message *message)
{
    struct note *note = (struct note *)(void *)message;
    CHECK(note->test, !note->test->submitting);
    CHECK(note->test, note->runs == 0 || note->test->running || note->turn < note->test->turns);
    note->runs++;
    note->turn = note->test->turns;
    if (note->counter != NULL) {
        note->order = (*note->counter)++;
    }
    if (note->again > 0) {
        note->again--;
        post(note, true);
        post(note, false);
    }
    if (note->stops) {
        tenon_loop_stop(note->test->loop);
    }
}

static struct note note_make(struct test *test)
{
    struct note note = {0};
    note.test = test;
    tenon_message_init(&note.message, on_note);
    return note;
}

/* Rule 12: posted twice it runs once, and the second post says so. */
static void message_runs_once(struct test *test)
{
    struct note note = note_make(test);
    post(&note, true);
    post(&note, false);
    post(&note, false);
    UNTIL(test, note.runs == 1);
    test_pass(test, TENON_MILLISECOND);
    CHECK(test, note.runs == 1);
    post(&note, true);
    UNTIL(test, note.runs == 2);
}

/* Re-posting during delivery is legal, runs in a later turn and does not starve the loop. */
static void message_posted_in_its_own_function(struct test *test)
{
    struct note note = note_make(test);
    note.again = 100;
    post(&note, true);
    UNTIL(test, note.runs == 101);
    CHECK(test, note.again == 0);
}

static void messages_run_in_order(struct test *test)
{
    enum { COUNT = 100 };
    struct note notes[COUNT];
    uint32_t counter = 0;
    for (int i = 0; i < COUNT; i++) {
        notes[i] = note_make(test);
        notes[i].counter = &counter;
    }
    for (int i = 0; i < COUNT; i++) {
        post(&notes[i], true);
    }
    UNTIL(test, counter == COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK(test, notes[i].order == i && notes[i].runs == 1);
    }
}

static void on_note_frees(struct tenon_message *message)
{
    struct note *note = (struct note *)(void *)message;
    (*note->counter)++;
    free(note);
}

static void message_frees_itself(struct test *test)
{
    uint32_t counter = 0;
    for (int i = 0; i < 10; i++) {
        struct note *note = malloc(sizeof *note);
        CHECK(test, note != NULL);
        *note = note_make(test);
        tenon_message_init(&note->message, on_note_frees);
        note->counter = &counter;
        post(note, true);
    }
    UNTIL(test, counter == 10);
}

/* Rule 13: run returns when nothing is pending, at once where nothing ever was. */
static void run_returns_when_nothing_is_pending(struct test *test)
{
    test_run(test);
    struct note note = note_make(test);
    note.again = 3;
    post(&note, true);
    test_run(test);
    CHECK(test, note.runs == 4);
    test_run(test);
}

static void end_when_both_are_over(struct end *end, enum end_event event)
{
    if (event == END_LAST) {
        end_close(end, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    }
}

static void run_lasts_as_long_as_its_streams(struct test *test)
{
    struct pair pair = pair_make(test);
    gate_close(test->gate, TENON_CLOSE_ABORT);
    pair.ours->act = end_when_both_are_over;
    pair.peer->act = end_when_both_are_over;
    end_receive_lent(pair.ours);
    end_receive_lent(pair.peer);
    end_put(pair.peer, 100);
    end_finish(pair.peer);
    test_run(test);
    CHECK(test, pair.ours->closed && pair.peer->closed && pair.ours->in == 100);
}

/* A stop before the run ends it after one turn that does not wait; it is then used up. */
static void stop_before_run(struct test *test)
{
    struct gate *gate = gate_open(test);
    struct note note = note_make(test);
    tenon_loop_stop(test->loop);
    tenon_loop_stop(test->loop);
    test_run(test);
    note.stops = true;
    post(&note, true);
    test_run(test);
    CHECK(test, note.runs == 1 && gate->listening);
}

struct stopper {
    struct tenon_timer timer;           /* first: the callback finds the stopper by it */
    struct test *test;
};

static void on_timer_stops(struct tenon_timer *timer)
{
    struct stopper *stopper = (struct stopper *)(void *)timer;
    tenon_loop_stop(stopper->test->loop);
}

static void stop_in_a_timer(struct test *test)
{
    struct stopper stopper = {{0}, test};
    struct gate *gate = gate_open(test);
    tenon_timer_start(test->loop, &stopper.timer, tenon_loop_now(test->loop), on_timer_stops);
    test_run(test);
    CHECK(test, !tenon_timer_started(&stopper.timer) && gate->listening);
}

static void turn_waits_until_its_time(struct test *test)
{
    struct gate *gate = gate_open(test);
    int64_t now = tenon_loop_now(test->loop);
    bool pending = tenon_loop_turn(test->loop, 0);
    CHECK(test, pending && gate->listening);
    int64_t until = now + 20 * TENON_MILLISECOND;
    while (tenon_loop_now(test->loop) < until) {
        pending = tenon_loop_turn(test->loop, until);
        CHECK(test, pending);
    }
    CHECK(test, tenon_loop_now(test->loop) < until + 10 * TENON_SECOND);
    int64_t wall = tenon_loop_wall(test->loop);
    CHECK(test, wall > INT64_C(1700000000) * TENON_SECOND || test->around->open != NULL);
}

static void options_are_checked(struct test *test)
{
    struct tenon_loop *loop = NULL;
    struct tenon_loop_options options = {0};
    options.backend = "no such backend";
    CHECK(test, tenon_loop_open(&options, &loop) == TENON_UNSUPPORTED && loop == NULL);
    options.lent_size = TENON_LENT_SIZE_MIN - 1;
    CHECK(test, test_try_open(test, &options, &loop) == TENON_INVALID && loop == NULL);
    options.lent_size = TENON_LENT_SIZE_MAX + 1;
    CHECK(test, test_try_open(test, &options, &loop) == TENON_INVALID && loop == NULL);
    options.lent_size = TENON_LENT_SIZE_MAX;
    options.batch = TENON_BATCH_MAX + 1;
    CHECK(test, test_try_open(test, &options, &loop) == TENON_INVALID && loop == NULL);
    options.batch = 1;
    CHECK(test, test_try_open(test, &options, &loop) == TENON_OK && loop != NULL);
    tenon_loop_close(loop);
}

static void backends_have_names(struct test *test)
{
    const char *own = tenon_loop_backend(test->loop);
    bool found = false;
    size_t count = 0;
    CHECK(test, own != NULL);
    CHECK(test, test->around->backend == NULL || strcmp(own, test->around->backend) == 0);
    while (tenon_backend_name(count) != NULL) {
        found = found || strcmp(tenon_backend_name(count), own) == 0;
        count++;
    }
    CHECK(test, tenon_backend_name(count + 1) == NULL);
    CHECK(test, found || test->around->open != NULL);
}

/* Many streams of a loop with these options get bytes and the end at once: all of it comes. */
static void everything_comes(struct test *test, const struct tenon_loop_options *options)
{
    enum { PAIRS = 100 };
    struct pair pairs[PAIRS];
    enum tenon_status status = test_try_open(test, options, &test->other);
    CHECK(test, status == TENON_OK);
    for (int i = 0; i < PAIRS; i++) {
        pairs[i] = pair_begin(test);
        end_attach(pairs[i].ours, test->other, gate_take(test->gate));
        end_receive_lent(pairs[i].ours);
    }
    test_pass(test, TENON_MILLISECOND);
    for (int i = 0; i < PAIRS; i++) {
        end_put(pairs[i].peer, 10);
        end_finish(pairs[i].peer);
    }
    for (int i = 0; i < PAIRS; i++) {
        UNTIL(test, pairs[i].ours->lasts == 1);
        CHECK(test, pairs[i].ours->in == 10 && pairs[i].ours->last == TENON_END);
    }
}

/* Also where the kernel has room for few events. */
static void batch_of_one(struct test *test)
{
    struct tenon_loop_options options = {0};
    options.batch = 1;
    everything_comes(test, &options);
}

/* Also where a backend has few buffers of its own, as they are large. */
static void large_buffers(struct test *test)
{
    struct tenon_loop_options options = {0};
    options.lent_size = TENON_LENT_SIZE_MAX;
    everything_comes(test, &options);
}

/* Rule 7: accepted on one loop, attached on another. */
static void stream_of_one_loops_listener_on_another(struct test *test)
{
    test->other = test_open_loop(test);
    struct pair pair = pair_begin(test);
    end_attach(pair.ours, test->other, gate_take(test->gate));
    end_receive_lent(pair.ours);
    end_receive_lent(pair.peer);
    end_put(pair.peer, 1000);
    end_put(pair.ours, 2000);
    UNTIL(test, pair.ours->in == 1000 && pair.peer->in == 2000);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    UNTIL(test, pair.peer->lasts == 1);
    end_close(pair.peer, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    UNTIL(test, pair.ours->closed && pair.peer->closed);
    CHECK(test, pair.ours->closed_status == TENON_OK);
}

/* Rule 3: many ready streams are delivered to in bounded portions, and all of them are. */
static void many_streams_are_all_served(struct test *test)
{
    enum { COUNT = 100 };
    struct pair pairs[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pairs[i] = pair_make(test);
        end_receive_lent(pairs[i].ours);
    }
    for (int round = 1; round <= 10; round++) {
        for (int i = 0; i < COUNT; i++) {
            end_put(pairs[i].peer, 100);
        }
        for (int i = 0; i < COUNT; i++) {
            UNTIL(test, pairs[i].ours->in == (uint64_t)round * 100);
        }
    }
}

const struct test_case loop_cases[] = {
    {"loop.message_runs_once", message_runs_once},
    {"loop.message_posted_in_its_own_function", message_posted_in_its_own_function},
    {"loop.messages_run_in_order", messages_run_in_order},
    {"loop.message_frees_itself", message_frees_itself},
    {"loop.run_returns_when_nothing_is_pending", run_returns_when_nothing_is_pending},
    {"loop.run_lasts_as_long_as_its_streams", run_lasts_as_long_as_its_streams},
    {"loop.stop_before_run", stop_before_run},
    {"loop.stop_in_a_timer", stop_in_a_timer},
    {"loop.turn_waits_until_its_time", turn_waits_until_its_time},
    {"loop.options_are_checked", options_are_checked},
    {"loop.backends_have_names", backends_have_names},
    {"loop.batch_of_one", batch_of_one},
    {"loop.large_buffers", large_buffers},
    {"loop.stream_of_one_loops_listener_on_another", stream_of_one_loops_listener_on_another},
    {"loop.many_streams_are_all_served", many_streams_are_all_served},
    {NULL, NULL}
};
