/* Linux's backends, best first. */
#include "backend.h"

extern const struct tenon_backend epoll_backend;
extern const struct tenon_backend io_uring_backend;
extern const struct tenon_backend poll_backend;

const struct tenon_backend *const tenon_backends[] = {&io_uring_backend, &epoll_backend,
                                                      &poll_backend, NULL};
