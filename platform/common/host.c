/* Hosts as text: what needs no look-up. */
#include "common/loop.h"
#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_localhost(const char *host)
{
    const char *name = "localhost";
    while (*name != '\0' && lower(*host) == *name) {
        host++;
        name++;
    }
    return *name == '\0' && (*host == '\0' || strcmp(host, ".") == 0);
}

/* No name's last label is a number, but the systems' resolvers read `9000`, `010.0.0.1` and
 * `0x7f.1` as addresses. */
static bool ends_in_number(const char *host)
{
    size_t size = strlen(host);
    size_t end = size > 0 && host[size - 1] == '.' ? size - 1 : size;
    size_t start = end;
    while (start > 0 && host[start - 1] != '.') {
        start--;
    }
    bool hexadecimal = end - start >= 2 && host[start] == '0' && lower(host[start + 1]) == 'x';
    for (size_t i = start + (hexadecimal ? 2 : 0); i < end; i++) {
        char c = lower(host[i]);
        if ((c < '0' || c > '9') && !(hexadecimal && c >= 'a' && c <= 'f')) {
            return false;
        }
    }
    return end > start;
}

const char *host_path(const char *host)
{
    return host != NULL && strncmp(host, "unix:", 5) == 0 ? host + 5 : NULL;
}

enum tenon_status host_addresses(const char *host, enum tenon_family family,
                                 struct tenon_address addresses[2], uint32_t *count_out)
{
    static const struct tenon_address loopback6 = {.family = TENON_FAMILY_IPV6, .ip = {[15] = 1}};
    static const struct tenon_address loopback4 = {.family = TENON_FAMILY_IPV4,
                                                   .ip = {127, 0, 0, 1}};
    *count_out = 0;
    if (host == NULL || is_localhost(host)) {
        if (family != TENON_FAMILY_IPV4) {
            addresses[(*count_out)++] = loopback6;
        }
        if (family != TENON_FAMILY_IPV6) {
            addresses[(*count_out)++] = loopback4;
        }
        return TENON_OK;
    }
    if (tenon_address_parse(host, &addresses[0]) == TENON_OK) {
        *count_out = family == TENON_FAMILY_ANY || family == addresses[0].family ? 1 : 0;
        return TENON_OK;
    }
    size_t size = strlen(host);
    if (size == 0 || size > TENON_HOST_MAX || ends_in_number(host) || strchr(host, ':') != NULL) {
        return TENON_INVALID;
    }
    return TENON_NOT_RESOLVED;
}
