/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void capauth__wipe(void *memory, size_t length)
{
    if (!memory || !length)
        return;
    memset(memory, 0, length);
    /* Tells the compiler that somebody reads it now; Android has no explicit_bzero. */
    __asm__ __volatile__("" : : "r"(memory) : "memory");
}

char *capauth__duplicate_bytes(const char *bytes, size_t length)
{
    char *copy = malloc(length + 1);

    if (copy) {
        memcpy(copy, bytes, length);
        copy[length] = '\0';
    }
    return copy;
}

char *capauth__duplicate(const char *text)
{
    return capauth__duplicate_bytes(text, strlen(text));
}

void capauth__wipe_free(char **text)
{
    if (*text) {
        capauth__wipe(*text, strlen(*text));
        free(*text);
        *text = NULL;
    }
}

bool capauth__replace(char **slot, const char *text)
{
    char *copy = NULL;

    if (text && !(copy = capauth__duplicate(text)))
        return false;
    capauth__wipe_free(slot);
    *slot = copy;
    return true;
}

/* realloc would leave the old bytes behind. */
static bool buffer_grow(struct capauth__buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    char *data;

    while (capacity < needed)
        capacity *= 2;
    if (!(data = malloc(capacity)))
        return false;
    if (buffer->data) {
        memcpy(data, buffer->data, buffer->length);
        capauth__wipe(buffer->data, buffer->length);
        free(buffer->data);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool capauth__buffer_reserve(struct capauth__buffer *buffer, size_t capacity)
{
    if (!buffer->failed && capacity > buffer->capacity)
        buffer->failed = !buffer_grow(buffer, capacity);
    return !buffer->failed;
}

bool capauth__buffer_append(struct capauth__buffer *buffer, const void *bytes, size_t length)
{
    if (buffer->failed)
        return false;
    if ((buffer->limit && length > buffer->limit - buffer->length) ||
        ((!buffer->data || buffer->length + length + 1 > buffer->capacity) &&
         !buffer_grow(buffer, buffer->length + length + 1))) {
        buffer->failed = true;
        return false;
    }
    if (length)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return true;
}

bool capauth__buffer_text(struct capauth__buffer *buffer, const char *text)
{
    return capauth__buffer_append(buffer, text, strlen(text));
}

bool capauth__buffer_number(struct capauth__buffer *buffer, long long number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", number);

    return capauth__buffer_append(buffer, digits, (size_t)length);
}

void capauth__buffer_clear(struct capauth__buffer *buffer)
{
    capauth__wipe(buffer->data, buffer->length);
    buffer->length = 0;
    buffer->failed = false;
}

void capauth__buffer_free(struct capauth__buffer *buffer)
{
    size_t limit = buffer->limit;

    capauth__wipe(buffer->data, buffer->length);
    free(buffer->data);
    *buffer = (struct capauth__buffer){.limit = limit};
}

char *capauth__buffer_take(struct capauth__buffer *buffer)
{
    char *text = NULL;

    if (!buffer->failed && (buffer->data || capauth__buffer_text(buffer, ""))) {
        text = buffer->data;
        *buffer = (struct capauth__buffer){.limit = buffer->limit};
    } else {
        capauth__buffer_free(buffer);
    }
    return text;
}

static bool is_inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The most bytes of the text, up to `most`, that do not end inside a character of UTF-8. */
static size_t whole_characters(const char *text, size_t most)
{
    size_t length = strlen(text);

    if (length <= most)
        return length;
    for (length = most; length && is_inside_character(text[length]); length--)
        ;
    return length;
}

void capauth__mask(const char *identifier, char *out, size_t size)
{
    size_t length = strlen(identifier);
    const char *at = strchr(identifier, '@');
    size_t first_shown;
    size_t last_shown;

    if (at && at > identifier) {
        snprintf(out, size, "%.*s***%.*s", (int)whole_characters(identifier, 1), identifier,
                 (int)whole_characters(at, 64), at);
        return;
    }
    first_shown = whole_characters(identifier, length >= 10 ? 4 : length >= 6 ? 2 : 0);
    for (last_shown = length >= 6 ? length - 2 : length; is_inside_character(identifier[last_shown]); last_shown++)
        ;
    for (size_t i = 0; i < length && i + 1 < size; i++)
        out[i] = '*';
    out[length < size ? length : size - 1] = '\0';
    if (length < size) {
        memcpy(out, identifier, first_shown);
        memcpy(out + last_shown, identifier + last_shown, length - last_shown);
    }
}
