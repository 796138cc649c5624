/* SPDX-License-Identifier: Apache-2.0 */
/* Calls by the time at which each is due next, the first one on top. A call knows its own slot. */
#ifndef CAPAUTH_HEAP_H
#define CAPAUTH_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include <capauth/capauth.h>

struct capauth__heap {
    capauth_call **calls;
    size_t length;
    size_t capacity;
};

/* false: no memory. */
bool capauth__heap_add(struct capauth__heap *heap, capauth_call *call);
void capauth__heap_remove(struct capauth__heap *heap, capauth_call *call);
/* After its due time has changed. */
void capauth__heap_move(struct capauth__heap *heap, capauth_call *call);

#endif
