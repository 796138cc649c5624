/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "client.h"
#include "wire.h"

/* ---- Names ---- */

static const char *const identifier_types[] = {
    [CAPAUTH_IDENTIFIER_MOBILE] = "MOBILE",
    [CAPAUTH_IDENTIFIER_EMAIL] = "EMAIL",
    [CAPAUTH_IDENTIFIER_USERNAME] = "USERNAME",
    [CAPAUTH_IDENTIFIER_EXTERNALID] = "EXTERNALID",
};

const char *capauth__identifier_type_name(int type)
{
    return type >= CAPAUTH_IDENTIFIER_MOBILE && type <= CAPAUTH_IDENTIFIER_EXTERNALID ? identifier_types[type] : "";
}

int capauth__identifier_type_parse(const char *name)
{
    for (int type = CAPAUTH_IDENTIFIER_MOBILE; name && type <= CAPAUTH_IDENTIFIER_EXTERNALID; type++) {
        if (!strcmp(name, identifier_types[type]))
            return type;
    }
    return 0;
}

const char *capauth__session_contact(const capauth_session *session)
{
    bool has_address =
        session->identifier_type == CAPAUTH_IDENTIFIER_MOBILE || session->identifier_type == CAPAUTH_IDENTIFIER_EMAIL;

    return has_address ? NULL : session->contact;
}

/* ---- Life ---- */

void capauth__session_lock(const capauth_session *session)
{
    if (!capauth__client_forked(session->client))
        pthread_mutex_lock((pthread_mutex_t *)(uintptr_t)&session->mutex);
}

void capauth__session_unlock(const capauth_session *session)
{
    if (!capauth__client_forked(session->client))
        pthread_mutex_unlock((pthread_mutex_t *)(uintptr_t)&session->mutex);
}

static void state_init(struct capauth__state *state)
{
    memset(state, 0, sizeof *state);
    state->app_registered = state->registered_for_password = -1;
    state->next_step = CAPAUTH_STEP_TOKEN_GENERATE;
}

static void state_free(struct capauth__state *state)
{
    capauth__forget(&state->session_id);
    capauth__forget(&state->token);
    capauth__forget(&state->key);
    capauth__forget(&state->authorized_token);
    capauth__forget(&state->other_identifier);
    capauth__forget(&state->otp_channel);
    capauth__wipe(&state->claims, sizeof state->claims);
    state_init(state);
}

capauth_session *capauth__session_create(capauth_client *client, int flow)
{
    capauth_session *session = calloc(1, sizeof *session);

    if (!session)
        return NULL;
    session->client = client;
    session->references = 1;
    session->handle_alive = true;
    session->flow = flow;
    state_init(&session->state);
    pthread_mutex_init(&session->mutex, NULL);
    capauth__client_hold(client);
    return session;
}

void capauth__session_hold(capauth_session *session)
{
    atomic_fetch_add(&session->references, 1);
}

void capauth__session_drop(capauth_session *session)
{
    if (atomic_fetch_sub(&session->references, 1) != 1)
        return;
    capauth__listener_drop(session->client, session->observer);
    state_free(&session->state);
    capauth__forget(&session->brand);
    capauth__forget(&session->identifier);
    capauth__forget(&session->contact);
    capauth__forget(&session->device_id);
    capauth__forget(&session->access_token);
    capauth__forget(&session->id_token);
    capauth__forget(&session->unknown_members);
    capauth__forget(&session->refresh_failure_message);
    capauth__forget(&session->error_message);
    pthread_mutex_destroy(&session->mutex);
    free(session);
}

void capauth_session_free(capauth_session **handle)
{
    capauth_session *session = handle ? *handle : NULL;
    capauth_client *client;

    if (!session)
        return;
    *handle = NULL;
    client = session->client;
    atomic_store(&session->handle_alive, false);
    capauth__session_drop(session);
    capauth__client_release(client);
}

static int brand_check(capauth_client *client, const char *brand)
{
    const char *fault = capauth__text_fault(brand, CAPAUTH__IDENTITY_LONGEST);
    int result = capauth__client_check(client);

    if (result)
        return result;
    if (fault)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "brand %s", fault);
    if (!capauth__client_has_origin(client))
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "set a cluster or a base URL first");
    return CAPAUTH_OK;
}

int capauth_session_new(capauth_client *client, int flow, const char *brand, capauth_session **out)
{
    capauth_session *session;
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if ((result = brand_check(client, brand)))
        return result;
    if (flow != CAPAUTH_FLOW_MOBILE && flow != CAPAUTH_FLOW_WEB)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "flow is neither mobile nor web");
    if (!(session = capauth__session_create(client, flow)))
        return CAPAUTH_E_NO_MEMORY;
    if (!capauth__replace(&session->brand, brand)) {
        capauth_session_free(&session);
        return CAPAUTH_E_NO_MEMORY;
    }
    *out = session;
    return CAPAUTH_OK;
}

int capauth_session_external_new(capauth_client *client, const char *brand, const char *access_token,
                                 const char *id_token, capauth_session **out)
{
    capauth_session *session;
    const char *fault;
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if ((result = brand_check(client, brand)))
        return result;
    if ((fault = capauth__text_fault(access_token, CAPAUTH__TOKEN_LONGEST)))
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "access_token %s", fault);
    if ((fault = capauth__text_fault(id_token, CAPAUTH__TOKEN_LONGEST)))
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "id_token %s", fault);
    if (!(session = capauth__session_create(client, CAPAUTH_FLOW_EXTERNAL)))
        return CAPAUTH_E_NO_MEMORY;
    session->state.next_step = CAPAUTH_STEP_DONE;
    if (!capauth__replace(&session->brand, brand) || !capauth__replace(&session->access_token, access_token) ||
        !capauth__replace(&session->id_token, id_token)) {
        capauth_session_free(&session);
        return CAPAUTH_E_NO_MEMORY;
    }
    *out = session;
    return CAPAUTH_OK;
}

/* With both made and the first locked. */
static bool copy_identity(capauth_session *second, const capauth_session *first)
{
    second->identifier_type = first->identifier_type;
    second->contact_type = first->contact_type;
    return capauth__replace(&second->brand, first->brand) && capauth__replace(&second->identifier, first->identifier) &&
           capauth__replace(&second->contact, first->contact) &&
           capauth__replace(&second->device_id, first->device_id) &&
           capauth__replace(&second->state.authorized_token, first->state.token);
}

int capauth_session_second_factor(capauth_session *first, capauth_session **out)
{
    capauth_session *second;
    int result;

    if (out)
        *out = NULL;
    if (!out || !first)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if ((result = capauth__client_check(first->client)))
        return result;
    capauth__session_lock(first);
    if (first->closed || first->flow == CAPAUTH_FLOW_EXTERNAL || !first->state.token) {
        result = first->closed                          ? CAPAUTH_E_CLOSED
                 : first->flow == CAPAUTH_FLOW_EXTERNAL ? CAPAUTH_E_UNSUPPORTED
                                                        : CAPAUTH_E_WRONG_STEP;
        capauth__session_set_error(first, capauth_strerror(result));
    } else if (!(second = capauth__session_create(first->client, CAPAUTH_FLOW_MFA))) {
        result = CAPAUTH_E_NO_MEMORY;
    } else if (!copy_identity(second, first)) {
        capauth_session_free(&second);
        result = CAPAUTH_E_NO_MEMORY;
    } else {
        *out = second;
    }
    capauth__session_unlock(first);
    return result;
}

/* ---- Setters ---- */

void capauth__session_set_error(capauth_session *session, const char *message)
{
    (void)capauth__replace(&session->error_message, message);
}

/* With the session locked: puts together "identifier is empty" and gives the code. */
static int fail(capauth_session *session, int code, const char *what, const char *fault)
{
    struct capauth__buffer text = {0};

    capauth__buffer_text(&text, what);
    capauth__buffer_text(&text, " ");
    capauth__buffer_text(&text, fault);
    capauth__session_set_error(session, text.data ? text.data : "");
    capauth__buffer_free(&text);
    return code;
}

static int setter_begin(capauth_session *session)
{
    int result = session ? capauth__client_check(session->client) : CAPAUTH_E_INVALID_ARGUMENT;

    if (result)
        return result;
    capauth__session_lock(session);
    if (session->closed)
        result = CAPAUTH_E_CLOSED;
    else if (session->used)
        result = CAPAUTH_E_STATE;
    if (result) {
        capauth__session_set_error(session, capauth_strerror(result));
        capauth__session_unlock(session);
    }
    return result;
}

static int set_identity(capauth_session *session, const char *what, char **slot, const char *value)
{
    const char *fault = capauth__text_fault(value, CAPAUTH__IDENTITY_LONGEST);

    if (fault)
        return fail(session, CAPAUTH_E_INVALID_ARGUMENT, what, fault);
    return capauth__replace(slot, value) ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}

int capauth_session_set_identifier(capauth_session *session, int type, const char *value)
{
    int result = setter_begin(session);

    if (result)
        return result;
    if (session->flow == CAPAUTH_FLOW_EXTERNAL)
        result = fail(session, CAPAUTH_E_UNSUPPORTED, "an external session", "has no identifier");
    else if (!*capauth__identifier_type_name(type))
        result = fail(session, CAPAUTH_E_INVALID_ARGUMENT, "identifier", "has an unknown type");
    else
        result = set_identity(session, "identifier", &session->identifier, value);
    if (!result)
        session->identifier_type = type;
    capauth__session_unlock(session);
    return result;
}

int capauth_session_set_contact(capauth_session *session, int type, const char *value)
{
    int result = setter_begin(session);

    if (result)
        return result;
    if (type != CAPAUTH_IDENTIFIER_MOBILE && type != CAPAUTH_IDENTIFIER_EMAIL)
        result = fail(session, CAPAUTH_E_INVALID_ARGUMENT, "contact", "is neither a mobile nor an email");
    else
        result = set_identity(session, "contact", &session->contact, value);
    if (!result)
        session->contact_type = type;
    capauth__session_unlock(session);
    return result;
}

int capauth_session_set_device_id(capauth_session *session, const char *device_id)
{
    int result = setter_begin(session);

    if (result)
        return result;
    if (session->flow == CAPAUTH_FLOW_WEB || session->flow == CAPAUTH_FLOW_EXTERNAL)
        result = fail(session, CAPAUTH_E_UNSUPPORTED, "a session of this flow", "has no device id");
    else
        result = set_identity(session, "device_id", &session->device_id, device_id);
    capauth__session_unlock(session);
    return result;
}

int capauth_session_on_change(capauth_session *session, capauth_change_callback callback, void *data,
                              void (*free_data)(void *data))
{
    struct capauth__listener *listener;
    struct capauth__listener *old;
    int result = capauth__listener_make(session ? session->client : NULL, callback != NULL, data, free_data, &listener);

    if (result || !session)
        return result;
    if (listener)
        listener->callback.change = callback;
    capauth__session_lock(session);
    old = session->observer;
    session->observer = listener;
    capauth__session_unlock(session);
    capauth__listener_drop(session->client, old);
    return CAPAUTH_OK;
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

void capauth__session_forget(capauth_session *session)
{
    bool had_token = session->state.token || session->state.key || session->access_token;

    state_free(&session->state);
    capauth__forget(&session->access_token);
    capauth__forget(&session->id_token);
    session->epoch++;
    session->generation++;
    session->refresh_failed_ms = 0;
    if (had_token)
        capauth__notify_change(session);
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
    capauth__notify_change(session);
}

static void drop_token(capauth_session *session)
{
    capauth__forget(&session->state.token);
    capauth__wipe(&session->state.claims, sizeof session->state.claims);
    session->generation++;
    capauth__notify_change(session);
}

static void adopt_identity(capauth_session *session)
{
    const char *type = capauth__identifier_type_name(session->identifier_type);
    char identity[CAPAUTH__ISSUED_SIZE];
    size_t length = strlen(type);

    if (!session->state.other_identifier)
        return;
    capauth__token_identity(session->state.token, identity);
    capauth__forget(&session->state.other_identifier);
    if (!strncmp(identity, type, length) && identity[length] == '|' && identity[length + 1])
        (void)capauth__replace(&session->identifier, identity + length + 1);
}

static void apply_verb(capauth_session *session, const capauth_call *call)
{
    struct capauth__state *state = &session->state;

    switch (call->verb) {
    case CAPAUTH__TOKEN_GENERATE:
        capauth__forget(&state->key); /* a new sign-in begins */
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
    case CAPAUTH__PASSWORD_FORGET:
        capauth__forget(&state->session_id);
        break;
    case CAPAUTH__TOKEN_REGENERATE:
        state->refresh_off = false;
        adopt_identity(session);
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

int capauth__session_apply(capauth_session *session, const capauth_call *call, const struct capauth__reply *reply)
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
    move_gain(&state->key, &gains.key);
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
        capauth__session_forget(session);
    }
}

void capauth__session_apply_failure(capauth_session *session, const capauth_call *call, int outcome)
{
    struct capauth__state *state = &session->state;
    bool validates = call->verb == CAPAUTH__OTP_VALIDATE || call->verb == CAPAUTH__PASSWORD_VALIDATE;
    bool unknown = outcome == CAPAUTH_E_UNKNOWN_OUTCOME;
    bool maybe_expired = call->verb == CAPAUTH__TOKEN_EXPIRE && outcome < 0 && call->maybe_sent;

    if (!call->operation)
        return;
    state->next_step = advised(session, call->verb, maybe_expired ? CAPAUTH__ON_UNKNOWN : outcome);
    if (validates && state->validate_unknown && leads_to_start(outcome))
        state->next_step = CAPAUTH_STEP_TOKEN_GENERATE;
    if (validates)
        state->validate_unknown = state->validate_unknown || unknown;
    if (call->verb == CAPAUTH__OTP_VALIDATE && outcome == CAPAUTH_INVALID_OTP)
        state->otp_wrong_answers++;
    if (call->verb == CAPAUTH__IDENTIFIER_UPDATE && unknown)
        (void)capauth__replace(&state->other_identifier, call->new_value);
    if (call->verb == CAPAUTH__PASSWORD_FORGET && unknown)
        capauth__forget(&state->session_id);
    /* The request of a token expire may have arrived, or it found the token expired: either way the token is gone. */
    if (maybe_expired || (call->verb == CAPAUTH__TOKEN_EXPIRE && outcome == CAPAUTH_TOKEN_EXPIRED))
        apply_verb(session, call);
    if (call->verb == CAPAUTH__TOKEN_REGENERATE &&
        (outcome == CAPAUTH_CANNOT_REGENERATE_TOKEN || outcome == CAPAUTH_INVALID_KEY))
        regeneration_refused(session);
}

/* ---- Getters ---- */

static int token_left_ms(const capauth_session *session)
{
    int64_t expires_at_ms = session->state.token ? session->state.claims.expires_at_ms : 0;
    int64_t left_ms;

    if (!expires_at_ms || !capauth__server_clock_known(session->client))
        return -1;
    left_ms = expires_at_ms - capauth__server_now(session->client);
    if (left_ms <= 0)
        return 0;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

#define INT_GETTER(TYPE, NAME, NONE, VALUE)                                                                            \
    TYPE capauth_session_##NAME(const capauth_session *session)                                                        \
    {                                                                                                                  \
        TYPE value;                                                                                                    \
                                                                                                                       \
        if (!session)                                                                                                  \
            return NONE;                                                                                               \
        capauth__session_lock(session);                                                                                \
        value = VALUE;                                                                                                 \
        capauth__session_unlock(session);                                                                              \
        return value;                                                                                                  \
    }

INT_GETTER(int, next_step, 0, session->state.next_step)
INT_GETTER(int, signed_in, 0, capauth__session_signed_in(session))
INT_GETTER(int64_t, expires_at, 0, session->state.token ? session->state.claims.expires_at_ms : 0)
INT_GETTER(int, expires_in_ms, -1, token_left_ms(session))
INT_GETTER(int, app_registered, -1, session->state.app_registered)
INT_GETTER(int, registered_for_password, -1, session->state.registered_for_password)
INT_GETTER(int, flow, 0, session->flow)
INT_GETTER(int, identifier_type, 0, session->identifier_type)
INT_GETTER(int64_t, otp_sent_at, 0, session->state.otp_sent_at)
INT_GETTER(int, otp_wrong_answers, 0, session->state.otp_wrong_answers)

static int copy_text(const capauth_session *session, const char *(*get)(const capauth_session *), char **out)
{
    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if (!session)
        return CAPAUTH_E_INVALID_ARGUMENT;
    capauth__session_lock(session);
    *out = capauth__duplicate(get(session));
    capauth__session_unlock(session);
    return *out ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}

/* The plain getter takes no lock: what it lends cannot be kept from changing anyway. */
#define TEXT_GETTER(NAME, VALUE)                                                                                       \
    const char *capauth_session_##NAME(const capauth_session *session)                                                 \
    {                                                                                                                  \
        const char *value = session ? (VALUE) : NULL;                                                                  \
                                                                                                                       \
        return value ? value : "";                                                                                     \
    }                                                                                                                  \
    int capauth_session_copy_##NAME(const capauth_session *session, char **text)                                       \
    {                                                                                                                  \
        return copy_text(session, capauth_session_##NAME, text);                                                       \
    }

TEXT_GETTER(token, session->state.token)
TEXT_GETTER(key, session->state.key)
TEXT_GETTER(role, session->state.token ? session->state.claims.role : NULL)
TEXT_GETTER(customer_id, session->state.token ? session->state.claims.customer_id : NULL)
TEXT_GETTER(brand, session->brand)
TEXT_GETTER(identifier, session->identifier)
TEXT_GETTER(device_id, session->device_id)
TEXT_GETTER(otp_destination, session->state.otp_sent_at ? session->otp_destination : NULL)
TEXT_GETTER(otp_channel, session->state.otp_channel)
TEXT_GETTER(error_message, session->error_message)
