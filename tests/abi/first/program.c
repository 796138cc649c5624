/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of the first days of ABI 1: it was compiled with the first capauth.h, is kept as program.o, and signs in
 * with whatever libcapauth.so.1 it is linked to. `make` beside it says how it was compiled; test_first.py runs it.
 */
#include <capauth/capauth.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "program.c:%d: %s\n", __LINE__, #condition);                                               \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

struct told {
    int logged, begun, ended, changed, freed;
};

static void log_line(int level, const char *message, void *data)
{
    CHECK(level >= CAPAUTH_LOG_ERROR && level <= CAPAUTH_LOG_DEBUG && *message);
    ((struct told *)data)->logged++;
}

static void trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                  int duration_ms, void *data)
{
    struct told *told = data;

    CHECK(call_id > 0 && *operation && attempts >= 0 && duration_ms >= 0 && http_status >= 0);
    CHECK(event == CAPAUTH_TRACE_START ? result == CAPAUTH_E_PENDING : result != CAPAUTH_E_PENDING);
    ++*(event == CAPAUTH_TRACE_START ? &told->begun : &told->ended);
}

static void change(capauth_session *session, void *data)
{
    CHECK(capauth_session_next_step(session) >= CAPAUTH_STEP_TOKEN_GENERATE);
    ((struct told *)data)->changed++;
}

static void count_free(void *data)
{
    ((struct told *)data)->freed++;
}

static void ask_the_library(void)
{
    CHECK(!strncmp(capauth_version(), "1.", 2));
    CHECK(!strcmp(capauth_error_name(CAPAUTH_INVALID_OTP), "INVALID_OTP"));
    CHECK(*capauth_strerror(CAPAUTH_E_DEADLINE));
    CHECK(capauth_error_retryable(CAPAUTH_E_CONNECT) == 1);
    CHECK(!strcmp(capauth_step_name(CAPAUTH_STEP_OTP_VALIDATE), "otp_validate"));
}

/* ---- Clients ---- */

static void set_everything(capauth_client *client)
{
    char *text = NULL;

    CHECK(!capauth_client_set_cluster(client, "EU"));
    CHECK(!capauth_client_set_base_url(client, getenv("CAPAUTH_URL")));
    CHECK(!capauth_client_set_gateway_url(client, "https://gateway.brand.example"));
    CHECK(!capauth_client_set_timeout_ms(client, 30000));
    CHECK(!capauth_client_set_connect_timeout_ms(client, 20000));
    CHECK(!capauth_client_set_max_retries(client, 2));
    CHECK(!capauth_client_set_max_connections(client, 4));
    CHECK(capauth_client_set_http2(client, 0) == CAPAUTH_OK);
    CHECK(!capauth_client_set_ca_pem(client, "-----BEGIN CERTIFICATE-----"));
    CHECK(!capauth_client_set_ca_file(client, getenv("CAPAUTH_CA_FILE")));
    CHECK(!capauth_client_set_tls_min(client, "1.2"));
    CHECK(capauth_client_set_pinned_keys(client, "not a pin") == CAPAUTH_E_INVALID_ARGUMENT);
    CHECK(*capauth_client_error_message(client));
    CHECK(!capauth_client_copy_error_message(client, &text) && *text);
    capauth_string_free(&text);
    CHECK(!text);
    CHECK(!capauth_client_set_client_cert(client, getenv("CAPAUTH_CA_FILE")));
    CHECK(!capauth_client_set_client_key(client, getenv("CAPAUTH_CA_FILE")));
    CHECK(!capauth_client_set_proxy(client, ""));
    CHECK(!capauth_client_set_user_agent(client, "first/1.0"));
    CHECK(!capauth_client_add_header(client, "X-First", "1"));
    CHECK(!capauth_client_set_refresh_margin_ms(client, 1000));
    CHECK(!capauth_client_set_auto_refresh(client, 1));
    CHECK(!capauth_client_set_allow_http(client, 0));
    CHECK(!capauth_client_set_clock_offset_ms(client, 0));
    CHECK(!capauth_client_set_cap_mobile(client, 1));
}

static void make_and_free_one_with_all_settings(void)
{
    capauth_client *client = NULL;
    char *text = NULL;

    CHECK(!capauth_client_new(&client));
    set_everything(client);
    CHECK(!capauth_diagnose(client, &text) && strstr(text, getenv("CAPAUTH_URL")));
    capauth_string_free(&text);
    CHECK(!capauth_client_close(client));
    CHECK(capauth_client_set_timeout_ms(client, 1) == CAPAUTH_E_CLOSED);
    capauth_client_free(&client);
    CHECK(!client);
}

static capauth_client *client_of(struct told *told)
{
    capauth_client *client = NULL;

    CHECK(!capauth_client_new(&client));
    CHECK(!capauth_client_set_base_url(client, getenv("CAPAUTH_URL")));
    CHECK(!capauth_client_set_ca_file(client, getenv("CAPAUTH_CA_FILE")));
    CHECK(!capauth_client_set_log(client, log_line, told, count_free));
    CHECK(!capauth_client_set_trace(client, trace, told, count_free));
    CHECK(!capauth_client_prepare(client));
    return client;
}

static capauth_session *customer_of(capauth_client *client, const char *brand, const char *mobile)
{
    capauth_session *customer = NULL;

    CHECK(!capauth_session_new(client, CAPAUTH_FLOW_MOBILE, brand, &customer));
    CHECK(!capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, mobile));
    CHECK(!capauth_session_set_contact(customer, CAPAUTH_IDENTIFIER_EMAIL, "first@brand.example"));
    CHECK(!capauth_session_set_device_id(customer, "device-1"));
    return customer;
}

/* ---- By OTP: blocking, waited for, polled ---- */

static void options_for_an_otp(capauth_options **options)
{
    CHECK(!capauth_options_new(options));
    CHECK(!capauth_options_set_timeout_ms(*options, 25000));
    CHECK(!capauth_options_set_password(*options, "Secret-1"));
    CHECK(!capauth_options_set_otp_hash(*options, "hash", 1760013480000));
    capauth_options_free(options);
    CHECK(!capauth_options_new(options));
    CHECK(!capauth_options_set_fallback_channel(*options, "SMS"));
}

static void a_wrong_otp(capauth_session *customer)
{
    capauth_call *call = NULL;

    CHECK(!capauth_otp_validate(customer, "999999", NULL, &call));
    CHECK(capauth_call_wait(call, -1) == CAPAUTH_INVALID_OTP);
    CHECK(capauth_call_done(call) == 1 && capauth_call_result(call) == CAPAUTH_INVALID_OTP);
    CHECK(*capauth_call_error_message(call) && !*capauth_call_argument(call));
    CHECK(capauth_call_next_step(call) == CAPAUTH_STEP_OTP_VALIDATE);
    CHECK(!strcmp(capauth_call_operation(call), "otp_validate"));
    CHECK(capauth_call_http_status(call) >= 200 && capauth_call_retry_after_ms(call) == -1);
    CHECK(capauth_call_maybe_sent(call) == 1 && capauth_call_retryable(call) == 0 && !capauth_call_ok(call));
    CHECK(capauth_call_server_code(call) == CAPAUTH_INVALID_OTP && *capauth_call_server_message(call));
    CHECK(capauth_call_request_id(call));
    capauth_call_free(&call);
}

static void wait_by_poll(capauth_client *client, capauth_call *call)
{
    capauth_call *done = NULL;

    CHECK(capauth_client_fd(client) >= 0);
    while (!capauth_call_done(call))
        CHECK(capauth_client_poll(client, 20000) >= 0);
    CHECK(capauth_client_next_done(client, &done) == 1 && done == call);
    CHECK(capauth_call_result(call) == CAPAUTH_OK);
}

static void sign_in_by_otp(capauth_client *client, capauth_session *customer)
{
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    options_for_an_otp(&options);
    CHECK(!capauth_token_generate(customer, NULL, &call));
    wait_by_poll(client, call);
    capauth_call_free(&call);
    CHECK(capauth_otp_generate(customer, options, NULL) == CAPAUTH_CHANNEL_NOT_CONFIGURED);
    CHECK(!capauth_otp_generate(customer, NULL, NULL));
    CHECK(capauth_session_otp_sent_at(customer) > 0 && *capauth_session_otp_destination(customer));
    CHECK(capauth_session_otp_channel(customer));
    a_wrong_otp(customer);
    CHECK(capauth_session_otp_wrong_answers(customer) == 1);
    CHECK(!capauth_otp_validate(customer, "012345", NULL, NULL));
    CHECK(capauth_session_next_step(customer) == CAPAUTH_STEP_DONE);
    capauth_options_free(&options);
}

static void same(const char *lent, int (*copy)(const capauth_session *, char **), const capauth_session *customer)
{
    char *text = NULL;

    CHECK(!copy(customer, &text) && !strcmp(text, lent));
    capauth_string_free(&text);
}

static void look_at(const capauth_session *customer)
{
    CHECK(capauth_session_signed_in(customer) == 1 && capauth_session_expires_at(customer) > 1700000000000);
    CHECK(capauth_session_flow(customer) == CAPAUTH_FLOW_MOBILE);
    CHECK(capauth_session_identifier_type(customer) == CAPAUTH_IDENTIFIER_MOBILE);
    CHECK(capauth_session_app_registered(customer) >= 0 && capauth_session_registered_for_password(customer) >= 0);
    CHECK(*capauth_session_token(customer) && *capauth_session_key(customer) && *capauth_session_customer_id(customer));
    same(capauth_session_token(customer), capauth_session_copy_token, customer);
    same(capauth_session_key(customer), capauth_session_copy_key, customer);
    same(capauth_session_role(customer), capauth_session_copy_role, customer);
    same(capauth_session_customer_id(customer), capauth_session_copy_customer_id, customer);
    same(capauth_session_brand(customer), capauth_session_copy_brand, customer);
    same(capauth_session_identifier(customer), capauth_session_copy_identifier, customer);
    same(capauth_session_device_id(customer), capauth_session_copy_device_id, customer);
    same(capauth_session_otp_destination(customer), capauth_session_copy_otp_destination, customer);
    same(capauth_session_otp_channel(customer), capauth_session_copy_otp_channel, customer);
    same(capauth_session_error_message(customer), capauth_session_copy_error_message, customer);
}

/* ---- What one does who is signed in ---- */

static void call_the_gateway(capauth_session *customer)
{
    capauth_options *options = NULL;
    capauth_call *call = NULL;
    size_t length = 0;

    CHECK(!capauth_options_new(&options));
    CHECK(!capauth_options_set_margin_ms(options, 0) && !capauth_options_set_repeatable(options, 1));
    CHECK(!capauth_options_add_header(options, "X-First", "1") && !capauth_options_add_query(options, "a", "b c"));
    CHECK(!capauth_gateway_call(customer, "GET", "customer/get", NULL, options, &call));
    CHECK(!capauth_call_wait(call, -1) && capauth_call_ok(call) == 1);
    CHECK(strlen(capauth_call_body(call, &length)) == length && length > 0);
    capauth_call_free(&call);
    CHECK(!capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call));
    CHECK(!capauth_call_cancel(call) && capauth_call_wait(call, -1) == CAPAUTH_E_CANCELLED);
    capauth_call_free(&call);
    capauth_options_free(&options);
}

static void save_and_load(capauth_client *client, capauth_session *customer)
{
    capauth_session *again = NULL;
    char *saved = NULL;

    CHECK(!capauth_session_export(customer, &saved));
    CHECK(!capauth_session_restore(client, saved, &again));
    CHECK(!capauth_token_regenerate(again, NULL, NULL) && !capauth_token_ensure(again, NULL, NULL));
    CHECK(!capauth_session_reload(again, saved));
    CHECK(!capauth_session_close(again) && capauth_token_ensure(again, NULL, NULL) == CAPAUTH_E_CLOSED);
    capauth_string_free(&saved);
    capauth_session_free(&again);
}

static void by_otp(capauth_client *client, struct told *told)
{
    capauth_session *customer = customer_of(client, "Otp", "919999999993");

    CHECK(!capauth_session_on_change(customer, change, told, count_free));
    sign_in_by_otp(client, customer);
    look_at(customer);
    CHECK(told->changed > 0);
    call_the_gateway(customer);
    save_and_load(client, customer);
    CHECK(!capauth_identifier_update(customer, "919999999994", NULL, NULL));
    CHECK(!strcmp(capauth_session_identifier(customer), "919999999994"));
    CHECK(!capauth_session_sign_out(customer, NULL, NULL) && !capauth_session_signed_in(customer));
    capauth_session_free(&customer);
}

/* ---- By password, by a second factor, by somebody else ---- */

static void by_password(capauth_client *client)
{
    capauth_session *customer = customer_of(client, "Password", "919999999901");

    CHECK(!capauth_token_generate(customer, NULL, NULL));
    CHECK(!capauth_password_validate(customer, "Secret-1", NULL, NULL));
    CHECK(!capauth_password_change(customer, "Secret-1", "Secret-2", NULL, NULL));
    CHECK(!capauth_token_generate(customer, NULL, NULL));
    CHECK(!capauth_password_forget(customer, "Secret-3", NULL, NULL));
    CHECK(capauth_session_next_step(customer) != CAPAUTH_STEP_DONE);
    capauth_session_free(&customer);
}

static void by_a_second_factor(capauth_client *client)
{
    capauth_session *first = customer_of(client, "Second", "919999999901"), *second = NULL;

    CHECK(!capauth_token_generate(first, NULL, NULL) && !capauth_otp_generate(first, NULL, NULL));
    CHECK(!capauth_otp_validate(first, "012345", NULL, NULL));
    CHECK(capauth_session_next_step(first) == CAPAUTH_STEP_SECOND_FACTOR);
    CHECK(!capauth_session_second_factor(first, &second) && capauth_session_flow(second) == CAPAUTH_FLOW_MFA);
    capauth_session_free(&first);
    CHECK(!capauth_token_generate(second, NULL, NULL) && !capauth_otp_generate(second, NULL, NULL));
    CHECK(!capauth_otp_validate(second, "012345", NULL, NULL) && capauth_session_signed_in(second));
    CHECK(!capauth_token_expire(second, NULL, NULL) && !capauth_session_signed_in(second));
    capauth_session_free(&second);
}

static void by_somebody_else(capauth_client *client)
{
    capauth_session *customer = NULL;

    CHECK(!capauth_session_external_new(client, "Otp", "access", "id", &customer));
    CHECK(capauth_session_flow(customer) == CAPAUTH_FLOW_EXTERNAL);
    CHECK(capauth_token_generate(customer, NULL, NULL) == CAPAUTH_E_UNSUPPORTED);
    capauth_session_free(&customer);
}

int main(void)
{
    struct told told = {0, 0, 0, 0, 0};
    capauth_client *client;

    ask_the_library();
    make_and_free_one_with_all_settings();
    client = client_of(&told);
    by_otp(client, &told);
    by_password(client);
    by_a_second_factor(client);
    by_somebody_else(client);
    capauth_client_free(&client);
    CHECK(told.logged > 0 && told.begun > 20 && told.ended > 20);
    CHECK(told.freed == 3);
    printf("signed in with %s\n", capauth_version());
    return 0;
}
