/* Standard streams that are closed, or that nobody reads. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A program with a stream missing works as ever: its socket never takes the stream's place. */
static void closed_at_start(const struct streams *streams)
{
    struct run server;
    struct run client;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    testing_raw_close(refusing_port(&port));
    place_text(place, "127.0.0.1", port);
    run_start_with(&server, SERVER, ARGUMENTS("--once", place), streams);
    run_start_with(&client, CLIENT, ARGUMENTS("--wait", "30s", place), streams);
    run_wait(&client);
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, streams->output == TESTING_PIPE ? CLIENT_TRANSCRIPT : "");
    CHECK_TEXT(client.error, "");
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK_TEXT(server.output, streams->output == TESTING_PIPE ?
               SERVER_LISTENS SERVER_SERVED("('127.0.0.1', #)") : "");
    CHECK_TEXT(server.error, "");
    run_close(&client);
    run_close(&server);
}

static void input_closed(void)
{
    static const struct streams streams = {TESTING_CLOSED, TESTING_PIPE, TESTING_PIPE};
    closed_at_start(&streams);
}

static void output_closed(void)
{
    static const struct streams streams = {TESTING_NULL, TESTING_CLOSED, TESTING_PIPE};
    closed_at_start(&streams);
}

static void error_closed(void)
{
    static const struct streams streams = {TESTING_NULL, TESTING_PIPE, TESTING_CLOSED};
    closed_at_start(&streams);
}

static void all_closed(void)
{
    static const struct streams streams = {TESTING_CLOSED, TESTING_CLOSED, TESTING_CLOSED};
    closed_at_start(&streams);
}

/* Nobody reads the client's output: it has failed, and says so. */
static void client_output_broken(void)
{
    static const struct streams streams = {TESTING_NULL, TESTING_BROKEN, TESTING_PIPE};
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    run_start_with(&client, CLIENT, ARGUMENTS(service.place), &streams);
    run_wait(&client);
    CHECK_CODE(&client, 1);
    CHECK(count_parts(client.error, "client: cannot write to the standard output") == 1);
    run_close(&client);
    run_start_with(&client, CLIENT, ARGUMENTS("-q", service.place), &streams);
    run_wait(&client);
    CHECK_CODE(&client, 1);
    run_close(&client);
    service_stop(&service);
    run_close(&service.run);
}

/* Nobody reads the server's any more: it serves on, and says so once. */
static void server_output_broken(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    testing_process_close_output(service.run.process, TESTING_OUTPUT);
    for (int i = 0; i < 3; i++) {
        raw_exchange(&service, "x", "Hello from the server!!!");
    }
    run_await(&service.run, TESTING_ERROR_OUTPUT, "server: cannot write to the standard output",
              1);
    raw_exchange(&service, "x", "Hello from the server!!!");
    service_stop(&service);
    CHECK(count_parts(service.run.error, "server: ") == 1);
    run_close(&service.run);
}

/* --help into a pipe that nobody reads is a failure to write. */
static void help_broken(void)
{
    static const struct streams streams = {TESTING_NULL, TESTING_BROKEN, TESTING_PIPE};
    struct run client;
    run_start_with(&client, CLIENT, ARGUMENTS("--help"), &streams);
    run_wait(&client);
    CHECK_CODE(&client, 1);
    run_close(&client);
}

/* A server never reads its standard input, and its end is no stop. */
static void server_ignores_input(void)
{
    static const struct streams streams = {TESTING_BROKEN, TESTING_PIPE, TESTING_PIPE};
    struct run server;
    struct run client;
    uint16_t port = 0;
    char place[PLACE_TEXT_MAX];
    testing_raw_close(refusing_port(&port));
    place_text(place, "127.0.0.1", port);
    run_start_with(&server, SERVER, ARGUMENTS("--once", place), &streams);
    run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
    run_whole(&client, CLIENT, ARGUMENTS(place));
    CHECK_CODE(&client, 0);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    run_close(&client);
    run_close(&server);
}

const struct test_case stream_cases[] = {
    {"stream.input_closed", input_closed},
    {"stream.output_closed", output_closed},
    {"stream.error_closed", error_closed},
    {"stream.all_closed", all_closed},
    {"stream.client_output_broken", client_output_broken},
    {"stream.server_output_broken", server_output_broken},
    {"stream.help_broken", help_broken},
    {"stream.server_ignores_input", server_ignores_input},
    {NULL, NULL},
};
