/* What a call or an operation ended with: one list, the same on every system. */
#ifndef TENON_STATUS_H
#define TENON_STATUS_H
#include <stddef.h>
#include <stdint.h>
#include <tenon/export.h>
#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TENON_CHECK_RESULT __attribute__((warn_unused_result))
#else
#define TENON_CHECK_RESULT
#endif

/* END and CANCELED are endings and not failures: neither is worth an error message. */
enum tenon_status {
    TENON_OK = 0,
    TENON_END,                   /* the peer has finished sending: after all its bytes, once */
    TENON_CANCELED,              /* we cancelled or closed it; nothing else went wrong */
    TENON_TIMED_OUT,             /* our deadline, or the system's own */
    TENON_RESET,                 /* the peer aborted the connection, or is gone */
    TENON_REFUSED,               /* nobody listens there */
    TENON_UNREACHABLE,           /* no route to the host or network */
    TENON_NOT_RESOLVED,          /* no such name, or no address of the family asked for */
    TENON_RESOLVER_FAILED,       /* the name service did not answer: worth another try */
    TENON_ADDRESS_IN_USE,
    TENON_ADDRESS_NOT_AVAILABLE, /* not an address of this host; IPv6 that is switched off */
    TENON_FAMILY_UNSUPPORTED,    /* this system has no such address family */
    TENON_INVALID,               /* text that is not what it should be: an address, a path */
    TENON_ACCESS_DENIED,
    TENON_NOT_CONNECTED,
    TENON_NOT_FOUND,             /* no such file or folder */
    TENON_NO_SPACE,              /* the disk is full */
    TENON_LIMIT,                 /* descriptors, memory, or a limit of bounds.h: may pass */
    TENON_UNSUPPORTED,           /* this system or backend cannot do it */
    TENON_SYSTEM,                /* a native code with no row of its own: never success */
    TENON_STATUS_COUNT
};

/* A status and what the system said beside it; native is 0 where the library itself decided.
 * The native code (errno, Winsock, Win32 or getaddrinfo) is for messages only. */
struct tenon_error {
    enum tenon_status status;
    int32_t native;
};

/* The name in snake_case, such as `timed_out`, and a sentence without a full stop, such as
 * `connection refused`. Never NULL; a value out of range gives `unknown`. Any thread. */
TENON_API const char *tenon_status_name(enum tenon_status status);
TENON_API const char *tenon_status_sentence(enum tenon_status status);

/* Writes the sentence, and behind it the native code with the system's own words where there is
 * one, as UTF-8: `connection refused (errno 111: Connection refused)`. Truncates at a whole
 * character; always ends with a zero. text_size is at least 1. Any thread. */
TENON_API void tenon_error_format(struct tenon_error error, char *text, size_t text_size);

/* Times and durations are nanoseconds in an int64_t. */
#define TENON_MICROSECOND INT64_C(1000)
#define TENON_MILLISECOND INT64_C(1000000)
#define TENON_SECOND INT64_C(1000000000)
#define TENON_FOREVER INT64_MAX

#ifdef __cplusplus
}
#endif
#endif
