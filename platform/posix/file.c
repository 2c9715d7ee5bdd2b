/* Files: opened, looked at, read, appended to, removed. */
#include "posix/sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <tenon/file.h>
#include <unistd.h>

static enum tenon_status tell(int code, struct tenon_error *error_out)
{
    *error_out = posix_error(code);
    return error_out->status;
}

static int open_file(const char *path, int flags, mode_t mode)
{
    int fd = -1;
    do {
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

bool tenon_path_is_absolute(const char *path)
{
    return path[0] == '/';
}

/* A folder opens for reading, and fails at the first read only. */
enum tenon_status tenon_file_open(const char *path, struct tenon_file *file_out,
                                  struct tenon_error *error_out)
{
    struct stat status;
    file_out->handle = 0;
    int fd = open_file(path, O_RDONLY, 0);
    if (fd < 0) {
        return tell(errno, error_out);
    }
    int code = fstat(fd, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
    if (code != 0) {
        (void)close(fd);
        return tell(code, error_out);
    }
    file_out->handle = (uint64_t)fd;
    return tell(0, error_out);
}

/* O_NONBLOCK: opening a pipe would wait for its reader. */
enum tenon_status tenon_file_append(const char *path, struct tenon_file *file_out,
                                    struct tenon_error *error_out)
{
    int fd = open_file(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK,
                       S_IRUSR | S_IWUSR | S_IRGRP);
    file_out->handle = fd < 0 ? 0 : (uint64_t)fd;
    return tell(fd < 0 ? errno : 0, error_out);
}

void tenon_file_close(struct tenon_file file)
{
    (void)close((int)file.handle);      /* what it tells of a write came too late before */
}

static enum tenon_status describe(int result, const struct stat *status,
                                  struct tenon_file_info *info_out, struct tenon_error *error_out)
{
    static const struct tenon_file_info none = {0};
    *info_out = none;
    if (result != 0) {
        return tell(errno, error_out);
    }
    info_out->identity.volume = (uint64_t)status->st_dev;
    info_out->identity.number = (uint64_t)status->st_ino;
    info_out->size = (uint64_t)status->st_size;
    info_out->modified = posix_modified(status);
    info_out->regular = S_ISREG(status->st_mode);
    info_out->folder = S_ISDIR(status->st_mode);
    return tell(0, error_out);
}

enum tenon_status tenon_file_info(struct tenon_file file, struct tenon_file_info *info_out,
                                  struct tenon_error *error_out)
{
    struct stat status;
    return describe(fstat((int)file.handle, &status), &status, info_out, error_out);
}

enum tenon_status tenon_file_look(const char *path, struct tenon_file_info *info_out,
                                  struct tenon_error *error_out)
{
    struct stat status;
    return describe(stat(path, &status), &status, info_out, error_out);
}

/* After a call that would have blocked: somebody has made the descriptor so. 0, or an errno. */
static int wait_for(int fd, short events)
{
    struct pollfd entry = {.fd = fd, .events = events};
    return poll(&entry, 1, -1) < 0 && errno != EINTR ? errno : 0;
}

static int wait_after(int code, int fd, short events)
{
    if (code == EINTR) {
        return 0;
    }
    return code == EAGAIN || code == EWOULDBLOCK ? wait_for(fd, events) : code;
}

enum tenon_status tenon_file_read(struct tenon_file file, void *data, size_t size, size_t *got_out,
                                  struct tenon_error *error_out)
{
    int fd = (int)file.handle;
    int code = 0;
    ssize_t got = 0;
    TENON_ASSERT(size > 0);
    do {
        got = read(fd, data, size < SSIZE_MAX ? size : SSIZE_MAX);
        code = got < 0 ? wait_after(errno, fd, POLLIN) : 0;
    } while (got < 0 && code == 0);
    *got_out = got < 0 ? 0 : (size_t)got;
    return tell(code, error_out);
}

enum tenon_status tenon_file_read_at(struct tenon_file file, uint64_t offset, void *data,
                                     size_t size, size_t *got_out, struct tenon_error *error_out)
{
    ssize_t got = 0;
    TENON_ASSERT(size > 0);
    TENON_ASSERT(offset <= INT64_MAX);
    do {
        got = pread((int)file.handle, data, size < SSIZE_MAX ? size : SSIZE_MAX, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    *got_out = got < 0 ? 0 : (size_t)got;
    return tell(got < 0 ? errno : 0, error_out);
}

int posix_write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    int code = 0;
    while (size > 0 && code == 0) {
        ssize_t written = write(fd, at, size < SSIZE_MAX ? size : SSIZE_MAX);
        if (written >= 0) {
            at += written;
            size -= (size_t)written;
        } else {
            code = wait_after(errno, fd, POLLOUT);
        }
    }
    return code;
}

enum tenon_status tenon_file_write_all(struct tenon_file file, const void *data, size_t size,
                                       struct tenon_error *error_out)
{
    return tell(posix_write_all((int)file.handle, data, size), error_out);
}

enum tenon_status tenon_file_remove(const char *path, struct tenon_error *error_out)
{
    return tell(unlink(path) == 0 ? 0 : errno, error_out);
}
