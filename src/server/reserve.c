/* The reserve: a list of free entries, the last one given first, so that few pages are in use. */
#include "server/reserve.h"
#include <stdlib.h>

bool reserve_open(struct reserve *reserve, uint32_t count)
{
    reserve->count = count;
    reserve->entries = calloc(reserve->count, sizeof *reserve->entries);
    reserve->free = NULL;
    reserve->begun = 0;
    return reserve->entries != NULL;
}

void reserve_close(struct reserve *reserve)
{
    free(reserve->entries);
    reserve->entries = NULL;
}

struct reserve_entry *reserve_take(struct reserve *reserve)
{
    struct reserve_entry *entry = reserve->free;
    if (entry != NULL) {
        reserve->free = entry->next;
    } else if (reserve->begun < reserve->count) {
        entry = &reserve->entries[reserve->begun++];
    }
    return entry;
}

void reserve_give(struct reserve *reserve, struct reserve_entry *entry)
{
    entry->next = reserve->free;
    reserve->free = entry;
}

bool reserve_is_empty(const struct reserve *reserve)
{
    return reserve->free == NULL && reserve->begun == reserve->count;
}
