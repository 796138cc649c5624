/* SPDX-License-Identifier: Apache-2.0 */
/* A sign-in as one JSON text, and back: core/export-format.md says what is in it. */
#ifndef CAPAUTH_EXPORT_H
#define CAPAUTH_EXPORT_H

#include "protocol/state.h"

/* The text, which is the caller's to wipe and free. `origin` may be NULL: not set yet. NULL: no memory. */
char *capauth__export_write(const struct capauth__state *state, const char *origin);

/* What a text says, beside the state in it. */
struct capauth__export {
    struct capauth__state state; /* to be wiped in every case */
    char *origin; /* as it was written, to be freed in every case */
    char fault[96]; /* room for a `why` that names a member */
};

/* CAPAUTH_OK, CAPAUTH_E_NO_MEMORY, or CAPAUTH_E_INVALID_ARGUMENT: *why says what is wrong, to follow "the export ", for
 * as long as `export` is there. Whether the origin is the right one is the caller's to judge. `text` may be NULL. */
int capauth__export_read(const char *text, struct capauth__export *export, const char **why);
void capauth__export_free(struct capauth__export *export);

#endif
