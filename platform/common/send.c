/* How far a send has come through its pieces. */
#include "common/loop.h"

uint32_t tenon_send_rest(const struct tenon_send *send, struct tenon_piece *out, uint32_t max,
                         size_t bytes_max)
{
    uint32_t count = 0;
    for (uint32_t i = send->piece; i < send->piece_count && count < max && bytes_max > 0; i++) {
        size_t skip = i == send->piece ? send->offset : 0;
        size_t size = send->pieces[i].size - skip;
        if (size == 0) {
            continue;
        }
        out[count].data = (const unsigned char *)send->pieces[i].data + skip;
        out[count].size = size < bytes_max ? size : bytes_max;
        bytes_max -= out[count].size;
        count++;
    }
    return count;
}

bool tenon_send_advance(struct tenon_send *send, size_t sent)
{
    send->sent += sent;
    while (send->piece < send->piece_count) {
        size_t left = send->pieces[send->piece].size - send->offset;
        if (sent < left) {
            send->offset += sent;
            return false;
        }
        sent -= left;
        send->piece++;
        send->offset = 0;
    }
    TENON_ASSERT(sent == 0);
    return true;
}
