/* What raw.c needs of a system beside the raw calls of testing.h. */
#ifndef TENON_TESTING_RAW_H
#define TENON_TESTING_RAW_H
#include "testing.h"

/* OK gives a socket in *socket_out; every other result none. */
enum testing_raw_result raw_connect(enum tenon_family family, uint16_t port, int receive_buffer,
                                    int64_t timeout, int64_t *socket_out);

#endif
