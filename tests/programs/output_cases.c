/* What a server writes besides its transcript: objects, dumps, logs; and the file it answers with.
 */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- objects and dumps ---- */

static void json_of_a_server(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--json", "--once"));
    raw_exchange(&service, "a\"b\\\x1b", "Hello from the server!!!");
    service_wait(&service, 0);
    const char *output = service.run.output;
    CHECK(count_parts(output, "\n") == 4 && count_parts(output, "{\"schema\":1,\"ts\":\"") == 4);
    CHECK_CONTAINS(output, "\"event\":\"listen\",\"address\":\"127.0.0.1:");
    CHECK_CONTAINS(output, "\"event\":\"accept\",\"conn\":1,\"peer\":\"127.0.0.1:");
    CHECK_CONTAINS(output,
                   "\"event\":\"answer\",\"conn\":1,\"bytes\":5,"
                   "\"data\":\"a\\\"b\\\\\\u001b\",\"truncated\":false,\"sent\":24}\n");
    CHECK_TEXT(service.run.error, "");
    run_close(&service.run);
}

/* With and without -v, usage errors too: the last object holds the exit code. */
static void json_of_failures(void)
{
    static const struct {
        enum program program;
        const char *arguments[4];
        const char *object;
        int code;
    } rows[] = {
        {SERVER, {"--json", "--threads", "0"}, "\"error\":{\"code\":\"usage\",\"exit\":2}}\n", 2},
        {CLIENT, {"--json", "--timeout", "x"}, "\"error\":{\"code\":\"usage\",\"exit\":2}}\n", 2},
        {SERVER, {"--json", "192.0.2.1"},
         "\"error\":{\"code\":\"cannot_listen\",\"exit\":6}}\n", 6},
        {CLIENT, {"--json", "127.0.0.1:1"}, "\"error\":{\"code\":\"refused\",\"exit\":4}}\n", 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        run_whole(&run, rows[i].program, rows[i].arguments);
        CHECK_CODE(&run, rows[i].code);
        CHECK_CONTAINS(run.output, "\"level\":\"error\",\"event\":\"error\",\"message\":\"");
        size_t size = strlen(run.output);
        size_t end = strlen(rows[i].object);
        CHECK(size > end && strcmp(run.output + size - end, rows[i].object) == 0);
        run_close(&run);
    }
}

static void hex_of_a_server(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-x", "--once", "-m", "yes"));
    raw_exchange(&service, "ask\n", "yes");
    service_wait(&service, 0);
    CHECK_CONTAINS(service.run.error, " conn=1 < 4 bytes\n00000000  61 73 6b 0a ");
    CHECK_CONTAINS(service.run.error, " |ask.|\n");
    CHECK_CONTAINS(service.run.error, " conn=1 > 3 bytes\n00000000  79 65 73 ");
    run_close(&service.run);
}

/* ---- the client ---- */

static void json_of_a_client(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once", "-m", "a\nb"));
    run_whole(&client, CLIENT, ARGUMENTS("--json", service.place));
    CHECK_CODE(&client, 0);
    CHECK(count_parts(client.output, "\n") == 3);
    CHECK_CONTAINS(client.output, "\"event\":\"connect\",\"peer\":\"127.0.0.1:");
    CHECK_CONTAINS(client.output, "\"event\":\"sent\",\"bytes\":24}\n");
    CHECK_CONTAINS(client.output, "\"event\":\"response\",\"bytes\":3,\"data\":\"a\\u000ab\","
                                  "\"truncated\":false}\n");
    CHECK_TEXT(client.error, "");
    run_close(&client);
    service_wait(&service, 0);
    run_close(&service.run);
}

static void hex_of_a_client(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once", "-m", "yes"));
    run_whole(&client, CLIENT, ARGUMENTS("-x", "-m", "ask", service.place));
    CHECK_CODE(&client, 0);
    CHECK_CONTAINS(client.error, "Z > 3 bytes\n00000000  61 73 6b ");
    CHECK_CONTAINS(client.error, "Z < 3 bytes\n00000000  79 65 73 ");
    run_close(&client);
    service_wait(&service, 0);
    run_close(&service.run);
}

/* ---- the log file ---- */

static void log_file(void)
{
    char path[PATH_TEXT_MAX];
    char *folder = new_folder();
    struct service service;
    path_in(path, folder, "l\xc3\xb6g");
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--log-file", path, "--once"));
    raw_exchange(&service, "x", "Hello from the server!!!");
    service_wait(&service, 0);
    CHECK_TEXT(service.run.error, "");
    char *text = testing_file_read(path, NULL);
    CHECK(text != NULL);
    CHECK(count_parts(text, " INFO ") == 5 && count_parts(text, "\n") == 5);
    CHECK_CONTAINS(text, " INFO answer conn=1 bytes=1 sent=24\n");
    free(text);
    run_close(&service.run);
    testing_folder_remove(folder);
    free(folder);
}

/* A path that another file has, or none, gets a new one: at the next line, and on SIGHUP. */
static void log_file_moved(void)
{
    char path[PATH_TEXT_MAX];
    char old[PATH_TEXT_MAX];
    char *folder = new_folder();
    struct service service;
    path_in(path, folder, "log");
    path_in(old, folder, "log.1");
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--log-file", path));
    raw_exchange(&service, "x", "Hello from the server!!!");
    await_file(path, " INFO end conn=1 ");
    CHECK(testing_file_rename(path, old));
    raw_exchange(&service, "x", "Hello from the server!!!");
    await_file(path, " INFO end conn=2 ");
    service_stop(&service);
    char *first = testing_file_read(old, NULL);
    char *second = testing_file_read(path, NULL);
    CHECK(first != NULL && second != NULL);
    CHECK(count_parts(first, " INFO accept ") == 1 && count_parts(second, " INFO accept ") == 1);
    CHECK_CONTAINS(first, " INFO end conn=1 ");
    CHECK_CONTAINS(second, " INFO accept conn=2 ");
    free(first);
    free(second);
    run_close(&service.run);
    testing_folder_remove(folder);
    free(folder);
}

/* With a log file a hang-up is no stop. */
static void log_file_hangup(void)
{
    char path[PATH_TEXT_MAX];
    char *folder = new_folder();
    struct service service;
    path_in(path, folder, "log");
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--log-file", path));
    run_signal(&service.run, TESTING_HANG_UP);
    raw_exchange(&service, "x", "Hello from the server!!!");
    service_stop(&service);
    char *text = testing_file_read(path, NULL);
    CHECK(text != NULL);
    CHECK_CONTAINS(text, " INFO hangup reopened=true\n");
    free(text);
    run_close(&service.run);
    testing_folder_remove(folder);
    free(folder);
}

/* A line of totals when it is asked for, also where no client comes meanwhile, and at the end of a
 * server that tells more. */
static void totals(void)
{
    struct service service;
    if (!testing_signals_differ()) {
        case_skip("Windows has no SIGUSR1");
    }
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--threads", "2", "-v"));
    run_signal(&service.run, TESTING_REPORT);
    run_await(&service.run, TESTING_ERROR_OUTPUT, " INFO totals accepted=0 open=0 answered=0 ", 1);
    raw_exchange(&service, "x", "Hello from the server!!!");
    raw_exchange(&service, "xyz", "Hello from the server!!!");
    run_await(&service.run, TESTING_ERROR_OUTPUT, " INFO end conn=", 2);
    run_signal(&service.run, TESTING_REPORT);
    run_await(&service.run, TESTING_ERROR_OUTPUT,
              " INFO totals accepted=2 open=0 answered=2 received=4 sent=48 timeouts=0 errors=0 "
              "denied=0 crowded=0 malformed=0 uncertified=0 shed=0\n", 1);
    service_stop(&service);
    CHECK(count_parts(service.run.error, " INFO totals ") == 3);
    run_close(&service.run);
}

/* It is written also where nothing else is, and is an event where those are asked for. */
static void totals_of_a_quiet_server(void)
{
    struct service service;
    if (!testing_signals_differ()) {
        case_skip("Windows has no SIGUSR1");
    }
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--json"));
    run_signal(&service.run, TESTING_REPORT);
    run_await(&service.run, TESTING_OUTPUT, "\"event\":\"totals\",", 1);
    service_stop(&service);
    CHECK_CONTAINS(service.run.output, "\"event\":\"totals\",\"accepted\":0,\"open\":0,");
    run_close(&service.run);
}

/* A full disk costs log lines, is said once, and nobody's answer. */
static void log_file_full(void)
{
    struct service service;
    if (!testing_file_exists("/dev/full")) {
        case_skip("there is no /dev/full here");
    }
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--log-file", "/dev/full"));
    for (int i = 0; i < 10; i++) {
        raw_exchange(&service, "x", "Hello from the server!!!");
    }
    run_await(&service.run, TESTING_ERROR_OUTPUT, "cannot write to the log file /dev/full", 1);
    service_stop(&service);
    CHECK(count_parts(service.run.error, "cannot write to the log file /dev/full") == 1);
    run_close(&service.run);
}

/* ---- the file that is served ---- */

enum {
    SERVED_SIZE = 3 * 1024 * 1024
};

static void receive_file(const struct service *service, const char *expected, size_t size)
{
    size_t received = 0;
    int64_t peer = raw_to(service);
    char *data = malloc(size + 1);
    CHECK(data != NULL);
    raw_send(peer, "?", 1);
    CHECK(testing_raw_receive_all(peer, data, size + 1, PATIENCE, &received) == TESTING_RAW_END);
    CHECK(received == size && memcmp(data, expected, size) == 0);
    free(data);
    testing_raw_close(peer);
}

static char *make_bytes(size_t size, unsigned seed)
{
    char *bytes = malloc(size);
    CHECK(bytes != NULL);
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1103515245u + 12345u;
        bytes[i] = (char)(seed >> 16);
    }
    return bytes;
}

static void file_served(void)
{
    static const size_t sizes[] = {0, 1, 15 * 1024 - 1, 15 * 1024, 15 * 1024 + 1, SERVED_SIZE};
    char path[PATH_TEXT_MAX];
    char *folder = new_folder();
    char *bytes = make_bytes(SERVED_SIZE, 1);
    path_in(path, folder, "f\xc3\xafle");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct service service;
        CHECK(testing_file_write(path, bytes, sizes[i]));
        service_start(&service, "127.0.0.1:0", ARGUMENTS("-i", path, "--once"));
        receive_file(&service, bytes, sizes[i]);
        service_wait(&service, 0);
        CHECK_CONTAINS(service.run.output, "Received data: ?\nResponse sent.\n");
        run_close(&service.run);
    }
    free(bytes);
    testing_folder_remove(folder);
    free(folder);
}

/* Who has begun gets the version that stood then, to its end; who comes later gets the new one. */
static void file_replaced(void)
{
    char path[PATH_TEXT_MAX];
    char beside[PATH_TEXT_MAX];
    char moved[PATH_TEXT_MAX];
    char first[1];
    size_t received = 0;
    char *folder = new_folder();
    char *old = make_bytes(SERVED_SIZE, 1);
    char *new = make_bytes(SERVED_SIZE, 2);
    char *seen = malloc(SERVED_SIZE);
    struct service service;
    CHECK(seen != NULL);
    path_in(path, folder, "file");
    path_in(beside, folder, "file.new");
    CHECK(testing_file_write(path, old, SERVED_SIZE));
    CHECK(testing_file_write(beside, new, SERVED_SIZE));
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-i", path, "--threads", "1"));
    int64_t slow = testing_raw_connect(TENON_FAMILY_IPV4, service.port, 4096, PATIENCE);
    CHECK(slow != TESTING_RAW_NONE);
    raw_send(slow, "?", 1);
    CHECK(testing_raw_receive(slow, first, 1, PATIENCE, &received) == TESTING_RAW_OK);
    CHECK(remove(path) == 0 || true);
    if (!testing_file_rename(beside, path)) {
        /* Windows replaces no file that is open; it lets one be moved out of the way. */
        path_in(moved, folder, "file.old");
        CHECK(testing_file_rename(path, moved));
        CHECK(testing_file_rename(beside, path));
    }
    /* It is looked at once a second at most: until then the old one is served, whole. */
    bool is_new = false;
    while (!is_new) {
        int64_t peer = raw_to(&service);
        raw_send(peer, "?", 1);
        CHECK(testing_raw_receive_all(peer, seen, SERVED_SIZE, PATIENCE, &received) ==
              TESTING_RAW_END);
        CHECK(received == SERVED_SIZE);
        is_new = memcmp(seen, new, SERVED_SIZE) == 0;
        CHECK(is_new || memcmp(seen, old, SERVED_SIZE) == 0);
        testing_raw_close(peer);
    }
    CHECK(testing_raw_receive_all(slow, seen, SERVED_SIZE, PATIENCE, &received) ==
          TESTING_RAW_END);
    CHECK(received == SERVED_SIZE - 1 && first[0] == old[0]);
    CHECK(memcmp(seen, old + 1, SERVED_SIZE - 1) == 0);
    testing_raw_close(slow);
    service_stop(&service);
    run_close(&service.run);
    free(seen);
    free(new);
    free(old);
    testing_folder_remove(folder);
    free(folder);
}

/* A file that is written into while it is sent: its clients are cut off, and it is said once. */
static void file_changed_in_place(void)
{
    enum { CLIENTS = 3 };
    char path[PATH_TEXT_MAX];
    char first[1];
    size_t received = 0;
    int64_t slow[CLIENTS];
    char *folder = new_folder();
    char *bytes = make_bytes(SERVED_SIZE, 1);
    struct service service;
    path_in(path, folder, "file");
    CHECK(testing_file_write(path, bytes, SERVED_SIZE));
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-i", path, "--threads", "1"));
    for (int i = 0; i < CLIENTS; i++) {
        slow[i] = testing_raw_connect(TENON_FAMILY_IPV4, service.port, 4096, PATIENCE);
        CHECK(slow[i] != TESTING_RAW_NONE);
        raw_send(slow[i], "?", 1);
        CHECK(testing_raw_receive(slow[i], first, 1, PATIENCE, &received) == TESTING_RAW_OK);
    }
    CHECK(testing_file_write(path, bytes, SERVED_SIZE / 2));
    for (int i = 0; i < CLIENTS; i++) {
        enum testing_raw_result result =
            testing_raw_receive_all(slow[i], bytes, SERVED_SIZE, PATIENCE, &received);
        CHECK(result == TESTING_RAW_RESET || !testing_resets_are_seen());
        CHECK(received < SERVED_SIZE - 1);
        testing_raw_close(slow[i]);
    }
    run_await(&service.run, TESTING_ERROR_OUTPUT, "has changed while it was sent", 1);
    service_stop(&service);
    CHECK(count_parts(service.run.error, "has changed while it was sent") == 1);
    run_close(&service.run);
    free(bytes);
    testing_folder_remove(folder);
    free(folder);
}

static void file_cannot_be_served(void)
{
    char path[PATH_TEXT_MAX];
    char *folder = new_folder();
    struct run run;
    path_in(path, folder, "missing");
    run_whole(&run, SERVER, ARGUMENTS("-i", path, ":0"));
    CHECK_CODE(&run, 2);
    CHECK_CONTAINS(run.error, path);
    CHECK_CONTAINS(run.error, "server: cannot open ");
    run_close(&run);
    run_whole(&run, SERVER, ARGUMENTS("-i", folder, ":0"));
    CHECK_CODE(&run, 2);
    CHECK_CONTAINS(run.error, "server: cannot open ");
    run_close(&run);
    run_whole(&run, SERVER, ARGUMENTS("-i", testing_null_device(), ":0"));
    CHECK_CODE(&run, 2);
    CHECK_CONTAINS(run.error, "server: cannot open ");
    run_close(&run);
    testing_folder_remove(folder);
    free(folder);
}

const struct test_case output_cases[] = {
    {"output.json_of_a_server", json_of_a_server},
    {"output.json_of_failures", json_of_failures},
    {"output.hex_of_a_server", hex_of_a_server},
    {"output.json_of_a_client", json_of_a_client},
    {"output.hex_of_a_client", hex_of_a_client},
    {"output.log_file", log_file},
    {"output.log_file_moved", log_file_moved},
    {"output.log_file_hangup", log_file_hangup},
    {"output.totals", totals},
    {"output.totals_of_a_quiet_server", totals_of_a_quiet_server},
    {"output.log_file_full", log_file_full},
    {"output.file_served", file_served},
    {"output.file_replaced", file_replaced},
    {"output.file_changed_in_place", file_changed_in_place},
    {"output.file_cannot_be_served", file_cannot_be_served},
    {NULL, NULL},
};
