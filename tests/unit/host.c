/* Hosts as text: what needs no look-up, to listen on and to connect to. */
#include "unit.h"
#include <string.h>
#include <tenon/loop.h>
#include <tenon/stream.h>

/* connect is the first member: its callback finds the rest by it. */
struct connecting {
    struct tenon_connect connect;
    struct tenon_stream stream;
    unsigned completions;
    enum tenon_status status;
};

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct connecting *connecting = (struct connecting *)(void *)connect;
    connecting->completions++;
    connecting->status = status;
}

static void on_listener_closed(struct tenon_listener *listener)
{
    listener->context = NULL;
}

static void check_refused_by(struct unit *unit, struct tenon_loop *loop, const char *host,
                             enum tenon_family family, enum tenon_status expected)
{
    struct tenon_listen_options listen_options = {.family = family};
    struct tenon_connect_options connect_options = {.family = family, .timeout = TENON_SECOND};
    struct tenon_listener listeners[2];
    struct tenon_listen_report report;
    struct connecting connecting;
    memset(listeners, 0, sizeof listeners);
    memset(&connecting, 0, sizeof connecting);

    enum tenon_status status =
        tenon_listen_host(loop, listeners, 2, host, 0, &listen_options, &report);
    CHECK_TEXT(unit, tenon_status_name(status), tenon_status_name(expected));
    CHECK(unit, report.error.status == status && report.count == 0);
    CHECK(unit, report.failed.family == TENON_FAMILY_ANY);
    for (uint32_t i = 0; i < report.count; i++) {
        tenon_listener_close(&listeners[i], TENON_CLOSE_ABORT, on_listener_closed);
    }

    tenon_connect(loop, &connecting.connect, &connecting.stream, host, 1, &connect_options,
                  on_connected);
    tenon_loop_run(loop);
    CHECK(unit, connecting.completions == 1);
    CHECK_TEXT(unit, tenon_status_name(connecting.status), tenon_status_name(expected));
    CHECK(unit, connecting.connect.attempt_count == 0);
}

static void check_invalid(struct unit *unit)
{
    static const char *const rows[] = {
        "", "9000", "0", "9000.", "0x7f000001", "1.2.3", "010.0.0.1", "0x7f.1", "256.1.1.1",
        "1.2.3.4.5", "127.0.0.1.", "example.9", "example.0x9", "1.2.3.4:80", "[::1]", ":::",
        "::1%", "a:b",
    };
    char long_name[TENON_HOST_MAX + 2];
    struct tenon_loop *loop = NULL;
    if (!CHECK(unit, tenon_loop_open(NULL, &loop) == TENON_OK)) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i]);
        check_refused_by(unit, loop, rows[i], TENON_FAMILY_ANY, TENON_INVALID);
    }
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    unit_row(unit, "a name of 256 bytes");
    check_refused_by(unit, loop, long_name, TENON_FAMILY_ANY, TENON_INVALID);
    tenon_loop_close(loop);
}

/* A numeric address of the other family is none of the family asked for. */
static void check_family(struct unit *unit)
{
    static const struct {
        const char *host;
        enum tenon_family family;
    } rows[] = {
        {"127.0.0.1", TENON_FAMILY_IPV6},
        {"::1", TENON_FAMILY_IPV4},
    };
    struct tenon_loop *loop = NULL;
    if (!CHECK(unit, tenon_loop_open(NULL, &loop) == TENON_OK)) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].host);
        check_refused_by(unit, loop, rows[i].host, rows[i].family, TENON_NOT_RESOLVED);
    }
    tenon_loop_close(loop);
}

static void check_listening(struct unit *unit, struct tenon_loop *loop, const char *host,
                            enum tenon_family family, const char *const *ips)
{
    struct tenon_listen_options options = {.family = family};
    struct tenon_listener listeners[4];
    struct tenon_listen_report report;
    uint32_t expected = 0;
    memset(listeners, 0, sizeof listeners);
    while (expected < 2 && ips[expected] != NULL) {
        expected++;
    }
    enum tenon_status status = tenon_listen_host(loop, listeners, 4, host, 0, &options, &report);
    CHECK_TEXT(unit, tenon_status_name(status), tenon_status_name(TENON_OK));
    /* A machine without IPv6 skips its address. */
    CHECK(unit, report.count > 0 && report.count + report.skipped == expected);
    for (uint32_t i = 0; i < report.count; i++) {
        char ip[TENON_ADDRESS_TEXT_MAX];
        tenon_address_format_ip(&listeners[i].address, ip, sizeof ip);
        CHECK(unit, strcmp(ip, ips[0]) == 0 || (expected > 1 && strcmp(ip, ips[1]) == 0));
        CHECK(unit, listeners[i].address.port == listeners[0].address.port);
        CHECK(unit, listeners[i].address.port != 0);
    }
    for (uint32_t i = 0; i < report.count; i++) {
        tenon_listener_close(&listeners[i], TENON_CLOSE_ABORT, on_listener_closed);
    }
    tenon_loop_run(loop);
}

static void check_local(struct unit *unit)
{
    static const struct {
        const char *host;
        enum tenon_family family;
        const char *ips[2];
    } rows[] = {
        {"localhost", TENON_FAMILY_ANY, {"::1", "127.0.0.1"}},
        {"LocalHost", TENON_FAMILY_ANY, {"::1", "127.0.0.1"}},
        {"localhost.", TENON_FAMILY_ANY, {"::1", "127.0.0.1"}},
        {"localhost", TENON_FAMILY_IPV4, {"127.0.0.1", NULL}},
        {"127.0.0.1", TENON_FAMILY_ANY, {"127.0.0.1", NULL}},
        {"127.0.0.1", TENON_FAMILY_IPV4, {"127.0.0.1", NULL}},
        {NULL, TENON_FAMILY_ANY, {"::", "0.0.0.0"}},
        {NULL, TENON_FAMILY_IPV4, {"0.0.0.0", NULL}},
    };
    struct tenon_loop *loop = NULL;
    if (!CHECK(unit, tenon_loop_open(NULL, &loop) == TENON_OK)) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].host == NULL ? "every address" : rows[i].host);
        check_listening(unit, loop, rows[i].host, rows[i].family, rows[i].ips);
    }
    tenon_loop_close(loop);
}

const struct unit_case host_cases[] = {
    {"host.invalid", check_invalid},
    {"host.family", check_family},
    {"host.local", check_local},
    {NULL, NULL}
};
