/* SPDX-License-Identifier: Apache-2.0 */
#include "net/waiters.h"

#include <errno.h>
#include <stdint.h>

#include "base/platform.h"

/* A thread that sleeps; on its own stack. */
struct capauth__waiter {
    pthread_cond_t condition;
    const struct capauth__task *task; /* NULL: any */
    bool awake;
    struct capauth__waiter *next;
    struct capauth__waiter *previous;
};

static void lie_down(struct capauth__waiters *waiters, struct capauth__waiter *waiter)
{
    capauth__condition_init(&waiter->condition);
    waiter->next = waiters->sleepers;
    if (waiter->next)
        waiter->next->previous = waiter;
    waiters->sleepers = waiter;
}

static void get_up(struct capauth__waiters *waiters, struct capauth__waiter *waiter)
{
    *(waiter->previous ? &waiter->previous->next : &waiters->sleepers) = waiter->next;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    pthread_cond_destroy(&waiter->condition);
}

void capauth__waiters_sleep(struct capauth__waiters *waiters, const struct capauth__task *task, int timeout_ms,
                            pthread_mutex_t *mutex)
{
    struct capauth__waiter waiter = {.task = task};
    int64_t due_us = timeout_ms < 0 ? INT64_MAX : capauth__monotonic_us() + (int64_t)timeout_ms * 1000;
    int result = 0;

    lie_down(waiters, &waiter);
    while (!waiter.awake && result != ETIMEDOUT)
        result = capauth__condition_wait(&waiter.condition, mutex, due_us);
    get_up(waiters, &waiter);
}

static void wake(struct capauth__waiter *waiter)
{
    waiter->awake = true;
    pthread_cond_signal(&waiter->condition);
}

/* Wherever another thread's turn has taken from the leader what it waits for, only the reactor can reach it. */
static void call_leader_back(struct capauth__waiters *waiters)
{
    if (!waiters->leader_polling)
        return;
    waiters->leader_called_back = true;
    capauth__inbox_wake(waiters->inbox);
}

void capauth__waiters_wake_for(struct capauth__waiters *waiters, const struct capauth__task *task)
{
    for (struct capauth__waiter *waiter = waiters->sleepers; waiter; waiter = waiter->next) {
        if (waiter->task == task || !waiter->task)
            wake(waiter);
    }
    if (waiters->leader_task == task || !waiters->leader_task)
        call_leader_back(waiters);
}

void capauth__waiters_wake_all(struct capauth__waiters *waiters)
{
    for (struct capauth__waiter *waiter = waiters->sleepers; waiter; waiter = waiter->next)
        wake(waiter);
    call_leader_back(waiters);
}

void capauth__waiters_hand_over(struct capauth__waiters *waiters)
{
    if (!waiters->have_leader && waiters->sleepers)
        wake(waiters->sleepers);
}
