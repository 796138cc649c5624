/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks by the time at which each is due next, the first one on top. A task knows its own slot. */
#ifndef CAPAUTH_HEAP_H
#define CAPAUTH_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "net/task.h"

struct capauth__heap {
    struct capauth__task **tasks;
    size_t length;
    size_t capacity;
};

/* false: no memory. */
bool capauth__heap_add(struct capauth__heap *heap, struct capauth__task *task);
void capauth__heap_remove(struct capauth__heap *heap, struct capauth__task *task);
/* After its due time has changed. */
void capauth__heap_move(struct capauth__heap *heap, struct capauth__task *task);

#endif
