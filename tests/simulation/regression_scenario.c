/* The scenario `regression`: what seeds have found once, each as a small case of its own. */
#include "common/outer.h"
#include "scenario.h"
#include <string.h>
#include <tenon/loop.h>
#include <tenon/stream.h>

enum {
    PORT = 7000
};

static const int64_t patience = 30 * TENON_SECOND;

/* Two hosts with a loop each, and a connection between them: `near` connected, `far` accepted. */
struct pair {
    struct run *run;
    struct tenon_loop *loops[2];
    struct tenon_listener listener;
    struct tenon_connect connect;
    struct tenon_stream near;
    struct tenon_stream far;
    struct tenon_send send;
    struct tenon_piece piece;
    uint32_t attached;          /* of the two */
    uint32_t closed;            /* and of the listener */
    bool canceled;              /* the receive of `near` */
    bool told;                  /* its last call, or that of `far` */
    enum tenon_status last;
};

static void on_near_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct pair *pair = OUTER(stream, struct pair, near);
    CHECK(pair->run->world, status != TENON_CANCELED);
    pair->closed++;
}

static void on_far_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct pair *pair = OUTER(stream, struct pair, far);
    CHECK(pair->run->world, status != TENON_CANCELED);
    pair->closed++;
}

static void on_listener_closed(struct tenon_listener *listener)
{
    struct pair *pair = OUTER(listener, struct pair, listener);
    pair->closed++;
}

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    struct pair *pair = OUTER(listener, struct pair, listener);
    (void)peer;
    if (status == TENON_OK) {
        status = tenon_stream_attach(listener->loop, &pair->far, socket);
        CHECK(pair->run->world, status == TENON_OK);
        pair->attached++;
        tenon_listener_close(listener, TENON_CLOSE_GRACEFUL, on_listener_closed);
    }
    return TENON_PAUSE;
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct pair *pair = OUTER(connect, struct pair, connect);
    CHECK(pair->run->world, status == TENON_OK);
    pair->attached++;
}

static void step_until(struct pair *pair, const uint32_t *count, uint32_t wanted)
{
    int64_t last = sim_now(pair->run->world) + patience;
    while (*count < wanted) {
        bool turned = scenario_step(pair->run, last);
        CHECK(pair->run->world, turned);
    }
}

static void pair_open(struct pair *pair)
{
    struct run *run = pair->run;
    struct tenon_endpoint endpoint = {0};
    for (int i = 0; i < 2; i++) {
        struct sim_host *host = sim_host_add(run->world, i == 0 ? "near" : "far");
        enum tenon_status opened = sim_loop_open(host, NULL, &pair->loops[i]);
        CHECK(run->world, opened == TENON_OK);
    }
    endpoint.address.family = TENON_FAMILY_IPV4;
    endpoint.address.port = PORT;
    enum tenon_status status = tenon_listen(pair->loops[1], &pair->listener, &endpoint, NULL);
    CHECK(run->world, status == TENON_OK);
    tenon_listener_accept(&pair->listener, on_accept);
    tenon_connect(pair->loops[0], &pair->connect, &pair->near, "10.0.0.2", PORT, NULL,
                  on_connected);
    step_until(pair, &pair->attached, 2);
}

static void abort_near(void *argument)
{
    struct pair *pair = argument;
    tenon_stream_close(&pair->near, TENON_CLOSE_ABORT, 0, on_near_closed);
}

static void abort_far(void *argument)
{
    struct pair *pair = argument;
    tenon_stream_close(&pair->far, TENON_CLOSE_ABORT, 0, on_far_closed);
}

static void pair_close(struct pair *pair)
{
    step_until(pair, &pair->closed, 3);
    tenon_loop_close(pair->loops[0]);
    tenon_loop_close(pair->loops[1]);
}

static void step_until_told(struct pair *pair)
{
    int64_t last = sim_now(pair->run->world) + patience;
    while (!pair->told) {
        bool turned = scenario_step(pair->run, last);
        CHECK(pair->run->world, turned);
    }
}

/* ---- an end that try_receive met is not lost to a cancel ---- */

static enum tenon_flow on_end(struct tenon_stream *stream, enum tenon_status status,
                              const void *data, size_t size)
{
    struct pair *pair = OUTER(stream, struct pair, near);
    (void)data;
    (void)size;
    CHECK(pair->run->world, status == TENON_END && pair->canceled && !pair->told);
    pair->told = true;
    return TENON_PAUSE;
}

static enum tenon_flow on_ready(struct tenon_stream *stream, enum tenon_status status)
{
    struct pair *pair = OUTER(stream, struct pair, near);
    char byte = 0;
    if (status == TENON_OK) {
        size_t taken = tenon_stream_try_receive(stream, &byte, sizeof byte);
        CHECK(pair->run->world, taken == 0);
        tenon_stream_receive_cancel(stream);
        return TENON_PAUSE;
    }
    /* The end, if it came first, or the cancel: then the next receive has the end. */
    if (status == TENON_END) {
        pair->told = true;
        return TENON_PAUSE;
    }
    CHECK(pair->run->world, status == TENON_CANCELED);
    pair->canceled = true;
    tenon_stream_receive_lent(stream, on_end);
    return TENON_PAUSE;
}

static void receive_ready(void *argument)
{
    struct pair *pair = argument;
    tenon_stream_receive_ready(&pair->near, on_ready);
}

static void finish_far(void *argument)
{
    struct pair *pair = argument;
    tenon_stream_finish(&pair->far);
}

static void play_canceled_end(struct pair *pair)
{
    const struct sim_world *world = pair->run->world;
    sim_at(pair->loops[0], sim_now(world), receive_ready, pair);
    sim_at(pair->loops[1], sim_now(world), finish_far, pair);
    step_until_told(pair);
    sim_at(pair->loops[0], sim_now(world), abort_near, pair);
    sim_at(pair->loops[1], sim_now(world), abort_far, pair);
}

/* ---- an abort is never the end that it would be without it ---- */

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct pair *pair = OUTER(send, struct pair, send);
    CHECK(pair->run->world, status == TENON_OK || status == TENON_CANCELED);
}

/* The send is with the kernel, its completion yet to come. */
static void send_and_abort(void *argument)
{
    static const char data[] = "the beginning";
    struct pair *pair = argument;
    pair->piece.data = data;
    pair->piece.size = sizeof data;
    pair->send.pieces = &pair->piece;
    pair->send.piece_count = 1;
    tenon_stream_send(&pair->near, &pair->send, on_sent);
    abort_near(pair);
}

static enum tenon_flow on_lent(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct pair *pair = OUTER(stream, struct pair, far);
    (void)data;
    (void)size;
    if (status != TENON_OK) {
        pair->told = true;
        pair->last = status;
    }
    return TENON_CONTINUE;
}

static void receive_lent(void *argument)
{
    struct pair *pair = argument;
    tenon_stream_receive_lent(&pair->far, on_lent);
}

static void play_abort(struct pair *pair)
{
    const struct sim_world *world = pair->run->world;
    sim_at(pair->loops[0], sim_now(world), send_and_abort, pair);
    sim_at(pair->loops[1], sim_now(world), receive_lent, pair);
    step_until_told(pair);
    CHECK(world, pair->last == TENON_RESET);
    sim_at(pair->loops[1], sim_now(world), abort_far, pair);
}

/* ---- the cases ---- */

static void play(struct run *run)
{
    static void (*const cases[])(struct pair *pair) = {play_canceled_end, play_abort};
    run->faults = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scenario_open(run);
        struct pair *pair = scenario_allocate(run, sizeof *pair);
        pair->run = run;
        pair_open(pair);
        cases[i](pair);
        pair_close(pair);
        scenario_free(pair);
        scenario_close(run);
    }
}

const struct scenario regression_scenario = {"regression", 1, play};
