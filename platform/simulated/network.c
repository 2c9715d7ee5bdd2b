/* The network: bytes on their way from one kernel to another, ends, resets, and peers that are
 * silent. */
#include "simulated/world.h"
#include <stdlib.h>
#include <string.h>

static const int64_t retry_first = 200 * TENON_MILLISECOND;
static const int64_t retry_whole = 120 * TENON_SECOND;
static const int64_t probes_whole = 10 * TENON_SECOND;

/* ---- hosts ---- */

int64_t sim_latency(struct sim_world *world, const struct sim_host *from,
                    const struct sim_host *to)
{
    int64_t about = from == to ? 5 * TENON_MICROSECOND : world->profile.latency;
    return about / 2 + (int64_t)sim_below(world, (uint64_t)about);
}

/* The host that has this address, as `from` sees it; NULL: none. */
struct sim_host *sim_host_find(struct sim_host *from, const struct tenon_address *address)
{
    struct sim_world *world = from->world;
    struct tenon_address loopback = {.family = TENON_FAMILY_IPV6};
    struct tenon_address wanted = *address;
    loopback.ip[15] = 1;
    wanted.port = 0;
    wanted.scope = 0;
    if (address->family == TENON_FAMILY_PATH || tenon_address_equal(&loopback, &wanted) ||
        (address->family == TENON_FAMILY_IPV4 && address->ip[0] == 127)) {
        return from;
    }
    for (uint32_t i = 0; i < world->host_count; i++) {
        struct tenon_address own = sim_host_address(world->hosts[i],
                                                    (enum tenon_family)address->family);
        if (tenon_address_equal(&own, &wanted)) {
            return world->hosts[i];
        }
    }
    return NULL;
}

/* ---- pipes ---- */

uint64_t sim_available(const struct sim_socket *socket)
{
    return socket->in.arrived - socket->in.taken;
}

bool sim_is_readable(const struct sim_socket *socket)
{
    return sim_available(socket) > 0 || socket->in.end_arrived || socket->failure != TENON_OK;
}

static void ring_copy_in(struct sim_pipe *pipe, const unsigned char *data, uint64_t size)
{
    uint64_t at = pipe->written & (pipe->ring_size - 1);
    uint64_t first = pipe->ring_size - at < size ? pipe->ring_size - at : size;
    memcpy(pipe->ring + at, data, (size_t)first);
    memcpy(pipe->ring, data + first, (size_t)(size - first));
    pipe->written += size;
}

void sim_read(struct sim_socket *socket, void *data, uint64_t size)
{
    struct sim_world *world = socket->object.world;
    struct sim_pipe *pipe = &socket->in;
    uint64_t at = pipe->taken & (pipe->ring_size - 1);
    uint64_t first = pipe->ring_size - at < size ? pipe->ring_size - at : size;
    memcpy(data, pipe->ring + at, (size_t)first);
    memcpy((unsigned char *)data + first, pipe->ring, (size_t)(size - first));
    pipe->taken += size;
    if (socket->silent) {
        return;
    }
    if (pipe->written == pipe->launched) {
        pipe->known = pipe->taken;      /* nothing waits for it: no event is needed */
        return;
    }
    struct sim_event event = {.kind = EVENT_WINDOW, .id = socket->object.id, .value = pipe->taken};
    struct sim_socket *peer = sim_socket_find(world, socket->peer);
    struct sim_host *host = peer == NULL ? socket->object.host : peer->object.host;
    sim_event(world, sim_latency(world, socket->object.host, host), event);
}

static void ring_grow(struct sim_pipe *pipe, uint64_t size)
{
    uint64_t held = pipe->written - pipe->taken;
    uint64_t ring_size = pipe->ring_size == 0 ? 256 : pipe->ring_size;
    while (ring_size < held + size) {
        ring_size *= 2;
    }
    if (ring_size == pipe->ring_size) {
        return;
    }
    unsigned char *ring = sim_allocate(NULL, (size_t)ring_size);
    for (uint64_t i = pipe->taken; i < pipe->written; i++) {
        ring[i & (ring_size - 1)] = pipe->ring[i & (pipe->ring_size - 1)];
    }
    free(pipe->ring);
    pipe->ring = ring;
    pipe->ring_size = ring_size;
}

/* When something that leaves now arrives: in order. */
static int64_t travel(struct sim_socket *receiver, const struct sim_host *from, uint64_t size)
{
    struct sim_world *world = receiver->object.world;
    int64_t flight = (int64_t)size * world->profile.byte_time / 1000;
    int64_t when = world->now + sim_latency(world, from, receiver->object.host);
    if (from == receiver->object.host) {
        flight = 0;
    }
    when = when > receiver->in.last ? when : receiver->in.last;
    receiver->in.last = when + flight;
    return receiver->in.last - world->now;
}

/* The sender's kernel sends what the receiver's has room for. The sender may be gone by now. */
static void pump(struct sim_socket *receiver)
{
    struct sim_world *world = receiver->object.world;
    struct sim_pipe *pipe = &receiver->in;
    struct sim_socket *sender = sim_socket_find(world, receiver->peer);
    struct sim_host *from = sim_host_find(receiver->object.host, &receiver->remote);
    uint64_t before = pipe->launched;
    if (pipe->cut) {
        return;
    }
    while (pipe->launched < pipe->written &&
           pipe->launched - pipe->known < world->profile.receive_room) {
        uint64_t size = pipe->written - pipe->launched;
        uint64_t window = world->profile.receive_room - (pipe->launched - pipe->known);
        size = size < window ? size : window;
        size = size < world->profile.segment ? size : world->profile.segment;
        if (size > 1 && sim_chance(world, world->profile.cut)) {
            size = 1 + sim_below(world, size - 1);
        }
        pipe->launched += size;
        struct sim_event event = {.kind = EVENT_ARRIVE, .id = receiver->object.id,
                                  .other = receiver->peer, .value = size};
        sim_event(world, travel(receiver, from, size), event);
    }
    if (pipe->end_written && !pipe->end_launched && pipe->launched == pipe->written) {
        pipe->end_launched = true;
        struct sim_event event = {.kind = EVENT_END, .id = receiver->object.id};
        sim_event(world, travel(receiver, from, 0), event);
    }
    if (sender != NULL && pipe->launched > before) {
        sim_writable(sender);
    }
}

static void send_reset(struct sim_socket *to, const struct sim_host *from)
{
    struct sim_event event = {.kind = EVENT_RESET, .id = to->object.id};
    to->in.cut = true;
    sim_event(to->object.world, travel(to, from, 0), event);
}

uint64_t sim_held(const struct sim_socket *socket)
{
    const struct sim_world *world = socket->object.world;
    const struct sim_socket *peer = sim_socket_find(world, socket->peer);
    if (socket->silent) {
        return socket->in.known;        /* see sim_peer_is_silent */
    }
    return peer == NULL ? 0 : peer->in.written - peer->in.launched;
}

static void retry_later(struct sim_socket *socket, int64_t pause)
{
    struct sim_event event = {.kind = EVENT_RETRY, .id = socket->object.id,
                              .value = (uint64_t)pause};
    sim_event(socket->object.world, pause, event);
}

void sim_write(struct sim_socket *socket, const void *data, uint64_t size)
{
    struct sim_world *world = socket->object.world;
    struct sim_socket *peer = sim_socket_find(world, socket->peer);
    if (socket->silent) {
        socket->in.known += size;
        if (!socket->retrying) {
            socket->retrying = true;
            socket->silent_since = world->now;
            retry_later(socket, retry_first);
        }
    } else if (peer == NULL) {
        send_reset(socket, socket->object.host);    /* what the peer's kernel answers */
    } else {
        ring_grow(&peer->in, size);
        ring_copy_in(&peer->in, data, size);
        pump(peer);
    }
}

void sim_write_end(struct sim_socket *socket)
{
    struct sim_socket *peer = sim_socket_find(socket->object.world, socket->peer);
    if (peer != NULL && socket->failure == TENON_OK) {
        peer->in.end_written = true;
        pump(peer);
    }
}

/* The peer's host has died: what comes is nothing, what is sent stays. From now on `known` counts
 * the bytes that the socket's own kernel holds. */
void sim_peer_is_silent(struct sim_socket *socket)
{
    struct sim_socket *peer = sim_socket_find(socket->object.world, socket->peer);
    uint64_t held = peer == NULL ? 0 : peer->in.written - peer->in.launched;
    socket->in.cut = true;
    socket->silent = true;
    socket->in.known = 0;
    if (held > 0) {
        sim_write(socket, NULL, held);
    }
}

/* ---- sockets ---- */

struct sim_socket *sim_socket_new(struct sim_host *host)
{
    struct sim_socket *socket = sim_allocate(NULL, sizeof *socket);
    memset(socket, 0, sizeof *socket);
    sim_object_add(host, &socket->object, SIM_SOCKET);
    return socket;
}

void sim_socket_free(struct sim_socket *socket)
{
    if (socket->listener != NULL) {
        sim_listener_unqueue(socket);
    }
    sim_object_remove(&socket->object);
    free(socket->in.ring);
    free(socket);
}

void sim_fail_socket(struct sim_socket *socket, enum tenon_status status)
{
    if (socket->failure != TENON_OK) {
        return;
    }
    socket->failure = status;
    socket->peer = 0;
    socket->silent = false;
    if (socket->object.world->profile.drops_unread) {
        socket->in.taken = socket->in.arrived;
    }
    sim_readable(socket);
    sim_writable(socket);
}

void sim_socket_close(struct sim_socket *socket, bool reset)
{
    struct sim_socket *peer = sim_socket_find(socket->object.world, socket->peer);
    if (peer != NULL && socket->failure == TENON_OK) {
        bool unread = sim_available(socket) > 0;
        bool unsent = socket->in.written > socket->in.launched;
        if (reset || unread) {
            send_reset(peer, socket->object.host);
        } else {
            peer->in.end_written = true;
            pump(peer);
            if (unsent) {
                send_reset(peer, socket->object.host);  /* what comes next is answered so */
            }
        }
    }
    sim_socket_free(socket);
}

/* ---- events ---- */

static void arrive(struct sim_world *world, const struct sim_event *event)
{
    struct sim_socket *socket = sim_socket_find(world, event->id);
    struct sim_socket *sender = sim_socket_find(world, event->other);
    if (socket == NULL) {
        if (sender != NULL && !sender->silent && sender->failure == TENON_OK) {
            send_reset(sender, sender->object.host);
        }
        return;
    }
    if (socket->failure == TENON_OK) {
        socket->in.arrived += event->value;
        sim_readable(socket);
    }
}

static void retry(struct sim_socket *socket, int64_t pause)
{
    struct sim_world *world = socket->object.world;
    struct sim_host *host = sim_host_find(socket->object.host, &socket->remote);
    if (!socket->silent) {
        return;
    }
    if (host != NULL && host->up) {
        socket->silent = false;
        socket->peer = 0;
        send_reset(socket, host);
    } else if (world->now - socket->silent_since > retry_whole) {
        sim_fail_socket(socket, TENON_TIMED_OUT);
    } else {
        retry_later(socket, 2 * pause);
    }
}

/* Every `value` seconds; a peer that is silent is given up 10 s later. */
static void probe(struct sim_socket *socket, const struct sim_event *event)
{
    struct sim_world *world = socket->object.world;
    struct sim_event again = {.kind = EVENT_PROBE, .id = event->id, .value = event->value,
                              .other = socket->silent};
    if (socket->failure != TENON_OK) {
        return;
    }
    if (event->other == 1 && socket->silent) {
        sim_fail_socket(socket, TENON_TIMED_OUT);
        return;
    }
    sim_event(world, socket->silent ? probes_whole : (int64_t)event->value * TENON_SECOND, again);
}

void sim_network_event(struct sim_world *world, const struct sim_event *event)
{
    struct sim_socket *socket = sim_socket_find(world, event->id);
    struct sim_socket *peer = NULL;
    if (event->kind == EVENT_ARRIVE) {
        arrive(world, event);
        return;
    }
    if (socket == NULL) {
        return;
    }
    switch ((int)event->kind) {
    case EVENT_END:
        if (socket->failure == TENON_OK) {
            socket->in.end_arrived = true;
            sim_readable(socket);
        }
        break;
    case EVENT_RESET:
        sim_fail_socket(socket, TENON_RESET);
        break;
    case EVENT_WINDOW:
        if (!socket->silent && event->value > socket->in.known) {
            socket->in.known = event->value;
            pump(socket);
        }
        break;
    case EVENT_RETRY:
        retry(socket, (int64_t)event->value);
        break;
    case EVENT_PROBE:
        probe(socket, event);
        break;
    case EVENT_MOVE:
        sim_writable(socket);
        break;
    default:
        peer = sim_socket_find(world, socket->peer);
        sim_trace(world, NULL, "a connection breaks");
        if (peer != NULL) {
            send_reset(peer, socket->object.host);
        }
        send_reset(socket, socket->object.host);
        break;
    }
}
