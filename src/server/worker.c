/* A worker: takes what it is handed, and tells what the server is to know. */
#include "server/worker.h"
#include "common/dump.h"
#include "common/outer.h"
#include "server/gate.h"
#include "server/server.h"
#include <stdlib.h>
#include <string.h>

static const int64_t relief_pause = 100 * TENON_MILLISECOND;    /* who was ended is gone then */

uint32_t worker_milliseconds(const struct worker *worker)
{
    return (uint32_t)((tenon_loop_now(worker->loop) - worker->started) / TENON_MILLISECOND);
}

static bool is_empty(const struct worker *worker)
{
    return worker->counts[SESSION_FREE] == worker->capacity;
}

/* ---- what the server sees ---- */

/* Lock taken. */
static void publish(struct worker *worker)
{
    struct worker_shared *shared = &worker->shared;
    if (shared->view.over) {
        return;                 /* that was its last word: the server may have closed it since */
    }
    shared->view.lingering = worker->counts[SESSION_LINGERING];
    shared->view.closing = worker->counts[SESSION_CLOSING];
    if (worker->last && shared->queue_count == 0 && is_empty(worker) && !shared->view.over) {
        shared->view.over = true;
        shared->view.totals = worker->totals;
        shared->watched = true;
        worker->over = true;
    }
    if (shared->watched) {
        server_worker_changed(worker->server);
    }
}

void worker_changed(struct worker *worker)
{
    tenon_lock_take(&worker->shared.lock);
    publish(worker);
    tenon_lock_give(&worker->shared.lock);
}

void worker_session_closed(struct worker *worker, struct session *session)
{
    session_list_append(&worker->free, session);
    tenon_lock_take(&worker->shared.lock);
    worker->shared.view.closed++;
    publish(worker);
    tenon_lock_give(&worker->shared.lock);
}

/* ---- the pool ---- */

static void serve(struct worker *worker, const struct handover *handover)
{
    struct session *session = worker->free.first;
    if (session != NULL) {
        session_list_remove(&worker->free, session);
    } else {
        session = &worker->sessions[worker->begun++];
    }
    if (!session_open(session, worker, handover)) {
        enum tenon_status status = tenon_stream_error(&session->stream).status;
        session_log(session, CONSOLE_INFO, "attach_failed", &status);
        worker->totals.errors++;
        gate_leave(worker->server, session->counted, &session->peer);
        worker_session_closed(worker, session);
    }
}

/* ---- the reserve ---- */

static void on_relief(struct tenon_timer *timer)
{
    struct worker *worker = OUTER(timer, struct worker, relief);
    const struct session *waiting = worker->waiting.first;
    while (waiting != NULL && worker->sending.first != NULL &&
           session_time_until_stuck(worker->sending.first) <= 0) {
        const struct session *next = waiting->next;
        waiting = session_end_if_stuck(worker->sending.first) ? next : waiting;
    }
    worker_relieve(worker);
}

void worker_relieve(struct worker *worker)
{
    if (worker->waiting.first == NULL || worker->sending.first == NULL ||
        tenon_timer_started(&worker->relief)) {
        return;
    }
    int64_t left = session_time_until_stuck(worker->sending.first);
    left = left > relief_pause ? left : relief_pause;
    tenon_timer_start(worker->loop, &worker->relief,
                      tenon_loop_now(worker->loop) + left + TENON_MILLISECOND, on_relief);
}

void worker_queue(struct worker *worker, struct session *session)
{
    session->queued = true;
    session_list_append(&worker->waiting, session);
    worker_relieve(worker);
}

void worker_unqueue(struct worker *worker, struct session *session)
{
    if (session->queued) {
        session->queued = false;
        session_list_remove(&worker->waiting, session);
    }
    if (worker->waiting.first == NULL) {
        tenon_timer_stop(worker->loop, &worker->relief);
    }
}

void worker_wake_waiting(struct worker *worker)
{
    struct session *session = worker->waiting.first;
    if (session != NULL && !reserve_is_empty(&worker->reserve)) {
        worker_unqueue(worker, session);
        tenon_stream_receive_resume(&session->stream);
    }
}

static void give_up(struct worker *worker, uint32_t count)
{
    for (uint32_t i = 0; i < count && worker->lingering.first != NULL; i++) {
        session_close(worker->lingering.first, TENON_CLOSE_GRACEFUL);
    }
}

static void stop(struct worker *worker, int64_t stopped)
{
    worker->stopping = true;
    worker->stopped = stopped;
    for (uint32_t i = 0; i < worker->begun; i++) {
        session_stop(&worker->sessions[i]);
    }
}

static void cut(struct worker *worker)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < worker->begun; i++) {
        struct session *session = &worker->sessions[i];
        if (session->state != SESSION_FREE && session_cut(session)) {
            count++;
        }
    }
    tenon_lock_take(&worker->shared.lock);
    worker->shared.view.cut = count;
    worker->shared.view.has_cut = true;
    publish(worker);
    tenon_lock_give(&worker->shared.lock);
}

/* ---- what it is told ---- */

/* Takes one from the queue. False: it is empty. */
static bool take_handover(struct worker *worker, struct handover *handover_out)
{
    struct worker_shared *shared = &worker->shared;
    tenon_lock_take(&shared->lock);
    bool some = shared->queue_count > 0;
    if (some) {
        *handover_out = shared->queue[shared->queue_first];
        shared->queue_first = (shared->queue_first + 1) % shared->queue_size;
        shared->queue_count--;
    }
    tenon_lock_give(&shared->lock);
    return some;
}

static void on_message(struct tenon_message *message)
{
    struct worker *worker = OUTER(message, struct worker, message);
    struct worker_shared *shared = &worker->shared;
    struct handover handover;
    tenon_lock_take(&shared->lock);
    uint32_t wanted = shared->give_up;
    bool stops = shared->stop && !worker->stopping;
    int64_t stopped = shared->stopped;
    bool cuts = shared->cut && !shared->view.has_cut;
    worker->last = shared->last;
    shared->give_up = 0;
    if (shared->report) {
        shared->report = false;
        shared->view.reports++;
        shared->view.totals = worker->totals;
        shared->watched = true;         /* the server waits for it */
    }
    tenon_lock_give(&shared->lock);
    while (take_handover(worker, &handover)) {
        serve(worker, &handover);
    }
    give_up(worker, wanted);
    if (stops) {
        stop(worker, stopped);
    }
    if (cuts) {
        cut(worker);
    }
    worker_changed(worker);
}

/* Lock taken. One that is over hears nothing any more. */
static void tell(struct worker *worker)
{
    if (!worker->shared.view.over) {
        (void)tenon_post(worker->loop, &worker->message);   /* posted already: it will see it all */
    }
}

bool worker_hand(struct worker *worker, const struct handover *handover)
{
    struct worker_shared *shared = &worker->shared;
    if (worker->local) {
        serve(worker, handover);
        return true;
    }
    tenon_lock_take(&shared->lock);
    bool room = shared->queue_count < shared->queue_size;
    if (room) {
        uint32_t at = (shared->queue_first + shared->queue_count) % shared->queue_size;
        shared->queue[at] = *handover;
        shared->queue_count++;
        tell(worker);
    }
    tenon_lock_give(&shared->lock);
    return room;
}

void worker_look(struct worker *worker, bool watched, struct worker_view *view_out)
{
    tenon_lock_take(&worker->shared.lock);
    worker->shared.watched = watched;
    *view_out = worker->shared.view;
    tenon_lock_give(&worker->shared.lock);
}

void worker_give_up(struct worker *worker, uint32_t count)
{
    if (worker->local) {
        give_up(worker, count);
        return;
    }
    tenon_lock_take(&worker->shared.lock);
    worker->shared.give_up = count;
    tell(worker);
    tenon_lock_give(&worker->shared.lock);
}

void worker_stop(struct worker *worker, int64_t stopped)
{
    if (worker->local) {
        stop(worker, stopped);
        return;
    }
    tenon_lock_take(&worker->shared.lock);
    worker->shared.stop = true;
    worker->shared.stopped = stopped;
    tell(worker);
    tenon_lock_give(&worker->shared.lock);
}

void worker_finish(struct worker *worker)
{
    tenon_lock_take(&worker->shared.lock);
    worker->shared.last = true;
    tell(worker);
    tenon_lock_give(&worker->shared.lock);
}

void worker_cut(struct worker *worker)
{
    tenon_lock_take(&worker->shared.lock);
    worker->shared.cut = true;
    tell(worker);
    tenon_lock_give(&worker->shared.lock);
}

void worker_report(struct worker *worker)
{
    tenon_lock_take(&worker->shared.lock);
    worker->shared.report = true;
    tell(worker);
    tenon_lock_give(&worker->shared.lock);
}

/* ---- open, run, close ---- */

bool worker_open(struct worker *worker, struct server *server, struct tenon_loop *loop,
                 uint32_t capacity)
{
    struct worker_shared *shared = &worker->shared;
    worker->server = server;
    worker->loop = loop;
    worker->local = loop == server->loop;
    worker->options = server->options;
    worker->message_size = server->message_size;
    worker->started = tenon_loop_now(loop);
    worker->capacity = capacity;
    worker->counts[SESSION_FREE] = capacity;
    worker->console = *server->console;
    worker->console.loop = loop;
    tenon_message_init(&worker->message, on_message);
    tenon_lock_init(&shared->lock);
    shared->queue_size = capacity < WORKER_QUEUE_MAX ? capacity : WORKER_QUEUE_MAX;
    shared->queue = calloc(shared->queue_size, sizeof *shared->queue);
    worker->sessions = calloc(capacity, sizeof *worker->sessions);
    worker->scratch = malloc(WORKER_SCRATCH_SIZE);
    if (worker->options->settings.hex) {
        worker->dumps = calloc(capacity, sizeof *worker->dumps);
    }
    uint32_t share = RESERVE_MAX / server->worker_count;
    bool reserved = reserve_open(&worker->reserve, capacity < share ? capacity : share);
    return reserved && shared->queue != NULL && worker->sessions != NULL &&
           worker->scratch != NULL && (worker->dumps != NULL || !worker->options->settings.hex);
}

void worker_close(struct worker *worker)
{
    tenon_lock_destroy(&worker->shared.lock);
    reserve_close(&worker->reserve);
    content_close(&worker->content);
    free(worker->scratch);
    free(worker->dumps);
    free(worker->sessions);
    free(worker->shared.queue);
}

void worker_run(struct worker *worker)
{
    while (!worker->over) {
        (void)tenon_loop_turn(worker->loop, TENON_FOREVER);
    }
    (void)tenon_loop_turn(worker->loop, 0);     /* what was told before it was over */
}
