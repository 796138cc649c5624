/* SPDX-License-Identifier: Apache-2.0 */
/* A program with more rights than its caller takes nothing from the environment. Runs with preload_more_rights. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

TEST(the_callers_environment_is_not_believed)
{
    capauth_client *client = NULL;
    char *about = NULL;

    setenv("SSL_CERT_FILE", shared->ca_file, 1);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://auth.brand.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, "env"), CAPAUTH_OK);
    assert_code(capauth_diagnose(client, &about), CAPAUTH_OK);
    assert_null(strstr(about, shared->ca_file));
    assert_non_null(strstr(about, "no proxy"));
    capauth_string_free(&about);
    capauth_client_free(&client);
}

/* libcurl would write the keys of TLS into that file. Where this is a real program's trouble: core.set_user_id. */
TEST(no_client_where_the_caller_wants_the_keys_of_tls)
{
    capauth_client *client = NULL;

    setenv("SSLKEYLOGFILE", "/nowhere/keys", 1);
    assert_code(capauth_client_new(&client), CAPAUTH_E_UNSUPPORTED);
    assert_null(client);
    unsetenv("SSLKEYLOGFILE");
}

TEST(what_the_program_sets_itself_is)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer = new_mobile(client, "DocDemo", "919999999993");

    sign_in(shared, customer);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_callers_environment_is_not_believed),
        cmocka_unit_test(no_client_where_the_caller_wants_the_keys_of_tls),
        cmocka_unit_test(what_the_program_sets_itself_is),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
