/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include "support.h"

#include <stdlib.h>
#include <string.h>

struct memory memory;

/* In front of each block. As long as the strictest alignment. */
struct head {
    _Alignas(max_align_t) size_t size;
};

void *__real_malloc(size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

/* Cleared, so that what is found in it later was written. */
void *__wrap_malloc(size_t size)
{
    struct head *head;

    if (++memory.asked == memory.fail_at || !(head = __real_malloc(sizeof *head + size)))
        return NULL;
    head->size = size;
    memory.live++;
    return memset(head + 1, 0, size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return size && count > SIZE_MAX / size ? NULL : __wrap_malloc(count * size);
}

/* Nothing under test may use it: it leaves copies behind. */
void *__wrap_realloc(void *block, size_t size)
{
    (void)block, (void)size;
    fail_msg("realloc leaves the old bytes in memory that nobody wipes");
    return NULL;
}

void __wrap_free(void *block)
{
    struct head *head = block;

    if (!block)
        return;
    head--;
    for (size_t i = 0; i < head->size; i++) {
        if (((char *)block)[i]) {
            memory.unwiped++;
            break;
        }
    }
    memory.live--;
    __real_free(head);
}

void memory_fail_at(size_t which)
{
    memory.asked = 0;
    memory.fail_at = which;
}

int memory_ran_out(void)
{
    return memory.asked >= memory.fail_at;
}

int memory_is_clean(void **state)
{
    struct memory found = memory;

    (void)state;
    memset(&memory, 0, sizeof memory);
    assert_int_equal(found.live, 0);
    assert_int_equal(found.unwiped, 0);
    return 0;
}
