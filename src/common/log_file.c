/* Log files. */
#include "log_file.h"
#include "exit_code.h"
#include "outer.h"
#include <inttypes.h>
#include <string.h>

/* ---- the writing thread ---- */

static bool open_file(struct log_file *log, struct tenon_file *file_out,
                      struct tenon_file_identity *identity_out, struct tenon_error *error_out)
{
    struct tenon_file_info info;
    if (tenon_file_append(log->path, file_out, error_out) != TENON_OK) {
        return false;
    }
    if (tenon_file_info(*file_out, &info, error_out) != TENON_OK) {
        tenon_file_close(*file_out);
        return false;
    }
    *identity_out = info.identity;
    return true;
}

static bool names_another(const struct log_file *log)
{
    struct tenon_file_info info;
    struct tenon_error error;
    enum tenon_status status = tenon_file_look(log->path, &info, &error);
    return status == TENON_NOT_FOUND ||
           (status == TENON_OK && (info.identity.volume != log->identity.volume ||
                                   info.identity.number != log->identity.number));
}

/* The old file goes on where the new one cannot be had. */
static bool renew(struct log_file *log, struct tenon_error *error_out)
{
    struct tenon_file file;
    struct tenon_file_identity identity;
    if (!open_file(log, &file, &identity, error_out)) {
        return false;
    }
    tenon_file_close(log->file);
    log->file = file;
    log->identity = identity;
    log->torn = false;
    return true;
}

static void take_note(struct log_file *log, struct tenon_error error, uint64_t lost)
{
    tenon_lock_take(&log->lock);
    bool fails = error.status != TENON_OK;
    bool news = fails || log->failing;
    log->failing = fails;
    log->lost += lost;
    if (fails) {
        log->error = error;
    }
    tenon_lock_give(&log->lock);
    if (news) {
        (void)tenon_post(log->loop, &log->changed);     /* posted already: it will see it all */
    }
}

static uint64_t count_lines(const char *data, size_t size)
{
    uint64_t count = 0;
    for (size_t i = 0; i < size; i++) {
        count += data[i] == '\n' ? 1 : 0;
    }
    return count;
}

static enum tenon_status write_lines(struct output_writer *writer, const void *data, size_t size)
{
    struct log_file *log = OUTER(writer, struct log_file, writer);
    struct tenon_error error = {TENON_OK, 0};
    struct tenon_error renewal = {TENON_OK, 0};
    uint64_t lost = 0;
    tenon_lock_take(&log->lock);
    bool reopen = log->reopen;
    log->reopen = false;
    tenon_lock_give(&log->lock);
    if (reopen || names_another(log)) {
        (void)renew(log, &renewal);
    }
    if (log->torn && tenon_file_write_all(log->file, "\n", 1, &error) == TENON_OK) {
        log->torn = false;
    }
    if (error.status != TENON_OK ||
        tenon_file_write_all(log->file, data, size, &error) != TENON_OK) {
        log->torn = true;
        lost = count_lines(data, size);
    }
    take_note(log, error.status != TENON_OK ? error : renewal, lost);
    return TENON_OK;
}

/* ---- the loop's thread ---- */

static void on_changed(struct tenon_message *message)
{
    struct log_file *log = OUTER(message, struct log_file, changed);
    char why[CONSOLE_ERROR_MAX];
    if (log->console->log == NULL) {
        return;         /* it is closed */
    }
    tenon_lock_take(&log->lock);
    bool failing = log->failing;
    struct tenon_error error = log->error;
    uint64_t lost = log->lost - log->told;
    log->told = failing ? log->told : log->lost;
    tenon_lock_give(&log->lock);
    if (failing) {
        console_error_text(error, why);
        console_error_once(log->console, &log->notice, "cannot write to the log file %s: %s",
                           log->path, why);
    } else {
        console_note(log->console, "the log file %s is written again; %" PRIu64 " lines were lost",
                     log->path, lost);
    }
}

static bool sink_write(struct sink *sink, enum tenon_output output, const void *data, size_t size)
{
    (void)output;
    return output_write(&OUTER(sink, struct log_file, sink)->output, data, size);
}

static bool sink_has_room(struct sink *sink, enum tenon_output output, size_t size)
{
    (void)output;
    return output_has_room(&OUTER(sink, struct log_file, sink)->output, size);
}

int log_file_open(struct log_file *log, const char *path, struct tenon_loop *loop,
                  struct console *console)
{
    struct tenon_error error;
    memset(log, 0, sizeof *log);
    log->path = path;
    log->loop = loop;
    log->console = console;
    log->writer.write = write_lines;
    tenon_message_init(&log->changed, on_changed);
    if (!open_file(log, &log->file, &log->identity, &error)) {
        console_error_path(console, "open the log file", path, error);
        return EXIT_CODE_USAGE;
    }
    sink_init(&log->sink, sink_write, sink_has_room);
    tenon_lock_init(&log->lock);
    enum tenon_status status =
        output_open(&log->output, &log->writer, loop, &log->changed, NULL);
    if (status != TENON_OK) {
        console_error(console, "cannot start a thread for the log file: %s",
                      tenon_status_sentence(status));
        tenon_lock_destroy(&log->lock);
        tenon_file_close(log->file);
        return EXIT_CODE_FAILED;
    }
    console->log = &log->sink;
    return EXIT_CODE_NONE;
}

void log_file_reopen(struct log_file *log)
{
    tenon_lock_take(&log->lock);
    log->reopen = true;
    tenon_lock_give(&log->lock);
}

bool log_file_close(struct log_file *log, int64_t timeout)
{
    log->console->log = NULL;
    if (!output_close(&log->output, timeout)) {
        return false;
    }
    output_destroy(&log->output);
    tenon_lock_destroy(&log->lock);
    tenon_file_close(log->file);
    return true;
}
