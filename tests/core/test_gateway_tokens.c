/* SPDX-License-Identifier: Apache-2.0 */
/* Which token a gateway call sends, and what it says when there is none: VIEW tokens, and regeneration held back. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "base/platform.h"
#include "session/client.h"

#define OK_LINE "HTTP/1.1 200 OK"
#define FINE "{\"status\":{\"success\":\"true\",\"code\":200}}"
#define RENEWED "{\"status\":{\"success\":true,\"code\":200},\"auth\":{\"token\":\"T2\"},\"user\":{\"role\":\"USER\"}}"
/* Its claims say that it expired in 2020. */
#define EXPIRED_TOKEN "e30.eyJleHAiOjE1Nzc4MzY4MDAsInJvbCI6IlVTRVIiLCJ1aWQiOiIxIn0.c2ln"

struct scene {
    const char *replies[8];
    struct raw_server *server;
    capauth_client *client;
    capauth_session *session;
    char request[65536];
};

static void open_scene(struct scene *scene, const char *flow, const char *members)
{
    char text[2048];

    scene->server = raw_server_start(scene->replies, false);
    scene->client = new_raw_client(scene->server);
    assert_code(capauth_client_set_max_retries(scene->client, 0), CAPAUTH_OK);
    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"%s\",\"brand\":\"DocDemo\",\"device\":\"device-1\","
             "\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\",\"nextStep\":\"done\"%s}",
             raw_server_url(scene->server), flow, members);
    assert_code(capauth_session_restore(scene->client, text, &scene->session), CAPAUTH_OK);
}

static void close_scene(struct scene *scene)
{
    capauth_session_free(&scene->session);
    capauth_client_free(&scene->client);
    raw_server_stop(scene->server);
}

static bool was_sent(struct scene *scene, const char *text)
{
    raw_server_last_request(scene->server, scene->request, sizeof scene->request);
    return strstr(scene->request, text) != NULL;
}

static int call_gateway(struct scene *scene, const char *endpoint, bool view)
{
    capauth_options *options = NULL;
    capauth_call *call = NULL;
    int outcome;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_view(options, view), CAPAUTH_OK);
    outcome = capauth_gateway_call(scene->session, "GET", endpoint, NULL, options, &call);
    if (!outcome)
        outcome = capauth_call_wait(call, 20000);
    capauth_call_free(&call);
    capauth_options_free(&options);
    return outcome;
}

static int get(struct scene *scene)
{
    return call_gateway(scene, "a", false);
}

/* ---- VIEW tokens ---- */

TEST(a_view_token_is_sent_where_asked_for)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};

    open_scene(&scene, "mobile", ",\"token\":\"V1\",\"role\":\"VIEW\"");
    assert_code(call_gateway(&scene, "nearbystores", false), CAPAUTH_E_SIGN_IN_REQUIRED);
    assert_int_equal(raw_server_requests(scene.server), 0);
    assert_code(call_gateway(&scene, "nearbystores", true), CAPAUTH_OK);
    assert_true(was_sent(&scene, "\r\ncap_authorization: V1\r\n"));
    assert_true(was_sent(&scene, "\r\ncap_brand: DocDemo\r\n"));
    assert_true(was_sent(&scene, "\r\ncap_device_id: device-1\r\n"));
    assert_true(was_sent(&scene, "\r\ncap_identifier_value: 919999999993\r\n"));
    close_scene(&scene);
}

TEST(a_view_token_is_never_regenerated)
{
    static const char *const flows[] = {"mobile", "web"};

    for (int i = 0; i < 2; i++) {
        struct scene scene = {
            .replies = {http_reply("HTTP/1.1 401 Unauthorized", "", ""), http_reply(OK_LINE, "", RENEWED)}};

        open_scene(&scene, flows[i], ",\"token\":\"V1\",\"role\":\"VIEW\"");
        assert_code(call_gateway(&scene, "nearbystores", true), CAPAUTH_E_SIGN_IN_REQUIRED);
        assert_int_equal(raw_server_requests(scene.server), 1);
        close_scene(&scene);
    }
}

TEST(without_a_view_token_there_is_none_to_send)
{
    static const char *const members[] = {"", ",\"token\":\"M1\",\"role\":\"MFA_PENDING\""};

    for (int i = 0; i < 2; i++) {
        struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};

        open_scene(&scene, "mobile", members[i]);
        assert_code(call_gateway(&scene, "nearbystores", true), CAPAUTH_E_SIGN_IN_REQUIRED);
        assert_int_equal(raw_server_requests(scene.server), 0);
        close_scene(&scene);
    }
}

TEST(the_customers_own_token_goes_before_a_view_token)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", RENEWED), http_reply(OK_LINE, "", FINE)}};

    open_scene(&scene, "mobile", ",\"token\":\"" EXPIRED_TOKEN "\",\"key\":\"K1\"");
    assert_code(call_gateway(&scene, "nearbystores", true), CAPAUTH_OK);
    assert_true(was_sent(&scene, "\r\ncap_authorization: T2\r\n"));
    close_scene(&scene);
}

/* After an identifier update whose answer was lost, the token knows better than we do. Made of {"idv":["..."]}. */
static const struct {
    const char *token;
    const char *sent;
} issued[] = {
    {"eyJpZHYiOlsiTU9CSUxFfDkxOTk5OTk5OTk5NCJdfQ.e30.c2ln" /* MOBILE|919999999994 */, "919999999994"},
    {"eyJpZHYiOlsiRU1BSUx8dEBleGFtcGxlLmNvbSJdfQ.e30.c2ln" /* EMAIL|t@example.com */, "919999999993"},
    {"eyJpZHYiOlsiTU9CSUxFfCJdfQ.e30.c2ln" /* MOBILE| */, "919999999993"},
    {"eyJpZHYiOlsiTU9CSUxFOjkxOTk5OTk5OTk5NCJdfQ.e30.c2ln" /* MOBILE:919999999994 */, "919999999993"},
    {"eyJpZHYiOlsiTU9CSUxFIl19.e30.c2ln" /* MOBILE */, "919999999993"},
};

TEST(the_identifier_that_the_token_was_issued_for_is_sent)
{
    for (size_t i = 0; i < sizeof issued / sizeof issued[0]; i++) {
        struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
        char members[256], line[64];

        snprintf(members, sizeof members, ",\"token\":\"%s\",\"role\":\"USER\"", issued[i].token);
        snprintf(line, sizeof line, "\r\ncap_identifier_value: %s\r\n", issued[i].sent);
        open_scene(&scene, "mobile", members);
        assert_code(get(&scene), CAPAUTH_OK);
        assert_true(was_sent(&scene, line));
        close_scene(&scene);
    }
}

TEST(an_endpoint_with_a_slash_is_a_path_on_the_gateways_host)
{
    static const char *const gateways[] = {"/gw/mobile", ""};

    for (int i = 0; i < 2; i++) {
        struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
        char url[128];
        capauth_options *options = NULL;
        capauth_call *call = NULL;

        open_scene(&scene, "mobile", ",\"token\":\"T1\",\"role\":\"USER\"");
        snprintf(url, sizeof url, "%s%s", raw_server_url(scene.server), gateways[i]);
        assert_code(capauth_client_set_gateway_url(scene.client, url), CAPAUTH_OK);
        assert_code(capauth_options_new(&options), CAPAUTH_OK);
        assert_code(capauth_options_add_query(options, "q", "1"), CAPAUTH_OK);
        assert_code(capauth_gateway_call(scene.session, "GET", "/store-locator/v1/brand", NULL, options, &call), 0);
        assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
        assert_true(was_sent(&scene, "GET /store-locator/v1/brand?q=1 HTTP/1.1\r\n"));
        assert_true(was_sent(&scene, "\r\ncap_authorization: T1\r\n"));
        capauth_call_free(&call);
        capauth_options_free(&options);
        close_scene(&scene);
    }
}

/* ---- Regeneration held back ---- */

TEST(while_paused_an_expired_token_is_told_not_regenerated)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", RENEWED), http_reply(OK_LINE, "", FINE)}};
    capauth_call *call = NULL;

    open_scene(&scene, "mobile", ",\"token\":\"" EXPIRED_TOKEN "\",\"key\":\"K1\"");
    capauth__server_clock_set(scene.client, capauth__realtime_ms());
    assert_code(capauth_session_pause_refresh(scene.session, 3600000), CAPAUTH_OK);
    assert_code(capauth_gateway_call(scene.session, "GET", "a", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_TOKEN_EXPIRED);
    assert_int_equal(capauth_call_retryable(call), 1);
    assert_int_equal(capauth_call_maybe_sent(call), 0);
    assert_int_equal(capauth_call_http_status(call), 0);
    capauth_call_free(&call);
    assert_code(capauth_token_ensure(scene.session, NULL, NULL), CAPAUTH_TOKEN_EXPIRED);
    assert_true(capauth_session_signed_in(scene.session));
    assert_int_equal(raw_server_requests(scene.server), 0);
    assert_code(capauth_session_pause_refresh(scene.session, 0), CAPAUTH_OK);
    assert_code(get(&scene), CAPAUTH_OK);
    assert_true(was_sent(&scene, "\r\ncap_authorization: T2\r\n"));
    close_scene(&scene);
}

TEST(while_paused_a_clock_that_may_be_wrong_is_no_reason_not_to_send)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};

    open_scene(&scene, "mobile", ",\"token\":\"" EXPIRED_TOKEN "\",\"key\":\"K1\"");
    assert_code(capauth_session_pause_refresh(scene.session, 3600000), CAPAUTH_OK);
    assert_code(capauth_token_ensure(scene.session, NULL, NULL), CAPAUTH_OK);
    assert_code(get(&scene), CAPAUTH_OK);
    assert_true(was_sent(&scene, "\r\ncap_authorization: " EXPIRED_TOKEN "\r\n"));
    close_scene(&scene);
}

TEST(while_paused_a_refused_token_is_told_not_regenerated)
{
    struct scene scene = {
        .replies = {http_reply("HTTP/1.1 401 Unauthorized", "", ""), http_reply(OK_LINE, "", RENEWED)}};

    open_scene(&scene, "mobile", ",\"token\":\"T1\",\"role\":\"USER\",\"key\":\"K1\"");
    assert_code(capauth_session_pause_refresh(scene.session, 3600000), CAPAUTH_OK);
    assert_code(get(&scene), CAPAUTH_TOKEN_EXPIRED);
    assert_int_equal(raw_server_requests(scene.server), 1);
    close_scene(&scene);
}

TEST(a_pause_ends_by_itself)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", RENEWED), http_reply(OK_LINE, "", FINE)}};

    open_scene(&scene, "mobile", ",\"token\":\"" EXPIRED_TOKEN "\",\"key\":\"K1\"");
    capauth__server_clock_set(scene.client, capauth__realtime_ms());
    assert_code(capauth_session_pause_refresh(scene.session, 200), CAPAUTH_OK);
    while (get(&scene) == CAPAUTH_TOKEN_EXPIRED)
        ;
    assert_string_equal(capauth_session_token(scene.session), "T2");
    close_scene(&scene);
}

TEST(a_pause_does_not_stop_who_asks_for_a_token)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", RENEWED)}};
    char *text = NULL;

    open_scene(&scene, "mobile", ",\"token\":\"" EXPIRED_TOKEN "\",\"key\":\"K1\"");
    capauth__server_clock_set(scene.client, capauth__realtime_ms());
    assert_code(capauth_session_export(scene.session, &text), CAPAUTH_OK);
    assert_code(capauth_session_pause_refresh(scene.session, INT32_MAX), CAPAUTH_OK);
    assert_code(capauth_session_reload(scene.session, text), CAPAUTH_OK);
    assert_code(capauth_token_ensure(scene.session, NULL, NULL), CAPAUTH_TOKEN_EXPIRED); /* it stays through a reload */
    assert_code(capauth_token_regenerate(scene.session, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_token(scene.session), "T2");
    capauth_string_free(&text);
    close_scene(&scene);
}

TEST(pauses_are_checked)
{
    struct scene scene = {.replies = {""}};

    open_scene(&scene, "mobile", "");
    assert_code(capauth_session_pause_refresh(NULL, 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_pause_refresh(scene.session, -1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_non_null(strstr(capauth_session_error_message(scene.session), "duration_ms is negative"));
    assert_code(capauth_session_close(scene.session), CAPAUTH_OK);
    assert_code(capauth_session_pause_refresh(scene.session, 1), CAPAUTH_E_CLOSED);
    close_scene(&scene);
}

/* ---- No token to be had ---- */

TEST(a_refused_token_without_a_key_is_a_sign_in_each_time)
{
    struct scene scene = {.replies = {http_reply("HTTP/1.1 401 Unauthorized", "", "")}};

    open_scene(&scene, "mobile", ",\"token\":\"T1\",\"role\":\"USER\"");
    for (int i = 1; i <= 2; i++) {
        assert_code(get(&scene), CAPAUTH_E_SIGN_IN_REQUIRED);
        assert_int_equal(raw_server_requests(scene.server), i);
    }
    assert_int_equal(capauth_error_retryable(CAPAUTH_E_SIGN_IN_REQUIRED), 0);
    close_scene(&scene);
}

/* With automatic regeneration off, an old token is sent as it is: the reply is the application's to judge. */
TEST(without_auto_refresh_an_expired_token_is_sent_as_it_is)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};

    open_scene(&scene, "mobile", ",\"token\":\"" EXPIRED_TOKEN "\",\"key\":\"K1\"");
    assert_code(capauth_client_set_auto_refresh(scene.client, 0), CAPAUTH_OK);
    assert_code(get(&scene), CAPAUTH_OK);
    assert_int_equal(raw_server_requests(scene.server), 1);
    assert_true(was_sent(&scene, "\r\ncap_authorization: " EXPIRED_TOKEN "\r\n"));
    close_scene(&scene);
}

TEST(a_post_that_is_refused_while_paused_was_not_processed)
{
    struct scene scene = {.replies = {http_reply("HTTP/1.1 401 Unauthorized", "", "")}};
    capauth_call *call = NULL;

    open_scene(&scene, "mobile", ",\"token\":\"T1\",\"role\":\"USER\",\"key\":\"K1\"");
    assert_code(capauth_session_pause_refresh(scene.session, 3600000), CAPAUTH_OK);
    assert_code(capauth_gateway_call(scene.session, "POST", "a", "{}", NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_TOKEN_EXPIRED);
    assert_false(capauth_call_maybe_sent(call));
    assert_int_equal(raw_server_requests(scene.server), 1);
    capauth_call_free(&call);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_token_is_sent_where_asked_for),
        cmocka_unit_test(a_view_token_is_never_regenerated),
        cmocka_unit_test(without_a_view_token_there_is_none_to_send),
        cmocka_unit_test(the_customers_own_token_goes_before_a_view_token),
        cmocka_unit_test(the_identifier_that_the_token_was_issued_for_is_sent),
        cmocka_unit_test(an_endpoint_with_a_slash_is_a_path_on_the_gateways_host),
        cmocka_unit_test(while_paused_an_expired_token_is_told_not_regenerated),
        cmocka_unit_test(while_paused_a_clock_that_may_be_wrong_is_no_reason_not_to_send),
        cmocka_unit_test(while_paused_a_refused_token_is_told_not_regenerated),
        cmocka_unit_test(a_pause_ends_by_itself),
        cmocka_unit_test(a_pause_does_not_stop_who_asks_for_a_token),
        cmocka_unit_test(pauses_are_checked),
        cmocka_unit_test(a_refused_token_without_a_key_is_a_sign_in_each_time),
        cmocka_unit_test(without_auto_refresh_an_expired_token_is_sent_as_it_is),
        cmocka_unit_test(a_post_that_is_refused_while_paused_was_not_processed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
