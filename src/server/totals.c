/* Totals. */
#include "server/totals.h"

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
