/* Files: written whole, and removed. */
#include "windows/win.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/process.h>
#include <wchar.h>

enum {
    PATH_ROOM = 32768,          /* characters that the system takes at most, with the zero */
    PREFIX_ROOM = 8,
    SUFFIX_ROOM = 32,           /* `.PROCESS.tmp` */
    REPLACE_TRIES = 10,
    REPLACE_PAUSE_MS = 20
};

/* The form in which a full path may be longer than 260 characters. */
static void add_long_prefix(wchar_t *path)
{
    bool share = wcsncmp(path, L"\\\\", 2) == 0;
    bool device = wcsncmp(path, L"\\\\?\\", 4) == 0 || wcsncmp(path, L"\\\\.\\", 4) == 0;
    if (device) {
        return;
    }
    const wchar_t *prefix = share ? L"\\\\?\\UNC" : L"\\\\?\\";
    const wchar_t *rest = share ? path + 1 : path;
    size_t prefix_length = wcslen(prefix);
    wmemmove(path + prefix_length, rest, wcslen(rest) + 1);
    wmemcpy(path, prefix, prefix_length);
}

/* Allocated; NULL: *error_out tells. */
static wchar_t *long_path(const char *path, struct tenon_error *error_out)
{
    wchar_t *wide = win_wide(path);
    if (wide == NULL) {
        *error_out = win_last_error();
        return NULL;
    }
    wchar_t *full = malloc((PATH_ROOM + PREFIX_ROOM) * sizeof *full);
    if (full == NULL) {
        *error_out = win_error(ERROR_OUTOFMEMORY);
    } else {
        DWORD length = GetFullPathNameW(wide, PATH_ROOM, full, NULL);
        if (length == 0 || length >= PATH_ROOM) {
            *error_out = length == 0 ? win_last_error() : win_error(ERROR_FILENAME_EXCED_RANGE);
            free(full);
            full = NULL;
        } else {
            add_long_prefix(full);
        }
    }
    free(wide);
    return full;
}

static wchar_t *temporary_path(const char *path, struct tenon_error *error_out)
{
    size_t room = strlen(path) + SUFFIX_ROOM;
    char *name = malloc(room);
    if (name == NULL) {
        *error_out = win_error(ERROR_OUTOFMEMORY);
        return NULL;
    }
    int length = snprintf(name, room, "%s.%lu.tmp", path, (unsigned long)GetCurrentProcessId());
    TENON_ASSERT(length > 0 && (size_t)length < room);
    wchar_t *temporary = long_path(name, error_out);
    free(name);
    return temporary;
}

static struct tenon_error write_new(const wchar_t *path, const char *data, size_t size)
{
    struct tenon_error error = {TENON_OK, 0};
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL,
                              NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return win_last_error();
    }
    while (size > 0 && error.status == TENON_OK) {
        DWORD written = 0;
        DWORD chunk = size < MAXINT ? (DWORD)size : MAXINT;
        if (WriteFile(file, data, chunk, &written, NULL)) {
            data += written;
            size -= written;
        } else {
            error = win_last_error();
        }
    }
    if (!CloseHandle(file) && error.status == TENON_OK) {
        error = win_last_error();
    }
    return error;
}

/* A reader of the old file or a virus scanner of the new one may hold it for a moment. */
static struct tenon_error replace(const wchar_t *from, const wchar_t *to)
{
    struct tenon_error error = {TENON_OK, 0};
    for (int i = 0; i < REPLACE_TRIES; i++) {
        if (MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING)) {
            return win_error(ERROR_SUCCESS);
        }
        error = win_last_error();
        if (error.status != TENON_ACCESS_DENIED) {
            break;
        }
        Sleep(REPLACE_PAUSE_MS);
    }
    return error;
}

enum tenon_status tenon_file_write(const char *path, const void *data, size_t size,
                                   struct tenon_error *error_out)
{
    *error_out = win_error(ERROR_SUCCESS);
    wchar_t *to = long_path(path, error_out);
    wchar_t *temporary = to == NULL ? NULL : temporary_path(path, error_out);
    if (temporary != NULL) {
        *error_out = write_new(temporary, data, size);
        if (error_out->status == TENON_OK) {
            *error_out = replace(temporary, to);
        }
        if (error_out->status != TENON_OK) {
            (void)DeleteFileW(temporary);       /* it may not be there */
        }
    }
    free(temporary);
    free(to);
    return error_out->status;
}

enum tenon_status tenon_file_remove(const char *path)
{
    struct tenon_error error = {TENON_OK, 0};
    wchar_t *full = long_path(path, &error);
    if (full != NULL && !DeleteFileW(full)) {
        error = win_last_error();
    }
    free(full);
    return error.status;
}
