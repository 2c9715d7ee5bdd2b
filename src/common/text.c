/* Text that is safe to show: UTF-8 is decoded, the rest becomes `\xNN`. */
#include "text.h"
#include <stdio.h>
#include <string.h>

enum utf8 {
    UTF8_COMPLETE,
    UTF8_INCOMPLETE,
    UTF8_INVALID
};

static bool is_within(uint32_t value, uint32_t first, uint32_t last)
{
    return value >= first && value <= last;
}

/* What the bytes held so far are, by table 3-7 of the Unicode standard: no overlong form, no
 * surrogate. */
static enum utf8 classify(const uint8_t *bytes, uint8_t count)
{
    uint8_t first = bytes[0];
    uint8_t length = 1;
    if (is_within(first, 0xc2, 0xdf)) {
        length = 2;
    } else if (is_within(first, 0xe0, 0xef)) {
        length = 3;
    } else if (is_within(first, 0xf0, 0xf4)) {
        length = 4;
    } else if (first >= 0x80) {
        return UTF8_INVALID;
    }
    if (count >= 2) {
        uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        if (!is_within(bytes[1], low, high)) {
            return UTF8_INVALID;
        }
    }
    if (count >= 3 && !is_within(bytes[count - 1], 0x80, 0xbf)) {
        return UTF8_INVALID;
    }
    return count == length ? UTF8_COMPLETE : UTF8_INCOMPLETE;
}

static uint32_t code_point(const uint8_t *bytes, uint8_t count)
{
    static const uint8_t first_masks[] = {0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = bytes[0] & first_masks[count - 1];
    for (uint8_t i = 1; i < count; i++) {
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    return code;
}

/* What a terminal obeys instead of showing it, or what changes how the text around it looks. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || is_within(code, 0x7f, 0x9f) ||
           code == 0x061c || is_within(code, 0x200e, 0x200f) ||     /* bidirectional marks */
           is_within(code, 0x2028, 0x2029) ||                       /* line and paragraph */
           is_within(code, 0x202a, 0x202e) ||                       /* embeddings, overrides */
           is_within(code, 0x2066, 0x2069);                         /* isolates */
}

static size_t write_bytes_escaped(const uint8_t *bytes, uint8_t count, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (uint8_t i = 0; i < count; i++) {
        *out++ = '\\';
        *out++ = 'x';
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 0x0f];
    }
    return (size_t)count * 4;
}

static size_t write_character(const uint8_t *bytes, uint8_t count, bool plain_backslash, char *out)
{
    uint32_t code = code_point(bytes, count);
    if (is_hidden(code)) {
        return write_bytes_escaped(bytes, count, out);
    }
    if (code == '\\' && !plain_backslash) {
        out[0] = '\\';
        out[1] = '\\';
        return 2;
    }
    memcpy(out, bytes, count);
    return count;
}

size_t text_escape(struct text_escape *escape, const void *data, size_t size, char *out)
{
    const uint8_t *bytes = data;
    size_t written = 0;
    for (size_t i = 0; i < size; i++) {
        escape->held[escape->held_count++] = bytes[i];
        enum utf8 kind = classify(escape->held, escape->held_count);
        if (kind == UTF8_INVALID && escape->held_count > 1) {
            /* The byte may begin a character of its own. */
            uint8_t cut = (uint8_t)(escape->held_count - 1);
            written += write_bytes_escaped(escape->held, cut, out + written);
            escape->held[0] = bytes[i];
            escape->held_count = 1;
            kind = classify(escape->held, 1);
        }
        if (kind == UTF8_INVALID) {
            written += write_bytes_escaped(escape->held, 1, out + written);
            escape->held_count = 0;
        } else if (kind == UTF8_COMPLETE) {
            written += write_character(escape->held, escape->held_count, escape->plain_backslash,
                                       out + written);
            escape->held_count = 0;
        }
    }
    return written;
}

size_t text_escape_end(struct text_escape *escape, char *out)
{
    size_t written = write_bytes_escaped(escape->held, escape->held_count, out);
    escape->held_count = 0;
    return written;
}

/* Bytes of the character at the front; 0: there is no valid and whole one. */
static uint8_t measure(const uint8_t *bytes, size_t size)
{
    for (uint8_t count = 1; count <= 4 && count <= size; count++) {
        enum utf8 kind = classify(bytes, count);
        if (kind != UTF8_INCOMPLETE) {
            return kind == UTF8_COMPLETE ? count : 0;
        }
    }
    return 0;
}

const char *text_shown(const char *value)
{
    return *value == '\0' ? "''" : value;
}

size_t text_valid(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t at = 0;
    uint8_t count = 1;
    while (at < size && count > 0) {
        count = measure(bytes + at, size - at);
        at += count;
    }
    return at;
}

/* One character; one beyond U+FFFF that is hidden there is none. */
static size_t write_json(const uint8_t *bytes, uint8_t count, char *out)
{
    uint32_t code = code_point(bytes, count);
    if (is_hidden(code)) {
        char escaped[8];
        (void)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)(code & 0xffff));
        memcpy(out, escaped, 6);
        return 6;
    }
    size_t used = 0;
    if (code == '"' || code == '\\') {
        out[used++] = '\\';
    }
    memcpy(out + used, bytes, count);
    return used + count;
}

size_t text_json(const void *data, size_t size, char *out)
{
    static const char replacement[] = "\xef\xbf\xbd";
    const uint8_t *bytes = data;
    size_t written = 0;
    size_t at = 0;
    while (at < size) {
        uint8_t count = measure(bytes + at, size - at);
        if (count == 0) {
            memcpy(out + written, replacement, 3);
            written += 3;
            at++;
        } else {
            written += write_json(bytes + at, count, out + written);
            at += count;
        }
    }
    return written;
}
