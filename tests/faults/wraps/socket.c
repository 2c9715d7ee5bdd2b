/* Sockets and look-ups. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "wraps/wraps.h"

int __real_accept(int fd, struct sockaddr *name, socklen_t *size);
int __real_accept4(int fd, struct sockaddr *name, socklen_t *size, int flags);
int __real_bind(int fd, const struct sockaddr *name, socklen_t size);
int __real_connect(int fd, const struct sockaddr *name, socklen_t size);
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);
void __real_freeaddrinfo(struct addrinfo *list);
int __real_getsockname(int fd, struct sockaddr *name, socklen_t *size);
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __real_listen(int fd, int backlog);
ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __real_shutdown(int fd, int how);
int __real_socket(int family, int type, int protocol);

int __wrap_socket(int family, int type, int protocol)
{
    return inject_fails(CALL_SOCKET, -1, NULL) ? -1 : __real_socket(family, type, protocol);
}

int __wrap_bind(int fd, const struct sockaddr *name, socklen_t size)
{
    return inject_fails(CALL_BIND, fd, NULL) ? -1 : __real_bind(fd, name, size);
}

int __wrap_listen(int fd, int backlog)
{
    return inject_fails(CALL_LISTEN, fd, NULL) ? -1 : __real_listen(fd, backlog);
}

static bool accept_fails(int fd)
{
    int code = inject_code(CALL_ACCEPT, fd, NULL);
    if (code != 0) {
        inject_make_true(fd, code == EAGAIN ? EAGAIN : 0);
        errno = code;
    }
    return code != 0;
}

int __wrap_accept(int fd, struct sockaddr *name, socklen_t *size)
{
    return accept_fails(fd) ? -1 : __real_accept(fd, name, size);
}

int __wrap_accept4(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
    return accept_fails(fd) ? -1 : __real_accept4(fd, name, size, flags);
}

/* A connect that is interrupted goes on. */
int __wrap_connect(int fd, const struct sockaddr *name, socklen_t size)
{
    int code = inject_code(CALL_CONNECT, fd, NULL);
    if (code == 0) {
        return __real_connect(fd, name, size);
    }
    if (code == EINTR || code == EINPROGRESS) {
        (void)__real_connect(fd, name, size);   /* its result comes as SO_ERROR */
    }
    errno = code;
    return -1;
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    int code = option == SO_ERROR ? inject_code(CALL_CONNECT_RESULT, fd, NULL) : 0;
    int result = __real_getsockopt(fd, level, option, value, size);
    if (result == 0 && code != 0) {
        memcpy(value, &code, sizeof code);
    }
    return result;
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    bool linger = level == SOL_SOCKET && option == SO_LINGER;
    return inject_fails(linger ? CALL_OPTION_LINGER : CALL_OPTION, fd, NULL) ?
        -1 : __real_setsockopt(fd, level, option, value, size);
}

int __wrap_getsockname(int fd, struct sockaddr *name, socklen_t *size)
{
    int listens = 0;
    socklen_t listens_size = sizeof listens;
    bool listener =
        __real_getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) == 0 &&
        listens != 0;
    return inject_fails(listener ? CALL_NAME_OF_LISTENER : CALL_NAME_OF_STREAM, fd, NULL) ?
        -1 : __real_getsockname(fd, name, size);
}

/* ---- connections ---- */

static bool connection_fails(enum fault_call call, int fd)
{
    int code = inject_code(call, fd, NULL);
    if (code != 0) {
        inject_make_true(fd, code);
        errno = code;
    }
    return code != 0;
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    return connection_fails(CALL_SEND, fd) ? -1 : __real_send(fd, data, size, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return connection_fails(CALL_SENDMSG, fd) ? -1 : __real_sendmsg(fd, message, flags);
}

ssize_t __wrap_recv(int fd, void *data, size_t size, int flags)
{
    return connection_fails(CALL_RECV, fd) ? -1 : __real_recv(fd, data, size, flags);
}

int __wrap_shutdown(int fd, int how)
{
    return connection_fails(CALL_SHUTDOWN, fd) ? -1 : __real_shutdown(fd, how);
}

bool inject_stale_socket(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    int fd = size < sizeof name.sun_path ? __real_socket(AF_UNIX, SOCK_STREAM, 0) : -1;
    if (fd < 0) {
        return false;
    }
    memcpy(name.sun_path, path, size + 1);
    bool bound = __real_bind(fd, (const struct sockaddr *)(const void *)&name, sizeof name) == 0;
    return close(fd) == 0 && bound;
}

/* ---- look-ups ---- */

static const char *address_of_names = "127.0.0.1";

void inject_set_address(const char *address)
{
    address_of_names = address;
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    int code = inject_code(CALL_LOOKUP, -1, NULL);
    (void)host;
    if (code != 0) {
        errno = code == EAI_SYSTEM ? EMFILE : 0;
        return code;
    }
    code = __real_getaddrinfo(address_of_names, service, hints, out);
    inject_hold(code == 0 ? 1 : 0);
    return code;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
    inject_hold(-1);
    __real_freeaddrinfo(list);
}
