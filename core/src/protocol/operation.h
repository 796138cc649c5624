/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the Auth Engine's operations, and the table of what may come next. */
#ifndef CAPAUTH_OPERATION_H
#define CAPAUTH_OPERATION_H

#include <capauth/capauth.h>

/* The nouns and verbs of the protocol. Some are ours alone: they need no row. */
enum capauth__verb {
    CAPAUTH__TOKEN_GENERATE,
    CAPAUTH__OTP_GENERATE,
    CAPAUTH__OTP_VALIDATE,
    CAPAUTH__PASSWORD_VALIDATE,
    CAPAUTH__PASSWORD_CHANGE,
    CAPAUTH__PASSWORD_FORGET,
    CAPAUTH__TOKEN_REGENERATE,
    CAPAUTH__TOKEN_EXPIRE,
    CAPAUTH__IDENTIFIER_UPDATE,
    CAPAUTH__TOKEN_ENSURE,
    CAPAUTH__SIGN_OUT,
    CAPAUTH__GATEWAY,
    CAPAUTH__PREPARE
};

/* Members of a request's body, beside identifierType, identifierValue and brand, which all rows send. */
enum {
    CAPAUTH__F_DEVICE = 1 << 0, /* deviceId */
    CAPAUTH__F_CONTACT = 1 << 1, /* mobile or email, for a USERNAME or EXTERNALID */
    CAPAUTH__F_FIRST_PASSWORD = 1 << 2, /* password and confirmPassword, if the option is there */
    CAPAUTH__F_AUTHORIZED = 1 << 3, /* authorizedToken */
    CAPAUTH__F_SESSION = 1 << 4, /* sessionId */
    CAPAUTH__F_HASH = 1 << 5, /* hash and timeStamp, if the option is there */
    CAPAUTH__F_OTP = 1 << 6, /* otp */
    CAPAUTH__F_PASSWORD = 1 << 7, /* password */
    CAPAUTH__F_NEW_PASSWORD = 1 << 8, /* newPassword and confirmPassword */
    CAPAUTH__F_RESET_PASSWORD = 1 << 9, /* password and confirmPassword, both the new one */
    CAPAUTH__F_TOKEN = 1 << 10, /* token */
    CAPAUTH__F_KEY = 1 << 11, /* key */
    CAPAUTH__F_EXPIRED_TOKEN = 1 << 12, /* expiredToken */
    CAPAUTH__F_NEW_IDENTIFIER = 1 << 13 /* newIdentifierValue */
};

/* What a successful reply must bring. */
enum capauth__gain {
    CAPAUTH__GAIN_NOTHING,
    CAPAUTH__GAIN_SESSION, /* a sessionId, and a VIEW token */
    CAPAUTH__GAIN_TOKEN, /* a token, and perhaps a key; ends the session */
    CAPAUTH__GAIN_RENEWED /* a token, and perhaps a key */
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

/* Outcomes of the table of steps that are no codes. */
enum { CAPAUTH__ON_SUCCESS = 0, CAPAUTH__ON_UNKNOWN = CAPAUTH_E_UNKNOWN_OUTCOME };
/* Next steps that depend on the reply. */
enum { CAPAUTH__STEP_KEEP = 0, CAPAUTH__STEP_BY_PASSWORD = -1, CAPAUTH__STEP_BY_ROLE = -2 };

/* What the table says of a verb that ended with `outcome`. */
int capauth__next_step(enum capauth__verb verb, int outcome);

#endif
