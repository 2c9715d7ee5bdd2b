/* An echo and a client of it: the least that a program of somebody else does with the library. */
#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>

static const int64_t patience = 10 * TENON_SECOND;
static char answer[8];

static void ask(void *port)
{
    struct tenon_sync_stream *stream = NULL;
    size_t size = 0;
    if (tenon_sync_connect("localhost", *(uint16_t *)port, patience, &stream) != TENON_OK ||
        tenon_sync_send(stream, "joined", 6, patience) != TENON_OK ||
        tenon_sync_receive(stream, answer, sizeof answer - 1, patience, &size) != TENON_OK) {
        printf("no answer\n");
    }
    (void)tenon_sync_close(stream);
}

int main(void)
{
    struct tenon_sync_listener *listener = NULL;
    struct tenon_sync_stream *stream = NULL;
    struct tenon_thread client;
    char data[8];
    size_t size = 0;
    if (!tenon_version_serves(TENON_VERSION_NUMBER) ||
        tenon_sync_listen("localhost", 0, &listener) != TENON_OK) {
        return 1;
    }
    uint16_t port = tenon_sync_port(listener);
    if (tenon_thread_start(&client, ask, &port) != TENON_OK ||
        tenon_sync_accept(listener, patience, &stream, NULL) != TENON_OK ||
        tenon_sync_receive(stream, data, sizeof data, patience, &size) != TENON_OK ||
        tenon_sync_send(stream, data, size, patience) != TENON_OK) {
        return 1;
    }
    (void)tenon_sync_close(stream);
    tenon_thread_join(&client);
    tenon_sync_listener_close(listener);
    printf("tenon %s: %s\n", tenon_version(), answer);
    return strcmp(answer, "joined") == 0 ? 0 : 1;
}
