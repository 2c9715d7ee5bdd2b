/* Dumps. */
#include "dump.h"
#include "number.h"
#include <inttypes.h>
#include <stdio.h>
#include <tenon/process.h>

enum {
    PIECE_MAX = 4 * 1024,       /* bytes shown in one write */
    ROW_BYTES = 16,
    ROW_MAX = 96,               /* of text */
    HEAD_MAX = 128
};

static size_t limited(int length, size_t room)
{
    return length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

/* `00000010  48 65 6c 6c 6f 20 66 72  6f 6d 20 74 68 65 20 63  |Hello from the c|` */
static size_t write_row(char text[ROW_MAX], uint64_t offset, const uint8_t *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t used = limited(snprintf(text, ROW_MAX, "%08" PRIx64 " ", offset), ROW_MAX);
    for (size_t i = 0; i < ROW_BYTES; i++) {
        if (i % 8 == 0) {
            text[used++] = ' ';
        }
        text[used++] = i < size ? digits[data[i] >> 4] : ' ';
        text[used++] = i < size ? digits[data[i] & 15] : ' ';
        text[used++] = ' ';
    }
    text[used++] = ' ';
    text[used++] = '|';
    for (size_t i = 0; i < size; i++) {
        text[used++] = data[i] >= ' ' && data[i] <= '~' ? (char)data[i] : '.';
    }
    text[used++] = '|';
    text[used++] = '\n';
    return used;
}

static void write_piece(struct console *console, uint64_t number, char direction, uint64_t offset,
                        const uint8_t *data, size_t size)
{
    char text[HEAD_MAX + PIECE_MAX / ROW_BYTES * ROW_MAX];
    char time[NUMBER_TEXT_MAX];
    char connection[32] = "";
    if (number != 0) {
        (void)snprintf(connection, sizeof connection, "conn=%" PRIu64 " ", number);
    }
    number_time_format(tenon_loop_wall(console->loop), time);
    size_t used = limited(snprintf(text, HEAD_MAX, "%s %s%c %zu byte%s\n", time, connection,
                                   direction, size, size == 1 ? "" : "s"), HEAD_MAX);
    for (size_t at = 0; at < size; at += ROW_BYTES) {
        size_t left = size - at;
        used += write_row(text + used, offset + at, data + at, left < ROW_BYTES ? left : ROW_BYTES);
    }
    console_write_error(console, text, used);
}

static void write_all(struct console *console, uint64_t number, char direction, uint64_t *offset,
                      const void *data, size_t size)
{
    const uint8_t *bytes = data;
    while (size > 0) {
        size_t piece = size < PIECE_MAX ? size : PIECE_MAX;
        write_piece(console, number, direction, *offset, bytes, piece);
        *offset += piece;
        bytes += piece;
        size -= piece;
    }
}

void dump_received(struct dump *dump, struct console *console, uint64_t number, const void *data,
                   size_t size)
{
    write_all(console, number, '<', &dump->received, data, size);
}

void dump_sent(struct dump *dump, struct console *console, uint64_t number, const void *data,
               size_t size)
{
    write_all(console, number, '>', &dump->sent, data, size);
}
