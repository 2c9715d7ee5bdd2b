/* A file's replacement: written beside it, and renamed. */
#include "windows/win.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/file.h>
#include <wchar.h>

enum {
    NAME_UNITS_MAX = 255,       /* of UTF-16 */
    SUFFIX_ROOM = 40,           /* `.PROCESS-TRY.tmp` */
    TRIES = 100,
    REPLACE_TRIES = 10,
    REPLACE_PAUSE_MS = 20,
    /* Of Windows 10, 1709; older headers lack them. */
    RENAME_INFO_EX = 22,        /* FileRenameInfoEx */
    RENAME_REPLACES = 0x1,      /* FILE_RENAME_FLAG_REPLACE_IF_EXISTS */
    RENAME_POSIX = 0x2          /* FILE_RENAME_FLAG_POSIX_SEMANTICS */
};

struct tenon_file_replacement {
    HANDLE handle;
    struct tenon_error error;   /* of the first write that failed */
    wchar_t *target;
    wchar_t *beside;            /* NULL: the target itself is written */
};

static enum tenon_status tell(struct tenon_error error, struct tenon_error *error_out)
{
    *error_out = error;
    return error.status;
}

static void destroy(struct tenon_file_replacement *replacement)
{
    free(replacement->beside);
    free(replacement->target);
    free(replacement);
}

/* Where the links of a path that is there lead; NULL: this volume cannot tell, or no memory. */
static wchar_t *final_path(HANDLE handle)
{
    DWORD room = GetFinalPathNameByHandleW(handle, NULL, 0, VOLUME_NAME_DOS);
    if (room == 0) {
        return NULL;
    }
    wchar_t *path = malloc((room + 1) * sizeof *path);
    if (path != NULL) {
        DWORD length = GetFinalPathNameByHandleW(handle, path, room + 1, VOLUME_NAME_DOS);
        if (length == 0 || length > room) {
            free(path);
            return NULL;
        }
    }
    return path;
}

/* How much of the path stands before the suffix: all of it, but of a long name so much as leaves
 * room, in whole characters. */
static int length_before_suffix(const wchar_t *path)
{
    const wchar_t *slash = wcsrchr(path, L'\\');
    const wchar_t *name = slash == NULL ? path : slash + 1;
    size_t length = wcslen(name);
    if (length > NAME_UNITS_MAX - SUFFIX_ROOM) {
        length = NAME_UNITS_MAX - SUFFIX_ROOM;
        length -= IS_LOW_SURROGATE(name[length]) ? 1 : 0;
    }
    return (int)((size_t)(name - path) + length);
}

/* A name that is taken belongs to another replacement, or to a process that is gone. */
static struct tenon_error open_beside(struct tenon_file_replacement *replacement)
{
    struct tenon_error error = {TENON_OK, 0};
    size_t room = wcslen(replacement->target) + SUFFIX_ROOM;
    replacement->beside = malloc(room * sizeof *replacement->beside);
    if (replacement->beside == NULL) {
        return win_error(ERROR_OUTOFMEMORY);
    }
    for (int i = 0; i < TRIES; i++) {
        int length = swprintf(replacement->beside, room, L"%.*ls.%lu-%d.tmp",
                              length_before_suffix(replacement->target), replacement->target,
                              (unsigned long)GetCurrentProcessId(), i);
        TENON_ASSERT(length > 0 && (size_t)length < room);
        replacement->handle = CreateFileW(replacement->beside, GENERIC_WRITE | DELETE, 0, NULL,
                                          CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
        if (replacement->handle != INVALID_HANDLE_VALUE) {
            return win_error(ERROR_SUCCESS);
        }
        error = win_last_error();
        if (error.native != ERROR_FILE_EXISTS) {
            break;
        }
    }
    return error;
}

/* A device or a pipe: the handle is set where it opens. */
static struct tenon_error open_device(struct tenon_file_replacement *replacement)
{
    const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    replacement->handle = CreateFileW(replacement->target, GENERIC_WRITE, share, NULL,
                                      OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    return replacement->handle == INVALID_HANDLE_VALUE ? win_last_error()
                                                       : win_error(ERROR_SUCCESS);
}

/* A file that is there: its links are followed, a folder is not replaced. A link that leads nowhere
 * is there too, and is replaced itself. */
static struct tenon_error follow(struct tenon_file_replacement *replacement, DWORD attributes)
{
    const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    struct tenon_error folder = {TENON_INVALID, ERROR_ACCESS_DENIED};
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        return folder;
    }
    HANDLE handle = CreateFileW(replacement->target, FILE_READ_ATTRIBUTES, share, NULL,
                                OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        struct tenon_error error = win_last_error();
        return error.status == TENON_NOT_FOUND ? win_error(ERROR_SUCCESS) : error;
    }
    wchar_t *path = final_path(handle);
    (void)CloseHandle(handle);
    if (path != NULL) {
        free(replacement->target);
        replacement->target = path;
    }
    return win_error(ERROR_SUCCESS);
}

static struct tenon_error choose(struct tenon_file_replacement *replacement)
{
    struct tenon_error error = {TENON_OK, 0};
    if (wcsncmp(replacement->target, L"\\\\.\\", 4) == 0) {
        return open_device(replacement);
    }
    DWORD attributes = GetFileAttributesW(replacement->target);
    if (attributes != INVALID_FILE_ATTRIBUTES) {
        error = follow(replacement, attributes);
    }
    return error.status == TENON_OK ? open_beside(replacement) : error;
}

enum tenon_status tenon_file_replace_begin(const char *path, struct tenon_file_replacement **out,
                                           struct tenon_error *error_out)
{
    *out = NULL;
    struct tenon_file_replacement *replacement = calloc(1, sizeof *replacement);
    if (replacement == NULL) {
        return tell(win_error(ERROR_OUTOFMEMORY), error_out);
    }
    replacement->target = win_path(path, error_out);
    if (replacement->target != NULL) {
        *error_out = choose(replacement);
    }
    if (error_out->status != TENON_OK) {
        destroy(replacement);
        return error_out->status;
    }
    *out = replacement;
    return TENON_OK;
}

enum tenon_status tenon_file_replace_write(struct tenon_file_replacement *replacement,
                                           const void *data, size_t size,
                                           struct tenon_error *error_out)
{
    if (replacement->error.status == TENON_OK) {
        replacement->error = win_write_all(replacement->handle, data, size);
    }
    return tell(replacement->error, error_out);
}

/* FILE_RENAME_INFO as Windows 10 has it; older headers lack its flags. */
struct rename_info {
    DWORD flags;
    HANDLE folder;
    DWORD name_size;        /* bytes, without the zero */
    wchar_t name[1];
};

/* As on POSIX: also over a file that others have open for sharing its deletion. False: this system
 * or volume cannot do it, or somebody does not share it. */
static bool rename_open(HANDLE handle, const wchar_t *to)
{
    size_t size = wcslen(to) * sizeof *to;
    struct rename_info *info = calloc(1, sizeof *info + size);
    if (info == NULL) {
        return false;
    }
    info->flags = RENAME_REPLACES | RENAME_POSIX;
    info->name_size = (DWORD)size;
    memcpy(info->name, to, size);
    BOOL good = SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS)RENAME_INFO_EX, info,
                                           (DWORD)(sizeof *info + size));
    free(info);
    return good != 0;
}

/* A reader of the old file or a virus scanner of the new one may hold it for a moment. */
static struct tenon_error rename_closed(const wchar_t *from, const wchar_t *to)
{
    struct tenon_error error = {TENON_OK, 0};
    for (int i = 0; i < REPLACE_TRIES; i++) {
        if (MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
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

enum tenon_status tenon_file_replace_commit(struct tenon_file_replacement *replacement,
                                            struct tenon_error *error_out)
{
    struct tenon_error error = replacement->error;
    const wchar_t *beside = replacement->beside;
    bool renamed = error.status == TENON_OK && beside != NULL &&
                   rename_open(replacement->handle, replacement->target);
    if (!CloseHandle(replacement->handle) && error.status == TENON_OK) {
        error = win_last_error();
    }
    if (beside != NULL && !renamed) {
        if (error.status == TENON_OK) {
            error = rename_closed(beside, replacement->target);
        }
        if (error.status != TENON_OK) {
            (void)DeleteFileW(beside);
        }
    }
    destroy(replacement);
    return tell(error, error_out);
}

/* Nobody else may open it, also not for deleting it: it goes with its handle. */
void tenon_file_replace_abandon(struct tenon_file_replacement *replacement)
{
    FILE_DISPOSITION_INFO disposition = {.DeleteFile = TRUE};
    if (replacement != NULL && replacement->beside != NULL) {
        (void)SetFileInformationByHandle(replacement->handle, FileDispositionInfo, &disposition,
                                         sizeof disposition);
    }
}

void tenon_file_replace_discard(struct tenon_file_replacement *replacement)
{
    if (replacement == NULL) {
        return;
    }
    (void)CloseHandle(replacement->handle);
    if (replacement->beside != NULL) {
        (void)DeleteFileW(replacement->beside);
    }
    destroy(replacement);
}
