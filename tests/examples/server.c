/* The lab's blocking server, line for line: one client, one message, one answer. server [PORT] */
#include <stdio.h>
#include <stdlib.h>
#include <tenon/tenon.h>

int main(int argc, char **argv)
{
    struct tenon_sync_listener *listener = NULL;                /* s = socket.socket() */
    struct tenon_sync_stream *client = NULL;
    struct tenon_address peer;
    char name[TENON_ADDRESS_TEXT_MAX];
    char data[1024];
    size_t size = 0;
    uint16_t port = (uint16_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 12345);
    if (tenon_sync_listen("localhost", port, &listener) != TENON_OK) {  /* s.bind(), s.listen() */
        return 1;
    }
    printf("Server is listening for connections on port %u...\n", tenon_sync_port(listener));
    (void)fflush(stdout);
    if (tenon_sync_accept(listener, TENON_FOREVER, &client, &peer) != TENON_OK) { /* s.accept() */
        return 1;
    }
    tenon_address_format(&peer, name, sizeof name);
    printf("Connected to client: %s\n", name);
    if (tenon_sync_receive(client, data, sizeof data, TENON_FOREVER, &size) != TENON_OK) {
        return 1;                                               /* client.recv(1024) */
    }
    printf("Received data: %.*s\n", (int)size, data);
    if (tenon_sync_send(client, "Hello from the server!!!", 24, TENON_FOREVER) != TENON_OK) {
        return 1;                                               /* client.send(...) */
    }
    printf("Response sent.\n");
    enum tenon_status status = tenon_sync_close(client);        /* client.close() */
    tenon_sync_listener_close(listener);                        /* s.close() */
    return status == TENON_OK ? 0 : 1;
}
