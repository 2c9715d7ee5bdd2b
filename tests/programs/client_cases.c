/* How the client fails to connect, and how it tries: each ending with its exit code and words. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HINT "hint: is the server running? try --wait 10s\n"

static void refused(void)
{
    struct run client;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    char expected[300];
    int64_t held = refusing_port(&port);
    place_text(place, "127.0.0.1", port);
    run_whole(&client, CLIENT, ARGUMENTS(place));
    CHECK_CODE(&client, 4);
    CHECK_TEXT(client.output, "");
    (void)snprintf(expected, sizeof expected,
                   "client: cannot connect to %s: connection refused\n" HINT, place);
    CHECK_TEXT(client.error, expected);
    run_close(&client);
    testing_raw_close(held);
}

static void refused_by_name(void)
{
    struct run client;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    char expected[300];
    int64_t held = refusing_port(&port);
    if (!have_ipv6()) {
        case_skip("this machine has no IPv6");
    }
    place_text(place, "localhost", port);
    run_whole(&client, CLIENT, ARGUMENTS(place));
    CHECK_CODE(&client, 4);
    CHECK_TEXT(client.output, "");
    (void)snprintf(expected, sizeof expected,
                   "client: cannot connect to %s: connection refused (tried ::1, 127.0.0.1)\n" HINT,
                   place);
    CHECK_TEXT(client.error, expected);
    run_close(&client);
    run_whole(&client, CLIENT, ARGUMENTS("-4", place));
    CHECK_CODE(&client, 4);
    (void)snprintf(expected, sizeof expected,
                   "client: cannot connect to %s: connection refused (tried 127.0.0.1)\n" HINT,
                   place);
    CHECK_TEXT(client.error, expected);
    run_close(&client);
    testing_raw_close(held);
}

static void not_resolved(void)
{
    struct run client;
    run_whole(&client, CLIENT, ARGUMENTS("-w", "35s", "nonexistent.invalid:1"));
    CHECK_CODE(&client, 3);
    CHECK_TEXT(client.output, "");
    CHECK_CONTAINS(client.error, "client: cannot connect to nonexistent.invalid:1: ");
    run_close(&client);
    run_whole(&client, CLIENT, ARGUMENTS("-4", "[::1]:1"));
    CHECK_CODE(&client, 3);
    CHECK_CONTAINS(client.error, "[::1]:1: it is an IPv6 address, which -4 leaves out\n");
    CHECK_CONTAINS(client.error, "\nhint: -4 and -6 leave out the addresses of the other family\n");
    run_close(&client);
}

static void no_such_path(void)
{
    struct run client;
    run_whole(&client, CLIENT, ARGUMENTS("unix:no-such-folder/socket"));
    CHECK_CONTAINS(client.error, "client: cannot connect to unix:no-such-folder/socket: ");
    if (strstr(client.error, tenon_status_sentence(TENON_UNSUPPORTED)) == NULL) {
        CHECK_CODE(&client, 4);
        CHECK_CONTAINS(client.error, ": no such file or folder\n" HINT);
    }
    run_close(&client);
}

static void connect_timed_out(void)
{
    struct testing_silent silent;
    struct run client;
    char place[PLACE_TEXT_MAX];
    char expected[300];
    if (!testing_silent_open(&silent, TENON_FAMILY_IPV4)) {
        case_skip("this system refuses what its queue has no room for");
    }
    place_text(place, "127.0.0.1", silent.port);
    int64_t since = testing_clock();
    run_whole(&client, CLIENT, ARGUMENTS("-w", "300ms", place));
    CHECK(testing_clock() - since >= 300 * TENON_MILLISECOND);
    CHECK_CODE(&client, 5);
    CHECK_TEXT(client.output, "");
    (void)snprintf(expected, sizeof expected, "client: cannot connect to %s: %s\n", place,
                   tenon_status_sentence(TENON_TIMED_OUT));
    CHECK_TEXT(client.error, expected);
    run_close(&client);
    testing_silent_close(&silent);
}

/* ---- several addresses ---- */

static void fail_over(void)
{
    struct service service;
    struct run client;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    int64_t held = refusing_port(&port);
    place_text(place, "127.0.0.1", port);
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    run_whole(&client, CLIENT, ARGUMENTS(place, service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    CHECK_TEXT(client.error, "");
    service_wait(&service, 0);
    run_close(&client);
    run_close(&service.run);
    testing_raw_close(held);
}

/* 5 before 4 before 3, whatever their order, and one line for each. */
static void worst_of_several(void)
{
    struct testing_silent silent;
    struct run client;
    uint16_t port = 0;
    char refusing[PLACE_TEXT_MAX];
    char waiting[PLACE_TEXT_MAX];
    const char *unknown = "nonexistent.invalid:1";
    int64_t held = refusing_port(&port);
    place_text(refusing, "127.0.0.1", port);
    run_whole(&client, CLIENT, ARGUMENTS("-w", "35s", unknown, refusing));
    CHECK_CODE(&client, 4);
    CHECK(count_parts(client.error, "client: cannot connect to ") == 2);
    run_close(&client);
    if (testing_silent_open(&silent, TENON_FAMILY_IPV4)) {
        place_text(waiting, "127.0.0.1", silent.port);
        run_whole(&client, CLIENT, ARGUMENTS("-w", "1s", waiting, refusing));
        CHECK_CODE(&client, 5);
        CHECK(count_parts(client.error, "client: cannot connect to ") == 2);
        run_close(&client);
        testing_silent_close(&silent);
    }
    testing_raw_close(held);
}

/* ---- waiting ---- */

static void wait_for_the_server(void)
{
    struct run client;
    struct run server;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    int64_t held = refusing_port(&port);
    place_text(place, "127.0.0.1", port);
    run_start(&client, CLIENT, ARGUMENTS("-v", "--wait", "35s", place));
    run_await(&client, TESTING_ERROR_OUTPUT, "INFO retry", 2);
    testing_raw_close(held);
    run_start(&server, SERVER, ARGUMENTS("--once", place));
    run_wait(&client);
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    run_close(&client);
    run_close(&server);
}

static void wait_in_vain(void)
{
    struct run client;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    int64_t held = refusing_port(&port);
    place_text(place, "127.0.0.1", port);
    int64_t since = testing_clock();
    run_whole(&client, CLIENT, ARGUMENTS("--wait=400ms", place));
    CHECK(testing_clock() - since >= 400 * TENON_MILLISECOND);
    CHECK_CODE(&client, 4);
    CHECK_TEXT(client.output, "");
    /* It did wait: no need to say how. */
    CHECK(count_parts(client.error, "--wait") == 0);
    CHECK_CONTAINS(client.error, "connection refused\n");
    run_close(&client);
    testing_raw_close(held);
}

static void probe(void)
{
    struct service service;
    struct run client;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    run_whole(&client, CLIENT, ARGUMENTS("--probe", service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, "");
    CHECK_TEXT(client.error, "");
    run_close(&client);
    service_stop(&service);
    CHECK_TEXT(service.run.output, SERVER_LISTENS);
    run_close(&service.run);
    int64_t held = refusing_port(&port);
    place_text(place, "127.0.0.1", port);
    run_whole(&client, CLIENT, ARGUMENTS("-z", place));
    CHECK_CODE(&client, 4);
    run_close(&client);
    testing_raw_close(held);
}

/* ---- stopped ---- */

static void stopped_with(enum testing_signal signal, int code)
{
    struct run client;
    char place[PLACE_TEXT_MAX];
    char data[64];
    size_t received = 0;
    int64_t listener = testing_raw_listen(TENON_FAMILY_IPV4, 0, 5, 0);
    CHECK(listener != TESTING_RAW_NONE);
    place_text(place, "127.0.0.1", testing_raw_port(listener));
    run_start(&client, CLIENT, ARGUMENTS(place));
    int64_t peer = testing_raw_accept(listener, PATIENCE);
    CHECK(testing_raw_receive(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_OK);
    run_signal(&client, signal);
    run_wait(&client);
    CHECK_CODE(&client, code);
    CHECK_TEXT(client.output, "Connected to server.\nMessage sent.\n");
    testing_raw_close(peer);
    testing_raw_close(listener);
    run_close(&client);
}

static void interrupted(void)
{
    if (!testing_signals_differ()) {
        case_skip("Ctrl+C cannot be sent to one process here");
    }
    stopped_with(TESTING_INTERRUPT, 130);
}

static void terminated(void)
{
    stopped_with(TESTING_TERMINATE, 143);
}

static void hung_up(void)
{
    if (!testing_signals_differ()) {
        case_skip("this system has no hang-up");
    }
    stopped_with(TESTING_HANG_UP, 143);
}

static void stopped_while_waiting(void)
{
    struct run client;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    int64_t held = refusing_port(&port);
    place_text(place, "127.0.0.1", port);
    run_start(&client, CLIENT, ARGUMENTS("-v", "--wait", "0", place));
    run_await(&client, TESTING_ERROR_OUTPUT, "INFO retry", 1);
    run_signal(&client, TESTING_TERMINATE);
    run_wait(&client);
    CHECK_CODE(&client, 143);
    run_close(&client);
    testing_raw_close(held);
}

const struct test_case client_cases[] = {
    {"client.refused", refused},
    {"client.refused_by_name", refused_by_name},
    {"client.not_resolved", not_resolved},
    {"client.no_such_path", no_such_path},
    {"client.connect_timed_out", connect_timed_out},
    {"client.fail_over", fail_over},
    {"client.worst_of_several", worst_of_several},
    {"client.wait_for_the_server", wait_for_the_server},
    {"client.wait_in_vain", wait_in_vain},
    {"client.probe", probe},
    {"client.interrupted", interrupted},
    {"client.terminated", terminated},
    {"client.hung_up", hung_up},
    {"client.stopped_while_waiting", stopped_while_waiting},
    {NULL, NULL},
};
