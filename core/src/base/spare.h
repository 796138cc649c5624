/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one long buffer that is needed no more, for the next one. The C library would give it back to the system,
 * and get it again page by page, each of them zeroed: for a reply of 95 KB that cost a fifth of the whole call.
 */
#ifndef CAPAUTH_SPARE_H
#define CAPAUTH_SPARE_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/secret.h"

enum {
    CAPAUTH__SPARE_LEAST = 32 * 1024, /* shorter ones, the C library keeps by itself */
    CAPAUTH__SPARE_MOST = 256 * 1024
};

/* Any thread may keep and take; no memory yet is all zero. */
struct capauth__spare {
    void *_Atomic memory; /* NULL: none */
};

/* Wipes the buffer, which is empty after, and keeps its memory in place of what there was, if it is of such a size. */
void capauth__spare_keep(struct capauth__spare *spare, struct capauth__buffer *buffer);
/* Makes room for that many bytes in an empty buffer, as capauth__buffer_reserve does. */
bool capauth__spare_reserve(struct capauth__spare *spare, struct capauth__buffer *buffer, size_t capacity);
void capauth__spare_free(struct capauth__spare *spare);

#endif
