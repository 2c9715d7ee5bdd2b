/* Places: what the command line calls ADDRESS. */
#include "unit.h"
#include "common/place.h"
#include <string.h>

static void check_parse(struct unit *unit)
{
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
        const char *formatted;
    } rows[] = {
        {"localhost", "localhost", PLACE_PORT, "localhost:12345"},
        {"localhost:80", "localhost", 80, "localhost:80"},
        {"example.com:0", "example.com", 0, "example.com:0"},
        {"example.com.:1", "example.com.", 1, "example.com.:1"},
        {"example.com:65535", "example.com", 65535, "example.com:65535"},
        {"b\xc3\xbc" "cher.example:80", "b\xc3\xbc" "cher.example", 80,
         "b\xc3\xbc" "cher.example:80"},
        {"my-host_1", "my-host_1", PLACE_PORT, "my-host_1:12345"},
        {"9.example", "9.example", PLACE_PORT, "9.example:12345"},
        {"0x9.example", "0x9.example", PLACE_PORT, "0x9.example:12345"},
        {":80", "", 80, ":80"},
        {":0", "", 0, ":0"},
        {"127.0.0.1", "127.0.0.1", PLACE_PORT, "127.0.0.1:12345"},
        {"127.0.0.1:80", "127.0.0.1", 80, "127.0.0.1:80"},
        {"0.0.0.0:80", "0.0.0.0", 80, "0.0.0.0:80"},
        {"::1", "::1", PLACE_PORT, "[::1]:12345"},
        {"::", "::", PLACE_PORT, "[::]:12345"},
        {"::1:80", "::1:80", PLACE_PORT, "[::1:80]:12345"},
        {"[::1]", "::1", PLACE_PORT, "[::1]:12345"},
        {"[::1]:80", "::1", 80, "[::1]:80"},
        {"[::]:0", "::", 0, "[::]:0"},
        {"[fe80::1%1]:80", "fe80::1%1", 80, "[fe80::1%1]:80"},
        {"fe80::1%1", "fe80::1%1", PLACE_PORT, "[fe80::1%1]:12345"},
        {"[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4", 80, "[::ffff:1.2.3.4]:80"},
        {"unix:/run/x.sock", "unix:/run/x.sock", 0, "unix:/run/x.sock"},
        {"unix:relative", "unix:relative", 0, "unix:relative"},
        {"unix:a b:80", "unix:a b:80", 0, "unix:a b:80"},
        {"unix:./@x", "unix:./@x", 0, "unix:./@x"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct place place;
        struct place back;
        const char *reason = NULL;
        char text[PLACE_TEXT_MAX];
        unit_row(unit, rows[i].text);
        CHECK(unit, place_parse(rows[i].text, &place, &reason));
        CHECK_TEXT(unit, place.host, rows[i].host);
        CHECK(unit, place.port == rows[i].port);
        place_format(&place, text);
        CHECK_TEXT(unit, text, rows[i].formatted);
        CHECK(unit, place_parse(text, &back, &reason));
        CHECK_TEXT(unit, back.host, place.host);
        CHECK(unit, back.port == place.port);
    }
}

static void check_invalid(struct unit *unit)
{
    static const char *const rows[] = {
        "", ":", "host:", "host:x", "host:65536", "host:99999", "host:100000", "host:-1",
        "host:+1", "host: 80", "host:80 ", "host:0x50", "host:8O", "host:80:", ":65536", "::80:",
        /* what a system's parser would take for an address */
        "9000", "0", "9000:80", "010.0.0.1", "010.0.0.1:80", "1.2.3", "1.2.3.4.5", "256.1.1.1:80",
        "0x7f000001", "0x7f.1", "0X7F.1", "127.1", "example.9", "example.0x1f", "2130706433:80",
        "9000.", "127.0.0.1.", "010.0.0.1.:80",
        /* IPv6 */
        "[", "[]", "[]:80", "[::1", "[::1:80", "[::1]80", "[::1]:", "[::1]:x", "[::1]:65536",
        "[::1]]", "[[::1]]", "[127.0.0.1]:80", "[localhost]:80", ":::", "1:2:3", "::g", "::1]",
        "[::1%]:80", "[::1%0]:80", "http://example.com:80",
        /* what no name has */
        "a b", " host", "host ", "a\tb", "a\nb", "a\x1b[0m", "a\x7f.b", "a/b", "a\\b",
        "user@host", "a?b", "a#b", "a%1", "\"a\"", "a]", "<a>",
        "unix:",
        "unix:@x",
        "unix:/run/a\n127.0.0.1:80", "unix:/run/a\x1b[0m", "unix:\x7f",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct place place;
        const char *reason = NULL;
        unit_row(unit, rows[i]);
        CHECK(unit, !place_parse(rows[i], &place, &reason));
        size_t size = reason == NULL ? 0 : strlen(reason);
        CHECK(unit, size > 0 && reason[size - 1] != '.');
    }
}

/* The longest host and path, and one byte more. */
static void check_longest(struct unit *unit)
{
    struct place place;
    const char *reason = NULL;
    char text[PLACE_TEXT_MAX];
    char host[TENON_HOST_MAX + 2];
    char path[5 + TENON_PATH_MAX + 2];
    memset(host, 'a', sizeof host);
    host[TENON_HOST_MAX] = '\0';
    CHECK(unit, place_parse(host, &place, &reason));
    CHECK_TEXT(unit, place.host, host);
    place_format(&place, text);
    CHECK(unit, strlen(text) == TENON_HOST_MAX + strlen(":12345"));
    host[TENON_HOST_MAX] = 'a';
    host[TENON_HOST_MAX + 1] = '\0';
    CHECK(unit, !place_parse(host, &place, &reason));

    memset(path, 'a', sizeof path);
    memcpy(path, "unix:", 5);
    path[5 + TENON_PATH_MAX] = '\0';
    CHECK(unit, place_parse(path, &place, &reason));
    CHECK_TEXT(unit, place.host, path);
    path[5 + TENON_PATH_MAX] = 'a';
    path[5 + TENON_PATH_MAX + 1] = '\0';
    CHECK(unit, !place_parse(path, &place, &reason));
}

static void check_kinds(struct unit *unit)
{
    static const struct {
        const char *text;
        bool has_host;
        bool is_path;
        bool is_numeric;
    } rows[] = {
        {"localhost", true, false, false},  {":80", false, false, false},
        {"127.0.0.1:80", true, false, true}, {"[::1]:80", true, false, true},
        {"fe80::1%1", true, false, true},   {"unix:/run/x", true, true, false},
        {"unix.example:80", true, false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct place place;
        const char *reason = NULL;
        unit_row(unit, rows[i].text);
        CHECK(unit, place_parse(rows[i].text, &place, &reason));
        CHECK(unit, (place_host(&place) != NULL) == rows[i].has_host);
        CHECK(unit, place_is_path(&place) == rows[i].is_path);
        CHECK(unit, place_is_numeric(&place) == rows[i].is_numeric);
    }
}

const struct unit_case place_cases[] = {
    {"place.parse", check_parse},
    {"place.parse_invalid", check_invalid},
    {"place.longest", check_longest},
    {"place.kinds", check_kinds},
    {NULL, NULL}
};
