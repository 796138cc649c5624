/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

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

const char *capauth__text_fault(const char *text, size_t longest)
{
    size_t length = 0;
    size_t step;

    if (!text)
        return "is missing";
    if (!*text)
        return "is empty";
    for (; text[length]; length += step) {
        if ((unsigned char)text[length] < 0x20 || text[length] == 0x7f)
            return "has a control character";
        if (!(step = capauth__utf8_length(text + length)))
            return "is not UTF-8";
        if (length + step > longest)
            return longest == CAPAUTH__IDENTITY_LONGEST ? "is longer than 256 bytes" : "is too long";
    }
    return NULL;
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

void capauth__text_trim(char *text)
{
    size_t step;

    while ((step = *text ? capauth__utf8_length(text) : 0))
        text += step;
    *text = '\0';
}
