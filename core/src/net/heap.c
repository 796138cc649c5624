/* SPDX-License-Identifier: Apache-2.0 */
#include "net/heap.h"

#include <stdlib.h>

#include "session/call.h"

static void heap_put(struct capauth__heap *heap, size_t slot, capauth_call *call)
{
    heap->calls[slot] = call;
    call->heap_slot = slot;
}

static void heap_up(struct capauth__heap *heap, size_t slot)
{
    capauth_call *call = heap->calls[slot];

    while (slot && heap->calls[(slot - 1) / 2]->due_ms > call->due_ms) {
        heap_put(heap, slot, heap->calls[(slot - 1) / 2]);
        slot = (slot - 1) / 2;
    }
    heap_put(heap, slot, call);
}

static void heap_down(struct capauth__heap *heap, size_t slot)
{
    capauth_call *call = heap->calls[slot];

    for (;;) {
        size_t child = slot * 2 + 1;

        if (child >= heap->length)
            break;
        if (child + 1 < heap->length && heap->calls[child + 1]->due_ms < heap->calls[child]->due_ms)
            child++;
        if (heap->calls[child]->due_ms >= call->due_ms)
            break;
        heap_put(heap, slot, heap->calls[child]);
        slot = child;
    }
    heap_put(heap, slot, call);
}

bool capauth__heap_add(struct capauth__heap *heap, capauth_call *call)
{
    if (heap->length == heap->capacity) {
        size_t capacity = heap->capacity ? heap->capacity * 2 : 16;
        capauth_call **calls = realloc(heap->calls, capacity * sizeof(capauth_call *));

        if (!calls)
            return false;
        heap->calls = calls;
        heap->capacity = capacity;
    }
    heap->calls[heap->length] = call;
    heap_up(heap, heap->length++);
    return true;
}

void capauth__heap_remove(struct capauth__heap *heap, capauth_call *call)
{
    size_t slot = call->heap_slot;
    capauth_call *last = heap->calls[--heap->length];

    if (last == call)
        return;
    heap_put(heap, slot, last);
    heap_down(heap, slot);
    heap_up(heap, last->heap_slot);
}

void capauth__heap_move(struct capauth__heap *heap, capauth_call *call)
{
    heap_up(heap, call->heap_slot);
    heap_down(heap, call->heap_slot);
}
