/* A real client in the simulation, and what its transcript and exit code are to be. */
#include "real_client.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The thread may stand still for a while, and completions come late. */
static const int64_t slack = 2 * TENON_SECOND;

static struct sim_world *world_of(const struct real_client *client)
{
    return client->world->run->world;
}

/* ---- the process around it ---- */

static void on_stop_asked(struct tenon_message *message)
{
    struct real_client *client = OUTER(message, struct real_client, stop_asked);
    if (client->client != NULL) {
        client->stopped_at = tenon_loop_now(client->loop);
        client_stop(client->client, client->number % 2 == 0 ? TENON_REQUEST_INTERRUPT :
                                                              TENON_REQUEST_TERMINATE);
    }
}

static void on_output_changed(struct fake_sink *sink, enum tenon_status output_status)
{
    struct real_client *client = OUTER(sink, struct real_client, sink);
    if (client->client != NULL) {
        client_output_changed(client->client, output_status);
    }
}

static void note_connected(struct real_client *client)
{
    if (client->local.port == 0 && client->client->state == CLIENT_CONNECTED) {
        client->local = sim_local_address(&client->client->exchange.stream);
        client->connected_at = tenon_loop_now(client->loop);
        client->world->run->tally->connections++;
    }
}

static void on_write(struct fake_sink *sink, const char *data, size_t size)
{
    (void)data;
    (void)size;
    note_connected(OUTER(sink, struct real_client, sink));
}

static void on_file_write(struct fake_sink *sink, const char *data, size_t size)
{
    (void)data;
    (void)size;
    note_connected(OUTER(sink, struct real_client, file));
}

static void on_source_changed(struct fake_source *source)
{
    client_source_changed(OUTER(source, struct real_client, source)->client);
}

/* A file on a disk that has room. */
static void on_file_changed(struct fake_sink *sink, enum tenon_status output_status)
{
    struct real_client *client = OUTER(sink, struct real_client, file);
    if (client->client != NULL) {
        client_output_changed(client->client, output_status);
    }
}

/* ---- the beginning ---- */

static void add_time(struct real_client *client, const char *option, int64_t milliseconds)
{
    command_add(client->world->run, &client->line, "%s", option);
    command_add(client->world->run, &client->line, "%" PRId64 "ms", milliseconds);
}

static const char *expected(const struct real_client *client)
{
    return client->world->mode == SERVER_GREET ? client->world->message : client->message;
}

static size_t expected_size(const struct real_client *client)
{
    switch (client->world->mode) {
    case SERVER_GREET:
        return client->world->message_size;
    case SERVER_ECHO:
        return client->plan.message_size;
    case SERVER_DISCARD:
        break;
    }
    return 0;
}

/* Those of the exchange, which a probe has not. */
static void add_exchange(struct real_client *client)
{
    static char wrong[] = "something else";
    static char nothing[] = "";
    static const char *const half_closes[] = {NULL, "now", "pause", "never"};
    const struct real_plan *plan = &client->plan;
    struct run *run = client->world->run;
    if (plan->half_close != HALF_CLOSE_DEFAULT) {
        command_add(run, &client->line, "--half-close=%s", half_closes[plan->half_close]);
    }
    if (plan->to_file) {
        command_add(run, &client->line, "-o");
        command_add(run, &client->line, "a file");
    }
    if (plan->expectation != REAL_ANY) {
        command_add(run, &client->line, "--expect");
        command_add_long(run, &client->line, plan->expectation == REAL_WRONG ? wrong :
                         expected_size(client) == 0 ? nothing : (char *)expected(client));
    }
    if (plan->fed) {
        command_add(run, &client->line, "-i");
        command_add(run, &client->line, "what is fed");
        return;
    }
    command_add(run, &client->line, "-m");
    command_add_long(run, &client->line, client->message);
}

static void add_arguments(struct real_client *client)
{
    const struct real_plan *plan = &client->plan;
    struct run *run = client->world->run;
    command_begin(&client->line, "client");
    if (plan->probe) {
        command_add(run, &client->line, "--probe");
    } else {
        client->message = scenario_allocate(run, plan->message_size + 1);
        scenario_fill(client->number, 0, client->message, plan->message_size);
        add_exchange(client);
    }
    add_time(client, "-t", plan->timeout);
    add_time(client, "-w", plan->connect_timeout);
    if (plan->wait > 0) {
        add_time(client, "--wait", plan->wait);
    }
    if (plan->quiet) {
        command_add(run, &client->line, "-q");
    }
    if (plan->verbose) {
        command_add(run, &client->line, "-vv");
    }
    if (plan->other_place != NULL) {
        command_add(run, &client->line, "%s", plan->other_place);
    }
    command_add(run, &client->line, "%s", plan->place);
}

static void begin(struct tenon_timer *timer)
{
    struct real_client *client = OUTER(timer, struct real_client, beginning);
    struct run *run = client->world->run;
    struct console *console = &client->console;
    add_arguments(client);
    command_trace(run, &client->line);
    fake_sink_open(&client->sink, "client", run, client->loop);
    client->sink.on_changed = on_output_changed;
    client->sink.on_write = on_write;
    client->sink.keeps = true;
    console->program = "client";
    console->sink = &client->sink.sink;
    console->loop = client->loop;
    int code = client_options_read(&client->options, client->line.count, client->line.arguments,
                                   console);
    CHECK(run->world, code == EXIT_CODE_NONE);
    console->level = client->options.settings.level;
    console->quiet = client->options.settings.quiet;
    client->begun = true;
    client->began_at = tenon_loop_now(client->loop);
    client->client = scenario_allocate(run, sizeof *client->client);
    struct client_streams streams = {&client->text.source, NULL};
    if (client->plan.fed) {
        fake_source_init(&client->source, run, client->loop, client->message,
                         client->plan.message_size);
        client->source.fails = client->plan.fed_fails;
        client->source.on_changed = on_source_changed;
        streams.source = &client->source.source;
    } else {
        source_text_init(&client->text, client->options.settings.message);
    }
    if (client->plan.to_file) {
        fake_sink_open(&client->file, "file", run, client->loop);
        client->file.on_changed = on_file_changed;
        client->file.on_write = on_file_write;
        client->file.keeps = true;
        streams.target = &client->file.sink;
    }
    client_start(client->client, client->loop, &client->options, console, &streams);
}

void real_client_plan(struct real_client *client, struct odd_world *world, uint32_t number,
                      struct tenon_loop *loop, const struct real_plan *plan)
{
    memset(client, 0, sizeof *client);
    client->world = world;
    client->plan = *plan;
    client->number = number;
    client->loop = loop;
    tenon_message_init(&client->stop_asked, on_stop_asked);
    world->alive++;
    tenon_timer_start(loop, &client->beginning, sim_now(world->run->world) + plan->begin, begin);
}

void real_client_stop(void *argument)
{
    struct real_client *client = argument;
    if (client->begun && !client->over) {
        sim_trace(world_of(client), "client", "%" PRIu32 " is asked to stop", client->number);
        (void)tenon_post(client->loop, &client->stop_asked);    /* it may be posted already */
    }
}

void real_client_crowd(void *argument)
{
    struct real_client *client = argument;
    if (client->begun && !client->over) {
        fake_sink_change(&client->sink,
                         client->plan.open_again == 0 ? SINK_BROKEN : SINK_CROWDED);
        if (client->plan.to_file) {
            fake_sink_change(&client->file, SINK_CROWDED);
        }
    }
}

void real_client_uncrowd(void *argument)
{
    struct real_client *client = argument;
    if (client->begun && !client->over) {
        fake_sink_change(&client->sink, SINK_OPEN);
        if (client->plan.to_file) {
            fake_sink_change(&client->file, SINK_OPEN);
        }
    }
}

/* ---- the transcript ---- */

struct client_lines {
    const char *at;
    size_t left;
    bool connected;
    bool sent;
    const char *response;
    size_t response_size;
};

static bool skip(struct client_lines *lines, const char *text)
{
    size_t size = strlen(text);
    if (lines->left < size || memcmp(lines->at, text, size) != 0) {
        return false;
    }
    lines->at += size;
    lines->left -= size;
    return true;
}

static void skip_response(struct client_lines *lines)
{
    lines->response = lines->at;
    while (lines->left > 0 && *lines->at != '\n') {
        lines->at++;
        lines->left--;
        lines->response_size++;
    }
}

/* Lines in their order, and nothing but them. */
static void read_transcript(const struct real_client *client, struct client_lines *lines)
{
    memset(lines, 0, sizeof *lines);
    lines->at = client->sink.text;
    lines->left = client->sink.size;
    if (client->plan.quiet && !client->plan.to_file) {
        skip_response(lines);
        CHECK(world_of(client), lines->left == 0);
        return;
    }
    lines->connected = skip(lines, "Connected to server.\n");
    if (lines->connected) {
        lines->sent = skip(lines, "Message sent.\n");
        if (skip(lines, "Server's response: ")) {
            skip_response(lines);
            CHECK(world_of(client), skip(lines, "\n"));
        }
        lines->sent = lines->sent || skip(lines, "Message sent.\n");
    }
    CHECK(world_of(client), lines->left == 0);
    if (client->plan.to_file) {
        CHECK(world_of(client), lines->response_size == 0);
        lines->response = client->file.text;
        lines->response_size = client->file.size;
    }
}

bool real_client_is_answered(const struct real_client *client)
{
    struct client_lines lines;
    if (!client->over || client->dead || client->code != EXIT_CODE_OK || client->plan.probe ||
        client->world->mode == SERVER_DISCARD || client->sink.state == SINK_BROKEN) {
        return false;
    }
    read_transcript(client, &lines);
    return lines.response_size == expected_size(client);
}

static void check_transcript(const struct real_client *client)
{
    const struct sim_world *world = world_of(client);
    struct client_lines lines;
    if (client->sink.state == SINK_BROKEN) {
        return;
    }
    read_transcript(client, &lines);
    CHECK(world, lines.response_size <= expected_size(client));
    CHECK(world, lines.response_size == 0 ||
                     memcmp(lines.response, expected(client), lines.response_size) == 0);
    if (client->code == EXIT_CODE_OK && !client->plan.probe) {
        bool alone = client->plan.quiet || client->plan.to_file;
        bool whole = lines.response_size == expected_size(client);
        CHECK(world, client->plan.quiet || lines.sent);
        CHECK(world, alone || client->plan.expectation == REAL_RIGHT || lines.response_size > 0);
        CHECK(world, whole || (client->world->mode != SERVER_GREET &&
                               client->plan.expectation != REAL_RIGHT) ||
                         (alone && lines.response_size == 0 &&
                          client->plan.expectation != REAL_RIGHT));
        CHECK(world, client->plan.expectation != REAL_WRONG && !client->plan.fed_fails);
    }
    client->world->run->tally->bytes += lines.response_size;
}

static void check_code(const struct real_client *client)
{
    const struct sim_world *world = world_of(client);
    const struct fake_sink *sink = &client->sink;
    int64_t timeout = client->plan.timeout * TENON_MILLISECOND;
    switch (client->code) {
    case EXIT_CODE_OK:
        CHECK(world, sink->errors_size == 0 || sink->state == SINK_BROKEN);
        break;
    case EXIT_CODE_NOT_RESOLVED:
    case EXIT_CODE_REFUSED:
        CHECK(world, fake_sink_said(sink, "client: cannot connect to "));
        break;
    case EXIT_CODE_TIMED_OUT:
        if (!fake_sink_said(sink, "client: cannot connect to ") &&
            !fake_sink_said(sink, "client: lost ")) {
            CHECK(world, client->plan.timeout > 0);
            CHECK(world, client->over_at >= client->began_at + timeout);
        }
        break;
    case EXIT_CODE_INTERRUPTED:
    case EXIT_CODE_TERMINATED:
        CHECK(world, client->stopped_at != 0);
        break;
    default:
        CHECK(world, client->code == EXIT_CODE_FAILED);
        CHECK(world, sink->errors_size > 0);
    }
    if (client->stopped_at != 0) {
        CHECK(world, client->over_at <= client->stopped_at + slack);
    }
    if (fake_sink_said(sink, "client: cannot connect to ")) {
        int64_t longest = client->plan.wait + 2 * client->plan.connect_timeout;
        CHECK(world, client->over_at <= client->began_at + longest * TENON_MILLISECOND + slack);
    }
}

void real_client_look(struct real_client *client)
{
    if (!client->begun || client->over || client->client->state != CLIENT_OVER ||
        client->stop_asked.posted || client->sink.changed.posted || client->file.changed.posted) {
        return;
    }
    fake_source_stop(&client->source);
    client->code = client_end(client->client);
    client->over = true;
    client->over_at = sim_now(world_of(client));
    client->world->alive--;
    scenario_poison(client->world->run, client->client);
    client->client = NULL;
    sim_trace(world_of(client), "client", "%" PRIu32 " is over, exit code %d", client->number,
              client->code);
    check_code(client);
    check_transcript(client);
}

void real_client_bury(struct real_client *client)
{
    if (!client->over) {
        if (client->client != NULL) {
            scenario_free(client->client);
        }
        client->client = NULL;
        client->dead = true;
        client->over = true;
        client->world->alive--;
    }
}

void real_client_free(struct real_client *client)
{
    if (client->message != NULL) {
        scenario_free(client->message);
    }
    fake_sink_close(&client->sink);
    fake_sink_close(&client->file);
}
