/* SPDX-License-Identifier: Apache-2.0 */
/* The lives of a customer: operations of the Auth Engine and the gateway. */
#include "lives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is there before ---- */

static void as_stranger(struct world *world)
{
    make_client(world);
    world->session = make_session(world, CAPAUTH_FLOW_MOBILE);
}

static void with_token(struct world *world)
{
    as_stranger(world);
    EXPECT_CODE(world, capauth_token_generate(world->session, NULL, NULL), CAPAUTH_OK);
}

static void with_otp(struct world *world)
{
    with_token(world);
    EXPECT_CODE(world, capauth_otp_generate(world->session, NULL, NULL), CAPAUTH_OK);
}

void as_customer(struct world *world)
{
    as_stranger(world);
    sign_in(world, world->session);
}

static void on_the_web(struct world *world)
{
    make_client(world);
    world->session = make_session(world, CAPAUTH_FLOW_WEB);
    sign_in(world, world->session);
}

static void with_options(struct world *world)
{
    as_customer(world);
    EXPECT_CODE(world, capauth_options_new(&world->options), CAPAUTH_OK);
}

static void with_first_password(struct world *world)
{
    as_stranger(world);
    EXPECT_CODE(world, capauth_options_new(&world->options), CAPAUTH_OK);
    EXPECT_CODE(world, capauth_options_set_password(world->options, PASSWORD), CAPAUTH_OK);
}

/* Knows a password, and begins anew. */
static void with_password(struct world *world)
{
    as_customer(world);
    EXPECT_CODE(world, capauth_token_generate(world->session, NULL, NULL), CAPAUTH_OK);
}

/* A long margin makes every token too old. */
static void with_margin(struct world *world)
{
    with_options(world);
    EXPECT_CODE(world, capauth_options_set_margin_ms(world->options, 86400000), CAPAUTH_OK);
}

/* Comes back a day later, by the clock of this device. */
static void a_day_later(struct world *world)
{
    as_customer(world);
    EXPECT_CODE(world, capauth_session_export(world->session, &world->text), CAPAUTH_OK);
    capauth_session_free(&world->session);
    capauth_client_free(&world->client);
    make_client(world);
    EXPECT_CODE(world, capauth_client_set_clock_offset_ms(world->client, 86400000), CAPAUTH_OK);
    EXPECT_CODE(world, capauth_session_restore(world->client, world->text, &world->session), CAPAUTH_OK);
}

static void make_fault(struct world *world, const char *path, const char *fault)
{
    char body[256];

    snprintf(body, sizeof body, "{\"path\":\"%s\",\"brand\":\"%s\",%s}", path, world->life->brand, fault);
    EXPECT(world, service_control(world->service, "POST", "faults", body));
}

/* The gateway will not have the token that it is shown next. */
static void with_refused_token(struct world *world)
{
    as_customer(world);
    make_fault(world, "/mobile/v2/api/plain/ok",
               "\"status\":401,\"body\":{\"status\":{\"success\":false,\"code\":401}}");
}

/* The answer to an identifier update was lost: which of two values is right is not known. */
static void between_two_identifiers(struct world *world)
{
    as_customer(world);
    make_fault(world, "/auth/v1/user/updateIdentifierValue", "\"reset\":\"after\"");
    EXPECT_CODE(world, capauth_identifier_update(world->session, world->other_identifier, NULL, NULL),
                CAPAUTH_E_UNKNOWN_OUTCOME);
}

static void as_first_factor(struct world *world)
{
    as_customer(world);
    EXPECT(world, !strcmp(capauth_session_role(world->session), "MFA_PENDING"));
}

/* The second factor is the session that is looked at. */
static void as_second_factor(struct world *world)
{
    as_first_factor(world);
    EXPECT_CODE(world, capauth_session_second_factor(world->session, &world->second), CAPAUTH_OK);
    sign_in(world, world->second);
    capauth_session_free(&world->session);
    world->session = world->second;
    world->second = NULL;
}

static void as_external(struct world *world)
{
    make_client(world);
    EXPECT_CODE(world,
                capauth_session_external_new(world->client, world->life->brand, "access", "identity", &world->session),
                CAPAUTH_OK);
}

/* ---- What is done ---- */

static int token_generate(struct world *world)
{
    return outcome(world, capauth_token_generate(world->session, world->options, call_slot(world)));
}

static int otp_generate(struct world *world)
{
    return outcome(world, capauth_otp_generate(world->session, NULL, call_slot(world)));
}

static int otp_validate(struct world *world)
{
    return outcome(world, capauth_otp_validate(world->session, OTP, NULL, call_slot(world)));
}

static int wrong_otp(struct world *world)
{
    return outcome(world, capauth_otp_validate(world->session, "000000", NULL, call_slot(world)));
}

static int password_validate(struct world *world)
{
    return outcome(world, capauth_password_validate(world->session, PASSWORD, NULL, call_slot(world)));
}

static int password_change(struct world *world)
{
    return outcome(world, capauth_password_change(world->session, PASSWORD, NEW_PASSWORD, NULL, call_slot(world)));
}

static int password_forget(struct world *world)
{
    return outcome(world, capauth_password_forget(world->session, NEW_PASSWORD, NULL, call_slot(world)));
}

static int regenerate(struct world *world)
{
    return outcome(world, capauth_token_regenerate(world->session, world->options, call_slot(world)));
}

static int ensure(struct world *world)
{
    return outcome(world, capauth_token_ensure(world->session, world->options, call_slot(world)));
}

static int token_expire(struct world *world)
{
    return outcome(world, capauth_token_expire(world->session, NULL, call_slot(world)));
}

static int identifier_update(struct world *world)
{
    return outcome(world, capauth_identifier_update(world->session, world->other_identifier, NULL, call_slot(world)));
}

static int sign_out(struct world *world)
{
    return outcome(world, capauth_session_sign_out(world->session, NULL, call_slot(world)));
}

static int call_gateway(struct world *world, const char *method, const char *endpoint)
{
    const char *body = *method == 'P' ? "{\"a\":1}" : NULL;

    return outcome(world, capauth_gateway_call(world->session, method, endpoint, body, world->options, &world->call));
}

static int get(struct world *world)
{
    return call_gateway(world, "GET", "plain/ok");
}

static int post(struct world *world)
{
    return call_gateway(world, "POST", "plain/ok");
}

static int get_refused(struct world *world)
{
    return call_gateway(world, "GET", "plain/refused");
}

static int get_odd(struct world *world)
{
    return call_gateway(world, "GET", "odd/refused");
}

static int get_errors(struct world *world)
{
    return call_gateway(world, "GET", "odd/errors");
}

/* In an order that goes on where it stopped; after a lost answer from the beginning. */
static int second_factor(struct world *world)
{
    int code = CAPAUTH_OK;

    capauth_call_free(&world->call);
    if (!world->second && (code = capauth_session_second_factor(world->session, &world->second)))
        return code;
    for (; world->progress < 3 && !code; world->progress++) {
        capauth_call_free(&world->call);
        code =
            outcome(world, world->progress == 0   ? capauth_token_generate(world->second, NULL, call_slot(world))
                           : world->progress == 1 ? capauth_otp_generate(world->second, NULL, call_slot(world))
                                                  : capauth_otp_validate(world->second, OTP, NULL, call_slot(world)));
        if (code)
            break;
    }
    if (code == CAPAUTH_E_UNKNOWN_OUTCOME)
        world->progress = 0;
    return code;
}

/* ---- What must hold ---- */

static void is_answered(struct world *world, int code)
{
    if (code == CAPAUTH_OK)
        EXPECT(world, capauth_call_ok(world->call) && strstr(capauth_call_body(world->call, NULL), "fine"));
}

/* A refusal never looks like a success. */
static void is_refused(struct world *world, int code)
{
    size_t length;

    if (code)
        return;
    EXPECT(world, !capauth_call_ok(world->call));
    EXPECT(world, capauth_call_refusal(world->call) == 1700);
    EXPECT(world, capauth_call_server_code(world->call) == 1700);
    EXPECT(world, *capauth_call_body(world->call, &length) == '{' && length > 20);
}

static void is_other(struct world *world, int code)
{
    if (code == CAPAUTH_OK)
        EXPECT(world, !strcmp(capauth_session_identifier(world->session), world->other_identifier));
}

static void is_second_done(struct world *world, int code)
{
    if (code == CAPAUTH_OK)
        EXPECT(world, capauth_session_signed_in(world->second));
}

static void is_signed_out(struct world *world, int code)
{
    (void)code;
    EXPECT(world, !*capauth_session_token(world->session) && !*capauth_session_key(world->session));
}

static void has_key(struct world *world, int code)
{
    if (code == CAPAUTH_OK)
        EXPECT(world, *capauth_session_key(world->session) && capauth_session_signed_in(world->session));
}

#define PLAIN "TortureOtp"
#define PASSWORDS "TorturePassword"
#define FACTORS "TortureFactors"
#define AUTH "POST /auth/v1/"
enum { LASTING = HAS_CUSTOMER, ONE_TIME = HAS_CUSTOMER | ONCE, BY_FAULT = HAS_CUSTOMER | NEEDS_CONTROL };

const struct life lives[] = {
    {"token generate", PLAIN, LASTING, as_stranger, token_generate, 0, NULL, NULL},
    {"token generate, first password", PASSWORDS, ONE_TIME, with_first_password, token_generate, 0, NULL,
     AUTH "token/generate"},
    {"OTP generate", PLAIN, ONE_TIME, with_token, otp_generate, 0, NULL, AUTH "otp/generate"},
    {"OTP validate", PLAIN, ONE_TIME, with_otp, otp_validate, 0, has_key, AUTH "otp/validate"},
    {"OTP validate, wrong OTP", PLAIN, ONE_TIME, with_otp, wrong_otp, CAPAUTH_INVALID_OTP, NULL, AUTH "otp/validate"},
    {"password validate", PASSWORDS, ONE_TIME, with_password, password_validate, 0, has_key, AUTH "password/validate"},
    {"password change", PASSWORDS, ONE_TIME, as_customer, password_change, 0, NULL, AUTH "password/change"},
    {"password forget", PASSWORDS, ONE_TIME, with_password, password_forget, 0, NULL, AUTH "password/forget"},
    {"token regenerate", PLAIN, LASTING, as_customer, regenerate, 0, has_key, NULL},
    {"token regenerate, web", PLAIN, LASTING, on_the_web, regenerate, 0, NULL, NULL},
    {"token regenerate, lost update", PLAIN, BY_FAULT | RENEWS, between_two_identifiers, regenerate, 0, is_other, NULL},
    {"token ensure", PLAIN, LASTING, with_margin, ensure, 0, has_key, NULL},
    {"token expire", FACTORS, LASTING | CLEARS, as_second_factor, token_expire, 0, NULL, NULL},
    {"identifier update", PLAIN, ONE_TIME, as_customer, identifier_update, 0, is_other,
     AUTH "user/updateIdentifierValue"},
    {"second factor", FACTORS, ONE_TIME, as_first_factor, second_factor, 0, is_second_done, NULL},
    {"sign out", PLAIN, LASTING | CLEARS, as_customer, sign_out, 0, is_signed_out, NULL},
    {"sign out, second factor", FACTORS, LASTING | CLEARS, as_second_factor, sign_out, 0, is_signed_out, NULL},
    {"gateway GET", PLAIN, LASTING, as_customer, get, 0, is_answered, NULL},
    {"gateway POST", PLAIN, ONE_TIME, as_customer, post, 0, is_answered, "POST /mobile/"},
    {"gateway, refused", PLAIN, LASTING, as_customer, get_refused, 0, is_refused, NULL},
    {"gateway, refused in an odd form", PLAIN, LASTING, as_customer, get_odd, 0, is_refused, NULL},
    {"gateway, errors in an odd form", PLAIN, LASTING, as_customer, get_errors, 0, is_refused, NULL},
    {"gateway, a day later", PLAIN, LASTING | RENEWS, a_day_later, get, 0, is_answered, NULL},
    {"gateway, token refused", PLAIN, BY_FAULT | RENEWS, with_refused_token, get, 0, is_answered, NULL},
    {"gateway, external identity", PLAIN, LASTING, as_external, get, 0, is_answered, NULL},
    {"export", PLAIN, LASTING, as_customer, export, 0, NULL, NULL},
    {"restore", PLAIN, LASTING, with_export, restore, 0, is_restored, NULL},
    {"reload", PLAIN, LASTING, with_export, reload, 0, NULL, NULL},
    {"a new client and a new session", PLAIN, 0, with_nothing, new_handles, 0, NULL, NULL},
    {"settings", PLAIN, 0, with_client, settings, 0, NULL, NULL},
    {"a cluster instead", PLAIN, 0, with_client, cluster, 0, is_one_or_the_other, NULL},
    {"certificates as text", PLAIN, LASTING, with_certificates, certificates, 0, NULL, NULL},
    {"options", PLAIN, LASTING, with_options, options, 0, is_whole_query, NULL},
    {"callbacks", PLAIN, 0, with_session, callbacks, 0, NULL, NULL},
    {"poll", PLAIN, LASTING, as_customer, poll_for_it, 0, has_key, NULL},
    {"prepare", PLAIN, LASTING, as_stranger, prepare, 0, NULL, NULL},
    {"closing", PLAIN, 0, with_calls, closing, 0, NULL, NULL},
    {"all of it", PLAIN, ONCE, with_nothing, all_of_it, 0, NULL, NULL},
    {NULL, NULL, 0, NULL, NULL, 0, NULL, NULL},
};
