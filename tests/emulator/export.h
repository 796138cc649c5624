/* What there is, in the words of the brand file: brands, customers, gateway replies. */
#ifndef EMULATOR_EXPORT_H
#define EMULATOR_EXPORT_H

#include "emulator.h"

/* The bodies that a PUT of the same would have. With a brand, an entry of the file: it says whose it is. */
void export_customer(const struct customer *customer, bool as_entry, struct text *json);
void export_gateway(const struct brand *brand, const char *endpoint, const struct gateway_reply *configured,
                    bool as_entry, struct text *json);
/* The lists, of one brand or with NULL of all: [...] */
void export_customers(const struct emulator *emulator, const struct brand *only, struct text *json);
void export_gateways(const struct emulator *emulator, const struct brand *only, struct text *json);
/* {NAME:{...}}, with the settings that are not at their default. */
void export_brands(const struct emulator *emulator, struct text *json);
/* The whole file. The secret that keys are signed with is in it only if it is given. */
void export_file(const struct emulator *emulator, const char *secret, struct text *json);

#endif
