/* SPDX-License-Identifier: Apache-2.0 */
#include "session/gateway.h"

#include <stdio.h>
#include <string.h>

#include "protocol/headers.h"
#include "session/message.h"
#include "session/regeneration.h"

/* ---- Requests ---- */

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

static void write_url(struct capauth__buffer *url, const struct capauth__config *config, const char *endpoint,
                      const capauth_options *options)
{
    capauth__gateway_base(config, url);
    if (endpoint[0] == '/')
        cut_path(url); /* a service beside the gateway, on the same host */
    else
        capauth__buffer_text(url, "/v2/api/");
    capauth__buffer_text(url, endpoint);
    if (options && options->query.length)
        capauth__buffer_append(url, options->query.data, options->query.length);
}

bool capauth__gateway_write(capauth_call *call, const struct capauth__gateway_request *request,
                            const capauth_options *options)
{
    struct capauth__exchange *exchange = &call->exchange;

    call->request.external = call->session->state.identity.flow == CAPAUTH_FLOW_EXTERNAL;
    call->request.view = options && options->view;
    call->attempts.repeatable = request->get || (options && options->repeatable);
    exchange->method = request->get ? "GET" : "POST";
    exchange->gzip = true;
    exchange->has_body = !request->get;
    write_url(&exchange->url, capauth__client_freeze(call->client), request->endpoint, options);
    if (exchange->has_body)
        capauth__buffer_text(&exchange->body, request->body ? request->body : "");
    return !exchange->url.failed && !exchange->body.failed &&
           (!options || capauth__headers_copy(&exchange->headers, options->headers));
}

/* Nothing for a value that is NULL or empty. */
static bool push(struct capauth__header **headers, const char *name, const char *value)
{
    return !value || !*value || capauth__header_push(headers, name, value);
}

static bool push_external(struct capauth__header **headers, const struct capauth__identity *identity)
{
    return capauth__header_push_secret(headers, CAPAUTH__HEADER_ACCESS_TOKEN, "Bearer ", identity->access_token) &&
           capauth__header_push_secret(headers, CAPAUTH__HEADER_ID_TOKEN, "", identity->id_token) &&
           push(headers, CAPAUTH__HEADER_BRAND, identity->brand);
}

/* The identifier that the token was issued for, which may differ from ours after a lost identifier update. false: no
 * memory. */
static bool issued_identifier(const struct capauth__state *state, char issued[CAPAUTH__ISSUED_SIZE],
                              const char **identifier)
{
    const char *type = capauth__identifier_type_name(state->identity.identifier_type);
    size_t length = strlen(type);

    if (capauth__token_identity(state->token, issued))
        return false;
    *identifier = state->identity.identifier;
    if (!strncmp(issued, type, length) && issued[length] == '|' && issued[length + 1])
        *identifier = issued + length + 1;
    return true;
}

static bool push_identity(struct capauth__header **headers, const struct capauth__state *state, bool cap_mobile)
{
    const struct capauth__identity *identity = &state->identity;
    char issued[CAPAUTH__ISSUED_SIZE];
    const char *identifier;
    bool mobile = cap_mobile && identity->identifier_type == CAPAUTH_IDENTIFIER_MOBILE;

    return issued_identifier(state, issued, &identifier) &&
           capauth__header_push_secret(headers, CAPAUTH__HEADER_TOKEN, "", state->token) &&
           push(headers, CAPAUTH__HEADER_BRAND, identity->brand) &&
           push(headers, CAPAUTH__HEADER_DEVICE, identity->flow == CAPAUTH_FLOW_WEB ? NULL : identity->device_id) &&
           push(headers, CAPAUTH__HEADER_IDENTIFIER_TYPE, capauth__identifier_type_name(identity->identifier_type)) &&
           push(headers, CAPAUTH__HEADER_IDENTIFIER, identifier) &&
           (!mobile || push(headers, CAPAUTH__HEADER_MOBILE, identifier));
}

/* ---- Sending ---- */

enum decision { SEND, JOIN, HELD, NO_TOKEN, NO_MEMORY };

static bool sends_view_token(const capauth_call *call, const struct capauth__state *state)
{
    return call->request.view && state->token && !strcmp(state->claims.role, "VIEW");
}

/* Where the token does not do as it is. */
static enum decision decide_on_token(const capauth_call *call)
{
    const struct capauth__state *state = &call->session->state;

    if (!capauth__state_signed_in(state))
        return sends_view_token(call, state) ? SEND : NO_TOKEN;
    if (!call->client->config.auto_refresh || call->token_is_new)
        return SEND;
    switch (capauth__token_state(call)) {
    case CAPAUTH__TOKEN_STALE:
        return JOIN;
    case CAPAUTH__TOKEN_HELD:
        return HELD;
    case CAPAUTH__TOKEN_MISSING:
        return NO_TOKEN;
    default:
        return SEND;
    }
}

/* With the session's mutex. Who it is goes along as headers, made anew for each token. */
static enum decision decide(capauth_call *call)
{
    const struct capauth__state *state = &call->session->state;
    struct capauth__header **headers = &call->exchange.secret_headers;
    enum decision decision = call->request.external ? SEND : decide_on_token(call);
    bool pushed;

    capauth__headers_free(headers);
    if (decision != SEND)
        return decision;
    call->request.seen.token = state->stamp.token;
    pushed = call->request.external ? push_external(headers, &state->identity)
                                    : push_identity(headers, state, call->client->config.cap_mobile);
    return pushed ? SEND : NO_MEMORY;
}

static void refused_for_expiry(capauth_call *call, bool may_succeed_later)
{
    call->result.retryable = may_succeed_later;
    capauth__call_finish(call, CAPAUTH_TOKEN_EXPIRED, NULL);
}

static void enter(capauth_call *call)
{
    enum decision decision;

    if (call->token_refused && !call->attempts.repeatable) {
        refused_for_expiry(call, true); /* the session has a fresh token now; sending again is the caller's to decide */
        return;
    }
    capauth__session_lock(call->session);
    decision = decide(call);
    capauth__session_unlock(call->session);
    switch (decision) {
    case SEND:
        capauth__call_send(call);
        break;
    case JOIN:
        capauth__wait_for_regeneration(call);
        break;
    case HELD:
        capauth__token_held(call);
        break;
    case NO_TOKEN:
        capauth__call_finish(call, CAPAUTH_E_SIGN_IN_REQUIRED, NULL);
        break;
    case NO_MEMORY:
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

static void describe_refusal(const struct capauth__result *result, char *out, size_t size)
{
    const char *said = result->server_message;
    char code[32] = "";

    if (result->server_code)
        snprintf(code, sizeof code, ", code %lld", (long long)result->server_code);
    if (result->refusal == CAPAUTH_E_PROTOCOL)
        said = "the body begins like JSON, but is not valid JSON";
    snprintf(out, size, "HTTP %d%s%s%s", result->http_status, code, said ? ": " : "", said ? said : "");
}

/* Without a copy: a long reply should not be lost for want of room for two. */
static bool take_body(struct capauth__buffer *body, const struct capauth__answer *answer)
{
    if (!answer->buffer)
        return capauth__buffer_append(body, answer->body, answer->length);
    *body = *answer->buffer;
    *answer->buffer = (struct capauth__buffer){.limit = body->limit};
    return true;
}

static void deliver_reply(capauth_call *call, const struct capauth__answer *answer, int refusal)
{
    struct capauth__result *result = &call->result;
    char said[900] = "";

    if (!take_body(&result->body, answer)) {
        capauth__attempts_add(&call->attempts, CAPAUTH__LOST);
        capauth__call_finish(call, CAPAUTH_E_NO_MEMORY, NULL);
        return;
    }
    capauth__attempts_add(&call->attempts, CAPAUTH__ANSWERED);
    result->refusal = refusal;
    /* These turn a request away before it is processed; of others that is not known. */
    result->retryable = capauth_error_retryable(refusal) &&
                        (call->attempts.repeatable || answer->http_status == 429 || answer->http_status == 503);
    if (refusal)
        describe_refusal(result, said, sizeof said);
    capauth__call_finish(call, CAPAUTH_OK, said);
}

/* The token was refused: one regeneration, then once more, where that is safe. */
static void token_was_refused(capauth_call *call)
{
    capauth_session *session = call->session;
    bool newer;
    bool possible;
    bool allowed;

    capauth__attempts_add(&call->attempts, CAPAUTH__TURNED_AWAY);
    capauth__session_lock(session);
    newer = session->state.stamp.token != call->request.seen.token;
    possible = capauth__state_can_regenerate(&session->state);
    allowed = capauth__may_regenerate(session);
    capauth__session_unlock(session);
    if (call->token_is_new || (!newer && possible && !allowed)) {
        refused_for_expiry(call, false);
        return;
    }
    if (!newer && !possible) {
        capauth__call_finish(call, CAPAUTH_E_SIGN_IN_REQUIRED, "the token was refused and cannot be regenerated");
        return;
    }
    call->token_refused = true;
    if (newer) {
        call->token_is_new = true;
        enter(call);
    } else {
        capauth__wait_for_regeneration(call);
    }
}

static void answered(capauth_call *call, const struct capauth__answer *answer)
{
    struct capauth__gateway_status status;

    if (capauth__call_retry(call, answer))
        return;
    if (capauth__wire_gateway_reply(answer->http_status, answer->body, answer->length, &status)) {
        capauth__wipe_free(&status.message);
        capauth__attempts_add(&call->attempts, CAPAUTH__LOST);
        capauth__call_finish(call, CAPAUTH_E_NO_MEMORY, NULL);
        return;
    }
    call->result.server_code = status.code;
    capauth__keep_message(call, NULL, status.message);
    capauth__wipe_free(&status.message);
    if (status.expired && !call->request.external && call->client->config.auto_refresh)
        token_was_refused(call);
    else
        deliver_reply(call, answer, refusal_of(&status, answer->http_status));
}

const struct capauth__call_kind capauth__gateway_kind = {.enter = enter, .answered = answered};
