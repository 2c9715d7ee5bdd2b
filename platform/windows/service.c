/* Supervision: services of the service control manager. The thread that starts the dispatcher, the
 * main one, is the one that controls come on; the service has a thread of its own.
 *
 * The manager sends a stop once, waits for a while for the next report, and takes a process that
 * ends without one for a crash. A report that differs from the one before in nothing but its
 * checkpoint tells it to wait on. */
#include "windows/win.h"
#include <string.h>
#include <tenon/supervision.h>

enum {
    CONTROL_REPORT = 128        /* the first that is a service's own to define */
};

static const DWORD start_hint_ms = 30 * 1000;
static const DWORD stop_hint_ms = 10 * 1000;
static const int64_t stop_interval = 2 * TENON_SECOND;

/* The process's: neither the service's main nor an end without a return has an argument. */
static struct {
    SRWLOCK lock;               /* of what follows but for `run` and `argument` */
    SERVICE_STATUS_HANDLE handle;
    SERVICE_STATUS status;
    bool ended;
    tenon_service_fn *run;
    void *argument;
    int code;
} service;

/* Lock taken. */
static struct tenon_error report(DWORD state, DWORD controls, DWORD hint_ms)
{
    SERVICE_STATUS *status = &service.status;
    if (state != status->dwCurrentState) {
        status->dwCheckPoint = 0;
    }
    status->dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status->dwCurrentState = state;
    status->dwControlsAccepted = controls;
    status->dwCheckPoint += hint_ms > 0 ? 1 : 0;
    status->dwWaitHint = hint_ms;
    return SetServiceStatus(service.handle, status) ? win_error(ERROR_SUCCESS) : win_last_error();
}

/* Lock taken. A stop has come, which may be late, or the program stops of its own accord. */
static struct tenon_error report_stopping(void)
{
    return service.ended ? win_error(ERROR_SUCCESS) :
        report(SERVICE_STOP_PENDING, 0, stop_hint_ms);
}

void win_service_stopped(int code)
{
    AcquireSRWLockExclusive(&service.lock);
    if (service.handle != NULL && !service.ended) {
        service.ended = true;
        service.status.dwWin32ExitCode = code == 0 ? NO_ERROR : ERROR_SERVICE_SPECIFIC_ERROR;
        service.status.dwServiceSpecificExitCode = (DWORD)code;
        (void)report(SERVICE_STOPPED, 0, 0);    /* nobody is left who could say that it failed */
    }
    ReleaseSRWLockExclusive(&service.lock);
}

bool win_is_service(void)
{
    return service.run != NULL;
}

static void stop(enum tenon_request request)
{
    AcquireSRWLockExclusive(&service.lock);
    (void)report_stopping();        /* the program says it again, and whether it failed */
    ReleaseSRWLockExclusive(&service.lock);
    win_request(request);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
        stop(TENON_REQUEST_TERMINATE);
        return NO_ERROR;
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
        stop(TENON_REQUEST_CLOSE);
        return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE:
        win_request(TENON_REQUEST_HANGUP);
        return NO_ERROR;
    case CONTROL_REPORT:
        win_request(TENON_REQUEST_REPORT);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;            /* the manager knows the last report */
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

/* The process may be ended as soon as the last report is made. */
static void WINAPI run_service(DWORD argument_count, wchar_t **arguments)
{
    (void)argument_count;           /* of the start; the program takes those of its command line */
    (void)arguments;
    AcquireSRWLockExclusive(&service.lock);
    /* The name does not matter to a process with one service. */
    service.handle = RegisterServiceCtrlHandlerExW(L"", on_control, NULL);
    if (service.handle != NULL) {
        (void)report(SERVICE_START_PENDING, 0, start_hint_ms);
    }
    ReleaseSRWLockExclusive(&service.lock);
    service.code = service.run(service.argument);
    win_service_stopped(service.code);
}

bool tenon_has_services(void)
{
    return true;
}

enum tenon_status tenon_service_run(tenon_service_fn *run, void *argument, int *code_out,
                                    struct tenon_error *error_out)
{
    wchar_t name[] = L"";
    SERVICE_TABLE_ENTRYW table[] = {{name, run_service}, {NULL, NULL}};
    TENON_ASSERT(service.run == NULL);
    service.run = run;
    service.argument = argument;
    *code_out = 0;
    *error_out = win_error(ERROR_SUCCESS);
    if (!StartServiceCtrlDispatcherW(table)) {
        *error_out = win_last_error();
        service.run = NULL;
    }
    *code_out = service.code;
    return error_out->status;
}

/* ---- what the program tells ---- */

bool tenon_supervised(void)
{
    return win_is_service();
}

const char *tenon_supervisor_name(void)
{
    return NULL;
}

enum tenon_status tenon_notify(enum tenon_news news, struct tenon_error *error_out)
{
    *error_out = win_error(ERROR_SUCCESS);
    AcquireSRWLockExclusive(&service.lock);
    bool told = service.handle != NULL && !service.ended;
    if (told && news == TENON_NEWS_READY) {
        *error_out = report(SERVICE_RUNNING, SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN |
                                                 SERVICE_ACCEPT_PARAMCHANGE, 0);
    } else if (told && news == TENON_NEWS_STOPPING) {
        *error_out = report_stopping();
    }
    ReleaseSRWLockExclusive(&service.lock);
    return error_out->status;
}

int64_t tenon_notify_interval(enum tenon_news news)
{
    return news == TENON_NEWS_STOPPING && win_is_service() ? stop_interval : TENON_FOREVER;
}

enum tenon_status tenon_inherited_count(uint32_t *count_out)
{
    *count_out = 0;                 /* nothing here hands listeners over */
    return TENON_OK;
}
