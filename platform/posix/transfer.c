/* What a non-blocking socket gives and takes right now. */
#include "posix/sockets.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

static bool is_would_block(int code)
{
    return code == EAGAIN || code == EWOULDBLOCK;
}

enum tenon_take posix_receive(int fd, void *data, size_t size, size_t *taken_out,
                              struct tenon_error *error_out)
{
    ssize_t result = -1;
    do {
        result = recv(fd, data, size < SSIZE_MAX ? size : SSIZE_MAX, 0);
    } while (result < 0 && errno == EINTR);
    if (result > 0) {
        *taken_out = (size_t)result;
        return TAKE_DATA;
    }
    if (result == 0) {
        return TAKE_END;
    }
    *error_out = posix_error(errno);
    return is_would_block(error_out->native) ? TAKE_WOULD_BLOCK : TAKE_FAILED;
}

/* ENOBUFS (of a local socket, where memory is short) passes by itself. */
struct tenon_error posix_send(int fd, const void *data, size_t size, size_t *sent_out)
{
    ssize_t result = -1;
    do {
        result = send(fd, data, size, posix_send_flags);
    } while (result < 0 && errno == EINTR);
    *sent_out = result > 0 ? (size_t)result : 0;
    int code = result < 0 ? errno : 0;
    return posix_error(is_would_block(code) || code == ENOBUFS ? 0 : code);
}

/* Errors that belong to the peer's connection and not to the listener: accept(2). */
bool posix_peer_is_gone(int code)
{
    switch (code) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
#if defined(ENONET)
    case ENONET:
#endif
        return true;
    default:
        return false;
    }
}

enum tenon_take posix_accept_one(int listener, struct tenon_socket *socket_out,
                                 struct tenon_address *peer_out, struct tenon_error *error_out)
{
    enum { SKIPPED_A_CALL = 64 };   /* peers that were gone before they were accepted */
    int code = EINTR;
    for (int i = 0; i < SKIPPED_A_CALL && posix_peer_is_gone(code); i++) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        memset(&peer, 0, sizeof peer);
        int fd = posix_accept(listener, (struct sockaddr *)&peer, &size);
        if (fd >= 0) {
            posix_to_address(&peer, peer_out);
            socket_out->handle = (uint64_t)fd;
            return TAKE_DATA;
        }
        code = errno;
    }
    *error_out = posix_error(code);
    return is_would_block(code) ? TAKE_WOULD_BLOCK : TAKE_FAILED;
}

void posix_tell_receive(int fd, struct tenon_error error)
{
    if (error.status != TENON_OK && error.status != TENON_CANCELED) {
        (void)shutdown(fd, SHUT_RD);
    }
}

/* ENOTCONN: the connection is gone, which the next receive tells. */
void posix_finish(struct tenon_stream *stream)
{
    (void)shutdown((int)stream->handle, SHUT_WR);
}
