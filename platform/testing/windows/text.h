/* UTF-8 to UTF-16 and back, in new memory; NULL: no memory, or no such text. */
#ifndef TENON_TESTING_TEXT_H
#define TENON_TESTING_TEXT_H
#include "windows/system.h"

wchar_t *text_wide(const char *text);
char *text_utf8(const wchar_t *wide);

/* One line that CommandLineToArgvW takes apart into the arguments; NULL behind the last. */
wchar_t *text_command_line(const char *const *arguments);

#endif
