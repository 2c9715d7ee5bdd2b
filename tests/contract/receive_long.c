/* Receiving on connections that have been in use for a while, where a backend may have a receive
 * under way that goes on, and from buffers that a backend's sends keep (rules 2, 3, 5). */
#include "harness.h"
#include "suites.h"

static struct pair pair_in_use(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_lent(pair.ours);
    for (int i = 0; i < 4; i++) {
        end_put(pair.peer, 10);
        UNTIL(test, pair.ours->in == pair.peer->out);
    }
    return pair;
}

static void pause_after_many_messages(struct test *test)
{
    struct pair pair = pair_in_use(test);
    pair.ours->answer = TENON_PAUSE;
    end_put(pair.peer, 10);
    UNTIL(test, pair.ours->in == pair.peer->out);
    end_put(pair.peer, 20);
    test_pass(test, 5 * TENON_MILLISECOND);
    end_put(pair.peer, 30);
    end_finish(pair.peer);
    test_pass(test, 5 * TENON_MILLISECOND);
    CHECK(test, pair.ours->in == 50 && pair.ours->lasts == 0);
    pair.ours->answer = TENON_CONTINUE;
    end_resume(pair.ours);
    UNTIL(test, pair.ours->lasts == 1);
    CHECK(test, pair.ours->in == 100 && pair.ours->last == TENON_END);
}

/* What has come and was not delivered is there for a receive of another kind. */
static void other_kinds_after_many_messages(struct test *test)
{
    for (int kind = READING_LENT; kind <= READING_SINGLE; kind++) {
        for (int resumes = 0; resumes < 2; resumes++) {
            struct pair pair = pair_in_use(test);
            end_put(pair.peer, 10);
            if (resumes) {
                pair.ours->answer = TENON_PAUSE;
                UNTIL(test, pair.ours->in == pair.peer->out);
                end_put(pair.peer, 10);
                pair.ours->answer = TENON_CONTINUE;
                end_resume(pair.ours);
            }
            end_receive_cancel(pair.ours);
            UNTIL(test, pair.ours->lasts == 1);
            end_put(pair.peer, 10);
            while (pair.ours->in < pair.peer->out) {
                uint64_t before = pair.ours->in;
                if (kind == READING_SINGLE) {
                    end_receive(pair.ours, 7);
                } else if (pair.ours->reading == READING_NOTHING) {
                    kind == READING_READY ? end_receive_ready(pair.ours)
                                          : end_receive_lent(pair.ours);
                }
                UNTIL(test, pair.ours->in > before);
            }
        }
    }
}

static void close_after_many_messages(struct test *test)
{
    for (int i = 0; i < 6; i++) {
        struct pair pair = pair_in_use(test);
        end_receive_lent(pair.peer);
        if (i % 3 > 0) {
            end_put(pair.peer, 100);
        }
        if (i % 3 > 1) {
            end_finish(pair.peer);
            test_pass(test, TENON_MILLISECOND);
        }
        end_put(pair.ours, 100);
        end_close(pair.ours, i < 3 ? TENON_CLOSE_GRACEFUL : TENON_CLOSE_ABORT, TENON_SECOND);
        UNTIL(test, pair.peer->lasts == 1);
        end_close(pair.peer, TENON_CLOSE_GRACEFUL, TENON_SECOND);
        UNTIL(test, pair.ours->closed && pair.peer->closed);
        CHECK(test, i >= 3 || (pair.peer->in == 100 && pair.ours->closed_status == TENON_OK));
    }
}

static void flood_after_many_messages(struct test *test)
{
    struct pair pair = pair_in_use(test);
    end_send(pair.peer, 1000000);
    UNTIL(test, pair.ours->in == 1000040);
    end_put(pair.peer, 10);
    UNTIL(test, pair.ours->in == pair.peer->out);
}

/* The same lent bytes to several streams, in parts: they stay as they are until the callback is
 * over, whoever has sent them by then. */
static void relay_to_three(struct end *end, enum end_event event)
{
    struct end *second = end->friend;
    struct end *third = second->friend;
    if (event != END_DATA) {
        return;
    }
    for (size_t at = 0; at < 30; at += 10) {
        size_t sent = end_relay(end, end, at, 10);
        CHECK(end->test, sent == 10);
    }
    for (size_t at = 10; at < 30; at += 10) {
        size_t sent = end_relay(second, end, at, 10) + end_relay(third, end, at, 10);
        CHECK(end->test, sent == 20);
    }
}

static void lent_bytes_go_to_three_streams(struct test *test)
{
    struct pair pairs[3] = {pair_make(test), pair_make(test), pair_make(test)};
    for (int i = 0; i < 3; i++) {
        pairs[i].peer->in_seed = pairs[0].peer->out_seed;
        pairs[i].peer->in = i == 0 ? 0 : 10;
        pairs[i].ours->friend = pairs[(i + 1) % 3].ours;
        end_receive_lent(pairs[i].peer);
    }
    pairs[0].ours->act = relay_to_three;
    end_put(pairs[0].peer, 30);
    end_receive_lent(pairs[0].ours);
    UNTIL(test, pairs[0].peer->in == 30 && pairs[1].peer->in == 30 && pairs[2].peer->in == 30);
}

const struct test_case receive_long_cases[] = {
    {"receive.pause_after_many_messages", pause_after_many_messages},
    {"receive.other_kinds_after_many_messages", other_kinds_after_many_messages},
    {"receive.close_after_many_messages", close_after_many_messages},
    {"receive.flood_after_many_messages", flood_after_many_messages},
    {"receive.lent_bytes_go_to_three_streams", lent_bytes_go_to_three_streams},
    {NULL, NULL}
};
