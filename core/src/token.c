/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "secret.h"

/* The latest year-9999 second; beyond it `exp` is nonsense and its milliseconds could overflow. */
static const int64_t latest_second = 253402300799;

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' || c == '+' ? 62 : c == '_' || c == '/' ? 63 : -1;
}

static bool base64url_decode(const char *text, size_t length, struct capauth__buffer *out)
{
    uint32_t bits = 0;
    int count = 0;

    while (length && text[length - 1] == '=')
        length--;
    for (size_t i = 0; i < length; i++) {
        int value = base64url_value(text[i]);
        char byte;

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            byte = (char)(bits >> count & 0xff);
            if (!capauth__buffer_append(out, &byte, 1))
                return false;
        }
    }
    return true;
}

static capauth__json *read_part(const char *text, size_t length)
{
    struct capauth__buffer decoded = {0};
    capauth__json *root = NULL;

    if (base64url_decode(text, length, &decoded) && decoded.length)
        (void)capauth__json_parse(decoded.data, decoded.length, &root);
    capauth__buffer_free(&decoded);
    return root;
}

static void copy_text(char *out, size_t size, const capauth__json *value)
{
    const char *text = capauth__json_text(value);
    int64_t number;

    if (text && strlen(text) < size)
        snprintf(out, size, "%s", text);
    else if (!text && capauth__json_integer(value, &number))
        snprintf(out, size, "%lld", (long long)number);
}

static void read_header(const char *part, size_t length, struct capauth__claims *claims)
{
    capauth__json *header = read_part(part, length);
    const capauth__json *identities = capauth__json_member(header, "idv");

    if (!capauth__json_element(identities, 1))
        copy_text(claims->identity, sizeof claims->identity, capauth__json_element(identities, 0));
    capauth__json_free(header);
}

static void read_claims(const char *part, size_t length, struct capauth__claims *claims)
{
    capauth__json *body = read_part(part, length);
    int64_t seconds;

    copy_text(claims->role, sizeof claims->role, capauth__json_member(body, "rol"));
    copy_text(claims->customer_id, sizeof claims->customer_id, capauth__json_member(body, "uid"));
    if (capauth__json_integer(capauth__json_member(body, "exp"), &seconds) && seconds > 0 && seconds <= latest_second)
        claims->expires_at_ms = seconds * 1000;
    capauth__json_free(body);
}

void capauth__token_read(const char *token, struct capauth__claims *claims)
{
    const char *first = token ? strchr(token, '.') : NULL;
    const char *second = first ? strchr(first + 1, '.') : NULL;

    memset(claims, 0, sizeof *claims);
    if (!second)
        return;
    read_header(token, (size_t)(first - token), claims);
    read_claims(first + 1, (size_t)(second - first - 1), claims);
}
