/* What the POSIX files share: errors, addresses, and sockets made as each POSIX system makes them.
 */
#ifndef TENON_POSIX_SOCKETS_H
#define TENON_POSIX_SOCKETS_H
#include "backend.h"
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/* An errno, and a getaddrinfo code, as an error. */
struct tenon_error posix_failure(int code);
struct tenon_error posix_lookup_error(int code, int system_code);

/* 0 is success, which is most of them. */
static inline struct tenon_error posix_error(int code)
{
    struct tenon_error success = {TENON_OK, 0};
    return code == 0 ? success : posix_failure(code);
}

/* To and from sockaddr. A path is given apart, and may be NULL. */
socklen_t posix_from_address(const struct tenon_address *address, const char *path,
                             struct sockaddr_storage *out);
void posix_to_address(const struct sockaddr_storage *from, struct tenon_address *out);

/* native.c of each system: non-blocking and close-on-exec from the first moment where the system
 * can; -1 and errno. A write to a socket of theirs raises no SIGPIPE, with POSIX_SEND_FLAGS or by
 * an option. */
int posix_socket(int family);
int posix_accept(int listener, struct sockaddr *peer, socklen_t *size);
extern const int posix_send_flags;
extern const int posix_send_more;        /* what follows belongs to the same packet, or 0 */
extern const int posix_keep_alive_option;
extern const clockid_t posix_condition_clock;
int posix_condition_init(pthread_cond_t *condition);

/* When a file was modified, in nanoseconds since 1970: the field's name differs. */
int64_t posix_modified(const struct stat *status);

/* Writes all; a descriptor that somebody made non-blocking is waited for. 0, or an errno. */
int posix_write_all(int fd, const void *data, size_t size);

/* transfer.c: what a socket gives and takes right now. Taking a connection fails with what is worth
 * a back-off: peers that are gone are skipped, in bounded number. */
enum tenon_take posix_receive(int fd, void *data, size_t size, size_t *taken_out,
                              struct tenon_error *error_out);
struct tenon_error posix_send(int fd, const void *data, size_t size, size_t *sent_out);
/* Of bytes that try_send had taken, sent later: a failure that no call can answer any more ends
 * what is received, though the connection may live. */
void posix_tell_receive(int fd, struct tenon_error error);
enum tenon_take posix_accept_one(int listener, struct tenon_socket *socket_out,
                                 struct tenon_address *peer_out, struct tenon_error *error_out);
bool posix_peer_is_gone(int code);

/* attempt.c: the socket of an address, and its name as connect takes it; the error of a connect; a
 * connection with itself. */
struct tenon_error posix_attempt_socket(struct tenon_attempt *attempt, const char *path,
                                        struct sockaddr_storage *name_out, socklen_t *size_out);
struct tenon_error posix_connect_error(int code);
bool posix_met_itself(const struct tenon_attempt *attempt);

/* Entries of the table that no poller changes. */
void posix_finish(struct tenon_stream *stream);
void posix_discard(uint64_t handle);
int64_t posix_clock(struct tenon_loop *loop);
int64_t posix_wall(struct tenon_loop *loop);
struct tenon_error posix_keep_alive(struct tenon_stream *stream, uint32_t idle_seconds);
struct tenon_error posix_listen(struct tenon_listener *listener,
                                const struct tenon_endpoint *endpoint, uint32_t backlog);
struct tenon_error posix_inherit(struct tenon_listener *listener, uint32_t index,
                                 struct tenon_endpoint *endpoint_out);
void posix_unlisten(struct tenon_listener *listener);
struct tenon_error posix_lookup(const char *host, enum tenon_family family,
                                struct tenon_address *addresses, uint32_t max,
                                uint32_t *count_out);

#endif
