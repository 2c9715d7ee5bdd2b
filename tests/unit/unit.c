/* The program: `unit [CASE...]`, a CASE being the beginning of a name. Exits with 0 if all passed.
 */
#include "unit.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

static const struct unit_case *const tables[] = {
    size_cases, version_cases, status_cases, error_cases, address_cases, prefix_cases, host_cases,
    number_cases, place_cases, text_cases, option_cases, settings_cases, console_cases, event_cases,
    peer_cases, access_cases,
    crowd_cases, proxy_cases, proxy_binary_cases, histogram_cases,
    NULL
};

static void fail(struct unit *unit, const char *file, int line)
{
    unit->failures++;
    printf("\n%s:%d: ", file, line);
    if (unit->row != NULL) {
        printf("[%s] ", unit->row);
    }
}

bool unit_check(struct unit *unit, bool condition, const char *text, const char *file, int line)
{
    if (!condition) {
        fail(unit, file, line);
        printf("%s", text);
    }
    return condition;
}

bool unit_check_text(struct unit *unit, const char *actual, const char *expected, const char *file,
                     int line)
{
    bool equal = strcmp(actual, expected) == 0;
    if (!equal) {
        fail(unit, file, line);
        printf("\"%s\" instead of \"%s\"", actual, expected);
    }
    return equal;
}

void unit_row(struct unit *unit, const char *row)
{
    unit->row = row;
}

struct tenon_address unit_address(struct unit *unit, const char *ip, uint16_t port)
{
    struct tenon_address address;
    CHECK(unit, tenon_address_parse(ip, &address) == TENON_OK);
    address.port = port;
    return address;
}

bool unit_is_whole(const char *text)
{
    struct text_escape escape = {0};
    char out[TEXT_ESCAPED_MAX(1)];
    for (const char *at = text; *at != '\0'; at++) {
        size_t size = text_escape(&escape, at, 1, out);
        if (size > 1 && out[0] == '\\' && out[1] == 'x') {
            return false;
        }
    }
    return text_escape_end(&escape, out) == 0;
}

static bool is_chosen(const char *name, char **chosen, int count)
{
    for (int i = 0; i < count; i++) {
        if (strncmp(name, chosen[i], strlen(chosen[i])) == 0) {
            return true;
        }
    }
    return count == 0;
}

static bool run(const struct unit_case *entry)
{
    struct unit unit = {0};
    printf("%s ... ", entry->name);
    (void)fflush(stdout);
    entry->run(&unit);
    printf("%s\n", unit.failures == 0 ? "passed" : "\nfailed");
    return unit.failures == 0;
}

int main(int argc, char **argv)
{
    unsigned passed = 0;
    unsigned failed = 0;
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const struct unit_case *entry = tables[i]; entry->name != NULL; entry++) {
            if (!is_chosen(entry->name, argv + 1, argc - 1)) {
                continue;
            }
            if (run(entry)) {
                passed++;
            } else {
                failed++;
            }
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
