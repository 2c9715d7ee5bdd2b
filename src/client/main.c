/* The client's process. */
#include "client/client.h"
#include "client/load.h"
#include "client/options.h"
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

static void on_output_changed(struct program *program, enum tenon_status output_status)
{
    client_output_changed(&process_of(program)->client, output_status);
}

/* The client has found the ADDRESS that answers. */
static int run_load(struct client_process *process)
{
    const struct tenon_connect *found = &process->client.connect;
    int code = load_open(&process->load, process->program.loop, &process->options,
                         &process->options.settings.places[process->client.place],
                         &found->attempts[found->winner].address, &process->console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    while (load_turn(&process->load)) {
        /* until it is over */
    }
    return load_close(&process->load);
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
    code = program_open(&process->program, console, process->options.settings.backend, on_stop,
                        on_output_changed);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    client_start(&process->client, process->program.loop, &process->options, console);
    tenon_loop_run(process->program.loop);
    code = client_end(&process->client);
    if (code == EXIT_CODE_OK && process->options.load.kind != LOAD_NONE) {
        code = run_load(process);
    }
    /* The response is what was asked for: it is written however long its reader takes. */
    bool stopped = code == EXIT_CODE_INTERRUPTED || code == EXIT_CODE_TERMINATED;
    return program_close(&process->program, console, code, stopped ? flush_max : TENON_FOREVER,
                         false);
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
    process->console.program = "client";
    process->console.sink = &process->sink;
    int code = run(process, argc, argv);
    if (!process->program.watched) {
        free(process);          /* else the stop watch looks at it until the process ends */
    }
    return code;
}
