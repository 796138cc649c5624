/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing waits for a name that is being looked up. Runs with preload_slow_names: a lookup ends when the test says so.
 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "support_net.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static int threads_before;
static int (*slow_lookups)(void);
static void (*end_slow_lookups)(void);

struct fixture {
    capauth_client *client;
    capauth_session *customer;
    capauth_call *call;
    int64_t start_ms;
    int lookups_before;
};

/* With a lookup under way. */
static struct fixture begin(int timeout_ms)
{
    struct fixture it = {.start_ms = now_ms(), .lookups_before = slow_lookups()};
    capauth_options *options = NULL;

    assert_code(capauth_client_new(&it.client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(it.client, "https://auth.slow.test"), CAPAUTH_OK);
    it.customer = new_mobile(it.client, "Brand", "919999999993");
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, timeout_ms), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.customer, options, &it.call), CAPAUTH_OK);
    capauth_options_free(&options);
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
    while (slow_lookups() == it->lookups_before)
        assert_int_equal(capauth_client_poll(it->client, 1), 0);
}

TEST(a_deadline_ends_in_time)
{
    struct fixture it = begin(300);

    assert_code(capauth_call_wait(it.call, -1), CAPAUTH_E_DEADLINE);
    assert_true(now_ms() - it.start_ms >= 299);
    assert_false(capauth_call_maybe_sent(it.call));
    end(&it);
}

TEST(polling_does_not_wait)
{
    struct fixture it = begin(60000);

    let_it_begin(&it);
    assert_int_equal(capauth_client_poll(it.client, 0), 0);
    end(&it);
}

TEST(cancelling_returns_at_once)
{
    struct fixture it = begin(60000);

    let_it_begin(&it);
    assert_code(capauth_call_cancel(it.call), CAPAUTH_OK);
    assert_code(capauth_call_wait(it.call, -1), CAPAUTH_E_CANCELLED);
    end(&it);
}

TEST(freeing_returns_at_once)
{
    struct fixture it = begin(60000);

    let_it_begin(&it);
    end(&it);
}

TEST(closing_returns_at_once)
{
    struct fixture it = begin(60000);

    let_it_begin(&it);
    assert_code(capauth_client_close(it.client), CAPAUTH_OK);
    assert_code(capauth_call_result(it.call), CAPAUTH_E_CANCELLED);
    end(&it);
}

TEST(the_connect_timeout_includes_the_lookup)
{
    capauth_client *client = NULL;
    capauth_session *customer;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://auth.slow.test"), CAPAUTH_OK);
    assert_code(capauth_client_set_connect_timeout_ms(client, 200), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    customer = new_mobile(client, "Brand", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_E_CONNECT);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

static int threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = -2; /* . and .. */

    assert_non_null(tasks);
    while (readdir(tasks))
        count++;
    closedir(tasks);
    return count;
}

static void *do_nothing(void *data)
{
    return data;
}

/* ThreadSanitizer has a thread of its own, from the first one on that the program starts. */
static void start_a_first_thread(void)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* The functions of preload_slow_names: without it there is nothing to test. */
static int find_preload(void **state)
{
    void *begun = dlsym(RTLD_DEFAULT, "slow_lookups"), *end = dlsym(RTLD_DEFAULT, "end_slow_lookups");

    (void)state;
    assert_true(begun && end);
    memcpy(&slow_lookups, &begun, sizeof begun);
    memcpy(&end_slow_lookups, &end, sizeof end);
    start_a_first_thread();
    threads_before = threads();
    return 0;
}

/* curl's resolver threads own memory until they end, and nobody else waits for them. */
static int let_all_end(void **state)
{
    (void)state;
    end_slow_lookups();
    while (threads() > threads_before)
        usleep(1000);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_ends_in_time),    cmocka_unit_test(polling_does_not_wait),
        cmocka_unit_test(cancelling_returns_at_once), cmocka_unit_test(freeing_returns_at_once),
        cmocka_unit_test(closing_returns_at_once),    cmocka_unit_test(the_connect_timeout_includes_the_lookup),
    };

    return cmocka_run_group_tests(tests, find_preload, let_all_end);
}
