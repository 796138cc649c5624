/* SPDX-License-Identifier: Apache-2.0 */
#include "session/start.h"

#include <string.h>

#include "base/platform.h"
#include "net/waiting.h"
#include "protocol/wire.h"

static bool is_given_up(const capauth_call *call)
{
    return atomic_load(&call->task.cancelled) || capauth__monotonic_ms() >= call->exchange.deadline_ms;
}

void capauth__retire_step(capauth_session *session)
{
    capauth_call *call;

    capauth__session_lock(session);
    call = session->step && is_given_up(session->step) ? session->step : NULL;
    if (call)
        capauth__task_hold(&call->task);
    capauth__session_unlock(session);
    if (!call)
        return;
    capauth__wait_for_overdue(&call->client->engine, &call->task);
    capauth__task_release(&call->task);
}

int capauth__start_begin(struct capauth__start *start)
{
    capauth_session *session = start->session;
    capauth_client *client;
    int result;

    if (start->out)
        *start->out = NULL;
    if (!session)
        return CAPAUTH_E_INVALID_ARGUMENT;
    client = session->client;
    result = capauth__call_allowed(client, !start->out);
    if (result == CAPAUTH_E_FORKED)
        return result;
    if (!(start->call = capauth__call_new(client, session, start->verb, start->options)))
        return CAPAUTH_E_NO_MEMORY;
    if (result)
        return capauth__call_refuse(start->call, start->out, result, NULL, NULL);
    if (capauth__verb_is_step(start->verb))
        capauth__retire_step(session);
    capauth__session_lock(session);
    if (session->closed) {
        capauth__session_unlock(session);
        return capauth__call_refuse(start->call, start->out, CAPAUTH_E_CLOSED, NULL, NULL);
    }
    return CAPAUTH_OK;
}

int capauth__start_end(struct capauth__start *start, int result)
{
    capauth_session *session = start->session;
    capauth_call *call = start->call;

    if (!result && !capauth__call_take_options(call, start->options))
        result = CAPAUTH_E_NO_MEMORY;
    if (!result) {
        session->used = true;
        call->epoch = session->epoch;
        call->generation = session->generation;
        call->session_next = session->calls;
        session->calls = call;
        if (capauth__verb_is_step(call->verb))
            session->step = call;
    }
    capauth__session_unlock(session);
    if (result)
        return capauth__call_refuse(call, start->out, result, start->argument, start->message);
    return capauth__call_start(call, start->out);
}

/* ---- What is refused on the spot ---- */

static int check_arguments(struct capauth__start *start, const struct capauth__arguments *arguments)
{
    start->message = capauth__arguments_fault(start->verb, arguments, &start->argument);
    if (start->message)
        return CAPAUTH_E_INVALID_ARGUMENT;
    start->argument = NULL;
    return CAPAUTH_OK;
}

static int check_identity(struct capauth__start *start, unsigned fields)
{
    const capauth_session *session = start->session;

    if (!session->identifier) {
        start->argument = "identifier";
        start->message = "the session has no identifier";
        return CAPAUTH_E_INVALID_ARGUMENT;
    }
    if (fields & CAPAUTH__F_DEVICE && session->flow != CAPAUTH_FLOW_WEB && !session->device_id) {
        start->argument = "device_id";
        start->message = "the session has no device id";
        return CAPAUTH_E_INVALID_ARGUMENT;
    }
    return CAPAUTH_OK;
}

static int check_step(struct capauth__start *start, unsigned fields)
{
    const struct capauth__state *state = &start->session->state;

    if (fields & CAPAUTH__F_SESSION_ID && !state->session_id)
        start->message = "no sessionId; generate a token first";
    else if (fields & CAPAUTH__F_AUTHORIZED_TOKEN && !state->authorized_token)
        start->message = "no token of the first factor";
    else if ((fields & CAPAUTH__F_TOKEN && !state->token) ||
             (fields & CAPAUTH__F_EXPIRED_TOKEN && !capauth__session_signed_in(start->session)))
        start->message = "no token; sign in first";
    else if (fields & CAPAUTH__F_KEY && !state->key)
        start->message = "no key to regenerate it from";
    if (!start->message)
        return CAPAUTH_OK;
    return start->verb == CAPAUTH__TOKEN_REGENERATE ? CAPAUTH_E_SIGN_IN_REQUIRED : CAPAUTH_E_WRONG_STEP;
}

/* What the argument may say belongs to the flow, the arguments, the session, in this order. */
static int check(struct capauth__start *start, const struct capauth__operation *operation,
                 const struct capauth__arguments *arguments)
{
    int result;

    if (!operation) {
        start->message = "the session's flow has no such operation";
        return CAPAUTH_E_UNSUPPORTED;
    }
    if ((result = check_arguments(start, arguments)) || (result = check_identity(start, operation->fields)))
        return result;
    if (capauth__verb_is_step(start->verb) && start->session->step)
        return CAPAUTH_E_BUSY;
    return check_step(start, operation->fields);
}

static int prepare(struct capauth__start *start, const struct capauth__operation *operation,
                   const struct capauth__arguments *arguments)
{
    capauth_call *call = start->call;

    call->operation = operation;
    call->exchange.repeatable =
        operation->repeat == CAPAUTH__ALWAYS ||
        (operation->repeat == CAPAUTH__WITHOUT_PASSWORD && !(start->options && start->options->password));
    if (!capauth__replace(&call->new_value, arguments->new_value) ||
        !capauth__wire_request(call, arguments, start->options))
        return CAPAUTH_E_NO_MEMORY;
    return CAPAUTH_OK;
}

int capauth__start_operation(capauth_session *session, enum capauth__verb verb,
                             const struct capauth__arguments *arguments, const capauth_options *options,
                             capauth_call **out)
{
    struct capauth__start start = {.session = session, .verb = verb, .options = options, .out = out};
    const struct capauth__operation *operation;
    int result = capauth__start_begin(&start);

    if (result)
        return result;
    operation = capauth__operation_find(verb, session->flow);
    result = check(&start, operation, arguments);
    if (!result && verb != CAPAUTH__TOKEN_REGENERATE) /* that one waits for an internal call, which has the request */
        result = prepare(&start, operation, arguments);
    return capauth__start_end(&start, result);
}

/* ---- The operations that are our own ---- */

int capauth_token_ensure(capauth_session *session, const capauth_options *options, capauth_call **out)
{
    struct capauth__start start = {.session = session, .verb = CAPAUTH__TOKEN_ENSURE, .options = options, .out = out};
    int result = capauth__start_begin(&start);

    if (result)
        return result;
    if (session->flow == CAPAUTH_FLOW_EXTERNAL) {
        result = CAPAUTH_E_UNSUPPORTED;
        start.message = "the session's tokens are the OpenID provider's";
    } else if (!capauth__session_signed_in(session)) {
        result = CAPAUTH_E_SIGN_IN_REQUIRED;
        start.message = "nobody is signed in";
    }
    return capauth__start_end(&start, result);
}

/* Everything in flight is told to stop; its answers change nothing any more. With the session's mutex. */
static void cancel_all(capauth_session *session, bool sign_outs_too)
{
    for (capauth_call *call = session->calls; call; call = call->session_next) {
        if (sign_outs_too || call->verb != CAPAUTH__SIGN_OUT)
            capauth__inbox_cancel(&call->task);
    }
}

int capauth_session_sign_out(capauth_session *session, const capauth_options *options, capauth_call **out)
{
    struct capauth__start start = {.session = session, .verb = CAPAUTH__SIGN_OUT, .options = options, .out = out};
    const struct capauth__operation *expire;
    int result = capauth__start_begin(&start);

    if (result)
        return result;
    expire = capauth__operation_find(CAPAUTH__TOKEN_EXPIRE, session->flow);
    if (expire && session->state.token && session->identifier && session->device_id) {
        start.call->operation = expire;
        start.call->exchange.repeatable = true;
        if (!capauth__wire_request(start.call, &(struct capauth__arguments){0}, NULL))
            result = CAPAUTH_E_NO_MEMORY;
    }
    cancel_all(session, false); /* an earlier sign-out still has a token to expire */
    capauth__session_forget(session);
    return capauth__start_end(&start, result);
}

int capauth_session_close(capauth_session *session)
{
    if (!session)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (capauth__client_forked(session->client))
        return CAPAUTH_OK;
    capauth__session_lock(session);
    session->closed = true;
    cancel_all(session, true);
    capauth__session_unlock(session);
    return CAPAUTH_OK;
}
