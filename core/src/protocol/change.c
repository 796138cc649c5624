/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/change.h"

#include <string.h>

#include "base/secret.h"

/* ---- Drafts: the state that comes next, while it is made ---- */

struct draft {
    const struct capauth__state *before;
    struct capauth__state *next;
    bool new_sign_in;
    bool failed; /* no memory */
};

static struct draft begin(const struct capauth__state *before, struct capauth__state *next)
{
    *next = *before;
    return (struct draft){.before = before, .next = next};
}

/* The slot owns `text` (or NULL) from now on. */
static void put(const struct draft *draft, char **slot, char *text)
{
    if (!capauth__state_holds(draft->before, *slot)) /* a text may have moved to another member */
        capauth__wipe_free(slot);
    *slot = text;
}

static void copy(struct draft *draft, char **slot, const char *text)
{
    char *owned = text ? capauth__duplicate(text) : NULL;

    if (!text)
        return;
    if (owned)
        put(draft, slot, owned);
    else
        draft->failed = true;
}

/* The one place that says what a change is a change of. */
static void stamp(const struct draft *draft)
{
    const struct capauth__state *before = draft->before;
    struct capauth__state *next = draft->next;
    bool new_token = next->token != before->token || next->identity.identifier != before->identity.identifier;
    uint64_t change = ++next->changes;

    if (draft->new_sign_in)
        next->stamp.sign_in = change;
    if (draft->new_sign_in || new_token)
        next->stamp.token = change;
    if (draft->new_sign_in || next->key != before->key)
        next->stamp.key = change;
}

static int end(const struct draft *draft)
{
    if (draft->failed) {
        capauth__state_discard(draft->before, draft->next);
        return CAPAUTH_E_NO_MEMORY;
    }
    stamp(draft);
    return CAPAUTH_OK;
}

/* Wipes the texts of one that the other does not hold. */
static void wipe_what_is_left(struct capauth__state *one, const struct capauth__state *other)
{
    char **slot;

    for (size_t i = 0; (slot = capauth__state_slot_at(one, i)); i++) {
        if (!capauth__state_holds(other, *slot))
            capauth__wipe_free(slot);
    }
}

void capauth__state_discard(const struct capauth__state *state, struct capauth__state *next)
{
    wipe_what_is_left(next, state);
    capauth__wipe(next, sizeof *next);
}

void capauth__state_swap(struct capauth__state *state, struct capauth__state *next)
{
    wipe_what_is_left(state, next);
    *state = *next;
    capauth__wipe(next, sizeof *next);
}

/* ---- What operations change ---- */

static void clear_token(const struct draft *draft)
{
    put(draft, &draft->next->token, NULL);
    capauth__wipe(&draft->next->claims, sizeof draft->next->claims);
}

/* All but who it is, in a draft into which nothing has been put yet. */
static void clear(struct draft *draft)
{
    struct capauth__state *next = draft->next;
    struct capauth__identity identity = next->identity;
    char *unknown_members = next->unknown_members;
    uint64_t changes = next->changes;

    capauth__state_init(next, identity.flow);
    next->next_step = CAPAUTH_STEP_TOKEN_GENERATE;
    next->identity = identity;
    next->identity.access_token = next->identity.id_token = NULL;
    next->unknown_members = unknown_members;
    next->changes = changes;
    draft->new_sign_in = true;
}

static int advised_step(const struct capauth__state *state, enum capauth__operation operation, int outcome)
{
    int step = capauth__next_step(operation, outcome);

    if (step == CAPAUTH__STEP_BY_PASSWORD)
        return state->registered_for_password == 1 ? CAPAUTH_STEP_PASSWORD_VALIDATE : CAPAUTH_STEP_OTP_GENERATE;
    if (step == CAPAUTH__STEP_BY_ROLE)
        return !strcmp(state->claims.role, "MFA_PENDING") ? CAPAUTH_STEP_SECOND_FACTOR : CAPAUTH_STEP_DONE;
    return step == CAPAUTH__STEP_KEEP ? state->next_step : step;
}

static void set_role(struct capauth__claims *claims, const char *role)
{
    if (!claims->role[0] && role && strlen(role) < sizeof claims->role)
        memcpy(claims->role, role, strlen(role) + 1);
}

static void take_token(struct draft *draft, const struct capauth__ending *ending)
{
    struct capauth__state *next = draft->next;
    bool first = ending->brings == CAPAUTH__BRINGS_SESSION;

    copy(draft, &next->token, ending->reply->token);
    if (draft->failed)
        return;
    draft->failed = capauth__token_read(next->token, &next->claims) != CAPAUTH_OK;
    set_role(&next->claims, first ? "VIEW" : ending->reply->role);
}

static void take_reply(struct draft *draft, const struct capauth__ending *ending)
{
    const struct capauth__reply *reply = ending->reply;
    struct capauth__state *next = draft->next;

    if (ending->brings == CAPAUTH__BRINGS_SESSION)
        copy(draft, &next->session_id, reply->session_id);
    if (ending->brings >= CAPAUTH__BRINGS_TOKEN)
        copy(draft, &next->key, reply->key);
    if (ending->brings != CAPAUTH__BRINGS_NOTHING && reply->token)
        take_token(draft, ending);
    else if (ending->brings == CAPAUTH__BRINGS_SESSION)
        clear_token(draft); /* the one there was belongs to the sign-in before */
    if (reply->app_registered >= 0)
        next->app_registered = reply->app_registered;
    if (reply->registered_for_password >= 0)
        next->registered_for_password = reply->registered_for_password;
}

/* After a lost identifier update the new token tells whether it was done. Without memory it is asked again next time.
 */
static void take_identity(const struct draft *draft)
{
    struct capauth__state *next = draft->next;
    const char *type = capauth__identifier_type_name(next->identity.identifier_type);
    char identity[CAPAUTH__ISSUED_SIZE];
    size_t length = strlen(type);
    char *identifier;

    if (!next->other_identifier)
        return;
    (void)capauth__token_identity(next->token, identity);
    if (strncmp(identity, type, length) != 0 || identity[length] != '|' || !identity[length + 1])
        return; /* it does not tell: the other one may still be the right one */
    if ((identifier = capauth__duplicate(identity + length + 1))) {
        put(draft, &next->identity.identifier, identifier);
        put(draft, &next->other_identifier, NULL);
    }
}

static void move(const struct draft *draft, char **slot, char **text)
{
    put(draft, slot, *text);
    *text = NULL;
}

static void note_otp(const struct draft *draft, struct capauth__ending *ending)
{
    struct capauth__otp *otp = &draft->next->otp;

    otp->sent_at_ms = ending->now_ms;
    otp->wrong_answers = 0;
    move(draft, &otp->channel, &ending->fallback_channel);
    capauth__mask(capauth__identity_destination(&draft->next->identity), otp->destination, sizeof otp->destination);
}

static void expire(const struct draft *draft)
{
    clear_token(draft);
    draft->next->refresh_off = true;
}

/* What the operation itself means, beside what its reply brought. Cannot fail. */
static void take_effect(struct draft *draft, struct capauth__ending *ending)
{
    struct capauth__state *next = draft->next;

    switch (ending->operation) {
    case CAPAUTH__TOKEN_GENERATE:
        draft->new_sign_in = true; /* what an older one is still waiting for is none of its business */
        put(draft, &next->key, NULL);
        put(draft, &next->other_identifier, NULL);
        next->otp.sent_at_ms = 0;
        next->otp.wrong_answers = 0;
        next->refresh_off = next->validate_unknown = false;
        break;
    case CAPAUTH__OTP_GENERATE:
        note_otp(draft, ending);
        break;
    case CAPAUTH__OTP_VALIDATE:
    case CAPAUTH__PASSWORD_VALIDATE:
        put(draft, &next->session_id, NULL);
        next->refresh_off = next->validate_unknown = false;
        break;
    case CAPAUTH__TOKEN_REGENERATE:
        next->refresh_off = false;
        take_identity(draft);
        break;
    case CAPAUTH__IDENTIFIER_UPDATE:
        move(draft, &next->identity.identifier, &ending->new_value);
        put(draft, &next->other_identifier, NULL);
        break;
    case CAPAUTH__TOKEN_EXPIRE:
        expire(draft);
        break;
    default:
        break;
    }
}

static int after_success(struct draft *draft, struct capauth__ending *ending)
{
    take_reply(draft, ending);
    if (!draft->failed)
        take_effect(draft, ending);
    draft->next->next_step = advised_step(draft->next, ending->operation, CAPAUTH__ON_SUCCESS);
    return end(draft);
}

/* ---- What failures change ---- */

bool capauth__regeneration_is_refused(int outcome)
{
    return outcome == CAPAUTH_CANNOT_REGENERATE_TOKEN || outcome == CAPAUTH_INVALID_KEY;
}

bool capauth__state_regenerates_as_other(const struct capauth__state *state, enum capauth__operation operation,
                                         int outcome)
{
    return operation == CAPAUTH__TOKEN_REGENERATE && capauth__regeneration_is_refused(outcome) &&
           state->other_identifier;
}

/* That ends the sign-in, unless an identifier update may have been done: then the new value may be the right one. */
static void regeneration_refused(struct draft *draft)
{
    struct capauth__state *next = draft->next;

    if (!next->other_identifier) {
        clear(draft);
        return;
    }
    next->identity.identifier = next->other_identifier;
    next->other_identifier = NULL;
    next->next_step = CAPAUTH_STEP_DONE;
}

/* After an answer that was lost, these say that the sign-in has moved on without us. */
static bool leads_to_start(int outcome)
{
    return outcome == CAPAUTH_CANNOT_VALIDATE_OTP || outcome == CAPAUTH_INVALID_SESSION ||
           outcome == CAPAUTH_OTP_NOT_GENERATED;
}

static void validation_failed(struct capauth__state *next, enum capauth__operation operation, int outcome)
{
    if (next->validate_unknown && leads_to_start(outcome))
        next->next_step = CAPAUTH_STEP_TOKEN_GENERATE;
    if (outcome == CAPAUTH_E_UNKNOWN_OUTCOME)
        next->validate_unknown = true;
    if (operation == CAPAUTH__OTP_VALIDATE && outcome == CAPAUTH_INVALID_OTP)
        next->otp.wrong_answers++;
}

static int after_failure(struct draft *draft, struct capauth__ending *ending)
{
    struct capauth__state *next = draft->next;
    enum capauth__operation operation = ending->operation;
    bool expires = operation == CAPAUTH__TOKEN_EXPIRE;
    bool maybe_expired = expires && ending->outcome < 0 && ending->maybe_sent;

    next->next_step = advised_step(next, operation, maybe_expired ? CAPAUTH__ON_UNKNOWN : ending->outcome);
    if (operation == CAPAUTH__OTP_VALIDATE || operation == CAPAUTH__PASSWORD_VALIDATE)
        validation_failed(next, operation, ending->outcome);
    if (operation == CAPAUTH__IDENTIFIER_UPDATE && ending->outcome == CAPAUTH_E_UNKNOWN_OUTCOME)
        move(draft, &next->other_identifier, &ending->new_value);
    /* The request of a token expire may have arrived, or it found the token expired: either way the token is gone. */
    if (maybe_expired || (expires && ending->outcome == CAPAUTH_TOKEN_EXPIRED))
        expire(draft);
    if (operation == CAPAUTH__TOKEN_REGENERATE && capauth__regeneration_is_refused(ending->outcome))
        regeneration_refused(draft);
    return end(draft);
}

/* ---- The changes ---- */

int capauth__state_after(const struct capauth__state *state, struct capauth__ending *ending,
                         struct capauth__state *next)
{
    struct draft draft = begin(state, next);

    return ending->outcome == CAPAUTH_OK ? after_success(&draft, ending) : after_failure(&draft, ending);
}

void capauth__state_after_sign_out(const struct capauth__state *state, struct capauth__state *next)
{
    struct draft draft = begin(state, next);

    clear(&draft);
    stamp(&draft);
}

void capauth__state_after_reload(const struct capauth__state *state, struct capauth__state *other,
                                 struct capauth__state *next)
{
    struct draft draft = {.before = state, .next = next, .new_sign_in = true};

    *next = *other;
    memset(other, 0, sizeof *other);
    next->changes = state->changes;
    next->stamp = state->stamp;
    stamp(&draft);
}

int capauth__state_after_key(const struct capauth__state *state, const char *key, struct capauth__state *next)
{
    struct draft draft = begin(state, next);

    copy(&draft, &next->key, key);
    return end(&draft);
}
