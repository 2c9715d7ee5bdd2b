/* Events: what the world does at which time, and the objects that it does it to. */
#include "simulated/world.h"
#include <stdlib.h>

/* ---- events: a binary heap ---- */

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->when < b->when || (a->when == b->when && a->order < b->order);
}

void sim_event(struct sim_world *world, int64_t delay, struct sim_event event)
{
    if (world->event_count == world->event_room) {
        world->event_room = world->event_room == 0 ? 256 : 2 * world->event_room;
        world->events =
            sim_allocate(world->events, (size_t)world->event_room * sizeof *world->events);
    }
    event.when = delay >= TENON_FOREVER - world->now ? TENON_FOREVER : world->now + delay;
    event.order = world->order++;
    uint64_t at = world->event_count++;
    while (at > 0 && is_before(&event, &world->events[(at - 1) / 2])) {
        world->events[at] = world->events[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->events[at] = event;
}

static struct sim_event take_event(struct sim_world *world)
{
    struct sim_event first = world->events[0];
    struct sim_event last = world->events[--world->event_count];
    uint64_t at = 0;
    uint64_t child = 1;
    while (child < world->event_count) {
        if (child + 1 < world->event_count &&
            is_before(&world->events[child + 1], &world->events[child])) {
            child++;
        }
        if (!is_before(&world->events[child], &last)) {
            break;
        }
        world->events[at] = world->events[child];
        at = child;
        child = 2 * at + 1;
    }
    world->events[at] = last;
    return first;
}

int64_t sim_next_event(const struct sim_world *world)
{
    return world->event_count == 0 ? TENON_FOREVER : world->events[0].when;
}

struct call {
    struct sim_loop *loop;
    void (*run)(void *argument);
    void *argument;
};

static void run_call(struct call *call)
{
    if (!call->loop->dead) {
        call->loop->wants = 0;
        call->run(call->argument);
    }
    free(call);
}

void sim_at(struct tenon_loop *loop, int64_t when, void (*run)(void *argument), void *argument)
{
    struct sim_loop *state = sim_loop_of(loop);
    struct sim_world *world = state->host->world;
    struct call *call = sim_allocate(NULL, sizeof *call);
    call->loop = state;
    call->run = run;
    call->argument = argument;
    struct sim_event event = {.kind = EVENT_CALL, .pointer = call};
    sim_event(world, when > world->now ? when - world->now : 0, event);
}

static void run_event(struct sim_world *world, const struct sim_event *event)
{
    struct sim_object *object = NULL;
    struct sim_lookup *lookup = NULL;
    switch (event->kind) {
    case EVENT_CALL:
        run_call(event->pointer);
        return;
    case EVENT_ARRIVE:
    case EVENT_END:
    case EVENT_RESET:
    case EVENT_WINDOW:
    case EVENT_RETRY:
    case EVENT_PROBE:
    case EVENT_MOVE:
    case EVENT_BREAK:
        sim_network_event(world, event);
        return;
    case EVENT_KNOCK:
    case EVENT_ANSWER:
        sim_connect_event(world, event);
        return;
    case EVENT_NOTICE:
        object = sim_object_find(world, event->id);
        if (object != NULL) {
            sim_tell(object, (uint32_t)event->value);
        }
        return;
    case EVENT_RESOLVED:
        lookup = event->pointer;
        if (lookup->connect == NULL) {
            free(lookup);
            return;
        }
        lookup->next = lookup->loop->resolved;
        lookup->loop->resolved = lookup;
        return;
    }
}

void sim_events_free(struct sim_world *world)
{
    for (uint64_t i = 0; i < world->event_count; i++) {
        struct sim_event *event = &world->events[i];
        if (event->kind == EVENT_CALL || event->kind == EVENT_RESOLVED) {
            free(event->pointer);
        }
    }
    free(world->events);
}

void sim_advance(struct sim_world *world, int64_t when)
{
    while (sim_next_event(world) <= when) {
        struct sim_event event = take_event(world);
        world->now = event.when > world->now ? event.when : world->now;
        run_event(world, &event);
    }
    world->now = when > world->now ? when : world->now;
}

/* ---- objects ---- */

void sim_object_add(struct sim_host *host, struct sim_object *object, enum sim_kind kind)
{
    struct sim_world *world = host->world;
    uint32_t place = 0;
    if (world->free_count > 0) {
        place = world->free_objects[--world->free_count];
    } else {
        if (world->object_count == world->object_room) {
            world->object_room = world->object_room == 0 ? 64 : 2 * world->object_room;
            world->objects =
                sim_allocate(world->objects, world->object_room * sizeof *world->objects);
            world->free_objects =
                sim_allocate(world->free_objects, world->object_room * sizeof(uint32_t));
        }
        place = world->object_count++;
    }
    object->id = (uint64_t)++world->generation << 32 | place;
    object->kind = kind;
    object->world = world;
    object->host = host;
    world->objects[place] = object;
    world->open++;
}

struct sim_object *sim_object_find(const struct sim_world *world, uint64_t id)
{
    uint32_t place = (uint32_t)id;
    struct sim_object *object = place < world->object_count ? world->objects[place] : NULL;
    return object != NULL && object->id == id ? object : NULL;
}

struct sim_socket *sim_socket_find(const struct sim_world *world, uint64_t id)
{
    struct sim_object *object = sim_object_find(world, id);
    bool is_socket = object != NULL && object->kind == SIM_SOCKET;
    return is_socket ? (struct sim_socket *)(void *)object : NULL;
}

bool sim_count(struct sim_object *object)
{
    struct sim_host *host = object->host;
    if (!object->counted) {
        if (host->open >= host->limit) {
            return false;
        }
        host->open++;
        object->counted = true;
    }
    return true;
}

static void unlist(struct sim_object *object)
{
    struct sim_object *previous = NULL;
    struct sim_object *at = object->loop->due_first;
    while (at != object) {
        previous = at;
        at = at->next_due;
    }
    if (previous != NULL) {
        previous->next_due = object->next_due;
    } else {
        object->loop->due_first = object->next_due;
    }
    if (object->loop->due_last == object) {
        object->loop->due_last = previous;
    }
    object->listed = false;
}

void sim_object_remove(struct sim_object *object)
{
    struct sim_world *world = object->world;
    uint32_t place = (uint32_t)object->id;
    if (object->listed) {
        unlist(object);
    }
    if (object->counted) {
        object->host->open--;
    }
    world->objects[place] = NULL;
    world->free_objects[world->free_count++] = place;
    world->open--;
}

void sim_tell(struct sim_object *object, uint32_t due)
{
    object->due |= due;
    if (object->loop == NULL || object->listed) {
        return;
    }
    object->listed = true;
    object->next_due = NULL;
    if (object->loop->due_last != NULL) {
        object->loop->due_last->next_due = object;
    } else {
        object->loop->due_first = object;
    }
    object->loop->due_last = object;
}

void sim_tell_late(struct sim_object *object, uint32_t due)
{
    int64_t late = object->world->profile.late;
    if (late == 0 || sim_chance(object->world, 500)) {
        sim_tell(object, due);
        return;
    }
    struct sim_event event = {.kind = EVENT_NOTICE, .id = object->id, .value = due};
    sim_event(object->world, (int64_t)sim_below(object->world, (uint64_t)late), event);
}
