/* SPDX-License-Identifier: Apache-2.0 */
#include "net/task.h"

void capauth__task_init(struct capauth__task *task, const struct capauth__task_owner *owner,
                        struct capauth__inbox *inbox)
{
    *task = (struct capauth__task){.owner = owner, .inbox = inbox, .references = 1, .heap_slot = SIZE_MAX};
}

void capauth__task_hold(struct capauth__task *task)
{
    atomic_fetch_add(&task->references, 1);
}

void capauth__task_release(struct capauth__task *task)
{
    if (atomic_fetch_sub(&task->references, 1) == 1)
        task->owner->free(task);
}
