/* The sink that writes at once. */
#include "sink.h"
#include <string.h>

static bool write_direct(struct sink *sink, enum tenon_output output, const void *data, size_t size)
{
    (void)sink;
    return tenon_output_write(output, data, size) == TENON_OK;
}

static bool always_room(struct sink *sink, enum tenon_output output, size_t size)
{
    (void)sink;
    (void)output;
    (void)size;
    return true;
}

void sink_init(struct sink *sink,
               bool (*write)(struct sink *sink, enum tenon_output output, const void *data,
                             size_t size),
               bool (*has_room)(struct sink *sink, enum tenon_output output, size_t size))
{
    memset(sink, 0, sizeof *sink);
    sink->write = write;
    sink->has_room = has_room;
    tenon_lock_init(&sink->lock);
}

void sink_init_direct(struct sink *sink)
{
    sink_init(sink, write_direct, always_room);
}
