/* SPDX-License-Identifier: Apache-2.0 */
/* Threads whose tokens expire under them: each token is regenerated once, whoever asks, gives up or looks. */
#ifndef STRESS_FLEET_H
#define STRESS_FLEET_H

#include "dice.h"
#include "support.h"

/* How many regenerations there were. */
int fleet_round(const struct emulator *emulator, struct dice *dice);

#endif
