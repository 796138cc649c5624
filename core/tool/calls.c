/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

/* What was given for an option and is not acceptable. */
static int said(int code, const capauth_options *options)
{
    if (code == CAPAUTH_E_INVALID_ARGUMENT)
        fail(STATUS_DONE, "%s", capauth_options_error_message(options));
    return code;
}

capauth_call *start_token(capauth_session *session, const char *password, int *code)
{
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    *code = capauth_options_new(&options);
    if (!*code && password)
        *code = said(capauth_options_set_password(options, password), options);
    if (!*code)
        *code = capauth_token_generate(session, options, &call);
    capauth_options_free(&options);
    return call;
}

capauth_call *start_otp(capauth_session *session, const struct arguments *arguments, int *code)
{
    const char *channel = arguments->values[OPTION_FALLBACK_CHANNEL];
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    *code = capauth_options_new(&options);
    if (!*code && channel)
        *code = said(capauth_options_set_fallback_channel(options, channel), options);
    if (!*code)
        *code = capauth_otp_generate(session, options, &call);
    capauth_options_free(&options);
    return call;
}

capauth_call *start_answer(capauth_session *session, int step, const char *text, int *code)
{
    capauth_call *call = NULL;

    *code = step == CAPAUTH_STEP_OTP_VALIDATE ? capauth_otp_validate(session, text, NULL, &call)
                                              : capauth_password_validate(session, text, NULL, &call);
    return call;
}

capauth_call *start_ensure(capauth_session *session, int margin_ms, int *code)
{
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    *code = capauth_options_new(&options);
    if (!*code && margin_ms >= 0)
        *code = said(capauth_options_set_margin_ms(options, margin_ms), options);
    if (!*code)
        *code = capauth_token_ensure(session, options, &call);
    capauth_options_free(&options);
    return call;
}

int finished(capauth_call *call, int code)
{
    const char *message;

    if (!call && code != CAPAUTH_E_INVALID_ARGUMENT) /* of that, the option's name has been told */
        fail(STATUS_DONE, "%s", capauth_strerror(code));
    if (!call)
        return code;
    capauth_call_wait(call, -1);
    code = capauth_call_result(call);
    message = capauth_call_error_message(call);
    if (code)
        fail(STATUS_DONE, "%s", *message ? message : capauth_strerror(code));
    capauth_call_free(&call);
    return code;
}
