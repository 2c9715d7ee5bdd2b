/* Linux's backends, best first, where the kernel's headers have no io_uring as it is used here. */
#include "backend.h"

extern const struct tenon_backend epoll_backend;
extern const struct tenon_backend poll_backend;

const struct tenon_backend *const tenon_backends[] = {&epoll_backend, &poll_backend, NULL};
