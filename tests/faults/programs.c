/* The server and two clients, the programs' own modules, on one loop: the first client's exchange
 * as it is in every transcript, then a stop while the second one is connected, which is drained. */
#include "capture.h"
#include "client/client.h"
#include "client/options.h"
#include "common/exit_code.h"
#include "faults.h"
#include "server/options.h"
#include "server/server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLIENTS = 2,
    PLACE_SIZE = 64
};

/* Where a fault hits; CUSTOMER times the index of the client that is served is added. */
enum where {
    PLACE_OPEN = 1,
    PLACE_START,                /* the server's start, which tests of its own have */
    PLACE_LISTENER,
    PLACE_CONNECT,
    PLACE_CLIENT,
    PLACE_CLIENT_OVER,          /* a client that has its answer, and closes */
    PLACE_SESSION,
    PLACE_CLOSE,
    CUSTOMER = 16
};

enum phase {
    PHASE_OPEN,
    PHASE_START,
    PHASE_RUN,
    PHASE_CLOSE
};

struct customer {
    struct capture capture;
    struct client_options options;
    struct source_text message;
    struct client client;
    char place[PLACE_SIZE];
    bool begun;
};

struct programs {
    struct run *run;
    struct tenon_loop *loop;
    enum phase phase;
    enum tenon_status opened;
    struct capture capture;
    struct server_options options;
    struct server server;
    int started;
    int ended;
    struct customer customers[CLIENTS];
    uint32_t current;           /* the customer that is served */
};

static int place_of_customer(const struct customer *customer, const struct fault_site *site)
{
    const struct client *client = &customer->client;
    if (!customer->begun || client->state == CLIENT_OVER) {
        return PLACE_LISTENER;
    }
    if (client->state == CLIENT_CONNECTED) {
        return (int64_t)client->exchange.stream.handle != site->handle ? PLACE_LISTENER
               : client->exchange.closing                              ? PLACE_CLIENT_OVER
                                                                       : PLACE_CLIENT;
    }
    return site->call == CALL_ACCEPT ? PLACE_LISTENER : PLACE_CONNECT;
}

static int place_of_phase(const struct programs *programs, const struct fault_site *site)
{
    const struct server *server = &programs->server;
    switch (programs->phase) {
    case PHASE_OPEN:
        return PLACE_OPEN;
    case PHASE_START:
        return PLACE_START;
    case PHASE_RUN:
        for (uint32_t i = 0; i < server->workers[0].begun; i++) {
            const struct session *session = &server->workers[0].sessions[i];
            if (session->state != SESSION_FREE &&
                (int64_t)session->stream.handle == site->handle) {
                return PLACE_SESSION;
            }
        }
        return place_of_customer(&programs->customers[programs->current], site);
    case PHASE_CLOSE:
        break;
    }
    return PLACE_CLOSE;
}

static int place_of(const void *context, const struct fault_site *site)
{
    const struct programs *programs = context;
    return place_of_phase(programs, site) + CUSTOMER * (int)programs->current;
}

/* ---- what happens ---- */

/* The port is known by now. */
static void start_customer(struct programs *programs, uint32_t index)
{
    struct run *run = programs->run;
    struct customer *customer = &programs->customers[index];
    char *arguments[] = {"client", customer->place, NULL};
    int size = snprintf(customer->place, sizeof customer->place, "%s:%u",
                        index == 0 ? run->address : RUN_NAME,
                        (unsigned)programs->server.listeners[0].address.port);
    CHECK(run, size > 0 && (size_t)size < sizeof customer->place);
    capture_init(&customer->capture, "client");
    customer->capture.console.loop = programs->loop;
    CHECK(run, client_options_read(&customer->options, 2, arguments,
                                   &customer->capture.console) == EXIT_CODE_NONE);
    programs->current = index;
    customer->begun = true;
    const struct client_streams streams = {&customer->message.source, NULL};
    source_text_init(&customer->message, customer->options.settings.message);
    client_start(&customer->client, programs->loop, &customer->options,
                 &customer->capture.console, &streams);
}

static bool has_session(const struct server *server)
{
    return server->workers[0].counts[SESSION_FREE] < server->options->connections;
}

static void serve(struct programs *programs)
{
    struct run *run = programs->run;
    struct server *server = &programs->server;
    start_customer(programs, 0);
    while (programs->customers[0].client.state != CLIENT_OVER || has_session(server)) {
        (void)run_turn(run, programs->loop);
    }
    start_customer(programs, 1);
    while (programs->customers[1].client.state != CLIENT_OVER && !has_session(server)) {
        (void)run_turn(run, programs->loop);
    }
    server_stop(server, TENON_REQUEST_TERMINATE);
}

static void act(struct programs *programs)
{
    struct tenon_loop_options options = {.backend = programs->run->backend};
    programs->opened = tenon_loop_open(&options, &programs->loop);
    if (programs->opened != TENON_OK) {
        return;
    }
    programs->capture.console.loop = programs->loop;
    programs->phase = PHASE_START;
    programs->started = server_open(&programs->server, &programs->loop, 1, &programs->options,
                                    &programs->capture.console);
    bool opened = programs->started == EXIT_CODE_NONE;
    if (opened) {
        programs->started = server_start(&programs->server);
    }
    programs->phase = PHASE_RUN;
    if (programs->started == EXIT_CODE_NONE) {
        serve(programs);
    }
    while (opened && !server_is_over(&programs->server)) {
        (void)run_turn(programs->run, programs->loop);
    }
    while (run_turn(programs->run, programs->loop)) {
    }
    programs->phase = PHASE_CLOSE;
    programs->ended = server_end(&programs->server);
    tenon_loop_close(programs->loop);
}

/* ---- what is expected ---- */

/* COMMAND LINE: the exit code of a connect that failed. */
static int code_of_connect(enum tenon_status status)
{
    switch ((int)status) {
    case TENON_TIMED_OUT:
        return EXIT_CODE_TIMED_OUT;
    case TENON_NOT_RESOLVED:
    case TENON_RESOLVER_FAILED:
        return EXIT_CODE_NOT_RESOLVED;
    case TENON_REFUSED:
    case TENON_UNREACHABLE:
    case TENON_NOT_FOUND:
    case TENON_ACCESS_DENIED:
    case TENON_ADDRESS_NOT_AVAILABLE:
    case TENON_FAMILY_UNSUPPORTED:
        return EXIT_CODE_REFUSED;
    default:
        return EXIT_CODE_FAILED;
    }
}

static void check_answered(struct run *run, const struct customer *customer)
{
    static const char transcript[] = "Connected to server.\nMessage sent.\n"
                                     "Server's response: Hello from the server!!!\n";
    CHECK(run, customer->begun);
    CHECK(run, client_end(&customer->client) == EXIT_CODE_OK);
    CHECK(run, strcmp(customer->capture.output, transcript) == 0);
    CHECK(run, customer->capture.error[0] == '\0');
}

/* The client that the fault hit says what it met. */
static void check_failed(struct run *run, const struct customer *customer, bool connects,
                         enum tenon_status failure)
{
    struct tenon_error error = {failure, run->fault->native};
    char what[PLACE_SIZE + 64];
    int code = connects ? code_of_connect(failure)
               : failure == TENON_TIMED_OUT ? EXIT_CODE_TIMED_OUT : EXIT_CODE_FAILED;
    int size = snprintf(what, sizeof what, connects ? "client: cannot connect to %s: " :
                        "client: lost %s before the end of its answer: ", customer->place);
    CHECK(run, size > 0 && (size_t)size < sizeof what);
    if (run->fault->call == CALL_THREAD || run->fault->call == CALL_MALLOC ||
        run->fault->call == CALL_CALLOC) {
        error.native = 0;       /* a look-up's start has no native code */
    }
    CHECK(run, client_end(&customer->client) == code);
    CHECK(run, capture_has_failure(&customer->capture, what, error));
}

/* The client of a session that the fault hit: it has its answer, or says that it has not. */
static void check_cut_off(struct run *run, const struct programs *programs,
                          const struct customer *customer, enum tenon_status failure)
{
    char text[PLACE_SIZE];
    int size = snprintf(text, sizeof text, " status=%s\n", tenon_status_name(failure));
    CHECK(run, size > 0 && (size_t)size < sizeof text);
    CHECK(run, capture_has_error(&programs->capture, text));
    if (client_end(&customer->client) == EXIT_CODE_OK) {
        check_answered(run, customer);
        return;
    }
    CHECK(run, client_end(&customer->client) == EXIT_CODE_FAILED);
    CHECK(run, capture_has_error(&customer->capture, "client: lost ") ||
               capture_has_error(&customer->capture, " ended the connection without an answer\n"));
}

static void check(const struct programs *programs)
{
    struct run *run = programs->run;
    enum tenon_status failure = run_failure(run);
    int place = run->place % CUSTOMER;
    if (place == PLACE_START && run->hit) {
        return;
    }
    if (failure != TENON_OK && place == PLACE_OPEN) {
        CHECK(run, programs->opened == failure);
        return;
    }
    CHECK(run, programs->opened == TENON_OK && programs->started == EXIT_CODE_NONE);
    CHECK(run, programs->ended == EXIT_CODE_OK);
    CHECK(run, run_is_noticed(run) ==
               capture_has_error(&programs->capture,
                                 "server: cannot accept: no descriptors or no memory left"));
    for (uint32_t i = 0; i < CLIENTS; i++) {
        const struct customer *customer = &programs->customers[i];
        if (failure == TENON_OK || run->place / CUSTOMER != (int)i || place == PLACE_LISTENER ||
            place == PLACE_CLIENT_OVER || place == PLACE_CLOSE) {
            check_answered(run, customer);
        } else if (place == PLACE_SESSION) {
            check_cut_off(run, programs, customer, failure);
        } else {
            check_failed(run, customer, place == PLACE_CONNECT, failure);
        }
    }
}

static void run_programs(struct run *run)
{
    char address[PLACE_SIZE];
    char *arguments[] = {"server", "-vv", "-c", "4", "--threads", "1", address, NULL};
    int size = snprintf(address, sizeof address, "%s:0", run->address);
    CHECK(run, size > 0 && (size_t)size < sizeof address);
    struct programs *programs = calloc(1, sizeof *programs);    /* too much for a stack */
    CHECK(run, programs != NULL);
    if (programs == NULL) {
        return;
    }
    programs->run = run;
    capture_init(&programs->capture, "server");
    CHECK(run, server_options_read(&programs->options, 7, arguments,
                                   &programs->capture.console) == EXIT_CODE_NONE);
    programs->capture.console.level = programs->options.settings.level;
    run_begin(run, place_of, programs);
    act(programs);
    run_end(run);
    check(programs);
    free(programs);
}

const struct scenario program_scenarios[] = {
    {"programs.drain", NULL, FAULT_CALLS, run_programs},
    {NULL, NULL, FAULT_CALLS, NULL},
};
