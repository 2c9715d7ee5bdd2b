/* A server's process in the simulation. */
#include "server_process.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include <string.h>

/* The thread may stand still for a while, and completions come late. */
static const int64_t slack = 2 * TENON_SECOND;

static void on_stop_asked(struct tenon_message *message)
{
    struct server_process *process = OUTER(message, struct server_process, stop_asked);
    if (process->stopped_at == 0) {
        process->stopped_at = tenon_loop_now(process->loop);
    }
    server_stop(&process->server, process->stop);
}

static void on_output_changed(struct fake_sink *sink, enum tenon_status output_status)
{
    struct server_process *process = OUTER(sink, struct server_process, sink);
    console_output_changed(&process->console, output_status);
}

void server_process_start(struct server_process *process, struct run *run, struct sim_host *host,
                          struct command_line *line, fake_sink_fn *on_write)
{
    memset(process, 0, sizeof *process);
    process->run = run;
    enum tenon_status status = sim_loop_open(host, NULL, &process->loops[0]);
    CHECK(run->world, status == TENON_OK);
    process->loop = process->loops[0];
    fake_sink_open(&process->sink, "server", run, process->loop);
    process->sink.on_changed = on_output_changed;
    process->sink.on_write = on_write;
    process->sink.keeps = true;
    process->console.program = "server";
    process->console.sink = &process->sink.sink;
    process->console.loop = process->loop;
    tenon_message_init(&process->stop_asked, on_stop_asked);
    command_trace(run, line);
    int code =
        server_options_read(&process->options, line->count, line->arguments, &process->console);
    CHECK(run->world, code == EXIT_CODE_NONE);
    process->console.level = process->options.settings.level;
    process->console.quiet = process->options.settings.quiet;
    for (uint32_t i = 1; i < process->options.threads; i++) {
        status = sim_loop_open(host, NULL, &process->loops[i]);
        CHECK(run->world, status == TENON_OK);
    }
    code = server_open(&process->server, process->loops, process->options.threads,
                       &process->options, &process->console);
    CHECK(run->world, code == EXIT_CODE_NONE);
    process->code = server_start(&process->server);
    process->started = process->code == EXIT_CODE_NONE;
    process->state = PROCESS_RUNNING;
}

void server_process_stop(struct server_process *process, enum tenon_request stop)
{
    if (process->state != PROCESS_RUNNING || !process->started) {
        return;
    }
    process->stop = stop;
    sim_trace(process->run->world, "server", "is asked to stop");
    (void)tenon_post(process->loop, &process->stop_asked);      /* it may be posted already */
}

/* ---- what always holds ---- */

static void check_worker(const struct server_process *process, const struct worker *worker)
{
    uint32_t sum = 0;
    for (int state = 0; state < SESSION_STATES; state++) {
        sum += worker->counts[state];
    }
    CHECK(process->run->world, sum == worker->capacity);
    CHECK(process->run->world, worker->begun <= worker->capacity);
    CHECK(process->run->world, worker->reserve.begun <= worker->reserve.count);
    CHECK(process->run->world,
          worker->free.last == NULL || !tenon_timer_started(&worker->free.last->timer));
}

static uint32_t count_sessions(const struct server *server)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        count += server->workers[i].capacity - server->workers[i].counts[SESSION_FREE];
    }
    return count;
}

static void check_bounds(const struct server_process *process)
{
    const struct server *server = &process->server;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        check_worker(process, &server->workers[i]);
    }
    CHECK(process->run->world, count_sessions(server) <= process->options.connections);
    CHECK(process->run->world,
          process->stopped_at == 0 || server->drain == TENON_FOREVER ||
              sim_now(process->run->world) <= process->stopped_at + server->drain + slack);
}

/* ---- the end ---- */

static void check_lists(const struct server_process *process, const struct worker *worker)
{
    const struct sim_world *world = process->run->world;
    uint32_t count = 0;
    for (const struct session *at = worker->free.first; at != NULL; at = at->next) {
        CHECK(world, at->state == SESSION_FREE);
        CHECK(world, count < worker->begun);
        count++;
    }
    CHECK(world, count == worker->begun);
    count = 0;
    for (const struct reserve_entry *at = worker->reserve.free; at != NULL; at = at->next) {
        CHECK(world, count < worker->reserve.begun);
        count++;
    }
    CHECK(world, count == worker->reserve.begun);
    CHECK(world, worker->lingering.first == NULL && worker->waiting.first == NULL);
    CHECK(world, worker->sending.first == NULL && !tenon_timer_started(&worker->relief));
    CHECK(world, worker->shared.queue_count == 0);
}

/* Every dropped line is told, unless nobody reads the transcript any more. */
static void check_output(const struct server_process *process)
{
    const struct sink *sink = &process->sink.sink;
    if (!sink->broken && process->sink.state == SINK_OPEN) {
        CHECK(process->run->world, sink->lost_lines == 0 && sink->lost_errors == 0);
    }
}

/* With --once a greeting that is said is a success, and else there is none. */
static void check_once(const struct server_process *process)
{
    const struct fake_sink *sink = &process->sink;
    bool complete =
        sink->refused_lines == 0 && sink->state != SINK_BROKEN && !process->console.quiet;
    bool said = sink->size > 0 && strstr(sink->text, "Response sent.\n") != NULL;
    if (complete && process->options.mode == SERVER_GREET && process->code != EXIT_CODE_CUT_OFF) {
        CHECK(process->run->world, said == (process->code == EXIT_CODE_OK));
    }
}

static void check_code(const struct server_process *process)
{
    const struct sim_world *world = process->run->world;
    const struct server *server = &process->server;
    bool cut = process->code == EXIT_CODE_CUT_OFF;
    if (cut) {
        CHECK(world, process->stopped_at != 0 && server->drain != TENON_FOREVER);
        CHECK(world, process->over_at >= process->stopped_at + server->drain);
    }
    if (process->sink.refused_errors == 0) {
        CHECK(world, cut == fake_sink_said(&process->sink, "server: cut off "));
    }
    if (!process->started) {
        CHECK(world, fake_sink_said(&process->sink, "server: cannot listen on "));
        CHECK(world, process->code == EXIT_CODE_CANNOT_LISTEN);
    } else if (!process->options.once) {
        CHECK(world, process->code == EXIT_CODE_OK || cut);
        CHECK(world, process->stopped_at != 0);
    } else if (server->decided) {
        CHECK(world, server->chosen != NULL);
        check_once(process);
        CHECK(world, process->code == EXIT_CODE_OK || process->code == EXIT_CODE_FAILED ||
                         process->code == EXIT_CODE_TIMED_OUT || cut);
    } else {
        CHECK(world, process->code == EXIT_CODE_OK || cut);
        CHECK(world, process->stopped_at != 0);
    }
}

static bool is_over(const struct server_process *process)
{
    const struct server *server = &process->server;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        if (server->workers[i].message.posted) {
            return false;
        }
    }
    return server_is_over(server) && !process->stop_asked.posted && !process->sink.changed.posted;
}

void server_process_look(struct server_process *process)
{
    if (process->state != PROCESS_RUNNING) {
        return;
    }
    check_bounds(process);
    if (!is_over(process)) {
        return;
    }
    for (uint32_t i = 0; i < process->server.worker_count; i++) {
        check_lists(process, &process->server.workers[i]);
    }
    check_output(process);
    int code = server_end(&process->server);
    process->code = process->started ? code : process->code;
    process->over_at = sim_now(process->run->world);
    process->state = PROCESS_OVER;
    for (uint32_t i = 0; i < process->options.threads; i++) {
        tenon_loop_close(process->loops[i]);
    }
    sim_trace(process->run->world, "server", "is over, exit code %d", process->code);
    check_code(process);
}

void server_process_bury(struct server_process *process)
{
    if (process->state == PROCESS_RUNNING) {
        (void)server_end(&process->server);     /* no exit code is left by the dead */
        process->state = PROCESS_DEAD;
    }
}
