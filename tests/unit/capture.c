/* A sink that keeps what is written to it. */
#include "capture.h"
#include <string.h>

static bool has_room(struct sink *sink, enum tenon_output output, size_t size)
{
    const struct capture *capture = (const struct capture *)(void *)sink;
    const char *text = output == TENON_OUTPUT ? capture->output : capture->error;
    return !capture->full && size < CAPTURE_MAX - strlen(text);
}

static bool write_text(struct sink *sink, enum tenon_output output, const void *data, size_t size)
{
    struct capture *capture = (struct capture *)(void *)sink;
    char *text = output == TENON_OUTPUT ? capture->output : capture->error;
    if (!has_room(sink, output, size)) {
        return false;
    }
    size_t used = strlen(text);
    memcpy(text + used, data, size);
    text[used + size] = '\0';
    return true;
}

void capture_init(struct capture *capture)
{
    memset(capture, 0, sizeof *capture);
    sink_init(&capture->sink, write_text, has_room);
    capture->console.program = "program";
    capture->console.sink = &capture->sink;
}

void capture_clear(struct capture *capture)
{
    capture->output[0] = '\0';
    capture->error[0] = '\0';
}
