/* The client's command line. */
#include "client/options.h"
#include "common/exit_code.h"
#include <string.h>

enum {
    OPTION_CONNECT_TIMEOUT = OPTION_OWN,
    OPTION_WAIT,
    OPTION_PROBE
};

static const char default_message[] = "Hello from the client!!!";

static const struct option rows[] = {
    {OPTION_CONNECT_TIMEOUT, 'w', "connect-timeout", "TIME",
     "for each ADDRESS, look-up and connecting [5s]"},
    {OPTION_WAIT, 0, "wait", "TIME", "keep trying what is refused or not resolved this long"},
    {OPTION_PROBE, 'z', "probe", NULL, "connect, close, and tell by the exit code"},
    LOAD_OPTIONS,
    SETTINGS_OPTIONS("Hello from the client!!!", "10s"),
};

static const struct option_table table = {
    "client",
    "Sends a message to the first ADDRESS that connects [localhost:12345] and prints the "
    "response;\n"
    "with -q nothing but its bytes.",
    "Exit codes: 0 done; 1 reset, no answer, input or output failed; 2 usage; 3 a name was not\n"
    "found; 4 refused or unreachable; 5 timed out; 7 the load test had errors; 130, 143\n"
    "interrupted, terminated.\n",
    rows,
    sizeof rows / sizeof rows[0],
};

static int take(struct client_options *options, struct option_reader *reader, int id,
                struct console *console)
{
    bool good = true;
    switch (id) {
    case OPTION_CONNECT_TIMEOUT:
        good = option_duration(reader, &options->connect_timeout);
        break;
    case OPTION_WAIT:
        good = option_duration(reader, &options->wait);
        break;
    case OPTION_PROBE:
        options->probe = true;
        break;
    case OPTION_LOAD:
    case OPTION_LOAD_CONNECTIONS:
    case OPTION_LOAD_DURATION:
    case OPTION_LOAD_RATE:
    case OPTION_LOAD_SIZE:
    case OPTION_LOAD_THREADS:
        good = load_options_take(&options->load, reader, id);
        break;
    default:
        return settings_take(&options->settings, reader, id, console);
    }
    return good ? EXIT_CODE_NONE : settings_usage(console, reader->problem);
}

/* Without a host it is this machine. */
static void set_host(struct place *place)
{
    static const char localhost[] = "localhost";
    if (place_host(place) == NULL) {
        memcpy(place->host, localhost, sizeof localhost);
    }
}

/* What a load test has no use for. NULL: nothing. */
static const char *check_load(const struct client_options *options)
{
    const struct settings *settings = &options->settings;
    return options->probe ? "--probe and --bench exclude each other" :
        settings->quiet ? "--quiet does not belong to --bench: its result is all it prints" :
        settings->hex ? "--hex does not belong to --bench" :
        settings->message != NULL && options->load.kind != LOAD_GREET ?
        "--message does not belong to --bench=echo or --bench=connect" :
        NULL;
}

static int check(struct client_options *options, struct console *console)
{
    struct settings *settings = &options->settings;
    const char *problem = load_options_complete(&options->load);
    if (problem == NULL && options->load.kind != LOAD_NONE) {
        problem = check_load(options);
    }
    if (problem != NULL) {
        return settings_usage(console, problem);
    }
    if (options->probe && settings->message != NULL) {
        return settings_usage(console, "--message does not belong to --probe: it sends nothing");
    }
    if (console->json && settings->quiet) {
        return settings_usage(console, "--json and --quiet exclude each other: one is objects, the "
                                       "other the response's bytes alone");
    }
    for (uint32_t i = 0; i < settings->place_count; i++) {
        if (settings->places[i].port == 0 && !place_is_path(&settings->places[i])) {
            return settings_usage(console, "nobody listens on port 0");
        }
        set_host(&settings->places[i]);
    }
    return EXIT_CODE_NONE;
}

int client_options_read(struct client_options *options, int argc, char **argv,
                        struct console *console)
{
    struct option_reader reader;
    memset(options, 0, sizeof *options);
    options->settings.timeout = 10 * TENON_SECOND;
    options->connect_timeout = 5 * TENON_SECOND;
    option_reader_init(&reader, &table, argc, argv);
    for (int id = option_next(&reader); id != OPTION_DONE; id = option_next(&reader)) {
        int code = take(options, &reader, id, console);
        if (code != EXIT_CODE_NONE) {
            return code;
        }
    }
    int code = check(options, console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    if (options->settings.message == NULL) {
        options->settings.message = default_message;
    }
    settings_complete(&options->settings);
    return EXIT_CODE_NONE;
}
