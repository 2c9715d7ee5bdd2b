/* The same exchange by the blocking calls, each end on a loop of its own: every call ends with the
 * status of the error that it meets, or with OK. */
#include "faults.h"
#include <string.h>
#include <tenon/sync.h>

enum step {
    STEP_LISTEN,
    STEP_CONNECT,
    STEP_ACCEPT,
    STEP_ASK,
    STEP_HEAR,
    STEP_ANSWER,
    STEP_LEARN,
    STEP_FINISH,
    STEP_CLIENT_END,
    STEP_CLIENT_CLOSE,
    STEP_PEER_END,
    STEP_PEER_CLOSE,
    STEP_OVER                   /* what closes behind a failure, and the listener */
};

struct sync {
    struct run *run;
    int step;
    enum tenon_status statuses[STEP_OVER];
    struct tenon_sync_listener *listener;
    struct tenon_sync_stream *client;
    struct tenon_sync_stream *peer;
};

static const char text[] = "what is said";
static const int64_t limit = 10 * TENON_SECOND;

static int step_of(const void *context, const struct fault_site *site)
{
    const struct sync *sync = context;
    (void)site;
    return sync->step;
}

/* True: go on with the next step. */
static bool done(struct sync *sync, enum tenon_status status)
{
    sync->statuses[sync->step] = status;
    sync->step++;
    return status == TENON_OK;
}

/* All of it in one receive: it fits a segment. */
static enum tenon_status hear(struct sync *sync, struct tenon_sync_stream *stream)
{
    char heard[sizeof text + 1];
    size_t size = 0;
    enum tenon_status status = tenon_sync_receive(stream, heard, sizeof heard, limit, &size);
    CHECK(sync->run, status != TENON_OK ||
                     (size == sizeof text && memcmp(heard, text, size) == 0));
    return status;
}

static enum tenon_status hear_end(struct tenon_sync_stream *stream)
{
    char heard = 0;
    size_t size = 0;
    enum tenon_status status = tenon_sync_receive(stream, &heard, 1, limit, &size);
    return status == TENON_END ? TENON_OK : status == TENON_OK ? TENON_SYSTEM : status;
}

/* What runs out while accepting may be there again at the next call: the connection waits. */
static bool accept_peer(struct sync *sync)
{
    enum tenon_status status = tenon_sync_accept(sync->listener, limit, &sync->peer, NULL);
    enum tenon_status again = status;
    if (status != TENON_OK) {
        again = tenon_sync_accept(sync->listener, limit, &sync->peer, NULL);
    }
    (void)done(sync, status);
    CHECK(sync->run, again == TENON_OK);
    return again == TENON_OK;
}

static bool say(struct sync *sync, struct tenon_sync_stream *from, struct tenon_sync_stream *to)
{
    return done(sync, tenon_sync_send(from, text, sizeof text, limit)) &&
           done(sync, hear(sync, to));
}

static void act(struct sync *sync)
{
    if (!done(sync, tenon_sync_listen(sync->run->address, 0, &sync->listener)) ||
        !done(sync, tenon_sync_connect(sync->run->address,
                                       tenon_sync_port(sync->listener), limit, &sync->client)) ||
        !accept_peer(sync) || !say(sync, sync->client, sync->peer) ||
        !say(sync, sync->peer, sync->client)) {
        return;
    }
    tenon_sync_finish(sync->peer);
    if (!done(sync, TENON_OK) || !done(sync, hear_end(sync->client))) {
        return;
    }
    enum tenon_status status = tenon_sync_close(sync->client);
    sync->client = NULL;
    if (done(sync, status) && done(sync, hear_end(sync->peer))) {
        status = tenon_sync_close(sync->peer);
        sync->peer = NULL;
        (void)done(sync, status);
    }
}

/* In the place of a step that the fault hits, its failure; before it OK. */
static void check(const struct sync *sync, int reached)
{
    struct run *run = sync->run;
    enum tenon_status failure = run_is_noticed(run) ? TENON_LIMIT : run_failure(run);
    if (run->place == STEP_LISTEN && failure == TENON_ADDRESS_IN_USE) {
        failure = TENON_OK;     /* another port is tried */
    }
    if (run->hit && run->fault->call == CALL_SHUTDOWN) {
        return;                 /* which end sees it first is not said */
    }
    for (int step = 0; step < reached; step++) {
        enum tenon_status expected = run->hit && run->place == step ? failure : TENON_OK;
        CHECK(run, sync->statuses[step] == expected);
    }
    CHECK(run, reached == STEP_OVER || (failure != TENON_OK && run->place == reached - 1));
}

static void run_sync(struct run *run)
{
    struct sync sync = {.run = run};
    run_begin(run, step_of, &sync);
    act(&sync);
    int reached = sync.step;
    sync.step = STEP_OVER;
    (void)tenon_sync_close(sync.peer);
    (void)tenon_sync_close(sync.client);
    if (sync.listener != NULL) {
        tenon_sync_listener_close(sync.listener);
    }
    run_end(run);
    check(&sync, reached);
}

const struct scenario sync_scenarios[] = {
    {"sync", "poll", FAULT_CALLS, run_sync},
    {NULL, NULL, FAULT_CALLS, NULL},
};
