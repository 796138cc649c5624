/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <capauth/capauth.h>

#include "base/secret.h"
#include "base/skim.h"

/* The latest year-9999 second; beyond it a time is nonsense and its milliseconds could overflow. */
static const int64_t latest_second = 253402300799;

/* What the header and the claims say; one of them says nothing of the other's. */
struct part {
    struct capauth__claims claims;
    char identity[CAPAUTH__ISSUED_SIZE];
};

static int64_t to_ms(int64_t seconds)
{
    return seconds > 0 && seconds <= latest_second ? seconds * 1000 : 0;
}

/* The value of a character plus 1; 0: it is none of the alphabet's, of which both are read. */
static const unsigned char base64url_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,  ['I'] = 9,
    ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
    ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27,
    ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45,
    ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
    ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63,
    ['+'] = 63, ['_'] = 64, ['/'] = 64,
};

static int base64url_value(char c)
{
    return base64url_values[(unsigned char)c] - 1;
}

/* Four characters to three bytes. */
static bool decode_four(const char *text, char out[3])
{
    int first = base64url_value(text[0]);
    int second = base64url_value(text[1]);
    int third = base64url_value(text[2]);
    int fourth = base64url_value(text[3]);

    if ((first | second | third | fourth) < 0)
        return false;
    out[0] = (char)(first << 2 | second >> 4);
    out[1] = (char)((second << 4 | third >> 2) & 0xff);
    out[2] = (char)((third << 6 | fourth) & 0xff);
    return true;
}

static bool base64url_decode(const char *text, size_t length, struct capauth__buffer *out)
{
    char last[4] = {'A', 'A', 'A', 'A'};
    char chunk[192] = "";
    size_t used = 0;

    while (length && text[length - 1] == '=')
        length--;
    for (; length >= 4; length -= 4, text += 4, used += 3) {
        if (used == sizeof chunk) {
            capauth__buffer_append(out, chunk, used);
            used = 0;
        }
        if (!decode_four(text, chunk + used))
            return false;
    }
    capauth__buffer_append(out, chunk, used);
    memcpy(last, text, length);
    return decode_four(last, chunk) && capauth__buffer_append(out, chunk, length * 3 / 4);
}

/* ---- Claims ---- */

/* A text that fits, or a number as text; of anything else nothing. */
static void copy_claim(char *out, size_t size, const struct capauth__span *span, bool *no_memory)
{
    int64_t number;

    if (span->kind == CAPAUTH__SPAN_NUMBER && capauth__span_integer(span, &number, no_memory))
        snprintf(out, size, "%lld", (long long)number);
    else
        capauth__span_copy(span, out, size, no_memory);
}

static int64_t time_of(const struct capauth__span *span, bool *no_memory)
{
    int64_t seconds;

    return capauth__span_integer(span, &seconds, no_memory) ? to_ms(seconds) : 0;
}

static void read_claims(const struct capauth__buffer *json, struct part *part, bool *no_memory)
{
    enum { ROLE, CUSTOMER_ID, EXPIRES, ISSUED, IDENTITIES, COUNT };
    static const char *const names[] = {"rol", "uid", "exp", "iat", "idv"};
    struct capauth__span values[COUNT], identity;
    struct capauth__claims *claims = &part->claims;
    size_t identities;

    if (!capauth__skim_object(json->data, json->length, names, values, COUNT))
        return;
    copy_claim(claims->role, sizeof claims->role, &values[ROLE], no_memory);
    copy_claim(claims->customer_id, sizeof claims->customer_id, &values[CUSTOMER_ID], no_memory);
    claims->expires_at_ms = time_of(&values[EXPIRES], no_memory);
    claims->issued_at_ms = time_of(&values[ISSUED], no_memory);
    if (capauth__skim_list(&values[IDENTITIES], &identity, &identities) && identities == 1)
        copy_claim(part->identity, sizeof part->identity, &identity, no_memory);
}

static int read_part(const char *text, size_t length, struct part *part)
{
    struct capauth__buffer json = {0};
    bool no_memory = false;

    memset(part, 0, sizeof *part);
    if (base64url_decode(text, length, &json) && json.length)
        read_claims(&json, part, &no_memory);
    no_memory = no_memory || json.failed;
    capauth__buffer_free(&json);
    return no_memory ? CAPAUTH_E_NO_MEMORY : CAPAUTH_OK;
}

/* ---- Whole tokens ---- */

/* Where the claims begin, and how long they are; NULL: it is no JWT. */
static const char *find_claims(const char *token, size_t *length)
{
    const char *first = token ? strchr(token, '.') : NULL;
    const char *second = first ? strchr(first + 1, '.') : NULL;

    *length = second ? (size_t)(second - first - 1) : 0;
    return second ? first + 1 : NULL;
}

int capauth__token_read(const char *token, struct capauth__claims *claims)
{
    size_t length;
    const char *text = find_claims(token, &length);
    struct part part = {0};
    int result = text ? read_part(text, length, &part) : CAPAUTH_OK;

    *claims = part.claims;
    return result;
}

int capauth__token_identity(const char *token, char out[CAPAUTH__ISSUED_SIZE])
{
    size_t length;
    const char *claims = find_claims(token, &length);
    struct part part = {0};
    int result = claims ? read_part(token, (size_t)(claims - token) - 1, &part) : CAPAUTH_OK;

    memcpy(out, part.identity, CAPAUTH__ISSUED_SIZE);
    return result;
}
