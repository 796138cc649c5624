/* What an open page is told: the last events, each with a number, for GET /_emulator/events. */
#ifndef EMULATOR_EVENTS_H
#define EMULATOR_EVENTS_H

#include "text.h"

#include <stdint.h>

enum { EVENTS_KEPT = 1024, MOST_LISTENERS = 32 };

struct events {
    char *texts[EVENTS_KEPT]; /* in the form of server-sent events */
    uint64_t count; /* ever added */
    unsigned listeners; /* streams that are open; without any nothing is added */
};

/* `json` is one line. */
void events_add(struct events *events, const char *name, const char *json);
/* Adds the events from number `next` on to `stream`, until it has `most` bytes or so, and gives the number of the event
 * after them. For events that are no longer kept there is one named "lost". */
uint64_t events_write(const struct events *events, uint64_t next, size_t most, struct text *stream);
void events_free(struct events *events);

#endif
