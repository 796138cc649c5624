/* SPDX-License-Identifier: Apache-2.0 */
#include "session/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/client.h"
#include "session/session.h"

enum kind { LOG, TRACE, CHANGE, FREE };

struct capauth__event {
    struct capauth__event *next;
    enum kind kind;
    struct capauth__listener *listener;
    capauth_session *session;
    struct capauth__trace trace;
    int level;
    char message[]; /* LOG */
};

/* Made with the listener, so that neither its last event nor a change is lost for lack of memory. */
struct ending {
    struct capauth__listener listener;
    struct capauth__event *event;
    struct capauth__event *spare; /* a change that found no memory for an event of its own */
    bool spare_queued; /* this and the next: the events' mutex */
    bool spare_again; /* another one did, before the first was told */
};

static struct capauth__listener *listener_new(void *data, void (*free_data)(void *data))
{
    struct ending *ending = calloc(1, sizeof *ending);
    struct capauth__event *event = calloc(1, sizeof *event);
    struct capauth__event *spare = calloc(1, sizeof *spare);

    if (!ending || !event || !spare) {
        free(ending);
        free(event);
        free(spare);
        return NULL;
    }
    event->kind = FREE;
    spare->kind = CHANGE;
    ending->event = event;
    ending->spare = spare;
    ending->listener.references = 1;
    ending->listener.data = data;
    ending->listener.free_data = free_data;
    return &ending->listener;
}

int capauth__listener_make(const capauth_client *client, bool wanted, void *data, void (*free_data)(void *data),
                           struct capauth__listener **listener)
{
    int result = client ? capauth__client_check(client) : CAPAUTH_E_INVALID_ARGUMENT;

    *listener = NULL;
    if (!result && wanted && !(*listener = listener_new(data, free_data)))
        result = CAPAUTH_E_NO_MEMORY;
    if (!*listener && free_data)
        free_data(data);
    return result;
}

static void events_lock(capauth_client *client)
{
    if (!capauth__client_forked(client))
        pthread_mutex_lock(&client->events.mutex);
}

static void events_unlock(capauth_client *client)
{
    if (!capauth__client_forked(client))
        pthread_mutex_unlock(&client->events.mutex);
}

static void push_locked(struct capauth__events *events, struct capauth__event *event)
{
    event->next = NULL;
    if (events->last)
        events->last->next = event;
    else
        events->first = event;
    events->last = event;
}

static void push(capauth_client *client, struct capauth__event *event)
{
    events_lock(client);
    push_locked(&client->events, event);
    events_unlock(client);
}

void capauth__listener_drop(capauth_client *client, struct capauth__listener *listener)
{
    if (listener && atomic_fetch_sub(&listener->references, 1) == 1) {
        struct capauth__event *event = ((struct ending *)listener)->event;

        event->listener = listener;
        push(client, event);
    }
}

static struct capauth__event *event_new(enum kind kind, size_t text)
{
    struct capauth__event *event = calloc(1, sizeof *event + text);

    if (event)
        event->kind = kind;
    return event;
}

/* Queues the event for the listener, if there is one still. An event that finds no memory or no listener is dropped. */
static void push_for(capauth_client *client, struct capauth__listener *const *slot, struct capauth__event *event)
{
    if (!event)
        return;
    events_lock(client);
    if (*slot) {
        event->listener = *slot;
        atomic_fetch_add(&(*slot)->references, 1);
        push_locked(&client->events, event);
        event = NULL;
    }
    events_unlock(client);
    free(event);
}

void capauth__log(capauth_client *client, int level, const char *format, ...)
{
    char message[512];
    struct capauth__event *event;
    va_list arguments;

    if (!atomic_load(&client->events.has_log))
        return;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started one line above; clang 14 loses sight of it */
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    event = event_new(LOG, strlen(message) + 1);
    if (event) {
        event->level = level;
        memcpy(event->message, message, strlen(message) + 1);
    }
    push_for(client, &client->events.log, event);
}

void capauth__trace(capauth_client *client, const struct capauth__trace *trace)
{
    struct capauth__event *event;

    if (!atomic_load(&client->events.has_trace))
        return;
    event = event_new(TRACE, 0);
    if (event)
        event->trace = *trace;
    push_for(client, &client->events.trace, event);
}

/* With the events' mutex. */
static void push_change(capauth_session *session, struct capauth__event *event)
{
    event->session = session;
    capauth__session_hold(session);
    event->listener = session->observer;
    atomic_fetch_add(&session->observer->references, 1);
    push_locked(&session->client->events, event);
}

void capauth__notify_change(capauth_session *session)
{
    struct capauth__event *event = event_new(CHANGE, 0);
    struct ending *ending = (struct ending *)session->observer;

    events_lock(session->client);
    if (event) {
        push_change(session, event);
    } else if (ending->spare_queued) {
        ending->spare_again = true;
    } else {
        ending->spare_queued = true;
        push_change(session, ending->spare);
    }
    events_unlock(session->client);
}

static void run(const struct capauth__event *event)
{
    struct capauth__listener *listener = event->listener;
    const struct capauth__trace *trace = &event->trace;

    switch (event->kind) {
    case LOG:
        listener->callback.log(event->level, event->message, listener->data);
        break;
    case TRACE:
        listener->callback.trace(trace->event, trace->call_id, trace->operation, trace->result, trace->http_status,
                                 trace->attempts, trace->duration_ms, listener->data);
        break;
    case CHANGE:
        if (atomic_load(&event->session->handle_alive))
            listener->callback.change(event->session, listener->data);
        break;
    case FREE:
        if (listener->free_data)
            listener->free_data(listener->data);
        break;
    }
}

/* Whether the spare event goes once more, for a change that came meanwhile. */
static bool goes_again(capauth_client *client, struct capauth__event *event)
{
    struct ending *ending = (struct ending *)event->listener;
    bool again;

    events_lock(client);
    again = ending->spare_again;
    ending->spare_again = false;
    ending->spare_queued = again;
    if (again)
        push_locked(&client->events, event);
    events_unlock(client);
    return again;
}

/* After run, or instead of it. */
static void discard(capauth_client *client, struct capauth__event *event)
{
    struct ending *ending = (struct ending *)event->listener;
    capauth_session *session = event->session;
    bool is_spare = event == ending->spare;

    if (event->kind == FREE) {
        free(ending->spare);
        free(ending);
        free(event);
        return;
    }
    if (is_spare && goes_again(client, event))
        return;
    capauth__listener_drop(client, &ending->listener);
    if (session)
        capauth__session_drop(session);
    if (!is_spare)
        free(event);
}

static struct capauth__event *pop(struct capauth__events *events)
{
    struct capauth__event *event = events->first;

    if (event) {
        events->first = event->next;
        if (!events->first)
            events->last = NULL;
    }
    return event;
}

void capauth__deliver(capauth_client *client)
{
    struct capauth__events *events = &client->events;
    struct capauth__event *event;

    pthread_mutex_lock(&events->mutex);
    if (events->delivering || !events->first) {
        pthread_mutex_unlock(&events->mutex);
        return;
    }
    events->delivering = true;
    events->deliverer = pthread_self();
    /* A callback may free the last handle; the client then ends below, after the callbacks. */
    capauth__client_hold(client);
    while ((event = pop(events))) {
        pthread_mutex_unlock(&events->mutex);
        run(event);
        discard(client, event);
        pthread_mutex_lock(&events->mutex);
    }
    events->delivering = false;
    pthread_mutex_unlock(&events->mutex);
    capauth__client_release(client);
}

bool capauth__in_callback(capauth_client *client)
{
    bool inside;

    pthread_mutex_lock(&client->events.mutex);
    inside = client->events.delivering && pthread_equal(client->events.deliverer, pthread_self());
    pthread_mutex_unlock(&client->events.mutex);
    return inside;
}

void capauth__events_end(capauth_client *client)
{
    struct capauth__event *event;

    capauth__listener_drop(client, client->events.log);
    capauth__listener_drop(client, client->events.trace);
    while ((event = pop(&client->events))) {
        if (event->kind == FREE)
            run(event);
        discard(client, event);
    }
}

/* ---- The client's callbacks ---- */

static int set_listener(capauth_client *client, struct capauth__listener **slot, atomic_bool *present,
                        struct capauth__listener *listener)
{
    struct capauth__listener *old;

    pthread_mutex_lock(&client->events.mutex);
    old = *slot;
    *slot = listener;
    atomic_store(present, listener != NULL);
    pthread_mutex_unlock(&client->events.mutex);
    capauth__listener_drop(client, old);
    return CAPAUTH_OK;
}

int capauth_client_set_log(capauth_client *client, capauth_log_callback callback, void *data,
                           void (*free_data)(void *data))
{
    struct capauth__listener *listener;
    int result = capauth__listener_make(client, callback != NULL, data, free_data, &listener);

    if (listener)
        listener->callback.log = callback;
    return result ? result : set_listener(client, &client->events.log, &client->events.has_log, listener);
}

int capauth_client_set_trace(capauth_client *client, capauth_trace_callback callback, void *data,
                             void (*free_data)(void *data))
{
    struct capauth__listener *listener;
    int result = capauth__listener_make(client, callback != NULL, data, free_data, &listener);

    if (listener)
        listener->callback.trace = callback;
    return result ? result : set_listener(client, &client->events.trace, &client->events.has_trace, listener);
}
