/* Peers that are raw sockets: they reset, stay silent, never read, and end in ways of their own. */
#include "native.h"
#include <stdlib.h>
#include <string.h>
#include <tenon/thread.h>
#include "testing.h"

enum {
    RESTARTS = 20
};

int64_t raw_peer(struct test *test, int receive_buffer)
{
    if (test->gate == NULL) {
        test->gate = gate_open(test);
    }
    int64_t socket = testing_raw_connect(TENON_FAMILY_IPV4, gate_port(test->gate), receive_buffer,
                                         NATIVE_PATIENCE);
    CHECK(test, socket != TESTING_RAW_NONE);
    return socket;
}

struct raw raw_pair(struct test *test, int receive_buffer)
{
    struct raw raw = {raw_peer(test, receive_buffer), end_new(test)};
    UNTIL(test, test->gate->held_count > 0);
    end_attach(raw.ours, test->loop, gate_take(test->gate));
    return raw;
}

void raw_put(struct test *test, int64_t socket, size_t first, size_t size)
{
    unsigned char data[256];
    CHECK(test, size <= sizeof data);
    for (size_t i = 0; i < size; i++) {
        data[i] = end_byte(0, first + i);
    }
    CHECK(test, testing_raw_send(socket, data, size, NATIVE_PATIENCE) == TESTING_RAW_OK);
}

static void put(struct test *test, int64_t socket, size_t size)
{
    raw_put(test, socket, 0, size);
}

/* What a peer does at the moment of its end, on a receive that has been going on for a while. */
static void ends_right_behind_data(struct test *test)
{
    for (int reset = 0; reset < 2; reset++) {
        struct raw raw = raw_pair(test, 0);
        end_receive_lent(raw.ours);
        for (uint32_t i = 0; i < 3; i++) {
            raw_put(test, raw.socket, 100 * i, 100);
            UNTIL(test, raw.ours->in == 100 * (i + 1));
        }
        raw_put(test, raw.socket, 300, 100);
        if (reset == 1) {
            testing_raw_reset(raw.socket);
        } else {
            testing_raw_close(raw.socket);
        }
        UNTIL(test, raw.ours->lasts == 1);
        CHECK(test, reset == 1 ? test_is_reset(test, raw.ours->last)
                               : raw.ours->last == TENON_END);
        CHECK(test, raw.ours->in == 400 || (reset == 1 && !test->around->resets_are_exact));
    }
}

enum {
    SMALL = 100,
    LENT = TENON_LENT_SIZE      /* what a receive that goes on may take until it is begun anew */
};

static int64_t resets_in_a_callback;

static void reset_behind_the_last(struct end *end, enum end_event event)
{
    if (event == END_DATA && end->in == 2 * SMALL + LENT) {
        raw_put(end->test, resets_in_a_callback, 2 * SMALL + LENT, SMALL);
        testing_raw_reset(resets_in_a_callback);
    }
}

/* Data and a reset, both there when the receive is begun anew. */
static void resets_before_the_next_receive(struct test *test)
{
    static unsigned char data[LENT];
    struct raw raw = raw_pair(test, 0);
    for (size_t i = 0; i < LENT; i++) {
        data[i] = end_byte(0, 2 * SMALL + i);
    }
    resets_in_a_callback = raw.socket;
    raw.ours->act = reset_behind_the_last;
    end_receive_lent(raw.ours);
    for (uint32_t i = 0; i < 2; i++) {
        raw_put(test, raw.socket, SMALL * i, SMALL);
        UNTIL(test, raw.ours->in == SMALL * (i + 1));
    }
    CHECK(test, testing_raw_send(raw.socket, data, LENT, NATIVE_PATIENCE) == TESTING_RAW_OK);
    UNTIL(test, raw.ours->lasts == 1);
    CHECK(test, test_is_reset(test, raw.ours->last));
    CHECK(test, raw.ours->in == 3 * SMALL + LENT || !test->around->resets_are_exact);
}

/* A reset while armed, paused, with data before it, and while nobody receives. */
static void reset_in_each_state(struct test *test)
{
    for (int state = 0; state < 4; state++) {
        struct raw raw = raw_pair(test, 0);
        raw.ours->answer = state == 1 ? TENON_PAUSE : TENON_CONTINUE;
        if (state < 3) {
            end_receive_lent(raw.ours);
            put(test, raw.socket, 100);
        }
        if (state < 2) {
            UNTIL(test, raw.ours->in == 100);
        }
        testing_raw_reset(raw.socket);
        test_pass(test, TENON_MILLISECOND);
        if (state == 1) {
            CHECK(test, raw.ours->lasts == 0);
            end_resume(raw.ours);
        } else if (state == 3) {
            end_receive_lent(raw.ours);
        }
        UNTIL(test, raw.ours->lasts == 1);
        CHECK(test, test_is_reset(test, raw.ours->last));
        CHECK(test, raw.ours->in == (state < 3 ? 100u : 0u) || !test->around->resets_are_exact);
    }
}

/* The stream's own close is what ends the raw peer: plainly, or with a reset. */
static void peer_sees_how_we_close(struct test *test)
{
    for (int mode = TENON_CLOSE_GRACEFUL; mode <= TENON_CLOSE_ABORT; mode++) {
        struct raw raw = raw_pair(test, 0);
        char data[200];
        size_t received = 0;
        put(test, raw.socket, 200);         /* never read by us */
        end_put(raw.ours, 100);
        end_close(raw.ours, (enum tenon_close_mode)mode, 5 * TENON_MILLISECOND);
        UNTIL(test, raw.ours->closed);
        enum testing_raw_result result =
            testing_raw_receive_all(raw.socket, data, sizeof data, NATIVE_PATIENCE, &received);
        if (mode == TENON_CLOSE_GRACEFUL) {
            CHECK(test, result == TESTING_RAW_END && received == 100);
            CHECK(test, raw.ours->closed_status == TENON_TIMED_OUT);
        } else {
            CHECK(test, result == TESTING_RAW_RESET ||
                        (result == TESTING_RAW_END && !test->around->resets_are_exact));
        }
        testing_raw_close(raw.socket);
    }
}

/* A small window that nobody opens: the send is stuck until it is given up. */
static void peer_never_reads(struct test *test)
{
    struct raw first = raw_pair(test, 4096);
    struct raw second = raw_pair(test, 4096);
    end_fill(first.ours);
    end_fill(second.ours);
    end_send_cancel(first.ours);
    end_close(second.ours, TENON_CLOSE_GRACEFUL, 10 * TENON_MILLISECOND);
    UNTIL(test, first.ours->sends == 1 && second.ours->closed);
    CHECK(test, first.ours->sent == TENON_CANCELED);
    CHECK(test, second.ours->sent == TENON_CANCELED);
    CHECK(test, second.ours->closed_status == TENON_TIMED_OUT);
    testing_raw_close(first.socket);
    testing_raw_close(second.socket);
}

/* Byte by byte, each in a packet of its own, with ours waiting for each of them. */
static void peer_sends_byte_by_byte(struct test *test)
{
    struct raw raw = raw_pair(test, 0);
    end_receive_lent(raw.ours);
    for (int i = 0; i < 100; i++) {
        unsigned char byte = end_byte(0, (uint64_t)i);
        CHECK(test, testing_raw_send(raw.socket, &byte, 1, NATIVE_PATIENCE) == TESTING_RAW_OK);
        UNTIL(test, raw.ours->in == (uint64_t)i + 1);
    }
    testing_raw_finish(raw.socket);
    UNTIL(test, raw.ours->lasts == 1);
    CHECK(test, raw.ours->last == TENON_END);
    testing_raw_close(raw.socket);
}

/* A receive stops short at an urgent mark (RFC 6093): what is behind it arrives all the same. */
static void sends_an_urgent_byte(struct test *test)
{
    for (uint32_t kind = 0; kind < 2; kind++) {
        struct raw raw = raw_pair(test, 0);
        if (kind == 1) {
            end_receive_lent(raw.ours);
            put(test, raw.socket, 1);
            UNTIL(test, raw.ours->in == 1);
        }
        raw_put(test, raw.socket, kind, 3);
        testing_raw_urgent(raw.socket);
        raw_put(test, raw.socket, kind + 3, 3);
        if (kind == 0) {
            end_receive_lent(raw.ours);
        }
        UNTIL(test, raw.ours->in == kind + 6);
        testing_raw_finish(raw.socket);
        UNTIL(test, raw.ours->lasts == 1);
        testing_raw_close(raw.socket);
    }
}

/* Peers that are reset while they wait in the queue do not end the listener. */
static void reset_before_accept(struct test *test)
{
    struct tenon_endpoint endpoint = loopback(0);
    test->gate = gate_new(test);
    CHECK(test, gate_listen(test->gate, &endpoint) == TENON_OK);
    for (int i = 0; i < 20; i++) {
        testing_raw_reset(raw_peer(test, 0));
    }
    gate_accept(test->gate);
    test_pass(test, 5 * TENON_MILLISECOND);
    int64_t last = raw_peer(test, 0);
    put(test, last, 1);
    bool found = false;
    while (!found) {
        UNTIL(test, test->gate->held_count > 0);
        struct end *end = end_new(test);
        end_attach(end, test->loop, gate_take(test->gate));
        end_receive_lent(end);
        UNTIL(test, end->in == 1 || end->lasts == 1);
        found = end->in == 1;
    }
    CHECK(test, test->gate->limits == 0);
    testing_raw_close(last);
}

/* The port can be bound again at once while connections of before linger on it: the server's end
 * was the first to close them. */
static void restart_on_the_same_port(struct test *test)
{
    uint16_t port = 0;
    for (int i = 0; i < RESTARTS; i++) {
        struct tenon_endpoint endpoint = loopback(port);
        test->gate = gate_new(test);
        CHECK(test, gate_listen(test->gate, &endpoint) == TENON_OK);
        port = gate_port(test->gate);
        gate_accept(test->gate);
        struct raw raw = raw_pair(test, 0);
        end_close(raw.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
        test_pass(test, TENON_MILLISECOND);
        testing_raw_close(raw.socket);
        UNTIL(test, raw.ours->closed);
        gate_close(test->gate, TENON_CLOSE_GRACEFUL);
        UNTIL(test, test->gate->closed);
    }
}

/* On a port of somebody else: one that is listening, and one that is only bound. */
static void port_of_another(struct test *test)
{
    uint16_t reserved_port = 0;
    int64_t listener = testing_raw_listen(TENON_FAMILY_IPV4, 0, 8, 0);
    int64_t reserved = testing_raw_reserve(TENON_FAMILY_IPV4, &reserved_port);
    CHECK(test, listener != TESTING_RAW_NONE && reserved != TESTING_RAW_NONE);
    struct tenon_endpoint first = loopback(testing_raw_port(listener));
    struct tenon_endpoint second = loopback(reserved_port);
    struct gate *gate = gate_new(test);
    CHECK(test, gate_listen(gate, &first) == TENON_ADDRESS_IN_USE);
    CHECK(test, gate_listen(gate, &second) == TENON_ADDRESS_IN_USE);
    struct end *end = end_new(test);
    end_connect(end, "127.0.0.1", reserved_port, NULL);
    UNTIL(test, end->connects == 1);
    CHECK(test, end->connected == TENON_REFUSED);
    testing_raw_close(listener);
    testing_raw_close(reserved);
}

/* A connect that gets no answer ends at its deadline, or when it is cancelled, and not before. */
static void silent_connect(struct test *test)
{
    struct testing_silent silent;
    struct tenon_connect_options options = {0};
    if (!testing_silent_open(&silent, TENON_FAMILY_IPV4)) {
        native_without("a silent port");
        return;
    }
    test_pass(test, TENON_MILLISECOND);     /* durations begin at the loop's now */
    int64_t start = tenon_loop_now(test->loop);
    struct end *late = end_new(test);
    struct end *cancelled = end_new(test);
    options.timeout = 30 * TENON_MILLISECOND;
    end_connect(late, "127.0.0.1", silent.port, &options);
    end_connect(cancelled, "127.0.0.1", silent.port, NULL);
    test_pass(test, 10 * TENON_MILLISECOND);
    CHECK(test, cancelled->connects == 0);
    end_connect_cancel(cancelled);
    UNTIL(test, late->connects == 1 && cancelled->connects == 1);
    CHECK(test, tenon_loop_now(test->loop) - start >= options.timeout);
    CHECK(test, late->connected == TENON_TIMED_OUT);
    CHECK(test, late->connect.attempts[0].error.status == TENON_TIMED_OUT);
    CHECK(test, cancelled->connected == TENON_CANCELED);
    testing_silent_close(&silent);
}

/* The broadcast address is none that TCP can reach. Winsock may say so in other words. */
static void unreachable(struct test *test)
{
    struct end *end = end_new(test);
    end_connect(end, "255.255.255.255", 1, NULL);
    UNTIL(test, end->connects == 1);
    CHECK(test, end->connected == TENON_UNREACHABLE || end->connected == TENON_ACCESS_DENIED ||
                end->connected == TENON_ADDRESS_NOT_AVAILABLE);
    CHECK(test, end->connect.error.native != 0);
}

static void keep_alive(struct test *test)
{
    struct pair pair = pair_make(test);
    CHECK(test, tenon_stream_keep_alive(&pair.ours->stream, TENON_SECOND) == TENON_OK);
    CHECK(test, tenon_stream_keep_alive(&pair.ours->stream, 3600 * TENON_SECOND) == TENON_OK);
    CHECK(test, tenon_stream_keep_alive(&pair.ours->stream, TENON_SECOND - 1) == TENON_INVALID);
    end_receive_lent(pair.ours);
    end_put(pair.peer, 100);
    UNTIL(test, pair.ours->in == 100);
}

/* Rule 7: the attach takes the socket in any case. One that is gone already cannot be attached, or
 * is met as a failed stream. */
static void attach_of_a_dead_connection(struct test *test)
{
    for (int i = 0; i < 10; i++) {
        int64_t socket = raw_peer(test, 0);
        UNTIL(test, test->gate->held_count > 0);
        testing_raw_reset(socket);
        struct end *end = end_new(test);
        enum tenon_status status = tenon_stream_attach(test->loop, &end->stream,
                                                       gate_take(test->gate));
        end->attached = status == TENON_OK;
        if (end->attached) {
            end_receive_lent(end);
            UNTIL(test, end->lasts == 1);
            CHECK(test, test_is_reset(test, end->last));
        }
    }
}

struct sender {
    struct tenon_thread thread;
    struct test *test;
    int64_t socket;
};

static void send_bytes(void *argument)
{
    struct sender *sender = argument;
    for (int i = 0; i < 2000; i++) {
        unsigned char byte = end_byte(0, (uint64_t)i);
        CHECK(sender->test, testing_raw_send(sender->socket, &byte, 1, NATIVE_PATIENCE) ==
                                TESTING_RAW_OK);
    }
}

/* Byte by byte from another processor, so that some come while others are delivered, and silence
 * behind the last. */
static void peer_sends_while_we_deliver(struct test *test)
{
    for (int i = 0; i < 10; i++) {
        struct sender sender = {.test = test};
        struct raw raw = raw_pair(test, 0);
        sender.socket = raw.socket;
        end_receive_lent(raw.ours);
        CHECK(test, tenon_thread_start(&sender.thread, send_bytes, &sender) == TENON_OK);
        UNTIL(test, raw.ours->in == 2000);
        tenon_thread_join(&sender.thread);
        testing_raw_close(raw.socket);
    }
}

const struct test_case peer_cases[] = {
    {"peer.ends_right_behind_data", ends_right_behind_data},
    {"peer.reset_in_each_state", reset_in_each_state},
    {"peer.resets_before_the_next_receive", resets_before_the_next_receive},
    {"peer.sees_how_we_close", peer_sees_how_we_close},
    {"peer.never_reads", peer_never_reads},
    {"peer.sends_byte_by_byte", peer_sends_byte_by_byte},
    {"peer.sends_while_we_deliver", peer_sends_while_we_deliver},
    {"peer.sends_an_urgent_byte", sends_an_urgent_byte},
    {"peer.reset_before_accept", reset_before_accept},
    {"peer.restart_on_the_same_port", restart_on_the_same_port},
    {"peer.port_of_another", port_of_another},
    {"peer.silent_connect", silent_connect},
    {"peer.unreachable", unreachable},
    {"peer.keep_alive", keep_alive},
    {"peer.attach_of_a_dead_connection", attach_of_a_dead_connection},
    {NULL, NULL}
};
