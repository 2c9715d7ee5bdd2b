/* Where Linux has more than POSIX: flags that take effect with the call, and waits on the monotonic
 * clock. */
#include "posix/sockets.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <unistd.h>

const int posix_send_flags = MSG_NOSIGNAL;
const int posix_send_more = MSG_MORE;
const int posix_keep_alive_option = TCP_KEEPIDLE;
const clockid_t posix_condition_clock = CLOCK_MONOTONIC;

int posix_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int posix_accept(int listener, struct sockaddr *peer, socklen_t *size)
{
    return accept4(listener, peer, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int posix_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int code = pthread_condattr_init(&attributes);
    if (code != 0) {
        return code;
    }
    code = pthread_condattr_setclock(&attributes, posix_condition_clock);
    if (code == 0) {
        code = pthread_cond_init(condition, &attributes);
    }
    (void)pthread_condattr_destroy(&attributes);
    return code;
}

int64_t posix_modified(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * TENON_SECOND + status->st_mtim.tv_nsec;
}

/* The mask of a machine with more than 1,024 processors does not fit. */
uint32_t tenon_processor_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return (uint32_t)CPU_COUNT(&set);
    }
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}
