/* Streams on IOCP. A receive is a zero-byte WSARecv, which pins no buffer and says when there is
 * something, and then a non-blocking recv. A send is WSASend: the kernel takes the bytes, at
 * once or when it has room.
 *
 * Streams skip the packet of a call that succeeds at once. A reset may show in a packet only:
 * recv then gives an end. */
#include "windows/iocp.h"
#include <limits.h>

_Static_assert(sizeof(struct iocp_operation) <= sizeof(((struct tenon_stream *)0)->backend),
               "a receive's room");
_Static_assert(sizeof(struct iocp_operation) <= sizeof(((struct tenon_send *)0)->backend),
               "a send's room");

/* WSASend calls of one send in a row: what a fast peer takes without an end must not hold up the
 * loop. */
enum { SEND_CALLS_A_TURN = 4 };

static struct iocp_operation *receive_of(struct tenon_stream *stream)
{
    return (struct iocp_operation *)(void *)stream->backend;
}

static struct iocp_operation *send_of(struct tenon_send *send)
{
    return (struct iocp_operation *)(void *)send->backend;
}

struct tenon_error iocp_attach(struct tenon_stream *stream, uint64_t handle)
{
    stream->handle = handle;
    struct tenon_error error = iocp_prepare(iocp_of(stream->loop), (SOCKET)handle);
    if (error.status != TENON_OK) {
        win_discard((SOCKET)handle);
    }
    return error;
}

/* ---- receiving ---- */

bool iocp_arm(struct tenon_stream *stream)
{
    struct iocp_operation *receive = receive_of(stream);
    OVERLAPPED *overlapped = iocp_begin(receive, OPERATION_RECEIVE);
    WSABUF none = {0, NULL};
    DWORD received = 0;
    DWORD flags = 0;
    if (WSARecv((SOCKET)stream->handle, &none, 1, &received, &flags, overlapped, NULL) == 0) {
        return true;
    }
    struct tenon_error error = win_last_error();
    if (error.native == WSA_IO_PENDING) {
        receive->state = OPERATION_PENDING;
        return false;
    }
    if (iocp_is_shortage(error)) {
        iocp_postpone(stream->loop, receive, iocp_shortage_pause);
        return false;
    }
    tenon_event_failed(stream, error);
    return true;
}

void iocp_receive_again(struct iocp_operation *operation)
{
    struct tenon_stream *stream = TENON_OUTER(operation, struct tenon_stream, backend);
    if (iocp_arm(stream)) {
        tenon_event_readable(stream);
    }
}

void iocp_receive_packet(struct iocp_operation *operation)
{
    struct tenon_stream *stream = TENON_OUTER(operation, struct tenon_stream, backend);
    bool canceled = operation->state == OPERATION_CANCELED;
    struct tenon_error error = iocp_result(stream->handle, operation);
    if (iocp_is_shortage(error) && !canceled) {
        iocp_postpone(stream->loop, operation, iocp_shortage_pause);
        return;
    }
    if (error.status != TENON_OK && error.status != TENON_CANCELED && !iocp_is_shortage(error)) {
        tenon_event_failed(stream, error);
    }
    tenon_event_readable(stream);
}

bool iocp_disarm(struct tenon_stream *stream)
{
    struct iocp_operation *receive = receive_of(stream);
    if (receive->state == OPERATION_POSTPONED) {
        iocp_postponed_remove(receive);
        return true;
    }
    if (receive->state == OPERATION_PENDING) {
        iocp_cancel(stream->handle, receive);
    }
    TENON_ASSERT(receive->state == OPERATION_CANCELED);
    return false;
}

enum tenon_take iocp_take(struct tenon_stream *stream, void *data, size_t size, size_t *taken_out,
                          struct tenon_error *error_out)
{
    int clamped = size < INT_MAX ? (int)size : INT_MAX;
    int taken = recv((SOCKET)stream->handle, data, clamped, 0);
    if (taken > 0) {
        *taken_out = (size_t)taken;
        return TAKE_DATA;
    }
    if (taken == 0) {
        return TAKE_END;
    }
    struct tenon_error error = win_last_error();
    if (iocp_is_shortage(error)) {
        return TAKE_WOULD_BLOCK;
    }
    *error_out = error;
    return TAKE_FAILED;
}

/* ---- sending ---- */

struct tenon_error iocp_try_send(struct tenon_stream *stream, const void *data, size_t size,
                                 size_t *sent_out)
{
    int clamped = size < TENON_TRY_SEND_MAX ? (int)size : TENON_TRY_SEND_MAX;
    int sent = send((SOCKET)stream->handle, data, clamped, 0);
    *sent_out = sent > 0 ? (size_t)sent : 0;
    if (sent >= 0) {
        return win_error(ERROR_SUCCESS);
    }
    struct tenon_error error = win_last_error();
    return iocp_is_shortage(error) ? win_error(ERROR_SUCCESS) : error;
}

/* One WSASend. WSA_IO_PENDING: a packet follows. */
static struct tenon_error send_once(struct tenon_stream *stream, DWORD *sent_out)
{
    struct tenon_piece rest[TENON_PIECES_MAX];
    WSABUF buffers[TENON_PIECES_MAX];
    uint32_t count = tenon_send_rest(stream->send, rest, TENON_PIECES_MAX, TENON_SEND_CALL_MAX);
    for (uint32_t i = 0; i < count; i++) {
        buffers[i].len = (ULONG)rest[i].size;
        buffers[i].buf = (CHAR *)(uintptr_t)rest[i].data;   /* only read, though not const */
    }
    OVERLAPPED *overlapped = iocp_begin(send_of(stream->send), OPERATION_SEND);
    if (WSASend((SOCKET)stream->handle, buffers, count, sent_out, 0, overlapped, NULL) == 0) {
        return win_error(ERROR_SUCCESS);
    }
    return win_last_error();
}

void iocp_send(struct tenon_stream *stream)
{
    struct iocp_operation *operation = send_of(stream->send);
    for (int i = 0; i < SEND_CALLS_A_TURN; i++) {
        DWORD sent = 0;
        struct tenon_error error = send_once(stream, &sent);
        if (error.native == WSA_IO_PENDING) {
            operation->state = OPERATION_PENDING;
            return;
        }
        if (iocp_is_shortage(error)) {
            iocp_postpone(stream->loop, operation, iocp_shortage_pause);
            return;
        }
        if (error.status != TENON_OK || tenon_send_advance(stream->send, sent)) {
            tenon_event_sent(stream, error);
            return;
        }
    }
    iocp_postpone(stream->loop, operation, 0);
}

void iocp_send_again(struct iocp_operation *operation)
{
    struct tenon_send *send = TENON_OUTER(operation, struct tenon_send, backend);
    iocp_send(send->stream);
}

/* A cancelled one that all the same has ended whole is OK. */
void iocp_send_packet(struct iocp_operation *operation, uint32_t bytes)
{
    struct tenon_send *send = TENON_OUTER(operation, struct tenon_send, backend);
    struct tenon_stream *stream = send->stream;
    bool canceled = operation->state == OPERATION_CANCELED;
    struct tenon_error error = iocp_result(stream->handle, operation);
    if (error.status == TENON_OK && tenon_send_advance(send, bytes)) {
        tenon_event_sent(stream, error);
    } else if (canceled && (error.status == TENON_OK || iocp_is_shortage(error))) {
        tenon_event_sent(stream, win_error(WSA_OPERATION_ABORTED));
    } else if (error.status == TENON_OK) {
        iocp_send(stream);
    } else if (iocp_is_shortage(error)) {
        iocp_postpone(stream->loop, operation, iocp_shortage_pause);
    } else {
        tenon_event_sent(stream, error);
    }
}

bool iocp_send_cancel(struct tenon_stream *stream)
{
    struct iocp_operation *operation = send_of(stream->send);
    if (operation->state == OPERATION_POSTPONED) {
        iocp_postponed_remove(operation);
        return true;
    }
    if (operation->state == OPERATION_PENDING) {
        iocp_cancel(stream->handle, operation);
    }
    TENON_ASSERT(operation->state == OPERATION_CANCELED);
    return false;
}

/* ---- the rest ---- */

/* What fails here is a connection that is gone: receiving tells. */
void iocp_finish(struct tenon_stream *stream)
{
    (void)shutdown((SOCKET)stream->handle, SD_SEND);
}

/* The number of probes is fixed at 10. */
struct tenon_error iocp_keep_alive(struct tenon_stream *stream, uint32_t idle_seconds)
{
    struct tcp_keepalive values = {1, idle_seconds * 1000, 1000};       /* in milliseconds */
    DWORD bytes = 0;
    TENON_ASSERT(idle_seconds <= ULONG_MAX / 1000);
    int result = WSAIoctl((SOCKET)stream->handle, SIO_KEEPALIVE_VALS, &values, sizeof values, NULL,
                          0, &bytes, NULL, NULL);
    return result == 0 ? win_error(ERROR_SUCCESS) : win_last_error();
}

void iocp_stream_close(struct tenon_stream *stream, bool reset)
{
    if (reset) {
        win_discard((SOCKET)stream->handle);
    } else {
        (void)closesocket((SOCKET)stream->handle);
    }
}
