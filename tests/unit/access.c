/* Access: lists of prefixes, and who may connect by them. */
#include "unit.h"
#include "server/access.h"
#include <stdio.h>
#include <string.h>

static struct tenon_address address_of(struct unit *unit, const char *ip)
{
    static const struct tenon_address path = {.family = TENON_FAMILY_PATH};
    return strcmp(ip, "unix") == 0 ? path : unit_address(unit, ip, 80);
}

/* Added to an empty list; NULL: nothing. */
static struct access_list list_of(struct unit *unit, const char *text)
{
    struct access_list list = {.count = 0};
    char problem[ACCESS_PROBLEM_MAX] = "";
    if (text != NULL) {
        CHECK(unit, access_list_add(&list, text, ACCESS_WITH_UNIX, problem));
        CHECK_TEXT(unit, problem, "");
        CHECK(unit, !access_list_is_empty(&list));
    }
    return list;
}

static void check_members(struct unit *unit)
{
    static const struct {
        const char *text;
        const char *ip;
        bool has;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "::10.1.2.3", false},
        {"10.0.0.0/8", "unix", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"0.0.0.0/0", "unix", false},
        {"::/0", "::1", true},
        {"::/0", "1.2.3.4", false},
        {"::/0", "::ffff:1.2.3.4", false},
        {"0.0.0.0/0,::/0", "1.2.3.4", true},
        {"0.0.0.0/0,::/0", "2001:db8::1", true},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1/32", "192.0.2.1", true},
        {"192.0.2.0/31", "192.0.2.1", true},
        {"192.0.2.0/31", "192.0.2.2", false},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"2001:DB8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"fe80::/10", "fe80::1%1", true},
        {"::ffff:192.0.2.1", "192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1", true},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"::ffff:10.0.0.0/104", "11.1.2.3", false},
        {"::ffff:0:0/96", "1.2.3.4", true},
        {"::ffff:0:0/96", "::1", false},
        {"::fffe:0:0/95", "1.2.3.4", false},
        {"unix", "unix", true},
        {"unix", "127.0.0.1", false},
        {"10.0.0.0/8,unix,::1", "unix", true},
        {"10.0.0.0/8,unix,::1", "::1", true},
        {"10.0.0.0/8,unix,::1", "::2", false},
        {"10.0.0.0/8,10.0.0.0/8", "10.0.0.1", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[120];
        (void)snprintf(text, sizeof text, "%s has %s", rows[i].text, rows[i].ip);
        unit_row(unit, text);
        struct access_list list = list_of(unit, rows[i].text);
        struct tenon_address address = address_of(unit, rows[i].ip);
        CHECK(unit, access_list_has(&list, &address) == rows[i].has);
    }
}

#define NO_ADDRESS \
    ": it is neither a numeric address nor a prefix such as 10.0.0.0/8 or 2001:db8::/32; names " \
    "are not looked up"
#define EMPTY " has an empty entry"
#define BITS_4 ": behind the slash of IPv4 stands 0 to 32"
#define BITS_6 ": behind the slash of IPv6 stands 0 to 128"
#define ZONE ": a zone has no place in a list: leave out what follows %"
#define TOO_LONG ": it is longer than any address"
#define DIGITS_50 "12345678901234567890123456789012345678901234567890"

static void check_problems(struct unit *unit)
{
    static const struct {
        const char *text;
        const char *problem;
    } rows[] = {
        {"", "''" EMPTY},
        {",", "','" EMPTY},
        {"10.0.0.0/8,", "'10.0.0.0/8,'" EMPTY},
        {",10.0.0.0/8", "',10.0.0.0/8'" EMPTY},
        {"10.0.0.0/8,,::1", "'10.0.0.0/8,,::1'" EMPTY},
        {"example.com", "example.com" NO_ADDRESS},
        {"localhost", "localhost" NO_ADDRESS},
        {"10.0.0.0/8,example.com", "example.com" NO_ADDRESS},
        {"10.0.0.0/8, ::1", " ::1" NO_ADDRESS},
        {"10.0.0.0/8 ", "10.0.0.0/8 " BITS_4},
        {"10", "10" NO_ADDRESS},
        {"10/8", "10/8" NO_ADDRESS},
        {"/8", "/8" NO_ADDRESS},
        {"010.0.0.0/8", "010.0.0.0/8" NO_ADDRESS},
        {"256.0.0.0/8", "256.0.0.0/8" NO_ADDRESS},
        {"0x7f.0.0.1", "0x7f.0.0.1" NO_ADDRESS},
        {"1.2.3.4:80", "1.2.3.4:80" NO_ADDRESS},
        {"[::1]", "[::1]" NO_ADDRESS},
        {":::/64", ":::/64" NO_ADDRESS},
        {"\xff", "\xff" NO_ADDRESS},
        {"10.0.0.0/", "10.0.0.0/" BITS_4},
        {"10.0.0.0/33", "10.0.0.0/33" BITS_4},
        {"10.0.0.0/-1", "10.0.0.0/-1" BITS_4},
        {"10.0.0.0/+8", "10.0.0.0/+8" BITS_4},
        {"10.0.0.0/08", "10.0.0.0/08" BITS_4},
        {"10.0.0.0/8/8", "10.0.0.0/8/8" BITS_4},
        {"10.0.0.0/256", "10.0.0.0/256" BITS_4},
        {"10.0.0.0/264", "10.0.0.0/264" BITS_4},
        {"10.0.0.0/4294967304", "10.0.0.0/4294967304" BITS_4},
        {"10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0" BITS_4},
        {"::/129", "::/129" BITS_6},
        {"::/x", "::/x" BITS_6},
        {"10.0.0.1/8", "10.0.0.1/8: did you mean 10.0.0.0/8?"},
        {"10.0.0.1/31", "10.0.0.1/31: did you mean 10.0.0.0/31?"},
        {"192.168.1.0/16", "192.168.1.0/16: did you mean 192.168.0.0/16?"},
        {"1.2.3.4/0", "1.2.3.4/0: did you mean 0.0.0.0/0?"},
        {"2001:db8::1/32", "2001:db8::1/32: did you mean 2001:db8::/32?"},
        {"2001:db8:c000::/33", "2001:db8:c000::/33: did you mean 2001:db8:8000::/33?"},
        {"::1/127", "::1/127: did you mean ::/127?"},
        {"::ffff:10.0.0.1/104", "::ffff:10.0.0.1/104: did you mean 10.0.0.0/8?"},
        {"::ffff:0:0/95", "::ffff:0:0/95: did you mean ::fffe:0:0/95?"},
        {"fe80::1%1", "fe80::1%1" ZONE},
        {"fe80::%1/64", "fe80::%1/64" ZONE},
        {"fe80::/64%1", "fe80::/64%1" BITS_6},
        {"unix:/run/x", "unix:/run/x" NO_ADDRESS},
        {"Unix", "Unix" NO_ADDRESS},
        {DIGITS_50 "1234567890123456789012345678901234",
         DIGITS_50 "1234567890123456789012345678901234" TOO_LONG},
        {DIGITS_50 DIGITS_50 "1", DIGITS_50 DIGITS_50 TOO_LONG},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unit_row(unit, rows[i].text);
        struct access_list list = list_of(unit, "192.0.2.7");
        struct tenon_address kept = address_of(unit, "192.0.2.7");
        struct tenon_address other = address_of(unit, "10.0.0.1");
        char problem[ACCESS_PROBLEM_MAX] = "";
        CHECK(unit, !access_list_add(&list, rows[i].text, ACCESS_WITH_UNIX, problem));
        CHECK_TEXT(unit, problem, rows[i].problem);
        CHECK(unit, list.count == 1 && access_list_has(&list, &kept));
        CHECK(unit, !access_list_has(&list, &other));
    }
}

static void check_unix(struct unit *unit)
{
    struct access_list list = {.count = 0};
    struct tenon_address path = address_of(unit, "unix");
    char problem[ACCESS_PROBLEM_MAX] = "";
    CHECK(unit, !access_list_add(&list, "::1,unix", ACCESS_WITHOUT_UNIX, problem));
    CHECK_TEXT(unit, problem,
               "unix: local sockets are not in this list: their files' permissions decide");
    CHECK(unit, access_list_is_empty(&list) && !access_list_has(&list, &path));
    CHECK(unit, !access_list_add(&list, "unix,nobody", ACCESS_WITH_UNIX, problem));
    CHECK(unit, access_list_is_empty(&list) && !access_list_has(&list, &path));
    CHECK(unit, access_list_add(&list, "unix", ACCESS_WITH_UNIX, problem));
    CHECK(unit, !access_list_is_empty(&list) && access_list_has(&list, &path));
    CHECK(unit, !access_list_add(&list, "nobody", ACCESS_WITH_UNIX, problem));
    CHECK(unit, access_list_has(&list, &path));
}

/* Options that are repeated add up, and the list ends where its memory does. */
static void check_limit(struct unit *unit)
{
    struct access_list list = {.count = 0};
    char problem[ACCESS_PROBLEM_MAX] = "";
    char text[80];
    for (unsigned i = 0; i < ACCESS_PREFIXES_MAX; i += 2) {
        (void)snprintf(text, sizeof text, "10.0.%u.0/24,10.1.%u.7", i, i);
        CHECK(unit, access_list_add(&list, text, ACCESS_WITHOUT_UNIX, problem));
    }
    struct tenon_address first = address_of(unit, "10.0.0.9");
    struct tenon_address last = address_of(unit, "10.1.254.7");
    CHECK(unit, list.count == ACCESS_PREFIXES_MAX);
    CHECK(unit, access_list_has(&list, &first) && access_list_has(&list, &last));
    CHECK(unit, !access_list_add(&list, "::1", ACCESS_WITHOUT_UNIX, problem));
    CHECK_TEXT(unit, problem, "::1: there are more than 256 addresses and prefixes");
    CHECK(unit, list.count == ACCESS_PREFIXES_MAX);
}

static void check_decision(struct unit *unit)
{
    static const struct {
        const char *allow;
        const char *deny;
        const char *ip;
        bool granted;
    } rows[] = {
        {NULL, NULL, "192.0.2.1", true},
        {NULL, NULL, "unix", true},
        {"192.0.2.0/24", NULL, "192.0.2.1", true},
        {"192.0.2.0/24", NULL, "::ffff:192.0.2.1", true},
        {"192.0.2.0/24", NULL, "198.51.100.1", false},
        {"192.0.2.0/24", NULL, "::1", false},
        {"192.0.2.0/24", NULL, "unix", true},
        {NULL, "192.0.2.0/24", "192.0.2.1", false},
        {NULL, "192.0.2.0/24", "::ffff:192.0.2.1", false},
        {NULL, "192.0.2.0/24", "198.51.100.1", true},
        {NULL, "0.0.0.0/0,::/0", "unix", true},
        {"0.0.0.0/0", "192.0.2.0/24", "192.0.2.1", false},
        {"192.0.2.1", "192.0.2.0/24", "192.0.2.1", false},
        {"192.0.2.0/24", "192.0.2.1", "192.0.2.1", false},
        {"192.0.2.0/24", "192.0.2.1", "192.0.2.2", true},
        {"192.0.2.0/24", "192.0.2.1", "192.0.3.2", false},
        {"2001:db8::/32", NULL, "2001:db8::1", true},
        {"2001:db8::/32", NULL, "192.0.2.1", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct access_list allow = list_of(unit, rows[i].allow);
        struct access_list deny = list_of(unit, rows[i].deny);
        struct tenon_address address = address_of(unit, rows[i].ip);
        char text[120];
        (void)snprintf(text, sizeof text, "row %zu: %s", i, rows[i].ip);
        unit_row(unit, text);
        CHECK(unit, access_is_granted(&allow, &deny, &address) == rows[i].granted);
    }
}

const struct unit_case access_cases[] = {
    {"access.members", check_members},
    {"access.problems", check_problems},
    {"access.unix", check_unix},
    {"access.limit", check_limit},
    {"access.decision", check_decision},
    {NULL, NULL}
};
