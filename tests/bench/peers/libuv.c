/* The peer on libuv: one buffer for all reads, as each is used up before the next, and a write
 * request only for what uv_try_write leaves. */
#include "peer.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct connection {
    uv_tcp_t tcp;               /* first */
    uv_write_t write;
    uv_shutdown_t shutdown;
    bool answered;
    char *rest;
};

static bool greets;
static char buffer[64 * 1024];

static void check(int result, const char *what)
{
    if (result < 0) {
        peer_fail(what);
    }
}

static void on_closed(uv_handle_t *handle)
{
    free(((struct connection *)handle)->rest);
    free(handle);
}

static void end(struct connection *connection)
{
    if (!uv_is_closing((uv_handle_t *)connection)) {
        uv_close((uv_handle_t *)connection, on_closed);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(buffer, sizeof buffer);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *data);

static void on_written(uv_write_t *write, int status)
{
    struct connection *connection = write->data;
    free(connection->rest);
    connection->rest = NULL;
    if (status < 0) {
        end(connection);
    } else if (uv_read_start((uv_stream_t *)connection, on_alloc, on_read) < 0) {
        end(connection);
    }
}

static void on_shut(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown;
    (void)status;               /* the read that follows tells */
}

static void echo(struct connection *connection, char *data, size_t size)
{
    uv_buf_t piece = uv_buf_init(data, (unsigned)size);
    int sent = uv_try_write((uv_stream_t *)connection, &piece, 1);
    if (sent == UV_EAGAIN) {
        sent = 0;
    }
    if (sent < 0) {
        end(connection);
        return;
    }
    if ((size_t)sent == size) {
        return;
    }
    connection->rest = malloc(size - (size_t)sent);
    if (connection->rest == NULL) {
        end(connection);
        return;
    }
    memcpy(connection->rest, data + sent, size - (size_t)sent);
    piece = uv_buf_init(connection->rest, (unsigned)(size - (size_t)sent));
    connection->write.data = connection;
    check(uv_read_stop((uv_stream_t *)connection), "uv_read_stop");
    if (uv_write(&connection->write, (uv_stream_t *)connection, &piece, 1, on_written) < 0) {
        end(connection);
    }
}

static void greet(struct connection *connection)
{
    if (connection->answered) {
        return;
    }
    connection->answered = true;
    uv_buf_t piece = uv_buf_init((char *)(uintptr_t)peer_greeting, PEER_GREETING_SIZE);
    if (uv_try_write((uv_stream_t *)connection, &piece, 1) != PEER_GREETING_SIZE ||
        uv_shutdown(&connection->shutdown, (uv_stream_t *)connection, on_shut) < 0) {
        end(connection);
    }
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *data)
{
    struct connection *connection = (struct connection *)stream;
    if (size < 0) {
        end(connection);
    } else if (size > 0 && greets) {
        greet(connection);
    } else if (size > 0) {
        echo(connection, data->base, (size_t)size);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    check(status, "accept");
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        peer_fail("connection");
    }
    check(uv_tcp_init(listener->loop, &connection->tcp), "uv_tcp_init");
    if (uv_accept(listener, (uv_stream_t *)connection) < 0) {
        end(connection);
        return;
    }
    if (!greets) {
        check(uv_tcp_nodelay(&connection->tcp, 1), "uv_tcp_nodelay");
    }
    check(uv_read_start((uv_stream_t *)connection, on_alloc, on_read), "uv_read_start");
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    int size = sizeof address;
    greets = peer_greets(argc, argv);
    check(uv_tcp_init(loop, &listener), "uv_tcp_init");
    check(uv_ip4_addr("127.0.0.1", 0, &address), "uv_ip4_addr");
    check(uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0), "uv_tcp_bind");
    check(uv_listen((uv_stream_t *)&listener, PEER_BACKLOG, on_connection), "uv_listen");
    check(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size), "getsockname");
    peer_say_port("libuv", ntohs(address.sin_port));
    return uv_run(loop, UV_RUN_DEFAULT);
}
