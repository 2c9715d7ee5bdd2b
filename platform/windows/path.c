/* Paths as the system takes them. */
#include "windows/win.h"
#include <stdlib.h>
#include <tenon/file.h>
#include <wchar.h>

enum {
    PATH_ROOM = 32768,          /* characters that the system takes at most, with the zero */
    PREFIX_ROOM = 8
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

static bool is_slash(char character)
{
    return character == '\\' || character == '/';
}

/* `\x` and `C:x` depend on the current drive, or on the drive's own directory. */
bool tenon_path_is_absolute(const char *path)
{
    bool drive = ((path[0] >= 'A' && path[0] <= 'Z') || (path[0] >= 'a' && path[0] <= 'z')) &&
                 path[1] == ':' && is_slash(path[2]);
    return drive || (is_slash(path[0]) && is_slash(path[1]));
}

wchar_t *win_path(const char *path, struct tenon_error *error_out)
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
