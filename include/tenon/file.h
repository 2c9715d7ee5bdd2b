/* Files: read, appended to, and replaced whole. Paths are UTF-8. Any thread; one at a time for each
 * file, but that tenon_file_read_at may be called by several on POSIX. All of these calls may wait
 * for a disk or a pipe: none belongs on a loop's thread that has clients. Nothing that is opened
 * here is inherited by a child.
 *
 * Every error_out takes the status, which is the result as well, and the native code. Errors of
 * all: NOT_FOUND, ACCESS_DENIED, NO_SPACE, INVALID (a folder, or a path that is too long or no
 * UTF-8), RESET (nobody reads the pipe any more), LIMIT, SYSTEM.
 */
#ifndef TENON_FILE_H
#define TENON_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/export.h>
#include <tenon/status.h>
#ifdef __cplusplus
extern "C" {
#endif

/* An open file; a value, to be closed once. */
struct tenon_file {
    uint64_t handle;
};

/* Which file it is: equal for two names or handles of one file, and another one after a file was
 * replaced. A number is used again once its file is gone. */
struct tenon_file_identity {
    uint64_t volume;
    uint64_t number;
};

struct tenon_file_info {
    struct tenon_file_identity identity;
    uint64_t size;
    int64_t modified;       /* nanoseconds since 1970 */
    bool regular;           /* no folder, device or pipe; those may have zeros for the rest */
    bool folder;
};

/* Opens a file for reading. Where the path is a pipe's, it waits for a writer: look first where
 * only a regular file will do. On Windows others may write, rename and delete it meanwhile, as
 * always on POSIX. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_open(const char *path, struct tenon_file *file_out,
                                  struct tenon_error *error_out);
/* Opens it for writing at its end, wherever that is at each write, and makes it if there is none:
 * for logs, so that others of the group read it and the rest do not (mode 0640 but for the umask,
 * POSIX). A pipe that nobody reads is an error (POSIX). Shared as above. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_append(const char *path, struct tenon_file *file_out,
                                    struct tenon_error *error_out);
TENON_API void tenon_file_close(struct tenon_file file);

/* Whether the path means the same in every working directory: `/x`; on Windows `C:\x` and
 * `\\server\share`, with either slash. */
TENON_API bool tenon_path_is_absolute(const char *path);

/* What it is: of an open file, and of a path, whose links are followed. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_info(struct tenon_file file, struct tenon_file_info *info_out,
                                  struct tenon_error *error_out);
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_look(const char *path, struct tenon_file_info *info_out,
                                  struct tenon_error *error_out);

/* Read what is there, waiting for the first byte: OK with 1 to size bytes, and with 0 at the end.
 * The first goes on where the last one ended, and reads pipes and devices too; the second reads a
 * regular file at an offset. A file is read by one of the two. size is at least 1. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_read(struct tenon_file file, void *data, size_t size, size_t *got_out,
                                  struct tenon_error *error_out);
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_read_at(struct tenon_file file, uint64_t offset, void *data,
                                     size_t size, size_t *got_out, struct tenon_error *error_out);

/* Writes all bytes, waiting as long as it takes. On failure an unknown part was written. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_write_all(struct tenon_file file, const void *data, size_t size,
                                       struct tenon_error *error_out);

/* ---- replacing ---- */

/* A file that is written beside `path`, in its folder, and renamed into place by the commit: a
 * reader sees the old or the new one, never a part. A link stays, and what it leads to is replaced;
 * one that leads nowhere is replaced itself. The new file has the old one's mode, and
 * its owner where this process may give files away (POSIX). What exists and is no regular file, a
 * pipe or a device, is opened and written as it comes; so is /dev/stdout, whatever it is. *out is
 * NULL on failure. */
struct tenon_file_replacement;
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_replace_begin(const char *path, struct tenon_file_replacement **out,
                                           struct tenon_error *error_out);
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_replace_write(struct tenon_file_replacement *replacement,
                                           const void *data, size_t size,
                                           struct tenon_error *error_out);
/* Ends it in either case. Where a write had failed, so does the commit, with that error; a commit
 * that fails leaves the old file, and nothing beside it. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_replace_commit(struct tenon_file_replacement *replacement,
                                            struct tenon_error *error_out);
/* Ends it and leaves the old file. NULL does nothing. */
TENON_API void tenon_file_replace_discard(struct tenon_file_replacement *replacement);
/* For a process that ends now: nothing beside the file outlives it. Also while another thread waits
 * in a write; no other call may be running, and none may follow. NULL does nothing. */
TENON_API void tenon_file_replace_abandon(struct tenon_file_replacement *replacement);

/* Replaces a file by these bytes: the calls above in one. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_file_write(const char *path, const void *data, size_t size,
                                   struct tenon_error *error_out);

/* Removes a file. NOT_FOUND: there was none. */
TENON_API enum tenon_status tenon_file_remove(const char *path, struct tenon_error *error_out);

#ifdef __cplusplus
}
#endif
#endif
