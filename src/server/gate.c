/* The gate. */
#include "server/gate.h"
#include "common/event.h"
#include "server/access.h"
#include "server/crowd.h"
#include "server/proxy.h"
#include "server/server.h"
#include "server/service.h"
#include "server/session.h"
#include "server/worker.h"
#include <string.h>

enum verdict {
    VERDICT_WELCOME,
    VERDICT_DENIED,
    VERDICT_CROWDED
};

/* Of the address that counts. Any thread: the lists do not change, and the crowd has a lock. */
static enum verdict judge(struct server *server, const struct tenon_address *peer,
                          bool *counted_out)
{
    const struct server_options *options = server->options;
    *counted_out = false;
    if (!access_is_granted(&options->allow, &options->deny, peer)) {
        return VERDICT_DENIED;
    }
    if (options->per_address == 0 || peer->family == TENON_FAMILY_PATH) {
        return VERDICT_WELCOME;
    }
    *counted_out = crowd_enter(&server->crowd, peer);
    return *counted_out ? VERDICT_WELCOME : VERDICT_CROWDED;
}

/* `detail` may be NULL. */
static void log_refusal(struct console *console, uint32_t number, const struct tenon_address *peer,
                        const char *reason, const char *detail)
{
    struct event event;
    if (event_begin(&event, console, CONSOLE_INFO, "refuse")) {
        event_number(&event, "conn", number);
        event_address(&event, "peer", peer);
        event_text(&event, "reason", reason);
        if (detail != NULL) {
            event_text(&event, "detail", detail);
        }
        event_end(&event);
    }
}

/* Counts and logs what a verdict refuses. */
static bool is_welcome(enum verdict verdict, struct totals *totals, struct console *console,
                       uint32_t number, const struct tenon_address *peer)
{
    switch (verdict) {
    case VERDICT_WELCOME:
        return true;
    case VERDICT_DENIED:
        totals->denied++;
        log_refusal(console, number, peer, "denied", NULL);
        return false;
    case VERDICT_CROWDED:
        totals->crowded++;
        log_refusal(console, number, peer, "max_per_ip", NULL);
        return false;
    }
    return false;
}

bool gate_admit(struct server *server, struct handover *handover)
{
    const struct server_options *options = server->options;
    handover->counted = false;
    if (access_list_is_empty(&options->proxies)) {
        enum verdict verdict = judge(server, &handover->peer, &handover->counted);
        return is_welcome(verdict, &server->totals, server->console, handover->number,
                          &handover->peer);
    }
    if (!access_list_has(&options->proxies, &handover->peer)) {
        server->totals.denied++;
        log_refusal(server->console, handover->number, &handover->peer, "no_proxy", NULL);
        return false;
    }
    return true;    /* the header names the address that counts */
}

void gate_leave(struct server *server, bool counted, const struct tenon_address *peer)
{
    if (counted) {
        crowd_leave(&server->crowd, peer);
    }
}

/* ---- the header ---- */

bool gate_wants_header(const struct session *session)
{
    return !access_list_is_empty(&session->worker->options->proxies);
}

void gate_forget(struct session *session)
{
    if (session->state == SESSION_HEADER && session->begin.header != NULL) {
        struct reserve_entry *entry = session->begin.header;
        session->begin.header = NULL;
        reserve_give(&session->worker->reserve, entry);
    }
}

static void refuse_header(struct session *session, const char *reason)
{
    struct worker *worker = session->worker;
    worker->totals.malformed++;
    log_refusal(&worker->console, session->number, &session->peer, "proxy_header", reason);
    session_close(session, TENON_CLOSE_ABORT);
}

void gate_header_missing(struct session *session, const char *reason)
{
    refuse_header(session, reason);
}

void gate_refuse_local(struct session *session)
{
    refuse_header(session, "data behind a LOCAL one");
}

static bool has_certificate(struct session *session, const struct proxy_header *header)
{
    const struct server_options *options = session->worker->options;
    const char *reason = NULL;
    if (!options->needs_certificate ||
        proxy_has_certificate(header, options->certificate_name, &reason)) {
        return true;
    }
    session->worker->totals.uncertified++;
    log_refusal(&session->worker->console, session->number, &session->peer, "certificate", reason);
    session_close(session, TENON_CLOSE_ABORT);
    return false;
}

/* The header is complete: the client is whom it names. False: it was refused. */
static bool enter(struct session *session, const struct proxy_header *header)
{
    struct worker *worker = session->worker;
    bool counted = false;
    if (header->is_local) {
        session->is_local = true;
        return true;
    }
    if (header->source.family != TENON_FAMILY_ANY) {
        session->peer = header->source;
    }
    if (!has_certificate(session, header)) {
        return false;
    }
    enum verdict verdict = judge(worker->server, &session->peer, &counted);
    session->counted = counted;
    if (!is_welcome(verdict, &worker->totals, &worker->console, session->number,
                    &session->peer)) {
        session_close(session, TENON_CLOSE_ABORT);
        return false;
    }
    return true;
}

/* The session waits for its client now; what has come behind the header is the first of it. */
static enum tenon_flow pass(struct session *session, struct reserve_entry *entry, size_t size)
{
    struct worker *worker = session->worker;
    entry->size -= size;
    memmove(entry->data, entry->data + size, entry->size);
    session->begin.header = NULL;
    session->after.lingers_ms = 0;
    session->after.dropped = 0;
    session_set_state(session, SESSION_WAITING);
    session_wait(session);
    if (entry->size > 0) {
        return service_begin(session, entry);
    }
    reserve_give(&worker->reserve, entry);
    worker_wake_waiting(worker);
    return TENON_CONTINUE;
}

enum tenon_flow gate_on_ready(struct session *session)
{
    struct worker *worker = session->worker;
    struct proxy_header header;
    const char *reason = NULL;
    struct reserve_entry *entry = session->begin.header;
    if (entry == NULL) {
        entry = service_take_entry(session);
        if (entry == NULL) {
            return TENON_PAUSE;
        }
        entry->size = 0;
        session->begin.header = entry;
    }
    size_t size = tenon_stream_try_receive(&session->stream, entry->data + entry->size,
                                           PROXY_HEADER_MAX - entry->size);
    entry->size += size;
    session_received(session, entry->data + entry->size - size, size);
    if (entry->size == 0) {
        gate_forget(session);
        worker_wake_waiting(worker);
        return TENON_CONTINUE;
    }
    switch (proxy_parse(entry->data, entry->size, &header, &reason)) {
    case PROXY_NEED_MORE:
        return TENON_CONTINUE;
    case PROXY_WRONG:
        refuse_header(session, reason);
        return TENON_PAUSE;
    case PROXY_DONE:
        break;
    }
    return enter(session, &header) ? pass(session, entry, header.size) : TENON_PAUSE;
}
