/* Outputs without waiting. */
#include "output.h"
#include "outer.h"
#include <stdlib.h>
#include <string.h>

enum {
    HALF_SIZE = OUTPUT_BUFFER_SIZE / 2
};

static const int64_t settle_max = 100 * TENON_MILLISECOND;

static enum tenon_status write_stream(struct output_writer *writer, const void *data, size_t size)
{
    return tenon_output_write(OUTER(writer, struct output_stream, writer)->name, data, size);
}

void output_stream_init(struct output_stream *stream, enum tenon_output name)
{
    stream->writer.write = write_stream;
    stream->name = name;
}

void output_settle(struct output *output)
{
    bool in_time = true;
    tenon_lock_take(&output->lock);
    while ((output->size > 0 || output->busy) && !output->over && in_time) {
        in_time = tenon_condition_wait(&output->idle, &output->lock, settle_max);
    }
    tenon_lock_give(&output->lock);
}

/* Lock taken. Tells the loop if somebody waits for it. */
static void notify(struct output *output)
{
    if (output->starved || output->status != TENON_OK) {
        output->starved = false;
        (void)tenon_post(output->loop, output->changed); /* posted already: it will see it all */
    }
}

/* Lock taken, and given back meanwhile. */
static enum tenon_status write_filled(struct output *output)
{
    char *data = output->filling;
    size_t size = output->size;
    output->filling = output->writing;
    output->writing = data;
    output->size = 0;
    output->busy = true;
    notify(output);
    tenon_lock_give(&output->lock);
    if (output->earlier != NULL) {
        output_settle(output->earlier);
    }
    enum tenon_status status = output->writer->write(output->writer, data, size);
    tenon_lock_take(&output->lock);
    output->busy = false;
    return status;
}

static void write_out(void *argument)
{
    struct output *output = argument;
    tenon_lock_take(&output->lock);
    while (output->status == TENON_OK && (output->size > 0 || !output->closing)) {
        if (output->size > 0) {
            output->status = write_filled(output);
        } else {
            tenon_condition_wake(&output->idle);
            (void)tenon_condition_wait(&output->filled, &output->lock, TENON_FOREVER);
        }
    }
    if (output->status != TENON_OK) {
        notify(output);
    }
    output->over = true;
    tenon_condition_wake(&output->idle);
    tenon_condition_wake(&output->ended);
    tenon_lock_give(&output->lock);
}

void output_destroy(struct output *output)
{
    tenon_condition_destroy(&output->ended);
    tenon_condition_destroy(&output->idle);
    tenon_condition_destroy(&output->filled);
    tenon_lock_destroy(&output->lock);
    free(output->writing);
    free(output->filling);
}

enum tenon_status output_open(struct output *output, struct output_writer *writer,
                              struct tenon_loop *loop, struct tenon_message *changed,
                              struct output *earlier)
{
    memset(output, 0, sizeof *output);
    output->writer = writer;
    output->loop = loop;
    output->changed = changed;
    output->earlier = earlier;
    output->filling = malloc(HALF_SIZE);
    output->writing = malloc(HALF_SIZE);
    tenon_lock_init(&output->lock);
    tenon_condition_init(&output->filled);
    tenon_condition_init(&output->idle);
    tenon_condition_init(&output->ended);
    enum tenon_status status = TENON_LIMIT;
    if (output->filling != NULL && output->writing != NULL) {
        status = tenon_thread_start(&output->thread, write_out, output);
    }
    if (status != TENON_OK) {
        output_destroy(output);
    }
    return status;
}

/* Lock taken. */
static bool fits(struct output *output, size_t size)
{
    if (output->status != TENON_OK) {
        return false;
    }
    if (size > HALF_SIZE - output->size) {
        output->starved = true;
        return false;
    }
    return true;
}

bool output_write(struct output *output, const void *data, size_t size)
{
    tenon_lock_take(&output->lock);
    bool taken = fits(output, size);
    if (taken && size > 0) {
        memcpy(output->filling + output->size, data, size);
        output->size += size;
        tenon_condition_wake(&output->filled);
    }
    tenon_lock_give(&output->lock);
    return taken;
}

bool output_has_room(struct output *output, size_t size)
{
    tenon_lock_take(&output->lock);
    bool room = fits(output, size);
    tenon_lock_give(&output->lock);
    return room;
}

enum tenon_status output_status(struct output *output)
{
    tenon_lock_take(&output->lock);
    enum tenon_status status = output->status;
    tenon_lock_give(&output->lock);
    return status;
}

bool output_close(struct output *output, int64_t timeout)
{
    bool in_time = true;
    tenon_lock_take(&output->lock);
    output->closing = true;
    tenon_condition_wake(&output->filled);
    while (!output->over && in_time) {
        in_time = tenon_condition_wait(&output->ended, &output->lock, timeout);
    }
    bool over = output->over;
    tenon_lock_give(&output->lock);
    if (!over) {
        return false;
    }
    tenon_thread_join(&output->thread);
    return true;
}
