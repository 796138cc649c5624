/* SPDX-License-Identifier: Apache-2.0 */
#include "session/start.h"

#include "base/platform.h"
#include "net/waiting.h"
#include "session/in_flight.h"
#include "session/operations.h"
#include "session/regeneration.h"

/* ---- Any operation ---- */

static bool is_given_up(const capauth_call *call)
{
    return atomic_load(&call->task.cancelled) || capauth__monotonic_ms() >= call->exchange.deadline_ms;
}

void capauth__retire_exclusive(capauth_session *session)
{
    capauth_call *call;

    capauth__session_lock(session);
    call = session->exclusive && is_given_up(session->exclusive) ? session->exclusive : NULL;
    if (call)
        capauth__task_hold(&call->task);
    capauth__session_unlock(session);
    if (!call)
        return;
    capauth__wait_for_overdue(&call->client->engine, &call->task);
    if (capauth__notices_are_queued(&call->client->notices)) /* who polls tells them, not who starts a call */
        capauth__inbox_wake(&call->client->engine.inbox);
    capauth__call_release(call);
}

void capauth__start_refuse(struct capauth__start *start, int code, const char *argument, const char *message)
{
    if (!start->fault.code)
        start->fault = (struct capauth__fault){.code = code, .argument = argument, .message = message};
}

static int no_memory(capauth_session *session)
{
    capauth__session_lock(session);
    (void)capauth__session_no_memory(session);
    capauth__session_unlock(session);
    return CAPAUTH_E_NO_MEMORY;
}

int capauth__start_begin(struct capauth__start *start)
{
    capauth_session *session = start->session;
    int allowed;

    if (start->out)
        *start->out = NULL;
    if (!session)
        return CAPAUTH_E_INVALID_ARGUMENT;
    allowed = capauth__call_allowed(session->client, !start->out);
    if (allowed == CAPAUTH_E_FORKED)
        return allowed;
    start->call = capauth__call_new(session->client, session, start->operation, start->kind, start->options);
    if (!start->call)
        return no_memory(session);
    if (!allowed && capauth__operation_changes_sign_in(start->operation))
        capauth__retire_exclusive(session);
    capauth__session_lock(session);
    if (!allowed && !session->closed)
        return CAPAUTH_OK;
    capauth__start_refuse(start, allowed ? allowed : CAPAUTH_E_CLOSED, NULL, NULL);
    return capauth__start_end(start);
}

int capauth__start_end(struct capauth__start *start)
{
    capauth_session *session = start->session;
    capauth_call *call = start->call;

    if (!start->fault.code) {
        session->used = true;
        call->request.seen = session->state.stamp;
        capauth__call_join_session(call);
        if (capauth__operation_changes_sign_in(start->operation))
            session->exclusive = call;
    }
    capauth__session_unlock(session);
    return start->fault.code ? capauth__call_refuse(call, start->out, &start->fault)
                             : capauth__call_start(call, start->out);
}

/* ---- An operation of the Auth Engine ---- */

/* Flow, arguments and session, in this order. */
static struct capauth__fault fault_of(const struct capauth__start *start, const struct capauth__request_form *form,
                                      const struct capauth__arguments *arguments)
{
    struct capauth__fault fault = {.code = CAPAUTH_E_UNSUPPORTED,
                                   .message = "the session's flow does not have this operation"};

    if (!form)
        return fault;
    fault.code = CAPAUTH_E_INVALID_ARGUMENT;
    if ((fault.message = capauth__arguments_fault(start->operation, arguments, &fault.argument)))
        return fault;
    fault = capauth__state_lacks(&start->session->state, start->operation, form->fields);
    /* A wrong argument is named first, and that something is missing only after what is in flight has brought it. */
    if (fault.code != CAPAUTH_E_INVALID_ARGUMENT && capauth__operation_changes_sign_in(start->operation) &&
        start->session->exclusive)
        fault = (struct capauth__fault){.code = CAPAUTH_E_BUSY};
    return fault;
}

static bool write(struct capauth__start *start, const struct capauth__request_form *form,
                  const struct capauth__arguments *arguments)
{
    const capauth_options *options = start->options;
    struct capauth__extras extras = {0};

    if (options)
        extras = (struct capauth__extras){.first_password = options->password,
                                          .fallback_channel = options->fallback_channel,
                                          .otp_hash = options->otp_hash,
                                          .otp_timestamp_ms = options->otp_timestamp_ms};
    return capauth__operation_write(start->call, form, arguments, &extras, options ? options->headers : NULL);
}

/* That one waits for a call of our own, which makes the request; its headers go along. */
static bool wait_for_regeneration(struct capauth__start *start)
{
    start->call->attempts.repeatable = true;
    return !start->options || capauth__headers_copy(&start->call->exchange.headers, start->options->headers);
}

int capauth__start_operation(capauth_session *session, enum capauth__operation operation,
                             const struct capauth__arguments *arguments, const capauth_options *options,
                             capauth_call **out)
{
    bool waits = operation == CAPAUTH__TOKEN_REGENERATE;
    struct capauth__start start = {.session = session,
                                   .operation = operation,
                                   .kind = waits ? &capauth__regenerate_kind : &capauth__operation_kind,
                                   .options = options,
                                   .out = out};
    const struct capauth__request_form *form;
    int result = capauth__start_begin(&start);

    if (result)
        return result;
    form = capauth__request_form_of(operation, session->state.identity.flow);
    start.fault = fault_of(&start, form, arguments);
    if (!start.fault.code && !(waits ? wait_for_regeneration(&start) : write(&start, form, arguments)))
        capauth__start_refuse(&start, CAPAUTH_E_NO_MEMORY, NULL, NULL);
    return capauth__start_end(&start);
}
