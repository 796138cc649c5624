/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spare.h"

#include <stdlib.h>

/* What its memory begins with. */
struct head {
    size_t capacity;
};

void capauth__spare_keep(struct capauth__spare *spare, struct capauth__buffer *buffer)
{
    struct head *head = (void *)buffer->data;

    if (buffer->capacity < CAPAUTH__SPARE_LEAST || buffer->capacity > CAPAUTH__SPARE_MOST) {
        capauth__buffer_free(buffer);
        return;
    }
    capauth__buffer_clear(buffer);
    head->capacity = buffer->capacity;
    *buffer = (struct capauth__buffer){.limit = buffer->limit};
    free(atomic_exchange(&spare->memory, head));
}

/* What it holds, if that is enough; what is not has been outgrown. */
static void take(struct capauth__spare *spare, struct capauth__buffer *buffer, size_t capacity)
{
    struct head *head = atomic_exchange(&spare->memory, NULL);

    if (!head || head->capacity < capacity) {
        free(head);
        return;
    }
    buffer->capacity = head->capacity;
    buffer->data = (char *)head;
    buffer->data[0] = '\0';
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
