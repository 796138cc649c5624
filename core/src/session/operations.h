/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the Auth Engine's operations: their requests, and what its replies mean. */
#ifndef CAPAUTH_OPERATIONS_H
#define CAPAUTH_OPERATIONS_H

#include "session/lifecycle.h"

/* Of an operation that goes to the Auth Engine at once; a sign-out that has nothing to tell it just ends. */
extern const struct capauth__call_kind capauth__operation_kind;

/* The call will make this operation's request, of the session as it is now, whose mutex is held. false: no memory.
 * `extras` is what options may add; `headers` go along. */
bool capauth__operation_write(capauth_call *call, const struct capauth__request_form *form,
                              const struct capauth__arguments *arguments, const struct capauth__extras *extras,
                              const struct capauth__header *headers);

/* For kinds that ask the Auth Engine, too. */
void capauth__operation_answered(capauth_call *call, const struct capauth__answer *answer);

#endif
