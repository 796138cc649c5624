/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a server repeats: no secret in messages or in the log, raw, escaped, new, held, or cut. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/json.h"
#include "session/call.h"

#define OK_LINE "HTTP/1.1 200 OK"
#define BAD_LINE "HTTP/1.1 400 Bad Request"
#define TOKEN "eyJoZWxkIjoidG9rZW4iLCJhIjoxfQ.the-token-that-the-session-holds.c2ln"
#define KEY "eyJoZWxkIjoia2V5IiwiYSI6MX0.the-key-that-the-session-holds.c2ln"
#define SESSION_ID "P-2b0a5a0e-6a3c-4a57-9d1c-5c1f0a5e7a11"
#define NEW_TOKEN "eyJuZXciOiJ0b2tlbiIsImEiOjF9.the-token-that-came-just-now.c2ln"
#define NEW_KEY "eyJuZXciOiJrZXkiLCJhIjoxfQ.the-key-that-came-just-now.c2ln"
#define PASSWORD "Pa\"ss\\wo/rd-\xc3\xa9"

struct scene {
    const char *replies[2];
    struct raw_server *server;
    capauth_client *client;
    capauth_session *session;
    char log[65536];
};

static void listen_to_log(int level, const char *message, void *data)
{
    struct scene *scene = data;
    size_t used = strlen(scene->log);

    (void)level;
    snprintf(scene->log + used, sizeof scene->log - used, "%s\n", message);
}

static struct scene *open_scene(const char *reply)
{
    struct scene *scene = calloc(1, sizeof *scene);
    char text[2048];

    assert_non_null(scene);
    scene->replies[0] = reply;
    scene->server = raw_server_start(scene->replies, false);
    scene->client = new_raw_client(scene->server);
    assert_code(capauth_client_set_log(scene->client, listen_to_log, scene, NULL), CAPAUTH_OK);
    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mobile\",\"brand\":\"DocDemo\",\"device\":\"device-1\","
             "\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\",\"nextStep\":\"otp_validate\","
             "\"sessionId\":\"" SESSION_ID "\",\"token\":\"" TOKEN "\",\"role\":\"USER\",\"key\":\"" KEY "\"}",
             raw_server_url(scene->server));
    assert_code(capauth_session_restore(scene->client, text, &scene->session), CAPAUTH_OK);
    return scene;
}

static void close_scene(struct scene *scene)
{
    capauth_session_free(&scene->session);
    capauth_client_free(&scene->client);
    raw_server_stop(scene->server);
    free(scene);
}

/* A refusal with this message, and with what `members` adds. */
static const char *refusal(const char *message, const char *members)
{
    struct capauth__buffer body = {0};
    const char *reply;

    capauth__buffer_text(&body, "{\"status\":");
    capauth__json_open(&body);
    capauth__json_put_members(&body, "\"success\":false,\"code\":7777");
    capauth__json_put_text(&body, "message", message);
    capauth__json_close(&body);
    capauth__buffer_text(&body, members);
    capauth__buffer_text(&body, "}");
    assert_false(body.failed);
    reply = http_reply(OK_LINE, "", body.data);
    capauth__buffer_free(&body);
    return reply;
}

static void assert_untold(const char *where, const char *text, const char *secret)
{
    if (strstr(text, secret))
        fail_msg("%s holds %s: %s", where, secret, text);
}

/* After the call: neither the secret nor anything else of the message was told. */
static void assert_withheld(struct scene *scene, const capauth_call *call, const char *secret)
{
    assert_untold("the error message", capauth_call_error_message(call), secret);
    assert_untold("the server's message", capauth_call_server_message(call), secret);
    assert_untold("the session's message", capauth_session_error_message(scene->session), secret);
    assert_untold("the log", scene->log, secret);
    assert_true(*scene->log);
    assert_non_null(strstr(capauth_call_error_message(call), "withheld"));
}

static int validate_password(capauth_session *session, capauth_call **call)
{
    return capauth_password_validate(session, PASSWORD, NULL, call);
}

static int validate_otp(capauth_session *session, capauth_call **call)
{
    return capauth_otp_validate(session, "483920", NULL, call);
}

static int call_gateway(capauth_session *session, capauth_call **call)
{
    return capauth_gateway_call(session, "POST", "a", "{}", NULL, call);
}

static void check(int (*start)(capauth_session *, capauth_call **), const char *reply, const char *secret)
{
    struct scene *scene = open_scene(reply);
    capauth_call *call = NULL;

    print_message("%s\n", strstr(reply, "\r\n\r\n") + 4);
    assert_code(start(scene->session, &call), CAPAUTH_OK);
    (void)capauth_call_wait(call, 20000);
    assert_withheld(scene, call, secret);
    capauth_call_free(&call);
    close_scene(scene);
}

TEST(a_secret_is_found_however_it_is_escaped)
{
    static const char *const forms[] = {
        PASSWORD,
        "Pa\\\"ss\\\\wo/rd-\xc3\xa9",
        "Pa\\\"ss\\\\wo\\/rd-\\u00e9",
        "Pa\\u0022ss\\u005Cwo\\u002frd-\\u00E9",
        "Pa\\\\\\\"ss\\\\\\\\wo/rd-\xc3\xa9", /* escaped twice */
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char text[256];

        snprintf(text, sizeof text, "cannot take {\"password\":\"%s\"}", forms[i]);
        check(validate_password, refusal(text, ""), forms[i]);
        check(validate_password, http_reply(BAD_LINE, "", text), forms[i]);
    }
}

TEST(escapes_are_undone)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"\\\"\\\\\\/", "\"\\/"},
        {"\\n\\t\\b\\f\\r", "\n\t\b\f\r"},
        {"a\\u00e9b", "a\xc3\xa9"
                      "b"},
        {"\\u20AC", "\xe2\x82\xac"},
        {"\\ud83d\\ude00!", "\xf0\x9f\x98\x80!"},
        {"\\ud83dxude00", "\xed\xa0\xbdxude00"}, /* half a character, and text */
        {"a\\u0001b", "a\x01"
                      "b"},
        {"\\", "\\"},
        {"\\x\\u12", "\\x\\u12"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct capauth__buffer out = {0};

        assert_true(capauth__unescape(rows[i].from, strlen(rows[i].from), &out));
        assert_string_equal(out.data, rows[i].to);
        capauth__buffer_free(&out);
    }
}

TEST(every_secret_is_withheld)
{
    static const char *const secrets[] = {TOKEN, KEY, SESSION_ID, NEW_TOKEN, NEW_KEY};

    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        char text[256];
        const char *reply;

        snprintf(text, sizeof text, "what of %s?", secrets[i]);
        reply = refusal(text, ",\"auth\":{\"token\":\"" NEW_TOKEN "\",\"key\":\"" NEW_KEY "\"}");
        check(validate_otp, reply, secrets[i]);
        if (i < 3)
            check(call_gateway, reply, secrets[i]);
    }
    check(validate_otp, refusal("483920 is wrong", ""), "483920");
}

TEST(a_secret_that_was_cut_is_still_one)
{
    char text[2048];

    /* By the server. */
    snprintf(text, sizeof text, "bad token %.40s...", TOKEN);
    check(validate_otp, refusal(text, ""), "the-token-that");
    check(validate_otp, refusal(text, ""), "eyJoZWxk");
    /* By our own limits, in the middle of it: of a plain text, and of an error message. */
    memset(text, '.', sizeof text);
    snprintf(text + 150, sizeof text - 150, "%s", KEY);
    check(validate_otp, http_reply(BAD_LINE, "", text), "eyJoZWxk");
    memset(text, '.', sizeof text);
    snprintf(text + 950, sizeof text - 950, "%s", KEY);
    check(validate_otp, refusal(text, ""), "eyJoZWxk");
}

TEST(other_messages_are_told)
{
    static const char *const texts[] = {"no such OTP", "919999999993 of DocDemo on device-1",
                                        "a \\\"quote\\\" \\ and more"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct scene *scene = open_scene(refusal(texts[i], ""));
        capauth_call *call = NULL;

        assert_code(validate_otp(scene->session, &call), CAPAUTH_OK);
        assert_code(capauth_call_wait(call, 20000), 7777);
        assert_string_equal(capauth_call_server_message(call), texts[i]);
        capauth_call_free(&call);
        close_scene(scene);
    }
}

/* Only what others say is searched: a short secret is found in any sentence of our own. */
TEST(our_own_words_are_told_whatever_the_secret)
{
    static const struct {
        const char *otp, *reply, *told;
    } rows[] = {
        {"o", OK_LINE "\r\nContent-Length: 38\r\n\r\n{\"status\":{\"success\":true,\"code\":200}}",
         ": it has no token"},
        {"4", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP 404"},
        {"no", OK_LINE "\r\nContent-Length: 5\r\n\r\nhello", "HTTP 200 with a body that is not from the Auth Engine"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene *scene = open_scene(rows[i].reply);

        assert_code(capauth_client_set_max_retries(scene->client, 0), CAPAUTH_OK);
        assert_int_not_equal(capauth_otp_validate(scene->session, rows[i].otp, NULL, NULL), CAPAUTH_OK);
        if (!strstr(capauth_session_error_message(scene->session), rows[i].told))
            fail_msg("%s", capauth_session_error_message(scene->session));
        close_scene(scene);
    }
}

TEST(a_refusal_on_the_spot_says_why_whatever_the_secret)
{
    struct scene *scene = open_scene(refusal("no", ""));
    capauth_session *session = NULL;
    char text[512];

    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mobile\",\"brand\":\"DocDemo\",\"device\":\"d\","
             "\"identifierType\":\"MOBILE\",\"identifier\":\"1\",\"nextStep\":\"done\",\"token\":\"a\",\"key\":\"e\"}",
             raw_server_url(scene->server));
    assert_code(capauth_session_restore(scene->client, text, &session), CAPAUTH_OK);
    assert_code(capauth_otp_validate(session, "1", NULL, NULL), CAPAUTH_E_WRONG_STEP);
    assert_non_null(strstr(capauth_session_error_message(session), "no session id; generate a token first"));
    capauth_session_free(&session);
    close_scene(scene);
}

TEST(the_providers_tokens_are_withheld)
{
    static const char *const secrets[] = {"access-token-of-the-provider", "identity-token-of-the-provider"};

    for (int i = 0; i < 2; i++) {
        char text[256];
        struct scene *scene;
        capauth_call *call = NULL;

        snprintf(text, sizeof text, "not valid: %s", secrets[i]);
        scene = open_scene(refusal(text, ""));
        capauth_session_free(&scene->session);
        assert_code(capauth_session_external_new(scene->client, "DocDemo", secrets[0], secrets[1], &scene->session),
                    CAPAUTH_OK);
        assert_code(call_gateway(scene->session, &call), CAPAUTH_OK);
        assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
        assert_withheld(scene, call, secrets[i]);
        capauth_call_free(&call);
        close_scene(scene);
    }
}

/* However long the program keeps the handle. */
TEST(what_was_sent_is_wiped_when_the_call_is_settled)
{
    struct scene *scene = open_scene(refusal("no", ""));
    capauth_call *call = NULL;
    size_t length;

    assert_code(validate_password(scene->session, &call), CAPAUTH_OK);
    assert_non_null(strstr(call->exchange.body.data, "Pa\\\"ss"));
    length = call->exchange.body.length;
    assert_code(capauth_call_wait(call, 20000), 7777);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(call->exchange.body.data[i], 0);
    capauth_call_free(&call);
    assert_code(call_gateway(scene->session, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
    assert_non_null(call->exchange.secret_headers);
    for (struct capauth__header *header = call->exchange.secret_headers; header; header = header->next)
        assert_null(strstr(header->line, "eyJ"));
    capauth_call_free(&call);
    close_scene(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_found_however_it_is_escaped),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(every_secret_is_withheld),
        cmocka_unit_test(a_secret_that_was_cut_is_still_one),
        cmocka_unit_test(other_messages_are_told),
        cmocka_unit_test(our_own_words_are_told_whatever_the_secret),
        cmocka_unit_test(a_refusal_on_the_spot_says_why_whatever_the_secret),
        cmocka_unit_test(the_providers_tokens_are_withheld),
        cmocka_unit_test(what_was_sent_is_wiped_when_the_call_is_settled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
