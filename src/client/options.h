/* The client's command line. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H
#include <stdbool.h>
#include <stdint.h>
#include "client/load_options.h"
#include "common/options.h"

enum half_close {
    HALF_CLOSE_DEFAULT,         /* PAUSE for a message, NOW for an input */
    HALF_CLOSE_NOW,             /* our side ends when all is sent, */
    HALF_CLOSE_PAUSE,           /* or when an answer has come and pauses, */
    HALF_CLOSE_NEVER            /* or with the connection */
};

struct client_options {
    struct settings settings;   /* message: NULL where there is an input */
    const char *input;          /* `-`: the standard input; NULL: the message */
    const char *output;         /* NULL: the standard output */
    const char *expected;       /* the only right answer; NULL: any */
    const char *ready_file;     /* has the addresses; NULL: the settings do */
    enum half_close half_close;
    int64_t connect_timeout;    /* for each ADDRESS; TENON_FOREVER: no limit */
    int64_t wait;               /* for one that answers; 0: not at all, TENON_FOREVER: no limit */
    bool probe;
    struct load_options load;
};

/* What `--help`, the manual and the completions are written from. */
extern const struct option_table client_option_table;

/* EXIT_CODE_NONE, or the code to exit with; then all is said. */
int client_options_read(struct client_options *options, int argc, char **argv,
                        struct console *console);

#endif
