/* Listeners, streams (one connection each) and connects.
 *
 * Ownership: the caller owns every struct here, usually inside its own; the library allocates
 * nothing for them, but for a look-up, which no system can cancel. A struct is the library's from
 * the call that starts it until its last callback begins. The fields are there to be read; those
 * marked 'caller' are set by the caller before the start. Operations (send, single receive,
 * connect, close) that were started complete exactly once. A subscription (accept, lent receive,
 * ready receive) has any number of calls with TENON_OK and exactly one last call with another
 * status. Threads: the loop's thread, unless said otherwise. A second receive or send in flight on
 * one stream, and every other misuse, is a programming error and asserts, in every build. */
#ifndef TENON_STREAM_H
#define TENON_STREAM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/bounds.h>
#include <tenon/export.h>
#include <tenon/loop.h>
#include <tenon/status.h>
#ifdef __cplusplus
extern "C" {
#endif

struct tenon_backend;
struct tenon_stream;
struct tenon_listener;

/* Room for what a backend keeps beside an object. */
union tenon_backend_word {
    uint64_t word;
    uint32_t half[2];
    void *pointer;
};

/* An object's place in one of the loop's lists. */
struct tenon_link {
    struct tenon_link *next;
    struct tenon_link *previous;
};

/* What a subscription's callback answers: more, or nothing until it is resumed. */
enum tenon_flow {
    TENON_CONTINUE,
    TENON_PAUSE
};

/* GRACEFUL loses nothing that was accepted; ABORT ends at once: peers see a reset. */
enum tenon_close_mode {
    TENON_CLOSE_GRACEFUL,
    TENON_CLOSE_ABORT
};

/* ---- listeners ---- */

/* A connected socket that no loop has yet: a value, to be attached or discarded once, by whoever
 * holds it. */
struct tenon_socket {
    uint64_t handle;
    const struct tenon_backend *backend;
};

/* OK: `socket` is the caller's from now on, `peer` is lent. LIMIT is a notice: descriptors or
 * memory ran out, accepting pauses by itself and tries again, `socket` and `peer` hold nothing.
 * CANCELED is the last call, after tenon_listener_close. */
typedef enum tenon_flow tenon_accept_fn(struct tenon_listener *listener, enum tenon_status status,
                                        struct tenon_socket socket,
                                        const struct tenon_address *peer);
typedef void tenon_listener_closed_fn(struct tenon_listener *listener);

struct tenon_listener {
    struct tenon_link ready;
    struct tenon_loop *loop;
    uint64_t handle;
    tenon_accept_fn *on_accept;
    tenon_listener_closed_fn *on_closed;
    struct tenon_timer back_off;
    uint32_t flags;
    uint32_t drain_left;
    struct tenon_address address;   /* as bound: port 0 has become the system's choice */
    struct tenon_error error;       /* why tenon_listen failed, or the last accept that did */
    void *context;                  /* caller: set after tenon_listen, for listeners in an array */
    union tenon_backend_word backend[2];
};

struct tenon_listen_options {
    enum tenon_family family;       /* of a name's addresses; ANY: all */
    uint32_t backlog;               /* connections that the kernel queues [TENON_BACKLOG] */
};

/* Listens on one address. An IPv6 listener takes IPv6 connections only, on every system. Port 0:
 * the system chooses. On POSIX the port can be bound again at once after a restart; on Windows it
 * is held exclusively. A path's socket is made with mode 0600, one left behind by a process that is
 * gone is replaced, and it is removed by the close. options may be NULL. Nothing is accepted before
 * tenon_listener_accept. Errors: ADDRESS_IN_USE, ADDRESS_NOT_AVAILABLE, FAMILY_UNSUPPORTED,
 * ACCESS_DENIED, INVALID (a path), NOT_FOUND (its folder), UNSUPPORTED (a path on Windows), LIMIT,
 * SYSTEM; the same in listener->error, with the native code. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_listen(struct tenon_loop *loop, struct tenon_listener *listener,
                               const struct tenon_endpoint *endpoint,
                               const struct tenon_listen_options *options);

/* Listens on every address of a host: a name, a numeric address, `localhost` (::1 and 127.0.0.1,
 * RFC 6761: never looked up), NULL (every address of this machine) or `unix:PATH`. One port serves
 * all of them, also port 0 (the first choice that is free for all, 16 tries). A family that this
 * machine has not, or has switched off, is left out as long as one address stands: its status is
 * ADDRESS_NOT_AVAILABLE or FAMILY_UNSUPPORTED, `skipped` counts them. Waits for the name service
 * where the host is a name: for a program's start. On success `count` listeners of the array
 * stand; on failure none, and `failed` tells which address failed with what (family ANY where
 * the name did). Errors: as tenon_listen, and NOT_RESOLVED, RESOLVER_FAILED, LIMIT (more addresses
 * than count_max), INVALID (a name that is too long). */
struct tenon_listen_report {
    uint32_t count;
    uint32_t skipped;
    struct tenon_address failed;
    struct tenon_error error;
};
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_listen_host(struct tenon_loop *loop, struct tenon_listener *listeners,
                                    uint32_t count_max, const char *host, uint16_t port,
                                    const struct tenon_listen_options *options,
                                    struct tenon_listen_report *report_out);

/* Starts the subscription. A peer that is gone before it was accepted is skipped. After PAUSE
 * nothing is delivered until the resume; a completion backend may hold some connections meanwhile.
 */
TENON_API void tenon_listener_accept(struct tenon_listener *listener, tenon_accept_fn *on_accept);
TENON_API void tenon_listener_resume(struct tenon_listener *listener);

/* Stops listening. GRACEFUL: what the kernel has queued is delivered first (also where paused), at
 * most the backlog; closing a queue resets what is in it. Then the subscription's last call, then
 * on_closed, from which on the memory is the caller's. Closing again does nothing, but that ABORT
 * ends a graceful close. */
TENON_API void tenon_listener_close(struct tenon_listener *listener, enum tenon_close_mode mode,
                                    tenon_listener_closed_fn *on_closed);

/* Any thread. Resets a socket that is not wanted. */
TENON_API void tenon_socket_discard(struct tenon_socket socket);

/* ---- streams ---- */

/* A single receive's and a send's completion, and a close's. */
struct tenon_receive;
struct tenon_send;
typedef void tenon_receive_fn(struct tenon_receive *receive, enum tenon_status status);
typedef void tenon_send_fn(struct tenon_send *send, enum tenon_status status);
typedef void tenon_closed_fn(struct tenon_stream *stream, enum tenon_status status);

/* OK: `size` bytes at `data`, the loop's own, lent until the callback returns; all of them are
 * taken. Else the last call, data is NULL: END, CANCELED, or the failure. */
typedef enum tenon_flow tenon_lent_fn(struct tenon_stream *stream, enum tenon_status status,
                                      const void *data, size_t size);
/* OK: tenon_stream_try_receive may give something. Else the last call, likewise. */
typedef enum tenon_flow tenon_ready_fn(struct tenon_stream *stream, enum tenon_status status);

struct tenon_stream {
    struct tenon_link ready;
    struct tenon_loop *loop;
    uint64_t handle;
    union {
        tenon_lent_fn *on_lent;
        tenon_ready_fn *on_ready;
        struct tenon_receive *receive;
    } reader;
    struct tenon_send *send;
    tenon_closed_fn *on_closed;
    struct tenon_timer close_timer;
    uint32_t flags;
    uint32_t close_bytes_left;
    struct tenon_error error;       /* the first failure that was met */
    union tenon_backend_word backend[6];
};

/* A receive of one piece into the caller's memory. */
struct tenon_receive {
    struct tenon_stream *stream;
    void *data;                     /* caller */
    size_t size;                    /* caller: at least 1 */
    size_t received;                /* OK: 1 to size; else 0 */
    tenon_receive_fn *on_received;
};

struct tenon_piece {
    const void *data;
    size_t size;
};

struct tenon_send {
    const struct tenon_piece *pieces;   /* caller: kept as they are until the completion */
    uint32_t piece_count;               /* caller: 0 to TENON_PIECES_MAX; empty ones are legal */
    uint32_t piece;                     /* how far it has come */
    size_t offset;
    size_t sent;                        /* bytes handed over; a lower bound unless OK */
    struct tenon_stream *stream;
    tenon_send_fn *on_sent;
    struct tenon_error error;
    union tenon_backend_word backend[5];
};

/* Makes a stream of a socket, on this loop; the socket's backend is the loop's. It takes the socket
 * in any case: on failure (LIMIT, SYSTEM) it has been closed, and the stream is the caller's. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_stream_attach(struct tenon_loop *loop, struct tenon_stream *stream,
                                      struct tenon_socket socket);

/* Three ways to receive, one at a time. The peer's half-close is TENON_END, after all its bytes;
 * after it no further receive may be started. The failure of a stream is delivered after the bytes
 * that came before it. Lent: any number of receives into the loop's own buffer. */
TENON_API void tenon_stream_receive_lent(struct tenon_stream *stream, tenon_lent_fn *on_lent);

/* Ready: says when there is something, and leaves the bytes in the kernel until try_receive takes
 * them: at most `size` of them, the count returned. 0: nothing there now, or the end, or a failure;
 * the subscription's last call tells. It is legal while the subscription is in flight, paused or
 * not, until its last call. A callback that takes nothing and answers CONTINUE is called again in
 * the next turn. */
TENON_API void tenon_stream_receive_ready(struct tenon_stream *stream, tenon_ready_fn *on_ready);
TENON_API TENON_CHECK_RESULT
size_t tenon_stream_try_receive(struct tenon_stream *stream, void *data, size_t size);

/* Single: one receive into receive->data, which completes with 1 to size bytes, or with END,
 * CANCELED or the failure. */
TENON_API void tenon_stream_receive(struct tenon_stream *stream, struct tenon_receive *receive,
                                    tenon_receive_fn *on_received);

/* Resumes a paused subscription; does nothing where none is paused. */
TENON_API void tenon_stream_receive_resume(struct tenon_stream *stream);

/* Asks the receive in flight, of any kind, to end: with CANCELED, or with its own result if that
 * came first. No byte is lost: a later receive has them. Does nothing where none is in flight. */
TENON_API void tenon_stream_receive_cancel(struct tenon_stream *stream);

/* Hands over what the kernel takes now and returns how many bytes that is: 0 as well while a send
 * is in flight, and when the stream has failed (the next operation tells). They may leave with the
 * loop's next turn. */
TENON_API TENON_CHECK_RESULT
size_t tenon_stream_try_send(struct tenon_stream *stream, const void *data, size_t size);

/* Sends all pieces in order; completes when the kernel has taken all bytes, or with CANCELED or the
 * failure. */
TENON_API void tenon_stream_send(struct tenon_stream *stream, struct tenon_send *send,
                                 tenon_send_fn *on_sent);

/* Asks the send in flight to end. After one that was cancelled or failed only an abortive close is
 * legal. */
TENON_API void tenon_stream_send_cancel(struct tenon_stream *stream);

/* Half-close: tells the peer that nothing more comes, after the send in flight. Sending ends with
 * this call; receiving goes on. */
TENON_API void tenon_stream_finish(struct tenon_stream *stream);

/* Closes it; legal once after the attach and at any time. A receive in flight ends with CANCELED;
 * so does a send with ABORT. `timeout` is a duration (TENON_FOREVER: none; ABORT ignores it).
 * GRACEFUL: completes the send, half-closes, then reads and drops until the peer's end, at most
 * TENON_CLOSE_BYTES_MAX bytes, and closes: what was sent reaches the peer, as a close on unread
 * bytes would reset it away. At the deadline or the limit an unfinished send is aborted; otherwise
 * what is readable is dropped and the connection closed plainly. on_closed is the stream's last
 * callback, after every other: OK (the end was seen, or ABORT was asked for), TIMED_OUT, LIMIT, or
 * the stream's failure. From its beginning on the memory is the caller's. Closing again does
 * nothing, but that ABORT turns a graceful close into an abort; the first on_closed stays. */
TENON_API
void tenon_stream_close(struct tenon_stream *stream, enum tenon_close_mode mode, int64_t timeout,
                        tenon_closed_fn *on_closed);

/* The first failure that the stream met, with its native code: status OK while there is none. */
TENON_API struct tenon_error tenon_stream_error(const struct tenon_stream *stream);

/* Sends probes on a connection that is silent for `idle` (whole seconds, at least 1), so that a
 * peer that is gone is noticed (TIMED_OUT or RESET) after about 10 unanswered ones, 1 s apart. For
 * connections without a time limit. RFC 9293 section 3.8.4. Does nothing on a path's stream.
 * Errors: INVALID, SYSTEM. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_stream_keep_alive(struct tenon_stream *stream, int64_t idle);

/* ---- connects ---- */

struct tenon_connect;
typedef void tenon_connect_fn(struct tenon_connect *connect, enum tenon_status status);

/* One address that a connect tries, or tried. Where it was begun and error.status is OK it won, or
 * it has no result yet; CANCELED: another one won first, or we cancelled. */
struct tenon_attempt {
    struct tenon_address address;
    bool begun;
    bool pending;       /* with the backend */
    bool connected;     /* and not yet taken or given up */
    bool canceled;
    struct tenon_error error;
    uint64_t handle;
    struct tenon_connect *connect;
    union tenon_backend_word backend[6];
};

struct tenon_connect_options {
    enum tenon_family family;       /* ANY: both, IPv6 first */
    int64_t timeout;                /* of the look-up and all attempts together; 0: TENON_FOREVER */
    int64_t stagger;                /* from one attempt to the next [250 ms, RFC 8305 section 5] */
};

struct tenon_lookup;

struct tenon_connect {
    struct tenon_link ready;
    struct tenon_loop *loop;
    struct tenon_stream *stream;
    tenon_connect_fn *on_connected;
    const char *host;               /* the caller's, unchanged until the completion */
    uint16_t port;
    bool paired;                    /* the families take turns */
    uint32_t flags;
    enum tenon_family family;
    int64_t stagger;
    struct tenon_timer deadline;
    struct tenon_timer next;
    struct tenon_lookup *lookup;
    uint32_t attempt_count;         /* attempts that hold an address */
    uint32_t attempts_begun;
    uint32_t attempts_pending;
    uint32_t winner;                /* OK: the index of the attempt that the stream has */
    struct tenon_error error;       /* of the whole: else the most telling attempt's */
    struct tenon_attempt attempts[TENON_ATTEMPTS_MAX];
};

/* Connects `stream` to a host: a name, a numeric address, `localhost` or NULL (::1 and 127.0.0.1,
 * never looked up) or `unix:PATH`. Looks the name up (never on the loop's thread), and tries its
 * addresses in turn, one more at each stagger or failure, IPv6 first, until one connects (RFC
 * 8305). An unspecified address (0.0.0.0, ::) means loopback. Completes with OK: the stream is
 * attached; else the stream is the caller's again. Errors: NOT_RESOLVED, RESOLVER_FAILED, REFUSED,
 * UNREACHABLE, TIMED_OUT, CANCELED, INVALID (a name or path that is too long), UNSUPPORTED (a path
 * on Windows), LIMIT, and what a connection may end with. Every attempt keeps its own error.
 * options may be NULL. */
TENON_API
void tenon_connect(struct tenon_loop *loop, struct tenon_connect *connect,
                   struct tenon_stream *stream, const char *host, uint16_t port,
                   const struct tenon_connect_options *options, tenon_connect_fn *on_connected);

/* Asks it to end: with CANCELED, or with its own result if that came first. */
TENON_API void tenon_connect_cancel(struct tenon_connect *connect);

#ifdef __cplusplus
}
#endif
#endif
