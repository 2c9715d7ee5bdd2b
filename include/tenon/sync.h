/* Blocking calls with deadlines, for scripts, tests and small programs: one connection at a time,
 * no loop in sight. Each object has its own memory and belongs to one thread at a time; it may be
 * handed from one to another. Timeouts are durations; TENON_FOREVER waits without limit. A call
 * that fails leaves the object to be closed. */
#ifndef TENON_SYNC_H
#define TENON_SYNC_H
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/export.h>
#include <tenon/status.h>
#ifdef __cplusplus
extern "C" {
#endif

struct tenon_sync_listener;
struct tenon_sync_stream;

/* Listens on all addresses of a host, as tenon_listen_host does. *out is NULL on failure. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_sync_listen(const char *host, uint16_t port,
                                    struct tenon_sync_listener **out);
/* The port, also where 0 was asked for. */
TENON_API uint16_t tenon_sync_port(const struct tenon_sync_listener *listener);
/* Waits for a connection. TIMED_OUT leaves the listener as it was. *out is NULL on failure;
 * peer_out may be NULL. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_sync_accept(struct tenon_sync_listener *listener, int64_t timeout,
                                    struct tenon_sync_stream **out, struct tenon_address *peer_out);
TENON_API void tenon_sync_listener_close(struct tenon_sync_listener *listener);

/* Connects, with the errors of tenon_connect. *out is NULL on failure. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_sync_connect(const char *host, uint16_t port, int64_t timeout,
                                     struct tenon_sync_stream **out);

/* Sends all bytes. TIMED_OUT: an unknown part was sent, only the close is left. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_sync_send(struct tenon_sync_stream *stream, const void *data, size_t size,
                                  int64_t timeout);
/* Receives what has come, waiting for the first byte: OK with 1 to size bytes, END when the peer
 * has finished, TIMED_OUT without losing a byte, or the failure. *received_out is 0 unless OK. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_sync_receive(struct tenon_sync_stream *stream, void *data, size_t size,
                                     int64_t timeout, size_t *received_out);
/* Half-close. */
TENON_API void tenon_sync_finish(struct tenon_sync_stream *stream);
/* Closes gracefully (the peer gets all that was sent), waiting TENON_SYNC_LINGER_SECONDS for the
 * peer's end at most, and abortively after a failure; frees it. The status is the close's. NULL
 * does nothing. */
TENON_API enum tenon_status tenon_sync_close(struct tenon_sync_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
