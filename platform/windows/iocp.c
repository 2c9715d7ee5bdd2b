/* The IOCP backend's loop: one completion port, and one timer.
 *
 * What it makes up for:
 *  - The wait's own timeout has the resolution of the clock tick, up to 15.6 ms. A
 *    high-resolution timer ends the wait before it: the system's pool waits for the timer and
 *    posts a packet. Such a timer does not call its completion routine.
 *  - A call that fails at once has posted no packet; one that succeeds at once posts none on
 *    streams (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS), and one on listeners. Each place says
 *    which it counts on.
 *  - The kernel owns an operation's memory until its packet has been dequeued, also after a
 *    cancel or a close: nothing here is given back before.
 *  - The kernel can lack memory for an operation (WSAENOBUFS): it is begun again after a
 *    pause. */
#include "windows/iocp.h"
#include <stdlib.h>
#include <string.h>

const int64_t iocp_shortage_pause = 10 * TENON_MILLISECOND;

/* Of packets: only the timer's have one that says something. */
enum {
    KEY_NONE,
    KEY_TIMER
};

/* ---- operations ---- */

OVERLAPPED *iocp_begin(struct iocp_operation *operation, enum operation_kind kind)
{
    memset(operation, 0, sizeof *operation);
    operation->kind = kind;
    return &operation->system.overlapped;
}

/* It fails where the operation has just ended: then the packet is on its way. */
void iocp_cancel(uint64_t handle, struct iocp_operation *operation)
{
    operation->state = OPERATION_CANCELED;
    (void)CancelIoEx((HANDLE)(uintptr_t)handle, &operation->system.overlapped);
}

/* Internal holds the kernel's own code: 0 is success, all others are translated by Winsock. */
struct tenon_error iocp_result(uint64_t handle, struct iocp_operation *operation)
{
    DWORD bytes = 0;
    DWORD flags = 0;
    OVERLAPPED *overlapped = &operation->system.overlapped;
    TENON_ASSERT(operation->state == OPERATION_PENDING || operation->state == OPERATION_CANCELED);
    operation->state = OPERATION_IDLE;
    if (overlapped->Internal == 0 ||
        WSAGetOverlappedResult((SOCKET)handle, overlapped, &bytes, FALSE, &flags)) {
        return win_error(ERROR_SUCCESS);
    }
    return win_last_error();
}

bool iocp_is_shortage(struct tenon_error error)
{
    return error.status == TENON_LIMIT || error.native == WSAEWOULDBLOCK;
}

void iocp_postpone(struct tenon_loop *loop, struct iocp_operation *operation, int64_t delay)
{
    struct iocp_loop *iocp = iocp_of(loop);
    struct tenon_link *link = &operation->system.postponed;
    int64_t at = win_clock() + delay;
    bool first = iocp->postponed.next == &iocp->postponed;
    TENON_ASSERT(operation->state == OPERATION_IDLE);
    operation->state = OPERATION_POSTPONED;
    link->next = &iocp->postponed;
    link->previous = iocp->postponed.previous;
    link->previous->next = link;
    iocp->postponed.previous = link;
    iocp->retry_at = first || at < iocp->retry_at ? at : iocp->retry_at;
}

void iocp_postponed_remove(struct iocp_operation *operation)
{
    struct tenon_link *link = &operation->system.postponed;
    TENON_ASSERT(operation->state == OPERATION_POSTPONED);
    operation->state = OPERATION_IDLE;
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

/* Each that is there now once: what is postponed again meanwhile comes behind `last`. */
static void begin_postponed(struct tenon_loop *loop)
{
    struct iocp_loop *iocp = iocp_of(loop);
    struct tenon_link *last = iocp->postponed.previous;
    bool more = last != &iocp->postponed;
    if (!more || win_clock() < iocp->retry_at) {
        return;
    }
    iocp->retry_at = TENON_FOREVER;     /* each that is postponed again says its own */
    while (more) {
        struct tenon_link *link = iocp->postponed.next;
        struct iocp_operation *operation = (struct iocp_operation *)(void *)link;
        more = link != last;
        iocp_postponed_remove(operation);
        if (operation->kind == OPERATION_RECEIVE) {
            iocp_receive_again(operation);
        } else {
            TENON_ASSERT(operation->kind == OPERATION_SEND);
            iocp_send_again(operation);
        }
    }
}

/* ---- opening and closing ---- */

static struct tenon_error load(SOCKET socket, GUID id, void *function_out, DWORD size)
{
    DWORD bytes = 0;
    int result = WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, function_out,
                          size, &bytes, NULL, NULL);
    return result == 0 ? win_error(ERROR_SUCCESS) : win_last_error();
}

/* The extensions have no import library that is documented; a socket of the provider tells where
 * they are. */
static struct tenon_error load_extensions(struct iocp_loop *iocp)
{
    const GUID accept_ex = WSAID_ACCEPTEX;
    const GUID accept_addresses = WSAID_GETACCEPTEXSOCKADDRS;
    const GUID connect_ex = WSAID_CONNECTEX;
    SOCKET socket = INVALID_SOCKET;
    struct tenon_error error = win_socket(iocp->ipv4.found ? &iocp->ipv4 : &iocp->ipv6, &socket);
    if (error.status != TENON_OK) {
        return error;
    }
    error = load(socket, accept_ex, &iocp->accept_ex, sizeof iocp->accept_ex);
    if (error.status == TENON_OK) {
        error = load(socket, accept_addresses, &iocp->accept_addresses,
                     sizeof iocp->accept_addresses);
    }
    if (error.status == TENON_OK) {
        error = load(socket, connect_ex, &iocp->connect_ex, sizeof iocp->connect_ex);
    }
    (void)closesocket(socket);
    return error;
}

/* On a thread of the system's. Where the kernel lacks memory for the packet, the wait ends by its
 * own timeout, a tick later. */
static VOID CALLBACK on_timer(PVOID argument, BOOLEAN timed_out)
{
    const struct iocp_loop *iocp = argument;
    (void)timed_out;
    (void)PostQueuedCompletionStatus(iocp->port, 0, KEY_TIMER, NULL);
}

static struct tenon_error open_port(struct iocp_loop *iocp)
{
    iocp->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (iocp->port == NULL) {
        return win_last_error();
    }
    iocp->timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION,
                                         TIMER_ALL_ACCESS);
    if (iocp->timer == NULL) {      /* before Windows 10 1803 */
        iocp->timer = CreateWaitableTimerExW(NULL, NULL, 0, TIMER_ALL_ACCESS);
    }
    if (iocp->timer == NULL ||
        !RegisterWaitForSingleObject(&iocp->timer_wait, iocp->timer, on_timer, iocp, INFINITE,
                                     WT_EXECUTEINWAITTHREAD)) {
        return win_last_error();
    }
    return win_error(ERROR_SUCCESS);
}

static void release(struct iocp_loop *iocp)
{
    if (iocp->timer_wait != NULL) {
        /* Returns behind its last call. */
        (void)UnregisterWaitEx(iocp->timer_wait, INVALID_HANDLE_VALUE);
    }
    if (iocp->timer != NULL) {
        (void)CloseHandle(iocp->timer);
    }
    if (iocp->port != NULL) {
        (void)CloseHandle(iocp->port);
    }
    free(iocp->entries);
    free(iocp);
}

static struct tenon_error iocp_open(struct tenon_loop *loop,
                                    const struct tenon_loop_options *options)
{
    struct tenon_error error = win_start();
    if (error.status != TENON_OK) {
        return error;
    }
    struct iocp_loop *iocp = calloc(1, sizeof *iocp);
    if (iocp == NULL) {
        (void)WSACleanup();
        return win_error(ERROR_OUTOFMEMORY);
    }
    iocp->retry_at = TENON_FOREVER;
    iocp->postponed.next = &iocp->postponed;
    iocp->postponed.previous = &iocp->postponed;
    iocp->batch = options->batch;
    iocp->entries = calloc(options->batch, sizeof *iocp->entries);
    error = iocp->entries == NULL ? win_error(ERROR_OUTOFMEMORY) : open_port(iocp);
    if (error.status == TENON_OK) {
        error = win_find_providers(&iocp->ipv4, &iocp->ipv6);
    }
    if (error.status == TENON_OK) {
        error = load_extensions(iocp);
    }
    if (error.status != TENON_OK) {
        release(iocp);
        (void)WSACleanup();
        return error;
    }
    loop->backend_state = iocp;
    return error;
}

static void iocp_close(struct tenon_loop *loop)
{
    release(iocp_of(loop));
    (void)WSACleanup();
}

static int64_t iocp_clock(struct tenon_loop *loop)
{
    (void)loop;
    return win_clock();
}

static int64_t iocp_wall(struct tenon_loop *loop)
{
    (void)loop;
    return win_wall();
}

/* ---- waiting ---- */

/* The kernel allocates for a post, and can lack memory; there is no other way to end a wait from
 * any thread, so this waits until there is some. */
static void iocp_wake(struct tenon_loop *loop)
{
    while (!PostQueuedCompletionStatus(iocp_of(loop)->port, 0, KEY_NONE, NULL)) {
        Sleep(1);
    }
}

/* Sees to it that the wait ends by `until`: returns its timeout. A timer that is set to fire
 * before is left as it is: one more turn costs less than setting it anew in every one. */
static DWORD begin_wait(struct iocp_loop *iocp, int64_t until)
{
    if (until == 0 || until == TENON_FOREVER) {
        return win_milliseconds(until);
    }
    int64_t now = win_clock();
    if (until <= now) {
        return 0;
    }
    if (iocp->timer_at <= now || iocp->timer_at > until) {
        LARGE_INTEGER due;
        due.QuadPart = -((until - now) / 100 + 1);      /* relative, in units of 100 ns */
        iocp->timer_at = SetWaitableTimer(iocp->timer, &due, 0, NULL, NULL, FALSE) ? until : 0;
    }
    return win_milliseconds(until - now);
}

static void translate(struct iocp_loop *iocp, const OVERLAPPED_ENTRY *entry)
{
    struct iocp_operation *operation = (struct iocp_operation *)(void *)entry->lpOverlapped;
    if (operation == NULL) {
        iocp->timer_at = entry->lpCompletionKey == KEY_TIMER ? 0 : iocp->timer_at;
        return;
    }
    switch (operation->kind) {
    case OPERATION_RECEIVE:
        iocp_receive_packet(operation);
        break;
    case OPERATION_SEND:
        iocp_send_packet(operation, entry->dwNumberOfBytesTransferred);
        break;
    case OPERATION_ACCEPT:
        iocp_accept_packet(operation);
        break;
    case OPERATION_CONNECT:
        iocp_connect_packet(operation);
        break;
    }
}

static void iocp_wait(struct tenon_loop *loop, int64_t until)
{
    struct iocp_loop *iocp = iocp_of(loop);
    ULONG count = 0;
    if (iocp->postponed.next != &iocp->postponed && iocp->retry_at < until) {
        until = iocp->retry_at;
    }
    DWORD timeout = begin_wait(iocp, until);
    if (GetQueuedCompletionStatusEx(iocp->port, iocp->entries, iocp->batch, &count, timeout,
                                    FALSE)) {
        for (ULONG i = 0; i < count; i++) {
            translate(iocp, &iocp->entries[i]);
        }
    } else {
        DWORD code = GetLastError();
        if (code != WAIT_TIMEOUT) {
            TENON_ASSERT(code != ERROR_INVALID_HANDLE);
            Sleep(1);       /* the kernel lacks memory for the batch */
        }
    }
    begin_postponed(loop);
}

/* ---- sockets ---- */

const struct win_provider *iocp_provider(const struct iocp_loop *iocp, uint16_t family)
{
    return family == TENON_FAMILY_IPV6 ? &iocp->ipv6 : &iocp->ipv4;
}

struct tenon_error iocp_associate(const struct iocp_loop *iocp, SOCKET socket)
{
    HANDLE port = CreateIoCompletionPort((HANDLE)socket, iocp->port, KEY_NONE, 0);
    return port != NULL ? win_error(ERROR_SUCCESS) : win_last_error();
}

struct tenon_error iocp_prepare(const struct iocp_loop *iocp, SOCKET socket)
{
    struct tenon_error error = win_set_nonblocking(socket);
    if (error.status == TENON_OK) {
        error = win_set_no_delay(socket);
    }
    if (error.status == TENON_OK) {
        error = iocp_associate(iocp, socket);
    }
    if (error.status == TENON_OK &&
        !SetFileCompletionNotificationModes((HANDLE)socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                                FILE_SKIP_SET_EVENT_ON_HANDLE)) {
        error = win_last_error();
    }
    return error;
}

static void iocp_discard(uint64_t handle)
{
    win_discard((SOCKET)handle);
}

const struct tenon_backend iocp_backend = {
    .name = "iocp",
    .open = iocp_open,
    .close = iocp_close,
    .clock = iocp_clock,
    .wall = iocp_wall,
    .wait = iocp_wait,
    .wake = iocp_wake,
    .discard = iocp_discard,
    .listen = iocp_listen,
    .accept = iocp_accept,
    .listener_close = iocp_listener_close,
    .attach = iocp_attach,
    .arm = iocp_arm,
    .disarm = iocp_disarm,
    .take = iocp_take,
    .try_send = iocp_try_send,
    .send = iocp_send,
    .send_cancel = iocp_send_cancel,
    .finish = iocp_finish,
    .keep_alive = iocp_keep_alive,
    .stream_close = iocp_stream_close,
    .connect = iocp_connect,
    .connect_cancel = iocp_connect_cancel,
    .adopt = iocp_adopt,
    .abandon = iocp_abandon,
    .resolve = tenon_lookup_start,
    .resolve_cancel = tenon_lookup_cancel,
    .lookup = win_lookup,
};
