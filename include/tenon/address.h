/* Where an end is: IPv4, IPv6 with scope, or a path (a local socket, POSIX only). */
#ifndef TENON_ADDRESS_H
#define TENON_ADDRESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/bounds.h>
#include <tenon/export.h>
#include <tenon/status.h>
#ifdef __cplusplus
extern "C" {
#endif

enum tenon_family {
    TENON_FAMILY_ANY = 0,
    TENON_FAMILY_IPV4,
    TENON_FAMILY_IPV6,
    TENON_FAMILY_PATH
};

/* A value of 28 bytes, so that a session can keep one. A path does not fit: struct tenon_endpoint
 * keeps it. */
struct tenon_address {
    uint16_t family;    /* enum tenon_family */
    uint16_t port;      /* in the host's byte order */
    uint32_t scope;     /* IPv6: the interface's index, 0 for none */
    uint32_t flow;      /* IPv6: flow information, 0 for none */
    uint8_t ip[16];     /* in network byte order; IPv4 takes the first four */
};

/* An address, and the path of a TENON_FAMILY_PATH one: UTF-8, zero-terminated, else empty. */
struct tenon_endpoint {
    struct tenon_address address;
    char path[TENON_PATH_MAX + 1];
};

/* Reads a numeric IP address without a port: four decimal parts (no octal, hexadecimal or short
 * forms), or IPv6 without brackets (RFC 4291), with `%` and an interface's name or index behind it
 * (RFC 4007). *out has port 0. TENON_INVALID: the text is something else, a name for instance. Any
 * thread. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_address_parse(const char *text, struct tenon_address *out);

/* Write `127.0.0.1:80` or `[fe80::1%4]:80` (RFC 5952), and the same without port and brackets; an
 * IPv4-mapped IPv6 address as the IPv4 one; a path's address as `unix`. text_size is at least
 * TENON_ADDRESS_TEXT_MAX. Any thread. */
TENON_API
void tenon_address_format(const struct tenon_address *address, char *text, size_t text_size);
TENON_API
void tenon_address_format_ip(const struct tenon_address *address, char *text, size_t text_size);

/* The IPv4 address that an IPv4-mapped one stands for (RFC 4291 section 2.5.5.2); any other as it
 * is. */
TENON_API struct tenon_address tenon_address_unmap(const struct tenon_address *address);

/* Whether family, ip, port and scope are equal. */
TENON_API bool tenon_address_equal(const struct tenon_address *a, const struct tenon_address *b);

/* Whether the first `bits` bits of both are equal; ports do not count, families must match once
 * IPv4-mapped addresses are unmapped (a mapped prefix counts its bits from the IPv4 part:
 * ::ffff:10.0.0.0/104 is 10.0.0.0/8). bits is at most 32 for IPv4 and 128 for IPv6. */
TENON_API bool tenon_address_in_prefix(const struct tenon_address *address,
                                       const struct tenon_address *prefix, unsigned bits);

#ifdef __cplusplus
}
#endif
#endif
