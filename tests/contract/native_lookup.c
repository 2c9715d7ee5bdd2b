/* Look-ups and the race of their answers, with a name service of the test's own (rule 8). */
#include "native.h"
#include <string.h>
#include "testing.h"

enum {
    AT_ONCE = 20,       /* more than a loop runs */
    CANCELS = 200
};

static const int64_t patience = 20 * TENON_SECOND;
static const char *const name = "a.name.of.the.test";

/* The case's loop becomes one that asks our name service, which holds every answer back. */
static void use_own_service(struct test *test)
{
    tenon_loop_close(test->loop);
    enum tenon_status status = testing_loop_open_slow_lookup(test->around->backend, &test->loop);
    CHECK(test, status == TENON_OK);
}

static void await_no_lookup(struct test *test)
{
    CHECK(test, testing_lookup_await_idle(patience));
}

static struct tenon_address address(struct test *test, const char *text)
{
    struct tenon_address parsed;
    CHECK(test, tenon_address_parse(text, &parsed) == TENON_OK);
    return parsed;
}

static struct end *connect_to_name(struct test *test, uint16_t port,
                                   const struct tenon_connect_options *options)
{
    struct end *end = end_new(test);
    end_connect(end, name, port, options);
    return end;
}

/* Its memory is the library's: the connect completes, and the thread is left to itself. */
static void outlives_its_deadline(struct test *test)
{
    struct tenon_connect_options options = {0};
    use_own_service(test);
    options.timeout = 20 * TENON_MILLISECOND;
    int64_t start = tenon_loop_now(test->loop);
    struct end *end = connect_to_name(test, 1, &options);
    CHECK(test, testing_lookup_await_begun(1, patience));
    UNTIL(test, end->connects == 1);
    CHECK(test, end->connected == TENON_TIMED_OUT && end->connect.attempt_count == 0);
    CHECK(test, tenon_loop_now(test->loop) - start >= options.timeout);
    testing_lookup_release(TENON_OK, NULL, 0);
    await_no_lookup(test);
}

/* Cancelled before it answers, about when it answers, and the loop closed before it does. */
static void cancelled(struct test *test)
{
    struct tenon_address answer = address(test, "127.0.0.1");
    use_own_service(test);
    for (uint32_t i = 0; i < CANCELS; i++) {
        testing_lookup_hold();
        struct end *end = connect_to_name(test, 1, NULL);
        CHECK(test, testing_lookup_await_begun(i + 1, patience));
        if (i % 2 == 0) {
            testing_lookup_release(TENON_OK, &answer, 1);
        }
        if (i % 4 == 0) {
            await_no_lookup(test);
        }
        end_connect_cancel(end);
        UNTIL(test, end->connects == 1);
        CHECK(test, end->connected == TENON_CANCELED);
        testing_lookup_release(TENON_OK, &answer, 1);
    }
    testing_lookup_hold();
    struct end *last = connect_to_name(test, 1, NULL);
    end_connect_cancel(last);
    UNTIL(test, last->connects == 1);
    end_free(last);
    test_close(test);
    testing_lookup_release(TENON_OK, &answer, 1);
    CHECK(test, testing_lookup_await_begun(CANCELS + 1, patience));
    await_no_lookup(test);
    test->loop = test_open_loop(test);
}

/* More than a loop runs at once: the rest wait their turn, also when one of them is cancelled. */
static void more_than_run_at_once(struct test *test)
{
    struct end *ends[AT_ONCE];
    struct tenon_address answer = address(test, "127.0.0.1");
    use_own_service(test);
    struct gate *gate = gate_open(test);
    for (int i = 0; i < AT_ONCE; i++) {
        ends[i] = connect_to_name(test, gate_port(gate), NULL);
    }
    CHECK(test, testing_lookup_await_begun(TENON_LOOKUPS_MAX, patience));
    end_connect_cancel(ends[0]);
    end_connect_cancel(ends[AT_ONCE - 1]);
    UNTIL(test, ends[0]->connects == 1 && ends[AT_ONCE - 1]->connects == 1);
    testing_lookup_release(TENON_OK, &answer, 1);
    for (int i = 1; i < AT_ONCE - 1; i++) {
        UNTIL(test, ends[i]->connects == 1);
        CHECK(test, ends[i]->connected == TENON_OK);
    }
    await_no_lookup(test);
}

/* Those that are given up have their threads still: who tries again and again with short deadlines
 * while the name service hangs does not gather threads. */
static void given_up_ones_count(struct test *test)
{
    struct tenon_connect_options options = {0};
    struct tenon_address answer = address(test, "127.0.0.1");
    use_own_service(test);
    struct gate *gate = gate_open(test);
    for (uint32_t i = 0; i < TENON_LOOKUPS_MAX; i++) {
        struct end *end = connect_to_name(test, gate_port(gate), NULL);
        CHECK(test, testing_lookup_await_begun(i + 1, patience));
        end_connect_cancel(end);
        UNTIL(test, end->connects == 1 && end->connected == TENON_CANCELED);
    }
    options.timeout = 20 * TENON_MILLISECOND;
    for (int i = 0; i < 3; i++) {
        struct end *end = connect_to_name(test, gate_port(gate), &options);
        UNTIL(test, end->connects == 1);
        CHECK(test, end->connected == TENON_TIMED_OUT);
    }
    CHECK(test, !testing_lookup_await_begun(TENON_LOOKUPS_MAX + 1, 20 * TENON_MILLISECOND));
    struct end *last = connect_to_name(test, gate_port(gate), NULL);
    testing_lookup_release(TENON_OK, &answer, 1);
    UNTIL(test, last->connects == 1);
    CHECK(test, last->connected == TENON_OK);
    await_no_lookup(test);
}

static void failures(struct test *test)
{
    static const enum tenon_status statuses[] = {
        TENON_NOT_RESOLVED, TENON_RESOLVER_FAILED, TENON_LIMIT, TENON_SYSTEM
    };
    use_own_service(test);
    for (int i = 0; i < 4; i++) {
        testing_lookup_release(statuses[i], NULL, 0);
        struct end *end = connect_to_name(test, 1, NULL);
        UNTIL(test, end->connects == 1);
        CHECK(test, end->connected == statuses[i] && end->connect.attempts_begun == 0);
    }
    struct tenon_connect_options options = {0};
    struct tenon_address answer = address(test, "127.0.0.1");
    testing_lookup_release(TENON_OK, &answer, 1);
    options.family = TENON_FAMILY_IPV6;
    struct end *end = connect_to_name(test, 1, &options);
    UNTIL(test, end->connects == 1);
    CHECK(test, end->connected == TENON_NOT_RESOLVED);
    await_no_lookup(test);
}

/* IPv6 first, the families in turn; what failed says so, and the last one wins. */
static void every_attempt_is_reported(struct test *test)
{
    uint16_t port = 0;
    struct tenon_address answers[] = {
        address(test, "255.255.255.255"), address(test, "127.0.0.1"), address(test, "::1")
    };
    use_own_service(test);
    testing_lookup_release(TENON_OK, answers, 3);
    struct gate *gate = gate_open(test);
    struct end *end = connect_to_name(test, gate_port(gate), NULL);
    UNTIL(test, end->connects == 1);
    const struct tenon_attempt *attempts = end->connect.attempts;
    CHECK(test, end->connected == TENON_OK && end->connect.attempt_count == 3);
    CHECK(test, end->connect.winner == 2 && end->connect.attempts_begun == 3);
    CHECK(test, attempts[0].address.family == TENON_FAMILY_IPV6);
    CHECK(test, attempts[1].address.ip[0] == 255 && attempts[2].address.ip[0] == 127);
    CHECK(test, attempts[0].error.status != TENON_OK && attempts[1].error.status != TENON_OK);
    CHECK(test, attempts[2].error.status == TENON_OK);
    int64_t reserved = testing_raw_reserve(TENON_FAMILY_IPV4, &port);
    CHECK(test, reserved != TESTING_RAW_NONE);
    struct end *none = connect_to_name(test, port, NULL);
    UNTIL(test, none->connects == 1);
    CHECK(test, none->connected == TENON_REFUSED && none->connect.attempts_begun == 3);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(test, none->connect.attempts[i].error.status != TENON_OK);
        CHECK(test, none->connect.attempts[i].error.native != 0);
    }
    testing_raw_close(reserved);
    await_no_lookup(test);
}

static void sixteen_addresses(struct test *test)
{
    struct tenon_address answers[TENON_ATTEMPTS_MAX];
    uint16_t port = 0;
    for (int i = 0; i < TENON_ATTEMPTS_MAX; i++) {
        answers[i] = address(test, "127.0.0.1");
    }
    use_own_service(test);
    testing_lookup_release(TENON_OK, answers, TENON_ATTEMPTS_MAX);
    int64_t reserved = testing_raw_reserve(TENON_FAMILY_IPV4, &port);
    CHECK(test, reserved != TESTING_RAW_NONE);
    struct end *end = connect_to_name(test, port, NULL);
    UNTIL(test, end->connects == 1);
    CHECK(test, end->connected == TENON_REFUSED);
    CHECK(test, end->connect.attempts_begun == TENON_ATTEMPTS_MAX);
    testing_raw_close(reserved);
    await_no_lookup(test);
}

/* The first address does not answer: after the stagger the next is tried beside it, and wins. */
static void silent_address_loses_the_race(struct test *test)
{
    static const int64_t staggers[] = {20 * TENON_MILLISECOND, 0};
    struct testing_silent silent;
    if (!testing_silent_open(&silent, TENON_FAMILY_IPV6)) {
        native_without("a silent IPv6 port");
        return;
    }
    struct tenon_endpoint endpoint = loopback(silent.port);
    struct gate *gate = gate_new(test);
    CHECK(test, gate_listen(gate, &endpoint) == TENON_OK);
    gate_accept(gate);
    for (int i = 0; i < 2; i++) {
        struct tenon_connect_options options = {0};
        struct end *end = end_new(test);
        test_pass(test, TENON_MILLISECOND);     /* durations begin at the loop's now */
        int64_t start = tenon_loop_now(test->loop);
        int64_t least = staggers[i] > 0 ? staggers[i] : 250 * TENON_MILLISECOND;
        options.stagger = staggers[i];
        end_connect(end, "localhost", silent.port, &options);
        UNTIL(test, end->connects == 1);
        CHECK(test, end->connected == TENON_OK && end->connect.winner == 1);
        CHECK(test, end->connect.attempts[0].error.status == TENON_CANCELED);
        CHECK(test, tenon_loop_now(test->loop) - start >= least);
    }
    testing_silent_close(&silent);
}

/* This system's own service: `.invalid` is promised not to exist (RFC 6761). Where no service
 * answers, that is what it says. */
static void name_that_does_not_exist(struct test *test)
{
    struct end *end = end_new(test);
    end_connect(end, "no-such-host.invalid", 1, NULL);
    UNTIL(test, end->connects == 1);
    CHECK(test, end->connected == TENON_NOT_RESOLVED || end->connected == TENON_RESOLVER_FAILED);
}

const struct test_case lookup_cases[] = {
    {"lookup.outlives_its_deadline", outlives_its_deadline},
    {"lookup.cancelled", cancelled},
    {"lookup.more_than_run_at_once", more_than_run_at_once},
    {"lookup.given_up_ones_count", given_up_ones_count},
    {"lookup.failures", failures},
    {"lookup.every_attempt_is_reported", every_attempt_is_reported},
    {"lookup.silent_address_loses_the_race", silent_address_loses_the_race},
    {"lookup.sixteen_addresses", sixteen_addresses},
    {"lookup.name_that_does_not_exist", name_that_does_not_exist},
    {NULL, NULL}
};
