/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the engine and other threads: what they leave for its next turn, the wake-up that tells it, and the tasks
 * that are done, to be collected. All of it under a small mutex of its own, so that nobody waits here for a turn to
 * end.
 */
#ifndef CAPAUTH_INBOX_H
#define CAPAUTH_INBOX_H

#include <pthread.h>
#include <stdbool.h>

#include "net/reactor.h"
#include "net/task.h"

struct capauth__inbox {
    pthread_mutex_t mutex;
    struct capauth__reactor *reactor;
    bool called; /* for a turn, which nobody has taken since */
    bool signalled; /* and the reactor was woken, which nobody has taken back */
    bool awaited; /* a thread waits at the reactor */
    bool watched; /* an event loop of the application's does, and perhaps for ever */
    struct capauth__task_list tasks; /* each with a reference of its own */
    struct capauth__task_list done; /* nobody has collected them yet */
};

void capauth__inbox_init(struct capauth__inbox *inbox, struct capauth__reactor *reactor);
void capauth__inbox_end(struct capauth__inbox *inbox);

/* From any thread. */

/* Hands a new task over. `wake`: whoever waits at the reactor is to see it; with nobody there, whoever drives next
 * looks into the inbox before they wait. */
void capauth__inbox_post(struct capauth__task *task, bool wake);
/* Has the task ended as cancelled in the next turn, unless it is done by then. */
void capauth__inbox_cancel(struct capauth__task *task);
/* The task's handle is gone: cancels it, and nobody is told of it any more. */
void capauth__inbox_let_go(struct capauth__task *task);
/* Takes a task off the list of those that are done: its outcome was collected. */
void capauth__inbox_collected(struct capauth__task *task);
/* The first of that list, off it; or NULL. */
struct capauth__task *capauth__inbox_next_done(struct capauth__inbox *inbox);
bool capauth__inbox_is_empty(struct capauth__inbox *inbox);
/* Calls for a turn: ends the wait on the reactor, or has the next one end at once. */
void capauth__inbox_wake(struct capauth__inbox *inbox);

/* For the engine, with its mutex held. */

/* Whether the reactor is open, or could be opened now, if it `may`. The system has refused: errno says why. Only here
 * and with the next one, since others wake it meanwhile; a wake-up that came before is made up for. */
bool capauth__inbox_open_reactor(struct capauth__inbox *inbox, bool may);
void capauth__inbox_close_reactor(struct capauth__inbox *inbox);
/* A thread is about to wait at the reactor; false: it need not, something has come. */
bool capauth__inbox_await(struct capauth__inbox *inbox);
/* It has come back. */
void capauth__inbox_leave(struct capauth__inbox *inbox);
/* From here on the reactor is woken for all that comes. */
void capauth__inbox_watch(struct capauth__inbox *inbox);
/* The next task, with its reference. NULL: there is none, and the call is taken back unless `keep_call`. */
struct capauth__task *capauth__inbox_pop(struct capauth__inbox *inbox, bool keep_call);
/* From here on the task is done for all to see. true: somebody holds it, and will find it on the list. */
bool capauth__inbox_set_done(struct capauth__task *task);

#endif
