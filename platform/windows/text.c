/* Text: UTF-8, which the interface speaks, and UTF-16, which the system does. */
#include "windows/win.h"
#include <stdlib.h>

/* Sets the code that win_last_error reads, as malloc sets none. */
static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL) {
        SetLastError(ERROR_OUTOFMEMORY);
    }
    return memory;
}

wchar_t *win_wide(const char *text)
{
    int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    if (count == 0) {
        return NULL;
    }
    wchar_t *wide = allocate((size_t)count * sizeof *wide);
    if (wide == NULL) {
        return NULL;
    }
    count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, count);
    TENON_ASSERT(count > 0);
    return wide;
}

char *win_utf8(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    if (size == 0) {
        return NULL;
    }
    char *text = allocate((size_t)size);
    if (text == NULL) {
        return NULL;
    }
    size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    TENON_ASSERT(size > 0);
    return text;
}
