/* SPDX-License-Identifier: Apache-2.0 */
/* What a platform without epoll can and cannot do. The program is built with reactor_poll.c. */
#include "../core/support.h"

#include <pthread.h>

TEST(the_descriptor_is_unsupported)
{
    capauth_client *client = new_client(shared);

    assert_code(capauth_client_fd(client), CAPAUTH_E_UNSUPPORTED);
    capauth_client_free(&client);
}

TEST(polling_alone_signs_in)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;
    capauth_call *done = NULL;

    make_brand(shared, "NoEpollPoll", "{\"FIXED_OTP\":\"483920\"}");
    customer = new_mobile(client, "NoEpollPoll", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
    while (!capauth_call_done(call))
        assert_true(capauth_client_poll(client, 1000) >= 0);
    assert_int_equal(capauth_client_next_done(client, &done), 1);
    assert_ptr_equal(done, call);
    assert_code(capauth_call_result(call), CAPAUTH_OK);
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

static void *cancel(void *call)
{
    capauth_call_cancel(call);
    return NULL;
}

TEST(a_cancel_from_another_thread_interrupts_the_wait)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;
    pthread_t thread;

    make_brand(shared, "NoEpollCancel", "{}");
    make_fault(shared, "NoEpollCancel", "/auth/v1/token/generate", 1, "\"delayMs\":15000");
    customer = new_mobile(client, "NoEpollCancel", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 100), CAPAUTH_E_PENDING);
    assert_int_equal(pthread_create(&thread, NULL, cancel, call), 0);
    assert_code(capauth_call_wait(call, 10000), CAPAUTH_E_CANCELLED);
    pthread_join(thread, NULL);
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_deadline_passes)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_options *options = NULL;

    make_brand(shared, "NoEpollDeadline", "{}");
    make_fault(shared, "NoEpollDeadline", "/auth/v1/token/generate", 1, "\"delayMs\":15000");
    customer = new_mobile(client, "NoEpollDeadline", "919999999993");
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, 200), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, options, NULL), CAPAUTH_E_DEADLINE);
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_descriptor_is_unsupported),
        cmocka_unit_test(polling_alone_signs_in),
        cmocka_unit_test(a_cancel_from_another_thread_interrupts_the_wait),
        cmocka_unit_test(a_deadline_passes),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
