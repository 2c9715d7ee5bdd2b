/* The program: `faults --backend NAME [SCENARIO]`. Each scenario is run once without a fault, and
 * then with each fault of the table at the first call, the second, and so on, until it makes no
 * more such calls. Exits with 0 if every run ended as it should. */
#include "faults.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/process.h>
#include "testing.h"

enum {
    NUMBER_MAX = 1000,          /* calls of one kind in one run */
    TURNS_MAX = 2000,           /* each up to INJECT_STEP */
    GUARD_SECONDS = 20,
    FAILURES_MAX = 40           /* that are said */
};

static const struct scenario *const tables[] = {
    process_scenarios, exchange_scenarios, sync_scenarios, server_scenarios, program_scenarios
};

struct faults {
    const char *backend;
    const char *only;           /* the beginning of a scenario's name; NULL: all */
    char *folder;
    uint32_t runs;
    uint32_t failures;
    uint32_t hits[FAULT_CALLS];
};

static void describe(const struct run *run, char *text, size_t text_size)
{
    int size = run->fault == NULL ?
        snprintf(text, text_size, "faults: %s: no fault\n", run->scenario->name) :
        snprintf(text, text_size, "faults: %s: %s %s, call %" PRIu32 "\n", run->scenario->name,
                 fault_call_name(run->fault->call), run->fault->name, run->number);
    if (size < 0) {
        text[0] = '\0';
    }
}

void run_check(struct run *run, bool condition, const char *text, const char *file, int line)
{
    char what[256];
    if (!condition) {
        if (run->failures == 0) {
            describe(run, what, sizeof what);
            printf("%s", what);
        }
        printf("  %s:%d: %s (place %d)\n", file, line, text, run->place);
        (void)fflush(stdout);
        run->failures++;
    }
}

void run_begin(struct run *run, fault_place_fn *place_of, const void *context)
{
    run->turns = 0;
    inject_begin(run->fault, run->number, place_of, context);
}

void run_end(struct run *run)
{
    bool over = inject_threads_over();
    run->hit = inject_end(&run->place);
    CHECK(run, over);
}

bool run_turn(struct run *run, struct tenon_loop *loop)
{
    run->turns++;
    if (run->turns > TURNS_MAX) {
        run_check(run, false, "it ends", __FILE__, __LINE__);
        exit(EXIT_FAILURE);     /* what hangs cannot be closed */
    }
    return tenon_loop_turn(loop, tenon_loop_now(loop) + INJECT_STEP);
}

enum tenon_status run_failure(const struct run *run)
{
    return run->hit && run->fault->effect == FAULT_FAILS ? run->fault->status : TENON_OK;
}

bool run_is_noticed(const struct run *run)
{
    return run->hit && run->fault->effect == FAULT_NOTICED;
}

/* One of 127.0.0.0/8, all of which is this machine. */
static void set_address(struct run *run, uint32_t number)
{
    int size = snprintf(run->address, sizeof run->address, "127.%u.%u.%u",
                        (unsigned)(tenon_process_id() % 200 + 20), number / 250 % 250,
                        number % 250 + 1);
    CHECK(run, size > 0 && (size_t)size < sizeof run->address);
    inject_set_address(run->address);
}

/* True: the fault was hit. */
static bool run_once(struct faults *faults, const struct scenario *scenario,
                     const struct fault *fault, uint32_t number)
{
    char text[256];
    struct run run = {.scenario = scenario, .backend = faults->backend,
                      .folder = faults->folder, .fault = fault, .number = number};
    set_address(&run, faults->runs);
    int64_t descriptors = testing_descriptors();
    int64_t held = inject_held();
    describe(&run, text, sizeof text);
    inject_guard(GUARD_SECONDS, text);
    scenario->run(&run);
    inject_guard(0, "");
    CHECK(&run, inject_held() == held);
    CHECK(&run, testing_descriptors() == descriptors);
    faults->runs++;
    faults->failures += run.failures > 0 ? 1 : 0;
    if (run.hit) {
        faults->hits[fault->call]++;
    }
    return run.hit;
}

static void run_scenario(struct faults *faults, const struct scenario *scenario)
{
    uint32_t counts[FAULT_CALLS];
    uint32_t before = faults->runs;
    (void)run_once(faults, scenario, NULL, 0);
    for (int call = 0; call < FAULT_CALLS; call++) {
        counts[call] = inject_count((enum fault_call)call);
    }
    for (const struct fault *fault = fault_table; fault->call != FAULT_CALLS; fault++) {
        bool hit = counts[fault->call] > 0 &&
                   (scenario->only == FAULT_CALLS || scenario->only == fault->call);
        for (uint32_t number = 1; hit && number <= NUMBER_MAX; number++) {
            hit = run_once(faults, scenario, fault, number);
            if (faults->failures > FAILURES_MAX) {
                return;
            }
        }
    }
    printf("%-20s %6" PRIu32 " runs\n", scenario->name, faults->runs - before);
}

static void run_table(struct faults *faults, const struct scenario *table)
{
    for (const struct scenario *scenario = table; scenario->name != NULL; scenario++) {
        bool chosen = faults->only == NULL ||
                      strncmp(scenario->name, faults->only, strlen(faults->only)) == 0;
        if (chosen && faults->failures <= FAILURES_MAX &&
            (scenario->backend == NULL || strcmp(scenario->backend, faults->backend) == 0)) {
            run_scenario(faults, scenario);
        }
    }
}

static void check_calls(struct faults *faults)
{
    for (int call = 0; call < FAULT_CALLS; call++) {
        if (fault_call_expected((enum fault_call)call, faults->backend) &&
            faults->hits[call] == 0) {
            printf("%s was never called\n", fault_call_name((enum fault_call)call));
            faults->failures++;
        }
    }
}

int main(int argc, char **argv)
{
    struct faults faults = {0};
    uint64_t previous = 0;
    if ((argc != 3 && argc != 4) || strcmp(argv[1], "--backend") != 0) {
        (void)fprintf(stderr, "usage: faults --backend NAME [SCENARIO]\n");
        return 2;
    }
    faults.backend = argv[2];
    faults.only = argv[3];
    if (!testing_init() || tenon_process_start(&argc, &argv) != TENON_OK ||
        !testing_limit_descriptors(0, &previous)) {
        (void)fprintf(stderr, "faults: cannot start\n");
        return EXIT_FAILURE;
    }
    if (tenon_backend_error(faults.backend).status == TENON_UNSUPPORTED) {
        printf("skipped: the backend %s does not work here\n", faults.backend);
        return 77;
    }
    faults.folder = testing_folder_make("-faults");
    if (faults.folder == NULL) {
        (void)fprintf(stderr, "faults: cannot make a folder\n");
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        run_table(&faults, tables[i]);
    }
    if (faults.only == NULL) {
        check_calls(&faults);
    }
    testing_folder_remove(faults.folder);
    free(faults.folder);
    printf("%" PRIu32 " runs, %" PRIu32 " failed\n", faults.runs, faults.failures);
    return faults.failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
