/* The command lines of both programs, read by their own tables. The input: the arguments, with a
 * zero behind each. */
#include "client/options.h"
#include "common/exit_code.h"
#include "common/text.h"
#include "fuzz.h"
#include "scan.h"
#include "server/options.h"
#include <stdlib.h>
#include <string.h>

enum {
    ARGUMENTS_MAX = 64,
    OUTPUT_MAX = 16 * 1024,
    NAMED_MAX = 24          /* bytes of an argument that a problem shows at least */
};

/* sink is the first member: its functions find the rest by it. */
struct capture {
    struct sink sink;
    size_t output_size;
    size_t error_size;
    char output[OUTPUT_MAX];
    char error[OUTPUT_MAX];
};

struct arguments {
    int count;
    char *words[ARGUMENTS_MAX + 1];
};

static bool write_text(struct sink *sink, enum tenon_output output, const void *data, size_t size)
{
    struct capture *capture = (struct capture *)(void *)sink;
    char *text = output == TENON_OUTPUT ? capture->output : capture->error;
    size_t *used = output == TENON_OUTPUT ? &capture->output_size : &capture->error_size;
    FUZZ_CHECK(size < OUTPUT_MAX - *used);
    memcpy(text + *used, data, size);
    *used += size;
    text[*used] = '\0';
    return true;
}

static void read_arguments(struct arguments *arguments, const uint8_t *data, size_t size)
{
    static const char program[] = "program";
    arguments->words[0] = fuzz_text((const uint8_t *)program, sizeof program - 1);
    arguments->count = 1;
    while (size > 0 && arguments->count < ARGUMENTS_MAX) {
        const uint8_t *end = memchr(data, '\0', size);
        size_t length = end == NULL ? size : (size_t)(end - data);
        size_t taken = end == NULL ? size : length + 1;
        arguments->words[arguments->count++] = fuzz_text(data, length);
        data += taken;
        size -= taken;
    }
    arguments->words[arguments->count] = NULL;
}

/* Whether `text` shows the beginning of these bytes. */
static bool shows(const char *text, const char *bytes, size_t size)
{
    struct text_escape escape = {.held_count = 0};
    char shown[TEXT_ESCAPED_MAX(NAMED_MAX) + 1];
    size_t shown_size = text_escape(&escape, bytes, size < NAMED_MAX ? size : NAMED_MAX, shown);
    shown[shown_size] = '\0';
    return strstr(text, shown) != NULL;
}

/* Whether the problem shows an argument, an option's name or its value. */
static bool names_an_argument(const char *problem, const struct arguments *arguments)
{
    for (int i = 1; i < arguments->count; i++) {
        const char *word = arguments->words[i];
        size_t name = strcspn(word, "=");
        if (shows(problem, word, strlen(word)) || (word[0] == '-' && shows(problem, word, name))) {
            return true;
        }
        /* Behind the equals sign, or behind a letter of a bundle. */
        for (size_t at = 1; word[0] == '-' && word[at] != '\0'; at++) {
            if (shows(problem, word + at, strlen(word + at))) {
                return true;
            }
        }
    }
    return false;
}

/* What is wrong with the whole, or between options, which it then shows by their long names. */
static bool is_of_the_whole(const char *problem)
{
    static const char *const problems[] = {
        "program: more than 16 addresses\n", "program: --once has one event loop",
        "program: nobody listens on port 0\n", " exclude each other", " belongs to --",
        " does not belong ", " takes no value\n", " needs a value: ", "= needs a name",
        "program: --ready-file has the addresses: give it or an ADDRESS\n",
    };
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++) {
        if (strstr(problem, problems[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool asks_for_json(const struct arguments *arguments)
{
    for (int i = 0; i < arguments->count; i++) {
        if (strcmp(arguments->words[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

/* Nothing, or the problem once more as an event. */
static void check_events(const struct capture *capture, const struct arguments *arguments)
{
    static const char begin[] = "{\"schema\":1,\"ts\":\"";
    const char *line = capture->output;
    FUZZ_CHECK(strlen(line) == capture->output_size);
    FUZZ_CHECK(*line == '\0' || asks_for_json(arguments));
    while (*line != '\0') {
        const char *line_end = strchr(line, '\n');
        FUZZ_CHECK(line_end != NULL && line_end[-1] == '}');
        FUZZ_CHECK(strncmp(line, begin, sizeof begin - 1) == 0);
        FUZZ_CHECK(scan_is_safe(line, (size_t)(line_end - line)));
        line = line_end + 1;
    }
}

static void check_usage(const struct capture *capture, const struct arguments *arguments)
{
    static const char hint[] = "hint: see program --help\n";
    static const char unknown[] = "program: unknown option -";
    const char *line_end = strchr(capture->error, '\n');
    check_events(capture, arguments);
    FUZZ_CHECK(strlen(capture->error) == capture->error_size);
    FUZZ_CHECK(strncmp(capture->error, "program: ", strlen("program: ")) == 0);
    FUZZ_CHECK(line_end != NULL && strcmp(line_end + 1, hint) == 0);
    /* But for the ends of both lines. */
    FUZZ_CHECK(scan_is_safe(capture->error, (size_t)(line_end - capture->error)));
    const char *name = capture->error + sizeof unknown - 1;
    bool letter = strncmp(capture->error, unknown, sizeof unknown - 1) == 0 &&
                  (name[0] != '-' || name[1] == ' ' || name[1] == '\n');
    FUZZ_CHECK(letter || is_of_the_whole(capture->error) ||
               names_an_argument(capture->error, arguments));
}

static void check_settings(const struct settings *settings)
{
    FUZZ_CHECK(settings->timeout > 0);
    FUZZ_CHECK(settings->family <= TENON_FAMILY_IPV6);
    FUZZ_CHECK(settings->level <= CONSOLE_DEBUG);
    FUZZ_CHECK(settings->place_count >= 1 && settings->place_count <= PLACES_MAX);
    for (uint32_t i = 0; i < settings->place_count; i++) {
        const struct place *place = &settings->places[i];
        FUZZ_CHECK(memchr(place->host, '\0', sizeof place->host) != NULL);
        FUZZ_CHECK(!place_is_path(place) || place->port == 0);
    }
}

static void check_server(const struct server_options *options)
{
    check_settings(&options->settings);
    FUZZ_CHECK(options->settings.message != NULL);
    FUZZ_CHECK(options->mode <= SERVER_DISCARD);
    FUZZ_CHECK(options->connections >= 1 && options->connections <= 1000 * 1000);
    FUZZ_CHECK(options->drain > 0);
}

static void check_client(const struct client_options *options)
{
    check_settings(&options->settings);
    FUZZ_CHECK((options->settings.message == NULL) == (options->input != NULL));
    FUZZ_CHECK(options->half_close != HALF_CLOSE_DEFAULT);
    FUZZ_CHECK(options->connect_timeout > 0);
    FUZZ_CHECK(options->wait >= 0);
    for (uint32_t i = 0; i < options->settings.place_count; i++) {
        const struct place *place = &options->settings.places[i];
        FUZZ_CHECK(place_host(place) != NULL);
        FUZZ_CHECK(place->port != 0 || place_is_path(place));
    }
}

static void check_output(int code, const struct capture *capture, const struct arguments *arguments)
{
    switch (code) {
    case EXIT_CODE_NONE:
        FUZZ_CHECK(capture->output_size == 0 && capture->error_size == 0);
        return;
    case EXIT_CODE_OK:
        /* The help lists itself; the version is the other text. */
        FUZZ_CHECK(capture->error_size == 0);
        FUZZ_CHECK(strstr(capture->output, "-h, --help ") != NULL ||
                   strstr(capture->output, "program (tenon) ") == capture->output);
        FUZZ_CHECK(capture->output[capture->output_size - 1] == '\n');
        return;
    case EXIT_CODE_USAGE:
        check_usage(capture, arguments);
        return;
    default:
        FUZZ_CHECK(code == EXIT_CODE_NONE);
    }
}

static void run(struct arguments *arguments, bool server)
{
    struct server_options server_options;
    struct client_options client_options;
    struct capture *capture = calloc(1, sizeof *capture);
    FUZZ_CHECK(capture != NULL);
    struct console console = {0};
    sink_init(&capture->sink, write_text, NULL);
    console.program = "program";
    console.sink = &capture->sink;
    int code = server ?
        server_options_read(&server_options, arguments->count, arguments->words, &console) :
        client_options_read(&client_options, arguments->count, arguments->words, &console);
    check_output(code, capture, arguments);
    if (code == EXIT_CODE_NONE && server) {
        check_server(&server_options);
    } else if (code == EXIT_CODE_NONE) {
        check_client(&client_options);
    }
    free(capture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arguments arguments;
    read_arguments(&arguments, data, size);
    run(&arguments, true);
    run(&arguments, false);
    for (int i = 0; i < arguments.count; i++) {
        free(arguments.words[i]);
    }
    return 0;
}
