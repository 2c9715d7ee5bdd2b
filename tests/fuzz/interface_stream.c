/* The streams of the interface's fuzzer, and what is in flight on them. */
#include "interface.h"
#include <stdlib.h>
#include <string.h>

enum receiving {
    RECEIVING_NOTHING,
    RECEIVING_LENT,
    RECEIVING_READY,
    RECEIVING_SINGLE
};

enum {
    PIECES = 4
};

struct end {
    struct tenon_stream stream;
    struct item item;
    uint8_t key;            /* tells its bytes from those of others */
    uint8_t peer;           /* the key of whose bytes it receives, 0: not known yet */
    uint64_t received;
    uint64_t turn;          /* of its last data */
    enum receiving receiving;
    bool attached;
    bool paused;
    bool receive_canceled;
    bool ended;             /* the end was delivered */
    struct sending *sending;
    bool send_canceled;
    bool broken;            /* a send was cancelled or failed: an abort is all that is left */
    bool finished;
    bool closing;
};

/* A single receive and a send, with their memory. */
struct taking {
    struct tenon_receive receive;
    struct end *end;
};

struct sending {
    struct tenon_send send;
    struct end *end;
    uint64_t size;
    uint8_t *data;
    struct tenon_piece pieces[PIECES];
};

static struct end *end_of(const struct item *item)
{
    return OUTER(item, struct end, item);
}

static struct record *record_of(const struct end *end)
{
    return &end->item.side->run->records[end->key];
}

/* Byte `at` of what this key sends; the first is the key itself. */
static uint8_t byte_of(uint8_t key, uint64_t at)
{
    return at == 0 ? key : (uint8_t)(key * 37u + at * 101u + (at >> 8) * 13u);
}

/* ---- receiving ---- */

/* A connection has two ends, and each reads the other. */
static void meet(struct end *end, uint8_t peer)
{
    struct run *run = end->item.side->run;
    FUZZ_CHECK(peer > 0 && peer <= run->keys);
    FUZZ_CHECK(run->records[peer].reader == 0);
    FUZZ_CHECK(record_of(end)->reader == 0 || record_of(end)->reader == peer);
    run->records[peer].reader = end->key;
    end->peer = peer;
}

/* What comes is what was sent, from its beginning. */
static void check_data(struct end *end, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    FUZZ_CHECK(size > 0);
    if (end->received == 0) {
        meet(end, bytes[0]);
    }
    for (size_t i = 0; i < size; i++) {
        FUZZ_CHECK(bytes[i] == byte_of(end->peer, end->received + i));
    }
    end->received += size;
    FUZZ_CHECK(end->received <= end->item.side->run->records[end->peer].begun);
}

static void check_delivery(struct end *end, enum receiving receiving)
{
    run_check_callback(&end->item);
    FUZZ_CHECK(end->attached);
    FUZZ_CHECK(end->receiving == receiving);
}

/* One with data: not while it is paused, and at most one a turn. */
static void check_data_delivery(struct end *end)
{
    FUZZ_CHECK(!end->paused);
    FUZZ_CHECK(end->turn != end->item.side->run->turn);
    end->turn = end->item.side->run->turn;
}

/* The last call of a receive. */
static void check_over(struct end *end, enum tenon_status status)
{
    enum tenon_status failure = tenon_stream_error(&end->stream).status;
    end->receiving = RECEIVING_NOTHING;
    end->paused = false;
    if (status == TENON_CANCELED) {
        FUZZ_CHECK(end->receive_canceled);
    } else if (status == TENON_END) {
        FUZZ_CHECK(!end->ended && failure == TENON_OK);
        end->ended = true;
        if (end->peer != 0) {
            const struct record *peer = &end->item.side->run->records[end->peer];
            FUZZ_CHECK(peer->finished && !peer->cut);
            FUZZ_CHECK(peer->sent == peer->begun && end->received == peer->sent);
        }
    } else {
        FUZZ_CHECK(status == failure);
    }
    end->receive_canceled = false;
}

static enum tenon_flow answer(struct end *end, uint8_t decision)
{
    bool pause = (decision & 4) != 0;
    /* What it does may have closed the end, but not freed it: it is still being delivered. */
    run_react(end->item.side, decision);
    if (end->receiving != RECEIVING_NOTHING) {
        end->paused = pause;
    }
    return pause ? TENON_PAUSE : TENON_CONTINUE;
}

static enum tenon_flow on_lent(struct tenon_stream *stream, enum tenon_status status,
                               const void *data, size_t size)
{
    struct end *end = OUTER(stream, struct end, stream);
    uint8_t decision = fuzz_byte(&end->item.side->run->input);
    check_delivery(end, RECEIVING_LENT);
    if (status == TENON_OK) {
        check_data_delivery(end);
        check_data(end, data, size);
        return answer(end, decision);
    }
    FUZZ_CHECK(data == NULL && size == 0);
    check_over(end, status);
    run_react(end->item.side, decision);
    return decision & 4 ? TENON_PAUSE : TENON_CONTINUE;
}

static void try_receive(struct end *end, uint8_t size)
{
    uint8_t *data = run_allocate((size_t)size * 16 + 1);
    size_t received = tenon_stream_try_receive(&end->stream, data, (size_t)size * 16 + 1);
    FUZZ_CHECK(received <= (size_t)size * 16 + 1);
    if (received > 0) {
        check_data(end, data, received);
    }
    free(data);
}

static enum tenon_flow on_ready(struct tenon_stream *stream, enum tenon_status status)
{
    struct end *end = OUTER(stream, struct end, stream);
    uint8_t decision = fuzz_byte(&end->item.side->run->input);
    check_delivery(end, RECEIVING_READY);
    if (status == TENON_OK) {
        check_data_delivery(end);
        if ((decision & 8) == 0) {
            try_receive(end, 255);
        }
        return answer(end, decision);
    }
    check_over(end, status);
    run_react(end->item.side, decision);
    return decision & 4 ? TENON_PAUSE : TENON_CONTINUE;
}

static void on_received(struct tenon_receive *receive, enum tenon_status status)
{
    struct taking *taking = OUTER(receive, struct taking, receive);
    struct end *end = taking->end;
    uint8_t decision = fuzz_byte(&end->item.side->run->input);
    check_delivery(end, RECEIVING_SINGLE);
    if (status == TENON_OK) {
        check_data_delivery(end);
        FUZZ_CHECK(receive->received <= receive->size);
        check_data(end, receive->data, receive->received);
        end->receiving = RECEIVING_NOTHING;
        end->receive_canceled = false;
    } else {
        FUZZ_CHECK(receive->received == 0);
        check_over(end, status);
    }
    free(receive->data);
    free(taking);
    run_react(end->item.side, decision);
}

static void receive(struct end *end, uint8_t decision)
{
    if (end->receiving != RECEIVING_NOTHING) {
        if (decision & 0x80) {
            end->receive_canceled = true;
            tenon_stream_receive_cancel(&end->stream);
        } else if (end->receiving == RECEIVING_READY && (decision & 0x40) != 0) {
            try_receive(end, decision & 0x3f);
        } else {
            end->paused = false;
            tenon_stream_receive_resume(&end->stream);
        }
        return;
    }
    if (end->ended || end->closing) {
        return;
    }
    end->receiving = decision & 1 ? RECEIVING_LENT : decision & 2 ? RECEIVING_SINGLE :
                                                                    RECEIVING_READY;
    if (end->receiving == RECEIVING_LENT) {
        tenon_stream_receive_lent(&end->stream, on_lent);
    } else if (end->receiving == RECEIVING_READY) {
        tenon_stream_receive_ready(&end->stream, on_ready);
    } else {
        struct taking *taking = run_allocate(sizeof *taking);
        taking->end = end;
        taking->receive.size = 1 + (size_t)(decision >> 2) * 8;
        taking->receive.data = run_allocate(taking->receive.size);
        tenon_stream_receive(&end->stream, &taking->receive, on_received);
    }
}
