#include "stream.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

/* A beat finds out who has gone, and keeps the connection from being closed as idle. */
enum { BEAT_MS = 15000, BLOCK = 16384 };

struct stream {
    struct stream *next;
    struct streams *streams;
    struct MHD_Connection *connection;
    uint64_t next_event;
    struct text pending;
    size_t sent; /* of what is pending */
    int64_t beat_ms; /* when the next one is due */
    bool suspended;
};

static bool has_news(const struct stream *stream)
{
    return stream->next_event < stream->streams->events->count;
}

static void fill(struct stream *stream)
{
    stream->pending.length = stream->sent = 0;
    stream->next_event = events_write(stream->streams->events, stream->next_event, BLOCK, &stream->pending);
    if (!stream->pending.length && clock_monotonic_ms() >= stream->beat_ms)
        text_add_string(&stream->pending, ": beat\n\n");
    if (stream->pending.length)
        stream->beat_ms = clock_monotonic_ms() + BEAT_MS;
}

static ssize_t read_stream(void *data, uint64_t position, char *buffer, size_t most)
{
    struct stream *stream = data;
    (void)position;
    if (stream->streams->ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (stream->sent == stream->pending.length)
        fill(stream);
    size_t left = stream->pending.length - stream->sent, length = left < most ? left : most;
    if (!length) {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
        return 0;
    }
    memcpy(buffer, stream->pending.data + stream->sent, length);
    stream->sent += length;
    return (ssize_t)length;
}

static void free_stream(void *data)
{
    struct stream *stream = data, **slot = &stream->streams->first;
    while (*slot != stream)
        slot = &(*slot)->next;
    *slot = stream->next;
    stream->streams->events->listeners--;
    text_free(&stream->pending);
    free(stream);
}

struct MHD_Response *stream_response(struct streams *streams, struct MHD_Connection *connection)
{
    struct stream *stream = memory_new(sizeof *stream);
    stream->streams = streams;
    stream->connection = connection;
    stream->next_event = streams->events->count;
    stream->beat_ms = clock_monotonic_ms() + BEAT_MS;
    text_add_string(&stream->pending, "retry: 1000\nevent: hello\ndata: {}\n\n");
    stream->next = streams->first;
    streams->first = stream;
    streams->events->listeners++;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, free_stream);
}

static int64_t due_in_ms(const struct stream *stream)
{
    int64_t left = stream->beat_ms - clock_monotonic_ms();
    return has_news(stream) || left < 0 ? 0 : left;
}

int streams_next_ms(const struct streams *streams)
{
    int64_t soonest = -1;
    for (const struct stream *each = streams->first; each; each = each->next)
        if (each->suspended && (soonest < 0 || due_in_ms(each) < soonest))
            soonest = due_in_ms(each);
    return (int)soonest;
}

static void resume(struct stream *stream)
{
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
}

void streams_resume_due(struct streams *streams)
{
    for (struct stream *each = streams->first; each; each = each->next)
        if (each->suspended && due_in_ms(each) == 0)
            resume(each);
}

void streams_end(struct streams *streams)
{
    streams->ending = true;
    for (struct stream *each = streams->first; each; each = each->next)
        if (each->suspended)
            resume(each);
}
