/* What the files of the io_uring backend share: the ring, its buffers, and its operations. (Not
 * io_uring.h: <linux/io_uring.h> would find it.) */
#ifndef TENON_LINUX_URING_H
#define TENON_LINUX_URING_H
#include "posix/readiness.h"
#include <linux/io_uring.h>
#include <sys/epoll.h>

/* What an operation is embedded in. Its address is the user data of its submission. */
enum uring_kind {
    URING_WAKE,             /* in the loop's state */
    URING_WATCHED,          /* likewise */
    URING_RECEIVE,          /* in tenon_stream.backend */
    URING_KEPT,             /* likewise: the bytes that a try_send has left with us */
    URING_SEND,             /* in tenon_send.backend */
    URING_CONNECT           /* in tenon_attempt.backend */
};

enum {
    URING_OP_EPOLL_WAIT = 59,   /* IORING_OP_EPOLL_WAIT of Linux 6.15, which older headers lack */
    URING_EVENTS = 16           /* that it gives at once */
};

/* The kernel's until both its own last completion and that of a cancel have been reaped: then it is
 * over, and its memory may go. */
enum {
    URING_PENDING = 1 << 0,
    URING_CANCELING = 1 << 1,
    URING_IN_USE = URING_PENDING | URING_CANCELING,
    URING_CANCELED = 1 << 2,    /* it was asked to end */
    URING_REPEATED = 1 << 3     /* a receive that goes on after it has given something */
};

struct uring_operation {
    uint8_t kind;
    uint8_t state;
    int32_t result;             /* of its last completion: below 0 an errno */
};

/* ---- the ring: io_uring_ring.c ---- */

struct uring_ring {
    int fd;
    bool enabled;
    bool epoll_waits;           /* the kernel has URING_OP_EPOLL_WAIT */
    uint32_t tail;              /* of submissions: ours, ahead of what the kernel has been told */
    uint32_t submissions;       /* room for them, a power of two, and for completions */
    uint32_t completions;
    uint32_t *sq_head;
    uint32_t *sq_tail;
    uint32_t *sq_flags;
    uint32_t *cq_head;
    uint32_t *cq_tail;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    void *map;
    size_t map_size;
    size_t sqes_size;
};

/* UNSUPPORTED where the kernel has not what the backend uses, or forbids it. */
struct tenon_error uring_ring_open(struct uring_ring *ring, uint32_t submissions);
/* UNSUPPORTED before Linux 6.18: where nobody asks for it by its name, others are better. */
struct tenon_error uring_ring_recommended(const struct uring_ring *ring);
void uring_ring_close(struct uring_ring *ring);
/* By the thread that will enter it from then on. */
void uring_ring_enable(struct uring_ring *ring);
/* Those that the kernel has not consumed yet. */
uint32_t uring_ring_queued(const struct uring_ring *ring);
/* Submits what is queued, and waits for `least` completions in the ring, for so many nanoseconds
 * at most (TENON_FOREVER: no limit). 0, or an errno. */
int uring_ring_enter(struct uring_ring *ring, uint32_t least, int64_t nanoseconds);
bool uring_ring_is_empty(const struct uring_ring *ring);
/* Likewise, and the kernel keeps none that the ring had no room for. */
bool uring_ring_is_drained(const struct uring_ring *ring);
/* The next completion; false: there is none. */
bool uring_ring_next(struct uring_ring *ring, struct io_uring_cqe *out);
int uring_register(int fd, unsigned operation, void *argument, unsigned count);

/* ---- buffers: io_uring_buffers.c ---- */

/* What has been received: `left` bytes from `at` on in `buffer`, and those of the buffers behind it
 * in its chain. */
struct uring_chain {
    uint16_t buffer;
    uint16_t last;              /* of the chain */
    uint32_t at;
    uint32_t left;              /* 0: there is nothing */
};

struct uring_link {
    uint16_t next;
    uint32_t size;
};

/* What the kernel receives into. A few of them are in a ring that it takes them from, in order; the
 * rest are on a stack, so that the ring is filled with those that were used last. */
struct uring_buffers {
    unsigned char *memory;
    struct io_uring_buf_ring *ring;
    struct uring_link *links;   /* of each, in a stream's chain */
    size_t size;                /* of one */
    uint32_t count;             /* a power of two */
    uint32_t wanted;            /* in the ring, */
    uint32_t filled;            /* and as many there were when it was filled last */
    uint32_t in_ring;
    uint32_t calm;              /* times in a row that it had too many */
    bool dry;                   /* since then a receive has found none */
    uint32_t free;              /* on the stack */
    uint16_t tail;
    uint16_t *stack;
    uint16_t lent;              /* to the callback that runs, or URING_NO_BUFFER */
    bool lent_is_kept;          /* for a try_send */
};

enum {
    URING_NO_BUFFER = 0xffff
};

struct tenon_error uring_buffers_open(struct uring_buffers *buffers, int ring, size_t size);
void uring_buffers_close(struct uring_buffers *buffers);
void uring_buffers_fill(struct uring_buffers *buffers);
/* Of a completion: the buffer that it took from the ring, or URING_NO_BUFFER. */
uint16_t uring_buffers_taken(struct uring_buffers *buffers, const struct io_uring_cqe *completion);
/* From the stack, for bytes of ours, and back to it: one that is lent, when it is no more. */
uint16_t uring_buffers_get(struct uring_buffers *buffers);
void uring_buffers_give(struct uring_buffers *buffers, uint16_t buffer);
void uring_buffers_unlend(struct uring_buffers *buffers);
/* A chain: its new last buffer, and its first one taken off. */
void uring_buffers_append(struct uring_buffers *buffers, struct uring_chain *received,
                          uint16_t buffer, uint32_t size);
uint16_t uring_buffers_first(const struct uring_buffers *buffers, struct uring_chain *received);

static inline unsigned char *uring_buffers_at(const struct uring_buffers *buffers, uint16_t buffer)
{
    return buffers->memory + buffer * buffers->size;
}

/* ---- the loop: io_uring.c ---- */

struct uring_loop {
    struct readiness_loop readiness;        /* of its listeners alone */
    struct uring_ring ring;
    struct uring_buffers buffers;
    int wake;
    int epoll;
    struct epoll_event events[URING_EVENTS];    /* the kernel's while URING_WATCHED is pending */
    struct uring_operation wake_operation;
    struct uring_operation watched_operation;
    uint32_t batch;
    struct uring_kept **quiet;  /* sends that tell of failure alone, in the order of submission: */
    uint32_t quiet_count;       /* at most as many as the ring has submissions */
    bool quiet_works;
    bool one_by_one;            /* the kernel cannot bound what a receive that goes on takes */
};

static inline struct uring_loop *uring_of(const struct tenon_loop *loop)
{
    return loop->backend_state;
}

/* The next submission, zeroed, for this operation. NULL: too many are queued before the loop's
 * first turn. */
struct io_uring_sqe *uring_submission(struct tenon_loop *loop, struct uring_operation *operation);
/* Asks it to end. */
void uring_cancel(struct tenon_loop *loop, struct uring_operation *operation);

static inline bool uring_in_use(const struct uring_operation *operation)
{
    return (operation->state & URING_IN_USE) != 0;
}

/* The code that an operation has ended with, 0: none. */
static inline int uring_code(const struct uring_operation *operation)
{
    return operation->result < 0 ? -operation->result : 0;
}

/* ---- streams: io_uring_stream.c, io_uring_send.c ---- */

/* Whether a receive may go on after it has given something. */
enum uring_habit {
    URING_NEW,
    URING_BEGUN,                /* it has given something once, which is all of most connections */
    URING_LASTING,              /* and once more */
    URING_GOES_ON,
    URING_ONE_BY_ONE            /* one that went on has been stopped, or none may */
};

/* What a stream keeps: bytes that have come, and bytes that a try_send has left with us. */
struct uring_receive {
    struct uring_operation operation;
    bool over;                  /* the end has come, or the failure of its result */
    bool more;                  /* the kernel had more than it gave */
    uint8_t habit;              /* enum uring_habit */
    struct uring_chain received;
};

struct uring_kept {
    struct uring_operation operation;
    uint16_t buffer;
    uint16_t quiet;             /* its place there, or URING_LOUD */
    uint32_t at;
    uint32_t left;
    uint32_t place;             /* of its submission, while that is queued */
};

enum {
    URING_LOUD = 0xffff
};

/* stream->flags: it is in the epoll descriptor, and what it sends waits there for room. */
enum {
    STREAM_WATCHED = STREAM_BACKEND,
    STREAM_PARKED = STREAM_BACKEND << 1
};

struct uring_stream {
    struct uring_receive receive;
    struct uring_kept kept;
};

static inline struct uring_stream *uring_stream_of(struct tenon_stream *stream)
{
    return (struct uring_stream *)(void *)stream->backend;
}

struct tenon_error uring_attach(struct tenon_stream *stream, uint64_t handle);
bool uring_arm(struct tenon_stream *stream);
bool uring_disarm(struct tenon_stream *stream);
enum tenon_take uring_take(struct tenon_stream *stream, void *data, size_t size, size_t *taken_out,
                           struct tenon_error *error_out);
enum tenon_take uring_lend(struct tenon_stream *stream, const void **data_out, size_t *taken_out,
                           struct tenon_error *error_out);
void uring_unlend(struct tenon_stream *stream);
void uring_stream_close(struct tenon_stream *stream, bool reset);
void uring_received(struct uring_operation *operation, const struct io_uring_cqe *completion);
void uring_receive_over(struct uring_operation *operation);

struct tenon_error uring_try_send(struct tenon_stream *stream, const void *data, size_t size,
                                  size_t *sent_out);
void uring_hurry(struct tenon_stream *stream);
void uring_unsend(struct tenon_stream *stream);
void uring_send(struct tenon_stream *stream);
bool uring_send_cancel(struct tenon_stream *stream);
/* The kernel has taken one: it is over with what is reaped next, be that nothing. */
bool uring_quiet_is_submitted(const struct uring_loop *uring);
/* Those are over that the kernel has taken, and of which it has said nothing in all that it had to
 * say. */
void uring_quiet_over(struct tenon_loop *loop);
void uring_kept_over(struct uring_operation *operation);
void uring_send_over(struct uring_operation *operation);

void uring_writable(struct tenon_stream *stream);

/* ---- what an epoll descriptor watches: io_uring_watch.c ---- */
extern const struct readiness_poller uring_poller;
/* Asks for the next events of what is watched; and they have come. */
void uring_watch_descriptors(struct tenon_loop *loop);
void uring_watched_over(struct tenon_loop *loop);
/* Asks for one uring_writable. */
struct tenon_error uring_watch_room(struct tenon_stream *stream);
/* Before its descriptor is closed. */
void uring_unwatch(struct tenon_stream *stream);

/* ---- connects: io_uring_connect.c ---- */
struct tenon_error uring_connect(struct tenon_attempt *attempt, const char *path);
bool uring_connect_cancel(struct tenon_attempt *attempt);
struct tenon_error uring_adopt(struct tenon_stream *stream, struct tenon_attempt *attempt);
void uring_abandon(struct tenon_attempt *attempt);
void uring_connect_over(struct uring_operation *operation);

#endif
