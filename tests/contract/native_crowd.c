/* Many peers at once: what a loop does for one of them, while the others want something too. */
#include "native.h"
#include <stdlib.h>
#include <tenon/process.h>
#include "testing.h"

enum {
    EVENTS_A_NEWCOMER = 24,
    CROWD = 256,
    ROUNDS = 6,
    CALM = 512,                 /* messages until the crowd is forgotten */
    COUNTED = 128
};

/* A loop with much to do takes in a share of those who wait. */
static void let_newcomers_in(struct test *test, uint32_t busy, uint32_t newcomers)
{
    struct raw *raws = calloc(busy, sizeof *raws);
    int64_t *waiting = calloc(newcomers, sizeof *waiting);
    CHECK(test, raws != NULL && waiting != NULL);
    for (uint32_t i = 0; i < busy; i++) {
        raws[i] = raw_pair(test, 0);
        end_receive_lent(raws[i].ours);
    }
    for (uint32_t i = 0; i < newcomers; i++) {
        waiting[i] = raw_peer(test, 0);
    }
    for (uint32_t at = 0; test->gate->accepted < busy + newcomers; at++) {
        CHECK(test, at * busy < newcomers * EVENTS_A_NEWCOMER);
        for (uint32_t i = 0; i < busy; i++) {
            raw_put(test, raws[i].socket, at, 1);
        }
        for (uint32_t i = 0; i < busy; i++) {
            UNTIL(test, raws[i].ours->in > at);
        }
    }
    for (uint32_t i = 0; i < busy; i++) {
        testing_raw_close(raws[i].socket);
        UNTIL(test, raws[i].ours->lasts == 1);
    }
    for (uint32_t i = 0; i < newcomers; i++) {
        testing_raw_close(waiting[i]);
    }
    free(raws);
    free(waiting);
}

/* Not one a turn. */
static void busy_loop_lets_newcomers_in(struct test *test)
{
    let_newcomers_in(test, 64, 24);
}

/* Nor what a turn accepts at most for a round of all the others. */
static void thousands_let_newcomers_in(struct test *test)
{
    enum { BUSY = 3000, NEWCOMERS = 480, DESCRIPTORS = 2 * (BUSY + NEWCOMERS) + 100 };
    uint64_t allowed = 0;
    CHECK(test, tenon_process_raise_descriptors(DESCRIPTORS, &allowed) == TENON_OK);
    if (allowed < DESCRIPTORS || testing_accepts_are_bounded()) {
        native_without(allowed < DESCRIPTORS ? "7,060 descriptors" : "more accepts under way");
        return;
    }
    let_newcomers_in(test, BUSY, NEWCOMERS);
}

/* Where lent bytes were, so many at most. */
struct places {
    const unsigned char *seen[CROWD];
    uint32_t count;
};

static void note_place(struct end *end, enum end_event event)
{
    struct places *places = end->context;
    uint32_t i = 0;
    if (event != END_DATA) {
        return;
    }
    while (i < places->count && places->seen[i] != end->lent) {
        i++;
    }
    if (i == places->count && places->count < CROWD) {
        places->seen[places->count++] = end->lent;
    }
}

/* A byte waits for each of them before one is asked for, and all are asked for at once. */
static void receive_at_once(struct test *test, struct raw *raws, size_t at)
{
    for (int i = 0; i < CROWD; i++) {
        raw_put(test, raws[i].socket, at, 1);
    }
    for (int i = 0; i < CROWD && at > 0; i++) {
        end_resume(raws[i].ours);
    }
    for (int i = 0; i < CROWD; i++) {
        UNTIL(test, raws[i].ours->in > at);
    }
}

static void receive_one_by_one(struct test *test, struct raw *raw, int count)
{
    for (int i = 0; i < count; i++) {
        size_t at = (size_t)raw->ours->in;
        raw_put(test, raw->socket, at, 1);
        UNTIL(test, raw->ours->in > at);
    }
}

/* Bytes come either into the loop's own memory, or into as many places as take some at once. Those
 * are few again when the crowd is over, so that they stay in the processor's cache. */
static void memory_for_as_many_as_receive(struct test *test)
{
    struct raw raws[CROWD];
    struct places places = {0};
    for (int i = 0; i < CROWD; i++) {
        raws[i] = raw_pair(test, 0);
        raws[i].ours->context = &places;
        raws[i].ours->act = note_place;
        raws[i].ours->answer = TENON_PAUSE;
        end_receive_lent(raws[i].ours);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        places.count = 0;
        receive_at_once(test, raws, i);
    }
    CHECK(test, places.count == 1 || places.count >= CROWD / 2);
    raws[0].ours->answer = TENON_CONTINUE;
    end_resume(raws[0].ours);
    receive_one_by_one(test, &raws[0], CALM);
    places.count = 0;
    receive_one_by_one(test, &raws[0], COUNTED);
    CHECK(test, places.count <= COUNTED / 2);
    for (int i = 0; i < CROWD; i++) {
        testing_raw_close(raws[i].socket);
        if (raws[i].ours->paused) {
            end_resume(raws[i].ours);
        }
        UNTIL(test, raws[i].ours->lasts == 1);
    }
}

const struct test_case crowd_cases[] = {
    {"crowd.busy_loop_lets_newcomers_in", busy_loop_lets_newcomers_in},
    {"crowd.thousands_let_newcomers_in", thousands_let_newcomers_in},
    {"crowd.memory_for_as_many_as_receive", memory_for_as_many_as_receive},
    {NULL, NULL}
};
