/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits, tells what went wrong, frees the call. */
static int finished(capauth_call *call, int code)
{
    const char *message;

    if (!call) {
        fail(STATUS_SYSTEM, "%s", capauth_strerror(code));
        return code;
    }
    capauth_call_wait(call, -1);
    code = capauth_call_result(call);
    message = capauth_call_error_message(call);
    if (code)
        fail(STATUS_DONE, "%s", *message ? message : capauth_strerror(code));
    capauth_call_free(&call);
    return code;
}

/* ---- Sign-in ---- */

enum { MOST_TRIES = 3 };

/* A brand that wants a first password says so by refusing. */
static int begin(capauth_session *session, const char *password)
{
    capauth_options *options = NULL;
    capauth_call *call = NULL;
    int code = capauth_options_new(&options);

    if (!code && password)
        code = capauth_options_set_password(options, password);
    if (code) {
        fail(STATUS_DONE, "password: %s", capauth_strerror(code));
    } else {
        code = capauth_token_generate(session, options, &call);
        code = finished(call, code);
    }
    capauth_options_free(&options);
    return code;
}

static int send_otp(capauth_session *session)
{
    capauth_call *call = NULL;
    int code = capauth_otp_generate(session, NULL, &call);

    return finished(call, code);
}

/* Asks for what the step wants, and hands it on. CAPAUTH_E_CANCELLED: there was no answer. */
static int answer(capauth_session *session, int step)
{
    bool otp = step == CAPAUTH_STEP_OTP_VALIDATE;
    char *text = ask(otp ? "OTP: " : step == CAPAUTH_STEP_PASSWORD_CREATE ? "New password: " : "Password: ", otp);
    capauth_call *call = NULL;
    int code;

    if (!text)
        return CAPAUTH_E_CANCELLED;
    if (step == CAPAUTH_STEP_PASSWORD_CREATE) {
        code = begin(session, text);
    } else {
        code = otp ? capauth_otp_validate(session, text, NULL, &call)
                   : capauth_password_validate(session, text, NULL, &call);
        code = finished(call, code);
    }
    wipe_and_free(text, strlen(text));
    return code;
}

/* What the Auth Engine refused may be typed again while the step is still open. */
static int step_done(capauth_session *session, int step)
{
    int code = step == CAPAUTH_STEP_OTP_GENERATE ? send_otp(session) : answer(session, step);

    for (int tries = 1; code > 0 && tries < MOST_TRIES && capauth_session_next_step(session) == step; tries++)
        code = answer(session, step);
    return code;
}

static enum status walk(capauth_session *session)
{
    int code = begin(session, NULL);

    if (code > 0 && capauth_session_next_step(session) == CAPAUTH_STEP_PASSWORD_CREATE)
        code = 0; /* that is the next question */
    while (!code && capauth_session_next_step(session) != CAPAUTH_STEP_DONE) {
        int step = capauth_session_next_step(session);

        if (step != CAPAUTH_STEP_OTP_GENERATE && step != CAPAUTH_STEP_OTP_VALIDATE &&
            step != CAPAUTH_STEP_PASSWORD_CREATE && step != CAPAUTH_STEP_PASSWORD_VALIDATE)
            return fail(STATUS_REFUSED, "the brand wants a step that this program does not do: %s",
                        capauth_step_name(step));
        code = step_done(session, step);
    }
    return code == CAPAUTH_E_CANCELLED ? STATUS_SYSTEM : status_of(code);
}

/* ---- What is done with a session ---- */

/* What went wrong first. */
static enum status first_of(enum status first, enum status second)
{
    return first != STATUS_DONE ? first : second;
}

static enum status sign_in(struct kept *kept, const struct arguments *arguments)
{
    enum status status = walk(kept->session);

    (void)arguments;
    return status == STATUS_DONE ? kept_save(kept) : status;
}

static enum status print_token(struct kept *kept, const struct arguments *arguments)
{
    capauth_call *call = NULL;
    int code = capauth_token_ensure(kept->session, NULL, &call);
    enum status status = status_of(finished(call, code));

    (void)arguments;
    status = first_of(status, kept_save(kept));
    if (status == STATUS_DONE && puts(capauth_session_token(kept->session)) == EOF)
        status = fail(STATUS_SYSTEM, "the token could not be written");
    return status;
}

static enum status print_reply(const capauth_call *call)
{
    size_t length = 0;
    const char *body = capauth_call_body(call, &length);

    if (fwrite(body, 1, length, stdout) != length || fflush(stdout))
        return fail(STATUS_SYSTEM, "the reply could not be written");
    if (capauth_call_ok(call))
        return STATUS_DONE;
    return fail(STATUS_REFUSED, "the gateway refused: HTTP status %d, %s", capauth_call_http_status(call),
                capauth_error_name(capauth_call_refusal(call)));
}

static enum status send_request(struct kept *kept, const struct arguments *arguments)
{
    char **rest = arguments->rest;
    capauth_call *call = NULL;
    int code = capauth_gateway_call(kept->session, rest[0], rest[1], rest[2], NULL, &call);
    enum status status;

    if (call)
        capauth_call_wait(call, -1);
    if (call && !capauth_call_result(call)) {
        status = print_reply(call);
        capauth_call_free(&call);
    } else {
        status = status_of(finished(call, code));
    }
    return first_of(status, kept_save(kept));
}

static enum status sign_out(struct kept *kept, const struct arguments *arguments)
{
    capauth_call *call = NULL;
    int code = capauth_session_sign_out(kept->session, NULL, &call);
    enum status status = status_of(finished(call, code));

    (void)arguments;
    return first_of(status, session_file_remove(&kept->file));
}

/* ---- Commands ---- */

typedef enum status step_with(struct kept *kept, const struct arguments *arguments);

static enum status with_session(step_with *open, step_with *work, const struct arguments *arguments)
{
    struct kept kept;
    enum status status = open(&kept, arguments);

    if (status == STATUS_DONE)
        status = work(&kept, arguments);
    kept_end(&kept);
    return status;
}

enum status command_sign_in(const struct arguments *arguments)
{
    return with_session(kept_begin, sign_in, arguments);
}

enum status command_token(const struct arguments *arguments)
{
    return with_session(kept_open, print_token, arguments);
}

enum status command_call(const struct arguments *arguments)
{
    return with_session(kept_open, send_request, arguments);
}

enum status command_sign_out(const struct arguments *arguments)
{
    return with_session(kept_open, sign_out, arguments);
}

enum status command_diagnose(const struct arguments *arguments)
{
    capauth_client *client = NULL;
    char *text = NULL;
    int code = capauth_client_new(&client);

    if (!code && (arguments->cluster || arguments->base_url || arguments->ca_file)) {
        struct settings settings = settings_given(arguments);
        enum status status = settings_apply(&settings, client);

        if (status != STATUS_DONE) {
            capauth_client_free(&client);
            return status;
        }
    }
    if (!code)
        code = capauth_diagnose(client, &text);
    if (code)
        fail(STATUS_SYSTEM, "%s", capauth_strerror(code));
    else
        printf("%s\n", text);
    capauth_string_free(&text);
    capauth_client_free(&client);
    return status_of(code);
}
