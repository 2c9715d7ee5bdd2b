/* The backend: loops of simulated hosts, and who is turned next. */
#include "simulated/world.h"
#include "common/loop.h"
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_TURNS_MAX = 2000       /* in a row with work to do and none done */
};

static const int64_t turn_cost = 2 * TENON_MICROSECOND;
static const int64_t timer_step = 15625 * TENON_MICROSECOND;

struct tenon_error sim_shortage(struct sim_world *world)
{
    return sim_error(sim_chance(world, 800) ? TENON_LIMIT : TENON_SYSTEM);
}

/* ---- the table's loop ---- */

static struct tenon_error sim_open(struct tenon_loop *loop,
                                   const struct tenon_loop_options *options)
{
    struct sim_host *host = loop->world;
    struct sim_world *world = host->world;
    TENON_ASSERT(host->up);
    struct sim_loop *state = sim_allocate(NULL, sizeof *state);
    memset(state, 0, sizeof *state);
    state->host = host;
    state->loop = loop;
    state->batch = options->batch;
    state->next = world->loops;
    world->loops = state;
    loop->backend_state = state;
    return sim_error(TENON_OK);
}

static void sim_close(struct tenon_loop *loop)
{
    struct sim_loop *state = sim_loop_of(loop);
    struct sim_world *world = state->host->world;
    struct sim_loop **at = &world->loops;
    while (*at != state) {
        at = &(*at)->next;
    }
    *at = state->next;
    world->turning = NULL;
    while (state->resolved != NULL) {
        struct sim_lookup *lookup = state->resolved;
        state->resolved = lookup->next;
        free(lookup);
    }
    free(state);
}

static int64_t sim_clock(struct tenon_loop *loop)
{
    return sim_loop_of(loop)->host->world->now;
}

/* It jumps, both ways, as administrators and time servers make it. */
static int64_t sim_wall(struct tenon_loop *loop)
{
    struct sim_world *world = sim_loop_of(loop)->host->world;
    static const int64_t epoch = 1700000000;
    if (sim_chance(world, world->profile.spurious)) {
        world->wall_jump = (int64_t)sim_below(world, 7200) - 3600;
    }
    return (epoch + world->wall_jump) * TENON_SECOND + world->now;
}

static void sim_wake(struct tenon_loop *loop)
{
    sim_loop_of(loop)->woken = true;
}

static bool has_news(const struct sim_loop *state)
{
    return state->due_first != NULL || state->resolved != NULL || state->woken;
}

static void tell_one(struct sim_loop *state)
{
    struct sim_object *object = state->due_first;
    uint32_t due = object->due;
    state->due_first = object->next_due;
    if (state->due_first == NULL) {
        state->due_last = NULL;
    }
    object->listed = false;
    object->due = 0;
    if (object->kind == SIM_LISTENER) {
        sim_listener_told((struct sim_listener *)(void *)object, due);
        return;
    }
    struct sim_socket *socket = (struct sim_socket *)(void *)object;
    if (socket->attempt != NULL) {
        if (due & DUE_CONNECT) {
            sim_connect_told(socket);
        }
    } else if (socket->stream != NULL) {
        sim_stream_told(socket, due);
    }
}

/* One batch; what it causes is for the next. */
static void translate(struct sim_loop *state)
{
    struct sim_object *last = state->due_last;
    bool more = state->due_first != NULL;
    state->woken = false;
    for (uint32_t i = 0; more && i < state->batch; i++) {
        more = state->due_first != last;
        tell_one(state);
        more = more && state->due_first != NULL;
    }
    sim_resolved(state);
}

/* When a wait until then ends: Windows' timers have steps. */
static int64_t end_of_wait(const struct sim_world *world, int64_t until)
{
    if (!sim_is_completion(world) || until == TENON_FOREVER || until <= world->now) {
        return until;
    }
    return (until + timer_step - 1) / timer_step * timer_step;
}

static void check_idle(struct sim_loop *state, bool idle)
{
    state->idle_turns = idle ? state->idle_turns + 1 : 0;
    if (state->idle_turns > IDLE_TURNS_MAX) {
        sim_fail(state->host->world, "a loop of %s spins", state->host->name);
    }
}

/* The caller turns the loop: time passes here. */
static void wait_by_itself(struct sim_loop *state, int64_t until)
{
    struct sim_world *world = state->host->world;
    sim_advance(world, world->now + 1 + (int64_t)sim_below(world, (uint64_t)turn_cost));
    until = end_of_wait(world, until);
    if (until > world->now && sim_chance(world, world->profile.spurious)) {
        return;
    }
    while (!has_news(state) && world->now < until) {
        int64_t next = sim_next_event(world);
        if (next == TENON_FOREVER && until == TENON_FOREVER) {
            sim_fail(world, "a loop waits for what cannot happen");
        }
        sim_advance(world, next < until ? next : until);
    }
    translate(state);
}

static void sim_wait(struct tenon_loop *loop, int64_t until)
{
    struct sim_loop *state = sim_loop_of(loop);
    struct sim_world *world = state->host->world;
    bool news = has_news(state);
    check_idle(state, !news && until == 0);
    if (!world->options.stepped) {
        wait_by_itself(state, until);
        return;
    }
    /* Only a turn that delivers nothing leaves `until` as it is. */
    state->wants = news || until <= world->now ? 0 : end_of_wait(world, until);
    world->now += 1 + (int64_t)sim_below(world, (uint64_t)turn_cost);
    translate(state);
}

static struct tenon_error sim_lookup_blocking(const char *host, enum tenon_family family,
                                              struct tenon_address *addresses, uint32_t max,
                                              uint32_t *count_out)
{
    (void)host;
    (void)family;
    (void)addresses;
    (void)max;
    *count_out = 0;
    return sim_error(TENON_RESOLVER_FAILED);
}

const struct tenon_backend sim_backend = {
    .name = "simulated",
    .open = sim_open,
    .close = sim_close,
    .clock = sim_clock,
    .wall = sim_wall,
    .wait = sim_wait,
    .wake = sim_wake,
    .discard = sim_discard,
    .listen = sim_listen,
    .accept = sim_accept,
    .listener_close = sim_listener_close,
    .attach = sim_attach,
    .arm = sim_arm,
    .disarm = sim_disarm,
    .take = sim_take,
    .try_send = sim_try_send,
    .send = sim_send,
    .send_cancel = sim_send_cancel,
    .finish = sim_finish,
    .keep_alive = sim_keep_alive,
    .stream_close = sim_stream_close,
    .connect = sim_connect,
    .connect_cancel = sim_connect_cancel,
    .adopt = sim_adopt,
    .abandon = sim_abandon,
    .resolve = sim_resolve,
    .resolve_cancel = sim_resolve_cancel,
    .lookup = sim_lookup_blocking,
};

enum tenon_status sim_loop_open(struct sim_host *host, const struct tenon_loop_options *options,
                                struct tenon_loop **out)
{
    struct tenon_loop_options chosen = {0};
    if (options != NULL) {
        chosen = *options;
    }
    chosen.world = host;
    return loop_open_with(&sim_backend, &chosen, out);
}

/* ---- turning ---- */

/* When this loop's next turn is due. */
static int64_t due_at(const struct sim_world *world, const struct sim_loop *loop)
{
    int64_t when = has_news(loop) || loop->wants <= world->now ? world->now : loop->wants;
    return loop->dead ? TENON_FOREVER : when > loop->stalled_until ? when : loop->stalled_until;
}

/* They take turns: the one behind the last that is due. */
static struct sim_loop *choose(struct sim_world *world, int64_t *next_out)
{
    struct sim_loop *at = world->turning == NULL ? NULL : world->turning->next;
    int64_t next = TENON_FOREVER;
    for (int pass = 0; pass < 2; pass++) {
        for (; at != NULL; at = at->next) {
            int64_t when = due_at(world, at);
            if (when <= world->now) {
                return at;
            }
            next = when < next ? when : next;
        }
        at = world->loops;
    }
    *next_out = next;
    return NULL;
}

bool sim_step(struct sim_world *world, int64_t until)
{
    for (;;) {
        int64_t next = TENON_FOREVER;
        sim_advance(world, world->now);
        struct sim_loop *loop = choose(world, &next);
        if (loop != NULL && sim_chance(world, world->profile.stall)) {
            loop->stalled_until = world->now + (int64_t)sim_below(world, (uint64_t)SIM_STALL_MAX);
        } else if (loop != NULL) {
            world->turning = loop;
            (void)tenon_loop_turn(loop->loop, TENON_FOREVER);
            return true;
        } else {
            int64_t event = sim_next_event(world);
            next = event < next ? event : next;
            if (next > until || next == TENON_FOREVER) {
                if (until != TENON_FOREVER) {
                    sim_advance(world, until);
                }
                return false;
            }
            sim_advance(world, next);
        }
    }
}
