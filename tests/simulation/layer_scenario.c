/* The scenario `layer`: its loops with their timers and their mail, and the play. */
#include "layer.h"
#include "common/outer.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t play_max = 300 * TENON_SECOND;

void layer_trace(const struct layer *layer, const char *what, uint32_t number, const char *text,
                 uint64_t value)
{
    if (layer->run->trace != NULL) {
        sim_trace(layer->run->world, what, "%" PRIu32 " %s %" PRIu64, number, text, value);
    }
}

void layer_enter(struct layer_loop *loop)
{
    struct layer *layer = loop->layer;
    CHECK(layer->run->world, !layer->submitting);
    CHECK(layer->run->world, !loop->dead);
    /* Messages come first in a turn: one of an earlier turn has run. */
    CHECK(layer->run->world, !loop->mailed || loop->mailed_turn == layer->run->turn);
    layer->run->tally->operations++;
}

struct layer_loop *layer_near(struct layer_loop *loop)
{
    struct layer *layer = loop->layer;
    uint64_t first = draw(layer->run, 0, layer->loop_count - 1);
    for (uint32_t i = 0; i < layer->loop_count; i++) {
        struct layer_loop *near = &layer->loops[(first + i) % layer->loop_count];
        if (near->host == loop->host) {
            return near;
        }
    }
    return loop;
}

/* ---- mail ---- */

static void on_mail(struct tenon_message *message)
{
    struct layer_loop *loop = OUTER(message, struct layer_loop, mail);
    struct layer *layer = loop->layer;
    CHECK(layer->run->world, !layer->submitting && !loop->dead);
    CHECK(layer->run->world, loop->mailed);
    CHECK(layer->run->world,
          tenon_loop_now(loop->loop) <= loop->mailed_at + layer->slack);
    loop->mailed = false;
    layer->run->tally->operations++;
    if (draw_chance(layer->run, 100)) {
        layer_post(loop);
    }
}

void layer_post(struct layer_loop *loop)
{
    struct layer *layer = loop->layer;
    bool first = false;
    if (loop->dead) {
        return;
    }
    SUBMIT(layer, first = tenon_post(loop->loop, &loop->mail));
    CHECK(layer->run->world, first != loop->mailed);
    if (first) {
        loop->mailed = true;
        loop->mailed_turn = layer->run->turn;
        loop->mailed_at = sim_now(layer->run->world);
    }
}

/* ---- timers ---- */

/* Never early, not much too late, and in the order of their times (rule 11). */
static void on_timer(struct tenon_timer *timer)
{
    struct layer_timer *own = OUTER(timer, struct layer_timer, timer);
    struct layer_loop *loop = own->loop;
    const struct sim_world *world = loop->layer->run->world;
    layer_enter(loop);
    CHECK(world, own->started && own->when == timer->when);
    CHECK(world, tenon_loop_now(loop->loop) >= own->when);
    CHECK(world, tenon_loop_now(loop->loop) <= own->when + loop->layer->slack);
    CHECK(world, loop->timer_turn != loop->layer->run->turn || loop->timer_when <= own->when);
    CHECK(world, !tenon_timer_started(timer));
    loop->timer_turn = loop->layer->run->turn;
    loop->timer_when = own->when;
    own->started = false;
}

static void move_timer(struct layer_loop *loop)
{
    struct run *run = loop->layer->run;
    struct layer_timer *own = &loop->timers[draw(run, 0, LAYER_TIMERS - 1)];
    if (own->started && draw_chance(run, 400)) {
        tenon_timer_stop(loop->loop, &own->timer);
        own->started = false;
        return;
    }
    own->started = true;
    own->when = tenon_loop_now(loop->loop) +
                (int64_t)draw_magnitude(run, 1, 2 * (uint64_t)TENON_SECOND);
    SUBMIT(loop->layer, tenon_timer_start(loop->loop, &own->timer, own->when, on_timer));
}

/* ---- what a loop does by itself ---- */

static void act(struct layer_loop *loop)
{
    struct layer *layer = loop->layer;
    struct run *run = layer->run;
    uint64_t what = draw(run, 0, 99);
    if (what < 40) {
        if (layer->connects_left > 0) {
            end_connect(loop);
        }
    } else if (what < 60) {
        layer_post(&layer->loops[draw(run, 0, layer->loop_count - 1)]);
    } else if (what < 85) {
        move_timer(loop);
    } else if (layer->gate_count > 0) {
        struct layer_gate *gate = &layer->gates[draw(run, 0, layer->gate_count - 1)];
        if (gate->loop == loop) {
            gate_act(gate);
        }
    }
}

static void close_gates(struct layer_loop *loop)
{
    struct layer *layer = loop->layer;
    for (uint32_t i = 0; i < layer->gate_count; i++) {
        if (layer->gates[i].loop == loop) {
            gate_close(&layer->gates[i], !layer->polite && draw_chance(layer->run, 300) ?
                                             TENON_CLOSE_ABORT : TENON_CLOSE_GRACEFUL);
        }
    }
    for (int i = 0; i < LAYER_TIMERS; i++) {
        loop->timers[i].started = false;
        tenon_timer_stop(loop->loop, &loop->timers[i].timer);
    }
}

static void on_act(struct tenon_timer *timer)
{
    struct layer_loop *loop = OUTER(timer, struct layer_loop, act);
    struct run *run = loop->layer->run;
    layer_enter(loop);
    if (loop->layer->closing_time) {
        close_gates(loop);
        return;
    }
    if (loop->acts_left > 0) {
        loop->acts_left--;
        act(loop);
    }
    int64_t pause = (int64_t)draw_magnitude(run, 1, 200 * (uint64_t)TENON_MILLISECOND);
    SUBMIT(loop->layer, tenon_timer_start(loop->loop, &loop->act,
                                          tenon_loop_now(loop->loop) + pause, on_act));
}

/* ---- the beginning ---- */

static void plan_loop(struct layer *layer, uint32_t host)
{
    struct layer_loop *loop = &layer->loops[layer->loop_count++];
    struct tenon_loop_options options = {0};
    options.lent_size = draw_chance(layer->run, 500) ? TENON_LENT_SIZE_MIN : 0;
    options.batch = (uint32_t)draw_magnitude(layer->run, 1, TENON_BATCH);
    loop->layer = layer;
    loop->host = host;
    enum tenon_status status = sim_loop_open(layer->hosts[host].host, &options, &loop->loop);
    CHECK(layer->run->world, status == TENON_OK);
    loop->acts_left = (uint32_t)draw_magnitude(layer->run, 4, 100);
    tenon_message_init(&loop->mail, on_mail);
    for (int i = 0; i < LAYER_TIMERS; i++) {
        loop->timers[i].loop = loop;
    }
    tenon_timer_start(loop->loop, &loop->act, tenon_loop_now(loop->loop), on_act);
}

static void plan(struct layer *layer)
{
    struct run *run = layer->run;
    layer->polite = run->faults == 0 && draw_chance(run, 400);
    layer->deadly = !layer->polite && draw_chance(run, 150);
    layer->scarce = run->faults > 0;
    layer->slack = run->faults == 0 ? 20 * TENON_MILLISECOND : 5 * SIM_STALL_MAX;
    layer->host_count = (uint32_t)draw(run, 1, LAYER_HOSTS_MAX);
    for (uint32_t i = 0; i < layer->host_count; i++) {
        (void)snprintf(layer->hosts[i].name, sizeof layer->hosts[i].name, "host%" PRIu32, i);
        layer->hosts[i].host = sim_host_add(run->world, layer->hosts[i].name);
        plan_loop(layer, i);
        if (!layer->polite && draw_chance(run, 100)) {
            layer->scarce = true;
            sim_host_limit(layer->hosts[i].host, (uint32_t)draw_magnitude(run, 1, 60));
        }
    }
    while (layer->loop_count < LAYER_LOOPS_MAX && draw_chance(run, 500)) {
        plan_loop(layer, (uint32_t)draw(run, 0, layer->host_count - 1));
    }
    layer->connects_left = (uint32_t)draw_magnitude(run, 1, LAYER_ENDS_MAX / 2);
    uint64_t gates = draw(run, 1, LAYER_GATES_MAX);
    for (uint64_t i = 0; i < gates; i++) {
        gate_open(&layer->gates[layer->gate_count++],
                  &layer->loops[draw(run, 0, layer->loop_count - 1)], (uint16_t)(8000 + i),
                  draw_chance(run, 300));
    }
}

/* ---- the play ---- */

static void kill_host(struct layer *layer)
{
    uint32_t host = (uint32_t)draw(layer->run, 0, layer->host_count - 1);
    layer->deadly = false;
    layer->hosts[host].dead = true;
    sim_host_kill(layer->hosts[host].host);
    for (uint32_t i = 0; i < layer->loop_count; i++) {
        layer->loops[i].dead = layer->loops[i].dead || layer->loops[i].host == host;
    }
    for (uint32_t i = 0; i < layer->gate_count; i++) {
        if (layer->gates[i].loop->host == host) {
            gate_bury(&layer->gates[i]);
        }
    }
    for (uint32_t i = 0; i < layer->end_count; i++) {
        if (layer->ends[i].loop->host == host) {
            end_bury(&layer->ends[i]);
        }
    }
    handovers_bury(layer, host);
}

/* Every connect that is to be was made, and has ended. */
static bool is_closing_time(const struct layer *layer)
{
    bool acts = false;
    for (uint32_t i = 0; i < layer->loop_count; i++) {
        acts = acts || (!layer->loops[i].dead && layer->loops[i].acts_left > 0);
    }
    return (!acts || layer->connects_left == 0) && layer->connects_pending == 0;
}

static bool is_over(const struct layer *layer)
{
    const struct sim_world *world = layer->run->world;
    bool over = layer->closing_time && layer->handovers == NULL;
    for (uint32_t i = 0; i < layer->loop_count; i++) {
        const struct layer_loop *loop = &layer->loops[i];
        bool waits = !loop->dead && loop->mailed;
        CHECK(world, !waits || sim_now(world) <= loop->mailed_at + layer->slack);
        over = over && !waits && (loop->dead || !tenon_timer_started(&loop->act));
    }
    for (uint32_t i = 0; over && i < layer->gate_count; i++) {
        over = layer->gates[i].listener == NULL;
    }
    for (uint32_t i = 0; over && i < layer->end_count; i++) {
        over = layer->ends[i].over;
    }
    return over;
}

static void play(struct run *run)
{
    scenario_open(run);
    struct layer *layer = scenario_allocate(run, sizeof *layer);
    layer->run = run;
    plan(layer);
    int64_t last = sim_now(run->world) + play_max;
    int64_t death = sim_now(run->world) + draw_time(run, 1, 2 * TENON_SECOND);
    while (!is_over(layer)) {
        CHECK(run->world, sim_now(run->world) < last);
        (void)scenario_step(run, layer->deadly ? death : last);
        if (layer->deadly && sim_now(run->world) >= death) {
            kill_host(layer);
        }
        layer->closing_time = layer->closing_time || is_closing_time(layer);
    }
    for (uint32_t i = 0; i < layer->loop_count; i++) {
        if (!layer->loops[i].dead) {
            tenon_loop_close(layer->loops[i].loop);
        }
    }
    scenario_free(layer);
    scenario_close(run);
}

const struct scenario layer_scenario = {"layer", 39, play};
