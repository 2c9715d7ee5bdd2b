/* The world: how it behaves, its hosts, its trace and its failures. */
#include "simulated/world.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const int64_t world_start = 1000 * TENON_SECOND;

/* ---- random numbers ---- */

uint64_t sim_random_next(struct sim_random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = random->state;
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

uint64_t sim_random_below(struct sim_random *random, uint64_t below)
{
    TENON_ASSERT(below > 0);
    return sim_random_next(random) % below;
}

bool sim_random_chance(struct sim_random *random, uint32_t parts)
{
    return parts > 0 && sim_random_below(random, 1000) < parts;
}

uint64_t sim_below(struct sim_world *world, uint64_t below)
{
    return sim_random_below(&world->random, below);
}

bool sim_chance(struct sim_world *world, uint32_t parts)
{
    return sim_random_chance(&world->random, parts);
}

bool sim_strikes(struct sim_world *world, enum sim_fault fault)
{
    return sim_chance(world, world->profile.faults[fault]);
}

/* ---- failing and tracing ---- */

static void print_time(const struct sim_world *world, FILE *file)
{
    int64_t time = world->now - world_start;
    (void)fprintf(file, "%" PRId64 ".%06" PRId64, time / TENON_SECOND,
                  time % TENON_SECOND / TENON_MICROSECOND);
}

void sim_fail(const struct sim_world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fflush(stdout);
    (void)fprintf(stderr, "simulated: seed %" PRIu64 ", %s, at ", world->options.seed,
                  sim_is_completion(world) ? "completion" : "readiness");
    print_time(world, stderr);
    (void)fprintf(stderr, " s: ");
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\n");
    va_end(arguments);
    (void)fflush(stderr);
    abort();
}

void sim_trace(const struct sim_world *world, const char *who, const char *format, ...)
{
    FILE *trace = world->options.trace;
    va_list arguments;
    if (trace == NULL) {
        return;
    }
    va_start(arguments, format);
    print_time(world, trace);
    (void)fprintf(trace, " %s ", who == NULL ? "-" : who);
    (void)vfprintf(trace, format, arguments);
    (void)fprintf(trace, "\n");
    va_end(arguments);
}

void *sim_allocate(void *old, size_t size)
{
    void *memory = realloc(old, size);
    if (memory == NULL) {
        (void)fprintf(stderr, "simulated: there is not enough memory\n");
        exit(1);
    }
    return memory;
}

/* ---- hosts ---- */

struct sim_host *sim_host_add(struct sim_world *world, const char *name)
{
    struct sim_host *host = sim_allocate(NULL, sizeof *host);
    size_t size = strlen(name);
    TENON_ASSERT(world->host_count < SIM_HOSTS_MAX);
    TENON_ASSERT(size <= SIM_NAME_MAX);
    memset(host, 0, sizeof *host);
    memcpy(host->name, name, size);
    host->world = world;
    host->limit = UINT32_MAX;
    host->up = true;
    host->next_port = (uint16_t)(49152 + sim_below(world, 10000));
    world->hosts[world->host_count++] = host;
    host->number = world->host_count;
    return host;
}

void sim_host_limit(struct sim_host *host, uint32_t sockets)
{
    host->limit = sockets;
}

void sim_host_without_ipv6(struct sim_host *host)
{
    host->without_ipv6 = true;
}

struct sim_world *sim_host_world(const struct sim_host *host)
{
    return host->world;
}

bool sim_host_is_up(const struct sim_host *host)
{
    return host->up;
}

struct tenon_address sim_host_address(const struct sim_host *host, enum tenon_family family)
{
    struct tenon_address address = {0};
    bool ipv4 = family == TENON_FAMILY_IPV4;
    address.family = ipv4 ? TENON_FAMILY_IPV4 : TENON_FAMILY_IPV6;
    address.ip[0] = ipv4 ? 10 : 0xfd;
    address.ip[ipv4 ? 3 : 15] = (uint8_t)host->number;
    return address;
}

void sim_host_kill(struct sim_host *host)
{
    struct sim_world *world = host->world;
    TENON_ASSERT(host->up);
    sim_trace(world, host->name, "dies");
    host->up = false;
    for (uint32_t i = 0; i < world->object_count; i++) {
        struct sim_object *object = world->objects[i];
        if (object != NULL && object->host == host && object->kind == SIM_SOCKET) {
            struct sim_socket *socket = (struct sim_socket *)(void *)object;
            struct sim_socket *peer = sim_socket_find(world, socket->peer);
            if (peer != NULL && peer->object.host != host) {
                sim_peer_is_silent(peer);
            }
            sim_socket_free(socket);
        }
    }
    for (uint32_t i = 0; i < world->object_count; i++) {
        struct sim_object *object = world->objects[i];
        if (object != NULL && object->host == host) {
            sim_listener_free((struct sim_listener *)(void *)object);
        }
    }
    for (struct sim_loop *loop = world->loops; loop != NULL; loop = loop->next) {
        loop->dead = loop->dead || loop->host == host;
    }
}

void sim_host_restart(struct sim_host *host)
{
    TENON_ASSERT(!host->up);
    sim_trace(host->world, host->name, "is up again");
    host->up = true;
}

int64_t sim_open_count(const struct sim_world *world)
{
    return world->open;
}

int64_t sim_now(const struct sim_world *world)
{
    return world->now;
}

/* ---- the profile ---- */

static int64_t pick(struct sim_world *world, const int64_t *values, size_t count)
{
    return values[sim_below(world, count)];
}

static void draw_profile(struct sim_world *world)
{
    static const int64_t latencies[] = {20 * TENON_MICROSECOND, TENON_MILLISECOND,
                                        20 * TENON_MILLISECOND, 150 * TENON_MILLISECOND};
    static const int64_t byte_times[] = {0, 1000, 10000, 100000};
    static const int64_t lates[] = {0, 20 * TENON_MICROSECOND, TENON_MILLISECOND,
                                    30 * TENON_MILLISECOND};
    static const int64_t lookups[] = {TENON_MILLISECOND, 50 * TENON_MILLISECOND, TENON_SECOND,
                                      8 * TENON_SECOND};
    static const int64_t segments[] = {7, 64, 536, 1460, 16384, 65536};
    static const int64_t rooms[] = {64, 512, 4096, 16384, 65536, 262144};
    struct sim_profile *profile = &world->profile;
    bool calm = world->options.faults == 0;
    size_t large = calm ? 2 : 0;        /* what moves many bytes must end in time */
    profile->latency = pick(world, latencies, 4);
    profile->byte_time = pick(world, byte_times, 4);
    profile->late = pick(world, lates, calm ? 3 : 4);
    profile->lookup = pick(world, lookups, calm ? 2 : 4);
    profile->segment = (uint64_t)pick(world, segments + large, 6 - large);
    profile->send_room = (uint64_t)pick(world, rooms + 2 * large, 6 - 2 * large);
    profile->receive_room = (uint64_t)pick(world, rooms + 2 * large, 6 - 2 * large);
    profile->spurious = (uint32_t)sim_below(world, 60);
    profile->cut = calm ? 0 : (uint32_t)sim_below(world, 500);
    profile->stall = calm ? 0 : (uint32_t)sim_below(world, 10);
    profile->drops_unread = !calm && sim_is_completion(world) && sim_chance(world, 500);
    for (int i = 0; i < FAULT_COUNT; i++) {
        bool chosen = sim_chance(world, 500);
        profile->faults[i] =
            calm || !chosen ? 0 : (uint32_t)sim_below(world, world->options.faults + 1);
    }
}

struct sim_world *sim_world_open(const struct sim_options *options)
{
    struct sim_world *world = sim_allocate(NULL, sizeof *world);
    memset(world, 0, sizeof *world);
    world->options = *options;
    world->random.state = options->seed;
    world->now = world_start;
    draw_profile(world);
    return world;
}

/* What is pending there was forgotten with the host. */
static void bury(struct tenon_loop *loop)
{
    loop->pending = 0;
    loop->wheel.count = 0;
    loop->posted_first = NULL;
    tenon_loop_close(loop);
}

void sim_world_close(struct sim_world *world)
{
    struct sim_loop *loop = world->loops;
    while (loop != NULL) {
        struct sim_loop *next = loop->next;
        if (!loop->dead) {
            sim_fail(world, "a loop is still open");
        }
        bury(loop->loop);
        loop = next;
    }
    sim_events_free(world);
    for (uint32_t i = 0; i < world->object_count; i++) {
        if (world->objects[i] != NULL && world->objects[i]->kind == SIM_SOCKET) {
            sim_socket_free((struct sim_socket *)(void *)world->objects[i]);
        } else if (world->objects[i] != NULL) {
            sim_listener_free((struct sim_listener *)(void *)world->objects[i]);
        }
    }
    for (uint32_t i = 0; i < world->host_count; i++) {
        free(world->hosts[i]);
    }
    free(world->objects);
    free(world->free_objects);
    free(world);
}
