/* What the client sends from files and pipes, where it puts the response, and when it ends its
 * side. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_SIZE = 3 * 1024 * 1024 + 17,
    STREAM_SIZE = 64 * 1024 * 1024,
    PIECE = 256 * 1024,
    STUCK_SIZE = 32 * 1024 * 1024       /* more than the buffers between two sockets hold */
};

static const struct streams typed = {TESTING_PIPE, TESTING_PIPE, TESTING_PIPE};

/* Every byte value, line ends of all kinds and Ctrl+Z among them, and no period that a buffer may
 * have. */
static char byte_at(size_t at)
{
    return (char)(unsigned char)(at * 31 + at / 251);
}

static void fill(char *data, size_t at, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = byte_at(at + i);
    }
}

static char *pattern(size_t size)
{
    char *data = malloc(size);
    CHECK(data != NULL);
    fill(data, 0, size);
    return data;
}

static void check_pattern(const char *data, size_t size, size_t expected)
{
    CHECK(data != NULL && size == expected);
    for (size_t i = 0; i < size; i++) {
        CHECK(data[i] == byte_at(i));
    }
}

static void write_pattern(const char *path, size_t size)
{
    char *data = pattern(size);
    CHECK(testing_file_write(path, data, size));
    free(data);
}

/* ---- files and pipes ---- */

/* There and back, and nothing is left beside the files. */
static void file_to_file(void)
{
    struct service service;
    struct run client;
    char in[PATH_TEXT_MAX];
    char out[PATH_TEXT_MAX];
    size_t size = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    path_in(in, service.folder, "in \xc3\xa4");
    path_in(out, service.folder, "out \xe2\x82\xac");
    write_pattern(in, FILE_SIZE);
    CHECK(testing_file_write(out, "old", 3));
    run_whole(&client, CLIENT, ARGUMENTS("-i", in, "-o", out, service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, "Connected to server.\nMessage sent.\n");
    CHECK_TEXT(client.error, "");
    char *data = testing_file_read(out, &size);
    check_pattern(data, size, FILE_SIZE);
    CHECK(testing_folder_entries(service.folder) == 3);
    free(data);
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

static void empty_file(void)
{
    struct service service;
    struct run client;
    char in[PATH_TEXT_MAX];
    char out[PATH_TEXT_MAX];
    size_t size = 1;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    path_in(in, service.folder, "in");
    path_in(out, service.folder, "out");
    CHECK(testing_file_write(in, "", 0));
    run_whole(&client, CLIENT, ARGUMENTS("-i", in, "-o", out, service.place));
    CHECK_CODE(&client, 0);
    free(testing_file_read(out, &size));
    CHECK(size == 0);
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

/* Both ways through pipes, whose far ends are slower and faster than the client. */
static void pipe_to_pipe(void)
{
    static char piece[PIECE];
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    run_start_with(&client, CLIENT, ARGUMENTS("-q", "-i", "-", service.place), &typed);
    for (size_t at = 0; at < STREAM_SIZE; at += PIECE) {
        fill(piece, at, PIECE);
        CHECK(testing_process_write(client.process, piece, PIECE));
    }
    testing_process_close_input(client.process);
    run_wait(&client);
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.error, "");
    check_pattern(client.output, client.output_size, STREAM_SIZE);
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

/* Each line is at the server before the next one is typed, and its answer is seen. */
static void typed_lines(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    run_start_with(&client, CLIENT, ARGUMENTS("-q", "-i", "-", service.place), &typed);
    for (size_t i = 1; i <= 3; i++) {
        CHECK(testing_process_write(client.process, "line\n", 5));
        run_await(&client, TESTING_OUTPUT, "line\n", i);
    }
    testing_process_close_input(client.process);
    run_wait(&client);
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, "line\nline\nline\n");
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

/* A peer that sends all it has before it reads anything, while the client does the same. */
static void full_duplex(void)
{
    struct visit visit;
    size_t received = 0;
    char *folder = new_folder();
    char path[PATH_TEXT_MAX];
    path_in(path, folder, "in");
    write_pattern(path, STUCK_SIZE);
    visit_begin(&visit, ARGUMENTS("-q", "-i", path));
    char *data = pattern(STUCK_SIZE);
    raw_send(visit.peer, data, STUCK_SIZE);
    testing_raw_finish(visit.peer);
    memset(data, 0, STUCK_SIZE);
    CHECK(testing_raw_receive_all(visit.peer, data, STUCK_SIZE, PATIENCE, &received) ==
          TESTING_RAW_END);
    check_pattern(data, received, STUCK_SIZE);
    visit_wait(&visit, 0);
    check_pattern(visit.client.output, visit.client.output_size, STUCK_SIZE);
    free(data);
    run_close(&visit.client);
    testing_folder_remove(folder);
    free(folder);
}

/* The server has ended its side long before all was sent: it still gets all of it. */
static void server_ends_first(void)
{
    struct visit visit;
    visit_begin_with(&visit, ARGUMENTS("-q", "-i", "-"), &typed);
    raw_send(visit.peer, BYTES("ready"));
    testing_raw_finish(visit.peer);
    run_await(&visit.client, TESTING_OUTPUT, "ready", 1);
    CHECK(testing_process_write(visit.client.process, "one", 3));
    visit_expect(&visit, "one");
    CHECK(testing_process_write(visit.client.process, "two", 3));
    visit_expect(&visit, "two");
    testing_process_close_input(visit.client.process);
    CHECK(visit_receive(&visit, PATIENCE) == TESTING_RAW_END);
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, "ready");
    run_close(&visit.client);
}

/* ---- the end of our side ---- */

#define SENT "Connected to server.\nMessage sent.\n"

static void half_close_now(void)
{
    struct visit visit;
    visit_begin(&visit, ARGUMENTS("--half-close", "now", "-m", "x"));
    visit_expect(&visit, "x");
    CHECK(visit_receive(&visit, PATIENCE) == TESTING_RAW_END);
    raw_send(visit.peer, BYTES("late"));
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, SENT "Server's response: late\n");
    run_close(&visit.client);
}

/* Not before an answer has come and paused, also behind an input. */
static void half_close_pause(void)
{
    struct visit visit;
    visit_begin_with(&visit, ARGUMENTS("--half-close=pause", "-i", "-"), &typed);
    CHECK(testing_process_write(visit.client.process, "x", 1));
    testing_process_close_input(visit.client.process);
    visit_expect(&visit, "x");
    CHECK(visit_receive(&visit, 500 * TENON_MILLISECOND) == TESTING_RAW_TIMED_OUT);
    raw_send(visit.peer, BYTES("abc"));
    CHECK(visit_receive(&visit, PATIENCE) == TESTING_RAW_END);
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, SENT "Server's response: abc\n");
    run_close(&visit.client);
}

static void half_close_never(void)
{
    struct visit visit;
    visit_begin_with(&visit, ARGUMENTS("--half-close", "never", "-i", "-"), &typed);
    CHECK(testing_process_write(visit.client.process, "x", 1));
    testing_process_close_input(visit.client.process);
    visit_expect(&visit, "x");
    run_await(&visit.client, TESTING_OUTPUT, SENT, 1);
    raw_send(visit.peer, BYTES("abc"));
    CHECK(visit_receive(&visit, 600 * TENON_MILLISECOND) == TESTING_RAW_TIMED_OUT);
    testing_raw_finish(visit.peer);
    CHECK(visit_receive(&visit, PATIENCE) == TESTING_RAW_END);
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, SENT "Server's response: abc\n");
    run_close(&visit.client);
}

/* With an input it is its end, without any answer. */
static void half_close_of_an_input(void)
{
    struct visit visit;
    visit_begin_with(&visit, ARGUMENTS("-i", "-"), &typed);
    CHECK(testing_process_write(visit.client.process, "x", 1));
    visit_expect(&visit, "x");
    CHECK(visit_receive(&visit, 300 * TENON_MILLISECOND) == TESTING_RAW_TIMED_OUT);
    testing_process_close_input(visit.client.process);
    CHECK(visit_receive(&visit, PATIENCE) == TESTING_RAW_END);
    raw_send(visit.peer, BYTES("abc"));
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, SENT "Server's response: abc\n");
    run_close(&visit.client);
}

/* ---- time ---- */

/* While nothing is typed no time counts; from the end of the input it does. */
static void silence_of_an_input(void)
{
    struct visit visit;
    visit_begin_with(&visit, ARGUMENTS("-t", "200ms", "-i", "-"), &typed);
    CHECK(visit_receive(&visit, 600 * TENON_MILLISECOND) == TESTING_RAW_TIMED_OUT);
    CHECK(testing_process_write(visit.client.process, "x", 1));
    visit_expect(&visit, "x");
    CHECK(visit_receive(&visit, 600 * TENON_MILLISECOND) == TESTING_RAW_TIMED_OUT);
    testing_process_close_input(visit.client.process);
    int64_t since = testing_clock();
    visit_wait(&visit, 5);
    CHECK(testing_clock() - since >= 200 * TENON_MILLISECOND);
    CHECK_CONTAINS(visit.client.error, "client: no answer from ");
    run_close(&visit.client);
}

/* A server that takes nothing is silent, and one that sends meanwhile is not. */
static void stuck_send(void)
{
    struct visit visit;
    char *folder = new_folder();
    char path[PATH_TEXT_MAX];
    path_in(path, folder, "in");
    write_pattern(path, STUCK_SIZE);
    visit_begin(&visit, ARGUMENTS("-t", "600ms", "-i", path));
    for (size_t i = 0; i < 4; i++) {
        raw_send(visit.peer, BYTES("x"));
        CHECK(!testing_process_await(visit.client.process, TESTING_ERROR_OUTPUT, "client: ", 1,
                                     300 * TENON_MILLISECOND));
    }
    visit_wait(&visit, 5);
    CHECK_TEXT(visit.client.output, "Connected to server.\nServer's response: xxxx\n");
    CHECK_CONTAINS(visit.client.error,
                   " has not taken the message: nothing moved for 600ms\n");
    run_close(&visit.client);
    testing_folder_remove(folder);
    free(folder);
}

const struct test_case transfer_cases[] = {
    {"transfer.file_to_file", file_to_file},
    {"transfer.empty_file", empty_file},
    {"transfer.pipe_to_pipe", pipe_to_pipe},
    {"transfer.typed_lines", typed_lines},
    {"transfer.full_duplex", full_duplex},
    {"transfer.server_ends_first", server_ends_first},
    {"transfer.half_close_now", half_close_now},
    {"transfer.half_close_pause", half_close_pause},
    {"transfer.half_close_never", half_close_never},
    {"transfer.half_close_of_an_input", half_close_of_an_input},
    {"transfer.silence_of_an_input", silence_of_an_input},
    {"transfer.stuck_send", stuck_send},
    {NULL, NULL},
};
