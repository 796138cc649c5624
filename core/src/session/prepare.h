/* SPDX-License-Identifier: Apache-2.0 */
/* Prepare: the CA store is loaded and a connection made before they are needed. */
#ifndef CAPAUTH_PREPARE_H
#define CAPAUTH_PREPARE_H

#include "session/lifecycle.h"

/* NULL: no memory. */
capauth_call *capauth__prepare_new(capauth_client *client);
/* Starts it, or refuses it with `allowed`, which capauth__call_allowed said, where that is not CAPAUTH_OK. */
int capauth__prepare_start(capauth_call *call, int allowed, capauth_call **out);

#endif
