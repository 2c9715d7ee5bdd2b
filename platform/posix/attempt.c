/* One address that a connect tries: its socket, and what a connect's codes mean. */
#include "posix/sockets.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* A connect to a local port that nobody listens on can meet itself when the system chooses that
 * very port for its own end (RFC 9293 section 3.5: simultaneous open): nobody is there. */
bool posix_met_itself(const struct tenon_attempt *attempt)
{
    struct sockaddr_storage local;
    socklen_t size = sizeof local;
    struct tenon_address address;
    memset(&local, 0, sizeof local);
    if (attempt->address.family == TENON_FAMILY_PATH ||
        getsockname((int)attempt->handle, (struct sockaddr *)&local, &size) != 0) {
        return false;
    }
    posix_to_address(&local, &address);
    return tenon_address_equal(&address, &attempt->address);
}

struct tenon_error posix_attempt_socket(struct tenon_attempt *attempt, const char *path,
                                        struct sockaddr_storage *name_out, socklen_t *size_out)
{
    int on = 1;
    bool local = attempt->address.family == TENON_FAMILY_PATH;
    if (local && (path[0] == '\0' || strlen(path) > TENON_PATH_MAX)) {
        return posix_error(ENAMETOOLONG);
    }
    *size_out = posix_from_address(&attempt->address, path, name_out);
    int fd = posix_socket(name_out->ss_family);
    if (fd < 0) {
        return posix_error(errno);
    }
    if (!local && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        struct tenon_error error = posix_error(errno);
        (void)close(fd);
        return error;
    }
    attempt->handle = (uint64_t)fd;
    return posix_error(0);
}

/* EAGAIN: a local listener's queue is full. EPROTOTYPE: the path's socket is no listener but takes
 * datagrams (elsewhere this code is a reset). There is nothing to wait for. */
struct tenon_error posix_connect_error(int code)
{
    struct tenon_error error = posix_error(code);
    if (code == EAGAIN || code == EPROTOTYPE) {
        error.status = TENON_REFUSED;
    }
    return error;
}
