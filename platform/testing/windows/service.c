/* Services, by the service control manager's own calls. */
#include "text.h"
#include "../testing.h"

enum {
    LOOK_PAUSE_MS = 10,             /* nothing tells of a checkpoint but looking */
    END_MAX_MS = 30 * 1000
};

struct testing_service {
    SC_HANDLE manager;
    SC_HANDLE handle;
    HANDLE process;                 /* since its last start; NULL: unknown */
};

static void close_process(struct testing_service *service)
{
    if (service->process != NULL) {
        (void)CloseHandle(service->process);
        service->process = NULL;
    }
}

static void destroy(struct testing_service *service)
{
    close_process(service);
    if (service->handle != NULL) {
        (void)CloseServiceHandle(service->handle);
    }
    if (service->manager != NULL) {
        (void)CloseServiceHandle(service->manager);
    }
    free(service);
}

struct testing_service *testing_service_install(const char *name, const char *const *arguments,
                                                const char **why_out)
{
    struct testing_service *service = calloc(1, sizeof *service);
    wchar_t *wide = text_wide(name);
    wchar_t *command = text_command_line(arguments);
    *why_out = "no memory for a service";
    if (service != NULL && wide != NULL && command != NULL) {
        *why_out = "this user may not install a service";
        service->manager =
            OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
        if (service->manager != NULL) {
            service->handle = CreateServiceW(service->manager, wide, wide, SERVICE_ALL_ACCESS,
                                             SERVICE_WIN32_OWN_PROCESS, SERVICE_DEMAND_START,
                                             SERVICE_ERROR_IGNORE, command, NULL, NULL, NULL, NULL,
                                             NULL);
        }
    }
    free(command);
    free(wide);
    if (service != NULL && service->handle == NULL) {
        destroy(service);
        service = NULL;
    }
    return service;
}

void testing_service_remove(struct testing_service *service)
{
    struct testing_service_status status;
    if (service == NULL) {
        return;
    }
    if (testing_service_look(service, &status) && status.state != TESTING_STOPPED &&
        (service->process == NULL || !TerminateProcess(service->process, EXIT_FAILURE))) {
        (void)testing_service_control(service, TESTING_STOP);
    }
    if (service->process != NULL) {
        (void)WaitForSingleObject(service->process, END_MAX_MS);
    }
    (void)DeleteService(service->handle);
    destroy(service);
}

static bool query(struct testing_service *service, SERVICE_STATUS_PROCESS *status)
{
    DWORD size = 0;
    return QueryServiceStatusEx(service->handle, SC_STATUS_PROCESS_INFO, (BYTE *)status,
                                sizeof *status, &size) != 0;
}

/* With a code of its own, which none but the service itself reports. */
static bool has_stopped(struct testing_service *service)
{
    SERVICE_STATUS_PROCESS status;
    return query(service, &status) && status.dwCurrentState == SERVICE_STOPPED &&
           status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR;
}

/* Windows' manager answers when the service has its thread. Wine's waits for the first report, and
 * calls one that has stopped by the time it looks a service that did not answer. */
bool testing_service_start(struct testing_service *service)
{
    SERVICE_STATUS_PROCESS status;
    bool had_stopped = has_stopped(service);
    close_process(service);
    if (!StartServiceW(service->handle, 0, NULL)) {
        return GetLastError() == ERROR_SERVICE_REQUEST_TIMEOUT && !had_stopped &&
               has_stopped(service);
    }
    if (!query(service, &status)) {
        return false;
    }
    /* It is the system's: an administrator may wait for it, and perhaps no more than that. */
    if (status.dwProcessId != 0) {
        service->process =
            OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE, FALSE, status.dwProcessId);
    }
    if (status.dwProcessId != 0 && service->process == NULL) {
        service->process = OpenProcess(SYNCHRONIZE, FALSE, status.dwProcessId);
    }
    return true;
}

bool testing_service_control(struct testing_service *service, enum testing_control control)
{
    static const DWORD codes[] = {
        [TESTING_STOP] = SERVICE_CONTROL_STOP,
        [TESTING_CHANGE] = SERVICE_CONTROL_PARAMCHANGE,
        [TESTING_REPORT_CONTROL] = 128,
    };
    SERVICE_STATUS status;
    return ControlService(service->handle, codes[control], &status) != 0;
}

bool testing_service_look(struct testing_service *service,
                          struct testing_service_status *status_out)
{
    SERVICE_STATUS_PROCESS status;
    memset(status_out, 0, sizeof *status_out);
    if (!query(service, &status)) {
        return false;
    }
    status_out->state = status.dwCurrentState == SERVICE_STOPPED ? TESTING_STOPPED :
                        status.dwCurrentState == SERVICE_RUNNING ? TESTING_RUNNING :
                        status.dwCurrentState == SERVICE_STOP_PENDING ? TESTING_STOPPING :
                                                                        TESTING_STARTING;
    status_out->checkpoint = status.dwCheckPoint;
    status_out->hint_ms = status.dwWaitHint;
    if (status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR) {
        status_out->code = status.dwServiceSpecificExitCode;
    } else {
        status_out->failed = status.dwWin32ExitCode != NO_ERROR;
    }
    return true;
}

bool testing_service_await(struct testing_service *service, enum testing_state state,
                           uint32_t checkpoint, int64_t timeout)
{
    int64_t deadline = testing_clock() + timeout;
    struct testing_service_status status;
    while (testing_service_look(service, &status)) {
        if (status.state == state && status.checkpoint >= checkpoint) {
            return state != TESTING_STOPPED || service->process == NULL ||
                   WaitForSingleObject(service->process, (DWORD)(timeout / TENON_MILLISECOND)) ==
                       WAIT_OBJECT_0;
        }
        if (status.state == TESTING_STOPPED || testing_clock() >= deadline) {
            return false;
        }
        Sleep(LOOK_PAUSE_MS);
    }
    return false;
}
