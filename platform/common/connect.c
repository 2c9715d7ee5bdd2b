/* Connects: from a name to an attached stream, by a race of its addresses (RFC 8305) under one
 * deadline. */
#include "common/list.h"
#include "common/loop.h"
#include <string.h>

enum {
    CONNECT_ACTIVE = 1 << 0,
    CONNECT_READY = 1 << 1,
    CONNECT_RESOLVING = 1 << 2,
    CONNECT_ATTEMPT_FAILED = 1 << 3, /* so the next one begins at once */
    CONNECT_DECIDED = 1 << 4,       /* the result stands: what is pending is given up */
    CONNECT_WON = 1 << 5
};

static const int64_t stagger_default = 250 * TENON_MILLISECOND;

static void mark_ready(struct tenon_connect *connect)
{
    if ((connect->flags & CONNECT_READY) == 0) {
        connect->flags |= CONNECT_READY;
        list_append(&connect->loop->connects, &connect->ready);
    }
}

static void decide(struct tenon_connect *connect, struct tenon_error error)
{
    connect->flags |= CONNECT_DECIDED;
    connect->error = error;
    mark_ready(connect);
}

/* ---- addresses ---- */

static bool is_unspecified(const struct tenon_address *address)
{
    static const uint8_t zero[16] = {0};
    return memcmp(address->ip, zero, address->family == TENON_FAMILY_IPV4 ? 4 : 16) == 0;
}

/* 0.0.0.0 and :: connect to this host on POSIX only. */
static void add_attempt(struct tenon_connect *connect, const struct tenon_address *address)
{
    struct tenon_attempt *attempt = &connect->attempts[connect->attempt_count++];
    attempt->connect = connect;
    attempt->address = *address;
    attempt->address.port = connect->port;
    if (is_unspecified(address)) {
        bool ipv4 = address->family == TENON_FAMILY_IPV4;
        attempt->address.ip[ipv4 ? 0 : 15] = ipv4 ? 127 : 1;
        attempt->address.ip[ipv4 ? 3 : 15] = 1;
    }
}

/* IPv6 first, then the families in turn (RFC 8305 section 4). */
static void add_attempts(struct tenon_connect *connect, const struct tenon_address *addresses,
                         uint32_t count)
{
    uint32_t at[2] = {0, 0};
    unsigned turn = 0;
    while (connect->attempt_count < TENON_ATTEMPTS_MAX && (at[0] < count || at[1] < count)) {
        uint16_t family = turn == 0 ? TENON_FAMILY_IPV6 : TENON_FAMILY_IPV4;
        while (at[turn] < count && addresses[at[turn]].family != family) {
            at[turn]++;
        }
        if (at[turn] < count) {
            add_attempt(connect, &addresses[at[turn]]);
            at[turn]++;
        }
        turn = 1 - turn;
    }
    connect->flags |= CONNECT_ATTEMPT_FAILED;   /* the first begins at once */
    mark_ready(connect);
}

static void find_addresses(struct tenon_connect *connect)
{
    struct tenon_address addresses[2];
    uint32_t count = 0;
    const char *path = host_path(connect->host);
    if (path != NULL) {
        struct tenon_attempt *attempt = &connect->attempts[0];
        attempt->connect = connect;
        attempt->address.family = TENON_FAMILY_PATH;
        connect->attempt_count = 1;
        connect->flags |= CONNECT_ATTEMPT_FAILED;
        mark_ready(connect);
        return;
    }
    enum tenon_status status = host_addresses(connect->host, connect->family, addresses, &count);
    if (status == TENON_OK && count > 0) {
        add_attempts(connect, addresses, count);
    } else if (status == TENON_NOT_RESOLVED) {
        connect->flags |= CONNECT_RESOLVING;
        struct tenon_error error = connect->loop->backend->resolve(connect);
        if (error.status != TENON_OK) {
            connect->flags &= ~(uint32_t)CONNECT_RESOLVING;
            decide(connect, error);
        }
    } else {
        decide(connect, error_of(status == TENON_OK ? TENON_NOT_RESOLVED : status));
    }
}

/* ---- events ---- */

void tenon_event_resolved(struct tenon_connect *connect, struct tenon_error error,
                          const struct tenon_address *addresses, uint32_t count)
{
    TENON_ASSERT(connect->flags & CONNECT_RESOLVING);
    connect->flags &= ~(uint32_t)CONNECT_RESOLVING;
    if (error.status != TENON_OK || count == 0) {
        decide(connect, error.status != TENON_OK ? error : error_of(TENON_NOT_RESOLVED));
    } else {
        add_attempts(connect, addresses, count);
    }
}

void tenon_event_connected(struct tenon_attempt *attempt, struct tenon_error error)
{
    struct tenon_connect *connect = attempt->connect;
    TENON_ASSERT(attempt->pending);
    attempt->pending = false;
    attempt->error = error;
    attempt->connected = error.status == TENON_OK;
    connect->attempts_pending--;
    if (!attempt->connected) {
        connect->flags |= CONNECT_ATTEMPT_FAILED;
    }
    mark_ready(connect);
}

static bool any_connected(const struct tenon_connect *connect)
{
    for (uint32_t i = 0; i < connect->attempts_begun; i++) {
        if (connect->attempts[i].connected) {
            return true;
        }
    }
    return false;
}

static void on_deadline(struct tenon_timer *timer)
{
    struct tenon_connect *connect = TENON_OUTER(timer, struct tenon_connect, deadline);
    if ((connect->flags & CONNECT_DECIDED) == 0 && !any_connected(connect)) {
        decide(connect, error_of(TENON_TIMED_OUT));
    }
}

static void on_stagger(struct tenon_timer *timer)
{
    struct tenon_connect *connect = TENON_OUTER(timer, struct tenon_connect, next);
    connect->flags |= CONNECT_ATTEMPT_FAILED;
    mark_ready(connect);
}

/* ---- submissions ---- */

void tenon_connect(struct tenon_loop *loop, struct tenon_connect *connect,
                   struct tenon_stream *stream, const char *host, uint16_t port,
                   const struct tenon_connect_options *options, tenon_connect_fn *on_connected)
{
    loop_assert_thread(loop);
    TENON_ASSERT(on_connected != NULL);
    memset(connect, 0, sizeof *connect);
    connect->loop = loop;
    connect->stream = stream;
    connect->on_connected = on_connected;
    connect->host = host;
    connect->port = port;
    connect->flags = CONNECT_ACTIVE;
    connect->stagger = stagger_default;
    int64_t timeout = 0;
    if (options != NULL) {
        connect->family = options->family;
        connect->stagger = options->stagger > 0 ? options->stagger : stagger_default;
        timeout = options->timeout;
    }
    loop->pending++;
    if (timeout > 0 && timeout != TENON_FOREVER) {
        tenon_timer_start(loop, &connect->deadline, time_after(loop->now, timeout), on_deadline);
    }
    find_addresses(connect);
}

void tenon_connect_cancel(struct tenon_connect *connect)
{
    loop_assert_thread(connect->loop);
    TENON_ASSERT(connect->flags & CONNECT_ACTIVE);
    if ((connect->flags & CONNECT_DECIDED) == 0 && !any_connected(connect)) {
        decide(connect, error_of(TENON_CANCELED));
    }
}

/* ---- the turn ---- */

/* How much a failure says of a name with several addresses. */
static int telling(enum tenon_status status)
{
    switch ((int)status) {
    case TENON_TIMED_OUT:
        return 5;
    case TENON_REFUSED:
        return 4;
    case TENON_RESET:
        return 3;
    case TENON_UNREACHABLE:
        return 2;
    case TENON_ADDRESS_NOT_AVAILABLE:
    case TENON_FAMILY_UNSUPPORTED:
        return 0;
    default:
        return 1;
    }
}

static struct tenon_error most_telling(const struct tenon_connect *connect)
{
    const struct tenon_error *best = &connect->attempts[0].error;
    for (uint32_t i = 1; i < connect->attempt_count; i++) {
        const struct tenon_error *error = &connect->attempts[i].error;
        if (telling(error->status) > telling(best->status)) {
            best = error;
        }
    }
    return *best;
}

/* Begins attempts until one is under way. */
static void begin_next(struct tenon_connect *connect)
{
    struct tenon_loop *loop = connect->loop;
    const char *path = host_path(connect->host);
    connect->flags &= ~(uint32_t)CONNECT_ATTEMPT_FAILED;
    tenon_timer_stop(loop, &connect->next);
    bool begun = false;
    while (!begun && connect->attempts_begun < connect->attempt_count) {
        struct tenon_attempt *attempt = &connect->attempts[connect->attempts_begun++];
        attempt->begun = true;
        attempt->pending = true;
        connect->attempts_pending++;
        struct tenon_error error = loop->backend->connect(attempt, path);
        begun = error.status == TENON_OK;
        if (!begun) {
            attempt->pending = false;
            attempt->error = error;
            connect->attempts_pending--;
        }
    }
    if (begun && connect->attempts_begun < connect->attempt_count) {
        tenon_timer_start(loop, &connect->next, time_after(loop->now, connect->stagger),
                          on_stagger);
    }
    if (!begun && connect->attempts_pending == 0) {
        decide(connect, most_telling(connect));
    }
}

/* The first that connected wins; any other is closed. */
static void take_connected(struct tenon_connect *connect)
{
    for (uint32_t i = 0; i < connect->attempts_begun; i++) {
        struct tenon_attempt *attempt = &connect->attempts[i];
        bool won = (connect->flags & CONNECT_WON) != 0 && connect->winner == i;
        if (!attempt->connected || won) {
            continue;
        }
        if ((connect->flags & CONNECT_DECIDED) == 0) {
            connect->flags |= CONNECT_WON;
            connect->winner = i;
            decide(connect, error_of(TENON_OK));
        } else {
            connect->loop->backend->abandon(attempt);
            attempt->connected = false;
            attempt->error = error_of(TENON_CANCELED);
        }
    }
}

/* Attempts that the deadline ends are said to have timed out. */
static void give_up_pending(struct tenon_connect *connect)
{
    bool late = connect->error.status == TENON_TIMED_OUT;
    if (connect->flags & CONNECT_RESOLVING) {
        connect->flags &= ~(uint32_t)CONNECT_RESOLVING;
        connect->loop->backend->resolve_cancel(connect);
    }
    for (uint32_t i = 0; i < connect->attempts_begun; i++) {
        struct tenon_attempt *attempt = &connect->attempts[i];
        if (attempt->pending && !attempt->canceled) {
            attempt->canceled = true;
            if (connect->loop->backend->connect_cancel(attempt)) {
                attempt->pending = false;
                connect->attempts_pending--;
                attempt->error = error_of(late ? TENON_TIMED_OUT : TENON_CANCELED);
            }
        } else if (!attempt->pending && attempt->error.status == TENON_CANCELED && late) {
            attempt->error = error_of(TENON_TIMED_OUT);
        }
    }
}

/* The last touch: on_connected may free the connect. */
static void finish(struct tenon_connect *connect)
{
    struct tenon_loop *loop = connect->loop;
    tenon_timer_stop(loop, &connect->deadline);
    tenon_timer_stop(loop, &connect->next);
    if (connect->flags & CONNECT_READY) {
        list_remove(&connect->ready);
    }
    if (connect->flags & CONNECT_WON) {
        struct tenon_attempt *winner = &connect->attempts[connect->winner];
        memset(connect->stream, 0, sizeof *connect->stream);
        connect->stream->loop = loop;
        connect->error = loop->backend->adopt(connect->stream, winner);
        winner->error = connect->error;
        winner->connected = false;
        if (connect->error.status == TENON_OK) {
            connect->stream->flags |= STREAM_ATTACHED;
            loop->pending++;
        }
    }
    connect->flags = 0;
    loop->pending--;
    connect->on_connected(connect, connect->error.status);
}

static void advance(struct tenon_connect *connect)
{
    take_connected(connect);
    if ((connect->flags & CONNECT_DECIDED) == 0 && (connect->flags & CONNECT_ATTEMPT_FAILED) != 0) {
        begin_next(connect);
    }
    if ((connect->flags & CONNECT_DECIDED) != 0) {
        give_up_pending(connect);
        if (connect->attempts_pending == 0) {
            finish(connect);
        }
    }
}

void connects_run(struct tenon_loop *loop)
{
    struct tenon_link batch;
    list_take_all(&batch, &loop->connects);
    while (!list_empty(&batch)) {
        struct tenon_connect *connect = TENON_OUTER(batch.next, struct tenon_connect, ready);
        list_remove(&connect->ready);
        connect->flags &= ~(uint32_t)CONNECT_READY;
        advance(connect);
    }
}
