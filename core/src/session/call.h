/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call: one operation from its start to its outcome, over as many attempts as it may take. What kind of operation it
 * is, its kind knows: how it goes on, and what an answer means.
 */
#ifndef CAPAUTH_CALL_H
#define CAPAUTH_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <capauth/capauth.h>

#include "base/secret.h"
#include "net/exchange.h"
#include "net/task.h"
#include "protocol/operation.h"
#include "protocol/state.h"
#include "protocol/wire.h"
#include "session/options.h"
#include "session/outcome.h"
#include "session/session.h"

/* All in a turn of the engine, whose mutex is held. */
struct capauth__call_kind {
    /* Sends it, or waits for what it needs first. */
    void (*enter)(capauth_call *call);
    /* HTTP has answered an attempt. */
    void (*answered)(capauth_call *call, const struct capauth__answer *answer);
    /* It is settled. NULL: nothing follows. */
    void (*ended)(capauth_call *call);
};

/* What is to be done: settled before the call starts. */
struct capauth__request {
    enum capauth__verb verb;
    const struct capauth__operation *operation; /* NULL: none of the Auth Engine's */
    bool internal; /* an automatic regeneration: nobody's handle */
    int64_t id;
    int64_t started_us;
    int margin_ms; /* what the token must still live */
    bool margin_given; /* as an option */
    bool external; /* gateway: with the tokens of an OpenID provider */
    bool view; /* gateway: a VIEW token will do */
    struct capauth__stamp seen; /* the session's, when the request was written */
    struct capauth__secrets secrets; /* in its body */
    char *new_value; /* identifier update */
    char *fallback_channel;
};

/* What came of it: settled once the task is done. */
struct capauth__result {
    int code;
    int cause; /* why it ended; as `code`, but for an unknown outcome */
    int http_status;
    int retry_after_ms; /* -1: not said */
    bool maybe_sent;
    bool retryable;
    int refusal; /* gateway: the code of a reply that is not ok */
    int next_step;
    int64_t server_code;
    char *server_message;
    const char *sentence; /* in place of the code's own; static, or NULL */
    char *detail; /* what the message says beyond it; NULL: nothing */
    char *error_message;
    char argument[32];
    char request_id[128];
    struct capauth__buffer body; /* gateway */
};

struct capauth_call {
    struct capauth__task task; /* first: the engine knows only this */
    struct capauth__exchange exchange;
    const struct capauth__call_kind *kind;
    capauth_client *client;
    capauth_session *session; /* NULL for prepare */
    struct capauth__request request;
    struct capauth__attempts attempts;
    struct capauth__result result;
    bool finished; /* this and the next: the engine's mutex */
    void (*wake)(capauth_call *call); /* what its due time is for, before the deadline; NULL: it is entered again */
    int connected_fd; /* prepare: of its connection */
    bool is_past; /* it was for a state that the session had left */
    bool token_is_new; /* regenerated for this call: refused again, it is not tried a third time */
    bool token_refused;
    bool waits_for_token; /* this and the links: the session's mutex */
    capauth_call *waiter_next;
    capauth_call *session_next;
};

/* NULL: no memory. `options` may be NULL. */
capauth_call *capauth__call_new(capauth_client *client, capauth_session *session, enum capauth__verb verb,
                                const struct capauth__call_kind *kind, const capauth_options *options);
void capauth__call_drop(capauth_call *call);
/* 0, or why no operation can start on this client from here. `blocking`: in a callback, too. */
int capauth__call_allowed(capauth_client *client, bool blocking);
/* Hands a prepared call to the engine; blocks for its outcome when `out` is NULL. Takes over the caller's reference. */
int capauth__call_start(capauth_call *call, capauth_call **out);
/* Hands out a call, or ends it, that was refused on the spot. The fault's texts may be NULL. */
int capauth__call_refuse(capauth_call *call, capauth_call **out, const struct capauth__fault *fault);
/* Tells the trace that the call starts or ends. */
void capauth__call_trace(const capauth_call *call, int event);
bool capauth__call_is_done(const capauth_call *call);

/* With the session's mutex held. */

/* Whether its answer is for a sign-in that is over or, where it is about one token, for one that was replaced. */
bool capauth__call_is_past(const capauth_call *call);
/* Into the list of the session's calls. */
void capauth__call_join_session(capauth_call *call);
/* Out of the list of those who wait for the session's token. */
void capauth__call_stop_waiting(capauth_call *call);
/* Tells what is in flight to end; its answers change nothing any more. */
void capauth__cancel_calls(capauth_session *session, bool sign_outs_too);

/* In a turn of the engine, whose mutex is held. */

void capauth__call_send(capauth_call *call);
/* When it is looked at again: by `wake`, which may be NULL. */
void capauth__call_wait_until(capauth_call *call, int64_t due_ms, void (*wake)(capauth_call *call));
/* Sends it again after a back-off, if the answer, the count and the deadline let it; else false. */
bool capauth__call_retry(capauth_call *call, const struct capauth__answer *answer);
/* Ends it as past its deadline, if it is; else false. */
bool capauth__call_is_overdue(capauth_call *call, int64_t now_ms);
/* Settles it: for this cause, and with what its attempts come to. `detail`, which repeats no secret, may be NULL. */
void capauth__call_finish(capauth_call *call, int cause, const char *detail);
/* Takes over what the answer to another call said: a regeneration's refusal is its waiters' too. */
void capauth__call_take_answer(capauth_call *call, const capauth_call *other);

#endif
