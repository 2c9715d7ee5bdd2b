/* The ends of the layer's scenario: how they come to be, what they do, and how they close. */
#include "layer.h"
#include "common/outer.h"
#include <stdio.h>
#include <string.h>

static const int64_t patience = 60 * TENON_SECOND;      /* more than any polite peer needs */

struct layer_stream {
    struct tenon_stream stream;
    struct layer_end *end;
};

struct layer_connect {
    struct tenon_connect connect;
    struct layer_end *end;
    int64_t begun_at;
    int64_t timeout;
    bool canceled;
    bool reachable;         /* a gate was open there */
    char host[32];
};

struct layer_end *end_of(struct tenon_stream *stream)
{
    return OUTER(stream, struct layer_stream, stream)->end;
}

struct tenon_stream *end_stream(struct layer_end *end)
{
    return &end->stream->stream;
}

static struct sim_world *world_of(const struct layer_end *end)
{
    return end->layer->run->world;
}

/* ---- who talks to whom ---- */

/* 127.0.0.1 and ::1 are another host's on each host. */
static bool is_loopback(const struct tenon_address *address)
{
    return address->family == TENON_FAMILY_IPV4 ? address->ip[0] == 127 : address->ip[0] == 0;
}

/* The other end of the connection: an active one and a passive one find each other by the address
 * that both see. NULL: nobody has attached it, or its connect is not over yet. */
struct layer_end *end_peer(struct layer_end *end)
{
    struct layer *layer = end->layer;
    for (uint32_t i = 0; i < layer->end_count && end->peer == NULL; i++) {
        struct layer_end *other = &layer->ends[i];
        const struct layer_end *active = end->active ? end : other;
        const struct layer_end *passive = end->active ? other : end;
        if (end->active != other->active && active->near.port != 0 &&
            tenon_address_equal(&active->near, &passive->far) &&
            (!is_loopback(&active->near) || active->loop->host == passive->loop->host)) {
            end->peer = other;
            other->peer = end;
        }
    }
    return end->peer;
}

/* Whether the peer did what resets a connection. */
static bool has_cause(struct layer_end *end)
{
    const struct layer_end *peer = end_peer(end);
    if (end->layer->run->faults > 0 || peer == NULL || peer->dead) {
        return true;
    }
    return peer->aborting || peer->closed != TENON_OK || peer->failure != TENON_OK ||
           (peer->closing && sim_now(world_of(end)) >= peer->deadline);
}

void end_failed(struct layer_end *end, enum tenon_status status)
{
    struct tenon_error error = tenon_stream_error(end_stream(end));
    CHECK(world_of(end), status != TENON_OK && status != TENON_END && status != TENON_CANCELED);
    /* Rule 6: the first failure stays. */
    CHECK(world_of(end), error.status != TENON_OK);
    CHECK(world_of(end), end->failure == TENON_OK || end->failure == error.status);
    CHECK(world_of(end), has_cause(end));
    CHECK(world_of(end), !end->layer->polite);
    layer_trace(end->layer, "end", end->number, tenon_status_name(status), end->received);
    end->failure = error.status;
}

/* ---- the end of an end ---- */

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct layer_end *end = end_of(stream);
    const struct sim_world *world = world_of(end);
    layer_enter(end->loop);
    layer_trace(end->layer, "end", end->number, "is closed, status", (uint64_t)status);
    CHECK(world, end->closing && &end->stream->stream == stream);
    CHECK(world, end->receive == RECEIVE_NONE && end->send == NULL);
    CHECK(world, tenon_loop_now(end->loop->loop) <= end->deadline + end->layer->slack);
    if (status == TENON_OK) {
        struct layer_end *peer = end_peer(end);
        CHECK(world, end->aborting || end->ended || (peer != NULL && peer->finished));
    } else if (status == TENON_TIMED_OUT) {
        CHECK(world, tenon_loop_now(end->loop->loop) >= end->deadline || has_cause(end));
    } else if (status == TENON_LIMIT && end->layer->run->faults == 0) {
        const struct layer_end *peer = end_peer(end);
        CHECK(world, peer != NULL);
        CHECK(world, peer->offered >= end->received + TENON_CLOSE_BYTES_MAX);
    } else {
        CHECK(world, status != TENON_CANCELED && has_cause(end));
    }
    CHECK(world, status == TENON_OK || !end->layer->polite);
    end->closed = status;
    end->over = true;
    tenon_timer_stop(end->loop->loop, &end->act);
    scenario_poison(end->layer->run, end->stream);
    end->stream = NULL;
}

void end_close(struct layer_end *end, enum tenon_close_mode mode, int64_t timeout)
{
    int64_t now = tenon_loop_now(end->loop->loop);
    bool abort = mode == TENON_CLOSE_ABORT;
    layer_trace(end->layer, "end", end->number, abort ? "aborts, having offered" :
                                                        "closes, having offered", end->offered);
    if (abort) {
        end->deadline = now;
    } else if (!end->closing) {
        end->deadline = now + timeout;
    }
    end->closing = true;
    end->finished = end->finished || !abort;
    end->aborting = end->aborting || abort;
    SUBMIT(end->layer, tenon_stream_close(end_stream(end), mode, timeout, on_closed));
}

void end_bury(struct layer_end *end)
{
    if (end->over) {
        return;
    }
    end_bury_send(end);
    end_bury_receive(end);
    if (end->connect != NULL) {
        scenario_free(end->connect);
        end->layer->connects_pending--;
    }
    if (end->stream != NULL) {
        scenario_free(end->stream);
    }
    end->connect = NULL;
    end->stream = NULL;
    end->dead = true;
    end->over = true;
}

/* ---- what an end does ---- */

/* After a send that was cut short nothing but an abort is legal (rule 10). */
static bool must_abort(const struct layer_end *end)
{
    return end->send_broken || end->send_canceled;
}

static void close_somehow(struct layer_end *end)
{
    static const int64_t timeouts[] = {0, TENON_MILLISECOND, 100 * TENON_MILLISECOND,
                                       5 * TENON_SECOND};
    struct run *run = end->layer->run;
    if (end->layer->polite) {
        end_close(end, TENON_CLOSE_GRACEFUL, patience);
    } else {
        bool abort = must_abort(end) || draw_chance(run, 300);
        end_close(end, abort ? TENON_CLOSE_ABORT : TENON_CLOSE_GRACEFUL,
                  timeouts[draw(run, 0, 3)]);
    }
}

static void cancel_send(struct layer_end *end)
{
    if (end->send != NULL && !end->layer->polite) {
        layer_trace(end->layer, "end", end->number, "cancels its send", 0);
        end->send_canceled = true;
        SUBMIT(end->layer, tenon_stream_send_cancel(end_stream(end)));
    }
}

static void cancel_receive(struct layer_end *end)
{
    if (end->receive != RECEIVE_NONE) {
        layer_trace(end->layer, "end", end->number, "cancels its receive, having received",
                    end->received);
        end->receive_canceled = true;
        SUBMIT(end->layer, tenon_stream_receive_cancel(end_stream(end)));
    }
}

static void finish(struct layer_end *end)
{
    if (must_abort(end)) {
        return;
    }
    layer_trace(end->layer, "end", end->number, "half-closes, having offered", end->offered);
    end->finished = true;
    SUBMIT(end->layer, tenon_stream_finish(end_stream(end)));
}

static void keep_alive(struct layer_end *end)
{
    enum tenon_status status = TENON_SYSTEM;
    SUBMIT(end->layer, status = tenon_stream_keep_alive(end_stream(end), TENON_SECOND));
    CHECK(world_of(end), status == TENON_OK);
}

static void resume(struct layer_end *end)
{
    end->paused = false;
    SUBMIT(end->layer, tenon_stream_receive_resume(end_stream(end)));
}

void end_act(struct layer_end *end)
{
    struct run *run = end->layer->run;
    uint64_t what = draw(run, 0, 99);
    if (end->stream == NULL || end->connect != NULL || end->over) {
        return;
    }
    if (end->closing) {
        if (what < 30) {
            end_close(end, what < 20 || end->layer->polite ? TENON_CLOSE_GRACEFUL :
                                                             TENON_CLOSE_ABORT, 0);
        }
    } else if (what < 30) {
        end_receive(end);
    } else if (what < 45) {
        resume(end);
    } else if (what < 52) {
        cancel_receive(end);
    } else if (what < 60) {
        end_try_receive(end);
    } else if (what < 78) {
        end_send(end);
    } else if (what < 90) {
        end_try_send(end);
    } else if (what < 94) {
        cancel_send(end);
    } else if (what < 97) {
        finish(end);
    } else if (what < 98) {
        close_somehow(end);
    } else {
        keep_alive(end);
    }
}

/* A half-close is told without more ado: polite ends wait for it, and it comes (rule 5). */
static bool waits_for_end(struct layer_end *end)
{
    const struct layer_end *peer = end_peer(end);
    int64_t now = tenon_loop_now(end->loop->loop);
    if (!end->layer->polite || end->ended || peer == NULL || !peer->finished) {
        return false;
    }
    end->waits_until = end->waits_until == 0 ? now + patience : end->waits_until;
    CHECK(world_of(end), now < end->waits_until);
    return true;
}

static void on_act(struct tenon_timer *timer)
{
    struct layer_end *end = OUTER(timer, struct layer_end, act);
    struct layer *layer = end->layer;
    layer_enter(end->loop);
    CHECK(layer->run->world, !end->over && end->stream != NULL);
    if (end->acts_left > 0) {
        end->acts_left--;
        end_act(end);
    } else if (!end->closing && waits_for_end(end)) {
        end_receive(end);
        resume(end);
    } else if (!end->closing) {
        close_somehow(end);
    } else {
        return;
    }
    int64_t pause = (int64_t)draw_magnitude(layer->run, 1, 100 * (uint64_t)TENON_MILLISECOND);
    SUBMIT(layer, tenon_timer_start(end->loop->loop, &end->act,
                                    tenon_loop_now(end->loop->loop) + pause, on_act));
}

/* ---- the beginning ---- */

struct layer_end *end_new(struct layer_loop *loop)
{
    struct layer *layer = loop->layer;
    if (layer->end_count == LAYER_ENDS_MAX) {
        return NULL;
    }
    struct layer_end *end = &layer->ends[layer->end_count++];
    end->layer = layer;
    end->loop = loop;
    end->number = layer->end_count;
    end->acts_left = (uint32_t)draw_magnitude(layer->run, 1, 60);
    end->stream = scenario_allocate(layer->run, sizeof *end->stream);
    end->stream->end = end;
    return end;
}

static void begin(struct layer_end *end)
{
    struct layer *layer = end->layer;
    layer->run->tally->connections++;
    end->connected_at = tenon_loop_now(end->loop->loop);
    SUBMIT(layer, tenon_timer_start(end->loop->loop, &end->act, end->connected_at, on_act));
}

static void end_without_stream(struct layer_end *end)
{
    scenario_poison(end->layer->run, end->stream);
    end->stream = NULL;
    end->over = true;
}

void end_attach(struct layer_loop *loop, struct tenon_socket socket,
                const struct tenon_address *peer)
{
    struct layer_end *end = end_new(loop);
    CHECK(loop->layer->run->world, end != NULL);
    enum tenon_status status = TENON_SYSTEM;
    SUBMIT(loop->layer, status = tenon_stream_attach(loop->loop, end_stream(end), socket));
    end->far = *peer;
    layer_trace(loop->layer, "end", end->number, "is accepted, peer's port", peer->port);
    layer_trace(loop->layer, "end", end->number, "is attached, status", (uint64_t)status);
    if (status == TENON_OK) {
        begin(end);
        return;
    }
    CHECK(world_of(end), loop->layer->scarce);
    end->failure = status;
    end_without_stream(end);
}

/* ---- connecting ---- */

/* Rule 8: one completion, in time, and why each address failed. */
static void check_connect(const struct layer_connect *op, enum tenon_status status, int64_t now)
{
    const struct tenon_connect *connect = &op->connect;
    const struct layer_end *end = op->end;
    const struct layer *layer = end->layer;
    const struct sim_world *world = layer->run->world;
    CHECK(world, connect->error.status == status && status != TENON_END);
    CHECK(world, status != TENON_CANCELED || op->canceled);
    if (op->timeout > 0) {
        CHECK(world, now <= op->begun_at + op->timeout + layer->slack);
    }
    for (uint32_t i = 0; i < connect->attempts_begun; i++) {
        bool won = status == TENON_OK && connect->winner == i;
        CHECK(world, connect->attempts[i].begun && !connect->attempts[i].pending);
        CHECK(world, status != TENON_OK || won == (connect->attempts[i].error.status == TENON_OK));
    }
    bool free = layer->run->faults == 0 && op->reachable && layer->polite && !op->canceled;
    CHECK(world, status == TENON_OK || !free);
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct layer_connect *op = OUTER(connect, struct layer_connect, connect);
    struct layer_end *end = op->end;
    layer_enter(end->loop);
    CHECK(world_of(end), end->connect == op && connect->stream == end_stream(end));
    check_connect(op, status, tenon_loop_now(end->loop->loop));
    layer_trace(end->layer, "end", end->number, "connected, status", (uint64_t)status);
    if (status == TENON_OK) {
        end->far = connect->attempts[connect->winner].address;
        end->near = sim_local_address(end_stream(end));
        layer_trace(end->layer, "end", end->number, "has port", end->near.port);
    }
    end->connect = NULL;
    end->layer->connects_pending--;
    scenario_poison(end->layer->run, op);
    tenon_timer_stop(end->loop->loop, &end->act);
    if (status == TENON_OK) {
        begin(end);
    } else {
        end_without_stream(end);
    }
}

static void on_cancel_time(struct tenon_timer *timer)
{
    struct layer_end *end = OUTER(timer, struct layer_end, act);
    layer_enter(end->loop);
    CHECK(world_of(end), end->connect != NULL);
    end->connect->canceled = true;
    layer_trace(end->layer, "end", end->number, "cancels its connect", 0);
    SUBMIT(end->layer, tenon_connect_cancel(&end->connect->connect));
}

/* Where to: NULL is this host. Only a gate that listens there can answer. */
static const char *choose_host(struct layer_connect *op, const struct layer_gate *gate)
{
    struct layer *layer = gate->layer;
    struct run *run = layer->run;
    uint32_t host = gate->loop->host;
    bool ipv6 = gate->endpoint.address.family == TENON_FAMILY_IPV6;
    op->reachable = gate->listener != NULL && !gate->closing;
    if (draw_chance(run, 30)) {
        op->reachable = false;
        return draw_chance(run, 500) ? "nowhere" : "10.0.0.200";
    }
    if (host == op->end->loop->host && draw_chance(run, 400)) {
        static const char *const names[] = {NULL, "localhost", "0.0.0.0", "::"};
        uint64_t name = draw(run, 0, 3);
        op->reachable = op->reachable && (name < 2 || (name == 3) == ipv6);
        return names[name];
    }
    if (draw_chance(run, 500)) {
        return layer->hosts[host].name;
    }
    (void)snprintf(op->host, sizeof op->host, ipv6 ? "fd00::%x" : "10.0.0.%u", host + 1U);
    return op->host;
}

void end_connect(struct layer_loop *loop)
{
    struct layer *layer = loop->layer;
    struct run *run = layer->run;
    const struct layer_gate *gate = &layer->gates[draw(run, 0, layer->gate_count - 1)];
    struct tenon_connect_options options = {0};
    if (layer->end_count + 2 * layer->connects_pending + 2 > LAYER_ENDS_MAX) {
        return;
    }
    struct layer_end *end = end_new(loop);
    struct layer_connect *op = scenario_allocate(run, sizeof *op);
    op->end = end;
    op->begun_at = tenon_loop_now(loop->loop);
    op->timeout = layer->polite ? patience :
        draw_chance(run, 200) ? 0 : (int64_t)draw_magnitude(run, 1, 30 * (uint64_t)TENON_SECOND);
    options.timeout = op->timeout;
    options.family = layer->polite || draw_chance(run, 800) ? TENON_FAMILY_ANY :
        (enum tenon_family)draw(run, TENON_FAMILY_IPV4, TENON_FAMILY_IPV6);
    options.stagger = draw_chance(run, 500) ? 0 : draw_time(run, 1, TENON_SECOND);
    end->active = true;
    end->connect = op;
    layer->connects_left--;
    layer->connects_pending++;
    const char *host = choose_host(op, gate);
    layer_trace(layer, "end", end->number, host == NULL ? "connects to itself, port" : host,
                gate->endpoint.address.port);
    SUBMIT(layer, tenon_connect(loop->loop, &op->connect, end_stream(end), host,
                                gate->endpoint.address.port, &options, on_connected));
    if (!layer->polite && draw_chance(run, 200)) {
        int64_t when =
            op->begun_at + (int64_t)draw_magnitude(run, 1, 2 * (uint64_t)TENON_SECOND) - 1;
        SUBMIT(layer, tenon_timer_start(loop->loop, &end->act, when, on_cancel_time));
    }
}
