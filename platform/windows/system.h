/* The system's headers, in the one order in which they agree: nothing else in the layer includes
 * them. */
#ifndef TENON_WINDOWS_SYSTEM_H
#define TENON_WINDOWS_SYSTEM_H
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <mstcpip.h>
#include <windows.h>
#include <iphlpapi.h>
#include <netioapi.h>
#include <shellapi.h>
#include <stdlib.h>

/* What MinGW's headers lack. */
#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 0x00000002
#endif
#ifndef SO_REUSE_UNICASTPORT
#define SO_REUSE_UNICASTPORT 0x3007
#endif
#ifndef ERROR_DISK_QUOTA_EXCEEDED
#define ERROR_DISK_QUOTA_EXCEEDED 1295L
#endif
#ifndef SOMAXCONN_HINT
#define SOMAXCONN_HINT(backlog) (-(backlog))
#endif

/* An abort says its message and no more: no box, no report. MinGW's older runtime shows none. */
static inline void system_quiet_abort(void)
{
#if !defined(__MINGW32__) || defined(_UCRT)
    (void)_set_abort_behavior(0, _WRITE_ABORT_MSG | _CALL_REPORTFAULT);
#endif
}

/* Windows repeats a refused connect for about two seconds. On loopback the first answer is the
 * last: nothing is lost there. Where this cannot be set (before Windows 10 1709) a refusal only
 * comes later. */
static inline void system_refuse_fast(SOCKET socket)
{
    TCP_INITIAL_RTO_PARAMETERS parameters = {0};
    DWORD bytes = 0;
    parameters.Rtt = TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS;
    parameters.MaxSynRetransmissions = TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS;
    (void)WSAIoctl(socket, SIO_TCP_INITIAL_RTO, &parameters, sizeof parameters, NULL, 0, &bytes,
                   NULL, NULL);
}

#endif
