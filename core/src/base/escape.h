/* SPDX-License-Identifier: Apache-2.0 */
/* The escapes of JSON's strings. */
#ifndef CAPAUTH_ESCAPE_H
#define CAPAUTH_ESCAPE_H

#include "base/secret.h"

/* Undoes them wherever there are some, to the end of `length`, and appends what comes out; what is no escape stays.
 * There may be NULs in it. false: no memory. */
bool capauth__unescape(const char *text, size_t length, struct capauth__buffer *out);

/* Behind the quote that begins a string of JSON: its closing quote, or the end of the text. */
const char *capauth__string_end(const char *text);

#endif
