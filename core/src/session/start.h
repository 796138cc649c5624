/* SPDX-License-Identifier: Apache-2.0 */
/* Starting an operation on a session: what is refused on the spot, and handing the rest to the engine. */
#ifndef CAPAUTH_START_H
#define CAPAUTH_START_H

#include "session/lifecycle.h"

struct capauth__start {
    capauth_session *session;
    enum capauth__operation operation;
    const struct capauth__call_kind *kind;
    const capauth_options *options;
    capauth_call **out; /* NULL: block */
    capauth_call *call; /* once begun */
    struct capauth__fault fault; /* CAPAUTH_OK: none so far */
};

/* CAPAUTH_OK: the session is locked, the call is there to be filled, and _end must follow. Else: refused. */
int capauth__start_begin(struct capauth__start *start);
/* Starts the call, or refuses it where a fault was found. What the public function returns. */
int capauth__start_end(struct capauth__start *start);
/* Notes a fault, unless there is one. Its texts may be NULL. */
void capauth__start_refuse(struct capauth__start *start, int code, const char *argument, const char *message);

/* An operation of the Auth Engine: what its public function does. */
int capauth__start_operation(capauth_session *session, enum capauth__operation operation,
                             const struct capauth__arguments *arguments, const capauth_options *options,
                             capauth_call **out);

/* Lets the session's exclusive call end if it was cancelled, let go of, or is past its deadline: in a program that only
 * blocks, nobody else would. No lock may be held. */
void capauth__retire_exclusive(capauth_session *session);

#endif
