/* What the files of the IOCP backend share: its loop and its operations. */
#ifndef TENON_WINDOWS_IOCP_H
#define TENON_WINDOWS_IOCP_H
#include "windows/win.h"

/* What an operation is embedded in tells whose it is. Completion keys cannot: a socket keeps its
 * key for life, and one that a connect made becomes a stream's. */
enum operation_kind {
    OPERATION_RECEIVE,      /* in tenon_stream.backend */
    OPERATION_SEND,         /* in tenon_send.backend */
    OPERATION_ACCEPT,       /* in an accept slot */
    OPERATION_CONNECT       /* in tenon_attempt.backend */
};

enum operation_state {
    OPERATION_IDLE,
    OPERATION_PENDING,      /* the kernel owns it until its packet has been dequeued */
    OPERATION_CANCELED,     /* likewise, and it was asked to end */
    OPERATION_POSTPONED     /* in the loop's list: to be begun again */
};

struct iocp_operation {
    union {
        OVERLAPPED overlapped;
        struct tenon_link postponed;
    } system;
    enum operation_kind kind;
    enum operation_state state;
};

struct iocp_loop {
    HANDLE port;
    HANDLE timer;
    HANDLE timer_wait;              /* of the system's pool, on the timer */
    int64_t timer_at;               /* when it fires; in the past while it is not set */
    struct tenon_link postponed;    /* operations */
    int64_t retry_at;               /* when they are begun again */
    uint32_t batch;
    OVERLAPPED_ENTRY *entries;
    struct win_provider ipv4;
    struct win_provider ipv6;
    LPFN_ACCEPTEX accept_ex;
    LPFN_GETACCEPTEXSOCKADDRS accept_addresses;
    LPFN_CONNECTEX connect_ex;
};

extern const struct tenon_backend iocp_backend;

/* ---- iocp.c ---- */
static inline struct iocp_loop *iocp_of(const struct tenon_loop *loop)
{
    return loop->backend_state;
}

OVERLAPPED *iocp_begin(struct iocp_operation *operation, enum operation_kind kind);
/* Asks it to end; its packet follows. */
void iocp_cancel(uint64_t handle, struct iocp_operation *operation);
/* Of a packet: ends the operation, and tells how it went. */
struct tenon_error iocp_result(uint64_t handle, struct iocp_operation *operation);
/* Whether a failure is the kernel's lack of memory, which passes: it must neither fail a stream
 * nor be spun on. */
bool iocp_is_shortage(struct tenon_error error);
void iocp_postpone(struct tenon_loop *loop, struct iocp_operation *operation, int64_t delay);
void iocp_postponed_remove(struct iocp_operation *operation);
const struct win_provider *iocp_provider(const struct iocp_loop *iocp, uint16_t family);
struct tenon_error iocp_associate(const struct iocp_loop *iocp, SOCKET socket);
/* The options of a stream's socket, and its place on the port. */
struct tenon_error iocp_prepare(const struct iocp_loop *iocp, SOCKET socket);

extern const int64_t iocp_shortage_pause;

/* ---- iocp_stream.c ---- */
struct tenon_error iocp_attach(struct tenon_stream *stream, uint64_t handle);
bool iocp_arm(struct tenon_stream *stream);
bool iocp_disarm(struct tenon_stream *stream);
enum tenon_take iocp_take(struct tenon_stream *stream, void *data, size_t size, size_t *taken_out,
                          struct tenon_error *error_out);
struct tenon_error iocp_try_send(struct tenon_stream *stream, const void *data, size_t size,
                                 size_t *sent_out);
void iocp_send(struct tenon_stream *stream);
bool iocp_send_cancel(struct tenon_stream *stream);
void iocp_finish(struct tenon_stream *stream);
struct tenon_error iocp_keep_alive(struct tenon_stream *stream, uint32_t idle_seconds);
void iocp_stream_close(struct tenon_stream *stream, bool reset);
void iocp_receive_packet(struct iocp_operation *operation);
void iocp_receive_again(struct iocp_operation *operation);
void iocp_send_packet(struct iocp_operation *operation, uint32_t bytes);
void iocp_send_again(struct iocp_operation *operation);

/* ---- iocp_accept.c ---- */
struct tenon_error iocp_listen(struct tenon_listener *listener,
                               const struct tenon_endpoint *endpoint, uint32_t backlog);
enum tenon_take iocp_accept(struct tenon_listener *listener, struct tenon_socket *socket_out,
                            struct tenon_address *peer_out, struct tenon_error *error_out);
bool iocp_listener_close(struct tenon_listener *listener);
void iocp_accept_packet(struct iocp_operation *operation);

/* ---- iocp_connect.c ---- */
struct tenon_error iocp_connect(struct tenon_attempt *attempt, const char *path);
bool iocp_connect_cancel(struct tenon_attempt *attempt);
struct tenon_error iocp_adopt(struct tenon_stream *stream, struct tenon_attempt *attempt);
void iocp_abandon(struct tenon_attempt *attempt);
void iocp_connect_packet(struct iocp_operation *operation);

#endif
