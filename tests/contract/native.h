/* The native suite: what needs a raw peer, a thread, a limit of the system or a child process. Same
 * harness, same names of cases, no system's name: those are in testing.h. */
#ifndef NATIVE_H
#define NATIVE_H
#include "harness.h"

extern const struct test_case peer_cases[];
extern const struct test_case limit_cases[];
extern const struct test_case thread_cases[];
extern const struct test_case lookup_cases[];
extern const struct test_case sync_cases[];
extern const struct test_case path_cases[];
extern const struct test_case process_cases[];

/* Says in the case's line why a part of it cannot be had on this system. */
void native_without(const char *what);

#endif
