/* An odd client. Each operation lives in memory of its own, which is given back at its completion.
 */
#include "odd_client.h"
#include "common/outer.h"
#include <inttypes.h>
#include <string.h>

enum {
    CHUNK_MAX = 16 * 1024       /* bytes of one try_send, and of one receive */
};

static const int64_t connect_timeout = 20 * TENON_SECOND;
static const int64_t close_timeout = 5 * TENON_SECOND;

/* A send in flight, with the bytes that are its own until it completes. */
struct odd_send {
    struct tenon_send send;
    struct tenon_piece piece;
    struct odd_client *client;
    char *data;
};

/* The stream has memory of its own as well, beside whose it is. */
struct odd_stream {
    struct tenon_stream stream;
    struct odd_client *client;
};

struct odd_single {
    struct tenon_receive receive;
    struct odd_client *client;
    char *data;
};

static struct odd_client *client_of(struct tenon_stream *stream)
{
    return OUTER(stream, struct odd_stream, stream)->client;
}

static struct sim_world *world_of(const struct odd_client *client)
{
    return client->world->run->world;
}

static void trace(const struct odd_client *client, const char *what, uint64_t value)
{
    if (client->world->run->trace != NULL) {
        sim_trace(world_of(client), "odd client", "%" PRIu32 " (%s) %s %" PRIu64, client->number,
                  client->plan.kind, what, value);
    }
}

static int64_t soon(const struct odd_client *client, int64_t pause_max)
{
    return tenon_loop_now(client->loop) + draw_time(client->world->run, 0, pause_max);
}

/* ---- the end ---- */

static void end(struct odd_client *client)
{
    CHECK(world_of(client), !client->over);
    tenon_timer_stop(client->loop, &client->patience);
    tenon_timer_stop(client->loop, &client->sender);
    tenon_timer_stop(client->loop, &client->reader);
    client->over = true;
    client->over_at = tenon_loop_now(client->loop);
    client->world->alive--;
    trace(client, "is over, having received", client->received);
}

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct odd_client *client = client_of(stream);
    CHECK(world_of(client), client->closing && client->stream == stream);
    CHECK(world_of(client), !client->receiving && client->send == NULL);
    CHECK(world_of(client), status < TENON_STATUS_COUNT && status != TENON_CANCELED);
    client->world->run->tally->operations++;
    client->stream = NULL;
    scenario_poison(client->world->run, OUTER(stream, struct odd_stream, stream));
    end(client);
}

static void close_stream(struct odd_client *client, enum tenon_close_mode mode)
{
    trace(client, mode == TENON_CLOSE_ABORT ? "aborts, having sent" : "closes, having sent",
          client->sent);
    client->closing = true;
    tenon_timer_stop(client->loop, &client->sender);
    tenon_timer_stop(client->loop, &client->reader);
    tenon_stream_close(client->stream, mode, close_timeout, on_closed);
}

/* After the first failure nothing but an abort is left. */
static void fail(struct odd_client *client, enum tenon_status status)
{
    CHECK(world_of(client), status != TENON_OK && status < TENON_STATUS_COUNT);
    trace(client, tenon_status_name(status), client->received);
    if (client->status == TENON_OK) {
        client->status = status;
    }
    if (!client->closing) {
        close_stream(client, TENON_CLOSE_ABORT);
    }
}

/* ---- sending ---- */

static void pump(struct odd_client *client);

static void on_sender(struct tenon_timer *timer)
{
    struct odd_client *client = OUTER(timer, struct odd_client, sender);
    pump(client);
}

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct odd_send *op = OUTER(send, struct odd_send, send);
    struct odd_client *client = op->client;
    struct run *run = client->world->run;
    CHECK(run->world, client->send == op && send->stream == client->stream);
    CHECK(run->world, send->sent <= op->piece.size);
    CHECK(run->world, status != TENON_OK || send->sent == op->piece.size);
    run->tally->operations++;
    client->send = NULL;
    client->sent += send->sent;
    scenario_poison(run, op->data);
    scenario_poison(run, op);
    if (status == TENON_OK && !client->closing) {
        pump(client);
    } else if (status != TENON_OK && status != TENON_CANCELED) {
        fail(client, status);
    }
}

static void send_whole(struct odd_client *client, uint64_t size)
{
    struct run *run = client->world->run;
    struct odd_send *op = scenario_allocate(run, sizeof *op);
    op->client = client;
    op->data = scenario_allocate(run, (size_t)size);
    scenario_fill(client->number, client->sent, op->data, (size_t)size);
    op->piece.data = op->data;
    op->piece.size = (size_t)size;
    op->send.pieces = &op->piece;
    op->send.piece_count = 1;
    client->send = op;
    client->offered = client->sent + size;
    tenon_stream_send(client->stream, &op->send, on_sent);
}

static void try_to_send(struct odd_client *client, uint64_t size)
{
    char data[CHUNK_MAX];
    scenario_fill(client->number, client->sent, data, (size_t)size);
    uint64_t sent = tenon_stream_try_send(client->stream, data, (size_t)size);
    CHECK(world_of(client), sent <= size);
    memset(data, 0, sizeof data);
    client->sent += sent;
    client->offered = client->sent > client->offered ? client->sent : client->offered;
    if (sent < size) {
        send_whole(client, size - sent);
    }
}

static void finish_sending(struct odd_client *client)
{
    if (client->plan.finish == ODD_FINISH_SENT && !client->finished) {
        trace(client, "half-closes, having sent", client->sent);
        client->finished = true;
        tenon_stream_finish(client->stream);
    }
}

/* One chunk, if it is time for one. */
static void pump(struct odd_client *client)
{
    const struct odd_plan *plan = &client->plan;
    if (client->closing || client->finished || client->send != NULL) {
        return;
    }
    if (client->ended && client->plan.finish != ODD_FINISH_NEVER) {
        return;
    }
    if (client->sent >= plan->reset_after) {
        close_stream(client, TENON_CLOSE_ABORT);
        return;
    }
    uint64_t left = plan->size - client->sent;
    if (left == 0) {
        finish_sending(client);
        return;
    }
    uint64_t size = draw(client->world->run, 1, plan->chunk_max);
    size = size < left ? size : left;
    if (size <= CHUNK_MAX && draw_chance(client->world->run, 500)) {
        try_to_send(client, size);
    } else {
        send_whole(client, size);
    }
    if (client->send != NULL && size == left && draw_chance(client->world->run, 500)) {
        finish_sending(client);         /* the end goes out behind the send */
    }
    if (client->send == NULL || plan->pause_max > 0) {
        tenon_timer_start(client->loop, &client->sender, soon(client, plan->pause_max), on_sender);
    }
}

/* ---- receiving ---- */

static void check_answer(struct odd_client *client, const char *data, size_t size)
{
    struct odd_world *world = client->world;
    switch (world->mode) {
    case SERVER_GREET:
        CHECK(world_of(client), client->received + size <= world->message_size);
        CHECK(world_of(client), memcmp(world->message + client->received, data, size) == 0);
        break;
    case SERVER_ECHO:
        CHECK(world_of(client), client->received + size <= client->offered);
        CHECK(world_of(client), scenario_matches(client->number, client->received, data, size));
        break;
    case SERVER_DISCARD:
        CHECK(world_of(client), size == 0);
        break;
    }
    client->received += size;
    world->run->tally->bytes += size;
}

/* The server's end: a part of a greeting never ends plainly. */
static void on_end(struct odd_client *client)
{
    struct odd_world *world = client->world;
    bool greet = world->mode == SERVER_GREET;
    CHECK(world_of(client),
          !greet || client->received == 0 || client->received == world->message_size);
    trace(client, "read the end behind", client->received);
    client->ended = true;
    client->ended_at = tenon_loop_now(client->loop);
    if (!client->closing && client->plan.finish != ODD_FINISH_NEVER) {
        close_stream(client, TENON_CLOSE_GRACEFUL);
    }
}

static void on_receive_over(struct odd_client *client, enum tenon_status status)
{
    CHECK(world_of(client), client->receiving);
    client->receiving = false;
    if (status == TENON_END) {
        on_end(client);
    } else if (status == TENON_CANCELED) {
        CHECK(world_of(client), client->closing);
    } else {
        fail(client, status);
    }
}

static void receive(struct odd_client *client);

static void on_reader(struct tenon_timer *timer)
{
    struct odd_client *client = OUTER(timer, struct odd_client, reader);
    if (client->paused) {
        client->paused = false;
        tenon_stream_receive_resume(client->stream);
    } else {
        receive(client);
    }
}

static bool wants_pause(struct odd_client *client)
{
    if (client->plan.read_pause_max == 0 || client->closing) {
        return false;
    }
    tenon_timer_start(client->loop, &client->reader, soon(client, client->plan.read_pause_max),
                      on_reader);
    return true;
}

static enum tenon_flow on_lent(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct odd_client *client = client_of(stream);
    CHECK(world_of(client), client->stream == stream && client->receiving);
    CHECK(world_of(client), !client->paused || status == TENON_CANCELED);
    if (status != TENON_OK) {
        CHECK(world_of(client), data == NULL);
        on_receive_over(client, status);
        return TENON_PAUSE;
    }
    CHECK(world_of(client), size > 0);
    check_answer(client, data, size);
    client->paused = wants_pause(client);
    return client->paused ? TENON_PAUSE : TENON_CONTINUE;
}

static enum tenon_flow on_ready(struct tenon_stream *stream, enum tenon_status status)
{
    struct odd_client *client = client_of(stream);
    char data[CHUNK_MAX];
    CHECK(world_of(client), client->stream == stream && client->receiving);
    CHECK(world_of(client), !client->paused || status == TENON_CANCELED);
    if (status != TENON_OK) {
        on_receive_over(client, status);
        return TENON_PAUSE;
    }
    uint64_t size = draw(client->world->run, 1, client->plan.take_max);
    size_t taken = tenon_stream_try_receive(stream, data, (size_t)size);
    CHECK(world_of(client), taken <= size);
    check_answer(client, data, taken);
    client->paused = wants_pause(client);
    return client->paused ? TENON_PAUSE : TENON_CONTINUE;
}

static void on_received(struct tenon_receive *received, enum tenon_status status)
{
    struct odd_single *op = OUTER(received, struct odd_single, receive);
    struct odd_client *client = op->client;
    struct run *run = client->world->run;
    CHECK(run->world, client->single == op && client->receiving);
    CHECK(run->world, (status == TENON_OK) == (received->received > 0));
    CHECK(run->world, received->received <= received->size);
    run->tally->operations++;
    check_answer(client, op->data, received->received);
    client->single = NULL;
    scenario_poison(run, op->data);
    scenario_poison(run, op);
    if (status != TENON_OK) {
        on_receive_over(client, status);
        return;
    }
    client->receiving = false;
    if (!client->closing && !wants_pause(client)) {
        receive(client);
    }
}

static void receive(struct odd_client *client)
{
    struct run *run = client->world->run;
    client->receiving = client->plan.reader != ODD_NOTHING;
    switch (client->plan.reader) {
    case ODD_LENT:
        tenon_stream_receive_lent(client->stream, on_lent);
        break;
    case ODD_READY:
        tenon_stream_receive_ready(client->stream, on_ready);
        break;
    case ODD_SINGLE:
        client->single = scenario_allocate(run, sizeof *client->single);
        client->single->client = client;
        client->single->receive.size = (size_t)draw(run, 1, client->plan.take_max);
        client->single->data = scenario_allocate(run, client->single->receive.size);
        client->single->receive.data = client->single->data;
        tenon_stream_receive(client->stream, &client->single->receive, on_received);
        break;
    case ODD_NOTHING:
        break;
    }
}

/* ---- connecting ---- */

static void on_patience(struct tenon_timer *timer)
{
    struct odd_client *client = OUTER(timer, struct odd_client, patience);
    CHECK(world_of(client), tenon_loop_now(client->loop) >= timer->when);
    client->gave_up = true;
    if (client->connect != NULL) {
        trace(client, "cancels its connect", 0);
        tenon_connect_cancel(client->connect);
    } else if (!client->closing) {
        close_stream(client, client->plan.patience_resets ? TENON_CLOSE_ABORT :
                                                            TENON_CLOSE_GRACEFUL);
    }
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct odd_client *client = client_of(connect->stream);
    struct run *run = client->world->run;
    CHECK(run->world, client->connect == connect && client->stream == connect->stream);
    CHECK(run->world, status != TENON_CANCELED || client->gave_up);
    CHECK(run->world, status != TENON_END && status < TENON_STATUS_COUNT);
    run->tally->operations++;
    client->connect = NULL;
    client->status = status;
    scenario_poison(run, connect);
    trace(client, status == TENON_OK ? "connected" : tenon_status_name(status), 0);
    if (status != TENON_OK) {
        scenario_poison(run, OUTER(client->stream, struct odd_stream, stream));
        client->stream = NULL;
        end(client);
        return;
    }
    run->tally->connections++;
    client->connected_at = tenon_loop_now(client->loop);
    client->local = sim_local_address(client->stream);
    if (client->gave_up) {
        close_stream(client, TENON_CLOSE_ABORT);
        return;
    }
    receive(client);
    pump(client);
}

static void begin(struct tenon_timer *timer)
{
    struct odd_client *client = OUTER(timer, struct odd_client, beginning);
    struct run *run = client->world->run;
    struct tenon_connect_options options = {0};
    options.timeout = connect_timeout;
    client->connect = scenario_allocate(run, sizeof *client->connect);
    struct odd_stream *stream = scenario_allocate(run, sizeof *stream);
    stream->client = client;
    client->stream = &stream->stream;
    trace(client, "connects to port", client->plan.port);
    tenon_timer_start(client->loop, &client->patience,
                      tenon_loop_now(client->loop) + client->plan.patience, on_patience);
    tenon_connect(client->loop, client->connect, client->stream, client->plan.host,
                  client->plan.port, &options, on_connected);
}

void odd_client_plan(struct odd_client *client, struct odd_world *world, uint32_t number,
                     struct tenon_loop *loop, const struct odd_plan *plan)
{
    memset(client, 0, sizeof *client);
    client->world = world;
    client->plan = *plan;
    client->number = number;
    client->loop = loop;
    world->alive++;
    tenon_timer_start(loop, &client->beginning, sim_now(world->run->world) + plan->begin, begin);
}

static void give_back(void *memory)
{
    if (memory != NULL) {
        scenario_free(memory);
    }
}

void odd_client_bury(struct odd_client *client)
{
    if (client->over) {
        return;
    }
    if (client->send != NULL) {
        scenario_free(client->send->data);
    }
    if (client->single != NULL) {
        scenario_free(client->single->data);
    }
    give_back(client->send);
    give_back(client->single);
    give_back(client->connect);
    if (client->stream != NULL) {
        scenario_free(OUTER(client->stream, struct odd_stream, stream));
    }
    client->dead = true;
    client->over = true;
    client->world->alive--;
}

bool odd_client_is_answered(const struct odd_client *client)
{
    const struct odd_world *world = client->world;
    if (!client->ended) {
        return false;
    }
    switch (world->mode) {
    case SERVER_GREET:
        return client->received == world->message_size && client->sent > 0;
    case SERVER_ECHO:
        return client->sent > 0 && client->received == client->sent;
    case SERVER_DISCARD:
        break;
    }
    return false;
}
