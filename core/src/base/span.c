/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the values that skim.c has found. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/skim.h"
#include "base/text.h"

enum { LONGEST_NUMBER = 40, ROOM = 512 };

/* For who frees it; NULL: there was no memory, for what it is given is valid. */
static capauth__json *by_json_c(const struct capauth__span *span)
{
    struct capauth__buffer text = {0};
    capauth__json *value = NULL;

    if (capauth__buffer_append(&text, span->start, span->length))
        (void)capauth__json_parse(text.data, text.length, &value);
    capauth__buffer_free(&text);
    return value;
}

static bool append_text(const char *text, struct capauth__buffer *out)
{
    return text && capauth__buffer_append(out, text, strlen(text) + 1);
}

/* A text that is not plain: by json.h's reader for it. */
static bool read_text(const struct capauth__span *span, const char *(*reader)(const capauth__json *value),
                      struct capauth__buffer *out)
{
    capauth__json *value = by_json_c(span);
    bool read;

    if (!value)
        out->failed = true; /* it is valid: so there was no memory */
    read = append_text(reader(value), out);
    capauth__json_free(value);
    return read;
}

static bool append_plain(const struct capauth__span *span, struct capauth__buffer *out)
{
    return capauth__buffer_append(out, span->start + 1, span->length - 2) && capauth__buffer_append(out, "", 1);
}

bool capauth__span_text(const struct capauth__span *span, struct capauth__buffer *out)
{
    if (span->kind != CAPAUTH__SPAN_TEXT || span->length == 2)
        return false;
    if (!span->plain)
        return read_text(span, capauth__json_text, out);
    return !memchr(span->start, 0x7f, span->length) && append_plain(span, out);
}

void capauth__span_copy(const struct capauth__span *span, char *out, size_t size, bool *no_memory)
{
    char room[ROOM];
    struct capauth__buffer text = {.data = room, .capacity = sizeof room};
    struct capauth__buffer grown = {0};
    struct capauth__buffer *used = span->length < sizeof room ? &text : &grown;

    if (capauth__span_text(span, used) && used->length <= size)
        memcpy(out, used->data, used->length);
    *no_memory = *no_memory || used->failed;
    capauth__wipe(room, text.length);
    capauth__buffer_free(&grown);
}

bool capauth__span_message(const struct capauth__span *span, struct capauth__buffer *out)
{
    size_t start = out->length;

    if (span->kind != CAPAUTH__SPAN_TEXT || span->length == 2)
        return false;
    if (!span->plain)
        return read_text(span, capauth__json_message, out);
    if (!append_plain(span, out))
        return false;
    capauth__text_tame(out->data + start);
    return true;
}

bool capauth__span_is_empty(const struct capauth__span *span)
{
    return span->kind == CAPAUTH__SPAN_NONE || (span->kind == CAPAUTH__SPAN_TEXT && span->length == 2);
}

/* Of a text that is a number: strtoll knows the whole ones, strtod would know the locale's comma. */
static bool integer_in_text(const char *text, int64_t *number, bool *no_memory)
{
    struct capauth__span span;
    long long parsed;
    char *end;

    errno = 0;
    parsed = strtoll(text, &end, 10);
    if (!errno && !*end && end != text) {
        *number = parsed;
        return true;
    }
    return strlen(text) <= LONGEST_NUMBER && strpbrk(text, ".eE") && capauth__skim_value(text, strlen(text), &span) &&
           span.kind == CAPAUTH__SPAN_NUMBER && capauth__span_integer(&span, number, no_memory);
}

bool capauth__span_integer(const struct capauth__span *span, int64_t *number, bool *no_memory)
{
    char text[ROOM] = "";
    capauth__json *value;
    bool read;

    if (span->kind == CAPAUTH__SPAN_TEXT) {
        capauth__span_copy(span, text, sizeof text, no_memory);
        return integer_in_text(text, number, no_memory);
    }
    if (span->kind != CAPAUTH__SPAN_NUMBER)
        return false;
    if (span->plain) {
        *number = 0;
        for (size_t i = 0; i < span->length; i++)
            *number = *number * 10 + (span->start[i] - '0');
        return true;
    }
    value = by_json_c(span);
    *no_memory = *no_memory || !value;
    read = capauth__json_integer(value, number);
    capauth__json_free(value);
    return read;
}

int capauth__span_boolean(const struct capauth__span *span, int fallback, bool *no_memory)
{
    char text[ROOM] = "";
    int64_t number;

    if (span->kind == CAPAUTH__SPAN_TRUE || span->kind == CAPAUTH__SPAN_FALSE)
        return span->kind == CAPAUTH__SPAN_TRUE;
    if (span->kind == CAPAUTH__SPAN_TEXT)
        capauth__span_copy(span, text, sizeof text, no_memory);
    if (!strcmp(text, "true"))
        return 1;
    if (!strcmp(text, "false"))
        return 0;
    if (capauth__span_integer(span, &number, no_memory) && (number == 0 || number == 1))
        return (int)number;
    return fallback;
}
