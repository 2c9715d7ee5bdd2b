/* Raw peers on Windows: non-blocking sockets, and select on one socket at a time for the time
 * limits (WSAPoll kept failed connects to itself before Windows 10 2004). */
#include "../raw.h"
#include "windows/system.h"
#include <string.h>

static int loopback(enum tenon_family family, uint16_t port, SOCKADDR_STORAGE *out)
{
    memset(out, 0, sizeof *out);
    if (family == TENON_FAMILY_IPV6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
        six->sin6_family = AF_INET6;
        six->sin6_addr.s6_addr[15] = 1;
        six->sin6_port = htons(port);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons(port);
    return sizeof *four;
}

static enum testing_raw_result result_of(int error)
{
    switch (error) {
    case WSAECONNRESET:
    case WSAECONNABORTED:
    case WSAESHUTDOWN:
        return TESTING_RAW_RESET;
    case WSAECONNREFUSED:
        return TESTING_RAW_REFUSED;
    default:
        return TESTING_RAW_FAILED;
    }
}

static bool option_set(SOCKET socket, int level, int option, DWORD value)
{
    return setsockopt(socket, level, option, (const char *)&value, sizeof value) == 0;
}

static SOCKET socket_open(enum tenon_family family, int receive_buffer)
{
    u_long on = 1;
    SOCKET opened = WSASocketW(family == TENON_FAMILY_IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM,
                               IPPROTO_TCP, NULL, 0,
                               WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (opened != INVALID_SOCKET) {
        (void)ioctlsocket(opened, (long)FIONBIO, &on);
        if (receive_buffer > 0) {
            (void)option_set(opened, SOL_SOCKET, SO_RCVBUF, (DWORD)receive_buffer);
        }
    }
    return opened;
}

static int64_t deadline_of(int64_t timeout)
{
    int64_t now = testing_clock();
    return timeout >= INT64_MAX - now ? INT64_MAX : now + timeout;
}

/* Waits until it can be read, or written, or a connect failed. False: the time has passed. */
static bool wait_for(SOCKET socket, bool writable, int64_t deadline)
{
    int64_t left = deadline - testing_clock();
    struct timeval time = {0, 0};
    if (left > 0) {
        left = left > 1000 * TENON_SECOND ? 1000 * TENON_SECOND : left;
        time.tv_sec = (long)(left / TENON_SECOND);
        time.tv_usec = (long)(left % TENON_SECOND / TENON_MICROSECOND);
    }
    fd_set wanted = {.fd_count = 1, .fd_array = {socket}};
    fd_set failed = wanted;
    return select(0, writable ? NULL : &wanted, writable ? &wanted : NULL, &failed, &time) > 0;
}

static SOCKET bind_to(enum tenon_family family, uint16_t port, int receive_buffer)
{
    SOCKADDR_STORAGE address;
    int size = loopback(family, port, &address);
    SOCKET opened = socket_open(family, receive_buffer);
    if (opened == INVALID_SOCKET) {
        return INVALID_SOCKET;
    }
    if (!option_set(opened, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1) ||
        bind(opened, (struct sockaddr *)&address, size) != 0) {
        (void)closesocket(opened);
        return INVALID_SOCKET;
    }
    return opened;
}

/* INVALID_SOCKET has all bits set, so it is TESTING_RAW_NONE. */
static int64_t raw_of(SOCKET socket)
{
    return (int64_t)(intptr_t)socket;
}

int64_t testing_raw_mailbox(const char *name)
{
    (void)name;
    return TESTING_RAW_NONE;        /* local sockets are left out on Windows */
}

int64_t testing_raw_listen(enum tenon_family family, uint16_t port, int backlog, int receive_buffer)
{
    SOCKET listener = bind_to(family, port, receive_buffer);
    if (listener != INVALID_SOCKET && listen(listener, backlog) != 0) {
        (void)closesocket(listener);
        listener = INVALID_SOCKET;
    }
    return raw_of(listener);
}

int64_t testing_raw_reserve(enum tenon_family family, uint16_t *port_out)
{
    SOCKET reserved = bind_to(family, 0, 0);
    *port_out = reserved == INVALID_SOCKET ? 0 : testing_raw_port(raw_of(reserved));
    return raw_of(reserved);
}

/* An accepted socket is what its listener is: not blocking, not inherited. */
int64_t testing_raw_accept(int64_t listener, int64_t timeout)
{
    int64_t deadline = deadline_of(timeout);
    SOCKET accepted = INVALID_SOCKET;
    while (accepted == INVALID_SOCKET && wait_for((SOCKET)listener, false, deadline)) {
        accepted = accept((SOCKET)listener, NULL, NULL);
        if (accepted == INVALID_SOCKET && WSAGetLastError() != WSAEWOULDBLOCK &&
            WSAGetLastError() != WSAECONNRESET) {
            return TESTING_RAW_NONE;
        }
    }
    if (accepted != INVALID_SOCKET) {
        (void)SetHandleInformation((HANDLE)accepted, HANDLE_FLAG_INHERIT, 0);
    }
    return raw_of(accepted);
}

enum testing_raw_result raw_connect(enum tenon_family family, uint16_t port, int receive_buffer,
                                    int64_t timeout, int64_t *socket_out)
{
    SOCKADDR_STORAGE address;
    int size = loopback(family, port, &address);
    int error = 0;
    int error_size = sizeof error;
    SOCKET opened = socket_open(family, receive_buffer);
    *socket_out = TESTING_RAW_NONE;
    if (opened == INVALID_SOCKET) {
        return TESTING_RAW_FAILED;
    }
    enum testing_raw_result result = TESTING_RAW_OK;
    system_refuse_fast(opened);    /* else what refuses looks silent, for two seconds */
    if (connect(opened, (struct sockaddr *)&address, size) != 0) {
        if (WSAGetLastError() != WSAEWOULDBLOCK) {
            result = result_of(WSAGetLastError());
        } else if (!wait_for(opened, true, deadline_of(timeout))) {
            result = TESTING_RAW_TIMED_OUT;
        } else if (getsockopt(opened, SOL_SOCKET, SO_ERROR, (char *)&error, &error_size) != 0 ||
                   error != 0) {
            result = result_of(error);
        }
    }
    if (result != TESTING_RAW_OK) {
        (void)closesocket(opened);
        return result;
    }
    *socket_out = raw_of(opened);
    return TESTING_RAW_OK;
}

uint16_t testing_raw_port(int64_t socket)
{
    SOCKADDR_STORAGE address;
    int size = sizeof address;
    if (getsockname((SOCKET)socket, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

enum testing_raw_result testing_raw_send(int64_t socket, const void *data, size_t size,
                                         int64_t timeout)
{
    int64_t deadline = deadline_of(timeout);
    size_t done = 0;
    while (done < size) {
        size_t piece = size - done < 64 * 1024 ? size - done : 64 * 1024;
        int sent = send((SOCKET)socket, (const char *)data + done, (int)piece, 0);
        if (sent >= 0) {
            done += (size_t)sent;
        } else if (WSAGetLastError() != WSAEWOULDBLOCK) {
            return result_of(WSAGetLastError());
        } else if (!wait_for((SOCKET)socket, true, deadline)) {
            return TESTING_RAW_TIMED_OUT;
        }
    }
    return TESTING_RAW_OK;
}

enum testing_raw_result testing_raw_receive(int64_t socket, void *data, size_t size,
                                            int64_t timeout, size_t *received_out)
{
    int64_t deadline = deadline_of(timeout);
    int received = -1;
    *received_out = 0;
    while (received < 0) {
        received = recv((SOCKET)socket, data, size < INT32_MAX ? (int)size : INT32_MAX, 0);
        if (received < 0 && WSAGetLastError() != WSAEWOULDBLOCK) {
            return result_of(WSAGetLastError());
        }
        if (received < 0 && !wait_for((SOCKET)socket, false, deadline)) {
            return TESTING_RAW_TIMED_OUT;
        }
    }
    *received_out = (size_t)received;
    return received == 0 ? TESTING_RAW_END : TESTING_RAW_OK;
}

void testing_raw_urgent(int64_t socket)
{
    /* What becomes of it is seen by the peer. */
    (void)send((SOCKET)socket, "!", 1, MSG_OOB);
}

void testing_raw_finish(int64_t socket)
{
    /* A connection that is gone already has nothing to finish. */
    (void)shutdown((SOCKET)socket, SD_SEND);
}

void testing_raw_shut(int64_t socket)
{
    (void)shutdown((SOCKET)socket, SD_BOTH);
}

void testing_raw_reset(int64_t socket)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt((SOCKET)socket, SOL_SOCKET, SO_LINGER, (const char *)&now, sizeof now);
    (void)closesocket((SOCKET)socket);
}

void testing_raw_close(int64_t socket)
{
    if (socket != TESTING_RAW_NONE) {
        (void)closesocket((SOCKET)socket);
    }
}
