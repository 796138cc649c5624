#include "issued.h"

#include "emulator.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { PLAIN = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };

static void free_token(struct issued_token *token)
{
    free(token->customer_id);
    free(token->token);
    memset(token, 0, sizeof *token);
}

void issued_add(struct issued *issued, const struct brand *brand, const char *customer_id, const char *token)
{
    struct issued_token *slot = &issued->kept[issued->count++ % ISSUED_KEPT];
    free_token(slot);
    slot->brand = brand;
    slot->customer_id = text_copy(customer_id);
    slot->token = text_copy(token);
}

static void write_token(const struct emulator *emulator, const struct issued_token *token, uint64_t number,
                        const struct jwt *jwt, struct text *json)
{
    bool revoked = revoked_has(&emulator->revoked, jwt->signature);
    text_add_format(json, "{\"id\":%llu,\"brand\":", (unsigned long long)number);
    text_add_json(json, token->brand->name);
    text_add_string(json, ",\"customerId\":");
    text_add_json(json, token->customer_id);
    text_add_format(json, ",\"kind\":\"%s\",\"ended\":%s", strcmp(jwt->role, "AUTH") == 0 ? "key" : "token",
                    revoked ? "true" : "false");
    text_add_format(json, ",\"header\":%s", json_object_to_json_string_ext(jwt->header, PLAIN));
    text_add_format(json, ",\"claims\":%s}", json_object_to_json_string_ext(jwt->payload, PLAIN));
}

void issued_write(const struct emulator *emulator, const struct brand *only, unsigned most, struct text *json)
{
    const struct issued *issued = &emulator->issued;
    uint64_t oldest = issued->count > ISSUED_KEPT ? issued->count - ISSUED_KEPT : 0;
    unsigned written = 0;
    text_add_string(json, "[");
    for (uint64_t at = issued->count; at > oldest && written < most; at--) {
        const struct issued_token *token = &issued->kept[(at - 1) % ISSUED_KEPT];
        struct jwt jwt;
        if (!token->brand || (only && token->brand != only) || !jwt_read(emulator->signer, token->token, &jwt))
            continue;
        text_add_string(json, written++ ? "," : "");
        write_token(emulator, token, at, &jwt, json);
        jwt_free(&jwt);
    }
    text_add_string(json, "]");
}

void issued_revoke(struct emulator *emulator, const struct customer *customer)
{
    for (size_t i = 0; i < ISSUED_KEPT; i++) {
        const struct issued_token *token = &emulator->issued.kept[i];
        struct jwt jwt;
        if (token->brand != customer->brand || strcmp(token->customer_id, customer->id) != 0 ||
            !jwt_read(emulator->signer, token->token, &jwt))
            continue;
        if (strcmp(jwt.role, "AUTH") != 0)
            revoked_add(&emulator->revoked, jwt.signature, jwt.expires_at,
                        brand_now_ms(emulator, customer->brand) / 1000);
        jwt_free(&jwt);
    }
}

void issued_clear(struct issued *issued, const struct brand *brand)
{
    for (size_t i = 0; i < ISSUED_KEPT; i++)
        if (!brand || issued->kept[i].brand == brand)
            free_token(&issued->kept[i]);
}
