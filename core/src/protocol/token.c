/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <capauth/capauth.h>

#include "base/json.h"
#include "base/secret.h"

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

/* ---- Plain tokens ----
 *
 * The Auth Engine's are flat objects of texts, whole numbers and lists of texts. Those are read in place; anything
 * else, an escape or something nested, is left to json-c, which costs twenty times as much.
 */

enum kind { TEXT, INTEGER, LIST, LITERAL };

struct plain {
    enum kind kind;
    const char *text; /* INTEGER: its digits; LIST: the first element */
    size_t length;
    int count;
};

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

/* All of these give where the value ends, or NULL when it is not plain. */
static const char *plain_text(const char *at, struct plain *value)
{
    const char *end = at + 1;

    if (*at != '"')
        return NULL;
    while (*end >= 0x20 && *end < 0x7f && *end != '"' && *end != '\\')
        end++;
    *value = (struct plain){.kind = TEXT, .text = at + 1, .length = (size_t)(end - at - 1)};
    return *end == '"' ? end + 1 : NULL;
}

static const char *plain_integer(const char *at, struct plain *value)
{
    size_t length = strspn(at, "0123456789");

    *value = (struct plain){.kind = INTEGER, .text = at, .length = length};
    return length && length < 18 && (at[0] != '0' || length == 1) && strchr(",}] \t\r\n", at[length]) ? at + length
                                                                                                      : NULL;
}

static const char *plain_literal(const char *at, struct plain *value)
{
    static const char *const literals[] = {"null", "true", "false"};

    *value = (struct plain){.kind = LITERAL};
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        if (!strncmp(at, literals[i], strlen(literals[i])))
            return at + strlen(literals[i]);
    }
    return NULL;
}

static const char *plain_list(const char *at, struct plain *value)
{
    struct plain element = {.kind = TEXT};

    *value = (struct plain){.kind = LIST};
    at = skip_space(at + 1);
    if (*at == ']')
        return at + 1;
    while ((at = plain_text(at, &element))) {
        if (!value->count++) {
            value->text = element.text;
            value->length = element.length;
        }
        at = skip_space(at);
        if (*at == ']')
            return at + 1;
        if (*at != ',')
            return NULL;
        at = skip_space(at + 1);
    }
    return NULL;
}

static const char *plain_value(const char *at, struct plain *value)
{
    switch (*at) {
    case '"':
        return plain_text(at, value);
    case '[':
        return plain_list(at, value);
    case 'n':
    case 't':
    case 'f':
        return plain_literal(at, value);
    default:
        return plain_integer(at, value);
    }
}

static bool is_named(const struct plain *name, const char *text)
{
    return name->length == strlen(text) && !memcmp(name->text, text, name->length);
}

static void take_text(char *out, size_t size, const struct plain *value, bool there)
{
    size_t length = there && value->length < size ? value->length : 0;

    if (length)
        memcpy(out, value->text, length);
    out[length] = '\0';
}

/* One member, as the long way below would take it; false when that is for it to say. */
static bool take_member(const struct plain *name, const struct plain *value, struct part *part)
{
    struct capauth__claims *claims = &part->claims;
    bool scalar = value->kind == TEXT || value->kind == INTEGER;

    if (is_named(name, "rol"))
        take_text(claims->role, sizeof claims->role, value, scalar);
    else if (is_named(name, "uid"))
        take_text(claims->customer_id, sizeof claims->customer_id, value, scalar);
    else if (is_named(name, "idv"))
        take_text(part->identity, sizeof part->identity, value, value->kind == LIST && value->count == 1);
    else if (is_named(name, "exp") && value->kind == INTEGER)
        claims->expires_at_ms = to_ms(strtoll(value->text, NULL, 10));
    else if (is_named(name, "iat") && value->kind == INTEGER)
        claims->issued_at_ms = to_ms(strtoll(value->text, NULL, 10));
    else
        return !is_named(name, "exp") && !is_named(name, "iat");
    return true;
}

static bool read_plain(const struct capauth__buffer *json, struct part *part)
{
    struct plain name, value;
    const char *at = json->data;

    if (*at != '{')
        return false;
    do {
        at = plain_text(skip_space(at + 1), &name);
        at = at ? skip_space(at) : NULL;
        if (!at || *at != ':')
            return false;
        at = plain_value(skip_space(at + 1), &value);
        if (!at || !take_member(&name, &value, part))
            return false;
        at = skip_space(at);
    } while (*at == ',');
    return *at == '}' && at + 1 == json->data + json->length;
}

/* ---- All others ---- */

static void copy_text(char *out, size_t size, const capauth__json *value)
{
    const char *text = capauth__json_text(value);
    int64_t number;

    if (text && strlen(text) < size)
        snprintf(out, size, "%s", text);
    else if (!text && capauth__json_integer(value, &number))
        snprintf(out, size, "%lld", (long long)number);
}

static int read_any(const struct capauth__buffer *json, struct part *part)
{
    struct capauth__claims *claims = &part->claims;
    capauth__json *root = NULL;
    const capauth__json *identities;
    int64_t seconds;
    int result = capauth__json_parse(json->data, json->length, &root);

    if (result)
        return result == CAPAUTH_E_NO_MEMORY ? result : CAPAUTH_OK;
    identities = capauth__json_member(root, "idv");
    if (!capauth__json_element(identities, 1))
        copy_text(part->identity, sizeof part->identity, capauth__json_element(identities, 0));
    copy_text(claims->role, sizeof claims->role, capauth__json_member(root, "rol"));
    copy_text(claims->customer_id, sizeof claims->customer_id, capauth__json_member(root, "uid"));
    if (capauth__json_integer(capauth__json_member(root, "exp"), &seconds))
        claims->expires_at_ms = to_ms(seconds);
    if (capauth__json_integer(capauth__json_member(root, "iat"), &seconds))
        claims->issued_at_ms = to_ms(seconds);
    capauth__json_free(root);
    return CAPAUTH_OK;
}

static int read_part(const char *text, size_t length, struct part *part)
{
    struct capauth__buffer json = {0};
    int result = CAPAUTH_OK;

    memset(part, 0, sizeof *part);
    if (base64url_decode(text, length, &json) && json.length && !read_plain(&json, part)) {
        memset(part, 0, sizeof *part);
        result = read_any(&json, part);
    }
    if (json.failed)
        result = CAPAUTH_E_NO_MEMORY;
    capauth__buffer_free(&json);
    return result;
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

void capauth__token_identity(const char *token, char out[CAPAUTH__ISSUED_SIZE])
{
    size_t length;
    const char *claims = find_claims(token, &length);
    struct part part = {0};

    if (claims)
        (void)read_part(token, (size_t)(claims - token) - 1, &part);
    memcpy(out, part.identity, CAPAUTH__ISSUED_SIZE);
}
