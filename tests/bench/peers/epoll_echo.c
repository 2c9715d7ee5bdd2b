/* An echo server as one would write it for Linux alone: the measure for the layer's own. It listens
 * on a free port of 127.0.0.1, prints its port, and serves until it is killed. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 256,
    BACKLOG = 4096,
    BUFFER_SIZE = 16 * 1024
};

/* One registration for its life; nothing is read while `rest` waits for the kernel to take it. */
struct connection {
    int descriptor;
    size_t kept;
    size_t sent;
    char rest[BUFFER_SIZE];
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int open_listener(void)
{
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(descriptor, BACKLOG) != 0 ||
        getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) {
        fail("listen");
    }
    printf("epoll port %u\n", (unsigned)ntohs(address.sin_port));
    if (fflush(stdout) != 0) {
        fail("stdout");
    }
    return descriptor;
}

static void watch(int epoll, int descriptor, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data = {.ptr = data}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        fail("epoll_ctl");
    }
}

static void accept_all(int epoll, int listener)
{
    for (;;) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            if (errno == EAGAIN) {
                return;
            }
            fail("accept4");
        }
        int on = 1;
        struct connection *connection = malloc(sizeof *connection);
        if (connection == NULL ||
            setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
            fail("connection");
        }
        connection->descriptor = descriptor;
        connection->kept = 0;
        connection->sent = 0;
        watch(epoll, descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
    }
}

static void end(struct connection *connection)
{
    if (close(connection->descriptor) != 0) {
        fail("close");
    }
    free(connection);
}

/* What send took; -1: the connection is gone. */
static ssize_t send_some(int descriptor, const void *data, size_t size)
{
    ssize_t sent = send(descriptor, data, size, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    return sent;
}

/* Sends what is kept, then echoes until nothing is left to read or the kernel is full. False: the
 * connection is over. */
static bool serve(struct connection *connection, uint32_t events)
{
    static char buffer[BUFFER_SIZE];
    int descriptor = connection->descriptor;
    if (connection->kept > 0) {
        ssize_t sent = send_some(descriptor, connection->rest + connection->sent,
                                 connection->kept - connection->sent);
        if (sent < 0) {
            return false;
        }
        connection->sent += (size_t)sent;
        if (connection->sent < connection->kept) {
            return true;
        }
        connection->kept = 0;
        connection->sent = 0;
    }
    for (;;) {
        ssize_t received = recv(descriptor, buffer, sizeof buffer, 0);
        if (received <= 0) {
            return received < 0 && (errno == EAGAIN || errno == EINTR);
        }
        ssize_t sent = send_some(descriptor, buffer, (size_t)received);
        if (sent < 0) {
            return false;
        }
        if (sent < received) {
            connection->kept = (size_t)(received - sent);
            memcpy(connection->rest, buffer + sent, connection->kept);
            return true;
        }
        /* A short read means empty, but an end behind it gives no edge of its own. */
        if (received < BUFFER_SIZE && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) {
            return true;
        }
    }
}

int main(void)
{
    int listener = open_listener();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        fail("epoll_create1");
    }
    watch(epoll, listener, EPOLLIN, NULL);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, -1);
        if (count < 0 && errno != EINTR) {
            fail("epoll_wait");
        }
        for (int index = 0; index < count; index++) {
            struct connection *connection = events[index].data.ptr;
            if (connection == NULL) {
                accept_all(epoll, listener);
            } else if (!serve(connection, events[index].events)) {
                end(connection);
            }
        }
    }
}
