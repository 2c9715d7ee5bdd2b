/* Connects on io_uring: one submission. A local socket connects at once or never, so there the call
 * itself is made. */
#include "linux/uring.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

struct connecting {
    struct uring_operation operation;
    union {
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } target;                   /* the kernel reads it when the submission is entered */
};

_Static_assert(sizeof(struct connecting) <= sizeof(((struct tenon_attempt *)0)->backend), "fits");

static struct connecting *connecting_of(struct tenon_attempt *attempt)
{
    return (struct connecting *)(void *)attempt->backend;
}

static void conclude(struct tenon_attempt *attempt, int code)
{
    if (code == 0 && posix_met_itself(attempt)) {
        code = ECONNREFUSED;
    }
    if (code != 0) {
        (void)close((int)attempt->handle);
    }
    tenon_event_connected(attempt, posix_connect_error(code));
}

/* One that was interrupted goes on, and has connected by the next call. */
static int connect_path(int fd, const struct sockaddr_storage *name, socklen_t size)
{
    const struct sockaddr *path = (const struct sockaddr *)name;
    int code = connect(fd, path, size) == 0 ? 0 : errno;
    if (code == EINTR || code == EINPROGRESS) {
        code = connect(fd, path, size) == 0 || errno == EISCONN ? 0 : errno;
    }
    return code;
}

struct tenon_error uring_connect(struct tenon_attempt *attempt, const char *path)
{
    struct sockaddr_storage name;
    socklen_t size = 0;
    struct connecting *connecting = connecting_of(attempt);
    struct tenon_error error = posix_attempt_socket(attempt, path, &name, &size);
    if (error.status != TENON_OK) {
        return error;
    }
    if (attempt->address.family == TENON_FAMILY_PATH) {
        conclude(attempt, connect_path((int)attempt->handle, &name, size));
        return error;
    }
    connecting->operation.kind = URING_CONNECT;
    TENON_ASSERT(size <= sizeof connecting->target);
    memcpy(&connecting->target, &name, size);
    struct io_uring_sqe *submission =
        uring_submission(attempt->connect->loop, &connecting->operation);
    TENON_ASSERT(submission != NULL);   /* attempts are begun in turns */
    submission->opcode = IORING_OP_CONNECT;
    submission->fd = (int)attempt->handle;
    submission->addr = (uint64_t)(uintptr_t)&connecting->target;
    submission->off = size;
    return error;
}

void uring_connect_over(struct uring_operation *operation)
{
    conclude(TENON_OUTER(operation, struct tenon_attempt, backend), uring_code(operation));
}

bool uring_connect_cancel(struct tenon_attempt *attempt)
{
    uring_cancel(attempt->connect->loop, &connecting_of(attempt)->operation);
    return false;
}

struct tenon_error uring_adopt(struct tenon_stream *stream, struct tenon_attempt *attempt)
{
    return uring_attach(stream, attempt->handle);
}

void uring_abandon(struct tenon_attempt *attempt)
{
    (void)close((int)attempt->handle);
}
