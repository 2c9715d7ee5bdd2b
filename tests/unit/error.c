/* Errors as text. */
#include "unit.h"
#include <stdio.h>
#include <string.h>
#include <tenon/status.h>

enum {
    TEXT_MAX = 600
};

static struct tenon_error error_of(enum tenon_status status, int32_t native)
{
    struct tenon_error error;
    error.status = status;
    error.native = native;
    return error;
}

static void check_library_errors(struct unit *unit)
{
    for (int status = 0; status < TENON_STATUS_COUNT; status++) {
        char text[TEXT_MAX];
        struct tenon_error error = error_of((enum tenon_status)status, 0);
        unit_row(unit, tenon_status_name(error.status));
        tenon_error_format(error, text, sizeof text);
        CHECK_TEXT(unit, text, tenon_status_sentence(error.status));
    }
}

/* Which words there are is the system's; every one has some for 2, and hardly for the last. */
static void check_native_errors(struct unit *unit)
{
    static const int32_t natives[] = {1, 2, -1, -2, INT32_MAX - 1};
    const char *sentence = tenon_status_sentence(TENON_REFUSED);
    for (size_t i = 0; i < COUNT_OF(natives); i++) {
        char text[TEXT_MAX];
        char code[20];
        tenon_error_format(error_of(TENON_REFUSED, natives[i]), text, sizeof text);
        unit_row(unit, text);
        (void)snprintf(code, sizeof code, " %ld", (long)natives[i]);
        size_t size = strlen(text);
        CHECK(unit, strncmp(text, sentence, strlen(sentence)) == 0);
        CHECK(unit, strncmp(text + strlen(sentence), " (", 2) == 0);
        const char *found = strstr(text, code);
        if (CHECK(unit, found != NULL)) {
            const char *behind = found + strlen(code);
            CHECK(unit, strcmp(behind, ")") == 0 || strncmp(behind, ": ", 2) == 0);
            CHECK(unit, natives[i] != 2 || strlen(behind) > 4);
        }
        CHECK(unit, text[size - 1] == ')' && strchr(".: \n", text[size - 2]) == NULL);
        CHECK(unit, unit_is_whole(text));
        /* What is below zero is no errno but the resolver's, where that has its own numbers. */
        CHECK(unit, natives[i] > 0 || strstr(text, "errno") == NULL);
    }
}

/* At every size: the beginning of the whole text, whole characters, a zero, and nothing behind. */
static void check_truncation(struct unit *unit)
{
    static const int32_t natives[] = {0, 1, 2, -2};
    for (size_t i = 0; i < COUNT_OF(natives); i++) {
        char whole[TEXT_MAX];
        struct tenon_error error = error_of(TENON_RESET, natives[i]);
        tenon_error_format(error, whole, sizeof whole);
        unit_row(unit, whole);
        size_t whole_size = strlen(whole);
        for (size_t size = 1; size <= whole_size + 1; size++) {
            char text[TEXT_MAX];
            memset(text, '#', sizeof text);
            tenon_error_format(error, text, size);
            const char *end = memchr(text, '\0', size);
            if (!CHECK(unit, end != NULL)) {
                continue;
            }
            size_t kept = (size_t)(end - text);
            CHECK(unit, memcmp(text, whole, kept) == 0);
            CHECK(unit, kept + 4 >= size || kept == whole_size);
            CHECK(unit, unit_is_whole(text));
            CHECK(unit, text[size] == '#');
        }
    }
}

const struct unit_case error_cases[] = {
    {"error.without_native_code", check_library_errors},
    {"error.with_native_code", check_native_errors},
    {"error.truncation", check_truncation},
    {NULL, NULL}
};
