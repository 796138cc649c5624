/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"

#include <stdint.h>
#include <string.h>

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The four digits of \uXXXX; -1: there are none. */
static int32_t code_unit(const char *text, const char *end)
{
    int32_t unit = 0;

    if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(text[i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static void put_character(struct capauth__buffer *out, int32_t character)
{
    char bytes[4];
    size_t length;

    if (character < 0x80) {
        bytes[0] = (char)character;
        length = 1;
    } else if (character < 0x800) {
        bytes[0] = (char)(0xc0 | character >> 6);
        bytes[1] = (char)(0x80 | (character & 0x3f));
        length = 2;
    } else if (character < 0x10000) {
        bytes[0] = (char)(0xe0 | character >> 12);
        bytes[1] = (char)(0x80 | (character >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (character & 0x3f));
        length = 3;
    } else {
        bytes[0] = (char)(0xf0 | character >> 18);
        bytes[1] = (char)(0x80 | (character >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (character >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (character & 0x3f));
        length = 4;
    }
    capauth__buffer_append(out, bytes, length);
}

/* \uXXXX, or two of them for one character; gives how long it was, 0 for none. */
static size_t put_unicode(struct capauth__buffer *out, const char *text, const char *end)
{
    int32_t unit = code_unit(text, end);
    int32_t low = unit >= 0xd800 && unit < 0xdc00 ? code_unit(text + 6, end) : -1;

    if (unit < 0)
        return 0;
    if (low >= 0xdc00 && low < 0xe000) {
        put_character(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return 12;
    }
    put_character(out, unit);
    return 6;
}

/* The escape at `text`; gives how long it was, 0 when it is none. */
static size_t put_escape(struct capauth__buffer *out, const char *text, const char *end)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char *found = text + 1 < end && text[1] ? strchr(names, text[1]) : NULL;

    if (!found)
        return put_unicode(out, text, end);
    capauth__buffer_append(out, &values[found - names], 1);
    return 2;
}

bool capauth__unescape(const char *text, size_t length, struct capauth__buffer *out)
{
    const char *end = text + length;

    while (text < end) {
        const char *escape = memchr(text, '\\', (size_t)(end - text));
        const char *stop = escape ? escape : end;
        size_t taken;

        capauth__buffer_append(out, text, (size_t)(stop - text));
        if (!escape)
            break;
        taken = put_escape(out, escape, end);
        if (!taken)
            capauth__buffer_append(out, escape, 1);
        text = escape + (taken ? taken : 1);
    }
    return capauth__buffer_append(out, "", 0);
}

const char *capauth__string_end(const char *text)
{
    for (;;) {
        text += strcspn(text, "\"\\");
        if (*text != '\\')
            return text;
        text += text[1] ? 2 : 1;
    }
}
