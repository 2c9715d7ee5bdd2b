/* What `--help` and `--version` print: written from the table of options. */
#include "help.h"
#include "exit_code.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tenon/loop.h>
#include <tenon/version.h>

enum {
    HELP_MAX = 8 * 1024,
    HELP_COLUMN = 34        /* where the options' texts begin */
};

struct help {
    char text[HELP_MAX];
    size_t size;
};

static void add(struct help *help, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(help->text + help->size, HELP_MAX - help->size, format, arguments);
    va_end(arguments);
    if (more > 0) {
        size_t room = HELP_MAX - help->size - 1;
        help->size += (size_t)more < room ? (size_t)more : room;
    }
}

void help_backends(char text[HELP_BACKENDS_MAX])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; tenon_backend_name(i) != NULL; i++) {
        int more = snprintf(text + used, HELP_BACKENDS_MAX - used, "%s%s", i == 0 ? "" : ", ",
                            tenon_backend_name(i));
        used += more > 0 && (size_t)more < HELP_BACKENDS_MAX - used ? (size_t)more : 0;
    }
}

static void add_option(struct help *help, const struct option *option)
{
    char names[80];
    char letter[5] = "    ";
    if (option->letter != 0) {
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    (void)snprintf(names, sizeof names, "  %s--%s%s%s", letter, option->name,
                   option->argument == NULL || option->argument[0] == '[' ? "" : " ",
                   option->argument == NULL ? "" : option->argument);
    add(help, "%-*s %s", HELP_COLUMN, names, option->help);
    if (option->id == OPTION_BACKEND) {
        char backends[HELP_BACKENDS_MAX];
        help_backends(backends);
        add(help, "%s", backends);
    }
    add(help, "\n");
}

/* For what is printed instead of running. */
static int print(const struct help *help, struct console *console)
{
    bool written = console->sink->write(console->sink, TENON_OUTPUT, help->text, help->size);
    return written ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int help_print(const struct option_table *table, struct console *console)
{
    struct help help = {.size = 0};
    add(&help, "Usage: %s [OPTION]... [ADDRESS]...\n%s\n\nOptions:\n", console->program,
        table->summary);
    for (size_t i = 0; i < table->count; i++) {
        add_option(&help, &table->options[i]);
    }
    add(&help, "\n%s"
               "ADDRESS is HOST, HOST:PORT, :PORT, [IPV6], [IPV6]:PORT or unix:PATH.\n"
               "TIME is a number of seconds, or with ms, s, m or h; 0 means no limit.\n",
        table->ending);
    return print(&help, console);
}

/* What a report of a fault needs. Which backend is the best that works is seen by opening it. */
int help_print_version(struct console *console)
{
    struct help help = {.size = 0};
    struct tenon_loop *loop = NULL;
    char backends[HELP_BACKENDS_MAX];
    help_backends(backends);
    add(&help, "%s (tenon) %s\ncompiler: %s\nbackends: %s\n", console->program, tenon_version(),
        TENON_COMPILER, backends);
    enum tenon_status status = tenon_loop_open(NULL, &loop);
    add(&help, "chosen: %s\n",
        status == TENON_OK ? tenon_loop_backend(loop) : tenon_status_sentence(status));
    if (status == TENON_OK) {
        tenon_loop_close(loop);
    }
    return print(&help, console);
}
