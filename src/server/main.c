/* The server's process. */
#include "common/event.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include "common/program.h"
#include "server/options.h"
#include "server/server.h"
#include "server/supervisor.h"
#include <inttypes.h>
#include <stdlib.h>
#include <tenon/supervision.h>
#include <tenon/thread.h>

enum {
    PROCESS_DESCRIPTORS = 32,   /* streams, files, and what the system's libraries have */
    LOOP_DESCRIPTORS = 8
};

static const int64_t flush_max = 2 * TENON_SECOND;

/* The first loop is the program's own, and turned by the main thread. */
struct server_process {
    struct program program;
    struct tenon_loop *loops[SERVER_THREADS_MAX];
    struct tenon_thread threads[SERVER_THREADS_MAX];
    struct server_options options;
    struct sink sink;
    struct console console;
    struct server server;
    struct supervisor supervisor;
};

static struct server_process *process_of(struct program *program)
{
    return OUTER(program, struct server_process, program);
}

static void on_stop(struct program *program, enum tenon_request stop)
{
    struct server_process *process = process_of(program);
    supervisor_stopping(&process->supervisor);
    server_stop(&process->server, stop);
}

/* The line is the first in the log's new file. */
static void on_hangup(struct program *program)
{
    struct event event;
    bool logs = program->log_path != NULL;
    if (logs) {
        log_file_reopen(&program->log);
    }
    if (event_begin(&event, &process_of(program)->console, CONSOLE_INFO, "hangup")) {
        event_flag(&event, "reopened", logs);
        event_end(&event);
    }
}

static void on_report(struct program *program)
{
    server_report(&process_of(program)->server);
}

static void on_output_changed(struct program *program, enum tenon_status output_status)
{
    console_output_changed(&process_of(program)->console, output_status);
}

/* Besides the clients'. */
static uint32_t count_descriptors(const struct server_options *options)
{
    uint32_t versions = options->input == NULL ? 0 : CONTENT_VERSIONS_MAX;
    uint32_t listeners = SERVER_LISTENERS_MAX;
    return PROCESS_DESCRIPTORS + listeners + options->threads * (LOOP_DESCRIPTORS + versions);
}

/* A client takes a descriptor each: where the system allows fewer, fewer clients are let in. */
static void raise_descriptors(struct server_options *options, struct console *console)
{
    uint32_t spare = count_descriptors(options);
    uint64_t wanted = (uint64_t)options->connections + spare;
    uint64_t allowed = 0;
    enum tenon_status status = tenon_process_raise_descriptors(wanted, &allowed);
    if (status != TENON_OK) {
        console_error(console, "cannot read the limit of descriptors: %s",
                      tenon_status_sentence(status));
    } else if (allowed < wanted) {
        uint32_t connections = allowed > spare ? (uint32_t)(allowed - spare) : 1;
        console_error(console,
                      "at most %" PRIu32 " connections instead of %" PRIu32
                      ": this process may have %" PRIu64 " descriptors",
                      connections, options->connections, allowed);
        options->connections = connections;
    }
}

static int fail(struct console *console, const char *what, enum tenon_status status)
{
    console_error(console, "cannot %s: %s", what, tenon_status_sentence(status));
    console_hint(console, "try --threads 1");
    return EXIT_CODE_FAILED;
}

static int open_loops(struct server_process *process)
{
    struct tenon_loop_options options = {0};
    options.backend = tenon_loop_backend(process->program.loop);
    process->loops[0] = process->program.loop;
    for (uint32_t i = 1; i < process->options.threads; i++) {
        enum tenon_status status = tenon_loop_open(&options, &process->loops[i]);
        if (status != TENON_OK) {
            return fail(&process->console, "open an event loop", status);
        }
    }
    return EXIT_CODE_NONE;
}

static void close_loops(struct server_process *process)
{
    for (uint32_t i = 1; i < process->options.threads; i++) {
        if (process->loops[i] != NULL) {
            tenon_loop_close(process->loops[i]);
        }
    }
}

static void run_worker(void *argument)
{
    worker_run(argument);
}

/* Runs the server: its workers on threads of their own, but for the first. */
static int serve(struct server_process *process)
{
    struct server *server = &process->server;
    uint32_t started = 1;
    enum tenon_status status = TENON_OK;
    int code = EXIT_CODE_NONE;
    while (started < process->options.threads && status == TENON_OK) {
        status = tenon_thread_start(&process->threads[started], run_worker,
                                    &server->workers[started]);
        started += status == TENON_OK ? 1 : 0;
    }
    if (status != TENON_OK) {
        code = fail(&process->console, "start a thread", status);
        server_cancel(server);
        for (uint32_t i = started; i < process->options.threads; i++) {
            worker_run(&server->workers[i]);
        }
    } else {
        code = server_start(server);
        if (code == EXIT_CODE_NONE) {
            supervisor_ready(&process->supervisor, process->program.loop, &process->console);
        }
    }
    while (!server_is_over(server)) {
        (void)tenon_loop_turn(process->program.loop, TENON_FOREVER);
    }
    supervisor_end(&process->supervisor);
    for (uint32_t i = 1; i < started; i++) {
        tenon_thread_join(&process->threads[i]);
    }
    return code;
}

static int run_server(struct server_process *process)
{
    struct server *server = &process->server;
    int code = open_loops(process);
    if (code != EXIT_CODE_NONE) {
        close_loops(process);
        return code;
    }
    code = server_open(server, process->loops, process->options.threads, &process->options,
                       &process->console);
    if (code == EXIT_CODE_NONE) {
        code = serve(process);
    }
    int served = server_end(server);
    close_loops(process);
    return code == EXIT_CODE_NONE ? served : code;
}

/* A supervisor's listeners stand in place of ADDRESSes. */
static int inherit(struct server_options *options, struct console *console)
{
    if (tenon_inherited_count(&options->inherited) != TENON_OK) {
        return settings_usage(console, "LISTEN_PID and LISTEN_FDS are to be numbers: a process, "
                                       "and a count of descriptors");
    }
    if (options->inherited > 0 && options->has_places) {
        return settings_usage(console, "an ADDRESS beside the listeners that LISTEN_FDS hands "
                                       "over: leave it out");
    }
    return EXIT_CODE_NONE;
}

static int run(void *argument)
{
    struct server_process *process = argument;
    struct console *console = &process->console;
    int code = inherit(&process->options, console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    process->program.on_report = on_report;
    process->program.log_path = process->options.log_file;
    if (process->options.inherited > 0 || tenon_supervised() || process->options.log_file != NULL) {
        process->program.on_hangup = on_hangup;
    }
    raise_descriptors(&process->options, console);
    code = program_open(&process->program, console, process->options.settings.backend, on_stop,
                        on_output_changed);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    code = run_server(process);
    return program_close(&process->program, console, code, flush_max, true);
}

/* The service's end is the manager's to see: nothing is said behind it. */
static int run_service(struct server_process *process)
{
    struct console *console = &process->console;
    struct tenon_error error;
    char why[CONSOLE_ERROR_MAX];
    int code = EXIT_CODE_OK;
    enum tenon_status status = tenon_service_run(run, process, &code, &error);
    if (status == TENON_OK) {
        return code;
    }
    tenon_error_format(error, why, sizeof why);
    console_error(console, "cannot run as a service: %s", why);
    if (status == TENON_NOT_CONNECTED) {
        console_hint(console, "the service manager starts services (New-Service, Start-Service): "
                              "leave --service out to run at a console");
    }
    code = status == TENON_NOT_CONNECTED ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
    event_exit(console, code);
    return code;
}

static int begin(struct server_process *process, int argc, char **argv)
{
    int code = server_options_read(&process->options, argc, argv, &process->console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    process->console.level = process->options.settings.level;
    process->console.quiet = process->options.settings.quiet;
    return process->options.service ? run_service(process) : run(process);
}

int main(int argc, char **argv)
{
    enum tenon_status status = tenon_process_start(&argc, &argv);
    if (status != TENON_OK) {
        return program_cannot_start("server", status);
    }
    struct server_process *process = calloc(1, sizeof *process);
    if (process == NULL) {
        return program_cannot_start("server", TENON_LIMIT);
    }
    sink_init_direct(&process->sink);
    process->console.program = program_name(argv, "server");
    process->console.sink = &process->sink;
    int code = begin(process, argc, argv);
    if (!process->program.watched) {
        free(process);          /* else the stop watch looks at it until the process ends */
    }
    return code;
}
