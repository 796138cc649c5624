/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are changed in one thread while others read them. What breaks here, the sanitizers see first. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 300 };

static const char *const urls[] = {"https://127.0.0.1:1", "https://localhost:1/a/path/that/is/longer"};

struct changer {
    capauth_client *client;
    pthread_t thread;
    atomic_bool changed; /* at least once */
    atomic_bool stop;
    int result; /* of the last change */
};

static int change_everything(capauth_client *client, int round)
{
    char agent[2] = {(char)('a' + round % 26), '\0'};
    int result = capauth_client_set_base_url(client, urls[round % 2]);

    (void)capauth_client_set_gateway_url(client, urls[round % 2]);
    (void)capauth_client_set_ca_file(client, shared->ca_file);
    (void)capauth_client_set_ca_pem(client, "-----BEGIN CERTIFICATE-----");
    (void)capauth_client_set_tls_min(client, round % 2 ? "1.2" : "1.3");
    (void)capauth_client_set_proxy(client, round % 2 ? "http://127.0.0.1:1" : "");
    (void)capauth_client_set_user_agent(client, agent);
    (void)capauth_client_set_timeout_ms(client, 1000 + round);
    (void)capauth_client_set_refresh_margin_ms(client, round);
    (void)capauth_client_set_clock_offset_ms(client, round);
    return result;
}

/* Until it is told to stop, or the settings stand. */
static void *change_on_and_on(void *data)
{
    struct changer *changer = data;

    for (int round = 0; !changer->stop && !changer->result; round++) {
        changer->result = change_everything(changer->client, round);
        changer->changed = true;
    }
    return NULL;
}

static capauth_client *client_with_an_origin(void)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, urls[0]), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    return client;
}

static void changer_start(struct changer *changer)
{
    memset(changer, 0, sizeof *changer);
    changer->client = client_with_an_origin();
    assert_int_equal(pthread_create(&changer->thread, NULL, change_on_and_on, changer), 0);
    while (!changer->changed)
        ;
}

static bool tells_an_origin(const char *text)
{
    return strstr(text, urls[0]) || strstr(text, "https://localhost:1");
}

TEST(readers_see_one_setting_or_the_other)
{
    struct changer changer;

    changer_start(&changer);
    for (int round = 0; round < ROUNDS; round++) {
        capauth_session *customer = new_mobile(changer.client, "Brand", "919999999993");
        capauth_session *again = NULL;
        char *text = NULL;

        assert_code(capauth_diagnose(changer.client, &text), CAPAUTH_OK);
        assert_true(tells_an_origin(text));
        capauth_string_free(&text);
        assert_code(capauth_session_export(customer, &text), CAPAUTH_OK);
        (void)capauth_session_restore(changer.client, text, &again); /* it may be another origin by now */
        capauth_string_free(&text);
        assert_int_equal(capauth_session_next_step(customer), CAPAUTH_STEP_TOKEN_GENERATE);
        capauth_session_free(&again);
        capauth_session_free(&customer);
    }
    changer.stop = true;
    pthread_join(changer.thread, NULL);
    assert_code(changer.result, CAPAUTH_OK);
    capauth_client_free(&changer.client);
}

TEST(an_operation_ends_the_changes)
{
    for (int round = 0; round < ROUNDS / 10; round++) {
        struct changer changer;
        capauth_session *customer;

        changer_start(&changer);
        customer = new_mobile(changer.client, "Brand", "919999999993");
        assert_int_not_equal(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
        pthread_join(changer.thread, NULL);
        assert_code(changer.result, CAPAUTH_E_STATE);
        capauth_session_free(&customer);
        capauth_client_free(&changer.client);
    }
}

/* A refused one reads no setting, so they may still be changed. */
TEST(a_refused_operation_does_not)
{
    capauth_client *client = client_with_an_origin();
    capauth_session *customer = new_mobile(client, "Brand", "919999999993");
    capauth_call *call = NULL;

    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_E_WRONG_STEP);
    assert_int_not_equal(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_OK);
    capauth_call_free(&call);
    assert_code(capauth_client_set_base_url(client, urls[1]), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_see_one_setting_or_the_other),
        cmocka_unit_test(an_operation_ends_the_changes),
        cmocka_unit_test(a_refused_operation_does_not),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
