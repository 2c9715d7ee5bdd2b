/* Completions out of readiness: what the pollers (poll, epoll) share. A poller tells which objects
 * became readable or writable; here that becomes takes, sends, accepts and connects.
 *
 * What the kernels do, and this makes up for:
 *  - a short read means that the socket is empty, unless the end, a reset, an error or an urgent
 *    mark (where reads stop short, RFC 6093) came in the same event: then reading goes on until the
 *    kernel has nothing, as no further event follows an edge;
 *  - a short write means that it is full, and arms the edge by itself; before the first one nobody
 *    waits for room, and being told of it would be a turn for nothing;
 *  - a socket is watched from the first time that the kernel has nothing, not before: most short
 *    connections never are;
 *  - an accept that finds nobody makes a socket and undoes it: a listener is watched for its level,
 *    and a loop with little else to do accepts one and leaves the next to the next wait;
 *  - a listener that another process has shut down is readable for good, and a path's says of each
 *    accept that it would block. */
#ifndef TENON_POSIX_READINESS_H
#define TENON_POSIX_READINESS_H
#include "posix/sockets.h"

/* What a poller watches: an object's address with its kind in the two lowest bits. */
enum readiness_kind {
    READINESS_STREAM,
    READINESS_LISTENER,
    READINESS_ATTEMPT,
    READINESS_OWN       /* the poller's own descriptors */
};

struct readiness_poller {
    /* Watches a descriptor for `object` from now on, and reports its present state as an event. */
    struct tenon_error (*watch)(struct tenon_loop *loop, int fd, uintptr_t object,
                                uint32_t *slot_out);
    /* The same descriptor for another object. */
    struct tenon_error (*rewatch)(struct tenon_loop *loop, int fd, uintptr_t object,
                                  uint32_t *slot);
    /* Watches for one event of input alone: nothing is left to be forgotten behind it, and `again`
     * asks for the next one. NULL: this poller has no such thing. */
    struct tenon_error (*watch_once)(struct tenon_loop *loop, int fd, uintptr_t object, bool again);
    /* Before its descriptor is closed: a child that was forked may keep it alive. No event of the
     * object follows. */
    void (*forget)(struct tenon_loop *loop, int fd, uintptr_t object, uint32_t slot);
    /* A listener is told of at each wait while somebody waits in it, unless it is muted. NULL: this
     * poller asks for what is wanted. */
    void (*mute)(struct tenon_loop *loop, int fd, uintptr_t object, bool muted);
};

/* What a stream, an attempt or a listener keeps in its backend words. */
enum {
    KNOWN_READABLE = 1 << 0,
    KNOWN_WRITABLE = 1 << 1,
    KNOWN_HANGUP = 1 << 2,
    KNOWN_WATCHED = 1 << 3,
    KNOWN_BROKEN = 1 << 4,      /* it could not be watched: stream->error says why */
    KNOWN_PARKED = 1 << 5,      /* a send waits for room */
    KNOWN_BEGUN = 1 << 6,       /* something was sent */
    KNOWN_ONCE = 1 << 7,        /* watched for one event, */
    KNOWN_SPENT = 1 << 8,       /* which has come */
    KNOWN_ROOM = 1 << 9,        /* events tell of room: a send has waited for some */
    KNOWN_MUTED = 1 << 10       /* a listener: nothing is told until an accept finds nobody */
};
struct readiness {
    uint32_t known;
    uint32_t slot;
};
struct readiness_listener {
    struct readiness readiness;
    uint32_t told_at;           /* the loop's events when it was told of last */
    uint32_t accepts_left;      /* that are tried behind another one; while muted any number */
};
struct readiness *readiness_of(uintptr_t object);

static inline uintptr_t readiness_object(const void *object, enum readiness_kind kind)
{
    return (uintptr_t)object | (uintptr_t)kind;
}

/* The first member of the backend's state. */
struct readiness_loop {
    const struct readiness_poller *poller;
    uint32_t events;            /* that waits have told of */
};

/* Instead, where it is not for listeners alone. The first bytes of a connection, where they are few
 * and sent from its own callback, are kept until that is over: where the end follows them it goes
 * into the same packet. One stream's at a time. */
enum {
    READINESS_KEPT_MAX = 2048
};
struct readiness_streams {
    struct readiness_loop loop;
    struct tenon_stream *keeper;
    uint32_t kept_at;
    uint32_t kept_left;
    unsigned char kept[READINESS_KEPT_MAX];
};

/* Of a stream, listener or attempt. */
void readiness_event(uintptr_t object, bool readable, bool writable, bool hangup);

/* At the beginning of each wait. */
void readiness_flush(struct tenon_loop *loop);

/* Entries of the table. */
struct tenon_error readiness_listen(struct tenon_listener *listener,
                                    const struct tenon_endpoint *endpoint, uint32_t backlog);
struct tenon_error readiness_inherit(struct tenon_listener *listener, uint32_t index,
                                     struct tenon_endpoint *endpoint_out);
enum tenon_take readiness_accept(struct tenon_listener *listener, struct tenon_socket *socket_out,
                                 struct tenon_address *peer_out, struct tenon_error *error_out);
bool readiness_listener_close(struct tenon_listener *listener);
struct tenon_error readiness_attach(struct tenon_stream *stream, uint64_t handle);
bool readiness_arm(struct tenon_stream *stream);
bool readiness_disarm(struct tenon_stream *stream);
enum tenon_take readiness_take(struct tenon_stream *stream, void *data, size_t size,
                               size_t *taken_out, struct tenon_error *error_out);
struct tenon_error readiness_try_send(struct tenon_stream *stream, const void *data, size_t size,
                                      size_t *sent_out);
void readiness_hurry(struct tenon_stream *stream);
void readiness_unsend(struct tenon_stream *stream);
void readiness_send(struct tenon_stream *stream);
bool readiness_send_cancel(struct tenon_stream *stream);
void readiness_stream_close(struct tenon_stream *stream, bool reset);
struct tenon_error readiness_connect(struct tenon_attempt *attempt, const char *path);
bool readiness_connect_cancel(struct tenon_attempt *attempt);
struct tenon_error readiness_adopt(struct tenon_stream *stream, struct tenon_attempt *attempt);
void readiness_abandon(struct tenon_attempt *attempt);
void readiness_connect_event(struct tenon_attempt *attempt);

/* The entries above, for a table. */
#define READINESS_ENTRIES \
    .clock = posix_clock, .wall = posix_wall, .discard = posix_discard, \
    .listen = readiness_listen, .inherit = readiness_inherit, .accept = readiness_accept, \
    .listener_close = readiness_listener_close, .attach = readiness_attach, \
    .arm = readiness_arm, .disarm = readiness_disarm, .take = readiness_take, \
    .try_send = readiness_try_send, .hurry = readiness_hurry, \
    .unsend = readiness_unsend, .send = readiness_send, \
    .send_cancel = readiness_send_cancel, .finish = posix_finish, \
    .keep_alive = posix_keep_alive, .stream_close = readiness_stream_close, \
    .connect = readiness_connect, .connect_cancel = readiness_connect_cancel, \
    .adopt = readiness_adopt, .abandon = readiness_abandon, .resolve = tenon_lookup_start, \
    .resolve_cancel = tenon_lookup_cancel, .lookup = posix_lookup

#endif
