/* SPDX-License-Identifier: Apache-2.0 */
/* Where a customer's sign-in stands: who it is, what the Auth Engine gave, what may come next. Values only. */
#ifndef CAPAUTH_STATE_H
#define CAPAUTH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <capauth/capauth.h>

#include "protocol/identity.h"
#include "protocol/operation.h"
#include "protocol/token.h"

/* What is known of the last OTP. */
struct capauth__otp {
    int64_t sent_at_ms; /* 0: none was sent */
    int wrong_answers;
    char *channel;
    char destination[320]; /* masked */
};

/*
 * Which sign-in, token and key there are: the numbers of the changes that brought them. An operation notes them when it
 * starts, so that its answer can be told from one for what the session has left behind.
 */
struct capauth__stamp {
    uint64_t sign_in;
    uint64_t token;
    uint64_t key;
};

struct capauth__state {
    struct capauth__identity identity;
    char *session_id; /* from token generate until an OTP or password is accepted */
    char *token;
    char *key;
    char *authorized_token; /* MFA: the first factor's token */
    struct capauth__claims claims; /* of the token */
    int app_registered; /* 1, 0, or -1: not said; so the next */
    int registered_for_password;
    int next_step; /* CAPAUTH_STEP_... */
    struct capauth__otp otp;
    bool refresh_off; /* the token was expired on purpose: exports say so, though without a token it decides nothing */
    bool validate_unknown; /* the answer to an OTP or password was lost */
    char *other_identifier; /* the answer to identifier update was lost: this may be the right one instead of ours */
    char *unknown_members; /* of a restored export, to be exported again */
    uint64_t changes; /* counts them; only stamps are made of it */
    struct capauth__stamp stamp;
};

void capauth__state_init(struct capauth__state *state, int flow);
/* Wipes and frees its texts. */
void capauth__state_wipe(struct capauth__state *state);

/* ---- Its texts, one row each: what an export carries, and how long it may be ---- */

struct capauth__state_text {
    const char *name; /* in an export */
    size_t offset;
    size_t longest;
};

const struct capauth__state_text *capauth__state_texts(size_t *count);
char **capauth__state_slot(struct capauth__state *state, const struct capauth__state_text *text);
/* The same by number, beginning with 0, and with unknown_members too; NULL: there are no more. */
char **capauth__state_slot_at(struct capauth__state *state, size_t index);
/* Whether this very text is one of the state's; a NULL is nowhere. */
bool capauth__state_holds(const struct capauth__state *state, const char *text);

/* ---- What it says ---- */

/* There is a token, and its role is none of VIEW, MFA_PENDING, AUTH. Mere expiry does not end it. */
bool capauth__state_signed_in(const struct capauth__state *state);
/* There is something that token regenerate could send. VIEW and MFA_PENDING tokens are never regenerated. */
bool capauth__state_can_regenerate(const struct capauth__state *state);
/* When the token expires; 0: there is none, or it does not say. */
int64_t capauth__state_expires_at_ms(const struct capauth__state *state);

/* Why an operation cannot be sent. */
struct capauth__fault {
    int code; /* CAPAUTH_OK: nothing is wrong */
    const char *argument; /* the name of what is wrong; NULL: no argument is */
    const char *message; /* goes on after the argument's name, where there is one; NULL: the code says it all */
};

/* Whether there is all that a request with these fields (CAPAUTH__F_...) must send. Nothing else is refused here: the
 * rest is for the Auth Engine to say. */
struct capauth__fault capauth__state_lacks(const struct capauth__state *state, enum capauth__operation operation,
                                           unsigned fields);

/* Whether an answer is for a sign-in that is over or, where it is about one token, for a token that was replaced. */
bool capauth__state_is_past(const struct capauth__state *state, const struct capauth__stamp *seen, bool about_token);
/* By the customer id where both know it, else by the identifiers. */
bool capauth__state_same_customer(const struct capauth__state *one, const struct capauth__state *other);

#endif
