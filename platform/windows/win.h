/* What the files of windows/ share: errors, text, clocks, addresses and sockets. */
#ifndef TENON_WINDOWS_WIN_H
#define TENON_WINDOWS_WIN_H
#include "windows/system.h"
#include "backend.h"
#include <tenon/process.h>

/* ---- errors.c ---- */
/* Of a code that GetLastError, WSAGetLastError or GetAddrInfoW gave; 0 is OK. */
struct tenon_error win_error(DWORD native);
struct tenon_error win_last_error(void);        /* Win32's and Winsock's last error are one */

/* ---- text.c ---- */
/* The text as UTF-16, or as UTF-8, allocated; NULL: GetLastError tells. UTF-8 that is none is an
 * error; UTF-16 that is none becomes U+FFFD. */
wchar_t *win_wide(const char *text);
char *win_utf8(const wchar_t *wide);

/* ---- path.c ---- */
/* A path in full, in the form that may be longer than 260 characters, allocated; NULL: *error_out
 * tells. */
wchar_t *win_path(const char *path, struct tenon_error *error_out);

/* ---- file.c ---- */
/* Reads once, waiting for the first byte; OK with none is the end. place: an offset, or NULL. */
struct tenon_error win_read(HANDLE handle, void *data, size_t size, OVERLAPPED *place,
                            size_t *got_out);
/* Writes all; a pipe that was made not to wait is waited for. */
struct tenon_error win_write_all(HANDLE handle, const void *data, size_t size);

/* ---- output.c ---- */
bool win_is_console(HANDLE handle);

/* ---- clock.c ---- */
int64_t win_clock(void);                        /* monotonic nanoseconds */
int64_t win_wall(void);                         /* nanoseconds since 1970 */
DWORD win_milliseconds(int64_t duration);       /* rounded up; INFINITE for TENON_FOREVER only */

/* ---- addresses.c ---- */
/* Returns the size of what is in *out. */
int win_sockaddr(const struct tenon_address *address, SOCKADDR_STORAGE *out);
struct tenon_address win_address(const struct sockaddr *from);

/* ---- sockets.c ---- */
/* The provider that makes the sockets of a family. */
struct win_provider {
    bool found;
    WSAPROTOCOL_INFOW protocol;
};

/* Winsock counts its starts: each needs a WSACleanup. */
struct tenon_error win_start(void);
struct tenon_error win_find_providers(struct win_provider *ipv4, struct win_provider *ipv6);
/* Overlapped, and not inherited. */
struct tenon_error win_socket(const struct win_provider *provider, SOCKET *out);
struct tenon_error win_set_nonblocking(SOCKET socket);
struct tenon_error win_set_no_delay(SOCKET socket);
void win_discard(SOCKET socket);                /* with a reset */

/* ---- stop.c ---- */
/* A request that did not come from the console. Nobody watches: it does nothing. */
void win_request(enum tenon_request request);

/* ---- service.c ---- */
bool win_is_service(void);
/* Where this is one: its last word. */
void win_service_stopped(int code);

/* ---- lookup.c ---- */
struct tenon_error win_lookup(const char *host, enum tenon_family family,
                              struct tenon_address *addresses, uint32_t max, uint32_t *count_out);

#endif
