/* Content. */
#include "server/content.h"
#include "common/console.h"
#include "common/exit_code.h"
#include "common/text.h"
#include <string.h>

static const int64_t look_interval = 1 * TENON_SECOND;

/* Of one file, at two times. */
static bool is_unchanged(const struct tenon_file_info *a, const struct tenon_file_info *b)
{
    return a->size == b->size && a->modified == b->modified;
}

static bool is_same(const struct tenon_file_info *a, const struct tenon_file_info *b)
{
    return a->identity.volume == b->identity.volume &&
           a->identity.number == b->identity.number && is_unchanged(a, b);
}

static struct content *find_unused(struct content_store *store)
{
    for (uint32_t i = 0; i < CONTENT_VERSIONS_MAX; i++) {
        if (!store->versions[i].open) {
            return &store->versions[i];
        }
    }
    return NULL;
}

static void close_if_unused(struct content_store *store, struct content *content)
{
    if (content->users == 0 && content != store->current) {
        content->open = false;
        tenon_file_close(content->file);
    }
}

static enum tenon_status check_regular(const struct content *content, struct tenon_error *error_out)
{
    if (content->info.regular) {
        return TENON_OK;
    }
    *error_out = (struct tenon_error){.status = TENON_UNSUPPORTED};
    return TENON_UNSUPPORTED;
}

/* Opens the path as a further version. It is looked at first: a pipe would keep us until somebody
 * writes to it. */
static enum tenon_status open_version(struct content_store *store, struct content *content,
                                      struct tenon_error *error_out)
{
    enum tenon_status status = tenon_file_look(store->path, &content->info, error_out);
    if (status == TENON_OK) {
        status = check_regular(content, error_out);
    }
    if (status == TENON_OK) {
        status = tenon_file_open(store->path, &content->file, error_out);
    }
    if (status != TENON_OK) {
        return status;
    }
    status = tenon_file_info(content->file, &content->info, error_out);
    if (status == TENON_OK) {
        status = check_regular(content, error_out);
    }
    if (status != TENON_OK) {
        tenon_file_close(content->file);
        return status;
    }
    content->users = 0;
    content->open = true;
    return TENON_OK;
}

static void say_reason(struct tenon_error error, char text[CONSOLE_ERROR_MAX])
{
    static const char irregular[] = "it is no regular file";
    if (error.status == TENON_UNSUPPORTED) {
        memcpy(text, irregular, sizeof irregular);
    } else {
        console_error_text(error, text);
    }
}

int content_open(struct content_store *store, const char *path, const struct tenon_loop *loop,
                 struct console *console)
{
    struct tenon_error error;
    char why[CONSOLE_ERROR_MAX];
    memset(store, 0, sizeof *store);
    store->path = path;
    store->loop = loop;
    store->console = console;
    store->looked = tenon_loop_now(loop);
    if (open_version(store, &store->versions[0], &error) != TENON_OK) {
        say_reason(error, why);
        console_error(console, "cannot open %s: %s", text_shown(path), why);
        return EXIT_CODE_USAGE;
    }
    store->current = &store->versions[0];
    return EXIT_CODE_NONE;
}

void content_close(struct content_store *store)
{
    for (uint32_t i = 0; i < CONTENT_VERSIONS_MAX; i++) {
        if (store->versions[i].open) {
            tenon_file_close(store->versions[i].file);
        }
    }
}

static void renew(struct content_store *store)
{
    struct content *old = store->current;
    struct content *content = find_unused(store);
    struct tenon_file_info info;
    struct tenon_error error;
    char why[CONSOLE_ERROR_MAX];
    enum tenon_status status = tenon_file_look(store->path, &info, &error);
    if (status == TENON_OK && is_same(&info, &old->info)) {
        store->in_trouble = false;
        return;
    }
    if (content == NULL) {
        return;     /* every version has slow readers; a later look finds room */
    }
    if (status == TENON_OK) {
        status = open_version(store, content, &error);
    }
    if (status == TENON_OK) {
        store->current = content;
        store->in_trouble = false;
        close_if_unused(store, old);
    } else if (!store->in_trouble) {
        store->in_trouble = true;
        say_reason(error, why);
        console_error(store->console, "cannot open %s any more: %s; its last version is served",
                      store->path, why);
    }
}

struct content *content_acquire(struct content_store *store)
{
    int64_t now = tenon_loop_now(store->loop);
    if (now - store->looked >= look_interval) {
        store->looked = now;
        renew(store);
    }
    store->current->users++;
    return store->current;
}

void content_release(struct content_store *store, struct content *content)
{
    content->users--;
    close_if_unused(store, content);
}

bool content_read(struct content *content, uint64_t offset, void *data, size_t size,
                  size_t *got_out, struct tenon_error *error_out)
{
    struct tenon_file_info info;
    *got_out = 0;
    if (tenon_file_read_at(content->file, offset, data, size, got_out, error_out) != TENON_OK ||
        tenon_file_info(content->file, &info, error_out) != TENON_OK) {
        return false;
    }
    error_out->status = TENON_OK;
    return is_unchanged(&info, &content->info);
}
