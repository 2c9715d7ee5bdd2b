/* Listening on every address of a host, with one port for all of them. */
#include "common/loop.h"
#include <string.h>

enum {
    PORT_TRIES = 16
};

struct plan {
    struct tenon_loop *loop;
    struct tenon_listener *listeners;
    const struct tenon_listen_options *options;
    struct tenon_address addresses[TENON_LISTENERS_MAX];
    uint32_t count;
    uint16_t port;
};

/* Listeners on which nothing was accepted yet close at once. */
static void close_all(struct plan *plan, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool closed = plan->loop->backend->listener_close(&plan->listeners[i]);
        TENON_ASSERT(closed);
        plan->listeners[i].flags = LISTENER_CLOSING;
        plan->loop->pending--;
    }
}

static bool is_absent(enum tenon_status status)
{
    return status == TENON_ADDRESS_NOT_AVAILABLE || status == TENON_FAMILY_UNSUPPORTED;
}

/* One try at all of the addresses. */
static enum tenon_status listen_all(struct plan *plan, struct tenon_listen_report *report)
{
    uint16_t port = plan->port;
    memset(report, 0, sizeof *report);
    for (uint32_t i = 0; i < plan->count; i++) {
        struct tenon_listener *listener = &plan->listeners[report->count];
        struct tenon_endpoint endpoint = {.address = plan->addresses[i]};
        endpoint.address.port = port;
        enum tenon_status status = tenon_listen(plan->loop, listener, &endpoint, plan->options);
        if (status == TENON_OK) {
            port = listener->address.port;
            report->count++;
            continue;
        }
        report->failed = endpoint.address;
        report->error = listener->error;
        if (!is_absent(status)) {
            close_all(plan, report->count);
            report->count = 0;
            return status;
        }
        report->skipped++;
    }
    return report->count > 0 ? TENON_OK : report->error.status;
}

static enum tenon_status listen_path(struct plan *plan, const char *path,
                                     struct tenon_listen_report *report)
{
    struct tenon_endpoint endpoint = {.address.family = TENON_FAMILY_PATH};
    size_t size = strlen(path);
    report->failed = endpoint.address;
    if (size == 0 || size > TENON_PATH_MAX) {
        report->error.status = TENON_INVALID;
        return TENON_INVALID;
    }
    memcpy(endpoint.path, path, size + 1);
    enum tenon_status status =
        tenon_listen(plan->loop, plan->listeners, &endpoint, plan->options);
    report->error = plan->listeners->error;
    report->count = status == TENON_OK ? 1 : 0;
    return status;
}

/* The addresses to listen on: all of this machine, those that need no look-up, or the name's. */
static struct tenon_error find_addresses(struct plan *plan, const char *host,
                                         enum tenon_family family)
{
    if (host == NULL) {
        if (family != TENON_FAMILY_IPV4) {
            plan->addresses[plan->count++].family = TENON_FAMILY_IPV6;
        }
        if (family != TENON_FAMILY_IPV6) {
            plan->addresses[plan->count++].family = TENON_FAMILY_IPV4;
        }
        return error_of(TENON_OK);
    }
    struct tenon_error error = error_of(
        host_addresses(host, family, plan->addresses, &plan->count));
    if (error.status == TENON_NOT_RESOLVED) {
        error = plan->loop->backend->lookup(host, family, plan->addresses, TENON_LISTENERS_MAX,
                                            &plan->count);
    }
    if (error.status == TENON_OK && plan->count == 0) {
        error.status = TENON_NOT_RESOLVED;
    }
    return error;
}

enum tenon_status tenon_listen_host(struct tenon_loop *loop, struct tenon_listener *listeners,
                                    uint32_t count_max, const char *host, uint16_t port,
                                    const struct tenon_listen_options *options,
                                    struct tenon_listen_report *report_out)
{
    struct plan plan = {.loop = loop, .listeners = listeners, .options = options, .port = port};
    enum tenon_family family = options == NULL ? TENON_FAMILY_ANY : options->family;
    const char *path = host_path(host);
    memset(report_out, 0, sizeof *report_out);
    loop_assert_thread(loop);
    if (count_max == 0) {
        report_out->error.status = TENON_LIMIT;
        return TENON_LIMIT;
    }
    if (path != NULL) {
        return listen_path(&plan, path, report_out);
    }
    report_out->error = find_addresses(&plan, host, family);
    if (report_out->error.status != TENON_OK) {
        return report_out->error.status;
    }
    if (plan.count > count_max) {
        report_out->error.status = TENON_LIMIT;
        return TENON_LIMIT;
    }
    enum tenon_status status = listen_all(&plan, report_out);
    for (int tries = 1; tries < PORT_TRIES && port == 0 && status == TENON_ADDRESS_IN_USE;
         tries++) {
        status = listen_all(&plan, report_out);
    }
    return status;
}
