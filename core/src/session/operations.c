/* SPDX-License-Identifier: Apache-2.0 */
#include "session/operations.h"

#include <stdio.h>

#include "session/message.h"

static void enter(capauth_call *call)
{
    if (call->request.form)
        capauth__call_send(call);
    else
        capauth__call_finish(call, CAPAUTH_OK, NULL);
}

const struct capauth__call_kind capauth__operation_kind = {.enter = enter, .answered = capauth__operation_answered};

/* ---- Requests ---- */

bool capauth__operation_write(capauth_call *call, const struct capauth__request_form *form,
                              const struct capauth__arguments *arguments, const struct capauth__extras *extras,
                              const struct capauth__header *headers)
{
    struct capauth__exchange *exchange = &call->exchange;
    struct capauth__request *request = &call->request;
    const struct capauth__config *config = capauth__client_freeze(call->client);

    request->form = form;
    request->seen = call->session->state.stamp;
    exchange->method = form->method;
    exchange->has_body = true;
    call->attempts.repeatable =
        form->repeat == CAPAUTH__ALWAYS || (form->repeat == CAPAUTH__WITHOUT_PASSWORD && !extras->first_password);
    capauth__wire_url(form, config->base_url, extras, &exchange->url);
    capauth__wire_body(form, &call->session->state, arguments, extras, &exchange->body, &request->secrets);
    return !exchange->url.failed && !exchange->body.failed && capauth__headers_copy(&exchange->headers, headers) &&
           capauth__replace(&request->new_value, arguments->new_value) &&
           capauth__replace(&request->fallback_channel, extras->fallback_channel);
}

/* ---- Replies ---- */

/* Looked at for secrets before it is cut, and again without what hid them. */
static const char *plain_text_of(const capauth_call *call, const struct capauth__answer *answer, char *out, size_t size)
{
    const char *quoted = capauth__quote(call, NULL, answer->body);

    capauth__wire_plain_text(answer->body, answer->length, out, size);
    return quoted != answer->body ? quoted : capauth__quote(call, NULL, out);
}

/* HTTP answered, but not with a reply of the Auth Engine's. */
static void answered_by_another(capauth_call *call, const struct capauth__answer *answer)
{
    int status = answer->http_status;
    int code = status == 429 ? CAPAUTH_E_RATE_LIMITED : status >= 300 ? CAPAUTH_E_SERVICE : CAPAUTH_E_PROTOCOL;
    char plain[161] = "";
    const char *said = plain;
    char text[256];

    if (capauth__call_retry(call, answer))
        return;
    capauth__attempts_end(&call->attempts, answer);
    /* The Auth Engine's deserialiser names the bad member in plain text; a CDN's page says nothing of use. */
    if (status == 400)
        said = plain_text_of(call, answer, plain, sizeof plain);
    snprintf(text, sizeof text, "HTTP %d%s%s%s", status,
             status >= 300 ? "" : " with a body that is not from the Auth Engine", *said ? ": " : "", said);
    if (*said)
        call->result.sentence = "the Auth Engine did not understand the request";
    capauth__call_finish(call, code, text);
}

/* A repeat of token expire finds its work done; and whoever signs out does not mind that the token was no good. */
static bool is_done_already(const capauth_call *call, int code)
{
    return call->request.form->operation == CAPAUTH__TOKEN_EXPIRE &&
           (call->exchange.attempts > 1 || call->request.operation == CAPAUTH__SIGN_OUT) &&
           (code == CAPAUTH_TOKEN_EXPIRED || code == CAPAUTH_CANNOT_EXPIRE_TOKEN ||
            code == CAPAUTH_CANNOT_REGENERATE_TOKEN);
}

static const char *missing_member(const capauth_call *call, const struct capauth__reply *reply)
{
    switch (call->request.form->brings) {
    case CAPAUTH__BRINGS_SESSION:
        return reply->session_id ? NULL : "it has no sessionId";
    case CAPAUTH__BRINGS_TOKEN:
    case CAPAUTH__BRINGS_NEW_TOKEN:
        return reply->token ? NULL : "it has no token";
    default:
        return NULL;
    }
}

/* With the session's mutex. A key that the Auth Engine hands out makes the one before useless, so it is kept even when
 * the reply comes too late, unless a newer one is held. */
static int keep_key(capauth_call *call, const struct capauth__reply *reply)
{
    capauth_session *session = call->session;
    const struct capauth__stamp *seen = &call->request.seen;
    const struct capauth__stamp *stamp = &session->state.stamp;
    struct capauth__state next;
    int result;

    if (call->request.operation != CAPAUTH__TOKEN_REGENERATE || !reply->key || seen->sign_in != stamp->sign_in ||
        seen->key != stamp->key)
        return CAPAUTH_OK;
    if (!(result = capauth__state_after_key(&session->state, reply->key, &next)))
        capauth__session_change(session, &next);
    return result;
}

/* With the session's mutex. */
static int apply(capauth_call *call, const struct capauth__reply *reply)
{
    struct capauth__request *request = &call->request;
    struct capauth__ending ending = {
        .operation = request->operation,
        .brings = request->form->brings,
        .outcome = CAPAUTH_OK,
        .reply = reply,
        .new_value = request->new_value,
        .fallback_channel = request->fallback_channel,
        .now_ms = capauth__server_now(call->client),
    };
    int result = capauth__session_end_operation(call->session, &ending);

    request->new_value = ending.new_value; /* what it did not take over */
    request->fallback_channel = ending.fallback_channel;
    return result;
}

static void succeeded(capauth_call *call, const struct capauth__reply *reply)
{
    capauth_session *session = call->session;
    int result = CAPAUTH_OK;

    capauth__session_lock(session);
    call->is_past = capauth__call_is_past(call);
    if (call->is_past)
        result = keep_key(call, reply);
    else if (call->request.operation != CAPAUTH__SIGN_OUT)
        result = apply(call, reply);
    capauth__session_unlock(session);
    if (result) /* it says what was done, and nobody could take it in */
        capauth__attempts_add(&call->attempts, CAPAUTH__LOST);
    capauth__call_finish(call, result, NULL);
}

static void replied(capauth_call *call, const struct capauth__reply *reply)
{
    int code = capauth__refusal(reply->code);
    const char *missing = missing_member(call, reply);

    capauth__attempts_add(&call->attempts, CAPAUTH__ANSWERED);
    call->result.server_code = reply->code;
    capauth__keep_message(call, reply, reply->message);
    if (!reply->success && !is_done_already(call, code))
        capauth__call_finish(call, code, NULL);
    else if (missing)
        capauth__call_finish(call, CAPAUTH_E_PROTOCOL, missing);
    else
        succeeded(call, reply);
}

void capauth__operation_answered(capauth_call *call, const struct capauth__answer *answer)
{
    struct capauth__reply reply;
    int result = capauth__wire_reply(answer->body, answer->length, &reply);

    if (result == CAPAUTH_E_NO_MEMORY) {
        capauth__attempts_add(&call->attempts, CAPAUTH__LOST);
        capauth__call_finish(call, result, NULL);
    } else if (result) {
        answered_by_another(call, answer);
    } else {
        capauth__server_clock_set(call->client, answer->date_ms);
        replied(call, &reply);
    }
    capauth__reply_free(&reply);
}
