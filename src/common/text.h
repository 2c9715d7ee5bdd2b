/* Text that is safe to show: a peer's bytes, escaped. */
#ifndef PROGRAMS_TEXT_H
#define PROGRAMS_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that text_escape may write for `size` bytes, with those it held back before. */
#define TEXT_ESCAPED_MAX(size) (4 * ((size) + 3))

/* The beginning of a UTF-8 character whose rest is to come. Zeroed where a text begins. */
struct text_escape {
    uint8_t held[4];
    uint8_t held_count;
    bool plain_backslash;       /* it stays as it is: paths of Windows are full of them */
};

/* Writes the bytes to `out`: valid UTF-8 as it is, a backslash as `\\`, and as `\xNN`, byte by
 * byte, what a terminal obeys or hides (C0, DEL, C1, U+2028, U+2029, bidirectional controls) and
 * what is no UTF-8. A character that the end of the data cuts is held for the next call. No zero is
 * written. Returns the bytes written, at most TEXT_ESCAPED_MAX(size). */
size_t text_escape(struct text_escape *escape, const void *data, size_t size, char *out);

/* Where a text ends: what is held is no character. Writes at most TEXT_ESCAPED_MAX(0) bytes. */
size_t text_escape_end(struct text_escape *escape, char *out);

/* A value of the command line as a message shows it: an empty one would not be seen. */
const char *text_shown(const char *value);

/* How many of the bytes, from the first, are whole characters of valid UTF-8. */
size_t text_valid(const void *data, size_t size);

/* Bytes that text_json may write for `size` bytes. */
#define TEXT_JSON_MAX(size) (6 * (size))

/* Writes the inside of a JSON string (RFC 8259): valid UTF-8 as it is, quotes, backslashes and what
 * a terminal obeys or hides escaped, and U+FFFD for each byte that is no UTF-8. No zero is written.
 * Returns the bytes written. */
size_t text_json(const void *data, size_t size, char *out);

#endif
