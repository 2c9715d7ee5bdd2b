/* The harness: programs, and the checks that end a case. */
#include "harness.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUNS_MAX = 16,
    ARGUMENTS_MAX = 32,
    EXIT_SKIPPED = 77
};

/* The programs of this case, to be shown and ended when it fails. */
static struct run *runs[RUNS_MAX];

/* What else is to be undone then. */
static void (*case_cleaner)(void);

void case_clean_with(void (*clean)(void))
{
    case_cleaner = clean;
}

void case_clean(void)
{
    void (*clean)(void) = case_cleaner;
    case_cleaner = NULL;
    if (clean != NULL) {
        clean();
    }
}

static void show(struct run *run)
{
    char *output = testing_process_text(run->process, TESTING_OUTPUT, NULL);
    char *error = testing_process_text(run->process, TESTING_ERROR_OUTPUT, NULL);
    (void)printf("---- process %llu, its output:\n%.4000s---- and errors:\n%.4000s",
                 (unsigned long long)testing_process_id(run->process), output == NULL ? "" : output,
                 error == NULL ? "" : error);
    free(output);
    free(error);
}

void case_fail(const char *file, int line, const char *what)
{
    (void)printf("%s:%d: failed: %s\n", file, line, what);
    for (size_t i = 0; i < RUNS_MAX; i++) {
        if (runs[i] != NULL) {
            show(runs[i]);
            testing_process_close(runs[i]->process);
        }
    }
    case_clean();
    (void)fflush(stdout);
    exit(EXIT_FAILURE);
}

void case_skip(const char *why)
{
    (void)printf("skipped: %s\n", why);
    for (size_t i = 0; i < RUNS_MAX; i++) {
        if (runs[i] != NULL) {
            testing_process_close(runs[i]->process);
        }
    }
    case_clean();
    (void)fflush(stdout);
    exit(EXIT_SKIPPED);
}

/* ---- checks ---- */

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool matches(const char *text, const char *pattern)
{
    while (*pattern != 0) {
        if (*pattern == '#' && is_digit(*text)) {
            while (is_digit(*text)) {
                text++;
            }
        } else if (*text == *pattern) {
            text++;
        } else {
            return false;
        }
        pattern++;
    }
    return *text == 0;
}

void check_text(const char *file, int line, const char *text, const char *pattern)
{
    if (text == NULL || !matches(text, pattern)) {
        (void)printf("expected:\n%s\nseen:\n%s\n", pattern, text == NULL ? "(nothing)" : text);
        case_fail(file, line, "the text is another");
    }
}

void check_contains(const char *file, int line, const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL) {
        (void)printf("expected in it:\n%s\nseen:\n%s\n", part, text == NULL ? "(nothing)" : text);
        case_fail(file, line, "the text has it not");
    }
}

void check_code(const char *file, int line, const struct run *run, int expected)
{
    if (run->code != expected) {
        (void)printf("expected exit code %d, seen %d\n", expected, run->code);
        case_fail(file, line, "the exit code is another");
    }
}

size_t count_parts(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

/* ---- files ---- */

char *new_folder(void)
{
    char *folder = testing_folder_make("-\xc3\xbc");
    CHECK(folder != NULL);
    return folder;
}

void path_in(char path[PATH_TEXT_MAX], const char *folder, const char *name)
{
    int size = snprintf(path, PATH_TEXT_MAX, "%s/%s", folder, name);
    CHECK(size > 0 && size < PATH_TEXT_MAX);
}

/* Nothing tells of a file but looking. */
void await_file(const char *path, const char *text)
{
    int64_t deadline = testing_clock() + PATIENCE;
    for (bool found = false; !found;) {
        char *seen = testing_file_read(path, NULL);
        found = seen != NULL && strstr(seen, text) != NULL;
        if (!found && testing_clock() > deadline) {
            (void)printf("waited in vain in %s for: %s\nseen:\n%s\n", path, text,
                         seen == NULL ? "(nothing)" : seen);
            case_fail(__FILE__, __LINE__, "a file does not get what it should");
        }
        free(seen);
    }
}

/* ---- programs ---- */

/* The environment's setting, or the file beside this program; to be freed. */
static char *program_path(const char *variable, const char *file)
{
    char path[PATH_TEXT_MAX];
    char *value = testing_environment(variable);
    if (value != NULL || file == NULL) {
        return value;
    }
    char *folder = testing_program_folder();
    CHECK(folder != NULL);
    int size = snprintf(path, sizeof path, "%s/%s", folder, file);
    free(folder);
    CHECK(size > 0 && (size_t)size < sizeof path);
    value = malloc((size_t)size + 1);
    CHECK(value != NULL);
    memcpy(value, path, (size_t)size + 1);
    return value;
}

char *program_file(enum program program)
{
    switch (program) {
    case SERVER:
        return program_path("TENON_SERVER", "server");
    case CLIENT:
        return program_path("TENON_CLIENT", "client");
    case OTHER_SERVER:
        return program_path("TENON_OTHER_SERVER", NULL);
    case OTHER_CLIENT:
        return program_path("TENON_OTHER_CLIENT", NULL);
    case PYTHON:
        return program_path("TENON_PYTHON", NULL);
    }
    return NULL;
}

/* A variable that is set and empty is as good as none. */
bool program_known(enum program program)
{
    char *path = program_file(program);
    bool known = path != NULL && path[0] != 0;
    free(path);
    return known;
}

void run_start_as(struct run *run, enum program program, const char *const *arguments,
                  const struct testing_start *start)
{
    const char *all[ARGUMENTS_MAX];
    size_t count = 0;
    size_t free_place = 0;
    struct testing_start own = *start;
    bool other = program == OTHER_SERVER || program == OTHER_CLIENT;
    char *launcher = other ? testing_environment("TENON_OTHER_LAUNCHER") : NULL;
    char *path = program_file(program);
    CHECK(path != NULL);
    if (launcher != NULL && launcher[0] != 0) {
        all[count++] = launcher;
    }
    all[count++] = path;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        CHECK(count < ARGUMENTS_MAX - 1);
        all[count++] = arguments[i];
    }
    all[count] = NULL;
    memset(run, 0, sizeof *run);
    own.arguments = all;
    run->process = testing_process_start(&own);
    if (run->process == NULL) {
        (void)printf("cannot start %s\n", path);
    }
    CHECK(run->process != NULL);
    free(path);
    free(launcher);
    while (free_place < RUNS_MAX && runs[free_place] != NULL) {
        free_place++;
    }
    CHECK(free_place < RUNS_MAX);
    runs[free_place] = run;
}

void run_start_with(struct run *run, enum program program, const char *const *arguments,
                    const struct streams *streams)
{
    struct testing_start start = {
        .input = streams->input,
        .output = streams->output,
        .error = streams->error,
    };
    run_start_as(run, program, arguments, &start);
}

void run_start(struct run *run, enum program program, const char *const *arguments)
{
    static const struct streams usual = {TESTING_NULL, TESTING_PIPE, TESTING_PIPE};
    run_start_with(run, program, arguments, &usual);
}

void run_wait(struct run *run)
{
    CHECK(testing_process_wait(run->process, PATIENCE, &run->code));
    run->output = testing_process_text(run->process, TESTING_OUTPUT, &run->output_size);
    run->error = testing_process_text(run->process, TESTING_ERROR_OUTPUT, NULL);
    CHECK(run->output != NULL && run->error != NULL);
}

void run_whole(struct run *run, enum program program, const char *const *arguments)
{
    run_start(run, program, arguments);
    run_wait(run);
}

void run_await(struct run *run, enum testing_output output, const char *text, size_t count)
{
    if (!testing_process_await(run->process, output, text, count, PATIENCE)) {
        (void)printf("waited in vain for %llu of: %s\n", (unsigned long long)count, text);
        case_fail(__FILE__, __LINE__, "a program did not write what it should");
    }
}

char *run_text(struct run *run, enum testing_output output)
{
    char *text = testing_process_text(run->process, output, NULL);
    CHECK(text != NULL);
    return text;
}

void run_close(struct run *run)
{
    for (size_t i = 0; i < RUNS_MAX; i++) {
        if (runs[i] == run) {
            runs[i] = NULL;
        }
    }
    testing_process_close(run->process);
    free(run->output);
    free(run->error);
    memset(run, 0, sizeof *run);
}

void run_signal(struct run *run, enum testing_signal signal)
{
    if (!testing_signals_are_sent()) {
        case_skip("Wine sends no Ctrl+Break to another process");
    }
    CHECK(testing_process_signal(run->process, signal));
}
