/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: moves the calls of one client on, whichever way its threads wait.
 *
 * One mutex; curl is called only with it held, and it is held for one short step, never while waiting and never while
 * code of the application runs. Starting and cancelling only put the call into the inbox and wake the engine. Of the
 * threads that wait, one leads: it waits on the reactor and takes the steps; the others sleep until their call is done
 * or the leader leaves. Lock order: engine, then session, then inbox or events.
 */
#ifndef CAPAUTH_ENGINE_H
#define CAPAUTH_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <capauth/capauth.h>

#include "base/platform.h"
#include "net/config.h"
#include "net/exchange.h"
#include "net/heap.h"
#include "net/reactor.h"

struct capauth__transport;

/* A thread that waits, on its own stack. */
struct capauth__waiter {
    pthread_cond_t condition;
    capauth_call *call; /* NULL: waits for any call to finish */
    bool awake;
    struct capauth__waiter *next;
    struct capauth__waiter *previous;
};

struct capauth__call_list {
    capauth_call *first;
    capauth_call *last;
};

struct capauth__engine {
    pthread_mutex_t mutex;
    struct capauth__reactor reactor;
    struct capauth__transport *transport;
    bool leading; /* a thread does the waiting for all */
    bool away; /* it is at the reactor, without the mutex */
    bool summoned; /* it must come back: until it has, nobody else takes the wake-up away */
    const capauth_call *led_for; /* what it waits for itself; NULL: for any call to finish */
    uint64_t steps; /* events that were read before another thread's step are stale */
    struct capauth__waiter *sleepers;
    struct capauth__call_list live; /* everything that has entered and not finished */
    struct capauth__exchange_list queue; /* wait for a connection */
    struct capauth__heap heap;
    bool closed;
    int finished; /* since the last poll */
    bool watched; /* the application has the descriptor */
    bool announced; /* a completion that no poll has collected */
    pthread_mutex_t inbox_mutex;
    struct capauth__call_list inbox;
    bool inbox_signalled;
    struct capauth__call_list done; /* for capauth_client_next_done; the inbox's mutex */
};

/* Takes no descriptors before there is something to wait for. */
void capauth__engine_init(struct capauth__engine *engine);
/* Ends everything; nobody may be inside. `forked`: leaves curl and the kernel's registrations alone. */
void capauth__engine_end(capauth_client *client, bool forked);
/* Finishes every live call as cancelled, closes the connections and gives the descriptors back; if a thread waits on
 * them, that is done when it leaves. */
void capauth__engine_close(capauth_client *client);

/* These never block longer than the inbox's mutex. */

/* Hands a new call over. `wake`: somebody else may have to be woken to see it. */
void capauth__engine_post(capauth_call *call, bool wake);
/* Has the call ended as cancelled at the next step, unless it is done by then. */
void capauth__engine_cancel(capauth_call *call);
/* The call's handle is gone: cancels it, and nobody is told of it any more. */
void capauth__engine_let_go(capauth_call *call);
/* Takes a call off the list for capauth_client_next_done: its outcome was collected. */
void capauth__engine_collected(capauth_call *call);
/* The first of that list, off it; or NULL. */
capauth_call *capauth__engine_next_done(struct capauth__engine *engine);

/* Waits until the call is done, or until `timeout_ms` has passed (negative: without limit). */
void capauth__engine_wait(capauth_call *call, int timeout_ms);
/* Takes steps until a call that was cancelled, or is past its deadline, has ended. */
void capauth__engine_retire(capauth_call *call);
/* The descriptor for the application; -1: none, and errno says why. */
int capauth__engine_fd(struct capauth__engine *engine);
/* One step, and if there is time, waiting for a call to finish: how many did since the last poll. CAPAUTH_E_SYSTEM:
 * it cannot wait, and errno says why. */
int capauth__engine_poll(capauth_client *client, int timeout_ms);

/* The rest is for rooms that act inside a step, with the engine's mutex held. */

/* Puts the exchange in line for a connection: it ends by its `answered`, unless it is withdrawn. */
void capauth__engine_send(struct capauth__engine *engine, struct capauth__exchange *exchange);
/* Takes it out of the line, or off the wire: it gets no answer. */
void capauth__engine_withdraw(struct capauth__engine *engine, struct capauth__exchange *exchange);
/* Sets when the call is looked at again: its deadline, or what comes before. */
void capauth__engine_schedule(capauth_call *call, int64_t due_ms);
/* Takes a call that has finished out of everything and wakes those who wait for it. */
void capauth__engine_settle(capauth_call *call);

#endif
