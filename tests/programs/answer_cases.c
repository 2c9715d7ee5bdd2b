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

static void begin(struct visit *visit, const char *const *arguments)
{
    visit_begin(visit, arguments);
    visit_expect(visit, "Hello from the client!!!");
}

static void answer(const struct visit *visit, const void *data, size_t size)
{
    raw_send(visit->peer, data, size);
}

static void timed_out(void)
{
    struct visit visit;
    char expected[200];
    begin(&visit, ARGUMENTS("-t", "300ms"));
    visit_wait(&visit, 5);
    CHECK_TEXT(visit.client.output, SENT);
    (void)snprintf(expected, sizeof expected, "client: no answer from %s within 300ms\n",
                   visit.place);
    CHECK_TEXT(visit.client.error, expected);
    run_close(&visit.client);
}

/* A server that greets waits for a message. */
static void nothing_sent(void)
{
    struct service service;
    struct run client;
    char expected[200];
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    run_whole(&client, CLIENT, ARGUMENTS("-m", "", "-t", "300ms", service.place));
    CHECK_CODE(&client, 5);
    CHECK_TEXT(client.output, SENT);
    (void)snprintf(expected, sizeof expected,
                   "client: no answer from %s within 300ms\n"
                   "hint: nothing was sent: it may wait for a message\n", service.place);
    CHECK_TEXT(client.error, expected);
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

/* Each byte starts the time anew. */
static void slow(void)
{
    struct visit visit;
    char data[16];
    size_t received = 0;
    begin(&visit, ARGUMENTS("-t", "600ms"));
    for (int i = 0; i < 5; i++) {
        answer(&visit, "x", 1);
        (void)testing_raw_receive(visit.peer, data, sizeof data, 250 * TENON_MILLISECOND,
                                  &received);
    }
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, SENT "Server's response: xxxxx\n");
    run_close(&visit.client);
}

static void reset(void)
{
    struct visit visit;
    begin(&visit, NO_ARGUMENTS);
    visit_reset(&visit);
    visit_end(&visit, 1);
    CHECK_TEXT(visit.client.output, SENT);
    CHECK_CONTAINS(visit.client.error, "client: ");
    if (testing_resets_are_seen()) {
        CHECK_CONTAINS(visit.client.error, tenon_status_sentence(TENON_RESET));
    }
    run_close(&visit.client);
}

/* What came before the reset is shown. */
static void reset_in_the_middle(void)
{
    struct visit visit;
    char text[] = SENT "Server's response: half";
    if (!testing_resets_are_seen()) {
        case_skip("Wine may show a reset as an end");
    }
    begin(&visit, NO_ARGUMENTS);
    answer(&visit, "half", 4);
    run_await(&visit.client, TESTING_OUTPUT, text, 1);
    visit_reset(&visit);
    visit_end(&visit, 1);
    CHECK_TEXT(visit.client.output, SENT "Server's response: half\n");
    run_close(&visit.client);
}

/* With the message sent and the end read, what follows is nobody's concern. */
static void reset_after_the_end(void)
{
    struct visit visit;
    char data[16];
    size_t received = 0;
    begin(&visit, NO_ARGUMENTS);
    answer(&visit, "hello", 5);
    testing_raw_finish(visit.peer);
    CHECK(testing_raw_receive(visit.peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    visit_reset(&visit);
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, SENT "Server's response: hello\n");
    CHECK_TEXT(visit.client.error, "");
    run_close(&visit.client);
}

static void none(void)
{
    struct visit visit;
    begin(&visit, NO_ARGUMENTS);
    visit_end(&visit, 1);
    CHECK_TEXT(visit.client.output, SENT);
    CHECK_CONTAINS(visit.client.error, "client: ");
    CHECK_CONTAINS(visit.client.error, "without an answer\nhint: ");
    run_close(&visit.client);
    begin(&visit, ARGUMENTS("-q"));
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, "");
    CHECK_TEXT(visit.client.error, "");
    run_close(&visit.client);
}

/* An answer that pauses may wait for the end of our side: an echo server's does. */
static void paused(void)
{
    struct visit visit;
    char data[16];
    size_t received = 0;
    begin(&visit, NO_ARGUMENTS);
    CHECK(testing_raw_receive(visit.peer, data, sizeof data, 500 * TENON_MILLISECOND,
                              &received) == TESTING_RAW_TIMED_OUT);
    answer(&visit, "abc", 3);
    CHECK(testing_raw_receive(visit.peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    answer(&visit, "def", 3);
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, SENT "Server's response: abcdef\n");
    run_close(&visit.client);
}

static const char nasty[] = "a\r\n\x1a\0z\x80\xff\x1b[0m\\\t\xe2\x82\xac";

static void escaped(void)
{
    struct visit visit;
    begin(&visit, NO_ARGUMENTS);
    answer(&visit, nasty, sizeof nasty - 1);
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output,
               SENT "Server's response: a\\x0d\\x0a\\x1a\\x00z\\x80\\xff\\x1b[0m\\\\\\x09"
                    "\xe2\x82\xac\n");
    run_close(&visit.client);
}

/* Not one byte is added, changed or lost. */
static void raw_bytes(void)
{
    struct visit visit;
    begin(&visit, ARGUMENTS("-q"));
    answer(&visit, nasty, sizeof nasty - 1);
    visit_end(&visit, 0);
    CHECK(visit.client.output_size == sizeof nasty - 1);
    CHECK(memcmp(visit.client.output, nasty, sizeof nasty - 1) == 0);
    run_close(&visit.client);
}

static unsigned char byte_at(size_t at)
{
    return (unsigned char)(at * 31 + at / 251);
}

/* An answer larger than what the client keeps in memory. */
static void long_answer(void)
{
    static unsigned char data[PIECE];
    struct visit visit;
    begin(&visit, ARGUMENTS("-q"));
    for (size_t at = 0; at < LONG_ANSWER; at += PIECE) {
        for (size_t i = 0; i < PIECE; i++) {
            data[i] = byte_at(at + i);
        }
        answer(&visit, data, PIECE);
    }
    visit_end(&visit, 0);
    CHECK(visit.client.output_size == LONG_ANSWER);
    for (size_t i = 0; i < LONG_ANSWER; i++) {
        CHECK((unsigned char)visit.client.output[i] == byte_at(i));
    }
    run_close(&visit.client);
}

const struct test_case answer_cases[] = {
    {"answer.timed_out", timed_out},
    {"answer.nothing_sent", nothing_sent},
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
