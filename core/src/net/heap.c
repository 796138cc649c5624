/* SPDX-License-Identifier: Apache-2.0 */
#include "net/heap.h"

#include <stdlib.h>

static void heap_put(struct capauth__heap *heap, size_t slot, struct capauth__task *task)
{
    heap->tasks[slot] = task;
    task->heap_slot = slot;
}

static void heap_up(struct capauth__heap *heap, size_t slot)
{
    struct capauth__task *task = heap->tasks[slot];

    while (slot && heap->tasks[(slot - 1) / 2]->due_ms > task->due_ms) {
        heap_put(heap, slot, heap->tasks[(slot - 1) / 2]);
        slot = (slot - 1) / 2;
    }
    heap_put(heap, slot, task);
}

static void heap_down(struct capauth__heap *heap, size_t slot)
{
    struct capauth__task *task = heap->tasks[slot];

    for (;;) {
        size_t child = slot * 2 + 1;

        if (child >= heap->length)
            break;
        if (child + 1 < heap->length && heap->tasks[child + 1]->due_ms < heap->tasks[child]->due_ms)
            child++;
        if (heap->tasks[child]->due_ms >= task->due_ms)
            break;
        heap_put(heap, slot, heap->tasks[child]);
        slot = child;
    }
    heap_put(heap, slot, task);
}

bool capauth__heap_add(struct capauth__heap *heap, struct capauth__task *task)
{
    if (heap->length == heap->capacity) {
        size_t capacity = heap->capacity ? heap->capacity * 2 : 16;
        struct capauth__task **tasks = realloc(heap->tasks, capacity * sizeof(struct capauth__task *));

        if (!tasks)
            return false;
        heap->tasks = tasks;
        heap->capacity = capacity;
    }
    heap->tasks[heap->length] = task;
    heap_up(heap, heap->length++);
    return true;
}

void capauth__heap_remove(struct capauth__heap *heap, struct capauth__task *task)
{
    size_t slot = task->heap_slot;
    struct capauth__task *last = heap->tasks[--heap->length];

    if (last == task)
        return;
    heap_put(heap, slot, last);
    heap_down(heap, slot);
    heap_up(heap, last->heap_slot);
}

void capauth__heap_move(struct capauth__heap *heap, struct capauth__task *task)
{
    heap_up(heap, task->heap_slot);
    heap_down(heap, task->heap_slot);
}
