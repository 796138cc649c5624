/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

size_t capauth__utf8_length(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
        (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

static const char *too_long(size_t longest)
{
    switch (longest) {
    case CAPAUTH__CHANNEL_LONGEST:
        return "is longer than 64 bytes";
    case CAPAUTH__IDENTITY_LONGEST:
        return "is longer than 256 bytes";
    case CAPAUTH__DEVICE_LONGEST:
        return "is longer than 512 bytes";
    case CAPAUTH__SECRET_LONGEST:
        return "is longer than 1024 bytes";
    case CAPAUTH__URL_LONGEST:
        return "is longer than 2048 bytes";
    case CAPAUTH__PATH_LONGEST:
        return "is longer than 4096 bytes";
    case CAPAUTH__VALUE_LONGEST:
        return "is longer than 8192 bytes";
    case CAPAUTH__TOKEN_LONGEST:
        return "is longer than 16384 bytes";
    case CAPAUTH__EXPORT_LONGEST:
        return "is longer than 4 MiB";
    case CAPAUTH__PEM_LONGEST:
        return "is longer than 16 MiB";
    default:
        return "is too long";
    }
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static const char *fault_of(const char *text, size_t longest, bool controls_too)
{
    size_t length = 0;
    size_t width;

    if (!text)
        return "is missing";
    if (!*text)
        return "is empty";
    for (; text[length]; length += width) {
        if (!controls_too && is_control(text[length]))
            return "has a control character";
        if (!(width = capauth__utf8_length(text + length)))
            return "is not UTF-8";
        if (length + width > longest)
            return too_long(longest);
    }
    return NULL;
}

const char *capauth__text_fault(const char *text, size_t longest)
{
    return fault_of(text, longest, false);
}

const char *capauth__password_fault(const char *password)
{
    return fault_of(password, CAPAUTH__SECRET_LONGEST, true);
}

const char *capauth__length_fault(const char *text, size_t longest)
{
    return strnlen(text, longest + 1) > longest ? too_long(longest) : NULL;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool capauth__ascii_equal(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

void capauth__ascii_lower(char *text)
{
    for (; *text; text++)
        *text = lower(*text);
}

/* Marks, embeddings, overrides and isolates of the bidirectional algorithm; line and paragraph separators. */
static bool changes_order(uint32_t character)
{
    return character == 0x061c || (character >= 0x200e && character <= 0x200f) ||
           (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

/* Of one or two or three bytes; the others are nothing to worry about. */
static uint32_t character_at(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;

    return length == 1   ? at[0]
           : length == 2 ? (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU)
           : length == 3 ? (at[0] & 0x0fU) << 12 | (at[1] & 0x3fU) << 6 | (at[2] & 0x3fU)
                         : 'x';
}

void capauth__text_tame(char *text)
{
    size_t length;

    for (; *text; text += length) {
        uint32_t character;

        length = capauth__utf8_length(text);
        length = length ? length : 1;
        character = character_at(text, length);
        if (character < 0x20 || character == 0x7f || (length == 2 && character < 0xa0) || changes_order(character))
            memset(text, ' ', length);
    }
}

void capauth__text_trim(char *text)
{
    size_t width;

    while ((width = *text ? capauth__utf8_length(text) : 0))
        text += width;
    *text = '\0';
}
