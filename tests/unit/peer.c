/* Peers' names as Python's socket module prints them. */
#include "unit.h"
#include "common/peer.h"

static void check_names(struct unit *unit)
{
    static const struct {
        const char *ip;
        uint16_t port;
        uint32_t flow;
        const char *name;
    } rows[] = {
        {"127.0.0.1", 58493, 0, "('127.0.0.1', 58493)"},
        {"255.255.255.255", 65535, 0, "('255.255.255.255', 65535)"},
        {"0.0.0.0", 0, 0, "('0.0.0.0', 0)"},
        {"::1", 58493, 0, "('::1', 58493, 0, 0)"},
        {"::", 0, 0, "('::', 0, 0, 0)"},
        {"fe80::1%4", 58493, 0, "('fe80::1', 58493, 0, 4)"},
        {"2001:DB8::1", 1, 7, "('2001:db8::1', 1, 7, 0)"},
        {"::ffff:127.0.0.1", 58493, 0, "('127.0.0.1', 58493)"},
        {"::ffff:1.2.3.4%9", 1, 2, "('1.2.3.4', 1)"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295", 65535, UINT32_MAX,
         "('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 65535, 4294967295, 4294967295)"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char name[PEER_NAME_MAX];
        unit_row(unit, rows[i].ip);
        struct tenon_address address = unit_address(unit, rows[i].ip, rows[i].port);
        address.flow = rows[i].flow;
        peer_name(&address, name);
        CHECK_TEXT(unit, name, rows[i].name);
    }
}

static void check_path(struct unit *unit)
{
    static const struct tenon_address path = {.family = TENON_FAMILY_PATH};
    char name[PEER_NAME_MAX];
    peer_name(&path, name);
    CHECK_TEXT(unit, name, "''");
}

const struct unit_case peer_cases[] = {
    {"peer.names", check_names},
    {"peer.path", check_path},
    {NULL, NULL}
};
