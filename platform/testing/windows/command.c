/* Command lines: a program takes its arguments apart by itself. */
#include "text.h"

enum {
    COMMAND_MAX = 32 * 1024         /* of CreateProcessW */
};

struct command {
    char text[COMMAND_MAX];
    size_t size;
};

static void command_add(struct command *command, char character)
{
    if (command->size < COMMAND_MAX - 1) {
        command->text[command->size++] = character;
    }
}

/* Quoted as CommandLineToArgvW takes it apart: backslashes count double before a quote only. */
static void command_add_argument(struct command *command, const char *argument)
{
    size_t backslashes = 0;
    if (command->size > 0) {
        command_add(command, ' ');
    }
    command_add(command, '"');
    for (const char *at = argument; *at != 0; at++) {
        backslashes = *at == '\\' ? backslashes + 1 : 0;
        if (*at == '"') {
            command_add(command, '\\');
        }
        command_add(command, *at);
        if (at[1] == '"' || at[1] == 0) {
            for (size_t i = 0; i < backslashes; i++) {
                command_add(command, '\\');
            }
        }
    }
    command_add(command, '"');
}

wchar_t *text_command_line(const char *const *arguments)
{
    struct command *command = calloc(1, sizeof *command);
    wchar_t *wide = NULL;
    if (command == NULL) {
        return NULL;
    }
    for (size_t i = 0; arguments[i] != NULL; i++) {
        command_add_argument(command, arguments[i]);
    }
    if (command->size < COMMAND_MAX - 1) {
        wide = text_wide(command->text);
    }
    free(command);
    return wide;
}
