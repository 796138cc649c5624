/* SPDX-License-Identifier: Apache-2.0 */
/* What a call says of its request after it failed: whether it may have arrived, and whether trying again may help. */
#include "support_net.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK_LINE "HTTP/1.1 200 OK"
#define GOOD "{\"status\":{\"success\":true,\"code\":200},\"user\":{\"sessionId\":\"P-1\"}}"
#define RENEWED "{\"status\":{\"success\":true,\"code\":200},\"auth\":{\"token\":\"T2\",\"key\":\"K2\"}}"
#define PAGE "<html>"
#define DROPPED "" /* read, and the connection ended */

struct scene {
    const char *replies[5];
    struct raw_server *server;
    capauth_client *client;
    capauth_session *session;
};

static capauth_session *signed_in(capauth_client *client, const char *url)
{
    capauth_session *session = NULL;
    char text[512];

    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mobile\",\"brand\":\"DocDemo\",\"device\":\"device-1\","
             "\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\",\"nextStep\":\"done\",\"token\":\"T1\","
             "\"key\":\"K1\",\"sessionId\":\"P-1\"}",
             url);
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
    return session;
}

static void open_scene(struct scene *scene, int retries)
{
    scene->server = raw_server_start(scene->replies, false);
    scene->client = new_raw_client(scene->server);
    assert_code(capauth_client_set_max_retries(scene->client, retries), CAPAUTH_OK);
    scene->session = signed_in(scene->client, raw_server_url(scene->server));
}

static void close_scene(struct scene *scene)
{
    capauth_session_free(&scene->session);
    capauth_client_free(&scene->client);
    raw_server_stop(scene->server);
}

static void assert_ended(capauth_call **call, int outcome, int maybe_sent)
{
    assert_code(capauth_call_wait(*call, 20000), outcome);
    assert_int_equal(capauth_call_maybe_sent(*call), maybe_sent);
    capauth_call_free(call);
}

/* ---- Whether it may have arrived ---- */

TEST(a_regeneration_that_left_and_was_given_up_may_have_arrived)
{
    struct slow_server *server = slow_server_start(token_reply(), -1);
    capauth_client *client = client_of(slow_server_url(server));
    capauth_session *session = signed_in(client, slow_server_url(server));
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(options, 200), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(session, options, &call), CAPAUTH_OK);
    assert_ended(&call, CAPAUTH_E_DEADLINE, 1);
    assert_code(capauth_token_regenerate(session, NULL, &call), CAPAUTH_OK); /* joins the one that is still waiting */
    assert_code(capauth_call_wait(call, 10), CAPAUTH_E_PENDING);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_ended(&call, CAPAUTH_E_CANCELLED, 1);
    assert_int_equal(slow_server_requests(server), 1);
    capauth_options_free(&options);
    capauth_session_free(&session);
    capauth_client_free(&client);
    slow_server_stop(server);
}

TEST(a_regeneration_that_never_left_has_not)
{
    struct served it = served_begin(-1);
    capauth_session *session = signed_in(it.client, slow_server_url(it.server));
    capauth_call *call = NULL;

    assert_code(capauth_token_regenerate(session, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_ended(&call, CAPAUTH_E_CANCELLED, 0);
    capauth_session_free(&session);
    served_end(&it);
}

TEST(a_post_that_is_sent_again_after_a_401_may_have_arrived)
{
    struct scene scene = {
        .replies = {http_reply("HTTP/1.1 401 Unauthorized", "", ""), http_reply(OK_LINE, "", RENEWED), DROPPED}};
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    open_scene(&scene, 0);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_repeatable(options, 1), CAPAUTH_OK);
    assert_code(capauth_gateway_call(scene.session, "POST", "a/b", "{}", options, &call), CAPAUTH_OK);
    assert_ended(&call, CAPAUTH_E_NETWORK, 1);
    assert_int_equal(raw_server_requests(scene.server), 3);
    capauth_options_free(&options);
    close_scene(&scene);
}

TEST(what_was_turned_away_has_not_arrived_unless_an_earlier_attempt_may_have)
{
    const char *turned_away = http_reply("HTTP/1.1 403 Forbidden", "", PAGE);
    struct scene scenes[] = {{.replies = {turned_away}}, {.replies = {DROPPED, turned_away}}};

    for (int earlier = 0; earlier < 2; earlier++) {
        capauth_call *call = NULL;

        open_scene(&scenes[earlier], 1);
        assert_code(capauth_token_generate(scenes[earlier].session, NULL, &call), CAPAUTH_OK);
        assert_ended(&call, CAPAUTH_E_SERVICE, earlier);
        assert_int_equal(raw_server_requests(scenes[earlier].server), 1 + earlier);
        close_scene(&scenes[earlier]);
    }
}

/* ---- Whether trying again may help: what each status says of that is in tests/faults ---- */

TEST(who_asks_in_the_pause_after_a_failure_is_told_the_same)
{
    static const struct {
        const char *line;
        const char *headers;
        int outcome;
        int http_status;
        int retryable;
        int retry_after_ms;
    } cases[] = {
        {"HTTP/1.1 302 Found", "Location: /elsewhere\r\n", CAPAUTH_E_SERVICE, 302, 0, -1},
        {"HTTP/1.1 429 Too Many", "Retry-After: 30\r\n", CAPAUTH_E_RATE_LIMITED, 429, 1, 30000},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene = {.replies = {http_reply(cases[i].line, cases[i].headers, PAGE)}};

        open_scene(&scene, 0);
        for (int asked = 0; asked < 2; asked++) {
            capauth_call *call = NULL;

            assert_code(capauth_token_regenerate(scene.session, NULL, &call), CAPAUTH_OK);
            assert_code(capauth_call_wait(call, 20000), cases[i].outcome);
            assert_int_equal(capauth_call_http_status(call), cases[i].http_status);
            assert_int_equal(capauth_call_retryable(call), cases[i].retryable);
            assert_int_equal(capauth_call_retry_after_ms(call), cases[i].retry_after_ms);
            assert_int_equal(capauth_call_maybe_sent(call), 0);
            capauth_call_free(&call);
        }
        assert_int_equal(raw_server_requests(scene.server), 1);
        close_scene(&scene);
    }
}

TEST(passing_trouble_is_tried_again)
{
    static const char *const lines[] = {"HTTP/1.1 408 Request Timeout", "HTTP/1.1 429 Too Many", "HTTP/1.1 500 Broken",
                                        "HTTP/1.1 502 Bad Gateway",     "HTTP/1.1 503 Busy",     "HTTP/1.1 504 Late"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct scene scene = {
            .replies = {http_reply(lines[i], "Connection: close\r\n", PAGE), http_reply(OK_LINE, "", GOOD)}};

        open_scene(&scene, 1);
        assert_code(capauth_token_generate(scene.session, NULL, NULL), CAPAUTH_OK);
        assert_int_equal(raw_server_requests(scene.server), 2);
        close_scene(&scene);
    }
}

/* ---- When another attempt is made ---- */

static int told_wait_ms;

static void look_for_wait(int level, const char *message, void *data)
{
    const char *found = strstr(message, "next attempt in ");

    (void)level, (void)data;
    if (found)
        told_wait_ms = atoi(found + strlen("next attempt in "));
}

/* What it means to wait; it does not. */
static int wait_after_failure(const struct scene *scene)
{
    capauth_call *call = start_token(scene->session, PATIENCE_MS);

    told_wait_ms = -1;
    while (told_wait_ms < 0)
        assert_true(capauth_client_poll(scene->client, 10) >= 0);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    capauth_call_free(&call);
    return told_wait_ms;
}

/* Else all customers of a server that was down for a moment would come back at the same one. */
TEST(waits_differ_and_none_is_shorter_than_half_of_another)
{
    struct scene scene = {.replies = {http_reply("HTTP/1.1 503 Busy", "", PAGE)}};
    int shortest = INT_MAX, longest = 0;

    open_scene(&scene, 1);
    assert_code(capauth_client_set_log(scene.client, look_for_wait, NULL, NULL), CAPAUTH_OK);
    for (int i = 0; i < 20; i++) {
        int wait_ms = wait_after_failure(&scene);

        shortest = wait_ms < shortest ? wait_ms : shortest;
        longest = wait_ms > longest ? wait_ms : longest;
    }
    assert_true(shortest < longest);
    assert_true(shortest * 2 >= longest - 1);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_regeneration_that_left_and_was_given_up_may_have_arrived),
        cmocka_unit_test(a_regeneration_that_never_left_has_not),
        cmocka_unit_test(a_post_that_is_sent_again_after_a_401_may_have_arrived),
        cmocka_unit_test(what_was_turned_away_has_not_arrived_unless_an_earlier_attempt_may_have),
        cmocka_unit_test(who_asks_in_the_pause_after_a_failure_is_told_the_same),
        cmocka_unit_test(passing_trouble_is_tried_again),
        cmocka_unit_test(waits_differ_and_none_is_shorter_than_half_of_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
