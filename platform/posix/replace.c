/* A file's replacement: written beside it, and renamed. */
#include "posix/sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/file.h>
#include <unistd.h>

enum {
    NAME_BYTES_MAX = 255,   /* of the usual file systems */
    SUFFIX_ROOM = 40,       /* `.PROCESS-TRY.tmp` */
    TRIES = 100
};

struct tenon_file_replacement {
    int fd;
    int code;               /* of the first write that failed */
    char *target;
    char *beside;           /* NULL: the target itself is written */
};

static enum tenon_status tell(int code, struct tenon_error *error_out)
{
    *error_out = posix_error(code);
    return error_out->status;
}

static void destroy(struct tenon_file_replacement *replacement)
{
    free(replacement->beside);
    free(replacement->target);
    free(replacement);
}

/* Links to what this process holds open: writing there must not put a file in their place. */
static bool names_a_descriptor(const char *path)
{
    return strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0 ||
           strncmp(path, "/dev/fd/", strlen("/dev/fd/")) == 0 ||
           strncmp(path, "/proc/", strlen("/proc/")) == 0;
}

static int open_retried(const char *path, int flags, mode_t mode)
{
    int fd = -1;
    do {
        fd = open(path, flags | O_WRONLY | O_CLOEXEC | O_NOCTTY, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* How much of the path stands before the suffix: all of it, but of a long name so much as leaves
 * room, in whole UTF-8 characters. */
static int length_before_suffix(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t length = strlen(name);
    if (length > NAME_BYTES_MAX - SUFFIX_ROOM) {
        length = NAME_BYTES_MAX - SUFFIX_ROOM;
        while (length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    return (int)((size_t)(name - path) + length);
}

/* A name that is taken belongs to another replacement, or to a process that is gone. 0, or an
 * errno. */
static int open_beside(struct tenon_file_replacement *replacement, mode_t mode)
{
    size_t room = strlen(replacement->target) + SUFFIX_ROOM;
    char *beside = malloc(room);
    if (beside == NULL) {
        return ENOMEM;
    }
    for (int i = 0; i < TRIES; i++) {
        int length = snprintf(beside, room, "%.*s.%ld-%d.tmp",
                              length_before_suffix(replacement->target), replacement->target,
                              (long)getpid(), i);
        TENON_ASSERT(length > 0 && (size_t)length < room);
        replacement->fd = open_retried(beside, O_CREAT | O_EXCL | O_NOFOLLOW, mode);
        if (replacement->fd >= 0) {
            replacement->beside = beside;
            return 0;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    int code = errno;
    free(beside);
    return code;
}

/* Only root may give a file away, and to those alone whom a container knows (EINVAL); another's may
 * be replaced all the same. 0, or an errno. */
static int give_to_owner(int fd, const struct stat *old)
{
    int code = fchown(fd, old->st_uid, old->st_gid) == 0 ? 0 : errno;
    return code == EPERM || code == EINVAL ? 0 : code;
}

/* As the old file is: until it has the old one's mode, nobody else reads it. 0, or an errno. */
static int open_like(struct tenon_file_replacement *replacement, const struct stat *old)
{
    const mode_t all = S_IRWXU | S_IRWXG | S_IRWXO;
    int code = open_beside(replacement, S_IRUSR | S_IWUSR);
    if (code != 0) {
        return code;
    }
    TENON_ASSERT(replacement->fd >= 0);
    code = give_to_owner(replacement->fd, old);
    if (code == 0 && fchmod(replacement->fd, old->st_mode & all) != 0) {
        code = errno;
    }
    if (code != 0) {
        (void)close(replacement->fd);
        (void)unlink(replacement->beside);
    }
    return code;
}

/* Sets fd, target and beside. 0, or an errno. */
static int choose(struct tenon_file_replacement *replacement, const char *path)
{
    struct stat old;
    bool there = stat(path, &old) == 0;
    if (!there && (errno != ENOENT || *path == '\0')) {
        return errno;
    }
    if (there && (!S_ISREG(old.st_mode) || names_a_descriptor(path))) {
        replacement->fd = open_retried(path, O_APPEND, 0);
        return replacement->fd < 0 ? errno : 0;
    }
    replacement->target = there ? realpath(path, NULL) : strdup(path);
    if (replacement->target == NULL) {
        return there ? errno : ENOMEM;      /* compilers assume that strdup leaves errno alone */
    }
    const mode_t all = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
    return there ? open_like(replacement, &old) : open_beside(replacement, all);
}

enum tenon_status tenon_file_replace_begin(const char *path, struct tenon_file_replacement **out,
                                           struct tenon_error *error_out)
{
    *out = NULL;
    struct tenon_file_replacement *replacement = calloc(1, sizeof *replacement);
    if (replacement == NULL) {
        return tell(ENOMEM, error_out);
    }
    int code = choose(replacement, path);
    if (code != 0) {
        destroy(replacement);
        return tell(code, error_out);
    }
    *out = replacement;
    return tell(0, error_out);
}

enum tenon_status tenon_file_replace_write(struct tenon_file_replacement *replacement,
                                           const void *data, size_t size,
                                           struct tenon_error *error_out)
{
    if (replacement->code == 0) {
        replacement->code = posix_write_all(replacement->fd, data, size);
    }
    return tell(replacement->code, error_out);
}

enum tenon_status tenon_file_replace_commit(struct tenon_file_replacement *replacement,
                                            struct tenon_error *error_out)
{
    int code = replacement->code;
    if (close(replacement->fd) != 0 && code == 0) {
        code = errno;
    }
    if (replacement->beside != NULL) {
        if (code == 0 && rename(replacement->beside, replacement->target) != 0) {
            code = errno;
        }
        if (code != 0) {
            (void)unlink(replacement->beside);
        }
    }
    destroy(replacement);
    return tell(code, error_out);
}

void tenon_file_replace_abandon(struct tenon_file_replacement *replacement)
{
    if (replacement != NULL && replacement->beside != NULL) {
        (void)unlink(replacement->beside);
    }
}

void tenon_file_replace_discard(struct tenon_file_replacement *replacement)
{
    if (replacement == NULL) {
        return;
    }
    (void)close(replacement->fd);
    if (replacement->beside != NULL) {
        (void)unlink(replacement->beside);
    }
    destroy(replacement);
}
