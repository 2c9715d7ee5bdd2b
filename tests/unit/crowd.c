/* The crowd: connections counted by address. */
#include "unit.h"
#include "server/crowd.h"
#include <stdio.h>

enum {
    ADDRESSES = 64,
    STEPS = 100 * 1000,
    THREADS = 4,
    THREAD_STEPS = 5000
};

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Whether both count as one. */
static void check_keys(struct unit *unit)
{
    static const struct {
        const char *first;
        const char *second;
        bool same;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "192.0.3.1", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
        {"::ffff:192.0.2.1", "::1", false},
        {"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
        {"2001:db8::1", "2001:db8:0:1::1", false},
        {"2001:db8::1", "2001:db9::1", false},
        {"::1", "0.0.0.0", false},
        {"::c000:201:0:0:0:0", "192.0.2.1", false},
        {"fe80::1", "fe80::1", true},
        {"fe80::1", "fe80::2", false},
        {"fe80::1%1", "fe80::1%1", true},
        {"fe80::1%1", "fe80::1%2", false},
        {"fe80::1", "::1", false},
        {"fe80:0:0:1::1", "fe80:0:0:1::2", true},
        {"fec0::1", "fec0::2", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct crowd crowd;
        char text[120];
        struct tenon_address first = unit_address(unit, rows[i].first, 1);
        struct tenon_address second = unit_address(unit, rows[i].second, 2);
        (void)snprintf(text, sizeof text, "%s and %s", rows[i].first, rows[i].second);
        unit_row(unit, text);
        CHECK(unit, crowd_open(&crowd, 8, 1, 7));
        CHECK(unit, crowd_enter(&crowd, &first));
        CHECK(unit, !crowd_enter(&crowd, &first));
        CHECK(unit, crowd_enter(&crowd, &second) == !rows[i].same);
        crowd_leave(&crowd, &first);
        CHECK(unit, crowd_enter(&crowd, &first));
        crowd_close(&crowd);
    }
}

static void check_unix(struct unit *unit)
{
    static const struct tenon_address path = {.family = TENON_FAMILY_PATH};
    struct crowd crowd;
    CHECK(unit, crowd_open(&crowd, 1, 1, 7));
    for (int i = 0; i < 10; i++) {
        CHECK(unit, crowd_enter(&crowd, &path));
    }
    crowd_leave(&crowd, &path);
    struct tenon_address ipv4 = unit_address(unit, "192.0.2.1", 80);
    CHECK(unit, crowd_enter(&crowd, &ipv4));
    crowd_close(&crowd);
}

/* As many addresses as there are connections, again and again; one more is refused rather than
 * written over another. */
static void check_full(struct unit *unit)
{
    struct crowd crowd;
    CHECK(unit, crowd_open(&crowd, ADDRESSES, 2, 7));
    CHECK(unit, crowd.place_count >= 2 * ADDRESSES);
    for (uint32_t round = 0; round < 100; round++) {
        struct tenon_address address = unit_address(unit, "10.0.0.0", 80);
        address.ip[1] = (uint8_t)round;
        for (uint32_t i = 0; i < crowd.place_count / 2; i++) {
            address.ip[3] = (uint8_t)i;
            CHECK(unit, crowd_enter(&crowd, &address));
        }
        address.ip[2] = 1;
        CHECK(unit, !crowd_enter(&crowd, &address));
        address.ip[2] = 0;
        for (uint32_t i = 0; i < crowd.place_count / 2; i++) {
            address.ip[3] = (uint8_t)i;
            crowd_leave(&crowd, &address);
        }
        CHECK(unit, crowd.used == 0);
    }
    for (uint32_t i = 0; i < crowd.place_count; i++) {
        CHECK(unit, crowd.places[i].count == 0);
    }
    crowd_close(&crowd);
}

/* Whatever comes and goes, each address has what a plain list says. The seeds spread the addresses
 * differently, so that runs of taken places of all lengths occur, also across the table's end. */
static void check_against_list(struct unit *unit)
{
    for (uint64_t seed = 0; seed < 8; seed++) {
        uint32_t random = 1 + (uint32_t)seed;
        uint32_t counts[ADDRESSES] = {0};
        struct crowd crowd;
        CHECK(unit, crowd_open(&crowd, ADDRESSES, 3, seed * UINT64_C(0x123456789ABCDEF)));
        for (uint32_t step = 0; step < STEPS; step++) {
            uint32_t who = next_random(&random) % ADDRESSES;
            struct tenon_address address = {.family = TENON_FAMILY_IPV4, .ip = {10, 0, 0}};
            address.ip[3] = (uint8_t)who;
            /* Tides: now most come, now most go. */
            bool enters = next_random(&random) % 8 < (step / 1000 % 2 == 0 ? 6u : 2u);
            if (enters) {
                bool entered = crowd_enter(&crowd, &address);
                CHECK(unit, entered == (counts[who] < 3));
                counts[who] += entered ? 1 : 0;
            } else if (counts[who] > 0) {
                crowd_leave(&crowd, &address);
                counts[who]--;
            }
        }
        crowd_close(&crowd);
    }
}

/* With another seed other addresses share a place: who does not know it cannot choose them. */
static void check_seed(struct unit *unit)
{
    struct tenon_address address = unit_address(unit, "192.0.2.1", 80);
    uint32_t same = 0;
    uint32_t last = 0;
    for (uint64_t seed = 0; seed < 64; seed++) {
        struct crowd crowd;
        uint32_t at = 0;
        CHECK(unit, crowd_open(&crowd, 32 * 1024, 1, seed));
        CHECK(unit, crowd_enter(&crowd, &address));
        while (at < crowd.place_count && crowd.places[at].count == 0) {
            at++;
        }
        CHECK(unit, at < crowd.place_count);
        same += seed > 0 && at == last ? 1 : 0;
        last = at;
        crowd_close(&crowd);
    }
    CHECK(unit, same < 4);
}

struct visitor {
    struct tenon_thread thread;
    struct crowd *crowd;
    uint32_t random;
};

static void visit(void *argument)
{
    struct visitor *visitor = argument;
    for (uint32_t i = 0; i < THREAD_STEPS; i++) {
        struct tenon_address address = {.family = TENON_FAMILY_IPV4, .ip = {10, 0, 0}};
        address.ip[3] = (uint8_t)(next_random(&visitor->random) % 8);
        if (crowd_enter(visitor->crowd, &address)) {
            crowd_leave(visitor->crowd, &address);
        }
    }
}

static void check_threads(struct unit *unit)
{
    struct crowd crowd;
    struct visitor visitors[THREADS];
    CHECK(unit, crowd_open(&crowd, THREADS, 2, 7));
    for (uint32_t i = 0; i < THREADS; i++) {
        visitors[i].crowd = &crowd;
        visitors[i].random = i + 1;
        CHECK(unit, tenon_thread_start(&visitors[i].thread, visit, &visitors[i]) == TENON_OK);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        tenon_thread_join(&visitors[i].thread);
    }
    CHECK(unit, crowd.used == 0);
    crowd_close(&crowd);
}

const struct unit_case crowd_cases[] = {
    {"crowd.keys", check_keys},
    {"crowd.unix", check_unix},
    {"crowd.full", check_full},
    {"crowd.against_list", check_against_list},
    {"crowd.seed", check_seed},
    {"crowd.threads", check_threads},
    {NULL, NULL}
};
