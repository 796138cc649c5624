/* SPDX-License-Identifier: Apache-2.0 */
/* Base64url, as tokens are written. */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

#include "base/secret.h"

static inline void append_base64(struct capauth__buffer *out, const void *bytes, size_t size)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *from = bytes;

    for (size_t i = 0; i < size; i += 3) {
        unsigned bits = 0;

        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < size ? from[i + j] : 0U);
        for (size_t j = 0; j < 4 && i + j <= size; j++)
            capauth__buffer_append(out, &alphabet[bits >> (18 - 6 * j) & 63], 1);
    }
}

#endif
