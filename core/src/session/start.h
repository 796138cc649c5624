/* SPDX-License-Identifier: Apache-2.0 */
/* Starting an operation: what is refused on the spot, and handing the rest to the engine. */
#ifndef CAPAUTH_START_H
#define CAPAUTH_START_H

#include "session/call.h"

struct capauth__start {
    capauth_session *session;
    enum capauth__verb verb;
    const capauth_options *options;
    capauth_call **out; /* NULL: block */
    capauth_call *call; /* once begun */
    const char *argument; /* of a refusal */
    const char *message;
};

/* Lets the session's step in flight end if it was cancelled, let go of, or is past its deadline: in a program that only
 * blocks, nobody else would. No lock may be held. */
void capauth__retire_step(capauth_session *session);

/* CAPAUTH_OK: the session is locked, the call is there to be filled, and _end must follow. Else: refused. */
int capauth__start_begin(struct capauth__start *start);
/* Starts the call, or with a `result` refuses it. What the public function returns. */
int capauth__start_end(struct capauth__start *start, int result);

/* An operation of the Auth Engine: what its public function does. */
int capauth__start_operation(capauth_session *session, enum capauth__verb verb,
                             const struct capauth__arguments *arguments, const capauth_options *options,
                             capauth_call **out);

#endif
