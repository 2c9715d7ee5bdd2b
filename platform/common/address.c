/* IP addresses as text and as prefixes. */
#include "common/loop.h"
#include <stdio.h>
#include <string.h>

/* Four decimal parts without leading zeros: the systems' own parsers take octal, hexadecimal and
 * short forms. */
static bool parse_ipv4(const char *text, uint8_t ip[4])
{
    for (int part = 0; part < 4; part++) {
        unsigned value = 0;
        const char *start = text;
        while (*text >= '0' && *text <= '9' && text - start < 3) {
            value = value * 10 + (unsigned)(*text - '0');
            text++;
        }
        if (text == start || value > 255 || (*start == '0' && text - start > 1)) {
            return false;
        }
        ip[part] = (uint8_t)value;
        if (*text != (part < 3 ? '.' : '\0')) {
            return false;
        }
        text++;
    }
    return true;
}

/* Of a dotted tail the systems' parsers take different forms. */
static bool parse_ipv6(const char *text, uint8_t ip[16])
{
    uint8_t tail[4];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || (strchr(colon, '.') != NULL && !parse_ipv4(colon + 1, tail))) {
        return false;
    }
    return system_ipv6_parse(text, ip);
}

/* An index, or an interface's name. */
static bool parse_scope(const char *text, uint32_t *scope_out)
{
    uint64_t value = 0;
    const char *at = text;
    while (*at >= '0' && *at <= '9' && value <= UINT32_MAX) {
        value = value * 10 + (uint64_t)(*at - '0');
        at++;
    }
    /* No interface has a colon in its name, but Linux finds `lo` by `lo:80`. */
    if (at == text || *at != '\0') {
        value = strchr(text, ':') == NULL ? system_scope_index(text) : 0;
    }
    *scope_out = (uint32_t)value;
    return value > 0 && value <= UINT32_MAX;
}

enum tenon_status tenon_address_parse(const char *text, struct tenon_address *out)
{
    char ip[TENON_ADDRESS_TEXT_MAX];
    memset(out, 0, sizeof *out);
    if (parse_ipv4(text, out->ip)) {
        out->family = TENON_FAMILY_IPV4;
        return TENON_OK;
    }
    memset(out, 0, sizeof *out);
    const char *percent = strchr(text, '%');
    size_t size = percent == NULL ? strlen(text) : (size_t)(percent - text);
    if (size >= sizeof ip) {
        return TENON_INVALID;
    }
    memcpy(ip, text, size);
    ip[size] = '\0';
    if (!parse_ipv6(ip, out->ip) ||
        (percent != NULL && !parse_scope(percent + 1, &out->scope))) {
        memset(out, 0, sizeof *out);
        return TENON_INVALID;
    }
    out->family = TENON_FAMILY_IPV6;
    return TENON_OK;
}

struct tenon_address tenon_address_unmap(const struct tenon_address *address)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    struct tenon_address plain = *address;
    if (address->family == TENON_FAMILY_IPV6 &&
        memcmp(address->ip, mapped, sizeof mapped) == 0) {
        memset(&plain, 0, sizeof plain);
        plain.family = TENON_FAMILY_IPV4;
        plain.port = address->port;
        memcpy(plain.ip, address->ip + 12, 4);
    }
    return plain;
}

void tenon_address_format_ip(const struct tenon_address *address, char *text, size_t text_size)
{
    struct tenon_address plain = tenon_address_unmap(address);
    TENON_ASSERT(text_size >= TENON_ADDRESS_TEXT_MAX);
    switch ((enum tenon_family)plain.family) {
    case TENON_FAMILY_IPV4:
        (void)snprintf(text, text_size, "%u.%u.%u.%u", plain.ip[0], plain.ip[1], plain.ip[2],
                       plain.ip[3]);
        return;
    case TENON_FAMILY_IPV6:
        system_ipv6_format(plain.ip, text);
        if (plain.scope != 0) {
            size_t size = strlen(text);
            (void)snprintf(text + size, text_size - size, "%%%lu", (unsigned long)plain.scope);
        }
        return;
    case TENON_FAMILY_PATH:
        (void)snprintf(text, text_size, "unix");
        return;
    case TENON_FAMILY_ANY:
        (void)snprintf(text, text_size, "any");
        return;
    }
    TENON_ASSERT(plain.family <= TENON_FAMILY_PATH);
}

void tenon_address_format(const struct tenon_address *address, char *text, size_t text_size)
{
    char ip[TENON_ADDRESS_TEXT_MAX];
    tenon_address_format_ip(address, ip, sizeof ip);
    TENON_ASSERT(text_size >= TENON_ADDRESS_TEXT_MAX);
    if (address->family == TENON_FAMILY_PATH || address->family == TENON_FAMILY_ANY) {
        memcpy(text, ip, sizeof ip);
        return;
    }
    bool brackets = strchr(ip, ':') != NULL;
    (void)snprintf(text, text_size, "%s%s%s:%u", brackets ? "[" : "", ip, brackets ? "]" : "",
                   address->port);
}

bool tenon_address_equal(const struct tenon_address *a, const struct tenon_address *b)
{
    size_t size = a->family == TENON_FAMILY_IPV4 ? 4 : 16;
    return a->family == b->family && a->port == b->port && a->scope == b->scope &&
           memcmp(a->ip, b->ip, size) == 0;
}

bool tenon_address_in_prefix(const struct tenon_address *address,
                             const struct tenon_address *prefix, unsigned bits)
{
    struct tenon_address a = tenon_address_unmap(address);
    struct tenon_address b = *prefix;
    TENON_ASSERT(bits <= (prefix->family == TENON_FAMILY_IPV4 ? 32u : 128u));
    if (prefix->family == TENON_FAMILY_IPV6 && bits >= 96) {
        b = tenon_address_unmap(prefix);
        bits -= b.family == TENON_FAMILY_IPV4 ? 96 : 0;
    }
    if (a.family != b.family) {
        return false;
    }
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(a.ip, b.ip, whole) != 0) {
        return false;
    }
    return rest == 0 || ((a.ip[whole] ^ b.ip[whole]) >> (8 - rest)) == 0;
}
