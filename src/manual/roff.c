/* The options of a manual page, in mdoc. */
#include "page.h"

static const struct page_escape escapes[] = {
    {'\\', "\\e"}, {'-', "\\-"}, {0, NULL}
};

static void add_value(struct page *page, const struct value *value)
{
    const char *macro = value->kind == VALUE_CHOICE && value->choices[0] == value->name[0] ?
        "Cm" : "Ar";
    page_add(page, "%s%s ", value->optional ? " Ns Oo = Ns " : " ", macro);
    for (size_t i = 0; i < value->name_size; i++) {
        bool bar = value->name[i] == '|';
        page_add(page, "%s%c%s", bar ? " " : "", value->name[i], bar ? " " : "");
    }
    page_add(page, "%s", value->optional ? " Oc" : "");
}

void roff_write(struct page *page, const struct option_table *table, const char *name)
{
    (void)name;
    page_add(page, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        struct value value;
        value_of(option, &value);
        page_add(page, ".It ");
        if (option->letter != 0) {
            page_add(page, "Fl %c , ", option->letter);
        }
        page_add(page, "Fl \\-%s", option->name);
        if (value.kind != VALUE_NONE) {
            add_value(page, &value);
        }
        page_add(page, "\n");
        page_add_help(page, option, escapes);
        page_add(page, "\n");
    }
    page_add(page, ".El\n");
}
