/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "arena.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_SIZE ((size_t)4 << 30) /* address space; only what is touched becomes memory */
#define ALIGNMENT ((size_t)64)
enum { POISON = 0xdd };

/* In front of each block. */
struct header {
    size_t size;
    size_t room; /* to the next header, this one included */
    const void *caller;
    atomic_bool freed;
};

struct arena_rules arena_rules;

static atomic_uintptr_t base;
static atomic_size_t used;

static uintptr_t arena_base(void)
{
    uintptr_t start = atomic_load(&base);

    if (!start) {
        void *fresh =
            mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (fresh == MAP_FAILED)
            abort();
        if (!atomic_compare_exchange_strong(&base, &start, (uintptr_t)fresh)) {
            munmap(fresh, ARENA_SIZE);
            return start;
        }
        start = (uintptr_t)fresh;
    }
    return start;
}

static struct header *header_of(void *block)
{
    return (struct header *)((uintptr_t)block - ALIGNMENT);
}

static void *take(size_t size, const void *caller)
{
    size_t room = (size + ALIGNMENT + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
    struct header *header;
    size_t at;

    if (size > ARENA_SIZE || (arena_rules.refuses && arena_rules.refuses(caller)) ||
        (at = atomic_fetch_add(&used, room)) + room > ARENA_SIZE) {
        errno = ENOMEM;
        return NULL;
    }
    header = (struct header *)(arena_base() + at);
    header->size = size;
    header->room = room;
    header->caller = caller;
    return (void *)((uintptr_t)header + ALIGNMENT);
}

static void give_back(void *block)
{
    if (arena_rules.poisons)
        memset(block, POISON, header_of(block)->size);
    atomic_store(&header_of(block)->freed, true);
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size)
{
    return take(size, CALLER);
}

void *calloc(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return take(count * size, CALLER); /* fresh pages are zero */
}

void *realloc(void *block, size_t size)
{
    void *fresh = take(size, CALLER);

    if (block && fresh) {
        memcpy(fresh, block, header_of(block)->size < size ? header_of(block)->size : size);
        give_back(block);
    }
    return fresh;
}

void free(void *block)
{
    if (block)
        give_back(block);
}

/* All blocks are aligned to 64; nothing in this process asks for more. */
void *aligned_alloc(size_t alignment, size_t size)
{
    return alignment <= ALIGNMENT ? take(size, CALLER) : NULL;
}

void *memalign(size_t alignment, size_t size);

void *memalign(size_t alignment, size_t size)
{
    return alignment <= ALIGNMENT ? take(size, CALLER) : NULL;
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    *out = alignment <= ALIGNMENT ? take(size, CALLER) : NULL;
    return *out ? 0 : ENOMEM;
}

/* The C library's own would name itself as the caller. */
char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = take(size, CALLER);

    return copy ? memcpy(copy, text, size) : NULL;
}

bool arena_holds(const void *address)
{
    return (uintptr_t)address >= atomic_load(&base) && (uintptr_t)address < atomic_load(&base) + atomic_load(&used);
}

const void *arena_end(void)
{
    return (const void *)(atomic_load(&base) + atomic_load(&used));
}

size_t arena_used(void)
{
    return atomic_load(&used);
}

bool arena_next(size_t *at, struct arena_block *block)
{
    struct header *header = (struct header *)(atomic_load(&base) + *at);

    if (*at >= atomic_load(&used) || !header->room)
        return false;
    *block = (struct arena_block){(void *)((uintptr_t)header + ALIGNMENT), header->size, header->caller,
                                  atomic_load(&header->freed)};
    *at += header->room;
    return true;
}

bool arena_find(const void *address, struct arena_block *block)
{
    size_t at = 0;

    while (arena_holds(address) && arena_next(&at, block)) {
        uintptr_t start = (uintptr_t)block->start;

        if ((uintptr_t)address >= start && (uintptr_t)address < start + block->size)
            return true;
    }
    return false;
}
