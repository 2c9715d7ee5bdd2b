/* Prefixes: which addresses are in one. */
#include "unit.h"
#include <stdio.h>

static const struct row {
    const char *address;
    const char *prefix;
    unsigned bits;
    bool within;
} rows[] = {
    {"10.1.2.3", "10.0.0.0", 8, true},
    {"10.255.255.255", "10.0.0.0", 8, true},
    {"11.0.0.0", "10.0.0.0", 8, false},
    {"9.255.255.255", "10.0.0.0", 8, false},
    {"10.1.2.3", "10.9.9.9", 8, true},              /* bits behind the prefix do not count */
    {"1.2.3.4", "0.0.0.0", 0, true},
    {"255.255.255.255", "0.0.0.0", 0, true},
    {"128.0.0.0", "0.0.0.0", 1, false},
    {"127.255.255.255", "0.0.0.0", 1, true},
    {"10.128.0.1", "10.128.0.0", 9, true},
    {"10.127.0.1", "10.128.0.0", 9, false},
    {"172.31.0.1", "172.16.0.0", 12, true},
    {"172.32.0.1", "172.16.0.0", 12, false},
    {"10.0.0.1", "10.0.0.0", 31, true},
    {"10.0.0.2", "10.0.0.0", 31, false},
    {"10.0.0.1", "10.0.0.1", 32, true},
    {"10.0.0.0", "10.0.0.1", 32, false},

    {"::1", "::", 0, true},
    {"ffff::", "::", 0, true},
    {"2001:db8::1", "2001:db8::", 32, true},
    {"2001:db9::1", "2001:db8::", 32, false},
    {"febf::1", "fe80::", 10, true},
    {"fec0::1", "fe80::", 10, false},
    {"2001:db8:0:1:ffff::", "2001:db8:0:1::", 64, true},
    {"2001:db8:0:2::", "2001:db8:0:1::", 64, false},
    {"::2", "::3", 127, true},
    {"::2", "::3", 128, false},
    {"::3", "::3", 128, true},
    {"1::3", "2::3", 128, false},

    {"::ffff:10.1.2.3", "10.0.0.0", 8, true},
    {"::ffff:11.1.2.3", "10.0.0.0", 8, false},
    {"10.1.2.3", "::ffff:10.0.0.0", 104, true},
    {"11.1.2.3", "::ffff:10.0.0.0", 104, false},
    {"::ffff:10.1.2.3", "::ffff:10.0.0.0", 104, true},
    {"10.1.2.3", "::ffff:10.1.2.3", 128, true},
    {"10.1.2.4", "::ffff:10.1.2.3", 128, false},
    {"1.2.3.4", "::ffff:0:0", 96, true},
    {"::1", "::ffff:0:0", 96, false},

    {"1.2.3.4", "::", 0, false},                    /* families must match */
    {"::ffff:1.2.3.4", "::", 0, false},
    {"::1", "0.0.0.0", 0, false},
    {"::102:304", "1.2.3.4", 0, false},
    {"102:304::", "1.2.3.4", 32, false},
};

static void check_prefixes(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        char text[120];
        (void)snprintf(text, sizeof text, "%s in %s/%u", row->address, row->prefix, row->bits);
        unit_row(unit, text);
        struct tenon_address address = unit_address(unit, row->address, 80);
        struct tenon_address prefix = unit_address(unit, row->prefix, 443);
        CHECK(unit, tenon_address_in_prefix(&address, &prefix, row->bits) == row->within);
    }
}

/* An address that differs in one bit is in the prefixes that end before it. */
static void check_every_bit(struct unit *unit)
{
    for (unsigned bit = 0; bit < 128; bit++) {
        struct tenon_address zero = {.family = TENON_FAMILY_IPV6};
        struct tenon_address one = zero;
        one.ip[bit / 8] = (uint8_t)(0x80 >> bit % 8);
        for (unsigned bits = 0; bits <= 128; bits++) {
            CHECK(unit, tenon_address_in_prefix(&one, &zero, bits) == (bits <= bit));
        }
        zero.family = TENON_FAMILY_IPV4;
        one.family = TENON_FAMILY_IPV4;
        for (unsigned bits = 0; bit < 32 && bits <= 32; bits++) {
            CHECK(unit, tenon_address_in_prefix(&one, &zero, bits) == (bits <= bit));
        }
    }
}

static void check_path(struct unit *unit)
{
    static const struct tenon_address path = {.family = TENON_FAMILY_PATH};
    struct tenon_address ipv4 = unit_address(unit, "0.0.0.0", 0);
    struct tenon_address ipv6 = unit_address(unit, "::", 0);
    CHECK(unit, !tenon_address_in_prefix(&path, &ipv4, 0));
    CHECK(unit, !tenon_address_in_prefix(&path, &ipv6, 0));
}

const struct unit_case prefix_cases[] = {
    {"prefix.table", check_prefixes},
    {"prefix.every_bit", check_every_bit},
    {"prefix.path", check_path},
    {NULL, NULL}
};
