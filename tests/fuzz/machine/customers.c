/* SPDX-License-Identifier: Apache-2.0 */
/* The model's memory: lives of calls, and customers as they were last seen. */
#include "model.h"

#include <string.h>

#include "world.h"

/* ---- Lives ---- */

struct life *life_of(const capauth_call *call)
{
    struct life *life = world.lives;

    while (life && (life->call != call || life->ended))
        life = life->next;
    return life;
}

struct handle *handle_of(const capauth_call *call)
{
    for (int i = 0; i < CALLS; i++) {
        if (world.handles[i].call == call)
            return &world.handles[i];
    }
    return NULL;
}

struct customer *customer_of(const capauth_session *session)
{
    for (int i = 0; session && i < CUSTOMERS; i++) {
        if (world.customers[i].session == session)
            return &world.customers[i];
    }
    return NULL;
}

bool life_is_exclusive(const struct life *life)
{
    switch (life->operation) {
    case CAPAUTH__TOKEN_GENERATE:
    case CAPAUTH__OTP_GENERATE:
    case CAPAUTH__OTP_VALIDATE:
    case CAPAUTH__PASSWORD_VALIDATE:
    case CAPAUTH__PASSWORD_CHANGE:
    case CAPAUTH__PASSWORD_FORGET:
    case CAPAUTH__TOKEN_EXPIRE:
    case CAPAUTH__IDENTIFIER_UPDATE:
        return true;
    default:
        return false;
    }
}

void replace(char **slot, const char *text)
{
    char *copy = strdup(text);

    HOLDS(copy);
    free(*slot);
    *slot = copy;
}

/* ---- Customers ---- */

void count_token(struct customer *customer)
{
    const char *token = capauth_session_token(customer->session);
    const char *identifier = capauth_session_identifier(customer->session);
    char now[2048];

    snprintf(now, sizeof now, "%s %s", identifier, token);
    if (customer->counted && !strcmp(customer->counted, now))
        return;
    customer->token_number++;
    replace(&customer->counted, now);
}

void customer_sees(struct customer *customer)
{
    replace(&customer->token, capauth_session_token(customer->session));
    replace(&customer->key, capauth_session_key(customer->session));
    replace(&customer->identifier, capauth_session_identifier(customer->session));
    customer->token_may_go = false;
    count_token(customer);
}

void customer_free(struct customer *customer)
{
    capauth_session *session = customer->session;

    for (struct life *life = world.lives; life; life = life->next) {
        if (life->customer == customer)
            life->customer = NULL;
    }
    if (customer->observer)
        customer->observer->customer = NULL;
    free(customer->token);
    free(customer->key);
    free(customer->identifier);
    free(customer->counted);
    free(customer->told);
    *customer = (struct customer){0};
    capauth_session_free(&session); /* now, for it may be the last handle, and end what is in flight */
}

void customer_look(struct customer *customer)
{
    const char *token = capauth_session_token(customer->session);

    HOLDS(!strcmp(token, customer->token) || (!*token && customer->token_may_go)); /* nothing else signs anybody out */
    HOLDS(!strcmp(capauth_session_key(customer->session), customer->key)); /* a key is never lost */
    HOLDS(!strcmp(capauth_session_identifier(customer->session), customer->identifier));
    customer_sees(customer);
}

void model_looks(void)
{
    for (int i = 0; i < CUSTOMERS; i++) {
        if (world.customers[i].session)
            customer_look(&world.customers[i]);
    }
}
