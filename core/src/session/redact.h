/* SPDX-License-Identifier: Apache-2.0 */
/* Some servers repeat the request in their message: a secret of ours may not come back as an error text. */
#ifndef CAPAUTH_REDACT_H
#define CAPAUTH_REDACT_H

#include <stdbool.h>

#include "protocol/wire.h"
#include "session/call.h"

/*
 * Whether a text from outside repeats a secret: one that the call sent, that its session holds, or that came with the
 * text (`received`, or NULL). Raw, or as JSON escapes it, once or twice. Of a long secret its beginning is enough,
 * since texts get cut. Without memory to look properly it says yes. Takes the session's mutex.
 */
bool capauth__repeats_a_secret(const capauth_call *call, const struct capauth__reply *received, const char *text);

#endif
