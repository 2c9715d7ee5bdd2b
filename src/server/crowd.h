/* The crowd: how many connections each address has. IPv4 addresses count one by one, IPv6 ones by
 * their first 64 bits, which is what one network hands to one host, but those of a link, which all
 * have the same, by their interface and the rest; local sockets do not count. Any thread. */
#ifndef SERVER_CROWD_H
#define SERVER_CROWD_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/thread.h>

struct crowd_place {
    uint64_t network;       /* the address, or the half of it that counts */
    uint32_t count;         /* of connections; 0: the place is empty */
    uint32_t zone;          /* what the network is of: see crowd.c */
};

struct crowd {
    struct tenon_lock lock;
    struct crowd_place *places;
    uint32_t place_count;   /* a power of two */
    uint32_t used;
    uint32_t limit;
    uint64_t key[2];        /* of the hash: nobody can choose addresses that collide */
};

/* Takes the memory for so many connections at once, each of another address. `limit`, at least 1,
 * is what one address may have. The seed should be one that a client cannot guess. False: there is
 * not enough memory. */
bool crowd_open(struct crowd *crowd, uint32_t connections, uint32_t limit, uint64_t seed);
void crowd_close(struct crowd *crowd);

/* One more connection of the address. False: it is at its limit, or there are more connections than
 * there is memory for; nothing was counted. */
bool crowd_enter(struct crowd *crowd, const struct tenon_address *address);

/* One less: once for each that entered. */
void crowd_leave(struct crowd *crowd, const struct tenon_address *address);

#endif
