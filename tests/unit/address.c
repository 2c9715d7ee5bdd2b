/* Addresses as text, and whether two are the same. */
#include "unit.h"
#include <string.h>

static void check_parse(struct unit *unit)
{
    static const struct {
        const char *text;
        struct tenon_address address;
    } rows[] = {
        {"0.0.0.0", {.family = TENON_FAMILY_IPV4}},
        {"127.0.0.1", {.family = TENON_FAMILY_IPV4, .ip = {127, 0, 0, 1}}},
        {"255.255.255.255", {.family = TENON_FAMILY_IPV4, .ip = {255, 255, 255, 255}}},
        {"10.0.99.100", {.family = TENON_FAMILY_IPV4, .ip = {10, 0, 99, 100}}},
        {"::", {.family = TENON_FAMILY_IPV6}},
        {"::1", {.family = TENON_FAMILY_IPV6, .ip = {[15] = 1}}},
        {"1::", {.family = TENON_FAMILY_IPV6, .ip = {[1] = 1}}},
        {"0000:0000:0000:0000:0000:0000:0000:0001",
         {.family = TENON_FAMILY_IPV6, .ip = {[15] = 1}}},
        {"2001:DB8::aBcD",
         {.family = TENON_FAMILY_IPV6, .ip = {0x20, 0x01, 0x0d, 0xb8, [14] = 0xab, [15] = 0xcd}}},
        {"1:2:3:4:5:6:7:8",
         {.family = TENON_FAMILY_IPV6, .ip = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}}},
        {"1:2:3:4:5:6:7::",
         {.family = TENON_FAMILY_IPV6, .ip = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7}}},
        {"1:2:3:4:5:6:7.8.9.10",
         {.family = TENON_FAMILY_IPV6, .ip = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 7, 8, 9, 10}}},
        {"::ffff:1.2.3.4",
         {.family = TENON_FAMILY_IPV6, .ip = {[10] = 255, [11] = 255, 1, 2, 3, 4}}},
        {"fe80::1%1",
         {.family = TENON_FAMILY_IPV6, .scope = 1, .ip = {0xfe, 0x80, [15] = 1}}},
        {"fe80::1%4294967295",
         {.family = TENON_FAMILY_IPV6, .scope = UINT32_MAX, .ip = {0xfe, 0x80, [15] = 1}}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tenon_address address;
        unit_row(unit, rows[i].text);
        memset(&address, 0xaa, sizeof address);
        CHECK(unit, tenon_address_parse(rows[i].text, &address) == TENON_OK);
        CHECK(unit, memcmp(&address, &rows[i].address, sizeof address) == 0);
    }
}

static void check_parse_invalid(struct unit *unit)
{
    static const char *const rows[] = {
        /* no address at all */
        "", " ", ".", ":", "%", "localhost", "a.b.c.d", "example.com",
        /* IPv4 that some system's parser takes */
        "010.0.0.1", "1.2.3", "1.2", "1", "127.1", "2130706433", "0x7f.0.0.1", "0x7f000001",
        "00.0.0.0", "1.2.3.04", "256.1.1.1", "1.2.3.256", "1.2.3.1000", "1.2.3.4294967297",
        /* IPv4 with something around or between */
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\n", "1.2.3.4x", "1.2.3.4.", "1.2.3.4.5",
        "1.2.3.", "1..3.4", ".1.2.3", "+1.2.3.4", "-1.2.3.4", "1.2.-3.4", "1,2,3,4",
        "1.2.3.4:80", "1.2.3.4/8", "127.0.0.1%1", "[1.2.3.4]", "\xef\xbc\x91.2.3.4",
        /* IPv6 */
        ":::", "::::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "12345::", "00001::", "::g",
        "::1 ", " ::1", "::1\n", "::1x", "[::1]", "::1/64", "::1.2.3", "::1.2.3.256",
        "::1.2.3.4.5", "::010.0.0.1", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "::1.2.3.4:5", "0x1::",
        /* scopes */
        "::1%", "fe80::1%0", "fe80::1%4294967296", "fe80::1%42949672960", "fe80::1%-1",
        "fe80::1%lo:80", "fe80::1%1:", "fe80::1%1 ", "fe80::1%1%1", "fe80::1%%1",
        "fe80::1%no such interface", "%1",
        /* longer than any address */
        "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000::1",
        "fe80::1%iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tenon_address address;
        unit_row(unit, rows[i]);
        memset(&address, 0xaa, sizeof address);
        CHECK(unit, tenon_address_parse(rows[i], &address) == TENON_INVALID);
        CHECK(unit, address.family == TENON_FAMILY_ANY && address.port == 0);
    }
}

static void check_format(struct unit *unit)
{
    static const struct {
        const char *ip;
        uint16_t port;
        const char *text;
        const char *text_ip;
    } rows[] = {
        {"127.0.0.1", 80, "127.0.0.1:80", "127.0.0.1"},
        {"0.0.0.0", 0, "0.0.0.0:0", "0.0.0.0"},
        {"255.255.255.255", 65535, "255.255.255.255:65535", "255.255.255.255"},
        {"::", 0, "[::]:0", "::"},
        {"::1", 80, "[::1]:80", "::1"},
        {"1::", 80, "[1::]:80", "1::"},
        {"fe80::1%4", 80, "[fe80::1%4]:80", "fe80::1%4"},
        {"::ffff:1.2.3.4", 80, "1.2.3.4:80", "1.2.3.4"},
        {"::ffff:0.0.0.0", 80, "0.0.0.0:80", "0.0.0.0"},
        /* RFC 5952 section 4: no leading zeros, lower case, the first of the longest runs of at
         * least two zeros is shortened. */
        {"2001:0DB8:0:0:0:0:0:0AbC", 1, "[2001:db8::abc]:1", "2001:db8::abc"},
        {"2001:db8:0:1:1:1:1:1", 1, "[2001:db8:0:1:1:1:1:1]:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", 1, "[2001:0:0:1::1]:1", "2001:0:0:1::1"},
        {"2001:db8::1:0:0:1", 1, "[2001:db8::1:0:0:1]:1", "2001:db8::1:0:0:1"},
        {"1:0:0:2:3:4:0:0", 1, "[1::2:3:4:0:0]:1", "1::2:3:4:0:0"},
        {"1:2:3:4:5:6:0:0", 1, "[1:2:3:4:5:6::]:1", "1:2:3:4:5:6::"},
        {"0:2:3:4:5:6:7:0", 1, "[0:2:3:4:5:6:7:0]:1", "0:2:3:4:5:6:7:0"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295", 65535,
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[TENON_ADDRESS_TEXT_MAX];
        unit_row(unit, rows[i].ip);
        struct tenon_address address = unit_address(unit, rows[i].ip, rows[i].port);
        tenon_address_format(&address, text, sizeof text);
        CHECK_TEXT(unit, text, rows[i].text);
        tenon_address_format_ip(&address, text, sizeof text);
        CHECK_TEXT(unit, text, rows[i].text_ip);
    }
}

static void check_format_path(struct unit *unit)
{
    static const struct tenon_address path = {.family = TENON_FAMILY_PATH};
    char text[TENON_ADDRESS_TEXT_MAX];
    tenon_address_format(&path, text, sizeof text);
    CHECK_TEXT(unit, text, "unix");
    tenon_address_format_ip(&path, text, sizeof text);
    CHECK_TEXT(unit, text, "unix");
}

/* Every run of zeros in every place: what is written is read back as the same. */
static void check_round_trip(struct unit *unit)
{
    for (uint32_t zeros = 0; zeros < 256; zeros++) {
        struct tenon_address address = {.family = TENON_FAMILY_IPV6};
        struct tenon_address back;
        char text[TENON_ADDRESS_TEXT_MAX];
        for (uint32_t group = 0; group < 8; group++) {
            bool zero = (zeros >> group & 1) != 0;
            address.ip[2 * group] = (uint8_t)(zero ? 0 : group * 31);
            address.ip[2 * group + 1] = (uint8_t)(zero ? 0 : group + 1);
        }
        address.scope = zeros;
        tenon_address_format_ip(&address, text, sizeof text);
        unit_row(unit, text);
        CHECK(unit, tenon_address_parse(text, &back) == TENON_OK);
        CHECK(unit, tenon_address_equal(&address, &back));
    }
}

static void check_unmap(struct unit *unit)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = {
        {"::ffff:1.2.3.4", "1.2.3.4"},      {"::ffff:0:0", "0.0.0.0"},
        {"::ffff:1.2.3.4%7", "1.2.3.4"},    {"1.2.3.4", "1.2.3.4"},
        {"::1", "::1"},                     {"fe80::1%3", "fe80::1%3"},
        {"::fffe:1.2.3.4", "::fffe:1.2.3.4"}, {"1::ffff:1.2.3.4", "1::ffff:1.2.3.4"},
        {"::ffff:0:1.2.3.4", "::ffff:0:1.2.3.4"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].from);
        struct tenon_address from = unit_address(unit, rows[i].from, 80);
        struct tenon_address to = unit_address(unit, rows[i].to, 80);
        struct tenon_address plain = tenon_address_unmap(&from);
        CHECK(unit, memcmp(&plain, &to, sizeof to) == 0);
    }
}

static void check_equal(struct unit *unit)
{
    static const struct {
        const char *a;
        uint16_t a_port;
        const char *b;
        uint16_t b_port;
        bool equal;
    } rows[] = {
        {"1.2.3.4", 80, "1.2.3.4", 80, true},   {"1.2.3.4", 80, "1.2.3.4", 81, false},
        {"1.2.3.4", 80, "1.2.3.5", 80, false},  {"::1", 80, "::1", 80, true},
        {"::1", 80, "::2", 80, false},          {"1::1", 80, "::1", 80, false},
        {"0.0.0.0", 80, "::", 80, false},       {"fe80::1%1", 80, "fe80::1%2", 80, false},
        {"fe80::1%1", 80, "fe80::1%1", 80, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].a);
        struct tenon_address a = unit_address(unit, rows[i].a, rows[i].a_port);
        struct tenon_address b = unit_address(unit, rows[i].b, rows[i].b_port);
        CHECK(unit, tenon_address_equal(&a, &b) == rows[i].equal);
        CHECK(unit, tenon_address_equal(&b, &a) == rows[i].equal);
        b.flow = 1;
        CHECK(unit, tenon_address_equal(&a, &b) == rows[i].equal);
    }
}

const struct unit_case address_cases[] = {
    {"address.parse", check_parse},
    {"address.parse_invalid", check_parse_invalid},
    {"address.format", check_format},
    {"address.format_path", check_format_path},
    {"address.round_trip", check_round_trip},
    {"address.unmap", check_unmap},
    {"address.equal", check_equal},
    {NULL, NULL}
};
