/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations, and what may come next. The rows are those of core/operations.json, from which core/generate.py makes
 * generated/operations.def: a new operation of the Auth Engine is a new row there.
 */
#ifndef CAPAUTH_OPERATION_H
#define CAPAUTH_OPERATION_H

#include <capauth/capauth.h>

/* Everything that has a name of its own in errors, logs and traces. */
enum capauth__operation {
#define OPERATION(NAME, name, changes_sign_in) CAPAUTH__##NAME,
#include "generated/operations.def"
    CAPAUTH__PREPARE, /* a client's, not a session's */
    CAPAUTH__OPERATIONS
};

/* Members of a request's body, beside identifierType, identifierValue and brand, which all rows send. */
enum {
#define FIELD(NAME, bit) CAPAUTH__F_##NAME = 1 << (bit),
#include "generated/operations.def"
};

/* The required texts of all operations: each takes its own from here. */
struct capauth__arguments {
#define VALUE(name) const char *name;
#include "generated/operations.def"
};

enum capauth__argument_kind { CAPAUTH__ARGUMENT_OTP, CAPAUTH__ARGUMENT_PASSWORD, CAPAUTH__ARGUMENT_IDENTIFIER };

/* What a successful reply must bring. */
enum capauth__brings {
    CAPAUTH__BRINGS_NOTHING,
    CAPAUTH__BRINGS_SESSION, /* a session id, and a VIEW token */
    CAPAUTH__BRINGS_TOKEN, /* a token, and perhaps a key; ends the session id */
    CAPAUTH__BRINGS_NEW_TOKEN /* a token, and perhaps a key */
};

enum capauth__repeat {
    CAPAUTH__NEVER,
    CAPAUTH__ALWAYS,
    CAPAUTH__WITHOUT_PASSWORD /* only when no first password is in the body */
};

/* What an operation asks of the Auth Engine, in one flow or several. */
struct capauth__request_form {
    enum capauth__operation operation;
    unsigned flows; /* bits 1 << CAPAUTH_FLOW_... */
    const char *method;
    const char *path;
    unsigned fields;
    enum capauth__brings brings;
    enum capauth__repeat repeat;
};

/* NULL: the flow has no such operation. */
const struct capauth__request_form *capauth__request_form_of(enum capauth__operation operation, int flow);
/* "otp_validate" */
const char *capauth__operation_name(enum capauth__operation operation);
/* Whether it changes where a sign-in stands: of those a session has one in flight at a time. */
int capauth__operation_changes_sign_in(enum capauth__operation operation);

/* What is wrong with an operation's arguments, and the `name` of that one; NULL: nothing. */
const char *capauth__arguments_fault(enum capauth__operation operation, const struct capauth__arguments *arguments,
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

/* What the table says of an operation that ended with `outcome`. */
int capauth__next_step(enum capauth__operation operation, int outcome);

#endif
