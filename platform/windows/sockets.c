/* Sockets: start-up, providers, creation and options.
 *
 * A layered service provider without real handles breaks completion ports: its sockets post
 * packets in spite of FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, and CancelIoEx fails on them. So a
 * socket is asked of the first provider in the catalogue whose sockets are system handles
 * (XP1_IFS_HANDLES); where no such layer is installed this is the default. */
#include "windows/win.h"
#include <stdlib.h>

struct tenon_error win_start(void)
{
    WSADATA data;
    return win_error((DWORD)WSAStartup(MAKEWORD(2, 2), &data));
}

static void keep_if_first(struct win_provider *provider, const WSAPROTOCOL_INFOW *protocol)
{
    if (!provider->found) {
        provider->found = true;
        provider->protocol = *protocol;
    }
}

struct tenon_error win_find_providers(struct win_provider *ipv4, struct win_provider *ipv6)
{
    INT protocols[] = {IPPROTO_TCP, 0};
    DWORD size = 64 * 1024;
    WSAPROTOCOL_INFOW *catalogue = NULL;
    int count = SOCKET_ERROR;
    DWORD code = WSAENOBUFS;
    for (int i = 0; i < 3 && count == SOCKET_ERROR && code == WSAENOBUFS; i++) {
        free(catalogue);
        catalogue = malloc(size);
        if (catalogue == NULL) {
            return win_error(ERROR_OUTOFMEMORY);
        }
        count = WSAEnumProtocolsW(protocols, catalogue, &size);     /* too small: sets the size */
        code = (DWORD)WSAGetLastError();
    }
    ipv4->found = false;
    ipv6->found = false;
    for (int i = 0; i < count; i++) {
        const WSAPROTOCOL_INFOW *protocol = &catalogue[i];
        if (protocol->iSocketType != SOCK_STREAM || protocol->iProtocol != IPPROTO_TCP ||
            protocol->ProtocolChain.ChainLen == LAYERED_PROTOCOL ||
            (protocol->dwServiceFlags1 & XP1_IFS_HANDLES) == 0) {
            continue;
        }
        if (protocol->iAddressFamily == AF_INET) {
            keep_if_first(ipv4, protocol);
        } else if (protocol->iAddressFamily == AF_INET6) {
            keep_if_first(ipv6, protocol);
        }
    }
    free(catalogue);
    return win_error(count == SOCKET_ERROR ? code : ERROR_SUCCESS);
}

struct tenon_error win_socket(const struct win_provider *provider, SOCKET *out)
{
    *out = INVALID_SOCKET;
    if (!provider->found) {
        return win_error(WSAEAFNOSUPPORT);
    }
    WSAPROTOCOL_INFOW protocol = provider->protocol;
    *out = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &protocol, 0,
                      WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    return *out == INVALID_SOCKET ? win_last_error() : win_error(ERROR_SUCCESS);
}

/* For recv, send and accept, beside the overlapped calls. */
struct tenon_error win_set_nonblocking(SOCKET socket)
{
    u_long on = 1;
    int result = ioctlsocket(socket, (long)FIONBIO, &on);
    return result == 0 ? win_error(ERROR_SUCCESS) : win_last_error();
}

struct tenon_error win_set_no_delay(SOCKET socket)
{
    BOOL on = TRUE;
    int result = setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on);
    return result == 0 ? win_error(ERROR_SUCCESS) : win_last_error();
}

/* Without the option, which a dead connection refuses, the close is a plain one: nothing else
 * can be done. */
void win_discard(SOCKET socket)
{
    struct linger reset = {1, 0};
    (void)setsockopt(socket, SOL_SOCKET, SO_LINGER, (const char *)&reset, sizeof reset);
    (void)closesocket(socket);
}
