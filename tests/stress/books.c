/* SPDX-License-Identifier: Apache-2.0 */
#include "books.h"

#include <stdlib.h>

struct books *books_open(void)
{
    struct books *books = calloc(1, sizeof *books);

    CHECK(books);
    pthread_mutex_init(&books->mutex, NULL);
    return books;
}

void books_close(struct books *books)
{
    CHECK(books->begun == books->ended);
    CHECK(books->begun < MOST_CALLS);
    for (int i = 0; i < MOST_CALLS; i++)
        CHECK(books->ends[i] <= 1);
    CHECK(books->registered == books->freed);
    CHECK(books->left_count == 0);
    pthread_mutex_destroy(&books->mutex);
    free(books);
}

bool may_happen(int code)
{
    switch (code) {
    case CAPAUTH_E_PENDING:
    case CAPAUTH_E_INTERNAL:
    case CAPAUTH_E_INVALID_ARGUMENT:
    case CAPAUTH_E_REENTRANT:
    case CAPAUTH_E_FORKED:
    case CAPAUTH_E_NO_MEMORY:
    case CAPAUTH_E_SYSTEM:
        return false;
    default:
        return true;
    }
}

/* ---- Data of callbacks ---- */

enum { ALIVE = 0x600d, DEAD = 0xdead };

struct data {
    struct books *books;
    atomic_int state;
};

void *books_data(struct books *books)
{
    struct data *data = calloc(1, sizeof *data);

    CHECK(data);
    data->books = books;
    data->state = ALIVE;
    atomic_fetch_add(&books->registered, 1);
    return data;
}

void books_free_data(void *data)
{
    struct data *it = data;

    CHECK(atomic_exchange(&it->state, DEAD) == ALIVE);
    atomic_fetch_add(&it->books->freed, 1);
    free(it);
}

struct books *books_of(void *data)
{
    CHECK(((struct data *)data)->state == ALIVE);
    return ((struct data *)data)->books;
}

/* ---- Calls ---- */

static void trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                  int duration_ms, void *data)
{
    struct books *books = books_of(data);

    (void)operation, (void)http_status, (void)attempts, (void)duration_ms;
    if (event == CAPAUTH_TRACE_START) {
        atomic_fetch_add(&books->begun, 1);
        return;
    }
    CHECK_CODE(result, may_happen(result));
    atomic_fetch_add(&books->ended, 1);
    if (result == CAPAUTH_OK)
        atomic_fetch_add(&books->succeeded, 1);
    atomic_fetch_add(&books->ends[call_id % MOST_CALLS], 1);
}

void books_trace(struct books *books, capauth_client *client)
{
    int code = capauth_client_set_trace(client, trace, books_data(books), books_free_data);

    CHECK_CODE(code, !code || code == CAPAUTH_E_CLOSED);
}

void books_leave(struct books *books, books_start start, void *context)
{
    capauth_call *call = NULL;
    int code;

    pthread_mutex_lock(&books->mutex);
    if (books->left_count < MOST_LEFT) {
        code = start(context, &call);
        CHECK_CODE(code, may_happen(code));
        if (code) /* a call that was refused is not handed out */
            capauth_call_free(&call);
        else
            books->left[books->left_count++] = call;
    }
    pthread_mutex_unlock(&books->mutex);
}

void books_cancel(struct books *books, int which)
{
    pthread_mutex_lock(&books->mutex);
    if (books->left_count)
        CHECK(!capauth_call_cancel(books->left[which % books->left_count]));
    pthread_mutex_unlock(&books->mutex);
}

/* With the mutex: out of the list, if it is one of those. */
static bool strike(struct books *books, const capauth_call *call)
{
    for (int i = 0; i < books->left_count; i++) {
        if (books->left[i] == call) {
            books->left[i] = books->left[--books->left_count];
            return true;
        }
    }
    return false; /* it belongs to the thread that started it */
}

void books_collect(struct books *books, capauth_client *client)
{
    capauth_call *call = NULL;

    pthread_mutex_lock(&books->mutex);
    while (capauth_client_next_done(client, &call) == 1) {
        if (strike(books, call)) {
            int code = capauth_call_result(call);

            CHECK(capauth_call_done(call));
            CHECK_CODE(code, may_happen(code));
            books->handed_out++;
            capauth_call_free(&call);
        }
    }
    CHECK(!call);
    pthread_mutex_unlock(&books->mutex);
}

void books_drop(struct books *books)
{
    pthread_mutex_lock(&books->mutex);
    while (books->left_count)
        capauth_call_free(&books->left[--books->left_count]);
    pthread_mutex_unlock(&books->mutex);
}
