/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing waits for a name that is being looked up. Runs with preload_slow_names: a lookup takes four seconds. */
#include "support_net.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AT_ONCE_MS = 500 };

struct fixture {
    capauth_client *client;
    capauth_session *customer;
    capauth_call *call;
    int64_t start_ms;
};

/* With a lookup under way. */
static struct fixture begin(int timeout_ms)
{
    struct fixture it = {.start_ms = now_ms()};
    capauth_options *options = NULL;

    assert_code(capauth_client_new(&it.client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(it.client, "https://auth.slow.test"), CAPAUTH_OK);
    it.customer = new_mobile(it.client, "Brand", "919999999993");
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, timeout_ms), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.customer, options, &it.call), CAPAUTH_OK);
    capauth_options_free(&options);
    assert_true(now_ms() - it.start_ms < AT_ONCE_MS);
    return it;
}

static void end(struct fixture *it)
{
    capauth_call_free(&it->call);
    capauth_session_free(&it->customer);
    capauth_client_free(&it->client);
}

static void let_it_begin(const struct fixture *it)
{
    for (int i = 0; i < 20; i++) {
        assert_int_equal(capauth_client_poll(it->client, 0), 0);
        usleep(1000);
    }
}

TEST(a_deadline_ends_in_time)
{
    struct fixture it = begin(300);

    assert_code(capauth_call_wait(it.call, -1), CAPAUTH_E_DEADLINE);
    assert_true(now_ms() - it.start_ms >= 299);
    assert_true(now_ms() - it.start_ms < 1000);
    assert_false(capauth_call_maybe_sent(it.call));
    end(&it);
    assert_true(now_ms() - it.start_ms < 1500);
}

TEST(polling_does_not_wait)
{
    struct fixture it = begin(60000);
    int64_t start_ms;

    let_it_begin(&it);
    start_ms = now_ms();
    assert_int_equal(capauth_client_poll(it.client, 0), 0);
    assert_true(now_ms() - start_ms < AT_ONCE_MS);
    end(&it);
}

TEST(cancelling_returns_at_once)
{
    struct fixture it = begin(60000);
    int64_t start_ms;

    let_it_begin(&it);
    start_ms = now_ms();
    assert_code(capauth_call_cancel(it.call), CAPAUTH_OK);
    assert_code(capauth_call_wait(it.call, -1), CAPAUTH_E_CANCELLED);
    assert_true(now_ms() - start_ms < AT_ONCE_MS);
    end(&it);
}

TEST(freeing_returns_at_once)
{
    struct fixture it = begin(60000);
    int64_t start_ms;

    let_it_begin(&it);
    start_ms = now_ms();
    end(&it);
    assert_true(now_ms() - start_ms < AT_ONCE_MS);
}

TEST(closing_returns_at_once)
{
    struct fixture it = begin(60000);
    int64_t start_ms;

    let_it_begin(&it);
    start_ms = now_ms();
    assert_code(capauth_client_close(it.client), CAPAUTH_OK);
    assert_code(capauth_call_result(it.call), CAPAUTH_E_CANCELLED);
    assert_true(now_ms() - start_ms < AT_ONCE_MS);
    end(&it);
}

TEST(the_connect_timeout_includes_the_lookup)
{
    capauth_client *client = NULL;
    capauth_session *customer;
    int64_t start_ms = now_ms();

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://auth.slow.test"), CAPAUTH_OK);
    assert_code(capauth_client_set_connect_timeout_ms(client, 200), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    customer = new_mobile(client, "Brand", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_E_CONNECT);
    assert_true(now_ms() - start_ms < 1500);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* The last test, since curl's resolver threads own memory until they end and nobody else waits for them. */
TEST(the_lookup_is_slow_here)
{
    struct addrinfo *found = NULL;
    int64_t start_ms = now_ms();

    assert_int_not_equal(getaddrinfo("test.slow.test", NULL, NULL, &found), 0);
    assert_true(now_ms() - start_ms >= 3000);
    usleep(200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_ends_in_time),    cmocka_unit_test(polling_does_not_wait),
        cmocka_unit_test(cancelling_returns_at_once), cmocka_unit_test(freeing_returns_at_once),
        cmocka_unit_test(closing_returns_at_once),    cmocka_unit_test(the_connect_timeout_includes_the_lookup),
        cmocka_unit_test(the_lookup_is_slow_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
