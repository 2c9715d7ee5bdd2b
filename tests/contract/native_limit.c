/* Limits of the system: descriptors that run out, and thousands of connections at once. */
#include "native.h"
#include <stdio.h>
#include <stdlib.h>
#include <tenon/process.h>
#include "testing.h"

enum {
    WAITING = 32,
    TRIES_MAX = 20,             /* in 0.35 s without a descriptor */
    CONNECTIONS = 4000,
    DESCRIPTORS = 2 * CONNECTIONS + 100,
    AT_ONCE = 200
};

/* Lowers the limit to what is open; `previous` is what it was. False: this system has none. */
static bool use_up_descriptors(struct test *test, uint64_t *previous)
{
    if (!testing_limit_descriptors(0, previous)) {
        native_without("a limit of descriptors");
        return false;
    }
    int64_t open = testing_descriptors();
    CHECK(test, open > 0);
    CHECK(test, testing_limit_descriptors((uint64_t)open, previous));
    return true;
}

/* Rule 7: accepting pauses, says so, tries again at intervals instead of spinning, and goes on. */
static void accepting_recovers(struct test *test)
{
    int64_t raws[WAITING];
    uint64_t previous = 0;
    struct gate *gate = gate_new(test);
    struct tenon_endpoint endpoint = loopback(0);
    CHECK(test, gate_listen(gate, &endpoint) == TENON_OK);
    for (int i = 0; i < WAITING; i++) {
        raws[i] = testing_raw_connect(TENON_FAMILY_IPV4, gate_port(gate), 0, TENON_SECOND);
        CHECK(test, raws[i] != TESTING_RAW_NONE);
    }
    if (use_up_descriptors(test, &previous)) {
        gate_accept(gate);
        UNTIL(test, gate->limits == 1);
        CHECK(test, gate->accepted < WAITING);
        CHECK(test, gate->listener.error.status == TENON_LIMIT);
        test_pass_quietly(test, 350 * TENON_MILLISECOND, TRIES_MAX);
        CHECK(test, gate->limits <= TRIES_MAX);
        UNTIL(test, gate->limits >= 3);
        CHECK(test, testing_limit_descriptors(previous, &previous));
        UNTIL(test, gate->accepted == WAITING);
    }
    for (int i = 0; i < WAITING; i++) {
        testing_raw_close(raws[i]);
    }
}

/* The same with a close, either way, while it waits for its next try. */
static void closed_while_out_of_descriptors(struct test *test)
{
    for (int mode = TENON_CLOSE_GRACEFUL; mode <= TENON_CLOSE_ABORT; mode++) {
        uint64_t previous = 0;
        struct gate *gate = gate_new(test);
        struct tenon_endpoint endpoint = loopback(0);
        CHECK(test, gate_listen(gate, &endpoint) == TENON_OK);
        int64_t raws[WAITING];
        for (int i = 0; i < WAITING; i++) {
            raws[i] = testing_raw_connect(TENON_FAMILY_IPV4, gate_port(gate), 0, TENON_SECOND);
            CHECK(test, raws[i] != TESTING_RAW_NONE);
        }
        if (use_up_descriptors(test, &previous)) {
            gate_accept(gate);
            UNTIL(test, gate->limits == 1);
            gate_close(gate, (enum tenon_close_mode)mode);
            UNTIL(test, gate->closed);
            CHECK(test, gate->lasts == 1);
            CHECK(test, testing_limit_descriptors(previous, &previous));
        }
        for (int i = 0; i < WAITING; i++) {
            testing_raw_close(raws[i]);
        }
    }
}

static void opening_fails_with_limit(struct test *test)
{
    uint64_t previous = 0;
    struct end *end = end_new(test);
    struct gate *gate = gate_new(test);
    struct tenon_endpoint endpoint = loopback(0);
    struct tenon_loop_options options = {0};
    struct tenon_loop *loop = NULL;
    options.backend = test->around->backend;
    if (!use_up_descriptors(test, &previous)) {
        return;
    }
    /* What is free below the limit goes first. */
    int64_t raws[WAITING];
    int count = 0;
    raws[count] = testing_raw_listen(TENON_FAMILY_IPV4, 0, 1, 0);
    while (raws[count] != TESTING_RAW_NONE && count + 1 < WAITING) {
        count++;
        raws[count] = testing_raw_listen(TENON_FAMILY_IPV4, 0, 1, 0);
    }
    end_connect(end, "127.0.0.1", 1, NULL);
    UNTIL(test, end->connects == 1);
    CHECK(test, end->connected == TENON_LIMIT);
    CHECK(test, gate_listen(gate, &endpoint) == TENON_LIMIT);
    enum tenon_status status = tenon_loop_open(&options, &loop);
    if (status == TENON_OK) {
        tenon_loop_close(loop);     /* a backend without a descriptor of its own */
    }
    CHECK(test, status == TENON_LIMIT || status == TENON_OK);
    CHECK(test, testing_limit_descriptors(previous, &previous));
    for (int i = 0; i < count; i++) {
        testing_raw_close(raws[i]);
    }
}

/* Each accepted one at once becomes an end that echoes. */
static void accept_echo(struct gate *gate)
{
    if (gate->held_count > 0) {
        struct end *end = end_new(gate->test);
        end->act = end_echo;
        end_attach(end, gate->test->loop, gate_take(gate));
        end_receive_lent(end);
    }
}

static void four_thousand_connections(struct test *test)
{
    struct end **peers = calloc(CONNECTIONS, sizeof *peers);
    uint64_t allowed = 0;
    enum tenon_status status = tenon_process_raise_descriptors(DESCRIPTORS, &allowed);
    CHECK(test, peers != NULL && status == TENON_OK);
    uint32_t count = allowed < DESCRIPTORS ? (uint32_t)(allowed / 2 - 50) : CONNECTIONS;
    if (count < CONNECTIONS) {
        native_without("8,100 descriptors");
    }
    struct gate *gate = gate_open(test);
    gate->act = accept_echo;
    for (uint32_t i = 0; i < count; i++) {
        peers[i] = end_new(test);
        end_connect(peers[i], "127.0.0.1", gate_port(gate), NULL);
        if (i >= AT_ONCE) {
            UNTIL(test, peers[i - AT_ONCE]->connects == 1);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        UNTIL(test, peers[i]->connects == 1);
        CHECK(test, peers[i]->connected == TENON_OK);
        end_put(peers[i], 100);
        end_receive_lent(peers[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        UNTIL(test, peers[i]->in == 100);
        end_finish(peers[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        UNTIL(test, peers[i]->lasts == 1);
        CHECK(test, peers[i]->last == TENON_END);
    }
    CHECK(test, gate->accepted == count);
    free(peers);
}

const struct test_case limit_cases[] = {
    {"limit.accepting_recovers", accepting_recovers},
    {"limit.closed_while_out_of_descriptors", closed_while_out_of_descriptors},
    {"limit.opening_fails_with_limit", opening_fails_with_limit},
    {"limit.four_thousand_connections", four_thousand_connections},
    {NULL, NULL}
};
