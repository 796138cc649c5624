/* SPDX-License-Identifier: Apache-2.0 */
/* Calls, as an application holds them: waiting, and what became of them. The getters take no lock, since all is settled
 * once the call is done. */
#include "net/waiting.h"
#include "session/lifecycle.h"

int capauth_call_wait(capauth_call *call, int timeout_ms)
{
    capauth_client *client;
    bool only_looks;
    int code;

    if (!call)
        return CAPAUTH_E_INVALID_ARGUMENT;
    client = call->client;
    only_looks = capauth__call_is_done(call) && timeout_ms == 0;
    if (capauth__client_forked(client))
        return only_looks ? call->result.code : CAPAUTH_E_FORKED;
    if (!only_looks && capauth__notices_in_callback(&client->notices))
        return CAPAUTH_E_REENTRANT;
    if (!capauth__call_is_done(call))
        capauth__wait_for(&client->engine, &call->task, timeout_ms);
    code = capauth_call_result(call);
    if (code != CAPAUTH_E_PENDING)
        capauth__inbox_collected(&call->task);
    if (!only_looks)
        capauth__client_tell(client); /* a callback may free the call */
    return code;
}

int capauth_call_cancel(capauth_call *call)
{
    if (!call)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (capauth__client_forked(call->client))
        return CAPAUTH_E_FORKED;
    capauth__inbox_cancel(&call->task);
    return CAPAUTH_OK;
}

void capauth_call_free(capauth_call **handle)
{
    capauth_call *call = handle ? *handle : NULL;
    capauth_client *client;

    if (!call)
        return;
    *handle = NULL;
    client = call->client;
    if (!capauth__client_forked(client))
        capauth__inbox_let_go(&call->task);
    capauth__call_release(call);
    capauth__client_release(client);
}

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static bool is_done(const capauth_call *call)
{
    return call && capauth__call_is_done(call);
}

int capauth_call_done(const capauth_call *call)
{
    return is_done(call);
}

int capauth_call_result(const capauth_call *call)
{
    if (!call)
        return CAPAUTH_E_INVALID_ARGUMENT;
    return is_done(call) ? call->result.code : CAPAUTH_E_PENDING;
}

const char *capauth_call_operation(const capauth_call *call)
{
    return call ? capauth__operation_name(call->request.operation) : "";
}

/* Without memory for the message there is the code's own. */
const char *capauth_call_error_message(const capauth_call *call)
{
    const struct capauth__result *result = is_done(call) ? &call->result : NULL;

    if (!result || (!result->code && !result->refusal))
        return "";
    return result->error_message ? result->error_message
                                 : capauth_strerror(result->code ? result->code : result->refusal);
}

const char *capauth_call_argument(const capauth_call *call)
{
    return is_done(call) ? call->result.argument : "";
}

const char *capauth_call_request_id(const capauth_call *call)
{
    return is_done(call) ? call->result.request_id : "";
}

const char *capauth_call_server_message(const capauth_call *call)
{
    return is_done(call) ? text_of(call->result.server_message) : "";
}

int64_t capauth_call_server_code(const capauth_call *call)
{
    return is_done(call) ? call->result.server_code : 0;
}

int capauth_call_next_step(const capauth_call *call)
{
    return is_done(call) ? call->result.next_step : 0;
}

int capauth_call_http_status(const capauth_call *call)
{
    return is_done(call) ? call->result.http_status : 0;
}

int capauth_call_retry_after_ms(const capauth_call *call)
{
    return is_done(call) ? call->result.retry_after_ms : -1;
}

int capauth_call_maybe_sent(const capauth_call *call)
{
    return is_done(call) ? call->result.maybe_sent : 0;
}

int capauth_call_retryable(const capauth_call *call)
{
    return is_done(call) ? call->result.retryable : 0;
}

int capauth_call_ok(const capauth_call *call)
{
    return is_done(call) && call->result.code == CAPAUTH_OK && !call->result.refusal;
}

int capauth_call_refusal(const capauth_call *call)
{
    return is_done(call) ? call->result.refusal : 0;
}

const char *capauth_call_body(const capauth_call *call, size_t *length)
{
    bool there = is_done(call) && call->result.body.data;

    if (length)
        *length = there ? call->result.body.length : 0;
    return there ? call->result.body.data : "";
}
