/* The client: the ADDRESSes in turn, and over again while it is to wait. */
#include "client/client.h"
#include "common/event.h"
#include "common/exit_code.h"
#include "common/number.h"
#include "common/outer.h"
#include "common/program.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

static const int64_t retry_pause_min = 50 * TENON_MILLISECOND;
static const int64_t retry_pause_max = 1 * TENON_SECOND;

static void end(struct client *client, int code)
{
    client->state = CLIENT_OVER;
    if (!client->ending) {
        client->ending = true;
        client->code = code;
    }
}

/* ---- failures ---- */

static int code_of(enum tenon_status status)
{
    switch ((int)status) {
    case TENON_TIMED_OUT:
        return EXIT_CODE_TIMED_OUT;
    case TENON_REFUSED:
    case TENON_UNREACHABLE:
    case TENON_NOT_FOUND:               /* a path's socket */
    case TENON_ACCESS_DENIED:
    case TENON_ADDRESS_NOT_AVAILABLE:
    case TENON_FAMILY_UNSUPPORTED:
        return EXIT_CODE_REFUSED;
    case TENON_NOT_RESOLVED:
    case TENON_RESOLVER_FAILED:
        return EXIT_CODE_NOT_RESOLVED;
    default:
        return EXIT_CODE_FAILED;
    }
}

/* Refused, or not resolved: what a server that is about to start looks like. */
static bool is_worth_waiting(enum tenon_status status)
{
    int code = code_of(status);
    return code == EXIT_CODE_REFUSED || code == EXIT_CODE_NOT_RESOLVED;
}

/* `connection refused (tried ::1, 127.0.0.1)`; an address with another failure than the whole has
 * it beside it. */
static void describe(const struct tenon_connect *connect, const struct place *place,
                     const char *left_out, char reason[CLIENT_REASON_MAX])
{
    char ip[TENON_ADDRESS_TEXT_MAX];
    char why[CONSOLE_ERROR_MAX];
    console_error_text(connect->error, why);
    size_t used = 0;
    int more = snprintf(reason, CLIENT_REASON_MAX, "%s", left_out != NULL ? left_out : why);
    if (place_is_path(place) || place_is_numeric(place)) {
        return;
    }
    for (uint32_t i = 0; i < connect->attempts_begun && more >= 0; i++) {
        const struct tenon_attempt *attempt = &connect->attempts[i];
        used += (size_t)more;
        if (used >= CLIENT_REASON_MAX - 1) {
            return;
        }
        bool other = attempt->error.status != connect->error.status;
        tenon_address_format_ip(&attempt->address, ip, sizeof ip);
        more = snprintf(reason + used, CLIENT_REASON_MAX - used, "%s%s%s%s%s",
                        i == 0 ? " (tried " : ", ", ip, other ? ": " : "",
                        other ? tenon_status_sentence(attempt->error.status) : "",
                        i + 1 == connect->attempts_begun ? ")" : "");
    }
}

/* There was an answer before, only not the one that is expected. */
static void say_earlier(struct client *client)
{
    if (client->earlier[0] != '\0') {
        console_note(client->console, "before that: %s", client->earlier);
    }
}

/* What to do about it, where that can be told. */
static void say_hint(struct client *client)
{
    bool refused = false;
    bool unknown = false;
    for (uint32_t i = 0; i < client->place_count; i++) {
        enum tenon_status status = client->failures[i].status;
        refused = refused || status == TENON_REFUSED || status == TENON_NOT_FOUND;
        unknown = unknown || status == TENON_NOT_RESOLVED;
    }
    if (refused) {
        console_hint(client->console, "is the server running?%s",
                     client->options->wait == 0 ? " try --wait 10s" : "");
    } else if (unknown) {
        console_hint(client->console, client->options->settings.family == TENON_FAMILY_ANY ?
                     "is it meant as a host? a value with spaces is quoted, and that of --bench "
                     "stands behind =" : "-4 and -6 leave out the addresses of the other family");
    }
}

/* Every ADDRESS has failed for good. */
static void give_up(struct client *client)
{
    static const int order[] = {EXIT_CODE_TIMED_OUT, EXIT_CODE_REFUSED, EXIT_CODE_NOT_RESOLVED};
    int code = EXIT_CODE_FAILED;
    for (uint32_t i = 0; i < client->place_count; i++) {
        char text[PLACE_TEXT_MAX];
        place_format(&client->places[i], text);
        console_error(client->console, "cannot connect to %s: %s", text,
                      client->failures[i].reason);
    }
    say_earlier(client);
    say_hint(client);
    for (size_t k = sizeof order / sizeof order[0]; k > 0; k--) {
        for (uint32_t i = 0; i < client->place_count; i++) {
            code = code_of(client->failures[i].status) == order[k - 1] ? order[k - 1] : code;
        }
    }
    end(client, code);
}

/* ---- rounds: each ADDRESS once ---- */

static void begin_round(struct client *client);

static void on_retry(struct tenon_timer *timer)
{
    begin_round(OUTER(timer, struct client, retry));
}

static bool may_wait(const struct client *client)
{
    return client->options->wait != 0 && tenon_loop_now(client->loop) < client->wait_end;
}

/* Another round follows, `pause` from now or when the waiting ends. */
static void retry_in(struct client *client, int64_t pause)
{
    struct event event;
    int64_t left = client->wait_end - tenon_loop_now(client->loop);
    pause = pause < left ? pause : left;
    client->state = CLIENT_PAUSING;
    tenon_timer_start(client->loop, &client->retry, tenon_loop_now(client->loop) + pause, on_retry);
    if (event_begin(&event, client->console, CONSOLE_INFO, "retry")) {
        event_duration(&event, "in", pause);
        event_end(&event);
    }
}

static void retry(struct client *client)
{
    int64_t pause = client->pause;
    client->pause = pause * 2 < retry_pause_max ? pause * 2 : retry_pause_max;
    retry_in(client, pause);
}

/* Looking at a file costs nothing: its pauses stay short. */
static void wait_for_ready_file(struct client *client, const char *problem)
{
    const struct client_options *options = client->options;
    char wait[NUMBER_TEXT_MAX];
    if (may_wait(client)) {
        retry_in(client, retry_pause_min);
        return;
    }
    if (options->wait == 0) {
        console_error(client->console, "no addresses in %s: %s", text_shown(options->ready_file),
                      problem);
        console_hint(client->console, "is the server running? try --wait 10s");
        end(client, EXIT_CODE_USAGE);
        return;
    }
    number_duration_format(options->wait, wait);
    console_error(client->console, "no addresses in %s within %s: %s",
                  text_shown(options->ready_file), wait, problem);
    say_earlier(client);
    console_hint(client->console, "is the server running, with this --ready-file?");
    end(client, EXIT_CODE_TIMED_OUT);
}

static void connect_place(struct client *client);

/* The server may have started anew meanwhile, with other ports. */
static void begin_round(struct client *client)
{
    char problem[READY_FILE_PROBLEM_MAX];
    client->place = 0;
    if (client->options->ready_file == NULL) {
        connect_place(client);
        return;
    }
    client->places = client->ready;
    switch (ready_file_read(client->options->ready_file, client->ready, &client->place_count,
                            problem)) {
    case READY_FILE_READ:
        connect_place(client);
        break;
    case READY_FILE_NOT_YET:
        wait_for_ready_file(client, problem);
        break;
    case READY_FILE_WRONG:
        console_error(client->console, "cannot take addresses from %s: %s",
                      client->options->ready_file, problem);
        end(client, EXIT_CODE_USAGE);
        break;
    }
}

/* A round has failed: again after a pause, or the end. */
static void fail_round(struct client *client)
{
    bool worth = false;
    for (uint32_t i = 0; i < client->place_count; i++) {
        worth = worth || is_worth_waiting(client->failures[i].status);
    }
    if (worth && may_wait(client)) {
        retry(client);
    } else {
        give_up(client);
    }
}

/* ---- connecting ---- */

static void fail_place(struct client *client, const struct tenon_connect *connect)
{
    const struct place *place = &client->places[client->place];
    struct client_failure *failure = &client->failures[client->place];
    struct event event;
    char text[PLACE_TEXT_MAX];
    place_format(place, text);
    failure->status = connect->error.status;
    describe(connect, place, settings_left_out(&client->options->settings, place),
             failure->reason);
    if (event_begin(&event, client->console, CONSOLE_INFO, "connect_failed")) {
        event_text(&event, "address", text);
        event_status(&event, failure->status);
        event_end(&event);
    }
    client->place++;
    if (client->place < client->place_count) {
        connect_place(client);
    } else {
        fail_round(client);
    }
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct client *client = OUTER(connect, struct client, connect);
    struct event event;
    if (status != TENON_OK && client->ending) {
        end(client, client->code);
        return;
    }
    if (status != TENON_OK) {
        fail_place(client, connect);
        return;
    }
    if (event_begin_transcript(&event, client->console, "connect")) {
        event_address(&event, "peer", &connect->attempts[connect->winner].address);
        event_text(&event, "backend", tenon_loop_backend(client->loop));
        event_end(&event);
    }
    client->state = CLIENT_CONNECTED;
    if (client->options->probe || client->options->load.kind != LOAD_NONE) {
        exchange_probe(&client->exchange, client);
    } else {
        exchange_begin(&client->exchange, client);
    }
    if (client->ending) {
        exchange_abort(&client->exchange, client->code);
    }
}

static void connect_place(struct client *client)
{
    const struct client_options *options = client->options;
    const struct place *place = &client->places[client->place];
    struct tenon_connect_options connect_options = {0};
    connect_options.family = options->settings.family;
    connect_options.timeout = options->connect_timeout;
    client->state = CLIENT_CONNECTING;
    memset(&client->exchange, 0, sizeof client->exchange);
    tenon_connect(client->loop, &client->connect, &client->exchange.stream, place_host(place),
                  place->port, &connect_options, on_connected);
}

/* ---- start and end ---- */

void client_start(struct client *client, struct tenon_loop *loop,
                  const struct client_options *options, struct console *console,
                  const struct client_streams *streams)
{
    memset(client, 0, sizeof *client);
    client->loop = loop;
    client->console = console;
    client->options = options;
    client->source = streams->source;
    client->raw = streams->target != NULL ? streams->target : console->quiet ? console->sink : NULL;
    client->places = options->settings.places;
    client->place_count = options->settings.place_count;
    client->pause = retry_pause_min;
    client->wait_end = options->wait == TENON_FOREVER ? TENON_FOREVER :
        tenon_loop_now(loop) + options->wait;
    begin_round(client);
}

void client_abort(struct client *client, int code)
{
    if (client->ending) {
        return;
    }
    client->ending = true;
    client->code = code;
    switch (client->state) {
    case CLIENT_CONNECTING:
        tenon_connect_cancel(&client->connect);
        break;
    case CLIENT_PAUSING:
        tenon_timer_stop(client->loop, &client->retry);
        end(client, code);
        break;
    case CLIENT_CONNECTED:
        exchange_abort(&client->exchange, code);
        break;
    case CLIENT_OVER:
        break;
    }
}

void client_stop(struct client *client, enum tenon_request stop)
{
    client_abort(client, program_stop_code(stop));
}

void client_output_changed(struct client *client, enum tenon_status output_status)
{
    if (output_status != TENON_OK && console_break(client->console)) {
        console_error(client->console, "cannot write to the standard output: %s",
                      console_output_reason(output_status));
        client_abort(client, EXIT_CODE_FAILED);
    } else if (client->state == CLIENT_CONNECTED) {
        exchange_resume(&client->exchange);
    }
}

void client_source_changed(struct client *client)
{
    if (client->state == CLIENT_CONNECTED) {
        exchange_send_more(&client->exchange);
    }
}

bool client_tries_again(const struct client *client)
{
    return client->options->expected != NULL && !client->ending && may_wait(client);
}

void client_note_try(struct client *client, const char *reason)
{
    struct event event;
    (void)snprintf(client->earlier, sizeof client->earlier, "%s", reason);
    if (event_begin(&event, client->console, CONSOLE_INFO, "not_as_expected")) {
        event_text(&event, "reason", reason);
        event_end(&event);
    }
}

void client_exchange_over(struct client *client, int code, bool again)
{
    if (again && !client->ending) {
        retry(client);
    } else {
        end(client, code);
    }
}

int client_end(const struct client *client)
{
    return client->code;
}
