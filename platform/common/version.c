/* The library's version, as its own headers have it. */
#include "backend.h"
#include <tenon/layout.h>     /* that compiling the library checks it too */
#include <tenon/version.h>

const char *tenon_version(void)
{
    return TENON_VERSION;
}

uint32_t tenon_version_number(void)
{
    return TENON_VERSION_NUMBER;
}

/* Before 1.0 a minor version may take something away. */
static uint32_t line_of(uint32_t number)
{
    uint32_t major = number / TENON_VERSION_NUMBER_OF(1, 0, 0);
    return major > 0 ? major * TENON_VERSION_NUMBER_OF(1, 0, 0) :
                       number - number % TENON_VERSION_NUMBER_OF(0, 1, 0);
}

bool tenon_version_serves(uint32_t header_number)
{
    return line_of(header_number) == line_of(TENON_VERSION_NUMBER) &&
        header_number <= TENON_VERSION_NUMBER;
}
