/* A console that keeps what is said on it. */
#include "capture.h"
#include <string.h>

static bool has_room(struct sink *sink, enum tenon_output output, size_t size)
{
    const struct capture *capture = (const struct capture *)(void *)sink;
    const char *text = output == TENON_OUTPUT ? capture->output : capture->error;
    (void)size;
    return strlen(text) < CAPTURE_MAX / 2;
}

static bool write_text(struct sink *sink, enum tenon_output output, const void *data, size_t size)
{
    struct capture *capture = (struct capture *)(void *)sink;
    char *text = output == TENON_OUTPUT ? capture->output : capture->error;
    size_t used = strlen(text);
    if (size >= CAPTURE_MAX - used) {
        return false;
    }
    memcpy(text + used, data, size);
    text[used + size] = '\0';
    return true;
}

void capture_init(struct capture *capture, const char *program)
{
    memset(capture, 0, sizeof *capture);
    sink_init(&capture->sink, write_text, has_room);
    capture->console.program = program;
    capture->console.sink = &capture->sink;
}

bool capture_has_error(const struct capture *capture, const char *text)
{
    return strstr(capture->error, text) != NULL;
}

bool capture_has_failure(const struct capture *capture, const char *what,
                         struct tenon_error error)
{
    char why[CONSOLE_ERROR_MAX];
    const char *at = strstr(capture->error, what);
    console_error_text(error, why);
    while (at != NULL) {
        const char *end = strchr(at, '\n');
        const char *found = strstr(at, why);
        if (found != NULL && end != NULL && found < end) {
            return true;
        }
        at = strstr(at + 1, what);
    }
    return false;
}
