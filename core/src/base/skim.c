/* SPDX-License-Identifier: Apache-2.0 */
#include "base/skim.h"

#include <string.h>

#include "base/escape.h"
#include "base/json.h"
#include "base/text.h"

/* json-c counts the outermost value too, and wants room for one more. */
enum { DEEPEST = CAPAUTH__JSON_DEPTH - 1, MOST_DIGITS = 17 };

/* ---- Walking: each gives where its value ends, or NULL when it is not valid ---- */

/*
 * A reply of the gateway may be long, and all of it is walked: so this is the part that counts. No look at the end of
 * the text is needed but where several bytes are read at once, for the byte behind it is a part of nothing.
 */

static inline const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The backslash, and what it stands before. */
static const char *skip_escape(const char *at)
{
    if (at[1] != 'u')
        return at[1] && strchr("\"\\/bfnrt", at[1]) ? at + 2 : NULL;
    return is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) && is_hex(at[5]) ? at + 6 : NULL;
}

/* What cannot be passed over as it is. */
static const char *skip_odd_character(const char *at)
{
    size_t length;

    if (*at == '\\')
        return skip_escape(at);
    length = *at ? capauth__utf8_length(at) : 0;
    return length ? at + length : NULL;
}

/* From the first such one on. `*plain` is cleared at escapes and control characters; NULL: nobody asks. */
static const char *skip_odd_text(const char *at, const char *end, bool *plain)
{
    while (at && *at != '"') {
        if (plain && (unsigned char)*at < 0x80)
            *plain = false;
        if ((at = skip_odd_character(at)))
            at += capauth__plain_prefix(at, (size_t)(end - at));
    }
    return at ? at + 1 : NULL;
}

static inline const char *skip_text(const char *at, const char *end, bool *plain)
{
    at++;
    at += capauth__plain_prefix(at, (size_t)(end - at));
    return *at == '"' ? at + 1 : skip_odd_text(at, end, plain);
}

static inline const char *skip_digits(const char *at)
{
    const char *first = at;

    while (is_digit(*at))
        at++;
    return at == first ? NULL : at;
}

static const char *skip_exponent(const char *at)
{
    at++;
    if (*at == '+' || *at == '-')
        at++;
    return skip_digits(at);
}

static inline const char *skip_number(const char *at)
{
    if (*at == '-')
        at++;
    at = *at == '0' ? at + 1 : skip_digits(at);
    if (at && *at == '.')
        at = skip_digits(at + 1);
    return at && (*at == 'e' || *at == 'E') ? skip_exponent(at) : at;
}

static const char *skip_word(const char *at)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);

        if (!strncmp(at, words[i], length))
            return at + length;
    }
    return NULL;
}

static inline const char *skip_scalar(const char *at, const char *end, bool *plain)
{
    if (*at == '"')
        return skip_text(at, end, plain);
    return *at >= 'a' ? skip_word(at) : skip_number(at);
}

/* Up to its value; `at` is behind the name. */
static inline const char *skip_colon(const char *at)
{
    if (*at != ':')
        at = skip_space(at);
    return *at == ':' ? skip_space(at + 1) : NULL;
}

static inline const char *skip_name(const char *at, const char *end)
{
    if (*at != '"' || !(at = skip_text(at, end, NULL)))
        return NULL;
    return skip_colon(at);
}

/* The brackets that are open. */
struct brackets {
    char closing; /* what ends the innermost */
    uint64_t objects; /* a bit for each, the innermost lowest, set for an object */
    int open;
    int most;
};

static inline bool is_opening(char c)
{
    return c == '{' || c == '[';
}

static inline const char *open_bracket(struct brackets *brackets, const char *at)
{
    bool object = *at == '{';

    brackets->closing = object ? '}' : ']';
    brackets->objects = brackets->objects << 1 | object;
    return ++brackets->open <= brackets->most ? skip_space(at + 1) : NULL;
}

/* Behind a value: where the next one begins, or the name before it, once all brackets are closed that end here. With
 * none left open, where that was. */
static inline const char *close_brackets(struct brackets *brackets, const char *at)
{
    if (*at != ',')
        at = skip_space(at);
    while (*at == brackets->closing) {
        at++;
        if (!--brackets->open)
            return at;
        brackets->objects >>= 1;
        brackets->closing = brackets->objects & 1 ? '}' : ']';
        at = skip_space(at);
    }
    return *at == ',' ? skip_space(at + 1) : NULL;
}

/* A list or an object, with all that stands in it; `most` brackets may be open at a time. */
static const char *skip_nested(const char *at, const char *end, int most)
{
    struct brackets brackets = {.most = most};

    for (;;) {
        bool opened = is_opening(*at);

        at = opened ? open_bracket(&brackets, at) : skip_scalar(at, end, NULL);
        if (at && (!opened || *at == brackets.closing))
            at = close_brackets(&brackets, at);
        if (!at || !brackets.open)
            return at;
        if (brackets.closing == '}' && !(at = skip_name(at, end)))
            return NULL;
    }
}

/* ---- Spans ---- */

static enum capauth__span_kind kind_of(char first)
{
    switch (first) {
    case '"':
        return CAPAUTH__SPAN_TEXT;
    case '{':
        return CAPAUTH__SPAN_OBJECT;
    case '[':
        return CAPAUTH__SPAN_LIST;
    case 't':
        return CAPAUTH__SPAN_TRUE;
    case 'f':
        return CAPAUTH__SPAN_FALSE;
    case 'n':
        return CAPAUTH__SPAN_NONE;
    default:
        return CAPAUTH__SPAN_NUMBER;
    }
}

static bool is_plain_number(const char *at, size_t length)
{
    return length <= MOST_DIGITS && skip_digits(at) == at + length;
}

/* A value that stands inside so many others. NULL: it is not valid. */
static const char *take_value(const char *at, const char *end, int depth, struct capauth__span *span)
{
    bool plain = true;
    const char *stop = is_opening(*at) ? skip_nested(at, end, DEEPEST - depth) : skip_scalar(at, end, &plain);

    *span = (struct capauth__span){.start = at};
    if (!stop)
        return NULL;
    span->kind = kind_of(*at);
    span->length = (size_t)(stop - at);
    span->plain = span->kind == CAPAUTH__SPAN_TEXT
                      ? plain
                      : span->kind == CAPAUTH__SPAN_NUMBER && is_plain_number(at, span->length);
    return stop;
}

/* ---- Members and elements ---- */

/* Behind a bracket, an element or a member: where the next one begins. NULL: there is none; *stop says where it ends,
 * or is NULL when something else stands there. */
static const char *next_item(const char *at, bool first, char bracket, const char **stop)
{
    at = skip_space(at);
    *stop = *at == bracket ? at + 1 : NULL;
    if (*stop || first)
        return *stop ? NULL : at;
    return *at == ',' ? skip_space(at + 1) : NULL;
}

/* However it is escaped. Undoing makes no text longer, and who is wanted has a short name: so there is always room. */
static bool is_named(const struct capauth__span *name, const char *wanted)
{
    const char *text = name->start + 1;
    size_t length = name->length - 2; /* without its quotes */
    char room[256];
    struct capauth__buffer undone = {.data = room, .capacity = sizeof room};

    if (name->plain)
        return strlen(wanted) == length && !memcmp(text, wanted, length);
    return length < sizeof room && capauth__unescape(text, length, &undone) && undone.length == strlen(wanted) &&
           !memcmp(room, wanted, undone.length);
}

static void take_member(const struct capauth__span *name, const struct capauth__span *value, const char *const *names,
                        struct capauth__span *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_named(name, names[i]))
            values[i] = *value;
    }
}

bool capauth__skim_object(const char *text, size_t length, const char *const *names, struct capauth__span *values,
                          size_t count)
{
    const char *end = text + length;
    const char *at = skip_space(text);
    const char *stop = NULL;

    memset(values, 0, count * sizeof *values);
    if (*at != '{')
        return false;
    for (bool first = true; (at = next_item(at + first, first, '}', &stop)); first = false) {
        struct capauth__span name, value;

        if (*at != '"' || !(at = take_value(at, end, 1, &name)) || !(at = skip_colon(at)) ||
            !(at = take_value(at, end, 1, &value)))
            return false;
        take_member(&name, &value, names, values, count);
    }
    return stop && skip_space(stop) >= end;
}

bool capauth__skim_list(const struct capauth__span *list, struct capauth__span *first, size_t *count)
{
    struct capauth__span element;
    const char *stop = NULL;
    const char *at = list->start;

    *first = (struct capauth__span){0};
    *count = 0;
    if (list->kind != CAPAUTH__SPAN_LIST)
        return false;
    while ((at = next_item(at + !*count, !*count, ']', &stop)) &&
           (at = take_value(at, list->start + list->length, 1, &element))) {
        if (!(*count)++)
            *first = element;
    }
    return stop != NULL;
}

bool capauth__skim_next(const struct capauth__span *list, struct capauth__span *element)
{
    const char *stop;
    const char *at = element->start ? element->start + element->length : list->start + 1;

    at = next_item(at, !element->start, ']', &stop);
    return at && take_value(at, list->start + list->length, 1, element);
}

bool capauth__skim_value(const char *text, size_t length, struct capauth__span *value)
{
    const char *stop = take_value(skip_space(text), text + length, 0, value);

    return stop && skip_space(stop) >= text + length;
}
