/* The sink that writes at once. */
#include "sink.h"

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

void sink_init_direct(struct sink *sink)
{
    sink->write = write_direct;
    sink->has_room = always_room;
}
