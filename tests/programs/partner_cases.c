/* Partners that are not this build: the lab's two Python scripts, and builds for another system. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Python ends lines as its system does; a build for Windows that runs beside this one does not. */
static void check_lines(const char *text, const char *pattern)
{
    char plain[1000];
    size_t size = 0;
    for (const char *at = text; *at != 0 && size < sizeof plain - 1; at++) {
        if (*at != '\r') {
            plain[size++] = *at;
        }
    }
    plain[size] = 0;
    CHECK_TEXT(plain, pattern);
}

/* ---- Python ---- */

static char *script(const char *name)
{
    char path[PATH_TEXT_MAX];
    char *folder = testing_environment("TENON_SCRIPTS");
    if (!program_known(PYTHON) || folder == NULL) {
        case_skip("no Python here");
    }
    int size = snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK(size > 0 && (size_t)size < sizeof path);
    free(folder);
    char *copy = malloc((size_t)size + 1);
    CHECK(copy != NULL);
    memcpy(copy, path, (size_t)size + 1);
    return copy;
}

static void python_client_of(bool other)
{
    struct service service;
    struct run client;
    char port[16];
    char *path = script("lab_client.py");
    if (other) {
        service_start_other(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    } else {
        service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    }
    (void)snprintf(port, sizeof port, "%u", (unsigned)service.port);
    run_whole(&client, PYTHON, ARGUMENTS(path, port));
    CHECK_CODE(&client, 0);
    check_lines(client.output, CLIENT_TRANSCRIPT);
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output, SERVER_LISTENS SERVER_SERVED("('127.0.0.1', #)"));
    run_close(&client);
    run_close(&service.run);
    free(path);
}

static void python_server_of(enum program program)
{
    struct run server;
    struct run client;
    char place[PLACE_TEXT_MAX];
    char *path = script("lab_server.py");
    run_start(&server, PYTHON, ARGUMENTS(path, "0"));
    run_await(&server, TESTING_OUTPUT, "\n", 1);
    char *line = run_text(&server, TESTING_OUTPUT);
    place_text(place, "127.0.0.1", (uint16_t)strtoul(strrchr(line, '.') + 1, NULL, 10));
    free(line);
    run_whole(&client, program, ARGUMENTS(place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    check_lines(server.output, "Server is listening for connections... #\n"
                               SERVER_SERVED("('127.0.0.1', #)"));
    run_close(&client);
    run_close(&server);
    free(path);
}

static void python_client(void)
{
    python_client_of(false);
}

static void python_server(void)
{
    python_server_of(CLIENT);
}

/* ---- builds for another system ---- */

static void need_other(enum program program)
{
    if (!program_known(program)) {
        case_skip("no build for another system: TENON_OTHER_SERVER, TENON_OTHER_CLIENT");
    }
}

static void pairing(bool other_server, enum program client_program)
{
    struct service service;
    struct run client;
    if (other_server) {
        service_start_other(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    } else {
        service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    }
    CHECK_TEXT(service.ready, "127.0.0.1:#\n");
    run_whole(&client, client_program, ARGUMENTS(service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, CLIENT_TRANSCRIPT);
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output, SERVER_LISTENS SERVER_SERVED("('127.0.0.1', #)"));
    run_close(&client);
    run_close(&service.run);
}

static void own_server_own_client(void)
{
    pairing(false, CLIENT);
}

static void own_server_other_client(void)
{
    need_other(OTHER_CLIENT);
    pairing(false, OTHER_CLIENT);
}

static void other_server_own_client(void)
{
    need_other(OTHER_SERVER);
    pairing(true, CLIENT);
}

static void other_server_other_client(void)
{
    need_other(OTHER_SERVER);
    need_other(OTHER_CLIENT);
    pairing(true, OTHER_CLIENT);
}

static void other_server_python_client(void)
{
    need_other(OTHER_SERVER);
    python_client_of(true);
}

static void other_client_python_server(void)
{
    need_other(OTHER_CLIENT);
    python_server_of(OTHER_CLIENT);
}

/* A reset by a peer of this system is a reset on the other. */
static void other_client_reset(void)
{
    struct run client;
    char place[PLACE_TEXT_MAX];
    char data[64];
    size_t received = 0;
    need_other(OTHER_CLIENT);
    int64_t listener = testing_raw_listen(TENON_FAMILY_IPV4, 0, 5, 0);
    CHECK(listener != TESTING_RAW_NONE);
    place_text(place, "127.0.0.1", testing_raw_port(listener));
    run_start(&client, OTHER_CLIENT, ARGUMENTS(place));
    int64_t peer = testing_raw_accept(listener, PATIENCE);
    CHECK(testing_raw_receive(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_OK);
    testing_raw_reset(peer);
    run_wait(&client);
    CHECK_CODE(&client, 1);
    testing_raw_close(listener);
    run_close(&client);
}

/* SIGINT to a program under Wine is its Ctrl+C. Starts a server of the other system with a client,
 * and interrupts it. */
static int64_t interrupt_with_client(struct service *service)
{
    char data[8];
    size_t received = 0;
    need_other(OTHER_SERVER);
    service_start_other(service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    int64_t peer = raw_to(service);
    raw_send(peer, "x", 1);
    CHECK(testing_raw_receive(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_OK);
    run_signal(&service->run, TESTING_INTERRUPT);
    run_await(&service->run, TESTING_ERROR_OUTPUT, "draining 1 connection, up to 10s", 1);
    return peer;
}

static void other_server_drained(void)
{
    struct service service;
    char data[8];
    size_t received = 0;
    int64_t peer = interrupt_with_client(&service);
    raw_send(peer, "yz", 2);
    testing_raw_finish(peer);
    CHECK(testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    CHECK(received == 2 && memcmp(data, "yz", 2) == 0);
    testing_raw_close(peer);
    service_wait(&service, 0);
    run_close(&service.run);
}

/* With 130 and not with the system's own code. */
static void other_server_forced(void)
{
    struct service service;
    int64_t peer = interrupt_with_client(&service);
    run_signal(&service.run, TESTING_INTERRUPT);
    service_wait(&service, 130);
    testing_raw_close(peer);
    run_close(&service.run);
}

static void other_client_interrupted(void)
{
    struct run client;
    char place[PLACE_TEXT_MAX];
    char data[64];
    size_t received = 0;
    need_other(OTHER_CLIENT);
    int64_t listener = testing_raw_listen(TENON_FAMILY_IPV4, 0, 5, 0);
    CHECK(listener != TESTING_RAW_NONE);
    place_text(place, "127.0.0.1", testing_raw_port(listener));
    run_start(&client, OTHER_CLIENT, ARGUMENTS(place));
    int64_t peer = testing_raw_accept(listener, PATIENCE);
    CHECK(testing_raw_receive(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_OK);
    run_signal(&client, TESTING_INTERRUPT);
    run_wait(&client);
    CHECK_CODE(&client, 130);
    testing_raw_close(peer);
    testing_raw_close(listener);
    run_close(&client);
}

const struct test_case partner_cases[] = {
    {"python.client", python_client},
    {"python.server", python_server},
    {"pairing.own_server_own_client", own_server_own_client},
    {"pairing.own_server_other_client", own_server_other_client},
    {"pairing.other_server_own_client", other_server_own_client},
    {"pairing.other_server_other_client", other_server_other_client},
    {"pairing.other_server_python_client", other_server_python_client},
    {"pairing.other_client_python_server", other_client_python_server},
    {"pairing.other_client_reset", other_client_reset},
    {"pairing.other_server_drained", other_server_drained},
    {"pairing.other_server_forced", other_server_forced},
    {"pairing.other_client_interrupted", other_client_interrupted},
    {NULL, NULL},
};
