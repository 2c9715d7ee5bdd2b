/* The file in which a server says where it listens. */
#ifndef CLIENT_READY_FILE_H
#define CLIENT_READY_FILE_H
#include <stdint.h>
#include "common/place.h"

enum {
    READY_FILE_PROBLEM_MAX = 512
};

enum ready_file {
    READY_FILE_READ,
    READY_FILE_NOT_YET,     /* there is none, or nothing in it */
    READY_FILE_WRONG
};

/* Reads the addresses, one a line, the first PLACES_MAX of them; one that stands for every address
 * of the server's machine is this machine's. Unless READ, `problem` says why. */
enum ready_file ready_file_read(const char *path, struct place places[PLACES_MAX],
                                uint32_t *count_out, char problem[READY_FILE_PROBLEM_MAX]);

#endif
