/* What the server does with clients of every kind: its modes, and those who are slow, rude or
 * silent. */
#include "harness.h"
#include <stdlib.h>
#include <string.h>

enum {
    MEGABYTE = 1024 * 1024,
    PIECE = 16 * 1024
};

#define ANSWER "Hello from the server!!!"

/* Byte `at` of a stream that every test can check. */
static unsigned char byte_at(size_t at)
{
    return (unsigned char)(at * 31 + at / 251);
}

static void fill(unsigned char *data, size_t at, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = byte_at(at + i);
    }
}

/* All that was sent comes back, in pieces so that neither side's buffers matter. */
static void echo(void)
{
    static unsigned char sent[PIECE];
    static unsigned char back[PIECE];
    struct service service;
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    int64_t peer = raw_to(&service);
    for (size_t at = 0; at < MEGABYTE; at += PIECE) {
        fill(sent, at, PIECE);
        raw_send(peer, sent, PIECE);
        for (size_t done = 0; done < PIECE; done += received) {
            CHECK(testing_raw_receive(peer, back + done, PIECE - done, PATIENCE, &received) ==
                  TESTING_RAW_OK);
        }
        CHECK(memcmp(sent, back, PIECE) == 0);
    }
    testing_raw_finish(peer);
    CHECK(testing_raw_receive(peer, back, PIECE, PATIENCE, &received) == TESTING_RAW_END);
    testing_raw_close(peer);
    service_stop(&service);
    CHECK_TEXT(service.run.output, SERVER_LISTENS "Connected to client: ('127.0.0.1', #)\n");
    run_close(&service.run);
}

/* A peer that sends and sends and reads nothing is not read from for ever: the bytes wait at its
 * side, and all come back once it reads. */
static void echo_waits_for_a_reader(void)
{
    static unsigned char data[PIECE];
    struct service service;
    size_t sent = 0;
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    int64_t peer = testing_raw_connect(TENON_FAMILY_IPV4, service.port, 4096, PATIENCE);
    CHECK(peer != TESTING_RAW_NONE);
    memset(data, 'x', sizeof data);
    while (sent < 64 * MEGABYTE &&
           testing_raw_send(peer, data, sizeof data, TENON_SECOND) == TESTING_RAW_OK) {
        sent += sizeof data;
    }
    CHECK(sent < 64 * MEGABYTE);
    testing_raw_finish(peer);
    CHECK(testing_raw_receive_all(peer, data, 0, PATIENCE, &received) == TESTING_RAW_END);
    CHECK(received >= sent);
    testing_raw_close(peer);
    service_stop(&service);
    run_close(&service.run);
}

/* Such a peer is silent: its time runs out. */
static void stuck_reader(void)
{
    static unsigned char data[PIECE];
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo", "-t", "500ms", "-v"));
    int64_t peer = testing_raw_connect(TENON_FAMILY_IPV4, service.port, 4096, PATIENCE);
    enum testing_raw_result result = TESTING_RAW_OK;
    CHECK(peer != TESTING_RAW_NONE);
    for (size_t sent = 0; result == TESTING_RAW_OK && sent < 64 * MEGABYTE; sent += PIECE) {
        result = testing_raw_send(peer, data, sizeof data, PATIENCE);
    }
    CHECK(result == TESTING_RAW_RESET);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "INFO timeout conn=1", 1);
    testing_raw_close(peer);
    service_stop(&service);
    run_close(&service.run);
}

/* Nor is one that sends while it does not take its answer: bytes that nobody wants are no life. */
static void stuck_reader_that_sends(void)
{
    enum { ANSWER_SIZE = 32 * MEGABYTE };       /* more than the buffers between two sockets hold */
    char path[PATH_TEXT_MAX];
    struct service service;
    size_t sent = 0;
    char *folder = new_folder();
    char *answer = calloc(1, ANSWER_SIZE);
    path_in(path, folder, "answer");
    CHECK(answer != NULL && testing_file_write(path, answer, ANSWER_SIZE));
    free(answer);
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-i", path, "-t", "200ms", "-v"));
    int64_t peer = testing_raw_connect(TENON_FAMILY_IPV4, service.port, 4096, PATIENCE);
    CHECK(peer != TESTING_RAW_NONE);
    while (testing_raw_send(peer, "x", 1, PATIENCE) == TESTING_RAW_OK && sent < MEGABYTE) {
        sent++;
    }
    CHECK(sent < MEGABYTE);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "INFO timeout conn=1", 1);
    testing_raw_close(peer);
    service_stop(&service);
    run_close(&service.run);
    testing_folder_remove(folder);
    free(folder);
}

static void echo_client(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode=echo"));
    run_whole(&client, CLIENT, ARGUMENTS(service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, "Connected to server.\nMessage sent.\n"
                              "Server's response: Hello from the client!!!\n");
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

static void discard(void)
{
    static unsigned char data[PIECE];
    struct service service;
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "discard"));
    int64_t peer = raw_to(&service);
    for (size_t at = 0; at < 4 * MEGABYTE; at += PIECE) {
        raw_send(peer, data, PIECE);
    }
    testing_raw_finish(peer);
    CHECK(testing_raw_receive(peer, data, PIECE, PATIENCE, &received) == TESTING_RAW_END);
    testing_raw_close(peer);
    service_stop(&service);
    CHECK_TEXT(service.run.output, SERVER_LISTENS "Connected to client: ('127.0.0.1', #)\n");
    run_close(&service.run);
}

/* The answer comes after the first receive that has data; what comes behind it is dropped. */
static void byte_by_byte(void)
{
    struct service service;
    char data[64];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    int64_t peer = raw_to(&service);
    raw_send(peer, "H", 1);
    CHECK(testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_END);
    CHECK(received == strlen(ANSWER) && memcmp(data, ANSWER, received) == 0);
    for (int i = 0; i < 20; i++) {
        raw_send(peer, "e", 1);
    }
    testing_raw_close(peer);
    service_stop(&service);
    CHECK_TEXT(service.run.output, SERVER_LISTENS
               "Connected to client: ('127.0.0.1', #)\nReceived data: H\nResponse sent.\n");
    run_close(&service.run);
}

/* A close on unread bytes would be a reset, which can take the answer with it. */
static void answer_survives_unread_input(void)
{
    static char data[PIECE];
    struct service service;
    size_t received = 0;
    memset(data, 'x', sizeof data);
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    for (int round = 0; round < 20; round++) {
        char answer[64];
        int64_t peer = raw_to(&service);
        for (int i = 0; i < 16; i++) {
            raw_send(peer, data, sizeof data);
        }
        CHECK(testing_raw_receive_all(peer, answer, sizeof answer, PATIENCE, &received) ==
              TESTING_RAW_END);
        CHECK(received == strlen(ANSWER) && memcmp(answer, ANSWER, received) == 0);
        testing_raw_close(peer);
    }
    service_stop(&service);
    run_close(&service.run);
}

/* Not more than the first 1024 bytes are shown. */
static void shows_the_beginning(void)
{
    static char data[4096];
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    memset(data, 'y', sizeof data - 1);
    raw_exchange(&service, data, ANSWER);
    service_wait(&service, 0);
    CHECK(count_parts(service.run.output, "y") <= 1024);
    CHECK(count_parts(service.run.output, "y") >= 1);
    run_close(&service.run);
}

static void silent_client(void)
{
    struct service service;
    char data[16];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-t", "300ms"));
    int64_t silent = raw_to(&service);
    int64_t since = testing_clock();
    CHECK(testing_raw_receive(silent, data, sizeof data, PATIENCE, &received) == TESTING_RAW_END);
    CHECK(testing_clock() - since > 100 * TENON_MILLISECOND);
    testing_raw_close(silent);
    raw_exchange(&service, "x", ANSWER);
    service_stop(&service);
    run_close(&service.run);
}

/* Bytes that come keep a connection alive beyond the time of silence. */
static void slow_client(void)
{
    struct service service;
    char data[16];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-t", "600ms", "--mode", "discard"));
    int64_t peer = raw_to(&service);
    for (int i = 0; i < 5; i++) {
        raw_send(peer, "x", 1);
        CHECK(testing_raw_receive(peer, data, sizeof data, 200 * TENON_MILLISECOND, &received) ==
              TESTING_RAW_TIMED_OUT);
    }
    CHECK(testing_raw_receive(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_END);
    testing_raw_close(peer);
    service_stop(&service);
    run_close(&service.run);
}

static void rude_clients(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    for (int i = 0; i < 20; i++) {
        int64_t peer = raw_to(&service);
        raw_send(peer, "x", 1);
        testing_raw_reset(peer);
        testing_raw_reset(raw_to(&service));
    }
    raw_exchange(&service, "x", ANSWER);
    service_stop(&service);
    run_close(&service.run);
}

/* Above the limit the next one waits until a connection ends. */
static void limit(void)
{
    struct service service;
    char data[64];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-c", "1"));
    int64_t first = raw_to(&service);
    int64_t second = raw_to(&service);
    raw_send(second, "x", 1);
    CHECK(testing_raw_receive(second, data, sizeof data, 300 * TENON_MILLISECOND, &received) ==
          TESTING_RAW_TIMED_OUT);
    testing_raw_close(first);
    CHECK(testing_raw_receive_all(second, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    CHECK(received == strlen(ANSWER));
    testing_raw_close(second);
    service_stop(&service);
    run_close(&service.run);
}

/* One that was answered and stays makes room at once, long before its time is over. */
static void limit_gives_up_lingering(void)
{
    struct service service;
    char data[64];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-c", "1"));
    int64_t first = raw_to(&service);
    raw_send(first, "x", 1);
    CHECK(testing_raw_receive_all(first, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    int64_t since = testing_clock();
    raw_exchange(&service, "x", ANSWER);
    CHECK(testing_clock() - since < 4 * TENON_SECOND);
    testing_raw_close(first);
    service_stop(&service);
    run_close(&service.run);
}

/* One that was answered and neither ends nor sends is let go of after 5 s. */
static void lingering_ends(void)
{
    struct service service;
    char data[64];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-vv"));
    int64_t peer = raw_to(&service);
    raw_send(peer, "x", 1);
    CHECK(testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    int64_t since = testing_clock();
    run_await(&service.run, TESTING_ERROR_OUTPUT, "DEBUG close conn=1", 1);
    CHECK(testing_clock() - since >= 4900 * TENON_MILLISECOND);
    testing_raw_close(peer);
    service_stop(&service);
    run_close(&service.run);
}

const struct test_case service_cases[] = {
    {"service.echo", echo},
    {"service.echo_waits_for_a_reader", echo_waits_for_a_reader},
    {"service.stuck_reader", stuck_reader},
    {"service.stuck_reader_that_sends", stuck_reader_that_sends},
    {"service.echo_client", echo_client},
    {"service.discard", discard},
    {"service.byte_by_byte", byte_by_byte},
    {"service.answer_survives_unread_input", answer_survives_unread_input},
    {"service.shows_the_beginning", shows_the_beginning},
    {"service.silent_client", silent_client},
    {"service.slow_client", slow_client},
    {"service.rude_clients", rude_clients},
    {"service.limit", limit},
    {"service.limit_gives_up_lingering", limit_gives_up_lingering},
    {"service.lingering_ends", lingering_ends},
    {NULL, NULL},
};
