/* Stop requests: the console's control events, which come on a thread that the system starts for
 * each. */
#include "windows/win.h"
#include <tenon/process.h>

/* The process's: a handler has no argument. Written before the handler is set, never after. */
static tenon_request_fn *watch_on_stop;
static void *watch_argument;

static BOOL WINAPI on_event(DWORD event)
{
    switch (event) {
    case CTRL_C_EVENT:
        watch_on_stop(watch_argument, TENON_REQUEST_INTERRUPT);
        return TRUE;
    case CTRL_BREAK_EVENT:
        watch_on_stop(watch_argument, TENON_REQUEST_TERMINATE);
        return TRUE;
    case CTRL_CLOSE_EVENT:
    case CTRL_LOGOFF_EVENT:
    case CTRL_SHUTDOWN_EVENT:
        watch_on_stop(watch_argument, TENON_REQUEST_CLOSE);
        /* The system ends the process when this returns: the program's own end must come first,
         * or the system's patience runs out. */
        Sleep(INFINITE);
        return TRUE;
    default:
        return FALSE;
    }
}

enum tenon_status tenon_request_watch(tenon_request_fn *on_stop, void *argument)
{
    TENON_ASSERT(on_stop != NULL);
    TENON_ASSERT(watch_on_stop == NULL);
    watch_on_stop = on_stop;
    watch_argument = argument;
    return SetConsoleCtrlHandler(on_event, TRUE) ? TENON_OK : win_last_error().status;
}
