/* How a server stops: it drains, cuts off, or is forced. */
#include "harness.h"
#include <string.h>

/* A client in the middle of its exchange: the server has its first byte. */
static int64_t busy_client(struct service *service)
{
    int64_t peer = raw_to(service);
    raw_send(peer, "x", 1);
    run_await(&service->run, TESTING_OUTPUT, "Connected to client", 1);
    return peer;
}

static void idle(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    run_signal(&service.run, TESTING_TERMINATE);
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output, SERVER_LISTENS);
    CHECK_TEXT(service.run.error, "");
    run_close(&service.run);
}

static void drains_after(enum testing_signal signal)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    int64_t peer = busy_client(&service);
    run_signal(&service.run, signal);
    run_await(&service.run, TESTING_ERROR_OUTPUT,
              "draining 1 connection, up to 10s (Ctrl+C again to force)\n", 1);
    /* Nobody new, and who is there is served to the end. */
    CHECK(testing_raw_connect(TENON_FAMILY_IPV4, service.port, 0, PATIENCE) == TESTING_RAW_NONE);
    char data[8];
    size_t received = 0;
    raw_send(peer, "yz", 2);
    testing_raw_finish(peer);
    CHECK(testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    CHECK(received == 3 && memcmp(data, "xyz", 3) == 0);
    testing_raw_close(peer);
    service_wait(&service, 0);
    CHECK_TEXT(service.run.error, "draining # connection, up to #s (Ctrl+C again to force)\n");
    run_close(&service.run);
}

static void terminated(void)
{
    drains_after(TESTING_TERMINATE);
}

static void interrupted(void)
{
    drains_after(TESTING_INTERRUPT);
}

static void hung_up(void)
{
    if (!testing_signals_differ()) {
        case_skip("this system has no hang-up");
    }
    drains_after(TESTING_HANG_UP);
}

static void cut_off(void)
{
    struct service service;
    char data[8];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "discard", "--drain", "300ms"));
    int64_t peer = busy_client(&service);
    int64_t since = testing_clock();
    run_signal(&service.run, TESTING_TERMINATE);
    service_wait(&service, 7);
    CHECK(testing_clock() - since >= 300 * TENON_MILLISECOND);
    CHECK_CONTAINS(service.run.error, "draining 1 connection, up to 300ms");
    CHECK_CONTAINS(service.run.error, "server: cut off 1 connection");
    CHECK(testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received) !=
          TESTING_RAW_TIMED_OUT);
    testing_raw_close(peer);
    run_close(&service.run);
}

/* One that has sent nothing gets a second, then a clean end. */
static void silent_client(void)
{
    struct service service;
    char data[8];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-vv"));
    int64_t peer = raw_to(&service);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "DEBUG open", 1);
    int64_t since = testing_clock();
    run_signal(&service.run, TESTING_TERMINATE);
    CHECK(testing_raw_receive(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_END);
    CHECK(testing_clock() - since >= 900 * TENON_MILLISECOND);
    testing_raw_close(peer);
    service_wait(&service, 0);
    run_close(&service.run);
}

/* A connection in the kernel's queue is a client that may have its answer. */
static void queued_client(void)
{
    struct service service;
    char data[64];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-c", "1", "--mode", "echo"));
    int64_t first = busy_client(&service);
    int64_t queued = raw_to(&service);
    raw_send(queued, "y", 1);
    testing_raw_finish(first);
    CHECK(testing_raw_receive_all(first, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    testing_raw_close(first);
    run_signal(&service.run, TESTING_TERMINATE);
    testing_raw_finish(queued);
    CHECK(testing_raw_receive_all(queued, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    CHECK(received == 1 && data[0] == 'y');
    testing_raw_close(queued);
    service_wait(&service, 0);
    run_close(&service.run);
}

static void forced_by(enum testing_signal signal, int code)
{
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "discard"));
    int64_t peer = busy_client(&service);
    run_signal(&service.run, signal);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "draining 1 connection", 1);
    run_signal(&service.run, signal);
    service_wait(&service, code);
    testing_raw_close(peer);
    run_close(&service.run);
}

static void forced_to_terminate(void)
{
    forced_by(TESTING_TERMINATE, 143);
}

static void forced_to_interrupt(void)
{
    if (!testing_signals_differ()) {
        case_skip("Ctrl+C cannot be sent to one process here");
    }
    forced_by(TESTING_INTERRUPT, 130);
}

/* A client that was answered and lingers does not hold the stop up beyond a second. */
static void lingering_client(void)
{
    struct service service;
    char data[64];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    int64_t peer = raw_to(&service);
    raw_send(peer, "x", 1);
    CHECK(testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    int64_t since = testing_clock();
    run_signal(&service.run, TESTING_TERMINATE);
    service_wait(&service, 0);
    CHECK(testing_clock() - since < 4 * TENON_SECOND);
    CHECK_TEXT(service.run.error, "");
    testing_raw_close(peer);
    run_close(&service.run);
}

const struct test_case stop_cases[] = {
    {"stop.idle", idle},
    {"stop.terminated", terminated},
    {"stop.interrupted", interrupted},
    {"stop.hung_up", hung_up},
    {"stop.cut_off", cut_off},
    {"stop.silent_client", silent_client},
    {"stop.queued_client", queued_client},
    {"stop.forced_to_terminate", forced_to_terminate},
    {"stop.forced_to_interrupt", forced_to_interrupt},
    {"stop.lingering_client", lingering_client},
    {NULL, NULL},
};
