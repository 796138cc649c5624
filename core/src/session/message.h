/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a call: to who asks for its error, and in the log. */
#ifndef CAPAUTH_MESSAGE_H
#define CAPAUTH_MESSAGE_H

#include "session/call.h"

/* What words from outside may be shown as: themselves, or that they repeat a secret. `reply` may be NULL. */
const char *capauth__quote(const capauth_call *call, const struct capauth__reply *reply, const char *text);
/* Keeps what a server said, or that it repeats a secret. `message` may be NULL. */
void capauth__keep_message(capauth_call *call, const struct capauth__reply *reply, const char *message);
/* The error message, from the result. */
void capauth__compose_message(capauth_call *call);
void capauth__log_outcome(const capauth_call *call);
/* Since it started. */
int capauth__duration_ms(const capauth_call *call);

#endif
