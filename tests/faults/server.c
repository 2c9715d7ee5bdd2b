/* The server's start and stop: three kinds of ADDRESS, a ready file, no client. */
#include "server/server.h"
#include "capture.h"
#include "common/exit_code.h"
#include "faults.h"
#include "server/listen.h"
#include "server/options.h"
#include <stdio.h>
#include <string.h>
#include <tenon/file.h>
#include <tenon/process.h>
#include "testing.h"

enum {
    PATH_SIZE = 512,
    ADDRESSES = 3,
    ADDRESS_PATH = 1,           /* which of them is a local socket */
    CONNECTIONS = 4
};

/* Where a fault hits. Behind PLACE_ADDRESS: which one was to be listened on. */
enum where {
    PLACE_OPEN = 1,
    PLACE_MEMORY,               /* of the server, before it listens */
    PLACE_READY_REMOVE,
    PLACE_READY_WRITE,
    PLACE_STOP_REMOVE,
    PLACE_STOP,
    PLACE_ADDRESS
};

enum phase {
    PHASE_OPEN,
    PHASE_START,
    PHASE_STOP
};

struct start {
    struct run *run;
    struct tenon_loop *loop;
    struct capture capture;
    struct server_options options;
    struct server server;
    enum phase phase;
    char ready[PATH_SIZE];
    char beside[PATH_SIZE + 32];
    char local[PATH_SIZE];
    char address[RUN_ADDRESS_SIZE + 2];
    enum tenon_status opened;
    int started;
    int ended;
    bool was_ready;             /* the file was there while the server stood */
};

static int place_of(const void *context, const struct fault_site *site)
{
    const struct start *start = context;
    bool ready = site->path != NULL && strcmp(site->path, start->ready) == 0;
    switch (start->phase) {
    case PHASE_OPEN:
        return PLACE_OPEN;
    case PHASE_START:
        if (ready && site->call == CALL_UNLINK) {
            return PLACE_READY_REMOVE;
        }
        if (site->counts[CALL_UNLINK] == 0) {
            return PLACE_MEMORY;
        }
        return start->server.listener_count == ADDRESSES ?
            PLACE_READY_WRITE : PLACE_ADDRESS + (int)start->server.listener_count;
    case PHASE_STOP:
        break;
    }
    return ready ? PLACE_STOP_REMOVE : PLACE_STOP;
}

static void act(struct start *start)
{
    struct tenon_loop_options options = {.backend = start->run->backend};
    start->opened = tenon_loop_open(&options, &start->loop);
    if (start->opened != TENON_OK) {
        return;
    }
    start->capture.console.loop = start->loop;
    start->phase = PHASE_START;
    start->started = server_open(&start->server, &start->loop, 1, &start->options,
                                 &start->capture.console);
    if (start->started == EXIT_CODE_NONE) {
        start->started = server_start(&start->server);
        start->phase = PHASE_STOP;
        if (start->started == EXIT_CODE_NONE) {
            (void)run_turn(start->run, start->loop);
            start->was_ready = testing_file_exists(start->ready);
            server_stop(&start->server, TENON_REQUEST_TERMINATE);
        }
        while (!server_is_over(&start->server)) {
            (void)run_turn(start->run, start->loop);
        }
    }
    start->ended = server_end(&start->server);
    tenon_loop_close(start->loop);
}

/* ---- what is expected ---- */

/* The failure of the one thing that the fault hits; OK where it must go on without it. */
static enum tenon_status failure_of(const struct start *start)
{
    const struct run *run = start->run;
    enum tenon_status status = run_failure(run);
    if (run->place == PLACE_STOP) {
        return TENON_OK;
    }
    if (run->place == PLACE_READY_REMOVE || run->place == PLACE_STOP_REMOVE) {
        return status == TENON_NOT_FOUND ? TENON_OK : status;
    }
    if (run->place >= PLACE_ADDRESS && run->place != PLACE_ADDRESS + ADDRESS_PATH &&
        status == TENON_ADDRESS_IN_USE) {
        return TENON_OK;        /* another port is tried */
    }
    return status;
}

static void check_listen(const struct start *start, struct tenon_error error)
{
    struct run *run = start->run;
    const char *address = run->place == PLACE_ADDRESS + ADDRESS_PATH ? start->local :
        run->fault->call == CALL_LOOKUP ? RUN_NAME ":0" : start->address;
    bool resolved = error.status != TENON_NOT_RESOLVED && error.status != TENON_RESOLVER_FAILED;
    char what[PATH_SIZE + 64];
    int size = snprintf(what, sizeof what, "server: cannot listen on %s: ", address);
    CHECK(run, size > 0 && (size_t)size < sizeof what);
    CHECK(run, start->started ==
               (resolved ? EXIT_CODE_CANNOT_LISTEN : EXIT_CODE_NOT_RESOLVED));
    CHECK(run, capture_has_failure(&start->capture, what, error));
}

static void check_ready(const struct start *start, const char *verb, struct tenon_error error)
{
    struct run *run = start->run;
    char what[PATH_SIZE + 64];
    int size = snprintf(what, sizeof what, "server: cannot %s the ready file %s: ", verb,
                        start->ready);
    CHECK(run, size > 0 && (size_t)size < sizeof what);
    CHECK(run, capture_has_failure(&start->capture, what, error));
}

static void check_failure(const struct start *start, enum tenon_status failure)
{
    struct run *run = start->run;
    struct tenon_error error = {failure, run->fault->native};
    bool internal = failure == TENON_NO_SPACE || failure == TENON_SYSTEM;
    switch (run->place) {
    case PLACE_OPEN:
        CHECK(run, start->opened == failure);
        break;
    case PLACE_MEMORY:
        CHECK(run, start->started == EXIT_CODE_FAILED);
        CHECK(run, capture_has_error(&start->capture,
                                     "server: there is not enough memory for 4 connections\n"));
        break;
    case PLACE_READY_REMOVE:
        check_ready(start, "remove", error);
        CHECK(run, start->started == (internal ? EXIT_CODE_FAILED : EXIT_CODE_USAGE));
        break;
    case PLACE_READY_WRITE:
        check_ready(start, "write", error);
        CHECK(run, start->started == (internal ? EXIT_CODE_FAILED : EXIT_CODE_USAGE));
        break;
    case PLACE_STOP_REMOVE:
        check_ready(start, "remove", error);
        CHECK(run, start->started == EXIT_CODE_NONE && start->was_ready);
        break;
    default:
        check_listen(start, error);
        break;
    }
}

static void check(const struct start *start)
{
    static const char cannot_accept[] =
        "server: cannot accept: no descriptors or no memory left; trying again\n";
    struct run *run = start->run;
    enum tenon_status failure = failure_of(start);
    bool stays = failure != TENON_OK && run->place == PLACE_STOP_REMOVE;
    CHECK(run, testing_file_exists(start->ready) == stays);
    CHECK(run, !testing_file_exists(start->beside));
    CHECK(run, start->ended == EXIT_CODE_OK);
    if (failure != TENON_OK) {
        check_failure(start, failure);
        return;
    }
    CHECK(run, start->opened == TENON_OK);
    CHECK(run, start->started == EXIT_CODE_NONE);
    CHECK(run, start->was_ready);
    CHECK(run, strcmp(start->capture.output, "Server is listening for connections...\n") == 0);
    CHECK(run, strcmp(start->capture.error, run_is_noticed(run) ? cannot_accept : "") == 0);
}

/* ---- the scenario ---- */

static void set_up(struct start *start)
{
    struct run *run = start->run;
    char connections[16];
    char *arguments[] = {"server", "-c", connections, "--threads", "1", "--ready-file",
                         start->ready, start->address, start->local, RUN_NAME ":0", NULL};
    int size = snprintf(connections, sizeof connections, "%d", (int)CONNECTIONS);
    CHECK(run, size > 0 && (size_t)size < sizeof connections);
    size = snprintf(start->address, sizeof start->address, "%s:0", run->address);
    CHECK(run, size > 0 && (size_t)size < sizeof start->address);
    size = snprintf(start->ready, sizeof start->ready, "%s/ready", run->folder);
    CHECK(run, size > 0 && (size_t)size < sizeof start->ready);
    size = snprintf(start->local, sizeof start->local, "unix:%s/socket", run->folder);
    CHECK(run, size > 0 && (size_t)size < sizeof start->local);
    size = snprintf(start->beside, sizeof start->beside, "%s.%llu-0.tmp", start->ready,
                    (unsigned long long)tenon_process_id());
    CHECK(run, size > 0 && (size_t)size < sizeof start->beside);
    capture_init(&start->capture, "server");
    CHECK(run, server_options_read(&start->options,
                                   (int)(sizeof arguments / sizeof arguments[0]) - 1, arguments,
                                   &start->capture.console) == EXIT_CODE_NONE);
}

static void run_start(struct run *run)
{
    struct start start = {.run = run};
    set_up(&start);
    run_begin(run, place_of, &start);
    act(&start);
    run_end(run);
    check(&start);
    struct tenon_error error;
    (void)tenon_file_remove(start.ready, &error);   /* mostly they are gone */
    (void)tenon_file_remove(start.local + strlen("unix:"), &error);
}

const struct scenario server_scenarios[] = {
    {"server.start", NULL, FAULT_CALLS, run_start},
    {NULL, NULL, FAULT_CALLS, NULL},
};
