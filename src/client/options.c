/* The client's command line. */
#include "client/options.h"
#include "common/exit_code.h"
#include <stdio.h>
#include <string.h>

enum {
    OPTION_CONNECT_TIMEOUT = OPTION_OWN,
    OPTION_WAIT,
    OPTION_PROBE,
    OPTION_INPUT,
    OPTION_OUTPUT,
    OPTION_READY_FILE,
    OPTION_EXPECT,
    OPTION_HALF_CLOSE
};

static const char default_message[] = "Hello from the client!!!";

static const struct option rows[] = {
    {OPTION_INPUT, 'i', "input", "FILE", "send this file instead; -: the standard input"},
    {OPTION_OUTPUT, 'o', "output", "FILE", "write the response there, if all goes well"},
    {OPTION_CONNECT_TIMEOUT, 'w', "connect-timeout", "TIME",
     "for each ADDRESS, look-up and connecting [5s]"},
    {OPTION_WAIT, 0, "wait", "TIME", "keep trying what is refused or not resolved this long"},
    {OPTION_READY_FILE, 0, "ready-file", "PATH",
     "take the addresses from there; with --wait, wait for it"},
    {OPTION_EXPECT, 0, "expect", "TEXT",
     "fail on any other answer; with --wait, try until it comes"},
    {OPTION_HALF_CLOSE, 0, "half-close", "now|pause|never",
     "when to end our side [at a pause of the answer; now with -i]"},
    {OPTION_PROBE, 'z', "probe", NULL, "connect, close, and tell by the exit code"},
    LOAD_OPTIONS,
    SETTINGS_OPTIONS("Hello from the client!!!", "10s"),
};

const struct option_table client_option_table = {
    "client",
    "Sends a message to the first ADDRESS that connects [localhost:12345] and prints the "
    "response;\n"
    "with -q nothing but its bytes.",
    "Exit codes: 0 done; 1 reset, no answer or another than expected, input or output failed;\n"
    "2 usage, or a file that cannot be opened; 3 a name was not found; 4 refused or unreachable;\n"
    "5 timed out; 7 the load test had errors; 130, 143 interrupted, terminated.\n",
    rows,
    sizeof rows / sizeof rows[0],
};

static bool take_half_close(struct client_options *options, struct option_reader *reader)
{
    static const char *const names[] = {"now", "pause", "never", NULL};
    uint32_t index = 0;
    bool good = option_choice(reader, names, &index);
    options->half_close = (enum half_close)(HALF_CLOSE_NOW + index);
    return good;
}

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
    case OPTION_INPUT:
        options->input = reader->value;
        break;
    case OPTION_OUTPUT:
        options->output = reader->value;
        break;
    case OPTION_READY_FILE:
        options->ready_file = reader->value;
        break;
    case OPTION_EXPECT:
        options->expected = reader->value;
        break;
    case OPTION_HALF_CLOSE:
        good = take_half_close(options, reader);
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

/* Neither a probe nor a load test has an exchange. NULL: none of its options was given. */
static const char *option_of_exchange(const struct client_options *options)
{
    return options->input != NULL ? "--input" :
        options->output != NULL ? "--output" :
        options->expected != NULL ? "--expect" :
        options->half_close != HALF_CLOSE_DEFAULT ? "--half-close" :
        NULL;
}

/* What a probe or a load test has no use for. NULL: nothing. */
static const char *check_kind(const struct client_options *options)
{
    const struct settings *settings = &options->settings;
    if (options->load.kind == LOAD_NONE) {
        return options->probe && settings->message != NULL ?
            "--message does not belong to --probe: it sends nothing" : NULL;
    }
    return options->probe ? "--probe and --bench exclude each other" :
        settings->quiet ? "--quiet does not belong to --bench: its result is all it prints" :
        settings->hex ? "--hex does not belong to --bench" :
        settings->message != NULL && options->load.kind != LOAD_GREET ?
        "--message does not belong to --bench=echo or --bench=connect" :
        NULL;
}

static const char *check_exchange(const struct client_options *options, bool json)
{
    const struct settings *settings = &options->settings;
    return settings->message != NULL && options->input != NULL ?
        "--message and --input exclude each other" :
        json && settings->quiet ? "--json and --quiet exclude each other: one is objects, the "
                                  "other the response's bytes alone" :
        options->output != NULL && strcmp(options->output, "-") == 0 ?
        "--output -: the response's bytes alone are on the standard output with --quiet" :
        options->ready_file != NULL && settings->place_count > 0 ?
        "--ready-file has the addresses: give it or an ADDRESS" :
        NULL;
}

/* NULL, or what does not go together. */
static const char *check(struct client_options *options, bool json, char text[OPTION_PROBLEM_MAX])
{
    bool other = options->probe || options->load.kind != LOAD_NONE;
    const char *option = other ? option_of_exchange(options) : NULL;
    const char *problem = load_options_complete(&options->load);
    if (problem == NULL && option != NULL) {
        (void)snprintf(text, OPTION_PROBLEM_MAX, "%s does not belong to %s", option,
                       options->probe ? "--probe" : "--bench");
        return text;
    }
    problem = problem == NULL ? check_kind(options) : problem;
    return problem == NULL ? check_exchange(options, json) : problem;
}

/* Without a host it is this machine. */
static const char *complete_places(struct settings *settings)
{
    static const char localhost[] = "localhost";
    for (uint32_t i = 0; i < settings->place_count; i++) {
        struct place *place = &settings->places[i];
        if (place->port == 0 && !place_is_path(place)) {
            return "nobody listens on port 0";
        }
        if (place_host(place) == NULL) {
            memcpy(place->host, localhost, sizeof localhost);
        }
    }
    settings_complete(settings);
    return NULL;
}

static void complete(struct client_options *options)
{
    bool message = options->input == NULL;
    if (message && options->settings.message == NULL) {
        options->settings.message = default_message;
    }
    if (options->half_close == HALF_CLOSE_DEFAULT) {
        options->half_close = message ? HALF_CLOSE_PAUSE : HALF_CLOSE_NOW;
    }
}

int client_options_read(struct client_options *options, int argc, char **argv,
                        struct console *console)
{
    struct option_reader reader;
    memset(options, 0, sizeof *options);
    options->settings.timeout = 10 * TENON_SECOND;
    options->connect_timeout = 5 * TENON_SECOND;
    option_reader_init(&reader, &client_option_table, argc, argv);
    for (int id = option_next(&reader); id != OPTION_DONE; id = option_next(&reader)) {
        int code = take(options, &reader, id, console);
        if (code != EXIT_CODE_NONE) {
            return code;
        }
    }
    char text[OPTION_PROBLEM_MAX];
    const char *problem = check(options, console->json, text);
    if (problem == NULL) {
        problem = complete_places(&options->settings);
    }
    if (problem != NULL) {
        return settings_usage(console, problem);
    }
    complete(options);
    return EXIT_CODE_NONE;
}
