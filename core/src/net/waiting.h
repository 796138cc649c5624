/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for tasks, which is what moves the engine: whoever waits takes its turns. Of several threads one leads, at
 * the reactor; the others sleep until their task is done or the leader leaves.
 */
#ifndef CAPAUTH_WAITING_H
#define CAPAUTH_WAITING_H

#include "net/engine.h"

/* Waits until the task is done, or until `timeout_ms` has passed (negative: without limit). */
void capauth__wait_for(struct capauth__engine *engine, struct capauth__task *task, int timeout_ms);
/* Takes turns until a task that was cancelled, or is past its deadline, has ended. */
void capauth__wait_for_overdue(struct capauth__engine *engine, struct capauth__task *task);
/* One turn, and if there is time, waiting for any task to end: how many that are to be collected did since the last
 * time. CAPAUTH_E_SYSTEM: it cannot wait, and errno says why. */
int capauth__wait_for_any(struct capauth__engine *engine, int timeout_ms);

#endif
