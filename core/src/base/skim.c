/* SPDX-License-Identifier: Apache-2.0 */
#include "base/skim.h"

#include <string.h>

#include "base/escape.h"
#include "base/json.h"
#include "base/text.h"

/* json-c counts the outermost value too, and wants room for one more. */
enum { DEEPEST = CAPAUTH__JSON_DEPTH - 1, MOST_DIGITS = 17 };

/* ---- Walking: each gives where its value ends, or NULL when it is not valid ---- */

struct text {
    const char *end;
    int depth; /* of the value that is walked */
};

static const char *skip_value(const struct text *text, const char *at, struct capauth__span *span);

static const char *skip_space(const struct text *text, const char *at)
{
    while (at < text->end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

static bool is_at(const struct text *text, const char *at, char c)
{
    return at < text->end && *at == c;
}

static bool is_digit(const struct text *text, const char *at)
{
    return at < text->end && *at >= '0' && *at <= '9';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The backslash, and what it stands before. */
static const char *skip_escape(const struct text *text, const char *at)
{
    if (text->end - at < 2)
        return NULL;
    if (at[1] != 'u')
        return at[1] && strchr("\"\\/bfnrt", at[1]) ? at + 2 : NULL;
    if (text->end - at < 6 || !is_hex(at[2]) || !is_hex(at[3]) || !is_hex(at[4]) || !is_hex(at[5]))
        return NULL;
    return at + 6;
}

/* One of several bytes, none of which may lie beyond the end. */
static const char *skip_character(const struct text *text, const char *at)
{
    char last[5] = "";
    size_t left = (size_t)(text->end - at);
    size_t length;

    if (left < sizeof last - 1)
        memcpy(last, at, left);
    length = capauth__utf8_length(left < sizeof last - 1 ? last : at);
    return length ? at + length : NULL;
}

static const char *skip_text(const struct text *text, const char *at, struct capauth__span *span)
{
    span->kind = CAPAUTH__SPAN_TEXT;
    span->plain = true;
    for (at++; at;) {
        at += capauth__plain_prefix(at, (size_t)(text->end - at));
        if (at >= text->end || !*at)
            return NULL;
        if (*at == '"')
            return at + 1;
        span->plain = span->plain && (unsigned char)*at >= 0x80; /* no escape, no control character */
        at = *at == '\\' ? skip_escape(text, at) : skip_character(text, at);
    }
    return NULL;
}

static const char *skip_digits(const struct text *text, const char *at)
{
    const char *first = at;

    while (is_digit(text, at))
        at++;
    return at == first ? NULL : at;
}

static const char *skip_exponent(const struct text *text, const char *at)
{
    at++;
    if (is_at(text, at, '+') || is_at(text, at, '-'))
        at++;
    return skip_digits(text, at);
}

static const char *skip_number(const struct text *text, const char *at, struct capauth__span *span)
{
    const char *start = at;

    span->kind = CAPAUTH__SPAN_NUMBER;
    if (*at == '-')
        at++;
    at = is_at(text, at, '0') ? at + 1 : skip_digits(text, at);
    span->plain = at && *start != '-' && at - start <= MOST_DIGITS;
    if (at && is_at(text, at, '.')) {
        span->plain = false;
        at = skip_digits(text, at + 1);
    }
    if (at && (is_at(text, at, 'e') || is_at(text, at, 'E'))) {
        span->plain = false;
        at = skip_exponent(text, at);
    }
    return at;
}

static const char *skip_word(const struct text *text, const char *at, struct capauth__span *span)
{
    static const struct {
        const char *word;
        enum capauth__span_kind kind;
    } words[] = {{"true", CAPAUTH__SPAN_TRUE}, {"false", CAPAUTH__SPAN_FALSE}, {"null", CAPAUTH__SPAN_NONE}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i].word);

        if ((size_t)(text->end - at) >= length && !memcmp(at, words[i].word, length)) {
            span->kind = words[i].kind;
            return at + length;
        }
    }
    return NULL;
}

/* Behind a bracket, an element or a member: where the next one begins. NULL: there is none; *end says where it ends, or
 * is NULL when something else stands there. */
static const char *next_item(const struct text *text, const char *at, bool first, char bracket, const char **end)
{
    *end = NULL;
    at = skip_space(text, at);
    if (is_at(text, at, bracket)) {
        *end = at + 1;
        return NULL;
    }
    if (first)
        return at < text->end ? at : NULL;
    return is_at(text, at, ',') ? skip_space(text, at + 1) : NULL;
}

static const char *skip_name(const struct text *text, const char *at, struct capauth__span *name)
{
    if (!is_at(text, at, '"') || !(at = skip_text(text, at, name)))
        return NULL;
    at = skip_space(text, at);
    return is_at(text, at, ':') ? skip_space(text, at + 1) : NULL;
}

static const char *skip_nested(const struct text *text, const char *at, bool object)
{
    const struct text inside = {.end = text->end, .depth = text->depth + 1};
    struct capauth__span ignored = {0};
    const char *end = NULL;
    bool first = true;

    if (inside.depth > DEEPEST)
        return NULL;
    for (at++; (at = next_item(&inside, at, first, object ? '}' : ']', &end)); first = false) {
        if (object && !(at = skip_name(&inside, at, &ignored)))
            return NULL;
        if (!(at = skip_value(&inside, at, &ignored)))
            return NULL;
    }
    return end;
}

static const char *skip_value(const struct text *text, const char *at, struct capauth__span *span)
{
    const char *start = at;

    *span = (struct capauth__span){.start = at};
    if (at >= text->end)
        return NULL;
    if (*at == '"') {
        at = skip_text(text, at, span);
    } else if (*at == '{' || *at == '[') {
        at = skip_nested(text, at, *at == '{');
        span->kind = *start == '{' ? CAPAUTH__SPAN_OBJECT : CAPAUTH__SPAN_LIST;
    } else if (*at == '-' || is_digit(text, at)) {
        at = skip_number(text, at, span);
    } else {
        at = skip_word(text, at, span);
    }
    span->length = at ? (size_t)(at - start) : 0;
    return at;
}

/* ---- Members and elements ---- */

/* However it is escaped. Undoing makes no text longer, and who is wanted has a short name: so there is always room. */
static bool is_named(const struct capauth__span *name, size_t length, const char *wanted)
{
    char room[256];
    struct capauth__buffer undone = {.data = room, .capacity = sizeof room};

    if (name->plain)
        return strlen(wanted) == length && !memcmp(name->start + 1, wanted, length);
    return length < sizeof room && capauth__unescape(name->start + 1, length, &undone) &&
           undone.length == strlen(wanted) && !memcmp(room, wanted, undone.length);
}

static void take(const struct capauth__span *name, const char *name_end, const struct capauth__span *value,
                 const char *const *names, struct capauth__span *values, size_t count)
{
    size_t length = (size_t)(name_end - name->start) - 2; /* without its quotes */

    for (size_t i = 0; i < count; i++) {
        if (is_named(name, length, names[i]))
            values[i] = *value;
    }
}

bool capauth__skim_object(const char *text, size_t length, const char *const *names, struct capauth__span *values,
                          size_t count)
{
    const struct text whole = {.end = text + length, .depth = 1};
    const char *at = skip_space(&whole, text);
    const char *end = NULL;
    bool first = true;

    memset(values, 0, count * sizeof *values);
    if (!is_at(&whole, at, '{'))
        return false;
    for (at++; (at = next_item(&whole, at, first, '}', &end)); first = false) {
        struct capauth__span name = {.start = at}, value;
        const char *name_end = is_at(&whole, at, '"') ? skip_text(&whole, at, &name) : NULL;

        if (!name_end || !(at = skip_name(&whole, at, &name)) || !(at = skip_value(&whole, at, &value)))
            return false;
        take(&name, name_end, &value, names, values, count);
    }
    return end && skip_space(&whole, end) == whole.end;
}

bool capauth__skim_list(const struct capauth__span *list, struct capauth__span *first, size_t *count)
{
    struct text whole = {.depth = 1};
    struct capauth__span element;
    const char *end = NULL;
    const char *at;

    *first = (struct capauth__span){0};
    *count = 0;
    if (list->kind != CAPAUTH__SPAN_LIST)
        return false;
    whole.end = list->start + list->length;
    at = list->start + 1;
    while ((at = next_item(&whole, at, *count == 0, ']', &end)) && (at = skip_value(&whole, at, &element))) {
        if (!(*count)++)
            *first = element;
    }
    return end != NULL;
}

bool capauth__skim_next(const struct capauth__span *list, struct capauth__span *element)
{
    const struct text whole = {.end = list->start + list->length, .depth = 1};
    const char *end;
    const char *at = element->start ? element->start + element->length : list->start + 1;

    at = next_item(&whole, at, !element->start, ']', &end);
    return at && skip_value(&whole, at, element);
}

bool capauth__skim_value(const char *text, size_t length, struct capauth__span *value)
{
    const struct text whole = {.end = text + length};
    const char *end = skip_value(&whole, skip_space(&whole, text), value);

    return end && skip_space(&whole, end) == whole.end;
}
