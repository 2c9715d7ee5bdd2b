/* The PROXY protocol, version 1: a line. */
#include "proxy_rows.h"
#include "server/proxy.h"
#include <string.h>

#define IPV6_LONG "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define FIFTY "12345678901234567890123456789012345678901234567890"

/* The first three are HAProxy's own. */
static const struct proxy_good good[] = {
    {"haproxy TCP4", BYTES("PROXY TCP4 127.0.0.1 127.0.0.1 35388 58513\r\n"), "127.0.0.1:35388",
     "127.0.0.1:58513", false, NULL},
    {"haproxy TCP6", BYTES("PROXY TCP6 ::1 ::1 37248 32975\r\n"), "[::1]:37248", "[::1]:32975",
     false, NULL},
    {"haproxy, a local socket", BYTES("PROXY UNKNOWN\r\n"), "any", "any", false, NULL},
    {"the document's example", BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"),
     "192.168.0.1:56324", "192.168.0.11:443", false, NULL},
    {"shortest TCP4", BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), "0.0.0.0:0", "0.0.0.0:0", false,
     NULL},
    {"longest TCP4", BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
     "255.255.255.255:65535", "255.255.255.255:65535", false, NULL},
    {"longest TCP6", BYTES("PROXY TCP6 " IPV6_LONG " " IPV6_LONG " 65535 65535\r\n"),
     "[" IPV6_LONG "]:65535", "[" IPV6_LONG "]:65535", false, NULL},
    {"capitals", BYTES("PROXY TCP6 2001:DB8::1 2001:DB8::2 1 2\r\n"), "[2001:db8::1]:1",
     "[2001:db8::2]:2", false, NULL},
    {"all groups", BYTES("PROXY TCP6 2001:db8:0:0:0:0:0:1 :: 1 2\r\n"), "[2001:db8::1]:1",
     "[::]:2", false, NULL},
    {"IPv4-mapped", BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n"), "192.0.2.1:1",
     "192.0.2.2:2", false, NULL},
    {"UNKNOWN with addresses",
     BYTES("PROXY UNKNOWN " IPV6_LONG " " IPV6_LONG " 65535 65535\r\n"), "any", "any", false, NULL},
    {"UNKNOWN and a space", BYTES("PROXY UNKNOWN \r\n"), "any", "any", false, NULL},
    {"UNKNOWN and anything", BYTES("PROXY UNKNOWN \0\xff PROXY TCP4\r\n"), "any", "any", false,
     NULL},
};

#define NO_BEGIN "it begins neither with PROXY nor with the signature of version 2"
#define NO_FAMILY "behind PROXY stands neither TCP4 nor TCP6 nor UNKNOWN"
#define SOURCE "the source is no address of its family"
#define DESTINATION "the destination is no address of its family"
#define SOURCE_PORT "the source port is no number from 0 to 65535"
#define DESTINATION_PORT "the destination port is no number from 0 to 65535"
#define NO_END "the line does not end with CR and LF"
#define BEHIND "something stands behind the ports"
#define TOO_LONG "the line is longer than 107 bytes"

static const struct proxy_wrong wrong[] = {
    {"a request", BYTES("GET / HTTP/1.1\r\n"), NO_BEGIN},
    {"a TLS hello", BYTES("\x16\x03\x01"), NO_BEGIN},
    {"a zero", BYTES("\0"), NO_BEGIN},
    {"a line's end", BYTES("\r\n\r\n\r"), NO_BEGIN},
    {"small letters", BYTES("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), NO_BEGIN},
    {"a space in front", BYTES(" PROXY UNKNOWN\r\n"), NO_BEGIN},
    {"PROXY alone", BYTES("PROXY\r\n"), NO_BEGIN},
    {"PROXIES", BYTES("PROXIES UNKNOWN\r\n"), NO_BEGIN},
    {"a tab", BYTES("PROXY\tUNKNOWN\r\n"), NO_BEGIN},
    {"nothing behind", BYTES("PROXY \r\n"), NO_FAMILY},
    {"two spaces", BYTES("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), NO_FAMILY},
    {"small family", BYTES("PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n"), NO_FAMILY},
    {"UDP4", BYTES("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"), NO_FAMILY},
    {"TCP5", BYTES("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n"), NO_FAMILY},
    {"TCP", BYTES("PROXY TCP 1.2.3.4 1.2.3.4 1 2\r\n"), NO_FAMILY},
    {"TCP4 alone", BYTES("PROXY TCP4\r\n"), NO_FAMILY},
    {"TCP44", BYTES("PROXY TCP44 1.2.3.4 1.2.3.4 1 2\r\n"), NO_FAMILY},
    {"UNKNOWNS", BYTES("PROXY UNKNOWNS\r\n"), NO_FAMILY},
    {"UNKNOW", BYTES("PROXY UNKNOW\r\n"), NO_FAMILY},
    {"small unknown", BYTES("PROXY unknown\r\n"), NO_FAMILY},

    {"no addresses", BYTES("PROXY TCP4 \r\n"), SOURCE},
    {"IPv6 in TCP4", BYTES("PROXY TCP4 ::1 ::1 1 2\r\n"), SOURCE},
    {"IPv4 in TCP6", BYTES("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n"), SOURCE},
    {"a name", BYTES("PROXY TCP4 localhost 1.2.3.4 1 2\r\n"), SOURCE},
    {"octal", BYTES("PROXY TCP4 010.2.3.4 1.2.3.4 1 2\r\n"), SOURCE},
    {"three parts", BYTES("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n"), SOURCE},
    {"five parts", BYTES("PROXY TCP4 1.2.3.4.5 1.2.3.4 1 2\r\n"), SOURCE},
    {"256", BYTES("PROXY TCP4 256.2.3.4 1.2.3.4 1 2\r\n"), SOURCE},
    {"a sign", BYTES("PROXY TCP4 +1.2.3.4 1.2.3.4 1 2\r\n"), SOURCE},
    {"hexadecimal", BYTES("PROXY TCP4 0x1.2.3.4 1.2.3.4 1 2\r\n"), SOURCE},
    {"a tab behind", BYTES("PROXY TCP4 1.2.3.4\t1.2.3.4 1 2\r\n"), SOURCE},
    {"a zero in an address", BYTES("PROXY TCP4 1.2.3.4\0x 1.2.3.4 1 2\r\n"), SOURCE},
    {"two spaces before the source", BYTES("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n"), SOURCE},
    {"a zone", BYTES("PROXY TCP6 fe80::1%1 ::1 1 2\r\n"), SOURCE},
    {"brackets", BYTES("PROXY TCP6 [::1] ::1 1 2\r\n"), SOURCE},
    {"two gaps", BYTES("PROXY TCP6 1::2::3 ::1 1 2\r\n"), SOURCE},
    {"nine groups", BYTES("PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n"), SOURCE},
    {"five digits", BYTES("PROXY TCP6 12345:: ::1 1 2\r\n"), SOURCE},
    {"no IPv6 digit", BYTES("PROXY TCP6 g:: ::1 1 2\r\n"), SOURCE},
    {"an endless address", BYTES("PROXY TCP6 " IPV6_LONG IPV6_LONG "ffff 1 2\r\n"), SOURCE},
    {"one address", BYTES("PROXY TCP4 1.2.3.4\r\n"), DESTINATION},
    {"one address and a space", BYTES("PROXY TCP4 1.2.3.4 \r\n"), DESTINATION},
    {"a port for the destination", BYTES("PROXY TCP4 1.2.3.4 1 2\r\n"), DESTINATION},
    {"two families", BYTES("PROXY TCP4 1.2.3.4 ::1 1 2\r\n"), DESTINATION},
    {"two spaces before the destination", BYTES("PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n"),
     DESTINATION},
    {"no ports", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4\r\n"), SOURCE_PORT},
    {"no ports but a space", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 \r\n"), SOURCE_PORT},
    {"a zero in front", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"), SOURCE_PORT},
    {"two zeros", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 00 2\r\n"), SOURCE_PORT},
    {"65536", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n"), SOURCE_PORT},
    {"six digits", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 100000 2\r\n"), SOURCE_PORT},
    {"a wrapped port", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 4294967297 2\r\n"), SOURCE_PORT},
    {"a negative port", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n"), SOURCE_PORT},
    {"a zero in a port", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1\0 2\r\n"), SOURCE_PORT},
    {"one port", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"), DESTINATION_PORT},
    {"one port and a space", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n"), DESTINATION_PORT},
    {"two spaces before a port", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1  2\r\n"), DESTINATION_PORT},
    {"65536 at last", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"), DESTINATION_PORT},
    {"a space behind", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"), BEHIND},
    {"a third port", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"), BEHIND},

    {"LF alone", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"), NO_END},
    {"CR alone", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rx"), NO_END},
    {"CR twice", BYTES("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n"), NO_END},
    {"LF in UNKNOWN", BYTES("PROXY UNKNOWN \n\r\n"), NO_END},
    {"LF and CR", BYTES("PROXY UNKNOWN\n\r"), NO_END},
    {"116 bytes", BYTES("PROXY UNKNOWN " FIFTY FIFTY "\r\n"), TOO_LONG},
    {"no end", BYTES("PROXY UNKNOWN " FIFTY FIFTY FIFTY), TOO_LONG},
    {"no end of TCP6", BYTES("PROXY TCP6 " FIFTY FIFTY FIFTY), TOO_LONG},
};

static void check_good(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        proxy_check_good(unit, &good[i], 1);
    }
}

static void check_wrong(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        proxy_check_wrong(unit, &wrong[i]);
    }
}

/* One byte decides. */
static void check_length(struct unit *unit)
{
    char line[PROXY_LINE_MAX + 2];
    struct proxy_header header;
    const char *reason = NULL;
    for (size_t size = PROXY_LINE_MAX; size <= PROXY_LINE_MAX + 1; size++) {
        memset(line, '1', sizeof line);
        memcpy(line, "PROXY UNKNOWN ", 14);
        memcpy(line + size - 2, "\r\n", 2);
        enum proxy_progress expected = size == PROXY_LINE_MAX ? PROXY_DONE : PROXY_WRONG;
        CHECK(unit, proxy_parse(line, size, &header, &reason) == expected);
        CHECK(unit, expected == PROXY_WRONG || header.size == PROXY_LINE_MAX);
    }
}

/* Nothing that version 1 says is a certificate. */
static void check_certificate(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct proxy_header header;
        const char *reason = NULL;
        unit_row(unit, good[i].name);
        CHECK(unit, proxy_parse(good[i].data, good[i].size, &header, &reason) == PROXY_DONE);
        CHECK(unit, !proxy_has_certificate(&header, NULL, &reason));
        CHECK_TEXT(unit, reason, "the proxy was not reached by TLS, or does not say so");
    }
}

const struct unit_case proxy_cases[] = {
    {"proxy.good", check_good},
    {"proxy.wrong", check_wrong},
    {"proxy.length", check_length},
    {"proxy.certificate", check_certificate},
    {NULL, NULL}
};
