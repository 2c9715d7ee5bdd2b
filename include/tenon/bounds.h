/* Every limit of the library, in one place. A number here is a promise: memory and time are bounded
 * by it. */
#ifndef TENON_BOUNDS_H
#define TENON_BOUNDS_H

enum {
    TENON_HOST_MAX = 255,               /* bytes of a host name, RFC 1035 section 2.3.4 */
    TENON_PATH_MAX = 103,               /* bytes of a local socket's path: macOS has the least */
    TENON_ADDRESS_TEXT_MAX = 80,        /* `[IPV6%SCOPE]:PORT` with its zero */
    TENON_PIECES_MAX = 16,              /* pieces of one send */
    TENON_ATTEMPTS_MAX = 16,            /* addresses that one connect tries */
    TENON_LISTENERS_MAX = 16,           /* listeners that one name may open */
    TENON_LOOKUPS_MAX = 16,             /* look-ups that one loop waits for; others queue */
    TENON_ACCEPTS_A_TURN = 64,          /* sockets that one listener yields in a turn */
    TENON_ACCEPTS_PENDING = 32,         /* accepts that a completion backend has under way */
    TENON_BACKLOG = 4096,               /* the listener's backlog unless said otherwise */
    TENON_LENT_SIZE = 64 * 1024,        /* bytes of a lent receive, unless options say so */
    TENON_LENT_SIZE_MIN = 256,
    TENON_LENT_SIZE_MAX = 1024 * 1024,
    TENON_BATCH = 256,                  /* events that a turn collects, likewise */
    TENON_BATCH_MAX = 4096,
    TENON_DELIVERIES_A_TURN = 1024,     /* receives that a turn delivers over all streams */
    TENON_CLOSE_BYTES_MAX = 1024 * 1024, /* bytes that a graceful close reads and drops */
    TENON_TRY_SEND_MAX = 64 * 1024,     /* bytes in a kernel call on Windows, to see progress */
    TENON_SEND_CALL_MAX = 256 * 1024,
    TENON_SYNC_LINGER_SECONDS = 5       /* how long a synchronous close waits for the peer's end */
};

#endif
