/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "books.h"

enum { MEMBERS = 3, EPOCHS = 3, FLEET_THREADS = 8, ASKS = 6, LONGEST_DELAY_MS = 40 };

static const char brand[] = "Fleet";
static const char regenerate[] = "/auth/v1/token/regenerate";

struct fleet {
    capauth_client *client;
    capauth_session *members[MEMBERS];
};

struct ship {
    struct fleet *fleet;
    struct dice dice;
    pthread_t thread;
};

static void check_outcome(int code)
{
    CHECK_CODE(code, code == CAPAUTH_OK || code == CAPAUTH_E_CANCELLED);
}

/* Asks for a valid token; some give up, some only look. */
static void ask(struct ship *ship, capauth_session *member)
{
    capauth_call *call = NULL;
    char *text = NULL;

    if (one_in(&ship->dice, 2))
        CHECK(!capauth_gateway_call(member, "GET", "customer/get", NULL, NULL, &call));
    else
        CHECK(!capauth_token_ensure(member, NULL, &call));
    (void)capauth_client_poll(ship->fleet->client, roll(&ship->dice, 3));
    if (one_in(&ship->dice, 4))
        CHECK(!capauth_call_cancel(call));
    if (one_in(&ship->dice, 2))
        check_outcome(capauth_call_wait(call, -1));
    CHECK(!capauth_session_export(member, &text));
    capauth_string_free(&text);
    capauth_call_free(&call);
}

/* Whoever has got a reply has made sure that there is a new token. */
static void insist(capauth_session *member)
{
    capauth_call *call = NULL;
    int code;

    CHECK(!capauth_gateway_call(member, "GET", "customer/get", NULL, NULL, &call));
    code = capauth_call_wait(call, -1);
    CHECK_CODE(code, code == CAPAUTH_OK && capauth_call_ok(call));
    capauth_call_free(&call);
}

static void *sail(void *data)
{
    struct ship *ship = data;

    for (int i = 0; i < ASKS; i++)
        ask(ship, ship->fleet->members[roll(&ship->dice, MEMBERS)]);
    for (int i = 0; i < MEMBERS; i++)
        insist(ship->fleet->members[i]);
    return NULL;
}

static void one_epoch(struct fleet *fleet, struct dice *dice)
{
    struct ship ships[FLEET_THREADS];

    for (int i = 0; i < FLEET_THREADS; i++) {
        ships[i] = (struct ship){.fleet = fleet, .dice.state = (uint64_t)roll(dice, 1 << 30)};
        CHECK(!pthread_create(&ships[i].thread, NULL, sail, &ships[i]));
    }
    for (int i = 0; i < FLEET_THREADS; i++)
        pthread_join(ships[i].thread, NULL);
}

static void fleet_open(struct fleet *fleet, const struct emulator *emulator, struct dice *dice)
{
    make_brand(emulator, brand, "{}");
    control(emulator, "POST", "reset?brand=Fleet", "");
    fleet->client = new_client(emulator);
    CHECK(!capauth_client_set_max_connections(fleet->client, 1 + roll(dice, 8)));
    for (int i = 0; i < MEMBERS; i++) {
        char mobile[32];

        snprintf(mobile, sizeof mobile, "91999999990%d", i);
        fleet->members[i] = new_mobile(fleet->client, brand, mobile);
        sign_in(emulator, fleet->members[i]);
    }
}

static void fleet_close(struct fleet *fleet)
{
    for (int i = 0; i < MEMBERS; i++)
        capauth_session_free(&fleet->members[i]);
    capauth_client_free(&fleet->client);
}

int fleet_round(const struct emulator *emulator, struct dice *dice)
{
    struct fleet fleet;
    char request[64], delay[64];
    int regenerations;

    fleet_open(&fleet, emulator, dice);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        snprintf(delay, sizeof delay, "\"delayMs\":%d", 1 + roll(dice, LONGEST_DELAY_MS));
        make_fault(emulator, brand, regenerate, 1 + roll(dice, MEMBERS), delay);
        control(emulator, "POST", "clock", "{\"advanceSeconds\":960}"); /* a token lives 900 */
        one_epoch(&fleet, dice);
    }
    snprintf(request, sizeof request, "POST %s", regenerate);
    regenerations = requests_of(emulator, brand, request);
    CHECK_CODE(regenerations, regenerations == EPOCHS * MEMBERS);
    fleet_close(&fleet);
    return regenerations;
}
