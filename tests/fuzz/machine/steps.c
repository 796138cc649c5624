/* SPDX-License-Identifier: Apache-2.0 */
/* What can happen next. Which of it does, and how, the bytes of the input say. */
#include "world.h"

#include <string.h>

#include "callbacks.h"
#include "steps.h"

/* ---- Choosing ---- */

struct customer *customer_chosen(void)
{
    struct customer *found[CUSTOMERS];
    unsigned count = 0;

    for (int i = 0; i < CUSTOMERS; i++) {
        if (world.customers[i].session)
            found[count++] = &world.customers[i];
    }
    return count ? found[count > 1 ? choose(count) : 0] : NULL;
}

static struct handle *handle_chosen(void)
{
    struct handle *found[CALLS];
    unsigned count = 0;

    for (int i = 0; i < CALLS; i++) {
        if (world.handles[i].call)
            found[count++] = &world.handles[i];
    }
    return count ? found[count > 1 ? choose(count) : 0] : NULL;
}

int number_of(const struct customer *customer)
{
    return (int)(customer - world.customers);
}

/* ---- Sessions ---- */

static struct customer *free_customer(void)
{
    for (int i = 0; i < CUSTOMERS; i++) {
        if (!world.customers[i].session)
            return &world.customers[i];
    }
    return NULL;
}

static void customer_begins(struct customer *customer, capauth_session *session, const char *brand)
{
    customer->session = session;
    customer->flow = capauth_session_flow(session);
    snprintf(customer->brand, sizeof customer->brand, "%s", brand);
    customer_sees(customer);
    if (choose(4))
        listen_to_customer(customer, true);
}

static void step_new_session(void)
{
    static const int flows[] = {CAPAUTH_FLOW_MOBILE, CAPAUTH_FLOW_MOBILE, CAPAUTH_FLOW_WEB, CAPAUTH_FLOW_EXTERNAL};
    struct customer *customer = free_customer();
    int flow = flows[choose(4)];
    capauth_session *session = NULL;
    char brand[16], mobile[16];

    if (!customer || !world.client)
        return;
    snprintf(brand, sizeof brand, "Brand%06u", ++world.serial);
    snprintf(mobile, sizeof mobile, "91999%06u", ++world.serial);
    if (flow == CAPAUTH_FLOW_EXTERNAL)
        capauth_session_external_new(world.client, brand, SECRET_MARK "access", SECRET_MARK "id", &session);
    else
        capauth_session_new(world.client, flow, brand, &session);
    HOLDS(!session == world.closed);
    if (!session)
        return;
    if (flow != CAPAUTH_FLOW_EXTERNAL)
        HOLDS(!capauth_session_set_identifier(session, CAPAUTH_IDENTIFIER_MOBILE, mobile));
    if (flow == CAPAUTH_FLOW_MOBILE)
        HOLDS(!capauth_session_set_device_id(session, "device-1"));
    customer_begins(customer, session, brand);
    say("session %d: flow %d", number_of(customer), flow);
}

static void step_second_factor(void)
{
    struct customer *first = customer_chosen(), *second = free_customer();
    capauth_session *session = NULL;

    if (!first || !second || capauth_session_second_factor(first->session, &session))
        return;
    if (first->flow == CAPAUTH_FLOW_WEB)
        HOLDS(!capauth_session_set_device_id(session, "device-2"));
    customer_begins(second, session, first->brand);
    say("session %d: the second factor of %d", number_of(second), number_of(first));
}

static void step_export(void)
{
    struct customer *customer = customer_chosen();
    char **slot = &world.exports[choose(EXPORTS)];

    if (!customer)
        return;
    capauth_string_free(slot);
    HOLDS(!capauth_session_export(customer->session, slot));
    say("session %d is exported", number_of(customer));
}

static void step_restore(void)
{
    const char *text = world.exports[choose(EXPORTS)];
    struct customer *customer = free_customer();
    capauth_session *session = NULL;
    const char *brand = text ? strstr(text, "\"brand\":\"") : NULL;
    char *again = NULL, name[16];

    if (!customer || !brand || !world.client || capauth_session_restore(world.client, text, &session))
        return;
    snprintf(name, sizeof name, "%.11s", brand + 9);
    HOLDS(!capauth_session_export(session, &again));
    HOLDS(!strcmp(text, again)); /* as it went in, it comes out */
    capauth_string_free(&again);
    customer_begins(customer, session, name);
    say("session %d is restored", number_of(customer));
}

static void step_reload(void)
{
    const char *text = world.exports[choose(EXPORTS)];
    struct customer *customer = customer_chosen();
    int result;

    if (!customer || !text)
        return;
    result = capauth_session_reload(customer->session, text);
    say("session %d is reloaded: %d", number_of(customer), result);
    if (result)
        return;
    HOLDS(strstr(text, customer->brand));
    customer->sign_in++;
    customer_sees(customer);
    if (customer->observer) {
        capauth_string_free(&customer->told);
        HOLDS(!capauth_session_export(customer->session, &customer->told));
    }
}

static void step_close_session(void)
{
    struct customer *customer = customer_chosen();

    if (!customer)
        return;
    HOLDS(!capauth_session_close(customer->session));
    customer->closed = true;
    say("session %d is closed", number_of(customer));
}

static void step_free_session(void)
{
    struct customer *customer = customer_chosen();

    if (!customer)
        return;
    say("session %d is freed", number_of(customer));
    customer_free(customer);
}

static void step_listen(void)
{
    struct customer *customer = customer_chosen();

    if (customer && choose(3))
        listen_to_customer(customer, choose(2));
    else
        listen_to_client();
    say("somebody else listens");
}

static void step_pause(void)
{
    struct customer *customer = customer_chosen();
    int duration_ms = (int)choose(3) * 5000;

    if (customer)
        capauth_session_pause_refresh(customer->session, duration_ms);
}

/* ---- Calls ---- */

static void step_cancel(void)
{
    struct handle *handle = handle_chosen();

    if (!handle)
        return;
    HOLDS(!capauth_call_cancel(handle->call));
    handle->cancelled = true;
    say("call %d is cancelled", (int)(handle - world.handles));
}

static void step_free_call(void)
{
    struct handle *handle = handle_chosen();

    if (!handle)
        return;
    say("call %d is freed", (int)(handle - world.handles));
    watch_handles();
    capauth_call_free(&handle->call);
    *handle = (struct handle){0};
}

static void step_wait(void)
{
    static const int timeouts_ms[] = {0, 1, 200, 5000, -1};
    struct handle *handle = handle_chosen();
    int timeout_ms = timeouts_ms[choose(5)];
    capauth_call *call = handle ? handle->call : NULL;
    bool waited_for;
    int result;

    if (!handle)
        return;
    say("call %d is waited for, %d ms", (int)(handle - world.handles), timeout_ms);
    waited_for = handle->waited_for; /* in a callback of another wait, perhaps */
    handle->waited_for = true;
    result = capauth_call_wait(call, timeout_ms);
    say("... %d", result);
    HOLDS(result != CAPAUTH_E_PENDING || timeout_ms >= 0);
    HOLDS(result != CAPAUTH_E_REENTRANT || world.depth);
    if (handle->call == call)
        handle->waited_for = waited_for;
    if (handle->call == call && result != CAPAUTH_E_PENDING && result != CAPAUTH_E_REENTRANT)
        handle->collected = true;
}

static bool is_collected(const struct handle *handle)
{
    return !handle->call || !handle->done || handle->collected || handle->waited_for;
}

static void step_collect(void)
{
    capauth_call *call = NULL;
    struct handle *handle;
    int result = world.client ? capauth_client_next_done(world.client, &call) : 0;

    if (!world.client)
        return;
    watch_handles();
    handle = call ? handle_of(call) : NULL;
    HOLDS(result == (call != NULL));
    HOLDS(!call || (handle && handle->done && !handle->collected));
    for (int i = 0; !call && i < CALLS; i++)
        HOLDS(is_collected(&world.handles[i]));
    if (handle)
        handle->collected = true;
    say("collected: %d", result);
}

/* ---- Requests and time ---- */

static void step_agree(void)
{
    struct request *request = request_chosen(true);

    if (!request)
        return;
    say("request %d is agreed to", (int)(request - world.requests));
    service_agrees(request);
}

static void step_refuse(void)
{
    struct request *request = request_chosen(true);

    if (!request)
        return;
    service_refuses(request);
    say("request %d is refused: HTTP %d %s", (int)(request - world.requests), request->answer.http_status,
        request->body);
}

static void step_fail(void)
{
    struct request *request = request_chosen(true);

    if (!request)
        return;
    service_is_not_reached(request);
    say("request %d goes wrong: %d, HTTP %d, Retry-After %d", (int)(request - world.requests), request->answer.error,
        request->answer.http_status, request->answer.retry_after_ms);
}

static void step_leave(void)
{
    requests_leave();
    say("requests leave");
}

static void step_fail_at_once(void)
{
    static const int errors[] = {0, CAPAUTH_E_NO_MEMORY, CAPAUTH_E_SYSTEM, CAPAUTH_E_UNSUPPORTED};

    world.fails_at_once = errors[choose(4)];
    say("what is sent fails with %d", world.fails_at_once);
}

static void step_poll(void)
{
    if (world.client && world.depth)
        HOLDS(capauth_client_poll(world.client, 0) == CAPAUTH_E_REENTRANT);
    settle();
    say("polled");
}

/* Waits at most so long, or for ever if anything is in flight. */
static void step_poll_long(void)
{
    int timeout_ms = (int)choose(3) * 700;

    if (!world.client || world.depth)
        return;
    turn(timeout_ms);
    say("polled, %d ms", timeout_ms);
}

static void step_time(void)
{
    static const int lengths_ms[] = {1, 10, 100, 500, 999, 1000, 5000, 20000, 60000, 600000};
    unsigned length = choose(12);
    int64_t ms = length < 10 ? lengths_ms[length] : clock_until_timer();

    if (ms <= 0)
        return;
    clock_advance(ms);
    say("%lld ms pass", (long long)ms);
}

/* ---- The client ---- */

static void step_callback_steps(void)
{
    world.callback_steps = 1 + (int)choose(3);
    say("the next callback does %d steps", world.callback_steps);
}

/* Seldom, since it ends so much: only for one byte. */
static void step_end(void)
{
    switch (take()) {
    case 1:
        if (!world.client)
            return;
        say("the client is closed");
        HOLDS(!capauth_client_close(world.client));
        world.closed = true;
        for (const struct life *life = world.lives; life; life = life->next)
            HOLDS(life->ended);
        break;
    case 2:
        say("the client is freed");
        capauth_client_free(&world.client);
        break;
    default:
        break;
    }
}

/* A new step takes the place of one that stands there twice or more: else every input means something else. */
static void (*const steps[])(void) = {
    step_go_on,        step_go_on,  step_go_on,         step_start,        step_start,   step_start,
    step_start,        step_poll,   step_poll,          step_poll,         step_agree,   step_agree,
    step_agree,        step_refuse, step_refuse,        step_fail,         step_fail,    step_time,
    step_time,         step_time,   step_cancel,        step_free_call,    step_export,  step_restore,
    step_reload,       step_block,  step_wait,          step_new_session,  step_collect, step_second_factor,
    step_free_session, step_listen, step_prepare,       step_fail_at_once, step_leave,   step_callback_steps,
    step_poll_long,    step_pause,  step_close_session, step_end,
};

static bool has_customer(void)
{
    bool has = false;

    for (int i = 0; i < CUSTOMERS; i++)
        has = has || world.customers[i].session;
    return has;
}

void step(void)
{
    if (!has_customer() && world.client && !world.closed)
        step_new_session();
    else
        steps[choose(sizeof steps / sizeof steps[0])]();
}
