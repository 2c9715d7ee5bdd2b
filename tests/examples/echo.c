/* An echo server (RFC 862) on the layer: echo [PORT [BACKEND]]. Prints its backend and port, and
 * serves until it is killed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

/* One connection. What a slow reader has not taken yet waits in `rest`, and nothing is read
 * meanwhile. */
struct session {
    struct tenon_stream stream; /* first: a stream's address is its session's */
    struct tenon_send send;
    struct tenon_piece piece;
    void *rest;
};

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    (void)status;               /* whatever it ended with, it is over */
    free(stream);
}

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    free(((struct session *)(void *)send->stream)->rest);
    if (status == TENON_OK) {
        tenon_stream_receive_resume(send->stream);
    } else if (status != TENON_CANCELED) {
        tenon_stream_close(send->stream, TENON_CLOSE_ABORT, 0, on_closed);
    }
}

static enum tenon_flow on_receive(struct tenon_stream *stream, enum tenon_status status,
                                  const void *data, size_t size)
{
    struct session *session = (struct session *)(void *)stream;
    if (status != TENON_OK) {   /* TENON_END: the peer has finished sending */
        tenon_stream_close(stream, TENON_CLOSE_GRACEFUL, 5 * TENON_SECOND, on_closed);
        return TENON_PAUSE;
    }
    size_t sent = tenon_stream_try_send(stream, data, size);
    if (sent == size) {
        return TENON_CONTINUE;  /* the common case: nothing copied, nothing kept */
    }
    session->rest = malloc(size - sent);
    if (session->rest == NULL) {
        tenon_stream_close(stream, TENON_CLOSE_ABORT, 0, on_closed);
        return TENON_PAUSE;
    }
    memcpy(session->rest, (const unsigned char *)data + sent, size - sent);
    session->piece.data = session->rest;
    session->piece.size = size - sent;
    tenon_stream_send(stream, &session->send, on_sent);
    return TENON_PAUSE;         /* backpressure: resumed when this is sent */
}

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    (void)peer;
    if (status != TENON_OK) {
        return TENON_CONTINUE;  /* out of descriptors: the layer tries again by itself */
    }
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        tenon_socket_discard(socket);
    } else if (tenon_stream_attach(listener->loop, &session->stream, socket) != TENON_OK) {
        free(session);
    } else {
        session->send.pieces = &session->piece;
        session->send.piece_count = 1;
        tenon_stream_receive_lent(&session->stream, on_receive);
    }
    return TENON_CONTINUE;
}

int main(int argc, char **argv)
{
    static struct tenon_listener listeners[2];
    struct tenon_loop_options options = {.backend = argc > 2 ? argv[2] : NULL};
    struct tenon_listen_report report;
    struct tenon_loop *loop = NULL;
    char text[128];
    long port = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    enum tenon_status status = TENON_INVALID;
    if (port >= 0 && port <= 65535) {
        status = tenon_loop_open(&options, &loop);
    }
    if (status == TENON_OK) {
        status = tenon_listen_host(loop, listeners, 2, "localhost", (uint16_t)port, NULL, &report);
    }
    if (status != TENON_OK) {
        (void)fprintf(stderr, "echo: port %ld: %s\n", port, tenon_status_sentence(status));
        return 1;
    }
    for (uint32_t i = 0; i < report.count; i++) {
        tenon_listener_accept(&listeners[i], on_accept);
    }
    int length = snprintf(text, sizeof text, "%s port %u\n", tenon_loop_backend(loop),
                          (unsigned)listeners[0].address.port);
    if (tenon_output_write(TENON_OUTPUT, text, (size_t)length) != TENON_OK) {
        return 1;
    }
    tenon_loop_run(loop);
    return 0;
}
