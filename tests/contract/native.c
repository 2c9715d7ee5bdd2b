/* The native suite's program. */
#include "native.h"
#include <stdio.h>
#include "testing.h"

static const struct test_case *const tables[] = {
    peer_cases, late_cases, crowd_cases, limit_cases, thread_cases, lookup_cases, sync_cases,
    path_cases, process_cases, file_cases, input_cases, native_timer_cases, NULL
};

void native_without(const char *what)
{
    printf("(without %s) ", what);
}

static int64_t count_descriptors(const struct surroundings *around)
{
    (void)around;
    return testing_descriptors();
}

int main(int argc, char **argv)
{
    struct surroundings around = {0};
    if (!testing_init()) {
        printf("the system's sockets do not start\n");
        return 1;
    }
    int code = native_be_child(argc, argv);
    if (code >= 0) {
        return code;
    }
    around.descriptors = count_descriptors;
    around.resets_are_exact = testing_resets_are_seen();
    return test_main(argc, argv, &around, tables);
}
