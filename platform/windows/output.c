/* Standard output and standard error. */
#include "windows/win.h"
#include <tenon/process.h>
#include <wchar.h>

enum {
    CONSOLE_CHUNK = 2048        /* bytes of UTF-8; a console takes 64 KiB in one call at most */
};

static HANDLE handle_of(enum tenon_output output)
{
    return GetStdHandle(output == TENON_OUTPUT ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
}

bool win_is_console(HANDLE handle)
{
    DWORD mode = 0;
    return GetConsoleMode(handle, &mode) != 0;
}

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0U) == 0x80U;
}

/* Bytes of whole characters, at most CONSOLE_CHUNK; what is no UTF-8 is cut anywhere. */
static size_t whole_characters(const char *data, size_t size)
{
    if (size <= CONSOLE_CHUNK) {
        return size;
    }
    size_t whole = CONSOLE_CHUNK;
    for (int i = 0; i < 3 && continues(data[whole]); i++) {
        whole--;
    }
    return whole;
}

/* What is no UTF-8 shows as U+FFFD. */
static enum tenon_status write_console(HANDLE handle, const char *data, size_t size)
{
    wchar_t wide[CONSOLE_CHUNK];
    while (size > 0) {
        size_t chunk = whole_characters(data, size);
        int count = MultiByteToWideChar(CP_UTF8, 0, data, (int)chunk, wide, CONSOLE_CHUNK);
        if (count == 0) {
            return win_last_error().status;
        }
        const wchar_t *at = wide;
        DWORD left = (DWORD)count;
        while (left > 0) {
            DWORD written = 0;
            if (!WriteConsoleW(handle, at, left, &written, NULL)) {
                return win_last_error().status;
            }
            at += written;
            left -= written;
        }
        data += chunk;
        size -= chunk;
    }
    return TENON_OK;
}

enum tenon_status tenon_output_write(enum tenon_output output, const void *data, size_t size)
{
    HANDLE handle = handle_of(output);
    return win_is_console(handle) ? write_console(handle, data, size)
                              : win_write_all(handle, data, size).status;
}

static bool is_set(const wchar_t *name, const wchar_t *value)
{
    wchar_t text[8];
    DWORD length = GetEnvironmentVariableW(name, text, 8);      /* more than 8: the room it needs */
    return value == NULL ? length > 0 : length > 0 && length < 8 && wcscmp(text, value) == 0;
}

uint32_t tenon_output_columns(enum tenon_output output)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    bool dumb = is_set(L"NO_COLOR", NULL) || is_set(L"TERM", L"dumb");
    bool known = GetConsoleScreenBufferInfo(handle_of(output), &info) != 0;
    int columns = known ? info.srWindow.Right - info.srWindow.Left + 1 : 0;
    return dumb || columns < 0 ? 0 : (uint32_t)columns;
}
