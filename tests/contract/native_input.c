/* Standard input, as a child reads it. */
#include "native.h"
#include <stdlib.h>
#include <string.h>
#include "testing.h"

enum {
    /* More than a pipe holds, in the child's pieces of 7 bytes; each is a message to Wine's server.
     */
    LARGE = 128 * 1024
};

static const char end_mark[] = "(end)";

/* The child's whole output is `data` and the mark behind it. */
static void check_copied(struct test *test, struct testing_process *process, const char *data,
                         size_t size)
{
    int code = -1;
    size_t got = 0;
    CHECK(test, testing_process_wait(process, TEST_PATIENCE, &code) && code == 0);
    char *text = testing_process_text(process, TESTING_OUTPUT, &got);
    CHECK(test, text != NULL && got == size + strlen(end_mark));
    CHECK(test, memcmp(text, data, size) == 0);
    CHECK(test, memcmp(text + size, end_mark, strlen(end_mark)) == 0);
    free(text);
    testing_process_close(process);
}

static struct testing_process *start_copy(struct test *test, enum testing_stream input)
{
    static const char *const arguments[] = {"--copy-input", NULL};
    struct testing_start start = {0};
    start.input = input;
    start.output = TESTING_PIPE;
    return native_child(test, &start, arguments);
}

/* Neither line ends nor Ctrl+Z nor bytes that are no text are touched. */
static void pipe_is_read_raw(struct test *test)
{
    static char data[LARGE];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (char)(unsigned char)(i * 7 + i / 256);
    }
    memcpy(data, "\x1a\r\n\x1a", 4);
    struct testing_process *process = start_copy(test, TESTING_PIPE);
    CHECK(test, testing_process_write(process, data, sizeof data));
    testing_process_close_input(process);
    check_copied(test, process, data, sizeof data);
}

/* What was written comes at once, and not only with the end. */
static void pipe_is_read_as_it_comes(struct test *test)
{
    struct testing_process *process = start_copy(test, TESTING_PIPE);
    CHECK(test, testing_process_write(process, "one", 3));
    CHECK(test, testing_process_await(process, TESTING_OUTPUT, "one", 1, TEST_PATIENCE));
    CHECK(test, testing_process_write(process, "two", 3));
    CHECK(test, testing_process_await(process, TESTING_OUTPUT, "two", 1, TEST_PATIENCE));
    testing_process_close_input(process);
    check_copied(test, process, "onetwo", 6);
}

static void nothing_to_read_is_the_end(struct test *test)
{
    check_copied(test, start_copy(test, TESTING_NULL), "", 0);
    check_copied(test, start_copy(test, TESTING_BROKEN), "", 0);
}

static void process_ends_while_a_thread_reads(struct test *test)
{
    static const char *const arguments[] = {"--leave-reader", NULL};
    struct testing_start start = {0};
    int code = -1;
    start.input = TESTING_PIPE;
    struct testing_process *process = native_child(test, &start, arguments);
    CHECK(test, testing_process_write(process, "x", 1));
    CHECK(test, testing_process_wait(process, TEST_PATIENCE, &code) && code == 0);
    testing_process_close(process);
}

const struct test_case input_cases[] = {
    {"input.pipe_is_read_raw", pipe_is_read_raw},
    {"input.pipe_is_read_as_it_comes", pipe_is_read_as_it_comes},
    {"input.nothing_to_read_is_the_end", nothing_to_read_is_the_end},
    {"input.process_ends_while_a_thread_reads", process_ends_while_a_thread_reads},
    {NULL, NULL}
};
