/* Closing: what a graceful close keeps, when it gives up, and who may ask for it (rule 9). */
#include "harness.h"
#include "suites.h"

/* A reply, then a close on input that nobody has read: a plain close would reset the reply. */
static void reply_outlives_unread_input(struct test *test)
{
    struct pair pair = pair_make(test);
    end_put(pair.peer, 40000);
    test_pass(test, TENON_MILLISECOND);
    end_put(pair.ours, 500);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    test_pass(test, TENON_MILLISECOND);
    end_put(pair.peer, 40000);
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, pair.peer->last == TENON_END && pair.peer->in == 500);
    CHECK(test, !pair.ours->closed);
    end_close(pair.peer, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    UNTIL(test, pair.ours->closed && pair.peer->closed);
    CHECK(test, pair.ours->closed_status == TENON_OK && pair.peer->closed_status == TENON_OK);
}

static void graceful_finishes_the_send(struct test *test)
{
    struct pair pair = pair_make(test);
    end_fill(pair.ours);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, pair.peer->last == TENON_END && pair.peer->in == pair.ours->out);
    CHECK(test, pair.ours->sent == TENON_OK);
    end_finish(pair.peer);
    UNTIL(test, pair.ours->closed);
    CHECK(test, pair.ours->closed_status == TENON_OK);
}

static void graceful_after_the_peers_end(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_lent(pair.ours);
    end_finish(pair.peer);
    UNTIL(test, pair.ours->lasts == 1);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, 0);
    UNTIL(test, pair.ours->closed);
    CHECK(test, pair.ours->closed_status == TENON_OK);
}

static void both_ends_close_at_once(struct test *test)
{
    struct pair pair = pair_make(test);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    end_close(pair.peer, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    UNTIL(test, pair.ours->closed && pair.peer->closed);
    CHECK(test, pair.ours->closed_status == TENON_OK && pair.peer->closed_status == TENON_OK);
}

/* The deadline with everything sent: the connection ends plainly, and the peer has it all. */
static void deadline_with_the_send_finished(struct test *test)
{
    struct pair pair = pair_make(test);
    int64_t timeout = 30 * TENON_MILLISECOND;
    end_put(pair.peer, 5000);
    end_put(pair.ours, 500);
    int64_t start = tenon_loop_now(test->loop);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, timeout);
    UNTIL(test, pair.ours->closed);
    CHECK(test, pair.ours->closed_status == TENON_TIMED_OUT);
    CHECK(test, pair.ours->closed_time - start >= timeout);
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, pair.peer->last == TENON_END && pair.peer->in == 500);
}

/* The deadline with a send that is stuck: it is aborted, and the peer sees no end. */
static void deadline_with_the_send_stuck(struct test *test)
{
    struct pair pair = pair_make(test);
    end_fill(pair.ours);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, 30 * TENON_MILLISECOND);
    UNTIL(test, pair.ours->closed);
    CHECK(test, pair.ours->closed_status == TENON_TIMED_OUT);
    CHECK(test, pair.ours->sends == 1 && pair.ours->sent == TENON_CANCELED);
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, test_is_reset(test, pair.peer->last));
    CHECK(test, pair.peer->in < pair.ours->out);
}

static void limit_of_bytes(struct test *test)
{
    struct pair pair = pair_make(test);
    end_put(pair.ours, 500);
    end_receive_lent(pair.peer);
    end_send(pair.peer, 4 * 1024 * 1024);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    UNTIL(test, pair.ours->closed);
    CHECK(test, pair.ours->closed_status == TENON_LIMIT);
    UNTIL(test, pair.peer->lasts == 1 && pair.peer->sends == 1);
}

static void deadline_of_zero(struct test *test)
{
    struct pair pair = pair_make(test);
    end_put(pair.ours, 500);
    end_receive_lent(pair.peer);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, 0);
    UNTIL(test, pair.ours->closed && pair.peer->lasts == 1);
    CHECK(test, pair.ours->closed_status == TENON_TIMED_OUT);
    CHECK(test, pair.peer->last == TENON_END && pair.peer->in == 500);
}

static void abort_resets_the_peer(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_lent(pair.peer);
    end_close(pair.ours, TENON_CLOSE_ABORT, 0);
    UNTIL(test, pair.ours->closed && pair.peer->lasts == 1);
    CHECK(test, pair.ours->closed_status == TENON_OK);
    CHECK(test, test_is_reset(test, pair.peer->last));
}

/* Closing again: only an abort changes a graceful close; the callback stays one. */
static void closing_again(struct test *test)
{
    static const enum tenon_close_mode modes[4][2] = {
        {TENON_CLOSE_GRACEFUL, TENON_CLOSE_GRACEFUL},
        {TENON_CLOSE_GRACEFUL, TENON_CLOSE_ABORT},
        {TENON_CLOSE_ABORT, TENON_CLOSE_GRACEFUL},
        {TENON_CLOSE_ABORT, TENON_CLOSE_ABORT}
    };
    for (int i = 0; i < 4; i++) {
        for (int later = 0; later < 2; later++) {
            struct pair pair = pair_make(test);
            end_receive_lent(pair.ours);
            end_close(pair.ours, modes[i][0], TENON_FOREVER);
            if (later == 1) {
                test_pass(test, TENON_MILLISECOND);
            }
            if (!pair.ours->closed) {
                end_close(pair.ours, modes[i][1], 0);
            }
            if (i == 0) {
                test_pass(test, 5 * TENON_MILLISECOND);
                CHECK(test, !pair.ours->closed);
                end_finish(pair.peer);
            }
            UNTIL(test, pair.ours->closed);
            CHECK(test, pair.ours->closed_status == TENON_OK);
            CHECK(test, pair.ours->lasts == 1 && pair.ours->last == TENON_CANCELED);
        }
    }
}

/* An abort ends a graceful close whose send is stuck. */
static void abort_ends_a_stuck_graceful_close(struct test *test)
{
    struct pair pair = pair_make(test);
    end_fill(pair.ours);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    test_pass(test, 5 * TENON_MILLISECOND);
    CHECK(test, pair.ours->sends == 0 && !pair.ours->closed);
    end_close(pair.ours, TENON_CLOSE_ABORT, 0);
    UNTIL(test, pair.ours->closed);
    CHECK(test, pair.ours->sends == 1 && pair.ours->sent == TENON_CANCELED);
    CHECK(test, pair.ours->closed_status == TENON_OK);
}

/* The peer resets a close that waits for its end: the close says so. */
static void reset_during_a_graceful_close(struct test *test)
{
    struct pair pair = pair_make(test);
    end_close(pair.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    test_pass(test, TENON_MILLISECOND);
    end_close(pair.peer, TENON_CLOSE_ABORT, 0);
    UNTIL(test, pair.ours->closed && pair.peer->closed);
    CHECK(test, pair.ours->closed_status == TENON_RESET ||
                (pair.ours->closed_status == TENON_OK && !test->around->resets_are_exact));
}

struct closing {
    enum end_event event;
    enum tenon_close_mode mode;
};

static void close_at_event(struct end *end, enum end_event event)
{
    const struct closing *closing = end->context;
    if (event == END_READY) {
        (void)end_take(end, 10);
    }
    if (event == closing->event) {
        end_close(end, closing->mode, 10 * TENON_MILLISECOND);
    }
}

static void start_for_event(struct pair pair, enum end_event event)
{
    switch (event) {
    case END_DATA:
        end_receive_lent(pair.ours);
        end_put(pair.peer, 100);
        break;
    case END_READY:
        end_receive_ready(pair.ours);
        end_put(pair.peer, 100);
        break;
    case END_LAST:
        end_receive_lent(pair.ours);
        end_finish(pair.peer);
        break;
    case END_RECEIVED:
        end_receive(pair.ours, 10);
        end_put(pair.peer, 100);
        break;
    case END_SENT:
        end_send(pair.ours, 10);
        break;
    case END_CONNECTED:
    case END_CLOSED:
        break;
    }
}

/* Any callback of a stream may close it, either way. */
static void from_each_callback(struct test *test)
{
    for (int event = END_DATA; event <= END_SENT; event++) {
        for (int mode = TENON_CLOSE_GRACEFUL; mode <= TENON_CLOSE_ABORT; mode++) {
            struct closing closing = {(enum end_event)event, (enum tenon_close_mode)mode};
            struct pair pair = pair_make(test);
            pair.ours->act = close_at_event;
            pair.ours->context = &closing;
            start_for_event(pair, closing.event);
            UNTIL(test, pair.ours->closed);
            pair.ours->act = NULL;
        }
    }
}

static void from_the_connect_callback(struct test *test)
{
    struct closing closing = {END_CONNECTED, TENON_CLOSE_ABORT};
    struct end *end = end_new(test);
    test->gate = gate_open(test);
    end->act = close_at_event;
    end->context = &closing;
    end_connect(end, "127.0.0.1", gate_port(test->gate), NULL);
    UNTIL(test, end->closed);
}

/* The first of two with an event in the same batch ends the other and has it freed. */
static void end_the_friend(struct end *end, enum end_event event)
{
    if (event == END_CLOSED) {
        end_free(end);
    } else if (event == END_DATA && end->friend != NULL) {
        end->friend->friend = NULL;
        end_close(end->friend, TENON_CLOSE_ABORT, 0);
        end->friend = NULL;
    }
}

static void callback_ends_another_with_an_event_in_the_batch(struct test *test)
{
    for (int round = 0; round < 20; round++) {
        struct pair first = pair_make(test);
        struct pair second = pair_make(test);
        first.ours->friend = second.ours;
        second.ours->friend = first.ours;
        first.ours->act = end_the_friend;
        second.ours->act = end_the_friend;
        end_receive_lent(first.ours);
        end_receive_lent(second.ours);
        test_pass(test, TENON_MILLISECOND);
        end_put(round % 2 == 0 ? first.peer : second.peer, 10);
        end_put(round % 2 == 0 ? second.peer : first.peer, 10);
        end_receive_lent(first.peer);
        end_receive_lent(second.peer);
        UNTIL(test, first.peer->lasts + second.peer->lasts == 1);
    }
}

/* From the beginning of on_closed the memory is the caller's: a new stream may be made in it. */
static void attach_again(struct end *end, enum end_event event)
{
    if (event == END_CLOSED && end->test->gate->held_count > 0) {
        end->closed = false;
        end->closing = false;
        end->in = 0;
        end->in_seed = end->friend->out_seed;
        end_attach(end, end->test->loop, gate_take(end->test->gate));
        end_receive_lent(end);
    }
}

static void memory_is_used_again_in_on_closed(struct test *test)
{
    struct pair first = pair_make(test);
    struct pair second = pair_begin(test);
    first.ours->act = attach_again;
    first.ours->friend = second.peer;
    end_put(second.peer, 10);
    end_put(first.peer, 10);
    end_receive_lent(first.ours);
    end_close(first.ours, TENON_CLOSE_ABORT, 0);
    UNTIL(test, first.ours->in == 10 && first.ours->in_seed == second.peer->out_seed);
    CHECK(test, first.ours->lasts == 1);
}

/* A stream may be closed before its first turn, and right behind every kind of start. */
static void at_once_after_each_start(struct test *test)
{
    for (int event = END_DATA; event <= END_CONNECTED; event++) {
        for (int mode = TENON_CLOSE_GRACEFUL; mode <= TENON_CLOSE_ABORT; mode++) {
            struct pair pair = pair_make(test);
            start_for_event(pair, (enum end_event)event);
            end_close(pair.ours, (enum tenon_close_mode)mode, 5 * TENON_MILLISECOND);
            UNTIL(test, pair.ours->closed);
        }
    }
}

const struct test_case close_cases[] = {
    {"close.reply_outlives_unread_input", reply_outlives_unread_input},
    {"close.graceful_finishes_the_send", graceful_finishes_the_send},
    {"close.graceful_after_the_peers_end", graceful_after_the_peers_end},
    {"close.both_ends_close_at_once", both_ends_close_at_once},
    {"close.deadline_with_the_send_finished", deadline_with_the_send_finished},
    {"close.deadline_with_the_send_stuck", deadline_with_the_send_stuck},
    {"close.limit_of_bytes", limit_of_bytes},
    {"close.deadline_of_zero", deadline_of_zero},
    {"close.abort_resets_the_peer", abort_resets_the_peer},
    {"close.closing_again", closing_again},
    {"close.abort_ends_a_stuck_graceful_close", abort_ends_a_stuck_graceful_close},
    {"close.reset_during_a_graceful_close", reset_during_a_graceful_close},
    {"close.from_each_callback", from_each_callback},
    {"close.from_the_connect_callback", from_the_connect_callback},
    {"close.callback_ends_another_with_an_event_in_the_batch",
     callback_ends_another_with_an_event_in_the_batch},
    {"close.memory_is_used_again_in_on_closed", memory_is_used_again_in_on_closed},
    {"close.at_once_after_each_start", at_once_after_each_start},
    {NULL, NULL}
};
