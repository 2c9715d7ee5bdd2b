/* Content: the file that the server answers with, in the versions that are still being sent. */
#ifndef SERVER_CONTENT_H
#define SERVER_CONTENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/file.h>
#include <tenon/loop.h>

struct console;

enum {
    CONTENT_VERSIONS_MAX = 16   /* the newest, and older ones that slow clients still read */
};

/* One version: an open file as it was when it was opened. */
struct content {
    struct tenon_file file;
    struct tenon_file_info info;
    uint32_t users;             /* clients that it is being sent to */
    bool open;
};

/* A loop's own: nothing in it is shared with another thread. */
struct content_store {
    const char *path;
    const struct tenon_loop *loop;
    struct console *console;
    struct content versions[CONTENT_VERSIONS_MAX];
    struct content *current;
    int64_t looked;             /* when the path was last looked at */
    bool in_trouble;            /* said already that the newest cannot be had */
};

/* Opens the file; it must be a regular one. EXIT_CODE_NONE, or the code to exit with; then all is
 * said. Closed in any case: */
int content_open(struct content_store *store, const char *path, const struct tenon_loop *loop,
                 struct console *console);
void content_close(struct content_store *store);

/* The version that a new client gets, to be released. The path is looked at at most once a second;
 * where it cannot be opened any more the last version goes on. */
struct content *content_acquire(struct content_store *store);
void content_release(struct content_store *store, struct content *content);

/* Reads up to `size` bytes of it; *got_out is 0 at its end. False: it cannot be read, or has been
 * changed in place since it was opened: what was read is no part of one version. */
bool content_read(struct content *content, uint64_t offset, void *data, size_t size,
                  size_t *got_out, struct tenon_error *error_out);

#endif
