/* The ring: what liburing would do, as far as it is used here. The kernel reads submissions and
 * writes completions in memory that it shares with us, and looks at the first only when it is
 * entered. */
#include "linux/uring.h"
#include <errno.h>
#include <linux/time_types.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#define SYS_io_uring_enter 426
#define SYS_io_uring_register 427
#endif

/* From the newest to the oldest that has provided-buffer rings, Linux 5.19.
 * Deferred: completions are made only when the loop waits for them, in its thread and in batches.
 * One that has a single issuer, the thread that enables the ring, takes fewer locks. */
static const uint32_t setups[] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
    IORING_SETUP_COOP_TASKRUN
};

static const uint8_t operations[] = {
    IORING_OP_NOP, IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL, IORING_OP_CONNECT, IORING_OP_RECV,
    IORING_OP_SEND
};

int uring_register(int fd, unsigned operation, void *argument, unsigned count)
{
    return syscall(SYS_io_uring_register, fd, operation, argument, count) < 0 ? errno : 0;
}

static struct tenon_error unsupported(int code)
{
    struct tenon_error error = {TENON_UNSUPPORTED, code};
    return error;
}

/* Containers forbid it by a filter, machines by kernel.io_uring_disabled: EPERM. */
static struct tenon_error set_up(struct uring_ring *ring, uint32_t submissions,
                                 struct io_uring_params *parameters)
{
    int code = EINVAL;
    for (size_t i = 0; i < sizeof setups / sizeof setups[0] && code == EINVAL; i++) {
        memset(parameters, 0, sizeof *parameters);
        parameters->flags = setups[i] | IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL |
                            IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        parameters->cq_entries = 2 * submissions;
        ring->fd = (int)syscall(SYS_io_uring_setup, submissions, parameters);
        code = ring->fd < 0 ? errno : 0;
    }
    struct tenon_error error = posix_error(code);
    if (code == EINVAL || code == EPERM || code == EACCES || code == ENOSYS) {
        error.status = TENON_UNSUPPORTED;
    }
    return error;
}

/* The kernel answers for as many operations as there is room for. */
union operations_known {
    struct io_uring_probe probe;
    char room[sizeof(struct io_uring_probe) +
              (URING_OP_EPOLL_WAIT + 1) * sizeof(struct io_uring_probe_op)];
};

static bool knows(const union operations_known *answer, uint8_t operation)
{
    const struct io_uring_probe_op *known =
        (const void *)(answer->room + offsetof(struct io_uring_probe, ops));
    return operation <= answer->probe.last_op &&
           (known[operation].flags & IO_URING_OP_SUPPORTED) != 0;
}

static struct tenon_error probe(struct uring_ring *ring, uint32_t features)
{
    union operations_known answer;
    uint32_t needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE |
                      IORING_FEAT_FAST_POLL | IORING_FEAT_EXT_ARG;
    memset(&answer, 0, sizeof answer);
    if ((features & needed) != needed) {
        return unsupported(ENOSYS);
    }
    int code = uring_register(ring->fd, IORING_REGISTER_PROBE, &answer,
                              URING_OP_EPOLL_WAIT + 1);
    if (code != 0) {
        return code == ENOMEM ? posix_error(code) : unsupported(code);
    }
    for (size_t i = 0; i < sizeof operations; i++) {
        if (!knows(&answer, operations[i])) {
            return unsupported(EOPNOTSUPP);
        }
    }
    ring->epoll_waits = knows(&answer, URING_OP_EPOLL_WAIT);
    return posix_error(0);
}

/* It was measured on Linux 6.18, the first that answers this question. */
struct tenon_error uring_ring_recommended(const struct uring_ring *ring)
{
    enum { REGISTER_QUERY = 35 };
    int code = uring_register(ring->fd, REGISTER_QUERY, NULL, 0);
    return code == 0 || code == ENOMEM ? posix_error(code) : unsupported(ENOSYS);
}

static uint32_t *at(const struct uring_ring *ring, uint32_t offset)
{
    return (uint32_t *)(void *)((char *)ring->map + offset);
}

static struct tenon_error map(struct uring_ring *ring, const struct io_uring_params *parameters)
{
    size_t sq_size = parameters->sq_off.array + parameters->sq_entries * sizeof(uint32_t);
    size_t cq_size = parameters->cq_off.cqes + parameters->cq_entries * sizeof(struct io_uring_cqe);
    int protection = PROT_READ | PROT_WRITE;
    int flags = MAP_SHARED | MAP_POPULATE;
    ring->map_size = sq_size > cq_size ? sq_size : cq_size;
    ring->sqes_size = parameters->sq_entries * sizeof(struct io_uring_sqe);
    void *rings = mmap(NULL, ring->map_size, protection, flags, ring->fd, IORING_OFF_SQ_RING);
    if (rings == MAP_FAILED) {
        return posix_error(errno);
    }
    ring->map = rings;
    void *sqes = mmap(NULL, ring->sqes_size, protection, flags, ring->fd, IORING_OFF_SQES);
    if (sqes == MAP_FAILED) {
        return posix_error(errno);
    }
    ring->sqes = sqes;
    ring->submissions = parameters->sq_entries;
    ring->completions = parameters->cq_entries;
    ring->sq_head = at(ring, parameters->sq_off.head);
    ring->sq_tail = at(ring, parameters->sq_off.tail);
    ring->sq_flags = at(ring, parameters->sq_off.flags);
    ring->cq_head = at(ring, parameters->cq_off.head);
    ring->cq_tail = at(ring, parameters->cq_off.tail);
    ring->cqes = (void *)((char *)ring->map + parameters->cq_off.cqes);
    uint32_t *array = at(ring, parameters->sq_off.array);
    for (uint32_t i = 0; i < ring->submissions; i++) {
        array[i] = i;           /* each place has its own submission */
    }
    return posix_error(0);
}

/* A ring that is not enabled refuses each entering (EBADFD), a filter with a code of its own. */
static struct tenon_error probe_enter(struct uring_ring *ring)
{
    int code = uring_ring_enter(ring, 0, TENON_FOREVER);
    return code == EPERM || code == EACCES || code == ENOSYS ? unsupported(code) : posix_error(0);
}

void uring_ring_close(struct uring_ring *ring)
{
    if (ring->sqes != NULL) {
        (void)munmap(ring->sqes, ring->sqes_size);
    }
    if (ring->map != NULL) {
        (void)munmap(ring->map, ring->map_size);
    }
    if (ring->fd >= 0) {
        (void)close(ring->fd);
    }
}

struct tenon_error uring_ring_open(struct uring_ring *ring, uint32_t submissions)
{
    struct io_uring_params parameters;
    memset(ring, 0, sizeof *ring);
    struct tenon_error error = set_up(ring, submissions, &parameters);
    if (error.status == TENON_OK) {
        error = probe(ring, parameters.features);
    }
    if (error.status == TENON_OK) {
        error = map(ring, &parameters);
    }
    if (error.status == TENON_OK) {
        error = probe_enter(ring);
    }
    if (error.status != TENON_OK) {
        uring_ring_close(ring);
    }
    return error;
}

void uring_ring_enable(struct uring_ring *ring)
{
    int code = uring_register(ring->fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    TENON_ASSERT(code == 0);
    ring->enabled = true;
}

uint32_t uring_ring_queued(const struct uring_ring *ring)
{
    return ring->tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE);
}

int uring_ring_enter(struct uring_ring *ring, uint32_t least, int64_t nanoseconds)
{
    struct __kernel_timespec time = {nanoseconds / TENON_SECOND, nanoseconds % TENON_SECOND};
    struct io_uring_getevents_arg argument = {0};
    unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
    if (nanoseconds != TENON_FOREVER) {
        argument.ts = (uint64_t)(uintptr_t)&time;
    }
    __atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
    long result = syscall(SYS_io_uring_enter, ring->fd, uring_ring_queued(ring), least, flags,
                          &argument, sizeof argument);
    return result < 0 ? errno : 0;
}

bool uring_ring_is_empty(const struct uring_ring *ring)
{
    return __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == *ring->cq_head;
}

bool uring_ring_is_drained(const struct uring_ring *ring)
{
    return uring_ring_is_empty(ring) &&
           (__atomic_load_n(ring->sq_flags, __ATOMIC_RELAXED) & IORING_SQ_CQ_OVERFLOW) == 0;
}

/* Its place is the kernel's again at once: what is done with the completion may come here again. */
bool uring_ring_next(struct uring_ring *ring, struct io_uring_cqe *out)
{
    uint32_t head = *ring->cq_head;
    if (uring_ring_is_empty(ring)) {
        return false;
    }
    const struct io_uring_cqe *completion = &ring->cqes[head & (ring->completions - 1)];
    out->user_data = completion->user_data;
    out->res = completion->res;
    out->flags = completion->flags;
    __atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
    return true;
}
