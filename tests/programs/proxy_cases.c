/* The PROXY header: who a client is, and with which certificate. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_OF "Connected to client: "
#define SAID_HELLO "\nReceived data: hello\nResponse sent.\n"

#define SIGNATURE "\r\n\r\n\x00\r\nQUIT\n"
#define LOCAL SIGNATURE "\x20\x00\x00\x00"
#define IPV4_TO "\xc6\x33\x64\x02"
#define LOOPBACK "\x7f\x00\x00\x01\x7f\x00\x00\x01"
#define TLS_NAME "\x22\x00\x05" "alice"

static void untrusted_source(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0",
                  ARGUMENTS("-v", "--proxy-protocol", "10.0.0.0/8,127.0.0.2"));
    raw_refused(&service, BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello"));
    run_await(&service.run, TESTING_ERROR_OUTPUT, "reason=no_proxy", 1);
    raw_refused(&service, BYTES("hello"));
    run_await(&service.run, TESTING_ERROR_OUTPUT, "reason=no_proxy", 2);
    char *output = run_text(&service.run, TESTING_OUTPUT);
    CHECK_TEXT(output, SERVER_LISTENS);
    free(output);
    service_stop(&service);
    run_close(&service.run);
}

/* One server, many headers: who is served under which name, and who is refused by the lists. */
static void addresses(void)
{
    static const struct {
        const char *data;
        size_t size;
        const char *peer;       /* of the transcript; NULL: refused */
        const char *logged;
    } rows[] = {
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1001 2\r\nhello"), "('192.0.2.1', 1001)",
         " peer=192.0.2.1:1001\n"},
        {BYTES("PROXY TCP6 2001:db8::1 ::1 1002 2\r\nhello"), "('2001:db8::1', 1002, 0, 0)",
         " peer=[2001:db8::1]:1002\n"},
        {BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1003 2\r\nhello"), "('192.0.2.1', 1003)",
         " peer=192.0.2.1:1003\n"},
        {BYTES("PROXY UNKNOWN\r\nhello"), "('127.0.0.1', #)", " peer=127.0.0.1:"},
        {BYTES("PROXY UNKNOWN ffff:: 192.0.2.66\r\nhello"), "('127.0.0.1', #)", " peer=127.0.0.1:"},
        {BYTES(SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01" IPV4_TO "\x03\xec\x00\x02hello"),
         "('192.0.2.1', 1004)", " peer=192.0.2.1:1004\n"},
        {BYTES(SIGNATURE "\x21\x21\x00\x24" "\x20\x01\x0d\xb8\x00\x00\x00\x00"
               "\x00\x00\x00\x00\x00\x00\x00\x01" "\x20\x01\x0d\xb8\x00\x00\x00\x00"
               "\x00\x00\x00\x00\x00\x00\x00\x02" "\x03\xed\x00\x02hello"),
         "('2001:db8::1', 1005, 0, 0)", " peer=[2001:db8::1]:1005\n"},
        {BYTES(SIGNATURE "\x21\x00\x00\x00hello"), "('127.0.0.1', #)", " peer=127.0.0.1:"},
        {BYTES(SIGNATURE "\x21\x11\x00\x16\xc0\x00\x02\x01" IPV4_TO "\x03\xee\x00\x02"
               "\x04\x00\x00" "\xe0\x00\x04noiShello"), "('192.0.2.1', 1006)",
         " peer=192.0.2.1:1006\n"},
        {BYTES("PROXY TCP4 192.0.2.66 192.0.2.2 1007 2\r\nhello"), NULL,
         " peer=192.0.2.66:1007 reason=denied\n"},
        {BYTES("PROXY TCP4 198.51.100.1 192.0.2.2 1008 2\r\nhello"), NULL,
         " peer=198.51.100.1:1008 reason=denied\n"},
        {BYTES("PROXY TCP6 2001:db9::1 ::1 1009 2\r\nhello"), NULL,
         " peer=[2001:db9::1]:1009 reason=denied\n"},
        {BYTES(SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x42" IPV4_TO "\x03\xf2\x00\x02hello"), NULL,
         " peer=192.0.2.66:1010 reason=denied\n"},
    };
    char expected[2000] = SERVER_LISTENS;
    struct service service;
    service_start(&service, "127.0.0.1:0",
                  ARGUMENTS("-v", "--proxy-protocol", "127.0.0.1", "--allow",
                            "192.0.2.0/24,2001:db8::/32,127.0.0.1", "--deny", "192.0.2.66"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].peer == NULL) {
            raw_refused(&service, rows[i].data, rows[i].size);
        } else {
            size_t used = strlen(expected);
            raw_served(&service, rows[i].data, rows[i].size);
            (void)snprintf(expected + used, sizeof expected - used, CLIENT_OF "%s" SAID_HELLO,
                           rows[i].peer);
        }
        run_await(&service.run, TESTING_ERROR_OUTPUT, rows[i].logged, 1);
    }
    run_await(&service.run, TESTING_OUTPUT, SAID_HELLO, 9);
    char *output = run_text(&service.run, TESTING_OUTPUT);
    CHECK_TEXT(output, expected);
    free(output);
    service_stop(&service);
    run_close(&service.run);
}

/* Cut anywhere, the same. An exchange of another client stands between the two parts: its server
 * has but one loop, so the first part has been read by then. */
static void split(void)
{
    static const char line[] = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello";
    static const char binary[] =
        SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01" IPV4_TO "\x00\x01\x00\x02hello";
    struct service service;
    size_t count = 0;
    service_start(&service, "127.0.0.1:0",
                  ARGUMENTS("--threads", "1", "--proxy-protocol", "127.0.0.1"));
    for (int version = 1; version <= 2; version++) {
        const char *data = version == 1 ? line : binary;
        size_t size = version == 1 ? sizeof line - 1 : sizeof binary - 1;
        for (size_t cut = 1; cut <= size - strlen("hello"); cut++) {
            int64_t peer = raw_to(&service);
            raw_send(peer, data, cut);
            raw_served(&service, BYTES("PROXY TCP4 192.0.2.7 192.0.2.2 7 2\r\nhello"));
            raw_send(peer, data + cut, size - cut);
            raw_answered(peer);
            count++;
            run_await(&service.run, TESTING_OUTPUT, CLIENT_OF "('192.0.2.1', 1)" SAID_HELLO, count);
        }
    }
    service_stop(&service);
    run_close(&service.run);
}

#define NO_BEGIN "it begins neither with PROXY nor with the signature of version 2"
#define IPV4_HEADER SIGNATURE "\x21\x11\x00\x13\xc0\x00\x02\x01" IPV4_TO "\x00\x01\x00\x02"

/* One server, many wrong headers: each is reset, named in the log and harms nobody else. */
static void malformed(void)
{
    static const struct {
        const char *data;
        size_t size;
        const char *detail;
    } rows[] = {
        {BYTES("hello"), NO_BEGIN},
        {BYTES("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), NO_BEGIN},
        {BYTES("\x16\x03\x01\x02"), NO_BEGIN},
        {BYTES("\0"), NO_BEGIN},
        {BYTES("\n"), NO_BEGIN},
        {BYTES("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), NO_BEGIN},
        {BYTES("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"), "neither TCP4 nor TCP6 nor UNKNOWN"},
        {BYTES("PROXY \r\n"), "neither TCP4 nor TCP6 nor UNKNOWN"},
        {BYTES("PROXY TCP4 localhost 192.0.2.2 1 2\r\n"), "the source is no address"},
        {BYTES("PROXY TCP4 010.0.0.1 192.0.2.2 1 2\r\n"), "the source is no address"},
        {BYTES("PROXY TCP4 ::1 ::1 1 2\r\n"), "the source is no address"},
        {BYTES("PROXY TCP6 fe80::1%lo ::1 1 2\r\n"), "the source is no address"},
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2 1 2\r\n"), "the destination is no address"},
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"), "the source port"},
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"), "the source port"},
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n"), "the destination port"},
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"), "something stands behind the ports"},
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nhello"), "CR and LF"},
        {BYTES("PROXY UNKNOWN ................................................................"
               "................................................................"),
         "longer than 107 bytes"},
        {BYTES(SIGNATURE "\x11\x11\x00\x0c"), "its version is not 2"},
        {BYTES(SIGNATURE "\x22\x11\x00\x0c"), "neither LOCAL nor PROXY"},
        {BYTES(SIGNATURE "\x21\x11\xff\xff"), "longer than 4096 bytes"},
        {BYTES(SIGNATURE "\x21\x41\x00\x00"), "its address family is unknown"},
        {BYTES(SIGNATURE "\x21\x12\x00\x00"), "its transport is UDP"},
        {BYTES(SIGNATURE "\x21\x11\x00\x00hello"), "too short for its addresses"},
        {BYTES(IPV4_HEADER "\x04\x00\x05" "1234"), "longer than what is left"},
        {BYTES(IPV4_HEADER "\x04\x00\x03" "123\x04"), "is cut off"},
        {BYTES(IPV4_HEADER "\x01\x00\x00" "\x01\x00\x01x"), "comes twice"},
        {BYTES(IPV4_HEADER "\x03\x00\x04" "1234"), "its checksum is not that of its bytes"},
        {BYTES(IPV4_HEADER "\x20\x00\x04\x07\x00\x00\x00"), "what it says of TLS is too short"},
        {BYTES(LOCAL "hello"), "data behind a LOCAL one"},
    };
    struct service service;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-v", "--proxy-protocol", "127.0.0.1"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char logged[40];
        (void)snprintf(logged, sizeof logged, "refuse conn=%u peer=127.0.0.1:", (unsigned)i + 1);
        raw_refused(&service, rows[i].data, rows[i].size);
        run_await(&service.run, TESTING_ERROR_OUTPUT, logged, 1);
        run_await(&service.run, TESTING_ERROR_OUTPUT, "reason=proxy_header detail=", i + 1);
        char *error = run_text(&service.run, TESTING_ERROR_OUTPUT);
        CHECK_CONTAINS(strstr(error, logged), rows[i].detail);
        free(error);
    }
    raw_served(&service, BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello"));
    run_await(&service.run, TESTING_OUTPUT, SAID_HELLO, 1);
    char *output = run_text(&service.run, TESTING_OUTPUT);
    CHECK_TEXT(output, SERVER_LISTENS CLIENT_OF "('192.0.2.1', 1)" SAID_HELLO);
    free(output);
    service_stop(&service);
    run_close(&service.run);
}

/* Three seconds from the connection on, whether nothing comes or too little, and not before. */
static void slow_header(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0",
                  ARGUMENTS("-v", "-t", "0", "--proxy-protocol", "127.0.0.1"));
    int64_t begun = testing_clock();
    int64_t silent = raw_to(&service);
    int64_t slow = raw_to(&service);
    raw_send(slow, BYTES("PROXY TCP4 192.0.2.1 "));
    raw_is_reset(slow);
    raw_is_reset(silent);
    CHECK(testing_clock() - begun >= 3 * TENON_SECOND);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "it has not come within 3 s", 2);
    service_stop(&service);
    run_close(&service.run);
}

/* What a proxy asks on its own is served as a health check: no transcript, no certificate, and
 * --once waits on. A header that ends within itself is none. */
static void health_checks(void)
{
    static const struct {
        const char *data;
        size_t size;
    } rows[] = {
        {BYTES("")}, {BYTES(LOCAL)}, {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n")},
        {BYTES("PROXY UNKNOWN\r\n")}, {BYTES("PROXY TCP4 192.0.2.1")}, {BYTES(SIGNATURE)},
    };
    struct service service;
    service_start(&service, "127.0.0.1:0",
                  ARGUMENTS("--once", "-vv", "--proxy-protocol", "127.0.0.1"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char closed[40];
        int64_t peer = raw_to(&service);
        raw_send(peer, rows[i].data, rows[i].size);
        testing_raw_finish(peer);
        (void)snprintf(closed, sizeof closed, "DEBUG close conn=%u ", (unsigned)i + 1);
        run_await(&service.run, TESTING_ERROR_OUTPUT, closed, 1);
        testing_raw_close(peer);
    }
    run_await(&service.run, TESTING_ERROR_OUTPUT, "DEBUG health_check ", 4);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "the connection ended within it", 2);
    raw_served(&service, BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello"));
    service_wait(&service, 0);
    CHECK_TEXT(service.run.output, SERVER_LISTENS CLIENT_OF "('192.0.2.1', 1)" SAID_HELLO);
    CHECK_CONTAINS(service.run.error, " accepted=7 open=0 answered=1 ");
    CHECK_CONTAINS(service.run.error, " denied=0 crowded=0 malformed=2 uncertified=0 ");
    run_close(&service.run);
}

/* ---- certificates ---- */

/* What HAProxy 2.6 sends. */
#define HAPROXY_GOOD SIGNATURE "\x21\x11\x00\x26" LOOPBACK "\xea\x76\xa2\x73" \
    "\x20\x00\x17\x07\x00\x00\x00\x00" "\x21\x00\x07TLSv1.2" TLS_NAME
#define HAPROXY_RESUMED SIGNATURE "\x21\x11\x00\x26" LOOPBACK "\xea\x7c\xa2\x73" \
    "\x20\x00\x17\x05\x00\x00\x00\x00" "\x21\x00\x07TLSv1.2" TLS_NAME
#define HAPROXY_NONE SIGNATURE "\x21\x11\x00\x1e" LOOPBACK "\xea\x82\xa2\x73" \
    "\x20\x00\x0f\x01\x00\x00\x00\x00" "\x21\x00\x07TLSv1.3"
#define HAPROXY_NO_TLS SIGNATURE "\x21\x11\x00\x14" LOOPBACK "\xbb\x38\xd2\x7b" \
    "\x20\x00\x05\x00\x00\x00\x00\x00"
#define HAPROXY_UNTRUSTED SIGNATURE "\x21\x11\x00\x26" LOOPBACK "\xea\x8a\xa2\x73" \
    "\x20\x00\x17\x07\x00\x00\x00\x15" "\x21\x00\x07TLSv1.3" TLS_NAME

static void check_certificates(const char *option, bool named, bool is_alice)
{
    static const struct {
        const char *data;
        size_t size;
        const char *detail;     /* NULL: a certificate */
    } rows[] = {
        {BYTES(HAPROXY_GOOD "hello"), NULL},
        {BYTES(HAPROXY_RESUMED "hello"), NULL},
        {BYTES(HAPROXY_NONE "hello"), "the client has shown no certificate"},
        {BYTES(HAPROXY_NO_TLS "hello"), "the proxy was not reached by TLS"},
        {BYTES(HAPROXY_UNTRUSTED "hello"), "has not verified the client's certificate"},
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello"), "the proxy was not reached by TLS"},
        {BYTES("PROXY UNKNOWN\r\nhello"), "the proxy was not reached by TLS"},
    };
    struct service service;
    service_start(&service, "127.0.0.1:0",
                  ARGUMENTS("-v", option, "--proxy-protocol", "127.0.0.1"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].detail == NULL && (!named || is_alice)) {
            raw_served(&service, rows[i].data, rows[i].size);
        } else {
            raw_refused(&service, rows[i].data, rows[i].size);
            run_await(&service.run, TESTING_ERROR_OUTPUT,
                      rows[i].detail == NULL ? "certificate is another one" : rows[i].detail, 1);
        }
    }
    run_await(&service.run, TESTING_ERROR_OUTPUT, " refuse ",
              sizeof rows / sizeof rows[0] - (!named || is_alice ? 2 : 0));
    service_stop(&service);
    run_close(&service.run);
}

static void certificates(void)
{
    check_certificates("--require-client-cert", false, false);
    check_certificates("--require-client-cert=alice", true, true);
    check_certificates("--require-client-cert=alic", true, false);
}

/* A proxy's own check needs no certificate, but may say nothing. */
static void certificate_of_a_check(void)
{
    struct service service;
    service_start(&service, "127.0.0.1:0",
                  ARGUMENTS("-vv", "--require-client-cert", "--proxy-protocol", "127.0.0.1"));
    int64_t peer = raw_to(&service);
    raw_send(peer, BYTES(LOCAL));
    testing_raw_finish(peer);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "DEBUG health_check conn=1 ", 1);
    testing_raw_close(peer);
    raw_refused(&service, BYTES(LOCAL "hello"));
    run_await(&service.run, TESTING_ERROR_OUTPUT, "data behind a LOCAL one", 1);
    service_stop(&service);
    run_close(&service.run);
}

const struct test_case proxy_cases[] = {
    {"proxy.untrusted_source", untrusted_source},
    {"proxy.addresses", addresses},
    {"proxy.split", split},
    {"proxy.malformed", malformed},
    {"proxy.slow_header", slow_header},
    {"proxy.health_checks", health_checks},
    {"proxy.certificates", certificates},
    {"proxy.certificate_of_a_check", certificate_of_a_check},
    {NULL, NULL},
};
