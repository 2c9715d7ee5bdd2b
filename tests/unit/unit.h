/* The harness: cases, each a function that goes through a table. A check that fails is printed with
 * its row and counted; the case goes on. */
#ifndef UNIT_H
#define UNIT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>

#define CHECK(unit, condition) unit_check(unit, condition, #condition, __FILE__, __LINE__)
#define CHECK_TEXT(unit, actual, expected) \
    unit_check_text(unit, actual, expected, __FILE__, __LINE__)

/* The elements of an array. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct unit {
    const char *row;        /* what a failure names; NULL: nothing */
    uint32_t failures;
};

struct unit_case {
    const char *name;
    void (*run)(struct unit *unit);
};

/* Both answer whether all is well. */
bool unit_check(struct unit *unit, bool condition, const char *text, const char *file, int line);
bool unit_check_text(struct unit *unit, const char *actual, const char *expected, const char *file,
                     int line);

/* The row that the next checks are about. */
void unit_row(struct unit *unit, const char *row);

/* A numeric address: a failed check where the text is none. */
struct tenon_address unit_address(struct unit *unit, const char *ip, uint16_t port);

/* Whether the text is UTF-8 and no character is cut. */
bool unit_is_whole(const char *text);

/* The tables of cases, one a file, in the order in which they run; a NULL name ends each. */
extern const struct unit_case size_cases[];
extern const struct unit_case version_cases[];
extern const struct unit_case status_cases[];
extern const struct unit_case error_cases[];
extern const struct unit_case address_cases[];
extern const struct unit_case prefix_cases[];
extern const struct unit_case host_cases[];
extern const struct unit_case number_cases[];
extern const struct unit_case place_cases[];
extern const struct unit_case text_cases[];
extern const struct unit_case option_cases[];
extern const struct unit_case settings_cases[];
extern const struct unit_case console_cases[];
extern const struct unit_case event_cases[];
extern const struct unit_case peer_cases[];
extern const struct unit_case access_cases[];
extern const struct unit_case crowd_cases[];
extern const struct unit_case proxy_cases[];
extern const struct unit_case proxy_binary_cases[];
extern const struct unit_case histogram_cases[];

#endif
