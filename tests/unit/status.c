/* Statuses: a name and a sentence of its own for each. */
#include "unit.h"
#include <string.h>
#include <tenon/status.h>

#define ROW(name) {TENON_##name, #name}

static const struct {
    enum tenon_status status;
    const char *name;
} rows[] = {
    ROW(OK), ROW(END), ROW(CANCELED), ROW(TIMED_OUT), ROW(RESET), ROW(REFUSED), ROW(UNREACHABLE),
    ROW(NOT_RESOLVED), ROW(RESOLVER_FAILED), ROW(ADDRESS_IN_USE), ROW(ADDRESS_NOT_AVAILABLE),
    ROW(FAMILY_UNSUPPORTED), ROW(INVALID), ROW(ACCESS_DENIED), ROW(NOT_CONNECTED), ROW(NOT_FOUND),
    ROW(NO_SPACE), ROW(LIMIT), ROW(UNSUPPORTED), ROW(SYSTEM),
};
_Static_assert(COUNT_OF(rows) == TENON_STATUS_COUNT, "every status has its row");

/* The enumerator without its prefix, in lower case. */
static void check_names(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char name[40];
        size_t size = strlen(rows[i].name);
        unit_row(unit, rows[i].name);
        for (size_t j = 0; j <= size; j++) {
            char letter = rows[i].name[j];
            name[j] = (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
        }
        CHECK_TEXT(unit, tenon_status_name(rows[i].status), name);
    }
}

static void check_sentences(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *sentence = tenon_status_sentence(rows[i].status);
        size_t size = strlen(sentence);
        unit_row(unit, rows[i].name);
        CHECK(unit, size > 0 && sentence[size - 1] != '.');
        CHECK(unit, strchr(sentence, '\n') == NULL);
        for (size_t j = 0; j < i; j++) {
            CHECK(unit, strcmp(sentence, tenon_status_sentence(rows[j].status)) != 0);
        }
    }
}

static void check_out_of_range(struct unit *unit)
{
    static const int values[] = {-1, TENON_STATUS_COUNT, TENON_STATUS_COUNT + 1, INT32_MAX};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        CHECK_TEXT(unit, tenon_status_name((enum tenon_status)values[i]), "unknown");
        CHECK(unit, strlen(tenon_status_sentence((enum tenon_status)values[i])) > 0);
    }
}

const struct unit_case status_cases[] = {
    {"status.names", check_names},
    {"status.sentences", check_sentences},
    {"status.out_of_range", check_out_of_range},
    {NULL, NULL}
};
