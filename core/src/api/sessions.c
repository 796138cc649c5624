/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: making them, who they are for, and what can be asked of them. */
#include <limits.h>
#include <string.h>

#include "base/platform.h"
#include "base/secret.h"
#include "base/text.h"
#include "session/in_flight.h"
#include "session/lifecycle.h"
#include "session/session.h"

/* ---- Life ---- */

void capauth_session_free(capauth_session **handle)
{
    capauth_session *session = handle ? *handle : NULL;
    capauth_client *client;

    if (!session)
        return;
    *handle = NULL;
    client = session->client;
    atomic_store(&session->handle_alive, false);
    capauth__session_release(session);
    capauth__client_release(client);
}

int capauth_session_close(capauth_session *session)
{
    if (!session)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (capauth__client_forked(session->client))
        return CAPAUTH_OK;
    capauth__session_lock(session);
    session->closed = true;
    capauth__cancel_calls(session, true);
    capauth__session_unlock(session);
    return CAPAUTH_OK;
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

static int check_brand(capauth_client *client, const char *brand)
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

/* `copied`: its texts are all there. */
static int create(capauth_client *client, struct capauth__state *state, bool copied, capauth_session **out)
{
    if (!copied)
        capauth__state_wipe(state);
    else
        *out = capauth__session_create(client, state);
    return *out ? CAPAUTH_OK : capauth__client_no_memory(client);
}

int capauth_session_new(capauth_client *client, int flow, const char *brand, capauth_session **out)
{
    struct capauth__state state;
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if ((result = check_brand(client, brand)))
        return result;
    if (flow != CAPAUTH_FLOW_MOBILE && flow != CAPAUTH_FLOW_WEB)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "flow is neither mobile nor web");
    capauth__state_init(&state, flow);
    return create(client, &state, capauth__replace(&state.identity.brand, brand), out);
}

int capauth_session_external_new(capauth_client *client, const char *brand, const char *access_token,
                                 const char *id_token, capauth_session **out)
{
    struct capauth__state state;
    struct capauth__identity *identity = &state.identity;
    const char *fault;
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if ((result = check_brand(client, brand)))
        return result;
    if ((fault = capauth__text_fault(access_token, CAPAUTH__TOKEN_LONGEST)))
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "access_token %s", fault);
    if ((fault = capauth__text_fault(id_token, CAPAUTH__TOKEN_LONGEST)))
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "id_token %s", fault);
    capauth__state_init(&state, CAPAUTH_FLOW_EXTERNAL);
    return create(client, &state,
                  capauth__replace(&identity->brand, brand) &&
                      capauth__replace(&identity->access_token, access_token) &&
                      capauth__replace(&identity->id_token, id_token),
                  out);
}

/* With the first locked. */
static bool copy_identity(struct capauth__state *second, const struct capauth__state *first)
{
    second->identity.identifier_type = first->identity.identifier_type;
    second->identity.contact_type = first->identity.contact_type;
    return capauth__replace(&second->identity.brand, first->identity.brand) &&
           capauth__replace(&second->identity.identifier, first->identity.identifier) &&
           capauth__replace(&second->identity.contact, first->identity.contact) &&
           capauth__replace(&second->identity.device_id, first->identity.device_id) &&
           capauth__replace(&second->authorized_token, first->token);
}

static int make_second(capauth_session *first, capauth_session **out)
{
    struct capauth__state state;
    int result;

    if (first->state.identity.flow == CAPAUTH_FLOW_EXTERNAL)
        return fail(first, CAPAUTH_E_UNSUPPORTED, "second_factor:", "an external session has none");
    if (!first->state.token)
        return fail(first, CAPAUTH_E_WRONG_STEP,
                    "second_factor:", "an earlier step is missing: no token; finish the first factor");
    capauth__state_init(&state, CAPAUTH_FLOW_MFA);
    result = create(first->client, &state, copy_identity(&state, &first->state), out);
    return result ? capauth__session_no_memory(first) : CAPAUTH_OK;
}

int capauth_session_second_factor(capauth_session *first, capauth_session **out)
{
    int result;

    if (out)
        *out = NULL;
    if (!out || !first)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if ((result = capauth__session_open(first)))
        return result;
    result = make_second(first, out);
    capauth__session_unlock(first);
    return result;
}

/* ---- Setters ---- */

static int setter_begin(capauth_session *session)
{
    int result = capauth__session_open(session);

    if (result || !session->used)
        return result;
    capauth__session_set_error(session, capauth_strerror(CAPAUTH_E_STATE));
    capauth__session_unlock(session);
    return CAPAUTH_E_STATE;
}

static int set_identity(capauth_session *session, const char *what, char **slot, const char *value, size_t longest)
{
    const char *fault = capauth__text_fault(value, longest);

    if (fault)
        return fail(session, CAPAUTH_E_INVALID_ARGUMENT, what, fault);
    return capauth__replace(slot, value) ? CAPAUTH_OK : capauth__session_no_memory(session);
}

int capauth_session_set_identifier(capauth_session *session, int type, const char *value)
{
    int result = setter_begin(session);

    if (result)
        return result;
    if (session->state.identity.flow == CAPAUTH_FLOW_EXTERNAL)
        result = fail(session, CAPAUTH_E_UNSUPPORTED, "an external session", "has no identifier");
    else if (!*capauth__identifier_type_name(type))
        result = fail(session, CAPAUTH_E_INVALID_ARGUMENT, "identifier", "has an unknown type");
    else
        result =
            set_identity(session, "identifier", &session->state.identity.identifier, value, CAPAUTH__IDENTITY_LONGEST);
    if (!result)
        session->state.identity.identifier_type = type;
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
        result = set_identity(session, "contact", &session->state.identity.contact, value, CAPAUTH__IDENTITY_LONGEST);
    if (!result)
        session->state.identity.contact_type = type;
    capauth__session_unlock(session);
    return result;
}

int capauth_session_set_device_id(capauth_session *session, const char *device_id)
{
    int result = setter_begin(session);

    if (result)
        return result;
    if (session->state.identity.flow == CAPAUTH_FLOW_WEB || session->state.identity.flow == CAPAUTH_FLOW_EXTERNAL)
        result = fail(session, CAPAUTH_E_UNSUPPORTED, "a session of this flow", "has no device id");
    else
        result =
            set_identity(session, "device_id", &session->state.identity.device_id, device_id, CAPAUTH__DEVICE_LONGEST);
    capauth__session_unlock(session);
    return result;
}

int capauth_session_pause_refresh(capauth_session *session, int duration_ms)
{
    int result = capauth__session_open(session);

    if (result)
        return result;
    if (duration_ms < 0)
        result = fail(session, CAPAUTH_E_INVALID_ARGUMENT, "duration_ms",
                      "is negative; it must be 0 to 2147483647 milliseconds");
    else
        session->regeneration.paused_until_ms = duration_ms ? capauth__monotonic_ms() + duration_ms : 0;
    capauth__session_unlock(session);
    return result;
}

int capauth_session_on_change(capauth_session *session, capauth_change_callback callback, void *data,
                              void (*free_data)(void *data))
{
    struct capauth__listener *listener;
    int result =
        capauth__client_listener(session ? session->client : NULL, callback != NULL, data, free_data, &listener);

    if (result || !session)
        return result;
    if (listener)
        listener->callback.change = callback;
    capauth__session_lock(session);
    if (!capauth__session_observe(session, listener)) {
        capauth__listener_release(listener);
        result = capauth__session_no_memory(session);
    }
    capauth__session_unlock(session);
    return result;
}

/* ---- Getters ---- */

static int token_left_ms(const capauth_session *session)
{
    int64_t expires_at_ms = capauth__state_expires_at_ms(&session->state);
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
INT_GETTER(int, signed_in, 0, capauth__state_signed_in(&session->state))
INT_GETTER(int64_t, expires_at, 0, capauth__state_expires_at_ms(&session->state))
INT_GETTER(int, expires_in_ms, -1, token_left_ms(session))
INT_GETTER(int, app_registered, -1, session->state.app_registered)
INT_GETTER(int, registered_for_password, -1, session->state.registered_for_password)
INT_GETTER(int, flow, 0, session->state.identity.flow)
INT_GETTER(int, identifier_type, 0, session->state.identity.identifier_type)
INT_GETTER(int64_t, otp_sent_at, 0, session->state.otp.sent_at_ms)
INT_GETTER(int, otp_wrong_answers, 0, session->state.otp.wrong_answers)

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
TEXT_GETTER(brand, session->state.identity.brand)
TEXT_GETTER(identifier, session->state.identity.identifier)
TEXT_GETTER(device_id, session->state.identity.device_id)
TEXT_GETTER(otp_destination, session->state.otp.sent_at_ms ? session->state.otp.destination : NULL)
TEXT_GETTER(otp_channel, session->state.otp.channel)
TEXT_GETTER(error_message, capauth__reason_get(session->reasons))
