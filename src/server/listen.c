/* Listening on every ADDRESS, and the ready file. */
#include "server/listen.h"
#include "common/event.h"
#include "common/exit_code.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tenon/file.h>
#include <tenon/supervision.h>

enum {
    INHERITED_FIRST = 3         /* the descriptor of the first, for messages */
};

/* The address as ADDRESS takes it. */
static void format_listener(const struct server *server, uint32_t index, char text[PLACE_TEXT_MAX])
{
    if (place_is_path(&server->entrances[index].place)) {
        place_format(&server->entrances[index].place, text);
    } else {
        tenon_address_format(&server->listeners[index].address, text, PLACE_TEXT_MAX);
    }
}

static const char *hint_for(enum tenon_status status, const struct place *place)
{
    bool is_path = place_is_path(place);
    switch ((int)status) {
    case TENON_ADDRESS_IN_USE:
        return is_path ? "another program listens there, or the file is no socket: end it, or take "
                         "another path" :
               place->port == 0 ? "no port is left of those that the system chooses from: name "
                                  "one, or end what has them" :
               "another program has this port: end it, or take another one (port 0 is any free "
               "one)";
    case TENON_ACCESS_DENIED:
        return is_path ? "its folder is not this user's to write in" :
               "a port below 1024 may need privileges; on Windows see which are reserved: "
               "netsh int ipv4 show excludedportrange protocol=tcp";
    case TENON_ADDRESS_NOT_AVAILABLE:
        return "this machine does not have the address";
    default:
        return NULL;
    }
}

static int fail(struct server *server, const struct place *place,
                const struct tenon_listen_report *report)
{
    char text[PLACE_TEXT_MAX];
    char why[CONSOLE_ERROR_MAX];
    enum tenon_status status = report->error.status;
    const char *hint = hint_for(status, place);
    if (report->failed.family == TENON_FAMILY_IPV4 || report->failed.family == TENON_FAMILY_IPV6) {
        tenon_address_format(&report->failed, text, sizeof text);
    } else {
        place_format(place, text);
    }
    const char *left_out = settings_left_out(&server->options->settings, place);
    console_error_text(report->error, why);
    console_error(server->console, "cannot listen on %s: %s", text,
                  left_out != NULL ? left_out : why);
    if (hint != NULL) {
        console_hint(server->console, "%s", hint);
    }
    return status == TENON_NOT_RESOLVED || status == TENON_RESOLVER_FAILED ?
        EXIT_CODE_NOT_RESOLVED : EXIT_CODE_CANNOT_LISTEN;
}

static void log_listeners(struct server *server, uint32_t first,
                          const struct tenon_listen_report *report)
{
    struct event event;
    char text[PLACE_TEXT_MAX];
    for (uint32_t i = first; i < server->listener_count; i++) {
        format_listener(server, i, text);
        if (event_begin_transcript(&event, server->console, "listen")) {
            event_text(&event, "address", text);
            event_text(&event, "backend", tenon_loop_backend(server->loop));
            event_end(&event);
        }
    }
    if (report->skipped > 0 && event_begin(&event, server->console, CONSOLE_INFO, "skip")) {
        tenon_address_format_ip(&report->failed, text, sizeof text);
        event_text(&event, "address", text);
        event_status(&event, report->error.status);
        event_end(&event);
    }
}

static int listen_place(struct server *server, const struct place *place)
{
    struct tenon_listen_options options = {0};
    struct tenon_listen_report report;
    uint32_t first = server->listener_count;
    options.family = server->options->settings.family;
    enum tenon_status status =
        tenon_listen_host(server->loop, &server->listeners[first], SERVER_LISTENERS_MAX - first,
                          place_host(place), place->port, &options, &report);
    if (status != TENON_OK) {
        return fail(server, place, &report);
    }
    server->listener_count += report.count;
    server->listeners_open += report.count;
    for (uint32_t i = first; i < server->listener_count; i++) {
        server->listeners[i].context = server;
        server->entrances[i].place = *place;
        server->entrances[i].open = true;
    }
    log_listeners(server, first, &report);
    return EXIT_CODE_NONE;
}

/* What a supervisor listens on for us. */
static int listen_inherited(struct server *server, uint32_t index)
{
    struct tenon_listener *listener = &server->listeners[index];
    struct server_entrance *entrance = &server->entrances[index];
    struct tenon_endpoint endpoint;
    struct tenon_listen_report report = {0};
    if (tenon_listen_inherited(server->loop, listener, index, &endpoint) != TENON_OK) {
        char why[CONSOLE_ERROR_MAX];
        console_error_text(listener->error, why);
        console_error(server->console, "cannot listen on the inherited descriptor %" PRIu32 ": %s",
                      INHERITED_FIRST + index,
                      listener->error.status == TENON_INVALID ?
                          "it is no stream socket that listens" : why);
        return EXIT_CODE_CANNOT_LISTEN;
    }
    listener->context = server;
    if (endpoint.address.family == TENON_FAMILY_PATH) {
        (void)snprintf(entrance->place.host, sizeof entrance->place.host, "unix:%s",
                       endpoint.path);
    }
    entrance->open = true;
    server->listener_count++;
    server->listeners_open++;
    log_listeners(server, index, &report);
    return EXIT_CODE_NONE;
}

int listen_all(struct server *server)
{
    const struct settings *settings = &server->options->settings;
    int code = EXIT_CODE_NONE;
    if (server->options->inherited > SERVER_LISTENERS_MAX) {
        console_error(server->console, "more than %d inherited descriptors: %" PRIu32,
                      SERVER_LISTENERS_MAX, server->options->inherited);
        return EXIT_CODE_USAGE;
    }
    for (uint32_t i = 0; i < server->options->inherited && code == EXIT_CODE_NONE; i++) {
        code = listen_inherited(server, i);
    }
    if (server->options->inherited > 0) {
        return code;
    }
    for (uint32_t i = 0; i < settings->place_count && code == EXIT_CODE_NONE; i++) {
        code = listen_place(server, &settings->places[i]);
    }
    return code;
}

/* ---- the ready file ---- */

static int fail_ready_file(struct server *server, const char *what, struct tenon_error error)
{
    console_error_path(server->console, what, server->options->ready_file, error);
    return error.status == TENON_NO_SPACE || error.status == TENON_SYSTEM ?
        EXIT_CODE_FAILED : EXIT_CODE_USAGE;
}

int ready_file_remove(struct server *server)
{
    if (server->options->ready_file == NULL) {
        return EXIT_CODE_NONE;
    }
    struct tenon_error error = {0};
    (void)tenon_file_remove(server->options->ready_file, &error);
    if (error.status != TENON_OK && error.status != TENON_NOT_FOUND) {
        return fail_ready_file(server, "remove the ready file", error);
    }
    return EXIT_CODE_NONE;
}

int ready_file_write(struct server *server)
{
    char lines[SERVER_LISTENERS_MAX * (PLACE_TEXT_MAX + 1)];
    size_t used = 0;
    struct tenon_error error;
    if (server->options->ready_file == NULL) {
        return EXIT_CODE_NONE;
    }
    for (uint32_t i = 0; i < server->listener_count; i++) {
        char text[PLACE_TEXT_MAX];
        format_listener(server, i, text);
        size_t size = strlen(text);
        memcpy(lines + used, text, size);
        lines[used + size] = '\n';
        used += size + 1;
    }
    if (tenon_file_write(server->options->ready_file, lines, used, &error) != TENON_OK) {
        return fail_ready_file(server, "write the ready file", error);
    }
    return EXIT_CODE_NONE;
}
