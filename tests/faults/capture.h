/* A console that keeps what is said on it. */
#ifndef CAPTURE_H
#define CAPTURE_H
#include <stdbool.h>
#include "common/console.h"
#include "common/sink.h"

enum {
    CAPTURE_MAX = 16 * 1024
};

/* sink is the first member: its functions find the rest by it. */
struct capture {
    struct sink sink;
    struct console console;
    char output[CAPTURE_MAX];
    char error[CAPTURE_MAX];
};

void capture_init(struct capture *capture, const char *program);

/* Whether the error output has a line with `text` in it. */
bool capture_has_error(const struct capture *capture, const char *text);

/* Whether one of its lines begins with `what` and has what console_error_text says of the error
 * behind it. */
bool capture_has_failure(const struct capture *capture, const char *what,
                         struct tenon_error error);

#endif
