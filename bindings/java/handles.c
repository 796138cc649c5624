/* SPDX-License-Identifier: Apache-2.0 */
#include "handles.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * Each handle has a slot. Slots are used again, but their memory stays: whatever a number says, one may look into its
 * slot. Each use has a generation of its own, which is in the number and in the slot's state:
 *
 *   number: generation 38 bits, kind 2, index of the slot 24
 *   state:  generation 38 bits, kind 2, freed 1, users 23 (threads inside C with it)
 *
 * A state changes by one atomic instruction. So a thread enters while the number is valid, or not at all; and of those
 * that leave and the one that frees, only the last finds nobody inside.
 */
enum { KIND_BITS = 2, INDEX_BITS = 24 };

#define INDEX ((1U << INDEX_BITS) - 1)
#define FREED ((uint64_t)1 << (INDEX_BITS - 1))
#define USERS (FREED - 1)

enum { CHUNK_SLOTS = 1 << 10, CHUNKS = (1 << INDEX_BITS) / CHUNK_SLOTS };

struct slot {
    _Atomic(uint64_t) state;
    void *handle;
    struct slot *next_unused;
    uint32_t index;
    char apart[36]; /* threads with different handles do not share a line of their caches */
};

static _Atomic(struct slot *) chunks[CHUNKS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static struct slot *unused;
static uint32_t made; /* slots, in use or not */
static uint32_t in_use;

/* ---- Numbers ---- */

/* NULL for one that was never made. */
static struct slot *slot_of(uint64_t number)
{
    uint32_t index = (uint32_t)number & INDEX;
    struct slot *chunk = atomic_load_explicit(&chunks[index / CHUNK_SLOTS], memory_order_acquire);

    return chunk ? &chunk[index % CHUNK_SLOTS] : NULL;
}

static uint64_t number_of(const struct slot *slot, uint64_t state)
{
    return (state >> INDEX_BITS) << INDEX_BITS | slot->index;
}

static enum handle_kind kind_of(uint64_t number_or_state)
{
    return number_or_state >> INDEX_BITS & ((1U << KIND_BITS) - 1);
}

/* Of the next use. */
static uint64_t next_state(uint64_t state, enum handle_kind kind)
{
    uint64_t generation = (state >> (INDEX_BITS + KIND_BITS)) + 1;

    return (generation << KIND_BITS | kind) << INDEX_BITS;
}

/* Whether the number is that of the handle in the slot, which is not freed. */
static bool is_valid(uint64_t number, uint64_t state)
{
    return state >> INDEX_BITS == number >> INDEX_BITS && !(state & FREED);
}

/* ---- Slots. The caller holds the lock ---- */

static bool make_chunk(void)
{
    struct slot *chunk = made / CHUNK_SLOTS < CHUNKS ? calloc(CHUNK_SLOTS, sizeof *chunk) : NULL;
    uint32_t first = made;

    if (!chunk)
        return false;
    for (uint32_t i = 0; i < CHUNK_SLOTS; i++) {
        chunk[i].index = first + i;
        atomic_init(&chunk[i].state, FREED);
        chunk[i].next_unused = i + 1 < CHUNK_SLOTS ? &chunk[i + 1] : NULL;
    }
    unused = chunk;
    made += CHUNK_SLOTS;
    atomic_store_explicit(&chunks[first / CHUNK_SLOTS], chunk, memory_order_release);
    return true;
}

static struct slot *use_slot(void)
{
    struct slot *slot;

    if (!unused && !make_chunk())
        return NULL;
    slot = unused;
    unused = slot->next_unused;
    in_use++;
    return slot;
}

static void give_back(struct slot *slot)
{
    slot->next_unused = unused;
    unused = slot;
    in_use--;
}

/* ---- Freeing ---- */

static void free_handle(enum handle_kind kind, void *handle)
{
    capauth_client *client = handle;
    capauth_session *session = handle;
    capauth_call *call = handle;
    capauth_options *options = handle;

    switch (kind) {
    case KIND_capauth_client:
        capauth_client_free(&client);
        break;
    case KIND_capauth_session:
        capauth_session_free(&session);
        break;
    case KIND_capauth_call:
        capauth_call_free(&call);
        break;
    case KIND_capauth_options:
        capauth_options_free(&options);
        break;
    }
}

/* For the one that finds it freed and nobody inside. Not under the lock: freeing may wait for a thread that wants it.
 */
static void end(struct slot *slot, uint64_t state)
{
    free_handle(kind_of(state), slot->handle);
    pthread_mutex_lock(&lock);
    give_back(slot);
    pthread_mutex_unlock(&lock);
}

/* ---- What glue.c and java.i use ---- */

uint64_t handles_take(enum handle_kind kind, void *handle)
{
    struct slot *slot;
    uint64_t state;

    pthread_mutex_lock(&lock);
    slot = use_slot();
    pthread_mutex_unlock(&lock);
    if (!slot) {
        free_handle(kind, handle);
        return 0;
    }
    slot->handle = handle;
    state = next_state(atomic_load_explicit(&slot->state, memory_order_relaxed), kind);
    atomic_store_explicit(&slot->state, state, memory_order_release);
    return number_of(slot, state);
}

void *handles_enter(enum handle_kind kind, uint64_t number)
{
    struct slot *slot = kind_of(number) == kind ? slot_of(number) : NULL;
    uint64_t state = slot ? atomic_load_explicit(&slot->state, memory_order_relaxed) : FREED;

    do {
        if (!is_valid(number, state))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&slot->state, &state, state + 1, memory_order_acquire,
                                                    memory_order_relaxed));
    return slot->handle;
}

void handles_leave(uint64_t number)
{
    struct slot *slot = slot_of(number);
    uint64_t state = atomic_fetch_sub_explicit(&slot->state, 1, memory_order_acq_rel);

    if ((state & FREED) && (state & USERS) == 1)
        end(slot, state);
}

void handles_free(enum handle_kind kind, uint64_t number)
{
    struct slot *slot = kind_of(number) == kind ? slot_of(number) : NULL;
    uint64_t state = slot ? atomic_load_explicit(&slot->state, memory_order_relaxed) : FREED;

    do {
        if (!is_valid(number, state))
            return;
    } while (!atomic_compare_exchange_weak_explicit(&slot->state, &state, state | FREED, memory_order_acq_rel,
                                                    memory_order_relaxed));
    if (!(state & USERS))
        end(slot, state);
}

/* The caller holds the lock. Class loaders come and go; what nobody can look into any more goes with them. */
static void free_chunks(void)
{
    for (uint32_t i = 0; i < made / CHUNK_SLOTS; i++)
        free(atomic_exchange(&chunks[i], NULL));
    unused = NULL;
    made = 0;
}

void handles_free_all(void)
{
    for (uint32_t index = 0; index < made; index++) {
        struct slot *slot = slot_of(index);
        uint64_t state = atomic_load(&slot->state);

        handles_free(kind_of(state), number_of(slot, state));
    }
    pthread_mutex_lock(&lock);
    if (!in_use)
        free_chunks();
    pthread_mutex_unlock(&lock);
}
