/* The client's command line. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H
#include <stdbool.h>
#include <stdint.h>
#include "client/load_options.h"
#include "common/options.h"

struct client_options {
    struct settings settings;
    int64_t connect_timeout;    /* for each ADDRESS; TENON_FOREVER: no limit */
    int64_t wait;               /* for one that answers; 0: not at all, TENON_FOREVER: no limit */
    bool probe;
    struct load_options load;
};

/* EXIT_CODE_NONE, or the code to exit with; then all is said. */
int client_options_read(struct client_options *options, int argc, char **argv,
                        struct console *console);

#endif
