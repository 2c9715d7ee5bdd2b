/* The load of the benchmark, on servers that take turns:
 *
 *     bench_load [KEY=NUMBER]... -- NAME [ready=FILE] COMMAND... [-- NAME ...]
 *
 * Starts the servers. A round measures one after the other, the next begins with another one, and
 * each sample is a line of JSON on the output. A server prints ` port N` in its first line, or
 * writes its address into FILE. Keys: kind (0 echo, 1 bulk, 2 greet), connections, idle, size,
 * requests, milliseconds, rounds; bench.py is what a person starts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include "load.h"

enum {
    SERVERS_MAX = 32,
    WORDS_MAX = 32
};

struct server {
    const char *name;
    const char *ready;              /* NULL: its output tells */
    const char *words[WORDS_MAX + 1];
    struct testing_process *process;
    uint16_t port;
};

struct bench {
    struct load_plan plan;
    uint64_t rounds;
    struct server servers[SERVERS_MAX];
    size_t count;
    struct tenon_loop *loop;
    struct load_sample sample;
};

static const int64_t patience = 30 * TENON_SECOND;

/* ---- the command line ---- */

static const char *value_of(const char *word, const char *key)
{
    size_t size = strlen(key);
    return strncmp(word, key, size) == 0 && word[size] == '=' ? word + size + 1 : NULL;
}

static void take_number(struct bench *bench, const char *word)
{
    static const char *const keys[] = {"kind",     "connections",  "idle",  "size",
                                       "requests", "milliseconds", "rounds"};
    uint64_t values[] = {bench->plan.kind,
                         bench->plan.connections,
                         bench->plan.idle,
                         bench->plan.size,
                         bench->plan.requests,
                         (uint64_t)(bench->plan.measured / TENON_MILLISECOND),
                         bench->rounds};
    bool known = false;
    for (size_t index = 0; index < sizeof keys / sizeof keys[0]; index++) {
        const char *text = value_of(word, keys[index]);
        if (text != NULL) {
            values[index] = strtoul(text, NULL, 10);
            known = true;
        }
    }
    if (!known || values[0] > LOAD_GREET || values[3] > LOAD_SIZE_MAX ||
        (values[0] == LOAD_GREET && values[1] > LOAD_CONNECTS)) {
        load_fail("usage: bench_load [KEY=NUMBER]... -- NAME [ready=FILE] COMMAND... [-- ...]");
    }
    bench->plan = (struct load_plan){
        .kind = (enum load_kind)values[0],
        .connections = (uint32_t)values[1],
        .idle = (uint32_t)values[2],
        .size = (uint32_t)values[3],
        .requests = values[4],
        .measured = (int64_t)values[5] * TENON_MILLISECOND,
    };
    bench->rounds = values[6];
}

static void read_arguments(struct bench *bench, int count, char **arguments)
{
    struct server *server = NULL;
    size_t words = 0;
    for (int index = 1; index < count; index++) {
        const char *word = arguments[index];
        if (strcmp(word, "--") == 0) {
            if (bench->count == SERVERS_MAX || index + 1 == count) {
                load_fail("a server is missing, or there are too many");
            }
            server = &bench->servers[bench->count++];
            server->name = arguments[++index];
            words = 0;
        } else if (server == NULL) {
            take_number(bench, word);
        } else if (words == 0 && value_of(word, "ready") != NULL) {
            server->ready = value_of(word, "ready");
        } else if (words < WORDS_MAX) {
            server->words[words++] = word;
        } else {
            load_fail("a server's command is too long");
        }
    }
}

/* ---- the servers ---- */

static char *first_line(struct bench *bench, struct server *server)
{
    if (server->ready == NULL) {
        return testing_process_await(server->process, TESTING_OUTPUT, "\n", 1, patience)
                   ? testing_process_text(server->process, TESTING_OUTPUT, NULL)
                   : NULL;
    }
    int64_t until = testing_clock() + patience;
    while (!testing_file_exists(server->ready) && testing_clock() < until) {
        (void)tenon_loop_turn(bench->loop, testing_clock() + TENON_MILLISECOND);
    }
    return testing_file_read(server->ready, NULL);
}

static void start(struct bench *bench, struct server *server)
{
    struct testing_start how = {
        .arguments = server->words, .input = TESTING_NULL, .output = TESTING_PIPE};
    server->process = testing_process_start(&how);
    char *text = server->process == NULL ? NULL : first_line(bench, server);
    if (text != NULL) {
        const char *port = server->ready == NULL ? strstr(text, " port ") : strrchr(text, ':');
        port = port == NULL ? "" : port + (server->ready == NULL ? strlen(" port ") : 1);
        server->port = (uint16_t)strtoul(port, NULL, 10);
    }
    free(text);
    if (server->port == 0) {
        (void)fprintf(stderr, "bench: %s does not start, or does not say its port\n",
                      server->name);
        exit(1);
    }
}

/* A tool around a server writes its figures when that is asked to end. */
static void stop(struct server *server)
{
    int code = 0;
    if (testing_process_signal(server->process, TESTING_TERMINATE)) {
        (void)testing_process_wait(server->process, patience, &code);
    }
    testing_process_close(server->process);
}

/* ---- the rounds ---- */

static void measure(struct bench *bench, struct server *server, uint64_t round)
{
    struct load_sample *sample = &bench->sample;
    load_measure(bench->loop, &bench->plan, server->process, server->port, sample);
    double requests = (double)sample->requests;
    printf("{\"server\":\"%s\",\"round\":%llu,\"requests\":%llu,\"seconds\":%.6f,"
           "\"cpu_us\":%.4f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f}\n",
           server->name, (unsigned long long)round, (unsigned long long)sample->requests,
           (double)sample->time / (double)TENON_SECOND,
           (double)sample->cpu / (double)TENON_MICROSECOND / requests,
           (double)histogram_percentile(&sample->latency, 500000) / (double)TENON_MICROSECOND,
           (double)histogram_percentile(&sample->latency, 990000) / (double)TENON_MICROSECOND,
           (double)histogram_percentile(&sample->latency, 999000) / (double)TENON_MICROSECOND);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct bench bench = {
        .plan = {.connections = 100, .size = 64, .measured = TENON_SECOND}, .rounds = 1};
    struct tenon_loop_options options = {.backend = "epoll", .lent_size = 256 * 1024};
    uint64_t allowed = 0;
    read_arguments(&bench, argc, argv);
    uint64_t wanted = bench.plan.connections + bench.plan.idle + 100;
    if (!testing_init() ||
        tenon_process_raise_descriptors(wanted, &allowed) != TENON_OK || allowed < wanted ||
        tenon_loop_open(&options, &bench.loop) != TENON_OK) {
        load_fail("cannot start: too few descriptors, or no epoll");
    }
    for (size_t index = 0; index < bench.count; index++) {
        start(&bench, &bench.servers[index]);
    }
    for (uint64_t round = 0; round < bench.rounds; round++) {
        for (size_t turn = 0; turn < bench.count; turn++) {
            measure(&bench, &bench.servers[(turn + round) % bench.count], round);
        }
    }
    for (size_t index = 0; index < bench.count; index++) {
        stop(&bench.servers[index]);
    }
    tenon_loop_close(bench.loop);
    return 0;
}
