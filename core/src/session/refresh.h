/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single flight: one regeneration per session and token, whoever needs it. It is a call of its own, with the client's
 * deadline; those who need the token wait for it, and may leave without ending it.
 */
#ifndef CAPAUTH_REFRESH_H
#define CAPAUTH_REFRESH_H

#include <stdbool.h>

#include <capauth/capauth.h>

enum capauth__token_state {
    CAPAUTH__TOKEN_GOOD,
    CAPAUTH__TOKEN_STALE, /* expired or within the margin, and can be regenerated */
    CAPAUTH__TOKEN_HELD, /* expired, and may not be regenerated now */
    CAPAUTH__TOKEN_MISSING /* nobody is signed in, or nothing to regenerate it from */
};

/* In a turn of the engine, with its mutex held. */

/* The session's mutex too. */
enum capauth__token_state capauth__token_look(capauth_session *session, const capauth_call *call);
/* There is a token, and it has not expired. */
bool capauth__token_is_valid(const capauth_session *session);
/* Whether there is something to regenerate a token from. The session's mutex too. */
bool capauth__refresh_possible(const capauth_session *session);
/* Whether capauth may regenerate by itself. The session's mutex too. */
bool capauth__refresh_allowed(const capauth_session *session);
/* Makes the call wait for the regeneration of its session's token, starting one if there is none. When it ends, the
 * call is finished with its failure, or entered again with the new token. */
void capauth__refresh_join(capauth_call *call);
/* token ensure: finishes at once when the token is good, joins when it is stale. */
void capauth__ensure_enter(capauth_call *call);
/* The token has expired and may not be regenerated now: nothing was sent, and later it may work. */
void capauth__token_held(capauth_call *call);
/* The call has waited long enough for who holds a token that is still valid: it goes with that one, and the
 * regeneration goes on by itself. */
void capauth__refresh_outwaited(capauth_call *call);
/* A call that waits leaves (deadline, cancel). The session's mutex too. */
void capauth__refresh_leave(capauth_call *call);
/* The regeneration has ended; called when it is settled. */
void capauth__refresh_ended(capauth_call *refresh);

#endif
