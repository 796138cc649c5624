/* SPDX-License-Identifier: Apache-2.0 */
/* Some servers repeat the request in their message: a secret of ours may not come back as an error text. */
#ifndef CAPAUTH_REDACT_H
#define CAPAUTH_REDACT_H

#include <stdbool.h>

#include "base/header.h"
#include "protocol/state.h"
#include "protocol/wire.h"

/* Where secrets may be; any of it may be NULL. */
struct capauth__secret_places {
    const char *body; /* of the request, as our own writer made it */
    const struct capauth__secrets *in_body;
    const struct capauth__header *headers; /* of the request */
    const struct capauth__state *state;
    const struct capauth__reply *reply;
};

/*
 * Whether a text from outside repeats one of them. Raw, or as JSON escapes it, once or twice. Of a long secret its
 * beginning is enough, since texts get cut. Without memory to look properly it says yes.
 */
bool capauth__repeats_a_secret(const char *text, const struct capauth__secret_places *places);

#endif
