/* A server under the system's service manager, which Windows has: its states, its last word, and
 * what the manager asks of it. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/supervision.h>

/* A copy of the server, in a folder of its own whose name is no ASCII, and its files there. */
struct managed {
    struct testing_service *service;
    char *folder;
    char program[PATH_TEXT_MAX];
    char log[PATH_TEXT_MAX];
    char ready_file[PATH_TEXT_MAX];
    struct service ready;           /* for raw peers: its port */
};

/* The one of this case: it does not outlive a case that fails. */
static struct managed managed;

static void clean_up(void)
{
    testing_service_remove(managed.service);
    managed.service = NULL;
    if (managed.folder != NULL) {
        testing_folder_remove(managed.folder);
        free(managed.folder);
        managed.folder = NULL;
    }
}

static void copy_server(void)
{
    char named[PATH_TEXT_MAX];
    size_t size = 0;
    char *file = program_file(SERVER);
    char *data = testing_file_read(file, &size);
    if (data == NULL) {
        (void)snprintf(named, sizeof named, "%s.exe", file);
        data = testing_file_read(named, &size);
    }
    CHECK(data != NULL && testing_file_write(managed.program, data, size));
    free(data);
    free(file);
}

/* With `--service`, its files, and these arguments. Skips the case where that is not possible. */
static void install(const char *const *arguments)
{
    enum { ARGUMENTS_MAX = 24 };
    char name[80];
    const char *why = NULL;
    const char *all[ARGUMENTS_MAX] = {managed.program, "--service", "--log-file", managed.log,
                                      "--ready-file", managed.ready_file};
    size_t count = 6;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        CHECK(count < ARGUMENTS_MAX - 1);
        all[count++] = arguments[i];
    }
    case_clean_with(clean_up);
    managed.folder = new_folder();
    path_in(managed.program, managed.folder, "\xc5\xbctenon.exe");
    path_in(managed.log, managed.folder, "l\xc3\xb6g");
    path_in(managed.ready_file, managed.folder, "ready");
    /* The folder's name tells tests apart that run at once. */
    const char *unique = strstr(managed.folder, "tenon-");
    CHECK(unique != NULL);
    (void)snprintf(name, sizeof name, "%.*s", (int)(strlen(unique) - strlen("-\xc3\xbc")), unique);
    managed.service = testing_service_install(name, all, &why);
    if (managed.service == NULL) {
        case_skip(why);
    }
    copy_server();
}

static void start(void)
{
    CHECK(testing_service_start(managed.service));
    CHECK(testing_service_await(managed.service, TESTING_RUNNING, 0, PATIENCE));
    char *ready = testing_file_read(managed.ready_file, NULL);
    CHECK(ready != NULL);
    managed.ready.port = (uint16_t)strtoul(strrchr(ready, ':') + 1, NULL, 10);
    free(ready);
}

static void ended(uint32_t code)
{
    struct testing_service_status status;
    CHECK(testing_service_await(managed.service, TESTING_STOPPED, 0, PATIENCE));
    CHECK(testing_service_look(managed.service, &status));
    if (status.code != code) {
        (void)printf("expected code %u, seen %u\n", (unsigned)code, (unsigned)status.code);
    }
    CHECK(status.code == code && !status.failed);
    CHECK(!testing_file_exists(managed.ready_file));
}

static void log_has(const char *text)
{
    char *log = testing_file_read(managed.log, NULL);
    CHECK_CONTAINS(log, text);
    free(log);
}

/* It starts in another folder than this, without any stream, and its arguments are what they were:
 * more than once. */
static void serves(void)
{
    install(ARGUMENTS("-m", "Gr\xc3\xbc\xc3\x9f \"\xe2\x82\xac\"\\", "127.0.0.1:0"));
    for (int i = 0; i < 2; i++) {
        start();
        raw_exchange(&managed.ready, "x", "Gr\xc3\xbc\xc3\x9f \"\xe2\x82\xac\"\\");
        CHECK(testing_service_control(managed.service, TESTING_STOP));
        ended(0);
    }
    log_has(" INFO answer conn=1 ");
}

/* While clients finish, the manager sees that the stop gets on; then the end is a good one. */
static void drains(void)
{
    struct testing_service_status status;
    char data[8];
    size_t received = 0;
    install(ARGUMENTS("--mode", "echo", "--drain", "5m", "127.0.0.1:0"));
    start();
    int64_t peer = raw_to(&managed.ready);
    raw_send(peer, "x", 1);
    CHECK(testing_raw_receive(peer, data, sizeof data, PATIENCE, &received) == TESTING_RAW_OK);
    CHECK(testing_service_control(managed.service, TESTING_STOP));
    CHECK(testing_service_await(managed.service, TESTING_STOPPING, 4, PATIENCE));
    CHECK(testing_service_look(managed.service, &status));
    CHECK(status.hint_ms >= 5000);
    raw_send(peer, "y", 1);
    testing_raw_finish(peer);
    CHECK(testing_raw_receive_all(peer, data, sizeof data, PATIENCE, &received) ==
          TESTING_RAW_END);
    CHECK(received == 1 && data[0] == 'y');
    testing_raw_close(peer);
    ended(0);
}

static void cut_off(void)
{
    install(ARGUMENTS("--mode", "discard", "--drain", "200ms", "127.0.0.1:0"));
    start();
    int64_t peer = raw_to(&managed.ready);
    raw_send(peer, "x", 1);
    await_file(managed.log, " INFO accept conn=1 ");
    CHECK(testing_service_control(managed.service, TESTING_STOP));
    ended(7);
    log_has("cut off 1 connection");
    testing_raw_close(peer);
}

/* What a hang-up and SIGUSR1 do elsewhere. */
static void controls(void)
{
    char old[PATH_TEXT_MAX];
    install(ARGUMENTS("127.0.0.1:0"));
    start();
    raw_exchange(&managed.ready, "x", "Hello from the server!!!");
    await_file(managed.log, " INFO end conn=1 ");
    CHECK(testing_service_control(managed.service, TESTING_REPORT_CONTROL));
    await_file(managed.log, " INFO totals accepted=1 open=0 answered=1 ");
    path_in(old, managed.folder, "old");
    CHECK(testing_file_rename(managed.log, old));
    CHECK(testing_service_control(managed.service, TESTING_CHANGE));
    await_file(managed.log, " INFO hangup reopened=true\n");
    CHECK(testing_service_control(managed.service, TESTING_STOP));
    ended(0);
}

/* The exit code is the service's own code, and the log says why. */
static void cannot_listen(void)
{
    char place[PLACE_TEXT_MAX];
    int64_t taken = testing_raw_listen(TENON_FAMILY_IPV4, 0, 1, 0);
    CHECK(taken != TESTING_RAW_NONE);
    place_text(place, "127.0.0.1", testing_raw_port(taken));
    install(ARGUMENTS(place));
    CHECK(testing_service_start(managed.service));
    ended(6);
    log_has("cannot listen on 127.0.0.1:");
    testing_raw_close(taken);
}

static void cannot_log(void)
{
    install(ARGUMENTS("--log-file", "C:/", "127.0.0.1:0"));
    CHECK(testing_service_start(managed.service));
    ended(2);
}

/* Started by nobody's manager. */
static void at_a_console(void)
{
    struct run run;
    char log[PATH_TEXT_MAX];
    if (!tenon_has_services()) {
        case_skip("services are Windows' own");
    }
    char *folder = new_folder();
    path_in(log, folder, "log");
    run_whole(&run, SERVER, ARGUMENTS("--service", "--log-file", log));
    CHECK_CODE(&run, 2);
    CHECK_CONTAINS(run.error, "server: cannot run as a service: ");
    CHECK_CONTAINS(run.error, "1063");
    CHECK_CONTAINS(run.error, "hint: ");
    CHECK(!testing_file_exists(log));
    run_close(&run);
    testing_folder_remove(folder);
    free(folder);
}

const struct test_case manager_cases[] = {
    {"manager.serves", serves},
    {"manager.drains", drains},
    {"manager.cut_off", cut_off},
    {"manager.controls", controls},
    {"manager.cannot_listen", cannot_listen},
    {"manager.cannot_log", cannot_log},
    {"manager.at_a_console", at_a_console},
    {NULL, NULL},
};
