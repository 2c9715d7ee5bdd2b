/* Completions out of readiness: events, listeners and streams. */
#include "posix/readiness.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    SEND_ROUND = 1024 * 1024,   /* bytes of one send before the others get their turn */
    EVENTS_AN_ACCEPT = 8        /* so a loop that is busy takes in who waits, and few find nobody */
};

_Static_assert(sizeof(struct readiness_listener) <= sizeof(((struct tenon_listener *)0)->backend),
               "fits");
_Static_assert(sizeof(struct readiness) <= sizeof(((struct tenon_stream *)0)->backend), "fits");
_Static_assert(sizeof(struct readiness) <= sizeof(((struct tenon_attempt *)0)->backend), "fits");

static struct readiness *of_stream(struct tenon_stream *stream)
{
    return (struct readiness *)(void *)stream->backend;
}

static struct readiness_listener *listener_state(struct tenon_listener *listener)
{
    return (struct readiness_listener *)(void *)listener->backend;
}

struct readiness *readiness_of(uintptr_t object)
{
    uintptr_t address = object & ~(uintptr_t)READINESS_OWN;
    switch ((enum readiness_kind)(object & READINESS_OWN)) {
    case READINESS_STREAM:
        return of_stream((struct tenon_stream *)address);
    case READINESS_LISTENER:
        return &listener_state((struct tenon_listener *)address)->readiness;
    case READINESS_ATTEMPT:
        return (struct readiness *)(void *)((struct tenon_attempt *)address)->backend;
    case READINESS_OWN:
        break;
    }
    return NULL;
}

static struct readiness_loop *loop_of(const struct tenon_loop *loop)
{
    return loop->backend_state;
}

static const struct readiness_poller *poller_of(const struct tenon_loop *loop)
{
    return loop_of(loop)->poller;
}

/* ---- events ---- */

static void stream_event(struct tenon_stream *stream, bool readable, bool writable, bool hangup)
{
    struct readiness *state = of_stream(stream);
    if (state->known & KNOWN_ONCE) {
        state->known &= ~(uint32_t)(KNOWN_WATCHED | KNOWN_ONCE);
        state->known |= KNOWN_SPENT;
    }
    if (hangup) {
        state->known |= KNOWN_HANGUP;
    }
    if (readable || hangup) {
        state->known |= KNOWN_READABLE;
        if (stream->flags & STREAM_ARMED) {
            tenon_event_readable(stream);
        }
    }
    if (writable || hangup) {
        state->known |= KNOWN_WRITABLE;
        if (state->known & KNOWN_PARKED) {
            state->known &= ~(uint32_t)KNOWN_PARKED;
            readiness_send(stream);
        } else if (stream->flags & STREAM_UNSENT) {
            readiness_flush(stream->loop);
        }
    }
}

static void mute(struct tenon_listener *listener, bool muted)
{
    struct readiness *state = &listener_state(listener)->readiness;
    if (poller_of(listener->loop)->mute != NULL && muted == ((state->known & KNOWN_MUTED) == 0)) {
        poller_of(listener->loop)
            ->mute(listener->loop, (int)listener->handle,
                   readiness_object(listener, READINESS_LISTENER), muted);
        state->known ^= KNOWN_MUTED;
    }
}

/* One that is known to be readable does not accept now, or has not used up its share: nothing new
 * is told until an accept finds nobody. */
static void listener_event(struct tenon_listener *listener, bool hangup)
{
    struct readiness_listener *own = listener_state(listener);
    uint32_t events = loop_of(listener->loop)->events;
    if (own->readiness.known & KNOWN_READABLE) {
        mute(listener, true);
        own->accepts_left = UINT32_MAX;
        return;
    }
    own->readiness.known = KNOWN_READABLE | (hangup ? KNOWN_HANGUP : 0);
    own->accepts_left = (events - own->told_at) / EVENTS_AN_ACCEPT;
    own->told_at = events;
    tenon_event_acceptable(listener);
}

void readiness_event(uintptr_t object, bool readable, bool writable, bool hangup)
{
    uintptr_t address = object & ~(uintptr_t)READINESS_OWN;
    switch ((enum readiness_kind)(object & READINESS_OWN)) {
    case READINESS_STREAM:
        stream_event((struct tenon_stream *)address, readable, writable, hangup);
        return;
    case READINESS_LISTENER:
        listener_event((struct tenon_listener *)address, hangup);
        return;
    case READINESS_ATTEMPT:
        if (writable || hangup) {
            readiness_connect_event((struct tenon_attempt *)address);
        }
        return;
    case READINESS_OWN:
        break;
    }
    TENON_ASSERT((object & READINESS_OWN) != READINESS_OWN);
}

/* ---- listeners ---- */

static struct tenon_error watch_listener(struct tenon_listener *listener)
{
    struct readiness_listener *own = listener_state(listener);
    memset(own, 0, sizeof *own);
    struct tenon_error error =
        poller_of(listener->loop)
            ->watch(listener->loop, (int)listener->handle,
                    readiness_object(listener, READINESS_LISTENER), &own->readiness.slot);
    if (error.status != TENON_OK) {
        posix_unlisten(listener);
    }
    return error;
}

struct tenon_error readiness_listen(struct tenon_listener *listener,
                                    const struct tenon_endpoint *endpoint, uint32_t backlog)
{
    struct tenon_error error = posix_listen(listener, endpoint, backlog);
    return error.status == TENON_OK ? watch_listener(listener) : error;
}

struct tenon_error readiness_inherit(struct tenon_listener *listener, uint32_t index,
                                     struct tenon_endpoint *endpoint_out)
{
    struct tenon_error error = posix_inherit(listener, index, endpoint_out);
    return error.status == TENON_OK ? watch_listener(listener) : error;
}

enum tenon_take readiness_accept(struct tenon_listener *listener, struct tenon_socket *socket_out,
                                 struct tenon_address *peer_out, struct tenon_error *error_out)
{
    struct readiness_listener *own = listener_state(listener);
    bool draining = (listener->flags & LISTENER_DRAINING) != 0;
    if ((own->readiness.known & KNOWN_READABLE) == 0 && !draining) {
        return TAKE_WOULD_BLOCK;
    }
    enum tenon_take take =
        posix_accept_one((int)listener->handle, socket_out, peer_out, error_out);
    if (take == TAKE_WOULD_BLOCK && !draining && (own->readiness.known & KNOWN_HANGUP) != 0) {
        *error_out = posix_error(EINVAL);   /* as accept says where it is no path's */
        take = TAKE_FAILED;
    }
    if (take == TAKE_DATA && own->accepts_left > 0) {
        own->accepts_left--;
    } else if (take != TAKE_FAILED) {
        own->readiness.known &= ~(uint32_t)KNOWN_READABLE;
        mute(listener, false);
    }
    return take == TAKE_WOULD_BLOCK && draining ? TAKE_END : take;
}

bool readiness_listener_close(struct tenon_listener *listener)
{
    poller_of(listener->loop)
        ->forget(listener->loop, (int)listener->handle,
                 readiness_object(listener, READINESS_LISTENER),
                 listener_state(listener)->readiness.slot);
    posix_unlisten(listener);
    return true;
}

/* ---- streams ---- */

/* Nothing is known of a new socket, so both are worth a try. */
struct tenon_error readiness_attach(struct tenon_stream *stream, uint64_t handle)
{
    stream->handle = handle;
    of_stream(stream)->known = KNOWN_READABLE | KNOWN_WRITABLE;
    return posix_error(0);
}

/* One that has sent its end waits for the peer's, most often the last that is to be heard of it. */
static struct tenon_error watch(struct tenon_stream *stream)
{
    struct readiness *state = of_stream(stream);
    const struct readiness_poller *poller = poller_of(stream->loop);
    uintptr_t object = readiness_object(stream, READINESS_STREAM);
    int fd = (int)stream->handle;
    struct tenon_error error = posix_error(0);
    if (state->known & KNOWN_WATCHED) {
        return error;
    }
    if ((stream->flags & STREAM_FINISHED) != 0 && poller->watch_once != NULL) {
        error = poller->watch_once(stream->loop, fd, object, (state->known & KNOWN_SPENT) != 0);
        state->known |= KNOWN_ONCE;
    } else {
        error = poller->watch(stream->loop, fd, object, &state->slot);
    }
    state->known |= error.status == TENON_OK ? KNOWN_WATCHED : KNOWN_BROKEN;
    return error;
}

bool readiness_arm(struct tenon_stream *stream)
{
    if (of_stream(stream)->known & (KNOWN_READABLE | KNOWN_BROKEN)) {
        return true;
    }
    struct tenon_error error = watch(stream);
    if (error.status != TENON_OK) {
        tenon_event_failed(stream, error);
        return true;
    }
    return false;
}

bool readiness_disarm(struct tenon_stream *stream)
{
    (void)stream;
    return true;
}

enum tenon_take readiness_take(struct tenon_stream *stream, void *data, size_t size,
                               size_t *taken_out, struct tenon_error *error_out)
{
    struct readiness *state = of_stream(stream);
    if (state->known & KNOWN_BROKEN) {
        *error_out = stream->error;
        return TAKE_FAILED;
    }
    enum tenon_take take = posix_receive((int)stream->handle, data, size, taken_out, error_out);
    bool is_short = take == TAKE_DATA && *taken_out < size && (state->known & KNOWN_HANGUP) == 0;
    if (is_short || take == TAKE_WOULD_BLOCK) {
        state->known &= ~(uint32_t)KNOWN_READABLE;
    }
    return take;
}

/* Of a stream that is watched: asks for an event with its present state. */
static struct tenon_error rewatch(struct tenon_stream *stream)
{
    return poller_of(stream->loop)
        ->rewatch(stream->loop, (int)stream->handle, readiness_object(stream, READINESS_STREAM),
                  &of_stream(stream)->slot);
}

/* What one call's result means for a send of `size` bytes. ENOBUFS (of a local socket, where memory
 * is short) passes by itself, but the socket is not full: no edge follows. */
static struct tenon_error note_sent(struct tenon_stream *stream, ssize_t result, size_t size,
                                    size_t *sent_out)
{
    int code = result < 0 ? errno : 0;
    struct readiness *state = of_stream(stream);
    *sent_out = result < 0 ? 0 : (size_t)result;
    if ((code != 0 && code != EAGAIN && code != EWOULDBLOCK && code != ENOBUFS) ||
        *sent_out == size) {
        return posix_error(code);
    }
    bool edge_follows = (state->known & KNOWN_ROOM) != 0 && code != ENOBUFS;
    state->known &= ~(uint32_t)KNOWN_WRITABLE;
    state->known |= KNOWN_ROOM;
    return edge_follows || (state->known & KNOWN_WATCHED) == 0 ? posix_error(0) : rewatch(stream);
}

static struct tenon_error send_bytes(struct tenon_stream *stream, const void *data, size_t size,
                                     int flags, size_t *sent_out)
{
    ssize_t result = -1;
    do {
        result = send((int)stream->handle, data, size, posix_send_flags | flags);
    } while (result < 0 && errno == EINTR);
    return note_sent(stream, result, size, sent_out);
}

/* ---- what is kept ---- */

static struct readiness_streams *streams_of(const struct tenon_loop *loop)
{
    return loop->backend_state;
}

static void end_kept(struct readiness_streams *state, struct tenon_error error)
{
    struct tenon_stream *stream = state->keeper;
    state->keeper = NULL;
    posix_tell_receive((int)stream->handle, error);
    tenon_event_flushed(stream, error);
}

/* What the kernel does not take waits for its event. */
static void flush(struct readiness_streams *state, int flags)
{
    struct tenon_stream *stream = state->keeper;
    size_t sent = 0;
    if ((of_stream(stream)->known & KNOWN_WRITABLE) == 0) {
        return;
    }
    struct tenon_error error =
        send_bytes(stream, state->kept + state->kept_at, state->kept_left, flags, &sent);
    state->kept_at += (uint32_t)sent;
    state->kept_left -= (uint32_t)sent;
    if (error.status == TENON_OK && state->kept_left > 0) {
        error = watch(stream);
    }
    if (error.status != TENON_OK || state->kept_left == 0) {
        end_kept(state, error);
    }
}

void readiness_flush(struct tenon_loop *loop)
{
    if (streams_of(loop)->keeper != NULL) {
        flush(streams_of(loop), 0);
    }
}

void readiness_hurry(struct tenon_stream *stream)
{
    bool end_follows = (stream->flags & STREAM_FINISH) != 0 && stream->send == NULL;
    flush(streams_of(stream->loop), end_follows ? posix_send_more : 0);
}

void readiness_unsend(struct tenon_stream *stream)
{
    end_kept(streams_of(stream->loop), posix_error(ECANCELED));
}

static bool keep(struct tenon_stream *stream, const void *data, size_t size)
{
    struct readiness_streams *state = streams_of(stream->loop);
    struct readiness *known = of_stream(stream);
    bool first = (known->known & KNOWN_BEGUN) == 0;
    known->known |= KNOWN_BEGUN;
    if (!first || size > sizeof state->kept || (stream->flags & STREAM_DELIVERING) == 0) {
        return false;
    }
    readiness_flush(stream->loop);
    if (state->keeper != NULL) {
        return false;
    }
    memcpy(state->kept, data, size);
    state->keeper = stream;
    state->kept_at = 0;
    state->kept_left = (uint32_t)size;
    stream->flags |= STREAM_UNSENT;
    return true;
}

struct tenon_error readiness_try_send(struct tenon_stream *stream, const void *data, size_t size,
                                      size_t *sent_out)
{
    *sent_out = 0;
    if (stream->flags & STREAM_UNSENT) {
        flush(streams_of(stream->loop), 0);
    }
    if ((of_stream(stream)->known & KNOWN_WRITABLE) == 0) {
        return watch(stream);   /* only an event tells that there is room again */
    }
    if (stream->flags & STREAM_UNSENT) {
        return posix_error(0);
    }
    if (keep(stream, data, size)) {
        *sent_out = size;
        return posix_error(0);
    }
    return send_bytes(stream, data, size, 0, sent_out);
}

/* ---- send ---- */

static struct tenon_error send_pieces(struct tenon_stream *stream, size_t *sent_out)
{
    struct tenon_piece pieces[TENON_PIECES_MAX];
    struct iovec vectors[TENON_PIECES_MAX];
    struct msghdr message;
    uint32_t count = tenon_send_rest(stream->send, pieces, TENON_PIECES_MAX, SEND_ROUND);
    size_t size = 0;
    ssize_t result = -1;
    for (uint32_t i = 0; i < count; i++) {
        vectors[i].iov_base = (void *)(uintptr_t)pieces[i].data;
        vectors[i].iov_len = pieces[i].size;
        size += pieces[i].size;
    }
    memset(&message, 0, sizeof message);
    message.msg_iov = vectors;
    message.msg_iovlen = (uint16_t)count;   /* an int or a size_t: this fits both */
    do {
        result = sendmsg((int)stream->handle, &message, posix_send_flags);
    } while (result < 0 && errno == EINTR);
    return note_sent(stream, result, size, sent_out);
}

/* Sends until it is done, or the kernel is full, or others should have their turn: then it parks,
 * and asks for an event with the present state. */
void readiness_send(struct tenon_stream *stream)
{
    struct readiness *state = of_stream(stream);
    size_t round = 0;
    while ((state->known & KNOWN_WRITABLE) != 0 && round < SEND_ROUND) {
        size_t sent = 0;
        struct tenon_error error = send_pieces(stream, &sent);
        round += sent;
        if (error.status != TENON_OK || tenon_send_advance(stream->send, sent)) {
            tenon_event_sent(stream, error);
            return;
        }
    }
    bool watched = (state->known & KNOWN_WATCHED) != 0;
    state->known |= KNOWN_ROOM;
    struct tenon_error error = watch(stream);
    if (error.status == TENON_OK && watched && (state->known & KNOWN_WRITABLE) != 0) {
        error = rewatch(stream);
    }
    if (error.status != TENON_OK) {
        tenon_event_sent(stream, error);
        return;
    }
    state->known &= ~(uint32_t)KNOWN_WRITABLE;
    state->known |= KNOWN_PARKED;
}

bool readiness_send_cancel(struct tenon_stream *stream)
{
    of_stream(stream)->known &= ~(uint32_t)KNOWN_PARKED;
    return true;
}

void readiness_stream_close(struct tenon_stream *stream, bool reset)
{
    struct readiness *state = of_stream(stream);
    if (state->known & KNOWN_WATCHED) {
        poller_of(stream->loop)
            ->forget(stream->loop, (int)stream->handle, readiness_object(stream, READINESS_STREAM),
                     state->slot);
    }
    if (reset) {
        posix_discard(stream->handle);
    } else {
        (void)close((int)stream->handle);
    }
}
