/* SPDX-License-Identifier: Apache-2.0 */
#include "session/refresh.h"

#include <string.h>

#include "base/platform.h"
#include "protocol/wire.h"
#include "session/call.h"

/* After a failure, how long no new attempt is made: waiters get the old outcome. */
enum { PAUSE_MS = 1000 };

bool capauth__refresh_possible(const capauth_session *session)
{
    /* VIEW and MFA_PENDING tokens are never regenerated. */
    return session->flow == CAPAUTH_FLOW_WEB ? capauth__session_signed_in(session) : session->state.key != NULL;
}

bool capauth__refresh_allowed(const capauth_session *session)
{
    return !session->state.refresh_off && capauth__monotonic_ms() >= session->refresh_paused_until_ms;
}

int capauth_session_pause_refresh(capauth_session *session, int duration_ms)
{
    int result = session ? capauth__client_check(session->client) : CAPAUTH_E_INVALID_ARGUMENT;

    if (result)
        return result;
    capauth__session_lock(session);
    if (session->closed) {
        result = CAPAUTH_E_CLOSED;
        capauth__session_set_error(session, capauth_strerror(result));
    } else if (duration_ms < 0) {
        result = CAPAUTH_E_INVALID_ARGUMENT;
        capauth__session_set_error(session, "duration_ms is negative, and may be 0 to 2147483647 milliseconds");
    } else {
        session->refresh_paused_until_ms = duration_ms ? capauth__monotonic_ms() + duration_ms : 0;
    }
    capauth__session_unlock(session);
    return result;
}

static int64_t left_ms(const capauth_session *session)
{
    return session->state.claims.expires_at_ms - capauth__server_now(session->client);
}

bool capauth__token_is_valid(const capauth_session *session)
{
    return session->state.token && (!session->state.claims.expires_at_ms || left_ms(session) > 0);
}

/*
 * A token serves at least half of its life: a margin near that life would have every call regenerate. Only who
 * asks for a token with a margin of its own gets what it asked for.
 */
static int64_t margin_of(capauth_session *session, const capauth_call *call)
{
    const struct capauth__claims *claims = &session->state.claims;
    int64_t life_ms = claims->expires_at_ms - claims->issued_at_ms;

    if (!claims->issued_at_ms || life_ms <= 0 || call->margin_ms <= life_ms / 2) /* or does not say how long it lives */
        return call->margin_ms;
    if (call->verb == CAPAUTH__TOKEN_ENSURE && call->margin_given)
        return call->margin_ms;
    if (!session->margin_warned)
        capauth__log(session->client, CAPAUTH_LOG_WARNING,
                     "a margin of %d ms is too long for a token that lives %lld ms: it is used for half of its life",
                     call->margin_ms, (long long)life_ms);
    session->margin_warned = true;
    return life_ms / 2;
}

enum capauth__token_state capauth__token_look(capauth_session *session, const capauth_call *call)
{
    const struct capauth__state *state = &session->state;

    if (!state->token || !capauth__session_signed_in(session))
        return CAPAUTH__TOKEN_MISSING;
    if (!state->claims.expires_at_ms)
        return CAPAUTH__TOKEN_GOOD;
    if (left_ms(session) > margin_of(session, call))
        return CAPAUTH__TOKEN_GOOD;
    if (capauth__refresh_possible(session) && capauth__refresh_allowed(session))
        return CAPAUTH__TOKEN_STALE;
    if (left_ms(session) > 0)
        return CAPAUTH__TOKEN_GOOD;
    if (!capauth__refresh_possible(session))
        return CAPAUTH__TOKEN_MISSING;
    /* Our own clock may be wrong: until the server has told what time it is there, only its refusal counts. */
    return capauth__server_clock_known(session->client) ? CAPAUTH__TOKEN_HELD : CAPAUTH__TOKEN_GOOD;
}

/* With the session's mutex. The headers of who asks for a token go along; a gateway call's are for the gateway. NULL:
 * no memory. */
static capauth_call *refresh_new(capauth_session *session, const capauth_call *asker)
{
    capauth_call *call = capauth__call_new(session->client, session, CAPAUTH__TOKEN_REGENERATE, NULL);

    if (!call)
        return NULL;
    call->internal = true;
    call->exchange.repeatable = true;
    call->operation = capauth__operation_find(CAPAUTH__TOKEN_REGENERATE, session->flow);
    call->epoch = session->epoch;
    call->generation = session->generation;
    call->key_version = session->key_version;
    if (!capauth__wire_request(call, NULL, NULL) ||
        !capauth__call_copy_headers(call, asker->verb == CAPAUTH__GATEWAY ? NULL : asker->exchange.headers)) {
        capauth__task_release(&call->task);
        return NULL;
    }
    call->session_next = session->calls;
    session->calls = call;
    session->refresh = call;
    capauth__call_trace(call, CAPAUTH_TRACE_START);
    return call;
}

/* Without a new token the one there is will do, as long as it is valid; but not for who asked for more, or has seen it
 * refused. Without a margin it has been looked at already. */
static bool would_make_do(const capauth_call *call)
{
    bool wants_any = call->verb == CAPAUTH__GATEWAY ? !call->token_refused
                                                    : call->verb == CAPAUTH__TOKEN_ENSURE && !call->margin_given;

    return wants_any && call->margin_ms && capauth__token_is_valid(call->session);
}

/* A regeneration that hangs must not use up what its waiter can do without it: it may take half of the waiter's time,
 * and half of what the old token still lives. One that began long ago has taken that already. */
static int64_t patience_ends_ms(const capauth_session *session, const capauth_call *call)
{
    int64_t time_ms = call->exchange.deadline_ms - capauth__monotonic_ms();
    int64_t life_ms = left_ms(session);

    return session->refresh->started_us / 1000 + (time_ms < life_ms ? time_ms : life_ms) / 2;
}

static void wait_for_refresh(capauth_session *session, capauth_call *call)
{
    call->waits_for_refresh = true;
    call->refresh_next = session->refresh_waiters;
    session->refresh_waiters = call;
    if (would_make_do(call))
        capauth__call_schedule(call, patience_ends_ms(session, call));
}

static bool makes_do(capauth_call *call)
{
    bool able;

    capauth__session_lock(call->session);
    able = would_make_do(call);
    capauth__session_unlock(call->session);
    if (!able)
        return false;
    call->margin_ms = 0;
    capauth__call_enter(call);
    return true;
}

/* Why this token could not be regenerated a moment ago; CAPAUTH_OK: nobody has tried. */
static int recent_failure(const capauth_session *session)
{
    int64_t since_ms = capauth__monotonic_ms() - session->refresh_failed_ms;
    bool counts =
        session->refresh_failed_ms && since_ms < PAUSE_MS && session->refresh_failed_generation == session->generation;

    return counts ? session->refresh_failure : CAPAUTH_OK;
}

void capauth__refresh_join(capauth_call *call)
{
    capauth_session *session = call->session;
    capauth_call *started = NULL;
    char *message = NULL;
    int failure = CAPAUTH_OK;

    capauth__session_lock(session);
    /* One that was begun before a reload or a new sign-in brings nothing for the token of today. */
    if (!session->refresh || capauth__session_is_past(session, session->refresh)) {
        if ((failure = recent_failure(session))) {
            message = session->refresh_failure_message ? capauth__duplicate(session->refresh_failure_message) : NULL;
        } else if (!capauth__refresh_possible(session)) {
            failure = CAPAUTH_E_SIGN_IN_REQUIRED;
        } else if (!(started = refresh_new(session, call))) {
            failure = CAPAUTH_E_NO_MEMORY;
        }
    }
    if (!failure)
        wait_for_refresh(session, call);
    capauth__session_unlock(session);
    if (failure && !makes_do(call))
        capauth__call_finish(call, failure, message);
    capauth__forget(&message);
    if (started) {
        capauth__inbox_post(&started->task, true);
        capauth__task_release(&started->task); /* the inbox holds it now */
    }
}

void capauth__refresh_leave(capauth_call *call)
{
    for (capauth_call **link = &call->session->refresh_waiters; *link; link = &(*link)->refresh_next) {
        if (*link == call) {
            *link = call->refresh_next;
            break;
        }
    }
    call->waits_for_refresh = false;
}

void capauth__refresh_outwaited(capauth_call *call)
{
    capauth__session_lock(call->session);
    capauth__refresh_leave(call);
    capauth__session_unlock(call->session);
    if (!makes_do(call))
        capauth__call_enter(call); /* it has expired meanwhile */
}

/* What the message says beyond "token_regenerate: the connection failed: ": a waiter's has the front itself. */
static const char *detail_of(const capauth_call *refresh)
{
    const char *sentence = capauth__call_sentence(refresh);
    const char *found = refresh->error_message ? strstr(refresh->error_message, sentence) : NULL;

    if (!found)
        return NULL;
    found += strlen(sentence);
    return strncmp(found, ": ", 2) ? NULL : found + 2;
}

static capauth_call *take_waiters(capauth_session *session, const capauth_call *refresh)
{
    capauth_call *waiters = session->refresh_waiters;

    session->refresh_waiters = NULL;
    session->refresh = NULL;
    session->refresh_failed_ms = 0;
    if (refresh->outcome != CAPAUTH_OK && refresh->outcome != CAPAUTH_E_CANCELLED && !refresh->void_answer) {
        session->refresh_failed_ms = capauth__monotonic_ms();
        session->refresh_failed_generation = refresh->generation;
        session->refresh_failure = refresh->outcome;
        (void)capauth__replace(&session->refresh_failure_message, detail_of(refresh));
    }
    for (capauth_call *call = waiters; call; call = call->refresh_next) {
        call->waits_for_refresh = false;
        capauth__call_schedule(call, call->exchange.deadline_ms); /* no longer the end of its patience */
    }
    return waiters;
}

/* Those who wait go on waiting for a second attempt, if there is one to make. */
static bool try_again(capauth_session *session, const capauth_call *refresh)
{
    capauth_call *again = NULL;

    capauth__session_lock(session);
    if (session->refresh_again && capauth__refresh_possible(session))
        again = refresh_new(session, refresh);
    session->refresh_again = false;
    capauth__session_unlock(session);
    if (!again)
        return false;
    capauth__inbox_post(&again->task, true);
    capauth__task_release(&again->task); /* the inbox holds it now */
    return true;
}

static bool ends_the_session(int outcome)
{
    return outcome == CAPAUTH_CANNOT_REGENERATE_TOKEN || outcome == CAPAUTH_INVALID_KEY;
}

void capauth__refresh_ended(capauth_call *refresh)
{
    capauth_session *session = refresh->session;
    capauth_call *call = NULL;
    bool past;

    if (try_again(session, refresh))
        return;
    capauth__session_lock(session);
    past = refresh->void_answer && refresh->outcome != CAPAUTH_E_CANCELLED;
    if (session->refresh == refresh) /* else a newer one has taken its place, and its waiters */
        call = take_waiters(session, refresh);
    capauth__session_unlock(session);
    while (call) {
        capauth_call *next = call->refresh_next;

        if (past) {
            capauth__call_enter(call); /* looks at the session as it is now */
        } else if (refresh->outcome == CAPAUTH_OK) {
            call->token_was_fresh = true;
            if (call->verb != CAPAUTH__GATEWAY)
                capauth__call_take_answer(call, refresh);
            capauth__call_enter(call);
        } else if (ends_the_session(refresh->outcome) || !makes_do(call)) {
            capauth__call_take_answer(call, refresh);
            capauth__call_finish(call, refresh->outcome, detail_of(refresh));
        }
        call = next;
    }
}

void capauth__token_held(capauth_call *call)
{
    call->retryable = true;
    capauth__call_finish(call, CAPAUTH_TOKEN_EXPIRED, NULL);
}

void capauth__ensure_enter(capauth_call *call)
{
    enum capauth__token_state look;

    capauth__session_lock(call->session);
    look = capauth__token_look(call->session, call);
    capauth__session_unlock(call->session);
    switch (look) {
    case CAPAUTH__TOKEN_GOOD:
        capauth__call_finish(call, CAPAUTH_OK, NULL);
        break;
    case CAPAUTH__TOKEN_STALE:
        capauth__refresh_join(call);
        break;
    case CAPAUTH__TOKEN_HELD:
        capauth__token_held(call);
        break;
    case CAPAUTH__TOKEN_MISSING:
        capauth__call_finish(call, CAPAUTH_E_SIGN_IN_REQUIRED, NULL);
        break;
    }
}
