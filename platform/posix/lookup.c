/* Names by getaddrinfo: it waits, so it runs on a look-up's thread or at a program's start. */
#include "posix/sockets.h"
#include <errno.h>
#include <netdb.h>
#include <string.h>

struct tenon_error posix_lookup(const char *host, enum tenon_family family,
                                struct tenon_address *addresses, uint32_t max,
                                uint32_t *count_out)
{
    struct addrinfo hints;
    struct addrinfo *list = NULL;
    *count_out = 0;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_family = family == TENON_FAMILY_IPV4   ? AF_INET
                      : family == TENON_FAMILY_IPV6 ? AF_INET6
                                                    : AF_UNSPEC;
    int code = getaddrinfo(host, NULL, &hints, &list);
    if (code != 0) {
        return posix_lookup_error(code, errno);
    }
    for (const struct addrinfo *at = list; at != NULL && *count_out < max; at = at->ai_next) {
        struct sockaddr_storage storage;
        if ((at->ai_family == AF_INET || at->ai_family == AF_INET6) &&
            at->ai_addrlen <= sizeof storage) {
            memset(&storage, 0, sizeof storage);
            memcpy(&storage, at->ai_addr, at->ai_addrlen);
            posix_to_address(&storage, &addresses[(*count_out)++]);
        }
    }
    freeaddrinfo(list);
    return posix_error(0);
}
