/* A client that has come to a raw server. */
#include "harness.h"
#include <string.h>

enum {
    VISIT_ARGUMENTS_MAX = 16
};

void visit_begin_with(struct visit *visit, const char *const *arguments,
                      const struct streams *streams)
{
    const char *all[VISIT_ARGUMENTS_MAX] = {NULL};
    size_t count = 0;
    memset(visit, 0, sizeof *visit);
    visit->listener = testing_raw_listen(TENON_FAMILY_IPV4, 0, 5, VISIT_BUFFER);
    CHECK(visit->listener != TESTING_RAW_NONE);
    place_text(visit->place, "127.0.0.1", testing_raw_port(visit->listener));
    while (arguments[count] != NULL) {
        CHECK(count < VISIT_ARGUMENTS_MAX - 2);
        all[count] = arguments[count];
        count++;
    }
    all[count] = visit->place;
    run_start_with(&visit->client, CLIENT, all, streams);
    visit->peer = testing_raw_accept(visit->listener, PATIENCE);
    CHECK(visit->peer != TESTING_RAW_NONE);
}

void visit_begin(struct visit *visit, const char *const *arguments)
{
    static const struct streams usual = {TESTING_NULL, TESTING_PIPE, TESTING_PIPE};
    visit_begin_with(visit, arguments, &usual);
}

void visit_expect(const struct visit *visit, const char *text)
{
    char data[256];
    size_t size = strlen(text);
    size_t done = 0;
    CHECK(size <= sizeof data);
    while (done < size) {
        size_t received = 0;
        CHECK(testing_raw_receive(visit->peer, data + done, size - done, PATIENCE, &received) ==
              TESTING_RAW_OK);
        done += received;
    }
    CHECK(memcmp(data, text, size) == 0);
}

enum testing_raw_result visit_receive(const struct visit *visit, int64_t timeout)
{
    char byte = 0;
    size_t received = 0;
    return testing_raw_receive(visit->peer, &byte, 1, timeout, &received);
}

void visit_reset(struct visit *visit)
{
    testing_raw_reset(visit->peer);
    visit->peer = TESTING_RAW_NONE;
}

void visit_wait(struct visit *visit, int code)
{
    run_wait(&visit->client);
    testing_raw_close(visit->peer);
    testing_raw_close(visit->listener);
    visit->peer = TESTING_RAW_NONE;
    CHECK_CODE(&visit->client, code);
}

void visit_end(struct visit *visit, int code)
{
    testing_raw_close(visit->peer);
    visit->peer = TESTING_RAW_NONE;
    visit_wait(visit, code);
}
