/* The process: its arguments, its standard streams, its end. */
#include "windows/win.h"
#include <stdlib.h>
#include <tenon/process.h>

/* Closed: none was given, or the handle that was given is not open. */
static bool is_closed(HANDLE handle)
{
    if (handle == NULL || handle == INVALID_HANDLE_VALUE) {
        return true;
    }
    SetLastError(ERROR_SUCCESS);
    return GetFileType(handle) == FILE_TYPE_UNKNOWN && GetLastError() != ERROR_SUCCESS;
}

static enum tenon_status open_if_closed(DWORD which, DWORD access)
{
    if (!is_closed(GetStdHandle(which))) {
        return TENON_OK;
    }
    HANDLE null = CreateFileW(L"NUL", access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (null == INVALID_HANDLE_VALUE) {
        return win_last_error().status;
    }
    if (!SetStdHandle(which, null)) {
        enum tenon_status status = win_last_error().status;
        (void)CloseHandle(null);
        return status;
    }
    return TENON_OK;
}

/* What main was given is in the process's code page, which may lack characters of it. The
 * arguments stay allocated. */
static enum tenon_status read_arguments(int *argc, char ***argv)
{
    int count = 0;
    enum tenon_status status = TENON_OK;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    if (wide == NULL) {
        return win_last_error().status;
    }
    char **arguments = calloc((size_t)count + 1, sizeof *arguments);
    if (arguments == NULL) {
        status = TENON_LIMIT;
    }
    for (int i = 0; i < count && status == TENON_OK; i++) {
        arguments[i] = win_utf8(wide[i]);
        if (arguments[i] == NULL) {
            status = win_last_error().status;
        }
    }
    (void)LocalFree(wide);
    if (status == TENON_OK) {
        *argc = count;
        *argv = arguments;
    }
    return status;
}

enum tenon_status tenon_process_start(int *argc, char ***argv)
{
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    system_quiet_abort();
    enum tenon_status status = open_if_closed(STD_INPUT_HANDLE, GENERIC_READ);
    if (status == TENON_OK) {
        status = open_if_closed(STD_OUTPUT_HANDLE, GENERIC_WRITE);
    }
    if (status == TENON_OK) {
        status = open_if_closed(STD_ERROR_HANDLE, GENERIC_WRITE);
    }
    return status == TENON_OK ? read_arguments(argc, argv) : status;
}

/* ExitProcess would run every DLL's end, and can wait for a lock that a stopped thread holds. */
void tenon_process_exit_now(int code)
{
    win_service_stopped(code);
    (void)TerminateProcess(GetCurrentProcess(), (UINT)code);
}

int64_t tenon_process_wall(void)
{
    return win_wall();
}

uint64_t tenon_process_id(void)
{
    return GetCurrentProcessId();
}

enum tenon_status tenon_process_raise_descriptors(uint64_t count, uint64_t *allowed_out)
{
    (void)count;
    *allowed_out = UINT64_MAX;
    return TENON_OK;
}
