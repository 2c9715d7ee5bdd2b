/* Raw peers on POSIX: non-blocking sockets, and poll for the time limits. */
#include "../raw.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0      /* macOS: SO_NOSIGPIPE is set instead */
#endif

static socklen_t loopback(enum tenon_family family, uint16_t port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (family == TENON_FAMILY_IPV6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
        six->sin6_family = AF_INET6;
        six->sin6_addr = in6addr_loopback;
        six->sin6_port = htons(port);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons(port);
    return sizeof *four;
}

static enum testing_raw_result result_of(int error)
{
    switch (error) {
    case ECONNRESET:
    case EPIPE:
        return TESTING_RAW_RESET;
    case ECONNREFUSED:
        return TESTING_RAW_REFUSED;
    default:
        return TESTING_RAW_FAILED;
    }
}

static bool option_set(int socket, int level, int option, int value)
{
    return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

static void socket_prepare(int socket)
{
    (void)fcntl(socket, F_SETFD, FD_CLOEXEC);
    (void)fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
#ifdef SO_NOSIGPIPE
    (void)option_set(socket, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
}

static int socket_open(enum tenon_family family, int receive_buffer)
{
    int opened = socket(family == TENON_FAMILY_IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (opened >= 0) {
        socket_prepare(opened);
        if (receive_buffer > 0) {
            (void)option_set(opened, SOL_SOCKET, SO_RCVBUF, receive_buffer);
        }
    }
    return opened;
}

/* Waits for `events`. False: the time has passed. */
static bool wait_for(int socket, short events, int64_t deadline)
{
    struct pollfd wanted = {.fd = socket, .events = events};
    int ready = 0;
    int64_t left = 1;
    while (ready <= 0 && left > 0) {
        left = deadline - testing_clock();
        int64_t left_ms = left <= 0 ? 0 : left / TENON_MILLISECOND + 1;
        ready = poll(&wanted, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
    }
    return ready > 0;
}

static int64_t deadline_of(int64_t timeout)
{
    int64_t now = testing_clock();
    return timeout >= INT64_MAX - now ? INT64_MAX : now + timeout;
}

static int bind_to(enum tenon_family family, uint16_t port, int receive_buffer, bool reuse)
{
    struct sockaddr_storage address;
    socklen_t size = loopback(family, port, &address);
    int opened = socket_open(family, receive_buffer);
    if (opened < 0) {
        return TESTING_RAW_NONE;
    }
    bool good = !reuse || option_set(opened, SOL_SOCKET, SO_REUSEADDR, 1);
    if (family == TENON_FAMILY_IPV6) {
        good = good && option_set(opened, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    if (!good || bind(opened, (struct sockaddr *)&address, size) != 0) {
        (void)close(opened);
        return TESTING_RAW_NONE;
    }
    return opened;
}

/* An abstract name begins with a zero byte and ends with its length. */
int64_t testing_raw_mailbox(const char *name)
{
    struct sockaddr_un address;
    size_t length = strlen(name);
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    if (length >= sizeof address.sun_path) {
        return TESTING_RAW_NONE;
    }
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') {
        address.sun_path[0] = 0;
    }
    int opened = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (opened < 0) {
        return TESTING_RAW_NONE;
    }
    socket_prepare(opened);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (bind(opened, (struct sockaddr *)&address, size) != 0) {
        (void)close(opened);
        return TESTING_RAW_NONE;
    }
    return opened;
}

int64_t testing_raw_listen(enum tenon_family family, uint16_t port, int backlog, int receive_buffer)
{
    int listener = bind_to(family, port, receive_buffer, port != 0);
    if (listener >= 0 && listen(listener, backlog) != 0) {
        (void)close(listener);
        listener = TESTING_RAW_NONE;
    }
    return listener;
}

int64_t testing_raw_reserve(enum tenon_family family, uint16_t *port_out)
{
    int reserved = bind_to(family, 0, 0, false);
    *port_out = reserved < 0 ? 0 : testing_raw_port(reserved);
    return reserved;
}

int64_t testing_raw_accept(int64_t listener, int64_t timeout)
{
    int64_t deadline = deadline_of(timeout);
    int accepted = TESTING_RAW_NONE;
    while (accepted < 0 && wait_for((int)listener, POLLIN, deadline)) {
        accepted = accept((int)listener, NULL, NULL);
        if (accepted < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            return TESTING_RAW_NONE;
        }
    }
    if (accepted >= 0) {
        socket_prepare(accepted);
    }
    return accepted;
}

enum testing_raw_result raw_connect(enum tenon_family family, uint16_t port, int receive_buffer,
                                    int64_t timeout, int64_t *socket_out)
{
    struct sockaddr_storage address;
    socklen_t size = loopback(family, port, &address);
    int error = 0;
    socklen_t error_size = sizeof error;
    int opened = socket_open(family, receive_buffer);
    *socket_out = TESTING_RAW_NONE;
    if (opened < 0) {
        return TESTING_RAW_FAILED;
    }
    enum testing_raw_result result = TESTING_RAW_OK;
    if (connect(opened, (struct sockaddr *)&address, size) != 0) {
        if (errno != EINPROGRESS && errno != EINTR) {
            result = result_of(errno);
        } else if (!wait_for(opened, POLLOUT, deadline_of(timeout))) {
            result = TESTING_RAW_TIMED_OUT;
        } else if (getsockopt(opened, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0 ||
                   error != 0) {
            result = result_of(error);
        }
    }
    if (result != TESTING_RAW_OK) {
        (void)close(opened);
        return result;
    }
    *socket_out = opened;
    return TESTING_RAW_OK;
}

uint16_t testing_raw_port(int64_t socket)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname((int)socket, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

enum testing_raw_result testing_raw_send(int64_t socket, const void *data, size_t size,
                                         int64_t timeout)
{
    int64_t deadline = deadline_of(timeout);
    size_t done = 0;
    while (done < size) {
        ssize_t sent = send((int)socket, (const char *)data + done, size - done, MSG_NOSIGNAL);
        if (sent >= 0) {
            done += (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for((int)socket, POLLOUT, deadline)) {
                return TESTING_RAW_TIMED_OUT;
            }
        } else if (errno != EINTR) {
            return result_of(errno);
        }
    }
    return TESTING_RAW_OK;
}

enum testing_raw_result testing_raw_receive(int64_t socket, void *data, size_t size,
                                            int64_t timeout, size_t *received_out)
{
    int64_t deadline = deadline_of(timeout);
    ssize_t received = -1;
    *received_out = 0;
    while (received < 0) {
        received = recv((int)socket, data, size, 0);
        if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!wait_for((int)socket, POLLIN, deadline)) {
                return TESTING_RAW_TIMED_OUT;
            }
        } else if (received < 0 && errno != EINTR) {
            return result_of(errno);
        }
    }
    *received_out = (size_t)received;
    return received == 0 ? TESTING_RAW_END : TESTING_RAW_OK;
}

void testing_raw_urgent(int64_t socket)
{
    /* What becomes of it is seen by the peer. */
    (void)send((int)socket, "!", 1, MSG_OOB | MSG_NOSIGNAL);
}

void testing_raw_finish(int64_t socket)
{
    /* A connection that is gone already has nothing to finish. */
    (void)shutdown((int)socket, SHUT_WR);
}

void testing_raw_shut(int64_t socket)
{
    (void)shutdown((int)socket, SHUT_RDWR);
}

void testing_raw_reset(int64_t socket)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt((int)socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)close((int)socket);
}

void testing_raw_close(int64_t socket)
{
    if (socket != TESTING_RAW_NONE) {
        (void)close((int)socket);
    }
}
