/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings of a client mean: where requests go, and by which way. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static capauth_client *plain_client(void)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    return client;
}

static void assert_says(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("\"%s\" does not say \"%s\"", text, what);
}

/* ---- Plain http ---- */

static void allow_http_stays_while_a_url_needs_it(void **state)
{
    capauth_client *client = plain_client();

    (void)state;
    assert_code(capauth_client_set_allow_http(client, 1), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://brand.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "base_url");
    assert_code(capauth_client_set_base_url(client, "https://brand.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_gateway_url(client, "http://brand.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "gateway_url");
    assert_code(capauth_client_set_gateway_url(client, "http://localhost"), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://brand.example"), CAPAUTH_E_INVALID_ARGUMENT);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allow_http_stays_while_a_url_needs_it),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
