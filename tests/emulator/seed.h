/* Brands, customers and gateway replies from JSON: by PUT, and from the brand file. */
#ifndef EMULATOR_SEED_H
#define EMULATOR_SEED_H

#include "emulator.h"

#include <stdbool.h>

struct text;

/* Each is false, with the reason in `error` and nothing changed, when the object is invalid. */
bool seed_brand(struct emulator *emulator, const char *name, struct json_object *settings, struct text *error);
bool seed_customer(struct emulator *emulator, const char *brand, const char *type, const char *value,
                   struct json_object *object, struct text *error);
bool seed_gateway(struct emulator *emulator, const char *brand, const char *endpoint, struct json_object *object,
                  struct text *error);

/* Which part of the file an error is about: a list and an index, or "brands" and a name, or nothing of these. */
struct seed_place {
    const char *list;
    size_t index;
    const char *brand;
};

/* {"brands":{NAME:{...}},"customers":[...],"gateway":[...]}, and a "secret" in a saved state. */
bool seed_file(struct emulator *emulator, struct json_object *file, struct seed_place *place, struct text *error);
/* Where in the file's text that is: the member that the reason names last, or what holds it. */
size_t seed_offset(const char *json, const struct seed_place *place, const char *reason);
/* The customers and gateway replies of the brand file once more, after a reset: of one brand, or of all. */
void seed_again(struct emulator *emulator, const struct brand *only);
/* The brands that there are without a brand file. */
void seed_defaults(struct emulator *emulator);

/* The members that a customer and a gateway reply may have; NULL behind the last. */
extern const char *const customer_members[];
extern const char *const gateway_members[];

struct brand *seed_known_brand(struct emulator *emulator, const char *name, struct text *error);

#endif
