/* The loop's lists of objects that are ready: intrusive, with a head that is a link itself. */
#ifndef TENON_COMMON_LIST_H
#define TENON_COMMON_LIST_H
#include "backend.h"

static inline void list_init(struct tenon_link *head)
{
    head->next = head;
    head->previous = head;
}

static inline bool list_empty(const struct tenon_link *head)
{
    return head->next == head;
}

static inline void list_append(struct tenon_link *head, struct tenon_link *link)
{
    link->previous = head->previous;
    link->next = head;
    head->previous->next = link;
    head->previous = link;
}

static inline void list_remove(struct tenon_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = NULL;
    link->previous = NULL;
}

/* Moves all of `from` into the uninitialised head `to`. */
static inline void list_take_all(struct tenon_link *to, struct tenon_link *from)
{
    list_init(to);
    if (!list_empty(from)) {
        *to = *from;
        to->next->previous = to;
        to->previous->next = to;
        list_init(from);
    }
}

/* Moves all of `from` to the front of `to`. */
static inline void list_put_back(struct tenon_link *to, struct tenon_link *from)
{
    if (!list_empty(from)) {
        from->previous->next = to->next;
        to->next->previous = from->previous;
        to->next = from->next;
        from->next->previous = to;
        list_init(from);
    }
}

#endif
