/* The internal seam: what a backend supplies, what a system supplies beside it, and what common/
 * gives back.
 *
 * Preconditions of every entry of the table, unless it says otherwise:
 *  - it runs on the loop's thread;
 *  - it calls no user code: what happened goes to the tenon_event_* functions, which only mark and
 *    queue. The turn delivers after a whole batch has been translated, so nothing in a batch can
 *    name memory that a callback freed; what the kernel has told beyond it is struck out by the
 *    close;
 *  - a native code is captured right behind the call that gave it, and translated into a struct
 *    tenon_error;
 *  - EINTR, partial transfers and spurious wake-ups are dealt with here and nowhere above. */
#ifndef TENON_BACKEND_H
#define TENON_BACKEND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/bounds.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include <tenon/status.h>
#include <tenon/stream.h>
#include <tenon/thread.h>

/* On in every build: programming errors and impossible completions stop the process; what a peer or
 * the system does never does. One condition each, without side effects. */
#define TENON_ASSERT(condition) \
    ((condition) ? (void)0 : tenon_assert_failed(#condition, __FILE__, __LINE__))
_Noreturn void tenon_assert_failed(const char *condition, const char *file, int line);

/* The struct around a member. */
#define TENON_OUTER(pointer, type, member) \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/* stream->flags. Those from STREAM_BACKEND on are the backend's own; a backend may read common's
 * where this says so. */
enum {
    STREAM_ATTACHED = 1 << 0,
    STREAM_LENT = 1 << 1,               /* a lent subscription is in flight */
    STREAM_NOTICE = 1 << 2,             /* a ready subscription */
    STREAM_SINGLE = 1 << 3,             /* a single receive */
    STREAM_PAUSED = 1 << 4,
    STREAM_RECEIVE_CANCEL = 1 << 5,
    STREAM_ENDED = 1 << 6,              /* the end was taken */
    STREAM_FAILED = 1 << 7,             /* receiving failed: the failure is stream->error */
    STREAM_ARMED = 1 << 8,              /* armed, and that is not over yet; backends read it */
    STREAM_READY = 1 << 9,              /* in the loop's list */
    STREAM_SEND_DONE = 1 << 10,
    STREAM_FINISH = 1 << 11,            /* asked for */
    STREAM_FINISHED = 1 << 12,          /* done */
    STREAM_CLOSING = 1 << 13,
    STREAM_ABORTING = 1 << 14,
    STREAM_CLOSE_EXPIRED = 1 << 15,
    STREAM_READABLE = 1 << 16,          /* a take may give something */
    STREAM_DELIVERING = 1 << 17,        /* inside its delivery, which looks again at its end */
    STREAM_SEND_BROKEN = 1 << 18,       /* a send was cut short: only abort is left */
    STREAM_END_TOLD = 1 << 19,          /* the end was delivered: nothing may be received */
    STREAM_UNSENT = 1 << 20,            /* the backend keeps bytes that try_send has taken */
    STREAM_BACKEND = 1 << 21            /* the first of the backend's */
};

/* listener->flags, likewise. */
enum {
    LISTENER_LISTENING = 1 << 0,
    LISTENER_ACCEPTING = 1 << 1,
    LISTENER_PAUSED = 1 << 2,
    LISTENER_BACKING_OFF = 1 << 3,
    LISTENER_DRAINING = 1 << 4,         /* closing gracefully: what is queued is still delivered */
    LISTENER_CLOSING = 1 << 5,
    LISTENER_READY = 1 << 6,
    LISTENER_INHERITED = 1 << 7,        /* a supervisor's; backends read it */
    LISTENER_BACKEND = 1 << 16
};

/* What a take, or an accept, came to. WOULD_BLOCK never reaches a user, so it is no status. */
enum tenon_take {
    TAKE_DATA,
    TAKE_END,
    TAKE_WOULD_BLOCK,
    TAKE_FAILED
};

struct tenon_backend {
    const char *name;

    /* ---- the loop ---- */
    /* Sets loop->backend_state. What has failed is undone. UNSUPPORTED: does not work on this
     * machine. */
    struct tenon_error (*open)(struct tenon_loop *loop, const struct tenon_loop_options *options);
    void (*close)(struct tenon_loop *loop);
    int64_t (*clock)(struct tenon_loop *loop);  /* monotonic nanoseconds */
    int64_t (*wall)(struct tenon_loop *loop);   /* nanoseconds since 1970 */
    /* Collects and translates one batch, waiting until `until` on the clock's scale at the latest:
     * 0 does not wait, TENON_FOREVER has no limit. It may return early, and must when woken. */
    void (*wait)(struct tenon_loop *loop, int64_t until);
    /* Any thread: the wait in progress, or the next one, returns. Never lost. Common coalesces the
     * calls. */
    void (*wake)(struct tenon_loop *loop);

    /* ---- sockets ---- */
    void (*discard)(uint64_t handle);           /* any thread; with a reset */

    /* ---- listeners ---- */
    /* Sets handle, address and backend. No accept is with the kernel before the first call of
     * accept, so until then listener_close is immediate. */
    struct tenon_error (*listen)(struct tenon_listener *listener,
                                 const struct tenon_endpoint *endpoint, uint32_t backlog);
    /* As listen, with the listener that the process inherited in this place. NULL: this system has
     * no such thing. */
    struct tenon_error (*inherit)(struct tenon_listener *listener, uint32_t index,
                                  struct tenon_endpoint *endpoint_out);
    /* DATA: one connection, all that the system wants done while the listener lives already done.
     * WOULD_BLOCK: tenon_event_acceptable follows once there is one. FAILED: worth a back-off; the
     * call is made again. Peers that are gone are skipped, in bounded number. While
     * LISTENER_DRAINING it also takes what only the kernel's queue holds, WOULD_BLOCK says that
     * something is still coming back from the kernel (tenon_event_acceptable follows), and END that
     * nothing is left. */
    enum tenon_take (*accept)(struct tenon_listener *listener, struct tenon_socket *socket_out,
                              struct tenon_address *peer_out, struct tenon_error *error_out);
    /* Stops listening and resets what was not delivered. True: nothing is left with the kernel;
     * else tenon_event_listener_idle follows, and it is called again then. */
    bool (*listener_close)(struct tenon_listener *listener);

    /* ---- streams ---- */
    /* Takes the handle: on failure it has been closed. */
    struct tenon_error (*attach)(struct tenon_stream *stream, uint64_t handle);
    /* Asks for one tenon_event_readable when a take may give something, also the end or a failure.
     * True: now, no event follows. Not called while armed. For a lent receive any number of
     * tenon_event_more may come first. */
    bool (*arm)(struct tenon_stream *stream);
    /* True: disarmed, no event follows; else tenon_event_readable follows. Called only while armed.
     */
    bool (*disarm)(struct tenon_stream *stream);
    /* DATA: *taken_out bytes, 1 to size. Never called while armed. */
    enum tenon_take (*take)(struct tenon_stream *stream, void *data, size_t size, size_t *taken_out,
                            struct tenon_error *error_out);
    /* A backend that receives into buffers of its own has these two, others NULL: as take, but the
     * bytes stay where they are, all of them taken, until unlend, which follows DATA. Where the
     * backend has no buffer they are in loop->lent. Called while armed as well, behind a
     * tenon_event_more. */
    enum tenon_take (*lend)(struct tenon_stream *stream, const void **data_out, size_t *taken_out,
                            struct tenon_error *error_out);
    void (*unlend)(struct tenon_stream *stream);
    /* Takes what the kernel takes now; OK with *sent_out 0 where that is nothing. A backend may
     * keep bytes (of the lent buffer, or a copy of a few) for the loop's next wait: it sets
     * STREAM_UNSENT, and tenon_event_flushed follows once. Until then neither send, finish nor
     * stream_close is called. */
    struct tenon_error (*try_send)(struct tenon_stream *stream, const void *data, size_t size,
                                   size_t *sent_out);
    /* While STREAM_UNSENT, both NULL in a backend that keeps nothing: something waits for what is
     * kept (a send, or with STREAM_FINISH the end), so it is not to wait for other events; and:
     * gives it up. tenon_event_flushed follows, or comes from inside. */
    void (*hurry)(struct tenon_stream *stream);
    void (*unsend)(struct tenon_stream *stream);
    /* The rest of stream->send: tenon_event_sent follows once, or comes from inside this call. */
    void (*send)(struct tenon_stream *stream);
    /* True: nothing of it is with the kernel, no event follows; else tenon_event_sent does. */
    bool (*send_cancel)(struct tenon_stream *stream);
    void (*finish)(struct tenon_stream *stream);    /* a connection that is gone is no error */
    struct tenon_error (*keep_alive)(struct tenon_stream *stream, uint32_t idle_seconds);
    /* Nothing is armed, nothing is being sent. */
    void (*stream_close)(struct tenon_stream *stream, bool reset);

    /* ---- connects ---- */
    /* Begins attempt->address (or `path`, where the family is PATH): OK, and tenon_event_connected
     * follows or comes from inside this call; else it failed at once. */
    struct tenon_error (*connect)(struct tenon_attempt *attempt, const char *path);
    /* True: gone and closed; else tenon_event_connected follows, whose socket, if it connected,
     * common gives up. */
    bool (*connect_cancel)(struct tenon_attempt *attempt);
    /* The attempt's socket becomes the stream's: as attach, on the same loop. Or is closed: */
    struct tenon_error (*adopt)(struct tenon_stream *stream, struct tenon_attempt *attempt);
    void (*abandon)(struct tenon_attempt *attempt);
    /* Looks connect->host up: tenon_event_resolved follows. And gives that up: no event follows.
     * The backends of real systems have tenon_lookup_start and tenon_lookup_cancel here. */
    struct tenon_error (*resolve)(struct tenon_connect *connect);
    void (*resolve_cancel)(struct tenon_connect *connect);
    /* Any thread, waits: the addresses of a name, at most max, IPv6 and IPv4 each in the system's
     * order. */
    struct tenon_error (*lookup)(const char *host, enum tenon_family family,
                                 struct tenon_address *addresses, uint32_t max,
                                 uint32_t *count_out);
};

/* Backends of this build, best first, NULL behind the last. */
extern const struct tenon_backend *const tenon_backends[];

/* ---- events: from a backend to common ---- */
void tenon_event_readable(struct tenon_stream *stream);     /* the arming is over */
void tenon_event_more(struct tenon_stream *stream);         /* it goes on; a lend gives something */
/* A failure that only the event reports, before tenon_event_readable: kept unless one is kept
 * already. */
void tenon_event_failed(struct tenon_stream *stream, struct tenon_error error);
void tenon_event_sent(struct tenon_stream *stream, struct tenon_error error);
/* Clears STREAM_UNSENT: what was kept is with the kernel, or lost by an error. */
void tenon_event_flushed(struct tenon_stream *stream, struct tenon_error error);
void tenon_event_acceptable(struct tenon_listener *listener);
void tenon_event_listener_idle(struct tenon_listener *listener);
void tenon_event_connected(struct tenon_attempt *attempt, struct tenon_error error);
void tenon_event_resolved(struct tenon_connect *connect, struct tenon_error error,
                          const struct tenon_address *addresses, uint32_t count);

/* The pieces of a send that are left, at most max of them and about bytes_max bytes; and what was
 * handed over since: true, when that was all. */
uint32_t tenon_send_rest(const struct tenon_send *send, struct tenon_piece *out, uint32_t max,
                         size_t bytes_max);
bool tenon_send_advance(struct tenon_send *send, size_t sent);

/* resolve and resolve_cancel on a thread of its own, by loop->backend->lookup. */
struct tenon_error tenon_lookup_start(struct tenon_connect *connect);
void tenon_lookup_cancel(struct tenon_connect *connect);

/* ---- what each system supplies, chosen when linking; threads and processes are in include/ ----
 */
/* The text of a native code as UTF-8, without a full stop; empty where the system has none. */
void system_error_text(int32_t native, char *text, size_t text_size);
/* What the code is: `errno`, `getaddrinfo error`, `Windows error`. */
const char *system_error_kind(int32_t native);
bool system_ipv6_parse(const char *text, uint8_t ip_out[16]);       /* without scope */
void system_ipv6_format(const uint8_t ip[16], char text_out[TENON_ADDRESS_TEXT_MAX]);
uint32_t system_scope_index(const char *name);      /* an interface's index; 0: there is none */
uint64_t system_thread_id(void);                                    /* never 0 */

/* ---- the loop, as common and its backends see it ---- */
enum {
    WHEEL_LEVELS = 7,
    WHEEL_SLOTS = 64,
    WHEEL_SHIFT = 18    /* a slot of the first level is 262 us, the level spans 16.8 ms */
};

struct tenon_wheel {
    struct tenon_timer slots[WHEEL_LEVELS][WHEEL_SLOTS];    /* heads of lists */
    uint64_t occupied[WHEEL_LEVELS];        /* a set bit may be stale, a clear one never is */
    struct tenon_timer due;
    int64_t tick;                                           /* all up to here has become due */
    uint32_t count;
};

struct tenon_loop {
    const struct tenon_backend *backend;
    void *backend_state;
    void *world;
    int64_t now;
    unsigned char *lent;
    uint32_t lent_size;
    uint32_t batch;
    uint32_t pending;           /* streams, listeners, connects */
    uint64_t thread;            /* that of the first turn, 0 before */
    struct tenon_link streams;  /* ready ones, in order */
    struct tenon_link listeners;
    struct tenon_link connects;
    struct tenon_wheel wheel;
    uint32_t lookups;           /* that have a thread */
    struct tenon_lookup *lookups_waiting;
    struct tenon_lookup *lookups_given_up;      /* that have one still */

    struct tenon_lock lock;     /* of what follows, and of every posted message */
    struct tenon_message *posted_first;
    struct tenon_message *posted_last;
    bool woken;
    bool stop;
};

#endif
