/* Tokens that were expired before their time. */
#ifndef EMULATOR_REVOKED_H
#define EMULATOR_REVOKED_H

#include "map.h"

#include <stdbool.h>
#include <stdint.h>

struct revoked {
    struct map by_id; /* a token's signature -> when it would have expired */
};

/* Kept also when it has expired, since the clock can be moved back; only a great many of them make room. */
void revoked_add(struct revoked *revoked, const char *token_id, int64_t expires_at, int64_t now_s);
bool revoked_has(const struct revoked *revoked, const char *token_id);
void revoked_clear(struct revoked *revoked);

#endif
