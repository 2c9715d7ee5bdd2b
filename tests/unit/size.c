/* Sizes: what a session pays for each public struct it embeds. */
#include "unit.h"
#include <tenon/tenon.h>

static void check_sizes(struct unit *unit)
{
    static const struct {
        const char *name;
        size_t actual;
        size_t expected;
    } rows[] = {
        {"address", sizeof(struct tenon_address), 28},
        {"timer", sizeof(struct tenon_timer), 32},
        {"message", sizeof(struct tenon_message), 24},
        {"stream", sizeof(struct tenon_stream), 152},
        {"send", sizeof(struct tenon_send), 96},
        {"listener", sizeof(struct tenon_listener), 152},
        {"endpoint", sizeof(struct tenon_endpoint), 28 + TENON_PATH_MAX + 1},
    };
    size_t pointer_size = sizeof(void *);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].name);
        CHECK(unit, rows[i].actual == rows[i].expected ||
                    (pointer_size < 8 && rows[i].actual < rows[i].expected));
    }
}

const struct unit_case size_cases[] = {
    {"size.structs", check_sizes},
    {NULL, NULL}
};
