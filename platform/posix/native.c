/* Plain POSIX (macOS, BSD, or Linux built as portable): flags are set behind the call, so a process
 * that forks on another thread in between may leak the descriptor. */
#include "posix/sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#if defined(TCP_KEEPIDLE)
const int posix_keep_alive_option = TCP_KEEPIDLE;
#else
const int posix_keep_alive_option = TCP_KEEPALIVE;      /* macOS's name for it */
#endif

/* macOS has no flag against SIGPIPE but an option, which fails with EINVAL on a connection that is
 * gone already: the first receive will tell. */
#if defined(SO_NOSIGPIPE)
const int posix_send_flags = 0;
static bool switch_off_sigpipe(int fd)
{
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) == 0 || errno == EINVAL;
}
#else
const int posix_send_flags = MSG_NOSIGNAL;
static bool switch_off_sigpipe(int fd)
{
    (void)fd;
    return true;
}
#endif

const int posix_send_more = 0;
const clockid_t posix_condition_clock = CLOCK_REALTIME;

/* Accepted sockets inherit O_NONBLOCK on BSD and not on Linux: it is set in any case. */
static int prepared(int fd)
{
    if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
                    !switch_off_sigpipe(fd))) {
        int code = errno;
        (void)close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

int posix_socket(int family)
{
    return prepared(socket(family, SOCK_STREAM, 0));
}

int posix_accept(int listener, struct sockaddr *peer, socklen_t *size)
{
    return prepared(accept(listener, peer, size));
}

int posix_condition_init(pthread_cond_t *condition)
{
    return pthread_cond_init(condition, NULL);
}

#if defined(__APPLE__)
int64_t posix_modified(const struct stat *status)
{
    return (int64_t)status->st_mtimespec.tv_sec * TENON_SECOND + status->st_mtimespec.tv_nsec;
}
#else
int64_t posix_modified(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * TENON_SECOND + status->st_mtim.tv_nsec;
}
#endif

uint32_t tenon_processor_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}
