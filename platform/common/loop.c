/* The loop: opening, the turn, messages and stop. */
#include "common/loop.h"
#include "common/list.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void tenon_assert_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "tenon: %s:%d: assertion failed: %s\n", file, line, condition);
    (void)fflush(stderr);
    abort();
}

void loop_assert_thread(const struct tenon_loop *loop)
{
    TENON_ASSERT(loop->thread == 0 || loop->thread == system_thread_id());
}

const char *tenon_backend_name(size_t index)
{
    for (size_t i = 0; tenon_backends[i] != NULL; i++) {
        if (i == index) {
            return tenon_backends[i]->name;
        }
    }
    return NULL;
}

static void loop_free(struct tenon_loop *loop)
{
    tenon_lock_destroy(&loop->lock);
    free(loop->lent);
    free(loop);
}

static struct tenon_error open_on(const struct tenon_backend *backend,
                                  const struct tenon_loop_options *options,
                                  struct tenon_loop **out)
{
    struct tenon_loop_options chosen = {0};
    if (options != NULL) {
        chosen = *options;
    }
    *out = NULL;
    chosen.lent_size = chosen.lent_size == 0 ? TENON_LENT_SIZE : chosen.lent_size;
    chosen.batch = chosen.batch == 0 ? TENON_BATCH : chosen.batch;
    if (chosen.lent_size < TENON_LENT_SIZE_MIN || chosen.lent_size > TENON_LENT_SIZE_MAX ||
        chosen.batch > TENON_BATCH_MAX) {
        return error_of(TENON_INVALID);
    }
    struct tenon_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return error_of(TENON_LIMIT);
    }
    tenon_lock_init(&loop->lock);
    loop->lent = malloc(chosen.lent_size);
    if (loop->lent == NULL) {
        loop_free(loop);
        return error_of(TENON_LIMIT);
    }
    loop->backend = backend;
    loop->world = chosen.world;
    loop->lent_size = chosen.lent_size;
    loop->batch = chosen.batch;
    list_init(&loop->streams);
    list_init(&loop->listeners);
    list_init(&loop->connects);
    struct tenon_error error = backend->open(loop, &chosen);
    if (error.status != TENON_OK) {
        loop_free(loop);
        return error;
    }
    loop->now = backend->clock(loop);
    timers_init(loop);
    *out = loop;
    return error;
}

enum tenon_status loop_open_with(const struct tenon_backend *backend,
                                 const struct tenon_loop_options *options, struct tenon_loop **out)
{
    return open_on(backend, options, out).status;
}

struct tenon_error tenon_backend_error(const char *name)
{
    struct tenon_error error = error_of(TENON_UNSUPPORTED);
    for (size_t i = 0; tenon_backends[i] != NULL; i++) {
        if (strcmp(name, tenon_backends[i]->name) == 0) {
            struct tenon_loop_options options = {.backend = name};
            struct tenon_loop *loop = NULL;
            error = open_on(tenon_backends[i], &options, &loop);
            if (loop != NULL) {
                tenon_loop_close(loop);
            }
        }
    }
    return error;
}

/* A name that is given is tried alone; else the best one that works is taken. */
enum tenon_status tenon_loop_open(const struct tenon_loop_options *options, struct tenon_loop **out)
{
    enum tenon_status status = TENON_UNSUPPORTED;
    *out = NULL;
    for (size_t i = 0; tenon_backends[i] != NULL; i++) {
        if (options != NULL && options->backend != NULL &&
            strcmp(options->backend, tenon_backends[i]->name) != 0) {
            continue;
        }
        status = loop_open_with(tenon_backends[i], options, out);
        if (status != TENON_UNSUPPORTED) {
            break;
        }
    }
    return status;
}

void tenon_loop_close(struct tenon_loop *loop)
{
    TENON_ASSERT(loop->pending == 0);
    TENON_ASSERT(loop->wheel.count == 0);
    lookups_close(loop);
    TENON_ASSERT(loop->posted_first == NULL);
    loop->backend->close(loop);
    loop_free(loop);
}

int64_t tenon_loop_now(const struct tenon_loop *loop)
{
    return loop->now;
}

int64_t tenon_loop_wall(const struct tenon_loop *loop)
{
    return loop->backend->wall((struct tenon_loop *)(uintptr_t)loop);
}

const char *tenon_loop_backend(const struct tenon_loop *loop)
{
    return loop->backend->name;
}

/* ---- from any thread ---- */

/* Under the lock: outside it the loop could take the message, end and be closed before the wake. */
static void wake_once(struct tenon_loop *loop)
{
    if (!loop->woken) {
        loop->woken = true;
        loop->backend->wake(loop);
    }
}

void tenon_message_init(struct tenon_message *message, void (*on_message)(struct tenon_message *))
{
    message->next = NULL;
    message->on_message = on_message;
    message->posted = false;
}

bool tenon_post(struct tenon_loop *loop, struct tenon_message *message)
{
    bool first = false;
    tenon_lock_take(&loop->lock);
    if (!message->posted) {
        first = true;
        message->posted = true;
        message->next = NULL;
        if (loop->posted_last != NULL) {
            loop->posted_last->next = message;
        } else {
            loop->posted_first = message;
        }
        loop->posted_last = message;
        wake_once(loop);
    }
    tenon_lock_give(&loop->lock);
    return first;
}

void loop_unpost(struct tenon_loop *loop, struct tenon_message *message)
{
    tenon_lock_take(&loop->lock);
    struct tenon_message *previous = NULL;
    struct tenon_message *at = loop->posted_first;
    while (at != NULL && at != message) {
        previous = at;
        at = at->next;
    }
    if (at != NULL) {
        if (previous != NULL) {
            previous->next = at->next;
        } else {
            loop->posted_first = at->next;
        }
        if (loop->posted_last == at) {
            loop->posted_last = previous;
        }
        at->next = NULL;
        at->posted = false;
    }
    tenon_lock_give(&loop->lock);
}

void tenon_loop_stop(struct tenon_loop *loop)
{
    tenon_lock_take(&loop->lock);
    loop->stop = true;
    wake_once(loop);
    tenon_lock_give(&loop->lock);
}

/* ---- the turn ---- */

/* Runs as many messages as were there at the start: one that is posted meanwhile, also by its own
 * function, runs in the next turn. */
static void messages_run(struct tenon_loop *loop)
{
    tenon_lock_take(&loop->lock);
    loop->woken = false;
    uint32_t count = 0;
    for (const struct tenon_message *m = loop->posted_first; m != NULL; m = m->next) {
        count++;
    }
    for (; count > 0 && loop->posted_first != NULL; count--) {
        struct tenon_message *message = loop->posted_first;
        loop->posted_first = message->next;
        if (loop->posted_first == NULL) {
            loop->posted_last = NULL;
        }
        message->next = NULL;
        message->posted = false;
        tenon_lock_give(&loop->lock);
        message->on_message(message);
        tenon_lock_take(&loop->lock);
    }
    tenon_lock_give(&loop->lock);
}

static bool is_pending(struct tenon_loop *loop)
{
    if (loop->pending > 0 || loop->wheel.count > 0) {
        return true;
    }
    tenon_lock_take(&loop->lock);
    bool posted = loop->posted_first != NULL;
    tenon_lock_give(&loop->lock);
    return posted;
}

/* What a wait must not sleep through. */
static bool work_left(struct tenon_loop *loop)
{
    if (!list_empty(&loop->streams) || !list_empty(&loop->listeners) ||
        !list_empty(&loop->connects)) {
        return true;
    }
    tenon_lock_take(&loop->lock);
    bool left = loop->posted_first != NULL || loop->stop;
    tenon_lock_give(&loop->lock);
    return left;
}

bool tenon_loop_turn(struct tenon_loop *loop, int64_t until)
{
    if (loop->thread == 0) {
        loop->thread = system_thread_id();
    }
    loop_assert_thread(loop);
    int64_t next = timers_next(loop);
    until = next < until ? next : until;
    if (until <= loop->now || work_left(loop)) {
        until = 0;
    }
    loop->backend->wait(loop, until);
    int64_t now = loop->backend->clock(loop);
    loop->now = now > loop->now ? now : loop->now;
    messages_run(loop);
    timers_run(loop);
    listeners_run(loop);
    connects_run(loop);
    streams_run(loop);
    return is_pending(loop);
}

void tenon_loop_run(struct tenon_loop *loop)
{
    bool more = is_pending(loop);
    bool stop = false;
    do {
        more = tenon_loop_turn(loop, more ? TENON_FOREVER : 0);
        tenon_lock_take(&loop->lock);
        stop = loop->stop;
        loop->stop = false;
        tenon_lock_give(&loop->lock);
    } while (more && !stop);
}
