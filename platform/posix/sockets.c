/* Addresses as sockaddr, clocks, and what a socket can be told without a poller. */
#include "posix/sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(TENON_PATH_MAX < sizeof(((struct sockaddr_un *)0)->sun_path), "a path fits");

socklen_t posix_from_address(const struct tenon_address *address, const char *path,
                             struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == TENON_FAMILY_IPV4) {
        struct sockaddr_in *ipv4 = (struct sockaddr_in *)(void *)out;
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons(address->port);
        memcpy(&ipv4->sin_addr, address->ip, 4);
        return sizeof *ipv4;
    }
    if (address->family == TENON_FAMILY_IPV6) {
        struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)(void *)out;
        ipv6->sin6_family = AF_INET6;
        ipv6->sin6_port = htons(address->port);
        ipv6->sin6_flowinfo = address->flow;
        ipv6->sin6_scope_id = address->scope;
        memcpy(&ipv6->sin6_addr, address->ip, 16);
        return sizeof *ipv6;
    }
    TENON_ASSERT(address->family == TENON_FAMILY_PATH);
    TENON_ASSERT(path != NULL);
    struct sockaddr_un *local = (struct sockaddr_un *)(void *)out;
    size_t size = strlen(path);
    TENON_ASSERT(size <= TENON_PATH_MAX);
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, size + 1);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + 1);
}

void posix_to_address(const struct sockaddr_storage *from, struct tenon_address *out)
{
    memset(out, 0, sizeof *out);
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)from;
        out->family = TENON_FAMILY_IPV4;
        out->port = ntohs(ipv4->sin_port);
        memcpy(out->ip, &ipv4->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)from;
        out->family = TENON_FAMILY_IPV6;
        out->port = ntohs(ipv6->sin6_port);
        out->flow = ipv6->sin6_flowinfo;
        out->scope = ipv6->sin6_scope_id;
        memcpy(out->ip, &ipv6->sin6_addr, 16);
    } else {
        out->family = TENON_FAMILY_PATH;
    }
}

bool system_ipv6_parse(const char *text, uint8_t ip_out[16])
{
    return inet_pton(AF_INET6, text, ip_out) == 1;
}

void system_ipv6_format(const uint8_t ip[16], char text_out[TENON_ADDRESS_TEXT_MAX])
{
    const char *text = inet_ntop(AF_INET6, ip, text_out, TENON_ADDRESS_TEXT_MAX);
    TENON_ASSERT(text != NULL);
}

uint32_t system_scope_index(const char *name)
{
    return if_nametoindex(name);
}

int64_t posix_clock(struct tenon_loop *loop)
{
    struct timespec now;
    (void)loop;
    int result = clock_gettime(CLOCK_MONOTONIC, &now);
    TENON_ASSERT(result == 0);
    return (int64_t)now.tv_sec * TENON_SECOND + now.tv_nsec;
}

int64_t posix_wall(struct tenon_loop *loop)
{
    struct timespec now;
    (void)loop;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    TENON_ASSERT(result == 0);
    return (int64_t)now.tv_sec * TENON_SECOND + now.tv_nsec;
}

/* Without the option the peer sees an end: no reason to keep the socket. */
void posix_discard(uint64_t handle)
{
    struct linger reset = {1, 0};
    (void)setsockopt((int)handle, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    (void)close((int)handle);
}

struct tenon_error posix_keep_alive(struct tenon_stream *stream, uint32_t idle_seconds)
{
    enum { INTERVAL_SECONDS = 1, PROBES = 10 };
    int on = 1;
    int idle = (int)idle_seconds;
    int interval = INTERVAL_SECONDS;
    int probes = PROBES;
    int fd = (int)stream->handle;
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    memset(&name, 0, sizeof name);
    if (getsockname(fd, (struct sockaddr *)&name, &size) == 0 && name.ss_family == AF_UNIX) {
        return posix_error(0);
    }
    if (setsockopt(fd, IPPROTO_TCP, posix_keep_alive_option, &idle, sizeof idle) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) {
        return posix_error(errno);
    }
    return posix_error(0);
}
