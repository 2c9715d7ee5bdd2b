/* The process around a program. */
#include "program.h"
#include "event.h"
#include "exit_code.h"
#include "outer.h"
#include <string.h>

static struct output *output_of(struct program *program, enum tenon_output output)
{
    return output == TENON_OUTPUT ? &program->output : &program->error_output;
}

static bool sink_write(struct sink *sink, enum tenon_output output, const void *data, size_t size)
{
    return output_write(output_of(OUTER(sink, struct program, sink), output), data, size);
}

static bool sink_has_room(struct sink *sink, enum tenon_output output, size_t size)
{
    return output_has_room(output_of(OUTER(sink, struct program, sink), output), size);
}

static void on_output_changed(struct tenon_message *message)
{
    struct program *program = OUTER(message, struct program, output_changed);
    if (!program->over) {
        program->on_output_changed(program, output_status(&program->output));
    }
}

static void on_stop_asked(struct tenon_message *message)
{
    struct program *program = OUTER(message, struct program, stop_asked);
    if (!program->over) {
        program->on_stop(program, program->stop);
    }
}

int program_stop_code(enum tenon_request stop)
{
    return stop == TENON_REQUEST_INTERRUPT ? EXIT_CODE_INTERRUPTED : EXIT_CODE_TERMINATED;
}

static void on_hangup_asked(struct tenon_message *message)
{
    struct program *program = OUTER(message, struct program, hangup_asked);
    if (!program->over) {
        program->on_hangup(program);
    }
}

static void on_report_asked(struct tenon_message *message)
{
    struct program *program = OUTER(message, struct program, report_asked);
    if (!program->over) {
        program->on_report(program);
    }
}

/* The message of a request that is no stop; NULL: it is one. */
static struct tenon_message *message_of(struct program *program, enum tenon_request request)
{
    return request == TENON_REQUEST_REPORT ? &program->report_asked :
        request == TENON_REQUEST_HANGUP && program->on_hangup != NULL ? &program->hangup_asked :
                                                                        NULL;
}

/* The watch's thread. A second stop, and one while nobody turns the loop, ends the process. */
static void on_request(void *argument, enum tenon_request request)
{
    struct program *program = argument;
    struct tenon_message *message = message_of(program, request);
    tenon_lock_take(&program->lock);
    if (message != NULL) {
        bool wanted = request != TENON_REQUEST_REPORT || program->on_report != NULL;
        if (!program->over && wanted) {
            (void)tenon_post(program->loop, message);   /* posted already: once is enough */
        }
        tenon_lock_give(&program->lock);
        return;
    }
    /* A message inside the program that might be NULL makes it think that the program is.
     * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    bool at_once = program->starting || program->stopping || program->over;
    if (!at_once) {
        program->stopping = true;
        program->stop = request;
        (void)tenon_post(program->loop,
                         &program->stop_asked); /* the first, so never posted before */
    }
    tenon_lock_give(&program->lock);
    if (at_once) {
        if (program->on_end_now != NULL) {
            program->on_end_now(program);
        }
        tenon_process_exit_now(program_stop_code(request));
    }
}

static int fail(struct console *console, const char *what, enum tenon_status status)
{
    console_error(console, "cannot %s: %s", what, tenon_status_sentence(status));
    return EXIT_CODE_FAILED;
}

/* A backend that was asked for by its name, and one that is better than what we have. */
static int fail_backend(struct console *console, const char *backend, enum tenon_status status)
{
    char why[CONSOLE_ERROR_MAX];
    if (backend == NULL) {
        return fail(console, "open a polling backend", status);
    }
    tenon_error_format(tenon_backend_error(backend), why, sizeof why);
    console_error(console, "cannot open the polling backend %s: %s", backend, why);
    if (status == TENON_UNSUPPORTED) {
        console_hint(console, "leave out --backend for the best one that works here");
    }
    return EXIT_CODE_FAILED;
}

static void log_passed_over(struct console *console)
{
    struct event event;
    const char *ours = tenon_loop_backend(console->loop);
    for (size_t i = 0; strcmp(tenon_backend_name(i), ours) != 0; i++) {
        if (event_begin(&event, console, CONSOLE_DEBUG, "backend_passed_over")) {
            char why[CONSOLE_ERROR_MAX] = "it is the best on newer systems only";
            struct tenon_error error = tenon_backend_error(tenon_backend_name(i));
            if (error.status != TENON_OK) {
                tenon_error_format(error, why, sizeof why);
            }
            event_text(&event, "backend", tenon_backend_name(i));
            event_text(&event, "why", why);
            event_end(&event);
        }
    }
}

const char *program_name(char **argv, const char *otherwise)
{
    static const char ending[] = ".exe";
    char *name = argv[0];
    for (char *at = argv[0]; at != NULL && *at != '\0'; at++) {
        name = *at == '/' || *at == '\\' ? at + 1 : name;
    }
    size_t size = name == NULL ? 0 : strlen(name);
    if (size > sizeof ending - 1 && strcmp(name + size - (sizeof ending - 1), ending) == 0) {
        name[size - (sizeof ending - 1)] = '\0';
    }
    return size == 0 ? otherwise : name;
}

int program_cannot_start(const char *name, enum tenon_status status)
{
    struct sink sink;
    struct console console = {0};
    console.program = name;
    console.sink = &sink;
    sink_init_direct(&sink);
    return fail(&console, "start", status);
}

static void set_over(struct program *program)
{
    tenon_lock_take(&program->lock);
    program->over = true;
    tenon_lock_give(&program->lock);
}

/* What was posted to the last must not outlive the loop; the handlers see that it is over. */
static void close_loop(struct program *program, struct console *console)
{
    (void)tenon_loop_turn(program->loop, 0);
    tenon_loop_close(program->loop);
    program->loop = NULL;
    console->loop = NULL;
    sink_init_direct(&program->direct_sink);
    console->sink = &program->direct_sink;
}

/* Behind everything else: without it all is closed again. */
static int open_log(struct program *program, struct console *console)
{
    int code = log_file_open(&program->log, program->log_path, program->loop, console);
    if (code != EXIT_CODE_NONE) {
        program->log_path = NULL;
        (void)program_close(program, console, code, 2 * TENON_SECOND, true);
    }
    return code;
}

int program_open(struct program *program, struct console *console, const char *backend,
                 void (*stop)(struct program *program, enum tenon_request stop),
                 void (*output_changed)(struct program *program, enum tenon_status output_status))
{
    struct tenon_loop_options options = {0};
    options.backend = backend;
    enum tenon_status status = tenon_loop_open(&options, &program->loop);
    if (status != TENON_OK) {
        return fail_backend(console, backend, status);
    }
    program->on_stop = stop;
    program->on_output_changed = output_changed;
    tenon_lock_init(&program->lock);
    tenon_message_init(&program->output_changed, on_output_changed);
    tenon_message_init(&program->stop_asked, on_stop_asked);
    tenon_message_init(&program->hangup_asked, on_hangup_asked);
    tenon_message_init(&program->report_asked, on_report_asked);
    const char *what = "watch for stop requests";
    status = tenon_request_watch(on_request, program);
    program->watched = status == TENON_OK;
    if (status == TENON_OK) {
        what = "start a thread for the output";
        output_stream_init(&program->stream, TENON_OUTPUT);
        status = output_open(&program->output, &program->stream.writer, program->loop,
                             &program->output_changed, NULL);
    }
    if (status == TENON_OK) {
        output_stream_init(&program->error_stream, TENON_ERROR_OUTPUT);
        status = output_open(&program->error_output, &program->error_stream.writer, program->loop,
                             &program->output_changed, &program->output);
        if (status != TENON_OK) {
            (void)output_close(&program->output, TENON_FOREVER); /* nothing was written to it */
            output_destroy(&program->output);
        }
    }
    if (status != TENON_OK) {
        set_over(program);
        close_loop(program, console);
        return fail(console, what, status);
    }
    sink_init(&program->sink, sink_write, sink_has_room);
    console->sink = &program->sink;
    console->loop = program->loop;
    int code = program->log_path == NULL ? EXIT_CODE_NONE : open_log(program, console);
    if (code == EXIT_CODE_NONE && backend == NULL) {
        log_passed_over(console);
    }
    return code;
}

void program_started(struct program *program)
{
    tenon_lock_take(&program->lock);
    program->starting = false;
    tenon_lock_give(&program->lock);
}

void program_settle(struct program *program)
{
    output_settle(&program->error_output);
}

int program_close(struct program *program, struct console *console, int code, int64_t flush,
                  bool output_may_fail)
{
    set_over(program);
    if (program->log_path != NULL && !log_file_close(&program->log, flush)) {
        tenon_process_exit_now(code);
    }
    bool done = output_close(&program->output, flush);
    enum tenon_status status = done ? program->output.status : TENON_OK;
    if (status != TENON_OK && !output_may_fail) {
        if (!console_is_broken(console)) {
            console_error(console, "cannot write to the standard output: %s",
                          console_output_reason(status));
        }
        code = code == EXIT_CODE_OK ? EXIT_CODE_FAILED : code;
    }
    bool error_done = output_close(&program->error_output, flush);
    if (!done || !error_done) {
        tenon_process_exit_now(code);
    }
    output_destroy(&program->error_output);
    output_destroy(&program->output);
    close_loop(program, console);
    event_exit(console, code);
    return code;
}
