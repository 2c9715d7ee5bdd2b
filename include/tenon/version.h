/* Which version the headers are of, and which one the library is. README has what a version
 * promises. */
#ifndef TENON_VERSION_H
#define TENON_VERSION_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/export.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Of these headers. The build reads the three numbers from here. */
#define TENON_VERSION_MAJOR 0
#define TENON_VERSION_MINOR 1
#define TENON_VERSION_PATCH 0
#define TENON_VERSION "0.1.0"

/* Comparable: for code that is to compile with several versions. */
#define TENON_VERSION_NUMBER_OF(major, minor, patch) \
    ((uint32_t)(major) * 1000000 + (uint32_t)(minor) * 1000 + (uint32_t)(patch))
#define TENON_VERSION_NUMBER \
    TENON_VERSION_NUMBER_OF(TENON_VERSION_MAJOR, TENON_VERSION_MINOR, TENON_VERSION_PATCH)

/* Of the library: `0.1.0`, and the number of that. Any thread. */
TENON_API const char *tenon_version(void);
TENON_API uint32_t tenon_version_number(void);

/* Whether the library keeps what the headers that a program was compiled with promise: it is of
 * their line (MAJOR, before 1.0 MINOR too) and not older. A program that takes a shared library
 * asks once, with TENON_VERSION_NUMBER. Any thread. */
TENON_API bool tenon_version_serves(uint32_t header_number);

#ifdef __cplusplus
}
#endif
#endif
