/* The process: standard streams, descriptors, files. */
#include "posix/sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum tenon_status tenon_process_start(int *argc, char ***argv)
{
    struct sigaction ignore;
    (void)argc;                 /* UTF-8 as they are */
    (void)argv;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd) {
            return posix_error(errno).status;
        }
    }
    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    return posix_error(sigaction(SIGPIPE, &ignore, NULL) == 0 ? 0 : errno).status;
}

void tenon_process_exit_now(int code)
{
    _exit(code);
}

int64_t tenon_process_wall(void)
{
    return posix_wall(NULL);
}

uint64_t tenon_process_id(void)
{
    return (uint64_t)getpid();
}

enum tenon_status tenon_process_raise_descriptors(uint64_t count, uint64_t *allowed_out)
{
    struct rlimit limit;
    *allowed_out = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return posix_error(errno).status;
    }
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < count) {
        rlim_t wanted = count;
        if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted) {
            wanted = limit.rlim_max;
        }
        limit.rlim_cur = wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            return posix_error(errno).status;
        }
    }
    *allowed_out = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur;
    return TENON_OK;
}

/* ---- output ---- */

/* Writes all; a descriptor that somebody made non-blocking is waited for. 0, or an errno. */
static int write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(fd, at, size < SSIZE_MAX ? size : SSIZE_MAX);
        if (written >= 0) {
            at += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            if (poll(&wait, 1, -1) < 0 && errno != EINTR) {
                return errno;
            }
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

enum tenon_status tenon_output_write(enum tenon_output output, const void *data, size_t size)
{
    return posix_error(write_all((int)output, data, size)).status;
}

bool tenon_output_is_terminal(enum tenon_output output)
{
    return isatty((int)output) == 1;
}

/* ---- files ---- */

enum tenon_status tenon_file_write(const char *path, const void *data, size_t size,
                                   struct tenon_error *error_out)
{
    char beside[PATH_MAX];
    int length = snprintf(beside, sizeof beside, "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof beside) {
        *error_out = posix_error(ENAMETOOLONG);
        return error_out->status;
    }
    int code = 0;
    int fd = -1;
    do {
        fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        *error_out = posix_error(errno);
        return error_out->status;
    }
    code = write_all(fd, data, size);
    if (close(fd) != 0 && code == 0) {
        code = errno;
    }
    if (code == 0 && rename(beside, path) != 0) {
        code = errno;
    }
    if (code != 0) {
        (void)unlink(beside);
    }
    *error_out = posix_error(code);
    return error_out->status;
}

enum tenon_status tenon_file_remove(const char *path)
{
    return posix_error(unlink(path) == 0 ? 0 : errno).status;
}
