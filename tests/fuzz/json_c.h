/* SPDX-License-Identifier: Apache-2.0 */
/* What json-c reads otherwise than the skimmer: for targets that hold one against the other. */
#ifndef JSON_C_H
#define JSON_C_H

#include <stdbool.h>
#include <string.h>

#include "base/json.h"

/* What json-c takes and RFC 8259 does not: numbers like -.5 and 007, control characters in names. And at the very
 * deepest it takes a list or an object that is empty, and nothing else. */
static inline bool may_be_more_than_json(const char *text)
{
    int opened = 0;
    bool more = false;

    for (const char *at = text; *at; at++) {
        opened += *at == '[' || *at == '{';
        more = more || (unsigned char)*at < 0x20 || strchr("-+.", *at) || (*at == '0' && strchr("0123456789", at[1]));
    }
    return more || opened >= CAPAUTH__JSON_DEPTH;
}

/* A text with such a number in it, which json-c takes for one. */
static inline bool is_odd(const capauth__json *value)
{
    const char *text = capauth__json_text(value);

    return text && may_be_more_than_json(text);
}

/* json-c ends a name at its NUL. */
static inline bool names_may_differ(const char *text)
{
    return strstr(text, "\\u0000") != NULL;
}

/* Behind a byte order mark, which readers may ignore. */
static inline const char *without_mark(const char *body)
{
    return !strncmp(body, "\xef\xbb\xbf", 3) ? body + 3 : body;
}

/* The same text, or none. */
static inline bool same_text(const char *one, const char *other)
{
    return one && other ? !strcmp(one, other) : one == other;
}

#endif
