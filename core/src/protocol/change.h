/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the operations move a sign-in on: values in, values out. Every change is computed as a new state beside the old
 * one, and then swapped in whole, so that it happens wholly or not at all.
 */
#ifndef CAPAUTH_CHANGE_H
#define CAPAUTH_CHANGE_H

#include "protocol/reply.h"
#include "protocol/state.h"

/* An operation that has ended, as far as a sign-in is concerned. */
struct capauth__ending {
    enum capauth__operation operation;
    enum capauth__brings brings;
    int outcome;
    bool maybe_sent;
    const struct capauth__reply *reply; /* of a success */
    char *new_value; /* of identifier update. The new state takes this and the next over, and leaves NULL */
    char *fallback_channel; /* of OTP generate */
    int64_t now_ms; /* on the server's clock */
};

/*
 * Each of these computes the state that comes after `state`, in `next`, which shares the texts that stay. Then exactly
 * one of _swap and _discard must follow. CAPAUTH_E_NO_MEMORY: there is no `next`, and nothing has changed.
 */
int capauth__state_after(const struct capauth__state *state, struct capauth__ending *ending,
                         struct capauth__state *next);
/* After a sign-out: who it is stays, and nothing else. */
void capauth__state_after_sign_out(const struct capauth__state *state, struct capauth__state *next);
/* All of `other`, as a new sign-in; its texts move over. */
void capauth__state_after_reload(const struct capauth__state *state, struct capauth__state *other,
                                 struct capauth__state *next);
/* A newer key, which makes the one before useless, out of a reply that otherwise comes too late. */
int capauth__state_after_key(const struct capauth__state *state, const char *key, struct capauth__state *next);

/* `next` is the state from now on. Wipes what is no longer needed of the one before. */
void capauth__state_swap(struct capauth__state *state, struct capauth__state *next);
void capauth__state_discard(const struct capauth__state *state, struct capauth__state *next);

/* Whether what became of a token regenerate ends the sign-in. */
bool capauth__regeneration_is_refused(int outcome);
/* After identifier update was lost, a refused regeneration is tried once more with the other identifier. */
bool capauth__state_regenerates_as_other(const struct capauth__state *state, enum capauth__operation operation,
                                         int outcome);

#endif
