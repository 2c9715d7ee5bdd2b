/* The load test: its workers, what they are to do, and what they have done together. */
#include "client/load.h"
#include "common/event.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include "common/program.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DESCRIPTORS_SPARE = 64      /* for all that is no connection of the test */
};

static int fail(struct load *load, const char *what, enum tenon_status status)
{
    console_error(load->console, "cannot %s: %s", what, tenon_status_sentence(status));
    return EXIT_CODE_FAILED;
}

/* ---- what it is to do ---- */

/* Bytes that tell their place: what comes back at another one is seen. */
static char *make_pattern(uint32_t size)
{
    size_t total = (size_t)LOAD_PATTERN_PERIOD + size;
    char *pattern = malloc(total);
    uint32_t state = 0x2545f491u;
    for (size_t i = 0; pattern != NULL && i < total; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        pattern[i] = i < LOAD_PATTERN_PERIOD ? (char)(state & 127) :
            pattern[i - LOAD_PATTERN_PERIOD];
    }
    return pattern;
}

static void set_request(struct load *load, const struct client_options *options,
                        const struct place *place)
{
    struct load_request *request = &load->request;
    request->kind = options->load.kind;
    request->connect_timeout = options->connect_timeout;
    request->timeout = options->settings.timeout;
    request->port = place->port;
    if (place_is_path(place)) {
        memcpy(load->host, place->host, sizeof place->host);
    } else {
        tenon_address_format_ip(&load->result.peer, load->host, sizeof load->host);
    }
    request->host = load->host;
    request->data = load->pattern != NULL ? load->pattern : options->settings.message;
    request->size = load->pattern != NULL ? options->load.size : strlen(request->data);
}

/* A connection takes a descriptor each. */
static int check_descriptors(struct load *load)
{
    uint64_t wanted = (uint64_t)load->options->connections + DESCRIPTORS_SPARE;
    uint64_t allowed = 0;
    enum tenon_status status = tenon_process_raise_descriptors(wanted, &allowed);
    if (status != TENON_OK) {
        return fail(load, "read the limit of descriptors", status);
    }
    if (allowed < wanted) {
        console_error(load->console,
                      "%" PRIu32 " connections are too many: this process may have %" PRIu64
                      " descriptors", load->options->connections, allowed);
        return EXIT_CODE_FAILED;
    }
    return EXIT_CODE_NONE;
}

static bool allocate(struct load *load)
{
    const struct load_options *options = load->options;
    load->workers = calloc(options->threads, sizeof *load->workers);
    load->connections = calloc(options->connections, sizeof *load->connections);
    load->view = calloc(1, sizeof *load->view);
    load->pattern = options->kind == LOAD_ECHO ? make_pattern(options->size) : NULL;
    return load->workers != NULL && load->connections != NULL && load->view != NULL &&
        (load->pattern != NULL || options->kind != LOAD_ECHO);
}

/* Of workers that have ended, or were never started. */
static void release(struct load *load)
{
    for (uint32_t i = 1; load->workers != NULL && i < load->options->threads; i++) {
        if (load->workers[i].loop != NULL) {
            tenon_loop_close(load->workers[i].loop);
        }
    }
    free(load->pattern);
    free(load->view);
    free(load->connections);
    free(load->workers);
}

/* ---- what its workers have done ---- */

static void look(struct load *load)
{
    bool over = true;
    memset(&load->result.counts, 0, sizeof load->result.counts);
    for (uint32_t i = 0; i < load->started; i++) {
        load_worker_look(&load->workers[i], load->view);
        load_counts_add(&load->result.counts, &load->view->counts);
        over = over && load->view->over;
    }
    load->over = over;
}

/* The window may have another size than before. */
static void show_progress(struct load *load)
{
    load->progress.columns = tenon_output_columns(TENON_ERROR_OUTPUT);
    load_report_progress(&load->result, &load->progress, load->console);
}

static void on_changed(struct tenon_message *message)
{
    struct load *load = OUTER(message, struct load, changed);
    if (!load->over) {
        look(load);
        show_progress(load);
    }
}

/* ---- start and end ---- */

/* The same number of connections and requests for each, but for one. */
static uint32_t share_of(uint32_t whole, uint32_t parts, uint32_t index)
{
    return whole / parts + (index < whole % parts ? 1 : 0);
}

static enum tenon_status set_worker(struct load *load, uint32_t index, uint32_t first)
{
    struct load_worker *worker = &load->workers[index];
    const struct load_options *options = load->options;
    struct tenon_loop_options loop_options = {0};
    loop_options.backend = tenon_loop_backend(load->loop);
    worker->request = &load->request;
    worker->connections = &load->connections[first];
    worker->connection_count = share_of(options->connections, options->threads, index);
    worker->rate = share_of(options->rate, options->threads, index);
    worker->duration = options->duration;
    worker->view_every = tenon_output_columns(TENON_ERROR_OUTPUT) > 0 ? TENON_SECOND : 0;
    worker->watcher = load->loop;
    worker->changed = &load->changed;
    worker->loop = load->loop;
    return index == 0 ? TENON_OK : tenon_loop_open(&loop_options, &worker->loop);
}

static void run_worker(void *argument)
{
    load_worker_start(argument);
    load_worker_run(argument);
}

static void join(struct load *load)
{
    for (uint32_t i = 1; i < load->started; i++) {
        tenon_thread_join(&load->workers[i].thread);
    }
    for (uint32_t i = 0; i < load->options->threads; i++) {
        load_worker_close(&load->workers[i]);
    }
}

/* Some workers run already where one can not be started: they are stopped like all. */
static int start_workers(struct load *load)
{
    uint32_t first = 0;
    enum tenon_status status = TENON_OK;
    for (uint32_t i = 0; i < load->options->threads && status == TENON_OK; i++) {
        status = set_worker(load, i, first);
        first += load->workers[i].connection_count;
    }
    if (status != TENON_OK) {
        return fail(load, "open an event loop", status);
    }
    for (uint32_t i = 0; i < load->options->threads; i++) {
        load_worker_open(&load->workers[i]);
    }
    load->started = 1;
    load_worker_start(&load->workers[0]);
    while (load->started < load->options->threads && status == TENON_OK) {
        status = tenon_thread_start(&load->workers[load->started].thread, run_worker,
                                    &load->workers[load->started]);
        load->started += status == TENON_OK ? 1 : 0;
    }
    if (status != TENON_OK) {
        load_stop(load, TENON_REQUEST_TERMINATE);
        load->code = fail(load, "start a thread", status);
    }
    return EXIT_CODE_NONE;
}

static void say_start(const struct load *load)
{
    struct event event;
    if (event_begin(&event, load->console, CONSOLE_INFO, "load_start")) {
        event_address(&event, "peer", &load->result.peer);
        event_number(&event, "threads", load->options->threads);
        event_end(&event);
    }
}

int load_open(struct load *load, struct tenon_loop *loop, const struct client_options *options,
              const struct place *place, const struct tenon_address *peer,
              struct console *console)
{
    load->console = console;
    load->loop = loop;
    load->options = &options->load;
    load->result.options = &options->load;
    load->result.target = load->target;
    load->result.peer = *peer;
    load->code = EXIT_CODE_OK;
    place_format(place, load->target);
    int code = check_descriptors(load);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    if (!allocate(load)) {
        release(load);
        return fail(load, "start", TENON_LIMIT);
    }
    set_request(load, options, place);
    tenon_message_init(&load->changed, on_changed);
    load->begun = true;
    say_start(load);
    code = start_workers(load);
    if (code != EXIT_CODE_NONE) {
        load->begun = false;
        release(load);
        return code;
    }
    show_progress(load);
    return EXIT_CODE_NONE;
}

void load_stop(struct load *load, enum tenon_request stop)
{
    load->code = program_stop_code(stop);
    for (uint32_t i = 0; i < load->started; i++) {
        load_worker_stop(&load->workers[i]);
    }
}

bool load_turn(struct load *load)
{
    load_worker_turn(&load->workers[0]);
    return !load->over;
}

void load_clear(struct load *load)
{
    load_report_clear(&load->progress, load->console);
}

int load_close(struct load *load)
{
    join(load);
    (void)tenon_loop_turn(load->loop, 0);       /* what was posted since is not left behind */
    if (load->code != EXIT_CODE_FAILED) {
        load_report(&load->result, load->console);
    }
    if (load->code == EXIT_CODE_OK && load_report_errors(&load->result.counts) > 0) {
        load->code = EXIT_CODE_CUT_OFF;
    }
    load->begun = false;
    release(load);
    return load->code;
}
