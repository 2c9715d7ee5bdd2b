/* The native suite: what needs a raw peer, a thread, a limit of the system or a child process. Same
 * harness, same names of cases, no system's name: those are in testing.h. */
#ifndef NATIVE_H
#define NATIVE_H
#include "harness.h"

extern const struct test_case peer_cases[];
extern const struct test_case late_cases[];
extern const struct test_case crowd_cases[];
extern const struct test_case limit_cases[];
extern const struct test_case thread_cases[];
extern const struct test_case lookup_cases[];
extern const struct test_case sync_cases[];
extern const struct test_case path_cases[];
extern const struct test_case process_cases[];
extern const struct test_case file_cases[];
extern const struct test_case input_cases[];
extern const struct test_case native_timer_cases[];

#define NATIVE_PATIENCE (10 * TENON_SECOND)

/* A raw socket that has connected to test->gate, and our end of it. */
struct raw {
    int64_t socket;
    struct end *ours;
};
struct raw raw_pair(struct test *test, int receive_buffer);
/* The raw socket alone. */
int64_t raw_peer(struct test *test, int receive_buffer);
/* Sends of the sequence of seed 0, from the place `first` on; 256 bytes at most. */
void raw_put(struct test *test, int64_t socket, size_t first, size_t size);

/* Says in the case's line why a part of it cannot be had on this system. */
void native_without(const char *what);

/* This program as a child, with the streams that start asks for. */
struct testing_start;
struct testing_process *native_child(struct test *test, struct testing_start *start,
                                     const char *const *arguments);

/* What the child is told to do, in native_child.c: its exit code, or -1: it is no child. */
int native_be_child(int argc, char **argv);

#endif
