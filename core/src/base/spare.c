/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spare.h"

#include <stdlib.h>
#include <string.h>

void capauth__spare_keep(struct capauth__spare *spare, struct capauth__buffer *buffer)
{
    size_t capacity = buffer->capacity;
    char *memory;

    if (capacity < CAPAUTH__SPARE_LEAST || capacity > CAPAUTH__SPARE_MOST) {
        capauth__buffer_free(buffer);
        return;
    }
    capauth__buffer_clear(buffer);
    memory = buffer->data;
    *buffer = (struct capauth__buffer){.limit = buffer->limit};
    memcpy(memory, &capacity, sizeof capacity);
    free(atomic_exchange(&spare->memory, memory));
}

/* What it holds, if that is enough; what is not has been outgrown. */
static void take(struct capauth__spare *spare, struct capauth__buffer *buffer, size_t capacity)
{
    char *memory = atomic_exchange(&spare->memory, NULL);
    size_t held = 0;

    if (memory)
        memcpy(&held, memory, sizeof held);
    if (held < capacity) {
        free(memory);
        return;
    }
    memory[0] = '\0';
    buffer->data = memory;
    buffer->capacity = held;
}

bool capauth__spare_reserve(struct capauth__spare *spare, struct capauth__buffer *buffer, size_t capacity)
{
    if (!buffer->data && capacity >= CAPAUTH__SPARE_LEAST)
        take(spare, buffer, capacity);
    return capauth__buffer_reserve(buffer, capacity);
}

void capauth__spare_free(struct capauth__spare *spare)
{
    free(atomic_exchange(&spare->memory, NULL));
}
