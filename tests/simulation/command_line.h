/* A program's arguments, put together piece by piece. */
#ifndef SIMULATION_COMMAND_LINE_H
#define SIMULATION_COMMAND_LINE_H
#include <stddef.h>
#include "scenario.h"

enum {
    COMMAND_ARGUMENTS_MAX = 24,
    COMMAND_TEXT_MAX = 512
};

/* The arguments stay where they are as long as it does. */
struct command_line {
    char *arguments[COMMAND_ARGUMENTS_MAX + 1];
    int count;
    char text[COMMAND_TEXT_MAX];
    size_t used;
};

void command_begin(struct command_line *line, const char *program);
/* An argument, formatted; and one that is somebody else's and stays there. */
void command_add(struct run *run, struct command_line *line, const char *format, ...);
void command_add_long(struct run *run, struct command_line *line, char *argument);
void command_trace(const struct run *run, const struct command_line *line);

#endif
