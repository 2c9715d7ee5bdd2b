/* Versions: the library's, and which headers it serves. */
#include "unit.h"
#include <stdio.h>
#include <tenon/version.h>

static void check_version(struct unit *unit)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%d.%d.%d", TENON_VERSION_MAJOR, TENON_VERSION_MINOR,
                   TENON_VERSION_PATCH);
    CHECK_TEXT(unit, TENON_VERSION, text);
    CHECK_TEXT(unit, tenon_version(), TENON_VERSION);
    CHECK(unit, tenon_version_number() == TENON_VERSION_NUMBER);
}

static void check_serves(struct unit *unit)
{
    uint32_t own = TENON_VERSION_NUMBER;
    uint32_t minor = TENON_VERSION_NUMBER_OF(0, 1, 0);
    uint32_t major = TENON_VERSION_NUMBER_OF(1, 0, 0);
    CHECK(unit, tenon_version_serves(own));
    CHECK(unit, tenon_version_serves(own - own % minor));
    CHECK(unit, !tenon_version_serves(own + 1));
    CHECK(unit, !tenon_version_serves(own + minor));
    CHECK(unit, !tenon_version_serves(own + major));
    CHECK(unit, tenon_version_serves(own - minor) == (TENON_VERSION_MAJOR > 0));
}

const struct unit_case version_cases[] = {
    {"version.text_and_number", check_version},
    {"version.headers_that_it_serves", check_serves},
    {NULL, NULL}
};
