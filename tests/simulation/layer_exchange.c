/* What the ends of the layer's scenario send and receive. */
#include "layer.h"
#include "common/outer.h"
#include <string.h>

enum {
    TRY_MAX = 4096,
    SEND_MAX = 400 * 1024,
    SEND_HUGE = 3 * TENON_CLOSE_BYTES_MAX / 2   /* more than a close reads and drops */
};

struct layer_send {
    struct tenon_send send;
    struct tenon_piece pieces[TENON_PIECES_MAX];
    struct layer_end *end;
    enum tenon_status failure;      /* the stream's, when it was begun */
    size_t size;
    char *data;
};

struct layer_single {
    struct tenon_receive receive;
    struct layer_end *end;
    char *data;
};

static struct sim_world *world_of(const struct layer_end *end)
{
    return end->layer->run->world;
}

/* ---- sending ---- */

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct layer_send *op = OUTER(send, struct layer_send, send);
    struct layer_end *end = op->end;
    struct run *run = end->layer->run;
    layer_enter(end->loop);
    CHECK(run->world, end->send == op && send->stream == end_stream(end));
    CHECK(run->world, send->error.status == status && status != TENON_END);
    CHECK(run->world, status == TENON_OK ? send->sent == op->size : send->sent <= op->size);
    CHECK(run->world, end->sent + op->size == end->offered);
    if (status == TENON_CANCELED) {
        bool expired = end->closing && tenon_loop_now(end->loop->loop) >= end->deadline;
        bool failed = tenon_stream_error(end_stream(end)).status != TENON_OK;
        bool aborts = end->aborting || (end->closing && failed);
        CHECK(run->world, end->send_canceled || aborts || expired);
    } else if (status != TENON_OK) {
        CHECK(run->world, op->failure == TENON_OK || op->failure == status);
        end_failed(end, status);
    } else {
        CHECK(run->world, op->failure == TENON_OK);
    }
    end->send = NULL;
    end->send_canceled = false;
    end->send_broken = status != TENON_OK;
    end->sent += send->sent;
    layer_trace(end->layer, "end", end->number, "sent", send->sent);
    scenario_poison(run, op->data);
    scenario_poison(run, op);
    if (draw_chance(run, 300)) {
        end_act(end);
    }
}

/* Cuts the data into pieces, some of them empty. */
static void cut(struct layer_send *op)
{
    struct run *run = op->end->layer->run;
    uint32_t count = (uint32_t)draw(run, op->size > 0 ? 1 : 0, TENON_PIECES_MAX);
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t left = op->size - at;
        size_t size = i + 1 == count ? left : (size_t)draw(run, 0, left);
        op->pieces[i].data = op->data + at;
        op->pieces[i].size = size;
        at += size;
    }
    op->send.pieces = op->pieces;
    op->send.piece_count = count;
}

static uint64_t draw_size(const struct layer *layer)
{
    struct run *run = layer->run;
    uint64_t high = draw_chance(run, 5) ? SEND_MAX : draw_chance(run, 100) ? 50000 : 2000;
    if (draw(run, 0, 4999) == 0 && run->faults == 0 && !layer->polite) {
        return SEND_HUGE;
    }
    return draw_magnitude(run, 1, high) - 1;
}

void end_send(struct layer_end *end)
{
    struct run *run = end->layer->run;
    if (end->send != NULL || end->finished || end->send_broken) {
        return;
    }
    struct layer_send *op = scenario_allocate(run, sizeof *op);
    op->end = end;
    op->failure = end->failure;
    op->size = (size_t)draw_size(end->layer);
    op->data = scenario_allocate(run, op->size);
    scenario_fill(end->number, end->sent, op->data, op->size);
    cut(op);
    end->send = op;
    end->offered = end->sent + op->size;
    layer_trace(end->layer, "end", end->number, "sends", op->size);
    SUBMIT(end->layer, tenon_stream_send(end_stream(end), &op->send, on_sent));
}

void end_try_send(struct layer_end *end)
{
    struct run *run = end->layer->run;
    char data[TRY_MAX];
    if (end->finished || end->send_broken) {
        return;
    }
    size_t size = (size_t)draw_magnitude(run, 0, TRY_MAX);
    size_t sent = 0;
    scenario_fill(end->number, end->sent, data, size);
    SUBMIT(end->layer, sent = tenon_stream_try_send(end_stream(end), data, size));
    memset(data, 0, sizeof data);
    CHECK(run->world, sent <= size);
    /* Rule 6: nothing while a send is in flight, and nothing after a failure. */
    CHECK(run->world,
          sent == 0 || (end->send == NULL && end->failure == TENON_OK));
    end->sent += sent;
    if (end->send == NULL) {
        end->offered = end->sent;
    }
    layer_trace(end->layer, "end", end->number, "tried to send, and sent", sent);
}

void end_bury_send(struct layer_end *end)
{
    if (end->send != NULL) {
        scenario_free(end->send->data);
        scenario_free(end->send);
    }
    end->send = NULL;
}

/* ---- receiving ---- */

static void check_bytes(struct layer_end *end, const char *data, size_t size)
{
    const struct layer_end *peer = end_peer(end);
    CHECK(world_of(end), peer != NULL);
    CHECK(world_of(end), end->received + size <= peer->offered);
    CHECK(world_of(end), scenario_matches(peer->number, end->received, data, size));
    end->received += size;
    end->layer->run->tally->bytes += size;
}

/* Rule 5: the end comes once, behind all bytes, and only where the peer has finished. */
static void on_end(struct layer_end *end)
{
    const struct layer_end *peer = end_peer(end);
    CHECK(world_of(end), !end->ended);
    CHECK(world_of(end), end->failure == TENON_OK || end->may_have_ended);
    CHECK(world_of(end), peer != NULL && peer->finished && end->received == peer->offered);
    end->ended = true;
    layer_trace(end->layer, "end", end->number, "read the end behind", end->received);
}

/* Before every callback of a receive. */
static void enter(struct layer_end *end, enum layer_kind kind, enum tenon_status status)
{
    layer_enter(end->loop);
    CHECK(world_of(end), end->receive == kind);
    if (status == TENON_OK) {
        /* Rules 3, 5 and 10. */
        CHECK(world_of(end), !end->paused && !end->closing);
        CHECK(world_of(end), kind == RECEIVE_SINGLE || !end->receive_canceled);
        CHECK(world_of(end), end->received_turn != end->layer->run->turn);
        end->received_turn = end->layer->run->turn;
        return;
    }
    CHECK(world_of(end), status != TENON_CANCELED || end->receive_canceled || end->closing);
    CHECK(world_of(end), !end->paused || status == TENON_CANCELED);
    end->receive = RECEIVE_NONE;
    end->receive_canceled = false;
    end->paused = false;
    layer_trace(end->layer, "end", end->number, "has no receive any more, status",
                (uint64_t)status);
    if (status == TENON_END) {
        on_end(end);
    } else if (status != TENON_CANCELED) {
        end_failed(end, status);
        CHECK(world_of(end), end->failure == status);
    }
}

/* What the callback does besides, and its answer, which counts unless it was the last call. */
static enum tenon_flow answer(struct layer_end *end, enum tenon_status status)
{
    struct run *run = end->layer->run;
    if (draw_chance(run, 200)) {
        end_act(end);
    }
    bool pause = draw_chance(run, 200);
    if (status == TENON_OK) {
        end->paused = pause;
    }
    return pause ? TENON_PAUSE : TENON_CONTINUE;
}

static enum tenon_flow on_lent(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct layer_end *end = end_of(stream);
    enter(end, RECEIVE_LENT, status);
    CHECK(world_of(end), (status == TENON_OK) == (data != NULL));
    CHECK(world_of(end), (status == TENON_OK) == (size > 0));
    if (status == TENON_OK) {
        check_bytes(end, data, size);
    }
    return answer(end, status);
}

static void take(struct layer_end *end)
{
    char data[TRY_MAX];
    size_t size = (size_t)draw_magnitude(end->layer->run, 0, TRY_MAX);
    size_t taken = 0;
    SUBMIT(end->layer, taken = tenon_stream_try_receive(end_stream(end), data, size));
    CHECK(world_of(end), taken <= size);
    layer_trace(end->layer, "end", end->number, "tried to receive, and took", taken);
    if (taken > 0) {
        check_bytes(end, data, taken);
    } else {
        /* It may have met the end, which is told later. */
        end->may_have_ended = end->may_have_ended || end->failure == TENON_OK;
    }
}

void end_try_receive(struct layer_end *end)
{
    if (end->receive == RECEIVE_READY) {
        take(end);
    }
}

static enum tenon_flow on_ready(struct tenon_stream *stream, enum tenon_status status)
{
    struct layer_end *end = end_of(stream);
    enter(end, RECEIVE_READY, status);
    if (status == TENON_OK && draw_chance(end->layer->run, 900)) {
        take(end);
    }
    return answer(end, status);
}

static void on_received(struct tenon_receive *receive, enum tenon_status status)
{
    struct layer_single *op = OUTER(receive, struct layer_single, receive);
    struct layer_end *end = op->end;
    enter(end, RECEIVE_SINGLE, status);
    CHECK(world_of(end), end->single == op && receive->stream == end_stream(end));
    CHECK(world_of(end), (status == TENON_OK) == (receive->received > 0));
    CHECK(world_of(end), receive->received <= receive->size);
    if (status == TENON_OK) {
        check_bytes(end, op->data, receive->received);
    }
    end->receive = RECEIVE_NONE;
    end->receive_canceled = false;
    end->single = NULL;
    scenario_poison(end->layer->run, op->data);
    scenario_poison(end->layer->run, op);
    if (draw_chance(end->layer->run, 500)) {
        end_act(end);
    }
}

static void receive_single(struct layer_end *end)
{
    struct run *run = end->layer->run;
    struct layer_single *op = scenario_allocate(run, sizeof *op);
    op->end = end;
    op->receive.size = (size_t)draw_magnitude(run, 1, 3 * TRY_MAX);
    op->data = scenario_allocate(run, op->receive.size);
    op->receive.data = op->data;
    end->single = op;
    SUBMIT(end->layer, tenon_stream_receive(end_stream(end), &op->receive, on_received));
}

void end_receive(struct layer_end *end)
{
    if (end->receive != RECEIVE_NONE || end->ended) {
        return;
    }
    end->receive = (enum layer_kind)draw(end->layer->run, RECEIVE_LENT, RECEIVE_SINGLE);
    end->paused = false;
    end->receive_canceled = false;
    layer_trace(end->layer, "end", end->number, "receives, in the way", (uint64_t)end->receive);
    switch (end->receive) {
    case RECEIVE_LENT:
        SUBMIT(end->layer, tenon_stream_receive_lent(end_stream(end), on_lent));
        break;
    case RECEIVE_READY:
        SUBMIT(end->layer, tenon_stream_receive_ready(end_stream(end), on_ready));
        break;
    case RECEIVE_SINGLE:
        receive_single(end);
        break;
    case RECEIVE_NONE:
        break;
    }
}

void end_bury_receive(struct layer_end *end)
{
    if (end->single != NULL) {
        scenario_free(end->single->data);
        scenario_free(end->single);
    }
    end->single = NULL;
    end->receive = RECEIVE_NONE;
}
