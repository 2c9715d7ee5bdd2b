/* A peer's name as Python's socket module prints it. */
#include "peer.h"
#include <inttypes.h>
#include <stdio.h>

void peer_name(const struct tenon_address *address, char name[PEER_NAME_MAX])
{
    struct tenon_address peer = tenon_address_unmap(address);
    char ip[TENON_ADDRESS_TEXT_MAX];
    if (peer.family == TENON_FAMILY_PATH) {
        (void)snprintf(name, PEER_NAME_MAX, "''");
        return;
    }
    if (peer.family == TENON_FAMILY_IPV4) {
        tenon_address_format_ip(&peer, ip, sizeof ip);
        (void)snprintf(name, PEER_NAME_MAX, "('%s', %u)", ip, peer.port);
        return;
    }
    /* The scope has a place of its own in the tuple. */
    uint32_t scope = peer.scope;
    peer.scope = 0;
    tenon_address_format_ip(&peer, ip, sizeof ip);
    (void)snprintf(name, PEER_NAME_MAX, "('%s', %u, %" PRIu32 ", %" PRIu32 ")", ip, peer.port,
                   peer.flow, scope);
}
