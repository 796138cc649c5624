/* SPDX-License-Identifier: Apache-2.0 */
/* The flows of the protocol, end to end. */
#include "support.h"

#include <string.h>

TEST(otp_on_mobile)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "FlowMobile", "{}");
    customer = new_mobile(client, "FlowMobile", "919999999993");
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_TOKEN_GENERATE);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_role(customer), "VIEW");
    assert_false(capauth_session_signed_in(customer));
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_OTP_GENERATE);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_otp_destination(customer), "9199******93");
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_OTP_VALIDATE);
    assert_code(capauth_otp_validate(customer, otp_of(shared, "FlowMobile", "919999999993"), NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(customer));
    assert_string_equal(capauth_session_role(customer), "USER");
    assert_true(*capauth_session_key(customer));
    assert_true(*capauth_session_customer_id(customer));
    assert_true(capauth_session_expires_at(customer) > 0);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_DONE);
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(customer));
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(otp_on_web)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "FlowWeb", "{}");
    customer = new_web(client, "FlowWeb", "919999999994");
    sign_in(shared, customer);
    assert_true(capauth_session_signed_in(customer));
    assert_string_equal(capauth_session_key(customer), "");
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(customer));
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(wrong_otp_leaves_the_step_open)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "FlowWrong", "{\"FIXED_OTP\":\"012345\"}");
    customer = new_mobile(client, "FlowWrong", "919999999995");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(customer, "999999", NULL, NULL), CAPAUTH_INVALID_OTP);
    assert_string_equal(capauth_session_error_message(customer), "otp_validate: wrong OTP (1506: Invalid OTP)");
    assert_int_equal(capauth_session_otp_wrong_answers(customer), 1);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_OTP_VALIDATE);
    assert_code(capauth_otp_validate(customer, "012345", NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(customer));
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(password_first_time_then_afterwards)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_options *options = NULL;

    make_brand(shared, "FlowPassword", "{\"PASSWORD_ENABLED\":true}");
    customer = new_mobile(client, "FlowPassword", "919999999996");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_PASSWORD_REQUIRED);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_PASSWORD_CREATE);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_password(options, "Secret-1"), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, options, NULL), CAPAUTH_OK);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_OTP_GENERATE);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(customer, otp_of(shared, "FlowPassword", "919999999996"), NULL, NULL), CAPAUTH_OK);

    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_PASSWORD_VALIDATE);
    assert_code(capauth_password_validate(customer, "Secret-2", NULL, NULL), CAPAUTH_INVALID_PASSWORD);
    assert_code(capauth_password_validate(customer, "Secret-1", NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(customer));
    assert_code(capauth_password_change(customer, "Secret-1", "Secret-1", NULL, NULL), CAPAUTH_PASSWORD_UNCHANGED);
    assert_code(capauth_password_change(customer, "Secret-1", "Secret-3", NULL, NULL), CAPAUTH_OK);
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(forgotten_password)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "FlowForgot", "{\"PASSWORD_ENABLED\":true}");
    control(shared, "PUT", "customers/FlowForgot/MOBILE/919999999997", "{\"password\":\"Old-1\"}");
    customer = new_mobile(client, "FlowForgot", "919999999997");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_password_forget(customer, "New-1", NULL, NULL), CAPAUTH_OK);
    assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_OTP_GENERATE);
    sign_in(shared, customer); /* anew, as the reference says; the session itself would do, and does in the scenarios */
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_password_validate(customer, "New-1", NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(second_factor_by_otp)
{
    capauth_client *client = new_client(shared);
    capauth_session *first, *second = NULL;

    make_brand(shared, "FlowMfa", "{\"IS_MFA_ENABLED\":true,\"CONF_FORCED_MFA\":true}");
    first = new_mobile(client, "FlowMfa", "919999999998");
    sign_in(shared, first);
    assert_false(capauth_session_signed_in(first));
    assert_string_equal(capauth_session_role(first), "MFA_PENDING");
    assert_int_equal(capauth_session_next_step(first), CAPAUTH_STEP_SECOND_FACTOR);
    assert_code(capauth_session_second_factor(first, &second), CAPAUTH_OK);
    sign_in(shared, second);
    assert_true(capauth_session_signed_in(second));
    assert_code(capauth_token_expire(second, NULL, NULL), CAPAUTH_OK);
    assert_false(capauth_session_signed_in(second));
    assert_true(*capauth_session_key(second));
    assert_code(capauth_token_regenerate(second, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_signed_in(second));
    assert_code(capauth_session_sign_out(second, NULL, NULL), CAPAUTH_OK);
    assert_false(capauth_session_signed_in(second));
    assert_string_equal(capauth_session_key(second), "");
    assert_code(capauth_token_expire(first, NULL, NULL), CAPAUTH_E_UNSUPPORTED);
    capauth_session_free(&first);
    capauth_session_free(&second);
    capauth_client_free(&client);
}

TEST(identifier_update_takes_the_new_value)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "FlowUpdate", "{}");
    customer = new_mobile(client, "FlowUpdate", "919999999981");
    sign_in(shared, customer);
    assert_code(capauth_identifier_update(customer, "919999999982", NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_identifier(customer), "919999999982");
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(gateway_call_is_given_the_reply)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;
    size_t length = 0;

    make_brand(shared, "FlowGateway", "{}");
    customer = new_mobile(client, "FlowGateway", "919999999983");
    assert_code(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_E_SIGN_IN_REQUIRED);
    capauth_call_free(&call);
    sign_in(shared, customer);
    assert_code(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_OK);
    assert_int_equal(capauth_call_http_status(call), 200);
    assert_true(capauth_call_ok(call));
    assert_non_null(strstr(capauth_call_body(call, &length), "919999999983"));
    assert_true(length > 0);
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(external_session_only_calls_the_gateway)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer = NULL;
    capauth_call *call = NULL;

    make_brand(shared, "FlowExternal", "{}");
    assert_code(capauth_session_external_new(client, "FlowExternal", "access", "id", &customer), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_E_UNSUPPORTED);
    control(shared, "PUT", "gateway/FlowExternal/points/history", "{\"status\":200,\"body\":{\"points\":7}}");
    assert_code(capauth_gateway_call(customer, "GET", "points/history", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_OK);
    assert_non_null(strstr(capauth_call_body(call, NULL), "7"));
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(otp_on_mobile),
        cmocka_unit_test(otp_on_web),
        cmocka_unit_test(wrong_otp_leaves_the_step_open),
        cmocka_unit_test(password_first_time_then_afterwards),
        cmocka_unit_test(forgotten_password),
        cmocka_unit_test(second_factor_by_otp),
        cmocka_unit_test(identifier_update_takes_the_new_value),
        cmocka_unit_test(gateway_call_is_given_the_reply),
        cmocka_unit_test(external_session_only_calls_the_gateway),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
