/* The struct around a member. */
#ifndef PROGRAMS_OUTER_H
#define PROGRAMS_OUTER_H
#include <stddef.h>

#define OUTER(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#endif
