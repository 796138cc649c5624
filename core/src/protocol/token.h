/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a token says of itself. It verifies nothing: only the Auth Engine has the secret for that. */
#ifndef CAPAUTH_TOKEN_H
#define CAPAUTH_TOKEN_H

#include <stdint.h>

struct capauth__claims {
    char role[64];
    char customer_id[64];
    int64_t expires_at_ms; /* 0: the token does not say */
    int64_t issued_at_ms; /* the same */
};

/* A token that is no JWT, or lacks a claim, gives empty claims: it is used until it is refused. So that no token is
 * used for ever because memory was short, there is CAPAUTH_E_NO_MEMORY beside CAPAUTH_OK. */
int capauth__token_read(const char *token, struct capauth__claims *claims);

enum { CAPAUTH__ISSUED_SIZE = 320 };
/* Whom it was issued for: the only entry of the header's idv, "MOBILE|919999922332"; "" with none or several.
 * CAPAUTH_OK or CAPAUTH_E_NO_MEMORY. Apart, for it is seldom asked for. */
int capauth__token_identity(const char *token, char out[CAPAUTH__ISSUED_SIZE]);

#endif
