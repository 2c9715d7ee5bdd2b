/* A text as a source: one piece. */
#include "client/source.h"
#include "common/outer.h"
#include <string.h>

static void begin(struct source *source)
{
    OUTER(source, struct source_text, source)->taken = false;
}

static enum source_state look(struct source *source, struct tenon_piece *piece_out)
{
    const struct source_text *text = OUTER(source, struct source_text, source);
    piece_out->data = text->text;
    piece_out->size = strlen(text->text);
    return text->taken || piece_out->size == 0 ? SOURCE_ENDED : SOURCE_READY;
}

static void take(struct source *source)
{
    OUTER(source, struct source_text, source)->taken = true;
}

void source_text_init(struct source_text *source, const char *text)
{
    memset(source, 0, sizeof *source);
    source->source.begin = begin;
    source->source.look = look;
    source->source.take = take;
    source->source.name = "the message";
    source->text = text;
}
