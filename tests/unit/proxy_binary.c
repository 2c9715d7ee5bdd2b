/* The PROXY protocol, version 2: binary. */
#include "proxy_rows.h"
#include "server/proxy.h"
#include <string.h>

#define SIGNATURE "\r\n\r\n\x00\r\nQUIT\n"
#define LOCAL SIGNATURE "\x20"
#define PROXY SIGNATURE "\x21"
#define ADDRESSES_4 "\xc0\x00\x02\x01" "\xc6\x33\x64\x02" "\xea\x76" "\x01\xbb"
#define SOURCE_4 "192.0.2.1:60022"
#define DESTINATION_4 "198.51.100.2:443"
#define ZEROS_12 "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define ADDRESS_6 "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define ADDRESSES_6 ADDRESS_6 "\x01" ADDRESS_6 "\x02" "\xea\x76" "\x01\xbb"
#define PATH "/run/x.sock" ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12 \
    ZEROS_12 "\x00"

/* What HAProxy 2.6 sends with send-proxy-v2-ssl-cn to a server, byte for byte: a certificate that
 * it verified, the same in a resumed session, none, no TLS at all, and one of another authority
 * that crt-ignore-err lets in. */
#define LOOPBACK "\x7f\x00\x00\x01\x7f\x00\x00\x01"
#define TLS_NAME "\x22\x00\x05" "alice"
#define HAPROXY_GOOD PROXY "\x11\x00\x26" LOOPBACK "\xea\x76\xa2\x73" \
    "\x20\x00\x17\x07\x00\x00\x00\x00" "\x21\x00\x07TLSv1.2" TLS_NAME
#define HAPROXY_RESUMED PROXY "\x11\x00\x26" LOOPBACK "\xea\x7c\xa2\x73" \
    "\x20\x00\x17\x05\x00\x00\x00\x00" "\x21\x00\x07TLSv1.2" TLS_NAME
#define HAPROXY_NONE PROXY "\x11\x00\x1e" LOOPBACK "\xea\x82\xa2\x73" \
    "\x20\x00\x0f\x01\x00\x00\x00\x00" "\x21\x00\x07TLSv1.3"
#define HAPROXY_NO_TLS PROXY "\x11\x00\x14" LOOPBACK "\xbb\x38\xd2\x7b" \
    "\x20\x00\x05\x00\x00\x00\x00\x00"
#define HAPROXY_UNTRUSTED PROXY "\x11\x00\x26" LOOPBACK "\xea\x8a\xa2\x73" \
    "\x20\x00\x17\x07\x00\x00\x00\x15" "\x21\x00\x07TLSv1.3" TLS_NAME
/* And with crc32c, authority, unique-id, ssl, cert-cn, cert-key, cert-sig and ssl-cipher. */
#define HAPROXY_ALL PROXY "\x11\x00\x9e" LOOPBACK "\xb7\xd8\xe7\x3f" \
    "\x03\x00\x04\x5f\xda\x9b\x8d" "\x02\x00\x0dtenon.example" \
    "\x05\x00\x2e" "7F000001:B7D8_7F000001:E73F_6B051345_000B:1A21" \
    "\x20\x00\x47\x07\x00\x00\x00\x00" "\x21\x00\x07TLSv1.3" TLS_NAME "\x25\x00\x07RSA2048" \
    "\x24\x00\x0aRSA-SHA256" "\x23\x00\x16TLS_AES_256_GCM_SHA384"
#define HAPROXY_CHECK LOCAL "\x00\x00\x07" "\x03\x00\x04\xa9\xb8\x7e\x8f"

static const struct proxy_good good[] = {
    {"haproxy, a certificate", BYTES(HAPROXY_GOOD), "127.0.0.1:60022", "127.0.0.1:41587", false,
     "alice"},
    {"haproxy, resumed", BYTES(HAPROXY_RESUMED), "127.0.0.1:60028", "127.0.0.1:41587", false,
     "alice"},
    {"haproxy, no certificate", BYTES(HAPROXY_NONE), "127.0.0.1:60034", "127.0.0.1:41587", false,
     NULL},
    {"haproxy, no TLS", BYTES(HAPROXY_NO_TLS), "127.0.0.1:47928", "127.0.0.1:53883", false, NULL},
    {"haproxy, untrusted", BYTES(HAPROXY_UNTRUSTED), "127.0.0.1:60042", "127.0.0.1:41587", false,
     "alice"},
    {"haproxy, all it can say", BYTES(HAPROXY_ALL), "127.0.0.1:47064", "127.0.0.1:59199", false,
     "alice"},
    {"haproxy, IPv6", BYTES(PROXY "\x21\x00\x24" ZEROS_12 "\x00\x00\x00\x01" ZEROS_12
                            "\x00\x00\x00\x01" "\xb9\xb8\x83\xf5"),
     "[::1]:47544", "[::1]:33781", false, NULL},
    {"haproxy, a local socket", BYTES(LOCAL "\x00\x00\x00"), "any", "any", true, NULL},
    {"haproxy, a health check", BYTES(HAPROXY_CHECK), "any", "any", true, NULL},

    {"IPv4", BYTES(PROXY "\x11\x00\x0c" ADDRESSES_4), SOURCE_4, DESTINATION_4, false, NULL},
    {"IPv6", BYTES(PROXY "\x21\x00\x24" ADDRESSES_6), "[2001:db8::1]:60022", "[2001:db8::2]:443",
     false, NULL},
    {"unix", BYTES(PROXY "\x31\x00\xd8" PATH PATH), "unix", "unix", false, NULL},
    {"unspecified", BYTES(PROXY "\x00\x00\x00"), "any", "any", false, NULL},
    {"unspecified, a stream", BYTES(PROXY "\x01\x00\x00"), "any", "any", false, NULL},
    {"IPv4 of an unspecified transport", BYTES(PROXY "\x10\x00\x0c" ADDRESSES_4), "any", "any",
     false, NULL},
    {"unspecified, a certificate", BYTES(PROXY "\x00\x00\x10" "\x20\x00\x0d\x07\x00\x00\x00\x00"
                                         TLS_NAME), "any", "any", false, "alice"},
    {"empty NOOPs", BYTES(PROXY "\x11\x00\x12" ADDRESSES_4 "\x04\x00\x00" "\x04\x00\x00"),
     SOURCE_4, DESTINATION_4, false, NULL},
    {"a long NOOP", BYTES(PROXY "\x11\x00\x13" ADDRESSES_4 "\x04\x00\x04" "\x20\x00\x05\x01"),
     SOURCE_4, DESTINATION_4, false, NULL},
    {"types of others", BYTES(PROXY "\x11\x00\x1c" ADDRESSES_4 "\x01\x00\x02h2" "\x30\x00\x01n"
                              "\xea\x00\x00" "\xff\x00\x01\xff"),
     SOURCE_4, DESTINATION_4, false, NULL},
    {"an empty name", BYTES(PROXY "\x11\x00\x17" ADDRESSES_4 "\x20\x00\x08\x07\x00\x00\x00\x00"
                            "\x22\x00\x00"), SOURCE_4, DESTINATION_4, false, ""},
    {"the name's type outside of TLS", BYTES(PROXY "\x11\x00\x14" ADDRESSES_4 TLS_NAME),
     SOURCE_4, DESTINATION_4, false, NULL},
    {"the checksum's type in TLS", BYTES(PROXY "\x11\x00\x18" ADDRESSES_4
                                         "\x20\x00\x09\x01\x00\x00\x00\x00" "\x03\x00\x01x"),
     SOURCE_4, DESTINATION_4, false, NULL},

    {"local with addresses", BYTES(LOCAL "\x11\x00\x0c" ADDRESSES_4), "any", "any", true, NULL},
    {"local of an unknown family", BYTES(LOCAL "\xff\x00\x01x"), "any", "any", true, NULL},
    {"local, too short", BYTES(LOCAL "\x11\x00\x01x"), "any", "any", true, NULL},
    {"local, UDP", BYTES(LOCAL "\x12\x00\x0c" ADDRESSES_4), "any", "any", true, NULL},
    {"local, cut", BYTES(LOCAL "\x00\x00\x03\x20\x00\x05"), "any", "any", true, NULL},
    {"local, a certificate", BYTES(LOCAL "\x00\x00\x10\x20\x00\x0d\x07\x00\x00\x00\x00" TLS_NAME),
     "any", "any", true, NULL},
};

#define NO_BEGIN "it begins neither with PROXY nor with the signature of version 2"
#define NO_VERSION "its version is not 2"
#define NO_COMMAND "its command is neither LOCAL nor PROXY"
#define NO_FAMILY "its address family is unknown"
#define NO_TRANSPORT "its transport is unknown"
#define UDP "its transport is UDP"
#define TOO_SHORT "it is too short for its addresses"
#define TOO_LONG "it is longer than 4096 bytes"
#define CUT "a type-length-value is cut off"
#define BEYOND "a type-length-value is longer than what is left"
#define TWICE "a type-length-value comes twice"
#define CHECKSUM "its checksum is not that of its bytes"
#define CHECKSUM_SIZE "the checksum has not four bytes"
#define TLS_SHORT "what it says of TLS is too short"

static const struct proxy_wrong wrong[] = {
    {"another signature", BYTES("\r\n\r\n\x00\r\nQUIX\n\x21\x11"), NO_BEGIN},
    {"another zero", BYTES("\r\n\r\n0\r\nQUIT\n\x21\x11"), NO_BEGIN},
    {"version 1 in binary", BYTES(SIGNATURE "\x11\x11\x00\x0c" ADDRESSES_4), NO_VERSION},
    {"version 3", BYTES(SIGNATURE "\x31\x11\x00\x0c" ADDRESSES_4), NO_VERSION},
    {"version 0", BYTES(SIGNATURE "\x00\x00\x00\x00"), NO_VERSION},
    {"version 15", BYTES(SIGNATURE "\xff\x00\x00\x00"), NO_VERSION},
    {"command 2", BYTES(SIGNATURE "\x22\x11\x00\x0c" ADDRESSES_4), NO_COMMAND},
    {"command 15", BYTES(SIGNATURE "\x2f\x00\x00\x00"), NO_COMMAND},
    {"family 4", BYTES(PROXY "\x41\x00\x0c" ADDRESSES_4), NO_FAMILY},
    {"family 15", BYTES(PROXY "\xf1\x00\x00"), NO_FAMILY},
    {"transport 3", BYTES(PROXY "\x13\x00\x0c" ADDRESSES_4), NO_TRANSPORT},
    {"transport 15", BYTES(PROXY "\x0f\x00\x00"), NO_TRANSPORT},
    {"UDP of IPv4", BYTES(PROXY "\x12\x00\x0c" ADDRESSES_4), UDP},
    {"UDP of IPv6", BYTES(PROXY "\x22\x00\x24" ADDRESSES_6), UDP},
    {"UDP of unix", BYTES(PROXY "\x32\x00\xd8" PATH PATH), UDP},
    {"UDP of none", BYTES(PROXY "\x02\x00\x00"), UDP},
    {"IPv4 without addresses", BYTES(PROXY "\x11\x00\x00"), TOO_SHORT},
    {"IPv4 but for a byte", BYTES(PROXY "\x11\x00\x0b" "\x01\x02\x03\x04\x05\x06\x07\x08xyz"),
     TOO_SHORT},
    {"IPv6 in IPv4's length", BYTES(PROXY "\x21\x00\x0c" ADDRESSES_4), TOO_SHORT},
    {"unix in IPv6's length", BYTES(PROXY "\x31\x00\x24" ADDRESSES_6), TOO_SHORT},
    {"unspecified transport, too short", BYTES(PROXY "\x10\x00\x01x"), TOO_SHORT},
    {"4097 bytes", BYTES(PROXY "\x11\x0f\xf1"), TOO_LONG},
    {"65551 bytes", BYTES(PROXY "\x11\xff\xff"), TOO_LONG},
    {"a local of 4097 bytes", BYTES(LOCAL "\x00\x0f\xf1"), TOO_LONG},

    {"a type alone", BYTES(PROXY "\x11\x00\x0d" ADDRESSES_4 "\x04"), CUT},
    {"half a length", BYTES(PROXY "\x11\x00\x0e" ADDRESSES_4 "\x04\x00"), CUT},
    {"a value without its byte", BYTES(PROXY "\x11\x00\x0f" ADDRESSES_4 "\x04\x00\x01"), BEYOND},
    {"an endless value", BYTES(PROXY "\x11\x00\x10" ADDRESSES_4 "\x04\xff\xffx"), BEYOND},
    {"a rest", BYTES(PROXY "\x11\x00\x10" ADDRESSES_4 "\x04\x00\x00x"), CUT},
    {"unspecified with addresses", BYTES(PROXY "\x00\x00\x0c" ADDRESSES_4), BEYOND},
    {"two of ALPN", BYTES(PROXY "\x11\x00\x14" ADDRESSES_4 "\x01\x00\x01h" "\x01\x00\x01h"),
     TWICE},
    {"two authorities", BYTES(PROXY "\x11\x00\x12" ADDRESSES_4 "\x02\x00\x00" "\x02\x00\x00"),
     TWICE},
    {"two of a type of others", BYTES(PROXY "\x11\x00\x12" ADDRESSES_4 "\xe0\x00\x00"
                                      "\xe0\x00\x00"), TWICE},
    {"two of TLS", BYTES(PROXY "\x11\x00\x1c" ADDRESSES_4 "\x20\x00\x05\x00\x00\x00\x00\x00"
                         "\x20\x00\x05\x07\x00\x00\x00\x00"), TWICE},
    {"two checksums", BYTES(PROXY "\x11\x00\x1a" ADDRESSES_4 "\x03\x00\x04\x00\x00\x00\x00"
                            "\x03\x00\x04\x00\x00\x00\x00"), TWICE},

    {"a checksum of zeros", BYTES(PROXY "\x11\x00\x13" ADDRESSES_4 "\x03\x00\x04\x00\x00\x00\x00"),
     CHECKSUM},
    {"an empty checksum", BYTES(PROXY "\x11\x00\x0f" ADDRESSES_4 "\x03\x00\x00"), CHECKSUM_SIZE},
    {"a checksum of three", BYTES(PROXY "\x11\x00\x12" ADDRESSES_4 "\x03\x00\x03xyz"),
     CHECKSUM_SIZE},
    {"a checksum of five", BYTES(PROXY "\x11\x00\x14" ADDRESSES_4 "\x03\x00\x05vwxyz"),
     CHECKSUM_SIZE},
    {"a local's wrong checksum", BYTES(LOCAL "\x00\x00\x07\x03\x00\x04\xa9\xb8\x7e\x8e"), CHECKSUM},

    {"an empty TLS", BYTES(PROXY "\x11\x00\x0f" ADDRESSES_4 "\x20\x00\x00"), TLS_SHORT},
    {"a TLS of four", BYTES(PROXY "\x11\x00\x13" ADDRESSES_4 "\x20\x00\x04\x07\x00\x00\x00"),
     TLS_SHORT},
    {"in TLS a type alone", BYTES(PROXY "\x11\x00\x15" ADDRESSES_4
                                  "\x20\x00\x06\x07\x00\x00\x00\x00\x22"), CUT},
    {"in TLS half a length", BYTES(PROXY "\x11\x00\x16" ADDRESSES_4
                                   "\x20\x00\x07\x07\x00\x00\x00\x00\x22\x00"), CUT},
    {"a name beyond TLS", BYTES(PROXY "\x11\x00\x1c" ADDRESSES_4
                                "\x20\x00\x09\x07\x00\x00\x00\x00\x22\x00\x05" "alice"), BEYOND},
    {"two names", BYTES(PROXY "\x11\x00\x20" ADDRESSES_4 "\x20\x00\x11\x07\x00\x00\x00\x00"
                        "\x22\x00\x03" "bob" "\x22\x00\x03" "eve"), TWICE},
};

static void check_good(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        proxy_check_good(unit, &good[i], 2);
    }
}

static void check_wrong(struct unit *unit)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        proxy_check_wrong(unit, &wrong[i]);
    }
}

/* Sets the length of a header of this size in all. */
static void set_size(char *header, size_t size)
{
    header[14] = (char)((size - 16) >> 8);
    header[15] = (char)(size - 16);
}

/* One byte decides: the longest header, and the longest identifier. */
static void check_length(struct unit *unit)
{
    static const char begin[] = PROXY "\x11\x00\x00" ADDRESSES_4;
    static const struct {
        char type;
        size_t value_size;
        enum proxy_progress progress;
    } rows[] = {
        {0x04, PROXY_HEADER_MAX - 31, PROXY_DONE},
        {0x04, PROXY_HEADER_MAX - 30, PROXY_WRONG},
        {0x05, PROXY_UNIQUE_ID_MAX, PROXY_DONE},
        {0x05, PROXY_UNIQUE_ID_MAX + 1, PROXY_WRONG},
        {0x05, 0, PROXY_DONE},
    };
    char data[PROXY_HEADER_MAX + 1] = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct proxy_header header;
        const char *reason = NULL;
        size_t size = sizeof begin - 1 + 3 + rows[i].value_size;
        memcpy(data, begin, sizeof begin - 1);
        set_size(data, size);
        data[28] = rows[i].type;
        data[29] = (char)(rows[i].value_size >> 8);
        data[30] = (char)rows[i].value_size;
        CHECK(unit, proxy_parse(data, size, &header, &reason) == rows[i].progress);
        CHECK(unit, rows[i].progress == PROXY_WRONG || header.size == size);
    }
}

/* No bit of what a checksum covers can change. Two places hide it: the length of the whole, and
 * the type and length of the checksum itself, which a NOOP may swallow. */
static void check_checksum(struct unit *unit)
{
    static const char header_all[] = HAPROXY_ALL;
    char data[sizeof header_all];
    for (size_t i = 16; i < sizeof header_all - 1; i++) {
        for (unsigned bit = 0; bit < 8 && (i < 28 || i > 30); bit++) {
            struct proxy_header header;
            const char *reason = NULL;
            memcpy(data, header_all, sizeof data);
            data[i] = (char)((uint8_t)data[i] ^ 1u << bit);
            CHECK(unit,
                  proxy_parse(data, sizeof data - 1, &header, &reason) == PROXY_WRONG);
        }
    }
}

#define NOT_BY_TLS "the proxy was not reached by TLS, or does not say so"
#define NOT_SHOWN "the client has shown no certificate"
#define NOT_VERIFIED "the proxy has not verified the client's certificate"
#define NOT_NAMED "the common name of the client's certificate is another one"
#define TLS(client, verify, name_item) \
    PROXY "\x11\x00\x1c" ADDRESSES_4 "\x20\x00\x0d" client "\x00\x00\x00" verify name_item

static void check_certificate(struct unit *unit)
{
    static const struct {
        const char *name;
        const char *data;
        size_t size;
        const char *common_name;
        const char *reason;         /* NULL: it counts */
    } rows[] = {
        {"haproxy, a certificate", BYTES(HAPROXY_GOOD), NULL, NULL},
        {"haproxy, of alice", BYTES(HAPROXY_GOOD), "alice", NULL},
        {"haproxy, resumed", BYTES(HAPROXY_RESUMED), NULL, NULL},
        {"haproxy, resumed of alice", BYTES(HAPROXY_RESUMED), "alice", NULL},
        {"haproxy, no certificate", BYTES(HAPROXY_NONE), NULL, NOT_SHOWN},
        {"haproxy, no TLS", BYTES(HAPROXY_NO_TLS), NULL, NOT_BY_TLS},
        {"haproxy, untrusted", BYTES(HAPROXY_UNTRUSTED), NULL, NOT_VERIFIED},
        {"haproxy, untrusted alice", BYTES(HAPROXY_UNTRUSTED), "alice", NOT_VERIFIED},
        {"haproxy, all it can say", BYTES(HAPROXY_ALL), "alice", NULL},
        {"haproxy, a health check", BYTES(HAPROXY_CHECK), NULL, NOT_BY_TLS},
        {"nothing of TLS", BYTES(PROXY "\x11\x00\x0c" ADDRESSES_4), NULL, NOT_BY_TLS},
        {"another name", BYTES(HAPROXY_GOOD), "bob", NOT_NAMED},
        {"a capital", BYTES(HAPROXY_GOOD), "Alice", NOT_NAMED},
        {"its beginning", BYTES(HAPROXY_GOOD), "alic", NOT_NAMED},
        {"more than it", BYTES(HAPROXY_GOOD), "alice2", NOT_NAMED},
        {"no name asked for", BYTES(HAPROXY_GOOD), "", NOT_NAMED},
        {"a certificate without a name",
         BYTES(PROXY "\x11\x00\x14" ADDRESSES_4 "\x20\x00\x05\x07\x00\x00\x00\x00"), "alice",
         NOT_NAMED},
        {"any without a name",
         BYTES(PROXY "\x11\x00\x14" ADDRESSES_4 "\x20\x00\x05\x07\x00\x00\x00\x00"), NULL, NULL},
        {"a zero behind", BYTES(TLS("\x07", "\x00", "\x22\x00\x05" "bob\x00x")), "bob", NOT_NAMED},
        {"a zero at the end", BYTES(TLS("\x07", "\x00", "\x22\x00\x05" "alic\x00")), "alic",
         NOT_NAMED},
        {"only the connection's", BYTES(TLS("\x03", "\x00", TLS_NAME)), "alice", NULL},
        {"only the session's", BYTES(TLS("\x05", "\x00", TLS_NAME)), "alice", NULL},
        {"a certificate without TLS", BYTES(TLS("\x06", "\x00", TLS_NAME)), "alice", NOT_BY_TLS},
        {"TLS without one, but a name", BYTES(TLS("\x01", "\x00", TLS_NAME)), "alice", NOT_SHOWN},
        {"other bits", BYTES(TLS("\xf9", "\x00", TLS_NAME)), "alice", NOT_SHOWN},
        {"all bits", BYTES(TLS("\xff", "\x00", TLS_NAME)), "alice", NULL},
        {"not verified", BYTES(TLS("\x07", "\x01", TLS_NAME)), "alice", NOT_VERIFIED},
        {"verified in the wrong byte",
         BYTES(PROXY "\x11\x00\x14" ADDRESSES_4 "\x20\x00\x05\x07\x01\x00\x00\x00"), NULL,
         NOT_VERIFIED},
        {"a local's", BYTES(LOCAL "\x00\x00\x10\x20\x00\x0d\x07\x00\x00\x00\x00" TLS_NAME),
         "alice", NOT_BY_TLS},
        {"a name outside of TLS", BYTES(PROXY "\x11\x00\x14" ADDRESSES_4 TLS_NAME), "alice",
         NOT_BY_TLS},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct proxy_header header;
        const char *reason = "not set";
        unit_row(unit, rows[i].name);
        CHECK(unit, proxy_parse(rows[i].data, rows[i].size, &header, &reason) == PROXY_DONE);
        CHECK(unit, proxy_has_certificate(&header, rows[i].common_name, &reason) ==
                        (rows[i].reason == NULL));
        CHECK_TEXT(unit, reason == NULL ? "" : reason,
                   rows[i].reason == NULL ? "" : rows[i].reason);
    }
}

const struct unit_case proxy_binary_cases[] = {
    {"proxy_binary.good", check_good},
    {"proxy_binary.wrong", check_wrong},
    {"proxy_binary.length", check_length},
    {"proxy_binary.checksum", check_checksum},
    {"proxy_binary.certificate", check_certificate},
    {NULL, NULL}
};
