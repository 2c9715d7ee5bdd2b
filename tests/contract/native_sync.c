/* The synchronous calls: deadlines, endings, and failures. */
#include "native.h"
#include <string.h>
#include <tenon/sync.h>
#include <tenon/thread.h>
#include "testing.h"

static const int64_t patience = 10 * TENON_SECOND;

struct both {
    struct tenon_sync_listener *listener;
    struct tenon_sync_stream *server;
    struct tenon_sync_stream *client;
};

static struct both both_open(struct test *test)
{
    struct both both = {0};
    struct tenon_address peer;
    enum tenon_status status = tenon_sync_listen("127.0.0.1", 0, &both.listener);
    CHECK(test, status == TENON_OK);
    status = tenon_sync_connect("127.0.0.1", tenon_sync_port(both.listener), patience,
                                &both.client);
    CHECK(test, status == TENON_OK);
    status = tenon_sync_accept(both.listener, patience, &both.server, &peer);
    CHECK(test, status == TENON_OK);
    CHECK(test, peer.family == TENON_FAMILY_IPV4 && peer.port != 0);
    return both;
}

/* Each side finishes first, so that neither close waits for the other. */
static void both_close(struct test *test, struct both *both)
{
    tenon_sync_finish(both->client);
    CHECK(test, tenon_sync_close(both->server) == TENON_OK);
    CHECK(test, tenon_sync_close(both->client) == TENON_OK);
    tenon_sync_listener_close(both->listener);
}

static void expect(struct test *test, struct tenon_sync_stream *stream, const char *text)
{
    char data[64];
    size_t received = 0;
    enum tenon_status status = tenon_sync_receive(stream, data, sizeof data, patience, &received);
    CHECK(test, status == TENON_OK);
    CHECK(test, received == strlen(text) && memcmp(data, text, received) == 0);
}

static void expect_status(struct test *test, struct tenon_sync_stream *stream, int64_t timeout,
                          enum tenon_status expected)
{
    char data[64];
    size_t received = 1;
    enum tenon_status status = tenon_sync_receive(stream, data, sizeof data, timeout, &received);
    CHECK(test, status == expected && received == 0);
}

static void exchange_and_endings(struct test *test)
{
    struct both both = both_open(test);
    CHECK(test, tenon_sync_send(both.client, "hello", 5, patience) == TENON_OK);
    expect(test, both.server, "hello");
    CHECK(test, tenon_sync_send(both.server, "answer", 6, patience) == TENON_OK);
    tenon_sync_finish(both.server);
    expect(test, both.client, "answer");
    expect_status(test, both.client, patience, TENON_END);
    expect_status(test, both.client, patience, TENON_END);
    CHECK(test, tenon_sync_send(both.client, "more", 4, patience) == TENON_OK);
    expect(test, both.server, "more");
    both_close(test, &both);
}

/* TIMED_OUT loses nothing: what comes later is received by the next call. */
static void deadlines(struct test *test)
{
    struct tenon_sync_stream *none = NULL;
    struct both both = both_open(test);
    int64_t start = testing_clock();
    expect_status(test, both.server, 20 * TENON_MILLISECOND, TENON_TIMED_OUT);
    CHECK(test, testing_clock() - start >= 19 * TENON_MILLISECOND);
    expect_status(test, both.server, 0, TENON_TIMED_OUT);
    CHECK(test, tenon_sync_send(both.client, "late", 4, patience) == TENON_OK);
    expect(test, both.server, "late");
    enum tenon_status status = tenon_sync_accept(both.listener, 20 * TENON_MILLISECOND, &none,
                                                 NULL);
    CHECK(test, status == TENON_TIMED_OUT);
    CHECK(test, none == NULL);
    struct tenon_sync_stream *client = NULL;
    struct tenon_sync_stream *server = NULL;
    status = tenon_sync_connect("127.0.0.1", tenon_sync_port(both.listener), patience, &client);
    CHECK(test, status == TENON_OK);
    CHECK(test, tenon_sync_accept(both.listener, patience, &server, NULL) == TENON_OK);
    tenon_sync_finish(client);
    CHECK(test, tenon_sync_close(server) == TENON_OK);
    CHECK(test, tenon_sync_close(client) == TENON_OK);
    both_close(test, &both);
}

/* A peer that does not read: the send ends at its deadline, and then only the close is left. */
static void send_to_a_peer_that_does_not_read(struct test *test)
{
    static const char block[1024 * 1024] = {0};
    struct both both = both_open(test);
    enum tenon_status status = TENON_OK;
    for (int i = 0; i < 64 && status == TENON_OK; i++) {
        status = tenon_sync_send(both.client, block, sizeof block, 20 * TENON_MILLISECOND);
    }
    CHECK(test, status == TENON_TIMED_OUT);
    CHECK(test, tenon_sync_close(both.client) == TENON_OK);
    char data[4096];
    size_t received = 1;
    while (status != TENON_END && status != TENON_RESET) {
        status = tenon_sync_receive(both.server, data, sizeof data, patience, &received);
        CHECK(test, status != TENON_TIMED_OUT);
    }
    CHECK(test, test_is_reset(test, status));
    status = tenon_sync_close(both.server);
    CHECK(test, status == TENON_OK || status == TENON_RESET);
    tenon_sync_listener_close(both.listener);
}

static void connects_that_fail(struct test *test)
{
    struct tenon_sync_stream *stream = NULL;
    struct tenon_sync_listener *listener = NULL;
    uint16_t port = 0;
    int64_t reserved = testing_raw_reserve(TENON_FAMILY_IPV4, &port);
    CHECK(test, reserved != TESTING_RAW_NONE);
    enum tenon_status status = tenon_sync_connect("127.0.0.1", port, patience, &stream);
    CHECK(test, status == TENON_REFUSED && stream == NULL);
    status = tenon_sync_listen("127.0.0.1", port, &listener);
    CHECK(test, status == TENON_ADDRESS_IN_USE && listener == NULL);
    status = tenon_sync_listen("192.0.2.1", 0, &listener);
    CHECK(test, status == TENON_ADDRESS_NOT_AVAILABLE && listener == NULL);
    status = tenon_sync_connect("1.2.3", 1, patience, &stream);
    CHECK(test, status == TENON_INVALID && stream == NULL);
    CHECK(test, tenon_sync_close(NULL) == TENON_OK);
    testing_raw_close(reserved);
}

static void peer_that_resets(struct test *test)
{
    struct tenon_sync_listener *listener = NULL;
    struct tenon_sync_stream *stream = NULL;
    char data[64];
    size_t received = 0;
    CHECK(test, tenon_sync_listen("127.0.0.1", 0, &listener) == TENON_OK);
    int64_t raw = testing_raw_connect(TENON_FAMILY_IPV4, tenon_sync_port(listener), 0, patience);
    CHECK(test, raw != TESTING_RAW_NONE);
    CHECK(test, tenon_sync_accept(listener, patience, &stream, NULL) == TENON_OK);
    testing_raw_reset(raw);
    enum tenon_status status = tenon_sync_receive(stream, data, sizeof data, patience, &received);
    CHECK(test, test_is_reset(test, status) && received == 0);
    status = tenon_sync_close(stream);
    CHECK(test, status == TENON_RESET || (status == TENON_OK && !test->around->resets_are_exact));
    tenon_sync_listener_close(listener);
}

/* Connections that were never accepted end with the listener. */
static void listener_closed_with_connections_waiting(struct test *test)
{
    struct both both = both_open(test);
    struct tenon_sync_stream *waiting = NULL;
    enum tenon_status status = tenon_sync_connect("127.0.0.1", tenon_sync_port(both.listener),
                                                  patience, &waiting);
    CHECK(test, status == TENON_OK);
    both_close(test, &both);
    char data[64];
    size_t received = 0;
    status = tenon_sync_receive(waiting, data, sizeof data, patience, &received);
    CHECK(test, test_is_reset(test, status));
    status = tenon_sync_close(waiting);
    CHECK(test, status == TENON_OK || status == TENON_RESET);
}

/* An object may be handed from one thread to another. */
struct errand {
    struct tenon_sync_stream *stream;
    enum tenon_status status;
};

static void run_errand(void *argument)
{
    struct errand *errand = argument;
    errand->status = tenon_sync_send(errand->stream, "errand", 6, patience);
}

static void handed_to_another_thread(struct test *test)
{
    struct both both = both_open(test);
    struct tenon_thread thread;
    struct errand errand = {both.server, TENON_SYSTEM};
    CHECK(test, tenon_sync_send(both.server, "first ", 6, patience) == TENON_OK);
    expect(test, both.client, "first ");
    CHECK(test, tenon_thread_start(&thread, run_errand, &errand) == TENON_OK);
    tenon_thread_join(&thread);
    CHECK(test, errand.status == TENON_OK);
    expect(test, both.client, "errand");
    both_close(test, &both);
}

const struct test_case sync_cases[] = {
    {"sync.exchange_and_endings", exchange_and_endings},
    {"sync.deadlines", deadlines},
    {"sync.send_to_a_peer_that_does_not_read", send_to_a_peer_that_does_not_read},
    {"sync.connects_that_fail", connects_that_fail},
    {"sync.peer_that_resets", peer_that_resets},
    {"sync.listener_closed_with_connections_waiting", listener_closed_with_connections_waiting},
    {"sync.handed_to_another_thread", handed_to_another_thread},
    {NULL, NULL}
};
