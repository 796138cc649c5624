/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that come when the session has moved on, and what they may still change: nothing. */
#include "support.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define REGENERATE "/auth/v1/token/regenerate"

static const char refused_key[] =
    "\"status\":200,\"body\":{\"status\":{\"success\":false,\"code\":1597,\"message\":\"x\"}}";

struct fixture {
    capauth_client *client;
    capauth_session *customer;
};

static struct fixture signed_in(const char *brand, const char *settings)
{
    struct fixture f;

    make_brand(shared, brand, settings);
    f.client = new_client(shared);
    f.customer = new_mobile(f.client, brand, "919999999993");
    sign_in(shared, f.customer);
    return f;
}

static void end(struct fixture *f)
{
    capauth_session_free(&f->customer);
    capauth_client_free(&f->client);
}

/* Polls until the emulator has seen the brand's `count`th regeneration. */
static void until_requested(struct fixture *f, const char *brand, int count)
{
    while (requests_of(shared, brand, "POST " REGENERATE) < count)
        assert_true(capauth_client_poll(f->client, 10) >= 0);
}

TEST(a_refused_regeneration_does_not_end_a_newer_sign_in)
{
    struct fixture f = signed_in("LateRefused", "{}");
    capauth_call *call = NULL;

    make_fault(shared, "LateRefused", REGENERATE, 1,
               "\"status\":503,\"body\":\"\",\"headers\":{\"Retry-After\":\"1\"}");
    make_fault(shared, "LateRefused", REGENERATE, 1, refused_key);
    assert_code(capauth_token_regenerate(f.customer, NULL, &call), CAPAUTH_OK);
    until_requested(&f, "LateRefused", 1);
    sign_in(shared, f.customer);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_OK); /* it looked again, and regenerated the new token */
    assert_true(capauth_session_signed_in(f.customer));
    assert_int_equal(capauth_session_next_step(f.customer), CAPAUTH_STEP_DONE);
    capauth_call_free(&call);
    end(&f);
}

TEST(a_regeneration_does_not_jump_into_a_new_sign_in)
{
    struct fixture f = signed_in("LateToken", "{}");
    capauth_call *call = NULL;

    make_fault(shared, "LateToken", REGENERATE, 1, "\"delayMs\":700");
    assert_code(capauth_token_regenerate(f.customer, NULL, &call), CAPAUTH_OK);
    until_requested(&f, "LateToken", 1);
    assert_code(capauth_token_generate(f.customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_SIGN_IN_REQUIRED);
    assert_string_equal(capauth_session_role(f.customer), "VIEW");
    assert_int_equal(capauth_session_next_step(f.customer), CAPAUTH_STEP_OTP_GENERATE);
    capauth_call_free(&call);
    end(&f);
}

TEST(after_a_reload_the_regeneration_is_begun_anew)
{
    struct fixture f = signed_in("LateReload", "{\"TOKEN_EXPIRY_IN_MINUTES\":1}");
    capauth_options *options = NULL;
    capauth_call *before = NULL;
    capauth_call *after = NULL;
    char *text = NULL;
    char *token = NULL;

    assert_code(capauth_session_export(f.customer, &text), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_margin_ms(options, 600000), CAPAUTH_OK);
    make_fault(shared, "LateReload", REGENERATE, 1, "\"delayMs\":700");
    assert_code(capauth_token_ensure(f.customer, options, &before), CAPAUTH_OK);
    until_requested(&f, "LateReload", 1);
    assert_code(capauth_session_reload(f.customer, text), CAPAUTH_OK);
    assert_code(capauth_token_ensure(f.customer, options, &after), CAPAUTH_OK);
    assert_code(capauth_call_wait(before, -1), CAPAUTH_OK);
    assert_code(capauth_call_wait(after, -1), CAPAUTH_OK);
    assert_code(capauth_session_copy_token(f.customer, &token), CAPAUTH_OK);
    assert_null(strstr(text, token)); /* a new one, not the one of the export */
    capauth_string_free(&token);
    capauth_string_free(&text);
    capauth_call_free(&before);
    capauth_call_free(&after);
    capauth_options_free(&options);
    end(&f);
}

/* The one from before the reload ends first: those who wait for the newer one go on waiting for that. */
TEST(a_regeneration_of_the_past_leaves_the_newer_one_its_waiters)
{
    struct fixture f = signed_in("LateWaiters", "{\"TOKEN_EXPIRY_IN_MINUTES\":1}");
    capauth_options *options = NULL;
    capauth_call *calls[2] = {NULL, NULL};
    char *text = NULL;

    assert_code(capauth_session_export(f.customer, &text), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_margin_ms(options, 600000), CAPAUTH_OK);
    make_fault(shared, "LateWaiters", REGENERATE, 1, "\"delayMs\":500");
    make_fault(shared, "LateWaiters", REGENERATE, 1, "\"delayMs\":1000");
    for (int i = 0; i < 2; i++) {
        assert_code(capauth_token_ensure(f.customer, options, &calls[i]), CAPAUTH_OK);
        until_requested(&f, "LateWaiters", i + 1);
        if (!i)
            assert_code(capauth_session_reload(f.customer, text), CAPAUTH_OK);
    }
    for (int i = 0; i < 2; i++) {
        assert_code(capauth_call_wait(calls[i], -1), CAPAUTH_OK);
        capauth_call_free(&calls[i]);
    }
    assert_int_equal(requests_of(shared, "LateWaiters", "POST " REGENERATE), 2);
    capauth_string_free(&text);
    capauth_options_free(&options);
    end(&f);
}

TEST(a_web_view_token_is_not_regenerated)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "LateView", "{}");
    customer = new_web(client, "LateView", "919999999991");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_E_SIGN_IN_REQUIRED);
    assert_code(capauth_otp_validate(customer, otp_of(shared, "LateView", "919999999991"), NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_post_refused_for_expiry_is_no_unknown_outcome)
{
    struct fixture f = signed_in("LatePost", "{}");
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    make_fault(shared, "LatePost", "/mobile/v2/api/customer/update", 1, "\"status\":401,\"body\":\"{}\"");
    make_fault(shared, "LatePost", REGENERATE, 1, "\"delayMs\":5000");
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, 500), CAPAUTH_OK);
    assert_code(capauth_gateway_call(f.customer, "POST", "customer/update", "{}", options, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_DEADLINE);
    assert_false(capauth_call_maybe_sent(call));
    capauth_call_free(&call);
    capauth_options_free(&options);
    end(&f);
}

TEST(a_second_sign_out_lets_the_first_expire_the_token)
{
    struct fixture f = signed_in("LateSignOut", "{\"IS_MFA_ENABLED\":true,\"CONF_FORCED_MFA\":true}");
    capauth_session *second = NULL;
    capauth_call *first_tap = NULL;
    capauth_call *second_tap = NULL;

    assert_code(capauth_session_second_factor(f.customer, &second), CAPAUTH_OK);
    sign_in(shared, second);
    assert_code(capauth_session_sign_out(second, NULL, &first_tap), CAPAUTH_OK);
    assert_code(capauth_session_sign_out(second, NULL, &second_tap), CAPAUTH_OK);
    assert_code(capauth_call_wait(first_tap, -1), CAPAUTH_OK);
    assert_code(capauth_call_wait(second_tap, -1), CAPAUTH_OK);
    assert_int_equal(requests_of(shared, "LateSignOut", "DELETE /auth/v1/mfa/token/expire"), 1);
    capauth_call_free(&first_tap);
    capauth_call_free(&second_tap);
    capauth_session_free(&second);
    end(&f);
}

TEST(an_expired_token_does_not_come_back_by_a_regeneration)
{
    struct fixture f = signed_in("LateExpire", "{\"IS_MFA_ENABLED\":true,\"CONF_FORCED_MFA\":true}");
    capauth_session *second = NULL;
    capauth_call *call = NULL;

    assert_code(capauth_session_second_factor(f.customer, &second), CAPAUTH_OK);
    sign_in(shared, second);
    make_fault(shared, "LateExpire", "/auth/v1/mfa/token/regenerate", 1, "\"delayMs\":700");
    assert_code(capauth_token_regenerate(second, NULL, &call), CAPAUTH_OK);
    while (!requests_of(shared, "LateExpire", "POST /auth/v1/mfa/token/regenerate"))
        assert_true(capauth_client_poll(f.client, 10) >= 0);
    assert_code(capauth_token_expire(second, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 500), CAPAUTH_E_PENDING);
    capauth_call_cancel(call); /* who asked for it gives up; what it started still lands */
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_CANCELLED);
    (void)capauth_client_poll(f.client, 1000);
    assert_false(capauth_session_signed_in(second));
    assert_string_equal(capauth_session_token(second), "");
    capauth_call_free(&call);
    capauth_session_free(&second);
    end(&f);
}

static int traced;

static void count_balance(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                          int duration_ms, void *data)
{
    (void)call_id, (void)operation, (void)result, (void)http_status, (void)attempts, (void)duration_ms, (void)data;
    traced += event == CAPAUTH_TRACE_START ? 1 : -1;
}

TEST(every_traced_end_has_a_start)
{
    struct fixture f = signed_in("LateTrace", "{}");

    traced = 0;
    assert_code(capauth_client_set_trace(f.client, count_balance, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(f.customer, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_client_poll(f.client, 0) >= 0);
    assert_int_equal(traced, 0);
    end(&f);
}

TEST(a_gateway_message_that_repeats_the_token_is_withheld)
{
    struct fixture f = signed_in("LateSecret", "{\"CONF_REGENERATE_TOKEN\":false}");
    capauth_call *call = NULL;
    char fault[2048];

    snprintf(fault, sizeof fault,
             "\"status\":401,\"body\":{\"status\":{\"success\":false,\"code\":401,\"message\":\"bad %s\"}}",
             capauth_session_token(f.customer));
    make_fault(shared, "LateSecret", "/mobile/v2/api/customer/get", 1, fault);
    assert_code(capauth_gateway_call(f.customer, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_SIGN_IN_REQUIRED);
    assert_null(strstr(capauth_call_error_message(call), capauth_session_token(f.customer)));
    assert_null(strstr(capauth_call_server_message(call), capauth_session_token(f.customer)));
    assert_non_null(strstr(capauth_call_server_message(call), "withheld"));
    capauth_call_free(&call);
    end(&f);
}

static void *wait_long(void *session)
{
    (void)capauth_token_generate(session, NULL, NULL);
    return NULL;
}

/* The leader finishes the loop's call, and goes back to waiting for its own. */
TEST(a_leader_does_not_take_the_wake_up_from_the_descriptor)
{
    struct fixture f = signed_in("LateWake", "{}");
    capauth_session *slow;
    capauth_call *call = NULL;
    pthread_t thread;
    struct pollfd watched = {.events = POLLIN};

    make_brand(shared, "LateWakeSlow", "{}");
    make_fault(shared, "LateWakeSlow", "/auth/v1/token/generate", 1, "\"delayMs\":4000");
    slow = new_mobile(f.client, "LateWakeSlow", "919999999994");
    watched.fd = capauth_client_fd(f.client);
    assert_true(watched.fd >= 0);
    assert_int_equal(pthread_create(&thread, NULL, wait_long, slow), 0);
    while (!requests_of(shared, "LateWakeSlow", "POST /auth/v1/token/generate"))
        ;
    assert_code(capauth_token_regenerate(f.customer, NULL, &call), CAPAUTH_OK);
    while (!capauth_call_done(call)) /* the leader alone moves it on */
        (void)poll(NULL, 0, 1);
    assert_int_equal(poll(&watched, 1, 2000), 1);
    assert_true(capauth_client_poll(f.client, 0) >= 1);
    capauth_client_close(f.client);
    pthread_join(thread, NULL);
    capauth_call_free(&call);
    capauth_session_free(&slow);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_regeneration_does_not_end_a_newer_sign_in),
        cmocka_unit_test(a_regeneration_does_not_jump_into_a_new_sign_in),
        cmocka_unit_test(after_a_reload_the_regeneration_is_begun_anew),
        cmocka_unit_test(a_regeneration_of_the_past_leaves_the_newer_one_its_waiters),
        cmocka_unit_test(a_web_view_token_is_not_regenerated),
        cmocka_unit_test(a_post_refused_for_expiry_is_no_unknown_outcome),
        cmocka_unit_test(a_second_sign_out_lets_the_first_expire_the_token),
        cmocka_unit_test(an_expired_token_does_not_come_back_by_a_regeneration),
        cmocka_unit_test(every_traced_end_has_a_start),
        cmocka_unit_test(a_gateway_message_that_repeats_the_token_is_withheld),
        cmocka_unit_test(a_leader_does_not_take_the_wake_up_from_the_descriptor),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
