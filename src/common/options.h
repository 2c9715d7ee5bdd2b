/* Options: a table names them, one reader reads them, and `--help` is written from the table. */
#ifndef PROGRAMS_OPTIONS_H
#define PROGRAMS_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>
#include "console.h"
#include "place.h"

/* What option_next returns besides an option's id. The ids of both programs' options follow; a
 * program's own begin at OPTION_OWN. */
enum {
    OPTION_DONE,        /* no argument is left */
    OPTION_WRONG,       /* reader->problem says why */
    OPTION_OPERAND,     /* an argument that is no option */
    OPTION_MESSAGE,
    OPTION_TIMEOUT,
    OPTION_IPV4,
    OPTION_IPV6,
    OPTION_BACKEND,
    OPTION_HEX,
    OPTION_JSON,
    OPTION_VERBOSE,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_OWN
};

enum {
    OPTION_PROBLEM_MAX = 512
};

struct option {
    int id;
    char letter;            /* 0: none */
    const char *name;
    /* What the help calls its value, or the values that there are: `now|never`; NULL: it takes
     * none. `[=NAME]`: it may have one, behind `=` only; else the reader's value is NULL. */
    const char *argument;
    const char *help;
};

struct option_table {
    const char *program;
    const char *summary;    /* the help's first paragraph */
    const char *ending;     /* its last */
    const struct option *options;
    size_t count;
};

struct option_reader {
    const struct option_table *table;
    char **arguments;
    int argument_count;
    int next;
    const char *bundle;             /* letters left of `-abc`, NULL: none */
    bool options_over;              /* `--` was read */
    const struct option *current;   /* the option just returned */
    const char *value;              /* its value, or the operand */
    char problem[OPTION_PROBLEM_MAX];
};

/* argv[0] is skipped. */
void option_reader_init(struct option_reader *reader, const struct option_table *table, int argc,
                        char **argv);
int option_next(struct option_reader *reader);

/* Reads the current option's value, or says in reader->problem what is wrong with it. */
bool option_duration(struct option_reader *reader, int64_t *duration_out);
bool option_count(struct option_reader *reader, uint32_t min, uint32_t max, uint32_t *count_out);
bool option_size(struct option_reader *reader, uint32_t min, uint32_t max, uint32_t *size_out);
/* The index of the value in `names`, which NULL ends. */
bool option_choice(struct option_reader *reader, const char *const *names, uint32_t *index_out);

/* The name nearest to `name`: one that it begins, else the one with the fewest edits, at most one
 * in two characters; of several the one of the same length. NULL: none is near. */
const char *option_nearest(const struct option_table *table, const char *name);

/* The rows and the values that both programs have. */
#define SETTINGS_OPTIONS(message, timeout) \
    {OPTION_MESSAGE, 'm', "message", "TEXT", "what to send [" message "]"}, \
    {OPTION_TIMEOUT, 't', "timeout", "TIME", "silence allowed [" timeout "]"}, \
    {OPTION_IPV4, '4', "ipv4", NULL, "IPv4 only"}, \
    {OPTION_IPV6, '6', "ipv6", NULL, "IPv6 only"}, \
    {OPTION_BACKEND, 0, "backend", "NAME", "force a polling backend: "}, \
    {OPTION_HEX, 'x', "hex", NULL, "dump both directions on the standard error"}, \
    {OPTION_JSON, 0, "json", NULL, "one JSON object a line in place of the transcript"}, \
    {OPTION_VERBOSE, 'v', "verbose", NULL, "log to the standard error; twice: debug"}, \
    {OPTION_QUIET, 'q', "quiet", NULL, "print less"}, \
    {OPTION_HELP, 'h', "help", NULL, "print this and exit"}, \
    {OPTION_VERSION, 'V', "version", NULL, "print the version and exit"}

struct settings {
    const char *message;            /* NULL: not given */
    bool hex;
    int64_t timeout;                /* TENON_FOREVER: none */
    enum tenon_family family;
    const char *backend;            /* NULL: the best */
    enum console_level level;
    bool quiet;
    uint32_t place_count;
    struct place places[PLACES_MAX];
};

/* Takes an option of SETTINGS_OPTIONS or an operand. EXIT_CODE_NONE: taken, read on; else the
 * program ends with the code returned, and all is said. */
int settings_take(struct settings *settings, struct option_reader *reader, int id,
                  struct console *console);

/* Behind the last argument: without an ADDRESS it is localhost. */
void settings_complete(struct settings *settings);

/* Why -4 or -6 leaves nothing of an ADDRESS in numbers; NULL: they do not. */
const char *settings_left_out(const struct settings *settings, const struct place *place);

/* Says the problem and where help is; EXIT_CODE_USAGE. */
int settings_usage(struct console *console, const char *problem);

#endif
