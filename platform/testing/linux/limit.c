/* A child's descriptors on Linux: prlimit. */
#include "../child.h"
#include <sys/resource.h>
#include <sys/types.h>

bool child_limit_descriptors(struct child *child, uint64_t limit)
{
    struct rlimit current;
    if (prlimit((pid_t)child->process, RLIMIT_NOFILE, NULL, &current) != 0) {
        return false;
    }
    current.rlim_cur = limit == 0 ? current.rlim_max : (rlim_t)limit;
    return prlimit((pid_t)child->process, RLIMIT_NOFILE, &current, NULL) == 0;
}
