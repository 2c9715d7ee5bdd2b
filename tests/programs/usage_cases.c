/* Command lines that are wrong, and what is printed instead of running. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/loop.h>
#include <tenon/version.h>

enum {
    ROW_ARGUMENTS = 5
};

struct usage {
    enum program program;
    const char *arguments[ROW_ARGUMENTS];
    const char *said;               /* a part of the message */
};

static const struct usage usages[] = {
    {SERVER, {"--redy-file", "x"}, "--ready-file"},
    {SERVER, {"--mod", "echo"}, "--mode"},
    {SERVER, {"--drian=1s"}, "--drain"},
    {SERVER, {"--colour"}, "unknown option --colour"},
    {SERVER, {"--port", "80"}, "unknown option --port: host and port are an ADDRESS"},
    {CLIENT, {"-p80"}, "unknown option -p: host and port are an ADDRESS"},
    {CLIENT, {"--porbe"}, "--probe"},
    {CLIENT, {"--wiat", "1s"}, "--wait"},
    {CLIENT, {"-X"}, "unknown option -X"},
    {CLIENT, {"-4X"}, "unknown option -X"},
    {CLIENT, {"--once"}, "unknown option --once"},
    {SERVER, {"--wait", "1s"}, "unknown option --wait"},
    {SERVER, {"--threads", "17"}, "17"},
    {SERVER, {"--threads", "0"}, "0"},
    {SERVER, {"--once", "--threads", "2"}, "--once has one event loop"},
    {CLIENT, {"--bench=ehco"}, "--bench ehco: it is to be one of greet, echo, connect"},
    {CLIENT, {"--bench="}, "one of greet, echo, connect"},
    {CLIENT, {"-c", "2"}, "--connections does not belong here without --bench"},
    {CLIENT, {"-d", "1s"}, "--duration does not belong here without --bench"},
    {CLIENT, {"-R", "1"}, "--rate does not belong here without --bench"},
    {CLIENT, {"-s", "1"}, "--size does not belong here without --bench=echo"},
    {CLIENT, {"--threads", "1"}, "--threads does not belong here without --bench"},
    {CLIENT, {"-B", "-s", "1"}, "--size does not belong here without --bench=echo"},
    {CLIENT, {"-B", "-c", "0"}, "--connections 0"},
    {CLIENT, {"-B", "-c", "100001"}, "--connections 100001"},
    {CLIENT, {"-B", "-R", "0"}, "--rate 0"},
    {CLIENT, {"-B", "-R", "fast"}, "--rate fast"},
    {CLIENT, {"-B", "-d", "1d"}, "--duration 1d"},
    {CLIENT, {"-B", "--threads", "17"}, "--threads 17"},
    {CLIENT, {"--bench=echo", "-s", "0"}, "--size 0"},
    {CLIENT, {"--bench=echo", "-s", "17m"}, "bytes from 1 to 16777216"},
    {CLIENT, {"--bench=echo", "-m", "x"}, "--message does not belong to --bench=echo"},
    {CLIENT, {"-B", "-z"}, "--probe and --bench exclude each other"},
    {CLIENT, {"-B", "-q"}, "--quiet does not belong to --bench"},
    {CLIENT, {"-B", "-x"}, "--hex does not belong to --bench"},
    {CLIENT, {"9000"}, "did you mean :9000?"},
    {SERVER, {"9000"}, "did you mean :9000?"},
    {CLIENT, {"http://localhost:12345/"}, "of a URL it is HOST:PORT alone"},
    {CLIENT, {"tcp://localhost"}, "of a URL it is HOST:PORT alone"},
    {CLIENT, {"localhost:"}, "localhost:"},
    {CLIENT, {"localhost:http"}, "localhost:http"},
    {CLIENT, {"localhost:65536"}, "localhost:65536"},
    {CLIENT, {"localhost:-1"}, "localhost:-1"},
    {CLIENT, {"localhost:0"}, "port 0"},
    {CLIENT, {"localhost:99999999999999999999"}, "localhost:9999"},
    {SERVER, {"010.0.0.1:80"}, "010.0.0.1"},
    {CLIENT, {"1.2.3:80"}, "1.2.3"},
    {CLIENT, {"256.0.0.1:80"}, "256.0.0.1"},
    {CLIENT, {"[::1"}, "[::1"},
    {CLIENT, {"[::1]x"}, "[::1]x"},
    {CLIENT, {"[127.0.0.1]:80"}, "[127.0.0.1]:80"},
    {CLIENT, {"[]:80"}, "[]:80"},
    {CLIENT, {"::1::2"}, "::1::2"},
    {CLIENT, {""}, "address"},
    {SERVER, {"unix:"}, "unix:"},
    {SERVER, {"-4", "-6"}, "-4 and -6"},
    {CLIENT, {"-64"}, "-4 and -6"},
    {SERVER, {"-c", "0"}, "--connections 0"},
    {SERVER, {"-c", "-1"}, "--connections -1"},
    {SERVER, {"-c", "many"}, "--connections many"},
    {SERVER, {"-c", "99999999999999999999"}, "--connections 9999"},
    {SERVER, {"-t", "soon"}, "--timeout soon"},
    {SERVER, {"-t", "-1s"}, "--timeout -1s"},
    {SERVER, {"-t", "1 s"}, "--timeout 1 s"},
    {SERVER, {"-t", ""}, "--timeout"},
    {CLIENT, {"-t", "5d"}, "--timeout 5d"},
    {CLIENT, {"-w", "1e3"}, "--connect-timeout 1e3"},
    {CLIENT, {"--wait", "99999999999999h"}, "--wait 9999"},
    {SERVER, {"--drain", "10ss"}, "--drain 10ss"},
    {SERVER, {"--mode", "shell"}, "greet, echo, discard"},
    {SERVER, {"--mode="}, "greet, echo, discard"},
    {SERVER, {"--mode", "echo", "-m", "x"}, "--message"},
    {CLIENT, {"-z", "-m", "x"}, "--message"},
    {SERVER, {"--message"}, "--message needs a value"},
    {CLIENT, {"-m"}, "-m needs a value"},
    {SERVER, {"--once=yes"}, "--once takes no value"},
    {CLIENT, {"--quiet="}, "--quiet takes no value"},
    {CLIENT, {"-m", "x", "-i", "y"}, "--message and --input exclude each other"},
    {CLIENT, {"-z", "-i", "x"}, "--input does not belong to --probe"},
    {CLIENT, {"-z", "-o", "x"}, "--output does not belong to --probe"},
    {CLIENT, {"-z", "--expect", "x"}, "--expect does not belong to --probe"},
    {CLIENT, {"-z", "--half-close", "now"}, "--half-close does not belong to --probe"},
    {CLIENT, {"-B", "-i", "x"}, "--input does not belong to --bench"},
    {CLIENT, {"-B", "-o", "x"}, "--output does not belong to --bench"},
    {CLIENT, {"-B", "--expect", "x"}, "--expect does not belong to --bench"},
    {CLIENT, {"-B", "--half-close=never"}, "--half-close does not belong to --bench"},
    {CLIENT, {"--half-close", "late"}, "--half-close late: it is to be one of now, pause, never"},
    {CLIENT, {"--half-close="}, "one of now, pause, never"},
    {CLIENT, {"--half-close"}, "--half-close needs a value: "},
    {CLIENT, {"--half-clsoe=now"}, "did you mean --half-close?"},
    {CLIENT, {"-o", "-"}, "--output -: the response's bytes alone"},
    {CLIENT, {"-o"}, "-o needs a value: FILE"},
    {CLIENT, {"--output"}, "--output needs a value: FILE"},
    {CLIENT, {"-i"}, "-i needs a value: FILE"},
    {CLIENT, {"--expect"}, "--expect needs a value: TEXT"},
    {CLIENT, {"--expcet", "x"}, "did you mean --expect?"},
    {CLIENT, {"--ready-file"}, "--ready-file needs a value: PATH"},
    {CLIENT, {"--ready-file", "x", "localhost"}, "--ready-file has the addresses"},
    {CLIENT, {"--wait"}, "--wait needs a value: TIME"},
    {CLIENT, {"--wait", "-1"}, "--wait -1: it is to be a time"},
    {CLIENT, {"-w", "5 minutes"}, "--connect-timeout 5 minutes"},
    {CLIENT, {"unix:@name"}, "'unix:@name' is no address: abstract names are left out"},
    {CLIENT, {"unix:"}, "there is no path behind unix:"},
    {CLIENT, {"http://localhost"}, "'http://localhost' is no address"},
    {CLIENT, {"localhost:80/path"}, "localhost:80/path"},
    {CLIENT, {"user@host:80"}, "user@host:80"},
    {CLIENT, {"0x7f.1:80"}, "0x7f.1"},
    {CLIENT, {"host name:80"}, "host name:80"},
    {CLIENT, {"\x1b[31mred:80"}, "\\x1b[31mred:80"},
    {SERVER, {"--backend", "kqueue"}, "--backend kqueue"},
    {CLIENT, {"--backend="}, "--backend"},
};

static void check_usage(const struct usage *usage)
{
    struct run run;
    const char *arguments[ROW_ARGUMENTS + 1] = {NULL};
    for (size_t i = 0; i < ROW_ARGUMENTS; i++) {
        arguments[i] = usage->arguments[i];
    }
    run_whole(&run, usage->program, arguments);
    const char *name = usage->program == SERVER ? "server: " : "client: ";
    bool good = run.code == 2 && run.output_size == 0 &&
                strncmp(run.error, name, strlen(name)) == 0 &&
                strstr(run.error, usage->said) != NULL && strstr(run.error, " --help\n") != NULL &&
                count_parts(run.error, "\n") == 2;
    if (!good) {
        (void)printf("%s%s %s %s: exit code %d, expected 2 and: %s\n", name, arguments[0],
                     arguments[1] == NULL ? "" : arguments[1],
                     arguments[1] == NULL || arguments[2] == NULL ? "" : arguments[2], run.code,
                     usage->said);
    }
    CHECK(good);
    run_close(&run);
}

static void errors(void)
{
    for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++) {
        check_usage(&usages[i]);
    }
}

/* The list of what a build has comes with the name that it has not. */
static void backends(void)
{
    struct run run;
    run_whole(&run, SERVER, ARGUMENTS("--backend", "none"));
    CHECK_CODE(&run, 2);
    for (size_t i = 0; tenon_backend_name(i) != NULL; i++) {
        CHECK_CONTAINS(run.error, tenon_backend_name(i));
    }
    run_close(&run);
}

static void check_help(enum program program, const char *option, const char *usage,
                       const char *const *named)
{
    struct run run;
    run_whole(&run, program, ARGUMENTS(option));
    CHECK_CODE(&run, 0);
    CHECK_TEXT(run.error, "");
    CHECK(strncmp(run.output, usage, strlen(usage)) == 0);
    for (size_t i = 0; named[i] != NULL; i++) {
        CHECK_CONTAINS(run.output, named[i]);
    }
    for (size_t i = 0; tenon_backend_name(i) != NULL; i++) {
        CHECK_CONTAINS(run.output, tenon_backend_name(i));
    }
    run_close(&run);
}

static void help(void)
{
    const char *const *server =
        ARGUMENTS("-m, --message", "-c, --connections", "-t, --timeout", "-4, ", "-6, ",
                  "--backend", "-v, --verbose", "-q, --quiet", "-h, --help", "-V, --version",
                  "--mode", "-1, --once", "--drain", "--ready-file");
    const char *const *client =
        ARGUMENTS("-m, --message", "-t, --timeout", "-4, ", "-6, ", "--backend", "-v, --verbose",
                  "-q, --quiet", "-h, --help", "-V, --version", "-w, --connect-timeout", "--wait",
                  "-z, --probe");
    check_help(SERVER, "-h", "Usage: server [OPTION]... [ADDRESS]...\n", server);
    check_help(SERVER, "--help", "Usage: server [OPTION]... [ADDRESS]...\n", server);
    check_help(CLIENT, "-h", "Usage: client [OPTION]... [ADDRESS]...\n", client);
    check_help(CLIENT, "--help", "Usage: client [OPTION]... [ADDRESS]...\n", client);
}

/* The lines that a report of a fault is asked for. */
static void check_version(enum program program, const char *option, const char *first)
{
    struct run run;
    run_whole(&run, program, ARGUMENTS(option));
    CHECK_CODE(&run, 0);
    CHECK(strncmp(run.output, first, strlen(first)) == 0);
    CHECK_CONTAINS(run.output, "\ncompiler: ");
    CHECK_CONTAINS(run.output, "\nbackends: ");
    CHECK_CONTAINS(run.output, tenon_backend_name(0));
    CHECK_CONTAINS(run.output, "\nchosen: ");
    CHECK_TEXT(run.error, "");
    run_close(&run);
}

static void version(void)
{
    check_version(SERVER, "-V", "server (tenon) " TENON_VERSION "\n");
    check_version(CLIENT, "--version", "client (tenon) " TENON_VERSION "\n");
}

/* Forms that are right: bundles, both forms of a long option, and `--`. */
static void forms(void)
{
    struct service service;
    struct run client;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-1t", "30s", "--message=--", "-c1k"));
    run_whole(&client, CLIENT, ARGUMENTS("-4vt30", "--connect-timeout", "1.5s", "-m", "-q",
                                         "--wait=0", "--", service.place));
    CHECK_CODE(&client, 0);
    CHECK_TEXT(client.output, "Connected to server.\nMessage sent.\nServer's response: --\n");
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output, SERVER_LISTENS
               "Connected to client: ('127.0.0.1', #)\nReceived data: -q\nResponse sent.\n");
    run_close(&client);
    run_close(&service.run);
}

const struct test_case usage_cases[] = {
    {"usage.errors", errors},
    {"usage.backends", backends},
    {"usage.help", help},
    {"usage.version", version},
    {"usage.forms", forms},
    {NULL, NULL},
};
