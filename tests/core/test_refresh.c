/* SPDX-License-Identifier: Apache-2.0 */
/* Staying signed in: one regeneration whoever needs it, on the server's clock. The emulator's clock moves here. */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "session/session.h"

#define REGENERATE "/auth/v1/token/regenerate"
#define MOBILE "919999999993"
#define DAY_MS INT64_C(86400000)

static void advance(int seconds)
{
    char body[64];

    snprintf(body, sizeof body, "{\"advanceSeconds\":%d}", seconds);
    control(shared, "POST", "clock", body);
}

/* The next reply tells the client what time it is: any sign-in on it does. */
static void tell_the_time(capauth_client *client, const char *brand)
{
    capauth_session *other = new_web(client, brand, "919999999900");

    assert_code(capauth_token_generate(other, NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&other);
}

static int regenerations(const char *brand)
{
    return requests_of(shared, brand, "POST " REGENERATE);
}

static int start_get(capauth_session *customer, const capauth_options *options, capauth_call **call)
{
    return capauth_gateway_call(customer, "GET", "customer/get", NULL, options, call);
}

static int get(capauth_session *customer)
{
    capauth_call *call = NULL;
    int outcome = start_get(customer, NULL, &call);

    if (!outcome)
        outcome = capauth_call_wait(call, 20000);
    if (!outcome)
        assert_int_equal(capauth_call_http_status(call), 200);
    capauth_call_free(&call);
    return outcome;
}

/* ---- One regeneration ---- */

enum { CALLS = 500 };

/* Of all kinds: what needs a token, and what asks for a new one. */
static int start_any(int i, capauth_session *customer, capauth_call **call)
{
    switch (i % 3) {
    case 0:
        return start_get(customer, NULL, call);
    case 1:
        return capauth_token_ensure(customer, NULL, call);
    default:
        return capauth_token_regenerate(customer, NULL, call);
    }
}

/* `informed`: the client knows that the token has expired; else the gateway's refusals tell. */
static void check_many(const char *brand, bool informed)
{
    static capauth_call *calls[CALLS];
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, brand, "{}");
    customer = new_mobile(client, brand, MOBILE);
    sign_in(shared, customer);
    advance(901);
    if (informed)
        tell_the_time(client, brand);
    for (int i = 0; i < CALLS; i++)
        assert_code(informed ? start_any(i, customer, &calls[i]) : start_get(customer, NULL, &calls[i]), CAPAUTH_OK);
    for (int i = 0; i < CALLS; i++) {
        assert_code(capauth_call_wait(calls[i], 20000), CAPAUTH_OK);
        assert_int_equal(capauth_call_ok(calls[i]), 1);
        capauth_call_free(&calls[i]);
    }
    assert_int_equal(regenerations(brand), 1);
    assert_true(capauth_session_signed_in(customer));
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(calls_at_the_moment_of_expiry_share_one_regeneration)
{
    check_many("RefreshMany", true);
}

TEST(calls_that_are_refused_share_one_regeneration)
{
    check_many("RefreshRefused", false);
}

enum { THREADS = 8, TURNS = 10 };

static void *use_session(void *data)
{
    capauth_session *customer = data;
    intptr_t failures = 0;

    for (int i = 0; i < TURNS; i++) {
        capauth_call *call = NULL;
        int outcome = start_get(customer, NULL, &call);

        if (!outcome)
            outcome = capauth_call_wait(call, 20000);
        failures += outcome != CAPAUTH_OK || capauth_call_http_status(call) != 200;
        capauth_call_free(&call);
        failures += capauth_token_ensure(customer, NULL, NULL) != CAPAUTH_OK;
    }
    return (void *)failures;
}

TEST(threads_share_one_regeneration)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    pthread_t threads[THREADS];

    make_brand(shared, "RefreshThreads", "{}");
    customer = new_mobile(client, "RefreshThreads", MOBILE);
    sign_in(shared, customer);
    advance(901);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_session, customer), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failures = NULL;

        pthread_join(threads[i], &failures);
        assert_null(failures);
    }
    assert_int_equal(regenerations("RefreshThreads"), 1);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(web_regenerates_from_the_token_itself)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    char *before = NULL;

    make_brand(shared, "RefreshWeb", "{}");
    customer = new_web(client, "RefreshWeb", MOBILE);
    sign_in(shared, customer);
    assert_code(capauth_session_copy_token(customer, &before), CAPAUTH_OK);
    advance(901);
    assert_code(get(customer), CAPAUTH_OK);
    assert_string_not_equal(capauth_session_token(customer), before);
    assert_int_equal(requests_of(shared, "RefreshWeb", "POST /auth/v1/web/token/regenerate"), 1);
    capauth_string_free(&before);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_waiter_that_leaves_ends_only_itself)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_options *options = NULL;
    capauth_call *cancelled = NULL, *late = NULL, *patient = NULL;

    make_brand(shared, "RefreshWaiters", "{}");
    customer = new_mobile(client, "RefreshWaiters", MOBILE);
    sign_in(shared, customer);
    advance(901);
    tell_the_time(client, "RefreshWaiters");
    make_fault(shared, "RefreshWaiters", REGENERATE, 1, "\"delayMs\":700");
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, 100), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(customer, NULL, &cancelled), CAPAUTH_OK);
    assert_code(start_get(customer, options, &late), CAPAUTH_OK);
    assert_code(capauth_token_ensure(customer, NULL, &patient), CAPAUTH_OK);
    assert_code(capauth_call_wait(cancelled, 20), CAPAUTH_E_PENDING);
    assert_code(capauth_call_cancel(cancelled), CAPAUTH_OK);
    assert_code(capauth_call_wait(cancelled, 20000), CAPAUTH_E_CANCELLED);
    assert_code(capauth_call_wait(late, 20000), CAPAUTH_E_DEADLINE);
    assert_int_equal(capauth_call_maybe_sent(late), 0);
    assert_code(capauth_call_result(patient), CAPAUTH_E_PENDING);
    assert_code(capauth_call_wait(patient, 20000), CAPAUTH_OK);
    assert_int_equal(regenerations("RefreshWaiters"), 1);
    capauth_call_free(&cancelled);
    capauth_call_free(&late);
    capauth_call_free(&patient);
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_sign_out_cancels_all_who_wait_for_a_token)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *calls[3] = {NULL};

    make_brand(shared, "RefreshEnded", "{}");
    customer = new_mobile(client, "RefreshEnded", MOBILE);
    sign_in(shared, customer);
    advance(901);
    tell_the_time(client, "RefreshEnded");
    make_fault(shared, "RefreshEnded", REGENERATE, 1, "\"delayMs\":700");
    for (int i = 0; i < 3; i++)
        assert_code(start_any(i, customer, &calls[i]), CAPAUTH_OK);
    assert_code(capauth_call_wait(calls[0], 20), CAPAUTH_E_PENDING);
    assert_code(capauth_session_sign_out(customer, NULL, NULL), CAPAUTH_OK);
    for (int i = 0; i < 3; i++) {
        assert_code(capauth_call_wait(calls[i], 20000), CAPAUTH_E_CANCELLED);
        capauth_call_free(&calls[i]);
    }
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_waiter_s_cancel_leaves_the_new_token)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;

    make_brand(shared, "RefreshLeft", "{}");
    customer = new_mobile(client, "RefreshLeft", MOBILE);
    sign_in(shared, customer);
    make_fault(shared, "RefreshLeft", REGENERATE, 1, "\"delayMs\":200");
    assert_code(capauth_token_regenerate(customer, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20), CAPAUTH_E_PENDING);
    capauth_call_free(&call);
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK); /* joins the one in flight */
    assert_int_equal(regenerations("RefreshLeft"), 1);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* ---- Failure ---- */

/* As if that much time had passed since the failure. */
static void let_pass(capauth_session *customer, int ms)
{
    capauth__session_lock(customer);
    customer->regeneration.failed_ms -= ms;
    capauth__session_unlock(customer);
}

TEST(after_a_failure_there_is_a_pause)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;
    char *message = NULL;

    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    make_brand(shared, "RefreshPause", "{}");
    customer = new_mobile(client, "RefreshPause", MOBILE);
    sign_in(shared, customer);
    advance(901);
    tell_the_time(client, "RefreshPause");
    make_fault(shared, "RefreshPause", REGENERATE, 1, "\"reset\":\"before\"");
    assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_E_NETWORK);
    assert_code(capauth_session_copy_error_message(customer, &message), CAPAUTH_OK);
    assert_int_equal(strncmp(message, "token_ensure: the connection failed: ", 37), 0);
    assert_null(strstr(message, "token_regenerate"));
    assert_code(capauth_token_ensure(customer, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_E_NETWORK);
    assert_string_equal(capauth_call_error_message(call), message);
    capauth_call_free(&call);
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_E_NETWORK);
    assert_int_equal(regenerations("RefreshPause"), 1);
    let_pass(customer, 1000);
    assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(regenerations("RefreshPause"), 2);
    capauth_string_free(&message);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_network_failure_never_signs_out)
{
    static const struct {
        int count;
        const char *fault;
    } faults[] = {
        {1, "\"reset\":\"before\""},
        {1, "\"reset\":\"after\""},
        {1, "\"truncateAfter\":5"},
        {1, "\"status\":504,\"body\":\"<html>\""},
        {1, "\"status\":403,\"body\":\"<html>\""},
        {1, "\"status\":200,\"body\":{}"},
    };
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    make_brand(shared, "RefreshNetwork", "{}");
    customer = new_mobile(client, "RefreshNetwork", MOBILE);
    sign_in(shared, customer);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        int outcome;

        make_fault(shared, "RefreshNetwork", REGENERATE, faults[i].count, faults[i].fault);
        outcome = capauth_token_regenerate(customer, NULL, NULL);
        assert_true(outcome == CAPAUTH_E_NETWORK || outcome == CAPAUTH_E_SERVICE || outcome == CAPAUTH_E_PROTOCOL);
        assert_true(capauth_session_signed_in(customer));
        assert_true(*capauth_session_key(customer));
        assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_DONE);
        let_pass(customer, 1000);
    }
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

struct changes {
    int count;
    bool signed_in;
    int next_step;
};

static void on_change(capauth_session *session, void *data)
{
    struct changes *changes = data;

    changes->count++;
    changes->signed_in = capauth_session_signed_in(session);
    changes->next_step = capauth_session_next_step(session);
}

TEST(a_refusal_signs_out_once)
{
    static const int codes[] = {CAPAUTH_CANNOT_REGENERATE_TOKEN, CAPAUTH_INVALID_KEY};

    for (size_t i = 0; i < 2; i++) {
        capauth_client *client = new_client(shared);
        capauth_session *customer;
        capauth_call *calls[20];
        struct changes changes = {0};
        char fault[256];

        make_brand(shared, "RefreshOut", "{}");
        control(shared, "POST", "reset?brand=RefreshOut", "{}");
        customer = new_mobile(client, "RefreshOut", MOBILE);
        sign_in(shared, customer);
        advance(901);
        tell_the_time(client, "RefreshOut");
        snprintf(fault, sizeof fault,
                 "\"status\":200,\"body\":{\"status\":{\"success\":false,\"code\":%d,\"message\":\"no\"}}", codes[i]);
        make_fault(shared, "RefreshOut", REGENERATE, 1, fault);
        assert_code(capauth_session_on_change(customer, on_change, &changes, NULL), CAPAUTH_OK);
        for (int j = 0; j < 20; j++)
            assert_code(start_any(j, customer, &calls[j]), CAPAUTH_OK);
        for (int j = 0; j < 20; j++) {
            assert_code(capauth_call_wait(calls[j], 20000), codes[i]);
            assert_int_equal(capauth_call_next_step(calls[j]), CAPAUTH_STEP_TOKEN_GENERATE);
            capauth_call_free(&calls[j]);
        }
        assert_int_equal(regenerations("RefreshOut"), 1);
        assert_int_equal(changes.count, 1);
        assert_false(changes.signed_in);
        assert_int_equal(changes.next_step, CAPAUTH_STEP_TOKEN_GENERATE);
        assert_string_equal(capauth_session_key(customer), "");
        assert_code(get(customer), CAPAUTH_E_SIGN_IN_REQUIRED);
        /* A new sign-in is not held up by what the old one met. */
        sign_in(shared, customer);
        assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
        capauth_session_free(&customer);
        capauth_client_free(&client);
    }
}

TEST(on_change_tells_of_every_new_token)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    struct changes changes = {0};
    int before;

    make_brand(shared, "RefreshTold", "{}");
    customer = new_mobile(client, "RefreshTold", MOBILE);
    assert_code(capauth_session_on_change(customer, on_change, &changes, NULL), CAPAUTH_OK);
    sign_in(shared, customer);
    assert_true(changes.count >= 1);
    assert_true(changes.signed_in);
    before = changes.count;
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(changes.count, before + 1);
    assert_code(capauth_session_sign_out(customer, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(changes.count, before + 2);
    assert_false(changes.signed_in);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* ---- The server's clock ---- */

TEST(a_local_clock_a_day_off_does_not_matter)
{
    static const int64_t offsets[] = {-DAY_MS, DAY_MS, -365 * DAY_MS, 365 * DAY_MS};

    make_brand(shared, "RefreshClock", "{}");
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        capauth_client *client = new_client(shared);
        capauth_session *customer = new_mobile(client, "RefreshClock", MOBILE);
        int before = regenerations("RefreshClock");

        assert_code(capauth_client_set_clock_offset_ms(client, offsets[i]), CAPAUTH_OK);
        sign_in(shared, customer);
        assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
        assert_code(get(customer), CAPAUTH_OK);
        assert_int_equal(regenerations("RefreshClock") - before, 0);
        advance(840);
        tell_the_time(client, "RefreshClock");
        assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
        assert_int_equal(regenerations("RefreshClock") - before, 0);
        advance(35); /* within the margin of 30 s */
        tell_the_time(client, "RefreshClock");
        assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
        assert_int_equal(regenerations("RefreshClock") - before, 1);
        capauth_session_free(&customer);
        capauth_client_free(&client);
    }
}

TEST(expires_in_counts_on_the_server_s_clock_alone)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer = new_mobile(client, "RefreshLeft", MOBILE);
    capauth_client *other = new_client(shared);
    capauth_session *restored = NULL;
    char *text = NULL;

    make_brand(shared, "RefreshLeft", "{}");
    assert_code(capauth_client_set_clock_offset_ms(client, DAY_MS), CAPAUTH_OK);
    assert_int_equal(capauth_session_expires_in_ms(customer), -1);
    sign_in(shared, customer);
    assert_true(capauth_session_expires_in_ms(customer) > 840000 && capauth_session_expires_in_ms(customer) <= 901000);
    assert_code(capauth_session_export(customer, &text), CAPAUTH_OK);
    assert_code(capauth_session_restore(other, text, &restored), CAPAUTH_OK);
    assert_int_equal(capauth_session_expires_in_ms(restored), -1); /* this client has heard nothing */
    advance(901);
    tell_the_time(client, "RefreshLeft");
    assert_int_equal(capauth_session_expires_in_ms(customer), 0);
    assert_code(capauth_session_sign_out(customer, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(capauth_session_expires_in_ms(customer), -1);
    capauth_string_free(&text);
    capauth_session_free(&restored);
    capauth_session_free(&customer);
    capauth_client_free(&other);
    capauth_client_free(&client);
}

/* A restored session has met no reply yet: the local clock is all there is, and a refusal beats it. */
TEST(a_restored_session_on_a_wrong_clock_works_too)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    char *text = NULL;

    make_brand(shared, "RefreshRestored", "{}");
    customer = new_mobile(client, "RefreshRestored", MOBILE);
    sign_in(shared, customer);
    assert_code(capauth_session_export(customer, &text), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    advance(901);
    for (int fast = 0; fast < 2; fast++) {
        client = new_client(shared);
        assert_code(capauth_client_set_clock_offset_ms(client, fast ? 365 * DAY_MS : -365 * DAY_MS), CAPAUTH_OK);
        assert_code(capauth_session_restore(client, text, &customer), CAPAUTH_OK);
        assert_code(get(customer), CAPAUTH_OK);
        assert_code(get(customer), CAPAUTH_OK);
        assert_int_equal(regenerations("RefreshRestored"), fast + 1);
        capauth_session_free(&customer);
        capauth_client_free(&client);
    }
    capauth_string_free(&text);
}

TEST(the_margin_of_client_and_options_counts)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_options *options = NULL;

    make_brand(shared, "RefreshMargin", "{}"); /* tokens live 15 minutes */
    assert_code(capauth_client_set_refresh_margin_ms(client, 5 * 60 * 1000), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    customer = new_mobile(client, "RefreshMargin", MOBILE);
    sign_in(shared, customer);
    assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(get(customer), CAPAUTH_OK);
    assert_int_equal(regenerations("RefreshMargin"), 0);
    advance(11 * 60);
    tell_the_time(client, "RefreshMargin");
    assert_code(capauth_options_set_margin_ms(options, 0), CAPAUTH_OK);
    assert_code(capauth_token_ensure(customer, options, NULL), CAPAUTH_OK);
    assert_int_equal(regenerations("RefreshMargin"), 0);
    assert_code(get(customer), CAPAUTH_OK);
    assert_int_equal(regenerations("RefreshMargin"), 1);
    advance(2 * 60);
    tell_the_time(client, "RefreshMargin");
    assert_code(get(customer), CAPAUTH_OK);
    assert_int_equal(regenerations("RefreshMargin"), 1);
    assert_code(capauth_options_set_margin_ms(options, 14 * 60 * 1000), CAPAUTH_OK);
    assert_code(capauth_token_ensure(customer, options, NULL), CAPAUTH_OK);
    assert_int_equal(regenerations("RefreshMargin"), 2);
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

static void count_warnings(int level, const char *message, void *data)
{
    if (level == CAPAUTH_LOG_WARNING && strstr(message, "half of its life"))
        ++*(int *)data;
}

TEST(a_token_serves_half_of_its_life_whatever_the_margin)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_options *options = NULL;
    capauth_call *call = NULL;
    int warnings = 0;

    make_brand(shared, "RefreshHalf", "{}"); /* tokens live 15 minutes */
    assert_code(capauth_client_set_log(client, count_warnings, &warnings, NULL), CAPAUTH_OK);
    assert_code(capauth_client_set_refresh_margin_ms(client, 15 * 60 * 1000), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_margin_ms(options, (int)DAY_MS), CAPAUTH_OK);
    customer = new_mobile(client, "RefreshHalf", MOBILE);
    sign_in(shared, customer);
    for (int i = 0; i < 20; i++) {
        assert_code(get(customer), CAPAUTH_OK);
        assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
        assert_code(start_get(customer, options, &call), CAPAUTH_OK);
        assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
        capauth_call_free(&call);
    }
    assert_int_equal(regenerations("RefreshHalf"), 0);
    assert_int_equal(warnings, 1);
    advance(8 * 60);
    tell_the_time(client, "RefreshHalf");
    for (int i = 0; i < 20; i++)
        assert_code(get(customer), CAPAUTH_OK);
    assert_int_equal(regenerations("RefreshHalf"), 1);
    assert_int_equal(warnings, 1);
    assert_code(capauth_token_ensure(customer, options, NULL), CAPAUTH_OK); /* who asks for a day's gets the freshest */
    assert_int_equal(regenerations("RefreshHalf"), 2);
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* Whatever befalls the regeneration, a token that is still valid is used; but not by who asked for more. */
TEST(a_valid_token_is_used_when_it_cannot_be_renewed)
{
    static const char *const faults[] = {"\"status\":503,\"body\":\"\"", "\"reset\":\"before\"",
                                         "\"status\":200,\"body\":\"x\""};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        capauth_client *client = new_client(shared);
        capauth_session *customer;
        capauth_options *options = NULL;
        char brand[32];

        snprintf(brand, sizeof brand, "RefreshMakesDo%zu", i);
        print_message("%s\n", faults[i]);
        make_brand(shared, brand, "{}");
        assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
        assert_code(capauth_options_new(&options), CAPAUTH_OK);
        assert_code(capauth_options_set_margin_ms(options, 60000), CAPAUTH_OK);
        customer = new_mobile(client, brand, MOBILE);
        sign_in(shared, customer);
        advance(880); /* it lives 20 seconds more, and the margin is 30 */
        tell_the_time(client, brand);
        make_fault(shared, brand, REGENERATE, 99, faults[i]);
        assert_code(get(customer), CAPAUTH_OK);
        assert_int_equal(regenerations(brand), 1);
        assert_code(get(customer), CAPAUTH_OK); /* within the pause after a failure too */
        assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
        assert_int_not_equal(capauth_token_ensure(customer, options, NULL), CAPAUTH_OK);
        assert_int_not_equal(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
        advance(30);
        tell_the_time(client, brand);
        assert_int_not_equal(get(customer), CAPAUTH_OK);
        assert_int_not_equal(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
        assert_true(capauth_session_signed_in(customer));
        capauth_options_free(&options);
        capauth_session_free(&customer);
        capauth_client_free(&client);
    }
}

/* It is waited for in part of the time only, and then goes on by itself. */
TEST(a_valid_token_is_used_when_the_regeneration_hangs)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_options *options = NULL;
    char *before = NULL;

    assert_code(capauth_client_set_timeout_ms(client, 4000), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_margin_ms(options, 60000), CAPAUTH_OK);
    make_brand(shared, "RefreshHangs", "{}");
    customer = new_mobile(client, "RefreshHangs", MOBILE);
    sign_in(shared, customer);
    assert_code(capauth_session_copy_token(customer, &before), CAPAUTH_OK);
    advance(880); /* it lives 20 seconds more, and the margin is 30 */
    tell_the_time(client, "RefreshHangs");
    make_fault(shared, "RefreshHangs", REGENERATE, 1, "\"delayMs\":60000");
    make_fault(shared, "RefreshHangs", REGENERATE, 1, "\"delayMs\":2500");
    assert_code(get(customer), CAPAUTH_OK);
    assert_code(capauth_token_ensure(customer, options, NULL), CAPAUTH_E_DEADLINE); /* who asked for more */
    let_pass(customer, 1000);
    assert_code(get(customer), CAPAUTH_OK);
    assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_token(customer), before);
    assert_int_equal(regenerations("RefreshHangs"), 2); /* the second is still waited for */
    while (!strcmp(capauth_session_token(customer), before))
        assert_true(capauth_client_poll(client, 20) >= 0);
    capauth_string_free(&before);
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* Nothing moves then: neither the regeneration nor the end of the patience with it. */
TEST(a_process_that_stood_still_past_the_deadline_still_gets_a_valid_token)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_options *options = NULL;
    capauth_call *token = NULL;
    capauth_call *request = NULL;

    make_brand(shared, "RefreshStoodStill", "{}");
    customer = new_mobile(client, "RefreshStoodStill", MOBILE);
    sign_in(shared, customer);
    advance(880); /* it lives 20 seconds more, and the margin is 30 */
    tell_the_time(client, "RefreshStoodStill");
    make_fault(shared, "RefreshStoodStill", REGENERATE, 2, "\"delayMs\":60000");
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, 100), CAPAUTH_OK);
    assert_code(capauth_token_ensure(customer, options, &token), CAPAUTH_OK);
    assert_code(start_get(customer, options, &request), CAPAUTH_OK);
    assert_true(capauth_client_poll(client, 0) >= 0);
    usleep(200000);
    assert_code(capauth_call_wait(token, 5000), CAPAUTH_OK);
    assert_code(capauth_call_wait(request, 5000), CAPAUTH_E_DEADLINE); /* for which there is no time left */
    capauth_call_free(&token);
    capauth_call_free(&request);
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(without_a_key_a_token_is_used_until_it_expires)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "RefreshNoKey", "{\"CONF_REGENERATE_TOKEN\":false}");
    customer = new_mobile(client, "RefreshNoKey", MOBILE);
    sign_in(shared, customer);
    assert_string_equal(capauth_session_key(customer), "");
    advance(880);
    tell_the_time(client, "RefreshNoKey");
    assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK); /* within the margin, but it is all there is */
    assert_code(get(customer), CAPAUTH_OK);
    advance(30);
    tell_the_time(client, "RefreshNoKey");
    assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_E_SIGN_IN_REQUIRED);
    assert_code(get(customer), CAPAUTH_E_SIGN_IN_REQUIRED);
    assert_int_equal(regenerations("RefreshNoKey"), 0);
    assert_true(capauth_session_signed_in(customer)); /* mere expiry does not end it */
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* ---- What replies bring ---- */

#define RENEWED(auth) "{\"status\":{\"success\":true,\"code\":200},\"auth\":{" auth "},\"user\":{\"role\":\"USER\"}}"

TEST(a_new_key_replaces_the_old_one)
{
    const char *const replies[] = {http_reply("HTTP/1.1 200 OK", "", RENEWED("\"token\":\"T2\",\"key\":\"K2\"")),
                                   http_reply("HTTP/1.1 200 OK", "", RENEWED("\"token\":\"T3\",\"key\":null")), NULL};
    struct raw_server *server = raw_server_start(replies, false);
    capauth_client *client = new_raw_client(server);
    capauth_session *session = NULL;
    char text[512], request[4096];

    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mobile\",\"brand\":\"B\",\"device\":\"d\",\"identifierType\":"
             "\"MOBILE\",\"identifier\":\"1\",\"token\":\"T1\",\"role\":\"USER\",\"key\":\"K1\",\"nextStep\":\"done\"}",
             raw_server_url(server));
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
    assert_code(capauth_token_ensure(session, NULL, NULL), CAPAUTH_OK); /* no exp: good until refused */
    assert_int_equal(raw_server_requests(server), 0);
    assert_int_equal(capauth_session_expires_at(session), 0);
    assert_code(capauth_token_regenerate(session, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_key(session), "K2");
    assert_string_equal(capauth_session_token(session), "T2");
    assert_code(capauth_token_regenerate(session, NULL, NULL), CAPAUTH_OK);
    raw_server_last_request(server, request, sizeof request);
    assert_non_null(strstr(request, "\"key\":\"K2\""));
    assert_string_equal(capauth_session_key(session), "K2");
    assert_string_equal(capauth_session_token(session), "T3");
    capauth_session_free(&session);
    capauth_client_free(&client);
    raw_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_at_the_moment_of_expiry_share_one_regeneration),
        cmocka_unit_test(calls_that_are_refused_share_one_regeneration),
        cmocka_unit_test(threads_share_one_regeneration),
        cmocka_unit_test(web_regenerates_from_the_token_itself),
        cmocka_unit_test(a_waiter_that_leaves_ends_only_itself),
        cmocka_unit_test(a_sign_out_cancels_all_who_wait_for_a_token),
        cmocka_unit_test(a_waiter_s_cancel_leaves_the_new_token),
        cmocka_unit_test(after_a_failure_there_is_a_pause),
        cmocka_unit_test(a_network_failure_never_signs_out),
        cmocka_unit_test(a_refusal_signs_out_once),
        cmocka_unit_test(on_change_tells_of_every_new_token),
        cmocka_unit_test(a_local_clock_a_day_off_does_not_matter),
        cmocka_unit_test(expires_in_counts_on_the_server_s_clock_alone),
        cmocka_unit_test(a_restored_session_on_a_wrong_clock_works_too),
        cmocka_unit_test(the_margin_of_client_and_options_counts),
        cmocka_unit_test(a_token_serves_half_of_its_life_whatever_the_margin),
        cmocka_unit_test(a_valid_token_is_used_when_it_cannot_be_renewed),
        cmocka_unit_test(a_valid_token_is_used_when_the_regeneration_hangs),
        cmocka_unit_test(a_process_that_stood_still_past_the_deadline_still_gets_a_valid_token),
        cmocka_unit_test(without_a_key_a_token_is_used_until_it_expires),
        cmocka_unit_test(a_new_key_replaces_the_old_one),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
