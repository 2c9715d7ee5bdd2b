/* A name service under the test's control: a backend's table with another look-up in it. */
#include "backend.h"
#include "common/loop.h"
#include "testing.h"
#include <string.h>

/* The table has no place for an argument, so this is the process's own. */
static struct {
    bool ready;
    struct tenon_backend backend;
    struct tenon_lock lock;         /* of what follows */
    struct tenon_condition changed;
    bool held;
    uint32_t begun;
    uint32_t running;
    enum tenon_status status;
    struct tenon_address addresses[TENON_ATTEMPTS_MAX];
    uint32_t count;
} service;

static struct tenon_error slow_lookup(const char *host, enum tenon_family family,
                                      struct tenon_address *addresses, uint32_t max,
                                      uint32_t *count_out)
{
    uint32_t count = 0;
    (void)host;
    tenon_lock_take(&service.lock);
    service.begun++;
    service.running++;
    tenon_condition_wake(&service.changed);
    while (service.held) {
        (void)tenon_condition_wait(&service.changed, &service.lock, TENON_FOREVER);
    }
    for (uint32_t i = 0; i < service.count && count < max; i++) {
        if (family == TENON_FAMILY_ANY || service.addresses[i].family == (uint16_t)family) {
            addresses[count++] = service.addresses[i];
        }
    }
    struct tenon_error error = error_of(service.status);
    service.running--;
    tenon_condition_wake(&service.changed);
    tenon_lock_give(&service.lock);
    *count_out = error.status == TENON_OK ? count : 0;
    if (error.status == TENON_OK && count == 0) {
        error = error_of(TENON_NOT_RESOLVED);
    }
    return error;
}

enum tenon_status testing_loop_open_slow_lookup(const char *backend, struct tenon_loop **out)
{
    enum tenon_status status = TENON_UNSUPPORTED;
    if (!service.ready) {
        tenon_lock_init(&service.lock);
        tenon_condition_init(&service.changed);
        service.ready = true;
    }
    testing_lookup_hold();
    tenon_lock_take(&service.lock);
    service.begun = 0;
    tenon_lock_give(&service.lock);
    *out = NULL;
    for (size_t i = 0; tenon_backends[i] != NULL && status == TENON_UNSUPPORTED; i++) {
        if (backend == NULL || strcmp(backend, tenon_backends[i]->name) == 0) {
            service.backend = *tenon_backends[i];
            service.backend.lookup = slow_lookup;
            status = loop_open_with(&service.backend, NULL, out);
        }
    }
    return status;
}

void testing_lookup_release(enum tenon_status status, const struct tenon_address *addresses,
                            uint32_t count)
{
    TENON_ASSERT(service.ready);
    TENON_ASSERT(count <= TENON_ATTEMPTS_MAX);
    tenon_lock_take(&service.lock);
    service.status = status;
    service.count = count;
    if (count > 0) {
        memcpy(service.addresses, addresses, count * sizeof *addresses);
    }
    service.held = false;
    tenon_condition_wake(&service.changed);
    tenon_lock_give(&service.lock);
}

void testing_lookup_hold(void)
{
    TENON_ASSERT(service.ready);
    tenon_lock_take(&service.lock);
    service.held = true;
    tenon_lock_give(&service.lock);
}

static bool await(bool idle, uint32_t begun, int64_t timeout)
{
    int64_t deadline = testing_clock() + timeout;
    int64_t left = timeout;
    bool done = false;
    TENON_ASSERT(service.ready);
    tenon_lock_take(&service.lock);
    while (!done && left > 0) {
        done = service.begun >= begun && !(idle && service.running > 0);
        if (!done) {
            (void)tenon_condition_wait(&service.changed, &service.lock, left);
            left = deadline - testing_clock();
        }
    }
    tenon_lock_give(&service.lock);
    return done;
}

bool testing_lookup_await_begun(uint32_t count, int64_t timeout)
{
    return await(false, count, timeout);
}

bool testing_lookup_await_idle(int64_t timeout)
{
    return await(true, 0, timeout);
}
