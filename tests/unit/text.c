/* Text that is safe to show: escaping, however the bytes arrive. */
#include "unit.h"
#include "common/text.h"
#include <string.h>

enum {
    OUT_MAX = 400
};

static const struct row {
    const char *bytes;
    size_t size;
    const char *escaped;
} rows[] = {
#define ROW(bytes, escaped) {bytes, sizeof(bytes) - 1, escaped}
    ROW("", ""),
    ROW("Hello, world!", "Hello, world!"),
    ROW(" ~", " ~"),
    ROW("a\\b\\", "a\\\\b\\\\"),
    ROW("\0\1\t\r\n\x1b[0m\x1f", "\\x00\\x01\\x09\\x0d\\x0a\\x1b[0m\\x1f"),
    ROW("\x7f", "\\x7f"),
    ROW("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"),
    ROW("\xe2\x82\xac", "\xe2\x82\xac"),
    ROW("\xf0\x9f\x98\x80.", "\xf0\x9f\x98\x80."),
    ROW("\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0"),
    ROW("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xa7\\xe2\\x80\\xa8\\xe2\\x80\\xa9"),
    ROW("\xe2\x80\xae", "\\xe2\\x80\\xae"),
    ROW("\xd8\x9c", "\\xd8\\x9c"),
    /* the Unicode standard's table 3-7: shortest forms only, no surrogates, nothing above */
    ROW("\x80", "\\x80"),
    ROW("\xbf\xbf", "\\xbf\\xbf"),
    ROW("\xc0\x80", "\\xc0\\x80"),
    ROW("\xc1\xbf", "\\xc1\\xbf"),
    ROW("\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"),
    ROW("\xe0\xa0\x80", "\xe0\xa0\x80"),
    ROW("\xed\x9f\xbf", "\xed\x9f\xbf"),
    ROW("\xed\xa0\x80", "\\xed\\xa0\\x80"),
    ROW("\xed\xbf\xbf", "\\xed\\xbf\\xbf"),
    ROW("\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"),
    ROW("\xf0\x90\x80\x80", "\xf0\x90\x80\x80"),
    ROW("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"),
    ROW("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),
    ROW("\xf5\xfe\xff", "\\xf5\\xfe\\xff"),
    /* cut by the end, or by what follows, which may begin a character itself */
    ROW("a\xc3", "a\\xc3"),
    ROW("a\xe2\x82", "a\\xe2\\x82"),
    ROW("a\xf0\x9f\x98", "a\\xf0\\x9f\\x98"),
    ROW("\xc3" "A", "\\xc3A"),
    ROW("\xe2\x82" "A", "\\xe2\\x82" "A"),
    ROW("\xf0\x9f\x98" "A", "\\xf0\\x9f\\x98" "A"),
    ROW("\xc3\xc3\xbc", "\\xc3\xc3\xbc"),
    ROW("\xe2\x82\xe2\x82\xac", "\\xe2\\x82\xe2\x82\xac"),
    ROW("\xf0\x9f\x98\xf0\x9f\x98\x80", "\\xf0\\x9f\\x98\xf0\x9f\x98\x80"),
    ROW("\xe2\x82\\", "\\xe2\\x82\\\\"),
    ROW("\xe2\x82\xff", "\\xe2\\x82\\xff"),
    ROW("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf" "A", "\\xe1\\x80\\xe2\\xf0\\x91\\x92\\xf1\\xbf" "A"),
#undef ROW
};

/* Escapes a piece at the end of `out`, whose text has `used` bytes; the new count. */
static size_t add_piece(struct unit *unit, struct text_escape *escape, const char *bytes,
                        size_t size, char out[OUT_MAX], size_t used)
{
    size_t written = text_escape(escape, bytes, size, out + used);
    CHECK(unit, written <= TEXT_ESCAPED_MAX(size));
    return used + written;
}

static void check_end(struct unit *unit, struct text_escape *escape, char out[OUT_MAX],
                      size_t used, const char *expected)
{
    size_t written = text_escape_end(escape, out + used);
    CHECK(unit, written <= TEXT_ESCAPED_MAX(0));
    used += written;
    out[used] = '\0';
    CHECK_TEXT(unit, out, expected);
    /* Where one text has ended another may begin. */
    CHECK(unit, text_escape_end(escape, out) == 0);
}

/* The same bytes in two pieces, cut in every place. */
static void check_every_split(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        unit_row(unit, row->escaped);
        for (size_t cut = 0; cut <= row->size; cut++) {
            struct text_escape escape = {0};
            char out[OUT_MAX];
            size_t used = add_piece(unit, &escape, row->bytes, cut, out, 0);
            used = add_piece(unit, &escape, row->bytes + cut, row->size - cut, out, used);
            check_end(unit, &escape, out, used, row->escaped);
        }
    }
}

static void check_byte_by_byte(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text_escape escape = {0};
        char out[OUT_MAX];
        size_t used = 0;
        unit_row(unit, rows[i].escaped);
        for (size_t at = 0; at < rows[i].size; at++) {
            used = add_piece(unit, &escape, rows[i].bytes + at, 1, out, used);
        }
        check_end(unit, &escape, out, used, rows[i].escaped);
    }
}

static size_t encode(uint32_t code, unsigned char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        bytes[0] = (unsigned char)(0xc0 | code >> 6);
        bytes[1] = (unsigned char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        bytes[0] = (unsigned char)(0xe0 | code >> 12);
        bytes[1] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
        bytes[2] = (unsigned char)(0x80 | (code & 0x3f));
        return 3;
    }
    bytes[0] = (unsigned char)(0xf0 | code >> 18);
    bytes[1] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
    bytes[2] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    bytes[3] = (unsigned char)(0x80 | (code & 0x3f));
    return 4;
}

/* Every code that is escaped byte by byte, first to last. */
static bool is_escaped(uint32_t code)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0x00, 0x1f}, {0x7f, 0x9f}, {0x061c, 0x061c}, {0x200e, 0x200f}, {0x2028, 0x202e},
        {0x2066, 0x2069}, {0xd800, 0xdfff},
    };
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static void check_every_character(struct unit *unit)
{
    for (uint32_t code = 0; code <= 0x10ffff && unit->failures == 0; code++) {
        struct text_escape escape = {0};
        unsigned char bytes[4];
        char out[TEXT_ESCAPED_MAX(4) + TEXT_ESCAPED_MAX(0)];
        size_t size = encode(code, bytes);
        size_t written = text_escape(&escape, bytes, size, out);
        written += text_escape_end(&escape, out + written);
        if (is_escaped(code)) {
            CHECK(unit, written == 4 * size && out[0] == '\\' && out[1] == 'x');
        } else if (code == '\\') {
            CHECK(unit, written == 2 && memcmp(out, "\\\\", 2) == 0);
        } else {
            CHECK(unit, written == size && memcmp(out, bytes, size) == 0);
        }
    }
}

/* Any two bytes: the text is UTF-8, a terminal obeys nothing in it, and no byte is lost. */
static void check_every_pair(struct unit *unit)
{
    for (uint32_t pair = 0; pair <= 0xffff; pair++) {
        struct text_escape escape = {0};
        unsigned char bytes[2] = {(unsigned char)(pair >> 8), (unsigned char)(pair & 0xff)};
        char out[TEXT_ESCAPED_MAX(2) + TEXT_ESCAPED_MAX(0) + 1];
        size_t written = text_escape(&escape, bytes, sizeof bytes, out);
        written += text_escape_end(&escape, out + written);
        out[written] = '\0';
        CHECK(unit, strlen(out) == written && written >= 2);
        CHECK(unit, unit_is_whole(out));
    }
}

const struct unit_case text_cases[] = {
    {"text.every_split", check_every_split},
    {"text.byte_by_byte", check_byte_by_byte},
    {"text.every_character", check_every_character},
    {"text.every_pair", check_every_pair},
    {NULL, NULL}
};
