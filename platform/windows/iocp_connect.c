/* Connects on IOCP: ConnectEx, which wants a bound socket of the same family. The socket is made
 * as a stream's, so that a stream takes it over as it is. */
#include "windows/iocp.h"
#include <string.h>

_Static_assert(sizeof(struct iocp_operation) <= sizeof(((struct tenon_attempt *)0)->backend),
               "an attempt's room");

static struct iocp_operation *operation_of(struct tenon_attempt *attempt)
{
    return (struct iocp_operation *)(void *)attempt->backend;
}

static bool is_loopback(const struct tenon_address *address)
{
    static const uint8_t ipv6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    struct tenon_address plain = tenon_address_unmap(address);
    if (plain.family == TENON_FAMILY_IPV4) {
        return plain.ip[0] == 127;
    }
    return memcmp(plain.ip, ipv6, sizeof ipv6) == 0;
}

/* The bind takes no port then, the connect does, and may take one that leads to another target
 * already: else some 16,000 connections, those included that wait for their end, use all ports up.
 * It is news of Windows 10. */
static void share_ports(SOCKET socket)
{
    DWORD on = 1;
    (void)setsockopt(socket, SOL_SOCKET, SO_REUSE_UNICASTPORT, (const char *)&on, sizeof on);
}

static struct tenon_error bind_any(SOCKET socket, uint16_t family)
{
    struct tenon_address any = {0};
    SOCKADDR_STORAGE where;
    share_ports(socket);
    any.family = family;
    int where_size = win_sockaddr(&any, &where);
    int result = bind(socket, (const struct sockaddr *)&where, where_size);
    return result == 0 ? win_error(ERROR_SUCCESS) : win_last_error();
}

/* Without it shutdown, getpeername and others refuse the socket. */
static struct tenon_error update_context(SOCKET socket)
{
    int result = setsockopt(socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);
    return result == 0 ? win_error(ERROR_SUCCESS) : win_last_error();
}

/* A connect to a local port that nobody listens on can meet itself, when the system has chosen
 * that very port for its own end (RFC 9293 section 3.5: simultaneous open): nobody is there. */
static bool met_itself(const struct tenon_attempt *attempt)
{
    SOCKADDR_STORAGE local;
    int local_size = (int)sizeof local;
    if (getsockname((SOCKET)attempt->handle, (struct sockaddr *)&local, &local_size) != 0) {
        return false;
    }
    struct tenon_address address = win_address((const struct sockaddr *)&local);
    return tenon_address_equal(&address, &attempt->address);
}

static void conclude(struct tenon_attempt *attempt, struct tenon_error error)
{
    if (error.status == TENON_OK) {
        error = update_context((SOCKET)attempt->handle);
    }
    if (error.status == TENON_OK && met_itself(attempt)) {
        error = win_error(WSAECONNREFUSED);
    }
    if (error.status != TENON_OK) {
        (void)closesocket((SOCKET)attempt->handle);
    }
    tenon_event_connected(attempt, error);
}

struct tenon_error iocp_connect(struct tenon_attempt *attempt, const char *path)
{
    struct iocp_loop *iocp = iocp_of(attempt->connect->loop);
    const struct tenon_address *address = &attempt->address;
    SOCKET socket = INVALID_SOCKET;
    if (path != NULL || address->family == TENON_FAMILY_PATH) {
        return win_error(ERROR_NOT_SUPPORTED);
    }
    struct tenon_error error = win_socket(iocp_provider(iocp, address->family), &socket);
    if (error.status != TENON_OK) {
        return error;
    }
    error = bind_any(socket, address->family);
    if (error.status == TENON_OK) {
        error = iocp_prepare(iocp, socket);
    }
    if (error.status != TENON_OK) {
        (void)closesocket(socket);
        return error;
    }
    if (is_loopback(address)) {
        system_refuse_fast(socket);
    }
    attempt->handle = socket;
    SOCKADDR_STORAGE target;
    int target_size = win_sockaddr(address, &target);
    OVERLAPPED *overlapped = iocp_begin(operation_of(attempt), OPERATION_CONNECT);
    if (iocp->connect_ex(socket, (const struct sockaddr *)&target, target_size, NULL, 0, NULL,
                         overlapped)) {
        conclude(attempt, error);
        return error;
    }
    error = win_last_error();
    if (error.native == WSA_IO_PENDING) {
        operation_of(attempt)->state = OPERATION_PENDING;
        return win_error(ERROR_SUCCESS);
    }
    (void)closesocket(socket);
    return error;
}

void iocp_connect_packet(struct iocp_operation *operation)
{
    struct tenon_attempt *attempt = TENON_OUTER(operation, struct tenon_attempt, backend);
    conclude(attempt, iocp_result(attempt->handle, operation));
}

bool iocp_connect_cancel(struct tenon_attempt *attempt)
{
    if (operation_of(attempt)->state == OPERATION_PENDING) {
        iocp_cancel(attempt->handle, operation_of(attempt));
    }
    return false;
}

struct tenon_error iocp_adopt(struct tenon_stream *stream, struct tenon_attempt *attempt)
{
    stream->handle = attempt->handle;
    return win_error(ERROR_SUCCESS);
}

void iocp_abandon(struct tenon_attempt *attempt)
{
    win_discard((SOCKET)attempt->handle);
}
