/* SPDX-License-Identifier: Apache-2.0 */
#include "session/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "net/transport.h"
#include "net/waiting.h"
#include "protocol/wire.h"
#include "session/gateway.h"
#include "session/redact.h"
#include "session/refresh.h"

static const char withheld[] = "(withheld: the message repeats a secret)";

enum { BACKOFF_MS = 100, BACKOFF_LONGEST_MS = 5000 };

/* ---- Life ---- */

static void entered(struct capauth__task *task);
static void due(struct capauth__task *task, int64_t now_ms);
static void ended(struct capauth__task *task, int code, const char *why);
static void call_free(struct capauth__task *task);
static void answered(struct capauth__exchange *exchange, const struct capauth__answer *answer);

static const struct capauth__task_owner task_owner = {.enter = entered, .due = due, .end = ended, .free = call_free};

static const char *quote(const struct capauth__exchange *exchange, const char *text)
{
    return capauth__call_told(exchange->owner, NULL, text);
}

capauth_call *capauth__call_new(capauth_client *client, capauth_session *session, enum capauth__verb verb,
                                const capauth_options *options)
{
    capauth_call *call = calloc(1, sizeof *call);
    int timeout_ms, margin_ms;

    if (!call)
        return NULL;
    capauth__client_lock(client);
    timeout_ms = options && options->timeout_ms ? options->timeout_ms : client->config.timeout_ms;
    margin_ms = options && options->margin_ms >= 0 ? options->margin_ms : client->config.refresh_margin_ms;
    capauth__client_unlock(client);
    capauth__task_init(&call->task, &task_owner, &client->engine.inbox);
    call->client = client;
    call->session = session;
    if (session)
        capauth__session_hold(session);
    call->verb = verb;
    call->exchange.owner = call;
    call->exchange.answered = answered;
    call->exchange.quote = quote;
    call->exchange.gzip = verb == CAPAUTH__GATEWAY;
    call->exchange.connect_only = verb == CAPAUTH__PREPARE;
    call->id = atomic_fetch_add(&client->next_call_id, 1) + 1;
    call->started_us = capauth__monotonic_us();
    call->exchange.deadline_ms = call->task.due_ms = call->started_us / 1000 + timeout_ms;
    call->margin_ms = margin_ms;
    call->margin_given = options && options->margin_ms >= 0;
    call->retry_after_ms = -1;
    call->outcome = CAPAUTH_E_PENDING;
    return call;
}

bool capauth__call_copy_headers(capauth_call *call, const struct capauth__header *from)
{
    for (; from; from = from->next) {
        struct capauth__header *header = calloc(1, sizeof *header);

        if (!header || !(header->line = capauth__duplicate(from->line))) {
            free(header);
            return false;
        }
        header->next = call->exchange.headers;
        call->exchange.headers = header;
    }
    return true;
}

bool capauth__call_take_options(capauth_call *call, const capauth_options *options)
{
    return capauth__call_copy_headers(call, options ? options->headers : NULL) &&
           (!options || capauth__replace(&call->fallback_channel, options->fallback_channel));
}

/* The task is the call's first member. */
static capauth_call *call_of(struct capauth__task *task)
{
    return (capauth_call *)task;
}

static void call_free(struct capauth__task *task)
{
    capauth_call *call = call_of(task);

    capauth__exchange_clear(&call->exchange);
    capauth__buffer_free(&call->reply_body);
    capauth__forget(&call->new_value);
    capauth__forget(&call->fallback_channel);
    capauth__forget(&call->server_message);
    capauth__forget(&call->error_message);
    if (call->session)
        capauth__session_drop(call->session);
    free(call);
}

int capauth__call_allowed(capauth_client *client, bool blocking)
{
    int result = capauth__client_check(client);

    if (!result && blocking && capauth__in_callback(client))
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
    struct capauth__trace record = {
        .event = event,
        .call_id = call->id,
        .operation = capauth__verb_name(call->verb),
        .result = event == CAPAUTH_TRACE_END ? call->outcome : CAPAUTH_E_PENDING,
        .http_status = call->http_status,
        .attempts = call->exchange.attempts,
        .duration_ms = event == CAPAUTH_TRACE_END ? (int)((capauth__monotonic_us() - call->started_us) / 1000) : 0,
    };

    capauth__trace(call->client, &record);
}

int capauth__call_start(capauth_call *call, capauth_call **out)
{
    capauth_client *client = call->client;
    int outcome;

    (void)capauth__client_freeze(client);
    capauth__call_trace(call, CAPAUTH_TRACE_START);
    if (out) {
        give_handle(call, out);
        capauth__inbox_post(&call->task, true);
        return CAPAUTH_OK;
    }
    capauth__inbox_post(&call->task, false);
    capauth__wait_for(&client->engine, &call->task, -1);
    outcome = call->outcome;
    if (outcome && call->session) { /* another thread may have settled it, or have failed since */
        capauth__session_lock(call->session);
        capauth__session_set_error(call->session, call->error_message);
        capauth__session_unlock(call->session);
    }
    capauth__task_release(&call->task);
    capauth__deliver(client);
    return outcome;
}

int capauth_call_wait(capauth_call *call, int timeout_ms)
{
    capauth_client *client;
    bool looks;
    int outcome;

    if (!call)
        return CAPAUTH_E_INVALID_ARGUMENT;
    client = call->client;
    looks = atomic_load(&call->task.done) && timeout_ms == 0;
    if (capauth__client_forked(client))
        return looks ? call->outcome : CAPAUTH_E_FORKED;
    if (!looks && capauth__in_callback(client))
        return CAPAUTH_E_REENTRANT;
    if (!atomic_load(&call->task.done))
        capauth__wait_for(&client->engine, &call->task, timeout_ms);
    outcome = capauth_call_result(call);
    if (outcome != CAPAUTH_E_PENDING)
        capauth__inbox_collected(&call->task);
    if (!looks)
        capauth__deliver(client); /* a callback may free the call */
    return outcome;
}

capauth_call *capauth__call_next_done(capauth_client *client)
{
    struct capauth__task *task = capauth__inbox_next_done(&client->engine.inbox);

    return task ? call_of(task) : NULL;
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
    capauth__task_release(&call->task);
    capauth__client_release(client);
}

/* ---- Outcomes ---- */

const char *capauth__call_told(const capauth_call *call, const struct capauth__reply *received, const char *text)
{
    return capauth__repeats_a_secret(call, received, text) ? withheld : text;
}

void capauth__call_keep_message(capauth_call *call, const struct capauth__reply *received, const char *message)
{
    (void)capauth__replace(&call->server_message, message ? capauth__call_told(call, received, message) : NULL);
}

/* Of a failure, or of a gateway's reply that is a refusal. */
const char *capauth__call_sentence(const capauth_call *call)
{
    if (call->not_understood)
        return "the Auth Engine did not understand the request";
    return capauth_strerror(call->outcome ? call->outcome : call->refusal);
}

/* What others said in `detail` has been looked at for secrets; our own words may well have an OTP like "1" in them. */
static void compose_message(capauth_call *call, const char *detail)
{
    const char *verb = capauth__verb_name(call->verb);
    const char *sentence = capauth__call_sentence(call);
    const char *server = call->server_message;
    char text[1024];

    if (call->outcome > 0 || call->outcome == CAPAUTH_E_REFUSED)
        snprintf(text, sizeof text, "%s: %s (%lld%s%s)", verb, sentence,
                 (long long)(call->outcome > 0 ? call->outcome : call->server_code), server ? ": " : "",
                 server ? server : "");
    else
        snprintf(text, sizeof text, "%s: %s%s%s", verb, sentence, detail && *detail ? ": " : "", detail ? detail : "");
    capauth__text_trim(text);
    (void)capauth__replace(&call->error_message, text);
}

int capauth__call_refuse(capauth_call *call, capauth_call **out, int code, const char *argument, const char *message)
{
    capauth_session *session = call->session;

    call->outcome = code;
    call->retryable = capauth_error_retryable(code);
    snprintf(call->argument, sizeof call->argument, "%s", argument ? argument : "");
    compose_message(call, message);
    if (session) {
        capauth__session_lock(session);
        call->next_step = session->state.next_step;
        capauth__session_set_error(session, call->error_message);
        capauth__session_unlock(session);
    }
    capauth__exchange_wipe(&call->exchange); /* a handle may live long after its call: the password does not */
    atomic_store(&call->task.done, true);
    if (out)
        give_handle(call, out);
    else
        capauth__task_release(&call->task);
    return code;
}

static void leave_session(capauth_call *call)
{
    capauth_session *session = call->session;

    for (capauth_call **link = &session->calls; *link; link = &(*link)->session_next) {
        if (*link == call) {
            *link = call->session_next;
            break;
        }
    }
    if (session->step == call)
        session->step = NULL;
    if (call->waits_for_refresh)
        capauth__refresh_leave(call);
}

static void log_outcome(const capauth_call *call)
{
    int level = call->outcome == CAPAUTH_OK                                 ? CAPAUTH_LOG_INFO
                : call->outcome > 0 || call->outcome == CAPAUTH_E_CANCELLED ? CAPAUTH_LOG_WARNING
                                                                            : CAPAUTH_LOG_ERROR;
    char who[320] = "-";

    if (!atomic_load(&call->client->events.has_log))
        return;
    if (call->session) {
        capauth__session_lock(call->session);
        if (call->session->identifier)
            capauth__mask(call->session->identifier, who, sizeof who);
        capauth__session_unlock(call->session);
    }
    capauth__log(call->client, level, "%s for %s ended with %d %s: HTTP %d, %d ms, %d attempts%s",
                 capauth__verb_name(call->verb), who, call->outcome, capauth_error_name(call->outcome),
                 call->http_status, (int)((capauth__monotonic_us() - call->started_us) / 1000), call->exchange.attempts,
                 call->maybe_sent && call->outcome == CAPAUTH_E_UNKNOWN_OUTCOME ? ", it may have been done" : "");
}

/* What became of a key says nothing of a newer one. */
static bool sent_an_old_key(const capauth_session *session, const capauth_call *call)
{
    return call->internal && call->key_version != session->key_version;
}

static void settle_with_session(capauth_call *call)
{
    capauth_session *session = call->session;

    capauth__session_lock(session);
    leave_session(call);
    if (call->outcome != CAPAUTH_OK)
        call->void_answer = capauth__session_is_past(session, call) || sent_an_old_key(session, call);
    if (call->outcome != CAPAUTH_OK && !call->void_answer)
        capauth__session_apply_failure(session, call, call->outcome);
    call->next_step = session->state.next_step;
    if (!call->internal)
        capauth__session_set_error(session, call->error_message);
    capauth__session_unlock(session);
}

static bool has_left(const capauth_call *call)
{
    return call->may_have_left || capauth__exchange_may_have_left(&call->exchange);
}

/* Of the one in flight: to whoever waits for it, it is its own request. */
static bool regeneration_may_have_left(capauth_session *session)
{
    bool left;

    capauth__session_lock(session);
    left = session->refresh && has_left(session->refresh);
    capauth__session_unlock(session);
    return left;
}

void capauth__call_finish(capauth_call *call, int outcome, const char *message)
{
    if (atomic_load(&call->task.done))
        return;
    call->may_have_left = has_left(call);
    if (call->waits_for_refresh && call->verb != CAPAUTH__GATEWAY)
        call->may_have_left = call->may_have_left || regeneration_may_have_left(call->session);
    call->outcome = outcome;
    call->maybe_sent = call->maybe_done || (call->may_have_left && !call->not_processed);
    call->retryable = !call->hopeless && (call->retryable || capauth_error_retryable(outcome));
    if (call->verb != CAPAUTH__GATEWAY)
        call->ok = outcome == CAPAUTH_OK;
    if (outcome != CAPAUTH_OK || call->refusal)
        compose_message(call, message);
    if (call->session)
        settle_with_session(call);
    capauth__call_trace(call, CAPAUTH_TRACE_END);
    log_outcome(call);
    capauth__engine_withdraw(&call->client->engine, &call->exchange);
    capauth__exchange_wipe(&call->exchange);
    capauth__task_hold(&call->task);
    capauth__engine_settle(&call->client->engine, &call->task);
    if (call->internal && call->session)
        capauth__refresh_ended(call);
    capauth__task_release(&call->task);
}

int capauth__call_lost(const capauth_call *call, int code)
{
    /* A request whose token was refused was not processed. */
    return has_left(call) && !call->exchange.repeatable && !call->token_refused ? CAPAUTH_E_UNKNOWN_OUTCOME : code;
}

void capauth__call_take_answer(capauth_call *call, const capauth_call *other)
{
    call->http_status = other->http_status;
    call->retry_after_ms = other->retry_after_ms;
    call->not_understood = other->not_understood;
    call->server_code = other->server_code;
    memcpy(call->request_id, other->request_id, sizeof call->request_id);
    if (call->verb != CAPAUTH__GATEWAY) { /* that one has a request of its own */
        call->may_have_left = other->may_have_left;
        call->not_processed = other->not_processed;
        call->maybe_done = other->maybe_done;
    }
    (void)capauth__replace(&call->server_message, other->server_message);
}

/* ---- Moving on ---- */

void capauth__call_schedule(capauth_call *call, int64_t due_ms)
{
    capauth__engine_schedule(&call->client->engine, &call->task, due_ms);
}

void capauth__call_send(capauth_call *call)
{
    if (call->not_processed) /* what was turned away before says nothing of this one */
        call->may_have_left = call->not_processed = false;
    capauth__engine_send(&call->client->engine, &call->exchange);
}

void capauth__call_enter(capauth_call *call)
{
    if (call->verb == CAPAUTH__GATEWAY)
        capauth__gateway_enter(call);
    else if (call->token_was_fresh || (!call->operation && call->verb == CAPAUTH__SIGN_OUT))
        capauth__call_finish(call, CAPAUTH_OK, NULL);
    else if (call->verb == CAPAUTH__TOKEN_ENSURE)
        capauth__ensure_enter(call);
    else if (call->verb == CAPAUTH__TOKEN_REGENERATE && !call->internal)
        capauth__refresh_join(call);
    else
        capauth__call_send(call);
}

static void entered(struct capauth__task *task)
{
    capauth__call_enter(call_of(task));
}

static void ended(struct capauth__task *task, int code, const char *why)
{
    capauth_call *call = call_of(task);
    bool closed = code == CAPAUTH_E_CLOSED;

    capauth__call_finish(call, capauth__call_lost(call, closed ? CAPAUTH_E_CANCELLED : code),
                         closed ? "the client was closed" : why);
}

/* A retry, the end of its patience with a regeneration, or the deadline. */
static void due(struct capauth__task *task, int64_t now_ms)
{
    capauth_call *call = call_of(task);

    if (call->connected) {
        capauth__transport_greeted(call->client->engine.transport, call->connected_fd);
        capauth__call_finish(call, CAPAUTH_OK, NULL);
        return;
    }
    if (now_ms >= call->exchange.deadline_ms) {
        capauth__call_finish(call, capauth__call_lost(call, CAPAUTH_E_DEADLINE),
                             call->verb == CAPAUTH__PREPARE ? call->exchange.url.data : NULL);
        return;
    }
    capauth__call_schedule(call, call->exchange.deadline_ms);
    if (call->waits_for_refresh)
        capauth__refresh_outwaited(call);
    else
        capauth__call_enter(call);
}

static bool is_worth_retrying(const struct capauth__answer *answer)
{
    switch (answer->error) {
    case CAPAUTH_OK:
        return answer->http_status == 408 || answer->http_status == 429 || answer->http_status >= 500;
    case CAPAUTH_E_RESOLVE:
    case CAPAUTH_E_CONNECT:
    case CAPAUTH_E_NETWORK:
        return true;
    default:
        return false;
    }
}

/* Doubled each time, and shortened by up to half, so that many clients do not come back at once. */
static int backoff_ms(const capauth_call *call)
{
    int64_t wait_ms = (int64_t)BACKOFF_MS << (call->exchange.attempts - 1);
    uint64_t mixed = ((uint64_t)capauth__monotonic_us() ^ (uint64_t)call->id << 32) * UINT64_C(0x9e3779b97f4a7c15);

    if (wait_ms > BACKOFF_LONGEST_MS)
        wait_ms = BACKOFF_LONGEST_MS;
    return (int)(wait_ms - (int64_t)((mixed >> 33) % (uint64_t)(wait_ms / 2 + 1)));
}

bool capauth__call_retry(capauth_call *call, const struct capauth__answer *answer)
{
    int64_t now_ms = capauth__monotonic_ms();
    int wait_ms;

    if (call->exchange.attempts > call->client->config.max_retries || !is_worth_retrying(answer))
        return false;
    if (!call->exchange.repeatable && (call->may_have_left || answer->error == CAPAUTH_OK))
        return false;
    wait_ms = answer->retry_after_ms >= 0 ? answer->retry_after_ms : backoff_ms(call);
    if (now_ms + wait_ms >= call->exchange.deadline_ms)
        return false;
    call->maybe_done = call->maybe_done || (answer->error && answer->may_have_left);
    capauth__log(call->client, CAPAUTH_LOG_INFO, "%s: attempt %d failed (%s, HTTP %d); again in %d ms",
                 capauth__verb_name(call->verb), call->exchange.attempts, capauth_error_name(answer->error),
                 answer->http_status, wait_ms);
    capauth__call_schedule(call, now_ms + wait_ms);
    return true;
}

/* ---- Answers ---- */

/* Looked at for secrets before it is cut, and again without what hid them. */
static void plain_text_of(const capauth_call *call, const struct capauth__answer *answer, char *out, size_t size)
{
    capauth__wire_plain_text(answer->body, answer->length, out, size);
    if (capauth__repeats_a_secret(call, NULL, answer->body) || capauth__repeats_a_secret(call, NULL, out))
        snprintf(out, size, "%s", withheld);
}

/* HTTP answered, but not with a reply of the Auth Engine's. */
static void answered_by_another(capauth_call *call, const struct capauth__answer *answer)
{
    int status = answer->http_status;
    bool turned_away = (status >= 300 && status < 500) || status == 503;
    int code = status == 429 ? CAPAUTH_E_RATE_LIMITED : status >= 300 ? CAPAUTH_E_SERVICE : CAPAUTH_E_PROTOCOL;
    char text[256];
    char said[161] = "";

    if (capauth__call_retry(call, answer))
        return;
    /* The Auth Engine's deserialiser names the bad member in plain text; a CDN's page says nothing of use. */
    if (status == 400)
        plain_text_of(call, answer, said, sizeof said);
    snprintf(text, sizeof text, "HTTP %d%s%s%s", status, status >= 300 ? "" : " with a body that is no reply",
             *said ? ": " : "", said);
    call->not_processed = turned_away;
    call->not_understood = *said != '\0';
    /* The same request will always be turned away so; but a CDN's mood changes. */
    call->hopeless = turned_away && status < 500 && status != 403 && status != 408 && status != 429;
    capauth__call_finish(call, turned_away ? code : capauth__call_lost(call, code), text);
}

/* A repeat of token expire finds its work done; and whoever signs out does not mind that the token was no good. */
static bool is_done_already(const capauth_call *call, int code)
{
    return call->operation->verb == CAPAUTH__TOKEN_EXPIRE &&
           (call->exchange.attempts > 1 || call->verb == CAPAUTH__SIGN_OUT) &&
           (code == CAPAUTH_TOKEN_EXPIRED || code == CAPAUTH_CANNOT_EXPIRE_TOKEN ||
            code == CAPAUTH_CANNOT_REGENERATE_TOKEN);
}

static const char *missing_member(const capauth_call *call, const struct capauth__reply *reply)
{
    switch (call->operation->gain) {
    case CAPAUTH__GAIN_SESSION:
        return reply->session_id ? NULL : "the reply has no sessionId";
    case CAPAUTH__GAIN_TOKEN:
    case CAPAUTH__GAIN_NEW_TOKEN:
        return reply->token ? NULL : "the reply has no token";
    default:
        return NULL;
    }
}

static void answered_yes(capauth_call *call, const struct capauth__reply *reply)
{
    capauth_session *session = call->session;
    const char *missing = missing_member(call, reply);
    int result = CAPAUTH_OK;

    if (missing) {
        capauth__call_finish(call, CAPAUTH_E_PROTOCOL, missing);
        return;
    }
    capauth__session_lock(session);
    call->void_answer = capauth__session_is_past(session, call);
    if (call->void_answer)
        result = capauth__session_keep_key(session, call, reply);
    else if (call->verb != CAPAUTH__SIGN_OUT)
        result = capauth__session_apply(session, call, reply);
    capauth__session_unlock(session);
    capauth__call_finish(call, result, NULL);
}

static void operation_answered(capauth_call *call, const struct capauth__answer *answer)
{
    struct capauth__reply reply;
    int result = capauth__wire_reply(answer->body, answer->length, &reply);
    int code;

    if (result == CAPAUTH_E_NO_MEMORY) {
        capauth__call_finish(call, capauth__call_lost(call, result), NULL);
    } else if (result) {
        answered_by_another(call, answer);
    } else {
        capauth__server_clock_set(call->client, answer->date_ms);
        call->server_code = reply.code;
        capauth__call_keep_message(call, &reply, reply.message);
        code = capauth__refusal(reply.code);
        if (reply.success || is_done_already(call, code))
            answered_yes(call, &reply);
        else
            capauth__call_finish(call, code, NULL);
    }
    capauth__reply_free(&reply);
}

static void log_attempt(const capauth_call *call, const struct capauth__answer *answer)
{
    capauth__log(call->client, CAPAUTH_LOG_DEBUG, "%s to %s: attempt %d, %s connection, HTTP %d, %zu bytes%s%s",
                 capauth__verb_name(call->verb), call->client->config.base_url, call->exchange.attempts,
                 answer->connection, answer->http_status, answer->length, answer->error ? ", " : "",
                 answer->error ? capauth_error_name(answer->error) : "");
}

/*
 * A server of TLS 1.3 sends its session tickets a moment after the handshake, and nobody reads them before the first
 * answer. What has come after as long as the handshake took is taken for them; what comes later is words that nobody
 * has asked for.
 */
static void let_rest(capauth_call *call, const struct capauth__answer *answer)
{
    int64_t due_ms = capauth__monotonic_ms() + answer->handshake_ms;

    call->connected = true;
    call->connected_fd = answer->fd;
    capauth__call_schedule(call, due_ms < call->exchange.deadline_ms ? due_ms : call->exchange.deadline_ms);
}

static void answered(struct capauth__exchange *exchange, const struct capauth__answer *answer)
{
    capauth_call *call = exchange->owner;

    call->may_have_left = call->may_have_left || answer->may_have_left;
    call->exchange.fresh_connection = answer->connection_failed;
    call->http_status = answer->http_status;
    call->retry_after_ms = answer->retry_after_ms;
    snprintf(call->request_id, sizeof call->request_id, "%s", answer->request_id);
    log_attempt(call, answer);
    if (answer->error) {
        if (!capauth__call_retry(call, answer))
            capauth__call_finish(call, capauth__call_lost(call, answer->error), answer->detail);
    } else if (call->verb == CAPAUTH__PREPARE) {
        let_rest(call, answer);
    } else if (call->verb == CAPAUTH__GATEWAY) {
        capauth__gateway_answered(call, answer);
    } else {
        operation_answered(call, answer);
    }
}
