/* The backends of Windows. */
#include "windows/iocp.h"

const struct tenon_backend *const tenon_backends[] = {&iocp_backend, NULL};
