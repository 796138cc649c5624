/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever the customer is: the four identifier types, and the four pairs of two factors. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#define MOBILE "919999999993"
#define EMAIL "t@e.com"

static capauth_session *session_of(capauth_client *client, int flow, const char *brand, int type, const char *value)
{
    capauth_session *session = NULL;

    assert_code(capauth_session_new(client, flow, brand, &session), CAPAUTH_OK);
    assert_code(capauth_session_set_identifier(session, type, value), CAPAUTH_OK);
    if (flow == CAPAUTH_FLOW_MOBILE)
        assert_code(capauth_session_set_device_id(session, "device-1"), CAPAUTH_OK);
    return session;
}

/* By OTP, sent to `destination`. */
static void by_otp(capauth_session *session, const char *destination)
{
    assert_code(capauth_token_generate(session, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_OTP_GENERATE);
    assert_code(capauth_otp_generate(session, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(session, otp_of(shared, capauth_session_brand(session), destination), NULL, NULL),
                CAPAUTH_OK);
}

static void by_password(capauth_session *session, const char *password)
{
    assert_code(capauth_token_generate(session, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_PASSWORD_VALIDATE);
    assert_code(capauth_password_validate(session, password, NULL, NULL), CAPAUTH_OK);
}

static void assert_gateway_knows(capauth_session *session)
{
    capauth_call *call = NULL;

    assert_code(capauth_gateway_call(session, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
    assert_int_equal(capauth_call_http_status(call), 200);
    capauth_call_free(&call);
}

/* ---- One factor ---- */

static const struct identity {
    int type;
    const char *value;
    int contact_type;
    const char *contact;
    const char *destination; /* where the OTP goes */
    const char *masked;
} identities[] = {
    {CAPAUTH_IDENTIFIER_MOBILE, MOBILE, 0, NULL, MOBILE, "9199******93"},
    {CAPAUTH_IDENTIFIER_EMAIL, EMAIL, 0, NULL, EMAIL, "t***@e.com"},
    {CAPAUTH_IDENTIFIER_USERNAME, "anna", CAPAUTH_IDENTIFIER_MOBILE, "919999999994", "919999999994", "9199******94"},
    {CAPAUTH_IDENTIFIER_USERNAME, "b\xc3\xa9rta \"x\"", CAPAUTH_IDENTIFIER_EMAIL, "b@e.com", "b@e.com", "b***@e.com"},
    {CAPAUTH_IDENTIFIER_EXTERNALID, "X-1", CAPAUTH_IDENTIFIER_MOBILE, "919999999995", "919999999995", "9199******95"},
};

static void check_identity(const struct identity *identity, int flow, const char *brand)
{
    capauth_client *client = new_client(shared);
    capauth_session *session = session_of(client, flow, brand, identity->type, identity->value);

    print_message("%s\n", identity->value);
    if (identity->contact)
        assert_code(capauth_session_set_contact(session, identity->contact_type, identity->contact), CAPAUTH_OK);
    by_otp(session, identity->destination);
    assert_true(capauth_session_signed_in(session));
    assert_string_equal(capauth_session_otp_destination(session), identity->masked);
    assert_int_equal(capauth_session_identifier_type(session), identity->type);
    assert_gateway_knows(session);
    assert_code(capauth_token_regenerate(session, NULL, NULL), CAPAUTH_OK);
    assert_gateway_knows(session);
    assert_string_equal(capauth_session_identifier(session), identity->value);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(every_type_signs_in)
{
    make_brand(shared, "IdTypes", "{\"CONF_EXTERNAL_ID_LOGIN_ENABLED\":true}");
    for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++) {
        check_identity(&identities[i], CAPAUTH_FLOW_MOBILE, "IdTypes");
        check_identity(&identities[i], CAPAUTH_FLOW_WEB, "IdTypes");
    }
}

TEST(brands_compare_without_regard_to_case)
{
    make_brand(shared, "IdCase", "{}");
    check_identity(&identities[0], CAPAUTH_FLOW_MOBILE, "iDcASE");
}

TEST(user_names_without_a_contact_get_no_otp)
{
    capauth_client *client = new_client(shared);
    capauth_session *session;

    make_brand(shared, "IdContact", "{}");
    session = session_of(client, CAPAUTH_FLOW_MOBILE, "IdContact", CAPAUTH_IDENTIFIER_USERNAME, "anna");
    assert_code(capauth_token_generate(session, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(session, NULL, NULL), CAPAUTH_CONTACT_REQUIRED);
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_OTP_GENERATE);
    assert_int_equal(capauth_session_otp_sent_at(session), 0);
    assert_string_equal(capauth_session_otp_destination(session), "");
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(external_ids_need_the_brand_s_consent)
{
    capauth_client *client = new_client(shared);
    capauth_session *session;

    make_brand(shared, "IdExternal", "{}");
    session = session_of(client, CAPAUTH_FLOW_WEB, "IdExternal", CAPAUTH_IDENTIFIER_EXTERNALID, "X-1");
    assert_code(capauth_token_generate(session, NULL, NULL), CAPAUTH_EXTERNAL_ID_NOT_ENABLED);
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_TOKEN_GENERATE);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(a_new_email_takes_the_place_of_the_old_one)
{
    capauth_client *client = new_client(shared);
    capauth_session *session;

    make_brand(shared, "IdUpdate", "{}");
    session = session_of(client, CAPAUTH_FLOW_WEB, "IdUpdate", CAPAUTH_IDENTIFIER_EMAIL, EMAIL);
    by_otp(session, EMAIL);
    assert_code(capauth_identifier_update(session, "u@e.com", NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_identifier(session), "u@e.com");
    assert_gateway_knows(session); /* the old token's identity still goes with it */
    assert_code(capauth_token_regenerate(session, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_identifier(session), "u@e.com");
    assert_gateway_knows(session);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

/* ---- Two factors ---- */

#define MFA_BRAND                                                                                                      \
    "{\"IS_MFA_ENABLED\":true,\"CONF_FORCED_MFA\":true,\"PASSWORD_ENABLED\":%s,\"IS_MFA_PASSWORD_ENABLED\":%s}"

static void make_mfa_brand(const char *brand, bool first_password, bool second_password)
{
    char settings[256], customer[256];

    snprintf(settings, sizeof settings, MFA_BRAND, first_password ? "true" : "false",
             second_password ? "true" : "false");
    make_brand(shared, brand, settings);
    snprintf(customer, sizeof customer, "customers/%s/MOBILE/" MOBILE, brand);
    control(shared, "PUT", customer,
            first_password && second_password ? "{\"mfa\":true,\"password\":\"First-1\",\"mfaPassword\":\"Second-1\"}"
            : first_password                  ? "{\"mfa\":true,\"password\":\"First-1\"}"
            : second_password                 ? "{\"mfa\":true,\"mfaPassword\":\"Second-1\"}"
                                              : "{\"mfa\":true}");
}

static void check_pair(int flow, bool first_password, bool second_password)
{
    char brand[32];
    capauth_client *client = new_client(shared);
    capauth_session *first, *second = NULL;

    snprintf(brand, sizeof brand, "IdPair%d%d%d", flow, first_password, second_password);
    print_message("%s\n", brand);
    make_mfa_brand(brand, first_password, second_password);
    first = session_of(client, flow, brand, CAPAUTH_IDENTIFIER_MOBILE, MOBILE);
    if (first_password)
        by_password(first, "First-1");
    else
        by_otp(first, MOBILE);
    assert_string_equal(capauth_session_role(first), "MFA_PENDING");
    assert_int_equal(capauth_session_next_step(first), CAPAUTH_STEP_SECOND_FACTOR);
    assert_false(capauth_session_signed_in(first));
    assert_code(capauth_session_second_factor(first, &second), CAPAUTH_OK);
    assert_int_equal(capauth_session_flow(second), CAPAUTH_FLOW_MFA);
    if (flow == CAPAUTH_FLOW_WEB) {
        assert_code(capauth_token_generate(second, NULL, NULL), CAPAUTH_E_INVALID_ARGUMENT);
        assert_code(capauth_session_set_device_id(second, "device-1"), CAPAUTH_OK);
    }
    capauth_session_free(&first);
    if (second_password)
        by_password(second, "Second-1");
    else
        by_otp(second, MOBILE);
    assert_string_equal(capauth_session_role(second), "USER");
    assert_true(capauth_session_signed_in(second));
    assert_int_equal(capauth_session_next_step(second), CAPAUTH_STEP_DONE);
    assert_gateway_knows(second);
    assert_code(capauth_token_regenerate(second, NULL, NULL), CAPAUTH_OK);
    assert_gateway_knows(second);
    capauth_session_free(&second);
    capauth_client_free(&client);
}

TEST(every_pair_of_factors_signs_in)
{
    for (int pair = 0; pair < 4; pair++) {
        check_pair(CAPAUTH_FLOW_MOBILE, pair & 2, pair & 1);
        check_pair(CAPAUTH_FLOW_WEB, pair & 2, pair & 1);
    }
}

TEST(the_second_factor_may_have_another_identifier)
{
    capauth_client *client = new_client(shared);
    capauth_session *first, *second = NULL;

    make_mfa_brand("IdOther", false, false);
    first = session_of(client, CAPAUTH_FLOW_MOBILE, "IdOther", CAPAUTH_IDENTIFIER_MOBILE, MOBILE);
    by_otp(first, MOBILE);
    assert_code(capauth_session_second_factor(first, &second), CAPAUTH_OK);
    assert_code(capauth_session_set_identifier(second, CAPAUTH_IDENTIFIER_EMAIL, EMAIL), CAPAUTH_OK);
    assert_code(capauth_session_set_device_id(second, "device-2"), CAPAUTH_OK);
    assert_string_equal(capauth_session_identifier(first), MOBILE);
    assert_string_equal(capauth_session_device_id(first), "device-1");
    by_otp(second, EMAIL);
    assert_true(capauth_session_signed_in(second));
    assert_string_equal(capauth_session_otp_destination(second), "t***@e.com");
    assert_gateway_knows(second);
    capauth_session_free(&first);
    capauth_session_free(&second);
    capauth_client_free(&client);
}

TEST(a_first_mfa_password_counts_after_an_otp)
{
    capauth_client *client = new_client(shared);
    capauth_session *first, *second = NULL;
    capauth_options *options = NULL;

    make_brand(shared, "IdMfaFirst",
               "{\"IS_MFA_ENABLED\":true,\"CONF_FORCED_MFA\":true,\"IS_MFA_PASSWORD_ENABLED\":true}");
    first = session_of(client, CAPAUTH_FLOW_MOBILE, "IdMfaFirst", CAPAUTH_IDENTIFIER_MOBILE, MOBILE);
    by_otp(first, MOBILE);
    assert_code(capauth_session_second_factor(first, &second), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_password(options, "Second-1"), CAPAUTH_OK);
    assert_code(capauth_token_generate(second, options, NULL), CAPAUTH_OK);
    assert_int_equal(capauth_session_next_step(second), CAPAUTH_STEP_OTP_GENERATE);
    assert_code(capauth_otp_generate(second, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(second, otp_of(shared, "IdMfaFirst", MOBILE), NULL, NULL), CAPAUTH_OK);
    /* The session has ended with the OTP; a new one takes the password. */
    assert_code(capauth_password_validate(second, "Second-1", NULL, NULL), CAPAUTH_E_WRONG_STEP);
    by_password(second, "Second-1");
    assert_true(capauth_session_signed_in(second));
    capauth_options_free(&options);
    capauth_session_free(&first);
    capauth_session_free(&second);
    capauth_client_free(&client);
}

TEST(a_second_factor_can_be_taken_again)
{
    capauth_client *client = new_client(shared);
    capauth_session *first, *second = NULL;

    make_mfa_brand("IdAgain", false, true);
    first = session_of(client, CAPAUTH_FLOW_MOBILE, "IdAgain", CAPAUTH_IDENTIFIER_MOBILE, MOBILE);
    by_otp(first, MOBILE);
    assert_code(capauth_session_second_factor(first, &second), CAPAUTH_OK);
    assert_code(capauth_token_generate(second, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_password_validate(second, "wrong", NULL, NULL), CAPAUTH_INVALID_PASSWORD);
    assert_int_equal(capauth_session_next_step(second), CAPAUTH_STEP_PASSWORD_VALIDATE);
    /* OTP instead of the password. */
    assert_code(capauth_otp_generate(second, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(second, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(second, otp_of(shared, "IdAgain", MOBILE), NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(second));
    capauth_session_free(&second);
    assert_code(capauth_session_second_factor(first, &second), CAPAUTH_OK);
    by_password(second, "Second-1");
    assert_true(capauth_session_signed_in(second));
    /* After signing out there is nothing left to begin from. */
    assert_code(capauth_session_sign_out(second, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(second, NULL, NULL), CAPAUTH_E_WRONG_STEP);
    capauth_session_free(&first);
    capauth_session_free(&second);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_signs_in),
        cmocka_unit_test(brands_compare_without_regard_to_case),
        cmocka_unit_test(user_names_without_a_contact_get_no_otp),
        cmocka_unit_test(external_ids_need_the_brand_s_consent),
        cmocka_unit_test(a_new_email_takes_the_place_of_the_old_one),
        cmocka_unit_test(every_pair_of_factors_signs_in),
        cmocka_unit_test(the_second_factor_may_have_another_identifier),
        cmocka_unit_test(a_first_mfa_password_counts_after_an_otp),
        cmocka_unit_test(a_second_factor_can_be_taken_again),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
