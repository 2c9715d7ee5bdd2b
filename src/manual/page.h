/* The text of a file that is being written, and what its formats need to know of an option. */
#ifndef MANUAL_PAGE_H
#define MANUAL_PAGE_H
#include <stdbool.h>
#include <stddef.h>
#include "options.h"

enum {
    PAGE_MAX = 64 * 1024,
    CHOICES_MAX = 200
};

struct page {
    char text[PAGE_MAX];
    size_t size;
    bool full;          /* something did not fit: the text is none */
};

void page_add(struct page *page, const char *format, ...);

/* What a format writes in place of a character; a zero ends the rows. */
struct page_escape {
    char character;
    const char *text;
};
void page_add_escaped(struct page *page, const char *text, const struct page_escape *escapes);

/* The option's text, with what only this build knows. */
void page_add_help(struct page *page, const struct option *option,
                   const struct page_escape *escapes);

enum value_kind {
    VALUE_NONE,
    VALUE_TEXT,         /* anything */
    VALUE_FILE,
    VALUE_CHOICE
};

struct value {
    enum value_kind kind;
    bool optional;      /* and then behind `=` only */
    const char *name;   /* `TIME`, or the choices as they stand in the table, with `|` */
    size_t name_size;
    char choices[CHOICES_MAX];      /* with a space between */
};
void value_of(const struct option *option, struct value *out);

/* The formats. `name` is what the program is called once it is installed. */
typedef void page_format(struct page *page, const struct option_table *table, const char *name);
page_format roff_write;             /* the list of options */
page_format bash_write;
page_format zsh_write;
page_format fish_write;
page_format powershell_write;

#endif
