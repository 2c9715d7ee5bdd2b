/* The contract suite on this system's backends: what a loop, a stream and a listener promise. */
#include "harness.h"
#include "suites.h"
#include <stdio.h>
#include "testing.h"

static const struct test_case *const tables[] = {
    loop_cases, timer_cases, listen_cases, connect_cases, receive_cases, send_cases, cancel_cases,
    close_cases, NULL
};

int main(int argc, char **argv)
{
    struct surroundings around = {0};
    if (!testing_init()) {
        printf("the system's sockets do not start\n");
        return 1;
    }
    around.descriptors = testing_descriptors;
    around.resets_are_exact = testing_resets_are_seen();
    return test_main(argc, argv, &around, tables);
}
