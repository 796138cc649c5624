/* SPDX-License-Identifier: Apache-2.0 */
/* capauth check: signs in at a brand and tells where its service differs from what is known of the protocol. */
#include "kept.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct check {
    capauth_session *session;
    int places, differences;
    int trouble; /* what kept a step from being seen: no difference, but the end */
};

/* ---- What the service said ---- */

struct seen {
    int code; /* as the operation gives it; of a gateway's reply: its refusal, 0 if it is ok */
    int http_status;
    char message[120]; /* redacted */
};

/* Words with a digit or an @ in them may be a customer's, or a secret. */
static void redact(const char *text, char *out, size_t size)
{
    size_t used = 0;

    while (*text && used + 8 < size) {
        size_t length = strcspn(text, " \t\r\n");
        bool telling = false;

        for (size_t i = 0; i < length; i++)
            telling = telling || isdigit((unsigned char)text[i]) || text[i] == '@' || !isprint((unsigned char)text[i]);
        if (telling || length >= size - used - 4) {
            memcpy(out + used, "***", 3);
            used += 3;
        } else {
            memcpy(out + used, text, length);
            used += length;
        }
        text += length;
        text += strspn(text, " \t\r\n");
        if (*text)
            out[used++] = ' ';
    }
    out[used] = '\0';
}

static struct seen seen_of(capauth_call *call, int code)
{
    struct seen seen = {.code = code};

    if (!call)
        return seen;
    capauth_call_wait(call, -1);
    seen.code = capauth_call_result(call);
    if (!seen.code)
        seen.code = capauth_call_refusal(call);
    seen.http_status = capauth_call_http_status(call);
    redact(capauth_call_server_message(call), seen.message, sizeof seen.message);
    capauth_call_free(&call);
    return seen;
}

/* ---- The report ---- */

/* Whether the service was reached at all and had its say. */
static bool is_trouble(int code)
{
    return code < 0 && code != CAPAUTH_E_PROTOCOL && code != CAPAUTH_E_REFUSED && code != CAPAUTH_E_SIGN_IN_REQUIRED;
}

/* True if it came as expected. */
static bool compare(struct check *check, const char *place, int expected, const struct seen *seen)
{
    if (is_trouble(seen->code)) {
        check->trouble = seen->code;
        printf("not seen     %s: %s\n", place, capauth_strerror(seen->code));
        return false;
    }
    check->places++;
    if (seen->code == expected) {
        printf("as expected  %s: %s\n", place, capauth_error_name(expected));
        return true;
    }
    check->differences++;
    printf("differs      %s: expected %s (%d), came %s (%d), HTTP status %d, \"%s\"\n", place,
           capauth_error_name(expected), expected, capauth_error_name(seen->code), seen->code, seen->http_status,
           seen->message);
    return false;
}

static void fact(struct check *check, const char *place, bool holds)
{
    check->places++;
    check->differences += !holds;
    printf("%s  %s\n", holds ? "as expected" : "differs    ", place);
}

static bool step_is(const struct check *check, int step)
{
    return capauth_session_next_step(check->session) == step;
}

/* ---- The steps ---- */

static bool agreed(const char *question)
{
    char *answer = ask(question, true);
    bool yes = answer && (*answer == 'y' || *answer == 'Y');

    if (answer)
        wipe_and_free(answer, strlen(answer));
    return yes;
}

static void begin(struct check *check)
{
    capauth_call *call = NULL;
    int code = capauth_token_generate(check->session, NULL, &call);
    struct seen seen = seen_of(call, code);

    if (seen.code == CAPAUTH_PASSWORD_REQUIRED) {
        compare(check, "token generate, for a customer without a password", CAPAUTH_PASSWORD_REQUIRED, &seen);
        return;
    }
    if (!compare(check, "token generate", CAPAUTH_OK, &seen))
        return;
    fact(check, "token generate: the reply has a token", *capauth_session_token(check->session));
    fact(check, "token generate: its role is VIEW", !strcmp(capauth_session_role(check->session), "VIEW"));
    fact(check, "token generate: it says when it expires", capauth_session_expires_at(check->session) > 0);
}

static void send_otp(struct check *check)
{
    capauth_call *call = NULL;
    int code = capauth_otp_generate(check->session, NULL, &call);
    struct seen seen = seen_of(call, code);

    compare(check, "OTP generate", CAPAUTH_OK, &seen);
}

static struct seen validate(struct check *check, int step, const char *text)
{
    capauth_call *call = NULL;
    int code = step == CAPAUTH_STEP_OTP_VALIDATE ? capauth_otp_validate(check->session, text, NULL, &call)
                                                 : capauth_password_validate(check->session, text, NULL, &call);

    return seen_of(call, code);
}

/* Only where it was agreed to: the service counts wrong answers. The right one with another last character. */
static void answer_wrongly(struct check *check, int step, char *text)
{
    bool otp = step == CAPAUTH_STEP_OTP_VALIDATE;
    char *last = text + strlen(text) - 1;
    char right = *last;
    struct seen seen;

    *last = right == '1' ? '2' : '1';
    seen = validate(check, step, text);
    *last = right;
    if (compare(check, otp ? "a wrong OTP" : "a wrong password", otp ? CAPAUTH_INVALID_OTP : CAPAUTH_INVALID_PASSWORD,
                &seen))
        fact(check, "after a wrong answer the step is still open", step_is(check, step));
}

static void answer(struct check *check, int step)
{
    bool otp = step == CAPAUTH_STEP_OTP_VALIDATE;
    char *text = ask(otp ? "OTP: " : "Password: ", otp);
    struct seen seen;

    if (!text) {
        check->trouble = CAPAUTH_E_SYSTEM;
        return;
    }
    if (*text && agreed("Try a wrong one first? It counts against the customer's limit. [y/N] "))
        answer_wrongly(check, step, text);
    if (!check->trouble) {
        seen = validate(check, step, text);
        if (compare(check, otp ? "OTP validate" : "password validate", CAPAUTH_OK, &seen)) {
            fact(check, "the reply has a token of another role than VIEW", capauth_session_signed_in(check->session));
            fact(check, "the reply has a key", *capauth_session_key(check->session));
        }
    }
    wipe_and_free(text, strlen(text));
}

static void regenerate(struct check *check)
{
    capauth_call *call = NULL;
    char *before = NULL, *key = NULL;
    int code = capauth_session_copy_token(check->session, &before);
    struct seen seen;

    if (!code)
        code = capauth_session_copy_key(check->session, &key);
    if (!code)
        code = capauth_token_regenerate(check->session, NULL, &call);
    seen = seen_of(call, code);
    if (compare(check, "token regenerate", CAPAUTH_OK, &seen)) {
        fact(check, "token regenerate: the token is another", strcmp(before, capauth_session_token(check->session)));
        fact(check, "token regenerate: the key stays", !strcmp(key, capauth_session_key(check->session)));
    }
    capauth_string_free(&before);
    capauth_string_free(&key);
}

static void call_gateway(struct check *check)
{
    capauth_call *call = NULL;
    int code = capauth_gateway_call(check->session, "GET", "customer/get", NULL, NULL, &call);
    struct seen seen = seen_of(call, code);

    compare(check, "gateway: GET customer/get", CAPAUTH_OK, &seen);
}

static void walk(struct check *check)
{
    begin(check);
    if (!check->trouble && step_is(check, CAPAUTH_STEP_OTP_GENERATE))
        send_otp(check);
    for (int step = CAPAUTH_STEP_OTP_VALIDATE; step <= CAPAUTH_STEP_PASSWORD_VALIDATE; step++)
        if (!check->trouble && step != CAPAUTH_STEP_PASSWORD_CREATE && step_is(check, step))
            answer(check, step);
    if (!check->trouble && step_is(check, CAPAUTH_STEP_DONE))
        regenerate(check);
    if (!check->trouble && step_is(check, CAPAUTH_STEP_DONE))
        call_gateway(check);
    if (!check->trouble && !step_is(check, CAPAUTH_STEP_DONE))
        printf("not seen     what comes after %s\n", capauth_step_name(capauth_session_next_step(check->session)));
}

enum status command_check(const struct arguments *arguments)
{
    struct check check = {0};
    struct kept kept;
    enum status status = kept_begin(&kept, arguments);

    if (status == STATUS_DONE) {
        check.session = kept.session;
        walk(&check);
        printf("%d places looked at, %d differ\n", check.places, check.differences);
        status = check.trouble ? status_of(check.trouble) : check.differences ? STATUS_REFUSED : STATUS_DONE;
    }
    kept_end(&kept);
    return status;
}
