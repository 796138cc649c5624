/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: moves the tasks and exchanges of one client on, in turns, whichever way its threads wait (waiting.h).
 *
 * One mutex; the transport is called only with it held, and it is held for one short turn, never while waiting and
 * never while code of the application runs. Starting and cancelling only put the task into the inbox and wake the
 * reactor. Lock order: engine, then what the tasks' owners have, then inbox.
 */
#ifndef CAPAUTH_ENGINE_H
#define CAPAUTH_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/config.h"
#include "net/exchange.h"
#include "net/heap.h"
#include "net/inbox.h"
#include "net/reactor.h"
#include "net/task.h"
#include "net/transport.h"
#include "net/waiters.h"

struct capauth__engine {
    pthread_mutex_t mutex; /* everything below, but what is the inbox's */
    const struct capauth__net_config *config;
    struct capauth__reactor reactor;
    struct capauth__transport *transport; /* NULL: nothing was sent yet, or the engine is closed */
    struct capauth__spare spare; /* of a long answer that somebody is done with; not under the mutex */
    struct capauth__inbox inbox;
    struct capauth__waiters waiters;
    struct capauth__heap heap; /* of the live tasks, by when they are due */
    struct capauth__task_list live; /* all that have entered and are not done */
    struct capauth__exchange_list queue; /* wait for a connection */
    uint64_t turns; /* events that were read before another thread's turn are stale */
    bool closed;
    int finished; /* tasks to be collected, since somebody last asked */
    bool watched; /* the application has the descriptor */
    bool announced; /* by that descriptor: some have finished, and nobody has asked since */
    bool asking; /* somebody asks as soon as this turn ends: that is no news for the descriptor */
};

/* Takes no descriptors before there is something to wait for. The settings stay the caller's. */
void capauth__engine_init(struct capauth__engine *engine, const struct capauth__net_config *config);
/* Ends everything; nobody may be inside. `forked`: leaves the transport and the kernel's registrations alone. */
void capauth__engine_end(struct capauth__engine *engine, bool forked);
/* Ends every live task with CAPAUTH_E_CLOSED, closes the connections and gives the descriptors back; if a thread waits
 * on them, that is done when it leaves. */
void capauth__engine_close(struct capauth__engine *engine);
/* The descriptor for the application; -1: none, and errno says why. */
int capauth__engine_fd(struct capauth__engine *engine);

/* The rest with the mutex held. */

/* For owners of tasks and exchanges, inside a turn. */

/* Sets when the task is due next. */
void capauth__engine_schedule(struct capauth__engine *engine, struct capauth__task *task, int64_t due_ms);
/* A task is done: takes it out of everything, wakes those who wait for it, and drops the engine's reference. */
void capauth__engine_settle(struct capauth__engine *engine, struct capauth__task *task);
/* Puts the exchange in line for a connection: it ends by its `answered`, unless it is withdrawn. */
void capauth__engine_send(struct capauth__engine *engine, struct capauth__exchange *exchange);
/* Takes it out of the line, or off the wire, if it is there: it gets no answer. */
void capauth__engine_withdraw(struct capauth__engine *engine, struct capauth__exchange *exchange);

/* For waiting.c. */

/* Does what can be done now, for about a millisecond, but at least one of each kind; the rest stays for the next turn.
 * `count` descriptors are ready, as capauth__reactor_wait told; CAPAUTH__NOT_ASKED: nobody has asked it. */
void capauth__engine_turn(struct capauth__engine *engine, const struct capauth__ready *ready, int count);
/* Whether something can be done now that no descriptor tells of. */
bool capauth__engine_is_behind(struct capauth__engine *engine);
/* false: the system has refused, and errno says why; or the engine is closed. */
bool capauth__engine_open_reactor(struct capauth__engine *engine);
/* How many tasks that are to be collected have finished since the last time. */
int capauth__engine_take_finished(struct capauth__engine *engine);

#endif
