/* How often this program has asked for memory: of its own sources and the library's, not of the C
 * library's. Link tenon_testing_allocations; every call is passed on. */
#ifndef TESTING_ALLOCATIONS_H
#define TESTING_ALLOCATIONS_H
#include <stdint.h>

/* Calls of malloc, calloc and realloc so far; of one thread, while no other one asks. */
uint64_t testing_allocations(void);

#endif
