/* No allocation for a request or a connection, on every backend of the build: the real server and
 * its clients share a loop, and between the first request and the last nobody asks for memory. */
#include "allocations.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include "common/exit_code.h"
#include "common/outer.h"
#include "server/options.h"
#include "server/server.h"
#include "testing.h"

enum {
    WARM_UP = 10,               /* what is made once, on the way of the first */
    REQUESTS = 1000,
    CONNECTIONS = 200
};
#define PATIENCE (30 * TENON_SECOND)

/* The server, and its one client of the moment. */
struct exchange {
    const char *backend;
    struct tenon_loop *loop;
    struct sink sink;
    struct console console;
    struct server_options options;
    struct server server;
    struct tenon_connect connect;
    struct tenon_stream stream;
    bool echoes;
    bool open;
    uint32_t wanted;
    uint32_t begun;
    uint32_t done;
    size_t received;
};

static const char request[] = "Hello from the client!!!";

static void fail(const struct exchange *exchange, const char *what)
{
    printf("%s ... FAILED: %s\n", exchange->backend, what);
    exit(1);
}

/* ---- the client ---- */

static void ask(struct exchange *exchange)
{
    size_t size = sizeof request - 1;
    exchange->begun++;
    exchange->received = 0;
    if (tenon_stream_try_send(&exchange->stream, request, size) != size) {
        fail(exchange, "a request was not sent");
    }
}

static void connect_client(struct exchange *exchange);

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct exchange *exchange = OUTER(stream, struct exchange, stream);
    exchange->open = false;
    if (status != TENON_OK) {
        fail(exchange, "a connection was not closed");
    }
    if (!exchange->echoes) {
        exchange->done++;
        if (exchange->begun < exchange->wanted) {
            connect_client(exchange);
        }
    }
}

static enum tenon_flow on_receive(struct tenon_stream *stream, enum tenon_status status,
                                  const void *data, size_t size)
{
    struct exchange *exchange = OUTER(stream, struct exchange, stream);
    (void)data;
    exchange->received += size;
    if (status == TENON_OK && exchange->echoes && exchange->received == sizeof request - 1) {
        exchange->done++;
        if (exchange->begun < exchange->wanted) {
            ask(exchange);
        }
    } else if (status == TENON_END && !exchange->echoes && exchange->received > 0) {
        tenon_stream_close(stream, TENON_CLOSE_GRACEFUL, PATIENCE, on_closed);
    } else if (status != TENON_OK && status != TENON_CANCELED) {
        fail(exchange, "a connection ended");
    }
    return TENON_CONTINUE;
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct exchange *exchange = OUTER(connect, struct exchange, connect);
    if (status != TENON_OK) {
        fail(exchange, tenon_status_sentence(status));
    }
    exchange->open = true;
    tenon_stream_receive_lent(&exchange->stream, on_receive);
    ask(exchange);
}

static void connect_client(struct exchange *exchange)
{
    tenon_connect(exchange->loop, &exchange->connect, &exchange->stream, "127.0.0.1",
                  exchange->server.listeners[0].address.port, NULL, on_connected);
}

/* ---- the server ---- */

/* The transcript is made, and goes nowhere. */
static bool drop(struct sink *sink, enum tenon_output output, const void *data, size_t size)
{
    (void)sink;
    (void)output;
    (void)data;
    (void)size;
    return true;
}

static bool always_room(struct sink *sink, enum tenon_output output, size_t size)
{
    (void)sink;
    (void)output;
    (void)size;
    return true;
}

static void start(struct exchange *exchange)
{
    static char *words[] = {"server", "--mode", "greet", "127.0.0.1:0", NULL};
    words[2] = exchange->echoes ? "echo" : "greet";
    sink_init(&exchange->sink, drop, always_room);
    exchange->console.program = "server";
    exchange->console.sink = &exchange->sink;
    exchange->console.loop = exchange->loop;
    if (server_options_read(&exchange->options, 4, words, &exchange->console) != EXIT_CODE_NONE ||
        server_open(&exchange->server, &exchange->loop, 1, &exchange->options,
                    &exchange->console) != EXIT_CODE_NONE ||
        server_start(&exchange->server) != EXIT_CODE_NONE) {
        fail(exchange, "the server does not start");
    }
}

static void turn_until_done(struct exchange *exchange, uint32_t count)
{
    int64_t until = testing_clock() + PATIENCE;
    while (exchange->done < count) {
        (void)tenon_loop_turn(exchange->loop, until);
        if (testing_clock() > until) {
            fail(exchange, "no answer comes");
        }
    }
}

static void stop(struct exchange *exchange)
{
    int64_t until = testing_clock() + PATIENCE;
    if (exchange->open) {
        tenon_stream_close(&exchange->stream, TENON_CLOSE_GRACEFUL, PATIENCE, on_closed);
    }
    server_stop(&exchange->server, TENON_REQUEST_TERMINATE);
    while (exchange->open || !server_is_over(&exchange->server)) {
        (void)tenon_loop_turn(exchange->loop, until);
        if (testing_clock() > until) {
            fail(exchange, "the server does not end");
        }
    }
    if (server_end(&exchange->server) != EXIT_CODE_OK) {
        fail(exchange, "the server did not end well");
    }
}

/* How often memory was asked for, from the end of the warm-up to the last answer. */
static uint64_t count(const char *backend, struct tenon_loop *loop, bool echoes, uint32_t requests)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        printf("no memory\n");
        exit(1);
    }
    exchange->backend = backend;
    exchange->loop = loop;
    exchange->echoes = echoes;
    exchange->wanted = WARM_UP + requests;
    start(exchange);
    connect_client(exchange);
    turn_until_done(exchange, WARM_UP);
    uint64_t before = testing_allocations();
    turn_until_done(exchange, WARM_UP + requests);
    uint64_t made = testing_allocations() - before;
    stop(exchange);
    free(exchange);
    return made;
}

/* True: it has passed, or there is no such backend here. */
static bool run(const char *backend, uint32_t *passed)
{
    struct tenon_loop_options options = {.backend = backend};
    struct tenon_loop *loop = NULL;
    enum tenon_status status = tenon_loop_open(&options, &loop);
    if (status == TENON_UNSUPPORTED) {
        printf("%s ... skipped: %s\n", backend, tenon_status_sentence(status));
        return true;
    }
    if (status != TENON_OK) {
        printf("%s ... FAILED: %s\n", backend, tenon_status_sentence(status));
        return false;
    }
    uint64_t echoed = count(backend, loop, true, REQUESTS);
    uint64_t greeted = count(backend, loop, false, CONNECTIONS);
    tenon_loop_close(loop);
    printf("%s ... %s: %llu allocations in %d requests, %llu in %d connections\n", backend,
           echoed + greeted == 0 ? "ok" : "FAILED", (unsigned long long)echoed, REQUESTS,
           (unsigned long long)greeted, CONNECTIONS);
    *passed += echoed + greeted == 0 ? 1 : 0;
    return echoed + greeted == 0;
}

int main(void)
{
    uint32_t passed = 0;
    uint32_t failed = 0;
    uint64_t before = testing_allocations();
    if (!testing_init()) {
        printf("the process cannot start\n");
        return 1;
    }
    for (size_t index = 0; tenon_backend_name(index) != NULL; index++) {
        failed += run(tenon_backend_name(index), &passed) ? 0 : 1;
    }
    if (testing_allocations() == before) {
        printf("nothing is counted\n");
        failed++;
    }
    printf("%u passed, %u failed\n", (unsigned)passed, (unsigned)failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
