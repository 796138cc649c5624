/* Passwords, OTPs, tokens and keys in what is shown: a mask in their place. */
#ifndef EMULATOR_MASK_H
#define EMULATOR_MASK_H

#include <stddef.h>

struct text;

#define MASK "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2" /* four bullets */

/* Adds a list of [name, value], given as JSON, without the secrets. */
void mask_headers(const char *headers, struct text *masked);
/* Adds a body without its secrets. Of a body that is not JSON nothing is known: all of it is masked. */
void mask_body(const char *body, size_t length, struct text *masked);

#endif
