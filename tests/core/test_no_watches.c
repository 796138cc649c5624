/* SPDX-License-Identifier: Apache-2.0 */
/* A socket that nobody can wait on is an error at once. Runs with preload_no_watches. */
#include "support_net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

TEST(a_socket_that_cannot_be_watched_ends_its_call)
{
    struct served it = served_begin(0);
    capauth_call *call = NULL;

    setenv("NO_WATCHES", "1", 1);
    call = start_token(it.customers[0], 20000);
    assert_code(capauth_call_wait(call, 5000), CAPAUTH_E_SYSTEM);
    assert_non_null(strstr(capauth_call_error_message(call), strerror(ENOSPC)));
    assert_true(capauth_call_retryable(call));
    capauth_call_free(&call);
    unsetenv("NO_WATCHES");
    assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_OK);
    served_end(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_that_cannot_be_watched_ends_its_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
