/* What every case has: programs that are started and looked at, and checks that end the case. Each
 * case is a process of its own. */
#ifndef PROGRAMS_HARNESS_H
#define PROGRAMS_HARNESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/status.h>
#include "testing.h"

enum {
    PATH_TEXT_MAX = 1024,
    PLACE_TEXT_MAX = 80
};

/* How long anything may take that is expected to happen: long, for slow and busy machines. */
#define PATIENCE (40 * TENON_SECOND)

/* A list of arguments, and none. */
#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ARGUMENTS ((const char *const[]){NULL})

/* Each ends the case, with what all programs wrote, where it fails. In a pattern `#` stands for one
 * or more decimal digits. */
#define CHECK(condition) ((condition) ? (void)0 : case_fail(__FILE__, __LINE__, #condition))
#define CHECK_TEXT(text, pattern) check_text(__FILE__, __LINE__, text, pattern)
#define CHECK_CONTAINS(text, part) check_contains(__FILE__, __LINE__, text, part)
#define CHECK_CODE(run, expected) check_code(__FILE__, __LINE__, run, expected)

struct run;
void case_fail(const char *file, int line, const char *what);
void case_skip(const char *why);
/* What undoes a case's own doings, called when it ends in whatever way; and that call. */
void case_clean_with(void (*clean)(void));
void case_clean(void);
void check_text(const char *file, int line, const char *text, const char *pattern);
void check_contains(const char *file, int line, const char *text, const char *part);
void check_code(const char *file, int line, const struct run *run, int expected);

/* The parts `part` of a text. */
size_t count_parts(const char *text, const char *part);

/* OTHER_*: builds for another system, named by TENON_OTHER_SERVER, _CLIENT and _LAUNCHER. */
enum program {
    SERVER,
    CLIENT,
    OTHER_SERVER,
    OTHER_CLIENT,
    PYTHON
};

/* Whether this run has the program: its command is known. */
bool program_known(enum program program);

/* One that runs or ran. */
struct run {
    struct testing_process *process;
    int code;
    char *output;           /* after its end; zero-terminated */
    size_t output_size;
    char *error;
};

/* A new folder, whose name is no ASCII; to be freed. A path in it, and waiting until the file there
 * has the text. */
char *new_folder(void);
void path_in(char path[PATH_TEXT_MAX], const char *folder, const char *name);
void await_file(const char *path, const char *text);

/* The file that a program is started from; to be freed. */
char *program_file(enum program program);

struct streams {
    enum testing_stream input;
    enum testing_stream output;
    enum testing_stream error;
};

/* With the null device as input and pipes as outputs, or with the streams given. */
void run_start(struct run *run, enum program program, const char *const *arguments);
void run_start_with(struct run *run, enum program program, const char *const *arguments,
                    const struct streams *streams);
void run_wait(struct run *run);
/* With all that `start` asks for but the arguments. */
void run_start_as(struct run *run, enum program program, const char *const *arguments,
                  const struct testing_start *start);
/* Both: from its start to its end. */
void run_whole(struct run *run, enum program program, const char *const *arguments);
void run_await(struct run *run, enum testing_output output, const char *text, size_t count);
/* What it has written so far, to be freed. */
char *run_text(struct run *run, enum testing_output output);
/* Frees it, or kills it first. */
void run_close(struct run *run);

/* A signal; skips the case where this system has none to send. */
void run_signal(struct run *run, enum testing_signal signal);

/* A server that listens. */
struct service {
    struct run run;
    char folder[PATH_TEXT_MAX];
    char ready_file[PATH_TEXT_MAX];
    char *ready;                        /* the ready file's text */
    uint16_t port;
    char place[PLACE_TEXT_MAX];         /* as a client takes it */
};

/* Starts a server on `address`, such as `localhost:0`, and waits until it listens. */
void service_start(struct service *service, const char *address, const char *const *arguments);
void service_start_other(struct service *service, const char *address,
                         const char *const *arguments);
/* Waits for its own end. */
void service_wait(struct service *service, int code);
/* Stops it: with code 0, where a signal can be sent. */
void service_stop(struct service *service);

/* The exchange of a raw client: sends, reads all until the end, closes. */
void raw_exchange(const struct service *service, const char *message, const char *answer);
/* A raw connection to it. */
int64_t raw_to(const struct service *service);
/* Sends all, or the case fails. */
void raw_send(int64_t peer, const void *data, size_t size);
/* Bytes that are sent to a greeting server: it answers with the usual greeting and ends. */
void raw_served(const struct service *service, const void *data, size_t size);
/* That it resets, without an answer. The reset may come before the connect has ended or the bytes
 * are sent, so the server's log is to say that it was the server's doing. */
void raw_refused(const struct service *service, const void *data, size_t size);
void raw_refused_by(const struct service *service, enum tenon_family family, const void *data,
                    size_t size);
/* What remains of both where the bytes have been sent; closes the connection. */
void raw_answered(int64_t peer);
void raw_is_reset(int64_t peer);
/* A port that refuses connections on both loopbacks as long as the socket is held. */
int64_t refusing_port(uint16_t *port_out);
/* `127.0.0.1:PORT`. */
void place_text(char text[PLACE_TEXT_MAX], const char *host, uint16_t port);

/* A client that has come to a raw server of ours, whose receive buffer is small. */
struct visit {
    struct run client;
    int64_t listener;
    int64_t peer;
    char place[PLACE_TEXT_MAX];
};
enum {
    VISIT_BUFFER = 64 * 1024
};
void visit_begin(struct visit *visit, const char *const *arguments);
void visit_begin_with(struct visit *visit, const char *const *arguments,
                      const struct streams *streams);
/* This text, at most 256 bytes, comes from it. And: one receive, of one byte. */
void visit_expect(const struct visit *visit, const char *text);
enum testing_raw_result visit_receive(const struct visit *visit, int64_t timeout);
void visit_reset(struct visit *visit);
/* Waits for the client's end; and closes our side before. */
void visit_wait(struct visit *visit, int code);
void visit_end(struct visit *visit, int code);

bool have_ipv6(void);

/* A literal's bytes, without its zero. */
#define BYTES(text) text, sizeof(text) - 1

/* The lab's own words. */
#define CLIENT_TRANSCRIPT \
    "Connected to server.\nMessage sent.\nServer's response: Hello from the server!!!\n"
#define SERVER_LISTENS "Server is listening for connections...\n"
#define SERVER_SERVED(peer) \
    "Connected to client: " peer "\nReceived data: Hello from the client!!!\nResponse sent.\n"

/* A case, and the tables of them that the files hold; a row without a name ends one. */
struct test_case {
    const char *name;
    void (*run)(void);
};
extern const struct test_case exchange_cases[];
extern const struct test_case service_cases[];
extern const struct test_case server_cases[];
extern const struct test_case stop_cases[];
extern const struct test_case client_cases[];
extern const struct test_case answer_cases[];
extern const struct test_case stream_cases[];
extern const struct test_case usage_cases[];
extern const struct test_case access_cases[];
extern const struct test_case proxy_cases[];
extern const struct test_case server_usage_cases[];
extern const struct test_case partner_cases[];
extern const struct test_case output_cases[];
extern const struct test_case load_cases[];
extern const struct test_case manager_cases[];
extern const struct test_case transfer_cases[];
extern const struct test_case ending_cases[];
extern const struct test_case script_cases[];
extern const struct test_case supervised_cases[];
extern const struct test_case trouble_cases[];

#endif
