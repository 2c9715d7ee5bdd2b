/* The contract suite: what a loop, a stream and a listener promise, on a backend of this system or
 * on the simulated one, where every seed is another run:
 *
 *     contract [--backend NAME] [CASE...]
 *     contract --backend simulated TEMPERAMENT FROM TO [CASE...] */
#include "harness.h"
#include "suites.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "simulated.h"
#include "testing.h"

static const struct test_case *const tables[] = {
    loop_cases, timer_cases, listen_cases, connect_cases, receive_cases, receive_long_cases,
    send_cases, cancel_cases, close_cases, NULL
};

static int64_t count_descriptors(const struct surroundings *around)
{
    (void)around;
    return testing_descriptors();
}

/* ---- the simulated backend ---- */

static enum tenon_status open_simulated(const struct surroundings *around,
                                        const struct tenon_loop_options *options,
                                        struct tenon_loop **out)
{
    return sim_loop_open(around->context, options, out);
}

static int64_t count_simulated(const struct surroundings *around)
{
    return sim_open_count(sim_host_world(around->context));
}

/* What is written while a seed runs says which one it is, should it fail. */
static int run_simulated(enum sim_temperament temperament, uint64_t from, uint64_t to,
                         char **chosen, int chosen_count)
{
    uint64_t passed = 0;
    for (uint64_t seed = from; seed <= to; seed++) {
        struct sim_options options = {.seed = seed, .temperament = temperament};
        struct sim_world *world = sim_world_open(&options);
        struct surroundings around = {
            .open = open_simulated, .context = sim_host_add(world, "host"),
            .descriptors = count_simulated, .resets_are_exact = true, .quiet = from < to
        };
        printf("seed %llu\n", (unsigned long long)seed);
        passed += test_run_cases(&around, tables, chosen, chosen_count);
        sim_world_close(world);
    }
    printf("%llu passed, 0 failed\n", (unsigned long long)passed);
    return passed > 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    struct surroundings around = {0};
    if (argc > 5 && strcmp(argv[1], "--backend") == 0 && strcmp(argv[2], "simulated") == 0) {
        return run_simulated(strcmp(argv[3], "completion") == 0 ? SIM_COMPLETION : SIM_READINESS,
                             strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10), argv + 6,
                             argc - 6);
    }
    if (!testing_init()) {
        printf("the system's sockets do not start\n");
        return 1;
    }
    around.descriptors = count_descriptors;
    around.resets_are_exact = testing_resets_are_seen();
    return test_main(argc, argv, &around, tables);
}
