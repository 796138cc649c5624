/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fork at every moment: around each mutex that is taken and given back while a customer signs in, a child comes into
 * being, with all as it stands just then. It looks at what it has inherited, closes and frees it. Whatever thread of an
 * application forks, others may be there. On the way, no mutex is given back that was not taken, and none is
 * destroyed that is taken.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program is linked so that the core's calls come here: see tests/CMakeLists.txt. */
int __real_pthread_mutex_lock(pthread_mutex_t *mutex); /* NOLINT(bugprone-reserved-identifier): the linker's name */
int __real_pthread_mutex_unlock(pthread_mutex_t *mutex); /* NOLINT(bugprone-reserved-identifier) */
int __real_pthread_mutex_destroy(pthread_mutex_t *mutex); /* NOLINT(bugprone-reserved-identifier) */
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex); /* NOLINT(bugprone-reserved-identifier) */
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex); /* NOLINT(bugprone-reserved-identifier) */
int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex); /* NOLINT(bugprone-reserved-identifier) */

static struct {
    capauth_client *client;
    capauth_session *customer;
    capauth_call *call;
} it;

static bool forking;
static int moments;

/* In a child nobody may jump out of a function as cmocka does: the first line that is wrong is the exit status. */
#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            _exit(__LINE__ % 250 + 1);                                                                                 \
    } while (0)

static void look(void)
{
    char *text = NULL;

    EXPECT(capauth_client_poll(it.client, -1) == CAPAUTH_E_FORKED);
    EXPECT(capauth_token_ensure(it.customer, NULL, NULL) == CAPAUTH_E_FORKED);
    EXPECT(capauth_client_set_timeout_ms(it.client, 1) == CAPAUTH_E_FORKED);
    EXPECT(capauth_session_next_step(it.customer) > 0);
    EXPECT(capauth_session_export(it.customer, &text) == CAPAUTH_OK);
    capauth_string_free(&text);
    if (!it.call)
        return;
    EXPECT(capauth_call_cancel(it.call) == CAPAUTH_E_FORKED);
    (void)capauth_call_result(it.call);
}

static _Noreturn void be_the_child(void)
{
    alarm(20); /* a mutex that nobody will ever give back */
    look();
    EXPECT(capauth_session_close(it.customer) == CAPAUTH_OK);
    EXPECT(capauth_client_close(it.client) == CAPAUTH_OK);
    capauth_call_free(&it.call);
    capauth_client_free(&it.client);
    capauth_session_free(&it.customer);
    _exit(0);
}

static void moment(void)
{
    pid_t process;
    int status = 0;

    if (!forking)
        return;
    forking = false;
    process = fork();
    if (process == 0)
        be_the_child();
    assert_true(process > 0);
    assert_int_equal(waitpid(process, &status, 0), process);
    if (status)
        fail_msg("moment %d: the child ended with status %#x, line %% 250: %d", moments, (unsigned)status,
                 WEXITSTATUS(status) - 1);
    moments++;
    forking = true;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex) /* NOLINT(bugprone-reserved-identifier) */
{
    int result = __real_pthread_mutex_lock(mutex);

    moment();
    return result;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex) /* NOLINT(bugprone-reserved-identifier) */
{
    int result;

    if (pthread_mutex_trylock(mutex) != EBUSY)
        abort(); /* nobody had taken it */
    moment();
    result = __real_pthread_mutex_unlock(mutex);
    moment();
    return result;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex) /* NOLINT(bugprone-reserved-identifier) */
{
    if (pthread_mutex_trylock(mutex) == EBUSY)
        abort(); /* somebody holds it */
    __real_pthread_mutex_unlock(mutex);
    return __real_pthread_mutex_destroy(mutex);
}

static void finish(int started)
{
    assert_code(started, CAPAUTH_OK);
    while (!capauth_call_done(it.call))
        assert_true(capauth_client_poll(it.client, -1) >= 0);
    assert_code(capauth_call_wait(it.call, -1), CAPAUTH_OK);
    forking = false; /* a program that frees a handle in one thread does not fork to free it in another */
    capauth_call_free(&it.call);
    forking = true;
}

TEST(a_child_of_any_moment_of_a_sign_in)
{
    make_brand(shared, "Moments", "{\"FIXED_OTP\":\"012345\"}");
    it.client = new_client(shared);
    it.customer = new_mobile(it.client, "Moments", "919999999993");
    forking = true;
    finish(capauth_token_generate(it.customer, NULL, &it.call));
    finish(capauth_otp_generate(it.customer, NULL, &it.call));
    finish(capauth_otp_validate(it.customer, "012345", NULL, &it.call));
    finish(capauth_token_regenerate(it.customer, NULL, &it.call));
    finish(capauth_gateway_call(it.customer, "GET", "customer/get", NULL, NULL, &it.call));
    assert_true(capauth_session_signed_in(it.customer));
    assert_code(capauth_token_regenerate(it.customer, NULL, &it.call), CAPAUTH_OK);
    assert_true(capauth_client_poll(it.client, 0) >= 0);
    assert_true(capauth_client_fd(it.client) >= 0);
    assert_code(capauth_client_close(it.client), CAPAUTH_OK);
    forking = false;
    assert_true(moments > 200);
    printf("%d moments\n", moments);
    capauth_call_free(&it.call);
    capauth_session_free(&it.customer);
    capauth_client_free(&it.client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_of_any_moment_of_a_sign_in),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
