/* Look-ups on threads of their own: no system can cancel one, so its memory is the library's, with
 * a reference for the loop and one for the thread. One that is given up has its thread still, and
 * counts until that ends: else a name service that hangs would gather threads without limit. */
#include "common/loop.h"
#include <stdlib.h>
#include <string.h>

struct tenon_lookup {
    struct tenon_message message;
    struct tenon_lookup *next;      /* in one of the loop's two lists */
    struct tenon_error (*look_up)(const char *host, enum tenon_family family,
                                  struct tenon_address *addresses, uint32_t max,
                                  uint32_t *count_out);
    struct tenon_connect *connect;  /* NULL: it is given up */
    bool threaded;
    enum tenon_family family;
    struct tenon_lock lock;         /* of the next two, between the thread and the loop */
    struct tenon_loop *loop;        /* NULL: it is closed */
    uint32_t references;
    struct tenon_error error;
    uint32_t count;
    struct tenon_address addresses[TENON_ATTEMPTS_MAX];
    char host[TENON_HOST_MAX + 1];
};

/* With the lock taken; gives it. */
static void release(struct tenon_lookup *lookup)
{
    TENON_ASSERT(lookup->references > 0);
    lookup->references--;
    bool last = lookup->references == 0;
    tenon_lock_give(&lookup->lock);
    if (last) {
        tenon_lock_destroy(&lookup->lock);
        free(lookup);
    }
}

static void remove_from(struct tenon_lookup **list, struct tenon_lookup *lookup)
{
    while (*list != lookup) {
        list = &(*list)->next;
    }
    *list = lookup->next;
    lookup->next = NULL;
}

/* The loop's thread: the message has come. */
static void on_looked_up(struct tenon_message *message)
{
    struct tenon_lookup *lookup = TENON_OUTER(message, struct tenon_lookup, message);
    struct tenon_loop *loop = lookup->loop;
    loop->lookups--;
    if (lookup->connect == NULL) {
        remove_from(&loop->lookups_given_up, lookup);
    } else {
        lookup->connect->lookup = NULL;
        tenon_event_resolved(lookup->connect, lookup->error, lookup->addresses, lookup->count);
    }
    tenon_lock_take(&lookup->lock);
    release(lookup);
    lookups_next(loop);
}

/* The look-up's own thread. */
static void look_up(void *argument)
{
    struct tenon_lookup *lookup = argument;
    lookup->error = lookup->look_up(lookup->host, lookup->family, lookup->addresses,
                                    TENON_ATTEMPTS_MAX, &lookup->count);
    tenon_lock_take(&lookup->lock);
    if (lookup->loop != NULL) {
        (void)tenon_post(lookup->loop, &lookup->message);   /* the first and only post */
    }
    release(lookup);
}

static struct tenon_error start_thread(struct tenon_lookup *lookup)
{
    lookup->references = 2;
    lookup->threaded = true;
    lookup->loop->lookups++;
    enum tenon_status status = tenon_thread_start_detached(look_up, lookup);
    if (status != TENON_OK) {
        lookup->references = 1;
        lookup->threaded = false;
        lookup->loop->lookups--;
    }
    return error_of(status);
}

void lookups_next(struct tenon_loop *loop)
{
    while (loop->lookups_waiting != NULL && loop->lookups < TENON_LOOKUPS_MAX) {
        struct tenon_lookup *lookup = loop->lookups_waiting;
        loop->lookups_waiting = lookup->next;
        lookup->next = NULL;
        struct tenon_error error = start_thread(lookup);
        if (error.status != TENON_OK) {
            lookup->connect->lookup = NULL;
            tenon_event_resolved(lookup->connect, error, NULL, 0);
            tenon_lock_take(&lookup->lock);
            release(lookup);
        }
    }
}

struct tenon_error tenon_lookup_start(struct tenon_connect *connect)
{
    struct tenon_loop *loop = connect->loop;
    struct tenon_lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL) {
        return error_of(TENON_LIMIT);
    }
    size_t size = strlen(connect->host);
    TENON_ASSERT(size <= TENON_HOST_MAX);
    memcpy(lookup->host, connect->host, size + 1);
    tenon_message_init(&lookup->message, on_looked_up);
    tenon_lock_init(&lookup->lock);
    lookup->references = 1;
    lookup->loop = loop;
    lookup->look_up = loop->backend->lookup;
    lookup->connect = connect;
    lookup->family = connect->family;
    connect->lookup = lookup;
    if (loop->lookups >= TENON_LOOKUPS_MAX) {
        struct tenon_lookup **last = &loop->lookups_waiting;
        while (*last != NULL) {
            last = &(*last)->next;
        }
        *last = lookup;
        return error_of(TENON_OK);
    }
    struct tenon_error error = start_thread(lookup);
    if (error.status != TENON_OK) {
        connect->lookup = NULL;
        tenon_lock_take(&lookup->lock);
        release(lookup);
    }
    return error;
}

void tenon_lookup_cancel(struct tenon_connect *connect)
{
    struct tenon_lookup *lookup = connect->lookup;
    struct tenon_loop *loop = connect->loop;
    if (lookup == NULL) {
        return;
    }
    connect->lookup = NULL;
    lookup->connect = NULL;
    if (lookup->threaded) {
        lookup->next = loop->lookups_given_up;
        loop->lookups_given_up = lookup;
    } else {
        remove_from(&loop->lookups_waiting, lookup);
        tenon_lock_take(&lookup->lock);
        release(lookup);
    }
}

void lookups_close(struct tenon_loop *loop)
{
    TENON_ASSERT(loop->lookups_waiting == NULL);
    while (loop->lookups_given_up != NULL) {
        struct tenon_lookup *lookup = loop->lookups_given_up;
        loop->lookups_given_up = lookup->next;
        tenon_lock_take(&lookup->lock);
        lookup->loop = NULL;
        loop_unpost(loop, &lookup->message);
        release(lookup);
    }
}
