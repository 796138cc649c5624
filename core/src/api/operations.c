/* SPDX-License-Identifier: Apache-2.0 */
/* The operations that are our own; those of the Auth Engine are made from core/operations.json. */
#include <string.h>

#include "base/text.h"
#include "session/gateway.h"
#include "session/in_flight.h"
#include "session/operations.h"
#include "session/regeneration.h"
#include "session/start.h"

/* ---- token ensure ---- */

int capauth_token_ensure(capauth_session *session, const capauth_options *options, capauth_call **out)
{
    struct capauth__start start = {.session = session,
                                   .operation = CAPAUTH__TOKEN_ENSURE,
                                   .kind = &capauth__ensure_kind,
                                   .options = options,
                                   .out = out};
    int result = capauth__start_begin(&start);

    if (result)
        return result;
    if (session->state.identity.flow == CAPAUTH_FLOW_EXTERNAL)
        capauth__start_refuse(&start, CAPAUTH_E_UNSUPPORTED, NULL, "the session's tokens are from an OpenID provider");
    else if (!capauth__state_signed_in(&session->state))
        capauth__start_refuse(&start, CAPAUTH_E_SIGN_IN_REQUIRED, NULL, "nobody is signed in");
    else if (options && !capauth__headers_copy(&start.call->exchange.headers, options->headers))
        capauth__start_refuse(&start, CAPAUTH_E_NO_MEMORY, NULL, NULL);
    start.call->attempts.repeatable = true;
    return capauth__start_end(&start);
}

/* ---- sign out ---- */

/* Where the Auth Engine has an operation for it, the token is expired there. */
static bool write_expiry(capauth_call *call, const capauth_options *options)
{
    const struct capauth__state *state = &call->session->state;
    const struct capauth__request_form *expire = capauth__request_form_of(CAPAUTH__TOKEN_EXPIRE, state->identity.flow);
    const struct capauth__arguments arguments = {0};
    const struct capauth__extras extras = {0};

    return !expire || capauth__state_lacks(state, CAPAUTH__TOKEN_EXPIRE, expire->fields).code ||
           capauth__operation_write(call, expire, &arguments, &extras, options ? options->headers : NULL);
}

/* With the session's mutex. Needs no memory. */
static void sign_out_here(capauth_session *session)
{
    struct capauth__state next;

    capauth__cancel_calls(session, false); /* an earlier sign-out still has a token to expire */
    capauth__state_after_sign_out(&session->state, &next);
    capauth__session_change(session, &next);
}

/* Whoever hands the device on is signed out of it, memory or not. */
static int sign_out_without_call(capauth_session *session, bool blocking)
{
    int result = capauth__session_open(session);

    if (result)
        return result;
    sign_out_here(session);
    capauth__session_unlock(session);
    if (blocking)
        capauth__client_tell(session->client);
    return CAPAUTH_E_NO_MEMORY;
}

int capauth_session_sign_out(capauth_session *session, const capauth_options *options, capauth_call **out)
{
    struct capauth__start start = {.session = session,
                                   .operation = CAPAUTH__SIGN_OUT,
                                   .kind = &capauth__operation_kind,
                                   .options = options,
                                   .out = out};
    int result = capauth__start_begin(&start);

    if (result == CAPAUTH_E_NO_MEMORY)
        return sign_out_without_call(session, !out);
    if (result)
        return result;
    if (!write_expiry(start.call, options))
        capauth__start_refuse(&start, CAPAUTH_E_NO_MEMORY, NULL, NULL);
    sign_out_here(session);
    return capauth__start_end(&start);
}

/* ---- gateway calls ---- */

/* Path segments of unreserved characters; no way up, no query, no empty segment. */
static const char *endpoint_fault(const char *endpoint)
{
    const char *fault = capauth__text_fault(endpoint, CAPAUTH__IDENTITY_LONGEST);

    if (fault)
        return fault;
    if (strspn(endpoint, CAPAUTH__UNRESERVED "/") != strlen(endpoint))
        return "has a character that is not a letter, a digit or one of -._~/";
    if (strstr(endpoint, "//") || endpoint[strlen(endpoint) - 1] == '/')
        return "has an empty segment";
    if (strstr(endpoint, ".."))
        return "contains ..";
    return NULL;
}

static bool is(const char *method, const char *name)
{
    return method && !strcmp(method, name);
}

static void check_gateway_call(struct capauth__start *start, const char *method, const char *endpoint, const char *body)
{
    const struct capauth__state *state = &start->session->state;
    bool external = state->identity.flow == CAPAUTH_FLOW_EXTERNAL;
    const char *fault = endpoint_fault(endpoint);

    if (!is(method, "GET") && !is(method, "POST"))
        capauth__start_refuse(start, CAPAUTH_E_INVALID_ARGUMENT, "method", "is neither GET nor POST");
    if (fault)
        capauth__start_refuse(start, CAPAUTH_E_INVALID_ARGUMENT, "endpoint", fault);
    if (body && is(method, "GET"))
        capauth__start_refuse(start, CAPAUTH_E_INVALID_ARGUMENT, "body", "is not allowed with GET");
    if (!(external ? state->identity.access_token : state->token))
        capauth__start_refuse(start, CAPAUTH_E_SIGN_IN_REQUIRED, NULL, "nobody is signed in");
}

int capauth_gateway_call(capauth_session *session, const char *method, const char *endpoint, const char *body,
                         const capauth_options *options, capauth_call **out)
{
    struct capauth__start start = {.session = session,
                                   .operation = CAPAUTH__GATEWAY,
                                   .kind = &capauth__gateway_kind,
                                   .options = options,
                                   .out = out};
    struct capauth__gateway_request request = {.get = is(method, "GET"), .endpoint = endpoint, .body = body};
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if ((result = capauth__start_begin(&start)))
        return result;
    check_gateway_call(&start, method, endpoint, body);
    if (!start.fault.code && !capauth__gateway_write(start.call, &request, options))
        capauth__start_refuse(&start, CAPAUTH_E_NO_MEMORY, NULL, NULL);
    return capauth__start_end(&start);
}
