/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of requests, whatever the locale; and headers of replies that just fit, or just do not. */
#include "support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- Which names are refused ---- */

/* What HTTP or capauth sets itself. Spelt out here as well: a name that gets lost in the core is missed. */
static const char *const ours[] = {"accept",
                                   "accept-encoding",
                                   "authorization",
                                   "cap_authorization",
                                   "cap_brand",
                                   "cap_device_id",
                                   "cap_identifier_type",
                                   "cap_identifier_value",
                                   "cap_mobile",
                                   "connection",
                                   "content-encoding",
                                   "content-length",
                                   "content-type",
                                   "cookie",
                                   "expect",
                                   "host",
                                   "http2-settings",
                                   "keep-alive",
                                   "proxy-authorization",
                                   "proxy-connection",
                                   "te",
                                   "trailer",
                                   "transfer-encoding",
                                   "upgrade",
                                   "user-agent",
                                   "x-cap-external-oauth-id-token"};

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* way 0: as it is; 1: all capitals; 2: Every-Word; 3: eVERY oTHER. */
static void spell(const char *name, int way, char *out)
{
    for (size_t i = 0; name[i]; i++) {
        bool first = i == 0 || !strchr("abcdefghijklmnopqrstuvwxyz", name[i - 1]);
        bool capital = way == 1 || (way == 2 && first) || (way == 3 && i % 2);

        out[i] = capital ? upper(name[i]) : name[i];
        out[i + 1] = '\0';
    }
}

static void assert_the_fence_stands(void)
{
    capauth_client *client = NULL;
    capauth_options *options = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        for (int way = 0; way < 4; way++) {
            char name[64];

            spell(ours[i], way, name);
            if (capauth_client_add_header(client, name, "x") != CAPAUTH_E_INVALID_ARGUMENT ||
                capauth_options_add_header(options, name, "x") != CAPAUTH_E_INVALID_ARGUMENT)
                fail_msg("%s is let through", name);
        }
    }
    assert_code(capauth_client_add_header(client, "Accept-Language", "x"), CAPAUTH_OK);
    assert_code(capauth_options_add_header(options, "cap_brand_2", "x"), CAPAUTH_OK);
    capauth_options_free(&options);
    capauth_client_free(&client);
}

static void names_that_are_ours_are_refused_in_every_case(void **state)
{
    (void)state;
    assert_the_fence_stands();
}

/* Under Turkish rules, where I is not the capital of i. */
static void names_that_are_ours_are_refused_in_turkish_too(void **state)
{
    char folder[] = "/tmp/capauth-locale-XXXXXX";
    char command[256];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "localedef -i tr_TR -f UTF-8 %s/tr_TR.UTF-8 2>/dev/null", folder);
    (void)!system(command); /* NOLINT(cert-env33-c): ours; without Debian's package locales there is none to be had */
    setenv("LOCPATH", folder, 1);
    if (!setlocale(LC_ALL, "tr_TR.UTF-8")) {
        rmdir(folder);
        skip();
    }
    assert_int_not_equal(strcasecmp("CONNECTION", "connection"), 0);
    assert_the_fence_stands();
    setlocale(LC_ALL, "C");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

/* ---- Values ---- */

static void a_value_of_blanks_is_sent_as_an_empty_one(void **state)
{
    static const char *const replies[] = {"", NULL};
    struct raw_server *server = raw_server_start(replies, true);
    capauth_client *client = new_raw_client(server);
    capauth_session *customer;
    capauth_options *options = NULL;
    char request[4096];

    (void)state;
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_add_header(client, "X-Empty", ""), CAPAUTH_OK);
    assert_code(capauth_client_add_header(client, "X-Blank", " "), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_add_header(options, "X-Blanks", "    "), CAPAUTH_OK);
    assert_code(capauth_options_add_header(options, "X-Padded", "  a  "), CAPAUTH_OK);
    customer = new_mobile(client, "Brand", "919999999993");
    assert_int_not_equal(capauth_token_generate(customer, options, NULL), CAPAUTH_OK);
    raw_server_last_request(server, request, sizeof request);
    assert_non_null(strstr(request, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(request, "\r\nX-Blank:\r\n"));
    assert_non_null(strstr(request, "\r\nX-Blanks:\r\n"));
    assert_non_null(strstr(request, "\r\nX-Padded:   a  \r\n"));
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    raw_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_ours_are_refused_in_every_case),
        cmocka_unit_test(names_that_are_ours_are_refused_in_turkish_too),
        cmocka_unit_test(a_value_of_blanks_is_sent_as_an_empty_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
