/* Dumps: the bytes of a connection in hexadecimal and as text, on the error output, for -x. */
#ifndef PROGRAMS_DUMP_H
#define PROGRAMS_DUMP_H
#include <stddef.h>
#include <stdint.h>
#include "console.h"

/* How far both directions of one connection have come. */
struct dump {
    uint64_t received;
    uint64_t sent;
};

/* Writes a head, `2026-09-20T12:34:56.789Z conn=17 < 24 bytes` (`>` for what we send; without the
 * connection where `number` is 0), and a line for each 16 bytes: offset, bytes, text. Much is
 * written in several such pieces, each in one write. */
void dump_received(struct dump *dump, struct console *console, uint64_t number, const void *data,
                   size_t size);
void dump_sent(struct dump *dump, struct console *console, uint64_t number, const void *data,
               size_t size);

#endif
