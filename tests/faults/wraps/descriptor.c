/* What is done to descriptors of every kind. fcntl is not here: of what it is asked for, its manual
 * page lists no error but that of a bad descriptor. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "wraps/wraps.h"

int __real_close(int fd);
int __real_pipe(int ends[2]);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);

/* The type bits of its mode; 0: it is none. */
static mode_t type_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

int __wrap_pipe(int ends[2])
{
    return inject_fails(CALL_PIPE, -1, NULL) ? -1 : __real_pipe(ends);
}

/* Linux closes a descriptor whatever close answers. */
int __wrap_close(int fd)
{
    int code = inject_code(type_of(fd) == S_IFREG ? CALL_FILE_CLOSE : CALL_CLOSE, fd, NULL);
    inject_closed(fd);
    int result = __real_close(fd);
    if (code != 0 && result == 0) {
        errno = code;
        return -1;
    }
    return result;
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    bool wake = type_of(fd) == S_IFIFO;
    return wake && inject_fails(CALL_WAKE_READ, fd, NULL) ? -1 : __real_read(fd, data, size);
}

/* A pipe that is full holds what wakes its reader. An eventfd has no type. */
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    mode_t type = type_of(fd);
    int code = type == S_IFREG ? inject_code(CALL_FILE_WRITE, fd, NULL)
               : type == S_IFIFO ? inject_code(CALL_WAKE_PIPE, fd, NULL)
               : type == 0 ? inject_code(CALL_WAKE_EVENTFD, fd, NULL)
                           : 0;
    if (code == 0 || (code == EAGAIN && type == S_IFIFO)) {
        ssize_t written = __real_write(fd, data, size);
        if (code == 0) {
            return written;
        }
    }
    errno = code;
    return -1;
}
