/* SPDX-License-Identifier: Apache-2.0 */
#include "session/regeneration.h"

#include "base/platform.h"
#include "session/in_flight.h"
#include "session/operations.h"

/* After a failure, how long no new attempt is made: waiters get the old outcome. */
enum { PAUSE_MS = 1000 };

/* ---- Whether a token is good ---- */

bool capauth__may_regenerate(const capauth_session *session)
{
    return capauth__monotonic_ms() >= session->regeneration.paused_until_ms;
}

static int64_t left_ms(const capauth_session *session)
{
    return session->state.claims.expires_at_ms - capauth__server_now(session->client);
}

static bool is_valid(const capauth_session *session)
{
    return session->state.token && (!session->state.claims.expires_at_ms || left_ms(session) > 0);
}

/*
 * A token serves at least half of its life: a margin near that life would have every call regenerate. Only who
 * asks for a token with a margin of its own gets what it asked for.
 */
static int64_t margin_of(const capauth_call *call)
{
    capauth_session *session = call->session;
    const struct capauth__claims *claims = &session->state.claims;
    const struct capauth__request *request = &call->request;
    int64_t life_ms = claims->expires_at_ms - claims->issued_at_ms;

    if (!claims->issued_at_ms || life_ms <= 0 || request->margin_ms <= life_ms / 2) /* or it does not say */
        return request->margin_ms;
    if (request->operation == CAPAUTH__TOKEN_ENSURE && request->margin_given)
        return request->margin_ms;
    if (!session->regeneration.margin_warned)
        capauth__log(
            &session->client->log, CAPAUTH_LOG_WARNING,
            "a margin of %d ms is too long for a token that lives %lld ms: it is regenerated after half of its life",
            request->margin_ms, (long long)life_ms);
    session->regeneration.margin_warned = true;
    return life_ms / 2;
}

enum capauth__token_state capauth__token_state(const capauth_call *call)
{
    const capauth_session *session = call->session;
    const struct capauth__state *state = &session->state;
    bool possible = capauth__state_can_regenerate(state);

    if (!capauth__state_signed_in(state))
        return CAPAUTH__TOKEN_MISSING;
    if (!state->claims.expires_at_ms || left_ms(session) > margin_of(call))
        return CAPAUTH__TOKEN_GOOD;
    if (possible && capauth__may_regenerate(session))
        return CAPAUTH__TOKEN_STALE;
    if (left_ms(session) > 0)
        return CAPAUTH__TOKEN_GOOD;
    if (!possible)
        return CAPAUTH__TOKEN_MISSING;
    /* Our own clock may be wrong: until the server has told what time it is there, only its refusal counts. */
    return capauth__server_clock_known(session->client) ? CAPAUTH__TOKEN_HELD : CAPAUTH__TOKEN_GOOD;
}

void capauth__token_held(capauth_call *call)
{
    call->result.retryable = true;
    capauth__call_finish(call, CAPAUTH_TOKEN_EXPIRED, NULL);
}

/* ---- The regeneration ---- */

static void regeneration_ended(capauth_call *regeneration);

static const struct capauth__call_kind regeneration_kind = {
    .enter = capauth__call_send, .answered = capauth__operation_answered, .ended = regeneration_ended};

/* With the session's mutex. The headers of who asks for a token go along; a gateway call's are for the gateway. NULL:
 * no memory. */
static capauth_call *regeneration_new(capauth_session *session, const capauth_call *asker)
{
    const struct capauth__request_form *form =
        capauth__request_form_of(CAPAUTH__TOKEN_REGENERATE, session->state.identity.flow);
    const struct capauth__arguments arguments = {0};
    const struct capauth__extras extras = {0};
    capauth_call *call =
        capauth__call_new(session->client, session, CAPAUTH__TOKEN_REGENERATE, &regeneration_kind, NULL);

    if (!call)
        return NULL;
    call->request.internal = true;
    if (!capauth__operation_write(call, form, &arguments, &extras,
                                  asker->request.operation == CAPAUTH__GATEWAY ? NULL : asker->exchange.headers)) {
        capauth__call_release(call);
        return NULL;
    }
    capauth__call_join_session(call);
    session->regeneration.call = call;
    capauth__call_trace(call, CAPAUTH_TRACE_START);
    return call;
}

static void post(capauth_call *regeneration)
{
    capauth__inbox_post(&regeneration->task, true);
    capauth__call_release(regeneration); /* the inbox holds it now */
}

/* ---- Waiting for it ---- */

/* Where there is no new token, the old one is used as long as it is valid; but not for a call that asked for more, or
 * that saw it refused. A margin of 0 says that this was tried already. */
static bool old_token_suffices(const capauth_call *call)
{
    const struct capauth__request *request = &call->request;
    bool wants_any = request->operation == CAPAUTH__GATEWAY
                         ? !call->token_refused
                         : request->operation == CAPAUTH__TOKEN_ENSURE && !request->margin_given;

    return wants_any && request->margin_ms && is_valid(call->session);
}

/* Lets the call proceed with the old token, without waiting for another. false: it does not suffice. */
static bool goes_on_with_old_token(capauth_call *call)
{
    bool suffices;

    capauth__session_lock(call->session);
    suffices = old_token_suffices(call);
    capauth__session_unlock(call->session);
    if (!suffices)
        return false;
    call->request.margin_ms = 0;
    call->kind->enter(call);
    return true;
}

/* A regeneration that hangs must not use up what its waiter can do without it: it may take half of the waiter's time,
 * and half of what the old token still lives. One that began long ago has taken that already. */
static int64_t patience_ends_ms(const capauth_session *session, const capauth_call *call)
{
    int64_t time_ms = call->exchange.deadline_ms - capauth__monotonic_ms();
    int64_t life_ms = left_ms(session);

    return session->regeneration.call->request.started_us / 1000 + (time_ms < life_ms ? time_ms : life_ms) / 2;
}

/* A call whose old token is still valid waits no longer: it proceeds with that one, and the regeneration runs on. In a
 * process that stood still that may be after its deadline: then it has no time for a request, but takes a token. */
static void patience_ended(capauth_call *call)
{
    if (call->request.operation == CAPAUTH__GATEWAY && capauth__call_is_overdue(call, capauth__monotonic_ms()))
        return;
    capauth__session_lock(call->session);
    capauth__call_stop_waiting(call);
    capauth__session_unlock(call->session);
    capauth__call_wait_until(call, call->exchange.deadline_ms, NULL);
    if (!goes_on_with_old_token(call) && !capauth__call_is_overdue(call, capauth__monotonic_ms()))
        call->kind->enter(call); /* it has expired meanwhile */
}

static void wait_for_token(capauth_session *session, capauth_call *call)
{
    call->waits_for_token = true;
    call->waiter_next = session->regeneration.waiters;
    session->regeneration.waiters = call;
    if (old_token_suffices(call))
        capauth__call_wait_until(call, patience_ends_ms(session, call), patience_ended);
}

/* This token could not be regenerated a moment ago. */
static bool has_just_failed(const capauth_session *session)
{
    const struct capauth__regeneration *last = &session->regeneration;

    return last->failed_ms && capauth__monotonic_ms() - last->failed_ms < PAUSE_MS &&
           last->failed_token == session->state.stamp.token;
}

static void copy_failure(struct capauth__failure *to, const struct capauth__failure *from)
{
    char *detail = to->detail;

    (void)capauth__replace(&detail, from->detail);
    *to = *from;
    to->detail = detail;
}

/* One that began before a reload or a new sign-in brings nothing for the token of today. */
static bool is_under_way(const capauth_session *session)
{
    return session->regeneration.call && !capauth__call_is_past(session->regeneration.call);
}

/* With the session's mutex: one is under way, or is `*started` now. Else `failure` tells why not. */
static void ensure_regeneration(capauth_session *session, const capauth_call *asker, capauth_call **started,
                                struct capauth__failure *failure)
{
    if (is_under_way(session))
        return;
    if (has_just_failed(session)) {
        copy_failure(failure, &session->regeneration.failure);
        return;
    }
    if (capauth__state_can_regenerate(&session->state))
        *started = regeneration_new(session, asker);
    if (!*started)
        failure->code =
            capauth__state_can_regenerate(&session->state) ? CAPAUTH_E_NO_MEMORY : CAPAUTH_E_SIGN_IN_REQUIRED;
}

/* Of another's request: nothing of this call was sent. */
static void fail_like(capauth_call *call, const struct capauth__failure *failure)
{
    call->attempts.pointless = failure->pointless;
    call->result.http_status = failure->http_status;
    call->result.retry_after_ms = failure->retry_after_ms;
    capauth__call_finish(call, failure->code, failure->detail);
}

void capauth__wait_for_regeneration(capauth_call *call)
{
    capauth_session *session = call->session;
    capauth_call *started = NULL;
    struct capauth__failure failure = {.retry_after_ms = -1};

    capauth__session_lock(session);
    ensure_regeneration(session, call, &started, &failure);
    if (!failure.code)
        wait_for_token(session, call);
    capauth__session_unlock(session);
    if (failure.code && !goes_on_with_old_token(call))
        fail_like(call, &failure);
    capauth__wipe_free(&failure.detail);
    if (started)
        post(started);
}

/* ---- Its end ---- */

static void note_failure(struct capauth__regeneration *last, const capauth_call *regeneration)
{
    const struct capauth__result *result = &regeneration->result;

    last->failed_ms = 0;
    if (result->code == CAPAUTH_OK || result->code == CAPAUTH_E_CANCELLED || regeneration->is_past)
        return;
    if (result->code == CAPAUTH_E_NO_MEMORY) /* which says nothing of the token */
        return;
    last->failed_ms = capauth__monotonic_ms();
    last->failed_token = regeneration->request.seen.token;
    copy_failure(&last->failure, &(struct capauth__failure){
                                     .code = result->code,
                                     .pointless = regeneration->attempts.pointless,
                                     .http_status = result->http_status,
                                     .retry_after_ms = result->retry_after_ms,
                                     .detail = result->detail,
                                 });
}

static capauth_call *take_waiters(capauth_session *session)
{
    capauth_call *waiters = session->regeneration.waiters;

    session->regeneration.waiters = NULL;
    session->regeneration.call = NULL;
    for (capauth_call *call = waiters; call; call = call->waiter_next) {
        call->waits_for_token = false;
        capauth__call_wait_until(call, call->exchange.deadline_ms, NULL); /* no longer the end of its patience */
    }
    return waiters;
}

/* Those who wait go on waiting for a second attempt, if there is one to make. */
static bool try_again(capauth_session *session, capauth_call *regeneration)
{
    capauth_call *again = NULL;
    bool wanted;

    capauth__session_lock(session);
    wanted = session->regeneration.again && capauth__state_can_regenerate(&session->state);
    if (wanted)
        again = regeneration_new(session, regeneration);
    session->regeneration.again = false;
    capauth__session_unlock(session);
    if (again)
        post(again);
    else if (wanted) /* the refusal was not the last word: nobody has lost the sign-in */
        regeneration->result.code = regeneration->result.cause = CAPAUTH_E_NO_MEMORY;
    return again != NULL;
}

static void tell_waiter(capauth_call *call, const capauth_call *regeneration)
{
    int code = regeneration->result.code;

    if (regeneration->is_past && code != CAPAUTH_E_CANCELLED) {
        call->kind->enter(call); /* looks at the session as it is now */
    } else if (code == CAPAUTH_OK) {
        call->token_is_new = true;
        if (call->request.operation != CAPAUTH__GATEWAY)
            capauth__call_take_answer(call, regeneration);
        call->kind->enter(call);
    } else if (capauth__regeneration_is_refused(code) || !goes_on_with_old_token(call)) {
        capauth__call_take_answer(call, regeneration);
        capauth__call_finish(call, code, regeneration->result.detail);
    }
}

static void regeneration_ended(capauth_call *regeneration)
{
    capauth_session *session = regeneration->session;
    capauth_call *call = NULL;

    if (try_again(session, regeneration))
        return;
    capauth__session_lock(session);
    if (session->regeneration.call == regeneration) { /* else a newer one has taken its place, and its waiters */
        note_failure(&session->regeneration, regeneration);
        call = take_waiters(session);
    }
    capauth__session_unlock(session);
    while (call) {
        capauth_call *next = call->waiter_next;

        tell_waiter(call, regeneration);
        call = next;
    }
}

/* ---- Who asks for nothing but a token ---- */

static void regenerate(capauth_call *call)
{
    if (call->token_is_new)
        capauth__call_finish(call, CAPAUTH_OK, NULL);
    else
        capauth__wait_for_regeneration(call);
}

static void ensure(capauth_call *call)
{
    enum capauth__token_state token;

    capauth__session_lock(call->session);
    token = capauth__token_state(call);
    capauth__session_unlock(call->session);
    if (call->token_is_new || token == CAPAUTH__TOKEN_GOOD)
        capauth__call_finish(call, CAPAUTH_OK, NULL);
    else if (token == CAPAUTH__TOKEN_STALE)
        capauth__wait_for_regeneration(call);
    else if (token == CAPAUTH__TOKEN_HELD)
        capauth__token_held(call);
    else
        capauth__call_finish(call, CAPAUTH_E_SIGN_IN_REQUIRED, NULL);
}

const struct capauth__call_kind capauth__ensure_kind = {.enter = ensure};
const struct capauth__call_kind capauth__regenerate_kind = {.enter = regenerate};
