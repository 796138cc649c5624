/* The last tokens and keys that were issued, so that the page can show them and end them. */
#ifndef EMULATOR_ISSUED_H
#define EMULATOR_ISSUED_H

#include "brand.h"

#include <stdint.h>

struct emulator;
struct text;

enum { ISSUED_KEPT = 1000 };

struct issued {
    struct issued_token {
        const struct brand *brand; /* NULL: no token */
        char *customer_id, *token;
    } kept[ISSUED_KEPT];
    uint64_t count; /* ever added */
};

void issued_add(struct issued *issued, const struct brand *brand, const char *customer_id, const char *token);
/* Adds the last `most` of one brand, or with NULL of all, newest first: a JSON list of what they say. */
void issued_write(const struct emulator *emulator, const struct brand *only, unsigned most, struct text *json);
/* Ends all tokens of a customer before their time; the keys stay valid. */
void issued_revoke(struct emulator *emulator, const struct customer *customer);
/* Of one brand, or with NULL all. */
void issued_clear(struct issued *issued, const struct brand *brand);

#endif
