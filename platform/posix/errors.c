/* Native codes as statuses and as text. Every code that a call of this layer can return has its
 * row. */
#include "posix/sockets.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

struct row {
    int code;
    enum tenon_status status;
};

static const struct row rows[] = {
    {ECONNRESET, TENON_RESET},
    {EPIPE, TENON_RESET},
    {ECONNABORTED, TENON_RESET},
    {ENETRESET, TENON_RESET},
    {ECANCELED, TENON_CANCELED},    /* io_uring */
    {EPROTOTYPE, TENON_RESET},      /* macOS: send on a connection that is being torn down */
    {ETIMEDOUT, TENON_TIMED_OUT},
    {ECONNREFUSED, TENON_REFUSED},
    {EHOSTUNREACH, TENON_UNREACHABLE},
    {ENETUNREACH, TENON_UNREACHABLE},
    {EHOSTDOWN, TENON_UNREACHABLE},
    {ENETDOWN, TENON_UNREACHABLE},
    {EADDRINUSE, TENON_ADDRESS_IN_USE},
    {EADDRNOTAVAIL, TENON_ADDRESS_NOT_AVAILABLE},
    {EAFNOSUPPORT, TENON_FAMILY_UNSUPPORTED},
    {EPFNOSUPPORT, TENON_FAMILY_UNSUPPORTED},
    {EPROTONOSUPPORT, TENON_FAMILY_UNSUPPORTED},
    {EACCES, TENON_ACCESS_DENIED},
    {EPERM, TENON_ACCESS_DENIED},
    {EROFS, TENON_ACCESS_DENIED},
    {ENOTCONN, TENON_NOT_CONNECTED},
    {ENOENT, TENON_NOT_FOUND},
    {ENOTDIR, TENON_NOT_FOUND},
    {ENOSPC, TENON_NO_SPACE},
    {EDQUOT, TENON_NO_SPACE},
    {EFBIG, TENON_NO_SPACE},
    {ENAMETOOLONG, TENON_INVALID},
    {ELOOP, TENON_INVALID},
    {EISDIR, TENON_INVALID},
    {EMFILE, TENON_LIMIT},
    {ENFILE, TENON_LIMIT},
    {ENOMEM, TENON_LIMIT},
    {ENOBUFS, TENON_LIMIT},
    {EAGAIN, TENON_LIMIT},          /* a thread, or a local socket's full backlog */
    {ENOSYS, TENON_UNSUPPORTED},
    {EOPNOTSUPP, TENON_UNSUPPORTED},
};

const char *system_error_kind(int32_t native)
{
    return native < 0 ? "getaddrinfo error" : "errno";
}

struct tenon_error posix_failure(int code)
{
    struct tenon_error error = {TENON_SYSTEM, code};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            error.status = rows[i].status;
        }
    }
    return error;
}

/* getaddrinfo's codes are kept as negative numbers, as glibc has them, to tell them from an errno.
 */
struct tenon_error posix_lookup_error(int code, int system_code)
{
    struct tenon_error error = {TENON_RESOLVER_FAILED, code > 0 ? -code : code};
    switch (code) {
    case 0:
        error.status = TENON_OK;
        break;
    case EAI_SYSTEM:
        error = posix_error(system_code);
        break;
    case EAI_NONAME:
    case EAI_FAMILY:
    case EAI_SERVICE:
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA:
#endif
#if defined(EAI_ADDRFAMILY)
    case EAI_ADDRFAMILY:
#endif
        error.status = TENON_NOT_RESOLVED;
        break;
    case EAI_MEMORY:
        error.status = TENON_LIMIT;
        break;
    case EAI_AGAIN:
    case EAI_FAIL:
        break;
    default:
        error.status = TENON_SYSTEM;
        break;
    }
    return error;
}

/* strerror_r is GNU's in glibc and POSIX's elsewhere. */
static const char *gnu_text(const char *result, const char *words)
{
    (void)words;
    return result;
}

static const char *posix_text(int result, const char *words)
{
    return result == 0 ? words : "";
}

void system_error_text(int32_t native, char *text, size_t text_size)
{
    char words[256] = "";
    if (native < 0) {
        int code = EAI_NONAME < 0 ? (int)native : -(int)native;
        (void)snprintf(text, text_size, "%s", gai_strerror(code));
        return;
    }
    const char *known = _Generic(strerror_r(0, words, sizeof words), char *: gnu_text,
                                 default: posix_text)(
        strerror_r((int)native, words, sizeof words), words);
    (void)snprintf(text, text_size, "%s", known);
}
