/* SPDX-License-Identifier: Apache-2.0 */
#include "session/notices.h"

#include <stddef.h>
#include <stdlib.h>

void capauth__notices_init(struct capauth__notices *notices, const struct capauth__process *process)
{
    notices->process = process;
    pthread_mutex_init(&notices->mutex, NULL);
}

void capauth__notices_lock(struct capauth__notices *notices)
{
    capauth__lock(notices->process, &notices->mutex);
}

void capauth__notices_unlock(struct capauth__notices *notices)
{
    capauth__unlock(notices->process, &notices->mutex);
}

void capauth__notices_push_locked(struct capauth__notices *notices, struct capauth__notice *notice)
{
    notice->next = NULL;
    *(notices->last ? &notices->last->next : &notices->first) = notice;
    notices->last = notice;
}

void capauth__notices_push(struct capauth__notices *notices, struct capauth__notice *notice)
{
    capauth__notices_lock(notices);
    capauth__notices_push_locked(notices, notice);
    capauth__notices_unlock(notices);
}

static struct capauth__notice *pop(struct capauth__notices *notices)
{
    struct capauth__notice *notice = notices->first;

    if (notice && !(notices->first = notice->next))
        notices->last = NULL;
    return notice;
}

bool capauth__notices_are_queued(struct capauth__notices *notices)
{
    bool queued;

    capauth__notices_lock(notices);
    queued = notices->first && !notices->telling;
    capauth__notices_unlock(notices);
    return queued;
}

void capauth__notices_tell(struct capauth__notices *notices)
{
    struct capauth__notice *notice;

    capauth__notices_lock(notices);
    if (notices->telling) {
        capauth__notices_unlock(notices);
        return;
    }
    notices->telling = true;
    notices->teller = pthread_self();
    while ((notice = pop(notices))) {
        capauth__notices_unlock(notices);
        notice->tell(notice);
        notice->end(notice);
        capauth__notices_lock(notices);
    }
    notices->telling = false;
    capauth__notices_unlock(notices);
}

bool capauth__notices_in_callback(struct capauth__notices *notices)
{
    bool inside;

    capauth__notices_lock(notices);
    inside = notices->telling && pthread_equal(notices->teller, pthread_self());
    capauth__notices_unlock(notices);
    return inside;
}

void capauth__notices_end(struct capauth__notices *notices)
{
    struct capauth__notice *notice;

    while ((notice = pop(notices)))
        notice->end(notice);
    capauth__destroy_mutex(notices->process, &notices->mutex);
}

/* ---- Listeners ---- */

static void tell_nothing(struct capauth__notice *notice)
{
    (void)notice;
}

static void end_listener(struct capauth__notice *notice)
{
    struct capauth__listener *listener =
        (struct capauth__listener *)(void *)((char *)notice - offsetof(struct capauth__listener, last_notice));

    if (listener->free_data)
        listener->free_data(listener->data);
    free(listener);
}

struct capauth__listener *capauth__listener_new(struct capauth__notices *notices, void *data,
                                                void (*free_data)(void *data))
{
    struct capauth__listener *listener = calloc(1, sizeof *listener);

    if (!listener)
        return NULL;
    listener->notices = notices;
    listener->references = 1;
    listener->data = data;
    listener->free_data = free_data;
    listener->last_notice.tell = tell_nothing;
    listener->last_notice.end = end_listener;
    return listener;
}

struct capauth__listener *capauth__listener_hold(struct capauth__listener *listener)
{
    atomic_fetch_add(&listener->references, 1);
    return listener;
}

void capauth__listener_release(struct capauth__listener *listener)
{
    if (listener && atomic_fetch_sub(&listener->references, 1) == 1)
        capauth__notices_push(listener->notices, &listener->last_notice);
}
