/* PROXY headers: what is accepted is so with anything behind it and incomplete without its last
 * byte; what it says comes back from a header written from that. The input is what was received. */
#include "server/proxy.h"
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IP_TEXT_MAX = TENON_ADDRESS_TEXT_MAX + 8    /* with `::ffff:` in front */
};

/* In memory of just that size, so that a sanitizer sees where it ends. */
static enum proxy_progress parse(const uint8_t *data, size_t size, struct proxy_header *header,
                                 const char **reason)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    FUZZ_CHECK(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    enum proxy_progress progress = proxy_parse(copy, size, header, reason);
    FUZZ_CHECK((progress == PROXY_WRONG) == (*reason != NULL));
    if (progress == PROXY_DONE && header->name != NULL) {
        const char *begin = (const char *)copy;
        FUZZ_CHECK(header->name >= begin + 16);
        FUZZ_CHECK(header->name_size <= (size_t)(begin + header->size - header->name));
    }
    header->name = NULL;    /* lent */
    free(copy);
    return progress;
}

static bool is_same(const struct proxy_header *a, const struct proxy_header *b)
{
    return a->size == b->size && a->version == b->version && a->is_local == b->is_local &&
           tenon_address_equal(&a->source, &b->source) &&
           tenon_address_equal(&a->destination, &b->destination) && a->has_tls == b->has_tls &&
           a->tls_client == b->tls_client && a->tls_verify == b->tls_verify &&
           a->name_size == b->name_size;
}

static void write_ip(const struct tenon_address *address, char text[IP_TEXT_MAX])
{
    struct tenon_address plain = tenon_address_unmap(address);
    char ip[TENON_ADDRESS_TEXT_MAX];
    tenon_address_format_ip(address, ip, sizeof ip);
    (void)snprintf(text, IP_TEXT_MAX, "%s%s",
                   plain.family == address->family ? "" : "::ffff:", ip);
}

/* Version 1: the same bytes for IPv4, which is written in one way only; the same addresses for
 * IPv6. */
static void check_line(const uint8_t *data, const struct proxy_header *header)
{
    struct proxy_header back;
    const char *reason = NULL;
    char source[IP_TEXT_MAX];
    char destination[IP_TEXT_MAX];
    char line[2 * IP_TEXT_MAX + 40];
    FUZZ_CHECK(header->size <= PROXY_LINE_MAX);
    FUZZ_CHECK(memcmp(data + header->size - 2, "\r\n", 2) == 0);
    FUZZ_CHECK(!header->is_local && !header->has_tls);
    if (header->source.family == TENON_FAMILY_ANY) {
        FUZZ_CHECK(memcmp(data, "PROXY UNKNOWN", 13) == 0);
        return;
    }
    bool is_ipv4 = header->source.family == TENON_FAMILY_IPV4;
    write_ip(&header->source, source);
    write_ip(&header->destination, destination);
    int size = snprintf(line, sizeof line, "PROXY %s %s %s %u %u\r\n", is_ipv4 ? "TCP4" : "TCP6",
                        source, destination, header->source.port, header->destination.port);
    FUZZ_CHECK(size > 0 && size <= PROXY_LINE_MAX);
    if (is_ipv4) {
        FUZZ_CHECK((size_t)size == header->size && memcmp(line, data, header->size) == 0);
    }
    FUZZ_CHECK(parse((const uint8_t *)line, (size_t)size, &back, &reason) == PROXY_DONE);
    back.size = header->size;
    FUZZ_CHECK(is_same(&back, header));
}

static void check_block(const uint8_t *data, const struct proxy_header *header)
{
    FUZZ_CHECK(header->size == 16u + data[14] * 256u + data[15]);
    FUZZ_CHECK(data[12] == (header->is_local ? 0x20 : 0x21));
    if (header->is_local) {
        FUZZ_CHECK(header->source.family == TENON_FAMILY_ANY && !header->has_tls);
        return;
    }
    size_t ip_size = header->source.family == TENON_FAMILY_IPV4 ? 4 : 16;
    if (header->source.family == TENON_FAMILY_IPV4 || header->source.family == TENON_FAMILY_IPV6) {
        FUZZ_CHECK(data[13] == (ip_size == 4 ? 0x11 : 0x21));
        FUZZ_CHECK(memcmp(header->source.ip, data + 16, ip_size) == 0);
        FUZZ_CHECK(memcmp(header->destination.ip, data + 16 + ip_size, ip_size) == 0);
        const uint8_t *ports = data + 16 + 2 * ip_size;
        FUZZ_CHECK(header->source.port == ports[0] * 256 + ports[1]);
        FUZZ_CHECK(header->destination.port == ports[2] * 256 + ports[3]);
    } else {
        FUZZ_CHECK(header->source.port == 0 && header->destination.port == 0);
    }
}

static void check_certificate(const struct proxy_header *header)
{
    const char *reason = NULL;
    bool good = header->has_tls && (header->tls_client & 1) != 0 &&
                (header->tls_client & 6) != 0 && header->tls_verify == 0;
    FUZZ_CHECK(proxy_has_certificate(header, NULL, &reason) == good);
    FUZZ_CHECK((reason == NULL) == good);
    FUZZ_CHECK(!proxy_has_certificate(header, "nobody", &reason));     /* the name is gone */
}

static void check_done(const uint8_t *data, size_t size, const struct proxy_header *header)
{
    struct proxy_header other;
    const char *reason = NULL;
    uint8_t longer[PROXY_HEADER_MAX + 2];
    FUZZ_CHECK(header->size > 0 && header->size <= size && header->size <= PROXY_HEADER_MAX);
    FUZZ_CHECK(header->source.family == header->destination.family);
    FUZZ_CHECK(header->source.scope == 0 && header->destination.scope == 0);
    for (size_t less = 0; less < header->size; less++) {
        FUZZ_CHECK(parse(data, less, &other, &reason) == PROXY_NEED_MORE);
    }
    memcpy(longer, data, header->size);
    longer[header->size] = '\r';
    longer[header->size + 1] = '\n';
    for (size_t more = 0; more <= 2; more++) {
        FUZZ_CHECK(parse(longer, header->size + more, &other, &reason) == PROXY_DONE);
        FUZZ_CHECK(is_same(&other, header));
    }
    if (header->version == 1) {
        check_line(data, header);
    } else {
        check_block(data, header);
    }
    check_certificate(header);
}

/* What is wrong stays so, and more is never asked for beyond the longest header. */
static void check_wrong(const uint8_t *data, size_t size, const char *expected)
{
    struct proxy_header header;
    const char *reason = NULL;
    uint8_t *longer = (uint8_t *)fuzz_text(data, size);
    FUZZ_CHECK(strlen(expected) > 0 && expected[strlen(expected) - 1] != '.');
    FUZZ_CHECK(parse(longer, size + 1, &header, &reason) == PROXY_WRONG);
    FUZZ_CHECK(strcmp(reason, expected) == 0);
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header header;
    const char *reason = NULL;
    switch (parse(data, size, &header, &reason)) {
    case PROXY_NEED_MORE:
        FUZZ_CHECK(size < PROXY_HEADER_MAX);
        break;
    case PROXY_DONE:
        check_done(data, size, &header);
        break;
    case PROXY_WRONG:
        check_wrong(data, size, reason);
        break;
    }
    return 0;
}
