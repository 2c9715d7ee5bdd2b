/* A connection of the load test: its requests, one after the other. */
#include "client/load_connection.h"
#include "client/load_worker.h"
#include "common/outer.h"
#include <string.h>

/* What cannot be connected is not tried again and again without a pause. */
static const int64_t pause_after_failure = 10 * TENON_MILLISECOND;
/* For the server's end once ours is sent. */
static const int64_t ending_max = 1 * TENON_SECOND;

static struct load_connection *connection_of(struct tenon_stream *stream)
{
    return OUTER(stream, struct load_connection, stream);
}

static bool is_echo(const struct load_connection *connection)
{
    return connection->worker->request->kind == LOAD_ECHO;
}

static int64_t now_of(const struct load_connection *connection)
{
    return tenon_loop_now(connection->worker->loop);
}

/* ---- the end of a request and of a connection ---- */

/* No connection and no request. */
static void rest(struct load_connection *connection)
{
    connection->state = LOAD_AT_REST;
    load_connection_proceed(connection);
}

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    (void)status;           /* an abort has one result */
    rest(connection_of(stream));
}

/* A reset: neither end keeps a port for it. */
static void close_stream(struct load_connection *connection)
{
    connection->active = false;
    connection->state = LOAD_CLOSING;
    tenon_stream_close(&connection->stream, TENON_CLOSE_ABORT, 0, on_closed);
}

static void fail(struct load_connection *connection, enum load_error error)
{
    load_worker_failed(connection->worker, error);
    close_stream(connection);
}

/* The request has its whole answer. */
static void answered(struct load_connection *connection)
{
    connection->active = false;
    load_worker_answered(connection->worker, connection->due);
    if (is_echo(connection)) {
        load_connection_proceed(connection);
    } else {
        close_stream(connection);
    }
}

static void on_timer(struct tenon_timer *timer)
{
    struct load_connection *connection = OUTER(timer, struct load_connection, timer);
    struct load_worker *worker = connection->worker;
    if (connection->state == LOAD_PAUSING) {
        rest(connection);
        return;
    }
    if (connection->state == LOAD_ENDING) {
        close_stream(connection);
        return;
    }
    if (!connection->active) {
        return;
    }
    /* One start of the timer does for many requests: it finds out for which it runs. */
    int64_t late = connection->begun + worker->request->timeout;
    if (now_of(connection) < late) {
        tenon_timer_start(worker->loop, timer, late, on_timer);
    } else if (connection->state == LOAD_OPEN) {
        fail(connection, LOAD_ERROR_TIMEOUT);
    } else {
        load_worker_failed(worker, LOAD_ERROR_TIMEOUT);
        connection->active = false;
        tenon_connect_cancel(&connection->connect);
    }
}

/* ---- sending ---- */

static void all_sent(struct load_connection *connection)
{
    connection->sent = true;
    if (is_echo(connection) && connection->received == connection->worker->request->size) {
        answered(connection);
    }
}

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct load_connection *connection = OUTER(send, struct load_connection, send);
    if (connection->state != LOAD_OPEN) {
        return;
    }
    if (status == TENON_OK) {
        all_sent(connection);
    } else {
        fail(connection, LOAD_ERROR_RESET);
    }
}

static void send_request(struct load_connection *connection)
{
    const struct load_request *request = connection->worker->request;
    const char *data = request->data + connection->position;
    size_t sent = tenon_stream_try_send(&connection->stream, data, request->size);
    if (sent == request->size) {
        connection->sent = true;
        return;
    }
    connection->piece.data = data + sent;
    connection->piece.size = request->size - sent;
    connection->send.pieces = &connection->piece;
    connection->send.piece_count = 1;
    tenon_stream_send(&connection->stream, &connection->send, on_sent);
}

/* ---- receiving ---- */

/* Every byte is to be the one that was sent at its place. */
static enum tenon_flow take_echo(struct load_connection *connection, const void *data, size_t size)
{
    const struct load_request *request = connection->worker->request;
    size_t left = connection->active ? request->size - connection->received : 0;
    const char *expected = request->data + connection->position + connection->received;
    if (size > left || memcmp(data, expected, size) != 0) {
        fail(connection, LOAD_ERROR_MISMATCH);
        return TENON_PAUSE;
    }
    connection->received += size;
    if (connection->received == request->size) {
        connection->position = (connection->position + request->size) % LOAD_PATTERN_PERIOD;
        if (connection->sent) {
            answered(connection);
        }
    }
    return TENON_CONTINUE;
}

static void take_end(struct load_connection *connection, enum tenon_status status)
{
    if (connection->state == LOAD_ENDING) {
        close_stream(connection);
    } else if (status == TENON_END && !is_echo(connection) && connection->received > 0) {
        answered(connection);
    } else {
        fail(connection, LOAD_ERROR_RESET);
    }
}

static enum tenon_flow on_receive(struct tenon_stream *stream, enum tenon_status status,
                                  const void *data, size_t size)
{
    struct load_connection *connection = connection_of(stream);
    if (connection->state == LOAD_CLOSING) {
        return TENON_PAUSE;
    }
    if (status != TENON_OK) {
        take_end(connection, status);
        return TENON_PAUSE;
    }
    if (connection->state == LOAD_OPEN && is_echo(connection)) {
        return take_echo(connection, data, size);
    }
    connection->received += size;
    return TENON_CONTINUE;
}

/* ---- connecting ---- */

static void open_stream(struct load_connection *connection)
{
    connection->state = LOAD_OPEN;
    switch (connection->worker->request->kind) {
    case LOAD_GREET:
        send_request(connection);
        tenon_stream_receive_lent(&connection->stream, on_receive);
        break;
    case LOAD_ECHO:
        tenon_stream_receive_lent(&connection->stream, on_receive);
        load_connection_proceed(connection);
        break;
    case LOAD_CONNECT:
    case LOAD_NONE:
        answered(connection);
        break;
    }
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct load_connection *connection = OUTER(connect, struct load_connection, connect);
    struct load_worker *worker = connection->worker;
    bool given_up = !is_echo(connection) && !connection->active;
    if (status == TENON_OK && (worker->phase == LOAD_STOPPED || given_up)) {
        close_stream(connection);
    } else if (status == TENON_OK) {
        open_stream(connection);
    } else if (status == TENON_CANCELED) {
        rest(connection);
    } else {
        load_worker_not_connected(worker, connect->error);
        connection->active = false;
        connection->state = LOAD_PAUSING;
        tenon_timer_start(worker->loop, &connection->timer,
                          now_of(connection) + pause_after_failure, on_timer);
    }
    load_worker_ramped(worker, connection);
}

static void connect_stream(struct load_connection *connection)
{
    const struct load_request *request = connection->worker->request;
    struct tenon_connect_options options = {0};
    options.timeout = request->connect_timeout;
    connection->state = LOAD_CONNECTING;
    tenon_connect(connection->worker->loop, &connection->connect, &connection->stream,
                  request->host, request->port, &options, on_connected);
}

/* ---- requests ---- */

static void begin_request(struct load_connection *connection)
{
    struct load_worker *worker = connection->worker;
    connection->active = true;
    connection->sent = false;
    connection->received = 0;
    connection->begun = now_of(connection);
    if (worker->request->timeout != TENON_FOREVER && !tenon_timer_started(&connection->timer)) {
        tenon_timer_start(worker->loop, &connection->timer,
                          connection->begun + worker->request->timeout, on_timer);
    }
    if (is_echo(connection)) {
        send_request(connection);
    } else {
        connect_stream(connection);
    }
}

void load_connection_proceed(struct load_connection *connection)
{
    struct load_worker *worker = connection->worker;
    bool at_rest = connection->state == LOAD_AT_REST;
    if (connection->active || !(at_rest || connection->state == LOAD_OPEN)) {
        return;
    }
    if (worker->phase >= LOAD_DRAIN) {
        load_connection_end(connection);
    } else if (at_rest && is_echo(connection)) {
        connect_stream(connection);
    } else if (load_worker_take(worker, connection, &connection->due)) {
        begin_request(connection);
    }
}

void load_connection_end(struct load_connection *connection)
{
    struct load_worker *worker = connection->worker;
    if (connection->active || connection->over) {
        return;
    }
    switch (connection->state) {
    case LOAD_PAUSING:
    case LOAD_AT_REST:
        connection->state = LOAD_AT_REST;
        connection->over = true;
        tenon_timer_stop(worker->loop, &connection->timer);
        load_worker_connection_over(worker);
        break;
    case LOAD_CONNECTING:
        tenon_connect_cancel(&connection->connect);
        break;
    case LOAD_OPEN:
        connection->state = LOAD_ENDING;
        tenon_stream_finish(&connection->stream);
        tenon_timer_start(worker->loop, &connection->timer, now_of(connection) + ending_max,
                          on_timer);
        break;
    case LOAD_ENDING:
    case LOAD_CLOSING:
        break;
    }
}

void load_connection_abort(struct load_connection *connection)
{
    connection->active = false;
    if (connection->state == LOAD_OPEN || connection->state == LOAD_ENDING) {
        close_stream(connection);
    } else {
        load_connection_end(connection);
    }
}
