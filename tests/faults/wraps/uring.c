/* io_uring. An operation's failure is the kernel's own answer: its submission becomes one that does
 * nothing and ends with a given result, which Linux has since 6.10. */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>
#include "wraps/wraps.h"

/* Names of the kernel's header, which may be older, without their beginning IORING_. */
enum {
    SYS_SETUP = 425,
    SYS_ENTER = 426,
    SYS_REGISTER = 427,
    REGISTER_PROBE = 8,
    REGISTER_ENABLE_RINGS = 12,
    REGISTER_QUERY = 35,
    SETUP_SINGLE_ISSUER = 1 << 12,
    OFF_SQ_RING = 0,
    OFF_SQES = 0x10000000,
    OP_NOP = 0,
    OP_POLL_ADD = 6,
    OP_ASYNC_CANCEL = 14,
    OP_CONNECT = 16,
    OP_SEND = 26,
    OP_RECV = 27,
    OP_EPOLL_WAIT = 59,
    RECV_MULTISHOT = 2,
    CQE_SKIP_SUCCESS = 1 << 6,
    NOP_INJECT_RESULT = 1,
    FEAT_RECVSEND_BUNDLE = 1 << 14,     /* of Linux 6.10, too */
    RINGS_MAX = 1024            /* descriptors */
};

void *__real_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
long __real_syscall(long number, ...);

struct entered {
    uint64_t signals;
    uint32_t signals_size;
    uint32_t pad;
    uint64_t time;
};

struct parameters {
    uint32_t entries[2];
    uint32_t flags;
    uint32_t threads[2];
    uint32_t features;
    uint32_t before_offsets[4];
    uint32_t head;
    uint32_t tail;
};

struct submission {
    uint8_t opcode;
    uint8_t flags;
    uint16_t priority;
    int32_t fd;
    uint64_t offset;
    uint64_t address;
    uint32_t size;
    uint32_t operation_flags;
    uint64_t user_data;
    uint64_t rest[3];
};

struct ring {
    struct parameters parameters;
    unsigned char *map;
    struct submission *submissions;
    uint32_t count;
};
static struct ring rings[RINGS_MAX];
bool inject_ends_operations;
bool inject_epoll_waits;

static const struct {
    uint8_t opcode;
    enum fault_call call;
} operations[] = {
    {OP_RECV, CALL_URING_RECV},
    {OP_SEND, CALL_URING_SEND},
    {OP_CONNECT, CALL_URING_CONNECT},
    {OP_POLL_ADD, CALL_URING_POLL},
    {OP_EPOLL_WAIT, CALL_URING_EPOLL},
    {OP_ASYNC_CANCEL, CALL_URING_CANCEL},
};

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (inject_fails(CALL_MMAP, -1, NULL)) {
        return MAP_FAILED;
    }
    void *memory = __real_mmap(address, size, protection, flags, fd, offset);
    if (fd >= 0 && fd < RINGS_MAX && offset == OFF_SQ_RING) {
        rings[fd].map = memory;
    } else if (fd >= 0 && fd < RINGS_MAX && offset == OFF_SQES) {
        rings[fd].submissions = memory;
        rings[fd].count = (uint32_t)(size / sizeof *rings[fd].submissions);
    }
    return memory;
}

static void end_with(struct submission *submission, int code)
{
    submission->opcode = OP_NOP;
    submission->flags &= CQE_SKIP_SUCCESS;
    submission->priority = 0;
    submission->fd = -1;
    submission->offset = 0;
    submission->address = 0;
    submission->size = (uint32_t)-code;
    submission->operation_flags = NOP_INJECT_RESULT;
    submission->rest[0] = 0;
    submission->rest[1] = 0;
}

static void look_at(struct submission *submission)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (submission->opcode == operations[i].opcode) {
            int code = 0;
            if (inject_ends_operations) {
                code = inject_code(operations[i].call, submission->fd, NULL);
            }
            if (code != 0 && submission->opcode == OP_SEND) {
                inject_make_true(submission->fd, code);
            }
            if (code != 0) {
                end_with(submission, code);
            }
            return;
        }
    }
}

/* Before Linux 6.17 they are refused as they are here for a field that no receive has. */
static void refuse_repeated(struct submission *submission)
{
    if (submission->opcode == OP_RECV && (submission->priority & RECV_MULTISHOT) != 0) {
        submission->offset = 1;
    }
}

static void look_at_all(const struct ring *ring)
{
    uint32_t tail = *(const uint32_t *)(const void *)(ring->map + ring->parameters.tail);
    uint32_t head = *(const uint32_t *)(const void *)(ring->map + ring->parameters.head);
    for (; head != tail; head++) {
        struct submission *submission = &ring->submissions[head & (ring->count - 1)];
        if (inject_is_old) {
            refuse_repeated(submission);
        }
        look_at(submission);
    }
}

/* The wait is short in truth. */
static long enter(const long values[6])
{
    const struct entered *given = (const struct entered *)values[4];
    struct timespec brief = {0, INJECT_WAIT_MS * TENON_MILLISECOND};
    struct entered entered = {.time = (uint64_t)(uintptr_t)&brief};
    if (inject_fails(CALL_URING_ENTER, -1, NULL)) {
        return -1;
    }
    look_at_all(&rings[values[0]]);
    int64_t left = TENON_FOREVER;
    if (given->time != 0) {
        left = inject_nanoseconds((const struct timespec *)(uintptr_t)given->time);
    }
    long result = __real_syscall(SYS_ENTER, values[0], values[1], values[2], values[3], &entered,
                                 sizeof entered);
    if (result < 0 && errno == ETIME) {
        (void)inject_waited(0, left);
        errno = ETIME;
    }
    return result;
}

/* An old kernel refuses all but the last that is asked for. */
static long set_up(const long values[6])
{
    if (!inject_is_old && inject_fails(CALL_URING_SETUP, -1, NULL)) {
        return -1;
    }
    const struct parameters *parameters = (const struct parameters *)values[1];
    if (inject_is_old && (parameters->flags & SETUP_SINGLE_ISSUER) != 0) {
        errno = EINVAL;
        return -1;
    }
    long fd = __real_syscall(SYS_SETUP, values[0], parameters);
    if (fd >= 0 && fd < RINGS_MAX) {
        rings[fd].parameters = *parameters;
        inject_ends_operations = (parameters->features & FEAT_RECVSEND_BUNDLE) != 0;
    }
    return fd;
}

/* Its answer begins with the last operation that the kernel has. */
static long probe(const long values[6])
{
    uint8_t *last = (uint8_t *)values[2];
    if (inject_fails(CALL_URING_REGISTER, -1, NULL)) {
        return -1;
    }
    long result = __real_syscall(SYS_REGISTER, values[0], values[1], values[2], values[3]);
    if (result >= 0 && inject_is_old && *last >= OP_EPOLL_WAIT) {
        *last = OP_EPOLL_WAIT - 1;
    }
    inject_epoll_waits |= result >= 0 && *last >= OP_EPOLL_WAIT;
    return result;
}

long inject_uring_call(long number, const long values[6])
{
    if (number == SYS_ENTER) {
        return enter(values);
    }
    if (number == SYS_SETUP) {
        return set_up(values);
    }
    if (number == SYS_REGISTER && values[1] == REGISTER_QUERY && inject_is_old) {
        errno = EINVAL;
        return -1;
    }
    if (number == SYS_REGISTER && values[1] == REGISTER_PROBE) {
        return probe(values);
    }
    bool enables = values[1] == REGISTER_ENABLE_RINGS;  /* that needs nothing that could run out */
    if (number == SYS_REGISTER && !enables && inject_fails(CALL_URING_REGISTER, -1, NULL)) {
        return -1;
    }
    return __real_syscall(number, values[0], values[1], values[2], values[3], values[4],
                          values[5]);
}
