/* Replies that do not end: the events, as they come, to every page that is open. */
#ifndef EMULATOR_STREAM_H
#define EMULATOR_STREAM_H

#include "events.h"

#include <microhttpd.h>
#include <stdbool.h>

struct stream;

/* All zeroes but the events: nobody listens. */
struct streams {
    struct stream *first;
    struct events *events;
    bool ending; /* every stream ends when it is resumed */
};

/* The reply for a connection that listens from now on. It is suspended while there is nothing to tell. */
struct MHD_Response *stream_response(struct streams *streams, struct MHD_Connection *connection);
/* How long until a stream has something to send: 0 if one has now, -1 if nobody listens. */
int streams_next_ms(const struct streams *streams);
void streams_resume_due(struct streams *streams);
void streams_end(struct streams *streams);

#endif
