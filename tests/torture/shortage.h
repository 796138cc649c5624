/* SPDX-License-Identifier: Apache-2.0 */
/* When memory runs out: the rule that the arena asks before each allocation of the process. */
#ifndef SHORTAGE_H
#define SHORTAGE_H

#include <stdbool.h>

enum { PLACE_DEEPEST = 32 };

struct shortage {
    bool ours_only; /* what the core asks for itself; else json-c's, libcurl's, OpenSSL's and the C library's too */
    bool lasts; /* from that allocation on; else it alone */
    long nth; /* the first is 1 */
};

/* Addresses in code, the innermost first. */
struct place {
    void *at[PLACE_DEEPEST];
    int depth;
};

/* Once, before anything else: where the core's code lies. false: the core is not a shared library here. */
bool shortage_find_core(void);
void shortage_begin(const struct shortage *shortage);
void shortage_end(void);
/* For a look in between, which is neither counted nor refused. */
void shortage_pause(bool paused);
/* How many allocations were asked for between the two; of `ours_only` only those. */
long shortage_asked(void);
/* Where the first was refused. depth 0: none was. */
const struct place *shortage_struck(void);

#endif
