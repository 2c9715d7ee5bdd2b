/* The scenario `server`: the real server, with clients of every kind. */
#include "stage.h"
#include "common/exit_code.h"
#include <stdlib.h>
#include <string.h>

static const int64_t slack = 1 * TENON_SECOND;          /* without faults */
static const int64_t wait_max = 45 * TENON_SECOND;      /* for a small reserve, behind all others */
static const int64_t horizon = 150 * TENON_SECOND;      /* every client's patience is over then */
static const int64_t horizon_last = 300 * TENON_SECOND; /* and every drain and time-out */

/* ---- cues ---- */

void stage_cue(struct stage *stage, int64_t when, void (*play)(void *argument), void *argument)
{
    if (stage->cue_count < STAGE_CUES_MAX) {
        struct cue *cue = &stage->cues[stage->cue_count++];
        cue->when = sim_now(stage->run->world) + when;
        cue->play = play;
        cue->argument = argument;
    }
}

/* The first to be played; NULL: none is left. */
static struct cue *next_cue(struct stage *stage)
{
    struct cue *next = NULL;
    for (uint32_t i = 0; i < stage->cue_count; i++) {
        if (next == NULL || stage->cues[i].when < next->when) {
            next = &stage->cues[i];
        }
    }
    return next;
}

static void play_cue(struct stage *stage, struct cue *cue)
{
    struct cue played = *cue;
    *cue = stage->cues[--stage->cue_count];
    played.play(played.argument);
}

void stage_start_server(void *argument)
{
    struct stage *stage = argument;
    server_process_start(&stage->server, stage->run, stage->server_host, &stage->line,
                         transcript_on_write);
    if (stage->tight && stage->server.started) {
        /* As with more connections than any seed has. */
        uint32_t count = (uint32_t)draw(stage->run, 1, 2);
        for (uint32_t i = 0; i < stage->server.server.worker_count; i++) {
            struct reserve *reserve = &stage->server.server.workers[i].reserve;
            reserve->count = count < reserve->count ? count : reserve->count;
        }
    }
}

void stage_stop_server(void *argument)
{
    struct stage *stage = argument;
    uint64_t stop = draw(stage->run, TENON_REQUEST_INTERRUPT, TENON_REQUEST_CLOSE);
    /* A console window that closes leaves a drain 4 s. */
    server_process_stop(&stage->server, stage->calm ? TENON_REQUEST_INTERRUPT :
                                                      (enum tenon_request)stop);
}

void stage_change_output(void *argument)
{
    struct stage *stage = argument;
    if (stage->server.state != PROCESS_RUNNING) {
        return;
    }
    bool was_open = stage->server.sink.state == SINK_OPEN;
    fake_sink_change(&stage->server.sink,
                     !was_open ? SINK_OPEN : draw_chance(stage->run, 100) ? SINK_BROKEN :
                                                                            SINK_FULL);
}

static void start_again(struct stage *stage)
{
    transcript_check(stage);
    fake_sink_close(&stage->server.sink);
    stage->started_again = true;
    stage_start_server(stage);
}

/* Once it is over, nothing of it keeps the next one from its place. */
void stage_restart_server(void *argument)
{
    struct stage *stage = argument;
    if (stage->server.state == PROCESS_OVER && stage->world.alive > 0) {
        start_again(stage);
        CHECK(stage->run->world,
              stage->server.started || stage->limited || stage->run->faults > 0);
    }
}

/* ---- deaths ---- */

static void restart_host(void *argument)
{
    struct client_host *host = argument;
    sim_host_restart(host->host);
}

void stage_kill_clients(void *argument)
{
    struct client_host *host = argument;
    struct stage *stage = host->stage;
    if (host->dead) {
        return;
    }
    host->dead = true;
    sim_host_kill(host->host);
    for (uint32_t i = 0; i < stage->odd_count; i++) {
        if (stage->odd[i].loop == host->loop) {
            odd_client_bury(&stage->odd[i]);
        }
    }
    for (uint32_t i = 0; i < stage->real_count; i++) {
        if (stage->real[i].loop == host->loop) {
            real_client_bury(&stage->real[i]);
        }
    }
    if (draw_chance(stage->run, 500)) {
        stage_cue(stage, draw_time(stage->run, 1, 5 * TENON_SECOND), restart_host, host);
    }
}

static void restart_server(void *argument)
{
    struct stage *stage = argument;
    sim_host_restart(stage->server_host);
    start_again(stage);
}

void stage_kill_server(void *argument)
{
    struct stage *stage = argument;
    if (stage->server.state != PROCESS_RUNNING) {
        return;
    }
    sim_host_kill(stage->server_host);
    server_process_bury(&stage->server);
    if (draw_chance(stage->run, 500)) {
        stage_cue(stage, draw_time(stage->run, 1, 5 * TENON_SECOND), restart_server, stage);
    }
}

/* Whoever is left is asked to stop: those without a time limit of their own. */
static void end_all(void *argument)
{
    struct stage *stage = argument;
    for (uint32_t i = 0; i < stage->real_count; i++) {
        CHECK(stage->run->world, stage->real[i].over || !stage->calm);
        real_client_stop(&stage->real[i]);
    }
}

/* ---- the end ---- */

/* Without a cause a polite client is not left without its answer. */
static bool had_cause(const struct stage *stage, int64_t connected_at)
{
    return stage->stops_early && stage->server.stopped_at != 0 &&
           (connected_at == 0 || connected_at >= stage->server.stopped_at);
}

/* Who sends nothing is ended when the server's time is over, neither earlier nor later. */
static void check_silent(const struct stage *stage, const struct odd_client *client)
{
    const struct sim_world *world = stage->run->world;
    int64_t stopped_at = stage->server.stopped_at;
    int64_t due = client->connected_at + stage->timeout;
    if (stage->stops_early && stopped_at != 0) {
        due = client->connected_at < stopped_at && stopped_at + TENON_SECOND < due ?
            stopped_at + TENON_SECOND : due;
    }
    if (client->ended && !client->finished) {
        CHECK(world, client->ended_at >= due - slack || client->connected_at >= stopped_at);
        CHECK(world, client->ended_at <= due + slack);
    } else if (client->plan.reader != ODD_NOTHING && client->status == TENON_OK) {
        CHECK(world, client->over_at <= due + slack);
    }
}

static void check_answers(struct stage *stage)
{
    const struct sim_world *world = stage->run->world;
    for (uint32_t i = 0; i < stage->odd_count; i++) {
        const struct odd_client *client = &stage->odd[i];
        bool answered = odd_client_is_answered(client);
        stage->run->tally->answers += answered ? 1 : 0;
        if (stage->calm && client->plan.polite && stage->world.mode != SERVER_DISCARD) {
            /* Of a server that stops, one that still sends behind its greeting loses it. */
            bool slow = client->plan.pause_max > 0 || stage->tight;
            bool late = slow && stage->stops_early && stage->world.mode == SERVER_GREET;
            CHECK(world, answered || late || had_cause(stage, client->connected_at));
            int64_t most = stage->tight ? wait_max : stage->timeout;
            CHECK(world, client->connected_at == 0 ||
                             client->over_at < client->connected_at + most);
        }
        if (stage->calm && !stage->tight && client->plan.size == 0 && client->connected_at != 0) {
            check_silent(stage, client);
        }
    }
    for (uint32_t i = 0; i < stage->real_count; i++) {
        const struct real_client *client = &stage->real[i];
        bool answered = real_client_is_answered(client);
        stage->run->tally->answers += answered ? 1 : 0;
        if (stage->calm && client->plan.polite) {
            bool late = stage->tight && stage->stops_early && stage->world.mode == SERVER_GREET;
            CHECK(world, answered || late || had_cause(stage, client->connected_at));
        }
    }
}

static void close_stage(struct stage *stage)
{
    check_answers(stage);
    transcript_check(stage);
    fake_sink_close(&stage->server.sink);
    for (uint32_t i = 0; i < stage->host_count; i++) {
        if (!stage->hosts[i].dead) {
            tenon_loop_close(stage->hosts[i].loop);
        }
    }
    for (uint32_t i = 0; i < stage->real_count; i++) {
        real_client_free(&stage->real[i]);
    }
    scenario_free(stage->odd);
    scenario_free(stage->real);
    scenario_free(stage->message);
}

/* ---- the play ---- */

static bool is_over(struct stage *stage)
{
    server_process_look(&stage->server);
    for (uint32_t i = 0; i < stage->real_count; i++) {
        real_client_look(&stage->real[i]);
    }
    if (stage->world.alive > 0) {
        return false;
    }
    if (stage->server.state == PROCESS_RUNNING && stage->server.stopped_at == 0) {
        /* With nobody there it waits for those alone that may still linger. */
        server_process_stop(&stage->server, TENON_REQUEST_TERMINATE);
        stage->stops_alone = stage->run->faults == 0 && !stage->deaths;
    }
    const struct server_process *server = &stage->server;
    bool over = server->state != PROCESS_RUNNING;
    CHECK(stage->run->world, !over || !stage->stops_alone ||
                                 server->over_at <= server->stopped_at + 2 * slack);
    return over;
}

static void play(struct run *run)
{
    scenario_open(run);
    struct stage *stage = scenario_allocate(run, sizeof *stage);
    stage->run = run;
    int64_t last = sim_now(run->world) + horizon_last;
    stage_cue(stage, horizon, end_all, stage);
    stage_plan(stage);
    bool over = false;
    while (!over) {
        struct cue *cue = next_cue(stage);
        int64_t until = cue == NULL ? last : cue->when;
        bool turned = scenario_step(run, until);
        if (!turned && cue != NULL) {
            play_cue(stage, cue);
        }
        CHECK(run->world, sim_now(run->world) < last);
        over = is_over(stage);
    }
    CHECK(run->world, !stage->calm || stage->server.started);
    close_stage(stage);
    scenario_free(stage);
    scenario_close(run);
}

const struct scenario server_scenario = {"server", 50, play};
