/* A place: what the command line calls ADDRESS. */
#ifndef PROGRAMS_PLACE_H
#define PROGRAMS_PLACE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>

enum {
    PLACE_PORT = 12345,                     /* where none is given */
    PLACE_TEXT_MAX = TENON_HOST_MAX + 9,    /* `[HOST]:PORT` with its zero */
    PLACES_MAX = 16                         /* of one command line */
};

/* `host` is what tenon_listen_host and tenon_connect take: a name, a numeric address without
 * brackets or `unix:PATH`; empty stands for NULL. */
struct place {
    char host[TENON_HOST_MAX + 1];
    uint16_t port;                          /* 0 for a path */
};

/* Reads `HOST`, `HOST:PORT`, `:PORT`, `[IPV6]`, `[IPV6]:PORT`, IPv6 without brackets (two or more
 * colons) or `unix:PATH`. A host that ends in a number is an IPv4 address of four decimal parts or
 * nothing: the systems' parsers take `9000` and `010.0.0.1` for addresses that nobody means. False:
 * *reason_out is why, a sentence without a full stop. */
bool place_parse(const char *text, struct place *place_out, const char **reason_out);

/* Writes it as place_parse reads it, with its port. */
void place_format(const struct place *place, char text[PLACE_TEXT_MAX]);

/* NULL where the host is empty. */
const char *place_host(const struct place *place);

/* Whether it is a path, and whether it is a numeric address. */
bool place_is_path(const struct place *place);
bool place_is_numeric(const struct place *place);

#endif
