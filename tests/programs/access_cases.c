/* Who may come in: lists of addresses and limits by address. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER "Hello from the server!!!"
#define CLIENT_OF "Connected to client: "
#define SAID_HELLO "\nReceived data: hello\nResponse sent.\n"

/* An echo that stays: what was sent behind the header has come back. */
static int64_t enter(const struct service *service, const char *header)
{
    char text[200];
    char data[2];
    size_t received = 0;
    int64_t peer = raw_to(service);
    int size = snprintf(text, sizeof text, "%sx", header);
    raw_send(peer, text, (size_t)size);
    CHECK(testing_raw_receive(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_OK);
    CHECK(received == 1 && data[0] == 'x');
    return peer;
}

/* ---- lists ---- */

static void lists(void)
{
    static const struct {
        const char *arguments[5];
        bool granted;
    } rows[] = {
        {{"--allow", "127.0.0.1"}, true},
        {{"--allow", "10.0.0.0/8", "--allow=127.0.0.0/8"}, true},
        {{"--allow", "::ffff:127.0.0.1"}, true},
        {{"--allow", "10.0.0.0/8,::1"}, false},
        {{"--allow", "::/0"}, false},
        {{"--deny", "127.0.0.0/8"}, false},
        {{"--deny", "::ffff:127.0.0.0/104"}, false},
        {{"--deny", "10.0.0.0/8,::/0"}, true},
        {{"--allow", "127.0.0.1", "--deny", "127.0.0.0/8"}, false},
        {{"--allow", "127.0.0.0/8", "--deny", "127.0.0.2"}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct service service;
        const char *arguments[] = {"-v", rows[i].arguments[0], rows[i].arguments[1],
                                   rows[i].arguments[2], rows[i].arguments[3], NULL};
        service_start(&service, "127.0.0.1:0", arguments);
        if (rows[i].granted) {
            raw_served(&service, BYTES("hello"));
        } else {
            raw_refused(&service, BYTES("hello"));
            run_await(&service.run, TESTING_ERROR_OUTPUT, "INFO refuse conn=1 peer=127.0.0.1:", 1);
            run_await(&service.run, TESTING_ERROR_OUTPUT, " reason=denied\n", 1);
        }
        service_stop(&service);
        run_close(&service.run);
    }
}

/* Each family by its own list. */
static void lists_of_families(void)
{
    struct service service;
    if (!have_ipv6()) {
        case_skip("this machine has no IPv6");
    }
    service_start(&service, "localhost:0", ARGUMENTS("-v", "--deny", "::1"));
    raw_refused_by(&service, TENON_FAMILY_IPV6, BYTES("hello"));
    run_await(&service.run, TESTING_ERROR_OUTPUT, "peer=[::1]:", 1);
    raw_served(&service, BYTES("hello"));
    service_stop(&service);
    run_close(&service.run);
}

/* Local sockets are not subject to lists of addresses, nor to limits by address; their proxies are
 * named by a word. */
static void local_sockets(void)
{
    char path[PATH_TEXT_MAX];
    struct run server;
    struct run client;
    char *folder = testing_folder_make("");
    CHECK(folder != NULL);
    (void)snprintf(path, sizeof path, "unix:%s/socket", folder);
    run_start(&server, SERVER, ARGUMENTS("--once", "--deny", "0.0.0.0/0,::/0", "--max-per-ip", "1",
                                         "-v", path));
    if (!testing_process_await(server.process, TESTING_OUTPUT, SERVER_LISTENS, 1, PATIENCE)) {
        run_close(&server);
        testing_folder_remove(folder);
        case_skip("this system's local sockets are left out");
    }
    run_whole(&client, CLIENT, ARGUMENTS("-q", path));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, ANSWER);
    run_close(&client);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    run_close(&server);

    run_start(&server, SERVER, ARGUMENTS("--once", "--proxy-protocol", "10.0.0.0/8,unix", path));
    run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
    run_whole(&client, CLIENT, ARGUMENTS("-q", "-m", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello",
                                         path));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, ANSWER);
    run_close(&client);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK_TEXT(server.output, SERVER_LISTENS CLIENT_OF "('192.0.2.1', 1)" SAID_HELLO);
    run_close(&server);

    run_start(&server, SERVER, ARGUMENTS("-v", "--proxy-protocol", "127.0.0.1", path));
    run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
    run_whole(&client, CLIENT, ARGUMENTS("-m", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello",
                                         path));
    CHECK_CODE(&client, 1);
    run_await(&server, TESTING_ERROR_OUTPUT, "reason=no_proxy", 1);
    run_close(&client);
    run_close(&server);
    testing_folder_remove(folder);
    free(folder);
}

/* ---- limits ---- */

static void limit(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-vv", "--mode", "echo", "--max-per-ip", "2"));
    int64_t first = enter(&service, "");
    int64_t second = enter(&service, "");
    for (size_t i = 1; i <= 3; i++) {
        raw_refused(&service, BYTES("x"));
        run_await(&service.run, TESTING_ERROR_OUTPUT, "reason=max_per_ip", i);
    }
    testing_raw_close(first);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "DEBUG close conn=1 ", 1);
    first = enter(&service, "");
    raw_refused(&service, BYTES("x"));
    testing_raw_close(first);
    testing_raw_close(second);
    service_stop(&service);
    run_close(&service.run);
}

/* Behind a proxy it is the client's address that has a limit, and not the proxy's. */
static void limit_of_clients(void)
{
    static const struct {
        const char *header;
        bool room;
    } rows[] = {
        {"PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n", true},
        {"PROXY TCP4 192.0.2.1 192.0.2.9 3 2\r\n", false},
        {"PROXY TCP6 ::ffff:192.0.2.1 ::1 4 2\r\n", false},
        {"PROXY TCP4 192.0.2.2 192.0.2.9 1 2\r\n", true},
        {"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", true},
        {"PROXY TCP6 2001:db8::ffff:ffff:ffff:ffff ::1 1 2\r\n", false},
        {"PROXY TCP6 2001:db8:0:1::1 ::1 1 2\r\n", true},
        {"PROXY UNKNOWN\r\n", true},
        {"PROXY UNKNOWN again\r\n", false},
        {"PROXY TCP4 127.0.0.1 127.0.0.1 5 2\r\n", false},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct service service;
    int64_t peers[ROWS];
    size_t refused = 0;
    service_start(&service, "127.0.0.1:0",
                  ARGUMENTS("-v", "--mode", "echo", "--max-per-ip", "1", "--proxy-protocol",
                            "127.0.0.1"));
    for (size_t i = 0; i < ROWS; i++) {
        peers[i] = TESTING_RAW_NONE;
        if (rows[i].room) {
            peers[i] = enter(&service, rows[i].header);
        } else {
            raw_refused(&service, rows[i].header, strlen(rows[i].header));
            run_await(&service.run, TESTING_ERROR_OUTPUT, "reason=max_per_ip", ++refused);
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        testing_raw_close(peers[i]);
    }
    service_stop(&service);
    run_close(&service.run);
}

const struct test_case access_cases[] = {
    {"access.lists", lists},
    {"access.lists_of_families", lists_of_families},
    {"access.local_sockets", local_sockets},
    {"access.limit", limit},
    {"access.limit_of_clients", limit_of_clients},
    {NULL, NULL},
};
