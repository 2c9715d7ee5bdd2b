/* The benchmark: processor time of an echo server for each request, the layer's beside a raw one's.
 *
 *     bench_load [--core TASKSET CORE] RAW OURS
 *
 * Both servers run all the time, and take turns under the same load: so many connections, on each
 * of them 64 bytes go out when the last 64 have come back. A round measures one server, then the
 * other; the result is the median of the rounds' ratios, which no slow phase of the machine
 * moves. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include "testing.h"

enum {
    PEERS = 2,
    ROUNDS = 9,
    CONNECTIONS_MAX = 1000,
    REQUEST_SIZE = 64
};
#define WARM_UP (200 * TENON_MILLISECOND)
#define MEASURED (1 * TENON_SECOND)
#define PATIENCE (10 * TENON_SECOND)

struct connection {
    struct tenon_stream stream;
    struct load *load;
    size_t missing;             /* bytes of the answer that have not come yet */
};

/* The connections to one server. */
struct load {
    struct testing_process *process;
    struct tenon_loop *loop;
    struct tenon_connect connect;
    uint16_t port;
    uint32_t wanted;
    uint32_t connected;
    uint32_t busy;              /* wait for an answer */
    uint32_t open;
    uint64_t answered;
    bool stopping;
    struct connection connections[CONNECTIONS_MAX];
};

struct sample {
    double microseconds;        /* of the server's processor, for each request */
    double rate;                /* requests a second */
};

static const uint32_t connection_counts[] = {100, CONNECTIONS_MAX};
static const char *const peer_names[PEERS] = {"raw epoll", "tenon"};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* ---- the load ---- */

static void request(struct connection *connection)
{
    static const char text[REQUEST_SIZE] = {'x'};
    if (tenon_stream_try_send(&connection->stream, text, sizeof text) != sizeof text) {
        fail("a request was not sent");
    }
    connection->missing = sizeof text;
    connection->load->busy++;
}

static enum tenon_flow on_answer(struct tenon_stream *stream, enum tenon_status status,
                                 const void *data, size_t size)
{
    (void)data;
    struct connection *connection = (struct connection *)(void *)stream;
    struct load *load = connection->load;
    if (status == TENON_CANCELED) {
        return TENON_PAUSE;
    }
    if (status != TENON_OK || size > connection->missing) {
        fail("a connection ended, or answered more than was asked");
    }
    connection->missing -= size;
    if (connection->missing == 0) {
        load->answered++;
        load->busy--;
        if (!load->stopping) {
            request(connection);
        }
    }
    return TENON_CONTINUE;
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status);

static void connect_next(struct load *load)
{
    struct connection *connection = &load->connections[load->connected];
    *connection = (struct connection){.load = load};
    tenon_connect(load->loop, &load->connect, &connection->stream, "127.0.0.1", load->port, NULL,
                  on_connected);
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct connection *connection = (struct connection *)(void *)connect->stream;
    struct load *load = connection->load;
    if (status != TENON_OK) {
        fail(tenon_status_sentence(status));
    }
    tenon_stream_receive_lent(&connection->stream, on_answer);
    load->open++;
    load->connected++;
    if (load->connected < load->wanted) {
        connect_next(load);
    }
}

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    (void)status;
    struct connection *connection = (struct connection *)(void *)stream;
    connection->load->open--;
}

static void turn(struct load *load, int64_t until)
{
    (void)tenon_loop_turn(load->loop, until);
    if (testing_clock() > until) {
        fail("the server does not answer");
    }
}

static void connect_all(struct load *load, uint32_t wanted)
{
    int64_t until = testing_clock() + PATIENCE;
    load->wanted = wanted;
    load->connected = 0;
    connect_next(load);
    while (load->connected < wanted) {
        turn(load, until);
    }
}

static void close_all(struct load *load)
{
    int64_t until = testing_clock() + PATIENCE;
    for (uint32_t index = 0; index < load->connected; index++) {
        tenon_stream_close(&load->connections[index].stream, TENON_CLOSE_ABORT, TENON_FOREVER,
                           on_closed);
    }
    while (load->open > 0) {
        turn(load, until);
    }
}

static void run_until(struct load *load, int64_t until)
{
    while (testing_clock() < until) {
        (void)tenon_loop_turn(load->loop, until);
    }
}

static struct sample measure(struct load *load)
{
    load->stopping = false;
    for (uint32_t index = 0; index < load->connected; index++) {
        request(&load->connections[index]);
    }
    run_until(load, testing_clock() + WARM_UP);

    uint64_t answered = load->answered;
    int64_t began = testing_clock();
    int64_t cpu = testing_process_cpu(load->process);
    run_until(load, began + MEASURED);
    int64_t cpu_used = testing_process_cpu(load->process) - cpu;
    int64_t time_used = testing_clock() - began;
    double requests = (double)(load->answered - answered);

    load->stopping = true;
    int64_t until = testing_clock() + PATIENCE;
    while (load->busy > 0) {
        turn(load, until);
    }
    if (cpu < 0 || cpu_used <= 0 || requests < 1) {
        fail("nothing was measured");
    }
    return (struct sample){
        .microseconds = (double)cpu_used / (double)TENON_MICROSECOND / requests,
        .rate = requests * (double)TENON_SECOND / (double)time_used,
    };
}

/* ---- the rounds ---- */

static int compare(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return difference < 0 ? -1 : difference > 0;
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof values[0], compare);
    return values[ROUNDS / 2];
}

static double measure_rounds(struct load *loads, uint32_t connections, struct sample out[PEERS])
{
    double microseconds[PEERS][ROUNDS];
    double rates[PEERS][ROUNDS];
    double ratios[ROUNDS];
    for (int peer = 0; peer < PEERS; peer++) {
        connect_all(&loads[peer], connections);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int turn_of = 0; turn_of < PEERS; turn_of++) {
            int peer = (turn_of + round) % PEERS;
            struct sample sample = measure(&loads[peer]);
            microseconds[peer][round] = sample.microseconds;
            rates[peer][round] = sample.rate;
        }
        ratios[round] = microseconds[1][round] / microseconds[0][round];
    }
    for (int peer = 0; peer < PEERS; peer++) {
        close_all(&loads[peer]);
        out[peer].microseconds = median(microseconds[peer]);
        out[peer].rate = median(rates[peer]);
    }
    return median(ratios);
}

static void measure_all(struct load *loads)
{
    char json[512];
    int used = snprintf(json, sizeof json,
                        "{\"bench\":\"echo\",\"bytes\":%d,\"rounds\":%d,\"runs\":[", REQUEST_SIZE,
                        ROUNDS);
    printf("connections  server     CPU us a request  requests a second  ratio\n");
    for (size_t index = 0; index < sizeof connection_counts / sizeof connection_counts[0];
         index++) {
        unsigned connections = connection_counts[index];
        struct sample samples[PEERS];
        double ratio = measure_rounds(loads, connections, samples);
        for (int peer = 0; peer < PEERS; peer++) {
            printf("%11u  %-9s  %16.3f  %17.0f  %5.3f\n", connections, peer_names[peer],
                   samples[peer].microseconds, samples[peer].rate, peer == 0 ? 1.0 : ratio);
        }
        used += snprintf(json + used, sizeof json - (size_t)used,
                         "%s{\"connections\":%u,\"raw_us\":%.3f,\"tenon_us\":%.3f,\"ratio\":%.3f}",
                         index == 0 ? "" : ",", connections, samples[0].microseconds,
                         samples[1].microseconds, ratio);
    }
    printf("%s]}\n", json);
}

/* ---- the servers ---- */

/* A server's first line ends with ` port ` and its port. */
static void start_server(struct load *load, const char *const *arguments)
{
    struct testing_start start = {
        .arguments = arguments, .input = TESTING_NULL, .output = TESTING_PIPE};
    load->process = testing_process_start(&start);
    if (load->process == NULL ||
        !testing_process_await(load->process, TESTING_OUTPUT, "\n", 1, PATIENCE)) {
        fail("a server does not start");
    }
    char *text = testing_process_text(load->process, TESTING_OUTPUT, NULL);
    const char *port = text == NULL ? NULL : strstr(text, " port ");
    load->port = port == NULL ? 0 : (uint16_t)strtoul(port + strlen(" port "), NULL, 10);
    free(text);
    if (load->port == 0) {
        fail("a server does not say its port");
    }
}

int main(int argc, char **argv)
{
    const char *prefix[3] = {NULL};
    size_t prefix_count = 0;
    int next = 1;
    if (argc > 3 && strcmp(argv[1], "--core") == 0) {
        prefix[prefix_count++] = argv[2];
        prefix[prefix_count++] = "-c";
        prefix[prefix_count++] = argv[3];
        next = 4;
    }
    if (argc - next != PEERS) {
        fail("usage: bench_load [--core TASKSET CORE] RAW OURS");
    }
    struct tenon_loop *loop = NULL;
    struct load *loads = calloc(PEERS, sizeof *loads);
    uint64_t allowed = 0;
    if (loads == NULL || !testing_init() ||
        tenon_process_raise_descriptors(4 * CONNECTIONS_MAX, &allowed) != TENON_OK ||
        tenon_loop_open(NULL, &loop) != TENON_OK) {
        fail("cannot start");
    }
    for (int peer = 0; peer < PEERS; peer++) {
        const char *arguments[5] = {NULL};
        memcpy(arguments, prefix, sizeof prefix);
        arguments[prefix_count] = argv[next + peer];
        loads[peer].loop = loop;
        start_server(&loads[peer], arguments);
    }
    measure_all(loads);
    for (int peer = 0; peer < PEERS; peer++) {
        testing_process_close(loads[peer].process);
    }
    tenon_loop_close(loop);
    free(loads);
    return 0;
}
