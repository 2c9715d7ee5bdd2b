/* Events: what a log line and an object look like, whatever their values are. */
#include "unit.h"
#include "capture.h"
#include "common/dump.h"
#include "common/event.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>
#include <tenon/loop.h>

static const size_t stamp_size = sizeof "2026-09-20T12:34:56.789Z" - 1;

static void check_texts(struct unit *unit)
{
    static const struct {
        const char *value;
        const char *line;
        const char *object;
    } rows[] = {
        {"plain", "plain", "\"plain\""},
        {"", "\"\"", "\"\""},
        {"two words", "\"two words\"", "\"two words\""},
        {"a=b", "\"a=b\"", "\"a=b\""},
        {"say \"no\"", "\"say \\\"no\\\"\"", "\"say \\\"no\\\"\""},
        {"back\\slash", "\"back\\\\slash\"", "\"back\\\\slash\""},
        {"line\nfeed", "\"line\\x0afeed\"", "\"line\\u000afeed\""},
        {"\x1b[31m", "\"\\x1b[31m\"", "\"\\u001b[31m\""},
        {"Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f", "\"Gr\xc3\xbc\xc3\x9f\""},
        {"\xe2\x80\xae", "\"\\xe2\\x80\\xae\"", "\"\\u202e\""},
        {"\xff", "\"\\xff\"", "\"\xef\xbf\xbd\""},
        {"cut \xe2\x82", "\"cut \\xe2\\x82\"", "\"cut \xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct capture capture;
        struct event event;
        char expected[256];
        capture_init(&capture);
        unit_row(unit, rows[i].value);
        capture.console.level = CONSOLE_INFO;
        CHECK(unit, event_begin(&event, &capture.console, CONSOLE_INFO, "test"));
        event_text(&event, "key", rows[i].value);
        event_end(&event);
        (void)snprintf(expected, sizeof expected, " INFO test key=%s\n", rows[i].line);
        CHECK_TEXT(unit, capture.error + stamp_size, expected);
        capture_clear(&capture);
        capture.console.json = true;
        CHECK(unit, event_begin(&event, &capture.console, CONSOLE_INFO, "test"));
        event_text(&event, "key", rows[i].value);
        event_end(&event);
        (void)snprintf(expected, sizeof expected,
                       "\"level\":\"info\",\"event\":\"test\",\"key\":%s}\n", rows[i].object);
        const char *found = strstr(capture.output, "\"level\"");
        CHECK_TEXT(unit, found == NULL ? capture.output : found, expected);
        CHECK_TEXT(unit, capture.error, "");
    }
}

static void check_fields(struct unit *unit)
{
    struct capture capture;
    struct event event;
    struct tenon_address address = unit_address(unit, "::1", 80);
    capture_init(&capture);
    capture.console.json = true;
    CHECK(unit, !event_begin(&event, &capture.console, CONSOLE_INFO, "silent"));
    CHECK(unit, event_begin_transcript(&event, &capture.console, "test"));
    event_number(&event, "conn", UINT64_MAX);
    event_flag(&event, "flag", true);
    event_address(&event, "peer", &address);
    event_status(&event, TENON_TIMED_OUT);
    event_duration(&event, "took", 1500 * TENON_MICROSECOND);
    event_data(&event, "hi", 2);
    event_end(&event);
    const char *found = strstr(capture.output, "\"conn\"");
    CHECK_TEXT(unit, found == NULL ? capture.output : found,
               "\"conn\":18446744073709551615,\"flag\":true,\"peer\":\"[::1]:80\","
               "\"status\":\"timed_out\",\"took_us\":1500,\"bytes\":2,\"data\":\"hi\","
               "\"truncated\":false}\n");
    CHECK(unit, strncmp(capture.output, "{\"schema\":1,\"ts\":\"20", 20) == 0);
}

static void check_data(struct unit *unit)
{
    static const struct {
        const char *data;
        size_t size;
        const char *expected;
    } rows[] = {
        {"", 0, "\"bytes\":0,\"data\":\"\",\"truncated\":false}\n"},
        {"\0", 1, "\"bytes\":1,\"data\":\"\\u0000\",\"truncated\":false}\n"},
        {"\xff", 1, "\"bytes\":1,\"data_base64\":\"/w==\",\"truncated\":false}\n"},
        {"\xff\xfe", 2, "\"bytes\":2,\"data_base64\":\"//4=\",\"truncated\":false}\n"},
        {"\xff\xfe\xfd", 3, "\"bytes\":3,\"data_base64\":\"//79\",\"truncated\":false}\n"},
        {"ok\xc3", 3, "\"bytes\":3,\"data_base64\":\"b2vD\",\"truncated\":false}\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct capture capture;
        struct event event;
        capture_init(&capture);
        unit_row(unit, rows[i].expected);
        capture.console.json = true;
        CHECK(unit, event_begin_transcript(&event, &capture.console, "test"));
        event_data(&event, rows[i].data, rows[i].size);
        event_end(&event);
        const char *found = strstr(capture.output, "\"bytes\"");
        CHECK_TEXT(unit, found == NULL ? capture.output : found, rows[i].expected);
    }
}

/* More than an object shows: cut before the character that does not fit. */
static void check_much_data(struct unit *unit)
{
    struct capture capture;
    struct event event;
    char data[EVENT_DATA_MAX + 10];
    capture_init(&capture);
    capture.console.json = true;
    memset(data, 'x', sizeof data);
    data[EVENT_DATA_MAX - 1] = '\xc3';
    data[EVENT_DATA_MAX] = '\xbc';
    CHECK(unit, event_begin_transcript(&event, &capture.console, "test"));
    event_data(&event, data, sizeof data);
    event_end(&event);
    CHECK(unit, strstr(capture.output, "\"bytes\":1034,\"data\":\"xxx") != NULL);
    CHECK(unit, strstr(capture.output, "xxx\",\"truncated\":true}\n") != NULL);
    CHECK(unit, text_valid(capture.output, strlen(capture.output)) == strlen(capture.output));
}

/* What does not fit is left out whole. */
static void check_full_object(struct unit *unit)
{
    struct capture capture;
    struct event event;
    char text[512];
    capture_init(&capture);
    capture.console.json = true;
    memset(text, '\x01', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK(unit, event_begin_transcript(&event, &capture.console, "test"));
    for (int i = 0; i < 10; i++) {
        event_text(&event, "key", text);
    }
    event_number(&event, "last", 1);
    event_end(&event);
    size_t size = strlen(capture.output);
    CHECK(unit, size <= EVENT_OBJECT_MAX);
    CHECK(unit, size > 11 && strcmp(capture.output + size - 11, ",\"last\":1}\n") == 0);
    CHECK(unit, size > 2 && strcmp(capture.output + size - 2, "}\n") == 0);
}

static void check_exit(struct unit *unit)
{
    struct capture capture;
    capture_init(&capture);
    event_exit(&capture.console, 4);
    CHECK_TEXT(unit, capture.output, "");
    capture.console.json = true;
    event_exit(&capture.console, 0);
    CHECK_TEXT(unit, capture.output, "");
    event_exit(&capture.console, 4);
    const char *found = strstr(capture.output, "\"level\"");
    CHECK_TEXT(unit, found == NULL ? "" : found,
               "\"level\":\"error\",\"event\":\"exit\","
               "\"error\":{\"code\":\"refused\",\"exit\":4}}\n");
}

static void check_dump(struct unit *unit)
{
    struct capture capture;
    struct dump dump = {0};
    struct tenon_loop *loop = NULL;
    if (!CHECK(unit, tenon_loop_open(NULL, &loop) == TENON_OK)) {
        return;
    }
    capture_init(&capture);
    capture.console.loop = loop;
    dump_received(&dump, &capture.console, 17, "Hello, world\r\n\x80!more", 20);
    CHECK_TEXT(unit, capture.error + stamp_size,
               " conn=17 < 20 bytes\n"
               "00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 0d 0a 80 21  |Hello, world...!|\n"
               "00000010  6d 6f 72 65                                       |more|\n");
    capture_clear(&capture);
    dump_received(&dump, &capture.console, 17, "x", 1);
    CHECK(unit, strstr(capture.error, "\n00000014  78 ") != NULL);
    capture_clear(&capture);
    dump_sent(&dump, &capture.console, 0, "y", 1);
    CHECK_TEXT(unit, capture.error + stamp_size,
               " > 1 byte\n"
               "00000000  79                                                |y|\n");
    tenon_loop_close(loop);
}

const struct unit_case event_cases[] = {
    {"event.texts", check_texts},
    {"event.fields", check_fields},
    {"event.data", check_data},
    {"event.much_data", check_much_data},
    {"event.full_object", check_full_object},
    {"event.exit", check_exit},
    {"event.dump", check_dump},
    {NULL, NULL}
};
