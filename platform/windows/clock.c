/* Time: the performance counter, and the wall clock. */
#include "windows/win.h"

/* Neither query fails since Windows XP. In two parts: ticks times a thousand million would
 * overflow within hours. */
int64_t win_clock(void)
{
    LARGE_INTEGER frequency;
    LARGE_INTEGER ticks;
    (void)QueryPerformanceFrequency(&frequency);
    (void)QueryPerformanceCounter(&ticks);
    int64_t seconds = ticks.QuadPart / frequency.QuadPart;
    int64_t rest = ticks.QuadPart % frequency.QuadPart;
    return seconds * TENON_SECOND + rest * TENON_SECOND / frequency.QuadPart;
}

int64_t win_wall(void)
{
    const int64_t from_1601_to_1970 = INT64_C(116444736000000000);      /* in units of 100 ns */
    FILETIME time;
    GetSystemTimePreciseAsFileTime(&time);
    int64_t since_1601 = ((int64_t)time.dwHighDateTime << 32) | (int64_t)time.dwLowDateTime;
    return (since_1601 - from_1601_to_1970) * 100;
}

DWORD win_milliseconds(int64_t duration)
{
    const int64_t longest = (int64_t)INFINITE - 1;
    if (duration == TENON_FOREVER) {
        return INFINITE;
    }
    if (duration <= 0) {
        return 0;
    }
    int64_t milliseconds = (duration - 1) / TENON_MILLISECOND + 1;
    return (DWORD)(milliseconds < longest ? milliseconds : longest);
}
