/* A server under a supervisor that speaks systemd's protocols: listeners that are handed over, and
 * what it is told. The supervisor is this test. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VARIABLE_MAX = PATH_TEXT_MAX + 16,
    LISTENERS_MAX = 3,
    MICROSECONDS = 100 * 1000       /* of the watchdog */
};

static const struct testing_start usual = {
    .input = TESTING_NULL, .output = TESTING_PIPE, .error = TESTING_PIPE
};

/* ---- listeners ---- */

static void start_with(struct run *run, const int64_t *listeners, size_t count,
                       const char *const *arguments)
{
    struct testing_start start = usual;
    start.listeners = listeners;
    start.listener_count = count;
    run_start_as(run, SERVER, arguments, &start);
}

static void needs_handing_over(void)
{
    if (!testing_signals_differ()) {
        case_skip("nothing hands listeners over on Windows");
    }
}

static int64_t listen_on(enum tenon_family family)
{
    int64_t listener = testing_raw_listen(family, 0, 16, 0);
    CHECK(listener != TESTING_RAW_NONE);
    return listener;
}

static void served_at(int64_t listener)
{
    struct service service = {.port = testing_raw_port(listener)};
    raw_served(&service, BYTES("hello"));
}

/* All of them are served, no ADDRESS is bound, and what connected before the start has waited. A
 * second server takes the same listeners when the first is gone: no client is refused between. */
static void listeners(void)
{
    struct run server;
    int64_t held[LISTENERS_MAX];
    needs_handing_over();
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        held[i] = listen_on(TENON_FAMILY_IPV4);
    }
    struct service service = {.port = testing_raw_port(held[1])};
    int64_t early = raw_to(&service);
    raw_send(early, BYTES("hello"));
    start_with(&server, held, LISTENERS_MAX, ARGUMENTS("-v"));
    raw_answered(early);
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        served_at(held[i]);
    }
    run_signal(&server, TESTING_TERMINATE);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK(count_parts(server.error, " INFO listen address=127.0.0.1:") == LISTENERS_MAX);
    CHECK(count_parts(server.error, " INFO listen ") == LISTENERS_MAX);
    run_close(&server);

    int64_t between = raw_to(&service);
    raw_send(between, BYTES("hello"));
    start_with(&server, held, LISTENERS_MAX, NO_ARGUMENTS);
    raw_answered(between);
    run_signal(&server, TESTING_TERMINATE);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    run_close(&server);
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        testing_raw_close(held[i]);
    }
}

static void listeners_of_ipv6(void)
{
    struct run server;
    needs_handing_over();
    if (!have_ipv6()) {
        case_skip("this machine has no IPv6");
    }
    int64_t held = listen_on(TENON_FAMILY_IPV6);
    start_with(&server, &held, 1, ARGUMENTS("-v", "--once"));
    run_await(&server, TESTING_ERROR_OUTPUT, " INFO listen address=[::1]:", 1);
    int64_t peer = testing_raw_connect(TENON_FAMILY_IPV6, testing_raw_port(held), 0, PATIENCE);
    raw_send(peer, BYTES("hello"));
    raw_answered(peer);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    run_close(&server);
    testing_raw_close(held);
}

/* The second of two is bound and does not listen. */
static void no_listener(void)
{
    struct run server;
    uint16_t port = 0;
    needs_handing_over();
    int64_t held[] = {listen_on(TENON_FAMILY_IPV4),
                      testing_raw_reserve(TENON_FAMILY_IPV4, &port)};
    CHECK(held[1] != TESTING_RAW_NONE);
    start_with(&server, held, 2, NO_ARGUMENTS);
    run_wait(&server);
    CHECK_CODE(&server, 6);
    CHECK_TEXT(server.error, "server: cannot listen on the inherited descriptor 4: it is no stream "
                             "socket that listens\n");
    run_close(&server);
    testing_raw_close(held[0]);
    testing_raw_close(held[1]);
}

static void address_beside_listeners(void)
{
    struct run server;
    needs_handing_over();
    int64_t held = listen_on(TENON_FAMILY_IPV4);
    start_with(&server, &held, 1, ARGUMENTS("127.0.0.1:0"));
    run_wait(&server);
    CHECK_CODE(&server, 2);
    CHECK_CONTAINS(server.error, "server: an ADDRESS beside the listeners that LISTEN_FDS hands");
    run_close(&server);
    testing_raw_close(held);
}

/* Variables that are meant for another process, or half there, are no listeners; wrong ones are
 * said. */
static void variables(void)
{
    static const struct {
        const char *environment[3];
        int code;
    } rows[] = {
        {{"LISTEN_PID=1", "LISTEN_FDS=1"}, 0},
        {{"LISTEN_PID=999999999", "LISTEN_FDS=x"}, 0},
        {{"LISTEN_FDS=1", NULL}, 0},
        {{"LISTEN_PID=1", NULL}, 0},
        {{"LISTEN_PID=", "LISTEN_FDS=1"}, 2},
        {{"LISTEN_PID=one", "LISTEN_FDS=1"}, 2},
        {{"LISTEN_PID=-1", "LISTEN_FDS=1"}, 2},
        {{"LISTEN_PID=99999999999999999999", "LISTEN_FDS=1"}, 2},
    };
    needs_handing_over();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run server;
        struct testing_start start = usual;
        start.environment = rows[i].environment;
        run_start_as(&server, SERVER, ARGUMENTS("127.0.0.1:0"), &start);
        if (rows[i].code == 0) {
            run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
            run_signal(&server, TESTING_TERMINATE);
        }
        run_wait(&server);
        CHECK_CODE(&server, rows[i].code);
        CHECK(rows[i].code == 0 ||
              strstr(server.error, "server: LISTEN_PID and LISTEN_FDS are to be") != NULL);
        run_close(&server);
    }
}

/* ---- notifications ---- */

static void hears(int64_t mailbox, const char *expected)
{
    char text[100];
    size_t size = 0;
    CHECK(testing_raw_receive(mailbox, text, sizeof text - 1, PATIENCE, &size) == TESTING_RAW_OK);
    text[size] = 0;
    CHECK_TEXT(text, expected);
}

static void quiet_for(int64_t mailbox, int64_t time)
{
    char text[100];
    size_t size = 0;
    CHECK(testing_raw_receive(mailbox, text, sizeof text, time, &size) == TESTING_RAW_TIMED_OUT);
}

static int64_t open_mailbox(const char *name, char variable[VARIABLE_MAX])
{
    int64_t mailbox = testing_raw_mailbox(name);
    if (mailbox == TESTING_RAW_NONE) {
        case_skip(name[0] == '@' ? "there are no abstract names here" :
                                   "there are no local sockets here");
    }
    (void)snprintf(variable, VARIABLE_MAX, "NOTIFY_SOCKET=%s", name);
    return mailbox;
}

static void notified_at(const char *name)
{
    char variable[VARIABLE_MAX];
    struct run server;
    struct testing_start start = usual;
    int64_t mailbox = open_mailbox(name, variable);
    start.environment = (const char *const[]){variable, NULL};
    run_start_as(&server, SERVER, ARGUMENTS("127.0.0.1:0"), &start);
    hears(mailbox, "READY=1");
    run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
    /* Under a supervisor a hang-up is no stop. */
    run_signal(&server, TESTING_HANG_UP);
    run_signal(&server, TESTING_TERMINATE);
    hears(mailbox, "STOPPING=1");
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK_TEXT(server.error, "");
    quiet_for(mailbox, 0);
    run_close(&server);
    testing_raw_close(mailbox);
}

static void notifies(void)
{
    char path[PATH_TEXT_MAX];
    char *folder = new_folder();
    path_in(path, folder, "notify");
    notified_at(path);
    testing_folder_remove(folder);
    free(folder);
}

static void notifies_an_abstract_name(void)
{
    char name[PATH_TEXT_MAX];
    char *folder = new_folder();
    CHECK(snprintf(name, sizeof name, "@%s", folder) < (int)sizeof name);
    testing_folder_remove(folder);
    free(folder);
    notified_at(name);
}

/* Nobody hears of a server that cannot start. */
static void not_ready(void)
{
    char path[PATH_TEXT_MAX];
    char variable[VARIABLE_MAX];
    char *folder = new_folder();
    struct run server;
    struct testing_start start = usual;
    path_in(path, folder, "notify");
    int64_t mailbox = open_mailbox(path, variable);
    start.environment = (const char *const[]){variable, NULL};
    run_start_as(&server, SERVER, ARGUMENTS("192.0.2.1:0"), &start);
    run_wait(&server);
    CHECK_CODE(&server, 6);
    quiet_for(mailbox, 0);
    run_close(&server);
    testing_raw_close(mailbox);
    testing_folder_remove(folder);
    free(folder);
}

/* Signs of life come twice an interval, from the start until the end, if they are this process's to
 * give. */
static void watchdog(void)
{
    enum { SIGNS = 8 };
    char path[PATH_TEXT_MAX];
    char variable[VARIABLE_MAX];
    char interval[80];
    char *folder = new_folder();
    struct run server;
    struct testing_start start = usual;
    path_in(path, folder, "notify");
    int64_t mailbox = open_mailbox(path, variable);
    (void)snprintf(interval, sizeof interval, "WATCHDOG_USEC=%d", MICROSECONDS);
    start.environment = (const char *const[]){variable, interval, NULL};
    int64_t since = testing_clock();
    run_start_as(&server, SERVER, ARGUMENTS("127.0.0.1:0"), &start);
    hears(mailbox, "READY=1");
    for (int i = 0; i < SIGNS; i++) {
        hears(mailbox, "WATCHDOG=1");
    }
    /* Never early; how late depends on the machine, and so does when we hear what was said. */
    CHECK(testing_clock() - since >= SIGNS * (MICROSECONDS / 2) * TENON_MICROSECOND);
    run_close(&server);

    start.environment = (const char *const[]){variable, interval, "WATCHDOG_PID=1", NULL};
    run_start_as(&server, SERVER, ARGUMENTS("127.0.0.1:0"), &start);
    hears(mailbox, "READY=1");
    quiet_for(mailbox, 3 * MICROSECONDS * TENON_MICROSECOND);
    run_signal(&server, TESTING_TERMINATE);
    hears(mailbox, "STOPPING=1");
    run_wait(&server);
    CHECK_CODE(&server, 0);
    run_close(&server);
    testing_raw_close(mailbox);
    testing_folder_remove(folder);
    free(folder);
}

/* A supervisor that is gone, or a name that is none: said, and no reason to end. */
static void nobody_hears(void)
{
    static const char *const names[] = {"/no-such-folder/notify", "relative"};
    needs_handing_over();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct run server;
        struct testing_start start = usual;
        char variable[VARIABLE_MAX];
        char said[VARIABLE_MAX + 100];
        (void)snprintf(variable, sizeof variable, "NOTIFY_SOCKET=%s", names[i]);
        (void)snprintf(said, sizeof said,
                       "server: cannot notify the supervisor (NOTIFY_SOCKET is %s): ", names[i]);
        start.environment = (const char *const[]){variable, "WATCHDOG_USEC=2000", NULL};
        run_start_as(&server, SERVER, ARGUMENTS("127.0.0.1:0"), &start);
        run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
        run_await(&server, TESTING_ERROR_OUTPUT, said, 1);
        run_signal(&server, TESTING_TERMINATE);
        run_wait(&server);
        CHECK_CODE(&server, 0);
        CHECK(count_parts(server.error, "server: ") == 1);      /* within 10 s */
        run_close(&server);
    }
}

const struct test_case supervised_cases[] = {
    {"supervised.listeners", listeners},
    {"supervised.listeners_of_ipv6", listeners_of_ipv6},
    {"supervised.no_listener", no_listener},
    {"supervised.address_beside_listeners", address_beside_listeners},
    {"supervised.variables", variables},
    {"supervised.notifies", notifies},
    {"supervised.notifies_an_abstract_name", notifies_an_abstract_name},
    {"supervised.not_ready", not_ready},
    {"supervised.watchdog", watchdog},
    {"supervised.nobody_hears", nobody_hears},
    {NULL, NULL},
};
