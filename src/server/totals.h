/* Totals: what has happened since the start, for the line that SIGUSR1 and -v ask for. */
#ifndef SERVER_TOTALS_H
#define SERVER_TOTALS_H
#include <stdint.h>

struct event;

struct totals {
    uint64_t accepted;          /* connections */
    uint64_t answered;          /* that got their answer, or began with echo or discard */
    uint64_t received;          /* bytes of clients, */
    uint64_t sent;              /* and for them */
    uint64_t timeouts;
    uint64_t errors;            /* connections that failed, resets among them */
    uint64_t denied;            /* refused: by --allow and --deny, */
    uint64_t crowded;           /* by --max-per-ip, */
    uint64_t malformed;         /* by --proxy-protocol, */
    uint64_t uncertified;       /* and by --require-client-cert */
    uint64_t shed;              /* let go of while stopping: there was no room */
};

/* All but the connections, as fields of an event. */
void totals_write(const struct totals *totals, struct event *event);

void totals_add(struct totals *sum, const struct totals *totals);

#endif
