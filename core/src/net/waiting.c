/* SPDX-License-Identifier: Apache-2.0 */
#include "net/waiting.h"

#include <capauth/capauth.h>

#include "base/platform.h"

/* At the reactor, for all; without the mutex meanwhile. How many descriptors are ready. */
static int poll_reactor(struct capauth__engine *engine, struct capauth__ready *ready, int timeout_ms)
{
    struct capauth__waiters *waiters = &engine->waiters;
    uint64_t seen = engine->turns;
    int count;

    waiters->leader_polling = true;
    pthread_mutex_unlock(&engine->mutex);
    if (!capauth__inbox_await(&engine->inbox))
        timeout_ms = 0; /* something has come meanwhile */
    count = capauth__reactor_wait(&engine->reactor, ready, CAPAUTH__READY_MOST, timeout_ms);
    capauth__inbox_leave(&engine->inbox);
    pthread_mutex_lock(&engine->mutex);
    waiters->leader_polling = waiters->leader_called_back = false;
    if (engine->closed)
        capauth__inbox_close_reactor(&engine->inbox);
    if (engine->turns != seen) /* what was ready may be so no more */
        count = capauth__reactor_wait(&engine->reactor, ready, CAPAUTH__READY_MOST, 0);
    return count;
}

static void lead(struct capauth__engine *engine, const struct capauth__task *task, int timeout_ms)
{
    struct capauth__waiters *waiters = &engine->waiters;
    struct capauth__ready ready[CAPAUTH__READY_MOST];
    int count = CAPAUTH__NOT_ASKED;

    waiters->have_leader = true;
    waiters->leader_task = task;
    if (capauth__inbox_is_empty(&engine->inbox) && capauth__engine_open_reactor(engine))
        count = poll_reactor(engine, ready, timeout_ms);
    capauth__engine_turn(engine, ready, count);
    waiters->have_leader = false;
}

static void lead_or_sleep(struct capauth__engine *engine, const struct capauth__task *task, int timeout_ms)
{
    if (engine->waiters.have_leader)
        capauth__waiters_sleep(&engine->waiters, task, timeout_ms, &engine->mutex);
    else
        lead(engine, task, timeout_ms);
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

void capauth__wait_for(struct capauth__engine *engine, struct capauth__task *task, int timeout_ms)
{
    int64_t start_ms = capauth__monotonic_ms();

    pthread_mutex_lock(&engine->mutex);
    /* Somebody leads and may not know of the task yet: see to it here, rather than wake them. */
    if (engine->waiters.have_leader && !task->entered)
        capauth__engine_turn(engine, NULL, CAPAUTH__NOT_ASKED);
    while (!atomic_load(&task->done)) {
        int left = remaining(timeout_ms, start_ms);

        if (!left)
            break;
        lead_or_sleep(engine, task, left);
    }
    capauth__waiters_hand_over(&engine->waiters);
    pthread_mutex_unlock(&engine->mutex);
}

void capauth__wait_for_overdue(struct capauth__engine *engine, struct capauth__task *task)
{
    pthread_mutex_lock(&engine->mutex);
    do
        capauth__engine_turn(engine, NULL, CAPAUTH__NOT_ASKED);
    while (!atomic_load(&task->done) && capauth__engine_is_behind(engine));
    pthread_mutex_unlock(&engine->mutex);
}

/* false: it cannot wait. */
static bool wait_until_any_ended(struct capauth__engine *engine, int timeout_ms, int64_t start_ms)
{
    if (timeout_ms && !engine->finished && !engine->closed && !capauth__engine_open_reactor(engine))
        return false;
    while (!engine->finished && timeout_ms && !engine->closed) {
        int left = remaining(timeout_ms, start_ms);

        if (!left)
            break;
        lead_or_sleep(engine, NULL, left);
    }
    return true;
}

int capauth__wait_for_any(struct capauth__engine *engine, int timeout_ms)
{
    struct capauth__ready ready[CAPAUTH__READY_MOST];
    int64_t start_ms = timeout_ms > 0 ? capauth__monotonic_ms() : 0;
    int finished = CAPAUTH_E_SYSTEM;

    pthread_mutex_lock(&engine->mutex);
    engine->asking = true;
    capauth__engine_turn(engine, ready, capauth__reactor_wait(&engine->reactor, ready, CAPAUTH__READY_MOST, 0));
    engine->asking = false;
    if (wait_until_any_ended(engine, timeout_ms, start_ms))
        finished = capauth__engine_take_finished(engine);
    capauth__waiters_hand_over(&engine->waiters);
    pthread_mutex_unlock(&engine->mutex);
    return finished;
}
