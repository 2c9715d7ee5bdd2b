/* Completions out of readiness: connects. */
#include "posix/readiness.h"
#include <errno.h>
#include <unistd.h>

static struct readiness *of_attempt(struct tenon_attempt *attempt)
{
    return (struct readiness *)(void *)attempt->backend;
}

static const struct readiness_poller *poller_of(const struct tenon_attempt *attempt)
{
    return ((const struct readiness_loop *)attempt->connect->loop->backend_state)->poller;
}

static void close_attempt(struct tenon_attempt *attempt)
{
    struct readiness *state = of_attempt(attempt);
    if (state->known & KNOWN_WATCHED) {
        poller_of(attempt)->forget(attempt->connect->loop, (int)attempt->handle,
                                   readiness_object(attempt, READINESS_ATTEMPT), state->slot);
        state->known &= ~(uint32_t)KNOWN_WATCHED;
    }
    (void)close((int)attempt->handle);
}

static void finish(struct tenon_attempt *attempt, struct tenon_error error)
{
    if (error.status == TENON_OK && posix_met_itself(attempt)) {
        error = posix_error(ECONNREFUSED);
    }
    if (error.status != TENON_OK) {
        close_attempt(attempt);
    }
    tenon_event_connected(attempt, error);
}

struct tenon_error readiness_connect(struct tenon_attempt *attempt, const char *path)
{
    struct sockaddr_storage name;
    struct readiness *state = of_attempt(attempt);
    socklen_t size = 0;
    struct tenon_error error = posix_attempt_socket(attempt, path, &name, &size);
    if (error.status != TENON_OK) {
        return error;
    }
    int fd = (int)attempt->handle;
    int code = connect(fd, (struct sockaddr *)&name, size) == 0 ? 0 : errno;
    if (code == 0) {
        finish(attempt, posix_error(0));
        return posix_error(0);
    }
    error = posix_connect_error(code);
    if (code == EINPROGRESS || code == EINTR) {
        error = poller_of(attempt)->watch(attempt->connect->loop, fd,
                                          readiness_object(attempt, READINESS_ATTEMPT),
                                          &state->slot);
        if (error.status == TENON_OK) {
            state->known = KNOWN_WATCHED;
            return error;
        }
    }
    (void)close(fd);
    return error;
}

/* A late event of an attempt that has ended already finds it not pending. */
void readiness_connect_event(struct tenon_attempt *attempt)
{
    int code = 0;
    socklen_t size = sizeof code;
    if (!attempt->pending) {
        return;
    }
    if (getsockopt((int)attempt->handle, SOL_SOCKET, SO_ERROR, &code, &size) != 0) {
        code = errno;
    }
    finish(attempt, posix_error(code));
}

bool readiness_connect_cancel(struct tenon_attempt *attempt)
{
    close_attempt(attempt);
    return true;
}

void readiness_abandon(struct tenon_attempt *attempt)
{
    close_attempt(attempt);
}

struct tenon_error readiness_adopt(struct tenon_stream *stream, struct tenon_attempt *attempt)
{
    struct readiness *from = of_attempt(attempt);
    struct tenon_error error = readiness_attach(stream, attempt->handle);
    struct readiness *to = (struct readiness *)(void *)stream->backend;
    if (error.status != TENON_OK || (from->known & KNOWN_WATCHED) == 0) {
        return error;
    }
    to->slot = from->slot;
    error = poller_of(attempt)->rewatch(stream->loop, (int)stream->handle,
                                        readiness_object(stream, READINESS_STREAM), &to->slot);
    if (error.status == TENON_OK) {
        to->known |= KNOWN_WATCHED;
    } else {
        close_attempt(attempt);
    }
    return error;
}
