/* Receiving: the three kinds, their pauses and their ends (rules 2, 3, 5). */
#include "harness.h"
#include "suites.h"

static void lent_delivers_all_then_one_end(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_lent(pair.ours);
    for (int i = 0; i < 20; i++) {
        end_put(pair.peer, 1000);
        UNTIL(test, pair.ours->in == pair.peer->out);
    }
    end_finish(pair.peer);
    UNTIL(test, pair.ours->lasts == 1);
    CHECK(test, pair.ours->last == TENON_END);
    test_pass(test, 5 * TENON_MILLISECOND);
    CHECK(test, pair.ours->lasts == 1);
}

/* Rule 5: the buffer's size is the loop's option. One delivery a turn (rule 3) is the harness's. */
static void lent_size_is_an_option(struct test *test)
{
    struct tenon_loop_options options = {0};
    options.lent_size = TENON_LENT_SIZE_MIN;
    enum tenon_status status = test_try_open(test, &options, &test->other);
    CHECK(test, status == TENON_OK);
    struct pair pair = pair_begin(test);
    end_attach(pair.ours, test->other, gate_take(test->gate));
    end_receive_lent(pair.ours);
    end_put(pair.peer, 4000);
    UNTIL(test, pair.ours->in == 4000);
    CHECK(test, pair.ours->datas >= 4000 / TENON_LENT_SIZE_MIN);
}

/* After PAUSE nothing comes, not even the end; the resume brings it. */
static void pause_holds_and_resume_delivers(struct test *test)
{
    struct pair pair = pair_make(test);
    pair.ours->answer = TENON_PAUSE;
    end_receive_lent(pair.ours);
    end_put(pair.peer, 10);
    UNTIL(test, pair.ours->in == 10);
    end_put(pair.peer, 20);
    end_finish(pair.peer);
    test_pass(test, 10 * TENON_MILLISECOND);
    CHECK(test, pair.ours->in == 10 && pair.ours->lasts == 0);
    end_resume(pair.ours);
    UNTIL(test, pair.ours->in == 30);
    test_pass(test, 10 * TENON_MILLISECOND);
    CHECK(test, pair.ours->lasts == 0);
    end_resume(pair.ours);
    UNTIL(test, pair.ours->lasts == 1);
    CHECK(test, pair.ours->last == TENON_END);
}

static void resume_without_a_pause_does_nothing(struct test *test)
{
    struct pair pair = pair_make(test);
    end_resume(pair.ours);
    end_receive_lent(pair.ours);
    end_resume(pair.ours);
    end_resume(pair.ours);
    end_put(pair.peer, 10);
    UNTIL(test, pair.ours->in == 10);
    end_resume(pair.ours);
    test_pass(test, 5 * TENON_MILLISECOND);
    CHECK(test, pair.ours->datas == 1);
}

static void resume_friend(struct end *end, enum end_event event)
{
    if (event == END_DATA && end->friend->paused) {
        end_resume(end->friend);
    }
}

static void resume_from_another_streams_callback(struct test *test)
{
    struct pair first = pair_make(test);
    struct pair second = pair_make(test);
    first.ours->answer = TENON_PAUSE;
    end_receive_lent(first.ours);
    end_put(first.peer, 1);
    UNTIL(test, first.ours->paused);
    end_put(first.peer, 2);
    second.ours->friend = first.ours;
    second.ours->act = resume_friend;
    end_receive_lent(second.ours);
    end_put(second.peer, 1);
    UNTIL(test, first.ours->in == 3);
}

/* Rule 5, and the trap of edge-triggered events: data and end in one, before and after attach. */
static void data_and_end_in_one_event(struct test *test)
{
    for (int kind = READING_LENT; kind <= READING_SINGLE; kind++) {
        for (int early = 0; early < 2; early++) {
            struct pair pair = pair_begin(test);
            if (early == 0) {
                end_attach(pair.ours, test->loop, gate_take(test->gate));
                test_pass(test, TENON_MILLISECOND);
            }
            end_put(pair.peer, 7);
            end_finish(pair.peer);
            if (early == 1) {
                end_attach(pair.ours, test->loop, gate_take(test->gate));
            }
            if (kind == READING_SINGLE) {
                end_receive(pair.ours, 100);
                UNTIL(test, pair.ours->receives == 1);
                CHECK(test, pair.ours->received == TENON_OK);
                end_receive(pair.ours, 100);
                UNTIL(test, pair.ours->receives == 2);
                CHECK(test, pair.ours->received == TENON_END);
            } else {
                if (kind == READING_LENT) {
                    end_receive_lent(pair.ours);
                } else {
                    end_receive_ready(pair.ours);
                }
                UNTIL(test, pair.ours->lasts == 1);
                CHECK(test, pair.ours->last == TENON_END);
            }
            CHECK(test, pair.ours->in == 7);
        }
    }
}

/* The same with the subscription armed while both arrive, and with more data than one take has. */
static void data_and_end_while_armed(struct test *test)
{
    for (size_t size = 1; size <= 64 * 1024; size *= 4) {
        struct pair pair = pair_make(test);
        end_receive_lent(pair.ours);
        test_pass(test, TENON_MILLISECOND);
        end_put(pair.peer, size);
        end_finish(pair.peer);
        UNTIL(test, pair.ours->lasts == 1);
        CHECK(test, pair.ours->last == TENON_END && pair.ours->in == size);
        end_close(pair.ours, TENON_CLOSE_ABORT, 0);
        end_close(pair.peer, TENON_CLOSE_ABORT, 0);
        UNTIL(test, pair.ours->closed && pair.peer->closed);
    }
}

static void single_receives_of_one_byte(struct test *test)
{
    struct pair pair = pair_make(test);
    end_put(pair.peer, 300);
    end_finish(pair.peer);
    for (uint32_t i = 1; i <= 300; i++) {
        end_receive(pair.ours, 1);
        UNTIL(test, pair.ours->receives == i);
        CHECK(test, pair.ours->received == TENON_OK && pair.ours->in == i);
    }
    end_receive(pair.ours, 1);
    UNTIL(test, pair.ours->receives == 301);
    CHECK(test, pair.ours->received == TENON_END);
}

static void receive_again(struct end *end, enum end_event event)
{
    if (event == END_RECEIVED && end->received == TENON_OK) {
        end_receive(end, 100);
    }
}

/* A completion may start the next operation: the first is over when its callback begins. */
static void single_receive_started_in_its_completion(struct test *test)
{
    struct pair pair = pair_make(test);
    pair.ours->act = receive_again;
    end_receive(pair.ours, 100);
    end_put(pair.peer, 5000);
    end_finish(pair.peer);
    UNTIL(test, pair.ours->received == TENON_END);
    CHECK(test, pair.ours->in == 5000 && pair.ours->receives >= 51);
}

/* A single receive waits without the bytes, which come in parts. */
static void single_receive_takes_what_has_come(struct test *test)
{
    struct pair pair = pair_make(test);
    for (uint32_t i = 1; i <= 10; i++) {
        end_receive(pair.ours, END_CHUNK_MAX);
        test_pass(test, TENON_MILLISECOND);
        CHECK(test, pair.ours->receives == i - 1);
        end_put(pair.peer, i);
        UNTIL(test, pair.ours->receives == i);
        CHECK(test, pair.ours->in == pair.peer->out);
    }
}

static void take_three(struct end *end, enum end_event event)
{
    if (event == END_READY) {
        size_t taken = end_take(end, 3);
        CHECK(end->test, taken <= 3);
    }
}

/* Rule 5: the bytes stay in the kernel until try_receive takes them, a part at a time. */
static void ready_leaves_the_bytes(struct test *test)
{
    struct pair pair = pair_make(test);
    pair.ours->act = take_three;
    end_receive_ready(pair.ours);
    end_put(pair.peer, 30);
    end_finish(pair.peer);
    UNTIL(test, pair.ours->lasts == 1);
    CHECK(test, pair.ours->last == TENON_END && pair.ours->in == 30);
    CHECK(test, pair.ours->readies >= 10);
}

static void take_from_the_fifth_on(struct end *end, enum end_event event)
{
    if (event == END_READY && end->readies >= 5) {
        (void)end_take(end, 100);
    }
}

/* Who takes nothing and answers CONTINUE is called again in the next turn. */
static void ready_that_takes_nothing_comes_again(struct test *test)
{
    struct pair pair = pair_make(test);
    pair.ours->act = take_from_the_fifth_on;
    end_receive_ready(pair.ours);
    end_put(pair.peer, 50);
    UNTIL(test, pair.ours->in == 50);
    test_pass(test, 5 * TENON_MILLISECOND);
    CHECK(test, pair.ours->readies >= 5);
    CHECK(test, pair.ours->readies < 30);       /* not for ever, now that nothing is there: a few
                                                   calls may find nothing */
    end_finish(pair.peer);
    UNTIL(test, pair.ours->lasts == 1);
}

static void ready_pause_and_take_outside(struct test *test)
{
    struct pair pair = pair_make(test);
    size_t taken = end_try(pair.ours, 1);
    CHECK(test, taken == 1);
    pair.ours->act = take_three;
    pair.ours->answer = TENON_PAUSE;
    end_receive_ready(pair.ours);
    taken = end_take(pair.ours, 10);
    CHECK(test, taken == 0);
    end_put(pair.peer, 10);
    UNTIL(test, pair.ours->in == 3);
    test_pass(test, 5 * TENON_MILLISECOND);
    CHECK(test, pair.ours->readies == 1);
    taken = end_take(pair.ours, 2);
    CHECK(test, taken == 2);
    taken = end_take(pair.ours, 100);
    CHECK(test, taken == 5);
    taken = end_take(pair.ours, 100);
    CHECK(test, taken == 0);
    end_put(pair.peer, 4);
    test_pass(test, 5 * TENON_MILLISECOND);
    CHECK(test, pair.ours->readies == 1);
    pair.ours->answer = TENON_CONTINUE;
    end_resume(pair.ours);
    end_finish(pair.peer);
    UNTIL(test, pair.ours->lasts == 1);
    CHECK(test, pair.ours->in == 14 && pair.ours->last == TENON_END);
}

static void half_close_both_ways(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_lent(pair.ours);
    end_receive_lent(pair.peer);
    end_put(pair.peer, 100);
    end_finish(pair.peer);
    UNTIL(test, pair.ours->lasts == 1);
    end_put(pair.ours, 200);
    UNTIL(test, pair.peer->in == 200);
    end_put(pair.ours, 300);
    end_finish(pair.ours);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, pair.ours->last == TENON_END && pair.peer->last == TENON_END);
    CHECK(test, pair.ours->in == 100 && pair.peer->in == 500);
}

static void all_kinds_take_turns_on_one_stream(struct test *test)
{
    struct pair pair = pair_make(test);
    for (uint32_t i = 1; i <= 30; i++) {
        end_receive_lent(pair.ours);
        end_put(pair.peer, 11);
        UNTIL(test, pair.ours->in == pair.peer->out);
        end_receive_cancel(pair.ours);
        UNTIL(test, pair.ours->reading == READING_NOTHING);
        end_put(pair.peer, 12);
        end_receive(pair.ours, 100);
        UNTIL(test, pair.ours->in == pair.peer->out);
        end_receive_ready(pair.ours);
        end_put(pair.peer, 13);
        UNTIL(test, pair.ours->in == pair.peer->out);
        end_receive_cancel(pair.ours);
        UNTIL(test, pair.ours->reading == READING_NOTHING);
        CHECK(test, pair.ours->lasts == 2 * i && pair.ours->last == TENON_CANCELED);
    }
}

static void lent_again(struct end *end, enum end_event event)
{
    if (event == END_LAST && end->last == TENON_CANCELED) {
        end_receive_lent(end);
    }
}

static void subscribed_again_in_the_last_call(struct test *test)
{
    struct pair pair = pair_make(test);
    pair.ours->act = lent_again;
    end_receive_lent(pair.ours);
    for (int i = 0; i < 10; i++) {
        end_receive_cancel(pair.ours);
        end_put(pair.peer, 5);
        UNTIL(test, pair.ours->in == pair.peer->out);
    }
    end_finish(pair.peer);
    UNTIL(test, pair.ours->last == TENON_END);
}

/* A reset is reported in each state of the reader; what came before it is still delivered. */
static void reset_in_each_state(struct test *test)
{
    for (int state = 0; state < 4; state++) {
        struct pair pair = pair_make(test);
        if (state < 2) {
            end_receive_lent(pair.ours);
        }
        pair.ours->answer = state == 1 ? TENON_PAUSE : TENON_CONTINUE;
        if (state != 3) {
            end_put(pair.peer, 100);
        }
        if (state < 2) {
            UNTIL(test, pair.ours->in == 100);
        }
        end_close(pair.peer, TENON_CLOSE_ABORT, 0);
        UNTIL(test, pair.peer->closed);
        test_pass(test, TENON_MILLISECOND);
        if (state == 1) {
            pair.ours->answer = TENON_CONTINUE;
            end_resume(pair.ours);
        } else if (state >= 2) {
            end_receive_lent(pair.ours);
        }
        UNTIL(test, pair.ours->lasts == 1);
        CHECK(test, test_is_reset(test, pair.ours->last));
        if (test->around->resets_are_exact) {
            CHECK(test, pair.ours->in == pair.peer->out);
            CHECK(test, tenon_stream_error(&pair.ours->stream).status == TENON_RESET);
        }
    }
}

const struct test_case receive_cases[] = {
    {"receive.lent_delivers_all_then_one_end", lent_delivers_all_then_one_end},
    {"receive.lent_size_is_an_option", lent_size_is_an_option},
    {"receive.pause_holds_and_resume_delivers", pause_holds_and_resume_delivers},
    {"receive.resume_without_a_pause_does_nothing", resume_without_a_pause_does_nothing},
    {"receive.resume_from_another_streams_callback", resume_from_another_streams_callback},
    {"receive.data_and_end_in_one_event", data_and_end_in_one_event},
    {"receive.data_and_end_while_armed", data_and_end_while_armed},
    {"receive.single_receives_of_one_byte", single_receives_of_one_byte},
    {"receive.single_receive_started_in_its_completion", single_receive_started_in_its_completion},
    {"receive.single_receive_takes_what_has_come", single_receive_takes_what_has_come},
    {"receive.ready_leaves_the_bytes", ready_leaves_the_bytes},
    {"receive.ready_that_takes_nothing_comes_again", ready_that_takes_nothing_comes_again},
    {"receive.ready_pause_and_take_outside", ready_pause_and_take_outside},
    {"receive.half_close_both_ways", half_close_both_ways},
    {"receive.all_kinds_take_turns_on_one_stream", all_kinds_take_turns_on_one_stream},
    {"receive.subscribed_again_in_the_last_call", subscribed_again_in_the_last_call},
    {"receive.reset_in_each_state", reset_in_each_state},
    {NULL, NULL}
};
