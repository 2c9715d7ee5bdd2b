/* The services: what a session does with the bytes that come. */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H
#include <tenon/stream.h>

/* A session's ready callback. */
enum tenon_flow service_on_ready(struct tenon_stream *stream, enum tenon_status status);

#endif
