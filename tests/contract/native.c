/* The native suite's program, which is also the child that some cases start:
 * `native --count-descriptors` answers with their number, `native --leave-path PATH` listens there
 * and ends without closing. */
#include "native.h"
#include <stdio.h>
#include <string.h>
#include <tenon/process.h>
#include "testing.h"

static const struct test_case *const tables[] = {
    peer_cases, limit_cases, thread_cases, lookup_cases, sync_cases, path_cases, process_cases, NULL
};

void native_without(const char *what)
{
    printf("(without %s) ", what);
}

static int leave_path(const char *path)
{
    static struct tenon_listener listener;
    struct tenon_endpoint endpoint = {0};
    struct tenon_loop *loop = NULL;
    size_t length = strlen(path);
    if (length > TENON_PATH_MAX || tenon_loop_open(NULL, &loop) != TENON_OK) {
        return 1;
    }
    endpoint.address.family = TENON_FAMILY_PATH;
    memcpy(endpoint.path, path, length);
    if (tenon_listen(loop, &listener, &endpoint, NULL) != TENON_OK) {
        return 1;
    }
    tenon_process_exit_now(0);
    return 1;
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
    if (argc == 2 && strcmp(argv[1], "--count-descriptors") == 0) {
        return (int)testing_descriptors();
    }
    if (argc == 3 && strcmp(argv[1], "--leave-path") == 0) {
        return leave_path(argv[2]);
    }
    around.descriptors = count_descriptors;
    around.resets_are_exact = testing_resets_are_seen();
    return test_main(argc, argv, &around, tables);
}
