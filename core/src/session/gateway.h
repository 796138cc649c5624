/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to a brand's endpoints, with the customer's token. */
#ifndef CAPAUTH_GATEWAY_H
#define CAPAUTH_GATEWAY_H

#include <capauth/capauth.h>

#include "net/transport.h"

/* In a turn of the engine, with its mutex held. */
void capauth__gateway_enter(capauth_call *call);
void capauth__gateway_answered(capauth_call *call, const struct capauth__answer *answer);

#endif
