/* Requests: the console's control events, which come on a thread that the system starts for each,
 * and a service's controls. */
#include "windows/win.h"

/* The process's: a handler has no argument. Written before the handler is set, never after. */
static tenon_request_fn *watch_on_request;
static void *watch_argument;

static BOOL WINAPI on_event(DWORD event)
{
    switch (event) {
    case CTRL_C_EVENT:
        watch_on_request(watch_argument, TENON_REQUEST_INTERRUPT);
        return TRUE;
    case CTRL_BREAK_EVENT:
        watch_on_request(watch_argument, TENON_REQUEST_TERMINATE);
        return TRUE;
    case CTRL_CLOSE_EVENT:
    case CTRL_LOGOFF_EVENT:
    case CTRL_SHUTDOWN_EVENT:
        watch_on_request(watch_argument, TENON_REQUEST_CLOSE);
        /* The system ends the process when this returns: the program's own end must come first,
         * or the system's patience runs out. */
        Sleep(INFINITE);
        return TRUE;
    default:
        return FALSE;
    }
}

void win_request(enum tenon_request request)
{
    if (watch_on_request != NULL) {
        watch_on_request(watch_argument, request);
    }
}

/* A service hears of nobody's log-off, and of a shutdown by its manager: see service.c, which lets
 * no control in before this is done. */
enum tenon_status tenon_request_watch(tenon_request_fn *on_request, void *argument)
{
    TENON_ASSERT(on_request != NULL);
    TENON_ASSERT(watch_on_request == NULL);
    watch_on_request = on_request;
    watch_argument = argument;
    if (win_is_service() || SetConsoleCtrlHandler(on_event, TRUE)) {
        return TENON_OK;
    }
    return win_last_error().status;
}
