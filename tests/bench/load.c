/* The load on one server. */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

static const int64_t warm_up = 200 * TENON_MILLISECOND;
static const int64_t patience = 60 * TENON_SECOND;

struct connection {
    struct tenon_stream stream;     /* first */
    struct load *load;
    struct tenon_connect *connect;
    size_t missing;                 /* bytes of the answer that have not come yet */
    size_t position;                /* in the message, of the next byte to come */
    int64_t began;
    struct tenon_piece piece;
    struct tenon_send send;
};

struct load {
    struct tenon_loop *loop;
    const struct load_plan *plan;
    struct testing_process *server;
    uint16_t port;
    uint32_t total;                 /* connections to be opened at the start */
    uint32_t next;                  /* the next of them */
    uint32_t connected;
    uint32_t busy;                  /* wait for an answer, or for their turn to connect */
    uint32_t open;
    uint64_t begun;
    uint64_t answered;
    bool asking;
    struct histogram *latency;
    struct connection *connections;
    struct tenon_connect connects[LOAD_CONNECTS];
    unsigned char message[LOAD_SIZE_MAX];
};

void load_fail(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* ---- the messages ---- */

static bool more(struct load *load)
{
    return load->asking && (load->plan->requests == 0 || load->begun < load->plan->requests);
}

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    (void)send;
    if (status != TENON_OK && status != TENON_CANCELED) {
        load_fail("a message was not sent");
    }
}

static void send_message(struct connection *connection, tenon_send_fn *then)
{
    struct load *load = connection->load;
    size_t size = load->plan->size;
    size_t sent = tenon_stream_try_send(&connection->stream, load->message, size);
    if (sent < size || then != on_sent) {
        connection->piece.data = load->message + sent;
        connection->piece.size = size - sent;
        connection->send.pieces = &connection->piece;
        connection->send.piece_count = 1;
        tenon_stream_send(&connection->stream, &connection->send, then);
    }
}

static void ask(struct connection *connection)
{
    connection->missing = connection->load->plan->size;
    connection->position = 0;
    connection->load->begun++;
    connection->load->busy++;
    connection->began = testing_clock();
    send_message(connection, on_sent);
}

static void note_answer(struct connection *connection)
{
    struct load *load = connection->load;
    load->answered++;
    load->busy--;
    histogram_record(load->latency, testing_clock() - connection->began);
}

/* What comes back is what went out. */
static void verify(struct connection *connection, const unsigned char *data, size_t size)
{
    const struct load *load = connection->load;
    while (size > 0) {
        size_t left = load->plan->size - connection->position;
        size_t part = size < left ? size : left;
        if (memcmp(data, load->message + connection->position, part) != 0) {
            load_fail("an answer differs from its request");
        }
        data += part;
        size -= part;
        connection->position = part == left ? 0 : connection->position + part;
    }
}

static enum tenon_flow on_echo(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct connection *connection = (struct connection *)(void *)stream;
    if (status == TENON_CANCELED) {
        return TENON_PAUSE;
    }
    if (status != TENON_OK || size > connection->missing) {
        load_fail("a connection ended, or answered more than was asked");
    }
    verify(connection, data, size);
    connection->missing -= size;
    if (connection->missing == 0) {
        note_answer(connection);
        if (more(connection->load)) {
            ask(connection);
        }
    }
    return TENON_CONTINUE;
}

/* ---- bulk ---- */

static void on_bulk_sent(struct tenon_send *send, enum tenon_status status)
{
    struct connection *connection = (struct connection *)(void *)send->stream;
    struct load *load = connection->load;
    if (status != TENON_OK) {
        load_fail("a message was not sent");
    }
    if (load->begun < load->plan->requests) {
        load->begun++;
        send_message(connection, on_bulk_sent);
    }
}

static enum tenon_flow on_bulk(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct connection *connection = (struct connection *)(void *)stream;
    struct load *load = connection->load;
    if (status == TENON_CANCELED) {
        return TENON_PAUSE;
    }
    if (status != TENON_OK) {
        load_fail("a connection ended");
    }
    verify(connection, data, size);
    connection->missing += size;
    load->answered = connection->missing / load->plan->size;
    load->busy = load->answered < load->plan->requests ? 1 : 0;
    return TENON_CONTINUE;
}

static void begin_bulk(struct connection *connection)
{
    connection->load->busy = 1;
    connection->load->begun = 1;
    send_message(connection, on_bulk_sent);
}

/* ---- short connections ---- */

static void connect_again(struct connection *connection);

static void on_greeted_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct connection *connection = (struct connection *)(void *)stream;
    struct load *load = connection->load;
    (void)status;               /* an abort has one result */
    load->open--;
    note_answer(connection);
    if (more(load)) {
        connect_again(connection);
    }
}

static enum tenon_flow on_greeting(struct tenon_stream *stream, enum tenon_status status,
                                   const void *data, size_t size)
{
    struct connection *connection = (struct connection *)(void *)stream;
    (void)data;
    if (status == TENON_OK) {
        connection->position += size;
        return TENON_CONTINUE;
    }
    if (status != TENON_END || connection->position == 0) {
        load_fail("a connection ended without an answer");
    }
    /* a reset, behind the server's end: neither side keeps the port */
    tenon_stream_close(stream, TENON_CLOSE_ABORT, 0, on_greeted_closed);
    return TENON_PAUSE;
}

static void on_greet_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct connection *connection = (struct connection *)(void *)connect->stream;
    if (status != TENON_OK) {
        load_fail(tenon_status_sentence(status));
    }
    connection->load->open++;
    send_message(connection, on_sent);
    tenon_stream_receive_lent(&connection->stream, on_greeting);
}

static void connect_again(struct connection *connection)
{
    struct load *load = connection->load;
    connection->position = 0;
    connection->began = testing_clock();
    load->begun++;
    load->busy++;
    tenon_connect(load->loop, connection->connect, &connection->stream, "127.0.0.1", load->port,
                  NULL, on_greet_connected);
}

/* ---- opening and closing ---- */

static void on_connected(struct tenon_connect *connect, enum tenon_status status);

static void connect_next(struct load *load, struct tenon_connect *connect)
{
    if (load->next == load->total) {
        return;
    }
    struct connection *connection = &load->connections[load->next++];
    connection->load = load;
    /* A half of the idle ones goes to the other family: the kernel's search for a local port is
     * slow once a half of them is taken. */
    bool other = load->next > load->plan->connections && load->next % 2 == 0;
    tenon_connect(load->loop, connect, &connection->stream, other ? "::1" : "127.0.0.1",
                  load->port, NULL, on_connected);
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct connection *connection = (struct connection *)(void *)connect->stream;
    struct load *load = connection->load;
    if (status != TENON_OK) {
        load_fail(tenon_status_sentence(status));
    }
    tenon_stream_receive_lent(&connection->stream,
                              load->plan->kind == LOAD_BULK ? on_bulk : on_echo);
    load->open++;
    load->connected++;
    connect_next(load, connect);
}

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct connection *connection = (struct connection *)(void *)stream;
    (void)status;
    connection->load->open--;
}

static void turn(struct load *load, int64_t until)
{
    (void)tenon_loop_turn(load->loop, until);
    if (testing_clock() > until) {
        load_fail("the server does not answer");
    }
}

static void connect_all(struct load *load)
{
    int64_t until = testing_clock() + patience;
    for (int slot = 0; slot < LOAD_CONNECTS; slot++) {
        connect_next(load, &load->connects[slot]);
    }
    while (load->connected < load->total) {
        turn(load, until);
    }
}

static void close_all(struct load *load)
{
    int64_t until = testing_clock() + patience;
    for (uint32_t index = 0; index < load->total; index++) {
        tenon_stream_close(&load->connections[index].stream, TENON_CLOSE_ABORT, TENON_FOREVER,
                           on_closed);
    }
    while (load->open > 0) {
        turn(load, until);
    }
}

/* ---- the measurement ---- */

static void run_until(struct load *load, int64_t until)
{
    while (testing_clock() < until) {
        (void)tenon_loop_turn(load->loop, until);
    }
}

/* What a server still does about the last load must not fall into the next one's time. */
static void await_rest(struct load *load)
{
    int64_t until = testing_clock() + TENON_SECOND;
    int64_t last = -1;
    int64_t cpu = testing_process_cpu(load->server);
    while (cpu != last && testing_clock() < until) {
        last = cpu;
        run_until(load, testing_clock() + 10 * TENON_MILLISECOND);
        cpu = testing_process_cpu(load->server);
    }
}

static void begin(struct load *load)
{
    load->asking = true;
    for (uint32_t index = 0; index < load->plan->connections && more(load); index++) {
        struct connection *connection = &load->connections[index];
        connection->load = load;
        switch (load->plan->kind) {
        case LOAD_ROUND_TRIPS:
            ask(connection);
            break;
        case LOAD_BULK:
            begin_bulk(connection);
            break;
        case LOAD_GREET:
            connection->connect = &load->connects[index];
            connect_again(connection);
            break;
        }
    }
}

/* From nothing under way to nothing under way, so that no request is counted on one side alone. */
static void ask_for(struct load *load, int64_t duration)
{
    begin(load);
    if (load->plan->requests == 0) {
        run_until(load, testing_clock() + duration);
        load->asking = false;
    }
    int64_t until = testing_clock() + patience;
    while (load->busy > 0) {
        turn(load, until);
    }
}

static void run(struct load *load, struct load_sample *out)
{
    if (load->plan->requests == 0) {
        ask_for(load, warm_up);
        histogram_clear(&out->latency);
    }
    uint64_t answered = load->answered;
    int64_t began = testing_clock();
    int64_t cpu = testing_process_cpu(load->server);
    ask_for(load, load->plan->measured);
    out->cpu = testing_process_cpu(load->server) - cpu;
    out->time = testing_clock() - began;
    out->requests = load->answered - answered;
    if (cpu < 0 || out->cpu <= 0 || out->requests < 1) {
        load_fail("nothing was measured");
    }
}

void load_measure(struct tenon_loop *loop, const struct load_plan *plan,
                  struct testing_process *server, uint16_t port, struct load_sample *out)
{
    struct load *load = calloc(1, sizeof *load);
    uint32_t total = plan->connections + plan->idle;
    if (load == NULL) {
        load_fail("no memory");
    }
    load->connections = calloc(total, sizeof *load->connections);
    if (load->connections == NULL) {
        load_fail("no memory");
    }
    load->loop = loop;
    load->plan = plan;
    load->server = server;
    load->port = port;
    load->latency = &out->latency;
    load->total = plan->kind == LOAD_GREET ? 0 : total;
    for (size_t index = 0; index < sizeof load->message; index++) {
        load->message[index] = (unsigned char)('!' + index * 7 % 89);
    }
    histogram_clear(&out->latency);
    connect_all(load);
    run(load, out);
    close_all(load);
    await_rest(load);
    free(load->connections);
    free(load);
}
