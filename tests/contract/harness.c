/* The harness: the run of the cases, the loop's turns, and the gates. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    AGAIN_MAX = 4               /* runs of a case that left descriptors behind */
};

/* ---- the run ---- */

void test_fail(const struct test *test, const char *condition, const char *file, int line)
{
    printf("FAILED\n  %s:%d: %s\n", file, line, condition);
    for (const struct end *end = test->ends; end != NULL; end = end->next) {
        struct tenon_error error = {TENON_OK, 0};
        if (end->attached && !end->closed) {
            error = tenon_stream_error(&end->stream);
        }
        printf("  end %u: in %llu out %llu; connected %u %s, last %u %s, received %u %s, "
               "sent %u %s, closed %d %s; error %s %d\n",
               end->out_seed, (unsigned long long)end->in, (unsigned long long)end->out,
               end->connects, tenon_status_name(end->connected), end->lasts,
               tenon_status_name(end->last), end->receives, tenon_status_name(end->received),
               end->sends, tenon_status_name(end->sent), end->closed,
               tenon_status_name(end->closed_status), tenon_status_name(error.status),
               (int)error.native);
    }
    printf("%u passed, 1 failed; the rest was not run\n", test->passed);
    (void)fflush(stdout);
    exit(1);
}

enum tenon_status test_try_open(struct test *test, const struct tenon_loop_options *options,
                                struct tenon_loop **out)
{
    const struct surroundings *around = test->around;
    struct tenon_loop_options chosen = {0};
    if (options != NULL) {
        chosen = *options;
    }
    if (around->open != NULL) {
        return around->open(around, &chosen, out);
    }
    chosen.backend = around->backend;
    chosen.batch = chosen.batch == 0 ? around->batch : chosen.batch;
    return tenon_loop_open(&chosen, out);
}

struct tenon_loop *test_open_loop(struct test *test)
{
    struct tenon_loop *loop = NULL;
    enum tenon_status status = test_try_open(test, NULL, &loop);
    CHECK(test, status == TENON_OK && loop != NULL);
    return loop;
}

bool test_turn(struct test *test, int64_t limit)
{
    int64_t now = tenon_loop_now(test->loop);
    if (now >= limit) {
        return false;
    }
    test->turns++;
    if (test->other == NULL) {
        (void)tenon_loop_turn(test->loop, limit);
        return true;
    }
    (void)tenon_loop_turn(test->loop, now + TENON_MILLISECOND);
    (void)tenon_loop_turn(test->other, tenon_loop_now(test->other) + TENON_MILLISECOND);
    return true;
}

void test_pass(struct test *test, int64_t duration)
{
    int64_t limit = tenon_loop_now(test->loop) + duration;
    bool more = true;
    while (more) {
        more = test_turn(test, limit);
    }
}

void test_pass_quietly(struct test *test, int64_t duration, uint32_t turns_max)
{
    uint32_t turns = test->turns;
    test_pass(test, duration);
    CHECK(test, test->turns - turns <= turns_max);
}

void test_run(struct test *test)
{
    test->running = true;
    tenon_loop_run(test->loop);
    test->running = false;
}

void test_submit(struct test *test)
{
    CHECK(test, !test->submitting);
    test->submitting = true;
}

void test_submitted(struct test *test)
{
    test->submitting = false;
}

bool test_is_reset(const struct test *test, enum tenon_status status)
{
    return status == TENON_RESET || (status == TENON_END && !test->around->resets_are_exact);
}

void test_open(struct test *test, const struct surroundings *around)
{
    memset(test, 0, sizeof *test);
    test->around = around;
    test->loop = test_open_loop(test);
}

static void close_ends(struct test *test)
{
    for (struct end *end = test->ends; end != NULL; end = end->next) {
        end->act = NULL;
        if (end->connecting) {
            end_connect_cancel(end);
        }
        if (end->attached && !end->closed) {
            end_close(end, TENON_CLOSE_ABORT, 0);
        }
    }
    for (struct end *end = test->ends; end != NULL; end = end->next) {
        UNTIL(test, !end->connecting);
        if (end->attached && !end->closing) {
            end_close(end, TENON_CLOSE_ABORT, 0);
        }
        UNTIL(test, !end->attached || end->closed);
    }
}

/* Nothing is left. A look-up that was given up tells its loop once, at any time, that its thread
 * has ended: that is a message, and over with the next turn, as nothing else is. */
static void check_idle(struct test *test, struct tenon_loop *loop)
{
    bool pending = true;
    for (int i = 0; pending && i <= TENON_LOOKUPS_MAX; i++) {
        pending = tenon_loop_turn(loop, 0);
    }
    CHECK(test, !pending);
}

void test_close(struct test *test)
{
    close_ends(test);
    for (struct gate *gate = test->gates; gate != NULL; gate = gate->next) {
        gate->act = NULL;
        if (gate->listening && !gate->closed) {
            gate_close(gate, TENON_CLOSE_ABORT);
            UNTIL(test, gate->closed);
        }
        CHECK(test, !gate->accepting);
        while (gate->held_count > 0) {
            tenon_socket_discard(gate_take(gate));
        }
    }
    while (test->ends != NULL) {
        end_free(test->ends);
    }
    while (test->gates != NULL) {
        struct gate *gate = test->gates;
        test->gates = gate->next;
        free(gate);
    }
    check_idle(test, test->loop);
    if (test->other != NULL) {
        check_idle(test, test->other);
        tenon_loop_close(test->other);
        test->other = NULL;
    }
    tenon_loop_close(test->loop);
    test->loop = NULL;
}

/* How many descriptors it left behind. */
static int64_t run_once(const struct test_case *entry, const struct surroundings *around,
                        uint32_t passed)
{
    struct test test;
    int64_t before = 0;
    int64_t after = 0;
    if (around->descriptors != NULL) {
        before = around->descriptors(around);
    }
    test_open(&test, around);
    test.passed = passed;
    entry->run(&test);
    test_close(&test);
    if (around->descriptors != NULL) {
        after = around->descriptors(around);
    }
    return after - before;
}

static void run_case(const struct test_case *entry, const struct surroundings *around,
                     uint32_t passed)
{
    if (!around->quiet) {
        printf("%s ... ", entry->name);
        (void)fflush(stdout);
    }
    int64_t left = run_once(entry, around, passed);
    for (int i = 0; left > 0 && i < AGAIN_MAX; i++) {
        /* What a system keeps from the first use of something is no leak, nor are the threads that
         * its pool starts and ends when it likes: a leak grows each time. */
        printf("(%d descriptors more, again) ", (int)left);
        left = run_once(entry, around, passed);
    }
    struct test none = {0};
    none.passed = passed;
    CHECK(&none, left <= 0);
    if (!around->quiet) {
        printf("passed\n");
    }
}

static bool is_chosen(const char *name, char **chosen, int count)
{
    for (int i = 0; i < count; i++) {
        if (strncmp(name, chosen[i], strlen(chosen[i])) == 0) {
            return true;
        }
    }
    return count == 0;
}

uint32_t test_run_cases(const struct surroundings *around, const struct test_case *const *tables,
                        char **chosen, int chosen_count)
{
    uint32_t passed = 0;
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const struct test_case *entry = tables[i]; entry->name != NULL; entry++) {
            if (is_chosen(entry->name, chosen, chosen_count)) {
                run_case(entry, around, passed);
                passed++;
            }
        }
    }
    return passed;
}

static void list_cases(const struct test_case *const *tables)
{
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const struct test_case *entry = tables[i]; entry->name != NULL; entry++) {
            printf("%s\n", entry->name);
        }
    }
}

/* A backend that is part of the build and not of this machine. */
static bool is_missing(const char *backend)
{
    char why[160];
    struct tenon_error error = tenon_backend_error(backend);
    if (error.status != TENON_UNSUPPORTED) {
        return false;
    }
    tenon_error_format(error, why, sizeof why);
    printf("skipped: the backend %s: %s\n", backend, why);
    return true;
}

int test_main(int argc, char **argv, struct surroundings *around,
              const struct test_case *const *tables)
{
    int first = 1;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list_cases(tables);
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "--backend") == 0) {
        around->backend = argv[2];
        first = 3;
    }
    if (argc > first + 1 && strcmp(argv[first], "--batch") == 0) {
        around->batch = (uint32_t)strtoul(argv[first + 1], NULL, 10);
        first += 2;
    }
    if (first < argc && argv[first][0] == '-') {
        printf("usage: %s [--backend NAME] [--batch EVENTS] [CASE...] | --list\n", argv[0]);
        return 2;
    }
    if (around->backend != NULL && is_missing(around->backend)) {
        return 77;
    }
    uint32_t passed = test_run_cases(around, tables, argv + first, argc - first);
    printf("%u passed, 0 failed\n", passed);
    return passed > 0 ? 0 : 2;
}

/* ---- gates ---- */

static struct gate *gate_of(struct tenon_listener *listener)
{
    return (struct gate *)(void *)listener;
}

struct tenon_endpoint loopback(uint16_t port)
{
    struct tenon_endpoint endpoint = {0};
    endpoint.address.family = TENON_FAMILY_IPV4;
    endpoint.address.port = port;
    endpoint.address.ip[0] = 127;
    endpoint.address.ip[3] = 1;
    return endpoint;
}

struct gate *gate_new(struct test *test)
{
    struct gate *gate = calloc(1, sizeof *gate);
    CHECK(test, gate != NULL);
    gate->test = test;
    gate->answer = TENON_CONTINUE;
    gate->next = test->gates;
    test->gates = gate;
    return gate;
}

struct gate *gate_open(struct test *test)
{
    struct gate *gate = gate_new(test);
    struct tenon_endpoint endpoint = loopback(0);
    enum tenon_status status = gate_listen(gate, &endpoint);
    CHECK(test, status == TENON_OK);
    gate_accept(gate);
    return gate;
}

enum tenon_status gate_listen(struct gate *gate, const struct tenon_endpoint *endpoint)
{
    enum tenon_status status = tenon_listen(gate->test->loop, &gate->listener, endpoint, NULL);
    CHECK(gate->test, status == gate->listener.error.status);
    gate->listening = status == TENON_OK;
    return status;
}

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    struct gate *gate = gate_of(listener);
    struct test *test = gate->test;
    CHECK(test, !test->submitting);
    CHECK(test, gate->accepting && !gate->closed);
    if (status == TENON_CANCELED) {
        CHECK(test, gate->closing);
        gate->accepting = false;
        gate->lasts++;
        if (gate->closes_again) {
            gate_close(gate, TENON_CLOSE_ABORT);
        }
        return TENON_CONTINUE;
    }
    if (status == TENON_LIMIT) {
        gate->limits++;
    } else {
        CHECK(test, status == TENON_OK);
        CHECK(test, !gate->paused || gate->closing);
        CHECK(test, peer->family == listener->address.family);
        CHECK(test, peer->port != 0 || peer->family == TENON_FAMILY_PATH);
        CHECK(test, gate->held_count < GATE_HELD_MAX);
        gate->held[(gate->held_first + gate->held_count) % GATE_HELD_MAX] = socket;
        gate->held_count++;
        gate->accepted++;
        gate->peer_port = peer->port;
    }
    if (gate->act != NULL) {
        gate->act(gate);
    }
    gate->paused = gate->answer == TENON_PAUSE;
    return gate->answer;
}

void gate_accept(struct gate *gate)
{
    gate->accepting = true;
    test_submit(gate->test);
    tenon_listener_accept(&gate->listener, on_accept);
    test_submitted(gate->test);
}

void gate_resume(struct gate *gate)
{
    gate->paused = false;
    test_submit(gate->test);
    tenon_listener_resume(&gate->listener);
    test_submitted(gate->test);
}

static void on_listener_closed(struct tenon_listener *listener)
{
    struct gate *gate = gate_of(listener);
    CHECK(gate->test, !gate->test->submitting);
    CHECK(gate->test, gate->closing && !gate->closed && !gate->accepting);
    gate->closed = true;
    if (gate->act != NULL) {
        gate->act(gate);
    }
}

void gate_close(struct gate *gate, enum tenon_close_mode mode)
{
    gate->closing = true;
    test_submit(gate->test);
    tenon_listener_close(&gate->listener, mode, on_listener_closed);
    test_submitted(gate->test);
}

struct tenon_socket gate_take(struct gate *gate)
{
    CHECK(gate->test, gate->held_count > 0);
    struct tenon_socket socket = gate->held[gate->held_first];
    gate->held_first = (gate->held_first + 1) % GATE_HELD_MAX;
    gate->held_count--;
    return socket;
}

uint16_t gate_port(const struct gate *gate)
{
    return gate->listener.address.port;
}
