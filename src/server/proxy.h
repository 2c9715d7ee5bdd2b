/* The PROXY protocol, versions 1 and 2: what a proxy says in front of a client's data about who the
 * client is (HAProxy's doc/proxy-protocol.txt). */
#ifndef SERVER_PROXY_H
#define SERVER_PROXY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>

enum {
    PROXY_LINE_MAX = 107,       /* bytes of a header of version 1, with its CR and LF */
    PROXY_HEADER_MAX = 4096,    /* bytes of any header that is accepted */
    PROXY_UNIQUE_ID_MAX = 128
};

enum proxy_progress {
    PROXY_NEED_MORE,            /* so far it may be the beginning of a header */
    PROXY_DONE,
    PROXY_WRONG                 /* it is no header, whatever follows */
};

struct proxy_header {
    uint32_t size;              /* bytes of it; what follows is the client's data */
    uint8_t version;            /* 1 or 2 */
    bool is_local;              /* the proxy's own connection, a health check for instance */

    /* TENON_FAMILY_ANY: it says nothing of the addresses, so the connection's own stay.
     * TENON_FAMILY_PATH: the client came to the proxy by a local socket. */
    struct tenon_address source;
    struct tenon_address destination;

    bool has_tls;               /* it says something of TLS */
    uint8_t tls_client;         /* PP2_CLIENT_SSL 1, _CERT_CONN 2 and _CERT_SESS 4 */
    uint32_t tls_verify;        /* 0, or why the certificate is not to be trusted */
    const char *name;           /* the certificate's common name, within the data; NULL: none */
    size_t name_size;
};

/* Reads the header at the front of what has been received so far; the same bytes and more are given
 * again where more are needed. Of an incomplete header nothing but its beginning and its length is
 * judged. *header_out is set when DONE, *reason_out, a sentence without a full stop, when WRONG.
 *
 * Version 1 is read strictly. Of version 2 all lengths must fit, no type-length-value but a NOOP
 * may come twice, and the checksum, where there is one, must be right. UDP is wrong. What LOCAL
 * says beside its checksum is ignored, as the protocol demands. */
enum proxy_progress proxy_parse(const void *data, size_t size, struct proxy_header *header_out,
                                const char **reason_out);

/* Whether the client has shown a certificate, on this connection or earlier in its TLS session,
 * that the proxy verified, and, unless `name` is NULL, whose common name is `name` byte for byte.
 * False: *reason_out is why not, a sentence without a full stop. */
bool proxy_has_certificate(const struct proxy_header *header, const char *name,
                           const char **reason_out);

#endif
