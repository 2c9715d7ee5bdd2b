/* The load test's part of the command line. */
#include "client/load_options.h"
#include <tenon/thread.h>

enum {
    CONNECTIONS_DEFAULT = 64,
    SIZE_DEFAULT = 64
};

static const int64_t duration_default = 10 * TENON_SECOND;

static bool take_kind(struct load_options *options, struct option_reader *reader)
{
    static const char *const names[] = {"greet", "echo", "connect", NULL};
    uint32_t index = 0;
    bool good = reader->value == NULL || option_choice(reader, names, &index);
    options->kind = (enum load_kind)(LOAD_GREET + index);
    return good;
}

bool load_options_take(struct load_options *options, struct option_reader *reader, int id)
{
    switch (id) {
    case OPTION_LOAD:
        return take_kind(options, reader);
    case OPTION_LOAD_CONNECTIONS:
        return option_count(reader, 1, LOAD_CONNECTIONS_MAX, &options->connections);
    case OPTION_LOAD_DURATION:
        return option_duration(reader, &options->duration);
    case OPTION_LOAD_RATE:
        return option_count(reader, 1, LOAD_RATE_MAX, &options->rate);
    case OPTION_LOAD_SIZE:
        return option_size(reader, 1, LOAD_SIZE_MAX, &options->size);
    default:    /* OPTION_LOAD_THREADS */
        return option_count(reader, 1, LOAD_THREADS_MAX, &options->threads);
    }
}

static const char *check(const struct load_options *options)
{
    if (options->kind == LOAD_NONE) {
        return options->connections != 0 ? "--connections does not belong here without --bench" :
            options->duration != 0 ? "--duration does not belong here without --bench" :
            options->rate != 0 ? "--rate does not belong here without --bench" :
            options->size != 0 ? "--size does not belong here without --bench=echo" :
            options->threads != 0 ? "--threads does not belong here without --bench" :
                                    NULL;
    }
    if (options->kind != LOAD_ECHO && options->size != 0) {
        return "--size does not belong here without --bench=echo";
    }
    return NULL;
}

/* Half the cores are left to the server, which is often on the same machine. A thread without a
 * connection or a request has nothing to do. */
static void choose_threads(struct load_options *options)
{
    if (options->threads == 0) {
        uint32_t half = tenon_processor_count() / 2;
        options->threads = half == 0 ? 1 : half < LOAD_THREADS_MAX ? half : LOAD_THREADS_MAX;
    }
    if (options->threads > options->connections) {
        options->threads = options->connections;
    }
    if (options->rate != 0 && options->threads > options->rate) {
        options->threads = options->rate;
    }
}

const char *load_options_complete(struct load_options *options)
{
    const char *problem = check(options);
    if (problem != NULL || options->kind == LOAD_NONE) {
        return problem;
    }
    options->connections = options->connections == 0 ? CONNECTIONS_DEFAULT : options->connections;
    options->duration = options->duration == 0 ? duration_default : options->duration;
    options->size = options->size == 0 ? SIZE_DEFAULT : options->size;
    choose_threads(options);
    return NULL;
}
