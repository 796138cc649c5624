/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator in place of the C library's, for the whole process: memory is never given out twice, so that whatever a
 * block held when it was freed is still there, and each block remembers who asked for it.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block {
    const void *start;
    size_t size;
    const void *caller; /* an address in the code that asked */
    bool freed;
};

/* What a program may want otherwise; nothing of it from the start. */
struct arena_rules {
    bool (*refuses)(const void *caller); /* asked before each allocation: true, and there is no memory for it */
    bool poisons; /* overwrites what is freed */
};
extern struct arena_rules arena_rules;

/* How much was given out so far: where a later walk by arena_next may begin. */
size_t arena_used(void);
/* The block at `*at`, which then goes on to the next. false: there are no more. */
bool arena_next(size_t *at, struct arena_block *block);
/* The block that the address lies in, if any. */
bool arena_find(const void *address, struct arena_block *block);
/* Whether the address is the arena's, block or not. */
bool arena_holds(const void *address);
/* The first address after all that was given out; behind it are gigabytes of zeros. */
const void *arena_end(void);

#endif
