/* A worker of the load test: when its requests begin, and what it counts. */
#include "client/load_worker.h"
#include "common/outer.h"
#include <string.h>

enum {
    RAMP_PENDING_MAX = 128      /* connections made at a time: a listener's queue is short */
};

static const int64_t ramp_max = 10 * TENON_SECOND;
static const int64_t warm_up = 1 * TENON_SECOND;
static const int64_t drain_max = 10 * TENON_SECOND;     /* where requests have no limit */

/* ---- what others see ---- */

static void publish(struct load_worker *worker)
{
    struct load_shared *shared = &worker->shared;
    int64_t now = tenon_loop_now(worker->loop);
    int64_t until = worker->phase == LOAD_RUN && now < worker->to ? now : worker->to;
    worker->counts.elapsed = until > worker->from ? until - worker->from : 0;
    tenon_lock_take(&shared->lock);
    shared->view.counts = worker->counts;
    shared->view.over = worker->over;
    (void)tenon_post(worker->watcher, worker->changed);     /* posted already: it will look */
    tenon_lock_give(&shared->lock);
}

static void on_view(struct tenon_timer *timer)
{
    struct load_worker *worker = OUTER(timer, struct load_worker, view);
    publish(worker);
    tenon_timer_start(worker->loop, timer, tenon_loop_now(worker->loop) + worker->view_every,
                      on_view);
}

/* ---- the end ---- */

void load_worker_connection_over(struct load_worker *worker)
{
    worker->over_count++;
    if (worker->over_count == worker->connection_count) {
        worker->over = true;
        tenon_timer_stop(worker->loop, &worker->end);
        tenon_timer_stop(worker->loop, &worker->view);
        publish(worker);
    }
}

/* What is still waited for then, is waited for in vain. */
static void on_drain_end(struct tenon_timer *timer)
{
    struct load_worker *worker = OUTER(timer, struct load_worker, end);
    worker->phase = LOAD_STOPPED;
    for (uint32_t i = 0; i < worker->connection_count; i++) {
        struct load_connection *connection = &worker->connections[i];
        if (connection->active) {
            load_worker_failed(worker, LOAD_ERROR_TIMEOUT);
        }
        load_connection_abort(connection);
    }
}

static int64_t time_of(const struct load_worker *worker, uint64_t turn)
{
    uint64_t seconds = turn / worker->rate;
    uint64_t rest = turn % worker->rate;
    return worker->started + (int64_t)(seconds * TENON_SECOND + rest * TENON_SECOND / worker->rate);
}

/* Requests of the schedule whose time came, but whose connection was busy with another one. */
static uint64_t count_unsent(const struct load_worker *worker)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < worker->connection_count; i++) {
        uint64_t turn = worker->connections[i].turn;
        count += worker->turn > turn ?
            (worker->turn - turn + worker->connection_count - 1) / worker->connection_count : 0;
    }
    return count;
}

/* ---- the schedule ---- */

/* Begins what is due, in turn. A connection that is busy will take its own turn later. */
static void begin_due(struct load_worker *worker)
{
    int64_t now = tenon_loop_now(worker->loop);
    int64_t until = now < worker->to ? now : worker->to - 1;
    while (time_of(worker, worker->turn) <= until) {
        uint64_t turn = worker->turn++;
        load_connection_proceed(&worker->connections[turn % worker->connection_count]);
    }
}

void load_worker_turn(struct load_worker *worker)
{
    bool paced = worker->rate > 0 && worker->phase == LOAD_RUN;
    (void)tenon_loop_turn(worker->loop,
                          paced ? time_of(worker, worker->turn) : TENON_FOREVER);
    if (worker->rate > 0 && worker->phase == LOAD_RUN) {
        begin_due(worker);
    }
}

bool load_worker_take(struct load_worker *worker, struct load_connection *connection,
                      int64_t *due_out)
{
    int64_t now = tenon_loop_now(worker->loop);
    *due_out = now;
    if (worker->phase == LOAD_RAMP) {
        return worker->rate == 0 && worker->request->kind != LOAD_ECHO;
    }
    if (worker->rate > 0) {
        *due_out = time_of(worker, connection->turn);
        if (*due_out > now || *due_out >= worker->to) {
            return false;
        }
        connection->turn += worker->connection_count;
        return true;
    }
    return now < worker->to;
}

/* ---- the phases ---- */

static int64_t time_after(int64_t now, int64_t duration)
{
    return duration > TENON_FOREVER - now ? TENON_FOREVER : now + duration;
}

static void on_run_end(struct tenon_timer *timer)
{
    struct load_worker *worker = OUTER(timer, struct load_worker, end);
    if (worker->rate > 0) {
        begin_due(worker);
        worker->counts.unsent = count_unsent(worker);
    }
    worker->phase = LOAD_DRAIN;
    if (worker->request->timeout == TENON_FOREVER) {
        tenon_timer_start(worker->loop, timer, tenon_loop_now(worker->loop) + drain_max,
                          on_drain_end);
    }
    for (uint32_t i = 0; i < worker->connection_count; i++) {
        load_connection_end(&worker->connections[i]);
    }
}

static void begin_run(struct load_worker *worker)
{
    int64_t now = tenon_loop_now(worker->loop);
    worker->phase = LOAD_RUN;
    worker->started = now;
    worker->from = time_after(now, warm_up);
    worker->to = time_after(worker->from, worker->duration);
    tenon_timer_start(worker->loop, &worker->end, worker->to, on_run_end);
    if (worker->rate > 0) {
        return;
    }
    for (uint32_t i = 0; i < worker->connection_count; i++) {
        load_connection_proceed(&worker->connections[i]);
    }
}

static void on_ramp_end(struct tenon_timer *timer)
{
    begin_run(OUTER(timer, struct load_worker, end));
}

void load_worker_ramped(struct load_worker *worker, struct load_connection *connection)
{
    if (connection->ramped) {
        return;
    }
    connection->ramped = true;
    worker->ramped++;
    if (worker->phase < LOAD_DRAIN && worker->ramp_next < worker->connection_count) {
        load_connection_proceed(&worker->connections[worker->ramp_next++]);
    }
    if (worker->phase == LOAD_RAMP && worker->ramped == worker->connection_count) {
        begin_run(worker);
    }
}

/* ---- what is counted ---- */

void load_worker_answered(struct load_worker *worker, int64_t due)
{
    if (due >= worker->from) {
        worker->counts.requests++;
        histogram_record(&worker->counts.latency, tenon_loop_now(worker->loop) - due);
    } else {
        worker->counts.warm_up++;
    }
}

void load_worker_failed(struct load_worker *worker, enum load_error error)
{
    worker->counts.errors[error]++;
}

/* That no port is left says more than any other. */
static void keep_telling(struct tenon_error *kept, struct tenon_error error)
{
    if (kept->status == TENON_OK || error.status == TENON_ADDRESS_NOT_AVAILABLE) {
        *kept = error;
    }
}

void load_worker_not_connected(struct load_worker *worker, struct tenon_error error)
{
    worker->counts.errors[LOAD_ERROR_CONNECT]++;
    keep_telling(&worker->counts.connect_error, error);
}

void load_counts_add(struct load_counts *counts, const struct load_counts *more)
{
    counts->requests += more->requests;
    counts->warm_up += more->warm_up;
    counts->unsent += more->unsent;
    for (size_t i = 0; i < LOAD_ERRORS; i++) {
        counts->errors[i] += more->errors[i];
    }
    if (more->connect_error.status != TENON_OK) {
        keep_telling(&counts->connect_error, more->connect_error);
    }
    counts->elapsed = more->elapsed > counts->elapsed ? more->elapsed : counts->elapsed;
    histogram_merge(&counts->latency, &more->latency);
}

/* ---- start and stop ---- */

static void on_stop(struct tenon_message *message)
{
    struct load_worker *worker = OUTER(message, struct load_worker, stop);
    tenon_lock_take(&worker->shared.lock);
    bool stop = worker->shared.stop;
    tenon_lock_give(&worker->shared.lock);
    if (!stop || worker->over || worker->phase == LOAD_STOPPED) {
        return;
    }
    int64_t now = tenon_loop_now(worker->loop);
    worker->to = worker->to < now ? worker->to : now;
    worker->phase = LOAD_STOPPED;
    tenon_timer_stop(worker->loop, &worker->end);
    for (uint32_t i = 0; i < worker->connection_count; i++) {
        load_connection_abort(&worker->connections[i]);
    }
}

void load_worker_open(struct load_worker *worker)
{
    tenon_lock_init(&worker->shared.lock);
    tenon_message_init(&worker->stop, on_stop);
    worker->from = TENON_FOREVER;
    worker->to = TENON_FOREVER;
    for (uint32_t i = 0; i < worker->connection_count; i++) {
        worker->connections[i].worker = worker;
        worker->connections[i].turn = i;
        if (worker->request->kind == LOAD_ECHO) {       /* not two alike */
            worker->connections[i].position = (size_t)i * 7919 % LOAD_PATTERN_PERIOD;
        }
    }
}

void load_worker_start(struct load_worker *worker)
{
    int64_t now = tenon_loop_now(worker->loop);
    if (worker->view_every > 0) {
        tenon_timer_start(worker->loop, &worker->view, now + worker->view_every, on_view);
    }
    if (worker->rate > 0 && worker->request->kind != LOAD_ECHO) {
        begin_run(worker);      /* each request is a connection: there are none to make before */
        return;
    }
    tenon_timer_start(worker->loop, &worker->end, now + ramp_max, on_ramp_end);
    while (worker->ramp_next < worker->connection_count && worker->ramp_next < RAMP_PENDING_MAX) {
        load_connection_proceed(&worker->connections[worker->ramp_next++]);
    }
}

void load_worker_run(struct load_worker *worker)
{
    while (!worker->over) {
        load_worker_turn(worker);
    }
    (void)tenon_loop_turn(worker->loop, 0);     /* a stop that came too late is not left behind */
}

void load_worker_stop(struct load_worker *worker)
{
    tenon_lock_take(&worker->shared.lock);
    worker->shared.stop = true;
    if (!worker->shared.view.over) {
        (void)tenon_post(worker->loop, &worker->stop);  /* posted already: once is enough */
    }
    tenon_lock_give(&worker->shared.lock);
}

void load_worker_look(struct load_worker *worker, struct load_view *view_out)
{
    tenon_lock_take(&worker->shared.lock);
    *view_out = worker->shared.view;
    tenon_lock_give(&worker->shared.lock);
}

void load_worker_close(struct load_worker *worker)
{
    tenon_lock_destroy(&worker->shared.lock);
}
