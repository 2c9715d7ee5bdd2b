/* The client's process. */
#include "client/client.h"
#include "client/input.h"
#include "client/load.h"
#include "client/options.h"
#include "client/target.h"
#include "common/event.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include "common/program.h"
#include <stdlib.h>

static const int64_t flush_max = 1 * TENON_SECOND;      /* of a client that was interrupted */

struct client_process {
    struct program program;
    struct client_options options;
    struct sink sink;
    struct console console;
    struct source_text text;
    struct input input;
    struct tenon_message input_changed;
    struct target target;
    struct tenon_message target_changed;
    struct client client;
    struct load load;
};

static struct client_process *process_of(struct program *program)
{
    return OUTER(program, struct client_process, program);
}

static void on_stop(struct program *program, enum tenon_request stop)
{
    struct client_process *process = process_of(program);
    if (process->load.begun) {
        load_stop(&process->load, stop);
    } else {
        client_stop(&process->client, stop);
    }
}

static void on_end_now(struct program *program)
{
    target_abandon(&process_of(program)->target);
}

static void on_output_changed(struct program *program, enum tenon_status output_status)
{
    client_output_changed(&process_of(program)->client, output_status);
}

/* The client has found the ADDRESS that answers. */
static int run_load(struct client_process *process)
{
    const struct tenon_connect *found = &process->client.connect;
    int code = load_open(&process->load, process->program.loop, &process->options,
                         &process->client.places[process->client.place],
                         &found->attempts[found->winner].address, &process->console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    while (load_turn(&process->load)) {
        /* until it is over */
    }
    load_clear(&process->load);
    program_settle(&process->program);
    return load_close(&process->load);
}

/* ---- files ---- */

static void on_input_changed(struct tenon_message *message)
{
    client_source_changed(&OUTER(message, struct client_process, input_changed)->client);
}

static void on_target_changed(struct tenon_message *message)
{
    struct client_process *process = OUTER(message, struct client_process, target_changed);
    if (!target_is_open(&process->target)) {
        return;                 /* posted to the loop's last turn */
    }
    enum tenon_status status = output_status(&process->target.output);
    if (status != TENON_OK && !process->client.ending) {
        target_say_failure(&process->target, status, &process->console);
        client_abort(&process->client, EXIT_CODE_FAILED);
    } else {
        client_output_changed(&process->client, TENON_OK);
    }
}

/* Said before, as a pipe's opening may wait for its other end. */
static void log_open(struct console *console, const char *path)
{
    struct event event;
    if (event_begin(&event, console, CONSOLE_DEBUG, "open_file")) {
        event_text(&event, "path", path);
        event_end(&event);
    }
}

static int open_files(struct client_process *process)
{
    const struct client_options *options = &process->options;
    int code = EXIT_CODE_NONE;
    if (options->input != NULL) {
        log_open(&process->console, options->input);
        code = input_open(&process->input, options->input,
                          options->expected != NULL && options->wait != 0, &process->console);
    }
    if (code == EXIT_CODE_NONE && options->output != NULL) {
        log_open(&process->console, options->output);
        code = target_open(&process->target, options->output, &process->console);
    }
    return code;
}

/* ---- its life ---- */

static void start(struct client_process *process)
{
    struct client_streams streams = {&process->text.source, NULL};
    if (process->options.input != NULL) {
        streams.source = &process->input.source;
        tenon_message_init(&process->input_changed, on_input_changed);
        input_attach(&process->input, process->program.loop, &process->input_changed);
    } else {
        source_text_init(&process->text, process->options.settings.message);
    }
    if (process->options.output != NULL) {
        streams.target = &process->target.sink;
    }
    client_start(&process->client, process->program.loop, &process->options, &process->console,
                 &streams);
}

static int start_target(struct client_process *process)
{
    tenon_message_init(&process->target_changed, on_target_changed);
    return process->options.output == NULL ? EXIT_CODE_NONE :
        target_start(&process->target, process->program.loop, &process->target_changed,
                     &process->console);
}

static int run_client(struct client_process *process)
{
    int code = start_target(process);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    start(process);
    tenon_loop_run(process->program.loop);
    input_close(&process->input);
    code = client_end(&process->client);
    return code == EXIT_CODE_OK && process->options.load.kind != LOAD_NONE ?
        run_load(process) : code;
}

static int run(struct client_process *process, int argc, char **argv)
{
    struct console *console = &process->console;
    int code = client_options_read(&process->options, argc, argv, console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    console->level = process->options.settings.level;
    console->quiet = process->options.settings.quiet;
    target_init(&process->target);
    process->program.on_end_now = on_end_now;
    process->program.starting = true;
    code = program_open(&process->program, console, process->options.settings.backend, on_stop,
                        on_output_changed);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    code = open_files(process);
    program_started(&process->program);
    if (code == EXIT_CODE_NONE) {
        code = run_client(process);
    }
    /* The response is what was asked for: it is written however long its reader takes. */
    bool stopped = code == EXIT_CODE_INTERRUPTED || code == EXIT_CODE_TERMINATED;
    int64_t flush = stopped ? flush_max : TENON_FOREVER;
    code = target_close(&process->target, code, flush, console);
    return program_close(&process->program, console, code, flush, false);
}

int main(int argc, char **argv)
{
    enum tenon_status status = tenon_process_start(&argc, &argv);
    if (status != TENON_OK) {
        return program_cannot_start("client", status);
    }
    struct client_process *process = calloc(1, sizeof *process);
    if (process == NULL) {
        return program_cannot_start("client", TENON_LIMIT);
    }
    sink_init_direct(&process->sink);
    process->console.program = program_name(argv, "client");
    process->console.sink = &process->sink;
    int code = run(process, argc, argv);
    if (!process->program.watched) {
        free(process);          /* else the stop watch looks at it until the process ends */
    }
    return code;
}
