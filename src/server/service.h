/* The services: what a session does with the bytes that come. */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H
#include <tenon/stream.h>

struct reserve_entry;
struct session;

/* A session's ready callback. */
enum tenon_flow service_on_ready(struct tenon_stream *stream, enum tenon_status status);

/* The first bytes of a client, or with echo the next ones, are in the entry, which it takes. */
enum tenon_flow service_begin(struct session *session, struct reserve_entry *entry);

/* NULL: none is left, and the session waits for one. */
struct reserve_entry *service_take_entry(struct session *session);

#endif
