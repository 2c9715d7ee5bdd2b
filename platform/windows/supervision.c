/* Supervision: nothing on Windows speaks systemd's protocols. */
#include "windows/win.h"
#include <tenon/supervision.h>

enum tenon_status tenon_inherited_count(uint32_t *count_out)
{
    *count_out = 0;
    return TENON_OK;
}

bool tenon_supervised(void)
{
    return false;
}

enum tenon_status tenon_notify(const char *text, struct tenon_error *error_out)
{
    (void)text;
    *error_out = win_error(ERROR_SUCCESS);
    return TENON_OK;
}

int64_t tenon_watchdog_interval(void)
{
    return TENON_FOREVER;
}
