/* A visitor: connects, sends piece by piece, checks what comes, and leaves. */
#include "visitor.h"
#include "common/outer.h"
#include <string.h>

static const int64_t close_timeout = 5 * TENON_SECOND;
static const int64_t slow_pause = 6 * TENON_SECOND;
static const int64_t pause_max = 100 * TENON_MILLISECOND;

static struct sim_world *world_of(const struct visitor *visitor)
{
    return visitor->gate->run->world;
}

static void trace(const struct visitor *visitor, const char *what)
{
    if (visitor->gate->run->trace != NULL) {
        sim_trace(world_of(visitor), "visitor", "%u %s", (unsigned)visitor->number, what);
    }
}

/* ---- the end ---- */

static void end(struct visitor *visitor)
{
    tenon_timer_stop(visitor->loop, &visitor->timer);
    visitor->over_at = tenon_loop_now(visitor->loop);
    visitor->gate->alive--;
    trace(visitor, visitor->outcome == OUTCOME_REFUSED ? "was refused" :
                   visitor->outcome == OUTCOME_SERVED ? "was served" : "left");
}

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct visitor *visitor = OUTER(stream, struct visitor, stream);
    CHECK(world_of(visitor), status != TENON_CANCELED && !visitor->sending);
    visitor->gate->run->tally->operations++;
    end(visitor);
}

/* From here on the server may count it no longer. */
static void go_out(struct visitor *visitor)
{
    if (visitor->inside) {
        visitor->inside = false;
        visitor->gate->inside[visitor->plan.key]--;
    }
}

static void close_stream(struct visitor *visitor, enum outcome outcome, enum tenon_close_mode mode)
{
    go_out(visitor);
    visitor->outcome = outcome;
    visitor->closing = true;
    tenon_timer_stop(visitor->loop, &visitor->timer);
    tenon_stream_close(&visitor->stream, mode, close_timeout, on_closed);
}

/* A reset, before anything came. */
static void refused(struct visitor *visitor, enum tenon_status status)
{
    CHECK(world_of(visitor), status == TENON_RESET && visitor->received == 0);
    if (!visitor->closing) {
        close_stream(visitor, OUTCOME_REFUSED, TENON_CLOSE_ABORT);
    }
}

/* ---- sending ---- */

static void pump(struct visitor *visitor);

static void on_timer(struct tenon_timer *timer)
{
    struct visitor *visitor = OUTER(timer, struct visitor, timer);
    if (visitor->sent < visitor->data_size) {
        pump(visitor);
        return;
    }
    /* It has stayed long enough. */
    if (visitor->plan.fate == FATE_IGNORED) {
        close_stream(visitor, OUTCOME_LEFT, TENON_CLOSE_GRACEFUL);
        return;
    }
    go_out(visitor);
    visitor->leaving = true;
    tenon_stream_finish(&visitor->stream);
}

static void start_timer(struct visitor *visitor, int64_t duration)
{
    tenon_timer_start(visitor->loop, &visitor->timer, tenon_loop_now(visitor->loop) + duration,
                      on_timer);
}

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct visitor *visitor = OUTER(send, struct visitor, send);
    visitor->sending = false;
    visitor->gate->run->tally->operations++;
    if (status == TENON_OK) {
        visitor->sent += visitor->piece.size;
        if (!visitor->closing) {
            pump(visitor);
        }
    } else if (status != TENON_CANCELED) {
        refused(visitor, status);
    }
}

/* The next piece; within a header that is to be late, after a long pause. */
static void pump(struct visitor *visitor)
{
    struct run *run = visitor->gate->run;
    size_t left = visitor->data_size - visitor->sent;
    bool first = visitor->sent == 0;
    if (left == 0) {
        if (visitor->plan.fate == FATE_IGNORED) {
            start_timer(visitor, visitor->plan.stay);
        }
        return;
    }
    if (!first && !visitor->paused) {
        bool late = visitor->plan.slow && visitor->sent < visitor->plan.header_size;
        visitor->paused = true;
        start_timer(visitor, late ? slow_pause : draw_time(run, 0, pause_max));
        return;
    }
    visitor->paused = false;
    size_t most = left;
    if (first && visitor->plan.slow) {
        most = visitor->plan.header_size - 1;
    }
    visitor->piece.data = visitor->data + visitor->sent;
    visitor->piece.size = (size_t)(draw_chance(run, 500) ? draw(run, 1, most) : most);
    visitor->send.pieces = &visitor->piece;
    visitor->send.piece_count = 1;
    visitor->sending = true;
    tenon_stream_send(&visitor->stream, &visitor->send, on_sent);
}

/* ---- receiving ---- */

static void check_data(struct visitor *visitor, const char *data, size_t size)
{
    struct gate *gate = visitor->gate;
    const char *expected = visitor->data + visitor->plan.header_size;
    size_t whole = visitor->plan.size;
    CHECK(world_of(visitor), visitor->plan.fate == FATE_ENTER);
    if (gate->mode == SERVER_GREET) {
        expected = gate->message;
        whole = gate->message_size;
    }
    CHECK(world_of(visitor), visitor->received + size <= whole);
    CHECK(world_of(visitor), memcmp(expected + visitor->received, data, size) == 0);
    if (visitor->received == 0) {
        uint32_t *inside = &gate->inside[visitor->plan.key];
        visitor->inside = true;
        (*inside)++;
        CHECK(world_of(visitor), gate->limit == 0 || *inside <= gate->limit);
    }
    visitor->received += size;
    gate->run->tally->bytes += size;
    if (gate->mode == SERVER_ECHO && visitor->received == whole) {
        start_timer(visitor, visitor->plan.stay);
    }
}

static enum tenon_flow on_lent(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct visitor *visitor = OUTER(stream, struct visitor, stream);
    if (status == TENON_OK) {
        check_data(visitor, data, size);
        return TENON_CONTINUE;
    }
    if (status == TENON_END) {
        struct gate *gate = visitor->gate;
        size_t whole = gate->mode == SERVER_GREET ? gate->message_size : visitor->plan.size;
        CHECK(world_of(visitor), visitor->received == whole);
        CHECK(world_of(visitor), gate->mode == SERVER_GREET || visitor->leaving);
        gate->run->tally->answers++;
        if (!visitor->closing) {
            close_stream(visitor, OUTCOME_SERVED, TENON_CLOSE_GRACEFUL);
        }
    } else if (status != TENON_CANCELED) {
        refused(visitor, status);
    }
    return TENON_PAUSE;
}

/* ---- the beginning ---- */

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct visitor *visitor = OUTER(connect, struct visitor, connect);
    visitor->gate->run->tally->operations++;
    if (status != TENON_OK) {
        CHECK(world_of(visitor), status == TENON_RESET);
        visitor->outcome = OUTCOME_REFUSED;
        end(visitor);
        return;
    }
    visitor->gate->run->tally->connections++;
    visitor->connected_at = tenon_loop_now(visitor->loop);
    tenon_stream_receive_lent(&visitor->stream, on_lent);
    pump(visitor);
}

static void begin(struct tenon_timer *timer)
{
    struct visitor *visitor = OUTER(timer, struct visitor, timer);
    trace(visitor, "connects");
    tenon_connect(visitor->loop, &visitor->connect, &visitor->stream, "10.0.0.1", 12345, NULL,
                  on_connected);
}

void visitor_plan(struct visitor *visitor, struct gate *gate, uint32_t number,
                  struct tenon_loop *loop, const struct visitor_plan *plan)
{
    memset(visitor, 0, sizeof *visitor);
    visitor->gate = gate;
    visitor->plan = *plan;
    visitor->number = number;
    visitor->loop = loop;
    visitor->data_size = plan->header_size + plan->size;
    CHECK(world_of(visitor), visitor->data_size <= VISITOR_BYTES_MAX);
    if (plan->header != NULL) {
        memcpy(visitor->data, plan->header, plan->header_size);
    }
    scenario_fill(number, 0, visitor->data + plan->header_size, plan->size);
    gate->alive++;
    tenon_timer_start(loop, &visitor->timer, sim_now(gate->run->world) + plan->begin, begin);
}
