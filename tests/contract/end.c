/* An end: a stream with what it has seen, and its part of the checks. */
#include "harness.h"
#include <stdlib.h>
#include <string.h>

/* A sequence that repeats after 16 MiB only, so that lost, doubled and swapped parts all show. */
unsigned char end_byte(uint32_t seed, uint64_t offset)
{
    return (unsigned char)(seed * 101 + offset + (offset >> 8) * 3 + (offset >> 16) * 5);
}

static void write_sequence(struct end *end, unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = end_byte(end->out_seed, end->out + i);
    }
}

static void check_sequence(struct end *end, const unsigned char *data, size_t size)
{
    size_t right = 0;
    while (right < size && data[right] == end_byte(end->in_seed, end->in + right)) {
        right++;
    }
    CHECK(end->test, right == size);
    end->in += size;
}

static struct end *end_of(struct tenon_stream *stream)
{
    return (struct end *)(void *)stream;
}

/* What holds in every callback of a stream. */
static void check_callback(struct end *end)
{
    CHECK(end->test, !end->test->submitting);
    CHECK(end->test, end->attached && !end->closed);
}

static void act(struct end *end, enum end_event event)
{
    if (end->act != NULL) {
        end->act(end, event);
    }
}

/* ---- making and connecting ---- */

struct end *end_new(struct test *test)
{
    struct end *end = calloc(1, sizeof *end);
    CHECK(test, end != NULL);
    end->test = test;
    end->answer = TENON_CONTINUE;
    end->next = test->ends;
    test->ends = end;
    return end;
}

void end_free(struct end *end)
{
    struct end **place = &end->test->ends;
    CHECK(end->test, !end->attached || end->closed);
    CHECK(end->test, end->reading == READING_NOTHING);
    CHECK(end->test, !end->sending && !end->connecting);
    while (*place != end) {
        place = &(*place)->next;
    }
    *place = end->next;
    free(end);
}

struct pair pair_begin(struct test *test)
{
    struct pair pair = {end_new(test), end_new(test)};
    if (test->gate == NULL) {
        test->gate = gate_open(test);
    }
    uint32_t accepted = test->gate->accepted;
    end_connect(pair.peer, "127.0.0.1", gate_port(test->gate), NULL);
    UNTIL(test, pair.peer->connects == 1 && test->gate->accepted > accepted);
    CHECK(test, pair.peer->connected == TENON_OK);
    test->pairs++;
    pair.ours->in_seed = 2 * test->pairs;
    pair.peer->out_seed = 2 * test->pairs;
    pair.ours->out_seed = 2 * test->pairs + 1;
    pair.peer->in_seed = 2 * test->pairs + 1;
    return pair;
}

struct pair pair_make(struct test *test)
{
    struct pair pair = pair_begin(test);
    end_attach(pair.ours, test->loop, gate_take(test->gate));
    return pair;
}

void end_attach(struct end *end, struct tenon_loop *loop, struct tenon_socket socket)
{
    test_submit(end->test);
    enum tenon_status status = tenon_stream_attach(loop, &end->stream, socket);
    test_submitted(end->test);
    CHECK(end->test, status == TENON_OK);
    end->attached = true;
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct end *end = end_of(connect->stream);
    CHECK(end->test, !end->test->submitting);
    CHECK(end->test, end->connecting);
    CHECK(end->test, status != TENON_END);
    CHECK(end->test, status == TENON_CANCELED || status == connect->error.status);
    end->connecting = false;
    end->connects++;
    end->connected = status;
    end->attached = status == TENON_OK;
    if (status == TENON_OK) {
        CHECK(end->test, connect->winner < connect->attempt_count);
    }
    act(end, END_CONNECTED);
}

void end_connect(struct end *end, const char *host, uint16_t port,
                 const struct tenon_connect_options *options)
{
    CHECK(end->test, !end->connecting);
    end->connecting = true;
    test_submit(end->test);
    tenon_connect(end->test->loop, &end->connect, &end->stream, host, port, options, on_connected);
    test_submitted(end->test);
}

void end_connect_cancel(struct end *end)
{
    test_submit(end->test);
    tenon_connect_cancel(&end->connect);
    test_submitted(end->test);
}

/* ---- receiving ---- */

static void check_last(struct end *end, enum tenon_status status)
{
    CHECK(end->test, status > TENON_OK && status < TENON_STATUS_COUNT);
    end->reading = READING_NOTHING;
    end->paused = false;
    end->lasts++;
    end->last = status;
}

static void check_delivery(struct end *end)
{
    CHECK(end->test, !end->paused && !end->closing);
    CHECK(end->test, end->test->running || end->delivered_turn != end->test->turns);
    end->delivered_turn = end->test->turns;
}

static enum tenon_flow on_lent(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct end *end = end_of(stream);
    check_callback(end);
    CHECK(end->test, end->reading == READING_LENT);
    if (status != TENON_OK) {
        CHECK(end->test, data == NULL && size == 0);
        check_last(end, status);
        act(end, END_LAST);
        return TENON_CONTINUE;      /* ignored, and wrong on purpose */
    }
    check_delivery(end);
    CHECK(end->test, data != NULL && size > 0);
    end->lent = data;
    end->lent_size = size;
    check_sequence(end, data, size);
    end->datas++;
    act(end, END_DATA);
    end->in -= size;
    check_sequence(end, data, size);    /* whatever the case has done with them */
    end->lent = NULL;
    end->paused = end->answer == TENON_PAUSE;
    return end->answer;
}

static enum tenon_flow on_ready(struct tenon_stream *stream, enum tenon_status status)
{
    struct end *end = end_of(stream);
    check_callback(end);
    CHECK(end->test, end->reading == READING_READY);
    if (status != TENON_OK) {
        check_last(end, status);
        act(end, END_LAST);
        return TENON_CONTINUE;
    }
    check_delivery(end);
    end->readies++;
    if (end->act == NULL) {
        (void)end_take(end, END_CHUNK_MAX);
    }
    act(end, END_READY);
    end->paused = end->answer == TENON_PAUSE;
    return end->answer;
}

static void on_received(struct tenon_receive *receive, enum tenon_status status)
{
    struct end *end = end_of(receive->stream);
    check_callback(end);
    CHECK(end->test, end->reading == READING_SINGLE);
    CHECK(end->test, receive == &end->receive && receive->received <= receive->size);
    CHECK(end->test, (status == TENON_OK) == (receive->received > 0));
    check_sequence(end, end->inbox, receive->received);
    free(end->inbox);
    end->inbox = NULL;
    end->reading = READING_NOTHING;
    end->receives++;
    end->received = status;
    act(end, END_RECEIVED);
}

void end_receive_lent(struct end *end)
{
    CHECK(end->test, end->reading == READING_NOTHING);
    end->reading = READING_LENT;
    end->paused = false;
    test_submit(end->test);
    tenon_stream_receive_lent(&end->stream, on_lent);
    test_submitted(end->test);
}

void end_receive_ready(struct end *end)
{
    CHECK(end->test, end->reading == READING_NOTHING);
    end->reading = READING_READY;
    end->paused = false;
    test_submit(end->test);
    tenon_stream_receive_ready(&end->stream, on_ready);
    test_submitted(end->test);
}

void end_receive(struct end *end, size_t size)
{
    CHECK(end->test, end->reading == READING_NOTHING);
    end->inbox = malloc(size);
    CHECK(end->test, end->inbox != NULL);
    end->reading = READING_SINGLE;
    end->receive.data = end->inbox;
    end->receive.size = size;
    test_submit(end->test);
    tenon_stream_receive(&end->stream, &end->receive, on_received);
    test_submitted(end->test);
}

void end_resume(struct end *end)
{
    end->paused = false;
    test_submit(end->test);
    tenon_stream_receive_resume(&end->stream);
    test_submitted(end->test);
}

void end_receive_cancel(struct end *end)
{
    test_submit(end->test);
    tenon_stream_receive_cancel(&end->stream);
    test_submitted(end->test);
}

size_t end_take(struct end *end, size_t size)
{
    unsigned char *data = malloc(size);
    CHECK(end->test, data != NULL);
    test_submit(end->test);
    size_t taken = tenon_stream_try_receive(&end->stream, data, size);
    test_submitted(end->test);
    CHECK(end->test, taken <= size);
    check_sequence(end, data, taken);
    free(data);
    return taken;
}

/* ---- sending ---- */

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct end *end = end_of(send->stream);
    size_t size = 0;
    check_callback(end);
    CHECK(end->test, end->sending && send == &end->send);
    CHECK(end->test, status != TENON_END);
    for (uint32_t i = 0; i < send->piece_count; i++) {
        size += send->pieces[i].size;
    }
    CHECK(end->test, status == TENON_OK ? send->sent == size : send->sent <= size);
    free(end->outbox);
    end->outbox = NULL;
    end->sending = false;
    end->out += size;
    end->sends++;
    end->sent = status;
    act(end, END_SENT);
}

static size_t try_send(struct end *end, const unsigned char *data, size_t size)
{
    test_submit(end->test);
    size_t sent = tenon_stream_try_send(&end->stream, data, size);
    test_submitted(end->test);
    CHECK(end->test, sent <= size && (sent == 0 || !end->sending));
    end->out += sent;
    return sent;
}

size_t end_try(struct end *end, size_t size)
{
    unsigned char *data = malloc(size);
    CHECK(end->test, data != NULL);
    write_sequence(end, data, size);
    size_t sent = try_send(end, data, size);
    free(data);
    return sent;
}

size_t end_relay(struct end *end, const struct end *from, size_t at, size_t size)
{
    CHECK(end->test, at + size <= from->lent_size);
    return try_send(end, from->lent + at, size);
}

void end_send_pieces(struct end *end, const size_t *sizes, uint32_t count)
{
    size_t size = 0;
    CHECK(end->test, !end->sending && count <= TENON_PIECES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        size += sizes[i];
    }
    end->outbox = malloc(size + 1);
    CHECK(end->test, end->outbox != NULL);
    write_sequence(end, end->outbox, size);
    size = 0;
    for (uint32_t i = 0; i < count; i++) {
        end->pieces[i] = (struct tenon_piece){end->outbox + size, sizes[i]};
        size += sizes[i];
    }
    end->send.pieces = end->pieces;
    end->send.piece_count = count;
    end->sending = true;
    test_submit(end->test);
    tenon_stream_send(&end->stream, &end->send, on_sent);
    test_submitted(end->test);
}

void end_send(struct end *end, size_t size)
{
    end_send_pieces(end, &size, 1);
}

void end_put(struct end *end, size_t size)
{
    size_t sent = end_try(end, size);
    CHECK(end->test, sent == size);
}

void end_fill(struct end *end)
{
    size_t sent = 1;
    for (int i = 0; i < END_FILL_MAX && sent > 0; i++) {
        sent = end_try(end, END_CHUNK_MAX);
    }
    end_send(end, END_STUCK);
    test_pass(end->test, 5 * TENON_MILLISECOND);
    CHECK(end->test, end->sending);
}

void end_send_cancel(struct end *end)
{
    test_submit(end->test);
    tenon_stream_send_cancel(&end->stream);
    test_submitted(end->test);
}

void end_finish(struct end *end)
{
    test_submit(end->test);
    tenon_stream_finish(&end->stream);
    test_submitted(end->test);
}

void end_echo(struct end *end, enum end_event event)
{
    if (event == END_DATA) {
        size_t size = end->lent_size;
        size_t sent = end_relay(end, end, 0, size);
        end->answer = TENON_CONTINUE;
        if (sent < size) {
            end->answer = TENON_PAUSE;
            end_send(end, size - sent);
        }
    } else if (event == END_SENT) {
        end_resume(end);
    } else if (event == END_LAST) {
        end_finish(end);
    }
}

/* ---- closing ---- */

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct end *end = end_of(stream);
    check_callback(end);
    CHECK(end->test, end->closing);
    CHECK(end->test, end->reading == READING_NOTHING && !end->sending);
    CHECK(end->test, status != TENON_END && status != TENON_CANCELED);
    end->closed = true;
    end->closed_status = status;
    end->closed_time = tenon_loop_now(end->test->loop);
    act(end, END_CLOSED);
}

void end_close(struct end *end, enum tenon_close_mode mode, int64_t timeout)
{
    CHECK(end->test, end->attached && !end->closed);
    end->closing = true;
    test_submit(end->test);
    tenon_stream_close(&end->stream, mode, timeout, on_closed);
    test_submitted(end->test);
}
