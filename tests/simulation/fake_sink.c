/* A program's output in the simulation. */
#include "fake_sink.h"
#include "common/outer.h"
#include <stdlib.h>
#include <string.h>

enum {
    BEYOND_MAX = 256    /* bytes: what ends a transcript, but nothing that was received */
};

static void keep(struct fake_sink *sink, const char *data, size_t size)
{
    if (sink->room - sink->size < size + 1) {
        sink->room = (sink->size + size + 1) * 2;
        sink->text = realloc(sink->text, sink->room);
        CHECK(sink->run->world, sink->text != NULL);
    }
    memcpy(sink->text + sink->size, data, size);
    sink->size += size;
    sink->text[sink->size] = '\0';
}

/* The last errors; log lines, which begin with the year, are not among them. */
static void keep_error(struct fake_sink *sink, const char *data, size_t size)
{
    if (*data == '2' || size > sizeof sink->errors - 1) {
        return;
    }
    if (size > sizeof sink->errors - 1 - sink->errors_size) {
        sink->errors_size = 0;
    }
    memcpy(sink->errors + sink->errors_size, data, size);
    sink->errors_size += size;
    sink->errors[sink->errors_size] = '\0';
}

static void count_refused(struct fake_sink *sink, enum tenon_output output, const char *data,
                          size_t size)
{
    if (output == TENON_ERROR_OUTPUT) {
        sink->refused_errors++;
        return;
    }
    for (size_t i = 0; i < size; i++) {
        sink->refused_lines += data[i] == '\n' ? 1 : 0;
    }
}

static bool take(struct sink *base, enum tenon_output output, const void *data, size_t size)
{
    struct fake_sink *sink = OUTER(base, struct fake_sink, sink);
    const char *text = data;
    if (sink->state == SINK_FULL) {
        sink->starved = true;
        count_refused(sink, output, text, size);
        return false;
    }
    if (output == TENON_ERROR_OUTPUT) {
        keep_error(sink, text, size);
        if (sink->run->trace != NULL) {
            sim_trace(sink->run->world, sink->name, "says: %.*s", (int)(size - 1), text);
        }
        return true;
    }
    if (sink->state == SINK_BROKEN) {
        return false;
    }
    if (sink->starved) {
        sink->beyond += size;
        CHECK(sink->run->world, sink->beyond <= BEYOND_MAX);
    }
    if (sink->on_write != NULL) {
        sink->on_write(sink, text, size);
    }
    if (sink->keeps) {
        keep(sink, text, size);
    }
    return true;
}

static bool has_room(struct sink *base, enum tenon_output output, size_t size)
{
    struct fake_sink *sink = OUTER(base, struct fake_sink, sink);
    (void)output;
    (void)size;
    if (sink->state != SINK_OPEN) {
        sink->starved = true;
    }
    return sink->state == SINK_OPEN;
}

static void on_changed(struct tenon_message *message)
{
    struct fake_sink *sink = OUTER(message, struct fake_sink, changed);
    sink->posted = false;
    sink->on_changed(sink, sink->state == SINK_BROKEN ? TENON_RESET : TENON_OK);
}

void fake_sink_open(struct fake_sink *sink, const char *name, struct run *run,
                    struct tenon_loop *loop)
{
    memset(sink, 0, sizeof *sink);
    sink->name = name;
    sink_init(&sink->sink, take, has_room);
    sink->run = run;
    sink->loop = loop;
    tenon_message_init(&sink->changed, on_changed);
}

void fake_sink_close(struct fake_sink *sink)
{
    free(sink->text);
    sink->text = NULL;
}

void fake_sink_change(struct fake_sink *sink, enum sink_state state)
{
    static const char *const names[] = {"open", "crowded", "full", "broken"};
    if (sink->state == SINK_BROKEN) {
        return;
    }
    sink->state = state;
    sim_trace(sink->run->world, sink->name, "has an output that is %s now", names[state]);
    if (state == SINK_BROKEN || (state == SINK_OPEN && sink->starved)) {
        sink->starved = false;
        sink->beyond = 0;
        bool first = tenon_post(sink->loop, &sink->changed);
        CHECK(sink->run->world, first != sink->posted);
        sink->posted = true;
    }
}

bool fake_sink_said(const struct fake_sink *sink, const char *text)
{
    return strstr(sink->errors, text) != NULL;
}
