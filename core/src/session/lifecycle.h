/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a call, over as many attempts as it may take. What kind of operation it is, its kind knows: how it goes
 * on, and what an answer means.
 */
#ifndef CAPAUTH_LIFECYCLE_H
#define CAPAUTH_LIFECYCLE_H

#include "session/call.h"

/* NULL: no memory. `options` may be NULL. */
capauth_call *capauth__call_new(capauth_client *client, capauth_session *session, enum capauth__operation operation,
                                const struct capauth__call_kind *kind, const capauth_options *options);
void capauth__call_release(capauth_call *call);
/* 0, or why no operation can start on this client from here. `blocking`: in a callback, too. */
int capauth__call_allowed(capauth_client *client, bool blocking);
/* Hands a prepared call to the engine; blocks for its outcome when `out` is NULL. Takes over the caller's reference. */
int capauth__call_start(capauth_call *call, capauth_call **out);
/* Hands out a call, or ends it, that was refused on the spot. The fault's texts may be NULL. */
int capauth__call_refuse(capauth_call *call, capauth_call **out, const struct capauth__fault *fault);
/* Tells the trace that the call starts or ends. */
void capauth__call_trace(const capauth_call *call, int event);
bool capauth__call_is_done(const capauth_call *call);

/* Whether its answer is for a sign-in that is over or, where it is about one token, for one that was replaced. The
 * session's mutex is held. */
bool capauth__call_is_past(const capauth_call *call);

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
