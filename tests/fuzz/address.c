/* Numeric addresses: which texts are some, by a reader of its own, and that they come back. The
 * input is the text. */
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IP_SIZE = 16,
    NO_GAP = IP_SIZE + 1
};

/* Four parts of which no other writing is accepted: the text is what its own value is written as.
 */
static bool read_ipv4(const char *text, uint8_t ip[4])
{
    uint32_t parts[4] = {0};
    char written[4 * sizeof "4294967295"];
    const char *at = text;
    for (size_t i = 0; i < 4; i++) {
        while (*at >= '0' && *at <= '9') {
            parts[i] = parts[i] * 10 + (uint32_t)(*at - '0');
            at++;
        }
        at += *at == '.' ? 1 : 0;
        ip[i] = (uint8_t)parts[i];
    }
    (void)snprintf(written, sizeof written, "%lu.%lu.%lu.%lu", (unsigned long)parts[0],
                   (unsigned long)parts[1], (unsigned long)parts[2], (unsigned long)parts[3]);
    return strcmp(text, written) == 0 && parts[0] <= 255 && parts[1] <= 255 && parts[2] <= 255 &&
           parts[3] <= 255;
}

/* RFC 4291 section 2.2: groups of one to four digits, at most one `::` for one group of zeros or
 * more, an IPv4 address for the last two. */
static bool read_ipv6(const char *text, uint8_t ip[IP_SIZE])
{
    uint8_t bytes[IP_SIZE];
    size_t count = 0;
    size_t gap = NO_GAP;
    const char *at = text;
    if (strncmp(at, "::", 2) == 0) {
        gap = 0;
        at += 2;
    }
    while (*at != '\0') {
        size_t digits = strspn(at, "0123456789abcdefABCDEF");
        if (at[digits] == '.') {
            if (count > IP_SIZE - 4 || !read_ipv4(at, bytes + count)) {
                return false;
            }
            count += 4;
            break;
        }
        if (digits == 0 || digits > 4 || count == IP_SIZE) {
            return false;
        }
        unsigned long group = strtoul(at, NULL, 16);
        bytes[count++] = (uint8_t)(group >> 8);
        bytes[count++] = (uint8_t)(group & 0xff);
        at += digits;
        if (*at == ':' && at[1] == ':' && gap == NO_GAP) {
            gap = count;
            at += 2;
        } else if (*at == ':' && at[1] != '\0') {
            at++;
        } else if (*at != '\0') {
            return false;
        }
    }
    size_t before = gap == NO_GAP ? count : gap;
    memset(ip, 0, IP_SIZE);
    memcpy(ip, bytes, before);
    memcpy(ip + IP_SIZE - (count - before), bytes + before, count - before);
    return gap == NO_GAP ? count == IP_SIZE : count < IP_SIZE;
}

/* An index from 1 on, or a name that an interface of this machine has. */
static void check_scope(const char *scope, enum tenon_status status, uint32_t index)
{
    if (scope[0] != '\0' && scope[strspn(scope, "0123456789")] == '\0') {
        const char *digits = scope + strspn(scope, "0");
        bool fits = strlen(digits) < 10 ||
                    (strlen(digits) == 10 && strcmp(digits, "4294967295") <= 0);
        bool good = fits && digits[0] != '\0';
        FUZZ_CHECK((status == TENON_OK) == good);
        FUZZ_CHECK(!good || index == (uint32_t)strtoul(digits, NULL, 10));
        return;
    }
    if (status == TENON_OK) {
        FUZZ_CHECK(scope[0] != '\0');
        FUZZ_CHECK(index > 0);
        for (const char *at = scope; *at != '\0'; at++) {
            FUZZ_CHECK((unsigned char)*at > ' ' && *at != 0x7f && *at != ':' && *at != '/');
        }
    }
}

static void check(const char *text)
{
    struct tenon_address address;
    uint8_t ip[IP_SIZE] = {0};
    enum tenon_status status = tenon_address_parse(text, &address);
    FUZZ_CHECK(status == TENON_OK || status == TENON_INVALID);
    if (read_ipv4(text, ip)) {
        FUZZ_CHECK(status == TENON_OK && address.family == TENON_FAMILY_IPV4);
        FUZZ_CHECK(memcmp(address.ip, ip, 4) == 0 && address.scope == 0);
    } else {
        size_t size = strcspn(text, "%");
        char *plain = fuzz_text((const uint8_t *)text, size);
        bool good = read_ipv6(plain, ip);
        free(plain);
        FUZZ_CHECK(good || status == TENON_INVALID);
        if (good && text[size] == '%') {
            check_scope(text + size + 1, status, address.scope);
        } else if (good) {
            FUZZ_CHECK(status == TENON_OK && address.scope == 0);
        }
        if (status == TENON_OK) {
            FUZZ_CHECK(address.family == TENON_FAMILY_IPV6);
            FUZZ_CHECK(memcmp(address.ip, ip, sizeof ip) == 0);
        }
    }
    if (status == TENON_OK) {
        FUZZ_CHECK(address.port == 0 && address.flow == 0);
        fuzz_check_address_text(&address);
        address.port = 65535;
        fuzz_check_address_text(&address);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check(text);
    free(text);
    return 0;
}
