/* The peer on libevent, with its bufferevents: what comes is moved to the output, not copied. */
#include "peer.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
    OUTPUT_MAX = 256 * 1024     /* nothing is read while more than this waits */
};

static bool greets;

static void on_read(struct bufferevent *event, void *answered)
{
    struct evbuffer *input = bufferevent_get_input(event);
    if (!greets) {
        if (bufferevent_write_buffer(event, input) != 0) {
            bufferevent_free(event);
        } else if (evbuffer_get_length(bufferevent_get_output(event)) > OUTPUT_MAX) {
            (void)bufferevent_disable(event, EV_READ);
        }
        return;
    }
    (void)evbuffer_drain(input, evbuffer_get_length(input));
    if (answered == NULL) {
        if (bufferevent_write(event, peer_greeting, PEER_GREETING_SIZE) != 0) {
            bufferevent_free(event);
        }
    }
}

static void on_event(struct bufferevent *event, short what, void *answered)
{
    (void)what;                 /* the end, or a failure */
    (void)answered;
    bufferevent_free(event);
}

/* All has been written. */
static void on_written(struct bufferevent *event, void *answered)
{
    if (!greets) {
        (void)bufferevent_enable(event, EV_READ);
    } else if (answered == NULL) {
        bufferevent_setcb(event, on_read, on_written, on_event, event);
        if (shutdown(bufferevent_getfd(event), SHUT_WR) != 0) {
            bufferevent_free(event);
        }
    }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t descriptor,
                      struct sockaddr *address, int size, void *context)
{
    (void)address;
    (void)size;
    (void)context;
    struct bufferevent *event = bufferevent_socket_new(evconnlistener_get_base(listener),
                                                       descriptor, BEV_OPT_CLOSE_ON_FREE);
    if (event == NULL) {
        peer_fail("connection");
    }
    if (!greets) {
        peer_no_delay(descriptor);
    }
    bufferevent_setcb(event, on_read, on_written, on_event, NULL);
    if (bufferevent_enable(event, EV_READ) != 0) {
        bufferevent_free(event);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    greets = peer_greets(argc, argv);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct event_base *base = event_base_new();
    struct evconnlistener *listener =
        base == NULL ? NULL
                     : evconnlistener_new_bind(base, on_accept, NULL,
                                               LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                                               PEER_BACKLOG, (struct sockaddr *)&address,
                                               sizeof address);
    if (listener == NULL ||
        getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size) != 0) {
        peer_fail("listen");
    }
    peer_say_port("libevent", ntohs(address.sin_port));
    return event_base_dispatch(base);
}
