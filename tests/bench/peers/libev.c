/* The peer on libev: a watcher a connection, which waits for reading, or for writing while the
 * kernel is full. */
#include "peer.h"
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    ev_io watcher;              /* first */
    bool answered;
    size_t kept;
    size_t sent;
    char *rest;
};

static bool greets;

static void end(struct ev_loop *loop, struct connection *connection)
{
    ev_io_stop(loop, &connection->watcher);
    if (close(connection->watcher.fd) != 0) {
        peer_fail("close");
    }
    free(connection->rest);
    free(connection);
}

static void wait_for(struct ev_loop *loop, struct connection *connection, int events)
{
    int descriptor = connection->watcher.fd;
    ev_io_stop(loop, &connection->watcher);
    ev_io_set(&connection->watcher, descriptor, events);
    ev_io_start(loop, &connection->watcher);
}

static bool again(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EINTR);
}

static void send_rest(struct ev_loop *loop, struct connection *connection)
{
    ssize_t sent = send(connection->watcher.fd, connection->rest + connection->sent,
                        connection->kept - connection->sent, MSG_NOSIGNAL);
    if (sent < 0 && !again(sent)) {
        end(loop, connection);
        return;
    }
    connection->sent += sent < 0 ? 0 : (size_t)sent;
    if (connection->sent == connection->kept) {
        wait_for(loop, connection, EV_READ);
    }
}

static void echo(struct ev_loop *loop, struct connection *connection, const char *data, size_t size)
{
    ssize_t sent = send(connection->watcher.fd, data, size, MSG_NOSIGNAL);
    if (sent == (ssize_t)size) {
        return;
    }
    if (sent < 0 && !again(sent)) {
        end(loop, connection);
        return;
    }
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    if (connection->rest == NULL) {
        connection->rest = malloc(PEER_BUFFER_SIZE);
    }
    if (connection->rest == NULL) {
        end(loop, connection);
        return;
    }
    memcpy(connection->rest, data + taken, size - taken);
    connection->kept = size - taken;
    connection->sent = 0;
    wait_for(loop, connection, EV_WRITE);
}

static void greet(struct ev_loop *loop, struct connection *connection)
{
    if (connection->answered) {
        return;
    }
    connection->answered = true;
    if (send(connection->watcher.fd, peer_greeting, PEER_GREETING_SIZE, MSG_NOSIGNAL) !=
            PEER_GREETING_SIZE ||
        shutdown(connection->watcher.fd, SHUT_WR) != 0) {
        end(loop, connection);
    }
}

static void on_event(struct ev_loop *loop, ev_io *watcher, int events)
{
    static char buffer[PEER_BUFFER_SIZE];
    struct connection *connection = (struct connection *)watcher;
    if (events & EV_WRITE) {
        send_rest(loop, connection);
        return;
    }
    ssize_t received = recv(watcher->fd, buffer, sizeof buffer, 0);
    if (again(received)) {
        return;
    }
    if (received <= 0) {
        end(loop, connection);
    } else if (greets) {
        greet(loop, connection);
    } else {
        echo(loop, connection, buffer, (size_t)received);
    }
}

static void on_listener(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)events;
    for (;;) {
        int descriptor = accept4(watcher->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0 && (errno == EINTR || errno == ECONNABORTED)) {
            continue;
        }
        if (descriptor < 0 && errno == EAGAIN) {
            return;
        }
        struct connection *connection = calloc(1, sizeof *connection);
        if (descriptor < 0 || connection == NULL) {
            peer_fail("accept4");
        }
        if (!greets) {
            peer_no_delay(descriptor);
        }
        ev_io_init(&connection->watcher, on_event, descriptor, EV_READ);
        ev_io_start(loop, &connection->watcher);
    }
}

int main(int argc, char **argv)
{
    ev_io listener;
    greets = peer_greets(argc, argv);
    struct ev_loop *loop = ev_default_loop(EVBACKEND_EPOLL);
    if (loop == NULL) {
        peer_fail("ev_default_loop");
    }
    ev_io_init(&listener, on_listener, peer_listen("libev"), EV_READ);
    ev_io_start(loop, &listener);
    return ev_run(loop, 0);
}
