/* The crowd: a hash table with linear probing, at most half full. What leaves is not marked but
 * closed up behind, so that no probe grows longer with time. */
#include "server/crowd.h"
#include <stdlib.h>
#include <string.h>

/* Zones: what a network is a number of. */
enum {
    ZONE_IPV4,
    ZONE_IPV6,
    ZONE_LINK           /* and more: of the interface with the index zone - ZONE_LINK */
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of two words: without the key nobody can tell which
 * addresses share a place. */
static uint64_t hash(const uint64_t key[2], const uint64_t words[2])
{
    uint64_t v[4] = {
        key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)
    };
    for (int i = 0; i < 2; i++) {
        v[3] ^= words[i];
        sip_round(v);
        sip_round(v);
        v[0] ^= words[i];
    }
    v[2] ^= 0xFF;
    for (int i = 0; i < 4; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* fe80::/64 (RFC 4291). */
static bool is_of_a_link(const struct tenon_address *address)
{
    static const uint8_t prefix[8] = {0xfe, 0x80};
    return address->family == TENON_FAMILY_IPV6 && memcmp(address->ip, prefix, sizeof prefix) == 0;
}

static struct crowd_place place_of(const struct tenon_address *address)
{
    struct tenon_address plain = tenon_address_unmap(address);
    struct crowd_place place = {.zone = ZONE_IPV4};
    size_t begin = 0;
    size_t end = 4;
    if (is_of_a_link(&plain)) {
        place.zone = ZONE_LINK + plain.scope;
        begin = 8;
        end = 16;
    } else if (plain.family == TENON_FAMILY_IPV6) {
        place.zone = ZONE_IPV6;
        end = 8;
    }
    for (size_t i = begin; i < end; i++) {
        place.network = place.network << 8 | plain.ip[i];
    }
    return place;
}

/* Where a probe for it begins. */
static uint32_t home_of(const struct crowd *crowd, const struct crowd_place *place)
{
    /* The length belongs to the last word, as in the hash of whole bytes. */
    uint64_t words[2] = {place->network, UINT64_C(12) << 56 | place->zone};
    return (uint32_t)hash(crowd->key, words) & (crowd->place_count - 1);
}

/* The place that has it, or the empty one where it would be. */
static uint32_t find(const struct crowd *crowd, const struct crowd_place *wanted)
{
    uint32_t at = home_of(crowd, wanted);
    const struct crowd_place *place = &crowd->places[at];
    while (place->count > 0 &&
           (place->network != wanted->network || place->zone != wanted->zone)) {
        at = (at + 1) & (crowd->place_count - 1);
        place = &crowd->places[at];
    }
    return at;
}

/* Moves back what a probe could no longer reach across the empty place. */
static void close_up(struct crowd *crowd, uint32_t empty)
{
    uint32_t mask = crowd->place_count - 1;
    for (uint32_t at = (empty + 1) & mask; crowd->places[at].count > 0; at = (at + 1) & mask) {
        uint32_t from_home = (at - home_of(crowd, &crowd->places[at])) & mask;
        if (from_home >= ((at - empty) & mask)) {
            crowd->places[empty] = crowd->places[at];
            crowd->places[at].count = 0;
            empty = at;
        }
    }
}

bool crowd_open(struct crowd *crowd, uint32_t connections, uint32_t limit, uint64_t seed)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->place_count = 2;
    while (crowd->place_count / 2 < connections && crowd->place_count <= UINT32_MAX / 2) {
        crowd->place_count *= 2;
    }
    crowd->limit = limit;
    crowd->key[0] = seed;
    crowd->key[1] = rotate(seed, 32) * UINT64_C(0x9E3779B97F4A7C15);
    crowd->places = calloc(crowd->place_count, sizeof *crowd->places);
    tenon_lock_init(&crowd->lock);
    return crowd->places != NULL;
}

void crowd_close(struct crowd *crowd)
{
    tenon_lock_destroy(&crowd->lock);
    free(crowd->places);
    crowd->places = NULL;
}

bool crowd_enter(struct crowd *crowd, const struct tenon_address *address)
{
    if (address->family == TENON_FAMILY_PATH) {
        return true;
    }
    struct crowd_place wanted = place_of(address);
    tenon_lock_take(&crowd->lock);
    struct crowd_place *place = &crowd->places[find(crowd, &wanted)];
    bool is_new = place->count == 0;
    bool room = is_new ? crowd->used < crowd->place_count / 2 : place->count < crowd->limit;
    if (room) {
        wanted.count = place->count + 1;
        *place = wanted;
        crowd->used += is_new ? 1 : 0;
    }
    tenon_lock_give(&crowd->lock);
    return room;
}

void crowd_leave(struct crowd *crowd, const struct tenon_address *address)
{
    if (address->family == TENON_FAMILY_PATH) {
        return;
    }
    struct crowd_place wanted = place_of(address);
    tenon_lock_take(&crowd->lock);
    uint32_t at = find(crowd, &wanted);
    if (crowd->places[at].count > 0) {
        crowd->places[at].count--;
        if (crowd->places[at].count == 0) {
            crowd->used--;
            close_up(crowd, at);
        }
    }
    tenon_lock_give(&crowd->lock);
}
