/* Expectations. */
#include "client/expectation.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void expectation_begin(struct expectation *expectation, const char *text)
{
    memset(expectation, 0, sizeof *expectation);
    expectation->text = text;
    expectation->size = text == NULL ? 0 : strlen(text);
}

bool expectation_take(struct expectation *expectation, const void *data, size_t size)
{
    const char *bytes = data;
    for (size_t i = 0; i < size && expectation->equal == expectation->received + i; i++) {
        bool same = expectation->equal < expectation->size &&
                    expectation->text[expectation->equal] == bytes[i];
        expectation->equal += same ? 1 : 0;
    }
    expectation->received += size;
    return expectation->text == NULL || expectation->equal == expectation->received;
}

bool expectation_is_met(const struct expectation *expectation)
{
    return expectation->text == NULL || (expectation->equal == expectation->received &&
                                         expectation->equal == expectation->size);
}

void expectation_describe(const struct expectation *expectation, char text[EXPECTATION_TEXT_MAX])
{
    if (expectation->equal == expectation->received) {
        (void)snprintf(text, EXPECTATION_TEXT_MAX, "it ends behind %" PRIu64 " of its %zu bytes",
                       expectation->received, expectation->size);
    } else if (expectation->equal == expectation->size) {
        (void)snprintf(text, EXPECTATION_TEXT_MAX, "it goes on behind its %zu bytes",
                       expectation->size);
    } else {
        (void)snprintf(text, EXPECTATION_TEXT_MAX, "byte %" PRIu64 " is another",
                       expectation->equal + 1);
    }
}
