/* What the seed makes of the server's stage. */
#include "stage.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGE = 400 * 1000,     /* bytes: more than the kernels of a connection take */
    TIGHT_CLIENTS = 5       /* that share a small reserve: each waits until the others have done, or
                               are ended as they take nothing */
};

static const int64_t begin_max = 3 * TENON_SECOND;

/* ---- the server ---- */

static void add_time(struct stage *stage, const char *option, int64_t time)
{
    command_add(stage->run, &stage->line, "%s", option);
    command_add(stage->run, &stage->line, "%" PRId64 "ms", time / TENON_MILLISECOND);
}

/* Where it listens, and where clients find it. */
static void plan_places(struct stage *stage)
{
    struct run *run = stage->run;
    stage->port = 12345;
    stage->place = draw_chance(run, 500) ? "service" : "10.0.0.1";
    stage->local = draw_chance(run, 100);
    if (stage->local) {
        stage->place = draw_chance(run, 500) ? "localhost" : "127.0.0.1";
    } else if (draw_chance(run, 300)) {
        command_add(run, &stage->line, ":12345");
        if (draw_chance(run, 200)) {
            sim_host_without_ipv6(stage->server_host);
        }
    } else {
        command_add(run, &stage->line, "10.0.0.1");
        if (draw_chance(run, 300)) {
            command_add(run, &stage->line, "fd00::1");
        }
    }
    (void)snprintf(stage->place_text, sizeof stage->place_text, "%s:%u", stage->place,
                   (unsigned)stage->port);
}

static void plan_limits(struct stage *stage, uint32_t clients)
{
    static const int64_t timeouts[] = {0, 300 * TENON_MILLISECOND, 2 * TENON_SECOND,
                                       15 * TENON_SECOND};
    static const int64_t drains[] = {50 * TENON_MILLISECOND, 1 * TENON_SECOND, 3 * TENON_SECOND,
                                     10 * TENON_SECOND};
    struct run *run = stage->run;
    stage->connections = 2 * clients;       /* a race of addresses makes two of one client */
    if (!stage->calm) {
        stage->connections = (uint32_t)draw_magnitude(run, 1, clients * 2);
        if (draw_chance(run, 600)) {
            add_time(stage, "-t", timeouts[draw(run, 0, 3)]);
            stage->hurried = true;
        }
        if (draw_chance(run, 150) && run->faults == 0 && !stage->deaths) {
            add_time(stage, "--drain", 0);
        } else {
            add_time(stage, "--drain", drains[draw(run, 0, 3)]);
        }
        if (draw_chance(run, 150)) {
            command_add(run, &stage->line, "--once");
            stage->once = true;
        }
        if (draw_chance(run, 150)) {
            stage->limited = true;
            sim_host_limit(stage->server_host, (uint32_t)draw_magnitude(run, 3, 40));
        }
    } else {
        stage->timeout = (stage->tight ? 100 : draw_time(run, 20, 60)) * TENON_SECOND;
        add_time(stage, "-t", stage->timeout);
        add_time(stage, "--drain", 60 * TENON_SECOND);
    }
    command_add(run, &stage->line, "-c");
    command_add(run, &stage->line, "%" PRIu32, stage->connections);
}

static void plan_server(struct stage *stage, uint32_t clients)
{
    static const char *const modes[] = {"greet", "echo", "discard"};
    struct run *run = stage->run;
    uint64_t kind = draw(run, 0, 9);
    uint64_t threads = draw_chance(run, 500) ? 1 : draw(run, 2, 4);
    stage->world.mode = kind < 5 ? SERVER_GREET : kind < 9 ? SERVER_ECHO : SERVER_DISCARD;
    command_begin(&stage->line, "server");
    command_add(run, &stage->line, "--mode");
    command_add(run, &stage->line, "%s", modes[stage->world.mode]);
    stage->world.message_size = (size_t)(stage->tight ? draw(run, 1, LARGE) :
        draw_magnitude(run, 1, draw_chance(run, 100) ? 60000 : 2000));
    stage->message = scenario_allocate(run, stage->world.message_size + 1);
    scenario_fill(0, 0, stage->message, stage->world.message_size);
    stage->world.message = stage->message;
    if (stage->world.mode == SERVER_GREET) {
        command_add(run, &stage->line, "-m");
        command_add_long(run, &stage->line, stage->message);
    }
    if (draw_chance(run, 100)) {
        command_add(run, &stage->line, "-q");
    }
    if (draw_chance(run, 500)) {
        command_add(run, &stage->line, "-vv");
    }
    plan_limits(stage, clients);
    if (!stage->once) {
        command_add(run, &stage->line, "--threads");
        command_add(run, &stage->line, "%" PRIu64, threads);
    }
    plan_places(stage);
}

/* Those that share a small reserve come together. */
static int64_t draw_begin(struct stage *stage)
{
    return draw_time(stage->run, 0, stage->tight ? 100 * TENON_MILLISECOND : begin_max);
}

/* ---- odd clients ---- */

/* Bytes: few in most clients. */
static uint64_t draw_size(struct run *run, uint64_t often, uint64_t rarely)
{
    return draw_magnitude(run, 1, draw_chance(run, 50) ? rarely : often);
}

static void plan_polite(struct run *run, struct odd_plan *plan)
{
    plan->kind = "polite";
    plan->size = draw_size(run, 3000, 60000);
    plan->chunk_max = draw_magnitude(run, plan->size / 20 + 1, plan->size);
    plan->finish = draw_chance(run, 500) ? ODD_FINISH_SENT : ODD_FINISH_END;
    plan->polite = true;
}

static void plan_slow(struct run *run, struct odd_plan *plan)
{
    plan->kind = "slow";
    plan->size = draw(run, 1, 200);
    plan->chunk_max = draw(run, 5, 20);
    plan->pause_max = 300 * TENON_MILLISECOND;
    plan->take_max = draw(run, 500, 4000);
    plan->read_pause_max = 100 * TENON_MILLISECOND;
    plan->polite = true;
}

static void plan_silent(struct run *run, struct odd_plan *plan)
{
    plan->kind = "silent";
    plan->finish = ODD_FINISH_NEVER;
    plan->patience = draw_time(run, 1, 90) * TENON_SECOND;
}

static void plan_resetting(struct run *run, struct odd_plan *plan)
{
    plan->kind = "resetting";
    plan->size = draw_size(run, 3000, 60000);
    plan->chunk_max = draw_magnitude(run, plan->size / 20 + 1, plan->size);
    plan->reset_after = draw(run, 0, plan->size);
    plan->pause_max = draw_chance(run, 500) ? 0 : 50 * TENON_MILLISECOND;
}

static void plan_bytes(struct run *run, struct odd_plan *plan)
{
    plan->kind = "byte by byte";
    plan->size = draw(run, 1, 60);
    plan->chunk_max = 1;
    plan->take_max = draw(run, 20, 100);
    plan->pause_max = draw_chance(run, 500) ? 0 : 30 * TENON_MILLISECOND;
    plan->polite = true;
}

static void plan_never_reading(struct run *run, struct odd_plan *plan)
{
    plan->kind = "never reading";
    plan->size = draw_size(run, 20000, 500000);
    plan->chunk_max = draw_magnitude(run, plan->size / 20 + 1, plan->size);
    plan->reader = ODD_NOTHING;
    plan->patience = draw_time(run, 1, 70) * TENON_SECOND;
}

static void plan_early_end(struct run *run, struct odd_plan *plan)
{
    plan->kind = "half-closing early";
    plan->size = draw_chance(run, 500) ? 0 : draw(run, 1, 100);
    plan->chunk_max = plan->size + 1;
    plan->finish = ODD_FINISH_SENT;
}

static void plan_health_check(struct run *run, struct odd_plan *plan)
{
    plan->kind = "health check";
    plan->patience = draw_time(run, 0, 400) * TENON_MILLISECOND;
}

static void plan_flood(struct run *run, struct odd_plan *plan)
{
    plan->kind = "flood";
    plan->finish = ODD_FINISH_NEVER;
    plan->patience = 60 * TENON_SECOND;
    plan->size = draw(run, TENON_CLOSE_BYTES_MAX, TENON_CLOSE_BYTES_MAX * 3 / 2);
    plan->chunk_max = 64 * 1024;
}

static void plan_odd(struct stage *stage, struct odd_plan *plan)
{
    static const struct {
        uint32_t share;
        void (*plan)(struct run *run, struct odd_plan *plan);
    } kinds[] = {{250, plan_polite},      {120, plan_slow},  {120, plan_silent},
                 {120, plan_resetting},   {100, plan_bytes}, {100, plan_never_reading},
                 {70, plan_early_end},    {119, plan_health_check},
                 {1, plan_flood}};
    struct run *run = stage->run;
    uint64_t place = draw(run, 0, 999);
    size_t kind = 0;
    memset(plan, 0, sizeof *plan);
    plan->host = stage->place;
    plan->port = stage->port;
    plan->begin = draw_begin(stage);
    plan->chunk_max = 1;
    plan->reader = (enum odd_reader)draw(run, ODD_LENT, ODD_SINGLE);
    plan->take_max = draw_magnitude(run, 100, 10000);
    plan->reset_after = UINT64_MAX;
    plan->patience = 100 * TENON_SECOND;
    plan->patience_resets = draw_chance(run, 500);
    while (place >= kinds[kind].share) {
        place -= kinds[kind].share;
        kind++;
    }
    kinds[kind].plan(run, plan);
    if (stage->tight && plan->polite && plan->pause_max == 0) {
        plan->kind = "large";
        plan->size = draw(run, 1, LARGE);
        plan->chunk_max = plan->size;
        plan->read_pause_max = draw_chance(run, 500) ? 0 : 50 * TENON_MILLISECOND;
    }
    if (stage->tight && plan->polite) {
        plan->take_max = draw(run, 2000, 10000);
    } else if (stage->tight && plan->reader == ODD_NOTHING) {
        plan->size = draw(run, 1, 2 * LARGE);
        plan->chunk_max = plan->size;
        plan->patience = 100 * TENON_SECOND;
    }
    if (stage->world.mode != SERVER_GREET && plan->finish == ODD_FINISH_END) {
        plan->finish = ODD_FINISH_SENT;
    }
}

/* ---- real clients ---- */

/* What a server that echoes sees as the end of a request is our end. One that greets lets go of a
 * client that still sends when it stops or is full. */
static void plan_exchange(struct stage *stage, struct real_plan *plan)
{
    struct run *run = stage->run;
    plan->fed = draw_chance(run, 300);
    plan->fed_fails = plan->fed && draw_chance(run, 50);
    plan->to_file = draw_chance(run, 150);
    if (draw_chance(run, 200)) {
        plan->half_close = (enum half_close)draw(run, HALF_CLOSE_NOW, HALF_CLOSE_NEVER);
    }
    if (draw_chance(run, 200)) {
        plan->expectation = draw_chance(run, 700) ? REAL_RIGHT : REAL_WRONG;
    }
    plan->polite = stage->world.mode != SERVER_DISCARD && !plan->fed_fails &&
                   plan->expectation != REAL_WRONG &&
                   (stage->world.mode == SERVER_GREET ? !plan->fed :
                                                        plan->half_close != HALF_CLOSE_NEVER);
}

static void plan_real(struct stage *stage, struct real_plan *plan)
{
    static const int64_t timeouts[] = {0, 250, 2000, 10000};
    struct run *run = stage->run;
    memset(plan, 0, sizeof *plan);
    plan->place = stage->place_text;
    plan->begin = draw_begin(stage);
    plan->message_size = (uint32_t)draw_size(run, 2000, 60000);
    plan->timeout = stage->tight ? 100000 : 30000;
    plan->connect_timeout = 20000;
    plan->quiet = draw_chance(run, 200);
    plan->verbose = draw_chance(run, 50);
    plan->probe = draw_chance(run, 150);
    if (!plan->probe) {
        plan_exchange(stage, plan);
    }
    plan->other_place = draw_chance(run, 850) ? NULL :
        draw_chance(run, 500) ? "10.0.0.200" : "10.0.0.1:1";
    if (draw_chance(run, 150)) {
        plan->crowded = draw_time(run, 0, 4 * TENON_SECOND);
        plan->open_again = plan->crowded + draw_time(run, 0, 4 * TENON_SECOND);
    }
    if (stage->calm) {
        return;
    }
    plan->timeout = timeouts[draw(run, 0, 3)];
    plan->connect_timeout = draw_chance(run, 500) ? 5000 : draw_time(run, 1, 1000);
    plan->wait = draw_chance(run, 300) ? draw_time(run, 1, 5000) : 0;
    plan->stop = draw_chance(run, 150) ? draw_time(run, 1, 4 * TENON_SECOND) : 0;
    if (plan->crowded != 0 && draw_chance(run, 300)) {
        plan->open_again = 0;
    }
}

static void cue_real(struct stage *stage, struct real_client *client)
{
    const struct real_plan *plan = &client->plan;
    if (plan->stop != 0) {
        stage_cue(stage, plan->begin + plan->stop, real_client_stop, client);
    }
    if (plan->crowded != 0 && stage->cue_count + 2 <= STAGE_CUES_MAX) {
        stage_cue(stage, plan->begin + plan->crowded, real_client_crowd, client);
        if (plan->open_again != 0) {
            stage_cue(stage, plan->begin + plan->open_again, real_client_uncrowd, client);
        }
    }
}

/* ---- the whole ---- */

static void plan_hosts(struct stage *stage)
{
    struct run *run = stage->run;
    stage->host_count = stage->local ? 1 : (uint32_t)draw(run, 1, STAGE_HOSTS_MAX);
    for (uint32_t i = 0; i < stage->host_count; i++) {
        struct client_host *host = &stage->hosts[i];
        bool same = stage->local || (i == 3 && !stage->deaths);
        host->stage = stage;
        host->host = same ? stage->server_host : sim_host_add(run->world, "client");
        enum tenon_status status = sim_loop_open(host->host, NULL, &host->loop);
        CHECK(run->world, status == TENON_OK);
    }
}

static void plan_clients(struct stage *stage, uint32_t clients)
{
    struct run *run = stage->run;
    uint32_t number = 1;
    stage->real_count = (uint32_t)draw(run, 0, clients < 40 ? clients : 40);
    stage->odd_count = clients - stage->real_count;
    stage->odd = scenario_allocate(run, stage->odd_count * sizeof *stage->odd);
    stage->real = scenario_allocate(run, stage->real_count * sizeof *stage->real);
    for (uint32_t i = 0; i < stage->odd_count; i++) {
        struct odd_plan plan;
        plan_odd(stage, &plan);
        odd_client_plan(&stage->odd[i], &stage->world, number++,
                        stage->hosts[draw(run, 0, stage->host_count - 1)].loop, &plan);
    }
    for (uint32_t i = 0; i < stage->real_count; i++) {
        struct real_plan plan;
        plan_real(stage, &plan);
        real_client_plan(&stage->real[i], &stage->world, number++,
                         stage->hosts[draw(run, 0, stage->host_count - 1)].loop, &plan);
        cue_real(stage, &stage->real[i]);
    }
}

static void plan_cues(struct stage *stage)
{
    struct run *run = stage->run;
    bool late = !stage->calm && draw_chance(run, 100);
    stage_cue(stage, late ? draw_time(run, 0, begin_max) : 0, stage_start_server, stage);
    for (uint64_t changes = draw_chance(run, 300) ? draw(run, 1, 6) : 0; changes > 0; changes--) {
        stage_cue(stage, draw_time(run, 0, 8 * TENON_SECOND), stage_change_output, stage);
    }
    stage->stops_early = draw_chance(run, 400);
    if (stage->stops_early) {
        int64_t when = draw_time(run, 1, 6 * TENON_SECOND);
        stage_cue(stage, when, stage_stop_server, stage);
        if (draw_chance(run, 200)) {
            stage_cue(stage, when + draw_time(run, 0, TENON_SECOND), stage_stop_server, stage);
        }
        if (!stage->calm && draw_chance(run, 300)) {
            stage_cue(stage, when + draw_time(run, 0, 10 * TENON_SECOND), stage_restart_server,
                      stage);
        }
    }
    if (stage->deaths && draw_chance(run, 700)) {
        struct client_host *host = &stage->hosts[draw(run, 0, stage->host_count - 1)];
        stage_cue(stage, draw_time(run, 1, 6 * TENON_SECOND), stage_kill_clients, host);
    }
    if (stage->deaths && draw_chance(run, 400)) {
        stage_cue(stage, draw_time(run, 1, 6 * TENON_SECOND), stage_kill_server, stage);
    }
}

void stage_plan(struct stage *stage)
{
    struct run *run = stage->run;
    uint32_t clients = (uint32_t)draw_magnitude(run, 1, draw_chance(run, 400) ? 60 : 12);
    if (draw_chance(run, 100)) {
        clients = (uint32_t)draw(run, 100, STAGE_CLIENTS_MAX);
    }
    stage->tight = draw_chance(run, 200);
    clients = stage->tight ? (uint32_t)draw(run, 2, TIGHT_CLIENTS) : clients;
    stage->world.run = run;
    stage->calm = run->faults == 0 && draw_chance(run, 500);
    stage->server_host = sim_host_add(run->world, "service");
    stage->deaths = !stage->calm && draw_chance(run, 150);
    plan_server(stage, clients);
    stage->deaths = stage->deaths && !stage->local;
    plan_hosts(stage);
    plan_clients(stage, clients);
    plan_cues(stage);
}
