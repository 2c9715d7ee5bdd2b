/* A short exchange on the layer: where a fault hits it, what comes of that, and its scenarios. */
#include "exchange.h"
#include <stdio.h>
#include <string.h>
#include <tenon/file.h>
#include "testing.h"

/* Where a fault hits. Behind PLACE_PEER: the peer's index. */
enum where {
    PLACE_OPEN = 1,
    PLACE_LISTEN,
    PLACE_STALE,                /* looking whether a path's socket is in use */
    PLACE_LISTENER,             /* a listener that stands, and its end */
    PLACE_ATTEMPT,
    PLACE_ADOPT,                /* an attempt that won becomes a stream */
    PLACE_CLIENT,
    PLACE_CLOSE,
    PLACE_PEER
};

static bool is_open(const struct end *end, int64_t handle)
{
    return end->attached && !end->closed && (int64_t)end->stream.handle == handle;
}

static int place_of_run(const struct exchange *exchange, const struct fault_site *site)
{
    for (uint32_t i = 0; i < exchange->accepted; i++) {
        if (is_open(&exchange->peers[i], site->handle)) {
            return PLACE_PEER + (int)i;
        }
    }
    if (is_open(&exchange->client, site->handle)) {
        return PLACE_CLIENT;
    }
    if (site->call == CALL_REALLOC && exchange->accepted > 0) {
        return PLACE_PEER + (int)exchange->accepted - 1;    /* which is watched now */
    }
    if (exchange->connect_over || site->call == CALL_ACCEPT) {
        return PLACE_LISTENER;
    }
    for (uint32_t i = 0; i < exchange->connect.attempts_begun; i++) {
        const struct tenon_attempt *attempt = &exchange->connect.attempts[i];
        if (attempt->connected && (int64_t)attempt->handle == site->handle) {
            return PLACE_ADOPT;
        }
    }
    return PLACE_ATTEMPT;
}

static int place_of(const void *context, const struct fault_site *site)
{
    const struct exchange *exchange = context;
    switch (exchange->phase) {
    case PHASE_OPEN:
        return PLACE_OPEN;
    case PHASE_LISTEN:
        return exchange->local && site->counts[CALL_BIND] == 1 && site->call != CALL_BIND ?
            PLACE_STALE : PLACE_LISTEN;
    case PHASE_RUN:
        return place_of_run(exchange, site);
    case PHASE_CLOSE:
        break;
    }
    return PLACE_CLOSE;
}

/* ---- what is expected ---- */

/* What the fault makes of the place that it hits. */
static enum tenon_status failure_of(const struct exchange *exchange)
{
    const struct run *run = exchange->run;
    enum tenon_status status = run_failure(run);
    if (run->place == PLACE_STALE && run->fault->call == CALL_CONNECT) {
        /* whatever else it is, somebody may be there */
        return strcmp(run->fault->name, "ECONNREFUSED") == 0 ? TENON_OK : TENON_ADDRESS_IN_USE;
    }
    if (status == TENON_OK || run->place == PLACE_LISTENER || run->place == PLACE_CLOSE) {
        return TENON_OK;        /* nobody is there to be told */
    }
    if (run->place == PLACE_LISTEN && status == TENON_ADDRESS_IN_USE) {
        /* another port is tried; a path that is in use is looked at */
        bool first_bind = run->fault->call == CALL_BIND && run->number == 1;
        return exchange->local && !first_bind ? status : TENON_OK;
    }
    if (run->place == PLACE_LISTEN && exchange->two &&
        (status == TENON_ADDRESS_NOT_AVAILABLE || status == TENON_FAMILY_UNSUPPORTED)) {
        return TENON_OK;        /* the other address stands */
    }
    if (run->place == PLACE_STALE) {
        return TENON_ADDRESS_IN_USE;
    }
    return run->place == PLACE_ATTEMPT && exchange->two ? TENON_OK : status;
}

/* The end that the fault hit has its failure, the other one sees at most a reset. */
static void check_end(const struct exchange *exchange, const struct end *end, int place,
                      enum tenon_status failure)
{
    struct run *run = exchange->run;
    bool peer = end != &exchange->client;
    CHECK(run, end->attached == end->closed);
    if (end->attached) {
        end_check_received(end);
    }
    if (failure != TENON_OK && run->place == place) {
        CHECK(run, end->failure == failure || (run->fault->call == CALL_SHUTDOWN && end->ended));
    } else if (failure != TENON_OK || (peer && exchange->abort)) {
        CHECK(run, end->failure == TENON_OK || end->failure == TENON_RESET);
    } else {
        CHECK(run, end->failure == TENON_OK);
    }
}

static void check_whole(const struct exchange *exchange)
{
    struct run *run = exchange->run;
    const struct end *peer = NULL;
    for (uint32_t i = 0; i < exchange->accepted && peer == NULL; i++) {
        peer = end_has_all(&exchange->peers[i]) ? &exchange->peers[i] : NULL;
    }
    CHECK(run, peer != NULL);
    CHECK(run, end_has_all(&exchange->client));
    CHECK(run, exchange->abort || exchange->client.ended);
    CHECK(run, exchange->abort || peer == NULL || peer->ended);
    CHECK(run, exchange->notices == (run_is_noticed(run) ? 1 : 0));
}

static void check(const struct exchange *exchange)
{
    struct run *run = exchange->run;
    enum tenon_status failure = failure_of(exchange);
    int place = failure == TENON_OK ? 0 : run->place;
    bool listens = place == PLACE_LISTEN || place == PLACE_STALE;
    bool connects = place == PLACE_ATTEMPT || place == PLACE_ADOPT;
    CHECK(run, exchange->opened == (place == PLACE_OPEN ? failure : TENON_OK));
    CHECK(run, exchange->listened == (listens ? failure : TENON_OK));
    CHECK(run, exchange->connected == (connects ? failure : TENON_OK));
    if (place == PLACE_LISTEN) {
        CHECK(run, exchange->report.error.native == run->fault->native);
    }
    CHECK(run, exchange->listening == 0);
    check_end(exchange, &exchange->client, PLACE_CLIENT, failure);
    for (uint32_t i = 0; i < exchange->accepted; i++) {
        check_end(exchange, &exchange->peers[i], PLACE_PEER + (int)i, failure);
    }
    if (failure == TENON_OK) {
        check_whole(exchange);
    }
}

/* ---- scenarios ---- */

static struct exchange exchange_new(struct run *run, const char *listen_host,
                                    const char *connect_host)
{
    struct exchange exchange = {.run = run};
    int size = snprintf(exchange.listen_host, EXCHANGE_HOST_SIZE, "%s", listen_host);
    CHECK(run, size > 0 && size < EXCHANGE_HOST_SIZE);
    size = snprintf(exchange.connect_host, EXCHANGE_HOST_SIZE, "%s", connect_host);
    CHECK(run, size > 0 && size < EXCHANGE_HOST_SIZE);
    return exchange;
}

static void run_exchange(struct run *run, struct exchange *exchange)
{
    exchange->client.exchange = exchange;
    run_begin(run, place_of, exchange);
    exchange_act(exchange);
    run_end(run);
    check(exchange);
}

static void run_address(struct run *run)
{
    struct exchange exchange = exchange_new(run, run->address, run->address);
    run_exchange(run, &exchange);
}

static void run_name(struct run *run)
{
    struct exchange exchange = exchange_new(run, RUN_NAME, RUN_NAME);
    run_exchange(run, &exchange);
}

/* Where this machine has IPv6. */
static void run_localhost(struct run *run)
{
    int64_t listener = testing_raw_listen(TENON_FAMILY_IPV6, 0, 1, 0);
    testing_raw_close(listener);
    if (listener == TESTING_RAW_NONE) {
        if (run->fault == NULL) {
            printf("not run: this machine has no ::1\n");
        }
        return;
    }
    struct exchange exchange = exchange_new(run, "localhost", "localhost");
    exchange.two = true;
    run_exchange(run, &exchange);
}

static void run_abort(struct run *run)
{
    struct exchange exchange = exchange_new(run, run->address, run->address);
    exchange.abort = true;
    run_exchange(run, &exchange);
}

/* A file that is left behind is what the call that failed would have removed. */
static void run_path(struct run *run)
{
    struct tenon_error error;
    char host[EXCHANGE_HOST_SIZE];
    const char *path = host + strlen("unix:");
    int size = snprintf(host, sizeof host, "unix:%s/socket", run->folder);
    CHECK(run, size > 0 && (size_t)size < sizeof host);
    CHECK(run, inject_stale_socket(path));
    struct exchange exchange = exchange_new(run, host, host);
    exchange.local = true;
    run_exchange(run, &exchange);
    CHECK(run, run->hit || !testing_file_exists(path));
    (void)tenon_file_remove(path, &error);      /* mostly it is gone */
}

static void run_old_kernel(struct run *run)
{
    struct exchange exchange = exchange_new(run, run->address, run->address);
    inject_old_kernel(true);
    run_exchange(run, &exchange);
    inject_old_kernel(false);
}

/* The connect, or the connection that is accepted, is one too many for what poll has room for. */
static void run_crowd_connect(struct run *run)
{
    struct exchange exchange = exchange_new(run, run->address, run->address);
    exchange.crowd = CROWD_MAX;
    run_exchange(run, &exchange);
}

static void run_crowd_accept(struct run *run)
{
    struct exchange exchange = exchange_new(run, run->address, run->address);
    exchange.crowd = CROWD_MAX - 1;
    run_exchange(run, &exchange);
}

const struct scenario exchange_scenarios[] = {
    {"exchange.address", NULL, FAULT_CALLS, run_address},
    {"exchange.name", NULL, FAULT_CALLS, run_name},
    {"exchange.localhost", NULL, FAULT_CALLS, run_localhost},
    {"exchange.abort", NULL, FAULT_CALLS, run_abort},
    {"exchange.path", NULL, FAULT_CALLS, run_path},
    {"exchange.old_kernel", "epoll", FAULT_CALLS, run_old_kernel},
    {"exchange.old_kernel", "io_uring", FAULT_CALLS, run_old_kernel},
    {"exchange.crowd_connect", "poll", CALL_REALLOC, run_crowd_connect},
    {"exchange.crowd_accept", "poll", CALL_REALLOC, run_crowd_accept},
    {NULL, NULL, FAULT_CALLS, NULL},
};
