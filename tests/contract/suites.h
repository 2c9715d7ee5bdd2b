/* The tables of cases, one a file, in the order in which they run. */
#ifndef SUITES_H
#define SUITES_H
#include "harness.h"

extern const struct test_case loop_cases[];
extern const struct test_case timer_cases[];
extern const struct test_case listen_cases[];
extern const struct test_case connect_cases[];
extern const struct test_case receive_cases[];
extern const struct test_case receive_long_cases[];
extern const struct test_case send_cases[];
extern const struct test_case cancel_cases[];
extern const struct test_case close_cases[];

#endif
