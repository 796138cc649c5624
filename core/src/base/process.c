/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <stdint.h>
#include <unistd.h>

#include "base/platform.h"

void capauth__process_init(struct capauth__process *process)
{
    process->id = getpid();
    process->fork_mark = capauth__fork_mark_new();
}

void capauth__process_end(struct capauth__process *process)
{
    capauth__fork_mark_free(process->fork_mark);
    process->fork_mark = NULL;
}

bool capauth__is_forked(const struct capauth__process *process)
{
    return process->fork_mark ? !*process->fork_mark : process->id != getpid();
}

void capauth__lock(const struct capauth__process *process, const pthread_mutex_t *mutex)
{
    if (!capauth__is_forked(process))
        pthread_mutex_lock((pthread_mutex_t *)(uintptr_t)mutex);
}

void capauth__unlock(const struct capauth__process *process, const pthread_mutex_t *mutex)
{
    if (!capauth__is_forked(process))
        pthread_mutex_unlock((pthread_mutex_t *)(uintptr_t)mutex);
}

void capauth__destroy_mutex(const struct capauth__process *process, pthread_mutex_t *mutex)
{
    if (!capauth__is_forked(process))
        pthread_mutex_destroy(mutex);
}
