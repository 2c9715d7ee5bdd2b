/* Sending: try_send, sends of pieces, what a full kernel and a failed stream do (rules 2, 4, 6). */
#include "harness.h"
#include "suites.h"

enum {
    MEBIBYTE = 1024 * 1024,
    MUCH = 16 * MEBIBYTE        /* more than a kernel buffers for a peer that does not read */
};

static void try_send_hands_over_at_once(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_lent(pair.peer);
    for (size_t size = 1; size <= 4096; size *= 2) {
        end_put(pair.ours, size);
    }
    CHECK(test, end_try(pair.ours, 0) == 0);
    UNTIL(test, pair.peer->in == pair.ours->out);
}

/* Sends of no piece, of empty pieces, of the greatest number of pieces. */
static void sends_of_many_pieces_and_of_none(struct test *test)
{
    struct pair pair = pair_make(test);
    const size_t empty[] = {0, 0, 0};
    const size_t mixed[] = {0, 1, 0, 0, 300, 0};
    size_t many[TENON_PIECES_MAX];
    for (size_t i = 0; i < TENON_PIECES_MAX; i++) {
        many[i] = 1 + i * 4000;
    }
    end_receive_lent(pair.peer);
    end_send_pieces(pair.ours, empty, 0);
    UNTIL(test, pair.ours->sends == 1);
    end_send_pieces(pair.ours, empty, 3);
    UNTIL(test, pair.ours->sends == 2);
    end_send_pieces(pair.ours, mixed, 6);
    UNTIL(test, pair.ours->sends == 3);
    end_send_pieces(pair.ours, many, TENON_PIECES_MAX);
    UNTIL(test, pair.ours->sends == 4 && pair.peer->in == pair.ours->out);
    CHECK(test, pair.ours->sent == TENON_OK);
}

static void send_again(struct end *end, enum end_event event)
{
    if (event == END_SENT && end->sends < 1000) {
        end_send(end, 1 + end->sends % 7);
    }
}

static void send_started_in_its_completion(struct test *test)
{
    struct pair pair = pair_make(test);
    pair.ours->act = send_again;
    end_receive_lent(pair.peer);
    end_send(pair.ours, 1);
    UNTIL(test, pair.ours->sends == 1000 && pair.peer->in == pair.ours->out);
}

/* Rule 6: a send is in flight until its callback, also where the kernel has it all already. */
static void try_send_during_a_send(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_lent(pair.peer);
    for (uint32_t i = 1; i <= 10; i++) {
        end_send(pair.ours, 10);
        CHECK(test, end_try(pair.ours, 10) == 0);
        UNTIL(test, pair.ours->sends == i);
        end_put(pair.ours, 10);
    }
    UNTIL(test, pair.peer->in == pair.ours->out);
}

/* Nothing overtakes a send in flight, and it completes with all bytes, not before. */
static void send_waits_for_a_peer_that_does_not_read(struct test *test)
{
    struct pair pair = pair_make(test);
    end_fill(pair.ours);
    CHECK(test, end_try(pair.ours, 1) == 0);
    CHECK(test, end_try(pair.ours, END_CHUNK_MAX) == 0);
    end_receive_lent(pair.peer);
    UNTIL(test, pair.ours->sends == 1 && pair.peer->in == pair.ours->out);
    CHECK(test, pair.ours->sent == TENON_OK);
    end_put(pair.ours, 1);
    UNTIL(test, pair.peer->in == pair.ours->out);
}

/* What a backend keeps of a try_send for its next wait meets a socket that has room for a part of
 * it, or for none: several in the same turn. */
static void a_few_bytes_each_turn_until_it_is_full(struct test *test)
{
    enum { FEW = 1999, PAIRS = 10, REFUSED_TURNS = 2 * PAIRS };
    struct pair pairs[PAIRS];
    uint32_t refused[PAIRS] = {0};      /* in so many turns */
    for (uint32_t i = 0; i < PAIRS; i++) {
        pairs[i] = pair_make(test);
    }
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < PAIRS; i++) {
            if (refused[i] < REFUSED_TURNS) {
                more = true;
                refused[i] = end_try(pairs[i].ours, FEW) == FEW ? 0 : refused[i] + 1;
            }
        }
        (void)test_turn(test, tenon_loop_now(test->loop) + 1);
    }
    for (uint32_t i = 0; i < PAIRS; i++) {
        end_receive_lent(pairs[i].peer);
        UNTIL(test, pairs[i].peer->in == pairs[i].ours->out);
        end_send(pairs[i].ours, FEW);
        end_finish(pairs[i].ours);
        UNTIL(test, pairs[i].peer->lasts == 1);
        CHECK(test, pairs[i].peer->last == TENON_END);
        CHECK(test, pairs[i].peer->in == pairs[i].ours->out);
    }
}

static void receive_again(struct end *end, enum end_event event)
{
    if (event == END_RECEIVED && !end->closing) {
        end_receive(end, 1);
    }
}

/* A loop may have more events in each turn than it collects: what a try_send has left with it is
 * over all the same, and so is the send behind that. */
static void a_few_bytes_beside_much_to_receive(struct test *test)
{
    enum { MANY = 8, ROUNDS = 3, TURNS = 10 * MANY };
    struct pair busy[MANY];
    struct pair pair = pair_make(test);
    end_receive_lent(pair.peer);
    for (uint32_t i = 0; i < MANY; i++) {
        busy[i] = pair_make(test);
        busy[i].ours->act = receive_again;
        end_put(busy[i].peer, END_CHUNK_MAX);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        end_receive(busy[i].ours, 1);
        UNTIL(test, busy[i].ours->receives > 0);
    }
    for (uint32_t i = 0; i < ROUNDS; i++) {
        end_put(pair.ours, 10);
        (void)test_turn(test, tenon_loop_now(test->loop) + 1);
        end_send(pair.ours, 10);
        for (uint32_t turn = 0; turn < TURNS; turn++) {
            (void)test_turn(test, tenon_loop_now(test->loop) + 1);
        }
        CHECK(test, pair.ours->sends == i + 1);
    }
    UNTIL(test, pair.peer->in == pair.ours->out);
    CHECK(test, busy[0].ours->in < END_CHUNK_MAX);
}

/* The peer reads a little at a time: the send goes on where it stopped, also within a piece. */
static void send_goes_on_bit_by_bit(struct test *test)
{
    struct pair pair = pair_make(test);
    size_t sizes[TENON_PIECES_MAX];
    size_t whole = 0;
    for (size_t i = 0; i < TENON_PIECES_MAX; i++) {
        sizes[i] = (size_t)MUCH / TENON_PIECES_MAX + i;
        whole += sizes[i];
    }
    end_send_pieces(pair.ours, sizes, TENON_PIECES_MAX);
    while (pair.peer->in < whole) {
        uint32_t receives = pair.peer->receives;
        end_receive(pair.peer, 50 * 1000);
        UNTIL(test, pair.peer->receives > receives);
        CHECK(test, pair.peer->received == TENON_OK);
    }
    UNTIL(test, pair.ours->sends == 1);
    CHECK(test, pair.ours->sent == TENON_OK);
}

static void send_next_mebibyte(struct end *end, enum end_event event)
{
    if (event == END_SENT && end->sends < 64) {
        end_send(end, MEBIBYTE);
    } else if (event == END_READY) {
        (void)end_take(end, END_CHUNK_MAX);
    }
}

static void both_ways_at_once(struct test *test)
{
    struct pair pair = pair_make(test);
    uint64_t all = UINT64_C(64) * MEBIBYTE;
    pair.ours->act = send_next_mebibyte;
    pair.peer->act = send_next_mebibyte;
    end_receive_lent(pair.ours);
    end_receive_ready(pair.peer);
    end_send(pair.ours, MEBIBYTE);
    end_send(pair.peer, MEBIBYTE);
    UNTIL(test, pair.ours->in == all && pair.peer->in == all);
    UNTIL(test, pair.ours->sends == 64 && pair.peer->sends == 64);
    CHECK(test, pair.ours->sent == TENON_OK && pair.peer->sent == TENON_OK);
}

static void echo_with_backpressure(struct test *test)
{
    struct pair pair = pair_make(test);
    pair.ours->act = end_echo;
    pair.ours->out_seed = pair.ours->in_seed;
    pair.peer->in_seed = pair.peer->out_seed;
    end_receive_lent(pair.ours);
    end_send(pair.peer, 2 * MUCH);
    test_pass(test, 20 * TENON_MILLISECOND);
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->sends == 1);
    end_finish(pair.peer);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, pair.peer->last == TENON_END && pair.ours->last == TENON_END);
    CHECK(test, pair.peer->in == 2 * MUCH);
}

/* The half-close waits for the send in flight. */
static void finish_during_a_send(struct test *test)
{
    struct pair pair = pair_make(test);
    end_fill(pair.ours);
    end_finish(pair.ours);
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, pair.peer->last == TENON_END && pair.ours->sent == TENON_OK);
    CHECK(test, pair.peer->in == pair.ours->out);
}

/* Rule 10: its own result or CANCELED, and the count of bytes a lower bound. */
static void cancelled_while_it_is_stuck(struct test *test)
{
    struct pair pair = pair_make(test);
    end_fill(pair.ours);
    uint64_t before = pair.ours->out;
    end_send_cancel(pair.ours);
    end_send_cancel(pair.ours);
    UNTIL(test, pair.ours->sends == 1);
    CHECK(test, pair.ours->sent == TENON_CANCELED);
    CHECK(test, end_try(pair.ours, 1) == 0);
    uint64_t least = before + pair.ours->send.sent;
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->in >= least);
    end_close(pair.ours, TENON_CLOSE_ABORT, 0);
    UNTIL(test, pair.ours->closed && pair.peer->lasts == 1);
    CHECK(test, pair.ours->closed_status == TENON_OK);
    CHECK(test, test_is_reset(test, pair.peer->last));
}

static void cancelled_when_it_may_have_ended(struct test *test)
{
    struct pair pair = pair_make(test);
    end_receive_lent(pair.peer);
    end_send(pair.ours, 100);
    end_send_cancel(pair.ours);
    UNTIL(test, pair.ours->sends == 1);
    CHECK(test, pair.ours->sent == TENON_OK || pair.ours->sent == TENON_CANCELED);
    if (pair.ours->sent == TENON_OK) {
        UNTIL(test, pair.peer->in == 100);
    }
    end_send_cancel(pair.ours);
}

/* Rule 6: the first failure is kept. A reset that try_send meets first never looks like an end. */
static void reset_met_by_try_send_is_never_an_end(struct test *test)
{
    struct pair pair = pair_make(test);
    end_close(pair.peer, TENON_CLOSE_ABORT, 0);
    UNTIL(test, pair.peer->closed);
    for (int i = 0; i < 100 && tenon_stream_error(&pair.ours->stream).status == TENON_OK; i++) {
        (void)end_try(pair.ours, 1);
        test_pass(test, TENON_MILLISECOND);
    }
    enum tenon_status kept = tenon_stream_error(&pair.ours->stream).status;
    CHECK(test, kept == TENON_RESET || (kept == TENON_OK && !test->around->resets_are_exact));
    if (kept == TENON_RESET) {
        CHECK(test, end_try(pair.ours, 1) == 0);
        end_send(pair.ours, 1);
        UNTIL(test, pair.ours->sends == 1);
        CHECK(test, pair.ours->sent == TENON_RESET);
        end_receive_lent(pair.ours);
        UNTIL(test, pair.ours->lasts == 1);
        CHECK(test, pair.ours->last == TENON_RESET);
        end_close(pair.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
        UNTIL(test, pair.ours->closed);
        CHECK(test, pair.ours->closed_status == TENON_RESET);
    }
}

/* The same met by a send that is stuck, and by a receive at once with it. */
static void reset_during_a_stuck_send(struct test *test)
{
    for (int reading = 0; reading < 2; reading++) {
        struct pair pair = pair_make(test);
        if (reading == 1) {
            end_receive_lent(pair.ours);
        }
        end_fill(pair.ours);
        end_close(pair.peer, TENON_CLOSE_ABORT, 0);
        UNTIL(test, pair.peer->closed && pair.ours->sends == 1);
        CHECK(test, pair.ours->sent == TENON_RESET);
        if (reading == 0) {
            end_receive_lent(pair.ours);
        }
        UNTIL(test, pair.ours->lasts == 1);
        CHECK(test, reading == 1 ? test_is_reset(test, pair.ours->last) :
                                   pair.ours->last == TENON_RESET);
        CHECK(test, tenon_stream_error(&pair.ours->stream).status == TENON_RESET);
    }
}

const struct test_case send_cases[] = {
    {"send.try_send_hands_over_at_once", try_send_hands_over_at_once},
    {"send.sends_of_many_pieces_and_of_none", sends_of_many_pieces_and_of_none},
    {"send.send_started_in_its_completion", send_started_in_its_completion},
    {"send.try_send_during_a_send", try_send_during_a_send},
    {"send.send_waits_for_a_peer_that_does_not_read", send_waits_for_a_peer_that_does_not_read},
    {"send.a_few_bytes_each_turn_until_it_is_full", a_few_bytes_each_turn_until_it_is_full},
    {"send.a_few_bytes_beside_much_to_receive", a_few_bytes_beside_much_to_receive},
    {"send.send_goes_on_bit_by_bit", send_goes_on_bit_by_bit},
    {"send.both_ways_at_once", both_ways_at_once},
    {"send.echo_with_backpressure", echo_with_backpressure},
    {"send.finish_during_a_send", finish_during_a_send},
    {"send.cancelled_while_it_is_stuck", cancelled_while_it_is_stuck},
    {"send.cancelled_when_it_may_have_ended", cancelled_when_it_may_have_ended},
    {"send.reset_met_by_try_send_is_never_an_end", reset_met_by_try_send_is_never_an_end},
    {"send.reset_during_a_stuck_send", reset_during_a_stuck_send},
    {NULL, NULL}
};
