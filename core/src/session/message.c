/* SPDX-License-Identifier: Apache-2.0 */
#include "session/message.h"

#include <stdio.h>

#include "base/platform.h"
#include "base/text.h"
#include "session/redact.h"

static const char withheld[] = "(withheld: the message repeats a secret)";

const char *capauth__quote(const capauth_call *call, const struct capauth__reply *reply, const char *text)
{
    struct capauth__secret_places places = {
        .body = call->exchange.body.data,
        .in_body = &call->request.secrets,
        .headers = call->exchange.secret_headers,
        .reply = reply,
    };
    bool repeats;

    if (!call->session)
        return text;
    capauth__session_lock(call->session);
    places.state = &call->session->state;
    repeats = capauth__repeats_a_secret(text, &places);
    capauth__session_unlock(call->session);
    return repeats ? withheld : text;
}

void capauth__keep_message(capauth_call *call, const struct capauth__reply *reply, const char *message)
{
    (void)capauth__replace(&call->result.server_message, message ? capauth__quote(call, reply, message) : NULL);
}

/* ": " and the text; "" for none. */
struct tail {
    const char *colon;
    const char *text;
};

static struct tail tail(const char *text)
{
    return text && *text ? (struct tail){": ", text} : (struct tail){"", ""};
}

/* What others said in the detail has been looked at for secrets; our own words may well have an OTP like "1" in them.
 */
void capauth__compose_message(capauth_call *call)
{
    struct capauth__result *result = &call->result;
    const char *operation = capauth__operation_name(call->request.operation);
    const char *sentence =
        result->sentence ? result->sentence : capauth_strerror(result->code ? result->code : result->refusal);
    struct tail cause = tail(result->cause != result->code ? capauth_strerror(result->cause) : NULL);
    struct tail detail = tail(result->detail);
    struct tail server = tail(result->server_message);
    char text[1024];

    if (result->code > 0 || result->code == CAPAUTH_E_REFUSED)
        snprintf(text, sizeof text, "%s: %s (%lld%s%s)", operation, sentence,
                 (long long)(result->code > 0 ? result->code : result->server_code), server.colon, server.text);
    else if (result->argument[0] && result->detail) /* "otp is empty" says all of "invalid argument" */
        snprintf(text, sizeof text, "%s: %s", operation, result->detail);
    else
        snprintf(text, sizeof text, "%s: %s%s%s%s%s", operation, sentence, cause.colon, cause.text, detail.colon,
                 detail.text);
    capauth__text_trim(text);
    (void)capauth__replace(&result->error_message, text);
}

int capauth__duration_ms(const capauth_call *call)
{
    return (int)((capauth__monotonic_us() - call->request.started_us) / 1000);
}

void capauth__log_outcome(const capauth_call *call)
{
    const struct capauth__result *result = &call->result;
    bool unknown = result->code == CAPAUTH_E_UNKNOWN_OUTCOME;
    int level = result->code == CAPAUTH_OK                                ? CAPAUTH_LOG_INFO
                : result->code > 0 || result->code == CAPAUTH_E_CANCELLED ? CAPAUTH_LOG_WARNING
                                                                          : CAPAUTH_LOG_ERROR;
    char who[320] = "-";

    if (!capauth__log_wants(&call->client->log, level))
        return;
    if (call->session) {
        capauth__session_lock(call->session);
        if (call->session->state.identity.identifier)
            capauth__mask(call->session->state.identity.identifier, who, sizeof who);
        capauth__session_unlock(call->session);
    }
    capauth__log(&call->client->log, level, "%s for %s: %s (%d)%s%s; HTTP %d, %d ms, attempts: %d",
                 capauth__operation_name(call->request.operation), who, capauth_error_name(result->code), result->code,
                 unknown ? " because of " : "", unknown ? capauth_error_name(result->cause) : "", result->http_status,
                 capauth__duration_ms(call), call->exchange.attempts);
}
