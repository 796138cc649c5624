/* SPDX-License-Identifier: Apache-2.0 */
/* The process that made something. In a child that was forked off, other threads are gone, and with them whoever held
 * a lock: there no lock is taken. */
#ifndef CAPAUTH_PROCESS_H
#define CAPAUTH_PROCESS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

struct capauth__process {
    pid_t id;
    const volatile unsigned char *fork_mark; /* NULL: only the id tells */
};

void capauth__process_init(struct capauth__process *process);
void capauth__process_end(struct capauth__process *process);
/* Whether this is a child of that process. */
bool capauth__is_forked(const struct capauth__process *process);

/* The owner of a const handle may lock it, too. */
void capauth__lock(const struct capauth__process *process, const pthread_mutex_t *mutex);
void capauth__unlock(const struct capauth__process *process, const pthread_mutex_t *mutex);
/* Leaves it alone in a child: it may be held for ever, and to destroy such a one is undefined. */
void capauth__destroy_mutex(const struct capauth__process *process, pthread_mutex_t *mutex);

#endif
