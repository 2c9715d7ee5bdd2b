/* A peer's name as Python's socket module prints it. */
#ifndef PROGRAMS_PEER_H
#define PROGRAMS_PEER_H
#include <tenon/address.h>

enum {
    PEER_NAME_MAX = 120     /* bytes, with the zero */
};

/* Writes `('127.0.0.1', 58493)`, `('fe80::1', 58493, 0, 4)` or, for a path, `''`; an IPv4-mapped
 * address as IPv4. */
void peer_name(const struct tenon_address *address, char name[PEER_NAME_MAX]);

#endif
