/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to a brand's endpoints, with the customer's token. */
#ifndef CAPAUTH_GATEWAY_H
#define CAPAUTH_GATEWAY_H

#include "session/lifecycle.h"

extern const struct capauth__call_kind capauth__gateway_kind;

/* What is to be sent, which has been checked. */
struct capauth__gateway_request {
    bool get; /* else POST */
    const char *endpoint; /* one that begins with / is a path on the gateway's host */
    const char *body; /* NULL: none */
};

/* The call will make this request. `options` may be NULL. false: no memory. */
bool capauth__gateway_write(capauth_call *call, const struct capauth__gateway_request *request,
                            const capauth_options *options);

#endif
