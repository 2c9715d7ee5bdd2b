/* Options: the reader of a table. */
#include "options.h"
#include "number.h"
#include "text.h"
#include <stdio.h>
#include <string.h>

enum {
    NAME_MAX_COMPARED = 32      /* bytes; no option's name is that long */
};

void option_reader_init(struct option_reader *reader, const struct option_table *table, int argc,
                        char **argv)
{
    memset(reader, 0, sizeof *reader);
    reader->table = table;
    reader->arguments = argv;
    reader->argument_count = argc;
    reader->next = 1;
}

static int wrong(struct option_reader *reader, const char *format, const char *a, const char *b)
{
    (void)snprintf(reader->problem, sizeof reader->problem, format, a, b);
    return OPTION_WRONG;
}

/* ---- the nearest name ---- */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Insertions, deletions and replacements that lead from one to the other (Levenshtein). */
static size_t count_edits(const char *from, const char *to)
{
    size_t row[NAME_MAX_COMPARED + 1];
    size_t from_size = strlen(from);
    size_t to_size = strlen(to);
    if (from_size > NAME_MAX_COMPARED || to_size > NAME_MAX_COMPARED) {
        return from_size + to_size;
    }
    for (size_t j = 0; j <= to_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= from_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= to_size; j++) {
            size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[to_size];
}

const char *option_nearest(const struct option_table *table, const char *name)
{
    const char *nearest = NULL;
    size_t size = strlen(name);
    size_t edits_min = (size + 1) / 2 + 1;
    for (size_t i = 0; i < table->count; i++) {
        const char *known = table->options[i].name;
        if (size > 0 && strncmp(name, known, size) == 0) {
            return known;
        }
        size_t edits = count_edits(name, known);
        if (size > 0 && (edits < edits_min || (edits == edits_min && nearest != NULL &&
                                               strlen(nearest) != size && strlen(known) == size))) {
            edits_min = edits;
            nearest = known;
        }
    }
    return nearest;
}

/* ---- the reader ---- */

/* Whether the next argument is its value where none stands behind `=`. */
static bool needs_value(const struct option *option)
{
    return option->argument != NULL && option->argument[0] != '[';
}

/* What other programs have options for. */
static bool belongs_to_a_place(const char *name)
{
    static const char *const names[] = {"p", "port", "host"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int unknown(struct option_reader *reader, const char *dashes, const char *name)
{
    if (belongs_to_a_place(name)) {
        (void)snprintf(reader->problem, sizeof reader->problem, "unknown option %s%s: host and "
                       "port are an ADDRESS, such as localhost:12345 or :12345", dashes, name);
        return OPTION_WRONG;
    }
    const char *nearest = option_nearest(reader->table, name);
    (void)snprintf(reader->problem, sizeof reader->problem, "unknown option %s%s%s%s%s", dashes,
                   name, nearest == NULL ? "" : " (did you mean --",
                   nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?)");
    return OPTION_WRONG;
}

static int read_long(struct option_reader *reader, const char *text)
{
    char name[NAME_MAX_COMPARED + 1] = {0};
    const char *equals = strchr(text, '=');
    size_t size = equals == NULL ? strlen(text) : (size_t)(equals - text);
    memcpy(name, text, size < NAME_MAX_COMPARED ? size : NAME_MAX_COMPARED);
    for (size_t i = 0; i < reader->table->count; i++) {
        const struct option *option = &reader->table->options[i];
        if (strlen(option->name) != size || memcmp(option->name, text, size) != 0) {
            continue;
        }
        reader->current = option;
        reader->value = equals == NULL ? NULL : equals + 1;
        if (option->argument == NULL && equals != NULL) {
            return wrong(reader, "option --%s takes no value%s", option->name, "");
        }
        if (needs_value(option) && equals == NULL) {
            if (reader->next == reader->argument_count) {
                return wrong(reader, "option --%s needs a value: %s", option->name,
                             option->argument);
            }
            reader->value = reader->arguments[reader->next++];
        }
        return option->id;
    }
    return unknown(reader, "--", name);
}

/* One letter of a bundle; the rest of the bundle, or the next argument, is its value. */
static int read_letter(struct option_reader *reader)
{
    char letter[2] = {0};
    letter[0] = *reader->bundle;
    reader->bundle = reader->bundle[1] == '\0' ? NULL : reader->bundle + 1;
    for (size_t i = 0; i < reader->table->count; i++) {
        const struct option *option = &reader->table->options[i];
        if (option->letter != letter[0]) {
            continue;
        }
        reader->current = option;
        reader->value = NULL;
        if (needs_value(option)) {
            reader->value = reader->bundle;
            reader->bundle = NULL;
            if (reader->value == NULL && reader->next == reader->argument_count) {
                return wrong(reader, "option -%s needs a value: %s", letter, option->argument);
            }
            if (reader->value == NULL) {
                reader->value = reader->arguments[reader->next++];
            }
        }
        return option->id;
    }
    return unknown(reader, "-", letter);
}

int option_next(struct option_reader *reader)
{
    if (reader->bundle != NULL) {
        return read_letter(reader);
    }
    if (reader->next < reader->argument_count && !reader->options_over &&
        strcmp(reader->arguments[reader->next], "--") == 0) {
        reader->options_over = true;
        reader->next++;
    }
    if (reader->next >= reader->argument_count) {
        return OPTION_DONE;
    }
    const char *text = reader->arguments[reader->next++];
    if (reader->options_over || text[0] != '-' || text[1] == '\0') {
        reader->value = text;
        return OPTION_OPERAND;
    }
    if (text[1] == '-') {
        return read_long(reader, text + 2);
    }
    reader->bundle = text + 1;
    return read_letter(reader);
}

/* ---- values ---- */

static bool wrong_value(struct option_reader *reader, const char *wanted)
{
    (void)snprintf(reader->problem, sizeof reader->problem, "--%s %.100s: it is to be %s",
                   reader->current->name, text_shown(reader->value), wanted);
    return false;
}

bool option_duration(struct option_reader *reader, int64_t *duration_out)
{
    if (number_duration(reader->value, duration_out)) {
        return true;
    }
    return wrong_value(reader, "a time: seconds, or a number with ms, s, m or h (at most 1000h)");
}

bool option_count(struct option_reader *reader, uint32_t min, uint32_t max, uint32_t *count_out)
{
    char wanted[100];
    if (number_count(reader->value, max, count_out) && *count_out >= min) {
        return true;
    }
    (void)snprintf(wanted, sizeof wanted, "a number from %lu to %lu, k and m are 1000 and 1000000",
                   (unsigned long)min, (unsigned long)max);
    return wrong_value(reader, wanted);
}

bool option_size(struct option_reader *reader, uint32_t min, uint32_t max, uint32_t *size_out)
{
    char wanted[100];
    if (number_size(reader->value, max, size_out) && *size_out >= min) {
        return true;
    }
    (void)snprintf(wanted, sizeof wanted, "bytes from %lu to %lu, k and m are 1024 and 1048576",
                   (unsigned long)min, (unsigned long)max);
    return wrong_value(reader, wanted);
}

bool option_choice(struct option_reader *reader, const char *const *names, uint32_t *index_out)
{
    char wanted[200] = "one of ";
    size_t used = strlen(wanted);
    for (uint32_t i = 0; names[i] != NULL; i++) {
        if (strcmp(reader->value, names[i]) == 0) {
            *index_out = i;
            return true;
        }
        int more =
            snprintf(wanted + used, sizeof wanted - used, "%s%s", i == 0 ? "" : ", ", names[i]);
        used += more > 0 && (size_t)more < sizeof wanted - used ? (size_t)more : 0;
    }
    return wrong_value(reader, wanted);
}
