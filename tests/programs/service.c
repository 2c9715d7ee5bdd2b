/* A server that listens, and raw peers of it. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SERVICE_ARGUMENTS_MAX = 24
};

void place_text(char text[PLACE_TEXT_MAX], const char *host, uint16_t port)
{
    int size = snprintf(text, PLACE_TEXT_MAX, "%s:%u", host, (unsigned)port);
    CHECK(size > 0 && size < PLACE_TEXT_MAX);
}

/* The ready file names the port that the system chose, the same in every line. */
static void read_ready_file(struct service *service, const char *address)
{
    char host[PLACE_TEXT_MAX];
    service->ready = testing_file_read(service->ready_file, NULL);
    CHECK(service->ready != NULL);
    size_t line = strcspn(service->ready, "\n");
    size_t colon = line;
    while (colon > 0 && service->ready[colon] != ':') {
        colon--;
    }
    service->port = (uint16_t)strtoul(service->ready + colon + 1, NULL, 10);
    const char *last = strrchr(address, ':');
    size_t size = last == NULL ? 0 : (size_t)(last - address);
    CHECK(size < sizeof host);
    memcpy(host, address, size);
    host[size] = 0;
    place_text(service->place, host, service->port);
}

static void start(struct service *service, enum program program, const char *address,
                  const char *const *arguments)
{
    const char *all[SERVICE_ARGUMENTS_MAX] = {"--ready-file", service->ready_file, address};
    size_t count = 3;
    memset(service, 0, sizeof *service);
    for (size_t i = 0; arguments[i] != NULL; i++) {
        CHECK(count < SERVICE_ARGUMENTS_MAX - 1);
        all[count++] = arguments[i];
    }
    char *folder = testing_folder_make("");
    CHECK(folder != NULL);
    (void)snprintf(service->folder, sizeof service->folder, "%s", folder);
    int size = snprintf(service->ready_file, sizeof service->ready_file, "%s/ready", folder);
    CHECK(size > 0 && (size_t)size < sizeof service->ready_file);
    free(folder);
    run_start(&service->run, program, all);
}

void service_start(struct service *service, const char *address, const char *const *arguments)
{
    const char *listens = SERVER_LISTENS;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        listens = strcmp(arguments[i], "--json") == 0 ? "\"event\":\"ready\"" : listens;
    }
    start(service, SERVER, address, arguments);
    run_await(&service->run, TESTING_OUTPUT, listens, 1);
    read_ready_file(service, address);
}

void service_start_other(struct service *service, const char *address,
                         const char *const *arguments)
{
    start(service, OTHER_SERVER, address, arguments);
    run_await(&service->run, TESTING_OUTPUT, SERVER_LISTENS, 1);
    read_ready_file(service, address);
}

static void clean_up(struct service *service)
{
    testing_folder_remove(service->folder);
    free(service->ready);
    service->ready = NULL;
}

void service_wait(struct service *service, int code)
{
    run_wait(&service->run);
    CHECK_CODE(&service->run, code);
    /* One that is forced to end leaves everything as it is. */
    bool forced = code == 130 || code == 143;
    CHECK(forced || !testing_file_exists(service->ready_file));
    clean_up(service);
}

void service_stop(struct service *service)
{
    if (testing_signals_are_sent()) {
        CHECK(testing_process_signal(service->run.process, TESTING_TERMINATE));
        service_wait(service, 0);
    } else {
        CHECK(testing_process_signal(service->run.process, TESTING_KILL));
        run_wait(&service->run);
        clean_up(service);
    }
}

/* ---- raw peers ---- */

int64_t raw_to(const struct service *service)
{
    int64_t peer = testing_raw_connect(TENON_FAMILY_IPV4, service->port, 0, PATIENCE);
    CHECK(peer != TESTING_RAW_NONE);
    return peer;
}

void raw_send(int64_t peer, const void *data, size_t size)
{
    CHECK(testing_raw_send(peer, data, size, PATIENCE) == TESTING_RAW_OK);
}

void raw_exchange(const struct service *service, const char *message, const char *answer)
{
    char data[4096];
    size_t received = 0;
    int64_t peer = raw_to(service);
    raw_send(peer, message, strlen(message));
    CHECK(testing_raw_receive_all(peer, data, sizeof data - 1, PATIENCE, &received) ==
          TESTING_RAW_END);
    CHECK(received < sizeof data);
    data[received] = 0;
    CHECK_TEXT(data, answer);
    testing_raw_close(peer);
}

void raw_answered(int64_t peer)
{
    static const char answer[] = "Hello from the server!!!";
    char data[100];
    size_t received = 0;
    CHECK(testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    CHECK(received == sizeof answer - 1 && memcmp(data, answer, received) == 0);
    testing_raw_close(peer);
}

void raw_served(const struct service *service, const void *data, size_t size)
{
    int64_t peer = raw_to(service);
    raw_send(peer, data, size);
    raw_answered(peer);
}

void raw_is_reset(int64_t peer)
{
    char data[100];
    size_t received = 0;
    enum testing_raw_result result =
        testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received);
    CHECK(result == TESTING_RAW_RESET ||
          (result == TESTING_RAW_END && !testing_resets_are_seen()));
    CHECK(received == 0);
    testing_raw_close(peer);
}

void raw_refused_by(const struct service *service, enum tenon_family family, const void *data,
                    size_t size)
{
    int64_t peer = testing_raw_connect(family, service->port, 0, PATIENCE);
    if (peer == TESTING_RAW_NONE) {
        return;
    }
    enum testing_raw_result result = testing_raw_send(peer, data, size, PATIENCE);
    if (result == TESTING_RAW_OK) {
        raw_is_reset(peer);
    } else {
        CHECK(result == TESTING_RAW_RESET);
        testing_raw_close(peer);
    }
}

void raw_refused(const struct service *service, const void *data, size_t size)
{
    raw_refused_by(service, TENON_FAMILY_IPV4, data, size);
}

int64_t refusing_port(uint16_t *port_out)
{
    int64_t held = testing_raw_reserve(TENON_FAMILY_IPV4, port_out);
    CHECK(held != TESTING_RAW_NONE);
    return held;
}

bool have_ipv6(void)
{
    int64_t listener = testing_raw_listen(TENON_FAMILY_IPV6, 0, 1, 0);
    testing_raw_close(listener);
    return listener != TESTING_RAW_NONE;
}
