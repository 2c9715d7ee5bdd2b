/* The options that both programs have. */
#include "event.h"
#include "exit_code.h"
#include "help.h"
#include "options.h"
#include "text.h"
#include <stdio.h>
#include <string.h>

/* The problem may quote any bytes. */
int settings_usage(struct console *console, const char *problem)
{
    char shown[TEXT_ESCAPED_MAX(OPTION_PROBLEM_MAX) + TEXT_ESCAPED_MAX(0) + 1];
    struct text_escape escape = {.held_count = 0};
    size_t used = text_escape(&escape, problem, strlen(problem), shown);
    used += text_escape_end(&escape, shown + used);
    shown[used] = '\0';
    console_error(console, "%s", shown);
    console_hint(console, "see %s --help", console->program);
    event_exit(console, EXIT_CODE_USAGE);
    return EXIT_CODE_USAGE;
}

static int take_place(struct settings *settings, const char *text, struct console *console)
{
    char problem[OPTION_PROBLEM_MAX];
    const char *reason = NULL;
    if (settings->place_count == PLACES_MAX) {
        (void)snprintf(problem, sizeof problem, "more than %d addresses", PLACES_MAX);
        return settings_usage(console, problem);
    }
    if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0') {
        (void)snprintf(problem, sizeof problem, "%.100s is no address: did you mean :%.100s?", text,
                       text);
        return settings_usage(console, problem);
    }
    if (!place_parse(text, &settings->places[settings->place_count], &reason)) {
        (void)snprintf(problem, sizeof problem, "'%.300s' is no address: %s", text, reason);
        return settings_usage(console, problem);
    }
    settings->place_count++;
    return EXIT_CODE_NONE;
}

static int take_family(struct settings *settings, enum tenon_family family, struct console *console)
{
    if (settings->family != TENON_FAMILY_ANY && settings->family != family) {
        return settings_usage(console, "-4 and -6 exclude each other");
    }
    settings->family = family;
    return EXIT_CODE_NONE;
}

static int take_backend(struct settings *settings, const char *name, struct console *console)
{
    char problem[OPTION_PROBLEM_MAX];
    char backends[HELP_BACKENDS_MAX];
    for (size_t i = 0; tenon_backend_name(i) != NULL; i++) {
        if (strcmp(tenon_backend_name(i), name) == 0) {
            settings->backend = name;
            return EXIT_CODE_NONE;
        }
    }
    help_backends(backends);
    (void)snprintf(problem, sizeof problem, "--backend %.100s: it is to be one of %s",
                   text_shown(name), backends);
    return settings_usage(console, problem);
}

int settings_take(struct settings *settings, struct option_reader *reader, int id,
                  struct console *console)
{
    switch (id) {
    case OPTION_OPERAND:
        return take_place(settings, reader->value, console);
    case OPTION_MESSAGE:
        settings->message = reader->value;
        return EXIT_CODE_NONE;
    case OPTION_HEX:
        settings->hex = true;
        return EXIT_CODE_NONE;
    case OPTION_JSON:
        console->json = true;
        return EXIT_CODE_NONE;
    case OPTION_TIMEOUT:
        return option_duration(reader, &settings->timeout) ?
            EXIT_CODE_NONE : settings_usage(console, reader->problem);
    case OPTION_IPV4:
        return take_family(settings, TENON_FAMILY_IPV4, console);
    case OPTION_IPV6:
        return take_family(settings, TENON_FAMILY_IPV6, console);
    case OPTION_BACKEND:
        return take_backend(settings, reader->value, console);
    case OPTION_VERBOSE:
        settings->level = settings->level == CONSOLE_NORMAL ? CONSOLE_INFO : CONSOLE_DEBUG;
        return EXIT_CODE_NONE;
    case OPTION_QUIET:
        settings->quiet = true;
        return EXIT_CODE_NONE;
    case OPTION_HELP:
        return help_print(reader->table, console);
    case OPTION_VERSION:
        return help_print_version(console);
    default:    /* OPTION_WRONG */
        return settings_usage(console, reader->problem);
    }
}

const char *settings_left_out(const struct settings *settings, const struct place *place)
{
    struct tenon_address address;
    if (settings->family == TENON_FAMILY_ANY ||
        tenon_address_parse(place->host, &address) != TENON_OK ||
        address.family == settings->family) {
        return NULL;
    }
    return settings->family == TENON_FAMILY_IPV4 ? "it is an IPv6 address, which -4 leaves out" :
                                                   "it is an IPv4 address, which -6 leaves out";
}

void settings_complete(struct settings *settings)
{
    static const char localhost[] = "localhost";
    if (settings->place_count == 0) {
        memcpy(settings->places[0].host, localhost, sizeof localhost);
        settings->places[0].port = PLACE_PORT;
        settings->place_count = 1;
    }
}
