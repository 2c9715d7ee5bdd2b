/* The text of a file that is being written. */
#include "page.h"
#include "help.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void page_add(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(page->text + page->size, PAGE_MAX - page->size, format, arguments);
    va_end(arguments);
    if (more < 0 || (size_t)more >= PAGE_MAX - page->size) {
        page->full = true;
        return;
    }
    page->size += (size_t)more;
}

static const char *escape_of(const struct page_escape *escapes, char character)
{
    for (; escapes->character != 0; escapes++) {
        if (escapes->character == character) {
            return escapes->text;
        }
    }
    return NULL;
}

void page_add_escaped(struct page *page, const char *text, const struct page_escape *escapes)
{
    for (; *text != '\0'; text++) {
        const char *escape = escape_of(escapes, *text);
        if (escape != NULL) {
            page_add(page, "%s", escape);
        } else {
            page_add(page, "%c", *text);
        }
    }
}

void page_add_help(struct page *page, const struct option *option,
                   const struct page_escape *escapes)
{
    page_add_escaped(page, option->help, escapes);
    if (option->id == OPTION_BACKEND) {
        char backends[HELP_BACKENDS_MAX];
        help_backends(backends);
        page_add_escaped(page, backends, escapes);
    }
}

/* The names of the backends, or what the table has with `|` between. */
static void set_choices(struct value *value, const struct option *option)
{
    size_t used = 0;
    if (option->id == OPTION_BACKEND) {
        char backends[HELP_BACKENDS_MAX];
        help_backends(backends);
        for (const char *from = backends; *from != '\0'; from++) {
            if (*from != ',') {
                value->choices[used++] = *from;
            }
        }
        return;
    }
    for (size_t i = 0; i < value->name_size && used < CHOICES_MAX - 1; i++) {
        value->choices[used++] = value->name[i] == '|' ? ' ' : value->name[i];
    }
}

static bool is_named(const struct value *value, const char *name)
{
    return strlen(name) == value->name_size && memcmp(value->name, name, value->name_size) == 0;
}

void value_of(const struct option *option, struct value *out)
{
    memset(out, 0, sizeof *out);
    if (option->argument == NULL) {
        return;
    }
    out->name = option->argument;
    out->name_size = strlen(option->argument);
    if (out->name[0] == '[') {
        out->optional = true;
        out->name += 2;
        out->name_size -= 3;
    }
    out->kind = VALUE_TEXT;
    if (is_named(out, "FILE") || is_named(out, "PATH")) {
        out->kind = VALUE_FILE;
    } else if (option->id == OPTION_BACKEND || memchr(out->name, '|', out->name_size) != NULL) {
        out->kind = VALUE_CHOICE;
        set_choices(out, option);
    }
}
