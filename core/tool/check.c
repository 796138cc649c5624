/* SPDX-License-Identifier: Apache-2.0 */
/* capauth check: signs in at a brand and tells where its service differs from what is known of the protocol. */
#include "calls.h"
#include "kept.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

struct check {
    struct report report;
    const struct arguments *arguments;
    capauth_session *session; /* the factor that is looked at */
    char *new_password; /* set on the way; the second round signs in by it */
};

static bool step_is(const struct check *check, int step)
{
    return capauth_session_next_step(check->session) == step;
}

static bool in_trouble(const struct check *check)
{
    return check->report.trouble != 0;
}

static void fact(struct check *check, const char *place, bool holds)
{
    report_fact(&check->report, place, holds);
}

/* The answer is the caller's; without one the walk ends. */
static char *answer_to(struct check *check, const char *question, bool shown)
{
    char *text = ask(question, shown);

    if (!text)
        check->report.trouble = CAPAUTH_E_SYSTEM;
    return text;
}

/* ---- Token generate ---- */

static void look_at_view_token(struct check *check)
{
    fact(check, "token generate: the reply has a token", *capauth_session_token(check->session));
    fact(check, "token generate: its role is VIEW", !strcmp(capauth_session_role(check->session), "VIEW"));
    fact(check, "token generate: it says when it expires", capauth_session_expires_at(check->session) > 0);
    fact(check, "token generate: it names no customer", !*capauth_session_customer_id(check->session));
}

static void begin(struct check *check)
{
    int code;
    capauth_call *call = start_token(check->session, NULL, &code);
    struct seen seen = report_seen(call, code);

    if (seen.code == CAPAUTH_PASSWORD_REQUIRED)
        report_compare(&check->report, "token generate, for a customer without a password", CAPAUTH_PASSWORD_REQUIRED,
                       &seen);
    else if (report_compare(&check->report, "token generate", CAPAUTH_OK, &seen))
        look_at_view_token(check);
}

/* The brand wants a first password. What is set is the customer's from then on, so only if it is wanted. */
static void set_password(struct check *check)
{
    struct seen seen;
    capauth_call *call;
    int code;

    if (!agreed("The customer has no password yet. Set one? It stays. [y/N] "))
        return;
    check->new_password = answer_to(check, "New password: ", false);
    if (!check->new_password)
        return;
    call = start_token(check->session, check->new_password, &code);
    seen = report_seen(call, code);
    if (report_compare(&check->report, "token generate, with a first password", CAPAUTH_OK, &seen))
        look_at_view_token(check);
}

/* ---- OTP and password ---- */

static void send_otp(struct check *check)
{
    int code;
    capauth_call *call = start_otp(check->session, check->arguments, &code);
    struct seen seen = report_seen(call, code);

    report_compare(&check->report, "OTP generate", CAPAUTH_OK, &seen);
}

static struct seen hand_on(struct check *check, int step, const char *text)
{
    int code;
    capauth_call *call = start_answer(check->session, step, text, &code);

    return report_seen(call, code);
}

/* Only where it was agreed to: the service counts wrong answers. The right one with another last character. */
static void answer_wrongly(struct check *check, int step, char *text)
{
    bool otp = step == CAPAUTH_STEP_OTP_VALIDATE;
    char *last = text + strlen(text) - 1;
    char right = *last;
    struct seen seen;

    *last = right == '1' ? '2' : '1';
    seen = hand_on(check, step, text);
    *last = right;
    if (report_compare(&check->report, otp ? "a wrong OTP" : "a wrong password",
                       otp ? CAPAUTH_INVALID_OTP : CAPAUTH_INVALID_PASSWORD, &seen))
        fact(check, "after a wrong answer the step is still open", step_is(check, step));
}

static void look_at_token(struct check *check)
{
    bool key = *capauth_session_key(check->session);

    if (step_is(check, CAPAUTH_STEP_SECOND_FACTOR)) {
        fact(check, "the reply has no key before the second factor", !key);
        return;
    }
    fact(check, "the reply has a token of another role than VIEW", capauth_session_signed_in(check->session));
    fact(check, "the token names the customer", *capauth_session_customer_id(check->session));
    if (capauth_session_flow(check->session) == CAPAUTH_FLOW_WEB)
        fact(check, "the reply has no key", !key);
    else
        fact(check, "the reply has a key", key);
}

static void answer_with(struct check *check, int step, char *text)
{
    bool otp = step == CAPAUTH_STEP_OTP_VALIDATE;
    struct seen seen;

    if (*text && agreed("Try a wrong one first? It counts against the customer's limit. [y/N] "))
        answer_wrongly(check, step, text);
    if (in_trouble(check))
        return;
    seen = hand_on(check, step, text);
    if (report_compare(&check->report, otp ? "OTP validate" : "password validate", CAPAUTH_OK, &seen))
        look_at_token(check);
}

static void answer(struct check *check, int step)
{
    bool otp = step == CAPAUTH_STEP_OTP_VALIDATE;
    char *text = answer_to(check, otp ? "OTP: " : "Password: ", otp);

    if (text)
        answer_with(check, step, text);
    wipe_and_free(text, text ? strlen(text) : 0);
}

static void by_otp(struct check *check)
{
    send_otp(check);
    if (!in_trouble(check) && step_is(check, CAPAUTH_STEP_OTP_VALIDATE))
        answer(check, CAPAUTH_STEP_OTP_VALIDATE);
}

static void sign_in(struct check *check)
{
    begin(check);
    if (!in_trouble(check) && step_is(check, CAPAUTH_STEP_PASSWORD_CREATE))
        set_password(check);
    if (in_trouble(check))
        return;
    if (step_is(check, CAPAUTH_STEP_PASSWORD_VALIDATE) &&
        agreed("The customer has a password. Sign in by it, and not by OTP? [y/N] "))
        answer(check, CAPAUTH_STEP_PASSWORD_VALIDATE);
    else if (step_is(check, CAPAUTH_STEP_PASSWORD_VALIDATE) || step_is(check, CAPAUTH_STEP_OTP_GENERATE))
        by_otp(check);
}

/* ---- Regeneration and gateway ---- */

static void regenerate(struct check *check, const char *place)
{
    capauth_call *call = NULL;
    char *before = NULL, *key = NULL;
    int code = capauth_session_copy_token(check->session, &before);
    struct seen seen;

    if (!code)
        code = capauth_session_copy_key(check->session, &key);
    if (!code)
        code = capauth_token_regenerate(check->session, NULL, &call);
    seen = report_seen(call, code);
    if (report_compare(&check->report, place, CAPAUTH_OK, &seen) && before && key) {
        fact(check, "token regenerate: the token is another", strcmp(before, capauth_session_token(check->session)));
        fact(check, "token regenerate: the key stays", !strcmp(key, capauth_session_key(check->session)));
        fact(check, "token regenerate: the customer is still signed in", capauth_session_signed_in(check->session));
    }
    capauth_string_free(&before);
    capauth_string_free(&key);
}

static struct seen gateway(struct check *check)
{
    capauth_call *call = NULL;
    int code = capauth_gateway_call(check->session, "GET", "customer/get", NULL, NULL, &call);

    return report_seen(call, code);
}

static void call_gateway(struct check *check)
{
    struct seen seen = gateway(check);

    report_compare(&check->report, "gateway: GET customer/get", CAPAUTH_OK, &seen);
}

/* ---- Expiry ---- */

/* The service's clock, as its last reply told it; gateways' replies do not count. */
static int64_t now(const struct check *check)
{
    return capauth_session_expires_at(check->session) - capauth_session_expires_in_ms(check->session);
}

/* Every way of saying so that is known. */
static bool is_expiry(const struct seen *seen)
{
    return seen->http_status == 401 || seen->server_code == 401 || seen->server_code == 302;
}

/* What it said is judged by its clock, which a regeneration tells. */
static void look_at_expired(struct check *check, const struct seen *seen, int64_t expired_at)
{
    static const char place[] = "gateway, with an expired token";

    if (is_expiry(seen))
        fact(check, "gateway, with an expired token: turned away", true);
    else if (seen->code == CAPAUTH_OK && now(check) < expired_at)
        report_not_seen(&check->report, place, "it was still valid");
    else if (seen->code == CAPAUTH_OK || seen->http_status) {
        check->report.places++;
        report_difference(&check->report, place, "HTTP status or status.code 401, or 302", seen);
    } else
        report_compare(&check->report, place, CAPAUTH_E_REFUSED, seen);
}

static void let_expire(struct check *check)
{
    int left_ms = capauth_session_expires_in_ms(check->session);
    int64_t expires_at = capauth_session_expires_at(check->session);
    char question[120];
    struct seen seen;

    snprintf(question, sizeof question, "The token expires in %d s. Wait for it, and use it then? [y/N] ",
             left_ms / 1000);
    if (!expires_at || !agreed(question))
        return;
    wait_or_return("Waiting. Return: go on now.\n", left_ms + 1000LL);
    seen = gateway(check);
    regenerate(check, "token regenerate, after the token expired");
    look_at_expired(check, &seen, expires_at);
    if (!in_trouble(check) && step_is(check, CAPAUTH_STEP_DONE))
        call_gateway(check);
}

/* ---- The walk ---- */

static void expire_token(struct check *check)
{
    capauth_call *call = NULL;
    int code = capauth_token_expire(check->session, NULL, &call);
    struct seen seen = report_seen(call, code);

    report_compare(&check->report, "token expire", CAPAUTH_OK, &seen);
}

/* What can be done with a factor that ended in a token of the customer's. */
static void use_token(struct check *check)
{
    if (!in_trouble(check) && step_is(check, CAPAUTH_STEP_DONE))
        regenerate(check, "token regenerate");
    if (!in_trouble(check) && step_is(check, CAPAUTH_STEP_DONE))
        call_gateway(check);
    if (!in_trouble(check) && step_is(check, CAPAUTH_STEP_DONE))
        let_expire(check);
    if (!in_trouble(check) && step_is(check, CAPAUTH_STEP_DONE) &&
        capauth_session_flow(check->session) == CAPAUTH_FLOW_MFA)
        expire_token(check);
}

static void leave_out_what_follows(const struct check *check)
{
    int step = capauth_session_next_step(check->session);

    if (step != CAPAUTH_STEP_DONE && !in_trouble(check))
        report_not_seen(&check->report, "what comes after", capauth_step_name(step));
}

static void second_factor(struct check *check)
{
    capauth_session *second = NULL, *first = check->session;

    if (!agreed("The brand wants a second factor. Go on with it? [y/N] ")) {
        leave_out_what_follows(check);
        return;
    }
    check->report.factor = "second factor: ";
    if (kept_second(first, check->arguments, &second) == STATUS_DONE) {
        check->session = second;
        sign_in(check);
        use_token(check);
        if (!step_is(check, CAPAUTH_STEP_TOKEN_GENERATE)) /* that is where token expire leads */
            leave_out_what_follows(check);
    } else {
        check->report.trouble = CAPAUTH_E_INVALID_ARGUMENT;
    }
    check->session = first;
    check->report.factor = "";
    capauth_session_free(&second);
}

/* In a sign-in of its own: what the first round set is in force. */
static void by_new_password(struct check *check, capauth_session *session)
{
    check->session = session;
    begin(check);
    if (in_trouble(check))
        return;
    fact(check, "token generate: the reply says that there is a password",
         capauth_session_registered_for_password(session) == 1);
    answer_with(check, CAPAUTH_STEP_PASSWORD_VALIDATE, check->new_password);
}

static void second_round(struct check *check, const struct kept *kept)
{
    capauth_session *session = NULL, *first = check->session;

    if (in_trouble(check) || !check->new_password || !agreed("Sign in by the new password, too? [y/N] "))
        return;
    if (kept_another(kept, check->arguments, &session) == STATUS_DONE)
        by_new_password(check, session);
    check->session = first;
    capauth_session_free(&session);
}

static void walk(struct check *check, const struct kept *kept)
{
    sign_in(check);
    use_token(check);
    if (!in_trouble(check) && step_is(check, CAPAUTH_STEP_SECOND_FACTOR))
        second_factor(check);
    else
        leave_out_what_follows(check);
    second_round(check, kept);
}

enum status command_check(const struct arguments *arguments)
{
    struct check check = {.report.factor = "", .arguments = arguments};
    struct kept kept;
    enum status status = kept_begin(&kept, arguments);
    int code = status == STATUS_DONE ? capauth_client_set_auto_refresh(kept.client, 0) : 0;

    if (code)
        status = fail(status_of(code), "%s", capauth_client_error_message(kept.client));
    if (status == STATUS_DONE) {
        check.session = kept.session;
        walk(&check, &kept);
        printf("%d places looked at, %d differ\n", check.report.places, check.report.differences);
        status = check.report.trouble       ? status_of(check.report.trouble)
                 : check.report.differences ? STATUS_REFUSED
                                            : STATUS_DONE;
    }
    wipe_and_free(check.new_password, check.new_password ? strlen(check.new_password) : 0);
    kept_end(&kept);
    return status;
}
