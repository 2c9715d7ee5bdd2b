/* Native codes and their statuses, in one table, and their texts. */
#include "windows/win.h"
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

const char *system_error_kind(int32_t native)
{
    (void)native;               /* one numbering for all */
    return "Windows error";
}

struct row {
    DWORD native;
    enum tenon_status status;
};

/* Winsock's codes, and the Win32 codes that a failed overlapped operation may bring instead of
 * them. */
static const struct row rows[] = {
    {ERROR_SUCCESS, TENON_OK},

    {WSA_OPERATION_ABORTED, TENON_CANCELED},
    {WSAECANCELLED, TENON_CANCELED},
    {WSA_E_CANCELLED, TENON_CANCELED},
    {ERROR_CANCELLED, TENON_CANCELED},

    {WSAETIMEDOUT, TENON_TIMED_OUT},
    {ERROR_SEM_TIMEOUT, TENON_TIMED_OUT},
    {ERROR_TIMEOUT, TENON_TIMED_OUT},
    {WAIT_TIMEOUT, TENON_TIMED_OUT},

    {WSAECONNRESET, TENON_RESET},
    {WSAECONNABORTED, TENON_RESET},
    {WSAENETRESET, TENON_RESET},
    {WSAEDISCON, TENON_RESET},
    {WSAESHUTDOWN, TENON_RESET},
    {ERROR_NETNAME_DELETED, TENON_RESET},
    {ERROR_CONNECTION_ABORTED, TENON_RESET},
    {ERROR_GRACEFUL_DISCONNECT, TENON_RESET},
    {ERROR_VC_DISCONNECTED, TENON_RESET},
    {ERROR_BROKEN_PIPE, TENON_RESET},
    {ERROR_NO_DATA, TENON_RESET},
    {ERROR_PIPE_NOT_CONNECTED, TENON_RESET},

    {WSAECONNREFUSED, TENON_REFUSED},
    {ERROR_CONNECTION_REFUSED, TENON_REFUSED},
    {ERROR_PORT_UNREACHABLE, TENON_REFUSED},

    {WSAENETUNREACH, TENON_UNREACHABLE},
    {WSAEHOSTUNREACH, TENON_UNREACHABLE},
    {WSAEHOSTDOWN, TENON_UNREACHABLE},
    {WSAENETDOWN, TENON_UNREACHABLE},
    {ERROR_NETWORK_UNREACHABLE, TENON_UNREACHABLE},
    {ERROR_HOST_UNREACHABLE, TENON_UNREACHABLE},
    {ERROR_HOST_DOWN, TENON_UNREACHABLE},
    {ERROR_PROTOCOL_UNREACHABLE, TENON_UNREACHABLE},

    {WSAHOST_NOT_FOUND, TENON_NOT_RESOLVED},
    {WSANO_DATA, TENON_NOT_RESOLVED},
    {WSATYPE_NOT_FOUND, TENON_NOT_RESOLVED},
    {WSASERVICE_NOT_FOUND, TENON_NOT_RESOLVED},
    {WSATRY_AGAIN, TENON_RESOLVER_FAILED},
    {WSANO_RECOVERY, TENON_RESOLVER_FAILED},

    {WSAEADDRINUSE, TENON_ADDRESS_IN_USE},
    {ERROR_ADDRESS_ALREADY_ASSOCIATED, TENON_ADDRESS_IN_USE},
    {WSAEADDRNOTAVAIL, TENON_ADDRESS_NOT_AVAILABLE},
    {ERROR_INVALID_NETNAME, TENON_ADDRESS_NOT_AVAILABLE},
    {WSAEAFNOSUPPORT, TENON_FAMILY_UNSUPPORTED},
    {WSAEPFNOSUPPORT, TENON_FAMILY_UNSUPPORTED},
    {WSAEPROTONOSUPPORT, TENON_FAMILY_UNSUPPORTED},
    {WSAESOCKTNOSUPPORT, TENON_FAMILY_UNSUPPORTED},

    {ERROR_INVALID_NAME, TENON_INVALID},
    {ERROR_BAD_PATHNAME, TENON_INVALID},
    {ERROR_FILENAME_EXCED_RANGE, TENON_INVALID},
    {ERROR_NO_UNICODE_TRANSLATION, TENON_INVALID},
    {WSAENAMETOOLONG, TENON_INVALID},

    {WSAEACCES, TENON_ACCESS_DENIED},
    {ERROR_ACCESS_DENIED, TENON_ACCESS_DENIED},
    {ERROR_SHARING_VIOLATION, TENON_ACCESS_DENIED},
    {ERROR_LOCK_VIOLATION, TENON_ACCESS_DENIED},
    {ERROR_WRITE_PROTECT, TENON_ACCESS_DENIED},
    {ERROR_USER_MAPPED_FILE, TENON_ACCESS_DENIED},

    {WSAENOTCONN, TENON_NOT_CONNECTED},
    {ERROR_CONNECTION_INVALID, TENON_NOT_CONNECTED},
    {ERROR_FAILED_SERVICE_CONTROLLER_CONNECT, TENON_NOT_CONNECTED},

    {ERROR_FILE_NOT_FOUND, TENON_NOT_FOUND},
    {ERROR_PATH_NOT_FOUND, TENON_NOT_FOUND},
    {ERROR_INVALID_DRIVE, TENON_NOT_FOUND},
    {ERROR_BAD_NETPATH, TENON_NOT_FOUND},
    {ERROR_BAD_NET_NAME, TENON_NOT_FOUND},
    {ERROR_DIRECTORY, TENON_NOT_FOUND},

    {ERROR_DISK_FULL, TENON_NO_SPACE},
    {ERROR_HANDLE_DISK_FULL, TENON_NO_SPACE},
    {ERROR_DISK_QUOTA_EXCEEDED, TENON_NO_SPACE},

    {WSAEMFILE, TENON_LIMIT},
    {WSAENOBUFS, TENON_LIMIT},
    {WSAEPROCLIM, TENON_LIMIT},
    {WSAETOOMANYREFS, TENON_LIMIT},
    {WSA_NOT_ENOUGH_MEMORY, TENON_LIMIT},
    {ERROR_OUTOFMEMORY, TENON_LIMIT},
    {ERROR_TOO_MANY_OPEN_FILES, TENON_LIMIT},
    {ERROR_NO_SYSTEM_RESOURCES, TENON_LIMIT},
    {ERROR_NONPAGED_SYSTEM_RESOURCES, TENON_LIMIT},
    {ERROR_PAGED_SYSTEM_RESOURCES, TENON_LIMIT},
    {ERROR_NOT_ENOUGH_QUOTA, TENON_LIMIT},
    {ERROR_WORKING_SET_QUOTA, TENON_LIMIT},
    {ERROR_COMMITMENT_LIMIT, TENON_LIMIT},

    {WSAEOPNOTSUPP, TENON_UNSUPPORTED},
    {WSAENOPROTOOPT, TENON_UNSUPPORTED},
    {ERROR_NOT_SUPPORTED, TENON_UNSUPPORTED},
    {ERROR_CALL_NOT_IMPLEMENTED, TENON_UNSUPPORTED},
    {ERROR_INVALID_FUNCTION, TENON_UNSUPPORTED},
};

struct tenon_error win_error(DWORD native)
{
    struct tenon_error error = {TENON_SYSTEM, (int32_t)native};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].native == native) {
            error.status = rows[i].status;
            break;
        }
    }
    return error;
}

struct tenon_error win_last_error(void)
{
    struct tenon_error error = win_error(GetLastError());
    if (error.status == TENON_OK) {
        error.status = TENON_SYSTEM;    /* it has failed all the same, without saying why */
    }
    return error;
}

/* FormatMessageA would give the text in the process's code page, which may lack its characters. */
void system_error_text(int32_t native, char *text, size_t text_size)
{
    wchar_t wide[256];
    DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                  FORMAT_MESSAGE_MAX_WIDTH_MASK;
    TENON_ASSERT(text_size > 0);
    text[0] = '\0';
    DWORD length = FormatMessageW(flags, NULL, (DWORD)native, 0, wide,
                                  (DWORD)(sizeof wide / sizeof wide[0]), NULL);
    while (length > 0 && wcschr(L" \r\n.", wide[length - 1]) != NULL) {
        length--;
    }
    wide[length < 255 ? length : 255] = L'\0';
    char *utf8 = win_utf8(wide);
    if (utf8 == NULL) {
        return;
    }
    size_t size = strlen(utf8);
    if (size >= text_size) {
        size = text_size - 1;
        while (size > 0 && ((unsigned char)utf8[size] & 0xC0U) == 0x80U) {
            size--;     /* not in the middle of a character */
        }
    }
    memcpy(text, utf8, size);
    text[size] = '\0';
    free(utf8);
}
