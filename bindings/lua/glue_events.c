/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what the core told, until Lua asks for it. No lua_State is ever kept: the core's callbacks only add to a
 * queue, and the Lua layer reads it.
 */
#include "glue.h"

#include <stdlib.h>
#include <string.h>

enum kind { LOG, TRACE, CHANGE };

struct event {
    struct event *next;
    enum kind kind;
    capauth_session *session; /* to be compared, never followed */
    int64_t call_id;
    int numbers[5];
    char text[];
};

struct capauth_events {
    int references;
    struct event *first, **end;
    struct event *spare; /* for a change that finds no memory; it is nobody's, and so everybody's */
    int spare_queued;
    int spare_again; /* a change came while it was queued already */
};

void capauth_lua_events_new(capauth_events **events)
{
    capauth_events *made = calloc(1, sizeof *made);
    struct event *spare = calloc(1, sizeof *spare);

    *events = NULL;
    if (!made || !spare) {
        free(made);
        free(spare);
        return;
    }
    made->spare = spare;
    made->references = 1;
    made->end = &made->first;
    *events = made;
}

capauth_events *capauth_lua_events_hold(capauth_events *events)
{
    events->references++;
    return events;
}

static void append(capauth_events *events, struct event *event)
{
    event->next = NULL;
    *events->end = event;
    events->end = &event->next;
}

static void queue_spare(capauth_events *events)
{
    events->spare_again = events->spare_queued;
    if (events->spare_queued)
        return;
    events->spare_queued = 1;
    events->spare->kind = CHANGE;
    append(events, events->spare);
}

static void discard_spare(capauth_events *events)
{
    events->spare_queued = 0;
    if (events->spare_again)
        queue_spare(events);
}

void capauth_lua_events_discard(capauth_events *events)
{
    struct event *event = events ? events->first : NULL;

    if (!event)
        return;
    events->first = event->next;
    if (!events->first)
        events->end = &events->first;
    if (event == events->spare)
        discard_spare(events);
    else
        free(event);
}

void capauth_lua_events_free(void *data)
{
    capauth_events *events = data;

    if (!events || --events->references)
        return;
    events->spare_again = 0;
    while (events->first)
        capauth_lua_events_discard(events);
    free(events->spare);
    free(events);
}

/* NULL without memory: then a line or a trace is not told, and the call goes on. */
static struct event *add(capauth_events *events, enum kind kind, const char *text)
{
    size_t size = strlen(text) + 1;
    struct event *event = calloc(1, sizeof *event + size);

    if (!event)
        return NULL;
    event->kind = kind;
    memcpy(event->text, text, size);
    append(events, event);
    return event;
}

void capauth_lua_on_log(int level, const char *message, void *data)
{
    struct event *event = add(data, LOG, message);

    if (event)
        event->numbers[0] = level;
}

void capauth_lua_on_trace(int kind, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                          int duration_ms, void *data)
{
    struct event *event = add(data, TRACE, operation);

    if (!event)
        return;
    event->call_id = call_id;
    memcpy(event->numbers, (int[]){kind, result, http_status, attempts, duration_ms}, sizeof event->numbers);
}

void capauth_lua_on_change(capauth_session *session, void *data)
{
    struct event *event = add(data, CHANGE, "");

    if (event)
        event->session = session;
    else
        queue_spare(data); /* it may be about a key: never lost */
}

int capauth_lua_events_next(lua_State *L, const capauth_events *events)
{
    static const char *const kinds[] = {[LOG] = "log", [TRACE] = "trace", [CHANGE] = "change"};
    const struct event *event = events ? events->first : NULL;
    int top = lua_gettop(L);

    if (!events)
        return luaL_argerror(L, 1, "capauth_events expected");
    if (!event)
        return 0;
    lua_pushstring(L, kinds[event->kind]);
    if (event->kind == CHANGE) {
        if (event != events->spare)
            lua_pushlightuserdata(L, event->session);
        return lua_gettop(L) - top;
    }
    capauth_lua_push_integer(L, event->numbers[0]);
    if (event->kind == TRACE)
        capauth_lua_push_integer(L, event->call_id);
    lua_pushstring(L, event->text);
    for (int i = 1; event->kind == TRACE && i < 5; i++)
        capauth_lua_push_integer(L, event->numbers[i]);
    return lua_gettop(L) - top;
}
