/* Tokens that were expired before their time. */
#ifndef EMULATOR_REVOKED_H
#define EMULATOR_REVOKED_H

#include "map.h"

#include <stdbool.h>
#include <stdint.h>

struct revoked {
    struct map by_id; /* a token's signature -> when it would have expired */
    size_t sweep_at;
};

void revoked_add(struct revoked *revoked, const char *token_id, int64_t expires_at, int64_t now_s);
bool revoked_has(const struct revoked *revoked, const char *token_id);
/* Drops those that have expired anyway. */
void revoked_sweep(struct revoked *revoked, int64_t now_s);
void revoked_forget(struct revoked *revoked);

#endif
