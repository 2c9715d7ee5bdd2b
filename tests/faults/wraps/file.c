/* Files, and the process's limit of descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "wraps/wraps.h"

int __real_fchmod(int fd, mode_t mode);
int __real_lstat(const char *path, struct stat *out);
int __real_open(const char *path, int flags, ...);
int __real_rename(const char *from, const char *to);
int __real_setrlimit(int resource, const struct rlimit *limit);
int __real_unlink(const char *path);

int __wrap_open(const char *path, int flags, ...)
{
    unsigned mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, unsigned);
        va_end(arguments);
    }
    return inject_fails(CALL_FILE_OPEN, -1, path) ? -1 : __real_open(path, flags, mode);
}

int __wrap_rename(const char *from, const char *to)
{
    return inject_fails(CALL_RENAME, -1, to) ? -1 : __real_rename(from, to);
}

/* A file that is said to be gone is. */
int __wrap_unlink(const char *path)
{
    int code = inject_code(CALL_UNLINK, -1, path);
    int result = code == 0 || code == ENOENT || code == ENOTDIR ? __real_unlink(path) : -1;
    if (code != 0) {
        errno = code;
        return -1;
    }
    return result;
}

int __wrap_lstat(const char *path, struct stat *out)
{
    return inject_fails(CALL_LSTAT, -1, path) ? -1 : __real_lstat(path, out);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return inject_fails(CALL_FCHMOD, fd, NULL) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
    return inject_fails(CALL_SETRLIMIT, -1, NULL) ? -1 : __real_setrlimit(resource, limit);
}
