/* Looking names up: GetAddrInfoW, which waits. */
#include "windows/win.h"
#include <stdlib.h>

static DWORD get_addresses(const wchar_t *host, enum tenon_family family, ADDRINFOW **out)
{
    ADDRINFOW hints = {0};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_protocol = IPPROTO_TCP;
    hints.ai_family = AF_UNSPEC;
    if (family != TENON_FAMILY_ANY) {
        hints.ai_family = family == TENON_FAMILY_IPV4 ? AF_INET : AF_INET6;
    }
    return (DWORD)GetAddrInfoW(host, NULL, &hints, out);
}

/* With a start-up of its own: one that was given up may outlive every loop. */
struct tenon_error win_lookup(const char *host, enum tenon_family family,
                              struct tenon_address *addresses, uint32_t max, uint32_t *count_out)
{
    ADDRINFOW *found = NULL;
    *count_out = 0;
    wchar_t *wide = win_wide(host);
    if (wide == NULL) {
        return win_last_error();
    }
    struct tenon_error error = win_start();
    if (error.status == TENON_OK) {
        error = win_error(get_addresses(wide, family, &found));
        if (error.status == TENON_OK) {
            for (ADDRINFOW *at = found; at != NULL && *count_out < max; at = at->ai_next) {
                if (at->ai_family == AF_INET || at->ai_family == AF_INET6) {
                    addresses[*count_out] = win_address(at->ai_addr);
                    (*count_out)++;
                }
            }
            FreeAddrInfoW(found);
            if (*count_out == 0) {
                error = win_error(WSANO_DATA);
            }
        }
        (void)WSACleanup();
    }
    free(wide);
    return error;
}
