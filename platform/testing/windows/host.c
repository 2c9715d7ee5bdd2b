/* This process and its files on Windows: console, clock, environment, temporary files. */
#include "text.h"
#include "../testing.h"
#include <stdio.h>
#include <string.h>

/* ---- text ---- */

wchar_t *text_wide(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = length <= 0 ? NULL : calloc((size_t)length, sizeof *wide);
    if (wide != NULL) {
        (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, length);
    }
    return wide;
}

char *text_utf8(const wchar_t *wide)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = length <= 0 ? NULL : calloc((size_t)length, sizeof *text);
    if (text != NULL) {
        (void)WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
    }
    return text;
}

/* ---- this process ---- */

/* Ctrl+Break reaches processes of one console only. A new console takes the place of our streams,
 * which are put back. */
static bool console_open(void)
{
    static const DWORD streams[3] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    HANDLE own[3];
    if (GetConsoleCP() != 0) {
        return true;
    }
    for (int i = 0; i < 3; i++) {
        own[i] = GetStdHandle(streams[i]);
    }
    bool good = AllocConsole() != 0;
    for (int i = 0; i < 3; i++) {
        good = SetStdHandle(streams[i], own[i]) != 0 && good;
    }
    return good;
}

/* Only Wine's ntdll has this. */
static bool under_wine(void)
{
    HMODULE library = GetModuleHandleW(L"ntdll.dll");
    return library != NULL && GetProcAddress(library, "wine_get_version") != NULL;
}

bool testing_init(void)
{
    WSADATA data;
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    system_quiet_abort();
    return WSAStartup(MAKEWORD(2, 2), &data) == 0 && (under_wine() || console_open());
}

bool testing_resets_are_seen(void)
{
    return !under_wine();
}

bool testing_signals_differ(void)
{
    return false;
}

bool testing_signals_are_sent(void)
{
    return !under_wine();
}

bool testing_open_files_are_replaced(void)
{
    return !under_wine();
}

int64_t testing_descriptors(void)
{
    DWORD count = 0;
    /* Wine 8 counts none. */
    return GetProcessHandleCount(GetCurrentProcess(), &count) && count > 0 ? (int64_t)count : -1;
}

int64_t testing_threads(void)
{
    return -1;
}

bool testing_accepts_are_bounded(void)
{
    return true;
}

bool testing_limit_descriptors(uint64_t limit, uint64_t *previous_out)
{
    (void)limit;
    *previous_out = 0;
    return false;
}

bool testing_interrupts_start(int64_t interval)
{
    (void)interval;
    return false;
}

uint64_t testing_interrupts_stop(void)
{
    return 0;
}

/* Split, as the counter times a billion does not fit. */
int64_t testing_clock(void)
{
    LARGE_INTEGER count;
    LARGE_INTEGER rate;
    (void)QueryPerformanceCounter(&count);
    (void)QueryPerformanceFrequency(&rate);
    return count.QuadPart / rate.QuadPart * TENON_SECOND +
           count.QuadPart % rate.QuadPart * TENON_SECOND / rate.QuadPart;
}

char *testing_environment(const char *name)
{
    wchar_t *wide = text_wide(name);
    wchar_t *value = NULL;
    char *text = NULL;
    DWORD room = wide == NULL ? 0 : GetEnvironmentVariableW(wide, NULL, 0);
    if (room > 0) {
        value = calloc(room, sizeof *value);
    }
    if (value != NULL && GetEnvironmentVariableW(wide, value, room) < room) {
        text = text_utf8(value);
    }
    free(value);
    free(wide);
    return text;
}

/* ---- files ---- */

char *testing_program_folder(void)
{
    wchar_t path[4096];
    DWORD length = GetModuleFileNameW(NULL, path, sizeof path / sizeof path[0]);
    if (length == 0 || length == sizeof path / sizeof path[0]) {
        return NULL;
    }
    wchar_t *slash = wcsrchr(path, L'\\');
    if (slash != NULL) {
        *slash = 0;
    }
    return text_utf8(path);
}

char *testing_folder_make(const char *suffix)
{
    wchar_t base[MAX_PATH + 1];
    wchar_t path[MAX_PATH + 1];
    wchar_t *wide = text_wide(suffix);
    char *made = NULL;
    DWORD length = GetTempPathW(sizeof base / sizeof base[0], base);
    bool more = wide != NULL && length > 0 && length < sizeof base / sizeof base[0];
    for (unsigned attempt = 0; more && attempt < 10000; attempt++) {
        int written = swprintf(path, sizeof path / sizeof path[0], L"%lstenon-%lu-%u%ls", base,
                               (unsigned long)GetCurrentProcessId(), attempt, wide);
        if (written > 0 && CreateDirectoryW(path, NULL)) {
            made = text_utf8(path);
            more = false;
        } else {
            more = written > 0 && GetLastError() == ERROR_ALREADY_EXISTS;
        }
    }
    free(wide);
    return made;
}

/* The path of a file in a folder; false: too long. */
static bool path_join(const wchar_t *folder, const wchar_t *name, wchar_t path[MAX_PATH + 1])
{
    return swprintf(path, MAX_PATH + 1, L"%ls\\%ls", folder, name) > 0;
}

void testing_folder_remove(const char *folder)
{
    WIN32_FIND_DATAW found;
    wchar_t path[MAX_PATH + 1];
    wchar_t *wide = text_wide(folder);
    if (wide == NULL || !path_join(wide, L"*", path)) {
        free(wide);
        return;
    }
    HANDLE search = FindFirstFileW(path, &found);
    for (BOOL more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
        if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0 &&
            path_join(wide, found.cFileName, path)) {
            (void)DeleteFileW(path);
        }
    }
    if (search != INVALID_HANDLE_VALUE) {
        (void)FindClose(search);
    }
    (void)RemoveDirectoryW(wide);
    free(wide);
}

static HANDLE file_open(const char *path, DWORD access, DWORD disposition)
{
    wchar_t *wide = text_wide(path);
    HANDLE file = INVALID_HANDLE_VALUE;
    if (wide != NULL) {
        file = CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                           NULL, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
    }
    free(wide);
    return file;
}

char *testing_file_read(const char *path, size_t *size_out)
{
    LARGE_INTEGER size;
    DWORD got = 0;
    char *data = NULL;
    HANDLE file = file_open(path, GENERIC_READ, OPEN_EXISTING);
    if (file == INVALID_HANDLE_VALUE) {
        return NULL;
    }
    if (GetFileSizeEx(file, &size) && size.QuadPart < INT32_MAX) {
        data = calloc((size_t)size.QuadPart + 1, 1);
    }
    if (data != NULL && !ReadFile(file, data, (DWORD)size.QuadPart, &got, NULL)) {
        free(data);
        data = NULL;
    }
    (void)CloseHandle(file);
    if (size_out != NULL) {
        *size_out = got;
    }
    return data;
}

bool testing_file_write(const char *path, const void *data, size_t size)
{
    DWORD written = 0;
    HANDLE file = file_open(path, GENERIC_WRITE, CREATE_ALWAYS);
    if (file == INVALID_HANDLE_VALUE) {
        return false;
    }
    BOOL good = WriteFile(file, data, (DWORD)size, &written, NULL);
    return CloseHandle(file) && good && written == size;
}

/* Behind its links, as on POSIX: the attributes of a path are those of a link itself. */
bool testing_file_exists(const char *path)
{
    wchar_t *wide = text_wide(path);
    HANDLE file = INVALID_HANDLE_VALUE;
    if (wide != NULL) {
        file = CreateFileW(wide, FILE_READ_ATTRIBUTES,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    }
    free(wide);
    return file != INVALID_HANDLE_VALUE && CloseHandle(file);
}

bool testing_file_rename(const char *from, const char *to)
{
    wchar_t *wide_from = text_wide(from);
    wchar_t *wide_to = text_wide(to);
    bool good = wide_from != NULL && wide_to != NULL && MoveFileExW(wide_from, wide_to, 0);
    free(wide_from);
    free(wide_to);
    return good;
}

int64_t testing_folder_entries(const char *folder)
{
    WIN32_FIND_DATAW found;
    wchar_t path[MAX_PATH + 1];
    int64_t count = 0;
    wchar_t *wide = text_wide(folder);
    bool good = wide != NULL && path_join(wide, L"*", path);
    free(wide);
    HANDLE search = good ? FindFirstFileW(path, &found) : INVALID_HANDLE_VALUE;
    if (search == INVALID_HANDLE_VALUE) {
        return -1;
    }
    for (BOOL more = TRUE; more; more = FindNextFileW(search, &found)) {
        bool dots = wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0;
        count += dots ? 0 : 1;
    }
    (void)FindClose(search);
    return count;
}

const char *testing_null_device(void)
{
    return "NUL";
}

int testing_file_mode(const char *path)
{
    (void)path;
    return -1;
}

bool testing_file_set_mode(const char *path, int mode)
{
    (void)path;
    (void)mode;
    return false;
}

/* Without the privilege only in developer mode. Wine 8 says that it has made one, and has not. */
int64_t testing_file_owner(const char *path)
{
    (void)path;
    return -1;
}

bool testing_file_give(const char *path, int64_t owner)
{
    (void)path;
    (void)owner;
    return false;
}

bool testing_file_pipe(const char *path)
{
    (void)path;
    return false;
}

bool testing_file_link(const char *target, const char *path)
{
    wchar_t *wide_target = text_wide(target);
    wchar_t *wide_path = text_wide(path);
    bool good = wide_target != NULL && wide_path != NULL &&
                CreateSymbolicLinkW(wide_path, wide_target,
                                    SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE) &&
                GetFileAttributesW(wide_path) != INVALID_FILE_ATTRIBUTES;
    free(wide_target);
    free(wide_path);
    return good;
}
