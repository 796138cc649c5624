/* SPDX-License-Identifier: Apache-2.0 */
#include "session/session.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "session/call.h"
#include "session/client.h"

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

capauth_session *capauth__session_create(capauth_client *client, int flow)
{
    capauth_session *session = calloc(1, sizeof *session);

    if (!session)
        return NULL;
    session->client = client;
    session->references = 1;
    session->handle_alive = true;
    session->flow = flow;
    capauth__state_init(&session->state);
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
    capauth__state_free(&session->state);
    capauth__forget(&session->brand);
    capauth__forget(&session->identifier);
    capauth__forget(&session->contact);
    capauth__forget(&session->device_id);
    capauth__forget(&session->access_token);
    capauth__forget(&session->id_token);
    capauth__forget(&session->unknown_members);
    capauth__forget(&session->refresh_failure_message);
    capauth__reasons_free(&session->reasons);
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
    int result = capauth__client_open(client);

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

void capauth__session_set_error(capauth_session *session, const char *message)
{
    capauth__reason_set(&session->reasons, message);
}

/* Unlocks it, too. */
static int refuse(capauth_session *session, int code)
{
    capauth__session_set_error(session, capauth_strerror(code));
    capauth__session_unlock(session);
    return code;
}

int capauth__session_open(capauth_session *session)
{
    int result = session ? capauth__client_check(session->client) : CAPAUTH_E_INVALID_ARGUMENT;

    if (result && result != CAPAUTH_E_CLOSED)
        return result;
    capauth__session_lock(session);
    return result || session->closed ? refuse(session, CAPAUTH_E_CLOSED) : CAPAUTH_OK;
}

int capauth_session_second_factor(capauth_session *first, capauth_session **out)
{
    capauth_session *second;
    int result;

    if (out)
        *out = NULL;
    if (!out || !first)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if ((result = capauth__session_open(first)))
        return result;
    if (first->flow == CAPAUTH_FLOW_EXTERNAL || !first->state.token) {
        result = first->flow == CAPAUTH_FLOW_EXTERNAL ? CAPAUTH_E_UNSUPPORTED : CAPAUTH_E_WRONG_STEP;
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
    int result = capauth__session_open(session);

    if (!result && session->used)
        result = refuse(session, CAPAUTH_E_STATE);
    return result;
}

static int set_identity(capauth_session *session, const char *what, char **slot, const char *value, size_t longest)
{
    const char *fault = capauth__text_fault(value, longest);

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
        result = set_identity(session, "identifier", &session->identifier, value, CAPAUTH__IDENTITY_LONGEST);
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
        result = set_identity(session, "contact", &session->contact, value, CAPAUTH__IDENTITY_LONGEST);
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
        result = set_identity(session, "device_id", &session->device_id, device_id, CAPAUTH__DEVICE_LONGEST);
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
TEXT_GETTER(error_message, capauth__reason_get(session->reasons))
