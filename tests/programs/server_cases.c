/* How a server begins: its addresses, the ready file, what it says, and when it cannot. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/loop.h>

static void ready_file(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    CHECK_TEXT(service.ready, "127.0.0.1:#\n");
    raw_exchange(&service, "x", "Hello from the server!!!");
    service_stop(&service);
    run_close(&service.run);
}

static void ready_file_of_localhost(void)
{
    struct service service;
    char *seen = NULL;
    char *end = NULL;
    if (!have_ipv6()) {
        case_skip("this machine has no IPv6");
    }
    service_start(&service, "localhost:0", NO_ARGUMENTS);
    seen = service.ready;
    /* One port for both, in either order. */
    CHECK(count_parts(seen, "\n") == 2);
    CHECK(count_parts(seen, "127.0.0.1:") == 1 && count_parts(seen, "[::1]:") == 1);
    unsigned long port = strtoul(strstr(seen, "127.0.0.1:") + strlen("127.0.0.1:"), &end, 10);
    CHECK(*end == '\n' && port == service.port);
    CHECK(strtoul(strstr(seen, "[::1]:") + strlen("[::1]:"), &end, 10) == port && *end == '\n');
    service_stop(&service);
    run_close(&service.run);
}

/* A reader never sees the file of a server before this one: not while the new one starts, nor
 * where it cannot. */
static void ready_file_is_never_stale(void)
{
    struct run server;
    char place[PLACE_TEXT_MAX];
    char path[PATH_TEXT_MAX];
    int64_t taken = testing_raw_listen(TENON_FAMILY_IPV4, 0, 1, 0);
    char *folder = testing_folder_make("-\xc3\xbc\xe2\x82\xac");
    CHECK(taken != TESTING_RAW_NONE && folder != NULL);
    (void)snprintf(path, sizeof path, "%s/r\xc3\xa9\x61\x64y", folder);
    CHECK(testing_file_write(path, "127.0.0.1:1\n", 12));
    place_text(place, "127.0.0.1", testing_raw_port(taken));
    run_whole(&server, SERVER, ARGUMENTS("--ready-file", path, place));
    CHECK_CODE(&server, 6);
    CHECK(!testing_file_exists(path));
    run_close(&server);
    testing_raw_close(taken);
    run_start(&server, SERVER, ARGUMENTS("--once", "--ready-file", path, place));
    run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
    CHECK(testing_file_exists(path));
    run_close(&server);
    testing_folder_remove(folder);
    free(folder);
}

static void ready_file_without_folder(void)
{
    struct run server;
    char path[PATH_TEXT_MAX];
    char *folder = testing_folder_make("");
    CHECK(folder != NULL);
    (void)snprintf(path, sizeof path, "%s/none/ready", folder);
    run_whole(&server, SERVER, ARGUMENTS("--ready-file", path, "127.0.0.1:0"));
    CHECK_CODE(&server, 2);
    CHECK_TEXT(server.output, "");
    CHECK_CONTAINS(server.error, "server: ");
    CHECK_CONTAINS(server.error, "none/ready");
    run_close(&server);
    testing_folder_remove(folder);
    free(folder);
}

static void ready_file_of_a_folder(void)
{
    struct run server;
    char expected[PATH_TEXT_MAX + 100];
    char *folder = testing_folder_make("");
    CHECK(folder != NULL);
    (void)snprintf(expected, sizeof expected,
                   "server: cannot remove the ready file %s: it is a folder\n", folder);
    run_whole(&server, SERVER, ARGUMENTS("--ready-file", folder, "127.0.0.1:0"));
    CHECK_CODE(&server, 2);
    CHECK_TEXT(server.error, expected);
    run_close(&server);
    testing_folder_remove(folder);
    free(folder);
}

static void port_in_use(void)
{
    struct run server;
    char place[PLACE_TEXT_MAX];
    int64_t taken = testing_raw_listen(TENON_FAMILY_IPV4, 0, 1, 0);
    CHECK(taken != TESTING_RAW_NONE);
    place_text(place, "127.0.0.1", testing_raw_port(taken));
    run_whole(&server, SERVER, ARGUMENTS(place));
    CHECK_CODE(&server, 6);
    CHECK_TEXT(server.output, "");
    CHECK_CONTAINS(server.error, "server: cannot listen on 127.0.0.1:");
    CHECK_CONTAINS(server.error, place);
    CHECK_CONTAINS(server.error, tenon_status_sentence(TENON_ADDRESS_IN_USE));
    CHECK_CONTAINS(server.error, "hint: ");
    run_close(&server);
    /* Also where it is one address of two. */
    place_text(place, "localhost", testing_raw_port(taken));
    run_whole(&server, SERVER, ARGUMENTS(place));
    CHECK_CODE(&server, 6);
    run_close(&server);
    testing_raw_close(taken);
}

static void address_of_another(void)
{
    struct run server;
    run_whole(&server, SERVER, ARGUMENTS("192.0.2.1:0"));
    CHECK_CODE(&server, 6);
    CHECK_CONTAINS(server.error, "server: cannot listen on 192.0.2.1:0: ");
    run_close(&server);
    run_whole(&server, SERVER, ARGUMENTS("nonexistent.invalid:0"));
    CHECK_CODE(&server, 3);
    CHECK_CONTAINS(server.error, "nonexistent.invalid");
    run_close(&server);
}

/* The port of a server that has just ended and whose connections still linger is free for the
 * next. */
static void restart(void)
{
    struct service service;
    char place[PLACE_TEXT_MAX];
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    raw_exchange(&service, "x", "Hello from the server!!!");
    service_wait(&service, 0);
    run_close(&service.run);
    for (int i = 0; i < 3; i++) {
        place_text(place, "127.0.0.1", service.port);
        service_start(&service, place, ARGUMENTS("--once"));
        raw_exchange(&service, "x", "Hello from the server!!!");
        service_wait(&service, 0);
        run_close(&service.run);
    }
}

static void several_addresses(void)
{
    struct service service;
    struct run client;
    char second[PLACE_TEXT_MAX];
    service_start(&service, "127.0.0.1:0", ARGUMENTS("127.0.0.1:0"));
    CHECK_TEXT(service.ready, "127.0.0.1:#\n127.0.0.1:#\n");
    raw_exchange(&service, "x", "Hello from the server!!!");
    const char *line = strchr(service.ready, '\n') + 1;
    (void)snprintf(second, sizeof second, "%.*s", (int)strcspn(line, "\n"), line);
    CHECK(strcmp(second, service.place) != 0);
    run_whole(&client, CLIENT, ARGUMENTS(second));
    CHECK_CODE(&client, 0);
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

static void families(void)
{
    struct service service;
    struct run client;
    service_start(&service, "localhost:0", ARGUMENTS("-4"));
    CHECK_TEXT(service.ready, "127.0.0.1:#\n");
    run_whole(&client, CLIENT, ARGUMENTS("-4", service.place));
    CHECK_CODE(&client, 0);
    run_close(&client);
    run_whole(&client, CLIENT, ARGUMENTS("-6", service.place));
    CHECK_CODE(&client, 4);
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
    if (have_ipv6()) {
        service_start(&service, "localhost:0", ARGUMENTS("-6"));
        CHECK_TEXT(service.ready, "[::1]:#\n");
        run_whole(&client, CLIENT, ARGUMENTS(service.place));
        CHECK_CODE(&client, 0);
        run_close(&client);
        service_stop(&service);
        run_close(&service.run);
    }
}

/* Every address of the machine. */
static void every_address(void)
{
    struct service service;
    struct run client;
    service_start(&service, ":0", NO_ARGUMENTS);
    CHECK(count_parts(service.ready, "0.0.0.0:") == 1);
    run_whole(&client, CLIENT, ARGUMENTS(service.place));
    CHECK_CODE(&client, 0);
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

#define STAMP "#-#-#T#:#:#.#Z "

static void verbose(void)
{
    struct service service;
    struct run client;
    char pattern[500];
    const char *backend = tenon_backend_name(0);
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-v", "--once"));
    run_whole(&client, CLIENT, ARGUMENTS("-v", service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    (void)snprintf(pattern, sizeof pattern, STAMP "INFO connect peer=127.0.0.1:# backend=%s\n" STAMP
                         "INFO sent bytes=24\n" STAMP "INFO response bytes=24\n",
                   backend);
    CHECK_TEXT(client.error, pattern);
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output, SERVER_LISTENS SERVER_SERVED("('127.0.0.1', #)"));
    (void)snprintf(pattern, sizeof pattern,
                   STAMP "INFO listen address=127.0.0.1:# backend=%s\n" STAMP
                         "INFO accept conn=# peer=127.0.0.1:#\n" STAMP
                         "INFO answer conn=# bytes=24 sent=24\n" STAMP
                         "INFO end conn=# status=end\n" STAMP
                         "INFO totals accepted=1 open=0 answered=1 received=24 "
                         "sent=24 timeouts=0 errors=0 denied=0 crowded=0 malformed=0 "
                         "uncertified=0 shed=0\n",
                   backend);
    CHECK_TEXT(service.run.error, pattern);
    run_close(&client);
    run_close(&service.run);
}

/* ---- local sockets ---- */

/* False: there are none here. */
static bool start_local(struct run *server, const char *place, const char *ready)
{
    run_start(server, SERVER, ARGUMENTS("--ready-file", ready, place));
    return testing_process_await(server->process, TESTING_OUTPUT, SERVER_LISTENS, 1, PATIENCE);
}

static void client_of_local(const char *place)
{
    struct run client;
    run_whole(&client, CLIENT, ARGUMENTS("-q", place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, "Hello from the server!!!");
    run_close(&client);
}

static void cannot_take(const char *place)
{
    struct run server;
    run_whole(&server, SERVER, ARGUMENTS(place));
    CHECK_CODE(&server, 6);
    CHECK_CONTAINS(server.error, "server: cannot listen on unix:");
    CHECK_CONTAINS(server.error, "hint: another program listens there, or the file is no socket");
    run_close(&server);
}

/* Its file is its user's alone. What a server that was killed has left is replaced; what another
 * one listens on, or is no socket, is not; and it is gone with its server. */
static void local_socket(void)
{
    char path[PATH_TEXT_MAX];
    char ready[PATH_TEXT_MAX];
    char place[PATH_TEXT_MAX + 8];
    char expected[PATH_TEXT_MAX + 16];
    struct run server;
    char *folder = testing_folder_make("");
    CHECK(folder != NULL);
    path_in(path, folder, "s");
    path_in(ready, folder, "ready");
    (void)snprintf(place, sizeof place, "unix:%s", path);
    (void)snprintf(expected, sizeof expected, "%s\n", place);
    if (!start_local(&server, place, ready)) {
        testing_folder_remove(folder);
        free(folder);
        case_skip("this system's local sockets are left out");
    }
    char *text = testing_file_read(ready, NULL);
    CHECK(text != NULL && strcmp(text, expected) == 0);
    free(text);
    CHECK(testing_file_mode(path) == 0600);
    client_of_local(place);
    cannot_take(place);
    client_of_local(place);
    CHECK(testing_process_signal(server.process, TESTING_KILL));
    run_wait(&server);
    run_close(&server);
    CHECK(testing_file_exists(path));

    CHECK(start_local(&server, place, ready));
    client_of_local(place);
    run_signal(&server, TESTING_TERMINATE);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK(!testing_file_exists(path) && !testing_file_exists(ready));
    run_close(&server);

    CHECK(testing_file_write(path, "text", 4));
    cannot_take(place);
    text = testing_file_read(path, NULL);
    CHECK_TEXT(text, "text");
    free(text);
    testing_folder_remove(folder);
    free(folder);
}

const struct test_case server_cases[] = {
    {"server.ready_file", ready_file},
    {"server.ready_file_of_localhost", ready_file_of_localhost},
    {"server.ready_file_is_never_stale", ready_file_is_never_stale},
    {"server.ready_file_without_folder", ready_file_without_folder},
    {"server.ready_file_of_a_folder", ready_file_of_a_folder},
    {"server.port_in_use", port_in_use},
    {"server.address_of_another", address_of_another},
    {"server.restart", restart},
    {"server.several_addresses", several_addresses},
    {"server.families", families},
    {"server.every_address", every_address},
    {"server.verbose", verbose},
    {"server.local_socket", local_socket},
    {NULL, NULL},
};
