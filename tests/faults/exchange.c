/* A short exchange on the layer: what happens. */
#include "exchange.h"
#include "common/outer.h"
#include <string.h>

static const char request[] = "what is asked";
static const char answer[] = "what is answered, which is a little longer";

/* ---- the ends ---- */

static void note(struct end *end, enum tenon_status status)
{
    if (end->failure == TENON_OK && status != TENON_END && status != TENON_CANCELED) {
        end->failure = status;
    }
}

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct end *end = OUTER(stream, struct end, stream);
    note(end, status);
    end->closed = true;
}

static void end_close(struct end *end, enum tenon_close_mode mode)
{
    tenon_stream_close(&end->stream, mode, 5 * TENON_SECOND, on_closed);
}

static void on_sent(struct tenon_send *send, enum tenon_status status);

/* In two pieces. */
static void end_send(struct end *end, const char *text)
{
    size_t size = strlen(text);
    end->pieces[0].data = text;
    end->pieces[0].size = size / 2;
    end->pieces[1].data = text + size / 2;
    end->pieces[1].size = size - size / 2;
    end->send.pieces = end->pieces;
    end->send.piece_count = 2;
    end->sending = true;
    tenon_stream_send(&end->stream, &end->send, on_sent);
}

/* What each end is to receive in a round. */
static const char *expected_of(const struct end *end)
{
    return end == &end->exchange->client ? answer : request;
}

bool end_has_all(const struct end *end)
{
    return end->rounds == ROUNDS && end->received_size == 0;
}

/* A round's bytes have come. */
static void end_act(struct end *end)
{
    struct exchange *exchange = end->exchange;
    if (end != &exchange->client) {
        end_send(end, answer + tenon_stream_try_send(&end->stream, answer, 5));
        if (end->rounds == ROUNDS && !exchange->abort) {
            tenon_stream_finish(&end->stream);
        }
    } else if (end->rounds < ROUNDS) {
        end_send(end, request);
    } else if (exchange->abort) {
        end_close(end, TENON_CLOSE_ABORT);
    }
}

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct end *end = OUTER(send, struct end, send);
    end->sending = false;
    note(end, status);
    if (status != TENON_OK) {
        end_close(end, TENON_CLOSE_ABORT);
    } else if (end->due) {
        end->due = false;
        end_act(end);
    }
}

void end_check_received(const struct end *end)
{
    CHECK(end->exchange->run, end->received_size <= strlen(expected_of(end)) &&
                              memcmp(end->received, expected_of(end), end->received_size) == 0);
}

static enum tenon_flow on_received(struct tenon_stream *stream, enum tenon_status status,
                                   const void *data, size_t size)
{
    struct end *end = OUTER(stream, struct end, stream);
    if (status == TENON_OK) {
        CHECK(end->exchange->run, size <= sizeof end->received - end->received_size);
        memcpy(end->received + end->received_size, data, size);
        end->received_size += size;
        if (end->received_size == strlen(expected_of(end))) {
            end_check_received(end);
            end->received_size = 0;
            end->rounds++;
            end->due = end->sending;
            if (!end->sending) {
                end_act(end);
            }
        }
        return TENON_CONTINUE;
    }
    note(end, status);
    end->ended = status == TENON_END;
    if (status != TENON_CANCELED) {
        end_close(end, end->ended ? TENON_CLOSE_GRACEFUL : TENON_CLOSE_ABORT);
    }
    return TENON_PAUSE;
}

/* ---- listeners and the connect ---- */

static void on_listener_closed(struct tenon_listener *listener)
{
    struct exchange *exchange = listener->context;
    exchange->listening--;
}

/* An accept that is tried again needs its listener: it closes behind the connection. */
static void close_listeners(struct exchange *exchange)
{
    bool accepted = exchange->accepted > 0 || exchange->connected != TENON_OK;
    if (exchange->connect_over && accepted) {
        for (uint32_t i = 0; i < exchange->report.count; i++) {
            tenon_listener_close(&exchange->listeners[i], TENON_CLOSE_GRACEFUL,
                                 on_listener_closed);
        }
        for (uint32_t i = 0; i < exchange->crowd; i++) {
            tenon_listener_close(&exchange->idle[i], TENON_CLOSE_ABORT, on_listener_closed);
        }
    }
}

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    struct exchange *exchange = listener->context;
    (void)peer;
    if (status == TENON_LIMIT) {
        exchange->notices++;
    }
    if (status == TENON_OK && exchange->accepted == PEERS_MAX) {
        CHECK(exchange->run, exchange->accepted < PEERS_MAX);
        tenon_socket_discard(socket);
    } else if (status == TENON_OK) {
        struct end *end = &exchange->peers[exchange->accepted++];
        enum tenon_status attached = tenon_stream_attach(exchange->loop, &end->stream, socket);
        CHECK(exchange->run, attached == TENON_OK);
        end->exchange = exchange;
        end->attached = true;
        tenon_stream_receive_lent(&end->stream, on_received);
        close_listeners(exchange);
    }
    return TENON_CONTINUE;
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct exchange *exchange = OUTER(connect, struct exchange, connect);
    exchange->connect_over = true;
    exchange->connected = status;
    if (status == TENON_OK) {
        exchange->client.attached = true;
        tenon_stream_receive_lent(&exchange->client.stream, on_received);
        end_send(&exchange->client, request);
    }
    close_listeners(exchange);
}

static void exchange_listen(struct exchange *exchange)
{
    exchange->phase = PHASE_LISTEN;
    exchange->listened = tenon_listen_host(exchange->loop, exchange->listeners, LISTENERS_MAX,
                                           exchange->listen_host, 0, NULL, &exchange->report);
    exchange->phase = PHASE_RUN;
    exchange->listening = exchange->report.count;
    for (uint32_t i = 0; i < exchange->report.count; i++) {
        exchange->listeners[i].context = exchange;
        tenon_listener_accept(&exchange->listeners[i], on_accept);
    }
}

static void listen_idle(struct exchange *exchange)
{
    struct tenon_endpoint endpoint = {.address = exchange->listeners[0].address};
    endpoint.address.port = 0;
    for (uint32_t i = 0; i < exchange->crowd; i++) {
        enum tenon_status status =
            tenon_listen(exchange->loop, &exchange->idle[i], &endpoint, NULL);
        CHECK(exchange->run, status == TENON_OK);
        exchange->idle[i].context = exchange;
        exchange->listening++;
    }
}

void exchange_act(struct exchange *exchange)
{
    struct run *run = exchange->run;
    struct tenon_loop_options options = {.backend = run->backend};
    struct tenon_connect_options connect_options = {.timeout = 10 * TENON_SECOND};
    exchange->opened = tenon_loop_open(&options, &exchange->loop);
    if (exchange->opened != TENON_OK) {
        return;
    }
    exchange_listen(exchange);
    if (exchange->listened == TENON_OK) {
        listen_idle(exchange);
        tenon_connect(exchange->loop, &exchange->connect, &exchange->client.stream,
                      exchange->connect_host, exchange->listeners[0].address.port,
                      &connect_options, on_connected);
    }
    while (run_turn(run, exchange->loop)) {
    }
    exchange->phase = PHASE_CLOSE;
    tenon_loop_close(exchange->loop);
}
