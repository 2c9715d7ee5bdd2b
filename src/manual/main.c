/* Writes the manual and the completions of a program from its table of options, when it is built:
 *
 *     manual FORMAT PROGRAM NAME OUTPUT [TEMPLATE]
 *
 * FORMAT: roff, bash, zsh, fish, powershell. PROGRAM: server, client. NAME: as it is installed. A
 * TEMPLATE is copied, with @NAME@ replaced, @TITLE@ by the same in capitals, and the line @OPTIONS@
 * by the format's text. */
#include "client/options.h"
#include "common/exit_code.h"
#include "page.h"
#include "server/options.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <tenon/file.h>
#include <tenon/process.h>

static struct page page;
static struct page list;
static char template[PAGE_MAX];

static int fail(const char *what, const char *which)
{
    char text[1000];
    int size = snprintf(text, sizeof text, "manual: %.400s: %.400s\n", what, which);
    if (size > 0 && tenon_output_write(TENON_ERROR_OUTPUT, text, (size_t)size) != TENON_OK) {
        return EXIT_CODE_USAGE;     /* nobody reads it; the code alone tells */
    }
    return EXIT_CODE_FAILED;
}

static page_format *format_of(const char *name)
{
    static const struct {
        const char *name;
        page_format *format;
    } rows[] = {
        {"roff", roff_write}, {"bash", bash_write}, {"zsh", zsh_write}, {"fish", fish_write},
        {"powershell", powershell_write},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].format;
        }
    }
    return NULL;
}

static const struct option_table *table_of(const char *program)
{
    static const struct option_table *const tables[] = {
        &server_option_table, &client_option_table
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (strcmp(tables[i]->program, program) == 0) {
            return tables[i];
        }
    }
    return NULL;
}

static enum tenon_status read_template(const char *path)
{
    struct tenon_file file;
    struct tenon_error error;
    size_t used = 0;
    size_t got = 0;
    if (tenon_file_open(path, &file, &error) != TENON_OK) {
        return error.status;
    }
    do {
        used += got;
        if (tenon_file_read(file, template + used, sizeof template - 1 - used, &got, &error) !=
            TENON_OK) {
            break;
        }
    } while (got > 0 && used + got < sizeof template - 1);
    tenon_file_close(file);
    return error.status == TENON_OK && got > 0 ? TENON_LIMIT : error.status;
}

static void fill_template(const char *name)
{
    static const char name_mark[] = "@NAME@";
    static const char title_mark[] = "@TITLE@";
    static const char list_mark[] = "@OPTIONS@\n";
    for (const char *from = template; *from != '\0';) {
        if (strncmp(from, name_mark, strlen(name_mark)) == 0) {
            page_add(&page, "%s", name);
            from += strlen(name_mark);
        } else if (strncmp(from, title_mark, strlen(title_mark)) == 0) {
            for (const char *letter = name; *letter != '\0'; letter++) {
                page_add(&page, "%c", toupper((unsigned char)*letter));
            }
            from += strlen(title_mark);
        } else if (strncmp(from, list_mark, strlen(list_mark)) == 0) {
            page_add(&page, "%s", list.text);
            from += strlen(list_mark);
        } else {
            page_add(&page, "%c", *from++);
        }
    }
}

int main(int argc, char **argv)
{
    struct tenon_error error;
    if (tenon_process_start(&argc, &argv) != TENON_OK || argc < 5) {
        return fail("manual", "FORMAT PROGRAM NAME OUTPUT [TEMPLATE]");
    }
    page_format *format = format_of(argv[1]);
    const struct option_table *table = table_of(argv[2]);
    if (format == NULL || table == NULL) {
        return fail("no such format or program", format == NULL ? argv[1] : argv[2]);
    }
    if (argc == 5) {
        format(&page, table, argv[3]);
    } else {
        enum tenon_status status = read_template(argv[5]);
        if (status != TENON_OK) {
            return fail(argv[5], tenon_status_sentence(status));
        }
        format(&list, table, argv[3]);
        fill_template(argv[3]);
    }
    if (page.full || list.full) {
        return fail("too long", argv[4]);
    }
    if (tenon_file_write(argv[4], page.text, page.size, &error) != TENON_OK) {
        return fail(argv[4], tenon_status_sentence(error.status));
    }
    return EXIT_CODE_OK;
}
