/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/operation.h"

#include <stddef.h>

#define MOBILE (1U << CAPAUTH_FLOW_MOBILE)
#define WEB (1U << CAPAUTH_FLOW_WEB)
#define MFA (1U << CAPAUTH_FLOW_MFA)

#define F(name) CAPAUTH__F_##name
#define ROW(verb, flows, method, path, fields, gain, repeat)                                                           \
    {                                                                                                                  \
        CAPAUTH__##verb, flows, method, path, fields, CAPAUTH__GAIN_##gain, CAPAUTH__##repeat                          \
    }

/* The 23 operations of the protocol, one row each. A new operation of the Auth Engine is a new row. */
/* clang-format off */
static const struct capauth__operation operations[] = {
    ROW(TOKEN_GENERATE, MOBILE, "POST", "/auth/v1/token/generate",
        F(DEVICE) | F(CONTACT) | F(FIRST_PASSWORD), SESSION, WITHOUT_PASSWORD),
    ROW(TOKEN_GENERATE, WEB, "POST", "/auth/v1/web/token/generate",
        F(CONTACT) | F(FIRST_PASSWORD), SESSION, WITHOUT_PASSWORD),
    ROW(TOKEN_GENERATE, MFA, "POST", "/auth/v1/mfa/token/generate",
        F(DEVICE) | F(CONTACT) | F(FIRST_PASSWORD) | F(AUTHORIZED), SESSION, WITHOUT_PASSWORD),
    ROW(OTP_GENERATE, MOBILE, "POST", "/auth/v1/otp/generate",
        F(DEVICE) | F(CONTACT) | F(SESSION) | F(HASH), NOTHING, NEVER),
    ROW(OTP_GENERATE, WEB, "POST", "/auth/v1/web/otp/generate",
        F(CONTACT) | F(SESSION) | F(HASH), NOTHING, NEVER),
    ROW(OTP_GENERATE, MFA, "POST", "/auth/v1/mfa/otp/generate",
        F(DEVICE) | F(CONTACT) | F(SESSION) | F(HASH), NOTHING, NEVER),
    ROW(OTP_VALIDATE, MOBILE, "POST", "/auth/v1/otp/validate", F(DEVICE) | F(SESSION) | F(OTP), TOKEN, NEVER),
    ROW(OTP_VALIDATE, WEB, "POST", "/auth/v1/web/otp/validate", F(SESSION) | F(OTP), TOKEN, NEVER),
    ROW(OTP_VALIDATE, MFA, "POST", "/auth/v1/mfa/otp/validate", F(DEVICE) | F(SESSION) | F(OTP), TOKEN, NEVER),
    ROW(PASSWORD_VALIDATE, MOBILE, "POST", "/auth/v1/password/validate",
        F(DEVICE) | F(SESSION) | F(PASSWORD), TOKEN, NEVER),
    ROW(PASSWORD_VALIDATE, WEB, "POST", "/auth/v1/web/password/validate", F(SESSION) | F(PASSWORD), TOKEN, NEVER),
    ROW(PASSWORD_VALIDATE, MFA, "POST", "/auth/v1/mfa/password/validate",
        F(DEVICE) | F(SESSION) | F(PASSWORD), TOKEN, NEVER),
    ROW(PASSWORD_CHANGE, MOBILE, "POST", "/auth/v1/password/change",
        F(DEVICE) | F(TOKEN) | F(PASSWORD) | F(NEW_PASSWORD), NOTHING, NEVER),
    ROW(PASSWORD_CHANGE, WEB, "POST", "/auth/v1/web/password/change",
        F(TOKEN) | F(PASSWORD) | F(NEW_PASSWORD), NOTHING, NEVER),
    ROW(PASSWORD_CHANGE, MFA, "POST", "/auth/v1/mfa/password/change",
        F(DEVICE) | F(TOKEN) | F(PASSWORD) | F(NEW_PASSWORD), NOTHING, NEVER),
    ROW(PASSWORD_FORGET, MOBILE, "POST", "/auth/v1/password/forget",
        F(DEVICE) | F(SESSION) | F(RESET_PASSWORD), NOTHING, NEVER),
    ROW(PASSWORD_FORGET, WEB, "POST", "/auth/v1/web/password/forget",
        F(SESSION) | F(RESET_PASSWORD), NOTHING, NEVER),
    ROW(PASSWORD_FORGET, MFA, "POST", "/auth/v1/mfa/password/forget",
        F(DEVICE) | F(SESSION) | F(RESET_PASSWORD), NOTHING, NEVER),
    ROW(TOKEN_REGENERATE, MOBILE, "POST", "/auth/v1/token/regenerate", F(DEVICE) | F(KEY), RENEWED, ALWAYS),
    ROW(TOKEN_REGENERATE, WEB, "POST", "/auth/v1/web/token/regenerate", F(EXPIRED_TOKEN), RENEWED, ALWAYS),
    ROW(TOKEN_REGENERATE, MFA, "POST", "/auth/v1/mfa/token/regenerate", F(DEVICE) | F(KEY), RENEWED, ALWAYS),
    ROW(TOKEN_EXPIRE, MFA, "DELETE", "/auth/v1/mfa/token/expire", F(DEVICE) | F(TOKEN), NOTHING, ALWAYS),
    ROW(IDENTIFIER_UPDATE, MOBILE | WEB | MFA, "POST", "/auth/v1/user/updateIdentifierValue",
        F(DEVICE) | F(TOKEN) | F(NEW_IDENTIFIER), NOTHING, NEVER),
};
/* clang-format on */

const struct capauth__operation *capauth__operation_find(enum capauth__verb verb, int flow)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (operations[i].verb == verb && operations[i].flows & 1U << flow)
            return &operations[i];
    }
    return NULL;
}

static const char *const verb_names[] = {
    [CAPAUTH__TOKEN_GENERATE] = "token_generate",
    [CAPAUTH__OTP_GENERATE] = "otp_generate",
    [CAPAUTH__OTP_VALIDATE] = "otp_validate",
    [CAPAUTH__PASSWORD_VALIDATE] = "password_validate",
    [CAPAUTH__PASSWORD_CHANGE] = "password_change",
    [CAPAUTH__PASSWORD_FORGET] = "password_forget",
    [CAPAUTH__TOKEN_REGENERATE] = "token_regenerate",
    [CAPAUTH__TOKEN_EXPIRE] = "token_expire",
    [CAPAUTH__IDENTIFIER_UPDATE] = "identifier_update",
    [CAPAUTH__TOKEN_ENSURE] = "token_ensure",
    [CAPAUTH__SIGN_OUT] = "sign_out",
    [CAPAUTH__GATEWAY] = "gateway",
    [CAPAUTH__PREPARE] = "prepare",
};

const char *capauth__verb_name(enum capauth__verb verb)
{
    return verb_names[verb];
}

int capauth__verb_is_step(enum capauth__verb verb)
{
    return verb != CAPAUTH__TOKEN_REGENERATE && verb < CAPAUTH__TOKEN_ENSURE;
}

static const char *const step_names[] = {
    [CAPAUTH_STEP_TOKEN_GENERATE] = "token_generate",
    [CAPAUTH_STEP_OTP_GENERATE] = "otp_generate",
    [CAPAUTH_STEP_OTP_VALIDATE] = "otp_validate",
    [CAPAUTH_STEP_PASSWORD_CREATE] = "password_create",
    [CAPAUTH_STEP_PASSWORD_VALIDATE] = "password_validate",
    [CAPAUTH_STEP_SECOND_FACTOR] = "second_factor",
    [CAPAUTH_STEP_DONE] = "done",
};

const char *capauth_step_name(int step)
{
    return step >= CAPAUTH_STEP_TOKEN_GENERATE && step <= CAPAUTH_STEP_DONE ? step_names[step] : "unknown";
}

struct transition {
    enum capauth__verb verb;
    int outcome;
    int step;
};

static const struct transition transitions[] = {
#define STEP(verb, outcome, step) {CAPAUTH__##verb, outcome, step},
#include "protocol/steps.def"
#undef STEP
};

int capauth__next_step(enum capauth__verb verb, int outcome)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        if (transitions[i].verb == verb && transitions[i].outcome == outcome)
            return transitions[i].step;
    }
    return CAPAUTH__STEP_KEEP;
}
