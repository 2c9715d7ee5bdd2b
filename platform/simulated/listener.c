/* Listeners: their queues, and the completion temperament's pool of accepts. */
#include "simulated/world.h"
#include <stdlib.h>
#include <string.h>

static struct sim_listener *of_listener(const struct tenon_listener *listener)
{
    return listener->backend[0].pointer;
}

/* ---- listening ---- */

static bool is_any(const struct tenon_address *address)
{
    static const uint8_t zero[16] = {0};
    return memcmp(address->ip, zero, sizeof zero) == 0;
}

static bool overlap(const struct tenon_address *a, const struct tenon_address *b)
{
    return a->family == b->family && a->port == b->port &&
           (is_any(a) || is_any(b) || memcmp(a->ip, b->ip, sizeof a->ip) == 0);
}

struct sim_listener *sim_listener_find(struct sim_host *host, const struct tenon_address *address,
                                       const char *path)
{
    for (struct sim_listener *at = host->world->listeners; at != NULL; at = at->next) {
        bool local = address->family == TENON_FAMILY_PATH;
        if (at->object.host == host && overlap(&at->address, address) &&
            (!local || strcmp(at->path, path) == 0)) {
            return at;
        }
    }
    return NULL;
}

/* On Windows a port that is held exclusively stays held by the connections that it accepted. */
static bool is_held(const struct sim_host *host, uint16_t port)
{
    const struct sim_world *world = host->world;
    for (uint32_t i = 0; i < world->object_count; i++) {
        const struct sim_object *object = world->objects[i];
        if (object != NULL && object->kind == SIM_SOCKET && object->host == host) {
            const struct sim_socket *socket = (const struct sim_socket *)(const void *)object;
            if (socket->accepted_here && socket->local.port == port) {
                return true;
            }
        }
    }
    return false;
}

static struct tenon_error bind_to(struct sim_host *host, struct tenon_address *address,
                                  const char *path)
{
    struct sim_world *world = host->world;
    struct tenon_address own = *address;
    bool chosen = address->port == 0;
    if (sim_strikes(world, FAULT_SHORTAGE)) {
        return sim_shortage(world);
    }
    if (address->family == TENON_FAMILY_PATH) {
        return sim_error(sim_is_completion(world)                    ? TENON_UNSUPPORTED
                         : path[0] == '\0'                           ? TENON_INVALID
                         : sim_listener_find(host, address, path) != NULL ? TENON_ADDRESS_IN_USE
                                                                     : TENON_OK);
    }
    if ((address->family == TENON_FAMILY_IPV6 && host->without_ipv6) ||
        (!is_any(address) && sim_host_find(host, &own) != host)) {
        return sim_error(TENON_ADDRESS_NOT_AVAILABLE);
    }
    if (chosen) {
        address->port = host->next_port++;
        host->next_port = host->next_port < 49152 ? 49152 : host->next_port;
    }
    if (sim_listener_find(host, address, path) != NULL ||
        (sim_is_completion(world) && is_held(host, address->port))) {
        return sim_error(TENON_ADDRESS_IN_USE);
    }
    return sim_error(TENON_OK);
}

struct tenon_error sim_listen(struct tenon_listener *listener,
                              const struct tenon_endpoint *endpoint, uint32_t backlog)
{
    struct sim_host *host = sim_loop_of(listener->loop)->host;
    struct sim_world *world = host->world;
    struct tenon_address address = endpoint->address;
    struct tenon_error error = bind_to(host, &address, endpoint->path);
    if (error.status != TENON_OK) {
        return error;
    }
    struct sim_listener *own = sim_allocate(NULL, sizeof *own);
    memset(own, 0, sizeof *own);
    sim_object_add(host, &own->object, SIM_LISTENER);
    own->object.loop = sim_loop_of(listener->loop);
    if (!sim_count(&own->object)) {
        sim_object_remove(&own->object);
        free(own);
        return sim_error(TENON_LIMIT);
    }
    own->listener = listener;
    own->address = address;
    memcpy(own->path, endpoint->path, sizeof own->path);
    own->backlog = backlog;
    own->next = world->listeners;
    world->listeners = own;
    listener->address = address;
    listener->handle = own->object.id;
    listener->backend[0].pointer = own;
    sim_trace(world, host->name, "listens on port %u", address.port);
    return sim_error(TENON_OK);
}

/* ---- the queue ---- */

/* Accepts that wait get what the queue has. */
static void fill_pool(struct sim_listener *listener)
{
    uint32_t room = listener->queued < SIM_ACCEPTS_PENDING ? listener->queued : SIM_ACCEPTS_PENDING;
    if (listener->posted && !listener->canceled && listener->pooled < room) {
        listener->pooled = room;
        sim_tell_late(&listener->object, DUE_ACCEPT);
    }
}

void sim_listener_queue(struct sim_listener *listener, struct sim_socket *socket)
{
    socket->listener = listener;
    if (listener->last != NULL) {
        listener->last->next = socket;
    } else {
        listener->first = socket;
    }
    listener->last = socket;
    listener->queued++;
    if (sim_is_completion(listener->object.world)) {
        fill_pool(listener);
    } else {
        sim_tell_late(&listener->object, DUE_ACCEPT);
    }
}

void sim_listener_unqueue(struct sim_socket *socket)
{
    struct sim_listener *listener = socket->listener;
    struct sim_socket *previous = NULL;
    uint32_t place = 0;
    for (struct sim_socket *at = listener->first; at != socket; at = at->next) {
        previous = at;
        place++;
    }
    if (previous != NULL) {
        previous->next = socket->next;
    } else {
        listener->first = socket->next;
    }
    if (listener->last == socket) {
        listener->last = previous;
    }
    listener->queued--;
    if (place < listener->pooled) {
        listener->pooled--;
    }
    socket->listener = NULL;
    socket->next = NULL;
}

void sim_listener_free(struct sim_listener *listener)
{
    struct sim_listener **at = &listener->object.world->listeners;
    while (*at != listener) {
        at = &(*at)->next;
    }
    *at = listener->next;
    while (listener->first != NULL) {
        sim_socket_close(listener->first, true);
    }
    sim_object_remove(&listener->object);
    free(listener);
}

/* ---- accepting ---- */

/* The first of the queue that may be handed over. Peers that were reset are skipped, or not. */
static struct sim_socket *next_queued(struct sim_listener *listener, bool pool)
{
    struct sim_socket *socket = listener->first;
    while (socket != NULL && (!pool || socket->accepted)) {
        if (socket->failure == TENON_OK || sim_chance(listener->object.world, 500)) {
            return socket;
        }
        sim_socket_close(socket, true);
        socket = listener->first;
    }
    return NULL;
}

static enum tenon_take hand_over(struct sim_listener *listener, struct sim_socket *socket,
                                 struct tenon_socket *socket_out, struct tenon_address *peer_out,
                                 struct tenon_error *error_out)
{
    struct sim_world *world = listener->object.world;
    if (sim_strikes(world, FAULT_SHORTAGE)) {
        *error_out = sim_shortage(world);
        return TAKE_FAILED;
    }
    if (!sim_count(&socket->object)) {
        *error_out = sim_error(TENON_LIMIT);
        return TAKE_FAILED;
    }
    sim_listener_unqueue(socket);
    if (sim_is_completion(world)) {
        fill_pool(listener);
    }
    listener->object.loop->idle_turns = 0;
    sim_trace(world, listener->object.host->name, "accepts a peer, port %u", socket->remote.port);
    socket_out->handle = (uint64_t)(uintptr_t)socket;
    *peer_out = socket->remote;
    if (peer_out->family == TENON_FAMILY_PATH) {
        peer_out->port = 0;
    }
    return TAKE_DATA;
}

/* All of the pool's packets come back, those of accepts that were done as well. */
static void cancel_pool(struct sim_listener *listener)
{
    if (!listener->canceled) {
        listener->canceled = true;
        sim_tell_late(&listener->object, DUE_IDLE);
    }
}

static enum tenon_take accept_pooled(struct sim_listener *own, bool draining,
                                     struct tenon_socket *socket_out,
                                     struct tenon_address *peer_out, struct tenon_error *error_out)
{
    if (!own->posted) {
        own->posted = true;
        fill_pool(own);
    }
    if (draining) {
        cancel_pool(own);
    }
    struct sim_socket *socket = next_queued(own, !own->idle);
    if (socket != NULL) {
        return hand_over(own, socket, socket_out, peer_out, error_out);
    }
    return draining && own->idle ? TAKE_END : TAKE_WOULD_BLOCK;
}

enum tenon_take sim_accept(struct tenon_listener *listener, struct tenon_socket *socket_out,
                           struct tenon_address *peer_out, struct tenon_error *error_out)
{
    struct sim_listener *own = of_listener(listener);
    bool draining = (listener->flags & LISTENER_DRAINING) != 0;
    if (sim_is_completion(own->object.world)) {
        return accept_pooled(own, draining, socket_out, peer_out, error_out);
    }
    struct sim_socket *socket = next_queued(own, false);
    if (socket == NULL) {
        return draining ? TAKE_END : TAKE_WOULD_BLOCK;
    }
    return hand_over(own, socket, socket_out, peer_out, error_out);
}

void sim_listener_told(struct sim_listener *listener, uint32_t due)
{
    struct sim_socket *socket = listener->first;
    if (due & DUE_IDLE) {
        listener->idle = true;
    }
    for (uint32_t i = 0; i < listener->pooled; i++) {
        socket->accepted = true;
        socket = socket->next;
    }
    if ((listener->listener->flags & LISTENER_CLOSING) == 0) {
        tenon_event_acceptable(listener->listener);
    } else if (due & DUE_IDLE) {
        tenon_event_listener_idle(listener->listener);
    }
}

bool sim_listener_close(struct tenon_listener *listener)
{
    struct sim_listener *own = of_listener(listener);
    if (own->posted && !own->idle) {
        cancel_pool(own);
        return false;
    }
    sim_trace(own->object.world, own->object.host->name, "stops listening on port %u",
              listener->address.port);
    sim_listener_free(own);
    return true;
}
