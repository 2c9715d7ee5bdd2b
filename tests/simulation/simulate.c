/* The program: plays scenarios, a seed each, or one of them again with its trace. */
#include "scenario.h"
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct scenario *const scenarios[] = {
    &server_scenario, &gate_scenario, &fairness_scenario, &layer_scenario, &regression_scenario
};

enum {
    SCENARIO_COUNT = sizeof scenarios / sizeof scenarios[0]
};

struct request {
    uint64_t first;
    uint64_t last;
    bool trace;
    const struct scenario *scenario;    /* NULL: as the seed has it */
    const char *temperament;            /* NULL: likewise */
};

static const char *const temperaments[] = {"readiness", "completion"};

/* What a failure is to name, however it ends the program: the seed that is played. */
static struct {
    const struct request *request;
    uint64_t seed;
    uint64_t passed;
} playing;

/* Every failure aborts. No other one is left to come: what this prints may as well be printed from
 * a signal's handler. */
static void on_signal(int number)
{
    const struct request *request = playing.request;
    (void)number;
    (void)fflush(stdout);
    (void)fprintf(stderr, "simulate: seed %" PRIu64 " failed; to replay it: "
                          "simulate --seed %" PRIu64 " --trace", playing.seed, playing.seed);
    if (request->scenario != NULL) {
        (void)fprintf(stderr, " --scenario %s", request->scenario->name);
    }
    if (request->temperament != NULL) {
        (void)fprintf(stderr, " --temperament %s", request->temperament);
    }
    (void)fprintf(stderr, "\n%" PRIu64 " passed, 1 failed\n", playing.passed);
    (void)fflush(stderr);
    _Exit(1);
}

/* ---- a seed ---- */

static const struct scenario *choose(const struct request *request, struct run *run)
{
    uint64_t place = sim_random_below(&run->random, 100);
    size_t i = 0;
    while (i + 1 < SCENARIO_COUNT && place >= scenarios[i]->share) {
        place -= scenarios[i]->share;
        i++;
    }
    return request->scenario != NULL ? request->scenario : scenarios[i];
}

static void play(const struct request *request, uint64_t seed, struct tally *tally)
{
    static const uint32_t fault_parts[] = {0, 0, 0, 2, 10, 40};
    struct run run;
    memset(&run, 0, sizeof run);
    run.seed = seed;
    run.tally = tally;
    run.trace = request->trace ? stdout : NULL;
    run.random.state = ~seed;
    const struct scenario *scenario = choose(request, &run);
    run.temperament = draw_chance(&run, 500) ? SIM_COMPLETION : SIM_READINESS;
    if (request->temperament != NULL) {
        run.temperament =
            strcmp(request->temperament, temperaments[0]) == 0 ? SIM_READINESS : SIM_COMPLETION;
    }
    run.faults = fault_parts[draw(&run, 0, sizeof fault_parts / sizeof fault_parts[0] - 1)];
    if (request->trace) {
        (void)printf("seed %" PRIu64 ": scenario %s, temperament %s, faults %" PRIu32 "\n", seed,
                     scenario->name, temperaments[run.temperament == SIM_COMPLETION ? 1 : 0],
                     run.faults);
    }
    playing.seed = seed;
    scenario->play(&run);
    playing.passed++;
}

/* ---- arguments ---- */

static bool read_number(const char *text, const char **end_out, uint64_t *number_out)
{
    char *end = NULL;
    *number_out = strtoull(text, &end, 10);
    *end_out = end;
    return end != text;
}

/* `FROM-TO`. */
static bool read_range(const char *text, struct request *request)
{
    const char *end = NULL;
    if (!read_number(text, &end, &request->first) || *end != '-') {
        return false;
    }
    return read_number(end + 1, &end, &request->last) && *end == '\0' &&
           request->first <= request->last;
}

static bool read_scenario(const char *text, struct request *request)
{
    for (size_t i = 0; i < SCENARIO_COUNT; i++) {
        if (strcmp(text, scenarios[i]->name) == 0) {
            request->scenario = scenarios[i];
        }
    }
    return request->scenario != NULL;
}

static bool read_option(const char *name, const char *value, struct request *request)
{
    const char *end = NULL;
    if (strcmp(name, "--seeds") == 0) {
        return read_range(value, request);
    }
    if (strcmp(name, "--seed") == 0) {
        bool good = read_number(value, &end, &request->first) && *end == '\0';
        request->last = request->first;
        return good;
    }
    if (strcmp(name, "--scenario") == 0) {
        return read_scenario(value, request);
    }
    request->temperament = value;
    return strcmp(name, "--temperament") == 0 &&
           (strcmp(value, temperaments[0]) == 0 || strcmp(value, temperaments[1]) == 0);
}

static bool read_arguments(int argc, char **argv, struct request *request)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            request->trace = true;
        } else if (i + 1 < argc && read_option(argv[i], argv[i + 1], request)) {
            i++;
        } else {
            return false;
        }
    }
    return true;
}

static void say_passed(const struct request *request, const struct tally *tally)
{
    (void)printf("seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " connections, %" PRIu64
                 " whole answers, %.1f MB, %" PRIu64 " operations, %.1f virtual hours; %" PRIu64
                 " passed, 0 failed\n",
                 request->first, request->last, tally->connections, tally->answers,
                 (double)tally->bytes / 1e6, tally->operations,
                 (double)tally->time / (double)TENON_SECOND / 3600.0, playing.passed);
}

int main(int argc, char **argv)
{
    struct request request = {.first = 1, .last = 1000};
    struct tally tally = {0};
    if (!read_arguments(argc, argv, &request)) {
        (void)fprintf(stderr, "usage: simulate [--seeds FROM-TO | --seed N] [--trace] "
                              "[--scenario server|gate|fairness|layer|regression] "
                              "[--temperament readiness|completion]\n");
        return 2;
    }
    playing.request = &request;
    if (signal(SIGABRT, on_signal) == SIG_ERR || signal(SIGSEGV, on_signal) == SIG_ERR) {
        (void)fprintf(stderr, "simulate: cannot watch for failures\n");
        return 1;
    }
    for (uint64_t seed = request.first;; seed++) {
        play(&request, seed, &tally);
        if (seed == request.last) {
            break;
        }
    }
    say_passed(&request, &tally);
    return 0;
}
