/* The interface itself, over the simulator: the input chooses the hosts, the temperament, the
 * failures, and each operation, legal at its time, that the layer's scenario does; the scenario
 * checks the contract. A misuse asserts, and so does a rule that is broken. */
#include "fuzz.h"
#include <string.h>
#include "scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t fault_parts[] = {0, 2, 10, 40};
    struct fuzz_input input = {data, size};
    struct tally tally = {0};
    struct run run;
    memset(&run, 0, sizeof run);
    uint8_t kind = fuzz_byte(&input);
    run.seed = fuzz_number(&input, 2);
    run.tally = &tally;
    run.random.state = run.seed;
    run.temperament = kind % 2 == 0 ? SIM_READINESS : SIM_COMPLETION;
    run.faults = fault_parts[kind / 2 % 4];
    run.choices = input.data;
    run.choice_count = input.size;
    layer_scenario.play(&run);
    FUZZ_CHECK(tally.runs == 1);
    return 0;
}
