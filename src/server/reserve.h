/* The reserve: sends that the kernel did not take at once, shared by all sessions. A session holds
 * an entry only while it has received something that is not yet sent, so that an idle one costs
 * none. Where none is left a session leaves its bytes in the kernel and waits. */
#ifndef SERVER_RESERVE_H
#define SERVER_RESERVE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/stream.h>

enum {
    RESERVE_DATA_SIZE = 64 * 1024,
    RESERVE_MAX = 1024      /* entries of all loops: 64 MiB, touched only where they are used */
};

struct content;

struct reserve_entry {
    struct tenon_send send;
    struct tenon_piece piece;
    struct reserve_entry *next;
    size_t progress;                /* what send.sent was when somebody last looked */
    size_t size;                    /* bytes in `data` */
    struct content *content;        /* that is being sent; NULL: none */
    uint64_t offset;                /* how far it was read */
    char data[RESERVE_DATA_SIZE];
};

struct reserve {
    struct reserve_entry *entries;
    struct reserve_entry *free;
    uint32_t count;
    uint32_t begun;                 /* entries that were ever used */
};

/* With `count` entries, at least 1. False: there is not enough memory. */
bool reserve_open(struct reserve *reserve, uint32_t count);
void reserve_close(struct reserve *reserve);

/* NULL: none is left. */
struct reserve_entry *reserve_take(struct reserve *reserve);
void reserve_give(struct reserve *reserve, struct reserve_entry *entry);
bool reserve_is_empty(const struct reserve *reserve);

#endif
