/* Totals. */
#include "server/totals.h"
#include "common/event.h"

void totals_add(struct totals *sum, const struct totals *totals)
{
    sum->accepted += totals->accepted;
    sum->answered += totals->answered;
    sum->received += totals->received;
    sum->sent += totals->sent;
    sum->timeouts += totals->timeouts;
    sum->errors += totals->errors;
    sum->denied += totals->denied;
    sum->crowded += totals->crowded;
    sum->malformed += totals->malformed;
    sum->uncertified += totals->uncertified;
    sum->shed += totals->shed;
}

void totals_write(const struct totals *totals, struct event *event)
{
    event_number(event, "answered", totals->answered);
    event_number(event, "received", totals->received);
    event_number(event, "sent", totals->sent);
    event_number(event, "timeouts", totals->timeouts);
    event_number(event, "errors", totals->errors);
    event_number(event, "denied", totals->denied);
    event_number(event, "crowded", totals->crowded);
    event_number(event, "malformed", totals->malformed);
    event_number(event, "uncertified", totals->uncertified);
    event_number(event, "shed", totals->shed);
}
