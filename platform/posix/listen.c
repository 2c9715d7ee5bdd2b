/* Listening sockets of every family. */
#include "posix/sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* SO_REUSEADDR, which accepted connections inherit, lets a restart bind while they linger. Before
 * the bind of port 0 it would let the system choose a port that somebody has bound already. */
static int reuse_address(int fd)
{
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

/* TCP_NODELAY is inherited by what the listener accepts. */
static int set_options(int fd, const struct tenon_address *address)
{
    int on = 1;
    if (address->family == TENON_FAMILY_PATH) {
        return fchmod(fd, S_IRUSR | S_IWUSR);   /* the mode that bind gives the file */
    }
    if (address->port != 0 && reuse_address(fd) != 0) {
        return -1;
    }
    if (address->family == TENON_FAMILY_IPV6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
        return -1;
    }
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Whether a path is a socket that nobody listens on any more. */
static bool is_stale(const struct sockaddr_storage *name, socklen_t size, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return false;
    }
    int fd = posix_socket(AF_UNIX);
    if (fd < 0) {
        return false;
    }
    bool refused = connect(fd, (const struct sockaddr *)name, size) != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return refused;
}

static int bind_path(int fd, const struct sockaddr_storage *name, socklen_t size, const char *path)
{
    int result = bind(fd, (const struct sockaddr *)name, size);
    if (result != 0 && errno == EADDRINUSE) {
        if (is_stale(name, size, path) && unlink(path) == 0) {
            return bind(fd, (const struct sockaddr *)name, size);
        }
        errno = EADDRINUSE;
    }
    return result;
}

struct tenon_error posix_listen(struct tenon_listener *listener,
                                const struct tenon_endpoint *endpoint, uint32_t backlog)
{
    struct sockaddr_storage name;
    const struct tenon_address *address = &endpoint->address;
    bool local = address->family == TENON_FAMILY_PATH;
    if (local && endpoint->path[0] == '\0') {
        return posix_error(ENAMETOOLONG);   /* Linux would choose an abstract name */
    }
    socklen_t size = posix_from_address(address, endpoint->path, &name);
    int fd = posix_socket(name.ss_family);
    if (fd < 0) {
        return posix_error(errno);
    }
    bool bound = false;
    if (set_options(fd, address) != 0) {
        goto fail;
    }
    if ((local ? bind_path(fd, &name, size, endpoint->path)
               : bind(fd, (struct sockaddr *)&name, size)) != 0) {
        goto fail;
    }
    bound = true;
    if (!local && address->port == 0 && reuse_address(fd) != 0) {
        goto fail;
    }
    if (listen(fd, backlog > INT32_MAX ? INT32_MAX : (int)backlog) != 0) {
        goto fail;
    }
    size = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        goto fail;
    }
    posix_to_address(&name, &listener->address);
    listener->handle = (uint64_t)fd;
    return posix_error(0);
fail:;
    struct tenon_error error = posix_error(errno);
    if (bound && local) {
        (void)unlink(endpoint->path);
    }
    (void)close(fd);
    return error;
}

/* A path's file goes with its listener, unless it is a supervisor's, or another one's by now. */
void posix_unlisten(struct tenon_listener *listener)
{
    int fd = (int)listener->handle;
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    memset(&name, 0, sizeof name);
    bool local = listener->address.family == TENON_FAMILY_PATH &&
                 (listener->flags & LISTENER_INHERITED) == 0 &&
                 getsockname(fd, (struct sockaddr *)&name, &size) == 0;
    (void)close(fd);
    if (local) {
        const char *path = ((const struct sockaddr_un *)(const void *)&name)->sun_path;
        if (is_stale(&name, size, path)) {
            (void)unlink(path);
        }
    }
}
