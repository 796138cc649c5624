/* SPDX-License-Identifier: Apache-2.0 */
/* One client with some customers, whom many threads use as they like. */
#ifndef STRESS_WORLD_H
#define STRESS_WORLD_H

#include "books.h"
#include "dice.h"
#include "support.h"

enum { CUSTOMERS = 12, THREADS = 8, LONGEST_MS = 500 /* that a call of this client may take */ };

/* Freed and made anew under the lock's writing side only: freeing a handle that somebody uses is the program's fault.
 * Everything else that is done to it is done at once. */
struct customer {
    pthread_rwlock_t lock;
    capauth_session *session;
};

struct world {
    capauth_client *client;
    struct books *books;
    struct customer customers[CUSTOMERS];
    atomic_bool closed; /* somebody has closed the client */
    bool quiet; /* all only wait for calls of their own: a wake-up that one of them loses comes from nobody else */
};

/* What one thread is doing, for whoever watches that it ends. */
struct actor {
    struct world *world;
    struct dice dice;
    atomic_long since_ms;
    const char *_Atomic what;
    int acts;
    pthread_t thread;
};

void world_open(struct world *world, const struct emulator *emulator, struct dice *dice);
/* Everything has ended and balances. */
void world_close(struct world *world, struct dice *dice);

/* Before anybody acts. */
void make_customers(struct actor *actor);
/* One thing, chosen at random. */
void act(struct actor *actor);

#endif
