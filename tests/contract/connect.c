/* Connecting: by address and by name, the race of the addresses, and how it fails (rule 8). */
#include "harness.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>

enum {
    MANY = 200
};

/* A port that nobody listens on, and that nobody is given meanwhile: a connected stream has it. */
static uint16_t closed_port(struct test *test)
{
    struct gate *gate = gate_open(test);
    struct end *end = end_new(test);
    end_connect(end, "127.0.0.1", gate_port(gate), NULL);
    UNTIL(test, end->connects == 1 && gate->accepted == 1);
    CHECK(test, end->connected == TENON_OK);
    return gate->peer_port;
}

static struct end *connect_to(struct test *test, const char *host, uint16_t port,
                              const struct tenon_connect_options *options)
{
    struct end *end = end_new(test);
    end_connect(end, host, port, options);
    UNTIL(test, end->connects == 1);
    return end;
}

static void to_a_numeric_address(struct test *test)
{
    struct gate *gate = gate_open(test);
    struct tenon_endpoint endpoint = loopback(gate_port(gate));
    struct end *end = connect_to(test, "127.0.0.1", gate_port(gate), NULL);
    CHECK(test, end->connected == TENON_OK);
    CHECK(test, end->connect.attempt_count == 1 && end->connect.winner == 0);
    CHECK(test, tenon_address_equal(&end->connect.attempts[0].address, &endpoint.address));
    UNTIL(test, gate->accepted == 1);
}

static void to_an_ipv6_address(struct test *test)
{
    struct gate *gate = gate_new(test);
    struct tenon_endpoint endpoint = {0};
    CHECK(test, tenon_address_parse("::1", &endpoint.address) == TENON_OK);
    enum tenon_status status = gate_listen(gate, &endpoint);
    if (status == TENON_ADDRESS_NOT_AVAILABLE || status == TENON_FAMILY_UNSUPPORTED) {
        printf("(no IPv6) ");
        return;
    }
    CHECK(test, status == TENON_OK);
    gate_accept(gate);
    struct end *numeric = connect_to(test, "::1", gate_port(gate), NULL);
    struct end *name = connect_to(test, "localhost", gate_port(gate), NULL);
    CHECK(test, numeric->connected == TENON_OK && name->connected == TENON_OK);
    CHECK(test, name->connect.winner == 0 && name->connect.attempts_begun == 1);
    UNTIL(test, gate->accepted == 2);
    struct end *unspecified = connect_to(test, "::", gate_port(gate), NULL);
    CHECK(test, unspecified->connected == TENON_OK);
    /* An IPv6 listener takes no IPv4 connection. */
    struct end *other = connect_to(test, "127.0.0.1", gate_port(gate), NULL);
    CHECK(test, other->connected == TENON_REFUSED);
}

/* localhost is ::1 and 127.0.0.1, and nobody is on ::1: the other one wins, the failure is kept. */
static void race_is_won_by_the_family_that_answers(struct test *test)
{
    static const char *const names[] = {"localhost", NULL, "LOCALHOST", "localhost."};
    struct gate *gate = gate_open(test);
    for (int i = 0; i < 4; i++) {
        struct end *end = connect_to(test, names[i], gate_port(gate), NULL);
        CHECK(test, end->connected == TENON_OK);
        CHECK(test, end->connect.attempt_count == 2 && end->connect.winner == 1);
        const struct tenon_attempt *first = &end->connect.attempts[0];
        CHECK(test, first->address.family == TENON_FAMILY_IPV6 && first->begun);
        CHECK(test, first->error.status != TENON_OK);
        CHECK(test, end->connect.attempts[1].error.status == TENON_OK);
    }
}

static void unspecified_address_is_the_loopback(struct test *test)
{
    struct gate *gate = gate_open(test);
    struct end *end = connect_to(test, "0.0.0.0", gate_port(gate), NULL);
    CHECK(test, end->connected == TENON_OK);
}

static void refused(struct test *test)
{
    uint16_t port = closed_port(test);
    struct end *end = connect_to(test, "127.0.0.1", port, NULL);
    CHECK(test, end->connected == TENON_REFUSED);
    CHECK(test, end->connect.error.native != 0 || test->around->open != NULL);
    end = connect_to(test, "localhost", port, NULL);
    CHECK(test, end->connected == TENON_REFUSED);
    CHECK(test, end->connect.attempts_begun == 2);
    for (int i = 0; i < 2; i++) {
        CHECK(test, end->connect.attempts[i].begun);
        CHECK(test, end->connect.attempts[i].error.status != TENON_OK);
    }
}

static void family_is_an_option(struct test *test)
{
    struct gate *gate = gate_open(test);
    struct tenon_connect_options options = {0};
    options.family = TENON_FAMILY_IPV4;
    struct end *end = connect_to(test, "localhost", gate_port(gate), &options);
    CHECK(test, end->connected == TENON_OK && end->connect.attempt_count == 1);
    options.family = TENON_FAMILY_IPV6;
    end = connect_to(test, "127.0.0.1", gate_port(gate), &options);
    CHECK(test, end->connected == TENON_NOT_RESOLVED);
    end = connect_to(test, "localhost", gate_port(gate), &options);
    CHECK(test, end->connected != TENON_OK && end->connect.attempt_count == 1);
}

/* What fails at once completes in a turn all the same (rule 3, by the harness). */
static void hosts_that_are_invalid(struct test *test)
{
    char name[TENON_HOST_MAX + 2];
    char path[TENON_PATH_MAX + 7];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    memset(path, 'a', sizeof path);
    memcpy(path, "unix:", 5);
    path[sizeof path - 1] = '\0';
    struct end *end = connect_to(test, name, 1, NULL);
    CHECK(test, end->connected == TENON_INVALID);
    end = connect_to(test, path, 1, NULL);
    CHECK(test, end->connected == TENON_INVALID || end->connected == TENON_UNSUPPORTED);
    end = connect_to(test, "unix:", 1, NULL);
    CHECK(test, end->connected == TENON_INVALID || end->connected == TENON_UNSUPPORTED);
}

/* Cancelled at once, after a turn, twice: one completion, and the stream may be used again. */
static void cancelled(struct test *test)
{
    struct gate *gate = gate_open(test);
    for (int turns = 0; turns < 3; turns++) {
        struct end *end = end_new(test);
        end_connect(end, turns == 2 ? "localhost" : "127.0.0.1", gate_port(gate), NULL);
        for (int i = 0; i < turns && end->connecting; i++) {
            (void)test_turn(test, tenon_loop_now(test->loop) + 1);
        }
        if (end->connecting) {
            end_connect_cancel(end);
            end_connect_cancel(end);
        }
        UNTIL(test, end->connects == 1);
        CHECK(test, end->connected == TENON_OK || end->connected == TENON_CANCELED);
        if (end->connected == TENON_CANCELED) {
            end_connect(end, "127.0.0.1", gate_port(gate), NULL);
            UNTIL(test, end->connects == 2);
            CHECK(test, end->connected == TENON_OK);
        }
    }
}

/* Whichever comes first; it completes once, and nothing of the attempt is left. */
static void deadline_at_once(struct test *test)
{
    struct gate *gate = gate_open(test);
    struct tenon_connect_options options = {0};
    options.timeout = 1;
    for (int i = 0; i < 20; i++) {
        struct end *end = connect_to(test, i % 2 == 0 ? "127.0.0.1" : "localhost",
                                     gate_port(gate), &options);
        CHECK(test, end->connected == TENON_OK || end->connected == TENON_TIMED_OUT);
    }
}

static void connect_again(struct end *end, enum end_event event)
{
    if (event == END_CONNECTED && end->connected != TENON_OK) {
        end_connect(end, "127.0.0.1", gate_port(end->test->gate), NULL);
    } else if (event == END_CONNECTED) {
        end_receive_lent(end);
    }
}

/* From the beginning of the completion the connect and the stream are the caller's again. */
static void started_again_in_its_completion(struct test *test)
{
    struct end *end = end_new(test);
    test->gate = gate_open(test);
    uint16_t port = closed_port(test);
    end->act = connect_again;
    end_connect(end, "127.0.0.1", port, NULL);
    UNTIL(test, end->connects == 2);
    CHECK(test, end->connected == TENON_OK);
    UNTIL(test, test->gate->held_count == 1);
    tenon_socket_discard(gate_take(test->gate));
    UNTIL(test, end->lasts == 1);
}

static void many_at_once(struct test *test)
{
    struct end *ends[MANY];
    struct gate *gate = gate_open(test);
    uint16_t port = closed_port(test);
    for (int i = 0; i < MANY; i++) {
        ends[i] = end_new(test);
        end_connect(ends[i], i % 2 == 0 ? "localhost" : "127.0.0.1",
                    i % 10 == 9 ? port : gate_port(gate), NULL);
        if (i % 10 == 5) {
            end_connect_cancel(ends[i]);
        }
    }
    for (int i = 0; i < MANY; i++) {
        UNTIL(test, ends[i]->connects == 1);
        enum tenon_status expected = i % 10 == 9 ? TENON_REFUSED : TENON_OK;
        CHECK(test, ends[i]->connected == expected ||
                    (ends[i]->connected == TENON_CANCELED && i % 10 == 5));
    }
}

/* Data that a peer sends, and its end, right behind the connection are not lost. */
static void data_right_behind_the_connection(struct test *test)
{
    struct pair pair = pair_begin(test);
    end_attach(pair.ours, test->loop, gate_take(test->gate));
    end_put(pair.ours, 100);
    end_finish(pair.ours);
    test_pass(test, TENON_MILLISECOND);
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, pair.peer->last == TENON_END && pair.peer->in == 100);
}

const struct test_case connect_cases[] = {
    {"connect.to_a_numeric_address", to_a_numeric_address},
    {"connect.to_an_ipv6_address", to_an_ipv6_address},
    {"connect.race_is_won_by_the_family_that_answers", race_is_won_by_the_family_that_answers},
    {"connect.unspecified_address_is_the_loopback", unspecified_address_is_the_loopback},
    {"connect.refused", refused},
    {"connect.family_is_an_option", family_is_an_option},
    {"connect.hosts_that_are_invalid", hosts_that_are_invalid},
    {"connect.cancelled", cancelled},
    {"connect.deadline_at_once", deadline_at_once},
    {"connect.started_again_in_its_completion", started_again_in_its_completion},
    {"connect.many_at_once", many_at_once},
    {"connect.data_right_behind_the_connection", data_right_behind_the_connection},
    {NULL, NULL}
};
