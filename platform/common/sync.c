/* The blocking calls: each object is a loop of its own, turned on the caller's thread until the
 * operation has ended. */
#include "common/loop.h"
#include <stdlib.h>
#include <string.h>
#include <tenon/sync.h>

/* A connection that a listener has yielded and nobody has asked for yet. */
struct waiting {
    bool full;
    struct tenon_socket socket;
    struct tenon_address peer;
};

struct tenon_sync_listener {
    struct tenon_loop *loop;
    uint32_t count;
    uint32_t open;
    bool out_of_something;
    struct tenon_listener listeners[TENON_LISTENERS_MAX];
    struct waiting waiting[TENON_LISTENERS_MAX];
};

/* `done` and `status` are those of the operation that a call waits for: there is one at a time. */
struct tenon_sync_stream {
    struct tenon_loop *loop;
    bool done;
    enum tenon_status status;
    bool ended;
    struct tenon_stream stream;
    struct tenon_connect connect;
    struct tenon_receive receive;
    struct tenon_send send;
};

/* The loop's now stands still between two calls. */
static int64_t deadline_after(struct tenon_loop *loop, int64_t timeout)
{
    int64_t now = loop->backend->clock(loop);
    loop->now = now > loop->now ? now : loop->now;
    return time_after(loop->now, timeout);
}

/* One turn of a wait; between two calls the object belongs to no thread. False: the deadline has
 * passed. */
static bool turn_before(struct tenon_loop *loop, int64_t deadline)
{
    loop->thread = 0;
    (void)tenon_loop_turn(loop, deadline);
    loop->thread = 0;
    return loop->now < deadline;
}

/* ---- listeners ---- */

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    struct tenon_sync_listener *sync = listener->context;
    if (status != TENON_OK) {
        sync->out_of_something = status == TENON_LIMIT;
        return TENON_CONTINUE;
    }
    struct waiting *waiting = &sync->waiting[listener - sync->listeners];
    TENON_ASSERT(!waiting->full);
    waiting->full = true;
    waiting->socket = socket;
    waiting->peer = *peer;
    return TENON_PAUSE;
}

static void on_listener_closed(struct tenon_listener *listener)
{
    struct tenon_sync_listener *sync = listener->context;
    sync->open--;
}

/* For one connection at a time the backend that is opened at the least cost, the last of them. */
static enum tenon_status open_plainest(struct tenon_loop **out)
{
    size_t last = 0;
    while (tenon_backends[last + 1] != NULL) {
        last++;
    }
    return loop_open_with(tenon_backends[last], NULL, out);
}

enum tenon_status tenon_sync_listen(const char *host, uint16_t port,
                                    struct tenon_sync_listener **out)
{
    *out = NULL;
    struct tenon_sync_listener *sync = calloc(1, sizeof *sync);
    if (sync == NULL) {
        return TENON_LIMIT;
    }
    enum tenon_status status = open_plainest(&sync->loop);
    if (status != TENON_OK) {
        free(sync);
        return status;
    }
    struct tenon_listen_report report;
    status = tenon_listen_host(sync->loop, sync->listeners, TENON_LISTENERS_MAX, host, port, NULL,
                               &report);
    if (status != TENON_OK) {
        tenon_loop_close(sync->loop);
        free(sync);
        return status;
    }
    sync->count = report.count;
    sync->open = report.count;
    for (uint32_t i = 0; i < sync->count; i++) {
        sync->listeners[i].context = sync;
        tenon_listener_accept(&sync->listeners[i], on_accept);
    }
    *out = sync;
    return TENON_OK;
}

uint16_t tenon_sync_port(const struct tenon_sync_listener *listener)
{
    return listener->listeners[0].address.port;
}

static struct waiting *find_waiting(struct tenon_sync_listener *sync)
{
    for (uint32_t i = 0; i < sync->count; i++) {
        if (sync->waiting[i].full) {
            return &sync->waiting[i];
        }
    }
    return NULL;
}

static enum tenon_status stream_new(struct tenon_sync_stream **out)
{
    *out = NULL;
    struct tenon_sync_stream *sync = calloc(1, sizeof *sync);
    if (sync == NULL) {
        return TENON_LIMIT;
    }
    enum tenon_status status = open_plainest(&sync->loop);
    if (status != TENON_OK) {
        free(sync);
        return status;
    }
    *out = sync;
    return TENON_OK;
}

static void stream_free(struct tenon_sync_stream *sync)
{
    tenon_loop_close(sync->loop);
    free(sync);
}

enum tenon_status tenon_sync_accept(struct tenon_sync_listener *listener, int64_t timeout,
                                    struct tenon_sync_stream **out, struct tenon_address *peer_out)
{
    int64_t deadline = deadline_after(listener->loop, timeout);
    struct waiting *waiting = find_waiting(listener);
    bool more = true;
    *out = NULL;
    listener->out_of_something = false;
    while (waiting == NULL && more && !listener->out_of_something) {
        more = turn_before(listener->loop, deadline);
        waiting = find_waiting(listener);
    }
    if (waiting == NULL) {
        return listener->out_of_something ? TENON_LIMIT : TENON_TIMED_OUT;
    }
    struct tenon_sync_stream *sync = NULL;
    enum tenon_status status = stream_new(&sync);
    if (status != TENON_OK) {
        return status;          /* the connection still waits for the next call */
    }
    waiting->full = false;
    tenon_listener_resume(&listener->listeners[waiting - listener->waiting]);
    status = tenon_stream_attach(sync->loop, &sync->stream, waiting->socket);
    if (status != TENON_OK) {
        stream_free(sync);
        return status;
    }
    if (peer_out != NULL) {
        *peer_out = waiting->peer;
    }
    *out = sync;
    return TENON_OK;
}

void tenon_sync_listener_close(struct tenon_sync_listener *listener)
{
    for (uint32_t i = 0; i < listener->count; i++) {
        tenon_listener_close(&listener->listeners[i], TENON_CLOSE_ABORT, on_listener_closed);
    }
    while (listener->open > 0) {
        (void)turn_before(listener->loop, TENON_FOREVER);
    }
    for (uint32_t i = 0; i < listener->count; i++) {
        if (listener->waiting[i].full) {
            tenon_socket_discard(listener->waiting[i].socket);
        }
    }
    tenon_loop_close(listener->loop);
    free(listener);
}

/* ---- streams ---- */

static void wait_done(struct tenon_sync_stream *sync)
{
    while (!sync->done) {
        (void)turn_before(sync->loop, TENON_FOREVER);
    }
}

static bool wait_done_until(struct tenon_sync_stream *sync, int64_t deadline)
{
    bool more = true;
    while (!sync->done && more) {
        more = turn_before(sync->loop, deadline);
    }
    return sync->done;
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct tenon_sync_stream *sync = TENON_OUTER(connect, struct tenon_sync_stream, connect);
    sync->done = true;
    sync->status = status;
}

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct tenon_sync_stream *sync = TENON_OUTER(send, struct tenon_sync_stream, send);
    sync->done = true;
    sync->status = status;
}

static void on_received(struct tenon_receive *receive, enum tenon_status status)
{
    struct tenon_sync_stream *sync = TENON_OUTER(receive, struct tenon_sync_stream, receive);
    sync->done = true;
    sync->status = status;
}

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct tenon_sync_stream *sync = TENON_OUTER(stream, struct tenon_sync_stream, stream);
    sync->done = true;
    sync->status = status;
}

enum tenon_status tenon_sync_connect(const char *host, uint16_t port, int64_t timeout,
                                     struct tenon_sync_stream **out)
{
    struct tenon_connect_options options = {.timeout = timeout > 0 ? timeout : 1};
    struct tenon_sync_stream *sync = NULL;
    enum tenon_status status = stream_new(&sync);
    *out = NULL;
    if (status != TENON_OK) {
        return status;
    }
    tenon_connect(sync->loop, &sync->connect, &sync->stream, host, port, &options, on_connected);
    wait_done(sync);
    if (sync->status != TENON_OK) {
        status = sync->status;
        stream_free(sync);
        return status;
    }
    *out = sync;
    return TENON_OK;
}

enum tenon_status tenon_sync_send(struct tenon_sync_stream *stream, const void *data, size_t size,
                                  int64_t timeout)
{
    int64_t deadline = deadline_after(stream->loop, timeout);
    struct tenon_piece piece = {data, size};
    stream->send.pieces = &piece;
    stream->send.piece_count = 1;
    stream->done = false;
    tenon_stream_send(&stream->stream, &stream->send, on_sent);
    if (!wait_done_until(stream, deadline)) {
        tenon_stream_send_cancel(&stream->stream);
        wait_done(stream);
    }
    return stream->status == TENON_CANCELED ? TENON_TIMED_OUT : stream->status;
}

enum tenon_status tenon_sync_receive(struct tenon_sync_stream *stream, void *data, size_t size,
                                     int64_t timeout, size_t *received_out)
{
    int64_t deadline = deadline_after(stream->loop, timeout);
    *received_out = 0;
    if (stream->ended) {
        return TENON_END;
    }
    stream->receive.data = data;
    stream->receive.size = size;
    stream->done = false;
    tenon_stream_receive(&stream->stream, &stream->receive, on_received);
    if (!wait_done_until(stream, deadline)) {
        tenon_stream_receive_cancel(&stream->stream);
        wait_done(stream);
    }
    stream->ended = stream->status == TENON_END;
    *received_out = stream->receive.received;
    return stream->status == TENON_CANCELED ? TENON_TIMED_OUT : stream->status;
}

void tenon_sync_finish(struct tenon_sync_stream *stream)
{
    tenon_stream_finish(&stream->stream);
}

enum tenon_status tenon_sync_close(struct tenon_sync_stream *stream)
{
    if (stream == NULL) {
        return TENON_OK;
    }
    (void)deadline_after(stream->loop, 0);
    stream->done = false;
    tenon_stream_close(&stream->stream, TENON_CLOSE_GRACEFUL,
                       TENON_SYNC_LINGER_SECONDS * TENON_SECOND, on_closed);
    wait_done(stream);
    enum tenon_status status = stream->status;
    stream_free(stream);
    return status;
}
