/* SPDX-License-Identifier: Apache-2.0 */
/* Error texts: on the handle that was given, of the failure that was, and of the thread that asks. */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORIGIN "https://auth.brand.example"

static capauth_client *brand_client(void)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, ORIGIN), CAPAUTH_OK);
    return client;
}

static void assert_says(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("\"%s\" does not say \"%s\"", text, what);
}

/* ---- The handle that was given ---- */

TEST(a_reload_says_on_the_session_what_is_wrong)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {NULL, "the export is missing"},
        {"x", "the export is not JSON"},
        {"{\"v\":2}", "the export needs a newer capauth: its version"},
        {"{\"v\":1,\"origin\":\"https://other.example\",\"flow\":\"mobile\",\"brand\":\"B\"}", "another origin"},
        {"{\"v\":1,\"origin\":\"" ORIGIN "\",\"flow\":\"web\",\"brand\":\"B\"}", "another customer, brand or flow"},
        {"{\"v\":1,\"origin\":\"" ORIGIN "\",\"flow\":\"mobile\",\"brand\":7}", "not a valid string"},
    };
    capauth_client *client = brand_client();
    capauth_session *customer = new_mobile(client, "B", "919999999993");

    assert_code(capauth_client_set_cluster(client, "MARS"), CAPAUTH_E_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_code(capauth_otp_validate(customer, "1", NULL, NULL), CAPAUTH_E_WRONG_STEP);
        assert_code(capauth_session_reload(customer, cases[i].text), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_session_error_message(customer), cases[i].says);
    }
    assert_says(capauth_client_error_message(client), "cluster"); /* which none of them was given */
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_restore_says_it_on_the_client)
{
    capauth_client *client = brand_client();
    capauth_session *customer = NULL;

    assert_code(capauth_client_set_cluster(client, "MARS"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_restore(client, "x", &customer), CAPAUTH_E_INVALID_ARGUMENT);
    assert_string_equal(capauth_client_error_message(client), "the export is not JSON");
    capauth_client_free(&client);
}

TEST(a_prepare_says_it_on_the_client)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_cluster(client, "MARS"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_TLS);
    assert_says(capauth_client_error_message(client), "certificate");
    assert_says(capauth_client_error_message(client), "CA store: ");
    capauth_client_free(&client);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://nowhere.invalid"), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_RESOLVE);
    assert_says(capauth_client_error_message(client), "nowhere.invalid");
    capauth_client_free(&client);
}

TEST(closed_handles_say_so)
{
    capauth_client *client = brand_client();
    capauth_session *customer = new_mobile(client, "B", "919999999993");
    capauth_session *other = NULL;

    assert_code(capauth_client_set_cluster(client, "MARS"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_close(client), CAPAUTH_OK);
    assert_code(capauth_client_set_cluster(client, "EU"), CAPAUTH_E_CLOSED);
    assert_string_equal(capauth_client_error_message(client), capauth_strerror(CAPAUTH_E_CLOSED));
    assert_code(capauth_session_set_device_id(customer, "d"), CAPAUTH_E_CLOSED);
    assert_string_equal(capauth_session_error_message(customer), capauth_strerror(CAPAUTH_E_CLOSED));
    assert_code(capauth_session_reload(customer, "x"), CAPAUTH_E_CLOSED);
    assert_code(capauth_session_second_factor(customer, &other), CAPAUTH_E_CLOSED);
    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, "B", &other), CAPAUTH_E_CLOSED);
    assert_code(capauth_session_restore(client, "x", &other), CAPAUTH_E_CLOSED);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* ---- The thread that asks ---- */

struct failing {
    capauth_client *client;
    capauth_session *customer;
    bool numbers; /* else texts */
};

/* Fails again and again in its own way, and looks whether it hears of that. NULL: always. */
static void *fail_and_ask(void *data)
{
    const struct failing *it = data;
    char *heard = NULL;

    for (int round = 0; round < 2000; round++) {
        if (it->numbers)
            capauth_client_set_timeout_ms(it->client, 0);
        else
            capauth_client_set_cluster(it->client, "MARS");
        capauth_client_copy_error_message(it->client, &heard);
        if (!heard || !strstr(heard, it->numbers ? "timeout_ms" : "cluster"))
            return heard ? heard : strdup("nothing");
        capauth_string_free(&heard);
        if (it->numbers)
            capauth_session_set_identifier(it->customer, 99, "x");
        else
            capauth_session_set_device_id(it->customer, "");
        capauth_session_copy_error_message(it->customer, &heard);
        if (!heard || !strstr(heard, it->numbers ? "identifier" : "device_id"))
            return heard ? heard : strdup("nothing");
        capauth_string_free(&heard);
    }
    return NULL;
}

TEST(threads_do_not_hear_of_each_other)
{
    capauth_client *client = brand_client();
    capauth_session *customer = new_mobile(client, "B", "919999999993");
    struct failing two[] = {{client, customer, false}, {client, customer, true}};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fail_and_ask, &two[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *heard;

        pthread_join(threads[i], &heard);
        if (heard)
            fail_msg("thread %d heard \"%s\"", i, (char *)heard);
    }
    assert_string_not_equal(capauth_client_error_message(client), ""); /* who has not failed hears of the latest */
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

static void *fail_once(void *client)
{
    capauth_client_set_cluster(client, "MARS");
    return NULL;
}

TEST(many_threads_leave_few_texts)
{
    capauth_client *client = brand_client();

    assert_code(capauth_client_set_timeout_ms(client, 0), CAPAUTH_E_INVALID_ARGUMENT);
    for (int i = 0; i < 100; i++) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, fail_once, client), 0);
        pthread_join(thread, NULL);
    }
    assert_code(capauth_client_set_http2(client, 7), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "http2");
    capauth_client_free(&client);
}

/* ---- Headers of a regeneration ---- */

TEST(a_regeneration_has_the_headers_of_who_asks)
{
    static const char *replies[2];
    struct raw_server *server;
    capauth_client *client;
    capauth_session *customer = NULL;
    capauth_options *options = NULL;
    char request[4096], text[512];

    replies[0] = http_reply("HTTP/1.1 200 OK", "", "{\"status\":{\"success\":true},\"auth\":{\"token\":\"e.e30.s\"}}");
    server = raw_server_start(replies, false);
    client = new_raw_client(server);
    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"web\",\"brand\":\"B\",\"identifierType\":\"MOBILE\","
             "\"identifier\":\"919999999993\",\"token\":\"e.eyJyb2wiOiJVU0VSIiwiZXhwIjoxfQ.s\",\"nextStep\":\"done\"}",
             raw_server_url(server)); /* with exp 1 */
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_add_header(options, "X-Reason", "mine"), CAPAUTH_OK);
    for (int ensure = 0; ensure < 2; ensure++) {
        assert_code(capauth_session_restore(client, text, &customer), CAPAUTH_OK);
        assert_code(ensure ? capauth_token_ensure(customer, options, NULL)
                           : capauth_token_regenerate(customer, options, NULL),
                    CAPAUTH_OK);
        assert_int_equal(raw_server_requests(server), ensure + 1);
        raw_server_last_request(server, request, sizeof request);
        assert_says(request, "/token/regenerate ");
        assert_says(request, "\r\nX-Reason: mine\r\n");
        capauth_session_free(&customer);
    }
    capauth_options_free(&options);
    capauth_client_free(&client);
    raw_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reload_says_on_the_session_what_is_wrong),
        cmocka_unit_test(a_restore_says_it_on_the_client),
        cmocka_unit_test(a_prepare_says_it_on_the_client),
        cmocka_unit_test(closed_handles_say_so),
        cmocka_unit_test(threads_do_not_hear_of_each_other),
        cmocka_unit_test(many_threads_leave_few_texts),
        cmocka_unit_test(a_regeneration_has_the_headers_of_who_asks),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
