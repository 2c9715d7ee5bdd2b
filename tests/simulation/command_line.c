/* A program's arguments. */
#include "command_line.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void command_begin(struct command_line *line, const char *program)
{
    memset(line, 0, sizeof *line);
    line->arguments[line->count++] = line->text;
    line->used = strlen(program) + 1;
    memcpy(line->text, program, line->used);
}

void command_add(struct run *run, struct command_line *line, const char *format, ...)
{
    va_list arguments;
    char *text = line->text + line->used;
    size_t room = sizeof line->text - line->used;
    va_start(arguments, format);
    int size = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    CHECK(run->world, size >= 0 && (size_t)size < room);
    command_add_long(run, line, text);
    line->used += (size_t)size + 1;
}

void command_add_long(struct run *run, struct command_line *line, char *argument)
{
    CHECK(run->world, line->count < COMMAND_ARGUMENTS_MAX);
    line->arguments[line->count++] = argument;
    line->arguments[line->count] = NULL;
}

void command_trace(const struct run *run, const struct command_line *line)
{
    char text[COMMAND_TEXT_MAX + 256];
    size_t used = 0;
    if (run->trace == NULL) {
        return;
    }
    for (int i = 0; i < line->count && used < sizeof text; i++) {
        int size = snprintf(text + used, sizeof text - used, "%.40s%s ", line->arguments[i],
                            strlen(line->arguments[i]) > 40 ? "..." : "");
        used += size < 0 ? 0 : (size_t)size;
    }
    sim_trace(run->world, "starts", "%s", text);
}
