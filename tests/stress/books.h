/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written down while threads do everything at once, and must balance in the end: each call that began has ended
 * once, what was registered was freed once, and each call that was left to capauth_client_next_done came from it once.
 */
#ifndef STRESS_BOOKS_H
#define STRESS_BOOKS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <capauth/capauth.h>

/* Ends the program with the place and the seed. For any thread, in callbacks too. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            stress_fail(__FILE__, __LINE__, #condition, 0);                                                            \
    } while (0)
#define CHECK_CODE(code, condition)                                                                                    \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            stress_fail(__FILE__, __LINE__, #condition, (code));                                                       \
    } while (0)
_Noreturn void stress_fail(const char *file, int line, const char *what, int code);

enum { MOST_CALLS = 1 << 18, MOST_LEFT = 64 };

struct books {
    atomic_int begun;
    atomic_int ended;
    atomic_int succeeded;
    atomic_uchar ends[MOST_CALLS]; /* by the call's id */
    atomic_int registered; /* data of callbacks */
    atomic_int freed;

    pthread_mutex_t mutex;
    capauth_call *left[MOST_LEFT]; /* started, for whoever gets them from capauth_client_next_done; under mutex */
    int left_count;
    int handed_out;
};

struct books *books_open(void);
/* Once all has been told. */
void books_close(struct books *books);

/* Registers the trace that the books live on, anew. */
void books_trace(struct books *books, capauth_client *client);
/* Data for a callback, with what frees it and counts that. */
void *books_data(struct books *books);
void books_free_data(void *data);
/* In a callback: nobody has freed it yet. */
struct books *books_of(void *data);

/* Calls that are left to capauth_client_next_done. `start` is called with the mutex, so that none is handed out before
 * it is written down. */
typedef int (*books_start)(void *context, capauth_call **call);
void books_leave(struct books *books, books_start start, void *context);
void books_cancel(struct books *books, int which);
/* Takes what has finished. */
void books_collect(struct books *books, capauth_client *client);
/* Frees all that is left, in flight or not. */
void books_drop(struct books *books);

/* Whether a correct program may see this code. */
bool may_happen(int code);

#endif
