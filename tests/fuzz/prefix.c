/* Addresses of any bytes: prefixes against a reader of single bits, and their text. The input: what
 * the two addresses are, the bits that count, port, scope, and the bytes of each address. */
#include "fuzz.h"
#include <string.h>

enum kind {
    KIND_IPV4,
    KIND_IPV6,
    KIND_MAPPED,
    KIND_NEIGHBOUR      /* the other address but for one bit; for the other one: a path */
};

static void set_mapped(uint8_t ip[16], const uint8_t part[4])
{
    memset(ip, 0, 10);
    memset(ip + 10, 0xff, 2);
    memmove(ip + 12, part, 4);
}

static bool is_mapped(const struct tenon_address *address)
{
    uint8_t ip[16];
    set_mapped(ip, address->ip + 12);
    return address->family == TENON_FAMILY_IPV6 && memcmp(ip, address->ip, sizeof ip) == 0;
}

static void read_address(struct fuzz_input *input, enum kind kind,
                         const struct tenon_address *other, struct tenon_address *out)
{
    memset(out, 0, sizeof *out);
    if (kind == KIND_NEIGHBOUR) {
        if (other == NULL) {
            out->family = TENON_FAMILY_PATH;
            return;
        }
        *out = *other;
        if (other->family != TENON_FAMILY_PATH) {
            unsigned bit = fuzz_byte(input) % (other->family == TENON_FAMILY_IPV4 ? 32u : 128u);
            out->ip[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        }
        return;
    }
    out->family = kind == KIND_IPV4 ? TENON_FAMILY_IPV4 : TENON_FAMILY_IPV6;
    out->port = (uint16_t)fuzz_number(input, 2);
    for (size_t i = 0; i < (kind == KIND_IPV6 ? 16u : 4u); i++) {
        out->ip[i] = fuzz_byte(input);
    }
    if (kind == KIND_MAPPED) {
        set_mapped(out->ip, out->ip);
    }
    if (kind != KIND_IPV4) {
        out->scope = (uint32_t)fuzz_number(input, 4);
    }
}

static void check_unmap(const struct tenon_address *address)
{
    struct tenon_address plain = tenon_address_unmap(address);
    struct tenon_address again = tenon_address_unmap(&plain);
    FUZZ_CHECK(tenon_address_equal(&plain, &again));
    FUZZ_CHECK(plain.port == address->port);
    if (is_mapped(address)) {
        FUZZ_CHECK(plain.family == TENON_FAMILY_IPV4);
        FUZZ_CHECK(memcmp(plain.ip, address->ip + 12, 4) == 0);
        FUZZ_CHECK(!tenon_address_equal(&plain, address));
    } else {
        FUZZ_CHECK(tenon_address_equal(&plain, address));
    }
}

static bool bit_of(const uint8_t *ip, unsigned bit)
{
    return (ip[bit / 8] & (0x80 >> bit % 8)) != 0;
}

/* As address.h says it, bit by bit. */
static bool is_within(const struct tenon_address *address, const struct tenon_address *prefix,
                      unsigned bits)
{
    bool prefix_is_ipv4 = prefix->family == TENON_FAMILY_IPV4;
    bool address_is_ipv4 = address->family == TENON_FAMILY_IPV4 || is_mapped(address);
    const uint8_t *prefix_ip = prefix->ip;
    const uint8_t *address_ip = is_mapped(address) ? address->ip + 12 : address->ip;
    if (is_mapped(prefix) && bits >= 96) {
        prefix_is_ipv4 = true;
        prefix_ip += 12;
        bits -= 96;
    }
    if (address->family == TENON_FAMILY_PATH || address_is_ipv4 != prefix_is_ipv4) {
        return false;
    }
    for (unsigned bit = 0; bit < bits; bit++) {
        if (bit_of(address_ip, bit) != bit_of(prefix_ip, bit)) {
            return false;
        }
    }
    return true;
}

static void check_prefix(const struct tenon_address *address, const struct tenon_address *prefix,
                         unsigned bits)
{
    bool within = tenon_address_in_prefix(address, prefix, bits);
    FUZZ_CHECK(within == is_within(address, prefix, bits));
    /* A prefix of 96 bits of a mapped address is all of IPv4, one of 95 none of it. */
    bool border = is_mapped(prefix) && bits == 96;
    if (within && bits > 0 && !border) {
        FUZZ_CHECK(tenon_address_in_prefix(address, prefix, bits - 1));
    }
    if (address->family == prefix->family && is_mapped(address) == is_mapped(prefix)) {
        FUZZ_CHECK(tenon_address_in_prefix(prefix, address, bits) == within);
    }
    unsigned all = prefix->family == TENON_FAMILY_IPV4 ? 32 : 128;
    struct tenon_address a = tenon_address_unmap(address);
    struct tenon_address b = tenon_address_unmap(prefix);
    a.port = b.port;
    a.scope = b.scope;
    FUZZ_CHECK(tenon_address_in_prefix(address, prefix, all) == tenon_address_equal(&a, &b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct tenon_address address;
    struct tenon_address prefix;
    uint8_t kinds = fuzz_byte(&input);
    unsigned bits = fuzz_byte(&input);
    read_address(&input, (enum kind)(kinds & 3), NULL, &address);
    read_address(&input, (enum kind)(kinds >> 2 & 3), &address, &prefix);
    check_unmap(&address);
    check_unmap(&prefix);
    if (address.family != TENON_FAMILY_PATH) {
        fuzz_check_address_text(&address);
    }
    if (prefix.family != TENON_FAMILY_PATH) {
        fuzz_check_address_text(&prefix);
        check_prefix(&address, &prefix, bits % (prefix.family == TENON_FAMILY_IPV4 ? 33 : 129));
    }
    return 0;
}
