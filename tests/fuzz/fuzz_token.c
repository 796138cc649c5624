/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens. The input is a token, and then the JSON of one's claims: what the reader in place understands must be what
 * json-c understands, to which an escape in a name leads.
 */
#include "fuzz.h"

#include <string.h>

#include <capauth/capauth.h>

#include "base/secret.h"
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
static char *token_with(const char *beginning, const uint8_t *json, size_t size)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct capauth__buffer whole = {0}, token = {0};

    capauth__buffer_text(&whole, beginning);
    capauth__buffer_append(&whole, json, size);
    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < whole.length; i += 3) {
            unsigned bits = 0;

            for (size_t j = 0; j < 3; j++)
                bits = bits << 8 | (i + j < whole.length ? (unsigned char)whole.data[i + j] : 0);
            for (size_t j = 0; j < 4 && i + j <= whole.length; j++)
                capauth__buffer_append(&token, &alphabet[bits >> (18 - 6 * j) & 63], 1);
        }
        capauth__buffer_text(&token, ".");
    }
    capauth__buffer_free(&whole);
    return capauth__buffer_take(&token);
}

static void check_both_readers(const uint8_t *json, size_t size)
{
    char *plain = token_with("{", json, size), *escaped = token_with("{\"\\u0061\":0,", json, size);
    char whose[CAPAUTH__ISSUED_SIZE], whose_too[CAPAUTH__ISSUED_SIZE];
    struct capauth__claims one, other;

    HOLDS(plain && escaped);
    check_token(plain);
    (void)capauth__token_read(plain, &one);
    (void)capauth__token_read(escaped, &other);
    HOLDS(!strcmp(one.role, other.role));
    HOLDS(!strcmp(one.customer_id, other.customer_id));
    HOLDS(one.expires_at_ms == other.expires_at_ms);
    HOLDS(one.issued_at_ms == other.issued_at_ms);
    capauth__token_identity(plain, whose);
    capauth__token_identity(escaped, whose_too);
    HOLDS(!strcmp(whose, whose_too));
    free(plain);
    free(escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);

    check_token(text);
    if (size && data[0] == '{')
        check_both_readers(data + 1, size - 1);
    free(text);
    return 0;
}
