/* The exchange: transcripts byte for byte, --once, what is no client, many clients. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/loop.h>

#define IPV4_PEER "('127.0.0.1', #)"
#define IPV6_PEER "('::1', #, 0, 0)"

/* Server and client as processes, both with these arguments. */
static void exchange_once(const char *address, const char *const *arguments, const char *served)
{
    struct service service;
    struct run client;
    const char *all[8] = {NULL};
    size_t count = 0;
    service_start(&service, address, arguments);
    for (size_t i = 0; arguments[i] != NULL && count < 6; i++) {
        if (strcmp(arguments[i], "--once") != 0 && strcmp(arguments[i], "-1") != 0) {
            all[count++] = arguments[i];
        }
    }
    all[count] = service.place;
    run_whole(&client, CLIENT, all);
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    CHECK_TEXT(client.error, "");
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output, served);
    CHECK_TEXT(service.run.error, "");
    run_close(&client);
    run_close(&service.run);
}

static void transcript(void)
{
    exchange_once("127.0.0.1:0", ARGUMENTS("--once"), SERVER_LISTENS SERVER_SERVED(IPV4_PEER));
}

static void transcript_ipv6(void)
{
    if (!have_ipv6()) {
        case_skip("this machine has no IPv6");
    }
    exchange_once("[::1]:0", ARGUMENTS("-1"), SERVER_LISTENS SERVER_SERVED(IPV6_PEER));
}

static void transcript_localhost(void)
{
    const char *served = SERVER_LISTENS SERVER_SERVED(IPV4_PEER);
    if (have_ipv6()) {
        served = SERVER_LISTENS SERVER_SERVED(IPV6_PEER);
    }
    exchange_once("localhost:0", ARGUMENTS("--once"), served);
}

static void transcript_each_backend(void)
{
    for (size_t i = 0; tenon_backend_name(i) != NULL; i++) {
        exchange_once("127.0.0.1:0", ARGUMENTS("--once", "--backend", tenon_backend_name(i)),
                      SERVER_LISTENS SERVER_SERVED(IPV4_PEER));
    }
}

/* A local socket's peer has no name; its file goes with the server. */
static void transcript_local(void)
{
    char path[PATH_TEXT_MAX];
    struct run server;
    struct run client;
    char *folder = testing_folder_make("");
    CHECK(folder != NULL);
    (void)snprintf(path, sizeof path, "unix:%s/socket", folder);
    run_start(&server, SERVER, ARGUMENTS("--once", path));
    if (!testing_process_await(server.process, TESTING_OUTPUT, SERVER_LISTENS, 1, PATIENCE)) {
        run_wait(&server);
        CHECK_CODE(&server, 6);
        CHECK_CONTAINS(server.error, tenon_status_sentence(TENON_UNSUPPORTED));
        testing_folder_remove(folder);
        case_skip("this system's local sockets are left out");
    }
    run_whole(&client, CLIENT, ARGUMENTS(path));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK_TEXT(server.output, SERVER_LISTENS SERVER_SERVED("''"));
    CHECK(!testing_file_exists(path + strlen("unix:")));
    testing_folder_remove(folder);
    free(folder);
    run_close(&client);
    run_close(&server);
}

#define GERMAN "Gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x98\x80"
#define CHINESE "\xe4\xbd\xa0\xe5\xa5\xbd \"x\" \\"

static void messages(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once", "-m", GERMAN));
    run_whole(&client, CLIENT, ARGUMENTS("--message=" CHINESE, service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output,
               "Connected to server.\nMessage sent.\nServer's response: " GERMAN "\n");
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output,
               SERVER_LISTENS "Connected to client: " IPV4_PEER
                              "\nReceived data: " CHINESE "\\\n"
                              "Response sent.\n");
    run_close(&client);
    run_close(&service.run);
}

/* What a peer sends cannot move a terminal's cursor, nor look like another line. */
static void escapes(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    raw_exchange(&service, "a\x1b[2J\r\nb\x7f\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xff\\",
                 "Hello from the server!!!");
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output,
               SERVER_LISTENS "Connected to client: " IPV4_PEER "\nReceived data: "
                              "a\\x1b[2J\\x0d\\x0ab\\x7f\\xc2\\x9b\\xe2\\x80\\xa8\\xe2\\x80\\xae"
                              "\\xff\\\\\nResponse sent.\n");
    run_close(&service.run);
}

static void quiet(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    run_whole(&client, CLIENT, ARGUMENTS("-q", service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, "Hello from the server!!!");
    CHECK_TEXT(client.error, "");
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);

    struct run server;
    char place[PLACE_TEXT_MAX];
    uint16_t port = 0;
    testing_raw_close(refusing_port(&port));
    place_text(place, "127.0.0.1", port);
    run_start(&server, SERVER, ARGUMENTS("--quiet", "--once", place));
    run_whole(&client, CLIENT, ARGUMENTS("--wait", "30s", place));
    CHECK_CODE(&client, 0);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK_TEXT(server.output, "");
    CHECK_TEXT(server.error, "");
    run_close(&client);
    run_close(&server);
}

/* One after the other, each client's lines together. */
static void several_clients(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    for (int i = 0; i < 3; i++) {
        run_whole(&client, CLIENT, ARGUMENTS(service.place));
        CHECK_CODE(&client, 0);
        CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
        run_close(&client);
    }
    service_stop(&service);
    CHECK_TEXT(service.run.output,
               SERVER_LISTENS SERVER_SERVED(IPV4_PEER) SERVER_SERVED(IPV4_PEER)
                   SERVER_SERVED(IPV4_PEER));
    run_close(&service.run);
}

/* A probe, a peer that closes and one that resets leave no line, and --once waits on. */
static void health_checks(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once", "-vv"));
    run_whole(&client, CLIENT, ARGUMENTS("-z", service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, "");
    CHECK_TEXT(client.error, "");
    run_close(&client);
    testing_raw_close(raw_to(&service));
    testing_raw_reset(raw_to(&service));
    run_await(&service.run, TESTING_ERROR_OUTPUT, "health_check", 2);
    run_whole(&client, CLIENT, ARGUMENTS(service.place));
    CHECK_CODE(&client, 0);
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output, SERVER_LISTENS SERVER_SERVED(IPV4_PEER));
    run_close(&client);
    run_close(&service.run);
}

static void once_timed_out(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once", "--mode", "discard", "-t", "300ms"));
    int64_t peer = raw_to(&service);
    raw_send(peer, "x", 1);
    service_wait(&service, 5);
    CHECK_TEXT(service.run.output, SERVER_LISTENS "Connected to client: " IPV4_PEER "\n");
    testing_raw_close(peer);
    run_close(&service.run);
}

static void once_reset(void)
{
    struct service service;
    if (!testing_resets_are_seen()) {
        case_skip("Wine may show a reset as an end");
    }
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once", "--mode=discard"));
    int64_t peer = raw_to(&service);
    raw_send(peer, "x", 1);
    run_await(&service.run, TESTING_OUTPUT, "Connected to client", 1);
    testing_raw_reset(peer);
    service_wait(&service, 1);
    run_close(&service.run);
}

/* One that is connected and has sent nothing is not the one that --once serves. */
static void once_passes_the_silent(void)
{
    struct service service;
    char data[16];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    int64_t silent = raw_to(&service);
    raw_exchange(&service, "x", "Hello from the server!!!");
    CHECK(testing_raw_receive_all(silent, data, sizeof data, PATIENCE, &received) !=
          TESTING_RAW_TIMED_OUT);
    CHECK(received == 0);
    testing_raw_close(silent);
    service_wait(&service, 0);
    run_close(&service.run);
}

/* ---- a thousand clients at once ---- */

enum {
    CROWD = 1000,
    CROWD_DESCRIPTORS = 3000
};

static void raise_limit(void)
{
    uint64_t before = 0;
    if (testing_limit_descriptors(0, &before) && before < CROWD_DESCRIPTORS) {
        CHECK(testing_limit_descriptors(CROWD_DESCRIPTORS, &before));
    }
}

/* The transcript's lines from `text` on are whole exchanges, `count` of them. */
static void check_blocks(const char *text, size_t count)
{
    static const char *const lines[3] = {"Connected to client: ('127.0.0.1', ", "Received data: x",
                                         "Response sent."};
    for (size_t i = 0; i < count * 3; i++) {
        const char *line = lines[i % 3];
        CHECK(strncmp(text, line, strlen(line)) == 0);
        text = strchr(text, '\n');
        CHECK(text != NULL);
        text++;
    }
    CHECK(*text == 0);
}

static void crowd(void)
{
    static int64_t peers[CROWD];
    struct service service;
    char data[64];
    size_t received = 0;
    raise_limit();
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-c", "1100"));
    for (size_t i = 0; i < CROWD; i++) {
        peers[i] = raw_to(&service);
    }
    for (size_t i = 0; i < CROWD; i++) {
        raw_send(peers[i], "x", 1);
    }
    for (size_t i = 0; i < CROWD; i++) {
        CHECK(testing_raw_receive_all(peers[i], data, sizeof data, PATIENCE, &received) ==
              TESTING_RAW_END);
        CHECK(received == strlen("Hello from the server!!!"));
    }
    for (size_t i = 0; i < CROWD; i++) {
        testing_raw_close(peers[i]);
    }
    run_await(&service.run, TESTING_OUTPUT, "Response sent.\n", CROWD);
    service_stop(&service);
    check_blocks(service.run.output + strlen(SERVER_LISTENS), CROWD);
    run_close(&service.run);
}

const struct test_case exchange_cases[] = {
    {"exchange.transcript", transcript},
    {"exchange.transcript_ipv6", transcript_ipv6},
    {"exchange.transcript_localhost", transcript_localhost},
    {"exchange.transcript_local", transcript_local},
    {"exchange.transcript_each_backend", transcript_each_backend},
    {"exchange.messages", messages},
    {"exchange.escapes", escapes},
    {"exchange.quiet", quiet},
    {"exchange.several_clients", several_clients},
    {"exchange.health_checks", health_checks},
    {"exchange.once_timed_out", once_timed_out},
    {"exchange.once_reset", once_reset},
    {"exchange.once_passes_the_silent", once_passes_the_silent},
    {"exchange.crowd", crowd},
    {NULL, NULL},
};
