/* Options: the reader of a table, values, the nearest name. */
#include "unit.h"
#include "common/options.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

enum {
    ARGUMENTS_MAX = 6,
    TEXT_MAX = 800,
    OPTION_MODE = OPTION_OWN,
    OPTION_ONCE,
    OPTION_CONNECTIONS
};

static const struct option options[] = {
    {OPTION_MODE, 0, "mode", "MODE", "the service"},
    {OPTION_ONCE, '1', "once", NULL, "serve one client"},
    {OPTION_CONNECTIONS, 'c', "connections", "N", "clients at once"},
    SETTINGS_OPTIONS("hello", "1s"),
};

static const struct option_table table = {"program", "Does.", "Ends.\n", options,
                                          COUNT_OF(options)};

/* Adds to the text, which has room for TEXT_MAX bytes. */
static void add(char *text, const char *before, const char *word, const char *behind)
{
    size_t size = strlen(text);
    (void)snprintf(text + size, TEXT_MAX - size, "%s%s%s%s", size == 0 ? "" : " ", before, word,
                   behind);
}

/* What the reader makes of the arguments: options as `name` or `name=value`, operands in brackets,
 * a problem behind `!`. */
static void read_all(char *const *arguments, char text[TEXT_MAX])
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
    text[0] = '\0';
    option_reader_init(&reader, &table, argc, argv);
    for (int id = option_next(&reader); id != OPTION_DONE; id = option_next(&reader)) {
        if (id == OPTION_WRONG) {
            add(text, "! ", reader.problem, "");
            return;
        }
        if (id == OPTION_OPERAND) {
            add(text, "(", reader.value, ")");
        } else if (reader.value != NULL) {
            char name[TEXT_MAX];
            (void)snprintf(name, sizeof name, "%s=", reader.current->name);
            add(text, name, reader.value, "");
        } else {
            add(text, reader.current->name, "", "");
        }
    }
}

static void check_reading(struct unit *unit)
{
    static const struct {
        char *arguments[ARGUMENTS_MAX + 1];
        const char *expected;
    } rows[] = {
        {{NULL}, ""},
        {{"-4"}, "ipv4"},
        {{"--ipv4"}, "ipv4"},
        {{"-4v"}, "ipv4 verbose"},
        {{"-vv1"}, "verbose verbose once"},
        {{"-v", "-v"}, "verbose verbose"},
        {{"-m", "hi"}, "message=hi"},
        {{"-mhi"}, "message=hi"},
        {{"-m=hi"}, "message==hi"},
        {{"-4mhi", "-6"}, "ipv4 message=hi ipv6"},
        {{"-vm", "-6"}, "verbose message=-6"},
        {{"-m", "--"}, "message=--"},
        {{"-m", ""}, "message="},
        {{"--message", "hi"}, "message=hi"},
        {{"--message=hi"}, "message=hi"},
        {{"--message="}, "message="},
        {{"--message", ""}, "message="},
        {{"--message=a=b"}, "message=a=b"},
        {{"--message", "--ipv4"}, "message=--ipv4"},
        {{"--mode", "echo", "--backend=poll"}, "mode=echo backend=poll"},
        {{"host:80"}, "(host:80)"},
        {{"a", "-4", "b", "--once", "c"}, "(a) ipv4 (b) once (c)"},
        {{"--", "-4", "--once", "--"}, "(-4) (--once) (--)"},
        {{"-4", "--", "a"}, "ipv4 (a)"},
        {{"--"}, ""},
        {{"-"}, "(-)"},
        {{""}, "()"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[TEXT_MAX];
        read_all(rows[i].arguments, text);
        unit_row(unit, rows[i].expected);
        CHECK_TEXT(unit, text, rows[i].expected);
    }
}

static void check_wrong(struct unit *unit)
{
    static const struct {
        char *arguments[ARGUMENTS_MAX + 1];
        const char *expected;
    } rows[] = {
        {{"--mesage=hi"}, "! unknown option --mesage (did you mean --message?)"},
        {{"--verb"}, "! unknown option --verb (did you mean --verbose?)"},
        {{"--Message"}, "! unknown option --Message (did you mean --message?)"},
        {{"--messages"}, "! unknown option --messages (did you mean --message?)"},
        {{"-4", "--tiemout", "5"}, "ipv4 ! unknown option --tiemout (did you mean --timeout?)"},
        {{"-b"}, "! unknown option -b (did you mean --backend?)"},
        {{"-4b6"}, "ipv4 ! unknown option -b (did you mean --backend?)"},
        {{"--ipv4=yes"}, "! option --ipv4 takes no value"},
        {{"--ipv4="}, "! option --ipv4 takes no value"},
        {{"--message"}, "! option --message needs a value: TEXT"},
        {{"--mode"}, "! option --mode needs a value: MODE"},
        {{"-m"}, "! option -m needs a value: TEXT"},
        {{"-4m"}, "ipv4 ! option -m needs a value: TEXT"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[TEXT_MAX];
        read_all(rows[i].arguments, text);
        unit_row(unit, rows[i].expected);
        CHECK_TEXT(unit, text, rows[i].expected);
    }
}

/* Names that nothing is near to, or that are longer than any. */
static void check_wrong_anyhow(struct unit *unit)
{
    char long_name[1000] = "--";
    char *rows[] = {"---", "--=x", "--=", "-?", "-\xc3\xbc", "--\xff\xfe", NULL};
    memset(long_name + 2, 'x', sizeof long_name - 3);
    rows[COUNT_OF(rows) - 1] = long_name;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[TEXT_MAX];
        char *arguments[ARGUMENTS_MAX + 1] = {NULL};
        arguments[0] = rows[i];
        read_all(arguments, text);
        unit_row(unit, rows[i]);
        CHECK(unit, strncmp(text, "! unknown option -", 18) == 0);
        CHECK(unit, strstr(text, "did you mean") == NULL);
    }
}

static void check_nearest(struct unit *unit)
{
    static const struct {
        const char *name;
        const char *nearest;
    } rows[] = {
        {"message", "message"}, {"mesage", "message"}, {"mess", "message"}, {"mo", "mode"},
        {"vrebose", "verbose"}, {"verb", "verbose"}, {"vers", "version"}, {"quite", "quiet"},
        {"hlep", "help"}, {"tiemout", "timeout"}, {"conections", "connections"},
        {"c", "connections"}, {"ipv5", "ipv4"}, {"backends", "backend"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].name);
        CHECK_TEXT(unit, option_nearest(&table, rows[i].name), rows[i].nearest);
    }
    CHECK(unit, option_nearest(&table, "") == NULL);
    CHECK(unit, option_nearest(&table, "xyzzy") == NULL);
}

static struct option_reader reader_of(const struct option *option, const char *value)
{
    struct option_reader reader;
    memset(&reader, 0, sizeof reader);
    reader.table = &table;
    reader.current = option;
    reader.value = value;
    return reader;
}

static void check_values(struct unit *unit)
{
    static const char *const modes[] = {"greet", "echo", "discard", NULL};
    struct option_reader reader = reader_of(&options[0], "echo");
    uint32_t number = 9;
    int64_t duration = 0;
    CHECK(unit, option_choice(&reader, modes, &number) && number == 1);
    reader.value = "discard";
    CHECK(unit, option_choice(&reader, modes, &number) && number == 2);
    reader = reader_of(&options[2], "1k");
    CHECK(unit, option_count(&reader, 1, 1000, &number) && number == 1000);
    reader.value = "1";
    CHECK(unit, option_count(&reader, 1, 1000, &number) && number == 1);
    reader.value = "1.5s";
    CHECK(unit, option_duration(&reader, &duration) && duration == 1500 * TENON_MILLISECOND);
}

/* The problem names the option and the value, and says what is wanted. */
static void check_values_wrong(struct unit *unit)
{
    static const char *const modes[] = {"greet", "echo", "discard", NULL};
    static const char *const choices[] = {"", "Echo", "ech", "echoes"};
    static const char *const counts[] = {"", "0", "1001", "-1", "2k", "many"};
    uint32_t number = 0;
    int64_t duration = 0;
    for (size_t i = 0; i < COUNT_OF(choices); i++) {
        char begin[40];
        struct option_reader reader = reader_of(&options[0], choices[i]);
        unit_row(unit, choices[i]);
        (void)snprintf(begin, sizeof begin, "--mode %s:", text_shown(choices[i]));
        CHECK(unit, !option_choice(&reader, modes, &number));
        CHECK(unit, strncmp(reader.problem, begin, strlen(begin)) == 0);
        CHECK(unit, strstr(reader.problem, "greet, echo, discard") != NULL);
    }
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        char begin[40];
        struct option_reader reader = reader_of(&options[2], counts[i]);
        unit_row(unit, counts[i]);
        (void)snprintf(begin, sizeof begin, "--connections %s:", text_shown(counts[i]));
        CHECK(unit, !option_count(&reader, 1, 1000, &number));
        CHECK(unit, strncmp(reader.problem, begin, strlen(begin)) == 0);
        CHECK(unit, strstr(reader.problem, "from 1 to 1000") != NULL);
    }
    struct option_reader reader = reader_of(&options[2], "5x");
    unit_row(unit, "5x");
    CHECK(unit, !option_duration(&reader, &duration));
    CHECK(unit, strncmp(reader.problem, "--connections 5x:", 17) == 0);
}

const struct unit_case option_cases[] = {
    {"option.reading", check_reading},
    {"option.wrong", check_wrong},
    {"option.wrong_anyhow", check_wrong_anyhow},
    {"option.nearest", check_nearest},
    {"option.values", check_values},
    {"option.values_wrong", check_values_wrong},
    {NULL, NULL}
};
