/* The gates of the layer's scenario, and sockets on their way to the loop that attaches them. */
#include "layer.h"
#include "common/outer.h"
#include <string.h>

static const int64_t back_off_min = 50 * TENON_MILLISECOND;

struct layer_listener {
    struct tenon_listener listener;
    struct layer_gate *gate;
};

struct layer_handover {
    struct tenon_message message;
    struct tenon_timer timer;
    struct layer_loop *loop;
    struct tenon_socket socket;
    struct tenon_address peer;
    struct layer_handover *next;
};

static struct layer_gate *gate_of(struct tenon_listener *listener)
{
    return OUTER(listener, struct layer_listener, listener)->gate;
}

static uint32_t index_of(const struct layer_gate *gate)
{
    return (uint32_t)(gate - gate->layer->gates);
}

/* ---- handing over ---- */

static void unlink_handover(struct layer_handover *handover)
{
    struct layer_handover **at = &handover->loop->layer->handovers;
    while (*at != handover) {
        at = &(*at)->next;
    }
    *at = handover->next;
}

static void deliver(struct layer_handover *handover)
{
    struct layer_loop *loop = handover->loop;
    struct tenon_socket socket = handover->socket;
    struct tenon_address peer = handover->peer;
    unlink_handover(handover);
    scenario_poison(loop->layer->run, handover);
    if (draw_chance(loop->layer->run, 50) && !loop->layer->polite) {
        layer_trace(loop->layer, "socket", peer.port, "is discarded", 0);
        SUBMIT(loop->layer, tenon_socket_discard(socket));
        return;
    }
    end_attach(loop, socket, &peer);
}

static void on_timer(struct tenon_timer *timer)
{
    struct layer_handover *handover = OUTER(timer, struct layer_handover, timer);
    layer_enter(handover->loop);
    deliver(handover);
}

static void on_message(struct tenon_message *message)
{
    struct layer_handover *handover = OUTER(message, struct layer_handover, message);
    struct layer_loop *loop = handover->loop;
    struct run *run = loop->layer->run;
    CHECK(run->world, !loop->layer->submitting && !loop->dead);
    if (draw_chance(run, 300)) {
        int64_t when = tenon_loop_now(loop->loop) + draw_time(run, 0, TENON_SECOND);
        tenon_timer_start(loop->loop, &handover->timer, when, on_timer);
    } else {
        deliver(handover);
    }
}

static void hand_over(struct layer_gate *gate, struct tenon_socket socket,
                      const struct tenon_address *peer)
{
    struct layer *layer = gate->layer;
    struct layer_handover *handover = scenario_allocate(layer->run, sizeof *handover);
    handover->loop = layer_near(gate->loop);
    handover->socket = socket;
    handover->peer = *peer;
    handover->next = layer->handovers;
    layer->handovers = handover;
    tenon_message_init(&handover->message, on_message);
    bool first = false;
    SUBMIT(layer, first = tenon_post(handover->loop->loop, &handover->message));
    CHECK(layer->run->world, first);
}

void handovers_bury(struct layer *layer, uint32_t host)
{
    struct layer_handover *at = layer->handovers;
    while (at != NULL) {
        struct layer_handover *next = at->next;
        if (at->loop->host == host) {
            unlink_handover(at);
            scenario_free(at);
        }
        at = next;
    }
}

/* ---- accepting ---- */

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    struct layer_gate *gate = gate_of(listener);
    struct layer *layer = gate->layer;
    struct run *run = layer->run;
    layer_enter(gate->loop);
    CHECK(run->world, !gate->last_called);
    if (status == TENON_CANCELED) {
        CHECK(run->world, gate->closing);
        gate->last_called = true;
        return TENON_CONTINUE;
    }
    /* Rule 7: nothing while paused, but what a graceful close finds in the queue. */
    CHECK(run->world, !gate->paused || (gate->closing && !gate->aborting));
    if (status == TENON_LIMIT) {
        int64_t now = tenon_loop_now(gate->loop->loop);
        CHECK(run->world, layer->scarce && peer == NULL);
        CHECK(run->world, gate->closing || gate->limited_at == 0 ||
                              now >= gate->limited_at + back_off_min);
        gate->limited_at = now;
        gate->paused = !gate->closing && draw_chance(run, 100);
        return gate->paused ? TENON_PAUSE : TENON_CONTINUE;
    }
    CHECK(run->world, status == TENON_OK && !gate->aborting);
    CHECK(run->world, layer->accepted_count < LAYER_ENDS_MAX);
    layer->accepted[layer->accepted_count++] = *peer;
    layer_trace(layer, "gate", index_of(gate), "accepts port", peer->port);
    if (draw_chance(run, 500)) {
        end_attach(gate->loop, socket, peer);
    } else {
        hand_over(gate, socket, peer);
    }
    if (draw_chance(run, 100)) {
        gate_act(gate);
    }
    gate->paused = !gate->closing && draw_chance(run, 200);
    return gate->paused ? TENON_PAUSE : TENON_CONTINUE;
}

/* ---- the end ---- */

static bool was_accepted(const struct layer *layer, const struct tenon_address *peer)
{
    for (uint32_t i = 0; i < layer->accepted_count; i++) {
        if (tenon_address_equal(&layer->accepted[i], peer)) {
            return true;
        }
    }
    return false;
}

/* A graceful close delivers whoever was connected before it (rule 7). */
static void check_queue(const struct layer_gate *gate)
{
    const struct layer *layer = gate->layer;
    if (gate->aborting || !layer->polite) {
        return;
    }
    for (uint32_t i = 0; i < layer->end_count; i++) {
        const struct layer_end *end = &layer->ends[i];
        if (end->active && end->connected_at != 0 && end->far.port == gate->endpoint.address.port) {
            CHECK(layer->run->world, was_accepted(layer, &end->near));
        }
    }
}

static void on_closed(struct tenon_listener *listener)
{
    struct layer_gate *gate = gate_of(listener);
    struct run *run = gate->layer->run;
    layer_enter(gate->loop);
    CHECK(run->world, gate->closing && gate->last_called && gate->listener == listener);
    check_queue(gate);
    gate->listener = NULL;
    scenario_poison(run, OUTER(listener, struct layer_listener, listener));
    layer_trace(gate->layer, "gate", index_of(gate), "is closed", 0);
    if (!gate->layer->closing_time && draw_chance(run, 500)) {
        gate_open(gate, gate->loop, gate->endpoint.address.port,
                  gate->endpoint.address.family == TENON_FAMILY_IPV6);
    }
}

void gate_close(struct layer_gate *gate, enum tenon_close_mode mode)
{
    if (gate->listener == NULL) {
        return;
    }
    layer_trace(gate->layer, "gate", index_of(gate),
                mode == TENON_CLOSE_ABORT ? "aborts" : "closes", 0);
    gate->closing = true;
    gate->aborting = gate->aborting || mode == TENON_CLOSE_ABORT;
    SUBMIT(gate->layer, tenon_listener_close(gate->listener, mode, on_closed));
}

/* ---- the beginning ---- */

void gate_open(struct layer_gate *gate, struct layer_loop *loop, uint16_t port, bool ipv6)
{
    struct layer *layer = loop->layer;
    struct run *run = layer->run;
    struct tenon_listen_options options = {0};
    struct layer_listener *listener = scenario_allocate(run, sizeof *listener);
    bool again = gate->layer != NULL;
    memset(gate, 0, sizeof *gate);
    gate->layer = layer;
    gate->loop = loop;
    gate->endpoint.address.family = ipv6 ? TENON_FAMILY_IPV6 : TENON_FAMILY_IPV4;
    gate->endpoint.address.port = port;
    gate->backlog = !layer->polite && draw_chance(run, 200) ? (uint32_t)draw(run, 1, 3) : 0;
    options.backlog = gate->backlog;
    listener->gate = gate;
    enum tenon_status status = TENON_SYSTEM;
    SUBMIT(layer, status = tenon_listen(loop->loop, &listener->listener, &gate->endpoint,
                                        &options));
    CHECK(run->world, status == listener->listener.error.status);
    if (status != TENON_OK) {
        bool held = again && run->temperament == SIM_COMPLETION && status == TENON_ADDRESS_IN_USE;
        CHECK(run->world, held || layer->scarce);
        scenario_poison(run, listener);
        return;
    }
    CHECK(run->world, listener->listener.address.port == port);
    gate->listener = &listener->listener;
    SUBMIT(layer, tenon_listener_accept(gate->listener, on_accept));
}

/* Anything that is legal now. */
void gate_act(struct layer_gate *gate)
{
    struct layer *layer = gate->layer;
    if (gate->listener == NULL) {
        return;
    }
    uint64_t what = draw(layer->run, 0, 9);
    if (what < 6 || layer->polite) {
        gate->paused = false;
        SUBMIT(layer, tenon_listener_resume(gate->listener));
    } else if (what < 8) {
        gate_close(gate, TENON_CLOSE_GRACEFUL);
    } else {
        gate_close(gate, TENON_CLOSE_ABORT);
    }
}

void gate_bury(struct layer_gate *gate)
{
    if (gate->listener != NULL) {
        scenario_free(OUTER(gate->listener, struct layer_listener, listener));
        gate->listener = NULL;
    }
}
