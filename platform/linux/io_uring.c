/* The io_uring backend's loop: what is started in a turn is submitted, and the next completions are
 * waited for, by one system call.
 *
 * What the kernel does, and this makes up for:
 *  - Only the thread that enables the ring may enter it, and a loop may be opened on another one:
 *    the ring is enabled by the first turn. Until then submissions are only queued.
 *  - Completions that the ring has no room for are kept apart and moved into it by an entry that
 *    asks for events, as each of ours does; some kernels take no submission meanwhile (EBUSY).
 *  - A close neither ends what is pending on the descriptor nor, while something is, tells the
 *    peer: whatever is pending is cancelled, and its completion awaited, before a close.
 *  - A cancel does not find an operation that is just being tried again (EALREADY, ENOENT), which
 *    may then go on: it is cancelled again until it has ended.
 *  - The eventfd that wakes the loop is watched by one poll that goes on, and never read. */
#include "linux/uring.h"
#include "linux/wake.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SUBMISSIONS_AN_EVENT = 4,   /* of one event's delivery: what it sends, the next receive, ... */
    OF_CANCEL = 1               /* in the user data of the cancel of an operation */
};

static void submit_cancel(struct tenon_loop *loop, struct uring_operation *operation);

static void watch_wake(struct tenon_loop *loop)
{
    struct uring_loop *uring = uring_of(loop);
    struct io_uring_sqe *submission = uring_submission(loop, &uring->wake_operation);
    TENON_ASSERT(submission != NULL);
    submission->opcode = IORING_OP_POLL_ADD;
    submission->fd = uring->wake;
    submission->len = IORING_POLL_ADD_MULTI;
    submission->poll32_events = POLLIN;
}

static void operation_over(struct tenon_loop *loop, struct uring_operation *operation)
{
    switch ((enum uring_kind)operation->kind) {
    case URING_WAKE:
        watch_wake(loop);
        return;
    case URING_WATCHED:
        uring_watched_over(loop);
        return;
    case URING_RECEIVE:
        uring_receive_over(operation);
        return;
    case URING_KEPT:
        uring_kept_over(operation);
        return;
    case URING_SEND:
        uring_send_over(operation);
        return;
    case URING_CONNECT:
        uring_connect_over(operation);
        return;
    }
}

static void translate(struct tenon_loop *loop, const struct io_uring_cqe *completion)
{
    struct uring_operation *operation =
        (void *)(uintptr_t)(completion->user_data & ~(uint64_t)OF_CANCEL);
    if (operation == NULL) {
        return;
    }
    if (completion->user_data & OF_CANCEL) {
        operation->state &= (uint8_t)~URING_CANCELING;
        if ((operation->state & URING_PENDING) != 0 && completion->res < 0) {
            submit_cancel(loop, operation);
        }
    } else {
        operation->result = completion->res;
        operation->state &= (uint8_t)(completion->flags & IORING_CQE_F_MORE ? 0xff
                                                                            : ~URING_PENDING);
        if (operation->kind == URING_RECEIVE) {
            uring_received(operation, completion);
        }
    }
    if (!uring_in_use(operation)) {
        operation_over(loop, operation);
    }
}

/* It only marks and queues, so a submission that finds no room may do it as well. */
static void reap(struct tenon_loop *loop, uint32_t most)
{
    struct io_uring_cqe completion;
    for (uint32_t i = 0; i < most && uring_ring_next(&uring_of(loop)->ring, &completion); i++) {
        uring_of(loop)->readiness.events++;
        translate(loop, &completion);
    }
}

/* The kernel may lack memory, or have more completions than the ring has room for. */
static bool passes(int code)
{
    return code == EAGAIN || code == EBUSY || code == EINTR;
}

/* Makes room among the submissions. */
static void submit(struct tenon_loop *loop)
{
    struct uring_ring *ring = &uring_of(loop)->ring;
    while (uring_ring_queued(ring) == ring->submissions) {
        int code = uring_ring_enter(ring, 0, TENON_FOREVER);
        TENON_ASSERT(code == 0 || passes(code));
        if (code == EBUSY || code == EAGAIN) {
            reap(loop, ring->completions);
        }
    }
}

/* Silence counts where sends are quiet, so nothing that the kernel has to say stays unheard then,
 * though it is more than a batch. That ends: the turn alone starts streams anew, and a listener's
 * second event mutes it. */
static void reap_all(struct tenon_loop *loop)
{
    struct uring_ring *ring = &uring_of(loop)->ring;
    reap(loop, ring->completions);
    while (!uring_ring_is_drained(ring)) {
        int code = uring_ring_enter(ring, 0, TENON_FOREVER);
        TENON_ASSERT(code == 0 || passes(code));
        reap(loop, ring->completions);
    }
}

static struct io_uring_sqe *next_submission(struct tenon_loop *loop, uint64_t user_data)
{
    struct uring_ring *ring = &uring_of(loop)->ring;
    if (uring_ring_queued(ring) == ring->submissions) {
        TENON_ASSERT(ring->enabled);
        submit(loop);
    }
    struct io_uring_sqe *submission = &ring->sqes[ring->tail & (ring->submissions - 1)];
    ring->tail++;
    memset(submission, 0, sizeof *submission);
    submission->user_data = user_data;
    return submission;
}

/* Before the first turn nothing completes, so each operation has one cancel at most: half of the
 * room is for those. */
struct io_uring_sqe *uring_submission(struct tenon_loop *loop, struct uring_operation *operation)
{
    const struct uring_ring *ring = &uring_of(loop)->ring;
    if (!ring->enabled && uring_ring_queued(ring) >= ring->submissions / 2) {
        return NULL;
    }
    operation->state = URING_PENDING;
    return next_submission(loop, (uint64_t)(uintptr_t)operation);
}

static void submit_cancel(struct tenon_loop *loop, struct uring_operation *operation)
{
    uint64_t target = (uint64_t)(uintptr_t)operation;
    struct io_uring_sqe *submission = next_submission(loop, target | OF_CANCEL);
    operation->state |= URING_CANCELING | URING_CANCELED;
    submission->opcode = IORING_OP_ASYNC_CANCEL;
    submission->addr = target;
}

void uring_cancel(struct tenon_loop *loop, struct uring_operation *operation)
{
    TENON_ASSERT(uring_in_use(operation));
    if ((operation->state & URING_CANCELED) == 0) {
        submit_cancel(loop, operation);
    }
}

/* ---- opening, waiting ---- */

static void free_state(struct uring_loop *uring)
{
    uring_buffers_close(&uring->buffers);
    uring_ring_close(&uring->ring);
    if (uring->wake >= 0) {
        (void)close(uring->wake);
    }
    if (uring->epoll >= 0) {
        (void)close(uring->epoll);
    }
    free(uring->quiet);
    free(uring);
}

static struct tenon_error open_parts(struct uring_loop *uring,
                                     const struct tenon_loop_options *options)
{
    struct tenon_error error =
        uring_ring_open(&uring->ring, options->batch * SUBMISSIONS_AN_EVENT);
    if (error.status != TENON_OK) {
        return error;
    }
    error = uring_ring_recommended(&uring->ring);
    uring->quiet_works = error.status == TENON_OK;
    if (error.status == TENON_LIMIT || (!uring->quiet_works && options->backend == NULL)) {
        return error;
    }
    uring->quiet = calloc(uring->ring.submissions, sizeof *uring->quiet);
    if (uring->quiet == NULL) {
        return posix_error(ENOMEM);
    }
    error = uring_buffers_open(&uring->buffers, uring->ring.fd, options->lent_size);
    if (error.status != TENON_OK) {
        return error;
    }
    uring->wake = wake_open();
    if (uring->wake < 0) {
        return posix_error(errno);
    }
    uring->epoll = epoll_create1(EPOLL_CLOEXEC);
    return posix_error(uring->epoll < 0 ? errno : 0);
}

static struct tenon_error uring_open(struct tenon_loop *loop,
                                     const struct tenon_loop_options *options)
{
    struct uring_loop *uring = calloc(1, sizeof *uring);
    if (uring == NULL) {
        return posix_error(ENOMEM);
    }
    uring->ring.fd = -1;
    uring->wake = -1;
    uring->epoll = -1;
    uring->readiness.poller = &uring_poller;
    uring->wake_operation.kind = URING_WAKE;
    uring->watched_operation.kind = URING_WATCHED;
    uring->batch = options->batch;
    struct tenon_error error = open_parts(uring, options);
    if (error.status != TENON_OK) {
        free_state(uring);
        return error;
    }
    loop->backend_state = uring;
    watch_wake(loop);
    uring_watch_descriptors(loop);
    return error;
}

static void uring_close(struct tenon_loop *loop)
{
    const struct uring_buffers *buffers = &uring_of(loop)->buffers;
    TENON_ASSERT(buffers->free + buffers->in_ring == buffers->count);
    free_state(uring_of(loop));
}

static void uring_wake(struct tenon_loop *loop)
{
    wake_signal(uring_of(loop)->wake);
}

static void uring_wait(struct tenon_loop *loop, int64_t until)
{
    struct uring_loop *uring = uring_of(loop);
    struct uring_ring *ring = &uring->ring;
    int64_t left = 0;
    if (!ring->enabled) {
        uring_ring_enable(ring);
    }
    uring_buffers_fill(&uring->buffers);
    if (until != 0 && uring_ring_is_empty(ring) && !uring_quiet_is_submitted(uring)) {
        left = until == TENON_FOREVER ? TENON_FOREVER : until - posix_clock(loop);
    }
    int code = uring_ring_enter(ring, left > 0 ? 1 : 0, left > 0 ? left : TENON_FOREVER);
    TENON_ASSERT(code == 0 || code == ETIME || passes(code));
    reap(loop, uring->batch);
    if (uring->quiet_count > 0) {
        reap_all(loop);
        uring_quiet_over(loop);
    }
}

const struct tenon_backend io_uring_backend = {
    .name = "io_uring",
    .open = uring_open,
    .close = uring_close,
    .clock = posix_clock,
    .wall = posix_wall,
    .wait = uring_wait,
    .wake = uring_wake,
    .discard = posix_discard,
    .listen = readiness_listen,
    .inherit = readiness_inherit,
    .accept = readiness_accept,
    .listener_close = readiness_listener_close,
    .attach = uring_attach,
    .arm = uring_arm,
    .disarm = uring_disarm,
    .take = uring_take,
    .lend = uring_lend,
    .unlend = uring_unlend,
    .try_send = uring_try_send,
    .hurry = uring_hurry,
    .unsend = uring_unsend,
    .send = uring_send,
    .send_cancel = uring_send_cancel,
    .finish = posix_finish,
    .keep_alive = posix_keep_alive,
    .stream_close = uring_stream_close,
    .connect = uring_connect,
    .connect_cancel = uring_connect_cancel,
    .adopt = uring_adopt,
    .abandon = uring_abandon,
    .resolve = tenon_lookup_start,
    .resolve_cancel = tenon_lookup_cancel,
    .lookup = posix_lookup,
};
