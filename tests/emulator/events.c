#include "events.h"

#include <stdlib.h>

void events_add(struct events *events, const char *name, const char *json)
{
    struct text event = {0};
    if (!events->listeners)
        return;
    text_add_format(&event, "event: %s\ndata: ", name);
    text_add_string(&event, json);
    text_add_string(&event, "\n\n");
    char **slot = &events->texts[events->count++ % EVENTS_KEPT];
    free(*slot);
    *slot = event.data;
}

uint64_t events_write(const struct events *events, uint64_t next, size_t most, struct text *stream)
{
    uint64_t oldest = events->count > EVENTS_KEPT ? events->count - EVENTS_KEPT : 0;
    if (next < oldest) {
        text_add_string(stream, "event: lost\ndata: {}\n\n");
        next = oldest;
    }
    while (next < events->count && stream->length < most)
        text_add_string(stream, events->texts[next++ % EVENTS_KEPT]);
    return next;
}

void events_free(struct events *events)
{
    for (size_t i = 0; i < EVENTS_KEPT; i++)
        free(events->texts[i]);
}
