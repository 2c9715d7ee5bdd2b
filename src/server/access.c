/* Access. */
#include "server/access.h"
#include <stdio.h>
#include <string.h>

enum {
    SHOWN_MAX = 100,                        /* bytes of a value that a message shows */
    ENTRY_MAX = TENON_ADDRESS_TEXT_MAX + 4, /* `IPV6/128` with its zero */
    MAPPED_BITS = 96                        /* in front of the IPv4 part */
};

static const char word_unix[] = "unix";

static bool wrong(char problem[ACCESS_PROBLEM_MAX], const char *value, const char *why)
{
    (void)snprintf(problem, ACCESS_PROBLEM_MAX, "%.*s: %s", SHOWN_MAX, value, why);
    return false;
}

/* Digits only, without zeros in front. */
static bool parse_bits(const char *text, unsigned bits_max, uint8_t *bits_out)
{
    unsigned bits = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits] != '\0' || (text[0] == '0' && digits > 1)) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        bits = bits * 10 + (unsigned)(text[i] - '0');
    }
    *bits_out = (uint8_t)bits;
    return bits <= bits_max;
}

/* Clears the bits behind the prefix. False: none was set. */
static bool clear_host_bits(struct access_prefix *prefix)
{
    unsigned size = prefix->address.family == TENON_FAMILY_IPV4 ? 4 : 16;
    unsigned cleared = 0;
    for (unsigned i = 0; i < size; i++) {
        unsigned kept = prefix->bits > i * 8 ? prefix->bits - i * 8 : 0;
        unsigned mask = kept >= 8 ? 0 : 0xFFu >> kept;
        cleared |= prefix->address.ip[i] & mask;
        prefix->address.ip[i] = (uint8_t)(prefix->address.ip[i] & ~mask);
    }
    return cleared != 0;
}

/* An IPv4-mapped prefix as the IPv4 one: without host bits only a long enough one is mapped. */
static void unmap(struct access_prefix *prefix)
{
    struct tenon_address plain = tenon_address_unmap(&prefix->address);
    if (plain.family != prefix->address.family) {
        prefix->address = plain;
        prefix->bits = (uint8_t)(prefix->bits - MAPPED_BITS);
    }
}

/* `entry` is changed. */
static bool parse_prefix(char *entry, struct access_prefix *prefix_out,
                         char problem[ACCESS_PROBLEM_MAX])
{
    char shown[ENTRY_MAX];
    char ip[TENON_ADDRESS_TEXT_MAX];
    char meant[(size_t)ENTRY_MAX + TENON_ADDRESS_TEXT_MAX];
    struct tenon_address *address = &prefix_out->address;
    memcpy(shown, entry, sizeof shown);
    char *slash = strchr(entry, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    if (tenon_address_parse(entry, address) != TENON_OK) {
        return wrong(problem, shown,
                     "it is neither a numeric address nor a prefix such as 10.0.0.0/8 or "
                     "2001:db8::/32; names are not looked up");
    }
    if (strchr(entry, '%') != NULL) {
        return wrong(problem, shown, "a zone has no place in a list: leave out what follows %");
    }
    bool is_ipv4 = address->family == TENON_FAMILY_IPV4;
    prefix_out->bits = is_ipv4 ? 32 : 128;
    if (slash != NULL && !parse_bits(slash + 1, prefix_out->bits, &prefix_out->bits)) {
        return wrong(problem, shown, is_ipv4 ? "behind the slash of IPv4 stands 0 to 32"
                                             : "behind the slash of IPv6 stands 0 to 128");
    }
    bool cleared = clear_host_bits(prefix_out);
    unmap(prefix_out);
    if (cleared) {
        tenon_address_format_ip(address, ip, sizeof ip);
        (void)snprintf(meant, sizeof meant, "did you mean %s/%u?", ip, prefix_out->bits);
        return wrong(problem, shown, meant);
    }
    return true;
}

static bool add_entry(struct access_list *list, const char *text, size_t size,
                      enum access_unix with_unix, char problem[ACCESS_PROBLEM_MAX])
{
    char entry[ENTRY_MAX] = {0};
    if (size >= sizeof entry) {
        char shown[SHOWN_MAX + 1] = {0};
        memcpy(shown, text, size < SHOWN_MAX ? size : SHOWN_MAX);
        return wrong(problem, shown, "it is longer than any address");
    }
    memcpy(entry, text, size);
    if (strcmp(entry, word_unix) == 0) {
        list->has_unix = with_unix == ACCESS_WITH_UNIX;
        return list->has_unix ||
               wrong(problem, entry, "local sockets are not in this list: their files' "
                                     "permissions decide");
    }
    if (list->count == ACCESS_PREFIXES_MAX) {
        char why[80];
        (void)snprintf(why, sizeof why, "there are more than %d addresses and prefixes",
                       ACCESS_PREFIXES_MAX);
        return wrong(problem, entry, why);
    }
    if (!parse_prefix(entry, &list->prefixes[list->count], problem)) {
        return false;
    }
    list->count++;
    return true;
}

bool access_list_add(struct access_list *list, const char *text, enum access_unix with_unix,
                     char problem[ACCESS_PROBLEM_MAX])
{
    uint32_t count = list->count;
    bool has_unix = list->has_unix;
    const char *entry = text;
    for (;;) {
        size_t size = strcspn(entry, ",");
        if (size == 0) {
            (void)snprintf(problem, ACCESS_PROBLEM_MAX, "'%.*s' has an empty entry", SHOWN_MAX,
                           text);
        }
        if (size == 0 || !add_entry(list, entry, size, with_unix, problem)) {
            list->count = count;
            list->has_unix = has_unix;
            return false;
        }
        if (entry[size] == '\0') {
            return true;
        }
        entry += size + 1;
    }
}

bool access_list_is_empty(const struct access_list *list)
{
    return list->count == 0 && !list->has_unix;
}

bool access_list_has(const struct access_list *list, const struct tenon_address *address)
{
    if (address->family == TENON_FAMILY_PATH) {
        return list->has_unix;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const struct access_prefix *prefix = &list->prefixes[i];
        if (tenon_address_in_prefix(address, &prefix->address, prefix->bits)) {
            return true;
        }
    }
    return false;
}

bool access_is_granted(const struct access_list *allow, const struct access_list *deny,
                       const struct tenon_address *address)
{
    if (address->family == TENON_FAMILY_PATH) {
        return true;
    }
    return !access_list_has(deny, address) &&
           (access_list_is_empty(allow) || access_list_has(allow, address));
}
