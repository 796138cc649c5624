/* SPDX-License-Identifier: Apache-2.0 */
/* What the application is told: in order, one at a time, outside every lock, and its data freed once. */
#include "support_net.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STORY = 1 << 18, THREADS = 8 };

/* ---- Order ---- */

static char story[STORY];

static void tell(const char *text)
{
    size_t used = strlen(story);

    snprintf(story + used, sizeof story - used, "%s ", text);
}

static void tell_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                       int duration_ms, void *data)
{
    char text[128];

    (void)duration_ms, (void)data;
    if (event == CAPAUTH_TRACE_START)
        snprintf(text, sizeof text, "%d:start(%s,%d)", (int)call_id, operation, result);
    else
        snprintf(text, sizeof text, "%d:end(%s,%d,%d,%d)", (int)call_id, operation, result, http_status, attempts);
    tell(text);
}

static void tell_change(capauth_session *session, void *data)
{
    char text[64];

    (void)data;
    snprintf(text, sizeof text, "changed(%s)", capauth_session_role(session));
    tell(text);
}

TEST(all_of_it_comes_in_order)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    story[0] = '\0';
    make_brand(shared, "CallbackOrder", "{\"FIXED_OTP\":\"012345\"}");
    assert_code(capauth_client_set_trace(client, tell_trace, NULL, NULL), CAPAUTH_OK);
    customer = new_mobile(client, "CallbackOrder", "919999999993");
    assert_code(capauth_session_on_change(customer, tell_change, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(customer, "999999", NULL, NULL), CAPAUTH_INVALID_OTP);
    assert_code(capauth_otp_validate(customer, "012345", NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_session_sign_out(customer, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(story, "1:start(token_generate,-51) changed(VIEW) 1:end(token_generate,0,200,1) "
                               "2:start(otp_generate,-51) changed(VIEW) 2:end(otp_generate,0,200,1) "
                               "3:start(otp_validate,-51) changed(VIEW) 3:end(otp_validate,1506,200,1) "
                               "4:start(otp_validate,-51) changed(USER) 4:end(otp_validate,0,200,1) "
                               "changed() 5:start(sign_out,-51) 5:end(sign_out,0,0,0) ");
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

static void keep_duration(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                          int duration_ms, void *data)
{
    (void)call_id, (void)operation, (void)result, (void)http_status, (void)attempts;
    if (event == CAPAUTH_TRACE_END)
        *(int *)data = duration_ms;
}

TEST(the_trace_of_an_end_says_how_long_it_took)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    int duration_ms = -1;

    make_brand(shared, "CallbackDuration", "{}");
    make_fault(shared, "CallbackDuration", "/auth/v1/token/generate", 1, "\"delayMs\":60");
    assert_code(capauth_client_set_trace(client, keep_duration, &duration_ms, NULL), CAPAUTH_OK);
    customer = new_mobile(client, "CallbackDuration", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_true(duration_ms >= 60);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(nothing_comes_before_somebody_waits)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    capauth_client *client = client_of(slow_server_url(server));
    capauth_session *customer = new_web(client, "Brand", "919999999993");
    capauth_call *call = NULL;

    story[0] = '\0';
    assert_code(capauth_client_set_trace(client, tell_trace, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_string_equal(story, "");
    assert_int_equal(capauth_client_poll(client, 0), 1);
    assert_string_equal(story, "1:start(token_generate,-51) 1:end(token_generate,-32,0,0) ");
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    slow_server_stop(server);
}

/* ---- One at a time, whoever runs them ---- */

struct crowd {
    capauth_client *client;
    atomic_int inside;
    atomic_int together;
    atomic_int calls;
};

static void be_alone(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                     int duration_ms, void *data)
{
    struct crowd *crowd = data;

    (void)event, (void)call_id, (void)operation, (void)result, (void)http_status, (void)attempts, (void)duration_ms;
    if (atomic_fetch_add(&crowd->inside, 1))
        atomic_fetch_add(&crowd->together, 1);
    atomic_fetch_add(&crowd->calls, 1);
    sched_yield();
    atomic_fetch_sub(&crowd->inside, 1);
}

static void *generate_tokens(void *data)
{
    struct crowd *crowd = data;
    capauth_session *customer = new_web(crowd->client, "Brand", "919999999993");

    for (int i = 0; i < 20; i++)
        (void)capauth_token_generate(customer, NULL, NULL);
    capauth_session_free(&customer);
    return NULL;
}

TEST(one_at_a_time_for_all_threads)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    struct crowd crowd = {.client = client_of(slow_server_url(server))};
    pthread_t threads[THREADS];

    assert_code(capauth_client_set_trace(crowd.client, be_alone, &crowd, NULL), CAPAUTH_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, generate_tokens, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(capauth_client_poll(crowd.client, 0), 0);
    assert_int_equal(crowd.together, 0);
    assert_int_equal(crowd.calls, THREADS * 20 * 2);
    capauth_client_free(&crowd.client);
    slow_server_stop(server);
}

/* ---- What a callback may do ---- */

struct inside {
    capauth_client *client;
    capauth_session *customer;
    capauth_session *other;
    capauth_call *call;
    int ran;
};

static void *block_on_the_same_client(void *data)
{
    struct inside *it = data;

    return capauth_token_generate(it->other, NULL, NULL) ? data : NULL;
}

static void do_what_is_allowed(capauth_session *session, void *data)
{
    struct inside *it = data;
    capauth_call *call = NULL;
    char *text = NULL;
    void *failed = NULL;
    pthread_t thread;

    if (it->ran++)
        return;
    assert_ptr_equal(session, it->customer);
    assert_code(capauth_session_export(session, &text), CAPAUTH_OK);
    capauth_string_free(&text);
    assert_code(capauth_session_copy_token(session, &text), CAPAUTH_OK);
    capauth_string_free(&text);
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_OTP_GENERATE);
    assert_code(capauth_otp_generate(session, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 0), CAPAUTH_E_REENTRANT);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    capauth_call_free(&call);
    assert_int_equal(capauth_client_next_done(it->client, &call), 0);
    /* No lock is held and nobody leads: another thread gets through, and this one can wait for it. */
    assert_int_equal(pthread_create(&thread, NULL, block_on_the_same_client, it), 0);
    pthread_join(thread, &failed);
    assert_null(failed);
}

TEST(a_callback_may_start_export_cancel_and_free)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    struct inside it = {.client = client_of(slow_server_url(server))};

    it.customer = new_web(it.client, "Brand", "919999999993");
    it.other = new_web(it.client, "Brand", "919999999994");
    assert_code(capauth_session_on_change(it.customer, do_what_is_allowed, &it, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.customer, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(it.ran, 1);
    capauth_session_free(&it.customer);
    capauth_session_free(&it.other);
    capauth_client_free(&it.client);
    slow_server_stop(server);
}

static void do_what_is_refused(int level, const char *message, void *data)
{
    struct inside *it = data;
    capauth_call *call = NULL;

    (void)level, (void)message;
    if (it->ran++)
        return;
    assert_code(capauth_client_poll(it->client, 0), CAPAUTH_E_REENTRANT);
    assert_code(capauth_client_poll(it->client, -1), CAPAUTH_E_REENTRANT);
    assert_code(capauth_client_prepare(it->client), CAPAUTH_E_REENTRANT);
    assert_code(capauth_token_generate(it->other, NULL, NULL), CAPAUTH_E_REENTRANT);
    assert_code(capauth_session_sign_out(it->other, NULL, NULL), CAPAUTH_E_REENTRANT);
    assert_code(capauth_token_generate(it->other, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_REENTRANT);
    assert_code(capauth_call_wait(call, 10), CAPAUTH_E_REENTRANT);
    it->call = call;
}

TEST(a_callback_may_not_wait)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    struct inside it = {.client = client_of(slow_server_url(server))};

    it.customer = new_web(it.client, "Brand", "919999999993");
    it.other = new_web(it.client, "Brand", "919999999994");
    assert_code(capauth_client_set_log(it.client, do_what_is_refused, &it, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.customer, NULL, NULL), CAPAUTH_OK);
    assert_true(it.ran > 0);
    assert_code(capauth_call_wait(it.call, -1), CAPAUTH_OK);
    capauth_call_free(&it.call);
    capauth_session_free(&it.customer);
    capauth_session_free(&it.other);
    capauth_client_free(&it.client);
    slow_server_stop(server);
}

static void wait_on_another_client(int level, const char *message, void *data)
{
    struct inside *it = data;

    (void)level, (void)message;
    if (!it->ran++)
        assert_code(capauth_token_generate(it->other, NULL, NULL), CAPAUTH_OK);
}

TEST(a_callback_may_wait_on_another_client)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    struct inside it = {.client = client_of(slow_server_url(server))};
    capauth_client *second = client_of(slow_server_url(server));

    it.customer = new_web(it.client, "Brand", "919999999993");
    it.other = new_web(second, "Brand", "919999999994");
    assert_code(capauth_client_set_log(it.client, wait_on_another_client, &it, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.customer, NULL, NULL), CAPAUTH_OK);
    assert_true(it.ran > 0);
    capauth_session_free(&it.customer);
    capauth_session_free(&it.other);
    capauth_client_free(&it.client);
    capauth_client_free(&second);
    slow_server_stop(server);
}

static void close_the_client(int event, int64_t call_id, const char *operation, int result, int http_status,
                             int attempts, int duration_ms, void *data)
{
    struct inside *it = data;

    (void)call_id, (void)operation, (void)result, (void)http_status, (void)attempts, (void)duration_ms;
    if (event == CAPAUTH_TRACE_END && !it->ran++)
        assert_code(capauth_client_close(it->client), CAPAUTH_OK);
}

TEST(a_callback_may_close_the_client)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    struct inside it = {.client = client_of(slow_server_url(server))};

    it.customer = new_web(it.client, "Brand", "919999999993");
    it.other = new_web(it.client, "Brand", "919999999994");
    assert_code(capauth_client_set_max_connections(it.client, 1), CAPAUTH_OK);
    assert_code(capauth_client_set_trace(it.client, close_the_client, &it, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.customer, NULL, &it.call), CAPAUTH_OK);
    (void)capauth_client_poll(it.client, 0);
    assert_code(capauth_token_generate(it.other, NULL, NULL), CAPAUTH_OK);
    assert_true(it.ran > 0);
    assert_code(capauth_token_generate(it.other, NULL, NULL), CAPAUTH_E_CLOSED);
    capauth_call_free(&it.call);
    capauth_session_free(&it.customer);
    capauth_session_free(&it.other);
    capauth_client_free(&it.client);
    slow_server_stop(server);
}

/* ---- A sign-in that its own callbacks drive ---- */

struct chain {
    capauth_session *customer;
    capauth_call *call;
};

static void go_on(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                  int duration_ms, void *data)
{
    struct chain *chain = data;

    (void)call_id, (void)operation, (void)http_status, (void)attempts, (void)duration_ms;
    if (event != CAPAUTH_TRACE_END)
        return;
    assert_code(result, CAPAUTH_OK);
    capauth_call_free(&chain->call);
    if (capauth_session_next_step(chain->customer) == CAPAUTH_STEP_OTP_GENERATE)
        assert_code(capauth_otp_generate(chain->customer, NULL, &chain->call), CAPAUTH_OK);
    else if (capauth_session_next_step(chain->customer) == CAPAUTH_STEP_OTP_VALIDATE)
        assert_code(capauth_otp_validate(chain->customer, "012345", NULL, &chain->call), CAPAUTH_OK);
}

TEST(callbacks_can_drive_a_sign_in)
{
    capauth_client *client = new_client(shared);
    struct chain chain = {0};

    make_brand(shared, "CallbackChain", "{\"FIXED_OTP\":\"012345\"}");
    assert_code(capauth_client_set_trace(client, go_on, &chain, NULL), CAPAUTH_OK);
    chain.customer = new_mobile(client, "CallbackChain", "919999999993");
    assert_code(capauth_token_generate(chain.customer, NULL, &chain.call), CAPAUTH_OK);
    while (chain.call)
        assert_int_equal(capauth_client_poll(client, 10000), 1);
    assert_true(capauth_session_signed_in(chain.customer));
    capauth_session_free(&chain.customer);
    capauth_client_free(&client);
}

/* ---- free_data: once, after the last callback ---- */

struct data {
    int called;
    int freed;
    int called_after;
};

static void note_call(struct data *data)
{
    data->called++;
    data->called_after += data->freed;
}

static void note_log(int level, const char *message, void *data)
{
    (void)level, (void)message;
    note_call(data);
}

static void note_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                       int duration_ms, void *data)
{
    (void)event, (void)call_id, (void)operation, (void)result, (void)http_status, (void)attempts, (void)duration_ms;
    note_call(data);
}

static void note_change(capauth_session *session, void *data)
{
    (void)session;
    note_call(data);
}

static void note_free(void *data)
{
    ((struct data *)data)->freed++;
}

enum kind { LOG, TRACE, CHANGE, KINDS };

static int listen_as(enum kind kind, capauth_client *client, capauth_session *session, bool callback, struct data *data)
{
    switch (kind) {
    case LOG:
        return capauth_client_set_log(client, callback ? note_log : NULL, data, note_free);
    case TRACE:
        return capauth_client_set_trace(client, callback ? note_trace : NULL, data, note_free);
    default:
        return capauth_session_on_change(session, callback ? note_change : NULL, data, note_free);
    }
}

static void check_data(const struct data *data, bool called)
{
    assert_int_equal(data->freed, 1);
    assert_int_equal(data->called_after, 0);
    assert_int_equal(data->called > 0, called);
}

TEST(data_is_freed_once_whatever_happens)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);

    for (enum kind kind = LOG; kind < KINDS; kind++) {
        capauth_client *client = client_of(slow_server_url(server));
        capauth_session *customer = new_web(client, "Brand", "919999999993");
        struct data first = {0}, second = {0}, removal = {0}, last = {0}, refused = {0}, nobody = {0};

        assert_code(listen_as(kind, client, customer, true, &first), CAPAUTH_OK);
        assert_code(listen_as(kind, client, customer, true, &second), CAPAUTH_OK);
        assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
        check_data(&first, false);
        assert_int_equal(second.freed, 0);
        assert_code(listen_as(kind, client, customer, false, &removal), CAPAUTH_OK);
        check_data(&removal, false);
        assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
        check_data(&second, true);
        assert_code(listen_as(kind, client, customer, true, &last), CAPAUTH_OK);
        assert_code(listen_as(kind, NULL, NULL, true, &nobody), CAPAUTH_E_INVALID_ARGUMENT);
        check_data(&nobody, false);
        assert_code(capauth_client_close(client), CAPAUTH_OK);
        assert_code(listen_as(kind, client, customer, true, &refused), CAPAUTH_E_CLOSED);
        check_data(&refused, false);
        capauth_session_free(&customer);
        capauth_client_free(&client);
        check_data(&last, false);
    }
    slow_server_stop(server);
}

/* Events on their way when the client ends are dropped, their data is not. */
TEST(data_is_freed_with_events_on_their_way)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);

    for (int order = 0; order < 6; order++) {
        capauth_client *client = client_of(slow_server_url(server));
        capauth_session *customer = new_web(client, "Brand", "919999999993");
        struct data data[KINDS] = {{0}};
        capauth_call *call = NULL;

        for (enum kind kind = LOG; kind < KINDS; kind++)
            assert_code(listen_as(kind, client, customer, true, &data[kind]), CAPAUTH_OK);
        assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
        if (order % 2)
            capauth_session_free(&customer);
        if (order % 3 == 0)
            capauth_client_free(&client);
        if (order % 3 == 1)
            capauth_call_free(&call);
        capauth_session_free(&customer);
        capauth_call_free(&call);
        capauth_client_free(&client);
        for (enum kind kind = LOG; kind < KINDS; kind++)
            check_data(&data[kind], false);
    }
    slow_server_stop(server);
}

static void a_listener_replaced_from_its_own_callback(capauth_session *session, void *data)
{
    note_call(data);
    assert_code(capauth_session_on_change(session, NULL, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(((struct data *)data)->freed, 0); /* not under its feet */
}

TEST(data_outlives_the_callback_that_removes_it)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    capauth_client *client = client_of(slow_server_url(server));
    capauth_session *customer = new_web(client, "Brand", "919999999993");
    struct data data = {0};

    assert_code(capauth_session_on_change(customer, a_listener_replaced_from_its_own_callback, &data, note_free),
                CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    check_data(&data, true);
    assert_int_equal(data.called, 1);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    slow_server_stop(server);
}

TEST(no_change_is_told_once_the_handle_is_freed)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    capauth_client *client = client_of(slow_server_url(server));
    capauth_session *customer = new_web(client, "Brand", "919999999993");
    struct data data = {0};
    capauth_call *call = NULL;

    assert_code(capauth_session_on_change(customer, note_change, &data, note_free), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
    capauth_session_free(&customer);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_OK); /* calls in flight go on */
    assert_int_equal(data.called, 0);
    capauth_call_free(&call);
    (void)capauth_client_poll(client, 0);
    check_data(&data, false);
    capauth_client_free(&client);
    slow_server_stop(server);
}

/* ---- The log ---- */

static void keep_line(int level, const char *message, void *data)
{
    (void)data;
    assert_true(level >= CAPAUTH_LOG_ERROR && level <= CAPAUTH_LOG_DEBUG);
    tell(message);
}

static void assert_not_told(const char *secret)
{
    assert_true(*secret);
    if (strstr(story, secret))
        fail_msg("the log holds %s:\n%s", secret, story);
}

static void sign_in_by_password(capauth_session *customer)
{
    capauth_options *options = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_password(options, "Hush-Hush-1"), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, options, NULL), CAPAUTH_OK);
    capauth_options_free(&options);
    assert_not_told(capauth_session_token(customer));
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(customer, "735519", NULL, NULL), CAPAUTH_INVALID_OTP);
    assert_code(capauth_otp_validate(customer, "735518", NULL, NULL), CAPAUTH_OK);
    assert_not_told(capauth_session_token(customer));
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_password_validate(customer, "Hush-Hush-2", NULL, NULL), CAPAUTH_INVALID_PASSWORD);
    assert_code(capauth_password_validate(customer, "Hush-Hush-1", NULL, NULL), CAPAUTH_OK);
    assert_not_told(capauth_session_token(customer));
}

TEST(the_log_holds_no_secret)
{
    static const char *const secrets[] = {"Hush-Hush", "735518", "735519", "919999999993", "P-", "eyJ"};
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;

    story[0] = '\0';
    make_brand(shared, "CallbackLog", "{\"PASSWORD_ENABLED\":true,\"FIXED_OTP\":\"735518\"}");
    assert_code(capauth_client_set_log(client, keep_line, NULL, NULL), CAPAUTH_OK);
    customer = new_mobile(client, "CallbackLog", "919999999993");
    sign_in_by_password(customer);
    assert_not_told(capauth_session_key(customer));
    make_fault(shared, "CallbackLog", "/auth/v1/token/regenerate", 1, "\"status\":503,\"body\":\"\"");
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_not_told(secrets[i]);
    assert_non_null(strstr(story, "token_generate"));
    assert_non_null(strstr(story, "9199******93"));
    assert_non_null(strstr(story, "next attempt in"));
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(the_log_tells_new_kept_and_no_connections_apart)
{
    struct served it = served_begin(0);

    story[0] = '\0';
    assert_code(capauth_client_set_log(it.client, keep_line, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(it.client, 0), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_OK);
    assert_non_null(strstr(story, "attempt 1, new connection"));
    assert_not_told("kept connection");
    assert_code(capauth_token_generate(it.customers[1], NULL, NULL), CAPAUTH_OK);
    assert_non_null(strstr(story, "attempt 1, kept connection"));
    story[0] = '\0';
    slow_server_stop(it.server);
    it.server = slow_server_start(token_reply(), 0); /* elsewhere: nobody listens any more */
    assert_code(capauth_token_generate(it.customers[2], NULL, NULL), CAPAUTH_E_CONNECT);
    assert_non_null(strstr(story, "attempt 1, no connection"));
    assert_not_told("kept connection");
    served_end(&it);
}

struct levels {
    int told[CAPAUTH_LOG_DEBUG + 1];
};

static void count_level(int level, const char *message, void *data)
{
    (void)message;
    ((struct levels *)data)->told[level]++;
}

TEST(no_line_comes_that_is_less_severe_than_the_log_level)
{
    struct served it = served_begin(0);

    assert_code(capauth_client_set_max_retries(it.client, 1), CAPAUTH_OK);
    slow_server_stop(it.server);
    it.server = slow_server_start(token_reply(), 0); /* elsewhere: nobody listens any more */
    for (int level = CAPAUTH_LOG_DEBUG; level >= 0; level--) { /* it changes with operations behind it */
        struct levels levels = {0};

        assert_code(capauth_client_set_log(it.client, count_level, &levels, NULL), CAPAUTH_OK);
        assert_code(capauth_client_set_log_level(it.client, level), CAPAUTH_OK);
        assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_E_CONNECT);
        assert_int_equal(levels.told[CAPAUTH_LOG_ERROR], level >= CAPAUTH_LOG_ERROR ? 1 : 0); /* its end */
        assert_int_equal(levels.told[CAPAUTH_LOG_INFO], level >= CAPAUTH_LOG_INFO ? 1 : 0); /* it is tried again */
        assert_int_equal(levels.told[CAPAUTH_LOG_DEBUG], level >= CAPAUTH_LOG_DEBUG ? 2 : 0); /* the attempts */
    }
    served_end(&it);
}

TEST(the_log_level_is_one_of_five)
{
    capauth_client *client = new_client(shared);

    assert_code(capauth_client_set_log_level(client, -1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_string_equal(capauth_client_error_message(client), "log_level is -1; it must be 0 to 4");
    assert_code(capauth_client_set_log_level(client, CAPAUTH_LOG_DEBUG + 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_set_log_level(NULL, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_close(client), CAPAUTH_OK);
    assert_code(capauth_client_set_log_level(client, 0), CAPAUTH_E_CLOSED);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_comes_in_order),
        cmocka_unit_test(the_trace_of_an_end_says_how_long_it_took),
        cmocka_unit_test(nothing_comes_before_somebody_waits),
        cmocka_unit_test(one_at_a_time_for_all_threads),
        cmocka_unit_test(a_callback_may_start_export_cancel_and_free),
        cmocka_unit_test(a_callback_may_not_wait),
        cmocka_unit_test(a_callback_may_wait_on_another_client),
        cmocka_unit_test(a_callback_may_close_the_client),
        cmocka_unit_test(callbacks_can_drive_a_sign_in),
        cmocka_unit_test(data_is_freed_once_whatever_happens),
        cmocka_unit_test(data_is_freed_with_events_on_their_way),
        cmocka_unit_test(data_outlives_the_callback_that_removes_it),
        cmocka_unit_test(no_change_is_told_once_the_handle_is_freed),
        cmocka_unit_test(the_log_holds_no_secret),
        cmocka_unit_test(the_log_tells_new_kept_and_no_connections_apart),
        cmocka_unit_test(no_line_comes_that_is_less_severe_than_the_log_level),
        cmocka_unit_test(the_log_level_is_one_of_five),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
