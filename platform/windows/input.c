/* Standard input. ReadFile on a console gives bytes of its code page, which may lack characters,
 * and a C runtime ends a file at Ctrl+Z: so a console is read as UTF-16, and anything else raw. */
#include "windows/win.h"
#include <string.h>
#include <tenon/process.h>

enum {
    UNITS = 1024,               /* of UTF-16 in one read */
    BYTES = 3 * (UNITS + 1)     /* of UTF-8 for them and for the one that was carried */
};

static const wchar_t ctrl_z = 0x1A;

/* What a console gave and nobody has taken. */
struct console_input {
    bool ended;
    bool in_line;               /* the next character is not the first of its line */
    wchar_t carried;            /* what its successor decides on; 0: nothing */
    size_t taken;
    size_t size;
    char bytes[BYTES];
};

/* The process's, as the console is. */
static struct console_input console;

/* A carriage return may belong to a line feed, and half of a pair to the other half. */
static bool needs_successor(wchar_t unit)
{
    return unit == L'\r' || IS_HIGH_SURROGATE(unit);
}

/* In place: CR LF becomes LF, and the text ends before a Ctrl+Z that begins a line. Returns what is
 * left. */
static DWORD edit(wchar_t *wide, DWORD count)
{
    DWORD kept = 0;
    for (DWORD i = 0; i < count; i++) {
        if (wide[i] == L'\r' && i + 1 < count && wide[i + 1] == L'\n') {
            continue;
        }
        if (wide[i] == ctrl_z && !console.in_line) {
            console.ended = true;
            break;
        }
        console.in_line = wide[i] != L'\n';
        wide[kept++] = wide[i];
    }
    return kept;
}

/* Reads once; nothing may come of it, for now. Ctrl+C ends the read with nothing and this code. */
static struct tenon_error fill(HANDLE handle)
{
    wchar_t wide[1 + UNITS];
    DWORD count = 0;
    DWORD carried = console.carried != 0 ? 1 : 0;
    wide[0] = console.carried;
    SetLastError(ERROR_SUCCESS);
    if (!ReadConsoleW(handle, wide + carried, UNITS, &count, NULL)) {
        return win_last_error();
    }
    if (count == 0) {
        console.ended = GetLastError() != ERROR_OPERATION_ABORTED;
        return win_error(ERROR_SUCCESS);
    }
    count += carried;
    console.carried = 0;
    if (needs_successor(wide[count - 1])) {
        count--;
        console.carried = wide[count];
    }
    count = edit(wide, count);
    console.taken = 0;
    console.size = 0;
    if (count > 0) {
        int size = WideCharToMultiByte(CP_UTF8, 0, wide, (int)count, console.bytes, BYTES, NULL,
                                       NULL);
        if (size == 0) {
            return win_last_error();
        }
        console.size = (size_t)size;
    }
    return win_error(ERROR_SUCCESS);
}

static enum tenon_status read_console(HANDLE handle, void *data, size_t size, size_t *got_out,
                                      struct tenon_error *error_out)
{
    *error_out = win_error(ERROR_SUCCESS);
    while (console.taken == console.size && !console.ended && error_out->status == TENON_OK) {
        *error_out = fill(handle);
    }
    size_t left = console.size - console.taken;
    *got_out = left < size ? left : size;
    memcpy(data, console.bytes + console.taken, *got_out);
    console.taken += *got_out;
    return error_out->status;
}

enum tenon_status tenon_input_read(void *data, size_t size, size_t *got_out,
                                   struct tenon_error *error_out)
{
    HANDLE handle = GetStdHandle(STD_INPUT_HANDLE);
    TENON_ASSERT(size > 0);
    if (win_is_console(handle)) {
        return read_console(handle, data, size, got_out, error_out);
    }
    *error_out = win_read(handle, data, size, NULL, got_out);
    return error_out->status;
}

bool tenon_input_is_terminal(void)
{
    return win_is_console(GetStdHandle(STD_INPUT_HANDLE));
}
