/* SPDX-License-Identifier: Apache-2.0 */
#include "handles.h"

#include <pthread.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>

struct record {
    void *handle; /* first: what records are compared by */
    enum handle_kind kind;
    int users; /* threads inside C with it */
    bool freed; /* when the last user leaves */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *records; /* a tree of tsearch's */

static int by_handle(const void *one, const void *other)
{
    uintptr_t a = (uintptr_t)((const struct record *)one)->handle;
    uintptr_t b = (uintptr_t)((const struct record *)other)->handle;

    return (a > b) - (a < b);
}

/* The caller holds the lock. */
static struct record *find(void *handle)
{
    struct record key = {.handle = handle};
    void *node = handle ? tfind(&key, &records, by_handle) : NULL;

    return node ? *(struct record **)node : NULL;
}

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

/* Not under the lock: freeing may wait for a thread that wants it. */
static void free_record(struct record *record)
{
    if (record)
        free_handle(record->kind, record->handle);
    free(record);
}

/* The caller holds the lock. The record, out of the tree, if it is free to go; else NULL. */
static struct record *let_go(struct record *record)
{
    if (!record || !record->freed || record->users > 0)
        return NULL;
    tdelete(record, &records, by_handle);
    return record;
}

bool handles_take(enum handle_kind kind, void *handle)
{
    struct record *record = malloc(sizeof *record);
    bool taken = false;

    if (record) {
        *record = (struct record){.handle = handle, .kind = kind};
        pthread_mutex_lock(&lock);
        taken = tsearch(record, &records, by_handle) != NULL;
        pthread_mutex_unlock(&lock);
    }
    if (!taken) {
        free(record);
        free_handle(kind, handle);
    }
    return taken;
}

void *handles_enter(enum handle_kind kind, void *maybe)
{
    struct record *record;
    bool valid;

    pthread_mutex_lock(&lock);
    record = find(maybe);
    valid = record && record->kind == kind && !record->freed;
    if (valid)
        record->users++;
    pthread_mutex_unlock(&lock);
    return valid ? maybe : NULL;
}

void handles_leave(void *handle)
{
    struct record *record;

    if (!handle)
        return;
    pthread_mutex_lock(&lock);
    record = find(handle);
    record->users--;
    record = let_go(record);
    pthread_mutex_unlock(&lock);
    free_record(record);
}

void handles_free(enum handle_kind kind, void *maybe)
{
    struct record *record;

    pthread_mutex_lock(&lock);
    record = find(maybe);
    if (record && record->kind != kind)
        record = NULL;
    if (record)
        record->freed = true;
    record = let_go(record);
    pthread_mutex_unlock(&lock);
    free_record(record);
}

void handles_free_all(void)
{
    struct record *record;

    do {
        pthread_mutex_lock(&lock);
        record = records ? *(struct record **)records : NULL;
        if (record)
            record->freed = true;
        record = let_go(record);
        pthread_mutex_unlock(&lock);
        free_record(record);
    } while (record);
}
