/* The backends of a POSIX system without one of its own. */
#include "backend.h"

extern const struct tenon_backend poll_backend;

const struct tenon_backend *const tenon_backends[] = {&poll_backend, NULL};
