/* Targets. */
#include "client/target.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include <tenon/process.h>

static enum tenon_status write_file(struct output_writer *writer, const void *data, size_t size)
{
    struct target *target = OUTER(writer, struct target, writer);
    struct tenon_error error;
    return tenon_file_replace_write(target->file, data, size, &error);
}

static bool sink_write(struct sink *sink, enum tenon_output output, const void *data, size_t size)
{
    (void)output;
    return output_write(&OUTER(sink, struct target, sink)->output, data, size);
}

static bool sink_has_room(struct sink *sink, enum tenon_output output, size_t size)
{
    (void)output;
    return output_has_room(&OUTER(sink, struct target, sink)->output, size);
}

void target_init(struct target *target)
{
    tenon_lock_init(&target->lock);
}

int target_open(struct target *target, const char *path, struct console *console)
{
    struct tenon_file_replacement *file = NULL;
    struct tenon_error error;
    target->path = path;
    enum tenon_status status = tenon_file_replace_begin(path, &file, &error);
    tenon_lock_take(&target->lock);
    target->file = file;
    tenon_lock_give(&target->lock);
    if (status != TENON_OK) {
        console_error_path(console, "write", path, error);
        return error.status == TENON_LIMIT || error.status == TENON_NO_SPACE ?
            EXIT_CODE_FAILED : EXIT_CODE_USAGE;
    }
    return EXIT_CODE_NONE;
}

int target_start(struct target *target, struct tenon_loop *loop, struct tenon_message *changed,
                 struct console *console)
{
    struct tenon_error error = {TENON_OK, 0};
    target->writer.write = write_file;
    sink_init(&target->sink, sink_write, sink_has_room);
    error.status = output_open(&target->output, &target->writer, loop, changed, NULL);
    if (error.status != TENON_OK) {
        console_error_path(console, "start a thread for", target->path, error);
        return EXIT_CODE_FAILED;
    }
    target->started = true;
    return EXIT_CODE_NONE;
}

bool target_is_open(const struct target *target)
{
    return target->file != NULL;
}

void target_say_failure(const struct target *target, enum tenon_status status,
                        struct console *console)
{
    console_error(console, "cannot write %s: %s", target->path, console_output_reason(status));
}

/* Behind the last write. */
static int settle(struct target *target, int code, struct console *console)
{
    struct tenon_error error;
    enum tenon_status status = TENON_OK;
    tenon_lock_take(&target->lock);
    if (code != EXIT_CODE_OK) {
        tenon_file_replace_discard(target->file);
    } else {
        status = tenon_file_replace_commit(target->file, &error);
    }
    target->file = NULL;
    tenon_lock_give(&target->lock);
    if (status != TENON_OK) {
        console_error_path(console, "write", target->path, error);
        code = EXIT_CODE_FAILED;
    }
    return code;
}

int target_close(struct target *target, int code, int64_t flush, struct console *console)
{
    if (!target_is_open(target)) {
        return code;
    }
    if (target->started) {
        if (!output_close(&target->output, flush)) {
            target_abandon(target);
            tenon_process_exit_now(code);
        }
        output_destroy(&target->output);
    }
    return settle(target, code, console);
}

void target_abandon(struct target *target)
{
    tenon_lock_take(&target->lock);     /* and never gives it: what is abandoned has no commit */
    tenon_file_replace_abandon(target->file);
}
