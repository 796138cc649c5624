/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: the input is one, or the JSON of one. */
#include "fuzz.h"

#include <string.h>

#include <capauth/capauth.h>

#include "base/secret.h"
#include "base64.h"
#include "protocol/token.h"

static void check_token(const char *token)
{
    struct capauth__claims claims;
    char identity[CAPAUTH__ISSUED_SIZE];

    HOLDS(capauth__token_read(token, &claims) == CAPAUTH_OK);
    HOLDS(memchr(claims.role, 0, sizeof claims.role));
    HOLDS(memchr(claims.customer_id, 0, sizeof claims.customer_id));
    HOLDS(claims.expires_at_ms >= 0 && claims.expires_at_ms % 1000 == 0);
    HOLDS(claims.issued_at_ms >= 0 && claims.issued_at_ms % 1000 == 0);
    capauth__token_identity(token, identity);
    HOLDS(memchr(identity, 0, sizeof identity));
}

/* "PART.PART." with this JSON in both. */
static char *token_with(const uint8_t *json, size_t size)
{
    struct capauth__buffer token = {0};

    for (int part = 0; part < 2; part++) {
        append_base64(&token, json, size);
        capauth__buffer_text(&token, ".");
    }
    return capauth__buffer_take(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size), *token = token_with(data, size);

    HOLDS(token);
    check_token(text);
    check_token(token);
    free(text);
    free(token);
    return 0;
}
