/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that a seed makes again. Each thread has its own. */
#ifndef STRESS_DICE_H
#define STRESS_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* 0 to below - 1 */
static inline int roll(struct dice *dice, int below)
{
    uint64_t mixed = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (int)((mixed >> 33) % (uint64_t)below);
}

static inline bool one_in(struct dice *dice, int many)
{
    return roll(dice, many) == 0;
}

#endif
