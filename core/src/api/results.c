/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a call: the getters of the public header. They take no lock, since all is settled once it is done. */
#include "session/call.h"

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static bool is_done(const capauth_call *call)
{
    return call && atomic_load(&call->task.done);
}

int capauth_call_done(const capauth_call *call)
{
    return is_done(call);
}

int capauth_call_result(const capauth_call *call)
{
    if (!call)
        return CAPAUTH_E_INVALID_ARGUMENT;
    return is_done(call) ? call->outcome : CAPAUTH_E_PENDING;
}

const char *capauth_call_operation(const capauth_call *call)
{
    return call ? capauth__verb_name(call->verb) : "";
}

const char *capauth_call_error_message(const capauth_call *call)
{
    return is_done(call) ? text_of(call->error_message) : "";
}

const char *capauth_call_argument(const capauth_call *call)
{
    return is_done(call) ? call->argument : "";
}

const char *capauth_call_request_id(const capauth_call *call)
{
    return is_done(call) ? call->request_id : "";
}

const char *capauth_call_server_message(const capauth_call *call)
{
    return is_done(call) ? text_of(call->server_message) : "";
}

int64_t capauth_call_server_code(const capauth_call *call)
{
    return is_done(call) ? call->server_code : 0;
}

int capauth_call_next_step(const capauth_call *call)
{
    return is_done(call) ? call->next_step : 0;
}

int capauth_call_http_status(const capauth_call *call)
{
    return is_done(call) ? call->http_status : 0;
}

int capauth_call_retry_after_ms(const capauth_call *call)
{
    return is_done(call) ? call->retry_after_ms : -1;
}

int capauth_call_maybe_sent(const capauth_call *call)
{
    return is_done(call) ? call->maybe_sent : 0;
}

int capauth_call_retryable(const capauth_call *call)
{
    return is_done(call) ? call->retryable : 0;
}

int capauth_call_ok(const capauth_call *call)
{
    return is_done(call) ? call->ok : 0;
}

int capauth_call_refusal(const capauth_call *call)
{
    return is_done(call) ? call->refusal : 0;
}

const char *capauth_call_body(const capauth_call *call, size_t *length)
{
    bool there = is_done(call) && call->reply_body.data;

    if (length)
        *length = there ? call->reply_body.length : 0;
    return there ? call->reply_body.data : "";
}
