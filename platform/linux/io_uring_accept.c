/* Listeners on io_uring: one accept that goes on, for as long as its connections are wanted. It
 * cannot be slowed down: where some wait already because nobody takes them it is cancelled, and
 * begun again when they have been taken. */
#include "linux/uring.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct accepts {
    struct uring_operation operation;
    struct tenon_listener *listener;
    int code;                   /* of an accept that failed, until it has been told */
    uint32_t room;              /* as many as the kernel can complete before they are counted */
    uint32_t first;
    uint32_t count;
    int waiting[];              /* a ring of descriptors */
};

static struct accepts *accepts_of(const struct tenon_listener *listener)
{
    return listener->backend.pointer;
}

static struct tenon_error begin(struct tenon_listener *listener, struct tenon_error error)
{
    if (error.status != TENON_OK) {
        return error;
    }
    uint32_t room = uring_of(listener->loop)->ring.completions + TENON_ACCEPTS_PENDING + 1;
    struct accepts *accepts = calloc(1, sizeof *accepts + room * sizeof accepts->waiting[0]);
    if (accepts == NULL) {
        posix_unlisten(listener);
        return posix_error(ENOMEM);
    }
    accepts->operation.kind = URING_ACCEPT;
    accepts->listener = listener;
    accepts->room = room;
    listener->backend.pointer = accepts;
    return error;
}

struct tenon_error uring_listen(struct tenon_listener *listener,
                                const struct tenon_endpoint *endpoint, uint32_t backlog)
{
    return begin(listener, posix_listen(listener, endpoint, backlog));
}

struct tenon_error uring_inherit(struct tenon_listener *listener, uint32_t index,
                                 struct tenon_endpoint *endpoint_out)
{
    return begin(listener, posix_inherit(listener, index, endpoint_out));
}

void uring_accepted(struct uring_operation *operation, const struct io_uring_cqe *completion)
{
    struct accepts *accepts = (struct accepts *)(void *)operation;
    struct tenon_listener *listener = accepts->listener;
    if (completion->res >= 0) {
        TENON_ASSERT(accepts->count < accepts->room);
        accepts->waiting[(accepts->first + accepts->count) % accepts->room] = completion->res;
        accepts->count++;
    } else if (!posix_peer_is_gone(-completion->res) && completion->res != -ECANCELED) {
        accepts->code = -completion->res;
    }
    if ((operation->state & URING_PENDING) != 0 && accepts->count >= TENON_ACCEPTS_PENDING) {
        uring_cancel(listener->loop, operation);
    }
    if ((listener->flags & LISTENER_CLOSING) == 0) {
        tenon_event_acceptable(listener);
    }
}

void uring_accepts_over(struct uring_operation *operation)
{
    struct tenon_listener *listener = ((struct accepts *)(void *)operation)->listener;
    if (listener->flags & LISTENER_CLOSING) {
        tenon_event_listener_idle(listener);
    } else {
        tenon_event_acceptable(listener);
    }
}

static void accept_more(struct tenon_listener *listener)
{
    struct io_uring_sqe *submission =
        uring_submission(listener->loop, &accepts_of(listener)->operation);
    TENON_ASSERT(submission != NULL);   /* accepts are begun in turns */
    submission->opcode = IORING_OP_ACCEPT;
    submission->fd = (int)listener->handle;
    submission->ioprio = IORING_ACCEPT_MULTISHOT;
    submission->accept_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
}

/* The kernel gives one address for all accepts, so it is asked for here. A peer that is gone has
 * none. */
static bool take_waiting(struct accepts *accepts, struct tenon_socket *socket_out,
                         struct tenon_address *peer_out)
{
    while (accepts->count > 0) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        int fd = accepts->waiting[accepts->first];
        accepts->first = (accepts->first + 1) % accepts->room;
        accepts->count--;
        memset(&peer, 0, sizeof peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0) {
            posix_to_address(&peer, peer_out);
            socket_out->handle = (uint64_t)fd;
            return true;
        }
        (void)close(fd);
    }
    return false;
}

enum tenon_take uring_accept(struct tenon_listener *listener, struct tenon_socket *socket_out,
                             struct tenon_address *peer_out, struct tenon_error *error_out)
{
    struct accepts *accepts = accepts_of(listener);
    if (take_waiting(accepts, socket_out, peer_out)) {
        return TAKE_DATA;
    }
    if (uring_in_use(&accepts->operation)) {
        if (listener->flags & LISTENER_DRAINING) {
            uring_cancel(listener->loop, &accepts->operation);
        }
        return TAKE_WOULD_BLOCK;
    }
    if (accepts->code != 0) {
        *error_out = posix_error(accepts->code);
        accepts->code = 0;
        return TAKE_FAILED;
    }
    if (listener->flags & LISTENER_DRAINING) {
        enum tenon_take take = posix_accept_one((int)listener->handle, socket_out, peer_out,
                                                error_out);
        return take == TAKE_WOULD_BLOCK ? TAKE_END : take;
    }
    accept_more(listener);
    return TAKE_WOULD_BLOCK;
}

bool uring_listener_close(struct tenon_listener *listener)
{
    struct accepts *accepts = accepts_of(listener);
    if (uring_in_use(&accepts->operation)) {
        uring_cancel(listener->loop, &accepts->operation);
        return false;
    }
    for (; accepts->count > 0; accepts->count--) {
        posix_discard((uint64_t)accepts->waiting[accepts->first]);
        accepts->first = (accepts->first + 1) % accepts->room;
    }
    posix_unlisten(listener);
    free(accepts);
    listener->backend.pointer = NULL;
    return true;
}
