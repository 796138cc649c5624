/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdlib.h>

/* After its deadline a call ends in a turn: so many polls are enough for all that is left. */
enum { POLL_MS = 50, MOST_POLLS = MOST_LEFT + 4 * LONGEST_MS / POLL_MS };

/* ---- The beginning ---- */

void world_open(struct world *world, const struct emulator *emulator, struct dice *dice)
{
    *world = (struct world){.client = new_client(emulator), .books = books_open()};
    books_trace(world->books, world->client);
    CHECK(!capauth_client_set_timeout_ms(world->client, 100 + roll(dice, LONGEST_MS - 100)));
    CHECK(!capauth_client_set_max_connections(world->client, 1 + roll(dice, 6)));
    CHECK(!capauth_client_set_max_retries(world->client, roll(dice, 4)));
    for (int i = 0; i < CUSTOMERS; i++)
        pthread_rwlock_init(&world->customers[i].lock, NULL);
}

/* ---- The end ---- */

/* What nobody waits for ends all the same, within a bounded number of turns. */
static void drain(struct world *world)
{
    for (int polls = 0; world->books->left_count; polls++) {
        CHECK(polls < MOST_POLLS);
        CHECK(capauth_client_poll(world->client, POLL_MS) >= 0);
        books_collect(world->books, world->client);
    }
}

static void free_customers(struct world *world)
{
    for (int i = 0; i < CUSTOMERS; i++)
        capauth_session_free(&world->customers[i].session);
}

/* Closing ends what is in flight; the poll after it tells all that is still to be told. */
static void close_client(struct world *world)
{
    CHECK(!capauth_client_close(world->client));
    CHECK(capauth_client_poll(world->client, 0) >= 0);
    books_collect(world->books, world->client);
    CHECK(!world->books->left_count);
}

void world_close(struct world *world, struct dice *dice)
{
    if (one_in(dice, 2))
        drain(world);
    else if (one_in(dice, 2))
        books_drop(world->books);
    if (one_in(dice, 2))
        free_customers(world);
    close_client(world);
    if (one_in(dice, 2))
        capauth_client_free(&world->client);
    free_customers(world);
    capauth_client_free(&world->client);
    books_close(world->books);
    for (int i = 0; i < CUSTOMERS; i++)
        pthread_rwlock_destroy(&world->customers[i].lock);
}
