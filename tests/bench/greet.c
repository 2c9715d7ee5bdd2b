/* The smallest server of short connections on the layer: bench_greet BACKEND. It answers the first
 * bytes of a connection with a greeting and the end. Prints its backend and port, and serves until
 * it is killed; echo.c of the examples is its other half. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

static const char greeting[] = "Hello from the server!!!";

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    (void)status;               /* whatever it ended with, it is over */
    free(stream);
}

/* A greeting fits into the kernel's buffer of a new connection. */
static enum tenon_flow on_receive(struct tenon_stream *stream, enum tenon_status status,
                                  const void *data, size_t size)
{
    (void)data;
    (void)size;
    if (status == TENON_OK &&
        tenon_stream_try_send(stream, greeting, sizeof greeting - 1) == sizeof greeting - 1) {
        tenon_stream_close(stream, TENON_CLOSE_GRACEFUL, 5 * TENON_SECOND, on_closed);
    } else if (status != TENON_CANCELED) {
        tenon_stream_close(stream, TENON_CLOSE_ABORT, 0, on_closed);
    }
    return TENON_PAUSE;
}

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    (void)peer;
    if (status != TENON_OK) {
        return TENON_CONTINUE;  /* out of descriptors: the layer tries again by itself */
    }
    struct tenon_stream *stream = malloc(sizeof *stream);
    if (stream == NULL) {
        tenon_socket_discard(socket);
    } else if (tenon_stream_attach(listener->loop, stream, socket) != TENON_OK) {
        free(stream);
    } else {
        tenon_stream_receive_lent(stream, on_receive);
    }
    return TENON_CONTINUE;
}

int main(int argc, char **argv)
{
    static struct tenon_listener listener;
    struct tenon_loop_options options = {.backend = argc > 1 ? argv[1] : NULL};
    struct tenon_listen_report report;
    struct tenon_loop *loop = NULL;
    enum tenon_status status = tenon_loop_open(&options, &loop);
    if (status == TENON_OK) {
        status = tenon_listen_host(loop, &listener, 1, "127.0.0.1", 0, NULL, &report);
    }
    if (status != TENON_OK) {
        (void)fprintf(stderr, "bench_greet: %s\n", tenon_status_sentence(status));
        return 1;
    }
    tenon_listener_accept(&listener, on_accept);
    printf("%s port %u\n", tenon_loop_backend(loop), (unsigned)listener.address.port);
    (void)fflush(stdout);
    tenon_loop_run(loop);
    return 0;
}
