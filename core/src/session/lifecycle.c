/* SPDX-License-Identifier: Apache-2.0 */
#include "session/lifecycle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "net/transport.h"
#include "net/waiting.h"
#include "session/in_flight.h"
#include "session/message.h"

enum { BACKOFF_MS = 100, BACKOFF_LONGEST_MS = 5000 };

/* ---- Life ---- */

static void enter(struct capauth__task *task);
static void due(struct capauth__task *task, int64_t now_ms);
static void end(struct capauth__task *task, int code, const char *why);
static void release(struct capauth__task *task);

static const struct capauth__task_owner task_owner = {.enter = enter, .due = due, .end = end, .free = release};

static void answered(struct capauth__exchange *exchange, const struct capauth__answer *answer);

static const char *quote(const struct capauth__exchange *exchange, const char *text)
{
    return capauth__quote(exchange->owner, NULL, text);
}

static void take_times(capauth_call *call, const capauth_options *options)
{
    const struct capauth__config *config = &call->client->config;
    int timeout_ms;

    capauth__client_lock(call->client);
    timeout_ms = options && options->timeout_ms ? options->timeout_ms : config->timeout_ms;
    call->request.margin_given = options && options->margin_ms >= 0;
    call->request.margin_ms = call->request.margin_given ? options->margin_ms : config->refresh_margin_ms;
    capauth__client_unlock(call->client);
    call->request.started_us = capauth__monotonic_us();
    call->exchange.deadline_ms = call->task.due_ms = call->request.started_us / 1000 + timeout_ms;
}

capauth_call *capauth__call_new(capauth_client *client, capauth_session *session, enum capauth__operation operation,
                                const struct capauth__call_kind *kind, const capauth_options *options)
{
    capauth_call *call = calloc(1, sizeof *call);

    if (!call)
        return NULL;
    capauth__task_init(&call->task, &task_owner, &client->engine.inbox);
    call->client = client;
    call->session = session;
    if (session)
        capauth__session_hold(session);
    call->kind = kind;
    call->exchange.owner = call;
    call->exchange.answered = answered;
    call->exchange.quote = quote;
    call->request.operation = operation;
    call->request.id = atomic_fetch_add(&client->next_call_id, 1) + 1;
    take_times(call, options);
    call->result.retry_after_ms = -1;
    call->result.code = CAPAUTH_E_PENDING;
    return call;
}

static void release(struct capauth__task *task)
{
    capauth_call *call = (capauth_call *)task;

    capauth__exchange_clear(&call->exchange);
    capauth__spare_keep(&call->client->engine.spare, &call->result.body);
    capauth__wipe_free(&call->request.new_value);
    capauth__wipe_free(&call->request.fallback_channel);
    capauth__wipe_free(&call->result.server_message);
    capauth__wipe_free(&call->result.detail);
    capauth__wipe_free(&call->result.error_message);
    if (call->session)
        capauth__session_release(call->session);
    free(call);
}

void capauth__call_release(capauth_call *call)
{
    capauth__task_release(&call->task);
}

bool capauth__call_is_done(const capauth_call *call)
{
    return atomic_load(&call->task.done);
}

int capauth__call_allowed(capauth_client *client, bool blocking)
{
    int result = capauth__client_check(client);

    if (!result && blocking && capauth__notices_in_callback(&client->notices))
        return CAPAUTH_E_REENTRANT;
    return result;
}

static void give_handle(capauth_call *call, capauth_call **out)
{
    atomic_store(&call->task.collectable, true);
    capauth__client_hold(call->client);
    *out = call;
}

void capauth__call_trace(const capauth_call *call, int event)
{
    bool ended = event == CAPAUTH_TRACE_END;
    struct capauth__trace record = {
        .event = event,
        .call_id = call->request.id,
        .operation = capauth__operation_name(call->request.operation),
        .result = ended ? call->result.code : CAPAUTH_E_PENDING,
        .http_status = call->result.http_status,
        .attempts = call->exchange.attempts,
    };

    if (!atomic_load(&call->client->log.has_trace))
        return;
    record.duration_ms = ended ? capauth__duration_ms(call) : 0;
    capauth__trace(&call->client->log, &record);
}

static void set_session_error(const capauth_call *call)
{
    capauth__session_lock(call->session);
    capauth__session_set_error(call->session, call->result.error_message);
    capauth__session_unlock(call->session);
}

int capauth__call_start(capauth_call *call, capauth_call **out)
{
    capauth_client *client = call->client;
    int code;

    (void)capauth__client_freeze(client);
    capauth__call_trace(call, CAPAUTH_TRACE_START);
    if (out) {
        give_handle(call, out);
        capauth__inbox_post(&call->task, true);
        return CAPAUTH_OK;
    }
    capauth__inbox_post(&call->task, false);
    capauth__wait_for(&client->engine, &call->task, -1);
    code = call->result.code;
    if (code && call->session) /* another thread may have settled it, or have failed since */
        set_session_error(call);
    capauth__call_release(call);
    capauth__client_tell(client);
    return code;
}

/* ---- The end ---- */

/* "otp is empty" */
static void tell_fault(struct capauth__result *result, const struct capauth__fault *fault)
{
    const char *argument = fault->argument ? fault->argument : "";
    char text[256];

    snprintf(result->argument, sizeof result->argument, "%s", argument);
    snprintf(text, sizeof text, "%s%s%s", argument, *argument ? " " : "", fault->message ? fault->message : "");
    (void)capauth__replace(&result->detail, text);
}

int capauth__call_refuse(capauth_call *call, capauth_call **out, const struct capauth__fault *fault)
{
    capauth_client *client = call->client;
    capauth_session *session = call->session;
    struct capauth__result *result = &call->result;

    result->code = result->cause = fault->code;
    result->retryable = capauth_error_retryable(fault->code);
    tell_fault(result, fault);
    capauth__compose_message(call);
    if (session) {
        capauth__session_lock(session);
        capauth__session_set_error(session, result->error_message);
        result->next_step = session->state.next_step;
        capauth__session_unlock(session);
    }
    capauth__exchange_wipe(&call->exchange); /* the handle may live long after its call: the password does not */
    call->finished = true;
    atomic_store(&call->task.done, true);
    if (out) {
        give_handle(call, out);
    } else {
        capauth__call_release(call);
        capauth__client_tell(client); /* a sign-out that is refused has signed out here */
    }
    return fault->code;
}

static bool maybe_sent(const capauth_call *call)
{
    return capauth__exchange_may_have_left(&call->exchange) ||
           capauth__outcome_of(&call->attempts, CAPAUTH_OK).maybe_sent;
}

/* What is known of an attempt that ends with the call. To who waits for a regeneration, that one's request is its
 * own; but a gateway call has another. */
static void end_attempt(capauth_call *call)
{
    bool left;

    if (call->exchange.queued || call->exchange.transfer) {
        left = capauth__exchange_may_have_left(&call->exchange);
    } else if (call->waits_for_token && call->request.operation != CAPAUTH__GATEWAY) {
        capauth__session_lock(call->session);
        left = call->session->regeneration.call && maybe_sent(call->session->regeneration.call);
        capauth__session_unlock(call->session);
    } else {
        return;
    }
    capauth__attempts_add(&call->attempts, left ? CAPAUTH__LOST : CAPAUTH__NOT_SENT);
}

bool capauth__call_is_past(const capauth_call *call)
{
    bool about_token = call->request.internal || call->request.operation == CAPAUTH__TOKEN_EXPIRE;

    return capauth__state_is_past(&call->session->state, &call->request.seen, about_token);
}

/* What became of a key says nothing of a newer one. */
static bool sent_an_old_key(const capauth_call *call)
{
    return call->request.internal && call->request.seen.key != call->session->state.stamp.key;
}

/* Without memory the advice stays as it was. */
static void apply_failure(capauth_call *call)
{
    struct capauth__ending ending = {
        .operation = call->request.operation,
        .brings = CAPAUTH__BRINGS_NOTHING,
        .outcome = call->result.code,
        .maybe_sent = call->result.maybe_sent,
        .new_value = call->request.new_value,
    };

    call->request.new_value = NULL;
    call->session->regeneration.again =
        capauth__state_regenerates_as_other(&call->session->state, ending.operation, ending.outcome);
    (void)capauth__session_end_operation(call->session, &ending);
    capauth__wipe_free(&ending.new_value);
}

static void settle_with_session(capauth_call *call)
{
    capauth_session *session = call->session;

    capauth__session_lock(session);
    capauth__call_leave_session(call);
    if (call->result.code != CAPAUTH_OK)
        call->is_past = capauth__call_is_past(call) || sent_an_old_key(call);
    if (call->result.code != CAPAUTH_OK && !call->is_past && call->request.form)
        apply_failure(call);
    call->result.next_step = session->state.next_step;
    if (!call->request.internal)
        capauth__session_set_error(session, call->result.error_message);
    capauth__session_unlock(session);
}

static void set_outcome(capauth_call *call, int cause, const char *detail)
{
    struct capauth__result *result = &call->result;
    struct capauth__outcome outcome = capauth__outcome_of(&call->attempts, cause);

    result->code = outcome.code;
    result->cause = outcome.cause;
    result->maybe_sent = outcome.maybe_sent;
    result->retryable = outcome.retryable || result->retryable;
    if (result->code == CAPAUTH_OK && !result->refusal)
        return;
    (void)capauth__replace(&result->detail, detail);
    capauth__compose_message(call);
}

void capauth__call_finish(capauth_call *call, int cause, const char *detail)
{
    if (call->finished)
        return;
    call->finished = true;
    capauth__task_hold(&call->task);
    end_attempt(call);
    set_outcome(call, cause, detail);
    if (call->session)
        settle_with_session(call);
    capauth__call_trace(call, CAPAUTH_TRACE_END);
    capauth__log_outcome(call);
    capauth__engine_withdraw(&call->client->engine, &call->exchange);
    capauth__exchange_wipe(&call->exchange);
    capauth__engine_settle(&call->client->engine, &call->task);
    if (call->kind->ended)
        call->kind->ended(call);
    capauth__call_release(call);
}

void capauth__call_take_answer(capauth_call *call, const capauth_call *other)
{
    call->result.http_status = other->result.http_status;
    call->result.retry_after_ms = other->result.retry_after_ms;
    call->result.sentence = other->result.sentence;
    call->result.server_code = other->result.server_code;
    memcpy(call->result.request_id, other->result.request_id, sizeof call->result.request_id);
    (void)capauth__replace(&call->result.server_message, other->result.server_message);
    if (call->request.operation == CAPAUTH__GATEWAY) /* that one has a request of its own */
        call->attempts.pointless = other->attempts.pointless;
    else
        call->attempts = other->attempts;
}

/* ---- Moving on ---- */

void capauth__call_send(capauth_call *call)
{
    capauth__engine_send(&call->client->engine, &call->exchange);
}

void capauth__call_wait_until(capauth_call *call, int64_t due_ms, void (*wake)(capauth_call *call))
{
    call->wake = wake;
    capauth__engine_schedule(&call->client->engine, &call->task, due_ms);
}

bool capauth__call_is_overdue(capauth_call *call, int64_t now_ms)
{
    if (now_ms < call->exchange.deadline_ms)
        return false;
    capauth__call_finish(call, CAPAUTH_E_DEADLINE, call->exchange.connect_only ? call->exchange.url.data : NULL);
    return true;
}

static void enter(struct capauth__task *task)
{
    capauth_call *call = (capauth_call *)task;

    call->kind->enter(call);
}

static void due(struct capauth__task *task, int64_t now_ms)
{
    capauth_call *call = (capauth_call *)task;
    void (*wake)(capauth_call *) = call->wake;

    call->wake = NULL;
    if (wake) {
        wake(call);
    } else if (!capauth__call_is_overdue(call, now_ms)) {
        capauth__call_wait_until(call, call->exchange.deadline_ms, NULL);
        call->kind->enter(call);
    }
}

static void end(struct capauth__task *task, int code, const char *why)
{
    bool closed = code == CAPAUTH_E_CLOSED;

    capauth__call_finish((capauth_call *)task, closed ? CAPAUTH_E_CANCELLED : code,
                         closed ? "the client was closed" : why);
}

/* Doubled each time, and shortened by up to half, so that many clients do not come back at once. */
static int backoff_ms(const capauth_call *call)
{
    int64_t wait_ms = (int64_t)BACKOFF_MS << (call->exchange.attempts - 1);
    uint64_t mixed =
        ((uint64_t)capauth__monotonic_us() ^ (uint64_t)call->request.id << 32) * UINT64_C(0x9e3779b97f4a7c15);

    if (wait_ms > BACKOFF_LONGEST_MS)
        wait_ms = BACKOFF_LONGEST_MS;
    return (int)(wait_ms - (int64_t)((mixed >> 33) % (uint64_t)(wait_ms / 2 + 1)));
}

bool capauth__call_retry(capauth_call *call, const struct capauth__answer *answer)
{
    int64_t now_ms = capauth__monotonic_ms();
    int wait_ms;

    if (call->exchange.attempts > call->client->config.max_retries || !capauth__may_repeat(&call->attempts, answer))
        return false;
    wait_ms = answer->retry_after_ms >= 0 ? answer->retry_after_ms : backoff_ms(call);
    if (now_ms + wait_ms >= call->exchange.deadline_ms)
        return false;
    capauth__attempts_end(&call->attempts, answer);
    capauth__log(&call->client->log, CAPAUTH_LOG_INFO, "%s: attempt %d failed (HTTP %d%s%s); next attempt in %d ms",
                 capauth__operation_name(call->request.operation), call->exchange.attempts, answer->http_status,
                 answer->error ? ", " : "", answer->error ? capauth_error_name(answer->error) : "", wait_ms);
    capauth__call_wait_until(call, now_ms + wait_ms, NULL);
    return true;
}

static void log_attempt(const capauth_call *call, const struct capauth__answer *answer)
{
    capauth__log(&call->client->log, CAPAUTH_LOG_DEBUG, "%s to %s: attempt %d, %s connection, HTTP %d, %zu bytes%s%s",
                 capauth__operation_name(call->request.operation), call->client->config.base_url,
                 call->exchange.attempts, answer->connection, answer->http_status, answer->length,
                 answer->error ? ", " : "", answer->error ? capauth_error_name(answer->error) : "");
}

static void answered(struct capauth__exchange *exchange, const struct capauth__answer *answer)
{
    capauth_call *call = exchange->owner;
    struct capauth__result *result = &call->result;

    exchange->fresh_connection = answer->connection_failed;
    result->http_status = answer->http_status;
    result->retry_after_ms = answer->retry_after_ms;
    snprintf(result->request_id, sizeof result->request_id, "%s", answer->request_id);
    log_attempt(call, answer);
    if (!answer->error) {
        call->kind->answered(call, answer);
    } else if (!capauth__call_retry(call, answer)) {
        capauth__attempts_end(&call->attempts, answer);
        capauth__call_finish(call, answer->error, answer->detail);
    }
}
