/* Connects and look-ups. */
#include "simulated/world.h"
#include <stdlib.h>
#include <string.h>

static const int64_t knock_first = 1 * TENON_SECOND;
static const int64_t refusal_slow = 2 * TENON_SECOND;

static struct sim_socket *of_attempt(const struct tenon_attempt *attempt)
{
    return attempt->backend[0].pointer;
}

/* ---- the attempt ---- */

static struct tenon_address local_address(struct sim_host *host, const struct tenon_address *remote,
                                          bool within)
{
    struct tenon_address local = within ? *remote : sim_host_address(
        host, (enum tenon_family)remote->family);
    local.port = host->next_port++;
    host->next_port = host->next_port < 49152 ? 49152 : host->next_port;
    return local;
}

static void knock(struct sim_socket *socket, uint64_t time, int64_t delay)
{
    struct sim_event event = {.kind = EVENT_KNOCK, .id = socket->object.id, .value = time};
    sim_event(socket->object.world, delay, event);
}

struct tenon_error sim_connect(struct tenon_attempt *attempt, const char *path)
{
    struct sim_loop *loop = sim_loop_of(attempt->connect->loop);
    struct sim_host *host = loop->host;
    struct sim_world *world = host->world;
    struct sim_host *target = sim_host_find(host, &attempt->address);
    if (sim_strikes(world, FAULT_SHORTAGE)) {
        return sim_shortage(world);
    }
    if ((attempt->address.family == TENON_FAMILY_IPV6 && host->without_ipv6)) {
        return sim_error(TENON_ADDRESS_NOT_AVAILABLE);
    }
    if (attempt->address.family == TENON_FAMILY_PATH && sim_is_completion(world)) {
        return sim_error(TENON_UNSUPPORTED);
    }
    if (path != NULL && (path[0] == '\0' || strlen(path) > TENON_PATH_MAX)) {
        return sim_error(TENON_INVALID);
    }
    struct sim_socket *socket = sim_socket_new(host);
    if (!sim_count(&socket->object)) {
        sim_socket_free(socket);
        return sim_error(TENON_LIMIT);
    }
    if (path != NULL) {
        memcpy(socket->path, path, strlen(path) + 1);
    }
    socket->object.loop = loop;
    socket->attempt = attempt;
    socket->remote = attempt->address;
    socket->local = local_address(host, &attempt->address, target == host);
    socket->lost = sim_strikes(world, FAULT_LOST);
    attempt->backend[0].pointer = socket;
    attempt->handle = (uint64_t)(uintptr_t)socket;
    knock(socket, 0, target == NULL ? world->profile.latency : sim_latency(world, host, target));
    return sim_error(TENON_OK);
}

static void answer(struct sim_socket *socket, enum tenon_status status, int64_t delay)
{
    struct sim_event event = {.kind = EVENT_ANSWER, .id = socket->object.id,
                              .value = (uint64_t)status};
    sim_event(socket->object.world, delay, event);
}

static void establish(struct sim_socket *socket, struct sim_listener *listener, int64_t delay)
{
    struct sim_world *world = socket->object.world;
    struct sim_socket *other = sim_socket_new(listener->object.host);
    other->peer = socket->object.id;
    other->local = socket->remote;
    other->remote = socket->local;
    other->accepted_here = true;
    socket->peer = other->object.id;
    socket->in.last = world->now + delay;   /* no byte comes before the answer */
    answer(socket, TENON_OK, delay);
    if (sim_strikes(world, FAULT_BREAK)) {
        struct sim_event event = {.kind = EVENT_BREAK, .id = other->object.id};
        sim_event(world, (int64_t)sim_below(world, 2 * (uint64_t)TENON_SECOND), event);
    }
    sim_listener_queue(listener, other);
}

/* Its request has come to the host that it means. Without an answer it comes again, after twice
 * the time; 21 s are Windows' limit, and about 2 minutes that of others. */
static void knocked(struct sim_socket *socket, uint64_t time)
{
    struct sim_host *host = socket->object.host;
    struct sim_world *world = host->world;
    struct sim_host *target = sim_host_find(host, &socket->remote);
    uint64_t times = sim_is_completion(world) ? 4 : 7;
    if (socket->answered || socket->peer != 0) {
        return;
    }
    if (target == NULL) {
        answer(socket, TENON_UNREACHABLE, world->profile.latency);
        return;
    }
    int64_t delay = sim_latency(world, host, target);
    struct sim_listener *listener = sim_listener_find(target, &socket->remote, socket->path);
    bool full = listener != NULL && listener->queued >= listener->backlog;
    if (socket->lost || !target->up || full) {
        if (time >= times) {
            answer(socket, TENON_TIMED_OUT, 0);
        } else {
            knock(socket, time + 1, knock_first << time);
        }
    } else if (listener == NULL) {
        bool slow = sim_is_completion(world) && sim_chance(world, 300);
        answer(socket, TENON_REFUSED, slow ? refusal_slow : delay);
    } else {
        establish(socket, listener, delay);
    }
}

void sim_connect_event(struct sim_world *world, const struct sim_event *event)
{
    struct sim_socket *socket = sim_socket_find(world, event->id);
    if (socket == NULL) {
        return;
    }
    if (event->kind == EVENT_KNOCK) {
        knocked(socket, event->value);
    } else if (!socket->answered) {
        socket->answered = true;
        socket->answer = (enum tenon_status)event->value;
        sim_tell_late(&socket->object, DUE_CONNECT);
    }
}

/* A cancelled one may have been answered all the same. */
void sim_connect_told(struct sim_socket *socket)
{
    struct tenon_attempt *attempt = socket->attempt;
    enum tenon_status status = socket->answered ? socket->answer : TENON_CANCELED;
    TENON_ASSERT(attempt != NULL);
    socket->attempt = NULL;
    sim_trace(socket->object.world, socket->object.host->name, "connect to port %u: %s",
              socket->remote.port, tenon_status_name(status));
    if (status != TENON_OK) {
        sim_socket_close(socket, true);
    }
    tenon_event_connected(attempt, sim_error(status));
}

bool sim_connect_cancel(struct tenon_attempt *attempt)
{
    struct sim_socket *socket = of_attempt(attempt);
    if (!sim_is_completion(socket->object.world)) {
        sim_socket_close(socket, true);
        return true;
    }
    sim_tell_late(&socket->object, DUE_CONNECT);
    return false;
}

struct tenon_error sim_adopt(struct tenon_stream *stream, struct tenon_attempt *attempt)
{
    struct sim_socket *socket = of_attempt(attempt);
    if (sim_strikes(socket->object.world, FAULT_SHORTAGE)) {
        sim_socket_close(socket, true);
        return sim_shortage(sim_loop_of(stream->loop)->host->world);
    }
    sim_socket_attach(socket, stream);
    return sim_error(TENON_OK);
}

void sim_abandon(struct tenon_attempt *attempt)
{
    sim_socket_close(of_attempt(attempt), true);
}

/* ---- look-ups ---- */

struct tenon_error sim_look_up_now(struct sim_world *world, const char *host,
                                   enum tenon_family family, struct tenon_address *addresses,
                                   uint32_t max, uint32_t *count_out)
{
    static const enum tenon_family families[] = {TENON_FAMILY_IPV6, TENON_FAMILY_IPV4};
    *count_out = 0;
    if (sim_strikes(world, FAULT_LOOKUP)) {
        return sim_error(sim_chance(world, 500) ? TENON_RESOLVER_FAILED : TENON_NOT_RESOLVED);
    }
    for (int i = 0; i < 2; i++) {
        for (uint32_t j = 0; j < world->host_count && *count_out < max; j++) {
            if (strcmp(world->hosts[j]->name, host) == 0 &&
                (family == TENON_FAMILY_ANY || family == families[i])) {
                addresses[(*count_out)++] = sim_host_address(world->hosts[j], families[i]);
            }
        }
    }
    return sim_error(*count_out > 0 ? TENON_OK : TENON_NOT_RESOLVED);
}

struct tenon_error sim_resolve(struct tenon_connect *connect)
{
    struct sim_loop *loop = sim_loop_of(connect->loop);
    struct sim_world *world = loop->host->world;
    if (sim_strikes(world, FAULT_SHORTAGE)) {
        return sim_error(TENON_LIMIT);
    }
    struct sim_lookup *lookup = sim_allocate(NULL, sizeof *lookup);
    memset(lookup, 0, sizeof *lookup);
    lookup->loop = loop;
    lookup->connect = connect;
    lookup->status = sim_look_up_now(world, connect->host, connect->family, lookup->addresses,
                                     TENON_ATTEMPTS_MAX, &lookup->count).status;
    connect->lookup = (struct tenon_lookup *)(void *)lookup;
    struct sim_event event = {.kind = EVENT_RESOLVED, .pointer = lookup};
    sim_event(world, (int64_t)sim_below(world, (uint64_t)world->profile.lookup), event);
    return sim_error(TENON_OK);
}

/* The answer comes all the same, and is thrown away then. */
void sim_resolve_cancel(struct tenon_connect *connect)
{
    struct sim_lookup *lookup = (struct sim_lookup *)(void *)connect->lookup;
    struct sim_lookup **at = &lookup->loop->resolved;
    connect->lookup = NULL;
    lookup->connect = NULL;
    while (*at != NULL && *at != lookup) {
        at = &(*at)->next;
    }
    if (*at == lookup) {
        *at = lookup->next;
        free(lookup);
    }
}

void sim_resolved(struct sim_loop *loop)
{
    while (loop->resolved != NULL) {
        struct sim_lookup *lookup = loop->resolved;
        loop->resolved = lookup->next;
        lookup->connect->lookup = NULL;
        tenon_event_resolved(lookup->connect, sim_error(lookup->status), lookup->addresses,
                             lookup->count);
        free(lookup);
    }
}
