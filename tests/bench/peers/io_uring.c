/* A server as one would write it for io_uring alone, without liburing: multishot accept and
 * receives, one pool of buffers, one call a turn. */
#include "peer.h"
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    ENTRIES = 4096,
    COMPLETIONS = 32768,
    BUFFERS = 512,              /* a power of two */
    NONE = BUFFERS
};

/* What a completion is of: the low bits of its connection's address. */
enum operation {
    ACCEPT,
    RECEIVE,
    SEND,
    OPERATION_BITS = 3
};

/* Buffers wait in `first` to `last`, linked by their numbers, until the send in flight is done. */
struct connection {
    int descriptor;
    bool receiving;
    bool ended;
    bool answered;
    uint16_t sending;
    uint16_t first;
    uint16_t last;
    struct connection *next_dry;
};

struct ring {
    int descriptor;
    unsigned *sq_tail;
    unsigned *sq_head;
    unsigned sq_mask;
    unsigned queued;
    struct io_uring_sqe *entries;
    unsigned *cq_head;
    unsigned *cq_tail;
    unsigned cq_mask;
    struct io_uring_cqe *completions;
    struct io_uring_buf_ring *pool;
    uint16_t pool_tail;
};

static struct ring ring;
static char buffers[BUFFERS][PEER_BUFFER_SIZE];
static uint32_t sizes[BUFFERS];
static uint16_t next_of[BUFFERS];
static struct connection *dry;  /* receives that ended as the pool was empty */
static bool greets;

/* ---- the ring ---- */

static void *map(size_t size, uint64_t offset)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                        ring.descriptor, (off_t)offset);
    if (memory == MAP_FAILED) {
        peer_fail("mmap");
    }
    return memory;
}

static void give_back(uint16_t index)
{
    struct io_uring_buf *slot = &ring.pool->bufs[ring.pool_tail & (BUFFERS - 1)];
    slot->addr = (uintptr_t)buffers[index];
    slot->len = PEER_BUFFER_SIZE;
    slot->bid = index;
    ring.pool_tail++;
    __atomic_store_n(&ring.pool->tail, ring.pool_tail, __ATOMIC_RELEASE);
}

static void open_pool(void)
{
    size_t size = BUFFERS * sizeof(struct io_uring_buf);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        peer_fail("mmap");
    }
    ring.pool = memory;
    struct io_uring_buf_reg registration = {
        .ring_addr = (uintptr_t)memory, .ring_entries = BUFFERS, .bgid = 0};
    if (syscall(SYS_io_uring_register, ring.descriptor, IORING_REGISTER_PBUF_RING, &registration,
                1) != 0) {
        peer_fail("IORING_REGISTER_PBUF_RING");
    }
    for (uint16_t index = 0; index < BUFFERS; index++) {
        give_back(index);
    }
}

static void open_ring(void)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        .cq_entries = COMPLETIONS};
    ring.descriptor = (int)syscall(SYS_io_uring_setup, ENTRIES, &params);
    if (ring.descriptor < 0) {
        peer_fail("io_uring_setup");
    }
    size_t queue_end = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t completions_end =
        params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *rings = map(queue_end > completions_end ? queue_end : completions_end,
                      IORING_OFF_SQ_RING);
    ring.entries = map(params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    ring.sq_head = (unsigned *)(void *)(rings + params.sq_off.head);
    ring.sq_tail = (unsigned *)(void *)(rings + params.sq_off.tail);
    ring.sq_mask = params.sq_entries - 1;
    ring.cq_head = (unsigned *)(void *)(rings + params.cq_off.head);
    ring.cq_tail = (unsigned *)(void *)(rings + params.cq_off.tail);
    ring.cq_mask = params.cq_entries - 1;
    ring.completions = (struct io_uring_cqe *)(void *)(rings + params.cq_off.cqes);
    unsigned *array = (unsigned *)(void *)(rings + params.sq_off.array);
    for (unsigned index = 0; index < params.sq_entries; index++) {
        array[index] = index;
    }
    open_pool();
}

static void enter(unsigned wait)
{
    unsigned flags = wait > 0 ? IORING_ENTER_GETEVENTS : 0;
    long taken = syscall(SYS_io_uring_enter, ring.descriptor, ring.queued, wait, flags, NULL, 0);
    if (taken < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY) {
        peer_fail("io_uring_enter");
    }
    ring.queued -= taken < 0 ? 0 : (unsigned)taken;
}

static struct io_uring_sqe *queue(uint8_t opcode, int descriptor, struct connection *connection,
                                  enum operation operation)
{
    while (ring.queued > ring.sq_mask) {
        enter(0);
    }
    unsigned tail = *ring.sq_tail;
    struct io_uring_sqe *entry = &ring.entries[tail & ring.sq_mask];
    memset(entry, 0, sizeof *entry);
    entry->opcode = opcode;
    entry->fd = descriptor;
    entry->user_data = (uintptr_t)connection | operation;
    __atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
    ring.queued++;
    return entry;
}

/* ---- connections ---- */

static void receive(struct connection *connection)
{
    struct io_uring_sqe *entry =
        queue(IORING_OP_RECV, connection->descriptor, connection, RECEIVE);
    entry->ioprio = IORING_RECV_MULTISHOT;
    entry->flags = IOSQE_BUFFER_SELECT;
    connection->receiving = true;
}

static void send_buffer(struct connection *connection, const void *data, uint32_t size)
{
    struct io_uring_sqe *entry = queue(IORING_OP_SEND, connection->descriptor, connection, SEND);
    entry->addr = (uintptr_t)data;
    entry->len = size;
    entry->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
}

static void end_if_idle(struct connection *connection)
{
    if (connection->ended && !connection->receiving && connection->sending == NONE) {
        if (close(connection->descriptor) != 0) {
            peer_fail("close");
        }
        free(connection);
    }
}

static void release(uint16_t index)
{
    give_back(index);
    if (dry != NULL) {
        struct connection *connection = dry;
        dry = connection->next_dry;
        receive(connection);
    }
}

static void received(struct connection *connection, uint16_t index, uint32_t size)
{
    if (greets) {
        release(index);
        if (!connection->answered) {
            connection->answered = true;
            send_buffer(connection, peer_greeting, PEER_GREETING_SIZE);
        }
        return;
    }
    sizes[index] = size;
    if (connection->sending == NONE) {
        connection->sending = index;
        send_buffer(connection, buffers[index], size);
        return;
    }
    next_of[index] = NONE;
    if (connection->first == NONE) {
        connection->first = index;
    } else {
        next_of[connection->last] = index;
    }
    connection->last = index;
}

static void on_receive(struct connection *connection, const struct io_uring_cqe *completion)
{
    if ((completion->flags & IORING_CQE_F_MORE) == 0) {
        connection->receiving = false;
    }
    if (completion->res > 0) {
        received(connection, (uint16_t)(completion->flags >> IORING_CQE_BUFFER_SHIFT),
                 (uint32_t)completion->res);
        if (!connection->receiving) {
            receive(connection);
        }
    } else if (completion->res == -ENOBUFS) {
        connection->receiving = true;       /* as soon as a buffer comes back */
        connection->next_dry = dry;
        dry = connection;
    } else {
        connection->ended = true;
        end_if_idle(connection);
    }
}

/* MSG_WAITALL: all of it, or the connection is gone, which the receive tells as well. */
static void on_sent(struct connection *connection)
{
    if (greets) {
        (void)shutdown(connection->descriptor, SHUT_WR);
        return;
    }
    uint16_t index = connection->sending;
    connection->sending = connection->first;
    if (connection->first != NONE) {
        send_buffer(connection, buffers[connection->first], sizes[connection->first]);
        connection->first = next_of[connection->first];
    }
    release(index);
    end_if_idle(connection);
}

static void on_accept(int descriptor)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (descriptor < 0 || connection == NULL) {
        peer_fail("accept");
    }
    if (!greets) {
        peer_no_delay(descriptor);
    }
    connection->descriptor = descriptor;
    connection->sending = NONE;
    connection->first = NONE;
    receive(connection);
}

static void accept_all(int listener)
{
    queue(IORING_OP_ACCEPT, listener, NULL, ACCEPT)->ioprio = IORING_ACCEPT_MULTISHOT;
}

static void handle(const struct io_uring_cqe *completion, int listener)
{
    uintptr_t bits = (1u << OPERATION_BITS) - 1;
    struct connection *connection =
        (struct connection *)(uintptr_t)(completion->user_data & ~(uint64_t)bits);
    switch ((enum operation)(completion->user_data & bits)) {
    case ACCEPT:
        on_accept(completion->res);
        if ((completion->flags & IORING_CQE_F_MORE) == 0) {
            accept_all(listener);
        }
        return;
    case RECEIVE:
        on_receive(connection, completion);
        return;
    case SEND:
        on_sent(connection);
        return;
    case OPERATION_BITS:
        return;
    }
}

int main(int argc, char **argv)
{
    greets = peer_greets(argc, argv);
    open_ring();
    int listener = peer_listen("io_uring");
    accept_all(listener);
    for (;;) {
        enter(1);
        unsigned head = *ring.cq_head;
        unsigned tail = __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE);
        for (; head != tail; head++) {
            struct io_uring_cqe completion = ring.completions[head & ring.cq_mask];
            handle(&completion, listener);
        }
        __atomic_store_n(ring.cq_head, head, __ATOMIC_RELEASE);
    }
}
