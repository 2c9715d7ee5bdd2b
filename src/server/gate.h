/* The gate: who may come in, by the lists and limits of the command line, for the address that
 * counts: the connection's own, or the one that a trusted proxy's header names. */
#ifndef SERVER_GATE_H
#define SERVER_GATE_H
#include <stdbool.h>
#include <tenon/address.h>
#include <tenon/stream.h>
#include "server/totals.h"

struct handover;
struct server;
struct session;

/* On the server's thread: a connection that was accepted. False: it is refused, counted and logged,
 * and its socket still the caller's. True: handover->counted says whether it is in the crowd. */
bool gate_admit(struct server *server, struct handover *handover);

/* Takes it out of the crowd again. */
void gate_leave(struct server *server, bool counted, const struct tenon_address *peer);

/* The first state of a session; and its ready callback while the header is not there. */
bool gate_wants_header(const struct session *session);
enum tenon_flow gate_on_ready(struct session *session);

/* Lets go of what it holds for the header, where it holds something. */
void gate_forget(struct session *session);

/* Data of a proxy's own connection, which is to have none. */
void gate_refuse_local(struct session *session);

/* The header did not come in time, or the client ended within it. */
void gate_header_missing(struct session *session, const char *reason);

#endif
