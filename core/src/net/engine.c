/* SPDX-License-Identifier: Apache-2.0 */
#include "net/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/list.h"
#include "net/transport.h"
#include "session/call.h"
#include "session/client.h"

enum { STEP_EVENTS = 32, STEP_US = 1000 };

/* ---- Due times ---- */

void capauth__engine_schedule(capauth_call *call, int64_t due_ms)
{
    struct capauth__engine *engine = &call->client->engine;

    call->due_ms = due_ms;
    capauth__heap_move(&engine->heap, call);
}

/* ---- Opening and ending ---- */

void capauth__engine_init(struct capauth__engine *engine)
{
    capauth__reactor_init(&engine->reactor);
    pthread_mutex_init(&engine->mutex, NULL);
    pthread_mutex_init(&engine->inbox_mutex, NULL);
}

/* The inbox's mutex is for those who wake the reactor; a wake-up that came before there was one is made up for. */
static bool open_reactor(struct capauth__engine *engine)
{
    bool is_open;

    pthread_mutex_lock(&engine->inbox_mutex);
    is_open = engine->reactor.wake_fd >= 0;
    if (!is_open && !engine->closed) {
        is_open = capauth__reactor_open(&engine->reactor);
        if (is_open && engine->inbox_signalled)
            capauth__reactor_wake(&engine->reactor);
    }
    pthread_mutex_unlock(&engine->inbox_mutex);
    return is_open;
}

static void close_reactor(struct capauth__engine *engine)
{
    pthread_mutex_lock(&engine->inbox_mutex);
    capauth__reactor_close(&engine->reactor);
    pthread_mutex_unlock(&engine->inbox_mutex);
}

static void wake_reactor(struct capauth__engine *engine)
{
    pthread_mutex_lock(&engine->inbox_mutex);
    if (!engine->inbox_signalled) {
        engine->inbox_signalled = true;
        capauth__reactor_wake(&engine->reactor);
    }
    pthread_mutex_unlock(&engine->inbox_mutex);
}

/* NULL when it is empty, and then the wake-up is taken back: but never from under a leader who was summoned by it. */
static capauth_call *inbox_pop(struct capauth__engine *engine)
{
    capauth_call *call;

    pthread_mutex_lock(&engine->inbox_mutex);
    call = engine->inbox.first;
    if (call) {
        engine->inbox.first = call->inbox_next;
        if (!engine->inbox.first)
            engine->inbox.last = NULL;
        call->in_inbox = false;
    } else if (engine->inbox_signalled && !engine->summoned) {
        engine->inbox_signalled = false;
        capauth__reactor_clear_wake(&engine->reactor);
    }
    pthread_mutex_unlock(&engine->inbox_mutex);
    return call;
}

static bool inbox_is_empty(struct capauth__engine *engine)
{
    bool empty;

    pthread_mutex_lock(&engine->inbox_mutex);
    empty = !engine->inbox.first;
    pthread_mutex_unlock(&engine->inbox_mutex);
    return empty;
}

static void wake(struct capauth__waiter *waiter)
{
    waiter->awake = true;
    pthread_cond_signal(&waiter->condition);
}

/* Wherever another thread's step has taken from the leader what it waits for, only the reactor can reach it. */
static void summon_leader(struct capauth__engine *engine)
{
    if (engine->away) {
        engine->summoned = true;
        wake_reactor(engine);
    }
}

static bool time_is_up(int64_t end_us)
{
    return capauth__monotonic_us() >= end_us;
}

static void enter(capauth_call *call)
{
    struct capauth__engine *engine = &call->client->engine;
    char reason[128];

    atomic_fetch_add(&call->references, 1); /* the engine's, until it is settled */
    call->entered = true;
    call->state = CAPAUTH__ENTERED;
    call->due_ms = call->exchange.deadline_ms;
    LIST_APPEND(&engine->live, call, live_next, live_previous);
    if (!capauth__heap_add(&engine->heap, call)) {
        call->heap_slot = SIZE_MAX;
        capauth__call_finish(call, CAPAUTH_E_NO_MEMORY, NULL);
    } else if (atomic_load(&call->cancelled)) {
        capauth__call_finish(call, CAPAUTH_E_CANCELLED, NULL);
    } else if (atomic_load(&call->client->closed)) {
        capauth__call_finish(call, CAPAUTH_E_CANCELLED, "the client was closed");
    } else if (!open_reactor(engine)) {
        capauth__system_error(errno, reason, sizeof reason);
        capauth__call_finish(call, CAPAUTH_E_SYSTEM, reason);
    } else {
        capauth__call_enter(call);
    }
}

/* Takes in what was posted. At least one call; true when the time was up before the end. */
static bool drain_inbox(capauth_client *client, int64_t end_us)
{
    capauth_call *call;

    while ((call = inbox_pop(&client->engine))) {
        if (!call->entered)
            enter(call);
        else if (atomic_load(&call->cancelled))
            capauth__call_finish(call, capauth__call_lost(call, CAPAUTH_E_CANCELLED), NULL);
        capauth__call_drop(call); /* the inbox's reference */
        if (time_is_up(end_us))
            return !inbox_is_empty(&client->engine);
    }
    return false;
}

/* Tells whoever watches the descriptor that there is something to collect, or to learn. */
static void announce(struct capauth__engine *engine)
{
    if (!engine->announced)
        capauth__reactor_announce(&engine->reactor);
    engine->announced = true;
}

/* Whoever waits looks again, wherever it waits. */
static void wake_all(struct capauth__engine *engine)
{
    for (struct capauth__waiter *waiter = engine->sleepers; waiter; waiter = waiter->next)
        wake(waiter);
    summon_leader(engine);
}

void capauth__engine_close(capauth_client *client)
{
    struct capauth__engine *engine = &client->engine;

    pthread_mutex_lock(&engine->mutex);
    (void)drain_inbox(client, INT64_MAX);
    while (engine->live.first) {
        capauth_call *call = engine->live.first;

        capauth__call_finish(call, capauth__call_lost(call, CAPAUTH_E_CANCELLED), "the client was closed");
    }
    capauth__transport_free(engine->transport);
    engine->transport = NULL;
    engine->steps++;
    engine->closed = true;
    wake_all(engine);
    if (!engine->away)
        close_reactor(engine);
    if (engine->watched)
        announce(engine);
    pthread_mutex_unlock(&engine->mutex);
}

void capauth__engine_end(capauth_client *client, bool forked)
{
    struct capauth__engine *engine = &client->engine;

    if (forked) {
        capauth__transport_abandon(engine->transport);
        capauth__reactor_end(&engine->reactor);
        return;
    }
    atomic_store(&client->closed, true); /* what is still in the inbox is not begun */
    capauth__engine_close(client);
    capauth__reactor_end(&engine->reactor);
    free(engine->heap.calls);
    pthread_mutex_destroy(&engine->mutex);
    pthread_mutex_destroy(&engine->inbox_mutex);
}

/* ---- Steps ---- */

void capauth__engine_send(struct capauth__engine *engine, struct capauth__exchange *exchange)
{
    exchange->queued = true;
    LIST_APPEND(&engine->queue, exchange, next, previous);
}

static void leave_queue(struct capauth__engine *engine, struct capauth__exchange *exchange)
{
    LIST_REMOVE(&engine->queue, exchange, next, previous);
    exchange->queued = false;
}

void capauth__engine_withdraw(struct capauth__engine *engine, struct capauth__exchange *exchange)
{
    if (exchange->queued)
        leave_queue(engine, exchange);
    if (exchange->transfer)
        capauth__transport_cancel(engine->transport, exchange);
}

static bool ensure_transport(capauth_client *client)
{
    if (!client->engine.transport)
        client->engine.transport = capauth__transport_new(&client->config.net, &client->engine.reactor);
    return client->engine.transport != NULL;
}

static void send_first(capauth_client *client)
{
    struct capauth__engine *engine = &client->engine;
    struct capauth__exchange *exchange = engine->queue.first;
    int result;

    leave_queue(engine, exchange);
    result = ensure_transport(client) ? capauth__transport_start(engine->transport, exchange) : CAPAUTH_E_NO_MEMORY;
    if (result)
        capauth__exchange_fail(exchange, result,
                               result == CAPAUTH_E_UNSUPPORTED ? "this libcurl lacks what the settings ask for" : NULL,
                               false);
    else
        exchange->attempts++;
}

static void run_timers(struct capauth__engine *engine, int64_t end_us)
{
    int64_t now_ms = capauth__monotonic_ms();

    if (engine->reactor.armed_ms <= now_ms)
        capauth__reactor_clear_timer(&engine->reactor);
    while (engine->heap.length && engine->heap.calls[0]->due_ms <= now_ms) {
        capauth__call_due(engine->heap.calls[0], now_ms);
        if (time_is_up(end_us))
            break; /* the rest is due at once, so the timer goes off again */
    }
    if (engine->transport && capauth__transport_due(engine->transport) <= now_ms)
        capauth__transport_timer(engine->transport, now_ms);
}

static void arm(struct capauth__engine *engine)
{
    int64_t due_ms = engine->heap.length ? engine->heap.calls[0]->due_ms : INT64_MAX;

    if (engine->transport && capauth__transport_due(engine->transport) < due_ms)
        due_ms = capauth__transport_due(engine->transport);
    capauth__reactor_arm(&engine->reactor, due_ms);
}

static bool can_send(const struct capauth__engine *engine)
{
    return engine->queue.first && (!engine->transport || capauth__transport_has_room(engine->transport));
}

/* Gives free connections to those who wait for one. At least one; true when the time was up before the end. */
static bool send_queue(capauth_client *client, int64_t end_us)
{
    struct capauth__engine *engine = &client->engine;

    while (can_send(engine)) {
        send_first(client);
        run_timers(engine, end_us);
        if (engine->transport && capauth__transport_collect(engine->transport, end_us))
            return true;
        if (time_is_up(end_us))
            return can_send(engine);
    }
    return false;
}

int capauth__engine_fd(struct capauth__engine *engine)
{
    int fd;

    pthread_mutex_lock(&engine->mutex);
    fd = open_reactor(engine) ? capauth__reactor_fd(&engine->reactor) : -1;
    engine->watched = fd >= 0;
    if (engine->watched && engine->finished)
        announce(engine);
    pthread_mutex_unlock(&engine->mutex);
    return fd;
}

/* Does what can be done now, for about STEP_US, but at least one of each kind; the rest stays for the next step. */
static void step(capauth_client *client, const struct capauth__ready *ready, int count)
{
    struct capauth__engine *engine = &client->engine;
    int64_t end_us = capauth__monotonic_us() + STEP_US;
    int finished = engine->finished;
    bool left;

    engine->steps++;
    left = drain_inbox(client, end_us);
    /* Descriptors that are not reached stay ready. */
    for (int i = 0; i < count && engine->transport && (i == 0 || !time_is_up(end_us)); i++)
        capauth__transport_ready(engine->transport, ready[i].fd, ready[i].events);
    run_timers(engine, end_us);
    if (engine->transport)
        left = capauth__transport_collect(engine->transport, end_us) || left;
    left = send_queue(client, end_us) || left;
    arm(engine);
    /* Whoever watches the descriptor learns of work that is left, and of calls that another thread finished. */
    if (left)
        wake_reactor(engine);
    if (engine->finished != finished && engine->watched)
        announce(engine);
}

/* ---- Finishing ---- */

/* From here on it is done for all to see, and on the list for capauth_client_next_done if somebody holds it. */
static void set_done(struct capauth__engine *engine, capauth_call *call)
{
    pthread_mutex_lock(&engine->inbox_mutex);
    atomic_store(&call->done, true);
    if (atomic_load(&call->handle_alive)) {
        call->in_done_list = true;
        LIST_APPEND(&engine->done, call, done_next, done_previous);
        engine->finished++;
    }
    pthread_mutex_unlock(&engine->inbox_mutex);
}

void capauth__engine_settle(capauth_call *call)
{
    struct capauth__engine *engine = &call->client->engine;

    call->state = CAPAUTH__FINISHED;
    LIST_REMOVE(&engine->live, call, live_next, live_previous);
    if (call->heap_slot != SIZE_MAX)
        capauth__heap_remove(&engine->heap, call);
    set_done(engine, call);
    for (struct capauth__waiter *waiter = engine->sleepers; waiter; waiter = waiter->next) {
        if (waiter->call == call || !waiter->call)
            wake(waiter);
    }
    if (engine->led_for == call || !engine->led_for)
        summon_leader(engine);
}

/* ---- From other threads ---- */

/* With the inbox's mutex. */
static void inbox_push(struct capauth__engine *engine, capauth_call *call, bool wake_up)
{
    if (!call->in_inbox) {
        call->in_inbox = true;
        call->inbox_next = NULL;
        atomic_fetch_add(&call->references, 1);
        *(engine->inbox.last ? &engine->inbox.last->inbox_next : &engine->inbox.first) = call;
        engine->inbox.last = call;
    }
    if (wake_up && !engine->inbox_signalled) {
        engine->inbox_signalled = true;
        capauth__reactor_wake(&engine->reactor);
    }
}

void capauth__engine_post(capauth_call *call, bool wake_up)
{
    struct capauth__engine *engine = &call->client->engine;

    pthread_mutex_lock(&engine->inbox_mutex);
    call->posted = true;
    inbox_push(engine, call, wake_up);
    pthread_mutex_unlock(&engine->inbox_mutex);
}

void capauth__engine_cancel(capauth_call *call)
{
    struct capauth__engine *engine = &call->client->engine;

    if (atomic_load(&call->done) || atomic_exchange(&call->cancelled, true))
        return;
    pthread_mutex_lock(&engine->inbox_mutex);
    if (call->posted) /* else whoever is about to post it does so for both */
        inbox_push(engine, call, true);
    pthread_mutex_unlock(&engine->inbox_mutex);
}

/* With the inbox's mutex. */
static void take_done(struct capauth__engine *engine, capauth_call *call)
{
    if (call->in_done_list) {
        LIST_REMOVE(&engine->done, call, done_next, done_previous);
        call->in_done_list = false;
    }
}

void capauth__engine_let_go(capauth_call *call)
{
    struct capauth__engine *engine = &call->client->engine;

    pthread_mutex_lock(&engine->inbox_mutex);
    atomic_store(&call->handle_alive, false);
    take_done(engine, call);
    pthread_mutex_unlock(&engine->inbox_mutex);
    capauth__engine_cancel(call);
}

void capauth__engine_collected(capauth_call *call)
{
    struct capauth__engine *engine = &call->client->engine;

    pthread_mutex_lock(&engine->inbox_mutex);
    take_done(engine, call);
    pthread_mutex_unlock(&engine->inbox_mutex);
}

capauth_call *capauth__engine_next_done(struct capauth__engine *engine)
{
    capauth_call *call;

    pthread_mutex_lock(&engine->inbox_mutex);
    call = engine->done.first;
    if (call)
        take_done(engine, call);
    pthread_mutex_unlock(&engine->inbox_mutex);
    return call;
}

/* ---- Waiting ---- */

/* Waits on the reactor for all, and takes one step. With the mutex held, except while it waits. */
static void lead(capauth_client *client, const capauth_call *call, int timeout_ms)
{
    struct capauth__engine *engine = &client->engine;
    struct capauth__ready ready[STEP_EVENTS];
    uint64_t seen = engine->steps;
    int count = 0;

    engine->leading = true;
    engine->led_for = call;
    if (inbox_is_empty(engine) && open_reactor(engine)) {
        engine->away = true;
        pthread_mutex_unlock(&engine->mutex);
        count = capauth__reactor_wait(&engine->reactor, ready, STEP_EVENTS, timeout_ms);
        pthread_mutex_lock(&engine->mutex);
        engine->away = engine->summoned = false;
        if (engine->closed)
            close_reactor(engine);
        if (engine->steps != seen)
            count = capauth__reactor_wait(&engine->reactor, ready, STEP_EVENTS, 0);
    }
    step(client, ready, count);
    engine->leading = false;
}

static void sleep_until_woken(struct capauth__engine *engine, capauth_call *call, int timeout_ms)
{
    struct capauth__waiter waiter = {.call = call};
    pthread_condattr_t attributes;
    struct timespec until;
    int64_t due_us = capauth__monotonic_us() + (int64_t)timeout_ms * 1000;
    int result = 0;

    until.tv_sec = (time_t)(due_us / 1000000);
    until.tv_nsec = (long)(due_us % 1000000) * 1000;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter.condition, &attributes);
    pthread_condattr_destroy(&attributes);
    waiter.next = engine->sleepers;
    if (waiter.next)
        waiter.next->previous = &waiter;
    engine->sleepers = &waiter;
    while (!waiter.awake && result != ETIMEDOUT) {
        if (timeout_ms < 0)
            result = pthread_cond_wait(&waiter.condition, &engine->mutex);
        else
            result = pthread_cond_timedwait(&waiter.condition, &engine->mutex, &until);
    }
    *(waiter.previous ? &waiter.previous->next : &engine->sleepers) = waiter.next;
    if (waiter.next)
        waiter.next->previous = waiter.previous;
    pthread_cond_destroy(&waiter.condition);
}

/* Whoever leaves lets exactly one other lead, if one waits and nobody does. */
static void hand_over(struct capauth__engine *engine)
{
    if (!engine->leading && engine->sleepers)
        wake(engine->sleepers);
}

/* What is left of a wait that began at start_ms; -1: no limit. */
static int remaining(int timeout_ms, int64_t start_ms)
{
    int64_t passed;

    if (timeout_ms < 0)
        return -1;
    passed = capauth__monotonic_ms() - start_ms;
    return passed >= timeout_ms ? 0 : (int)(timeout_ms - passed);
}

static void lead_or_sleep(capauth_client *client, capauth_call *call, int timeout_ms)
{
    if (client->engine.leading)
        sleep_until_woken(&client->engine, call, timeout_ms);
    else
        lead(client, call, timeout_ms);
}

void capauth__engine_wait(capauth_call *call, int timeout_ms)
{
    capauth_client *client = call->client;
    struct capauth__engine *engine = &client->engine;
    int64_t start_ms = capauth__monotonic_ms();

    pthread_mutex_lock(&engine->mutex);
    /* Somebody leads and may not know of the call yet: see to it here, rather than wake them. */
    if (engine->leading && !call->entered)
        step(client, NULL, 0);
    while (!atomic_load(&call->done)) {
        int left = remaining(timeout_ms, start_ms);

        if (!left)
            break;
        lead_or_sleep(client, call, left);
    }
    hand_over(engine);
    pthread_mutex_unlock(&engine->mutex);
}

static bool has_overdue_work(struct capauth__engine *engine)
{
    return !inbox_is_empty(engine) || (engine->heap.length && engine->heap.calls[0]->due_ms <= capauth__monotonic_ms());
}

void capauth__engine_retire(capauth_call *call)
{
    struct capauth__engine *engine = &call->client->engine;

    pthread_mutex_lock(&engine->mutex);
    do
        step(call->client, NULL, 0);
    while (!atomic_load(&call->done) && has_overdue_work(engine));
    pthread_mutex_unlock(&engine->mutex);
}

int capauth__engine_poll(capauth_client *client, int timeout_ms)
{
    struct capauth__engine *engine = &client->engine;
    struct capauth__ready ready[STEP_EVENTS];
    int64_t start_ms = timeout_ms > 0 ? capauth__monotonic_ms() : 0;
    int finished;

    pthread_mutex_lock(&engine->mutex);
    step(client, ready, capauth__reactor_wait(&engine->reactor, ready, STEP_EVENTS, 0));
    if (timeout_ms && !engine->finished && !engine->closed && !open_reactor(engine)) {
        hand_over(engine);
        pthread_mutex_unlock(&engine->mutex);
        return CAPAUTH_E_SYSTEM;
    }
    while (!engine->finished && timeout_ms && !atomic_load(&client->closed)) {
        int left = remaining(timeout_ms, start_ms);

        if (!left)
            break;
        lead_or_sleep(client, NULL, left);
    }
    finished = engine->finished;
    engine->finished = 0;
    if (engine->announced)
        capauth__reactor_clear_announcement(&engine->reactor);
    engine->announced = false;
    hand_over(engine);
    pthread_mutex_unlock(&engine->mutex);
    return finished;
}
