/* The child that some cases start, this program again: `native --WORD [ARGUMENT]`. */
#include "native.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/file.h>
#include <tenon/process.h>
#include <tenon/thread.h>
#include "testing.h"

struct testing_process *native_child(struct test *test, struct testing_start *start,
                                     const char *const *arguments)
{
    enum { ARGUMENTS_MAX = 4 };
    char program[1024];
    const char *all[ARGUMENTS_MAX + 2] = {program};
    char *folder = testing_program_folder();
    CHECK(test, folder != NULL);
    int length = snprintf(program, sizeof program, "%s/native", folder);
    free(folder);
    CHECK(test, length > 0 && (size_t)length < sizeof program);
    for (int i = 0; arguments[i] != NULL; i++) {
        CHECK(test, i < ARGUMENTS_MAX);
        all[i + 1] = arguments[i];
    }
    start->arguments = all;
    struct testing_process *process = testing_process_start(start);
    start->arguments = NULL;
    CHECK(test, process != NULL);
    return process;
}

/* Answers with the number of its descriptors. */
static int count_descriptors(const char *argument)
{
    (void)argument;
    return (int)testing_descriptors();
}

/* Listens there, and ends without closing. */
static int leave_path(const char *path)
{
    static struct tenon_listener listener;
    struct tenon_endpoint endpoint = {0};
    struct tenon_loop *loop = NULL;
    size_t length = strlen(path);
    if (length > TENON_PATH_MAX || tenon_loop_open(NULL, &loop) != TENON_OK) {
        return 1;
    }
    endpoint.address.family = TENON_FAMILY_PATH;
    memcpy(endpoint.path, path, length);
    if (tenon_listen(loop, &listener, &endpoint, NULL) != TENON_OK) {
        return 1;
    }
    tenon_process_exit_now(0);
    return 1;
}

/* Replaces a file, and ends in the middle of it. */
static int abandon_replacement(const char *path)
{
    struct tenon_file_replacement *replacement = NULL;
    struct tenon_error error;
    if (tenon_file_replace_begin(path, &replacement, &error) != TENON_OK ||
        tenon_file_replace_write(replacement, "half", 4, &error) != TENON_OK) {
        return 1;
    }
    tenon_file_replace_abandon(replacement);
    tenon_process_exit_now(0);
    return 1;
}

/* Writes to its output what it reads from its input. */
static int copy_input(const char *argument)
{
    char data[7];           /* so that characters are split between calls */
    size_t got = 1;
    struct tenon_error error;
    (void)argument;
    while (got > 0) {
        if (tenon_input_read(data, sizeof data, &got, &error) != TENON_OK ||
            tenon_output_write(TENON_OUTPUT, data, got) != TENON_OK) {
            return 1;
        }
    }
    return tenon_output_write(TENON_OUTPUT, "(end)", 5) == TENON_OK ? 0 : 1;
}

/* What the thread and main share. */
struct reader {
    struct tenon_lock lock;
    struct tenon_condition changed;
    size_t bytes;
};

static void read_for_ever(void *argument)
{
    struct reader *reader = argument;
    char byte = 0;
    size_t got = 1;
    struct tenon_error error;
    while (got > 0 && tenon_input_read(&byte, 1, &got, &error) == TENON_OK) {
        tenon_lock_take(&reader->lock);
        reader->bytes += got;
        tenon_condition_wake(&reader->changed);
        tenon_lock_give(&reader->lock);
    }
}

/* Ends after the first byte, while a thread waits for more. */
static int leave_reader(const char *argument)
{
    static struct reader reader;    /* the thread has it until the process is gone */
    (void)argument;
    tenon_lock_init(&reader.lock);
    tenon_condition_init(&reader.changed);
    if (tenon_thread_start_detached(read_for_ever, &reader) != TENON_OK) {
        return 1;
    }
    tenon_lock_take(&reader.lock);
    while (reader.bytes == 0) {
        (void)tenon_condition_wait(&reader.changed, &reader.lock, TENON_FOREVER);
    }
    tenon_lock_give(&reader.lock);
    return 0;
}

/* ---- which ---- */

static const struct {
    const char *word;
    int (*run)(const char *argument);
} words[] = {
    {"--count-descriptors", count_descriptors},
    {"--leave-path", leave_path},
    {"--abandon-replacement", abandon_replacement},
    {"--copy-input", copy_input},
    {"--leave-reader", leave_reader},
};

int native_be_child(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(argv[1], words[i].word) == 0) {
            return words[i].run(argc > 2 ? argv[2] : "");
        }
    }
    return -1;
}
