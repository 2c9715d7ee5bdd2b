/* Listeners on IOCP: a pool of AcceptEx. A slot is posted with a socket that waits for a
 * connection, and posted again when its connection has been handed over.
 *
 *  - AcceptEx receives no bytes: with any, a client that stays silent would hold its slot.
 *  - A socket takes its listener's properties while that listener is open: before it is handed
 *    over.
 *  - A close cancels the pool and awaits it, then takes what only the kernel's queue holds,
 *    then closes.
 *  - Listeners do not skip packets: every AcceptEx that did not fail at once has one. */
#include "windows/iocp.h"
#include <stdlib.h>

enum {
    ADDRESS_ROOM = (int)sizeof(SOCKADDR_STORAGE) + 16,      /* AcceptEx wants 16 bytes more */
    SKIPS = 16,                     /* peers that were gone before, in one call */
    BACKLOG_PLAIN_MAX = 200,        /* without the hint, Windows takes no more than this */
    BACKLOG_MAX = 65535
};

enum slot_state {
    SLOT_EMPTY,
    SLOT_POSTED,
    SLOT_CONNECTED
};

struct slot {
    struct iocp_operation operation;
    struct tenon_listener *listener;
    SOCKET socket;
    enum slot_state state;
    char addresses[2 * ADDRESS_ROOM];
};

struct pool {
    uint32_t posted;
    bool canceled;                  /* nothing is posted any more */
    struct tenon_error error;       /* of an accept that failed, until it has been told */
    struct slot slots[TENON_ACCEPTS_PENDING];
};

_Static_assert(sizeof(struct pool *) <= sizeof(union tenon_backend_word), "a listener's room");

static struct pool *pool_of(const struct tenon_listener *listener)
{
    return listener->backend[0].pointer;
}

/* ---- listening ---- */

static struct tenon_error bind_and_listen(const struct iocp_loop *iocp, SOCKET socket,
                                          const struct tenon_address *address, uint32_t backlog)
{
    BOOL on = TRUE;
    SOCKADDR_STORAGE where;
    int where_size = win_sockaddr(address, &where);
    uint32_t most = backlog < BACKLOG_MAX ? backlog : BACKLOG_MAX;
    int queue = most <= BACKLOG_PLAIN_MAX ? (int)most : SOMAXCONN_HINT((int)most);
    /* Without it another process could bind the same port and take connections. */
    if (setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof on) != 0) {
        return win_last_error();
    }
    if (address->family == TENON_FAMILY_IPV6 &&
        setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&on, sizeof on) != 0) {
        return win_last_error();
    }
    if (bind(socket, (const struct sockaddr *)&where, where_size) != 0 ||
        listen(socket, queue) != 0) {
        return win_last_error();
    }
    struct tenon_error error = win_set_nonblocking(socket);
    return error.status == TENON_OK ? iocp_associate(iocp, socket) : error;
}

static struct pool *pool_new(struct tenon_listener *listener)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool != NULL) {
        for (int i = 0; i < TENON_ACCEPTS_PENDING; i++) {
            pool->slots[i].listener = listener;
        }
    }
    return pool;
}

struct tenon_error iocp_listen(struct tenon_listener *listener,
                               const struct tenon_endpoint *endpoint, uint32_t backlog)
{
    struct iocp_loop *iocp = iocp_of(listener->loop);
    const struct tenon_address *address = &endpoint->address;
    SOCKADDR_STORAGE bound;
    int bound_size = (int)sizeof bound;
    SOCKET socket = INVALID_SOCKET;
    if (address->family == TENON_FAMILY_PATH) {
        return win_error(ERROR_NOT_SUPPORTED);
    }
    struct tenon_error error = win_socket(iocp_provider(iocp, address->family), &socket);
    if (error.status != TENON_OK) {
        return error;
    }
    struct pool *pool = pool_new(listener);
    error = pool == NULL ? win_error(ERROR_OUTOFMEMORY)
                         : bind_and_listen(iocp, socket, address, backlog);
    if (error.status == TENON_OK &&
        getsockname(socket, (struct sockaddr *)&bound, &bound_size) != 0) {
        error = win_last_error();
    }
    if (error.status != TENON_OK) {
        free(pool);
        (void)closesocket(socket);
        return error;
    }
    listener->handle = socket;
    listener->address = win_address((const struct sockaddr *)&bound);
    listener->backend[0].pointer = pool;
    return error;
}

/* ---- the pool ---- */

/* The connection ended before it was accepted: the failure is its own and not the listener's. */
static bool peer_is_gone(struct tenon_error error)
{
    return error.status == TENON_RESET || error.status == TENON_NOT_CONNECTED ||
           error.status == TENON_TIMED_OUT || error.status == TENON_UNREACHABLE;
}

static struct tenon_error post_once(struct slot *slot)
{
    struct iocp_loop *iocp = iocp_of(slot->listener->loop);
    uint16_t family = slot->listener->address.family;
    DWORD received = 0;
    struct tenon_error error = win_socket(iocp_provider(iocp, family), &slot->socket);
    if (error.status != TENON_OK) {
        return error;
    }
    OVERLAPPED *overlapped = iocp_begin(&slot->operation, OPERATION_ACCEPT);
    if (!iocp->accept_ex((SOCKET)slot->listener->handle, slot->socket, slot->addresses, 0,
                         ADDRESS_ROOM, ADDRESS_ROOM, &received, overlapped)) {
        error = win_last_error();
        if (error.native != WSA_IO_PENDING) {
            (void)closesocket(slot->socket);
            return error;
        }
    }
    slot->operation.state = OPERATION_PENDING;
    slot->state = SLOT_POSTED;
    pool_of(slot->listener)->posted++;
    return win_error(ERROR_SUCCESS);
}

/* Posts what is empty. It has failed only where nothing is posted at all: while something is, an
 * event comes, and then the rest is tried again. */
static enum tenon_take fill_pool(struct pool *pool, struct tenon_error *error_out)
{
    int skips = 0;
    int i = 0;
    while (i < TENON_ACCEPTS_PENDING) {
        struct tenon_error error = {TENON_OK, 0};
        if (pool->slots[i].state == SLOT_EMPTY) {
            error = post_once(&pool->slots[i]);
        }
        if (error.status == TENON_OK) {
            i++;
        } else if (!peer_is_gone(error) || skips == SKIPS) {
            *error_out = error;
            return pool->posted > 0 ? TAKE_WOULD_BLOCK : TAKE_FAILED;
        } else {
            skips++;
        }
    }
    return TAKE_WOULD_BLOCK;
}

void iocp_accept_packet(struct iocp_operation *operation)
{
    struct slot *slot = TENON_OUTER(operation, struct slot, operation);
    struct tenon_listener *listener = slot->listener;
    struct pool *pool = pool_of(listener);
    struct tenon_error error = iocp_result(listener->handle, operation);
    TENON_ASSERT(pool->posted > 0);
    pool->posted--;
    if (error.status == TENON_OK) {
        slot->state = SLOT_CONNECTED;
    } else {
        (void)closesocket(slot->socket);
        slot->state = SLOT_EMPTY;
        if (!peer_is_gone(error) && error.status != TENON_CANCELED) {
            pool->error = error;
        }
    }
    if ((listener->flags & LISTENER_CLOSING) == 0) {
        tenon_event_acceptable(listener);
    } else if (pool->posted == 0) {
        tenon_event_listener_idle(listener);
    }
}

/* False: the peer is gone. */
static bool take_slot(struct slot *slot, struct tenon_address *peer_out)
{
    struct iocp_loop *iocp = iocp_of(slot->listener->loop);
    SOCKET listening = (SOCKET)slot->listener->handle;
    struct sockaddr *local = NULL;
    struct sockaddr *remote = NULL;
    int local_size = 0;
    int remote_size = 0;
    slot->state = SLOT_EMPTY;
    if (setsockopt(slot->socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (const char *)&listening,
                   sizeof listening) != 0) {
        (void)closesocket(slot->socket);
        return false;
    }
    iocp->accept_addresses(slot->addresses, 0, ADDRESS_ROOM, ADDRESS_ROOM, &local, &local_size,
                           &remote, &remote_size);
    *peer_out = win_address(remote);
    return true;
}

static void cancel_pool(const struct tenon_listener *listener)
{
    struct pool *pool = pool_of(listener);
    if (!pool->canceled) {
        pool->canceled = true;
        /* It fails where nothing is left to cancel. */
        (void)CancelIoEx((HANDLE)(uintptr_t)listener->handle, NULL);
    }
}

/* What the kernel has queued beside the pool. */
static enum tenon_take accept_queued(const struct tenon_listener *listener,
                                     struct tenon_socket *socket_out,
                                     struct tenon_address *peer_out, struct tenon_error *error_out)
{
    for (int i = 0; i < SKIPS; i++) {
        SOCKADDR_STORAGE peer;
        int peer_size = (int)sizeof peer;
        SOCKET socket = accept((SOCKET)listener->handle, (struct sockaddr *)&peer, &peer_size);
        if (socket == INVALID_SOCKET) {
            *error_out = win_last_error();
            if (error_out->native == WSAEWOULDBLOCK) {
                return TAKE_END;
            }
            if (peer_is_gone(*error_out)) {
                continue;
            }
            return TAKE_FAILED;
        }
        /* Unlike those of WSASocketW it is inherited: a child that is started right now may
         * still get it. */
        if (!SetHandleInformation((HANDLE)socket, HANDLE_FLAG_INHERIT, 0)) {
            *error_out = win_last_error();
            win_discard(socket);
            return TAKE_FAILED;
        }
        socket_out->handle = socket;
        *peer_out = win_address((const struct sockaddr *)&peer);
        return TAKE_DATA;
    }
    return TAKE_FAILED;
}

enum tenon_take iocp_accept(struct tenon_listener *listener, struct tenon_socket *socket_out,
                            struct tenon_address *peer_out, struct tenon_error *error_out)
{
    struct pool *pool = pool_of(listener);
    bool draining = (listener->flags & LISTENER_DRAINING) != 0;
    if (draining) {
        cancel_pool(listener);
    }
    for (int i = 0; i < TENON_ACCEPTS_PENDING; i++) {
        struct slot *slot = &pool->slots[i];
        if (slot->state == SLOT_CONNECTED && take_slot(slot, peer_out)) {
            socket_out->handle = slot->socket;
            return TAKE_DATA;
        }
    }
    if (draining) {
        return pool->posted > 0 ? TAKE_WOULD_BLOCK
                                : accept_queued(listener, socket_out, peer_out, error_out);
    }
    if (pool->error.status != TENON_OK) {
        *error_out = pool->error;
        pool->error = win_error(ERROR_SUCCESS);
        return TAKE_FAILED;
    }
    return fill_pool(pool, error_out);
}

bool iocp_listener_close(struct tenon_listener *listener)
{
    struct pool *pool = pool_of(listener);
    cancel_pool(listener);
    if (pool->posted > 0) {
        return false;
    }
    for (int i = 0; i < TENON_ACCEPTS_PENDING; i++) {
        struct tenon_address peer;
        if (pool->slots[i].state == SLOT_CONNECTED && take_slot(&pool->slots[i], &peer)) {
            win_discard(pool->slots[i].socket);
        }
    }
    (void)closesocket((SOCKET)listener->handle);
    free(pool);
    listener->backend[0].pointer = NULL;
    return true;
}
