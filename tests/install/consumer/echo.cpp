// The same on a loop, in C++: a stream is a base class, and a callback finds its object by a cast.
#include <tenon/tenon.h>

namespace {

struct Session : tenon_stream {
    bool echoed;
};

Session client, server;
struct tenon_connect attempt; // the struct and not the function

void on_closed(tenon_stream *, tenon_status) {}
void on_listener_closed(tenon_listener *) {}

tenon_flow on_receive(tenon_stream *stream, tenon_status status, const void *data, size_t size)
{
    Session *session = static_cast<Session *>(stream);
    if (status == TENON_OK && session == &server) {
        server.echoed = tenon_stream_try_send(stream, data, size) == size;
    }
    if (status != TENON_OK || session == &client) {
        client.echoed = client.echoed || (session == &client && status == TENON_OK && size == 6);
        tenon_stream_close(stream, TENON_CLOSE_GRACEFUL, TENON_SECOND, on_closed);
    }
    return TENON_CONTINUE;
}

tenon_flow on_accept(tenon_listener *listener, tenon_status status, tenon_socket socket,
                     const tenon_address *)
{
    if (status == TENON_OK && tenon_stream_attach(listener->loop, &server, socket) == TENON_OK) {
        tenon_stream_receive_lent(&server, on_receive);
        tenon_listener_close(listener, TENON_CLOSE_ABORT, on_listener_closed);
    }
    return TENON_CONTINUE;
}

void on_connected(struct tenon_connect *, tenon_status status)
{
    if (status == TENON_OK && tenon_stream_try_send(&client, "joined", 6) == 6) {
        tenon_stream_receive_lent(&client, on_receive);
    }
}

} // namespace

int main()
{
    static tenon_listener listener;
    tenon_listen_report report;
    tenon_loop *loop = nullptr;
    if (tenon_loop_open(nullptr, &loop) != TENON_OK ||
        tenon_listen_host(loop, &listener, 1, "127.0.0.1", 0, nullptr, &report) != TENON_OK) {
        return 1;
    }
    tenon_listener_accept(&listener, on_accept);
    tenon_connect(loop, &attempt, &client, "127.0.0.1", listener.address.port, nullptr,
                  on_connected);
    tenon_loop_run(loop);
    tenon_loop_close(loop);
    return client.echoed && server.echoed ? 0 : 1;
}
