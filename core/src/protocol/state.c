/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/state.h"

#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* ---- Its texts ---- */

#define TEXT(name, field, longest)                                                                                     \
    {                                                                                                                  \
        name, offsetof(struct capauth__state, field), longest                                                          \
    }

static const struct capauth__state_text texts[] = {
    TEXT("brand", identity.brand, CAPAUTH__IDENTITY_LONGEST),
    TEXT("device", identity.device_id, CAPAUTH__DEVICE_LONGEST),
    TEXT("identifier", identity.identifier, CAPAUTH__IDENTITY_LONGEST),
    TEXT("contact", identity.contact, CAPAUTH__IDENTITY_LONGEST),
    TEXT("sessionId", session_id, CAPAUTH__TOKEN_LONGEST),
    TEXT("token", token, CAPAUTH__TOKEN_LONGEST),
    TEXT("key", key, CAPAUTH__TOKEN_LONGEST),
    TEXT("authorizedToken", authorized_token, CAPAUTH__TOKEN_LONGEST),
    TEXT("accessToken", identity.access_token, CAPAUTH__TOKEN_LONGEST),
    TEXT("idToken", identity.id_token, CAPAUTH__TOKEN_LONGEST),
    TEXT("otherIdentifier", other_identifier, CAPAUTH__IDENTITY_LONGEST),
    TEXT("otpChannel", otp.channel, CAPAUTH__IDENTITY_LONGEST),
    /* Not a member, but members; the last row. */
    TEXT(NULL, unknown_members, 0),
};

enum { TEXTS = sizeof texts / sizeof texts[0] };

const struct capauth__state_text *capauth__state_texts(size_t *count)
{
    *count = TEXTS - 1;
    return texts;
}

char **capauth__state_slot(struct capauth__state *state, const struct capauth__state_text *text)
{
    return (char **)(void *)((char *)state + text->offset);
}

char **capauth__state_slot_at(struct capauth__state *state, size_t index)
{
    return index < TEXTS ? capauth__state_slot(state, &texts[index]) : NULL;
}

bool capauth__state_holds(const struct capauth__state *state, const char *text)
{
    bool held = false;

    for (size_t i = 0; i < TEXTS && text && !held; i++)
        held = *(char *const *)(const void *)((const char *)state + texts[i].offset) == text;
    return held;
}

void capauth__state_init(struct capauth__state *state, int flow)
{
    memset(state, 0, sizeof *state);
    state->identity.flow = flow;
    state->app_registered = state->registered_for_password = -1;
    state->next_step = flow == CAPAUTH_FLOW_EXTERNAL ? CAPAUTH_STEP_DONE : CAPAUTH_STEP_TOKEN_GENERATE;
}

void capauth__state_wipe(struct capauth__state *state)
{
    for (size_t i = 0; i < TEXTS; i++)
        capauth__wipe_free(capauth__state_slot(state, &texts[i]));
    capauth__wipe(state, sizeof *state);
}

/* ---- What it says ---- */

bool capauth__state_signed_in(const struct capauth__state *state)
{
    static const char *const partial[] = {"VIEW", "MFA_PENDING", "AUTH"};

    if (!state->token)
        return false;
    for (size_t i = 0; i < sizeof partial / sizeof partial[0]; i++) {
        if (!strcmp(state->claims.role, partial[i]))
            return false;
    }
    return true;
}

bool capauth__state_can_regenerate(const struct capauth__state *state)
{
    return state->identity.flow == CAPAUTH_FLOW_WEB ? capauth__state_signed_in(state) : state->key != NULL;
}

int64_t capauth__state_expires_at_ms(const struct capauth__state *state)
{
    return state->token ? state->claims.expires_at_ms : 0;
}

static const char *missing_identity(const struct capauth__identity *identity, unsigned fields, const char **argument)
{
    *argument = "identifier";
    if (!identity->identifier)
        return "is not set";
    *argument = "device_id";
    if (fields & CAPAUTH__F_DEVICE && identity->flow != CAPAUTH_FLOW_WEB && !identity->device_id)
        return "is not set";
    *argument = NULL;
    return NULL;
}

static const char *missing_secret(const struct capauth__state *state, enum capauth__operation operation,
                                  unsigned fields)
{
    if (fields & CAPAUTH__F_SESSION_ID && !state->session_id)
        return "no session id; generate a token first";
    if (fields & CAPAUTH__F_AUTHORIZED_TOKEN && !state->authorized_token)
        return "the session has no token of the first factor";
    if (fields & CAPAUTH__F_TOKEN && !state->token)
        return "no token; sign in first";
    if (operation == CAPAUTH__TOKEN_REGENERATE && !capauth__state_can_regenerate(state))
        return state->identity.flow == CAPAUTH_FLOW_WEB ? "the session has no token" : "the session has no key";
    return NULL;
}

struct capauth__fault capauth__state_lacks(const struct capauth__state *state, enum capauth__operation operation,
                                           unsigned fields)
{
    struct capauth__fault fault = {0};

    if ((fault.message = missing_identity(&state->identity, fields, &fault.argument)))
        fault.code = CAPAUTH_E_INVALID_ARGUMENT;
    else if ((fault.message = missing_secret(state, operation, fields)))
        fault.code = operation == CAPAUTH__TOKEN_REGENERATE ? CAPAUTH_E_SIGN_IN_REQUIRED : CAPAUTH_E_WRONG_STEP;
    return fault;
}

bool capauth__state_is_past(const struct capauth__state *state, const struct capauth__stamp *seen, bool about_token)
{
    return seen->sign_in != state->stamp.sign_in || (about_token && seen->token != state->stamp.token);
}

/* An update may have changed the identifier: to the one that is held, or to the one that got no answer. */
static bool same_identifier(const struct capauth__state *one, const struct capauth__state *other)
{
    const char *mine[] = {one->identity.identifier, one->other_identifier};
    const char *theirs[] = {other->identity.identifier, other->other_identifier};

    if (!mine[0] || !theirs[0])
        return mine[0] == theirs[0];
    for (int i = 0; i < 4; i++) {
        if (mine[i / 2] && theirs[i % 2] && !strcmp(mine[i / 2], theirs[i % 2]))
            return true;
    }
    return false;
}

bool capauth__state_same_customer(const struct capauth__state *one, const struct capauth__state *other)
{
    const char *mine = one->token ? one->claims.customer_id : "";
    const char *theirs = other->token ? other->claims.customer_id : "";

    if (one->identity.flow != other->identity.flow || !capauth__ascii_equal(one->identity.brand, other->identity.brand))
        return false;
    return *mine && *theirs ? !strcmp(mine, theirs) : same_identifier(one, other);
}
