/* The server's command line. */
#include "server/options.h"
#include "common/exit_code.h"
#include <stdio.h>
#include <string.h>
#include <tenon/file.h>
#include <tenon/supervision.h>
#include <tenon/thread.h>

enum {
    CONNECTIONS_DEFAULT = 1024,
    CONNECTIONS_MAX = 1000 * 1000
};

enum {
    OPTION_MODE = OPTION_OWN,
    OPTION_INPUT,
    OPTION_ONCE,
    OPTION_CONNECTIONS,
    OPTION_THREADS,
    OPTION_DRAIN,
    OPTION_READY_FILE,
    OPTION_LOG_FILE,
    OPTION_SERVICE,
    OPTION_PER_ADDRESS,
    OPTION_ALLOW,
    OPTION_DENY,
    OPTION_PROXIES,
    OPTION_CERTIFICATE
};

static const char default_message[] = "Hello from the server!!!";

static const struct option rows[] = {
    {OPTION_MODE, 0, "mode", "greet|echo|discard", "the service [greet]"},
    {OPTION_INPUT, 'i', "input", "FILE", "answer with this file instead of the message"},
    {OPTION_ONCE, '1', "once", NULL, "serve one client, then exit"},
    {OPTION_CONNECTIONS, 'c', "connections", "N", "clients at once; more wait [1024]"},
    {OPTION_THREADS, 0, "threads", "N", "event loops [one per core, at most 16]"},
    {OPTION_DRAIN, 0, "drain", "TIME", "how long a stop waits for clients [10s]"},
    {OPTION_READY_FILE, 0, "ready-file", "PATH",
     "once listening, write the addresses there, one a line"},
    {OPTION_LOG_FILE, 0, "log-file", "PATH",
     "log there; opened anew on SIGHUP, and when it is moved"},
    {OPTION_SERVICE, 0, "service", NULL, "run as a Windows service; with --log-file"},
    {OPTION_PER_ADDRESS, 0, "max-per-ip", "N",
     "clients at once of one address, IPv6 by its /64 [any number]"},
    {OPTION_ALLOW, 0, "allow", "CIDR[,...]", "who may connect; the rest is refused [everybody]"},
    {OPTION_DENY, 0, "deny", "CIDR[,...]", "who may not, whoever is allowed"},
    {OPTION_PROXIES, 0, "proxy-protocol", "CIDR[,...]",
     "only these may connect, with a PROXY header; unix: local ones"},
    {OPTION_CERTIFICATE, 0, "require-client-cert", "[=NAME]",
     "only clients whose certificate the proxy verified"},
    SETTINGS_OPTIONS("Hello from the server!!!", "60s"),
};

const struct option_table server_option_table = {
    "server",
    "Listens on each ADDRESS [localhost:12345; :PORT is every address] and answers every client.",
    "Exit codes: 0 done, also after a stop that waited for all clients; 1 input or output failed,\n"
    "or the client of --once reset; 2 usage; 3 a name was not found; 5 the client of --once timed\n"
    "out; 6 cannot listen; 7 a stop cut a client off; 130, 143 a second stop request.\n",
    rows,
    sizeof rows / sizeof rows[0],
};

static int take_list(struct access_list *list, struct option_reader *reader,
                     enum access_unix with_unix, struct console *console)
{
    char problem[OPTION_PROBLEM_MAX];
    char why[ACCESS_PROBLEM_MAX];
    if (access_list_add(list, reader->value, with_unix, why)) {
        return EXIT_CODE_NONE;
    }
    (void)snprintf(problem, sizeof problem, "--%s: %s", reader->current->name, why);
    return settings_usage(console, problem);
}

static int take(struct server_options *options, struct option_reader *reader, int id,
                struct console *console)
{
    static const char *const modes[] = {"greet", "echo", "discard", NULL};
    uint32_t mode = 0;
    bool good = true;
    switch (id) {
    case OPTION_MODE:
        good = option_choice(reader, modes, &mode);
        options->mode = (enum server_mode)mode;
        break;
    case OPTION_INPUT:
        options->input = reader->value;
        break;
    case OPTION_ONCE:
        options->once = true;
        break;
    case OPTION_CONNECTIONS:
        good = option_count(reader, 1, CONNECTIONS_MAX, &options->connections);
        break;
    case OPTION_THREADS:
        good = option_count(reader, 1, SERVER_THREADS_MAX, &options->threads);
        break;
    case OPTION_DRAIN:
        good = option_duration(reader, &options->drain);
        break;
    case OPTION_READY_FILE:
        options->ready_file = reader->value;
        break;
    case OPTION_LOG_FILE:
        options->log_file = reader->value;
        break;
    case OPTION_SERVICE:
        options->service = true;
        break;
    case OPTION_PER_ADDRESS:
        good = option_count(reader, 1, CONNECTIONS_MAX, &options->per_address);
        break;
    case OPTION_ALLOW:
        return take_list(&options->allow, reader, ACCESS_WITHOUT_UNIX, console);
    case OPTION_DENY:
        return take_list(&options->deny, reader, ACCESS_WITHOUT_UNIX, console);
    case OPTION_PROXIES:
        return take_list(&options->proxies, reader, ACCESS_WITH_UNIX, console);
    case OPTION_CERTIFICATE:
        options->needs_certificate = true;
        options->certificate_name = reader->value;
        if (reader->value != NULL && *reader->value == '\0') {
            return settings_usage(console, "--require-client-cert= needs a name behind the =");
        }
        break;
    default:
        return settings_take(&options->settings, reader, id, console);
    }
    return good ? EXIT_CODE_NONE : settings_usage(console, reader->problem);
}

/* A service has another working directory than whoever installs it, and no output. */
static int check_service(const struct server_options *options, struct console *console)
{
    const struct {
        const char *name;
        const char *path;
    } files[] = {
        {"log-file", options->log_file},
        {"ready-file", options->ready_file},
        {"input", options->input},
    };
    char problem[OPTION_PROBLEM_MAX];
    if (!tenon_has_services()) {
        return settings_usage(console, "--service is for Windows: leave it out, a supervisor such "
                                       "as systemd is noticed without it");
    }
    if (options->log_file == NULL) {
        return settings_usage(console, "--service needs --log-file PATH: nobody sees a service's "
                                       "output");
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i].path != NULL && !tenon_path_is_absolute(files[i].path)) {
            (void)snprintf(problem, sizeof problem,
                           "--%s %.300s: with --service it is to be an absolute path, as a service "
                           "has a working directory of its own", files[i].name, files[i].path);
            return settings_usage(console, problem);
        }
    }
    return EXIT_CODE_NONE;
}

/* One for each processor, and no more than there are clients; for a single client one. */
static void choose_threads(struct server_options *options)
{
    uint32_t threads = options->threads;
    if (threads == 0) {
        threads = tenon_processor_count();
        threads = threads < SERVER_THREADS_MAX ? threads : SERVER_THREADS_MAX;
    }
    threads = threads < options->connections ? threads : options->connections;
    options->threads = options->once ? 1 : threads;
}

int server_options_read(struct server_options *options, int argc, char **argv,
                        struct console *console)
{
    struct option_reader reader;
    memset(options, 0, sizeof *options);
    options->settings.timeout = 60 * TENON_SECOND;
    options->connections = CONNECTIONS_DEFAULT;
    options->drain = 10 * TENON_SECOND;
    option_reader_init(&reader, &server_option_table, argc, argv);
    for (int id = option_next(&reader); id != OPTION_DONE; id = option_next(&reader)) {
        int code = take(options, &reader, id, console);
        if (code != EXIT_CODE_NONE) {
            return code;
        }
    }
    if (options->mode != SERVER_GREET &&
        (options->settings.message != NULL || options->input != NULL)) {
        return settings_usage(console, options->input == NULL ?
                              "--message belongs to --mode greet" :
                              "--input belongs to --mode greet");
    }
    if (options->settings.message != NULL && options->input != NULL) {
        return settings_usage(console, "--message and --input exclude each other");
    }
    if (options->settings.message == NULL) {
        options->settings.message = default_message;
    }
    if (options->needs_certificate && access_list_is_empty(&options->proxies)) {
        return settings_usage(console, "--require-client-cert belongs to --proxy-protocol, whose "
                                       "header tells of the certificate");
    }
    if (options->once && options->threads > 1) {
        return settings_usage(console, "--once has one event loop: leave --threads out");
    }
    if (options->service && check_service(options, console) != EXIT_CODE_NONE) {
        return EXIT_CODE_USAGE;
    }
    choose_threads(options);
    options->has_places = options->settings.place_count > 0;
    settings_complete(&options->settings);
    return EXIT_CODE_NONE;
}
