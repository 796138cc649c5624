/* SPDX-License-Identifier: Apache-2.0 */
/* What a text may be that the application hands over. */
#ifndef CAPAUTH_TEXT_H
#define CAPAUTH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    CAPAUTH__CHANNEL_LONGEST = 64,
    CAPAUTH__IDENTITY_LONGEST = 256,
    CAPAUTH__DEVICE_LONGEST = 512, /* some applications take their user agent */
    CAPAUTH__SECRET_LONGEST = 1024,
    CAPAUTH__URL_LONGEST = 2048,
    CAPAUTH__PATH_LONGEST = 4096, /* of a file; also of all pins together */
    CAPAUTH__VALUE_LONGEST = 8192, /* of a header or of a query */
    CAPAUTH__TOKEN_LONGEST = 16384,
    CAPAUTH__EXPORT_LONGEST = 4 << 20,
    CAPAUTH__PEM_LONGEST = 16 << 20 /* of all authorities together */
};

/* What lists of allowed characters are put together from. The unreserved ones are RFC 3986's. */
#define CAPAUTH__ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define CAPAUTH__UNRESERVED CAPAUTH__ALPHANUMERIC "-._~"

/* NULL, or what is wrong with it: "is missing", "is longer than 256 bytes", "is not UTF-8", ... */
const char *capauth__text_fault(const char *text, size_t longest);
/* The same for a password, which may have any character, a tab too. */
const char *capauth__password_fault(const char *password);
/* Of a text that may have any bytes, its length alone: nothing beyond the limit is looked at. */
const char *capauth__length_fault(const char *text, size_t longest);

/* Of ASCII alone, whatever the locale says: in Turkish, I is not the capital of i. */
bool capauth__ascii_equal(const char *a, const char *b);
/* In place. */
void capauth__ascii_lower(char *text);

/* Makes a text from outside fit to be shown: control characters become spaces (C0, DEL and C1), and so does what makes
 * terminals and log viewers show a text in another order than it has, or on two lines. Valid UTF-8 stays valid. */
void capauth__text_tame(char *text);

/* Takes off a last character that was cut in half. */
void capauth__text_trim(char *text);

/* How many bytes the character at `text` has; 0 if it is not one of UTF-8's (too long, a surrogate, cut off). */
size_t capauth__utf8_length(const char *text);

static inline bool capauth__is_plain(char c)
{
    return c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* Of eight bytes that are looked at together: most texts are long and plain. */
static inline size_t capauth__plain_of_eight(const char *text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t bytes, backslashes, others;
    size_t plain = 0;

    memcpy(&bytes, text, sizeof bytes);
    backslashes = bytes ^ ones * '\\';
    /* In each byte the highest bit: set already, or by a borrow below 0x21, where the 2 brings a quote and keeps all
     * that are below 0x20; or by one from what was made 0. */
    others = (bytes | ((bytes ^ ones * 2) - ones * 0x21) | (backslashes - ones)) & ones * 0x80;
    if (!others)
        return sizeof bytes;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    plain = (size_t)__builtin_ctzll(others) / 8; /* borrows go upwards, away from the first byte */
#else
    while (capauth__is_plain(text[plain]))
        plain++;
#endif
    return plain;
}

/* How many bytes at the beginning are printable ASCII but " and \, which JSON writes as they are. */
static inline size_t capauth__plain_prefix(const char *text, size_t length)
{
    size_t at = 0;

    while (length - at >= 8) {
        size_t plain = capauth__plain_of_eight(text + at);

        at += plain;
        if (plain < 8)
            return at;
    }
    while (at < length && capauth__is_plain(text[at]))
        at++;
    return at;
}

#endif
