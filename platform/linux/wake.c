/* An eventfd. */
#include "linux/wake.h"
#include "backend.h"
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wake_open(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void wake_signal(int wake)
{
    uint64_t one = 1;
    ssize_t result = -1;
    do {
        result = write(wake, &one, sizeof one);
    } while (result < 0 && errno == EINTR);
    TENON_ASSERT(result == (ssize_t)sizeof one);
}
