/* Raw peers: what is made of the system's calls in the same way everywhere. */
#include "raw.h"
#include "testing.h"

int64_t testing_raw_connect(enum tenon_family family, uint16_t port, int receive_buffer,
                            int64_t timeout)
{
    int64_t connected = TESTING_RAW_NONE;
    if (raw_connect(family, port, receive_buffer, timeout, &connected) != TESTING_RAW_OK) {
        return TESTING_RAW_NONE;
    }
    return connected;
}

enum testing_raw_result testing_raw_receive_all(int64_t socket, void *data, size_t size,
                                                int64_t timeout, size_t *received_out)
{
    int64_t deadline = testing_clock() + timeout;
    enum testing_raw_result result = TESTING_RAW_OK;
    unsigned char *kept = data;
    size_t total = 0;
    while (result == TESTING_RAW_OK) {
        unsigned char dropped[4096];
        bool keep = total < size;
        size_t received = 0;
        int64_t left = deadline - testing_clock();
        result = testing_raw_receive(socket, keep ? kept + total : dropped,
                                     keep ? size - total : sizeof dropped, left > 0 ? left : 0,
                                     &received);
        total += received;
    }
    *received_out = total;
    return result;
}

bool testing_silent_open(struct testing_silent *silent, enum tenon_family family)
{
    enum testing_raw_result result = TESTING_RAW_OK;
    silent->count = 0;
    silent->port = 0;
    int64_t listener = testing_raw_listen(family, 0, 0, 0);
    if (listener == TESTING_RAW_NONE) {
        return false;
    }
    silent->sockets[silent->count++] = listener;
    silent->port = testing_raw_port(listener);
    while (result == TESTING_RAW_OK && silent->count < TESTING_SILENT_MAX) {
        int64_t filler = TESTING_RAW_NONE;
        result = raw_connect(family, silent->port, 0, 200 * TENON_MILLISECOND, &filler);
        if (result == TESTING_RAW_OK) {
            silent->sockets[silent->count++] = filler;
        }
    }
    if (result != TESTING_RAW_TIMED_OUT) {
        testing_silent_close(silent);
        return false;
    }
    return true;
}

void testing_silent_close(struct testing_silent *silent)
{
    while (silent->count > 0) {
        silent->count--;
        testing_raw_close(silent->sockets[silent->count]);
    }
}
