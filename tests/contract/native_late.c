/* Peers that read late or do nothing at all: what a stream has been given to send leaves by itself,
 * and what waits for that goes on. */
#include "native.h"
#include <string.h>
#include <tenon/thread.h>
#include "testing.h"

struct reader {
    struct tenon_thread thread;
    int64_t socket;
    unsigned char data[END_CHUNK_MAX];
    size_t size;
    size_t received;
};

static void read_all(void *argument)
{
    struct reader *reader = argument;
    enum testing_raw_result result = TESTING_RAW_OK;
    while (result == TESTING_RAW_OK && reader->received < reader->size) {
        size_t taken = 0;
        result = testing_raw_receive(reader->socket, reader->data, END_CHUNK_MAX, NATIVE_PATIENCE,
                                     &taken);
        reader->received += taken;
    }
    testing_raw_close(reader->socket);
}

/* A few bytes behind what has filled the socket: they leave by themselves once there is room,
 * though nothing else happens. */
static void peer_reads_late(struct test *test)
{
    struct raw raw = raw_pair(test, 4096);
    static struct reader reader;
    reader.socket = raw.socket;
    reader.received = 0;
    size_t sent = END_CHUNK_MAX;
    while (sent == END_CHUNK_MAX) {
        sent = end_try(raw.ours, END_CHUNK_MAX);
    }
    (void)end_try(raw.ours, 100);
    reader.size = (size_t)raw.ours->out;
    end_receive_lent(raw.ours);
    CHECK(test, tenon_thread_start(&reader.thread, read_all, &reader) == TENON_OK);
    UNTIL(test, raw.ours->lasts == 1);
    tenon_thread_join(&reader.thread);
    CHECK(test, reader.received == reader.size);
}

/* Peers that have ended their side and take nothing: what is sent waits, without a thread for each
 * of them, and goes on when they take it. */
static void peer_reads_late_behind_its_end(struct test *test)
{
    enum { PEERS = 4 };
    struct raw raws[PEERS];
    static struct reader readers[PEERS];
    int64_t threads = testing_threads();
    for (uint32_t i = 0; i < PEERS; i++) {
        raws[i] = raw_pair(test, 4096);
        end_receive_lent(raws[i].ours);
        end_fill(raws[i].ours);
        testing_raw_finish(raws[i].socket);
        UNTIL(test, raws[i].ours->lasts == 1);
    }
    test_pass(test, 20 * TENON_MILLISECOND);
    CHECK(test, testing_threads() == threads);
    for (uint32_t i = 0; i < PEERS; i++) {
        readers[i].socket = raws[i].socket;
        readers[i].received = 0;
        readers[i].size = (size_t)raws[i].ours->out + END_STUCK;
        CHECK(test, tenon_thread_start(&readers[i].thread, read_all, &readers[i]) == TENON_OK);
    }
    for (uint32_t i = 0; i < PEERS; i++) {
        UNTIL(test, raws[i].ours->sends == 1);
        CHECK(test, raws[i].ours->sent == TENON_OK);
        tenon_thread_join(&readers[i].thread);
        CHECK(test, readers[i].received == readers[i].size);
    }
}

/* What try_send has left with the loop may have had to be submitted in the middle of a turn: what
 * waits for it goes on though no peer does anything. */
static void peers_are_silent(struct test *test)
{
    enum { SENDING = 3, RECEIVING = 8 };
    struct raw sending[SENDING];
    struct raw receiving[RECEIVING];
    for (uint32_t i = 0; i < RECEIVING; i++) {
        receiving[i] = raw_pair(test, 0);
    }
    for (uint32_t i = 0; i < SENDING; i++) {
        sending[i] = raw_pair(test, 0);
        end_put(sending[i].ours, 1);
        test_pass(test, TENON_MILLISECOND);
    }
    for (uint32_t i = 0; i < SENDING; i++) {
        end_put(sending[i].ours, 1);
    }
    for (uint32_t i = 0; i < RECEIVING; i++) {
        end_receive_lent(receiving[i].ours);
    }
    for (uint32_t i = 0; i < SENDING; i++) {
        end_send(sending[i].ours, 1);
    }
    for (uint32_t i = 0; i < SENDING; i++) {
        UNTIL(test, sending[i].ours->sends == 1);
        testing_raw_close(sending[i].socket);
    }
    for (uint32_t i = 0; i < RECEIVING; i++) {
        testing_raw_close(receiving[i].socket);
    }
}

/* What is to happen in one turn, behind its wait. */
struct late {
    struct tenon_timer timer;           /* first: the callback finds it by it */
    struct raw closing;
    struct raw others[8];
};

static void send_and_close(struct tenon_timer *timer)
{
    struct late *late = (struct late *)(void *)timer;
    end_put(late->closing.ours, 1);
    for (size_t i = 0; i < sizeof late->others / sizeof late->others[0]; i++) {
        end_receive_lent(late->others[i].ours);
    }
    end_close(late->closing.ours, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
}

/* The same for a close: the peer's end is there already, and nothing else comes. */
static void peers_are_silent_in_a_close(struct test *test)
{
    struct late late;
    const size_t others = sizeof late.others / sizeof late.others[0];
    memset(&late, 0, sizeof late);
    for (size_t i = 0; i < others; i++) {
        late.others[i] = raw_pair(test, 0);
    }
    late.closing = raw_pair(test, 0);
    end_put(late.closing.ours, 1);
    testing_raw_finish(late.closing.socket);
    test_pass(test, TENON_MILLISECOND);
    int64_t begin = tenon_loop_now(test->loop);
    tenon_timer_start(test->loop, &late.timer, begin, send_and_close);
    UNTIL(test, late.closing.ours->closed);
    CHECK(test, late.closing.ours->closed_time < begin + TEST_PATIENCE / 2);
    testing_raw_close(late.closing.socket);
    for (size_t i = 0; i < others; i++) {
        testing_raw_close(late.others[i].socket);
    }
}

/* Of a loop that deals with one event a turn: another one has them first, and closes what a later
 * one is about, whose memory is the caller's by then. */
struct told {
    struct test test;
    struct surroundings around;
    struct raw first[3];
};

static void told_begin(struct told *told, struct test *test)
{
    told->around = *test->around;
    told->around.batch = 1;
    test_open(&told->test, &told->around);
    for (size_t i = 0; i < sizeof told->first / sizeof told->first[0]; i++) {
        told->first[i] = raw_pair(&told->test, 0);
        end_receive_lent(told->first[i].ours);
    }
}

static void told_first(struct told *told)
{
    test_pass(&told->test, TENON_MILLISECOND);
    for (size_t i = 0; i < sizeof told->first / sizeof told->first[0]; i++) {
        raw_put(&told->test, told->first[i].socket, 0, 1);
    }
}

static void told_end(struct told *told)
{
    test_pass(&told->test, TENON_MILLISECOND);
    for (size_t i = 0; i < sizeof told->first / sizeof told->first[0]; i++) {
        CHECK(&told->test, told->first[i].ours->in == 1);
        testing_raw_close(told->first[i].socket);
    }
    test_close(&told->test);
}

static void close_gate(struct end *end, enum end_event event)
{
    if (event == END_DATA) {
        gate_close(end->test->gate, TENON_CLOSE_ABORT);
    }
}

static void listener_closed_before_its_event(struct test *test)
{
    static struct told told;
    told_begin(&told, test);
    struct gate *gate = told.test.gate;
    told.first[0].ours->act = close_gate;
    told_first(&told);
    int64_t newcomer = raw_peer(&told.test, 0);
    UNTIL(&told.test, gate->closed);
    memset(&gate->listener, 0xff, sizeof gate->listener);
    told_end(&told);
    testing_raw_close(newcomer);
}

static void close_friend(struct end *end, enum end_event event)
{
    if (event == END_DATA) {
        end_close(end->friend, TENON_CLOSE_ABORT, 0);
    }
}

static void stream_closed_before_its_event(struct test *test)
{
    static struct told told;
    static unsigned char data[END_CHUNK_MAX];
    told_begin(&told, test);
    struct raw full = raw_pair(&told.test, 0);
    end_fill(full.ours);
    told.first[0].ours->act = close_friend;
    told.first[0].ours->friend = full.ours;
    told_first(&told);
    for (uint64_t received = 0; received < full.ours->out;) {
        size_t taken = 0;
        CHECK(&told.test, testing_raw_receive(full.socket, data, sizeof data, NATIVE_PATIENCE,
                                              &taken) == TESTING_RAW_OK);
        received += taken;
    }
    UNTIL(&told.test, full.ours->closed);
    memset(&full.ours->stream, 0xff, sizeof full.ours->stream);
    told_end(&told);
    testing_raw_close(full.socket);
}

const struct test_case late_cases[] = {
    {"peer.reads_late", peer_reads_late},
    {"peer.reads_late_behind_its_end", peer_reads_late_behind_its_end},
    {"peer.are_silent", peers_are_silent},
    {"peer.are_silent_in_a_close", peers_are_silent_in_a_close},
    {"peer.event_behind_its_listeners_close", listener_closed_before_its_event},
    {"peer.event_behind_its_streams_close", stream_closed_before_its_event},
    {NULL, NULL}
};
