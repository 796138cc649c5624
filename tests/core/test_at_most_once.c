/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The at-most-once column of the operation table, for every row, over TLS: what the caller is told when an answer is
 * lost, and how often the Auth Engine saw the request. All rows of a test fly at once, each in a session of its own.
 */
#include "support_operations.h"

#include <stdio.h>
#include <string.h>

#define BRAND "AtMostOnce"
#define CUSTOMER "919999999971"
#define TAKEN SAMPLE_NEW_VALUE /* another customer's: identifier update is refused, so that a test changes nothing */

enum { MOBILE_FLOW, WEB_FLOW, MFA_FLOW, FLOWS };

/* Long enough for all rows to arrive, on a busy machine and with sanitizers too; then it is only waited for. */
enum { DEADLINE_MS = 3000 };

static const char *const flow_names[FLOWS] = {"mobile", "web", "mfa"};

/* What a finished sign-in of each flow left: the tokens are true, so that what may be repeated succeeds. */
static struct {
    char token[4096];
    char key[4096];
} signed_in[FLOWS];
static char first_factor[4096];

/* ---- The rows ---- */

struct row {
    const char *operation;
    const char *method;
    const char *path; /* each has its own, so that arrivals can be counted */
    int flow;
    bool first_password; /* token generate with one in it */
};

/* The operations of the Auth Engine, each path in one of its flows. */
enum { MOBILE_BIT = 1, WEB_BIT = 2 };
#define MOBILE MOBILE_BIT
#define WEB WEB_BIT
#define MFA 0
static const struct row operations[] = {
#define REQUEST(NAME, flows, method, path, fields, REPLY, REPEAT)                                                      \
    {#NAME, method, path, (flows)&MOBILE_BIT ? MOBILE_FLOW : (flows)&WEB_BIT ? WEB_FLOW : MFA_FLOW, false},
#include "generated/operations.def"
};
#undef MOBILE
#undef WEB
#undef MFA

static const struct row first_passwords[] = {
    {"token_generate", "POST", "/auth/v1/token/generate", MOBILE_FLOW, true},
    {"token_generate", "POST", "/auth/v1/web/token/generate", WEB_FLOW, true},
    {"token_generate", "POST", "/auth/v1/mfa/token/generate", MFA_FLOW, true},
};

/* Written out here once more, lest a wrong table be right by itself: what is not named may be done at most once. */
static bool may_be_repeated(const struct row *row)
{
    const char *name = operation_named(row->operation)->name;

    return (!strcmp(name, "token_generate") && !row->first_password) || !strcmp(name, "token_regenerate") ||
           !strcmp(name, "token_expire");
}

static int start(const struct row *row, capauth_session *session, const capauth_options *options, capauth_call **call)
{
    capauth_options *own = NULL;
    int result;

    if (!row->first_password)
        return start_operation(operation_named(row->operation), session, options, call);
    assert_code(capauth_options_new(&own), CAPAUTH_OK);
    assert_code(capauth_options_set_password(own, "Secret-1"), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(own, options ? DEADLINE_MS : 20000), CAPAUTH_OK);
    result = capauth_token_generate(session, own, call);
    capauth_options_free(&own);
    return result;
}

enum {
    OPERATIONS = sizeof operations / sizeof operations[0],
    FIRST_PASSWORDS = sizeof first_passwords / sizeof first_passwords[0],
    MOST = OPERATIONS
};

static const char *request_name(const struct row *row)
{
    static char name[128];

    snprintf(name, sizeof name, "%s %s", row->method, row->path);
    return name;
}

/* ---- Sessions ---- */

static void keep(int flow, const capauth_session *session)
{
    snprintf(signed_in[flow].token, sizeof signed_in[flow].token, "%s", capauth_session_token(session));
    snprintf(signed_in[flow].key, sizeof signed_in[flow].key, "%s", capauth_session_key(session));
}

static int prepare_tokens(void **state)
{
    capauth_client *client;
    capauth_session *customer, *second = NULL;

    start_shared(state);
    make_brand(shared, BRAND, "{}");
    control(shared, "PUT", "customers/" BRAND "/MOBILE/" TAKEN, "{}");
    client = new_client(shared);
    customer = new_mobile(client, BRAND, CUSTOMER);
    sign_in(shared, customer);
    keep(MOBILE_FLOW, customer);
    capauth_session_free(&customer);
    customer = new_web(client, BRAND, CUSTOMER);
    sign_in(shared, customer);
    keep(WEB_FLOW, customer);
    capauth_session_free(&customer);
    make_brand(shared, BRAND, "{\"IS_MFA_ENABLED\":true,\"CONF_FORCED_MFA\":true}");
    customer = new_mobile(client, BRAND, CUSTOMER);
    sign_in(shared, customer);
    snprintf(first_factor, sizeof first_factor, "%s", capauth_session_token(customer));
    assert_code(capauth_session_second_factor(customer, &second), CAPAUTH_OK);
    sign_in(shared, second);
    keep(MFA_FLOW, second);
    capauth_session_free(&customer);
    capauth_session_free(&second);
    capauth_client_free(&client);
    return 0;
}

static capauth_session *restore(capauth_client *client, int flow)
{
    char text[16384];
    capauth_session *session = NULL;

    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"%s\",\"brand\":\"" BRAND "\",\"device\":\"device-1\","
             "\"identifierType\":\"MOBILE\",\"identifier\":\"" CUSTOMER
             "\",\"sessionId\":\"P-1\",\"nextStep\":\"done\","
             "\"token\":\"%s\",\"key\":\"%s\",\"authorizedToken\":\"%s\"}",
             shared->url, flow_names[flow], signed_in[flow].token, *signed_in[flow].key ? signed_in[flow].key : "none",
             first_factor);
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
    return session;
}

/* ---- A flight of all rows ---- */

struct flight {
    const struct row *rows;
    size_t count;
    capauth_client *client;
    capauth_session *sessions[MOST];
    capauth_call *calls[MOST];
    int arrived_before[MOST];
};

static void take_off(struct flight *flight, const struct row *rows, size_t count, const char *fault,
                     const capauth_options *options)
{
    *flight = (struct flight){.rows = rows, .count = count, .client = new_client(shared)};
    assert_code(capauth_client_set_max_connections(flight->client, 64), CAPAUTH_OK);
    for (size_t i = 0; i < count; i++) {
        flight->arrived_before[i] = requests_of(shared, BRAND, request_name(&rows[i]));
        make_fault(shared, BRAND, rows[i].path, 1, fault);
        flight->sessions[i] = restore(flight->client, rows[i].flow);
    }
    for (size_t i = 0; i < count; i++)
        assert_code(start(&rows[i], flight->sessions[i], options, &flight->calls[i]), CAPAUTH_OK);
}

static int arrivals(const struct flight *flight, size_t i)
{
    return requests_of(shared, BRAND, request_name(&flight->rows[i])) - flight->arrived_before[i];
}

/* What a row that may be repeated comes to, and one that may not. */
struct expected {
    int repeated;
    int repeated_arrivals;
    int once;
    int once_maybe_sent;
};

static void land(struct flight *flight, const struct expected *expected)
{
    for (size_t i = 0; i < flight->count; i++) {
        const struct row *row = &flight->rows[i];
        int outcome = capauth_call_wait(flight->calls[i], 20000);

        print_message("%s: %s (%s)\n", row->path, capauth_error_name(outcome),
                      capauth_call_error_message(flight->calls[i]));
        assert_code(outcome, may_be_repeated(row) ? expected->repeated : expected->once);
        assert_int_equal(arrivals(flight, i), may_be_repeated(row) ? expected->repeated_arrivals : 1);
        if (!may_be_repeated(row)) {
            assert_int_equal(capauth_call_maybe_sent(flight->calls[i]), expected->once_maybe_sent);
            assert_int_equal(capauth_call_ok(flight->calls[i]), 0);
        }
        if (!may_be_repeated(row) && expected->once == CAPAUTH_E_UNKNOWN_OUTCOME)
            assert_int_equal(capauth_call_retryable(flight->calls[i]), 0);
        /* Nothing of this signs anyone out. */
        if (strcmp(operation_named(row->operation)->name, "token_expire") != 0)
            assert_true(*capauth_session_token(flight->sessions[i]));
        capauth_call_free(&flight->calls[i]);
        capauth_session_free(&flight->sessions[i]);
    }
    capauth_client_free(&flight->client);
}

/* The token that was expired is gone; the key brings the next. */
static void renew_mfa_token(void)
{
    capauth_client *client = new_client(shared);
    capauth_session *session = restore(client, MFA_FLOW);

    assert_code(capauth_token_regenerate(session, NULL, NULL), CAPAUTH_OK);
    keep(MFA_FLOW, session);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

static void check_fault(const char *fault, const struct expected *expected)
{
    struct flight flight;

    take_off(&flight, operations, OPERATIONS, fault, NULL);
    land(&flight, expected);
    take_off(&flight, first_passwords, FIRST_PASSWORDS, fault, NULL);
    land(&flight, expected);
    renew_mfa_token();
}

static const struct expected lost = {CAPAUTH_OK, 2, CAPAUTH_E_UNKNOWN_OUTCOME, 1};
static const struct expected turned_away = {CAPAUTH_E_SERVICE, 1, CAPAUTH_E_SERVICE, 0};

#define PAGE "\"<html>Error</html>\",\"headers\":{\"Content-Type\":\"text/html\"}"

TEST(reset_before_it_was_processed)
{
    check_fault("\"reset\":\"before\"", &lost);
}

TEST(reset_after_it_was_processed)
{
    check_fault("\"reset\":\"after\"", &lost);
}

TEST(truncated_answer)
{
    check_fault("\"truncateAfter\":20", &lost);
}

TEST(gateway_timeout_with_a_page)
{
    check_fault("\"status\":504,\"body\":" PAGE, &lost);
}

TEST(bad_gateway_with_an_empty_object)
{
    check_fault("\"status\":502,\"body\":{}", &lost);
}

TEST(success_that_is_no_reply)
{
    static const struct expected expected = {CAPAUTH_E_PROTOCOL, 1, CAPAUTH_E_UNKNOWN_OUTCOME, 1};

    check_fault("\"status\":200,\"body\":" PAGE, &expected);
}

TEST(plain_text_that_says_why)
{
    check_fault("\"status\":400,\"body\":\"bad member identifierType\"", &turned_away);
}

TEST(the_cdn_s_refusals_were_not_processed)
{
    static const struct expected limited = {CAPAUTH_OK, 2, CAPAUTH_E_RATE_LIMITED, 0};
    static const struct expected unavailable = {CAPAUTH_OK, 2, CAPAUTH_E_SERVICE, 0};

    check_fault("\"status\":403,\"body\":" PAGE, &turned_away);
    check_fault("\"status\":429,\"body\":" PAGE, &limited);
    check_fault("\"status\":503,\"body\":" PAGE, &unavailable);
    check_fault("\"status\":302,\"body\":\"\",\"headers\":{\"Location\":\"/elsewhere\"}", &turned_away);
}

/* ---- Time and cancelling ---- */

TEST(the_deadline_passes_while_it_is_processed)
{
    static const struct expected expected = {CAPAUTH_E_DEADLINE, 1, CAPAUTH_E_UNKNOWN_OUTCOME, 1};
    capauth_options *options = NULL;
    struct flight flight;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, DEADLINE_MS), CAPAUTH_OK);
    take_off(&flight, operations, OPERATIONS, "\"delayMs\":60000", options);
    land(&flight, &expected);
    take_off(&flight, first_passwords, FIRST_PASSWORDS, "\"delayMs\":60000", options);
    land(&flight, &expected);
    capauth_options_free(&options);
    renew_mfa_token();
}

static void drive_until_all_have_arrived(struct flight *flight)
{
    for (size_t i = 0; i < flight->count; i++) {
        for (int tries = 0; arrivals(flight, i) < 1; tries++) {
            assert_true(tries < 500);
            assert_true(capauth_client_poll(flight->client, 20) >= 0);
        }
    }
}

TEST(cancelled_while_it_is_processed)
{
    static const struct expected expected = {CAPAUTH_E_CANCELLED, 1, CAPAUTH_E_UNKNOWN_OUTCOME, 1};
    struct flight flight;

    take_off(&flight, operations, OPERATIONS, "\"delayMs\":60000", NULL);
    drive_until_all_have_arrived(&flight);
    for (size_t i = 0; i < flight.count; i++)
        assert_code(capauth_call_cancel(flight.calls[i]), CAPAUTH_OK);
    land(&flight, &expected);
    renew_mfa_token();
}

TEST(cancelled_before_anything_was_sent)
{
    struct flight flight;

    take_off(&flight, operations, OPERATIONS, "\"status\":200", NULL);
    for (size_t i = 0; i < flight.count; i++) {
        assert_code(capauth_call_cancel(flight.calls[i]), CAPAUTH_OK);
        assert_code(capauth_call_wait(flight.calls[i], 20000), CAPAUTH_E_CANCELLED);
        assert_int_equal(capauth_call_maybe_sent(flight.calls[i]), 0);
        assert_int_equal(arrivals(&flight, i), 0);
        capauth_call_free(&flight.calls[i]);
        capauth_session_free(&flight.sessions[i]);
    }
    capauth_client_free(&flight.client);
}

/* ---- The kept connection ---- */

/* curl by itself would send the request again: the connection was used before, and died before a byte came back. */
TEST(a_kept_connection_that_dies_after_the_request)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        capauth_client *client = new_client(shared);
        capauth_session *warm = new_web(client, BRAND, "919999999970");
        capauth_session *session = restore(client, operations[i].flow);
        int before;

        assert_code(capauth_client_set_max_connections(client, 1), CAPAUTH_OK);
        assert_code(capauth_token_generate(warm, NULL, NULL), CAPAUTH_OK);
        before = requests_of(shared, BRAND, request_name(&operations[i]));
        make_fault(shared, BRAND, operations[i].path, 1, "\"reset\":\"before\"");
        assert_code(start(&operations[i], session, NULL, NULL),
                    may_be_repeated(&operations[i]) ? CAPAUTH_OK : CAPAUTH_E_UNKNOWN_OUTCOME);
        assert_int_equal(requests_of(shared, BRAND, request_name(&operations[i])) - before,
                         may_be_repeated(&operations[i]) ? 2 : 1);
        capauth_session_free(&session);
        capauth_session_free(&warm);
        capauth_client_free(&client);
    }
}

/* It was done; the repeat is told that there is no such token any more, which is what was asked for. */
TEST(a_token_expire_whose_kept_connection_died_is_done)
{
    capauth_client *client = new_client(shared);
    capauth_session *warm = new_web(client, BRAND, "919999999970");
    capauth_session *session = restore(client, MFA_FLOW);
    int before = requests_of(shared, BRAND, "DELETE /auth/v1/mfa/token/expire");
    capauth_call *call = NULL;

    assert_code(capauth_client_set_max_connections(client, 1), CAPAUTH_OK);
    assert_code(capauth_token_generate(warm, NULL, NULL), CAPAUTH_OK);
    make_fault(shared, BRAND, "/auth/v1/mfa/token/expire", 1, "\"reset\":\"after\"");
    assert_code(capauth_token_expire(session, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
    assert_int_equal(requests_of(shared, BRAND, "DELETE /auth/v1/mfa/token/expire") - before, 2);
    assert_false(capauth_session_signed_in(session));
    capauth_call_free(&call);
    capauth_session_free(&session);
    capauth_session_free(&warm);
    capauth_client_free(&client);
    renew_mfa_token();
}

/* ---- What the session makes of it ---- */

TEST(a_lost_otp_generate_leaves_validate_and_resend_open)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "LostOtp", "{}");
    customer = new_mobile(client, "LostOtp", CUSTOMER);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    make_fault(shared, "LostOtp", "/auth/v1/otp/generate", 1, "\"reset\":\"after\"");
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_OTP_VALIDATE);
    assert_code(capauth_otp_validate(customer, otp_of(shared, "LostOtp", CUSTOMER), NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_lost_otp_validate_gives_one_more_try_then_the_start)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    char otp[32];

    make_brand(shared, "LostValidate", "{}");
    customer = new_mobile(client, "LostValidate", CUSTOMER);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    snprintf(otp, sizeof otp, "%s", otp_of(shared, "LostValidate", CUSTOMER));
    make_fault(shared, "LostValidate", "/auth/v1/otp/validate", 1, "\"reset\":\"after\"");
    assert_code(capauth_otp_validate(customer, otp, NULL, NULL), CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_OTP_VALIDATE);
    assert_code(capauth_otp_validate(customer, otp, NULL, NULL), CAPAUTH_INVALID_SESSION);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_TOKEN_GENERATE);
    sign_in(shared, customer);
    assert_true(capauth_session_signed_in(customer));
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_lost_password_forget_leads_to_an_otp)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "LostForget", "{\"PASSWORD_ENABLED\":true}");
    control(shared, "PUT", "customers/LostForget/MOBILE/" CUSTOMER, "{\"password\":\"Old-1\"}");
    customer = new_mobile(client, "LostForget", CUSTOMER);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    make_fault(shared, "LostForget", "/auth/v1/password/forget", 1, "\"reset\":\"after\"");
    assert_code(capauth_password_forget(customer, "New-1", NULL, NULL), CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_OTP_GENERATE);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(customer, otp_of(shared, "LostForget", CUSTOMER), NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(customer));
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* The old value is kept; the next token's idv says which one holds. */
TEST(a_lost_identifier_update_is_settled_by_regenerating)
{
    static const char *const faults[] = {"\"reset\":\"before\"", "\"reset\":\"after\""};
    static const char *const after[] = {CUSTOMER, "919999999973"};

    for (size_t i = 0; i < 2; i++) {
        capauth_client *client = new_client(shared);
        capauth_session *customer;

        make_brand(shared, "LostUpdate", "{}");
        customer = new_mobile(client, "LostUpdate", CUSTOMER);
        sign_in(shared, customer);
        make_fault(shared, "LostUpdate", "/auth/v1/user/updateIdentifierValue", 1, faults[i]);
        assert_code(capauth_identifier_update(customer, "919999999973", NULL, NULL), CAPAUTH_E_UNKNOWN_OUTCOME);
        assert_string_equal(capauth_session_identifier(customer), CUSTOMER);
        assert_true(capauth_session_signed_in(customer));
        assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
        assert_string_equal(capauth_session_identifier(customer), after[i]);
        capauth_session_free(&customer);
        capauth_client_free(&client);
    }
}

TEST(a_lost_token_expire_drops_the_token_and_keeps_the_key)
{
    capauth_client *client = new_client(shared);
    capauth_session *session = restore(client, MFA_FLOW);
    capauth_call *call = NULL;

    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    make_fault(shared, BRAND, "/auth/v1/mfa/token/expire", 1, "\"reset\":\"after\"");
    assert_code(capauth_token_expire(session, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_E_NETWORK);
    assert_int_equal(capauth_call_maybe_sent(call), 1);
    capauth_call_free(&call);
    assert_false(capauth_session_signed_in(session));
    assert_string_equal(capauth_session_token(session), "");
    assert_true(*capauth_session_key(session));
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_TOKEN_GENERATE);
    assert_code(capauth_token_ensure(session, NULL, NULL), CAPAUTH_E_SIGN_IN_REQUIRED); /* not by itself */
    assert_code(capauth_token_regenerate(session, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(session));
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_DONE);
    keep(MFA_FLOW, session);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reset_before_it_was_processed),
        cmocka_unit_test(reset_after_it_was_processed),
        cmocka_unit_test(truncated_answer),
        cmocka_unit_test(gateway_timeout_with_a_page),
        cmocka_unit_test(bad_gateway_with_an_empty_object),
        cmocka_unit_test(success_that_is_no_reply),
        cmocka_unit_test(plain_text_that_says_why),
        cmocka_unit_test(the_cdn_s_refusals_were_not_processed),
        cmocka_unit_test(the_deadline_passes_while_it_is_processed),
        cmocka_unit_test(cancelled_while_it_is_processed),
        cmocka_unit_test(a_kept_connection_that_dies_after_the_request),
        cmocka_unit_test(a_token_expire_whose_kept_connection_died_is_done),
        cmocka_unit_test(a_lost_otp_generate_leaves_validate_and_resend_open),
        cmocka_unit_test(a_lost_otp_validate_gives_one_more_try_then_the_start),
        cmocka_unit_test(a_lost_password_forget_leads_to_an_otp),
        cmocka_unit_test(a_lost_identifier_update_is_settled_by_regenerating),
        cmocka_unit_test(a_lost_token_expire_drops_the_token_and_keeps_the_key),
        cmocka_unit_test(cancelled_before_anything_was_sent),
    };

    return cmocka_run_group_tests(tests, prepare_tokens, stop_shared);
}
