/* SPDX-License-Identifier: Apache-2.0 */
/* A sign-in, member by member, as texts: what an operation changed, and that it changed nothing else, is one line. */
#ifndef VALUES_PICTURE_H
#define VALUES_PICTURE_H

#include "protocol/state.h"

enum { PICTURE_ROWS = 32 };

struct picture {
    const char *name[PICTURE_ROWS];
    char value[PICTURE_ROWS][320];
};

/* A sign-in in which everything is set, to something that no operation would set it to. */
struct capauth__state full_state(int flow);

struct picture picture_of(const struct capauth__state *state);
/* "token=T2 key=-": the members that differ, as they are in the second; "-" is NULL. Valid until the next call. */
const char *picture_differences(const struct picture *before, const struct picture *after);

#endif
