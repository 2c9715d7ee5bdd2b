/* What scripts wait for and rely on: ready files, and answers that are expected. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREETING "Hello from the server!!!"

/* A folder, and a file in it. */
struct place_file {
    char *folder;
    char path[PATH_TEXT_MAX];
};

static void make(struct place_file *file)
{
    file->folder = new_folder();
    path_in(file->path, file->folder, "ready");
}

static void drop(struct place_file *file)
{
    testing_folder_remove(file->folder);
    free(file->folder);
}

/* ---- ready files ---- */

/* The client is there first. */
static void ready_file_awaited(void)
{
    struct place_file file;
    struct run client;
    struct run server;
    make(&file);
    run_start(&client, CLIENT, ARGUMENTS("-v", "--ready-file", file.path, "--wait", "35s"));
    run_await(&client, TESTING_ERROR_OUTPUT, "INFO retry", 2);
    run_start(&server, SERVER, ARGUMENTS("--once", "--ready-file", file.path, ":0"));
    run_wait(&client);
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    run_close(&client);
    run_close(&server);
    drop(&file);
}

/* What a server that crashed has left names a port that nobody has; the next one has another. */
static void ready_file_of_another(void)
{
    struct place_file file;
    struct run client;
    struct run server;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    int64_t held = refusing_port(&port);
    make(&file);
    place_text(place, "127.0.0.1", port);
    CHECK(testing_file_write(file.path, place, strlen(place)));
    run_start(&client, CLIENT, ARGUMENTS("-v", "--ready-file", file.path, "--wait", "35s"));
    run_await(&client, TESTING_ERROR_OUTPUT, "INFO connect_failed", 2);
    run_start(&server, SERVER, ARGUMENTS("--once", "--ready-file", file.path, "localhost:0"));
    run_wait(&client);
    CHECK_CODE(&client, 0);
    run_wait(&server);
    run_close(&client);
    run_close(&server);
    testing_raw_close(held);
    drop(&file);
}

/* NULL: there is no file. */
struct content {
    const char *text;
    bool waits;
    int code;
    const char *said;
};

static void ready_file_wrong(void)
{
    static const struct content rows[] = {
        {NULL, false, 2, "no such file or folder\nhint: is the server running? try --wait 10s\n"},
        {NULL, true, 5, " within 300ms: no such file or folder\n"},
        {"", false, 2, "it is empty"},
        {"\r\n\n", true, 5, " within 300ms: it is empty"},
        {"hello world\n", true, 2, "'hello world' is no address: "},
        {"127.0.0.1:1\n127.0.0.1\x1b[31m:1\n", true, 2, "'127.0.0.1\\x1b[31m:1' is no address"},
        {"127.0.0.1:0\n", true, 2, "'127.0.0.1:0' is no address: nobody listens on port 0"},
        {":80\n", true, 2, "':80' is no address: it has no host"},
    };
    struct place_file file;
    make(&file);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run client;
        CHECK(rows[i].text == NULL ||
              testing_file_write(file.path, rows[i].text, strlen(rows[i].text)));
        run_whole(&client, CLIENT, rows[i].waits ?
                  ARGUMENTS("--ready-file", file.path, "--wait", "300ms") :
                  ARGUMENTS("--ready-file", file.path));
        CHECK_CODE(&client, rows[i].code);
        CHECK_TEXT(client.output, "");
        CHECK(strncmp(client.error, "client: ", strlen("client: ")) == 0);
        CHECK_CONTAINS(client.error, file.path);
        CHECK_CONTAINS(client.error, rows[i].said);
        run_close(&client);
    }
    struct run folder;
    run_whole(&folder, CLIENT, ARGUMENTS("--ready-file", file.folder, "--wait", "300ms"));
    CHECK_CODE(&folder, 2);
    CHECK_CONTAINS(folder.error, "it is no regular file");
    run_close(&folder);
    drop(&file);
}

/* ---- answers ---- */

struct expected {
    const char *text;
    int code;
    const char *said;           /* behind the server's name; NULL: nothing */
};

static void expect(void)
{
    static const struct expected rows[] = {
        {GREETING, 0, NULL},
        {"Hello from the server!!", 1, "it goes on behind its 23 bytes"},
        {GREETING "!", 1, "it ends behind 24 of its 25 bytes"},
        {"Hello from the Server!!!", 1, "byte 16 is another"},
        {"", 1, "it goes on behind its 0 bytes"},
    };
    struct service service;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run client;
        char said[200] = "";
        run_whole(&client, CLIENT, ARGUMENTS("--expect", rows[i].text, service.place));
        CHECK_CODE(&client, rows[i].code);
        CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
        if (rows[i].said != NULL) {
            (void)snprintf(said, sizeof said,
                           "client: the answer of %s is not the expected one: %s\n", service.place,
                           rows[i].said);
        }
        CHECK_TEXT(client.error, said);
        run_close(&client);
    }
    service_stop(&service);
    run_close(&service.run);
}

/* No answer is one that can be expected. */
static void expect_nothing(void)
{
    struct visit visit;
    visit_begin(&visit, ARGUMENTS("--expect", ""));
    visit_expect(&visit, "Hello from the client!!!");
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, "Connected to server.\nMessage sent.\n");
    run_close(&visit.client);
}

static void answer_next(struct visit *visit, const char *answer)
{
    testing_raw_close(visit->peer);
    visit->peer = testing_raw_accept(visit->listener, PATIENCE);
    CHECK(visit->peer != TESTING_RAW_NONE);
    visit_expect(visit, "ping");
    raw_send(visit->peer, answer, strlen(answer));
}

/* A server that is not what it should be yet: other answers, none, a part, a reset. Nothing of
 * them is told. */
static void expect_awaited(void)
{
    struct visit visit;
    visit_begin(&visit, ARGUMENTS("--wait", "35s", "--expect", "pong", "-m", "ping"));
    visit_expect(&visit, "ping");
    raw_send(visit.peer, BYTES("starting"));
    answer_next(&visit, "");
    answer_next(&visit, "po");
    answer_next(&visit, "");
    visit_reset(&visit);
    answer_next(&visit, "pong");
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output,
               "Connected to server.\nMessage sent.\nServer's response: pong\n");
    CHECK_TEXT(visit.client.error, "");
    run_close(&visit.client);
}

/* The bytes alone, of the answer that counts; the input is sent anew each time. */
static void expect_awaited_with_files(void)
{
    struct place_file file;
    struct visit visit;
    char in[PATH_TEXT_MAX];
    size_t size = 0;
    make(&file);
    path_in(in, file.folder, "in");
    CHECK(testing_file_write(in, "ping", 4));
    visit_begin(&visit, ARGUMENTS("-q", "--wait", "35s", "--expect", "pong", "-i", in, "-o",
                                  file.path));
    visit_expect(&visit, "ping");
    raw_send(visit.peer, BYTES("pongs"));
    answer_next(&visit, "pong");
    visit_end(&visit, 0);
    CHECK_TEXT(visit.client.output, "");
    char *data = testing_file_read(file.path, &size);
    CHECK(data != NULL && size == 4 && memcmp(data, "pong", 4) == 0);
    free(data);
    run_close(&visit.client);
    drop(&file);
}

/* The last answer is told. */
static void expect_in_vain(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    int64_t since = testing_clock();
    run_whole(&client, CLIENT, ARGUMENTS("--wait", "400ms", "--expect", "Hello", service.place));
    CHECK(testing_clock() - since >= 400 * TENON_MILLISECOND);
    CHECK_CODE(&client, 1);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    CHECK(count_parts(client.error, "client: ") == 1);
    CHECK_CONTAINS(client.error, "it goes on behind its 5 bytes\n");
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

/* A server that does not end another answer keeps no check: neither beyond its time, nor where it
 * has none. */
static void expect_without_end(void)
{
    static const char *const options[][2] = {{"--wait", "1ms"}, {"--timeout", "0"}};
    static const char *const answers[][2] = {
        {"starting", "byte 1 is another\n"},
        {"pongs", "it goes on behind its 4 bytes\n"},
    };
    for (int i = 0; i < 4; i++) {
        struct visit visit;
        const char *const *option = options[i % 2];
        const char *const *answer = answers[i / 2];
        char transcript[100];
        visit_begin(&visit, ARGUMENTS(option[0], option[1], "--expect", "pong", "-m", "ping"));
        visit_expect(&visit, "ping");
        CHECK(visit_receive(&visit, 50 * TENON_MILLISECOND) == TESTING_RAW_TIMED_OUT);
        raw_send(visit.peer, answer[0], strlen(answer[0]));
        visit_wait(&visit, 1);
        (void)snprintf(transcript, sizeof transcript,
                       "Connected to server.\nMessage sent.\nServer's response: %s\n", answer[0]);
        CHECK_TEXT(visit.client.output, transcript);
        CHECK_CONTAINS(visit.client.error, answer[1]);
        run_close(&visit.client);
    }
}

/* A server that is gone before it was what it should be: what it was is told. */
static void expect_of_one_that_went(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    run_whole(&client, CLIENT, ARGUMENTS("--wait", "400ms", "--expect", "Hello", service.place));
    CHECK_CODE(&client, 4);
    CHECK_CONTAINS(client.error, "connection refused\nbefore that: the answer of 127.0.0.1:");
    CHECK_CONTAINS(client.error, "it goes on behind its 5 bytes\nhint: is the server running?\n");
    run_close(&client);
    service_wait(&service, 0);
    run_close(&service.run);
}

/* What comes from a pipe cannot be sent again. */
static void expect_of_a_pipe(void)
{
    struct run client;
    run_whole(&client, CLIENT, ARGUMENTS("-i", "-", "--wait", "1s", "--expect", "x"));
    CHECK_CODE(&client, 2);
    CHECK_CONTAINS(client.error, "client: the standard input can be sent only once");
    run_close(&client);
}

const struct test_case script_cases[] = {
    {"script.ready_file_awaited", ready_file_awaited},
    {"script.ready_file_of_another", ready_file_of_another},
    {"script.ready_file_wrong", ready_file_wrong},
    {"script.expect", expect},
    {"script.expect_nothing", expect_nothing},
    {"script.expect_awaited", expect_awaited},
    {"script.expect_awaited_with_files", expect_awaited_with_files},
    {"script.expect_in_vain", expect_in_vain},
    {"script.expect_without_end", expect_without_end},
    {"script.expect_of_one_that_went", expect_of_one_that_went},
    {"script.expect_of_a_pipe", expect_of_a_pipe},
    {NULL, NULL},
};
