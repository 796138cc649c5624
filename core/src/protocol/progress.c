/* SPDX-License-Identifier: Apache-2.0 */
/* Where a session stands, and how replies move it on. */
#include <string.h>

#include "protocol/wire.h"
#include "session/call.h"
#include "session/client.h"
#include "session/session.h"

void capauth__state_init(struct capauth__state *state)
{
    memset(state, 0, sizeof *state);
    state->app_registered = state->registered_for_password = -1;
    state->next_step = CAPAUTH_STEP_TOKEN_GENERATE;
}

void capauth__state_free(struct capauth__state *state)
{
    capauth__forget(&state->session_id);
    capauth__forget(&state->token);
    capauth__forget(&state->key);
    capauth__forget(&state->authorized_token);
    capauth__forget(&state->other_identifier);
    capauth__forget(&state->otp_channel);
    capauth__wipe(&state->claims, sizeof state->claims);
    capauth__state_init(state);
}

/* ---- What is told of ---- */

/*
 * A change is anything that an export would show: so the exports before and after are compared, where somebody listens.
 * Gives the one before, or NULL: nobody listens, or there was no memory, and then the change is told of anyway.
 */
static char *watch(const capauth_session *session)
{
    return session->observer ? capauth__export_text(session) : NULL;
}

static void tell_changes(capauth_session *session, char *before)
{
    char *after = watch(session);

    if (session->observer && (!before || !after || strcmp(before, after) != 0))
        capauth__notify_change(session);
    capauth__forget(&before);
    capauth__forget(&after);
}

/* ---- What replies change ---- */

bool capauth__session_signed_in(const capauth_session *session)
{
    static const char *const partial[] = {"VIEW", "MFA_PENDING", "AUTH"};

    if (!session->state.token)
        return false;
    for (size_t i = 0; i < sizeof partial / sizeof partial[0]; i++) {
        if (!strcmp(session->state.claims.role, partial[i]))
            return false;
    }
    return true;
}

static void forget(capauth_session *session)
{
    capauth__state_free(&session->state);
    capauth__forget(&session->access_token);
    capauth__forget(&session->id_token);
    session->epoch++;
    session->generation++;
    session->key_version++;
    session->refresh_failed_ms = 0;
}

void capauth__session_forget(capauth_session *session)
{
    char *before = watch(session);

    forget(session);
    tell_changes(session, before);
}

static int advised(const capauth_session *session, enum capauth__verb verb, int outcome)
{
    int step = capauth__next_step(verb, outcome);

    if (step == CAPAUTH__STEP_BY_PASSWORD)
        return session->state.registered_for_password == 1 ? CAPAUTH_STEP_PASSWORD_VALIDATE : CAPAUTH_STEP_OTP_GENERATE;
    if (step == CAPAUTH__STEP_BY_ROLE)
        return !strcmp(session->state.claims.role, "MFA_PENDING") ? CAPAUTH_STEP_SECOND_FACTOR : CAPAUTH_STEP_DONE;
    return step == CAPAUTH__STEP_KEEP ? session->state.next_step : step;
}

/* Takes the reply's texts over into copies first, so that without memory nothing changes. */
struct gains {
    char *session_id;
    char *token;
    char *key;
    char *new_value;
};

static bool copy_gain(char **slot, const char *text)
{
    return !text || (*slot = capauth__duplicate(text));
}

static void move_gain(char **slot, char **gain)
{
    if (*gain) {
        capauth__forget(slot);
        *slot = *gain;
        *gain = NULL;
    }
}

static void free_gains(struct gains *gains)
{
    capauth__forget(&gains->session_id);
    capauth__forget(&gains->token);
    capauth__forget(&gains->key);
    capauth__forget(&gains->new_value);
}

static void adopt_token(capauth_session *session, const capauth_call *call, const struct capauth__reply *reply)
{
    struct capauth__state *state = &session->state;

    capauth__token_read(state->token, &state->claims);
    capauth__server_clock_check(session->client, &state->claims);
    if (!state->claims.role[0] && call->operation->gain == CAPAUTH__GAIN_SESSION)
        memcpy(state->claims.role, "VIEW", sizeof "VIEW");
    else if (!state->claims.role[0] && reply->role && strlen(reply->role) < sizeof state->claims.role)
        memcpy(state->claims.role, reply->role, strlen(reply->role) + 1);
    session->generation++;
}

static void drop_token(capauth_session *session)
{
    capauth__forget(&session->state.token);
    capauth__wipe(&session->state.claims, sizeof session->state.claims);
    session->generation++;
}

static void adopt_key(capauth_session *session, char **key)
{
    if (*key) {
        move_gain(&session->state.key, key);
        session->key_version++;
    }
}

/* After a lost identifier update the new token tells whether it was done. */
static void adopt_identity(capauth_session *session)
{
    const char *type = capauth__identifier_type_name(session->identifier_type);
    char identity[CAPAUTH__ISSUED_SIZE];
    size_t length = strlen(type);

    if (!session->state.other_identifier)
        return;
    capauth__token_identity(session->state.token, identity);
    if (strncmp(identity, type, length) != 0 || identity[length] != '|' || !identity[length + 1])
        return; /* it does not tell: the other one may still be the right one */
    if (capauth__replace(&session->identifier, identity + length + 1))
        capauth__forget(&session->state.other_identifier);
}

static void apply_verb(capauth_session *session, const capauth_call *call)
{
    struct capauth__state *state = &session->state;

    switch (call->verb) {
    case CAPAUTH__TOKEN_GENERATE:
        session->epoch++; /* a new sign-in begins: what an older one is still waiting for is none of its business */
        session->key_version++;
        capauth__forget(&state->key);
        state->otp_sent_at = 0;
        state->otp_wrong_answers = 0;
        state->refresh_off = state->validate_unknown = false;
        capauth__forget(&state->other_identifier);
        break;
    case CAPAUTH__OTP_GENERATE:
        state->otp_sent_at = capauth__server_now(session->client);
        state->otp_wrong_answers = 0;
        (void)capauth__replace(&state->otp_channel, call->fallback_channel);
        capauth__mask(capauth__session_contact(session) ? session->contact : session->identifier,
                      session->otp_destination, sizeof session->otp_destination);
        break;
    case CAPAUTH__OTP_VALIDATE:
    case CAPAUTH__PASSWORD_VALIDATE:
        capauth__forget(&state->session_id); /* success ends it */
        state->refresh_off = state->validate_unknown = false;
        break;
    case CAPAUTH__TOKEN_REGENERATE:
        state->refresh_off = false;
        break;
    case CAPAUTH__IDENTIFIER_UPDATE:
        capauth__forget(&state->other_identifier);
        session->generation++; /* a regeneration in flight has the old one */
        break;
    case CAPAUTH__TOKEN_EXPIRE:
        drop_token(session);
        state->refresh_off = true;
        break;
    default:
        break;
    }
}

static int apply(capauth_session *session, const capauth_call *call, const struct capauth__reply *reply)
{
    struct capauth__state *state = &session->state;
    enum capauth__gain gain = call->operation->gain;
    struct gains gains = {0};

    if ((gain == CAPAUTH__GAIN_SESSION && !copy_gain(&gains.session_id, reply->session_id)) ||
        (gain != CAPAUTH__GAIN_NOTHING && !copy_gain(&gains.token, reply->token)) ||
        (gain >= CAPAUTH__GAIN_TOKEN && !copy_gain(&gains.key, reply->key)) ||
        !copy_gain(&gains.new_value, call->new_value)) {
        free_gains(&gains);
        return CAPAUTH_E_NO_MEMORY;
    }
    move_gain(&state->session_id, &gains.session_id);
    move_gain(&session->identifier, &gains.new_value);
    adopt_key(session, &gains.key);
    if (reply->app_registered >= 0)
        state->app_registered = reply->app_registered;
    if (reply->registered_for_password >= 0)
        state->registered_for_password = reply->registered_for_password;
    apply_verb(session, call);
    if (gains.token) {
        move_gain(&state->token, &gains.token);
        adopt_token(session, call, reply);
    } else if (gain == CAPAUTH__GAIN_SESSION && state->token) {
        drop_token(session); /* the one there was belongs to the sign-in before */
    }
    if (call->verb == CAPAUTH__TOKEN_REGENERATE)
        adopt_identity(session);
    state->next_step = advised(session, call->verb, CAPAUTH__ON_SUCCESS);
    return CAPAUTH_OK;
}

int capauth__session_apply(capauth_session *session, const capauth_call *call, const struct capauth__reply *reply)
{
    char *before = watch(session);
    int result = apply(session, call, reply);

    tell_changes(session, before);
    return result;
}

int capauth__session_keep_key(capauth_session *session, const capauth_call *call, const struct capauth__reply *reply)
{
    char *before;
    char *key = NULL;

    if (call->verb != CAPAUTH__TOKEN_REGENERATE || !reply->key || call->epoch != session->epoch ||
        call->key_version != session->key_version)
        return CAPAUTH_OK;
    if (!copy_gain(&key, reply->key))
        return CAPAUTH_E_NO_MEMORY;
    before = watch(session);
    adopt_key(session, &key);
    tell_changes(session, before);
    return CAPAUTH_OK;
}

/* After an answer that was lost, these say that the sign-in has moved on without us. */
static bool leads_to_start(int outcome)
{
    return outcome == CAPAUTH_CANNOT_VALIDATE_OTP || outcome == CAPAUTH_INVALID_SESSION ||
           outcome == CAPAUTH_OTP_NOT_GENERATED;
}

bool capauth__session_is_past(const capauth_session *session, const capauth_call *call)
{
    /* These two are about one token: a newer one is none of their business. */
    bool of_a_token = call->internal || call->verb == CAPAUTH__TOKEN_EXPIRE;

    return call->epoch != session->epoch || (of_a_token && call->generation != session->generation);
}

/* That ends the session, unless an identifier update may have been done: then the new value may be the right one. */
static void regeneration_refused(capauth_session *session)
{
    struct capauth__state *state = &session->state;

    if (state->other_identifier) {
        capauth__forget(&session->identifier);
        session->identifier = state->other_identifier;
        state->other_identifier = NULL;
        state->next_step = CAPAUTH_STEP_DONE;
        session->refresh_again = true;
    } else {
        forget(session);
    }
}

static void apply_failure(capauth_session *session, const capauth_call *call, int outcome)
{
    struct capauth__state *state = &session->state;
    bool validates = call->verb == CAPAUTH__OTP_VALIDATE || call->verb == CAPAUTH__PASSWORD_VALIDATE;
    bool unknown = outcome == CAPAUTH_E_UNKNOWN_OUTCOME;
    bool maybe_expired = call->verb == CAPAUTH__TOKEN_EXPIRE && outcome < 0 && call->maybe_sent;

    state->next_step = advised(session, call->verb, maybe_expired ? CAPAUTH__ON_UNKNOWN : outcome);
    if (validates && state->validate_unknown && leads_to_start(outcome))
        state->next_step = CAPAUTH_STEP_TOKEN_GENERATE;
    if (validates)
        state->validate_unknown = state->validate_unknown || unknown;
    if (call->verb == CAPAUTH__OTP_VALIDATE && outcome == CAPAUTH_INVALID_OTP)
        state->otp_wrong_answers++;
    if (call->verb == CAPAUTH__IDENTIFIER_UPDATE && unknown)
        (void)capauth__replace(&state->other_identifier, call->new_value);
    /* The request of a token expire may have arrived, or it found the token expired: either way the token is gone. */
    if (maybe_expired || (call->verb == CAPAUTH__TOKEN_EXPIRE && outcome == CAPAUTH_TOKEN_EXPIRED))
        apply_verb(session, call);
    if (call->verb == CAPAUTH__TOKEN_REGENERATE &&
        (outcome == CAPAUTH_CANNOT_REGENERATE_TOKEN || outcome == CAPAUTH_INVALID_KEY))
        regeneration_refused(session);
}

void capauth__session_apply_failure(capauth_session *session, const capauth_call *call, int outcome)
{
    char *before;

    if (!call->operation)
        return;
    before = watch(session);
    apply_failure(session, call, outcome);
    tell_changes(session, before);
}
