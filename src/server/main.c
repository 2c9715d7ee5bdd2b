/* The server's process. */
#include "common/exit_code.h"
#include "common/outer.h"
#include "common/program.h"
#include "server/options.h"
#include "server/server.h"
#include <inttypes.h>
#include <stdlib.h>

enum {
    DESCRIPTORS_SPARE = SERVER_LISTENERS_MAX + 32   /* besides the clients' */
};

static const int64_t flush_max = 2 * TENON_SECOND;

struct server_process {
    struct program program;
    struct server_options options;
    struct sink sink;
    struct console console;
    struct server server;
};

static struct server_process *process_of(struct program *program)
{
    return OUTER(program, struct server_process, program);
}

static void on_stop(struct program *program, enum tenon_request stop)
{
    server_stop(&process_of(program)->server, stop);
}

static void on_output_changed(struct program *program, enum tenon_status output_status)
{
    console_output_changed(&process_of(program)->console, output_status);
}

/* A client takes a descriptor each: where the system allows fewer, fewer clients are let in. */
static int raise_descriptors(struct server_options *options, struct console *console)
{
    uint64_t wanted = (uint64_t)options->connections + DESCRIPTORS_SPARE;
    uint64_t allowed = 0;
    enum tenon_status status = tenon_process_raise_descriptors(wanted, &allowed);
    if (status != TENON_OK) {
        console_error(console, "cannot read the limit of descriptors: %s",
                      tenon_status_sentence(status));
        return EXIT_CODE_FAILED;
    }
    if (allowed < wanted) {
        uint32_t connections =
            allowed > DESCRIPTORS_SPARE ? (uint32_t)(allowed - DESCRIPTORS_SPARE) : 1;
        console_error(console,
                      "at most %" PRIu32 " connections instead of %" PRIu32
                      ": this process may have %" PRIu64 " descriptors",
                      connections, options->connections, allowed);
        options->connections = connections;
    }
    return EXIT_CODE_NONE;
}

static int run(struct server_process *process, int argc, char **argv)
{
    struct console *console = &process->console;
    struct server *server = &process->server;
    int code = server_options_read(&process->options, argc, argv, console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    console->level = process->options.settings.level;
    console->quiet = process->options.settings.quiet;
    code = raise_descriptors(&process->options, console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    code = program_open(&process->program, console, process->options.settings.backend, on_stop,
                        on_output_changed);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    code = server_start(server, process->program.loop, &process->options, console);
    tenon_loop_run(process->program.loop);      /* also to close those that stood when one failed */
    int served = server_end(server);
    return program_close(&process->program, console, code == EXIT_CODE_NONE ? served : code,
                         flush_max, true);
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
    process->console.program = "server";
    process->console.sink = &process->sink;
    int code = run(process, argc, argv);
    if (!process->program.watched) {
        free(process);          /* else the stop watch looks at it until the process ends */
    }
    return code;
}
