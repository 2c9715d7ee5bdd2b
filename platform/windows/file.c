/* Files: opened, looked at, read, appended to, removed. */
#include "windows/win.h"
#include <stdlib.h>
#include <tenon/file.h>

enum {
    CHUNK = 1024 * 1024         /* bytes of one call */
};

static const DWORD share_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

static HANDLE handle_of(struct tenon_file file)
{
    return (HANDLE)(uintptr_t)file.handle;
}

static enum tenon_status tell(struct tenon_error error, struct tenon_error *error_out)
{
    *error_out = error;
    return error.status;
}

/* A folder is said to be denied: it is no file. */
static struct tenon_error open_error(const wchar_t *path)
{
    struct tenon_error error = win_last_error();
    if (error.status == TENON_ACCESS_DENIED) {
        DWORD attributes = GetFileAttributesW(path);
        if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
            error.status = TENON_INVALID;
        }
    }
    return error;
}

/* INVALID_HANDLE_VALUE: *error_out tells. */
static HANDLE open_handle(const char *path, DWORD access, DWORD how, DWORD flags,
                          struct tenon_error *error_out)
{
    wchar_t *full = win_path(path, error_out);
    if (full == NULL) {
        return INVALID_HANDLE_VALUE;
    }
    HANDLE handle = CreateFileW(full, access, share_all, NULL, how, flags, NULL);
    *error_out = handle == INVALID_HANDLE_VALUE ? open_error(full) : win_error(ERROR_SUCCESS);
    free(full);
    return handle;
}

static enum tenon_status open_file(const char *path, DWORD access, DWORD how,
                                   struct tenon_file *file_out, struct tenon_error *error_out)
{
    HANDLE handle = open_handle(path, access, how, FILE_ATTRIBUTE_NORMAL, error_out);
    file_out->handle = handle == INVALID_HANDLE_VALUE ? 0 : (uint64_t)(uintptr_t)handle;
    return error_out->status;
}

enum tenon_status tenon_file_open(const char *path, struct tenon_file *file_out,
                                  struct tenon_error *error_out)
{
    return open_file(path, GENERIC_READ, OPEN_EXISTING, file_out, error_out);
}

enum tenon_status tenon_file_append(const char *path, struct tenon_file *file_out,
                                    struct tenon_error *error_out)
{
    return open_file(path, FILE_APPEND_DATA | SYNCHRONIZE, OPEN_ALWAYS, file_out, error_out);
}

void tenon_file_close(struct tenon_file file)
{
    (void)CloseHandle(handle_of(file));
}

/* From 1601 to 1970, and from steps of 100 ns. */
static int64_t time_of(FILETIME time)
{
    const uint64_t epoch = UINT64_C(116444736000000000);
    uint64_t steps = (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
    return (int64_t)(steps - epoch) * 100;
}

/* A device or a pipe has none of it. */
static enum tenon_status describe(HANDLE handle, struct tenon_file_info *info_out,
                                  struct tenon_error *error_out)
{
    static const struct tenon_file_info none = {0};
    BY_HANDLE_FILE_INFORMATION status;
    *info_out = none;
    SetLastError(ERROR_SUCCESS);
    DWORD type = GetFileType(handle);
    if (type != FILE_TYPE_DISK) {
        return tell(type == FILE_TYPE_UNKNOWN ? win_error(GetLastError())
                                              : win_error(ERROR_SUCCESS), error_out);
    }
    if (!GetFileInformationByHandle(handle, &status)) {
        return tell(win_last_error(), error_out);
    }
    info_out->identity.volume = status.dwVolumeSerialNumber;
    info_out->identity.number = (uint64_t)status.nFileIndexHigh << 32 | status.nFileIndexLow;
    info_out->size = (uint64_t)status.nFileSizeHigh << 32 | status.nFileSizeLow;
    info_out->modified = time_of(status.ftLastWriteTime);
    info_out->folder = (status.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    info_out->regular = !info_out->folder;
    return tell(win_error(ERROR_SUCCESS), error_out);
}

enum tenon_status tenon_file_info(struct tenon_file file, struct tenon_file_info *info_out,
                                  struct tenon_error *error_out)
{
    return describe(handle_of(file), info_out, error_out);
}

/* With the flag a folder opens too. */
enum tenon_status tenon_file_look(const char *path, struct tenon_file_info *info_out,
                                  struct tenon_error *error_out)
{
    static const struct tenon_file_info none = {0};
    *info_out = none;
    HANDLE handle = open_handle(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS, error_out);
    if (handle != INVALID_HANDLE_VALUE) {
        (void)describe(handle, info_out, error_out);
        (void)CloseHandle(handle);
    }
    return error_out->status;
}

/* A pipe has given nothing: nobody writes into it any more, or it is only called a pipe, as sockets
 * are, and pipes that Wine has from its system; those end so. */
static bool is_over(HANDLE pipe)
{
    return !PeekNamedPipe(pipe, NULL, 0, NULL, NULL, NULL);
}

/* The end of a file at an offset, and of a pipe, are failures to the system. Not the end are: a
 * write of nothing into a pipe, a pipe that is empty and was made not to wait, and a message that
 * is longer than the room. */
struct tenon_error win_read(HANDLE handle, void *data, size_t size, OVERLAPPED *place,
                            size_t *got_out)
{
    bool pipe = place == NULL && GetFileType(handle) == FILE_TYPE_PIPE;
    TENON_ASSERT(size > 0);
    for (;;) {
        DWORD got = 0;
        BOOL good = ReadFile(handle, data, size < CHUNK ? (DWORD)size : CHUNK, &got, place);
        DWORD code = good ? ERROR_SUCCESS : GetLastError();
        *got_out = got;
        if (code == ERROR_HANDLE_EOF || code == ERROR_BROKEN_PIPE || code == ERROR_MORE_DATA ||
            (good && (got > 0 || !pipe || is_over(handle)))) {
            return win_error(ERROR_SUCCESS);
        }
        if (!good && !(pipe && code == ERROR_NO_DATA)) {
            return win_last_error();
        }
        if (!good) {
            Sleep(1);
        }
    }
}

enum tenon_status tenon_file_read(struct tenon_file file, void *data, size_t size, size_t *got_out,
                                  struct tenon_error *error_out)
{
    return tell(win_read(handle_of(file), data, size, NULL, got_out), error_out);
}

enum tenon_status tenon_file_read_at(struct tenon_file file, uint64_t offset, void *data,
                                     size_t size, size_t *got_out, struct tenon_error *error_out)
{
    OVERLAPPED place = {0};
    TENON_ASSERT(offset <= INT64_MAX);
    place.Offset = (DWORD)(offset & UINT32_MAX);
    place.OffsetHigh = (DWORD)(offset >> 32);
    return tell(win_read(handle_of(file), data, size, &place, got_out), error_out);
}

struct tenon_error win_write_all(HANDLE handle, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        DWORD written = 0;
        if (!WriteFile(handle, at, size < CHUNK ? (DWORD)size : CHUNK, &written, NULL)) {
            return win_last_error();
        }
        if (written == 0) {
            Sleep(1);           /* a pipe that is full and was made not to wait */
        }
        at += written;
        size -= written;
    }
    return win_error(ERROR_SUCCESS);
}

enum tenon_status tenon_file_write_all(struct tenon_file file, const void *data, size_t size,
                                       struct tenon_error *error_out)
{
    return tell(win_write_all(handle_of(file), data, size), error_out);
}

enum tenon_status tenon_file_remove(const char *path, struct tenon_error *error_out)
{
    wchar_t *full = win_path(path, error_out);
    if (full != NULL) {
        *error_out = DeleteFileW(full) ? win_error(ERROR_SUCCESS) : win_last_error();
    }
    free(full);
    return error_out->status;
}
