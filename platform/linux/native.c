/* Where Linux has more than POSIX: flags that take effect with the call, and waits on the monotonic
 * clock. */
#include "posix/sockets.h"
#include <netinet/in.h>
#include <netinet/tcp.h>

const int posix_send_flags = MSG_NOSIGNAL;
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
