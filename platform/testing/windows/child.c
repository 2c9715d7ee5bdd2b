/* A child process on Windows: CreateProcessW, a list of the handles that it gets, overlapped reads
 * of its pipes so that they can be ended, Ctrl+Break. */
#include "text.h"
#include "../child.h"
#include <stdio.h>
#include <string.h>

enum {
    KILLED_CODE = 137
};

static HANDLE handle_of(int64_t handle)
{
    return (HANDLE)(intptr_t)handle;
}

static int64_t kept(HANDLE handle)
{
    bool none = handle == NULL || handle == INVALID_HANDLE_VALUE;
    return none ? CHILD_NONE : (int64_t)(intptr_t)handle;
}

static void handle_close(int64_t *handle)
{
    if (*handle != CHILD_NONE) {
        (void)CloseHandle(handle_of(*handle));
        *handle = CHILD_NONE;
    }
}

/* ---- its streams ---- */

/* Only a named pipe can be read overlapped. One whose name is made of this process's number and an
 * address that is in use is the only one of its name. */
static bool output_pipe_open(struct child_output *output, int64_t *theirs)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    wchar_t name[80];
    (void)swprintf(name, sizeof name / sizeof name[0], L"\\\\.\\pipe\\tenon-testing-%lu-%llx",
                   (unsigned long)GetCurrentProcessId(), (unsigned long long)(uintptr_t)output);
    output->read = kept(CreateNamedPipeW(name,
                                         PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED |
                                             FILE_FLAG_FIRST_PIPE_INSTANCE,
                                         PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1,
                                         64 * 1024, 64 * 1024, 0, NULL));
    if (output->read == CHILD_NONE) {
        return false;
    }
    *theirs = kept(CreateFileW(name, GENERIC_WRITE, 0, &inherited, OPEN_EXISTING, 0, NULL));
    output->stop[0] = kept(CreateEventW(NULL, TRUE, FALSE, NULL));
    return *theirs != CHILD_NONE && output->stop[0] != CHILD_NONE;
}

static bool input_pipe_open(int64_t *ours, int64_t *theirs)
{
    HANDLE read = NULL;
    HANDLE write = NULL;
    if (!CreatePipe(&read, &write, NULL, 0)) {
        return false;
    }
    *theirs = kept(read);
    *ours = kept(write);
    return SetHandleInformation(read, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) != 0;
}

static bool null_open(int64_t *theirs)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    *theirs = kept(CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE,
                               FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0,
                               NULL));
    return *theirs != CHILD_NONE;
}

/* A copy of our own stream that may be inherited. A stream that we have not, it has not either. */
static bool own_open(DWORD stream, int64_t *theirs)
{
    HANDLE copy = NULL;
    HANDLE own = GetStdHandle(stream);
    if (kept(own) != CHILD_NONE &&
        !DuplicateHandle(GetCurrentProcess(), own, GetCurrentProcess(), &copy, 0, TRUE,
                         DUPLICATE_SAME_ACCESS)) {
        return false;
    }
    *theirs = kept(copy);
    return true;
}

static bool input_open(enum testing_stream kind, struct child *child, int64_t *theirs)
{
    switch (kind) {
    case TESTING_INHERIT:
        return own_open(STD_INPUT_HANDLE, theirs);
    case TESTING_NULL:
        return null_open(theirs);
    case TESTING_CLOSED:
        return true;
    case TESTING_PIPE:
        return input_pipe_open(&child->input, theirs);
    case TESTING_BROKEN:
        if (!input_pipe_open(&child->input, theirs)) {
            return false;
        }
        handle_close(&child->input);
        return true;
    }
    return false;
}

static bool output_open(enum testing_stream kind, DWORD stream, struct child *child,
                        enum testing_output which, int64_t *theirs)
{
    switch (kind) {
    case TESTING_INHERIT:
        return own_open(stream, theirs);
    case TESTING_NULL:
        return null_open(theirs);
    case TESTING_CLOSED:
        return true;
    case TESTING_PIPE:
        return output_pipe_open(&child->outputs[which], theirs);
    case TESTING_BROKEN:
        if (!output_pipe_open(&child->outputs[which], theirs)) {
            return false;
        }
        child_close_output(child, which);
        return true;
    }
    return false;
}

/* ---- its environment ---- */

static bool same_name(const wchar_t *a, const wchar_t *b)
{
    const wchar_t *end = wcschr(a + 1, L'=');
    size_t length = end == NULL ? wcslen(a) : (size_t)(end - a) + 1;
    return _wcsnicmp(a, b, length) == 0;
}

/* Puts one setting behind the block's others, and the block's end behind it. */
static bool block_add(wchar_t **block, size_t *used, const wchar_t *setting)
{
    size_t length = wcslen(setting) + 1;
    wchar_t *grown = realloc(*block, (*used + length + 1) * sizeof **block);
    if (grown == NULL) {
        return false;
    }
    memcpy(grown + *used, setting, length * sizeof *setting);
    *used += length;
    grown[*used] = 0;
    *block = grown;
    return true;
}

/* The extra settings first, then our own but for those. */
static wchar_t *environment_merge(const char *const *extra)
{
    wchar_t *block = NULL;
    size_t used = 0;
    bool good = true;
    for (size_t i = 0; good && extra != NULL && extra[i] != NULL; i++) {
        wchar_t *setting = text_wide(extra[i]);
        good = setting != NULL && block_add(&block, &used, setting);
        free(setting);
    }
    size_t extra_used = used;
    wchar_t *own = GetEnvironmentStringsW();
    good = good && own != NULL;
    for (const wchar_t *at = own; good && *at != 0; at += wcslen(at) + 1) {
        bool replaced = false;
        for (size_t other = 0; other < extra_used; other += wcslen(block + other) + 1) {
            replaced = replaced || same_name(block + other, at);
        }
        good = replaced || block_add(&block, &used, at);
    }
    if (own != NULL) {
        (void)FreeEnvironmentStringsW(own);
    }
    if (!good) {
        free(block);
        return NULL;
    }
    return block;
}

/* ---- starting ---- */

/* The list of the handles that it may inherit; NULL: no memory. The handles stay in place until the
 * start. */
static LPPROC_THREAD_ATTRIBUTE_LIST handle_list(HANDLE *handles, size_t count)
{
    SIZE_T size = 0;
    (void)InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    LPPROC_THREAD_ATTRIBUTE_LIST list = calloc(1, size);
    if (list == NULL || !InitializeProcThreadAttributeList(list, 1, 0, &size)) {
        free(list);
        return NULL;
    }
    if (!UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
                                   count * sizeof *handles, NULL, NULL)) {
        DeleteProcThreadAttributeList(list);
        free(list);
        return NULL;
    }
    return list;
}

static bool create(const struct testing_start *start, STARTUPINFOEXW *startup, bool inherit,
                   PROCESS_INFORMATION *created)
{
    DWORD flags = CREATE_NEW_PROCESS_GROUP | CREATE_UNICODE_ENVIRONMENT;
    wchar_t *command = text_command_line(start->arguments);
    wchar_t *environment = environment_merge(start->environment);
    if (startup->lpAttributeList != NULL) {
        flags |= EXTENDED_STARTUPINFO_PRESENT;
    }
    bool good = command != NULL && environment != NULL &&
                CreateProcessW(NULL, command, NULL, NULL, inherit, flags, environment, NULL,
                               &startup->StartupInfo, created);
    free(command);
    free(environment);
    return good;
}

static bool spawn(const struct testing_start *start, const int64_t theirs[3],
                  PROCESS_INFORMATION *created)
{
    STARTUPINFOEXW startup;
    HANDLE handles[3];
    size_t count = 0;
    HANDLE streams[3];
    for (int i = 0; i < 3; i++) {
        streams[i] = theirs[i] == CHILD_NONE ? NULL : handle_of(theirs[i]);
        if (streams[i] != NULL) {
            handles[count++] = streams[i];
        }
    }
    memset(&startup, 0, sizeof startup);
    startup.StartupInfo.cb = sizeof startup.StartupInfo;
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = streams[0];
    startup.StartupInfo.hStdOutput = streams[1];
    startup.StartupInfo.hStdError = streams[2];
    if (count > 0 && !start->inherit_all) {
        startup.StartupInfo.cb = sizeof startup;
        startup.lpAttributeList = handle_list(handles, count);
        if (startup.lpAttributeList == NULL) {
            return false;
        }
    }
    bool good = create(start, &startup, count > 0 || start->inherit_all, created);
    if (startup.lpAttributeList != NULL) {
        DeleteProcThreadAttributeList(startup.lpAttributeList);
        free(startup.lpAttributeList);
    }
    return good;
}

static void child_clear(struct child *child)
{
    memset(child, 0, sizeof *child);
    child->process = CHILD_NONE;
    child->input = CHILD_NONE;
    for (int i = 0; i < CHILD_OUTPUTS; i++) {
        child->outputs[i].read = CHILD_NONE;
        child->outputs[i].stop[0] = CHILD_NONE;
        child->outputs[i].stop[1] = CHILD_NONE;
    }
}

bool child_start(const struct testing_start *start, struct child *child)
{
    PROCESS_INFORMATION created = {0};
    int64_t theirs[3] = {CHILD_NONE, CHILD_NONE, CHILD_NONE};
    child_clear(child);
    if (start->listener_count > 0 || start->descriptors > 0 || start->file_blocks > 0) {
        return false;
    }
    bool good = input_open(start->input, child, &theirs[0]) &&
                output_open(start->output, STD_OUTPUT_HANDLE, child, TESTING_OUTPUT, &theirs[1]) &&
                output_open(start->error, STD_ERROR_HANDLE, child, TESTING_ERROR_OUTPUT,
                            &theirs[2]) &&
                spawn(start, theirs, &created);
    for (int i = 0; i < 3; i++) {
        handle_close(&theirs[i]);
    }
    if (!good) {
        child_close_input(child);
        child_close_output(child, TESTING_OUTPUT);
        child_close_output(child, TESTING_ERROR_OUTPUT);
        return false;
    }
    (void)CloseHandle(created.hThread);
    child->process = kept(created.hProcess);
    child->id = created.dwProcessId;
    return true;
}

/* ---- its pipes ---- */

size_t child_read(struct child *child, enum testing_output which, void *data, size_t size)
{
    struct child_output *output = &child->outputs[which];
    OVERLAPPED operation = {0};
    DWORD got = 0;
    operation.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (operation.hEvent == NULL) {
        return 0;
    }
    if (!ReadFile(handle_of(output->read), data, (DWORD)size, NULL, &operation) &&
        GetLastError() != ERROR_IO_PENDING) {
        (void)CloseHandle(operation.hEvent);
        return 0;
    }
    HANDLE either[2] = {operation.hEvent, handle_of(output->stop[0])};
    if (WaitForMultipleObjects(2, either, FALSE, INFINITE) != WAIT_OBJECT_0) {
        (void)CancelIoEx(handle_of(output->read), &operation);
    }
    BOOL good = GetOverlappedResult(handle_of(output->read), &operation, &got, TRUE);
    (void)CloseHandle(operation.hEvent);
    return good ? got : 0;
}

void child_stop_reading(struct child *child, enum testing_output which)
{
    (void)SetEvent(handle_of(child->outputs[which].stop[0]));
}

void child_close_output(struct child *child, enum testing_output which)
{
    handle_close(&child->outputs[which].read);
    handle_close(&child->outputs[which].stop[0]);
}

bool child_write(struct child *child, const void *data, size_t size)
{
    size_t done = 0;
    bool good = true;
    while (good && done < size) {
        DWORD written = 0;
        size_t piece = size - done < 64 * 1024 ? size - done : 64 * 1024;
        good = WriteFile(handle_of(child->input), (const char *)data + done, (DWORD)piece, &written,
                         NULL);
        done += written;
    }
    return good;
}

void child_close_input(struct child *child)
{
    handle_close(&child->input);
}

/* ---- its end ---- */

void child_wait(struct child *child)
{
    (void)WaitForSingleObject(handle_of(child->process), INFINITE);
}

int child_reap(struct child *child, int64_t *cpu_out)
{
    DWORD code = 0;
    *cpu_out = child_cpu(child);
    if (!GetExitCodeProcess(handle_of(child->process), &code)) {
        code = MAXDWORD;
    }
    handle_close(&child->process);
    return (int)code;
}

bool child_signal(struct child *child, enum testing_signal signal)
{
    switch (signal) {
    case TESTING_INTERRUPT:
    case TESTING_TERMINATE:
        return GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, (DWORD)child->id) != 0;
    case TESTING_HANG_UP:
    case TESTING_REPORT:
        return false;
    case TESTING_KILL:
        return TerminateProcess(handle_of(child->process), KILLED_CODE) != 0;
    }
    return false;
}

int64_t child_cpu(struct child *child)
{
    FILETIME created;
    FILETIME ended;
    FILETIME times[2];
    int64_t total = 0;
    if (!GetProcessTimes(handle_of(child->process), &created, &ended, &times[0], &times[1])) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        total += ((int64_t)times[i].dwHighDateTime << 32) + (int64_t)times[i].dwLowDateTime;
    }
    return total * 100;
}
