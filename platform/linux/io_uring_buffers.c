/* The buffers that the kernel receives into, of the loop's lent size each.
 *
 * A receive takes one when its bytes are there, and no sooner. The kernel takes them from the ring
 * in order, so a ring with all of them in it would send every message through the whole memory and
 * out of the cache: it has about as many as are taken at a time, of those that were used last. */
#include "linux/uring.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    MEMORY = 32 * 1024 * 1024,  /* of all of them, where that is at least */
    COUNT_MAX = 512,
    WANTED_MIN = 32,
    CALM_FILLS = 64,            /* so often less than half was taken: then it has half as many */
    GROUP = 0
};

static uint32_t count_for(size_t size)
{
    uint32_t count = WANTED_MIN;
    while (count < COUNT_MAX && 2 * size * count <= MEMORY) {
        count *= 2;
    }
    return count;
}

static void *map_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void uring_buffers_close(struct uring_buffers *buffers)
{
    if (buffers->memory != NULL) {
        (void)munmap(buffers->memory, buffers->count * buffers->size);
    }
    if (buffers->ring != NULL) {
        (void)munmap(buffers->ring, buffers->count * sizeof(struct io_uring_buf));
    }
    free(buffers->stack);
    free(buffers->links);
}

/* What has failed is undone by uring_buffers_close. */
struct tenon_error uring_buffers_open(struct uring_buffers *buffers, int ring, size_t size)
{
    buffers->size = size;
    buffers->count = count_for(size);
    buffers->wanted = WANTED_MIN;
    buffers->memory = map_memory(buffers->count * size);
    buffers->ring = map_memory(buffers->count * sizeof(struct io_uring_buf));
    buffers->stack = calloc(buffers->count, sizeof *buffers->stack);
    buffers->links = calloc(buffers->count, sizeof *buffers->links);
    buffers->lent = URING_NO_BUFFER;
    if (buffers->memory == NULL || buffers->ring == NULL || buffers->stack == NULL ||
        buffers->links == NULL) {
        return posix_error(ENOMEM);
    }
    for (uint32_t i = buffers->count; i > 0; i--) {
        buffers->stack[buffers->free++] = (uint16_t)(i - 1);
    }
    struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)(uintptr_t)buffers->ring,
                                            .ring_entries = buffers->count, .bgid = GROUP};
    struct tenon_error error =
        posix_error(uring_register(ring, IORING_REGISTER_PBUF_RING, &registration, 1));
    if (error.native == EINVAL) {
        error.status = TENON_UNSUPPORTED;       /* before Linux 5.19 */
    }
    return error;
}

static void adapt(struct uring_buffers *buffers)
{
    uint32_t taken = buffers->filled - buffers->in_ring;
    bool too_many = 2 * taken < buffers->wanted && buffers->wanted > WANTED_MIN;
    buffers->calm = too_many && !buffers->dry ? buffers->calm + 1 : 0;
    if (buffers->dry && buffers->wanted < buffers->count) {
        buffers->wanted *= 2;
    } else if (buffers->calm == CALM_FILLS) {
        buffers->wanted /= 2;
        buffers->calm = 0;
    }
    buffers->dry = false;
}

void uring_buffers_fill(struct uring_buffers *buffers)
{
    adapt(buffers);
    uint16_t mask = (uint16_t)(buffers->count - 1);
    struct io_uring_buf *places = buffers->ring->bufs;
    uint16_t tail = buffers->tail;
    while (buffers->in_ring < buffers->wanted && buffers->free > 0) {
        uint16_t buffer = buffers->stack[--buffers->free];
        struct io_uring_buf *place = &places[tail & mask];
        place->addr = (uint64_t)(uintptr_t)uring_buffers_at(buffers, buffer);
        place->len = (uint32_t)buffers->size;
        place->bid = buffer;
        tail++;
        buffers->in_ring++;
    }
    if (tail != buffers->tail) {
        buffers->tail = tail;
        __atomic_store_n(&buffers->ring->tail, tail, __ATOMIC_RELEASE);
    }
    buffers->filled = buffers->in_ring;
}

uint16_t uring_buffers_taken(struct uring_buffers *buffers, const struct io_uring_cqe *completion)
{
    if ((completion->flags & IORING_CQE_F_BUFFER) == 0) {
        return URING_NO_BUFFER;
    }
    TENON_ASSERT(buffers->in_ring > 0);
    buffers->in_ring--;
    return (uint16_t)(completion->flags >> IORING_CQE_BUFFER_SHIFT);
}

uint16_t uring_buffers_get(struct uring_buffers *buffers)
{
    return buffers->free > 0 ? buffers->stack[--buffers->free] : URING_NO_BUFFER;
}

void uring_buffers_give(struct uring_buffers *buffers, uint16_t buffer)
{
    if (buffer == buffers->lent) {
        buffers->lent_is_kept = false;
        return;
    }
    TENON_ASSERT(buffers->free < buffers->count);
    buffers->stack[buffers->free++] = buffer;
}

void uring_buffers_unlend(struct uring_buffers *buffers)
{
    uint16_t buffer = buffers->lent;
    buffers->lent = URING_NO_BUFFER;
    if (buffer != URING_NO_BUFFER && !buffers->lent_is_kept) {
        uring_buffers_give(buffers, buffer);
    }
}

void uring_buffers_append(struct uring_buffers *buffers, struct uring_chain *received,
                          uint16_t buffer, uint32_t size)
{
    if (received->left == 0) {
        received->buffer = buffer;
        received->at = 0;
        received->left = size;
    } else {
        buffers->links[received->last].next = buffer;
        buffers->links[buffer].size = size;
    }
    received->last = buffer;
}

uint16_t uring_buffers_first(const struct uring_buffers *buffers, struct uring_chain *received)
{
    uint16_t first = received->buffer;
    received->left = 0;
    if (first != received->last) {
        received->buffer = buffers->links[first].next;
        received->at = 0;
        received->left = buffers->links[received->buffer].size;
    }
    return first;
}
