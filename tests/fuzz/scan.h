/* Whether text is safe to show, by a reader of its own. */
#ifndef SCAN_H
#define SCAN_H
#include <stdbool.h>
#include <stddef.h>

/* Whether it is UTF-8 without a code that a terminal obeys or hides. */
bool scan_is_safe(const char *text, size_t size);

#endif
