/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the application is told. It is queued where it happens and told later: in order, one at a time per client,
 * outside every lock, on the thread that next leaves a wait, a poll or a blocking operation. What a notice is about
 * only its own functions know.
 */
#ifndef CAPAUTH_NOTICES_H
#define CAPAUTH_NOTICES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <capauth/capauth.h>

#include "base/process.h"

/* Whoever queues one embeds it. */
struct capauth__notice {
    struct capauth__notice *next;
    void (*tell)(struct capauth__notice *notice); /* calls the application */
    void (*end)(struct capauth__notice *notice); /* after that, or instead of it: gives back what it holds */
};

struct capauth__notices {
    const struct capauth__process *process;
    pthread_mutex_t mutex; /* everything below */
    struct capauth__notice *first;
    struct capauth__notice *last;
    bool telling;
    pthread_t teller;
};

void capauth__notices_init(struct capauth__notices *notices, const struct capauth__process *process);
/* Ends what is queued without telling it. Nobody may queue any more. */
void capauth__notices_end(struct capauth__notices *notices);

void capauth__notices_lock(struct capauth__notices *notices);
void capauth__notices_unlock(struct capauth__notices *notices);
void capauth__notices_push(struct capauth__notices *notices, struct capauth__notice *notice);
/* The same, while they are locked. */
void capauth__notices_push_locked(struct capauth__notices *notices, struct capauth__notice *notice);

bool capauth__notices_are_queued(struct capauth__notices *notices);
/* Tells what is queued, unless another thread is at it. No lock may be held. */
void capauth__notices_tell(struct capauth__notices *notices);
/* Whether this thread is in a callback of theirs. */
bool capauth__notices_in_callback(struct capauth__notices *notices);

/*
 * A callback of the application's and its data, shared by its owner and the notices that are on their way to it. The
 * last to release it queues free_data, since the application's code may not run where that happens.
 */
struct capauth__listener {
    struct capauth__notices *notices;
    atomic_int references;
    union {
        capauth_log_callback log;
        capauth_trace_callback trace;
        capauth_change_callback change;
    } callback;
    void *data;
    void (*free_data)(void *data);
    struct capauth__notice last_notice; /* made with it, so that memory cannot run out for it */
};

/* NULL: no memory. */
struct capauth__listener *capauth__listener_new(struct capauth__notices *notices, void *data,
                                                void (*free_data)(void *data));
struct capauth__listener *capauth__listener_hold(struct capauth__listener *listener);
/* Takes NULL. */
void capauth__listener_release(struct capauth__listener *listener);

#endif
