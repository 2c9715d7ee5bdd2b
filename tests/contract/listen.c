/* Listening: ports, the accept subscription, and the end of a listener (rule 7). */
#include "harness.h"
#include "suites.h"
#include <string.h>

enum {
    MANY = 200,
    TURNS_MAX = 10              /* while peers wait that nobody wants */
};

/* `count` peers that have connected; the gate may have accepted them or not. */
static void connect_peers(struct gate *gate, struct end **peers, uint32_t count)
{
    struct test *test = gate->test;
    for (uint32_t i = 0; i < count; i++) {
        peers[i] = end_new(test);
        end_connect(peers[i], "127.0.0.1", gate_port(gate), NULL);
    }
    for (uint32_t i = 0; i < count; i++) {
        UNTIL(test, peers[i]->connects == 1);
        CHECK(test, peers[i]->connected == TENON_OK);
    }
}

static void bound_address_is_told(struct test *test)
{
    struct gate *first = gate_open(test);
    struct gate *second = gate_open(test);
    struct tenon_endpoint expected = loopback(gate_port(first));
    CHECK(test, gate_port(first) != 0 && gate_port(second) != 0);
    CHECK(test, gate_port(first) != gate_port(second));
    CHECK(test, tenon_address_equal(&first->listener.address, &expected.address));
}

static void port_in_use(struct test *test)
{
    struct gate *first = gate_open(test);
    struct gate *second = gate_new(test);
    struct tenon_endpoint endpoint = loopback(gate_port(first));
    CHECK(test, gate_listen(second, &endpoint) == TENON_ADDRESS_IN_USE);
    CHECK(test, second->listener.error.native != 0 || test->around->open != NULL);
    gate_close(first, TENON_CLOSE_GRACEFUL);
    UNTIL(test, first->closed);
    CHECK(test, gate_listen(second, &endpoint) == TENON_OK);
    CHECK(test, gate_port(second) == gate_port(first));
}

static void address_of_another_host(struct test *test)
{
    struct gate *gate = gate_new(test);
    struct tenon_endpoint endpoint = {0};
    CHECK(test, tenon_address_parse("192.0.2.1", &endpoint.address) == TENON_OK);
    CHECK(test, gate_listen(gate, &endpoint) == TENON_ADDRESS_NOT_AVAILABLE);
}

static void many_connect_at_once(struct test *test)
{
    struct end *peers[MANY];
    struct gate *gate = gate_open(test);
    connect_peers(gate, peers, MANY);
    UNTIL(test, gate->accepted == MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        struct end *end = end_new(test);
        end_attach(end, test->loop, gate_take(gate));
        end_close(end, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
        end_close(peers[i], TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    }
    for (struct end *end = test->ends; end != NULL; end = end->next) {
        UNTIL(test, end->closed);
        CHECK(test, end->closed_status == TENON_OK);
    }
}

/* After PAUSE nothing is delivered; each resume brings one more here. */
static void pause_and_resume(struct test *test)
{
    struct end *peers[5];
    struct gate *gate = gate_open(test);
    gate->answer = TENON_PAUSE;
    connect_peers(gate, peers, 5);
    UNTIL(test, gate->accepted == 1);
    for (uint32_t i = 2; i <= 5; i++) {
        test_pass_quietly(test, 5 * TENON_MILLISECOND, TURNS_MAX);
        CHECK(test, gate->accepted == i - 1);
        gate_resume(gate);
        UNTIL(test, gate->accepted == i);
    }
    gate->answer = TENON_CONTINUE;
    gate_resume(gate);
    gate_resume(gate);
    connect_peers(gate, peers, 5);
    UNTIL(test, gate->accepted == 10);
}

/* Nothing is accepted before the subscription, and what waited is accepted then. */
static void accepted_later(struct test *test)
{
    struct end *peers[5];
    struct gate *gate = gate_new(test);
    struct tenon_endpoint endpoint = loopback(0);
    CHECK(test, gate_listen(gate, &endpoint) == TENON_OK);
    connect_peers(gate, peers, 5);
    test_pass_quietly(test, 5 * TENON_MILLISECOND, TURNS_MAX);
    CHECK(test, gate->accepted == 0);
    gate_accept(gate);
    UNTIL(test, gate->accepted == 5);
}

static void closed_without_a_subscription(struct test *test)
{
    struct tenon_endpoint endpoint = loopback(0);
    for (int mode = TENON_CLOSE_GRACEFUL; mode <= TENON_CLOSE_ABORT; mode++) {
        struct gate *gate = gate_new(test);
        CHECK(test, gate_listen(gate, &endpoint) == TENON_OK);
        gate_close(gate, (enum tenon_close_mode)mode);
        UNTIL(test, gate->closed);
        CHECK(test, gate->lasts == 0);
    }
}

/* GRACEFUL delivers what the kernel has queued, also where accepting is paused, and then ends. */
static void graceful_close_delivers_the_queue(struct test *test)
{
    struct end *peers[20];
    struct gate *gate = gate_open(test);
    gate->answer = TENON_PAUSE;
    connect_peers(gate, peers, 20);
    UNTIL(test, gate->accepted == 1);
    gate_close(gate, TENON_CLOSE_GRACEFUL);
    UNTIL(test, gate->closed);
    CHECK(test, gate->lasts == 1 && gate->accepted == 20);
    for (int i = 0; i < 20; i++) {
        struct end *ours = end_new(test);
        end_attach(ours, test->loop, gate_take(gate));
        end_put(ours, 1);
        end_finish(ours);
    }
    for (int i = 0; i < 20; i++) {
        end_receive(peers[i], 1);
        UNTIL(test, peers[i]->receives == 1);
        CHECK(test, peers[i]->received == TENON_OK);
    }
}

/* ABORT resets what is queued: no peer is left with a connection that nobody has. */
static void abort_resets_the_queue(struct test *test)
{
    struct end *peers[20];
    struct gate *gate = gate_open(test);
    gate->answer = TENON_PAUSE;
    connect_peers(gate, peers, 20);
    UNTIL(test, gate->accepted == 1);
    gate_close(gate, TENON_CLOSE_ABORT);
    UNTIL(test, gate->closed);
    CHECK(test, gate->lasts == 1 && gate->accepted == 1);
    tenon_socket_discard(gate_take(gate));
    for (int i = 0; i < 20; i++) {
        end_receive_lent(peers[i]);
        UNTIL(test, peers[i]->lasts == 1);
        CHECK(test, test_is_reset(test, peers[i]->last));
    }
}

static void closed_again(struct test *test)
{
    for (int first = TENON_CLOSE_GRACEFUL; first <= TENON_CLOSE_ABORT; first++) {
        for (int second = TENON_CLOSE_GRACEFUL; second <= TENON_CLOSE_ABORT; second++) {
            struct end *peers[3];
            struct gate *gate = gate_open(test);
            gate->answer = TENON_PAUSE;
            gate->closes_again = second == TENON_CLOSE_ABORT;
            connect_peers(gate, peers, 3);
            gate_close(gate, (enum tenon_close_mode)first);
            gate_close(gate, (enum tenon_close_mode)second);
            UNTIL(test, gate->closed);
            CHECK(test, gate->lasts == 1);
            test_pass(test, TENON_MILLISECOND);
        }
    }
}

static void close_gracefully_at_the_first(struct gate *gate)
{
    if (gate->accepted == 1 && !gate->closing) {
        gate_close(gate, TENON_CLOSE_GRACEFUL);
    }
}

static void close_abruptly_at_the_first(struct gate *gate)
{
    if (gate->accepted == 1 && !gate->closing) {
        gate_close(gate, TENON_CLOSE_ABORT);
    }
}

/* With more of them accepted and not yet delivered. */
static void closed_in_its_callback(struct test *test)
{
    for (int mode = TENON_CLOSE_GRACEFUL; mode <= TENON_CLOSE_ABORT; mode++) {
        struct end *peers[10];
        struct gate *gate = gate_new(test);
        struct tenon_endpoint endpoint = loopback(0);
        CHECK(test, gate_listen(gate, &endpoint) == TENON_OK);
        connect_peers(gate, peers, 10);
        bool graceful = mode == TENON_CLOSE_GRACEFUL;
        gate->act = graceful ? close_gracefully_at_the_first : close_abruptly_at_the_first;
        gate_accept(gate);
        UNTIL(test, gate->closed);
        CHECK(test, gate->lasts == 1 && gate->accepted == (graceful ? 10u : 1u));
    }
}

static void attach_and_close(struct gate *gate)
{
    if (gate->held_count > 0) {
        struct end *end = end_new(gate->test);
        end_attach(end, gate->test->loop, gate_take(gate));
        end_close(end, TENON_CLOSE_ABORT, 0);
    }
}

static void attached_and_closed_in_the_callback(struct test *test)
{
    struct end *peers[10];
    struct gate *gate = gate_open(test);
    gate->act = attach_and_close;
    connect_peers(gate, peers, 10);
    UNTIL(test, gate->accepted == 10);
    for (int i = 0; i < 10; i++) {
        end_receive_lent(peers[i]);
        UNTIL(test, peers[i]->lasts == 1);
        CHECK(test, test_is_reset(test, peers[i]->last));
    }
}

static void discarded_socket_is_reset(struct test *test)
{
    struct pair pair = pair_begin(test);
    tenon_socket_discard(gate_take(test->gate));
    end_receive_lent(pair.peer);
    UNTIL(test, pair.peer->lasts == 1);
    CHECK(test, test_is_reset(test, pair.peer->last));
}

/* A peer that is gone before it was accepted is skipped, or is met as a stream that has been reset:
 * it never ends the listener. */
static void peer_reset_before_accept(struct test *test)
{
    struct end *peers[10];
    struct gate *gate = gate_new(test);
    struct tenon_endpoint endpoint = loopback(0);
    CHECK(test, gate_listen(gate, &endpoint) == TENON_OK);
    connect_peers(gate, peers, 10);
    for (int i = 0; i < 9; i++) {
        end_close(peers[i], TENON_CLOSE_ABORT, 0);
        UNTIL(test, peers[i]->closed);
    }
    gate_accept(gate);
    end_put(peers[9], 100);
    bool found = false;
    while (!found) {
        UNTIL(test, gate->held_count > 0);
        struct end *ours = end_new(test);
        end_attach(ours, test->loop, gate_take(gate));
        end_receive_lent(ours);
        UNTIL(test, ours->in == 100 || ours->lasts == 1);
        found = ours->in == 100;
        CHECK(test, found || test_is_reset(test, ours->last));
    }
    CHECK(test, gate->accepted <= 10 && gate->limits == 0);
}

/* ---- by name ---- */

static void on_host_closed(struct tenon_listener *listener)
{
    listener->loop = NULL;      /* its memory is the caller's again */
}

static void close_host(struct test *test, struct tenon_listener *listeners, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        tenon_listener_close(&listeners[i], TENON_CLOSE_ABORT, on_host_closed);
    }
    for (uint32_t i = 0; i < count; i++) {
        UNTIL(test, listeners[i].loop == NULL);
    }
}

/* One port for all addresses, port 0 too; a family that is switched off is left out and counted. */
static void hosts(struct test *test)
{
    static const char *const names[] = {"localhost", NULL, "127.0.0.1", "LocalHost"};
    for (int i = 0; i < 4; i++) {
        struct tenon_listener listeners[TENON_LISTENERS_MAX];
        struct tenon_listen_report report = {0};
        enum tenon_status status = tenon_listen_host(test->loop, listeners, TENON_LISTENERS_MAX,
                                                     names[i], 0, NULL, &report);
        CHECK(test, status == TENON_OK && report.count >= 1);
        CHECK(test, report.count + report.skipped == (i == 2 ? 1u : 2u));
        for (uint32_t j = 0; j < report.count; j++) {
            char text[TENON_ADDRESS_TEXT_MAX];
            struct end *end = end_new(test);
            CHECK(test, listeners[j].address.port == listeners[0].address.port);
            tenon_address_format_ip(&listeners[j].address, text, sizeof text);
            end_connect(end, text, listeners[0].address.port, NULL);
            UNTIL(test, end->connects == 1);
            /* :: can be listened on where IPv6 is switched off and ::1 is nobody's address */
            bool off = names[i] == NULL && end->connected == TENON_ADDRESS_NOT_AVAILABLE;
            CHECK(test, end->connected == TENON_OK || off);
        }
        close_host(test, listeners, report.count);
    }
}

static void hosts_that_fail(struct test *test)
{
    struct tenon_listener listeners[2];
    struct tenon_listen_report report;
    struct tenon_listen_options options = {0};
    struct gate *gate = gate_open(test);
    char name[TENON_HOST_MAX + 2];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    enum tenon_status status = tenon_listen_host(test->loop, listeners, 2, name, 0, NULL, &report);
    CHECK(test, status == TENON_INVALID && report.count == 0);
    status = tenon_listen_host(test->loop, listeners, 1, "localhost", 0, NULL, &report);
    CHECK(test, status == TENON_LIMIT && report.count == 0);
    status = tenon_listen_host(test->loop, listeners, 2, "192.0.2.1", 0, NULL, &report);
    CHECK(test, status == TENON_ADDRESS_NOT_AVAILABLE && report.count == 0);
    CHECK(test, report.error.status == status && report.failed.family == TENON_FAMILY_IPV4);
    status = tenon_listen_host(test->loop, listeners, 2, "localhost", gate_port(gate), NULL,
                               &report);
    CHECK(test, status == TENON_ADDRESS_IN_USE && report.count == 0);
    CHECK(test, report.failed.family == TENON_FAMILY_IPV4);
    CHECK(test, report.failed.port == gate_port(gate));
    options.family = TENON_FAMILY_IPV6;
    status = tenon_listen_host(test->loop, listeners, 2, "127.0.0.1", 0, &options, &report);
    CHECK(test, status == TENON_NOT_RESOLVED && report.count == 0);
}

const struct test_case listen_cases[] = {
    {"listen.bound_address_is_told", bound_address_is_told},
    {"listen.port_in_use", port_in_use},
    {"listen.address_of_another_host", address_of_another_host},
    {"listen.many_connect_at_once", many_connect_at_once},
    {"listen.pause_and_resume", pause_and_resume},
    {"listen.accepted_later", accepted_later},
    {"listen.closed_without_a_subscription", closed_without_a_subscription},
    {"listen.graceful_close_delivers_the_queue", graceful_close_delivers_the_queue},
    {"listen.abort_resets_the_queue", abort_resets_the_queue},
    {"listen.closed_again", closed_again},
    {"listen.closed_in_its_callback", closed_in_its_callback},
    {"listen.attached_and_closed_in_the_callback", attached_and_closed_in_the_callback},
    {"listen.discarded_socket_is_reset", discarded_socket_is_reset},
    {"listen.peer_reset_before_accept", peer_reset_before_accept},
    {"listen.hosts", hosts},
    {"listen.hosts_that_fail", hosts_that_fail},
    {NULL, NULL}
};
