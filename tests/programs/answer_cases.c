/* What the client makes of every answer, and of none: raw servers answer it. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONG_ANSWER = 8 * 1024 * 1024,
    PIECE = 64 * 1024
};

#define SENT "Connected to server.\nMessage sent.\n"

/* A client that has connected to us and whose message is here. */
struct exchange {
    struct run client;
    int64_t listener;
    int64_t peer;
    char place[PLACE_TEXT_MAX];
};

static void begin(struct exchange *exchange, const char *const *arguments)
{
    const char *all[12] = {NULL};
    size_t count = 0;
    char data[64];
    size_t received = 0;
    exchange->listener = testing_raw_listen(TENON_FAMILY_IPV4, 0, 5, 0);
    CHECK(exchange->listener != TESTING_RAW_NONE);
    place_text(exchange->place, "127.0.0.1", testing_raw_port(exchange->listener));
    for (size_t i = 0; arguments[i] != NULL && count < 10; i++) {
        all[count++] = arguments[i];
    }
    all[count] = exchange->place;
    run_start(&exchange->client, CLIENT, all);
    exchange->peer = testing_raw_accept(exchange->listener, PATIENCE);
    CHECK(exchange->peer != TESTING_RAW_NONE);
    CHECK(testing_raw_receive(exchange->peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_OK);
    CHECK(received == strlen("Hello from the client!!!"));
}

static void answer(const struct exchange *exchange, const void *data, size_t size)
{
    raw_send(exchange->peer, data, size);
}

/* Closes our side, unless that is done, and waits for the client's end. */
static void end(struct exchange *exchange, int code)
{
    testing_raw_close(exchange->peer);
    run_wait(&exchange->client);
    testing_raw_close(exchange->listener);
    CHECK_CODE(&exchange->client, code);
}

static void timed_out(void)
{
    struct exchange exchange;
    char expected[200];
    begin(&exchange, ARGUMENTS("-t", "300ms"));
    run_wait(&exchange.client);
    CHECK_CODE(&exchange.client, 5);
    CHECK_TEXT(exchange.client.output, SENT);
    (void)snprintf(expected, sizeof expected, "client: no answer from %s within 300ms\n",
                   exchange.place);
    CHECK_TEXT(exchange.client.error, expected);
    testing_raw_close(exchange.peer);
    testing_raw_close(exchange.listener);
    run_close(&exchange.client);
}

/* Each byte starts the time anew. */
static void slow(void)
{
    struct exchange exchange;
    char data[16];
    size_t received = 0;
    begin(&exchange, ARGUMENTS("-t", "600ms"));
    for (int i = 0; i < 5; i++) {
        answer(&exchange, "x", 1);
        (void)testing_raw_receive(exchange.peer, data, sizeof data, 250 * TENON_MILLISECOND,
                                  &received);
    }
    end(&exchange, 0);
    CHECK_TEXT(exchange.client.output, SENT "Server's response: xxxxx\n");
    run_close(&exchange.client);
}

static void reset(void)
{
    struct exchange exchange;
    begin(&exchange, NO_ARGUMENTS);
    testing_raw_reset(exchange.peer);
    exchange.peer = TESTING_RAW_NONE;
    end(&exchange, 1);
    CHECK_TEXT(exchange.client.output, SENT);
    CHECK_CONTAINS(exchange.client.error, "client: ");
    if (testing_resets_are_seen()) {
        CHECK_CONTAINS(exchange.client.error, tenon_status_sentence(TENON_RESET));
    }
    run_close(&exchange.client);
}

/* What came before the reset is shown. */
static void reset_in_the_middle(void)
{
    struct exchange exchange;
    char text[] = SENT "Server's response: half";
    if (!testing_resets_are_seen()) {
        case_skip("Wine may show a reset as an end");
    }
    begin(&exchange, NO_ARGUMENTS);
    answer(&exchange, "half", 4);
    run_await(&exchange.client, TESTING_OUTPUT, text, 1);
    testing_raw_reset(exchange.peer);
    exchange.peer = TESTING_RAW_NONE;
    end(&exchange, 1);
    CHECK_TEXT(exchange.client.output, SENT "Server's response: half\n");
    run_close(&exchange.client);
}

/* With the message sent and the end read, what follows is nobody's concern. */
static void reset_after_the_end(void)
{
    struct exchange exchange;
    char data[16];
    size_t received = 0;
    begin(&exchange, NO_ARGUMENTS);
    answer(&exchange, "hello", 5);
    testing_raw_finish(exchange.peer);
    CHECK(testing_raw_receive(exchange.peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    testing_raw_reset(exchange.peer);
    exchange.peer = TESTING_RAW_NONE;
    end(&exchange, 0);
    CHECK_TEXT(exchange.client.output, SENT "Server's response: hello\n");
    CHECK_TEXT(exchange.client.error, "");
    run_close(&exchange.client);
}

static void none(void)
{
    struct exchange exchange;
    begin(&exchange, NO_ARGUMENTS);
    end(&exchange, 1);
    CHECK_TEXT(exchange.client.output, SENT);
    CHECK_CONTAINS(exchange.client.error, "client: ");
    CHECK_CONTAINS(exchange.client.error, "without an answer\nhint: ");
    run_close(&exchange.client);
    begin(&exchange, ARGUMENTS("-q"));
    end(&exchange, 0);
    CHECK_TEXT(exchange.client.output, "");
    CHECK_TEXT(exchange.client.error, "");
    run_close(&exchange.client);
}

/* An answer that pauses may wait for the end of our side: an echo server's does. */
static void paused(void)
{
    struct exchange exchange;
    char data[16];
    size_t received = 0;
    begin(&exchange, NO_ARGUMENTS);
    CHECK(testing_raw_receive(exchange.peer, data, sizeof data, 500 * TENON_MILLISECOND,
                              &received) == TESTING_RAW_TIMED_OUT);
    answer(&exchange, "abc", 3);
    CHECK(testing_raw_receive(exchange.peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    answer(&exchange, "def", 3);
    end(&exchange, 0);
    CHECK_TEXT(exchange.client.output, SENT "Server's response: abcdef\n");
    run_close(&exchange.client);
}

static const char nasty[] = "a\r\n\x1a\0z\x80\xff\x1b[0m\\\t\xe2\x82\xac";

static void escaped(void)
{
    struct exchange exchange;
    begin(&exchange, NO_ARGUMENTS);
    answer(&exchange, nasty, sizeof nasty - 1);
    end(&exchange, 0);
    CHECK_TEXT(exchange.client.output,
               SENT "Server's response: a\\x0d\\x0a\\x1a\\x00z\\x80\\xff\\x1b[0m\\\\\\x09"
                    "\xe2\x82\xac\n");
    run_close(&exchange.client);
}

/* Not one byte is added, changed or lost. */
static void raw_bytes(void)
{
    struct exchange exchange;
    begin(&exchange, ARGUMENTS("-q"));
    answer(&exchange, nasty, sizeof nasty - 1);
    end(&exchange, 0);
    CHECK(exchange.client.output_size == sizeof nasty - 1);
    CHECK(memcmp(exchange.client.output, nasty, sizeof nasty - 1) == 0);
    run_close(&exchange.client);
}

static unsigned char byte_at(size_t at)
{
    return (unsigned char)(at * 31 + at / 251);
}

/* An answer larger than what the client keeps in memory. */
static void long_answer(void)
{
    static unsigned char data[PIECE];
    struct exchange exchange;
    begin(&exchange, ARGUMENTS("-q"));
    for (size_t at = 0; at < LONG_ANSWER; at += PIECE) {
        for (size_t i = 0; i < PIECE; i++) {
            data[i] = byte_at(at + i);
        }
        answer(&exchange, data, PIECE);
    }
    end(&exchange, 0);
    CHECK(exchange.client.output_size == LONG_ANSWER);
    for (size_t i = 0; i < LONG_ANSWER; i++) {
        CHECK((unsigned char)exchange.client.output[i] == byte_at(i));
    }
    run_close(&exchange.client);
}

const struct test_case answer_cases[] = {
    {"answer.timed_out", timed_out},
    {"answer.slow", slow},
    {"answer.reset", reset},
    {"answer.reset_in_the_middle", reset_in_the_middle},
    {"answer.reset_after_the_end", reset_after_the_end},
    {"answer.none", none},
    {"answer.paused", paused},
    {"answer.escaped", escaped},
    {"answer.raw_bytes", raw_bytes},
    {"answer.long_answer", long_answer},
    {NULL, NULL},
};
