/* The lab's blocking client, line for line: one message, one answer. client [PORT] */
#include <stdio.h>
#include <stdlib.h>
#include <tenon/tenon.h>

int main(int argc, char **argv)
{
    struct tenon_sync_stream *server = NULL;                    /* s = socket.socket() */
    char data[1024];
    size_t size = 0;
    uint16_t port = (uint16_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 12345);
    if (tenon_sync_connect("localhost", port, 5 * TENON_SECOND, &server) != TENON_OK) {
        return 1;                                               /* s.connect(...) */
    }
    printf("Connected to server.\n");
    if (tenon_sync_send(server, "Hello from the client!!!", 24, TENON_FOREVER) != TENON_OK) {
        return 1;                                               /* s.send(...) */
    }
    printf("Message sent.\n");
    if (tenon_sync_receive(server, data, sizeof data, 10 * TENON_SECOND, &size) != TENON_OK) {
        return 1;                                               /* s.recv(1024) */
    }
    printf("Server's response: %.*s\n", (int)size, data);
    return tenon_sync_close(server) == TENON_OK ? 0 : 1;        /* s.close() */
}
