/* A server's command lines that are wrong: each ends with its exit code and names what is wrong.
 * (Headers that are wrong: proxy.malformed.) */
#include "harness.h"
#include <stdio.h>
#include <string.h>
#include <tenon/supervision.h>

enum {
    ROW_ARGUMENTS = 4
};

struct row {
    const char *arguments[ROW_ARGUMENTS];
    int code;
    const char *said;
};

/* Rows end where there is no argument. */
static void check_rows(const struct row *rows)
{
    for (const struct row *row = rows; row->arguments[0] != NULL; row++) {
        struct run run;
        const char *arguments[ROW_ARGUMENTS + 1] = {NULL};
        for (size_t i = 0; i < ROW_ARGUMENTS; i++) {
            arguments[i] = row->arguments[i];
        }
        run_whole(&run, SERVER, arguments);
        bool usage = row->code == 2 && strstr(row->said, "cannot") == NULL;
        bool good = run.code == row->code && run.output_size == 0 &&
                    strncmp(run.error, "server: ", 8) == 0 &&
                    strstr(run.error, row->said) != NULL &&
                    count_parts(run.error, "hint: see server --help\n") == (usage ? 1u : 0u) &&
                    count_parts(run.error, "\n") <= 2;
        if (!good) {
            (void)printf("server %s %s: exit code %d instead of %d with: %s\n", arguments[0],
                         arguments[1] == NULL ? "" : arguments[1], run.code, row->code, row->said);
        }
        CHECK(good);
        run_close(&run);
    }
}

#define NO_ADDRESS ": it is neither a numeric address nor a prefix such as 10.0.0.0/8"

static void lists(void)
{
    static const struct row rows[] = {
        {{"--allow", ""}, 2, "--allow: '' has an empty entry"},
        {{"--allow="}, 2, "--allow: '' has an empty entry"},
        {{"--allow", "10.0.0.0/8,,::1"}, 2, "--allow: '10.0.0.0/8,,::1' has an empty entry"},
        {{"--allow"}, 2, "--allow needs a value"},
        {{"--allow", "10.0.0.1/8"}, 2, "--allow: 10.0.0.1/8: did you mean 10.0.0.0/8?"},
        {{"--allow", "::1", "--allow", "2001:db8::1/32"}, 2, "did you mean 2001:db8::/32?"},
        {{"--allow", "localhost"}, 2, "--allow: localhost" NO_ADDRESS},
        {{"--allow", "10.0.0.0/8,example.com"}, 2, "--allow: example.com" NO_ADDRESS},
        {{"--allow", "10.0.0.0/8, ::1"}, 2, "--allow:  ::1" NO_ADDRESS},
        {{"--allow", "1.2.3.4:80"}, 2, "--allow: 1.2.3.4:80" NO_ADDRESS},
        {{"--allow", "[::1]"}, 2, "--allow: [::1]" NO_ADDRESS},
        {{"--allow", "010.0.0.1"}, 2, "--allow: 010.0.0.1" NO_ADDRESS},
        {{"--allow", "\x1b[2J"}, 2, "--allow: \\x1b[2J" NO_ADDRESS},
        {{"--allow", "10.0.0.0/33"}, 2, "--allow: 10.0.0.0/33: behind the slash"},
        {{"--allow", "::/129"}, 2, "--allow: ::/129: behind the slash"},
        {{"--allow", "fe80::1%1"}, 2, "--allow: fe80::1%1: a zone"},
        {{"--allow", "unix"}, 2, "--allow: unix: local sockets"},
        {{"--deny", "10.0.0.0/255.0.0.0"}, 2, "--deny: 10.0.0.0/255.0.0.0: behind the slash"},
        {{"--deny", "::1/127"}, 2, "--deny: ::1/127: did you mean ::/127?"},
        {{"--deny", "unix"}, 2, "--deny: unix: local sockets"},
        {{"--deny", "everybody"}, 2, "--deny: everybody" NO_ADDRESS},
        {{"--proxy-protocol", "unix:/run/x"}, 2, "--proxy-protocol: unix:/run/x" NO_ADDRESS},
        {{"--proxy-protocol", "proxy.example"}, 2, "--proxy-protocol: proxy.example" NO_ADDRESS},
        {{"--proxy-protocol="}, 2, "--proxy-protocol: '' has an empty entry"},
        {{"--require-client-cert"}, 2, "--require-client-cert belongs to --proxy-protocol"},
        {{"--require-client-cert=alice", "--allow", "::1"}, 2, "belongs to --proxy-protocol"},
        {{"--require-client-cert=", "--proxy-protocol", "::1"}, 2, "--require-client-cert="},
        {{NULL}, 0, NULL},
    };
    check_rows(rows);
}

static void numbers(void)
{
    static const struct row rows[] = {
        {{"--max-per-ip", "0"}, 2, "--max-per-ip 0: "},
        {{"--max-per-ip", "-1"}, 2, "--max-per-ip -1: "},
        {{"--max-per-ip", "1.5"}, 2, "--max-per-ip 1.5: "},
        {{"--max-per-ip", "1000001"}, 2, "--max-per-ip 1000001: "},
        {{"--max-per-ip="}, 2, "--max-per-ip '': "},
        {{"--max-per-ip"}, 2, "--max-per-ip needs a value"},
        {{"--connections", "1000001"}, 2, "--connections 1000001: "},
        {{"-c", "0x10"}, 2, "--connections 0x10: "},
        {{"-c", "1kk"}, 2, "--connections 1kk: "},
        {{"-c", " 1"}, 2, "--connections  1: "},
        {{"-c", "1e3"}, 2, "--connections 1e3: "},
        {{"-c"}, 2, "-c needs a value"},
        {{"--threads", "-1"}, 2, "--threads -1: "},
        {{"--threads", "two"}, 2, "--threads two: "},
        {{"--threads="}, 2, "--threads '': "},
        {{"--timeout", "1001h"}, 2, "--timeout 1001h: "},
        {{"-t", "1.2345s"}, 2, "--timeout 1.2345s: "},
        {{"-t", ".5"}, 2, "--timeout .5: "},
        {{"-t", "1d"}, 2, "--timeout 1d: "},
        {{"-t"}, 2, "-t needs a value"},
        {{"--drain", "-1"}, 2, "--drain -1: "},
        {{"--drain", "10 s"}, 2, "--drain 10 s: "},
        {{"--drain="}, 2, "--drain '': "},
        {{NULL}, 0, NULL},
    };
    check_rows(rows);
}

static void words(void)
{
    static const struct row rows[] = {
        {{"--alow", "::1"}, 2, "unknown option --alow (did you mean --allow?)"},
        {{"--denny", "::1"}, 2, "unknown option --denny (did you mean --deny?)"},
        {{"--proxy", "::1"}, 2, "unknown option --proxy (did you mean --proxy-protocol?)"},
        {{"--max-per-host", "1"}, 2, "unknown option --max-per-host (did you mean --max-per-ip?)"},
        {{"--require-client-crt"}, 2, "--require-client-crt (did you mean --require-client-cert?)"},
        {{"--bench"}, 2, "unknown option --bench"},
        {{"--output", "x"}, 2, "unknown option --output"},
        {{"-Z"}, 2, "unknown option -Z"},
        {{"---"}, 2, "unknown option ---"},
        {{"--="}, 2, "unknown option --"},
        {{"--once=1"}, 2, "--once takes no value"},
        {{"--once", "--threads", "2"}, 2, "leave --threads out"},
        {{"--mode", "ECHO"}, 2, "--mode ECHO: "},
        {{"--mode"}, 2, "--mode needs a value"},
        {{"--mode", "discard", "-m", "x"}, 2, "--message belongs to --mode greet"},
        {{"--mode", "discard", "-i", "x"}, 2, "--input belongs to --mode greet"},
        {{"-m", "x", "-i", "y"}, 2, "--message and --input"},
        {{"--backend", "select"}, 2, "--backend select: "},
        {{NULL}, 0, NULL},
    };
    check_rows(rows);
}

#define TEN "xxxxxxxxxx"
#define FIFTY TEN TEN TEN TEN TEN

static void addresses(void)
{
    static const struct row rows[] = {
        {{":65536"}, 2, "':65536' is no address"},
        {{":-1"}, 2, "':-1' is no address"},
        {{":http"}, 2, "':http' is no address"},
        {{"::1", "localhost:"}, 2, "'localhost:' is no address"},
        {{"a b:1"}, 2, "'a b:1' is no address"},
        {{" "}, 2, "' ' is no address"},
        {{"http://localhost/"}, 2, "'http://localhost/' is no address"},
        {{"user@host:80"}, 2, "'user@host:80' is no address"},
        {{"[::1]80"}, 2, "'[::1]80' is no address"},
        {{"[::1%none]:0"}, 2, "'[::1%none]:0' is no address"},
        {{"a]b"}, 2, "'a]b' is no address"},
        {{"1.2.3.4.5:80"}, 2, "'1.2.3.4.5:80' is no address"},
        {{"256.1.1.1:1"}, 2, "'256.1.1.1:1' is no address"},
        {{"0x7f.1:80"}, 2, "'0x7f.1:80' is no address"},
        {{"unix:@name"}, 2, "'unix:@name' is no address: abstract names"},
        {{"unix:" FIFTY FIFTY "xxxx"}, 2, "at most 103 bytes"},
        {{FIFTY FIFTY FIFTY FIFTY FIFTY TEN ":1"}, 2, "at most 255 bytes"},
        {{"-6", "127.0.0.1:0"}, 3, "cannot listen on 127.0.0.1:0: it is an IPv4 address, "},
        {{"-4", "[::1]:0"}, 3, "cannot listen on [::1]:0: it is an IPv6 address, "},
        {{"nonexistent.invalid:0"}, 3, "cannot listen on nonexistent.invalid:0: "},
        {{"127.0.0.1:0", "192.0.2.1:0"}, 6, "cannot listen on 192.0.2.1:0: "},
        {{"unix:no-such-folder/socket"}, 6, "cannot listen on unix:no-such-folder/socket: "},
        {{NULL}, 0, NULL},
    };
    check_rows(rows);
}

static void files(void)
{
    static const struct row rows[] = {
        {{"-i", "no-such-folder/file", "127.0.0.1:0"}, 2, "cannot open no-such-folder/file: "},
        {{"-i", "no-such-file", "127.0.0.1:0"}, 2, "cannot open no-such-file: "},
        {{"-i", ".", "127.0.0.1:0"}, 2, "cannot open .: "},
        {{"--input=", "127.0.0.1:0"}, 2, "cannot open '': "},
        {{"-i"}, 2, "-i needs a value"},
        {{"--ready-file", "no-such-folder/ready", "127.0.0.1:0"}, 2,
         "cannot write the ready file no-such-folder/ready: "},
        {{"--ready-file", ".", "127.0.0.1:0"}, 2, "cannot remove the ready file .: it is a folder"},
        {{"--ready-file"}, 2, "--ready-file needs a value"},
        {{"--log-file", "no-such-folder/log", "127.0.0.1:0"}, 2,
         "cannot open the log file no-such-folder/log: "},
        {{"--log-file", ".", "127.0.0.1:0"}, 2, "cannot open the log file .: it is a folder"},
        {{"--log-file=", "127.0.0.1:0"}, 2, "cannot open the log file '': "},
        {{"--log-file"}, 2, "--log-file needs a value"},
        {{NULL}, 0, NULL},
    };
    check_rows(rows);
}

#define ABSOLUTE ": with --service it is to be an absolute path"

static void service(void)
{
    static const struct row rows[] = {
        {{"--service"}, 2, "--service needs --log-file PATH"},
        {{"--service", "--log-file", "log"}, 2, "--log-file log" ABSOLUTE},
        {{"--service", "--log-file", "\\log"}, 2, "--log-file \\\\log" ABSOLUTE},
        {{"--service", "--log-file", "C:log"}, 2, "--log-file C:log" ABSOLUTE},
        {{"--service", "--log-file", ""}, 2, "--log-file " ABSOLUTE},
        {{"--service", "--log-file=C:\\log", "-i", "page"}, 2, "--input page" ABSOLUTE},
        {{"--service", "--log-file=C:\\log", "--ready-file=r"}, 2, "--ready-file r" ABSOLUTE},
        {{"--service=yes"}, 2, "--service takes no value"},
        {{NULL}, 0, NULL},
    };
    static const struct row elsewhere[] = {
        {{"--service"}, 2, "--service is for Windows"},
        {{"--service", "--log-file", "/tmp/log"}, 2, "--service is for Windows"},
        {{NULL}, 0, NULL},
    };
    check_rows(tenon_has_services() ? rows : elsewhere);
}

const struct test_case server_usage_cases[] = {
    {"server_usage.lists", lists},
    {"server_usage.numbers", numbers},
    {"server_usage.words", words},
    {"server_usage.addresses", addresses},
    {"server_usage.files", files},
    {"server_usage.service", service},
    {NULL, NULL},
};
