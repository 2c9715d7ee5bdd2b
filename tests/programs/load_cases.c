/* The load test: against servers that count by themselves, that stand still, and that fail. */
#include "harness.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a server of its own, in Python ---- */

struct peer {
    struct run run;
    char place[PLACE_TEXT_MAX];
};

static int64_t number_behind(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    if (at == NULL) {
        (void)printf("no %s in: %s\n", word, text);
    }
    CHECK(at != NULL);
    return strtoll(at + strlen(word), NULL, 10);
}

static void peer_start(struct peer *peer, const char *mode)
{
    char path[PATH_TEXT_MAX];
    char *folder = testing_environment("TENON_SCRIPTS");
    struct streams streams = {TESTING_PIPE, TESTING_PIPE, TESTING_PIPE};
    if (!program_known(PYTHON) || folder == NULL) {
        case_skip("no Python here");
    }
    int size = snprintf(path, sizeof path, "%s/load_peer.py", folder);
    CHECK(size > 0 && (size_t)size < sizeof path);
    free(folder);
    run_start_with(&peer->run, PYTHON, ARGUMENTS(path, mode), &streams);
    run_await(&peer->run, TESTING_OUTPUT, "\n", 1);
    char *text = run_text(&peer->run, TESTING_OUTPUT);
    place_text(peer->place, "127.0.0.1", (uint16_t)number_behind(text, "port "));
    free(text);
}

/* Ends it: what it counted is its output then. */
static void peer_end(struct peer *peer)
{
    testing_process_close_input(peer->run.process);
    run_wait(&peer->run);
    CHECK_CODE(&peer->run, 0);
}

/* ---- results ---- */

/* A member of the result's object. */
static int64_t member(const struct run *run, const char *key)
{
    char word[80];
    const char *object = strstr(run->output, "\"event\":\"load\"");
    CHECK(object != NULL);
    (void)snprintf(word, sizeof word, "\"%s\":", key);
    return number_behind(object, word);
}

static int64_t answered(const struct run *run)
{
    return member(run, "requests") + member(run, "warm_up_requests");
}

#define TEXT_RESULT(kind, loop) \
    "target 127.0.0.1:# (127.0.0.1)  " kind "  #.# s  " loop "\n" \
    "requests # (#/s)  errors 0 (connect 0, timeout 0, reset 0, mismatch 0)\n" \
    "latency us   min #  p50 #  p90 #  p99 #  p99.9 #  p99.99 #  max #\n"
#define CLOSED_LOOP "closed loop: queueing delay not seen; use -R"

static void text_of(const char *mode, const char *const *arguments, const char *pattern)
{
    struct service service;
    struct run run;
    const char *all[16];
    size_t count = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", mode));
    for (; arguments[count] != NULL; count++) {
        all[count] = arguments[count];
    }
    all[count] = service.place;
    all[count + 1] = NULL;
    run_whole(&run, CLIENT, all);
    CHECK_CODE(&run, 0);
    CHECK_TEXT(run.output, pattern);
    CHECK_TEXT(run.error, "");
    run_close(&run);
    service_stop(&service);
    run_close(&service.run);
}

static void text_results(void)
{
    text_of("greet", ARGUMENTS("-B", "-c", "4", "-d", "200ms"),
            TEXT_RESULT("greet  4 connections", CLOSED_LOOP));
    text_of("greet", ARGUMENTS("--bench=connect", "-c", "1", "-d", "200ms"),
            TEXT_RESULT("connect  1 connection", CLOSED_LOOP));
    text_of("echo", ARGUMENTS("--bench=echo", "-s", "1k", "-d", "200ms", "-R", "200"),
            TEXT_RESULT("echo 1024 B  64 connections", "open loop 200/s"));
    /* More than the kernel takes at once. */
    text_of("echo", ARGUMENTS("--bench=echo", "-s", "1m", "-c", "2", "-d", "1s"),
            TEXT_RESULT("echo 1048576 B  2 connections", CLOSED_LOOP));
}

/* ---- independent counts ---- */

static void counts_of_echo(const char *threads)
{
    struct peer peer;
    struct run run;
    peer_start(&peer, "echo");
    run_whole(&run, CLIENT,
              ARGUMENTS("--bench=echo", "-s", "100", "-c", "20", "-d", "1s", "--json",
                        "--threads", threads, peer.place));
    peer_end(&peer);
    CHECK_CODE(&run, 0);
    CHECK(member(&run, "requests") > 0);
    CHECK(number_behind(peer.run.output, "bytes ") == 100 * answered(&run));
    CHECK(number_behind(peer.run.output, "with_data ") == 20);
    run_close(&run);
    run_close(&peer.run);
}

static void echoes_are_counted(void)
{
    counts_of_echo("1");
    counts_of_echo("3");
}

static void greetings_are_counted(void)
{
    struct peer peer;
    struct run run;
    peer_start(&peer, "greet");
    run_whole(&run, CLIENT,
              ARGUMENTS("-B", "-c", "20", "-d", "1s", "--json", "-m", "hello", peer.place));
    peer_end(&peer);
    CHECK_CODE(&run, 0);
    CHECK(member(&run, "requests") > 0);
    CHECK(number_behind(peer.run.output, "with_data ") == answered(&run));
    CHECK(number_behind(peer.run.output, "bytes ") == 5 * answered(&run));
    run_close(&run);
    run_close(&peer.run);
}

/* One more than it counts: the first connection finds the address that answers. */
static void connects_are_counted(void)
{
    struct peer peer;
    struct run run;
    peer_start(&peer, "mute");
    run_whole(&run, CLIENT,
              ARGUMENTS("--bench=connect", "-c", "5", "-R", "500", "-d", "1s", "--json",
                        peer.place));
    peer_end(&peer);
    CHECK_CODE(&run, 0);
    CHECK(number_behind(peer.run.output, "connections ") == answered(&run) + 1);
    run_close(&run);
    run_close(&peer.run);
}

/* ---- time ---- */

/* A server that stands still for 200 ms of each second keeps one request in five waiting: of those
 * a tenth, two in a hundred of all, for more than 180 ms. A closed loop sends none meanwhile. */
static void stalls_are_seen(void)
{
    struct peer peers[2];
    struct run open;
    struct run closed;
    for (int i = 0; i < 2; i++) {
        peer_start(&peers[i], "stall");
    }
    run_start(&open, CLIENT, ARGUMENTS("--bench=echo", "-c", "50", "-R", "500", "-d", "3s",
                                       "--json", peers[0].place));
    run_start(&closed, CLIENT, ARGUMENTS("--bench=echo", "-c", "1", "-d", "3s", "--json",
                                         peers[1].place));
    run_wait(&open);
    run_wait(&closed);
    CHECK_CODE(&open, 0);
    CHECK(member(&open, "p99_us") > 150 * 1000);
    CHECK(member(&open, "p90_us") > 50 * 1000);
    CHECK_CODE(&closed, 0);
    CHECK(member(&closed, "p50_us") < 50 * 1000);
    CHECK(member(&closed, "max_us") > 100 * 1000);
    for (int i = 0; i < 2; i++) {
        peer_end(&peers[i]);
        run_close(&peers[i].run);
    }
    run_close(&open);
    run_close(&closed);
}

/* Wine serves no 5000 a second. */
static void rate_is_kept(void)
{
    bool fast = testing_resets_are_seen();
    int64_t asked = fast ? 5000 : 500;
    struct service service;
    struct run run;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    run_whole(&run, CLIENT, ARGUMENTS("--bench=echo", "-R", fast ? "5k" : "500", "-d", "2s",
                                      "--json", service.place));
    CHECK_CODE(&run, 0);
    CHECK(member(&run, "rate_asked") == asked);
    CHECK(member(&run, "rate") >= asked - asked / 100);
    CHECK(member(&run, "rate") <= asked + asked / 100);
    run_close(&run);
    service_stop(&service);
    run_close(&service.run);
}

/* Ten thousand connections, each of which has its turn; fewer under Wine, which is slow. */
static void many_connections(void)
{
    bool fast = testing_resets_are_seen();
    int64_t count = fast ? 10000 : 500;
    struct service service;
    struct run run;
    uint64_t before = 0;
    if (testing_limit_descriptors(0, &before) && !testing_limit_descriptors(12000, &before)) {
        case_skip("this system lets no process have 12000 descriptors");
    }
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo", "-c", "11k"));
    run_whole(&run, CLIENT, ARGUMENTS("--bench=echo", "-c", fast ? "10k" : "500", "-R",
                                      fast ? "10k" : "500", "-d", "1s", "--json", service.place));
    CHECK_CODE(&run, 0);
    CHECK(member(&run, "connections") == count);
    CHECK(member(&run, "errors") == 0 && answered(&run) >= count);
    run_close(&run);
    service_stop(&service);
    CHECK(count_parts(service.run.output, "Connected to client: ") == (size_t)count);
    run_close(&service.run);
}

/* ---- errors ---- */

static void error_of(const char *mode, const char *key, const char *const *more)
{
    static const char *const keys[] = {
        "connect_errors", "timeout_errors", "reset_errors", "mismatch_errors"
    };
    struct peer peer;
    struct run run;
    peer_start(&peer, mode);
    run_whole(&run, CLIENT,
              ARGUMENTS("--bench=echo", "-c", "2", "-R", "20", "-d", "500ms", "--json", more[0],
                        more[1], peer.place));
    peer_end(&peer);
    CHECK_CODE(&run, 7);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        CHECK((member(&run, keys[i]) > 0) == (strcmp(keys[i], key) == 0));
    }
    CHECK_CONTAINS(run.output, "\"error\":{\"code\":\"incomplete\",\"exit\":7}");
    run_close(&run);
    run_close(&peer.run);
}

static void errors_by_kind(void)
{
    error_of("twist", "mismatch_errors", ARGUMENTS("-s", "1500"));
    error_of("mute", "timeout_errors", ARGUMENTS("-t", "200ms"));
    if (testing_resets_are_seen()) {
        error_of("reset", "reset_errors", ARGUMENTS("-s", "64"));
    }
}

/* It was there for the first connection, and takes no other. */
static void gone_while_loading(void)
{
    struct service service;
    struct run run;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--once"));
    run_whole(&run, CLIENT, ARGUMENTS("-B", "-c", "1", "-R", "10", "-d", "500ms", service.place));
    CHECK_CODE(&run, 7);
    CHECK_CONTAINS(run.error, "connections failed, one of them with: connection refused");
    run_close(&run);
    service_wait(&service, 0);
    run_close(&service.run);
}

static void interrupted(void)
{
    struct service service;
    struct run run;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo"));
    run_start(&run, CLIENT, ARGUMENTS("--bench=echo", "-d", "0", "-v", service.place));
    run_await(&run, TESTING_ERROR_OUTPUT, "load_start", 1);
    run_signal(&run, TESTING_INTERRUPT);
    run_wait(&run);
    CHECK_CODE(&run, testing_signals_differ() ? 130 : 143);
    CHECK_CONTAINS(run.output, "errors 0 (connect 0, timeout 0, reset 0, mismatch 0)\n");
    run_close(&run);
    service_stop(&service);
    run_close(&service.run);
}

static void nobody_listens(void)
{
    struct run run;
    char place[PLACE_TEXT_MAX];
    uint16_t port = 0;
    int64_t held = refusing_port(&port);
    place_text(place, "127.0.0.1", port);
    run_whole(&run, CLIENT, ARGUMENTS("-B", "-d", "1s", place));
    CHECK_CODE(&run, 4);
    CHECK_TEXT(run.output, "");
    run_close(&run);
    testing_raw_close(held);
}

const struct test_case load_cases[] = {
    {"load.text", text_results},
    {"load.echoes_counted", echoes_are_counted},
    {"load.greetings_counted", greetings_are_counted},
    {"load.connects_counted", connects_are_counted},
    {"load.stalls", stalls_are_seen},
    {"load.rate", rate_is_kept},
    {"load.many", many_connections},
    {"load.errors", errors_by_kind},
    {"load.gone", gone_while_loading},
    {"load.interrupted", interrupted},
    {"load.refused", nobody_listens},
    {NULL, NULL},
};
