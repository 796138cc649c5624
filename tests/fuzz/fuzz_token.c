/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: the input is one, or the JSON of one. */
#include "fuzz.h"

#include <string.h>

#include <capauth/capauth.h>

#include "base/secret.h"
#include "base64.h"
#include "json_c.h"
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

/* ---- The same by json-c ---- */

static int64_t time_of(const capauth__json *claims, const char *name)
{
    int64_t seconds;
    bool is_time = capauth__json_integer(capauth__json_member(claims, name), &seconds) && seconds > 0;

    return is_time && seconds <= INT64_C(253402300799) ? seconds * 1000 : 0; /* to the year 9999 */
}

/* A text that fits, or a number as text. */
static bool is_claim(const char *read, size_t size, const capauth__json *claim)
{
    const char *text = capauth__json_text(claim);
    char number[32] = "";
    int64_t value;

    if (text)
        return !strcmp(read, strlen(text) < size ? text : "");
    if (capauth__json_integer(claim, &value))
        snprintf(number, sizeof number, "%lld", (long long)value);
    return !strcmp(read, number) || !*read; /* of a string that is a number and no text: nothing */
}

static void check_against_json_c(const char *json, const char *token)
{
    struct capauth__claims claims;
    capauth__json *root = NULL;
    bool built = capauth__json_parse(json, strlen(json), &root) == CAPAUTH_OK && capauth__json_is_object(root);

    HOLDS(capauth__token_read(token, &claims) == CAPAUTH_OK);
    if (built && !names_may_differ(json) && !may_be_more_than_json(json)) {
        HOLDS(claims.expires_at_ms == time_of(root, "exp"));
        HOLDS(claims.issued_at_ms == time_of(root, "iat"));
        HOLDS(is_claim(claims.role, sizeof claims.role, capauth__json_member(root, "rol")));
        HOLDS(is_claim(claims.customer_id, sizeof claims.customer_id, capauth__json_member(root, "uid")));
    } else if (!built) {
        HOLDS(!claims.expires_at_ms && !claims.issued_at_ms && !*claims.role && !*claims.customer_id);
    }
    capauth__json_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size), *token = token_with(data, size);

    HOLDS(token);
    check_token(text);
    check_token(token);
    if (strlen(text) == size)
        check_against_json_c(text, token);
    free(text);
    free(token);
    return 0;
}
