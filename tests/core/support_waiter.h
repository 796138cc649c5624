/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that waits for a call or polls, and what can be seen of it from outside: no test guesses how long that
 * takes.
 */
#ifndef SUPPORT_WAITER_H
#define SUPPORT_WAITER_H

#include "support.h"

#include <pthread.h>
#include <stdatomic.h>

struct waiter {
    capauth_client *client;
    capauth_call *call; /* NULL: polls */
    int timeout_ms;
    pthread_t thread;
    atomic_int id;
    atomic_bool over;
    int result;
    int64_t cpu_us;
};

/* Starts the thread and returns once it waits, or is over. */
void waiter_start(struct waiter *waiter);
/* For a thread that was started otherwise, with waiter_run. */
void waiter_until_asleep(struct waiter *waiter);
void *waiter_run(void *waiter);
bool waiter_ends_within(struct waiter *waiter, int ms);
/* A wait that nobody ends would hang the test: it fails instead. */
void waiter_join(struct waiter *waiter);

#endif
