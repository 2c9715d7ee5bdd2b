/* The process around the layer: children, signals, and the lab's two scripts. */
#include "native.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/sync.h>
#include "testing.h"

enum {
    PAIRS = 30,
    CHILDREN = 3
};

static const int64_t patience = 30 * TENON_SECOND;

/* ---- children ---- */

static int count_once(struct test *test)
{
    static const char *const arguments[] = {"--count-descriptors", NULL};
    struct testing_start start = {0};
    int count = 0;
    struct testing_process *process = native_child(test, &start, arguments);
    CHECK(test, testing_process_wait(process, patience, &count));
    testing_process_close(process);
    return count;
}

/* How many descriptors a child of ours finds open at its start: the fewest of a few children, as
 * Windows opens some handles for itself when it likes. */
static int count_in_a_child(struct test *test)
{
    int fewest = count_once(test);
    for (int i = 1; i < CHILDREN; i++) {
        int count = count_once(test);
        fewest = count < fewest ? count : fewest;
    }
    return fewest;
}

static void children_inherit_no_socket(struct test *test)
{
    struct tenon_sync_listener *listener = NULL;
    if (testing_descriptors() < 0) {
        native_without("a count of handles");
        return;
    }
    int before = count_in_a_child(test);
    CHECK(test, before >= 3);
    for (int i = 0; i < PAIRS; i++) {
        (void)pair_make(test);
    }
    CHECK(test, tenon_sync_listen("localhost", 0, &listener) == TENON_OK);
    int after = count_in_a_child(test);
    CHECK(test, after <= before);
    tenon_sync_listener_close(listener);
}

/* ---- signals ---- */

static void timer_ran(struct tenon_timer *timer)
{
    (void)timer;        /* that it is not started any more says it */
}

/* Waits and transfers that a signal interrupts again and again go on as if it had not come. */
static void signals_interrupt_nothing(struct test *test)
{
    struct pair pair = pair_make(test);
    struct tenon_timer timer = {0};
    struct tenon_sync_listener *listener = NULL;
    struct tenon_sync_stream *none = NULL;
    bool interrupts = testing_interrupts_start(200 * TENON_MICROSECOND);
    if (!interrupts) {
        native_without("signals");
    }
    int64_t when = tenon_loop_now(test->loop) + 50 * TENON_MILLISECOND;
    tenon_timer_start(test->loop, &timer, when, timer_ran);
    UNTIL(test, !tenon_timer_started(&timer));
    CHECK(test, tenon_loop_now(test->loop) >= when);
    end_receive_lent(pair.ours);
    for (uint32_t i = 1; i <= 32; i++) {
        end_send(pair.peer, 1024 * 1024);
        UNTIL(test, pair.peer->sends == i);
        CHECK(test, pair.peer->sent == TENON_OK);
    }
    UNTIL(test, pair.ours->in == pair.peer->out);
    int64_t start = testing_clock();
    CHECK(test, tenon_sync_listen("localhost", 0, &listener) == TENON_OK);
    enum tenon_status status = tenon_sync_accept(listener, 50 * TENON_MILLISECOND, &none, NULL);
    CHECK(test, status == TENON_TIMED_OUT);
    CHECK(test, testing_clock() - start >= 49 * TENON_MILLISECOND);
    tenon_sync_listener_close(listener);
    if (interrupts) {
        CHECK(test, testing_interrupts_stop() > 0);
    }
}

/* ---- the lab's two scripts ---- */

static struct testing_process *start_script(struct test *test, const char *program,
                                            const char *port)
{
    const char *const arguments[] = {program, port, NULL};
    struct testing_start start = {0};
    start.arguments = arguments;
    start.input = TESTING_NULL;
    start.output = TESTING_PIPE;
    struct testing_process *process = testing_process_start(&start);
    CHECK(test, process != NULL);
    return process;
}

/* Its whole output, without the carriage returns that a C stream adds on Windows. */
static void read_script(struct test *test, struct testing_process *process, char *text,
                        size_t text_size)
{
    int code = -1;
    size_t size = 0;
    CHECK(test, testing_process_wait(process, patience, &code) && code == 0);
    char *output = testing_process_text(process, TESTING_OUTPUT, &size);
    CHECK(test, output != NULL && size < text_size);
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        if (output[i] != '\r') {
            text[used++] = output[i];
        }
    }
    text[used] = '\0';
    free(output);
    testing_process_close(process);
}

static void lab_scripts_hold_their_exchange(struct test *test)
{
    static const char *const begin = "listening for connections on port ";
    char text[512];
    char port[8] = "";
    struct testing_process *server = start_script(test, EXAMPLE_SERVER, "0");
    CHECK(test, testing_process_await(server, TESTING_OUTPUT, "...", 1, patience));
    char *output = testing_process_text(server, TESTING_OUTPUT, NULL);
    CHECK(test, output != NULL);
    const char *digits = strstr(output, begin);
    CHECK(test, digits != NULL);
    digits += strlen(begin);
    size_t length = strspn(digits, "0123456789");
    CHECK(test, length > 0 && length < sizeof port);
    memcpy(port, digits, length);
    free(output);
    struct testing_process *client = start_script(test, EXAMPLE_CLIENT, port);
    read_script(test, client, text, sizeof text);
    CHECK(test, strcmp(text, "Connected to server.\nMessage sent.\n"
                             "Server's response: Hello from the server!!!\n") == 0);
    read_script(test, server, text, sizeof text);
    CHECK(test, strstr(text, "\nConnected to client: ") != NULL);
    CHECK(test, strstr(text, "\nReceived data: Hello from the client!!!\nResponse sent.\n") !=
                NULL);
}

const struct test_case process_cases[] = {
    {"process.children_inherit_no_socket", children_inherit_no_socket},
    {"process.signals_interrupt_nothing", signals_interrupt_nothing},
    {"process.lab_scripts_hold_their_exchange", lab_scripts_hold_their_exchange},
    {NULL, NULL}
};
