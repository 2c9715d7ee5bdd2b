/* What `--help` and `--version` print. */
#ifndef PROGRAMS_HELP_H
#define PROGRAMS_HELP_H
#include "options.h"

/* Both write to the standard output and return the exit code. */
int help_print(const struct option_table *table, struct console *console);
int help_print_version(struct console *console);

/* The backends compiled in, as `epoll, poll`. */
enum {
    HELP_BACKENDS_MAX = 100
};
void help_backends(char text[HELP_BACKENDS_MAX]);

#endif
