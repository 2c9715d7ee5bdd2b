/* The scenario `fairness`: clients that ask and wait, asked how long it took, first alone and then
 * beside one that floods the server. Their 99th percentile at most doubles. While all are there,
 * each loop of the server has as many of them as any other. */
#include "command_line.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include "server_process.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PINGERS_MAX = 16,
    ROUNDS = 40,                /* of each pinger in each of two phases */
    PHASES = 2,
    PING_SIZE = 64,
    FLOOD_SIZE = 64 * 1024
};

static const int64_t pause_max = 20 * TENON_MILLISECOND;
static const int64_t horizon = 300 * TENON_SECOND;

struct fairness;

struct pinger {
    struct fairness *fairness;
    struct tenon_loop *loop;
    struct tenon_connect connect;
    struct tenon_stream stream;
    struct tenon_send send;
    struct tenon_piece piece;
    struct tenon_timer timer;
    char data[PING_SIZE];
    size_t received;
    int64_t asked_at;
    uint32_t rounds;            /* of this phase */
    bool floods;
    bool closing;
    bool sending;               /* an answer may come before the send is known to be over */
};

struct fairness {
    struct run *run;
    struct command_line line;
    struct server_process server;
    struct tenon_loop *loops[2];            /* of the pingers, and of who floods */
    struct pinger pingers[PINGERS_MAX];
    uint32_t count;
    struct pinger flooder;
    char flood[FLOOD_SIZE];
    uint32_t phase;
    uint32_t done;                          /* pingers with this phase */
    uint32_t connected;
    uint32_t closed;
    int64_t times[PHASES][PINGERS_MAX * ROUNDS];
    uint32_t time_count[PHASES];
};

static struct sim_world *world_of(const struct pinger *pinger)
{
    return pinger->fairness->run->world;
}

static void on_sent(struct tenon_send *send, enum tenon_status status);

static void ask(struct pinger *pinger)
{
    struct fairness *fairness = pinger->fairness;
    pinger->piece.data = pinger->floods ? fairness->flood : pinger->data;
    pinger->piece.size = pinger->floods ? FLOOD_SIZE : PING_SIZE;
    pinger->send.pieces = &pinger->piece;
    pinger->send.piece_count = 1;
    pinger->received = 0;
    pinger->sending = true;
    pinger->asked_at = tenon_loop_now(pinger->loop);
    tenon_stream_send(&pinger->stream, &pinger->send, on_sent);
}

/* Who floods sends on without waiting for an answer. */
static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct pinger *pinger = OUTER(send, struct pinger, send);
    CHECK(world_of(pinger), status == TENON_OK || pinger->floods);
    pinger->sending = false;
    if (pinger->floods && status == TENON_OK && !pinger->closing) {
        ask(pinger);
    }
}

static void go_on(struct pinger *pinger);

static void on_timer(struct tenon_timer *timer)
{
    struct pinger *pinger = OUTER(timer, struct pinger, timer);
    if (pinger->sending) {
        go_on(pinger);
    } else {
        ask(pinger);
    }
}

static void go_on(struct pinger *pinger)
{
    tenon_timer_start(pinger->loop, &pinger->timer,
                      tenon_loop_now(pinger->loop) +
                          draw_time(pinger->fairness->run, 0, pause_max), on_timer);
}

static void on_answer(struct pinger *pinger)
{
    struct fairness *fairness = pinger->fairness;
    uint32_t *count = &fairness->time_count[fairness->phase];
    fairness->times[fairness->phase][(*count)++] =
        tenon_loop_now(pinger->loop) - pinger->asked_at;
    fairness->run->tally->answers++;
    pinger->rounds++;
    if (pinger->rounds < ROUNDS) {
        go_on(pinger);
    } else {
        fairness->done++;
    }
}

static enum tenon_flow on_lent(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct pinger *pinger = OUTER(stream, struct pinger, stream);
    (void)data;
    if (status != TENON_OK) {
        CHECK(world_of(pinger), status == TENON_CANCELED);
        return TENON_PAUSE;
    }
    pinger->received += size;
    pinger->fairness->run->tally->bytes += size;
    if (!pinger->floods && pinger->received == PING_SIZE) {
        on_answer(pinger);
    }
    return TENON_CONTINUE;
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct pinger *pinger = OUTER(connect, struct pinger, connect);
    CHECK(world_of(pinger), status == TENON_OK);
    pinger->fairness->run->tally->connections++;
    pinger->fairness->connected++;
    tenon_stream_receive_lent(&pinger->stream, on_lent);
    ask(pinger);
}

static void start(struct pinger *pinger, struct fairness *fairness, struct tenon_loop *loop)
{
    pinger->fairness = fairness;
    pinger->loop = loop;
    tenon_connect(loop, &pinger->connect, &pinger->stream, "10.0.0.1", 12345, NULL, on_connected);
}

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct pinger *pinger = OUTER(stream, struct pinger, stream);
    (void)status;
    pinger->fairness->closed++;
}

static void end(void *argument)
{
    struct pinger *pinger = argument;
    pinger->closing = true;
    tenon_stream_close(&pinger->stream, TENON_CLOSE_ABORT, 0, on_closed);
}

/* ---- what is to be so ---- */

static void check_balance(const struct fairness *fairness)
{
    const struct server *server = &fairness->server.server;
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        uint32_t open = server_count_open(server, i);
        least = open < least ? open : least;
        most = open > most ? open : most;
    }
    CHECK(fairness->run->world, most - least <= 1);
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right ? 1 : 0;
}

static int64_t percentile_99(struct fairness *fairness, uint32_t phase)
{
    uint32_t count = fairness->time_count[phase];
    qsort(fairness->times[phase], count, sizeof fairness->times[phase][0], compare);
    return fairness->times[phase][count - 1 - count / 100];
}

static void check_times(struct fairness *fairness)
{
    int64_t alone = percentile_99(fairness, 0);
    int64_t beside = percentile_99(fairness, 1);
    sim_trace(fairness->run->world, "99 % alone and beside", "%" PRId64 " us, %" PRId64 " us",
              alone / TENON_MICROSECOND, beside / TENON_MICROSECOND);
    CHECK(fairness->run->world, beside <= 2 * alone);
}

/* ---- the play ---- */

static void open_all(struct fairness *fairness)
{
    struct run *run = fairness->run;
    struct sim_host *server = sim_host_add(run->world, "server");
    for (int i = 0; i < 2; i++) {
        struct sim_host *host = sim_host_add(run->world, "client");
        enum tenon_status status = sim_loop_open(host, NULL, &fairness->loops[i]);
        CHECK(run->world, status == TENON_OK);
    }
    command_begin(&fairness->line, "server");
    command_add(run, &fairness->line, ":12345");
    command_add(run, &fairness->line, "--mode=echo");
    command_add(run, &fairness->line, "--threads=%" PRIu64, draw(run, 1, 4));
    server_process_start(&fairness->server, run, server, &fairness->line, NULL);
    CHECK(run->world, fairness->server.started);
    fairness->count = (uint32_t)draw(run, 2, PINGERS_MAX);
    for (uint32_t i = 0; i < fairness->count; i++) {
        start(&fairness->pingers[i], fairness, fairness->loops[0]);
    }
}

static void step_until(struct fairness *fairness, const uint32_t *count, uint32_t wanted)
{
    int64_t last = sim_now(fairness->run->world) + horizon;
    while (*count < wanted) {
        bool turned = scenario_step(fairness->run, last);
        CHECK(fairness->run->world, turned);
    }
}

static void begin_phase(void *argument)
{
    struct fairness *fairness = argument;
    fairness->phase++;
    fairness->done = 0;
    for (uint32_t i = 0; i < fairness->count; i++) {
        fairness->pingers[i].rounds = 0;
        go_on(&fairness->pingers[i]);
    }
}

static void start_flooder(void *argument)
{
    struct fairness *fairness = argument;
    fairness->flooder.floods = true;
    start(&fairness->flooder, fairness, fairness->loops[1]);
}

static void close_all(struct fairness *fairness)
{
    struct run *run = fairness->run;
    for (uint32_t i = 0; i < fairness->count; i++) {
        sim_at(fairness->loops[0], sim_now(run->world), end, &fairness->pingers[i]);
    }
    sim_at(fairness->loops[1], sim_now(run->world), end, &fairness->flooder);
    step_until(fairness, &fairness->closed, fairness->count + 1);
    server_process_stop(&fairness->server, TENON_REQUEST_TERMINATE);
    int64_t last = sim_now(run->world) + horizon;
    while (fairness->server.state == PROCESS_RUNNING) {
        bool turned = scenario_step(run, last);
        CHECK(run->world, turned);
        server_process_look(&fairness->server);
    }
    CHECK(run->world, fairness->server.code == EXIT_CODE_OK);
    fake_sink_close(&fairness->server.sink);
    tenon_loop_close(fairness->loops[0]);
    tenon_loop_close(fairness->loops[1]);
}

static void play(struct run *run)
{
    run->faults = 0;
    scenario_open(run);
    struct fairness *fairness = scenario_allocate(run, sizeof *fairness);
    fairness->run = run;
    open_all(fairness);
    step_until(fairness, &fairness->done, fairness->count);
    check_balance(fairness);
    sim_at(fairness->loops[1], sim_now(run->world), start_flooder, fairness);
    step_until(fairness, &fairness->connected, fairness->count + 1);
    sim_at(fairness->loops[0], sim_now(run->world), begin_phase, fairness);
    step_until(fairness, &fairness->phase, 1);
    step_until(fairness, &fairness->done, fairness->count);
    check_times(fairness);
    close_all(fairness);
    scenario_free(fairness);
    scenario_close(run);
}

const struct scenario fairness_scenario = {"fairness", 1, play};
