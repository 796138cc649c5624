/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of requests, whatever the locale; and headers of replies that just fit, or just do not. */
#include "support.h"

#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

        if (capital)
            out[i] = upper(name[i]);
        else
            out[i] = name[i];
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

TEST(names_that_are_ours_are_refused_in_every_case)
{
    assert_the_fence_stands();
}

/* The C library keeps what it found by LOCPATH. */
const char *__lsan_default_suppressions(void); /* NOLINT(bugprone-reserved-identifier): LeakSanitizer's name */
const char *__lsan_default_suppressions(void)
{
    return "leak:argz_add_sep\nleak:setlocale\n";
}

/* Under Turkish rules, where I is not the capital of i. */
TEST(names_that_are_ours_are_refused_in_turkish_too)
{
    char folder[] = "/tmp/capauth-locale-XXXXXX";
    char command[256];

    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "localedef -i tr_TR -f UTF-8 %s/tr_TR.UTF-8 2>/dev/null", folder);
    (void)!system(command); /* NOLINT(cert-env33-c): ours; without Debian's package locales there is none to be had */
    setenv("LOCPATH", folder, 1);
    if (!setlocale(LC_ALL, "tr_TR.UTF-8")) {
        rmdir(folder);
        skip();
    }
    assert_int_not_equal(tolower('I'), 'i');
    assert_the_fence_stands();
    setlocale(LC_ALL, "C");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

/* ---- Values ---- */

TEST(a_value_of_blanks_is_sent_as_an_empty_one)
{
    static const char *const replies[] = {"", NULL};
    struct raw_server *server = raw_server_start(replies, true);
    capauth_client *client = new_raw_client(server);
    capauth_session *customer;
    capauth_options *options = NULL;
    char request[4096];

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

/* ---- Replies ---- */

/* What a call that was turned away with these headers tells. */
static capauth_call *turned_away(const char *headers)
{
    const char *const replies[] = {http_reply("HTTP/1.1 503 Later", headers, ""), NULL};
    struct raw_server *server = raw_server_start(replies, true);
    capauth_client *client = new_raw_client(server);
    capauth_session *customer;
    capauth_call *call = NULL;

    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    customer = new_mobile(client, "Brand", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_SERVICE);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    raw_server_stop(server);
    return call;
}

/* An id as long as the room for it, and one byte more or less. */
TEST(request_ids_that_fit_are_kept_whole)
{
    for (size_t length = 126; length <= 129; length++) {
        char id[130] = "", headers[256];
        capauth_call *call;

        memset(id, 'i', length);
        snprintf(headers, sizeof headers, "X-Amz-Cf-Id: %s\r\n", id);
        call = turned_away(headers);
        assert_string_equal(capauth_call_request_id(call), length <= 127 ? id : "");
        capauth_call_free(&call);
    }
}

TEST(retry_after_is_read_when_it_fits)
{
    for (size_t length = 62; length <= 65; length++) {
        char digits[66] = "", headers[128];
        capauth_call *call;

        memset(digits, '9', length);
        snprintf(headers, sizeof headers, "Retry-After: %s\r\n", digits);
        call = turned_away(headers);
        assert_int_equal(capauth_call_retry_after_ms(call), length <= 63 ? INT32_MAX : -1);
        capauth_call_free(&call);
    }
}

/* Against it a Retry-After that is a date is held. */
TEST(a_date_is_read_when_it_fits)
{
    static const struct {
        const char *date;
        int retry_after_ms;
    } cases[] = {{"Sun, 06 Nov 1994 08:49:37 GMT", 30000}, /* 29 bytes */
                 {"Sun, 06 Nov 1994 08:49:37 +0000", 30000}, /* 31 */
                 {"Sunday, 06 Nov 1994 08:49:37 GMT", -1}, /* 32 */
                 {"Sunday, 06 Nov 1994 08:49:37  GMT", -1}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char headers[256];
        capauth_call *call;

        snprintf(headers, sizeof headers, "Date: %s\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n", cases[i].date);
        call = turned_away(headers);
        assert_int_equal(capauth_call_retry_after_ms(call), cases[i].retry_after_ms);
        capauth_call_free(&call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_ours_are_refused_in_every_case),
        cmocka_unit_test(names_that_are_ours_are_refused_in_turkish_too),
        cmocka_unit_test(a_value_of_blanks_is_sent_as_an_empty_one),
        cmocka_unit_test(request_ids_that_fit_are_kept_whole),
        cmocka_unit_test(retry_after_is_read_when_it_fits),
        cmocka_unit_test(a_date_is_read_when_it_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
