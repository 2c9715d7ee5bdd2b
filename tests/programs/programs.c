/* The end-to-end tests: `programs --list` names the cases, `programs NAME...` runs them, each
 * against real processes. Without a name it runs all. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct test_case *const suites[] = {
    exchange_cases, service_cases, server_cases, stop_cases,    client_cases,
    answer_cases,   stream_cases,  usage_cases,  partner_cases,
    access_cases,   proxy_cases,   server_usage_cases, output_cases, load_cases,
    manager_cases,
    transfer_cases, ending_cases,  script_cases,  supervised_cases, trouble_cases,
};

enum {
    SUITES = sizeof suites / sizeof suites[0]
};

/* Whether the case was asked for: its name, the beginning of it up to a point, or nothing at all.
 * */
static bool wanted(const char *name, int argc, char **argv)
{
    bool want = argc == 1;
    for (int i = 1; i < argc; i++) {
        size_t size = strlen(argv[i]);
        want = want || strcmp(name, argv[i]) == 0 ||
               (strncmp(name, argv[i], size) == 0 && name[size] == '.');
    }
    return want;
}

int main(int argc, char **argv)
{
    bool list = argc == 2 && strcmp(argv[1], "--list") == 0;
    size_t count = 0;
    if (!list && !testing_init()) {
        (void)printf("cannot start the tests here\n");
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < SUITES; i++) {
        for (const struct test_case *row = suites[i]; row->name != NULL; row++) {
            if (list) {
                (void)printf("%s\n", row->name);
            } else if (wanted(row->name, argc, argv)) {
                (void)printf("%s\n", row->name);
                (void)fflush(stdout);
                row->run();
                case_clean();
                count++;
            }
        }
    }
    if (!list) {
        (void)printf("%llu passed, 0 failed\n", (unsigned long long)count);
    }
    return list || count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
