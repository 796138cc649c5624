/* SPDX-License-Identifier: Apache-2.0 */
/* Made by core/generate.py from operations.json; do not edit. */
#include "session/start.h"

int capauth_token_generate(capauth_session *session, const capauth_options *options, capauth_call **call)
{
    const struct capauth__arguments arguments = {0};

    return capauth__start_operation(session, CAPAUTH__TOKEN_GENERATE, &arguments, options, call);
}

int capauth_otp_generate(capauth_session *session, const capauth_options *options, capauth_call **call)
{
    const struct capauth__arguments arguments = {0};

    return capauth__start_operation(session, CAPAUTH__OTP_GENERATE, &arguments, options, call);
}

int capauth_otp_validate(capauth_session *session, const char *otp, const capauth_options *options, capauth_call **call)
{
    const struct capauth__arguments arguments = {.otp = otp};

    return capauth__start_operation(session, CAPAUTH__OTP_VALIDATE, &arguments, options, call);
}

int capauth_password_validate(capauth_session *session, const char *password, const capauth_options *options,
                              capauth_call **call)
{
    const struct capauth__arguments arguments = {.password = password};

    return capauth__start_operation(session, CAPAUTH__PASSWORD_VALIDATE, &arguments, options, call);
}

int capauth_password_change(capauth_session *session, const char *current_password, const char *new_password,
                            const capauth_options *options, capauth_call **call)
{
    const struct capauth__arguments arguments = {.current_password = current_password, .new_password = new_password};

    return capauth__start_operation(session, CAPAUTH__PASSWORD_CHANGE, &arguments, options, call);
}

int capauth_password_forget(capauth_session *session, const char *new_password, const capauth_options *options,
                            capauth_call **call)
{
    const struct capauth__arguments arguments = {.new_password = new_password};

    return capauth__start_operation(session, CAPAUTH__PASSWORD_FORGET, &arguments, options, call);
}

int capauth_token_regenerate(capauth_session *session, const capauth_options *options, capauth_call **call)
{
    const struct capauth__arguments arguments = {0};

    return capauth__start_operation(session, CAPAUTH__TOKEN_REGENERATE, &arguments, options, call);
}

int capauth_token_expire(capauth_session *session, const capauth_options *options, capauth_call **call)
{
    const struct capauth__arguments arguments = {0};

    return capauth__start_operation(session, CAPAUTH__TOKEN_EXPIRE, &arguments, options, call);
}

int capauth_identifier_update(capauth_session *session, const char *new_value, const capauth_options *options,
                              capauth_call **call)
{
    const struct capauth__arguments arguments = {.new_value = new_value};

    return capauth__start_operation(session, CAPAUTH__IDENTIFIER_UPDATE, &arguments, options, call);
}
