/* SPDX-License-Identifier: Apache-2.0 */
#include "session/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/settings.h"
#include "protocol/wire.h"
#include "session/call.h"
#include "session/refresh.h"
#include "session/start.h"

/* ---- Starting ---- */

/* Path segments of unreserved characters; no way up, no query, no empty segment. */
static const char *endpoint_fault(const char *endpoint)
{
    static const char allowed[] = CAPAUTH__UNRESERVED "/";
    const char *fault = capauth__text_fault(endpoint, CAPAUTH__IDENTITY_LONGEST);

    if (fault)
        return fault;
    if (strspn(endpoint, allowed) != strlen(endpoint))
        return "has a character that is not a letter, a digit, or one of -._~/";
    if (strstr(endpoint, "//") || endpoint[strlen(endpoint) - 1] == '/')
        return "has an empty segment";
    if (strstr(endpoint, ".."))
        return "has .. in it";
    return NULL;
}

static int check(const char *method, const char *endpoint, const char *body, const char **argument,
                 const char **message)
{
    *argument = "method";
    *message = "method is neither GET nor POST";
    if (!method || (strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0))
        return CAPAUTH_E_INVALID_ARGUMENT;
    *argument = "endpoint";
    *message = endpoint_fault(endpoint);
    if (*message)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *argument = "body";
    *message = "a GET has no body";
    if (body && !strcmp(method, "GET"))
        return CAPAUTH_E_INVALID_ARGUMENT;
    *argument = *message = NULL;
    return CAPAUTH_OK;
}

/* Leaves "https://host:port" of a URL. */
static void cut_path(struct capauth__buffer *url)
{
    char *host = url->failed ? NULL : strstr(url->data, "://");
    char *path = host ? strchr(host + 3, '/') : NULL;

    if (path) {
        *path = '\0';
        url->length = (size_t)(path - url->data);
    }
}

static bool write_request(capauth_call *call, const char *endpoint, const char *body, const capauth_options *options)
{
    struct capauth__buffer *url = &call->exchange.url;

    capauth__gateway_base(capauth__client_freeze(call->client), url);
    if (endpoint[0] == '/')
        cut_path(url); /* a service beside the gateway, on the same host */
    else
        capauth__buffer_text(url, "/v2/api/");
    capauth__buffer_text(url, endpoint);
    if (options && options->query.length)
        capauth__buffer_append(url, options->query.data, options->query.length);
    call->exchange.has_body = !strcmp(call->exchange.method, "POST");
    if (call->exchange.has_body)
        capauth__buffer_text(&call->exchange.body, body ? body : "");
    return !url->failed && !call->exchange.body.failed;
}

int capauth_gateway_call(capauth_session *session, const char *method, const char *endpoint, const char *body,
                         const capauth_options *options, capauth_call **out)
{
    struct capauth__start start = {.session = session, .verb = CAPAUTH__GATEWAY, .options = options, .out = out};
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if ((result = capauth__start_begin(&start)))
        return result;
    result = check(method, endpoint, body, &start.argument, &start.message);
    start.call->external = session->flow == CAPAUTH_FLOW_EXTERNAL;
    if (!result && !(start.call->external ? session->access_token : session->state.token)) {
        result = CAPAUTH_E_SIGN_IN_REQUIRED;
        start.message = "nobody is signed in";
    }
    if (!result) {
        bool get = !strcmp(method, "GET");

        start.call->exchange.method = get ? "GET" : "POST";
        start.call->exchange.repeatable = get || (options && options->repeatable);
        start.call->view = options && options->view;
        if (!write_request(start.call, endpoint, body, options))
            result = CAPAUTH_E_NO_MEMORY;
    }
    return capauth__start_end(&start, result);
}

/* ---- Sending ---- */

static bool push_external(capauth_call *call, const capauth_session *session)
{
    struct capauth__buffer bearer = {0};
    bool pushed =
        capauth__buffer_text(&bearer, "Bearer ") && capauth__buffer_text(&bearer, session->access_token) &&
        capauth__header_push(&call->exchange.secret_headers, "Authorization", bearer.data) &&
        capauth__header_push(&call->exchange.secret_headers, "X-CAP-EXTERNAL-OAUTH-ID-TOKEN", session->id_token) &&
        capauth__header_push(&call->exchange.secret_headers, "cap_brand", session->brand);

    capauth__buffer_free(&bearer);
    return pushed;
}

/* The identity that the token was issued for, which may differ from ours after a lost identifier update. */
static const char *issued_identifier(const capauth_session *session, char identity[CAPAUTH__ISSUED_SIZE])
{
    const char *type = capauth__identifier_type_name(session->identifier_type);
    size_t length = strlen(type);

    capauth__token_identity(session->state.token, identity);
    return !strncmp(identity, type, length) && identity[length] == '|' && identity[length + 1] ? identity + length + 1
                                                                                               : session->identifier;
}

static bool push_identity(capauth_call *call, const capauth_session *session)
{
    char identity[CAPAUTH__ISSUED_SIZE];
    const char *identifier = issued_identifier(session, identity);
    bool mobile = call->client->config.cap_mobile && session->identifier_type == CAPAUTH_IDENTIFIER_MOBILE;
    struct capauth__header **headers = &call->exchange.secret_headers;

    return capauth__header_push(headers, "cap_authorization", session->state.token) &&
           capauth__header_push(headers, "cap_brand", session->brand) &&
           capauth__header_push(headers, "cap_device_id",
                                session->flow == CAPAUTH_FLOW_WEB ? NULL : session->device_id) &&
           capauth__header_push(headers, "cap_identifier_type",
                                capauth__identifier_type_name(session->identifier_type)) &&
           capauth__header_push(headers, "cap_identifier_value", identifier) &&
           (!mobile || capauth__header_push(headers, "cap_mobile", identifier));
}

enum decision { SEND, JOIN, HELD, NO_TOKEN, FAIL };

static bool sends_view_token(const capauth_call *call, const capauth_session *session)
{
    return call->view && session->state.token && !strcmp(session->state.claims.role, "VIEW");
}

/* With the session's mutex. */
static enum decision decide(capauth_call *call, capauth_session *session)
{
    enum capauth__token_state look = capauth__token_look(session, call);

    capauth__headers_free(&call->exchange.secret_headers);
    if (call->external)
        return push_external(call, session) ? SEND : FAIL;
    if (!capauth__session_signed_in(session) && !sends_view_token(call, session))
        return NO_TOKEN;
    if (capauth__session_signed_in(session) && call->client->config.auto_refresh && !call->token_was_fresh) {
        if (look == CAPAUTH__TOKEN_STALE)
            return JOIN;
        if (look == CAPAUTH__TOKEN_HELD)
            return HELD;
        if (look == CAPAUTH__TOKEN_MISSING)
            return NO_TOKEN;
    }
    call->generation = session->generation;
    return push_identity(call, session) ? SEND : FAIL;
}

static void refused_for_expiry(capauth_call *call, bool may_succeed_later)
{
    call->retryable = may_succeed_later;
    call->not_processed = true;
    capauth__call_finish(call, CAPAUTH_TOKEN_EXPIRED, NULL);
}

void capauth__gateway_enter(capauth_call *call)
{
    enum decision decision;

    if (call->token_refused && !call->exchange.repeatable) {
        refused_for_expiry(call, true); /* the session has a fresh token now; sending again is the caller's to decide */
        return;
    }
    capauth__session_lock(call->session);
    decision = decide(call, call->session);
    capauth__session_unlock(call->session);
    switch (decision) {
    case SEND:
        capauth__call_send(call);
        break;
    case JOIN:
        capauth__refresh_join(call);
        break;
    case HELD:
        capauth__token_held(call);
        break;
    case NO_TOKEN:
        capauth__call_finish(call, CAPAUTH_E_SIGN_IN_REQUIRED, NULL);
        break;
    case FAIL:
        capauth__call_finish(call, CAPAUTH_E_NO_MEMORY, NULL);
        break;
    }
}

/* ---- Replies ---- */

/* The code that an operation would give for such a reply; 0 when it is no refusal. */
static int refusal_of(const struct capauth__gateway_status *status, int http_status)
{
    int number = capauth__refusal(status->code);

    if (!status->refused)
        return 0;
    if (number > 0)
        return number;
    if (http_status == 429)
        return CAPAUTH_E_RATE_LIMITED;
    if (http_status >= 500 && !status->known)
        return CAPAUTH_E_SERVICE;
    return http_status < 300 && status->unreadable ? CAPAUTH_E_PROTOCOL : CAPAUTH_E_REFUSED;
}

/* What the reply said, beside the code's own sentence. */
static void describe_refusal(const capauth_call *call, char *out, size_t size)
{
    const char *said = call->server_message;
    char code[32] = "";

    if (call->server_code)
        snprintf(code, sizeof code, ", code %lld", (long long)call->server_code);
    if (call->refusal == CAPAUTH_E_PROTOCOL)
        said = "the reply begins like JSON, but cannot be read as JSON";
    snprintf(out, size, "HTTP %d%s%s%s", call->http_status, code, said ? ": " : "", said ? said : "");
}

static void deliver_reply(capauth_call *call, const struct capauth__answer *answer, int refusal)
{
    char said[900] = "";

    call->not_processed = false;
    call->ok = !refusal;
    call->refusal = refusal;
    /* These turn a request away before it is processed; of others that is not known. */
    call->retryable = capauth_error_retryable(refusal) &&
                      (call->exchange.repeatable || answer->http_status == 429 || answer->http_status == 503);
    if (refusal)
        describe_refusal(call, said, sizeof said);
    if (!capauth__buffer_append(&call->reply_body, answer->body, answer->length))
        capauth__call_finish(call, capauth__call_lost(call, CAPAUTH_E_NO_MEMORY), NULL);
    else
        capauth__call_finish(call, CAPAUTH_OK, said);
}

/* The token was refused: one regeneration, then once more, where that is safe. */
static void token_was_refused(capauth_call *call)
{
    capauth_session *session = call->session;
    bool newer;
    bool possible;
    bool allowed;

    capauth__session_lock(session);
    newer = session->generation != call->generation;
    possible = capauth__refresh_possible(session);
    allowed = capauth__refresh_allowed(session);
    capauth__session_unlock(session);
    if (call->token_was_fresh || (!newer && possible && !allowed)) {
        refused_for_expiry(call, false);
        return;
    }
    if (!newer && !possible) {
        call->not_processed = true;
        capauth__call_finish(call, CAPAUTH_E_SIGN_IN_REQUIRED, "the token was refused, and cannot be regenerated");
        return;
    }
    call->token_refused = call->not_processed = true;
    if (newer) {
        call->token_was_fresh = true;
        capauth__gateway_enter(call);
    } else {
        capauth__refresh_join(call);
    }
}

void capauth__gateway_answered(capauth_call *call, const struct capauth__answer *answer)
{
    struct capauth__gateway_status status;

    if (capauth__call_retry(call, answer))
        return;
    if (capauth__wire_gateway_reply(answer->http_status, answer->body, answer->length, &status)) {
        capauth__forget(&status.message);
        capauth__call_finish(call, capauth__call_lost(call, CAPAUTH_E_NO_MEMORY), NULL);
        return;
    }
    call->server_code = status.code;
    capauth__call_keep_message(call, NULL, status.message);
    capauth__forget(&status.message);
    if (status.expired && !call->external && call->client->config.auto_refresh)
        token_was_refused(call);
    else
        deliver_reply(call, answer, refusal_of(&status, answer->http_status));
}
