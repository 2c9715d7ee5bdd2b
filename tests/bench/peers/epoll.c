/* The measure for all others: a server as one would write it for Linux alone, on epoll. */
#include "peer.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 256
};

/* One registration for its life; nothing is read while `rest` waits for the kernel to take it. */
struct connection {
    int descriptor;
    bool answered;
    size_t kept;
    size_t sent;
    char *rest;
};

static bool greets;

static void watch(int epoll, int descriptor, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data = {.ptr = data}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        peer_fail("epoll_ctl");
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
            peer_fail("accept4");
        }
        struct connection *connection = calloc(1, sizeof *connection);
        if (connection == NULL) {
            peer_fail("connection");
        }
        connection->descriptor = descriptor;
        if (!greets) {
            peer_no_delay(descriptor);
        }
        watch(epoll, descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
    }
}

static void end(struct connection *connection)
{
    if (close(connection->descriptor) != 0) {
        peer_fail("close");
    }
    free(connection->rest);
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

static bool keep(struct connection *connection, const char *data, size_t size)
{
    if (connection->rest == NULL) {
        connection->rest = malloc(PEER_BUFFER_SIZE);
    }
    if (connection->rest == NULL) {
        return false;
    }
    memcpy(connection->rest, data, size);
    connection->kept = size;
    connection->sent = 0;
    return true;
}

/* Sends what is kept, then echoes until nothing is left to read or the kernel is full. False: the
 * connection is over. */
static bool echo(struct connection *connection, uint32_t events)
{
    static char buffer[PEER_BUFFER_SIZE];
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
            return keep(connection, buffer + sent, (size_t)(received - sent));
        }
        /* A short read means empty, but an end behind it gives no edge of its own. */
        if (received < PEER_BUFFER_SIZE && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) {
            return true;
        }
    }
}

/* A greeting fits into the kernel's buffer of a new connection. */
static bool greet(struct connection *connection, uint32_t events)
{
    char buffer[1024];
    for (;;) {
        ssize_t received = recv(connection->descriptor, buffer, sizeof buffer, 0);
        if (received <= 0) {
            return received < 0 && (errno == EAGAIN || errno == EINTR);
        }
        if (!connection->answered) {
            connection->answered = true;
            if (send_some(connection->descriptor, peer_greeting, PEER_GREETING_SIZE) !=
                    PEER_GREETING_SIZE ||
                shutdown(connection->descriptor, SHUT_WR) != 0) {
                return false;
            }
        }
        if (received < (ssize_t)sizeof buffer &&
            (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) {
            return true;
        }
    }
}

int main(int argc, char **argv)
{
    greets = peer_greets(argc, argv);
    int listener = peer_listen("epoll");
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        peer_fail("epoll_create1");
    }
    watch(epoll, listener, EPOLLIN, NULL);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, -1);
        if (count < 0 && errno != EINTR) {
            peer_fail("epoll_wait");
        }
        for (int index = 0; index < count; index++) {
            struct connection *connection = events[index].data.ptr;
            if (connection == NULL) {
                accept_all(epoll, listener);
            } else if (!(greets ? greet : echo)(connection, events[index].events)) {
                end(connection);
            }
        }
    }
}
