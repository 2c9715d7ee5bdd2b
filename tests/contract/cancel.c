/* Cancelling: every operation ends once, whatever happens to it meanwhile (rules 2, 10). */
#include "harness.h"
#include "suites.h"

enum state {
    STATE_IDLE,
    STATE_LENT,
    STATE_LENT_PAUSED,
    STATE_READY,
    STATE_SINGLE,
    STATE_SENDING,
    STATE_SENDING_AND_LENT,
    STATE_COUNT
};

enum peer_act {
    PEER_NOTHING,
    PEER_SENDS,
    PEER_FINISHES,
    PEER_ABORTS,
    PEER_COUNT
};

enum our_act {
    OUR_RECEIVE_CANCEL,
    OUR_SEND_CANCEL,
    OUR_CLOSE_GRACEFUL,
    OUR_CLOSE_ABORT,
    OUR_CANCEL_AND_CLOSE,
    OUR_COUNT
};

static void enter_state(struct pair pair, enum state state)
{
    switch (state) {
    case STATE_IDLE:
    case STATE_COUNT:
        break;
    case STATE_LENT_PAUSED:
        pair.ours->answer = TENON_PAUSE;
        end_receive_lent(pair.ours);
        end_put(pair.peer, 1);
        UNTIL(pair.ours->test, pair.ours->paused);
        break;
    case STATE_LENT:
        end_receive_lent(pair.ours);
        break;
    case STATE_READY:
        end_receive_ready(pair.ours);
        break;
    case STATE_SINGLE:
        end_receive(pair.ours, 100);
        break;
    case STATE_SENDING:
        end_fill(pair.ours);
        break;
    case STATE_SENDING_AND_LENT:
        end_receive_lent(pair.ours);
        end_fill(pair.ours);
        break;
    }
}

static void act_peer(struct end *peer, enum peer_act act)
{
    switch (act) {
    case PEER_NOTHING:
    case PEER_COUNT:
        break;
    case PEER_SENDS:
        end_put(peer, 50);
        break;
    case PEER_FINISHES:
        end_finish(peer);
        break;
    case PEER_ABORTS:
        end_close(peer, TENON_CLOSE_ABORT, 0);
        break;
    }
}

static void act_ours(struct end *ours, enum our_act act)
{
    switch (act) {
    case OUR_RECEIVE_CANCEL:
        end_receive_cancel(ours);
        end_receive_cancel(ours);
        break;
    case OUR_SEND_CANCEL:
        end_send_cancel(ours);
        end_send_cancel(ours);
        break;
    case OUR_CLOSE_GRACEFUL:
        end_close(ours, TENON_CLOSE_GRACEFUL, 2 * TENON_MILLISECOND);
        break;
    case OUR_CANCEL_AND_CLOSE:
        end_receive_cancel(ours);
        end_send_cancel(ours);
        end_close(ours, TENON_CLOSE_ABORT, 0);
        break;
    case OUR_CLOSE_ABORT:
        end_close(ours, TENON_CLOSE_ABORT, 0);
        break;
    case OUR_COUNT:
        break;
    }
}

/* What the action asked for has ended; the rest is the end of the case. */
static bool act_is_over(const struct end *ours, enum our_act act)
{
    switch (act) {
    case OUR_RECEIVE_CANCEL:
        return ours->reading == READING_NOTHING;
    case OUR_SEND_CANCEL:
        return !ours->sending;
    case OUR_CLOSE_GRACEFUL:
    case OUR_CLOSE_ABORT:
    case OUR_CANCEL_AND_CLOSE:
        return ours->closed;
    case OUR_COUNT:
        break;
    }
    return false;
}

static void run_one(struct test *test, enum state state, enum peer_act peer_act,
                    enum our_act our_act, bool turn_between)
{
    struct pair pair = pair_make(test);
    enter_state(pair, state);
    act_peer(pair.peer, peer_act);
    if (turn_between) {
        UNTIL(test, peer_act != PEER_ABORTS || pair.peer->closed);
        (void)test_turn(test, tenon_loop_now(test->loop) + 1);
    }
    act_ours(pair.ours, our_act);
    UNTIL(test, act_is_over(pair.ours, our_act));
    if (!pair.ours->closed) {
        end_close(pair.ours, TENON_CLOSE_ABORT, 0);
    }
    if (!pair.peer->closed) {
        end_close(pair.peer, TENON_CLOSE_ABORT, 0);
    }
    UNTIL(test, pair.ours->closed && pair.peer->closed);
    end_free(pair.ours);
    end_free(pair.peer);
}

/* Each state of a stream, each act of its peer, each of ours, in one turn or with one between. */
static void each_state_with_each_act(struct test *test)
{
    for (int state = 0; state < STATE_COUNT; state++) {
        for (int peer_act = 0; peer_act < PEER_COUNT; peer_act++) {
            for (int our_act = 0; our_act < OUR_COUNT; our_act++) {
                run_one(test, (enum state)state, (enum peer_act)peer_act, (enum our_act)our_act,
                        false);
                run_one(test, (enum state)state, (enum peer_act)peer_act, (enum our_act)our_act,
                        true);
            }
        }
    }
}

/* Rule 10: cancelling a receive loses no byte; the harness compares the sequence. */
static void receives_lose_no_byte(struct test *test)
{
    struct pair pair = pair_make(test);
    for (uint32_t i = 0; i < 200; i++) {
        if (i % 3 == 0) {
            end_receive_lent(pair.ours);
        } else if (i % 3 == 1) {
            end_receive_ready(pair.ours);
        } else {
            end_receive(pair.ours, 1 + i);
        }
        if (i % 4 < 2) {
            end_put(pair.peer, 100);
        }
        if (i % 2 == 0) {
            (void)test_turn(test, tenon_loop_now(test->loop) + 1);
        }
        end_receive_cancel(pair.ours);
        if (i % 4 >= 2) {
            end_put(pair.peer, 100);
        }
        UNTIL(test, pair.ours->reading == READING_NOTHING);
    }
    while (pair.ours->in < pair.peer->out) {
        uint32_t receives = pair.ours->receives;
        end_receive(pair.ours, 1000);
        UNTIL(test, pair.ours->receives > receives);
        CHECK(test, pair.ours->received == TENON_OK);
    }
}

static void cancel_without_an_operation(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_cancel(pair.ours);
    end_send_cancel(pair.ours);
    test_pass(test, TENON_MILLISECOND);
    end_receive_lent(pair.ours);
    end_put(pair.peer, 10);
    UNTIL(test, pair.ours->in == 10);
    CHECK(test, pair.ours->lasts == 0);
}

static void cancel_self(struct end *end, enum end_event event)
{
    if (event == END_DATA || event == END_READY) {
        end_receive_cancel(end);
    }
}

/* Inside its own callback, with each answer: the answer no longer counts. */
static void receive_cancelled_in_its_own_callback(struct test *test)
{
    for (int flow = TENON_CONTINUE; flow <= TENON_PAUSE; flow++) {
        for (int ready = 0; ready < 2; ready++) {
            struct pair pair = pair_make(test);
            pair.ours->act = cancel_self;
            pair.ours->answer = (enum tenon_flow)flow;
            if (ready == 1) {
                end_receive_ready(pair.ours);
            } else {
                end_receive_lent(pair.ours);
            }
            end_put(pair.peer, 10);
            UNTIL(test, pair.ours->lasts == 1);
            CHECK(test, pair.ours->last == TENON_CANCELED);
            CHECK(test, pair.ours->datas + pair.ours->readies == 1);
        }
    }
}

static void cancel_friend(struct end *end, enum end_event event)
{
    if (event == END_DATA && end->friend->reading != READING_NOTHING) {
        end_receive_cancel(end->friend);
    }
}

/* Two with an event in the same batch, each of which cancels the other. */
static void receive_cancelled_with_an_event_in_the_batch(struct test *test)
{
    struct pair first = pair_make(test);
    struct pair second = pair_make(test);
    first.ours->friend = second.ours;
    second.ours->friend = first.ours;
    first.ours->act = cancel_friend;
    second.ours->act = cancel_friend;
    for (int i = 0; i < 20; i++) {
        end_receive_lent(first.ours);
        end_receive_lent(second.ours);
        test_pass(test, TENON_MILLISECOND);
        if (first.ours->reading != READING_NOTHING && second.ours->reading != READING_NOTHING) {
            end_put(first.peer, 10);
            end_put(second.peer, 10);
        }
        UNTIL(test, first.ours->reading == READING_NOTHING ||
                    second.ours->reading == READING_NOTHING);
        end_receive_cancel(first.ours);
        end_receive_cancel(second.ours);
        UNTIL(test, first.ours->reading == READING_NOTHING &&
                    second.ours->reading == READING_NOTHING);
    }
    first.ours->act = NULL;
    second.ours->act = NULL;
    end_receive_lent(first.ours);
    end_receive_lent(second.ours);
    UNTIL(test, first.ours->in == first.peer->out && second.ours->in == second.peer->out);
}

const struct test_case cancel_cases[] = {
    {"cancel.each_state_with_each_act", each_state_with_each_act},
    {"cancel.receives_lose_no_byte", receives_lose_no_byte},
    {"cancel.cancel_without_an_operation", cancel_without_an_operation},
    {"cancel.receive_cancelled_in_its_own_callback", receive_cancelled_in_its_own_callback},
    {"cancel.receive_cancelled_with_an_event_in_the_batch",
     receive_cancelled_with_an_event_in_the_batch},
    {NULL, NULL}
};
