/* A server's process in the simulation: the real server on a simulated host, started, stopped and
 * ended as its main does. */
#ifndef SIMULATION_SERVER_PROCESS_H
#define SIMULATION_SERVER_PROCESS_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include "command_line.h"
#include "common/console.h"
#include "fake_sink.h"
#include "scenario.h"
#include "server/options.h"
#include "server/server.h"

enum server_process_state {
    PROCESS_NONE,
    PROCESS_RUNNING,
    PROCESS_OVER,
    PROCESS_DEAD            /* its host died */
};

struct server_process {
    struct run *run;
    struct tenon_loop *loops[SERVER_THREADS_MAX];
    struct tenon_loop *loop;        /* the first of them */
    enum server_process_state state;
    struct fake_sink sink;
    struct console console;
    struct server_options options;
    struct server server;
    struct tenon_message stop_asked;
    enum tenon_request stop;
    bool started;           /* listening, and not just letting go of what stood already */
    int64_t stopped_at;     /* 0: not stopped */
    int64_t over_at;
    int code;
};

/* Starts it on the host with this command line, which stays as it is until the end. on_write looks
 * at each write to its transcript. */
void server_process_start(struct server_process *process, struct run *run, struct sim_host *host,
                          struct command_line *line, fake_sink_fn *on_write);

/* A stop request; from outside every turn. */
void server_process_stop(struct server_process *process, enum tenon_request stop);

/* Between two turns: checks what always holds, and ends the process when it is over. */
void server_process_look(struct server_process *process);

/* Its host has died. */
void server_process_bury(struct server_process *process);

#endif
