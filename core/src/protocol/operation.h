/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations, and what may come next. The rows are those of core/operations.json, from which core/generate.py makes
 * generated/operations.def: a new operation of the Auth Engine is a new row there.
 */
#ifndef CAPAUTH_OPERATION_H
#define CAPAUTH_OPERATION_H

#include <capauth/capauth.h>

/* Everything that has a name of its own in errors, logs and traces. */
enum capauth__verb {
#define OPERATION(NAME, name, changes_sign_in) CAPAUTH__##NAME,
#include "generated/operations.def"
    CAPAUTH__PREPARE, /* a client's, not a session's */
    CAPAUTH__VERBS
};

/* Members of a request's body, beside identifierType, identifierValue and brand, which all rows send. */
enum {
#define FIELD(NAME, bit) CAPAUTH__F_##NAME = 1 << bit,
#include "generated/operations.def"
};

/* The required texts of all operations: each takes its own from here. */
struct capauth__arguments {
#define VALUE(name) const char *name;
#include "generated/operations.def"
};

enum capauth__argument_kind { CAPAUTH__ARGUMENT_OTP, CAPAUTH__ARGUMENT_PASSWORD, CAPAUTH__ARGUMENT_IDENTIFIER };

/* What a successful reply must bring. */
enum capauth__gain {
    CAPAUTH__GAIN_NOTHING,
    CAPAUTH__GAIN_SESSION, /* a sessionId, and a VIEW token */
    CAPAUTH__GAIN_TOKEN, /* a token, and perhaps a key; ends the session */
    CAPAUTH__GAIN_NEW_TOKEN /* a token, and perhaps a key */
};

enum capauth__repeat {
    CAPAUTH__NEVER,
    CAPAUTH__ALWAYS,
    CAPAUTH__WITHOUT_PASSWORD /* only when no first password is in the body */
};

struct capauth__operation {
    enum capauth__verb verb;
    unsigned flows; /* bits 1 << CAPAUTH_FLOW_... */
    const char *method;
    const char *path;
    unsigned fields;
    enum capauth__gain gain;
    enum capauth__repeat repeat;
};

/* NULL when the flow does not have it. */
const struct capauth__operation *capauth__operation_find(enum capauth__verb verb, int flow);
/* "otp_validate" */
const char *capauth__verb_name(enum capauth__verb verb);
/* A step changes where a sign-in stands; one at a time per session. */
int capauth__verb_is_step(enum capauth__verb verb);

/* What is wrong with an operation's arguments, and the `name` of that one; NULL: nothing. */
const char *capauth__arguments_fault(enum capauth__verb verb, const struct capauth__arguments *arguments,
                                     const char **name);

/*
 * What capauth_session_next_step advises once an operation has ended. An outcome that is not listed leaves the advice
 * as it was: a wrong OTP keeps the step open, and a network failure never sends anybody back. The state before does not
 * matter: the Auth Engine decides what it accepts.
 */

/* Outcomes of the table of steps that are no codes. */
enum { CAPAUTH__ON_SUCCESS = 0, CAPAUTH__ON_UNKNOWN = CAPAUTH_E_UNKNOWN_OUTCOME };
/* Next steps that depend on the reply. BY_PASSWORD is PASSWORD_VALIDATE where it says userRegisteredForPassword, else
 * OTP_GENERATE. BY_ROLE is SECOND_FACTOR for a token of the role MFA_PENDING, else DONE. */
enum { CAPAUTH__STEP_KEEP = 0, CAPAUTH__STEP_BY_PASSWORD = -1, CAPAUTH__STEP_BY_ROLE = -2 };

/* What the table says of a verb that ended with `outcome`. */
int capauth__next_step(enum capauth__verb verb, int outcome);

#endif
