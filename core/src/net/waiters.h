/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that wait. One leads: it is at the reactor for all of them; the others sleep. Everything here with the
 * engine's mutex held. */
#ifndef CAPAUTH_WAITERS_H
#define CAPAUTH_WAITERS_H

#include <pthread.h>
#include <stdbool.h>

#include "net/inbox.h"
#include "net/task.h"

struct capauth__waiter;

struct capauth__waiters {
    struct capauth__inbox *inbox; /* its wake-up reaches the leader at the reactor */
    struct capauth__waiter *sleepers;
    bool have_leader;
    const struct capauth__task *leader_task; /* what the leader waits for itself; NULL: for any task to end */
    bool leader_polling; /* it is at the reactor, without the mutex */
    bool leader_called_back; /* until it has come, nobody else takes the wake-up away */
};

/* Sleeps until `task` (NULL: any) is done, it is time to lead, or `timeout_ms` has passed (negative: without limit).
 * The mutex is free meanwhile. */
void capauth__waiters_sleep(struct capauth__waiters *waiters, const struct capauth__task *task, int timeout_ms,
                            pthread_mutex_t *mutex);
/* Wakes those who wait for this task, or for any. */
void capauth__waiters_wake_for(struct capauth__waiters *waiters, const struct capauth__task *task);
/* Whoever waits looks again. */
void capauth__waiters_wake_all(struct capauth__waiters *waiters);
/* Whoever stops waiting lets exactly one other lead, if one waits and nobody does. */
void capauth__waiters_hand_over(struct capauth__waiters *waiters);

#endif
