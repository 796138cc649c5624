/* SPDX-License-Identifier: Apache-2.0 */
#include "callbacks.h"

#include <string.h>

/* ---- Data, which is given back once ---- */

static struct listener *listener_new(struct customer *customer)
{
    struct listener *listener = &world.listeners[world.listener_count];

    if (world.listener_count == LISTENERS)
        return NULL;
    world.listener_count++;
    *listener = (struct listener){.customer = customer};
    return listener;
}

static void listener_freed(void *data)
{
    struct listener *listener = data;

    HOLDS(!listener->freed);
    listener->freed = true;
}

/* Steps of the input, within a callback. */
static void act(void)
{
    int count = world.callback_steps;

    world.callback_steps = 0;
    world.depth++;
    while (count-- > 0 && has_input())
        step();
    world.depth--;
}

static struct listener *told(void *data)
{
    struct listener *listener = data;

    HOLDS(!listener->freed);
    listener->told++;
    world.told++;
    return listener;
}

/* ---- The callbacks ---- */

static bool is_in(const char *message, const char *identifier)
{
    return *identifier && strstr(message, identifier);
}

static void on_log(int level, const char *message, void *data)
{
    told(data);
    HOLDS(level >= CAPAUTH_LOG_ERROR && level <= CAPAUTH_LOG_DEBUG);
    check_shown(message);
    for (int i = 0; i < CUSTOMERS; i++)
        HOLDS(!world.customers[i].session || !is_in(message, world.customers[i].identifier));
    say("log: %s", message);
    act();
}

static void on_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                     int duration_ms, void *data)
{
    told(data);
    HOLDS(call_id > 0 && http_status >= 0 && duration_ms >= 0);
    HOLDS((event == CAPAUTH_TRACE_START) == (result == CAPAUTH_E_PENDING));
    say("trace: %s %s %d after %d attempts", operation, event == CAPAUTH_TRACE_START ? "starts" : "ends", result,
        attempts);
    act();
}

static void on_change(capauth_session *session, void *data)
{
    struct listener *listener = told(data);
    struct customer *customer = listener->customer;

    HOLDS(customer && customer->session == session); /* not after its handle was freed */
    if (customer->observer == listener) {
        capauth_string_free(&customer->told);
        HOLDS(!capauth_session_export(session, &customer->told));
    }
    say("session %d has changed: step %s", (int)(customer - world.customers),
        capauth_step_name(capauth_session_next_step(session)));
    act();
}

void listen_to_client(void)
{
    struct listener *log, *trace;

    if (!world.client || world.listener_count + 2 > LISTENERS)
        return;
    log = listener_new(NULL);
    trace = listener_new(NULL);
    capauth_client_set_log(world.client, on_log, log, listener_freed);
    capauth_client_set_trace(world.client, on_trace, trace, listener_freed);
}

void listen_to_customer(struct customer *customer, bool at_all)
{
    struct listener *listener = at_all ? listener_new(customer) : NULL;

    if (capauth_session_on_change(customer->session, listener ? on_change : NULL, listener,
                                  listener ? listener_freed : NULL))
        return;
    customer->observer = listener;
    capauth_string_free(&customer->told);
    HOLDS(!capauth_session_export(customer->session, &customer->told));
}
