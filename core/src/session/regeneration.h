/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Automatic regeneration. Single flight: one regeneration per session and token, whoever needs it. It is a call of its
 * own, with the client's deadline; those who need the token wait for it, and may leave without ending it.
 */
#ifndef CAPAUTH_REGENERATION_H
#define CAPAUTH_REGENERATION_H

#include <stdbool.h>

#include "session/lifecycle.h"

/* token ensure, and token regenerate as the application asks for it. */
extern const struct capauth__call_kind capauth__ensure_kind;
extern const struct capauth__call_kind capauth__regenerate_kind;

enum capauth__token_state {
    CAPAUTH__TOKEN_GOOD,
    CAPAUTH__TOKEN_STALE, /* expired or within the margin, and can be regenerated */
    CAPAUTH__TOKEN_HELD, /* expired, and may not be regenerated now */
    CAPAUTH__TOKEN_MISSING /* nobody is signed in, or nothing to regenerate it from */
};

/* What the call would find. The session's mutex is held. */
enum capauth__token_state capauth__token_state(const capauth_call *call);
/* Whether capauth may regenerate by itself. The session's mutex is held. */
bool capauth__may_regenerate(const capauth_session *session);

/* In a turn of the engine, whose mutex is held. */

/* Makes the call wait for the regeneration of its session's token, starting one if there is none. When it ends, the
 * call is finished with its failure, or entered again with the new token. */
void capauth__wait_for_regeneration(capauth_call *call);
/* Ends a call whose token has expired and may not be regenerated now: nothing was sent, and later it may work. */
void capauth__token_held(capauth_call *call);

#endif
