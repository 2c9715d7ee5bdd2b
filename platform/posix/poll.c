/* The poll backend: portable, and level-triggered. Before each wait it asks for just what somebody
 * waits for, as the state of a socket that nobody waits for would end every wait. A wait has
 * milliseconds. */
#include "posix/readiness.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WATCHED_FIRST = 64,
    ENTRIES_AN_EVENT = 8        /* asking for so many counts as an event: see readiness_listener */
};

struct poll_loop {
    struct readiness_streams readiness;
    int wake_read;
    int wake_write;
    struct pollfd *entries;     /* the first is the wake's */
    uintptr_t *objects;
    uint32_t count;
    uint32_t room;
};

static struct poll_loop *state_of(struct tenon_loop *loop)
{
    return loop->backend_state;
}

static bool grow(struct poll_loop *state)
{
    uint32_t room = state->room == 0 ? WATCHED_FIRST : state->room * 2;
    struct pollfd *entries = realloc(state->entries, room * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    state->entries = entries;
    uintptr_t *objects = realloc(state->objects, room * sizeof *objects);
    if (objects == NULL) {
        return false;
    }
    state->objects = objects;
    state->room = room;
    return true;
}

static struct tenon_error poll_watch(struct tenon_loop *loop, int fd, uintptr_t object,
                                     uint32_t *slot_out)
{
    struct poll_loop *state = state_of(loop);
    if (state->count == state->room && !grow(state)) {
        return posix_error(ENOMEM);
    }
    *slot_out = state->count;
    state->entries[state->count].fd = fd;
    state->entries[state->count].events = 0;
    state->entries[state->count].revents = 0;
    state->objects[state->count] = object;
    state->count++;
    return posix_error(0);
}

static struct tenon_error poll_rewatch(struct tenon_loop *loop, int fd, uintptr_t object,
                                       uint32_t *slot)
{
    (void)fd;
    state_of(loop)->objects[*slot] = object;
    return posix_error(0);
}

/* The last entry takes the place of the one that goes. Where a batch is being translated (a connect
 * that failed), its event may be skipped: the next poll tells it again. */
static void poll_forget(struct tenon_loop *loop, int fd, uintptr_t object, uint32_t slot)
{
    struct poll_loop *state = state_of(loop);
    (void)fd;
    (void)object;
    TENON_ASSERT(slot > 0 && slot < state->count);
    state->count--;
    if (slot != state->count) {
        state->entries[slot] = state->entries[state->count];
        state->objects[slot] = state->objects[state->count];
        readiness_of(state->objects[slot])->slot = slot;
    }
}

static const struct readiness_poller poll_poller = {.watch = poll_watch,
                                                    .rewatch = poll_rewatch,
                                                    .forget = poll_forget};

static void free_state(struct poll_loop *state)
{
    if (state->wake_read >= 0) {
        (void)close(state->wake_read);
        (void)close(state->wake_write);
    }
    free(state->entries);
    free(state->objects);
    free(state);
}

static bool prepare_pipe_end(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static struct tenon_error poll_open(struct tenon_loop *loop,
                                    const struct tenon_loop_options *options)
{
    int ends[2] = {-1, -1};
    (void)options;
    struct poll_loop *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return posix_error(ENOMEM);
    }
    state->readiness.loop.poller = &poll_poller;
    state->wake_read = -1;
    if (pipe(ends) != 0) {
        struct tenon_error error = posix_error(errno);
        free_state(state);
        return error;
    }
    state->wake_read = ends[0];
    state->wake_write = ends[1];
    if (!prepare_pipe_end(ends[0]) || !prepare_pipe_end(ends[1])) {
        struct tenon_error error = posix_error(errno);
        free_state(state);
        return error;
    }
    uint32_t slot = 0;
    loop->backend_state = state;
    struct tenon_error error = poll_watch(loop, ends[0], READINESS_OWN, &slot);
    if (error.status != TENON_OK) {
        free_state(state);
    }
    return error;
}

static void poll_close(struct tenon_loop *loop)
{
    free_state(state_of(loop));
}

/* A full pipe wakes as well. */
static void poll_wake(struct tenon_loop *loop)
{
    ssize_t result = -1;
    do {
        result = write(state_of(loop)->wake_write, "", 1);
    } while (result < 0 && errno == EINTR);
    TENON_ASSERT(result == 1 || errno == EAGAIN || errno == EWOULDBLOCK);
}

static void drain_wakes(const struct poll_loop *state)
{
    char dropped[64];
    ssize_t result = -1;
    do {
        result = read(state->wake_read, dropped, sizeof dropped);
    } while (result > 0 || (result < 0 && errno == EINTR));
}

static short events_wanted(uintptr_t object)
{
    const void *address = (const void *)(object & ~(uintptr_t)READINESS_OWN);
    const struct readiness *state = readiness_of(object);
    switch ((enum readiness_kind)(object & READINESS_OWN)) {
    case READINESS_STREAM: {
        const struct tenon_stream *stream = address;
        unsigned events = (stream->flags & STREAM_ARMED) != 0 ? POLLIN : 0;
        return (short)(events | ((state->known & KNOWN_WRITABLE) != 0 ? 0u : POLLOUT));
    }
    case READINESS_LISTENER:
        return (state->known & KNOWN_READABLE) != 0 ? 0 : POLLIN;
    case READINESS_ATTEMPT: {
        const struct tenon_attempt *attempt = address;
        return attempt->pending ? POLLOUT : 0;
    }
    case READINESS_OWN:
        break;
    }
    return POLLIN;
}

/* An entry that nobody waits for is switched off by a negative descriptor (poll(2)): its hang-up
 * would be told. The complement keeps the descriptor. */
static void choose_events(struct poll_loop *state)
{
    for (uint32_t i = 0; i < state->count; i++) {
        struct pollfd *entry = &state->entries[i];
        entry->events = events_wanted(state->objects[i]);
        if ((entry->events == 0) != (entry->fd < 0)) {
            entry->fd = ~entry->fd;
        }
    }
}

static int timeout_of(struct tenon_loop *loop, int64_t until)
{
    if (until == 0 || until == TENON_FOREVER) {
        return until == 0 ? 0 : -1;
    }
    int64_t left = until - posix_clock(loop);
    if (left <= 0) {
        return 0;
    }
    int64_t milliseconds = (left - 1) / TENON_MILLISECOND + 1;
    return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}

static void poll_wait_batch(struct tenon_loop *loop, int64_t until)
{
    struct poll_loop *state = state_of(loop);
    readiness_flush(loop);
    choose_events(state);
    int count = poll(state->entries, state->count, timeout_of(loop, until));
    if (count < 0) {
        TENON_ASSERT(errno == EINTR || errno == EAGAIN || errno == ENOMEM);
        return;
    }
    state->readiness.loop.events += (uint32_t)count + state->count / ENTRIES_AN_EVENT;
    if (count > 0 && state->entries[0].revents != 0) {
        drain_wakes(state);
        count--;
    }
    for (uint32_t i = 1; i < state->count && count > 0; i++) {
        int events = state->entries[i].revents;
        if (events != 0) {
            count--;
            readiness_event(state->objects[i], (events & POLLIN) != 0, (events & POLLOUT) != 0,
                            (events & (POLLHUP | POLLERR | POLLNVAL)) != 0);
        }
    }
}

const struct tenon_backend poll_backend = {
    .name = "poll",
    .open = poll_open,
    .close = poll_close,
    .wait = poll_wait_batch,
    .wake = poll_wake,
    READINESS_ENTRIES,
};
