/* Addresses: the system's structures and texts. */
#include "windows/win.h"
#include <string.h>

int win_sockaddr(const struct tenon_address *address, SOCKADDR_STORAGE *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == TENON_FAMILY_IPV4) {
        struct sockaddr_in ipv4 = {0};
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = htons(address->port);
        memcpy(&ipv4.sin_addr, address->ip, sizeof ipv4.sin_addr);
        memcpy(out, &ipv4, sizeof ipv4);
        return (int)sizeof ipv4;
    }
    TENON_ASSERT(address->family == TENON_FAMILY_IPV6);
    struct sockaddr_in6 ipv6 = {0};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(address->port);
    ipv6.sin6_scope_id = address->scope;
    ipv6.sin6_flowinfo = address->flow;
    memcpy(&ipv6.sin6_addr, address->ip, sizeof ipv6.sin6_addr);
    memcpy(out, &ipv6, sizeof ipv6);
    return (int)sizeof ipv6;
}

struct tenon_address win_address(const struct sockaddr *from)
{
    struct tenon_address address = {0};
    if (from->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, from, sizeof ipv4);
        address.family = TENON_FAMILY_IPV4;
        address.port = ntohs(ipv4.sin_port);
        memcpy(address.ip, &ipv4.sin_addr, sizeof ipv4.sin_addr);
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, from, sizeof ipv6);
        address.family = TENON_FAMILY_IPV6;
        address.port = ntohs(ipv6.sin6_port);
        address.scope = ipv6.sin6_scope_id;
        address.flow = ipv6.sin6_flowinfo;
        memcpy(address.ip, &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
    }
    return address;
}

/* Neither conversion needs Winsock to be started. */
bool system_ipv6_parse(const char *text, uint8_t ip_out[16])
{
    struct in6_addr ip;
    if (inet_pton(AF_INET6, text, &ip) != 1) {
        return false;
    }
    memcpy(ip_out, &ip, sizeof ip);
    return true;
}

void system_ipv6_format(const uint8_t ip[16], char text_out[TENON_ADDRESS_TEXT_MAX])
{
    const char *text = inet_ntop(AF_INET6, ip, text_out, TENON_ADDRESS_TEXT_MAX);
    TENON_ASSERT(text != NULL);     /* the room is enough for every address */
}

uint32_t system_scope_index(const char *name)
{
    return if_nametoindex(name);
}
