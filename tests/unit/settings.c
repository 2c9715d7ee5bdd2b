/* Settings: the options that both programs have. */
#include "unit.h"
#include "capture.h"
#include "common/exit_code.h"
#include "common/help.h"
#include "common/options.h"
#include "common/program.h"
#include <string.h>

enum {
    ARGUMENTS_MAX = PLACES_MAX + 1
};

static const struct option options[] = {
    SETTINGS_OPTIONS("hello", "1s"),
};

static const struct option_table table = {"program", "Does.", "Ends.\n", options,
                                          COUNT_OF(options)};

static int read_all(struct settings *settings, char *const *arguments, struct capture *capture)
{
    struct option_reader reader;
    char program[] = "program";
    char *argv[ARGUMENTS_MAX + 2] = {NULL};
    int argc = 1;
    argv[0] = program;
    while (argc <= ARGUMENTS_MAX && arguments[argc - 1] != NULL) {
        argv[argc] = arguments[argc - 1];
        argc++;
    }
    memset(settings, 0, sizeof *settings);
    capture_init(capture);
    option_reader_init(&reader, &table, argc, argv);
    for (int id = option_next(&reader); id != OPTION_DONE; id = option_next(&reader)) {
        int code = settings_take(settings, &reader, id, &capture->console);
        if (code != EXIT_CODE_NONE) {
            return code;
        }
    }
    settings_complete(settings);
    return EXIT_CODE_NONE;
}

static void check_taken(struct unit *unit)
{
    static const struct {
        char *arguments[ARGUMENTS_MAX + 1];
        const char *message;
        int64_t timeout;
        enum tenon_family family;
        enum console_level level;
        bool quiet;
        const char *host;
        uint16_t port;
    } rows[] = {
        {{NULL}, NULL, 0, TENON_FAMILY_ANY, CONSOLE_NORMAL, false, "localhost", PLACE_PORT},
        {{"-4", "--ipv4"}, NULL, 0, TENON_FAMILY_IPV4, CONSOLE_NORMAL, false, "localhost",
         PLACE_PORT},
        {{"-6v", ":80"}, NULL, 0, TENON_FAMILY_IPV6, CONSOLE_INFO, false, "", 80},
        {{"-vv", "-m", ""}, "", 0, TENON_FAMILY_ANY, CONSOLE_DEBUG, false, "localhost",
         PLACE_PORT},
        {{"-vvv", "-mhi"}, "hi", 0, TENON_FAMILY_ANY, CONSOLE_DEBUG, false, "localhost",
         PLACE_PORT},
        {{"-q", "-t", "5", "[::1]:80"}, NULL, 5 * TENON_SECOND, TENON_FAMILY_ANY, CONSOLE_NORMAL,
         true, "::1", 80},
        {{"-t0", "unix:x"}, NULL, TENON_FOREVER, TENON_FAMILY_ANY, CONSOLE_NORMAL, false, "unix:x",
         0},
    };
    struct settings settings;
    struct capture capture;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].arguments[0]);
        CHECK(unit, read_all(&settings, rows[i].arguments, &capture) == EXIT_CODE_NONE);
        CHECK(unit, (settings.message == NULL) == (rows[i].message == NULL));
        CHECK(unit, settings.message == NULL || strcmp(settings.message, rows[i].message) == 0);
        CHECK(unit, settings.timeout == rows[i].timeout);
        CHECK(unit, settings.family == rows[i].family);
        CHECK(unit, settings.level == rows[i].level);
        CHECK(unit, settings.quiet == rows[i].quiet);
        CHECK(unit, settings.place_count == 1);
        CHECK_TEXT(unit, settings.places[0].host, rows[i].host);
        CHECK(unit, settings.places[0].port == rows[i].port);
        CHECK_TEXT(unit, capture.output, "");
        CHECK_TEXT(unit, capture.error, "");
    }
}

static void check_usage(struct unit *unit)
{
    static const struct {
        char *arguments[ARGUMENTS_MAX + 1];
        const char *said;
    } rows[] = {
        {{"-4", "-6"}, "-4 and -6 exclude each other"},
        {{"-64"}, "-4 and -6 exclude each other"},
        {{"9000"}, "did you mean :9000?"},
        {{"010.0.0.1"}, "'010.0.0.1' is no address: "},
        {{""}, "'' is no address: "},
        {{"unix"}, "'unix' is no address: there is no path behind unix:"},
        {{"a\033[31m\n"}, "'a\\x1b[31m\\x0a' is no address: "},
        {{"--backend", "nonsense"}, "--backend nonsense: "},
        {{"-t", "5x"}, "--timeout 5x: "},
        {{"-t", ""}, "--timeout '': "},
        {{"--backend", ""}, "--backend '': "},
        {{"--nonsense"}, "unknown option --nonsense"},
        {{"-m"}, "option -m needs a value: TEXT"},
        {{":1", ":2", ":3", ":4", ":5", ":6", ":7", ":8", ":9", ":10", ":11", ":12", ":13", ":14",
          ":15", ":16", ":17"}, "more than 16 addresses"},
    };
    struct settings settings;
    struct capture capture;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].said);
        CHECK(unit, read_all(&settings, rows[i].arguments, &capture) == EXIT_CODE_USAGE);
        CHECK(unit, strncmp(capture.error, "program: ", 9) == 0);
        CHECK(unit, strstr(capture.error, rows[i].said) != NULL);
        CHECK(unit, strstr(capture.error, "\nhint: see program --help\n") != NULL);
        CHECK_TEXT(unit, capture.output, "");
    }
}

static void check_backends(struct unit *unit)
{
    struct settings settings;
    struct capture capture;
    for (size_t i = 0; tenon_backend_name(i) != NULL; i++) {
        char text[100] = "--backend=";
        char *arguments[] = {text, NULL};
        size_t size = strlen(text);
        const char *name = tenon_backend_name(i);
        unit_row(unit, name);
        memcpy(text + size, name, strlen(name) + 1);
        CHECK(unit, read_all(&settings, arguments, &capture) == EXIT_CODE_NONE);
        CHECK(unit, settings.backend != NULL && strcmp(settings.backend, name) == 0);
    }
}

/* The help names every option, and every backend that there is. */
static void check_help(struct unit *unit)
{
    static char *const help[] = {"-4h", NULL};
    static char *const version[] = {"--version", NULL};
    struct settings settings;
    struct capture capture;
    CHECK(unit, read_all(&settings, help, &capture) == EXIT_CODE_OK);
    CHECK_TEXT(unit, capture.error, "");
    CHECK(unit, strncmp(capture.output, "Usage: program ", 15) == 0);
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        unit_row(unit, options[i].name);
        const char *found = strstr(capture.output, options[i].name);
        CHECK(unit, found != NULL && strncmp(found - 2, "--", 2) == 0);
        CHECK(unit, strstr(capture.output, options[i].help) != NULL);
    }
    for (size_t i = 0; tenon_backend_name(i) != NULL; i++) {
        unit_row(unit, tenon_backend_name(i));
        CHECK(unit, strstr(capture.output, tenon_backend_name(i)) != NULL);
    }
    CHECK(unit, read_all(&settings, version, &capture) == EXIT_CODE_OK);
    CHECK(unit, strncmp(capture.output, "program ", 8) == 0);
    CHECK_TEXT(unit, capture.error, "");
}

/* What a program calls itself is what it was started as. */
static void check_name(struct unit *unit)
{
    static const struct {
        const char *started;
        const char *name;
    } rows[] = {
        {"server", "server"},
        {"/usr/bin/tenon-server", "tenon-server"},
        {"C:\\Program Files\\tenon\\tenon-server.exe", "tenon-server"},
        {"./server.exe", "server"},
        {".exe", ".exe"},
        {"folder/", "otherwise"},
        {"", "otherwise"},
    };
    char *none[] = {NULL};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char started[64];
        char *argv[] = {started, NULL};
        unit_row(unit, rows[i].started);
        memcpy(started, rows[i].started, strlen(rows[i].started) + 1);
        CHECK_TEXT(unit, program_name(argv, "otherwise"), rows[i].name);
    }
    CHECK_TEXT(unit, program_name(none, "otherwise"), "otherwise");
}

const struct unit_case settings_cases[] = {
    {"settings.name", check_name},
    {"settings.taken", check_taken},
    {"settings.usage", check_usage},
    {"settings.backends", check_backends},
    {"settings.help", check_help},
    {NULL, NULL}
};
