/* SPDX-License-Identifier: Apache-2.0 */
#include "net/inbox.h"

#include "base/list.h"

void capauth__inbox_init(struct capauth__inbox *inbox, struct capauth__reactor *reactor)
{
    pthread_mutex_init(&inbox->mutex, NULL);
    inbox->reactor = reactor;
}

void capauth__inbox_end(struct capauth__inbox *inbox)
{
    pthread_mutex_destroy(&inbox->mutex);
}

/* ---- The reactor ---- */

bool capauth__inbox_open_reactor(struct capauth__inbox *inbox, bool may)
{
    bool is_open;

    pthread_mutex_lock(&inbox->mutex);
    is_open = inbox->reactor->wake_fd >= 0;
    if (!is_open && may) {
        is_open = capauth__reactor_open(inbox->reactor);
        if (is_open && inbox->signalled)
            capauth__reactor_wake(inbox->reactor);
    }
    pthread_mutex_unlock(&inbox->mutex);
    return is_open;
}

void capauth__inbox_close_reactor(struct capauth__inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    capauth__reactor_close(inbox->reactor);
    pthread_mutex_unlock(&inbox->mutex);
}

/* With the mutex. Where nobody waits, a write and a read are spared: whoever drives next finds the call. */
static void call(struct capauth__inbox *inbox)
{
    inbox->called = true;
    if (inbox->signalled || (!inbox->awaited && !inbox->watched))
        return;
    capauth__reactor_wake(inbox->reactor);
    inbox->signalled = true;
}

void capauth__inbox_wake(struct capauth__inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    call(inbox);
    pthread_mutex_unlock(&inbox->mutex);
}

bool capauth__inbox_await(struct capauth__inbox *inbox)
{
    bool awaited;

    pthread_mutex_lock(&inbox->mutex);
    awaited = inbox->awaited = !inbox->tasks.first && !inbox->called;
    pthread_mutex_unlock(&inbox->mutex);
    return awaited;
}

void capauth__inbox_leave(struct capauth__inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    inbox->awaited = false;
    pthread_mutex_unlock(&inbox->mutex);
}

void capauth__inbox_watch(struct capauth__inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    inbox->watched = true;
    if (inbox->called)
        call(inbox);
    pthread_mutex_unlock(&inbox->mutex);
}

/* ---- To the engine ---- */

/* With the mutex. */
static void push(struct capauth__inbox *inbox, struct capauth__task *task, bool wake)
{
    if (!task->in_inbox) {
        task->in_inbox = true;
        capauth__task_hold(task);
        CAPAUTH__LIST_APPEND(&inbox->tasks, task, inbox_next, inbox_previous);
    }
    if (wake)
        call(inbox);
}

void capauth__inbox_post(struct capauth__task *task, bool wake)
{
    struct capauth__inbox *inbox = task->inbox;

    pthread_mutex_lock(&inbox->mutex);
    task->posted = true;
    push(inbox, task, wake);
    pthread_mutex_unlock(&inbox->mutex);
}

void capauth__inbox_cancel(struct capauth__task *task)
{
    struct capauth__inbox *inbox = task->inbox;

    if (atomic_load(&task->done) || atomic_exchange(&task->cancelled, true))
        return;
    pthread_mutex_lock(&inbox->mutex);
    if (task->posted) /* else whoever is about to post it does so for both */
        push(inbox, task, true);
    pthread_mutex_unlock(&inbox->mutex);
}

bool capauth__inbox_is_empty(struct capauth__inbox *inbox)
{
    bool empty;

    pthread_mutex_lock(&inbox->mutex);
    empty = !inbox->tasks.first;
    pthread_mutex_unlock(&inbox->mutex);
    return empty;
}

/* With the mutex. */
static void take_call_back(struct capauth__inbox *inbox)
{
    inbox->called = false;
    if (inbox->signalled)
        capauth__reactor_clear_wake(inbox->reactor);
    inbox->signalled = false;
}

struct capauth__task *capauth__inbox_pop(struct capauth__inbox *inbox, bool keep_call)
{
    struct capauth__task *task;

    pthread_mutex_lock(&inbox->mutex);
    task = inbox->tasks.first;
    if (task) {
        CAPAUTH__LIST_REMOVE(&inbox->tasks, task, inbox_next, inbox_previous);
        task->in_inbox = false;
    } else if (!keep_call) {
        take_call_back(inbox);
    }
    pthread_mutex_unlock(&inbox->mutex);
    return task;
}

/* ---- Done ---- */

bool capauth__inbox_set_done(struct capauth__task *task)
{
    struct capauth__inbox *inbox = task->inbox;
    bool collectable;

    pthread_mutex_lock(&inbox->mutex);
    atomic_store(&task->done, true);
    collectable = task->in_done_list = atomic_load(&task->collectable);
    if (collectable)
        CAPAUTH__LIST_APPEND(&inbox->done, task, done_next, done_previous);
    pthread_mutex_unlock(&inbox->mutex);
    return collectable;
}

/* With the mutex. */
static void take_done(struct capauth__inbox *inbox, struct capauth__task *task)
{
    if (!task->in_done_list)
        return;
    CAPAUTH__LIST_REMOVE(&inbox->done, task, done_next, done_previous);
    task->in_done_list = false;
}

void capauth__inbox_let_go(struct capauth__task *task)
{
    struct capauth__inbox *inbox = task->inbox;

    pthread_mutex_lock(&inbox->mutex);
    atomic_store(&task->collectable, false);
    take_done(inbox, task);
    pthread_mutex_unlock(&inbox->mutex);
    capauth__inbox_cancel(task);
}

void capauth__inbox_collected(struct capauth__task *task)
{
    struct capauth__inbox *inbox = task->inbox;

    pthread_mutex_lock(&inbox->mutex);
    take_done(inbox, task);
    pthread_mutex_unlock(&inbox->mutex);
}

struct capauth__task *capauth__inbox_next_done(struct capauth__inbox *inbox)
{
    struct capauth__task *task;

    pthread_mutex_lock(&inbox->mutex);
    task = inbox->done.first;
    if (task)
        take_done(inbox, task);
    pthread_mutex_unlock(&inbox->mutex);
    return task;
}
