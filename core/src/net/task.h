/* SPDX-License-Identifier: Apache-2.0 */
/* Something that the engine moves on: it is due at times, and ends once. Who has one embeds it. */
#ifndef CAPAUTH_TASK_H
#define CAPAUTH_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capauth__inbox;
struct capauth__task;

/* What the task's owner does. All but `free` happen in a turn of the engine, with its mutex held. */
struct capauth__task_owner {
    /* The engine has taken the task in. */
    void (*enter)(struct capauth__task *task);
    /* It is due; the owner schedules it anew, or ends it. */
    void (*due)(struct capauth__task *task, int64_t now_ms);
    /* It goes no further, and the owner must settle it: CAPAUTH_E_CANCELLED; CAPAUTH_E_CLOSED, the engine is;
     * CAPAUTH_E_NO_MEMORY; CAPAUTH_E_SYSTEM, and `why`, else NULL, is the system's word. */
    void (*end)(struct capauth__task *task, int code, const char *why);
    /* The last reference is gone; on any thread. */
    void (*free)(struct capauth__task *task);
};

struct capauth__task {
    const struct capauth__task_owner *owner;
    struct capauth__inbox *inbox; /* of the engine that moves it */
    atomic_int references;
    atomic_bool collectable; /* somebody holds its handle, and wants to be told of its end */
    atomic_bool done; /* what it leaves is settled once this is set */
    atomic_bool cancelled;

    /* The inbox's mutex. */
    bool posted;
    bool in_inbox;
    bool in_done_list;
    struct capauth__task *inbox_next;
    struct capauth__task *inbox_previous;
    struct capauth__task *done_next;
    struct capauth__task *done_previous;

    /* The engine's mutex. */
    bool entered;
    int64_t due_ms; /* monotonic; its owner sets the first one, capauth__engine_schedule the others */
    size_t heap_slot; /* SIZE_MAX: it is not in the heap */
    struct capauth__task *live_next;
    struct capauth__task *live_previous;
};

struct capauth__task_list {
    struct capauth__task *first;
    struct capauth__task *last;
};

/* With one reference, the caller's. */
void capauth__task_init(struct capauth__task *task, const struct capauth__task_owner *owner,
                        struct capauth__inbox *inbox);
void capauth__task_hold(struct capauth__task *task);
void capauth__task_release(struct capauth__task *task);

#endif
