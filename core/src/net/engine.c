/* SPDX-License-Identifier: Apache-2.0 */
#include "net/engine.h"

#include <errno.h>
#include <stdlib.h>

#include <capauth/capauth.h>

#include "base/list.h"
#include "base/platform.h"

enum { TURN_US = 1000 };

static bool time_is_up(int64_t end_us)
{
    return capauth__monotonic_us() >= end_us;
}

/* ---- The reactor ---- */

bool capauth__engine_open_reactor(struct capauth__engine *engine)
{
    return capauth__inbox_open_reactor(&engine->inbox, !engine->closed);
}

/* Tells whoever watches the descriptor that there is something to collect, or to learn. */
static void announce(struct capauth__engine *engine)
{
    if (!engine->announced)
        capauth__reactor_announce(&engine->reactor);
    engine->announced = true;
}

int capauth__engine_take_finished(struct capauth__engine *engine)
{
    int finished = engine->finished;

    engine->finished = 0;
    if (engine->announced)
        capauth__reactor_clear_announcement(&engine->reactor);
    engine->announced = false;
    return finished;
}

int capauth__engine_fd(struct capauth__engine *engine)
{
    int fd;

    pthread_mutex_lock(&engine->mutex);
    fd = capauth__engine_open_reactor(engine) ? capauth__reactor_fd(&engine->reactor) : -1;
    engine->watched = fd >= 0;
    if (engine->watched)
        capauth__inbox_watch(&engine->inbox);
    if (engine->watched && engine->finished)
        announce(engine);
    pthread_mutex_unlock(&engine->mutex);
    return fd;
}

/* ---- Tasks ---- */

static void enter(struct capauth__engine *engine, struct capauth__task *task)
{
    char reason[128];
    int code;

    capauth__task_hold(task); /* until it is settled */
    task->entered = true;
    CAPAUTH__LIST_APPEND(&engine->live, task, live_next, live_previous);
    if (!capauth__heap_add(&engine->heap, task)) {
        task->owner->end(task, CAPAUTH_E_NO_MEMORY, NULL);
    } else if (atomic_load(&task->cancelled)) {
        task->owner->end(task, CAPAUTH_E_CANCELLED, NULL);
    } else if (engine->closed) {
        task->owner->end(task, CAPAUTH_E_CLOSED, NULL);
    } else if (!capauth__engine_open_reactor(engine)) {
        code = capauth__system_code(errno);
        capauth__system_error(errno, reason, sizeof reason);
        task->owner->end(task, code, reason);
    } else {
        task->owner->enter(task);
    }
}

/* Takes in what was posted. At least one task; true when the time was up before the end. */
static bool drain_inbox(struct capauth__engine *engine, int64_t end_us)
{
    struct capauth__task *task;

    /* A wake-up is never taken back from under the leader who is called by it. */
    while ((task = capauth__inbox_pop(&engine->inbox, engine->waiters.leader_called_back))) {
        if (!task->entered)
            enter(engine, task);
        else if (atomic_load(&task->cancelled) && !atomic_load(&task->done))
            task->owner->end(task, CAPAUTH_E_CANCELLED, NULL);
        capauth__task_release(task);
        if (time_is_up(end_us))
            return !capauth__inbox_is_empty(&engine->inbox);
    }
    return false;
}

void capauth__engine_schedule(struct capauth__engine *engine, struct capauth__task *task, int64_t due_ms)
{
    task->due_ms = due_ms;
    capauth__heap_move(&engine->heap, task);
}

void capauth__engine_settle(struct capauth__engine *engine, struct capauth__task *task)
{
    CAPAUTH__LIST_REMOVE(&engine->live, task, live_next, live_previous);
    if (task->heap_slot != SIZE_MAX)
        capauth__heap_remove(&engine->heap, task);
    if (capauth__inbox_set_done(task))
        engine->finished++;
    capauth__waiters_wake_for(&engine->waiters, task);
    capauth__task_release(task);
}

/* ---- Exchanges ---- */

void capauth__engine_send(struct capauth__engine *engine, struct capauth__exchange *exchange)
{
    exchange->queued = true;
    CAPAUTH__LIST_APPEND(&engine->queue, exchange, next, previous);
}

static void leave_queue(struct capauth__engine *engine, struct capauth__exchange *exchange)
{
    CAPAUTH__LIST_REMOVE(&engine->queue, exchange, next, previous);
    exchange->queued = false;
}

void capauth__engine_withdraw(struct capauth__engine *engine, struct capauth__exchange *exchange)
{
    if (exchange->queued)
        leave_queue(engine, exchange);
    if (exchange->transfer)
        capauth__transport_cancel(engine->transport, exchange);
}

static bool ensure_transport(struct capauth__engine *engine)
{
    if (!engine->transport)
        engine->transport = capauth__transport_new(engine->config, &engine->reactor, &engine->spare);
    return engine->transport != NULL;
}

static void send_first(struct capauth__engine *engine)
{
    struct capauth__exchange *exchange = engine->queue.first;

    leave_queue(engine, exchange);
    if (!ensure_transport(engine))
        capauth__exchange_fail(exchange, CAPAUTH_E_NO_MEMORY, NULL, false);
    else if (capauth__transport_start(engine->transport, exchange))
        exchange->attempts++;
}

/* ---- Turns ---- */

static int64_t next_due_ms(const struct capauth__engine *engine)
{
    return engine->heap.length ? engine->heap.tasks[0]->due_ms : INT64_MAX;
}

bool capauth__engine_is_behind(struct capauth__engine *engine)
{
    return !capauth__inbox_is_empty(&engine->inbox) || next_due_ms(engine) <= capauth__monotonic_ms();
}

static void run_timers(struct capauth__engine *engine, int64_t end_us)
{
    int64_t now_ms = capauth__monotonic_ms();

    if (engine->reactor.armed_ms <= now_ms)
        capauth__reactor_clear_timer(&engine->reactor);
    while (next_due_ms(engine) <= now_ms) {
        struct capauth__task *task = engine->heap.tasks[0];

        task->owner->due(task, now_ms);
        if (time_is_up(end_us))
            break; /* the rest is due at once, so the timer goes off again */
    }
    if (engine->transport && capauth__transport_due(engine->transport) <= now_ms)
        capauth__transport_timer(engine->transport, now_ms);
}

static void arm(struct capauth__engine *engine)
{
    int64_t due_ms = next_due_ms(engine);

    if (engine->transport && capauth__transport_due(engine->transport) < due_ms)
        due_ms = capauth__transport_due(engine->transport);
    capauth__reactor_arm(&engine->reactor, due_ms);
}

/* What is past its deadline is not sent any more: when a turn was too short for all that was due, the next one ends it.
 */
static bool can_send(const struct capauth__engine *engine)
{
    const struct capauth__exchange *exchange = engine->queue.first;

    return exchange && exchange->deadline_ms > capauth__monotonic_ms() &&
           (!engine->transport || capauth__transport_has_room(engine->transport));
}

/* Gives free connections to those who wait for one. At least one; true when the time was up before the end. */
static bool send_queue(struct capauth__engine *engine, int64_t end_us)
{
    while (can_send(engine)) {
        send_first(engine);
        run_timers(engine, end_us);
        if (engine->transport && capauth__transport_collect(engine->transport, end_us))
            return true;
        if (time_is_up(end_us))
            return can_send(engine);
    }
    return false;
}

void capauth__engine_turn(struct capauth__engine *engine, const struct capauth__ready *ready, int count)
{
    int64_t end_us = capauth__monotonic_us() + TURN_US;
    int finished = engine->finished;
    bool left;

    engine->turns++;
    if (engine->transport)
        capauth__transport_begin_turn(engine->transport, ready, count);
    left = drain_inbox(engine, end_us);
    /* Descriptors that are not reached stay ready. */
    for (int i = 0; i < count && engine->transport && (i == 0 || !time_is_up(end_us)); i++)
        capauth__transport_ready(engine->transport, ready[i].fd, ready[i].events);
    run_timers(engine, end_us);
    if (engine->transport)
        left = capauth__transport_collect(engine->transport, end_us) || left;
    left = send_queue(engine, end_us) || left;
    arm(engine);
    /* Whoever watches the descriptor learns of work that is left, and of tasks that another thread finished. */
    if (left)
        capauth__inbox_wake(&engine->inbox);
    if (engine->finished != finished && engine->watched && !engine->asking)
        announce(engine);
}

/* ---- Opening and ending ---- */

void capauth__engine_init(struct capauth__engine *engine, const struct capauth__net_config *config)
{
    engine->config = config;
    capauth__reactor_init(&engine->reactor);
    capauth__inbox_init(&engine->inbox, &engine->reactor);
    engine->waiters.inbox = &engine->inbox;
    pthread_mutex_init(&engine->mutex, NULL);
}

void capauth__engine_close(struct capauth__engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    engine->closed = true; /* what is still in the inbox is not begun */
    (void)drain_inbox(engine, INT64_MAX);
    while (engine->live.first)
        engine->live.first->owner->end(engine->live.first, CAPAUTH_E_CLOSED, NULL);
    capauth__transport_free(engine->transport);
    engine->transport = NULL;
    capauth__waiters_wake_all(&engine->waiters);
    if (!engine->waiters.leader_polling)
        capauth__inbox_close_reactor(&engine->inbox);
    if (engine->watched)
        announce(engine);
    pthread_mutex_unlock(&engine->mutex);
}

void capauth__engine_end(struct capauth__engine *engine, bool forked)
{
    if (forked) {
        capauth__transport_abandon(engine->transport);
        capauth__reactor_end(&engine->reactor);
        capauth__spare_free(&engine->spare);
        return;
    }
    capauth__engine_close(engine);
    capauth__reactor_end(&engine->reactor);
    free(engine->heap.tasks);
    capauth__spare_free(&engine->spare);
    pthread_mutex_destroy(&engine->mutex);
    capauth__inbox_end(&engine->inbox);
}
