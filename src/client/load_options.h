/* The load test's part of the command line. */
#ifndef CLIENT_LOAD_OPTIONS_H
#define CLIENT_LOAD_OPTIONS_H
#include <stdbool.h>
#include <stdint.h>
#include "common/options.h"

enum {
    LOAD_CONNECTIONS_MAX = 100 * 1000,
    LOAD_RATE_MAX = 100 * 1000 * 1000,
    LOAD_SIZE_MAX = 16 * 1024 * 1024,
    LOAD_THREADS_MAX = 16
};

enum load_kind {
    LOAD_NONE,
    LOAD_GREET,         /* a connection each: the message, and the answer to its end */
    LOAD_ECHO,          /* bytes that come back, on connections that stay */
    LOAD_CONNECT        /* a connection each, and nothing on it */
};

/* 0 in a number: not given. */
struct load_options {
    enum load_kind kind;        /* LOAD_NONE: no load test */
    uint32_t connections;
    uint32_t threads;
    uint32_t rate;              /* requests a second in all; 0: a closed loop */
    uint32_t size;              /* bytes of a request in `echo` */
    int64_t duration;           /* TENON_FOREVER: until it is stopped */
};

/* Far from the ids of the client's own options. */
enum {
    OPTION_LOAD = OPTION_OWN + 100,
    OPTION_LOAD_CONNECTIONS,
    OPTION_LOAD_DURATION,
    OPTION_LOAD_RATE,
    OPTION_LOAD_SIZE,
    OPTION_LOAD_THREADS
};

#define LOAD_OPTIONS \
    {OPTION_LOAD, 'B', "bench", "[=greet|echo|connect]", "load test [greet]"}, \
    {OPTION_LOAD_CONNECTIONS, 'c', "connections", "N", "of the load test [64]"}, \
    {OPTION_LOAD_DURATION, 'd', "duration", "TIME", "of the load test, after a warm-up [10s]"}, \
    {OPTION_LOAD_RATE, 'R', "rate", "N", "requests a second in all, whatever their answers take"}, \
    {OPTION_LOAD_SIZE, 's', "size", "SIZE", "bytes a request of --bench=echo [64]"}, \
    {OPTION_LOAD_THREADS, 0, "threads", "N", "event loops of the load test [half the cores]"}

/* Takes an option of LOAD_OPTIONS. False: reader->problem is what is wrong with its value. */
bool load_options_take(struct load_options *options, struct option_reader *reader, int id);

/* Behind the last argument: what is not given gets its default. NULL, or what is wrong. */
const char *load_options_complete(struct load_options *options);

#endif
