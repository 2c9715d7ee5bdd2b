/* The server's command line. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H
#include <stdbool.h>
#include <stdint.h>
#include "common/options.h"
#include "server/access.h"

enum {
    SERVER_THREADS_MAX = 16
};

enum server_mode {
    SERVER_GREET,
    SERVER_ECHO,        /* RFC 862 */
    SERVER_DISCARD      /* RFC 863 */
};

struct server_options {
    struct settings settings;
    enum server_mode mode;
    bool once;
    uint32_t connections;
    uint32_t per_address;       /* connections of one address; 0: no limit */
    struct access_list allow;
    struct access_list deny;
    struct access_list proxies; /* that send a PROXY header; empty: there are none */
    bool needs_certificate;
    const char *certificate_name;   /* NULL: any */
    uint32_t threads;           /* event loops */
    int64_t drain;              /* TENON_FOREVER: no limit */
    const char *input;          /* the file to answer with; NULL: the message */
    const char *ready_file;     /* NULL: none */
    const char *log_file;       /* NULL: none */
    bool service;               /* of the system's service manager */
    bool has_places;            /* ADDRESSes were given */
    uint32_t inherited;         /* listeners of a supervisor, in place of ADDRESSes */
};

/* What `--help`, the manual and the completions are written from. */
extern const struct option_table server_option_table;

/* EXIT_CODE_NONE, or the code to exit with; then all is said. */
int server_options_read(struct server_options *options, int argc, char **argv,
                        struct console *console);

#endif
