/* Customers, their sessions and tokens, and the clocks, as the page shows them. */
#ifndef EMULATOR_OVERVIEW_H
#define EMULATOR_OVERVIEW_H

#include "emulator.h"

/* Adds {"nowMs","held","brands":[...],"customers":[...],"sessions":[...],"tokens":[...]}: the newest few hundred of
 * each, of one brand or with NULL of all. No password, OTP, token or key is in it. */
void overview_write(const struct emulator *emulator, const struct brand *only, struct text *json);

#endif
