/* SPDX-License-Identifier: Apache-2.0 */
/* capauth sign-in: asks for what the brand wants, step by step, and keeps the session. */
#include "calls.h"
#include "kept.h"

#include <stdio.h>
#include <string.h>

enum { MOST_TRIES = 3 };

/* One factor on its way. */
struct sign_in {
    capauth_session *session;
    const struct arguments *arguments;
    bool second; /* the second factor, which goes as the service advises */
    bool chosen; /* what --password, --otp and --forgotten-password ask for has been done */
};

/* ---- Questions ---- */

static const char *prompt(const struct sign_in *sign_in, int step)
{
    switch (step) {
    case CAPAUTH_STEP_OTP_VALIDATE:
        return sign_in->second ? "Second factor, OTP: " : "OTP: ";
    case CAPAUTH_STEP_PASSWORD_VALIDATE:
        return sign_in->second ? "Second factor, password: " : "Password: ";
    default:
        return "New password: ";
    }
}

/* Typed twice, for nobody sees it; NULL after a message. */
static char *ask_new_password(void)
{
    char *password = ask("New password: ", false);
    char *again = password ? ask("The same again: ", false) : NULL;
    bool same = again && !strcmp(password, again);

    if (again && !same)
        fail(STATUS_USAGE, "the two are not the same");
    wipe_and_free(again, again ? strlen(again) : 0);
    if (same)
        return password;
    wipe_and_free(password, password ? strlen(password) : 0);
    return NULL;
}

static void say_where_the_otp_went(const struct sign_in *sign_in)
{
    const char *where = capauth_session_otp_destination(sign_in->session);

    fprintf(stderr, "An OTP was sent%s%s. An empty answer sends another.\n", *where ? " to " : "", where);
}

/* ---- Steps ---- */

static int begin(struct sign_in *sign_in, const char *password)
{
    int code;
    capauth_call *call = start_token(sign_in->session, password, &code);

    return finished(call, code);
}

static int send_otp(struct sign_in *sign_in)
{
    int code;
    capauth_call *call = start_otp(sign_in->session, sign_in->arguments, &code);

    code = finished(call, code);
    if (!code)
        say_where_the_otp_went(sign_in);
    return code;
}

static int hand_on(struct sign_in *sign_in, int step, const char *text)
{
    int code;
    capauth_call *call;

    if (step == CAPAUTH_STEP_OTP_VALIDATE && !*text)
        return send_otp(sign_in);
    call = start_answer(sign_in->session, step, text, &code);
    return finished(call, code);
}

/* CAPAUTH_E_CANCELLED: there was no answer. */
static int answer(struct sign_in *sign_in, int step)
{
    char *text = ask(prompt(sign_in, step), step == CAPAUTH_STEP_OTP_VALIDATE);
    int code = text ? hand_on(sign_in, step, text) : CAPAUTH_E_CANCELLED;

    wipe_and_free(text, text ? strlen(text) : 0);
    return code;
}

/* The brand's rules may refuse one. An OTP confirms it, so no password is asked for afterwards. */
static int create_password(struct sign_in *sign_in)
{
    char *password = ask_new_password();
    int code = password ? begin(sign_in, password) : CAPAUTH_E_CANCELLED;

    sign_in->chosen = true;
    wipe_and_free(password, password ? strlen(password) : 0);
    return code;
}

static int replace_password(struct sign_in *sign_in)
{
    char *password = ask_new_password();
    capauth_call *call = NULL;
    int code = password ? capauth_password_forget(sign_in->session, password, NULL, &call) : CAPAUTH_E_CANCELLED;

    if (password)
        code = finished(call, code);
    sign_in->chosen = !code;
    wipe_and_free(password, password ? strlen(password) : 0);
    return code;
}

/* ---- The walk ---- */

/* The service advises the step; until it has been taken, the command line may choose another. */
static int step_of(const struct sign_in *sign_in)
{
    const char *const *values = sign_in->arguments->values;
    int step = capauth_session_next_step(sign_in->session);

    if (sign_in->second || sign_in->chosen)
        return step;
    if (step == CAPAUTH_STEP_OTP_GENERATE && values[OPTION_PASSWORD])
        return CAPAUTH_STEP_PASSWORD_VALIDATE;
    return step == CAPAUTH_STEP_PASSWORD_VALIDATE && values[OPTION_OTP] ? CAPAUTH_STEP_OTP_GENERATE : step;
}

static bool forgets_password(const struct sign_in *sign_in, int step)
{
    return sign_in->arguments->values[OPTION_FORGOTTEN_PASSWORD] && !sign_in->second && !sign_in->chosen &&
           (step == CAPAUTH_STEP_OTP_GENERATE || step == CAPAUTH_STEP_PASSWORD_VALIDATE);
}

static int take_step(struct sign_in *sign_in, int step)
{
    if (forgets_password(sign_in, step))
        return replace_password(sign_in);
    switch (step) {
    case CAPAUTH_STEP_OTP_GENERATE:
        return send_otp(sign_in);
    case CAPAUTH_STEP_PASSWORD_CREATE:
        return create_password(sign_in);
    default:
        return answer(sign_in, step);
    }
}

/* What was refused for what was typed may be typed again, while the step is still open. */
static bool may_try_again(const struct sign_in *sign_in, int step, int code)
{
    return step != CAPAUTH_STEP_OTP_GENERATE && (code > 0 || code == CAPAUTH_E_INVALID_ARGUMENT) &&
           step_of(sign_in) == step;
}

static int step_done(struct sign_in *sign_in, int step)
{
    int code = take_step(sign_in, step);

    for (int tries = 1; tries < MOST_TRIES && may_try_again(sign_in, step, code); tries++)
        code = take_step(sign_in, step);
    return code;
}

/* Up to the end of this factor. */
static enum status walk(struct sign_in *sign_in)
{
    int code = begin(sign_in, NULL), step = capauth_session_next_step(sign_in->session);

    if (code > 0 && step == CAPAUTH_STEP_PASSWORD_CREATE)
        code = 0; /* a brand that wants a first password says so by refusing */
    while (!code && (step = step_of(sign_in)) != CAPAUTH_STEP_DONE && step != CAPAUTH_STEP_SECOND_FACTOR) {
        if (step == CAPAUTH_STEP_TOKEN_GENERATE)
            return fail(STATUS_REFUSED, "the service ended the sign-in");
        code = step_done(sign_in, step);
    }
    return code == CAPAUTH_E_CANCELLED ? STATUS_SYSTEM : status_of(code);
}

static enum status walk_second(struct kept *kept, const struct arguments *arguments)
{
    struct sign_in second = {.arguments = arguments, .second = true};
    enum status status = kept_second(kept->session, arguments, &second.session);

    if (status == STATUS_DONE)
        status = walk(&second);
    capauth_session_free(&kept->session);
    kept->session = second.session;
    return status;
}

enum status command_sign_in(const struct arguments *arguments)
{
    struct kept kept;
    struct sign_in first = {.arguments = arguments};
    enum status status = kept_begin_in_file(&kept, arguments);

    first.session = kept.session;
    if (status == STATUS_DONE)
        status = walk(&first);
    if (status == STATUS_DONE && capauth_session_next_step(kept.session) == CAPAUTH_STEP_SECOND_FACTOR)
        status = walk_second(&kept, arguments);
    if (status == STATUS_DONE)
        status = kept_save(&kept);
    kept_end(&kept);
    return status;
}
