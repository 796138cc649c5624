/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of reply that may come, by a server that sends whatever a test wants. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS(members) "{\"status\":{" members "}}"
#define REFUSAL STATUS("\"success\":false,\"code\":1506,\"message\":\"Invalid OTP\"")
#define DONE "\"status\":{\"success\":true,\"code\":200,\"message\":\"SUCCESS\"}"
#define TOKENS "\"auth\":{\"token\":\"T2\",\"key\":\"K2\"}"
#define USER "\"user\":{\"sessionId\":\"P-2\",\"role\":\"USER\"}"
#define GOOD "{" DONE "," TOKENS "," USER "}"
#define OK_LINE "HTTP/1.1 200 OK"
#define PAGE "<html><head><title>Error</title></head><body>secret of the CDN</body></html>"
#define UNKNOWN CAPAUTH_E_UNKNOWN_OUTCOME
#define PROTOCOL CAPAUTH_E_PROTOCOL
#define SERVICE CAPAUTH_E_SERVICE
#define REFUSED CAPAUTH_E_REFUSED

/* otp_validate may not be repeated and wants a token; token_generate may, and wants a sessionId. */
struct reply_case {
    const char *name;
    const char *status_line;
    const char *body;
    int validate;
    int generate;
    int64_t server_code;
    const char *server_message;
    const char *says; /* part of the error message; NULL: nothing particular */
};

static const struct reply_case refusals[] = {
    {"HTTP 200", OK_LINE, REFUSAL, 1506, 1506, 1506, "Invalid OTP", "wrong OTP (1506: Invalid OTP)"},
    {"HTTP 400", "HTTP/1.1 400 Bad Request", REFUSAL, 1506, 1506, 1506, "Invalid OTP", "wrong OTP"},
    {"HTTP 401", "HTTP/1.1 401 Unauthorized", REFUSAL, 1506, 1506, 1506, "Invalid OTP", "wrong OTP"},
    {"HTTP 403", "HTTP/1.1 403 Forbidden", REFUSAL, 1506, 1506, 1506, "Invalid OTP", "wrong OTP"},
    {"HTTP 500", "HTTP/1.1 500 Oops", REFUSAL, 1506, 1506, 1506, "Invalid OTP", "wrong OTP"},
    {"all members null", OK_LINE,
     "{\"status\":{\"success\":false,\"code\":1506,\"message\":null},\"auth\":null,\"identifiers\":null,\"user\":null}",
     1506, 1506, 1506, "", "wrong OTP (1506)"},
    {"their members null", OK_LINE,
     "{\"status\":{\"success\":false,\"code\":1506},\"auth\":{\"token\":null,\"key\":null},"
     "\"identifiers\":{\"identifierList\":null},\"user\":{\"appRegistered\":null,\"sessionId\":null,\"role\":null,"
     "\"userRegisteredForPassword\":null}}",
     1506, 1506, 1506, "", "wrong OTP"},
    {"unknown members", OK_LINE,
     "{\"a\":[1,{\"b\":null}],\"status\":{\"x\":{},\"success\":false,\"code\":1506,\"message\":\"Invalid OTP\"}}", 1506,
     1506, 1506, "Invalid OTP", NULL},
    {"wrong types beside it", OK_LINE,
     "{\"status\":{\"success\":false,\"code\":1506,\"message\":7},\"auth\":[],\"user\":\"x\",\"identifiers\":5}", 1506,
     1506, 1506, "", NULL},
    {"success as a string", OK_LINE, STATUS("\"success\":\"false\",\"code\":1506"), 1506, 1506, 1506, "", NULL},
    {"success as a number", OK_LINE, STATUS("\"success\":0,\"code\":1506"), 1506, 1506, 1506, "", NULL},
    {"code as a string", OK_LINE, STATUS("\"success\":false,\"code\":\"1506\""), 1506, 1506, 1506, "", NULL},
    {"code absent", OK_LINE, STATUS("\"success\":false,\"message\":\"no\""), REFUSED, REFUSED, 0, "no", "no"},
    {"code null", OK_LINE, STATUS("\"success\":false,\"code\":null"), REFUSED, REFUSED, 0, "", NULL},
    {"code true", OK_LINE, STATUS("\"success\":false,\"code\":true"), REFUSED, REFUSED, 0, "", NULL},
    {"code an object", OK_LINE, STATUS("\"success\":false,\"code\":{}"), REFUSED, REFUSED, 0, "", NULL},
    {"code a double", OK_LINE, STATUS("\"success\":false,\"code\":1506.0"), 1506, 1506, 1506, "", "wrong OTP"},
    {"code a fraction", OK_LINE, STATUS("\"success\":false,\"code\":1506.5"), 1506, 1506, 1506, "", NULL},
    {"code with an exponent", OK_LINE, STATUS("\"success\":false,\"code\":1.506E3"), 1506, 1506, 1506, "", NULL},
    {"code a double as a string", OK_LINE, STATUS("\"success\":false,\"code\":\"1506.0\""), 1506, 1506, 1506, "", NULL},
    {"code a negative fraction", OK_LINE, STATUS("\"success\":false,\"code\":-1.5"), REFUSED, REFUSED, -2, "", "(-2)"},
    {"code 1e30", OK_LINE, STATUS("\"success\":false,\"code\":1e30"), REFUSED, REFUSED, 0, "", NULL},
    {"code 1e999", OK_LINE, STATUS("\"success\":false,\"code\":1e999"), REFUSED, REFUSED, 0, "", NULL},
    {"code text with more behind it", OK_LINE, STATUS("\"success\":false,\"code\":\"1506.0 or so\""), REFUSED, REFUSED,
     0, "", NULL},
    {"success as a double", OK_LINE, STATUS("\"success\":0.0,\"code\":1506"), 1506, 1506, 1506, "", NULL},
    {"a byte order mark", OK_LINE, "\xef\xbb\xbf" REFUSAL, 1506, 1506, 1506, "Invalid OTP", NULL},
    {"code 0", OK_LINE, STATUS("\"success\":false,\"code\":0"), REFUSED, REFUSED, 0, "", "(0)"},
    {"code 200", OK_LINE, STATUS("\"success\":false,\"code\":200"), REFUSED, REFUSED, 200, "", "(200)"},
    {"code -5", OK_LINE, STATUS("\"success\":false,\"code\":-5"), REFUSED, REFUSED, -5, "", "(-5)"},
    {"code 10^12", OK_LINE, STATUS("\"success\":false,\"code\":1000000000000"), REFUSED, REFUSED, 1000000000000, "",
     "(1000000000000)"},
    {"code 10^30", OK_LINE, STATUS("\"success\":false,\"code\":1000000000000000000000000000000"), REFUSED, REFUSED,
     INT64_MAX, "", NULL},
    {"code 10^6", OK_LINE, STATUS("\"success\":false,\"code\":1000000"), REFUSED, REFUSED, 1000000, "", NULL},
    {"code 999999", OK_LINE, STATUS("\"success\":false,\"code\":999999"), 999999, 999999, 999999, "", NULL},
    {"code 201", OK_LINE, STATUS("\"success\":false,\"code\":201"), 201, 201, 201, "", NULL},
    {"code 429", OK_LINE, STATUS("\"success\":false,\"code\":429"), 429, 429, 429, "", NULL},
    {"unknown code", OK_LINE, STATUS("\"success\":false,\"code\":7777,\"message\":\"Odd\""), 7777, 7777, 7777, "Odd",
     "the request was refused (7777: Odd)"},
    {"control characters in the message", OK_LINE,
     STATUS("\"success\":false,\"code\":1506,\"message\":\"Invalid\\r\\nOTP\\u007f\""), 1506, 1506, 1506,
     "Invalid  OTP ", "(1506: Invalid  OTP )"},
    {"C1 controls and bidirectional overrides in the message", OK_LINE,
     STATUS("\"success\":false,\"code\":1506,\"message\":\"a\\u009bb\\u202ec\\u2066d\\u2028e\\u061cf\\u00e9\\u20ac\""),
     1506, 1506, 1506, "a  b   c   d   e  f\xc3\xa9\xe2\x82\xac", NULL},
    {"a NUL in the message", OK_LINE, STATUS("\"success\":false,\"code\":1506,\"message\":\"Invalid\\u0000OTP\""), 1506,
     1506, 1506, "Invalid", NULL},
    {"an unpaired surrogate in the message", OK_LINE,
     STATUS("\"success\":false,\"code\":1506,\"message\":\"a\\ud800b\""), 1506, 1506, 1506,
     "a\xef\xbf\xbd"
     "b",
     NULL},
    {"white space around", OK_LINE, " \r\n\t" REFUSAL "\r\n\n ", 1506, 1506, 1506, "Invalid OTP", NULL},
};

static const struct reply_case successes[] = {
    {"everything", OK_LINE, GOOD, 0, 0, 200, "SUCCESS", NULL},
    {"a byte order mark", OK_LINE, "\xef\xbb\xbf" GOOD, 0, 0, 200, "SUCCESS", NULL},
    {"HTTP 201", "HTTP/1.1 201 Created", GOOD, 0, 0, 200, "SUCCESS", NULL},
    {"HTTP 400", "HTTP/1.1 400 Bad Request", GOOD, 0, 0, 200, "SUCCESS", NULL},
    {"HTTP 500", "HTTP/1.1 500 Oops", GOOD, 0, 0, 200, "SUCCESS", NULL},
    {"success as text", OK_LINE, "{\"status\":{\"success\":\"true\"}," TOKENS "," USER "}", 0, 0, 0, "", NULL},
    {"success as a number", OK_LINE, "{\"status\":{\"success\":1}," TOKENS "," USER "}", 0, 0, 0, "", NULL},
    {"a refusal's code", OK_LINE, "{\"status\":{\"success\":true,\"code\":1506}," TOKENS "," USER "}", 0, 0, 1506, "",
     NULL},
    {"no user", OK_LINE, "{" DONE "," TOKENS "}", 0, PROTOCOL, 200, "SUCCESS", NULL},
    {"user null", OK_LINE, "{" DONE "," TOKENS ",\"user\":null}", 0, PROTOCOL, 200, "SUCCESS", NULL},
    {"no sessionId", OK_LINE, "{" DONE "," TOKENS ",\"user\":{}}", 0, PROTOCOL, 200, "SUCCESS", NULL},
    {"empty sessionId", OK_LINE, "{" DONE "," TOKENS ",\"user\":{\"sessionId\":\"\"}}", 0, PROTOCOL, 200, "SUCCESS",
     NULL},
    {"no key", OK_LINE, "{" DONE ",\"auth\":{\"token\":\"T2\"}," USER "}", 0, 0, 200, "SUCCESS", NULL},
    {"key null", OK_LINE, "{" DONE ",\"auth\":{\"token\":\"T2\",\"key\":null}," USER "}", 0, 0, 200, "SUCCESS", NULL},
    {"empty key", OK_LINE, "{" DONE ",\"auth\":{\"token\":\"T2\",\"key\":\"\"}," USER "}", 0, 0, 200, "SUCCESS", NULL},
    {"no auth", OK_LINE, "{" DONE "," USER "}", PROTOCOL, 0, 200, "SUCCESS", "no token"},
    {"token null", OK_LINE, "{" DONE ",\"auth\":{\"token\":null}," USER "}", PROTOCOL, 0, 200, "SUCCESS", "no token"},
};

/* HTTP answered, and not the Auth Engine: `validate` is what becomes of a call that may not be repeated. */
static const struct reply_case others[] = {
    {"half a byte order mark", OK_LINE, "\xef\xbb " GOOD, UNKNOWN, CAPAUTH_E_PROTOCOL, 0, "", NULL},
    {"plain text 400", "HTTP/1.1 400 Bad Request", "identifierType: not one of [MOBILE, EMAIL, USERNAME, EXTERNALID]",
     SERVICE, SERVICE, 0, "",
     "the Auth Engine did not understand the request: HTTP 400: identifierType: not one of [MOBILE,"},
    {"plain text 400 of two lines", "HTTP/1.1 400 Bad Request", "Cannot deserialize x\r\n at [Source: y]\n", SERVICE,
     SERVICE, 0, "", "HTTP 400: Cannot deserialize x"},
    /* NOLINTNEXTLINE(misc-misleading-bidirectional): that is what the server sends */
    {"plain text 400 with overrides", "HTTP/1.1 400 Bad Request", "bad \xe2\x80\xaetype\xc2\x9b!", SERVICE, SERVICE, 0,
     "", "HTTP 400: bad    type  !"},
    {"plain text 400 that is not UTF-8", "HTTP/1.1 400 Bad Request", "bad \xff\xfe", SERVICE, SERVICE, 0, "",
     "HTTP 400"},
    {"HTML 400", "HTTP/1.1 400 Bad Request", PAGE, SERVICE, SERVICE, 0, "", "HTTP 400"},
    {"HTML 403", "HTTP/1.1 403 Forbidden", PAGE, SERVICE, SERVICE, 0, "", "HTTP 403"},
    {"HTML 404", "HTTP/1.1 404 Not Found", PAGE, SERVICE, SERVICE, 0, "", "HTTP 404"},
    {"HTML 429", "HTTP/1.1 429 Too Many", PAGE, CAPAUTH_E_RATE_LIMITED, CAPAUTH_E_RATE_LIMITED, 0, "", "HTTP 429"},
    {"HTML 500", "HTTP/1.1 500 Oops", PAGE, UNKNOWN, SERVICE, 0, "", "HTTP 500"},
    {"HTML 502", "HTTP/1.1 502 Bad Gateway", PAGE, UNKNOWN, SERVICE, 0, "", "HTTP 502"},
    {"HTML 503", "HTTP/1.1 503 Unavailable", PAGE, SERVICE, SERVICE, 0, "", "HTTP 503"},
    {"HTML 504", "HTTP/1.1 504 Timeout", PAGE, UNKNOWN, SERVICE, 0, "", "HTTP 504"},
    {"empty 403", "HTTP/1.1 403 Forbidden", "", SERVICE, SERVICE, 0, "", "HTTP 403"},
    {"empty 504", "HTTP/1.1 504 Timeout", "", UNKNOWN, SERVICE, 0, "", "HTTP 504"},
    {"{} 403", "HTTP/1.1 403 Forbidden", "{}", SERVICE, SERVICE, 0, "", "HTTP 403"},
    {"{} 429", "HTTP/1.1 429 Too Many", "{}", CAPAUTH_E_RATE_LIMITED, CAPAUTH_E_RATE_LIMITED, 0, "", "HTTP 429"},
    {"{} 504", "HTTP/1.1 504 Timeout", "{}", UNKNOWN, SERVICE, 0, "", "HTTP 504"},
    {"empty 200", OK_LINE, "", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"{} 200", OK_LINE, "{}", UNKNOWN, PROTOCOL, 0, "", "HTTP 200 with a body that is not from the Auth Engine"},
    {"[] 200", OK_LINE, "[]", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"null 200", OK_LINE, "null", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"a string 200", OK_LINE, "\"SUCCESS\"", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"a number 200", OK_LINE, "1", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"HTML 200", OK_LINE, PAGE, UNKNOWN, PROTOCOL, 0, "", NULL},
    {"204", "HTTP/1.1 204 No Content", "", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"half a text", OK_LINE, "{" DONE "," TOKENS ",", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"more after the text", OK_LINE, GOOD "x", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"two texts", OK_LINE, GOOD GOOD, UNKNOWN, PROTOCOL, 0, "", NULL},
    {"bad UTF-8", OK_LINE, "{" DONE "," TOKENS "," USER ",\"x\":\"\xc3\x28\"}", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"status null", OK_LINE, "{\"status\":null}", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"status a list", OK_LINE, "{\"status\":[]}", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"status true", OK_LINE, "{\"status\":true}", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"no success", OK_LINE, STATUS("\"code\":200"), UNKNOWN, PROTOCOL, 0, "", NULL},
    {"success null", OK_LINE, STATUS("\"success\":null,\"code\":200"), UNKNOWN, PROTOCOL, 0, "", NULL},
    {"success 2", OK_LINE, STATUS("\"success\":2"), UNKNOWN, PROTOCOL, 0, "", NULL},
    {"success yes", OK_LINE, STATUS("\"success\":\"yes\""), UNKNOWN, PROTOCOL, 0, "", NULL},
    {"token a number", OK_LINE, "{" DONE ",\"auth\":{\"token\":5}," USER "}", UNKNOWN, PROTOCOL, 0, "", NULL},
    {"token with a control character", OK_LINE, "{" DONE ",\"auth\":{\"token\":\"T\\r\\nX: y\"}," USER "}", UNKNOWN,
     PROTOCOL, 0, "", NULL},
    {"token with a NUL", OK_LINE, "{" DONE ",\"auth\":{\"token\":\"T\\u0000\"}," USER "}", UNKNOWN, PROTOCOL, 0, "",
     NULL},
    {"key an object", OK_LINE, "{" DONE ",\"auth\":{\"token\":\"T\",\"key\":{}}," USER "}", UNKNOWN, PROTOCOL, 0, "",
     NULL},
    {"sessionId with a NUL", OK_LINE, "{" DONE "," TOKENS ",\"user\":{\"sessionId\":\"P\\u0000\"}}", UNKNOWN, PROTOCOL,
     0, "", NULL},
    {"sessionId with a control character", OK_LINE, "{" DONE "," TOKENS ",\"user\":{\"sessionId\":\"P\\n\"}}", UNKNOWN,
     PROTOCOL, 0, "", NULL},
    {"sessionId a number", OK_LINE, "{" DONE "," TOKENS ",\"user\":{\"sessionId\":5}}", UNKNOWN, PROTOCOL, 0, "", NULL},
};

/* ---- One exchange ---- */

/* A customer in the middle of a sign-in, at a server of the test's. */
struct scene {
    struct raw_server *server;
    capauth_client *client;
    capauth_session *session;
    const char *replies[8];
};

static void open_scene(struct scene *scene, bool close_after)
{
    char text[512];

    scene->server = raw_server_start(scene->replies, close_after);
    scene->client = new_raw_client(scene->server);
    assert_code(capauth_client_set_max_retries(scene->client, 0), CAPAUTH_OK);
    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mobile\",\"brand\":\"B\",\"device\":\"d\",\"identifierType\":"
             "\"MOBILE\",\"identifier\":\"919999999993\",\"sessionId\":\"P-1\",\"nextStep\":\"otp_validate\","
             "\"token\":\"T1-secret\",\"key\":\"K1-secret\"}",
             raw_server_url(scene->server));
    assert_code(capauth_session_restore(scene->client, text, &scene->session), CAPAUTH_OK);
}

static void close_scene(struct scene *scene)
{
    capauth_session_free(&scene->session);
    capauth_client_free(&scene->client);
    raw_server_stop(scene->server);
}

static int run(struct scene *scene, bool validate, capauth_call **call)
{
    int result = validate ? capauth_otp_validate(scene->session, "483920", NULL, call)
                          : capauth_token_generate(scene->session, NULL, call);

    assert_code(result, CAPAUTH_OK);
    return capauth_call_wait(*call, 10000);
}

/* An Auth Engine's answer, and an ordinary "not processed", are told apart from what may have been done. */
static int expected_maybe_sent(int http_status, int outcome)
{
    bool turned_away = (outcome == SERVICE || outcome == CAPAUTH_E_RATE_LIMITED) &&
                       ((http_status >= 300 && http_status < 500) || http_status == 503);

    return !turned_away;
}

static void check_case(const struct reply_case *reply, bool validate)
{
    struct scene scene = {.replies = {http_reply(reply->status_line, "", reply->body), http_reply(OK_LINE, "", GOOD)}};
    int expected = validate ? reply->validate : reply->generate;
    capauth_call *call = NULL;

    print_message("%s: %s\n", validate ? "otp_validate" : "token_generate", reply->name);
    open_scene(&scene, false);
    assert_code(run(&scene, validate, &call), expected);
    assert_int_equal(capauth_call_http_status(call), atoi(reply->status_line + strlen("HTTP/1.1 ")));
    assert_int_equal(capauth_call_server_code(call), reply->server_code);
    assert_string_equal(capauth_call_server_message(call), reply->server_message);
    assert_int_equal(capauth_call_ok(call), expected == 0);
    assert_int_equal(capauth_call_maybe_sent(call), expected_maybe_sent(capauth_call_http_status(call), expected));
    assert_int_equal(capauth_call_error_message(call)[0] != '\0', expected != 0);
    assert_string_equal(capauth_call_body(call, NULL), "");
    if (expected && reply->says && !strstr(capauth_call_error_message(call), reply->says))
        fail_msg("\"%s\" does not say \"%s\"", capauth_call_error_message(call), reply->says);
    assert_null(strstr(capauth_call_error_message(call), "secret of the CDN"));
    if (!strcmp(reply->body, PAGE)) /* it is not the Auth Engine that has spoken */
        assert_null(strstr(capauth_call_error_message(call), "understand"));
    capauth_call_free(&call);
    /* The same session and client go on. */
    if (expected) {
        assert_code(run(&scene, validate, &call), CAPAUTH_OK);
        capauth_call_free(&call);
    }
    if (*capauth_session_token(scene.session) && (expected || strstr(reply->body, "\"role\"")))
        assert_string_equal(capauth_session_role(scene.session), validate ? "USER" : "VIEW");
    assert_null(strstr(capauth_session_token(scene.session), "T1-secret"));
    close_scene(&scene);
}

static void check_cases(const struct reply_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_case(&cases[i], true);
        check_case(&cases[i], false);
    }
}

TEST(refusals_keep_number_message_and_http_status)
{
    check_cases(refusals, sizeof refusals / sizeof refusals[0]);
}

TEST(status_success_decides)
{
    check_cases(successes, sizeof successes / sizeof successes[0]);
}

TEST(what_is_no_reply_is_a_clear_error)
{
    check_cases(others, sizeof others / sizeof others[0]);
}

/* ---- What HTTP itself can do ---- */

TEST(redirects_are_not_followed)
{
    static const char *const lines[] = {"HTTP/1.1 301 Moved", "HTTP/1.1 302 Found", "HTTP/1.1 307 Temporary",
                                        "HTTP/1.1 308 Permanent"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct scene scene = {
            .replies = {http_reply(lines[i], "Location: /auth/v1/elsewhere\r\n", ""), http_reply(OK_LINE, "", GOOD)}};
        capauth_call *call = NULL;

        open_scene(&scene, false);
        assert_code(run(&scene, true, &call), SERVICE);
        assert_int_equal(raw_server_requests(scene.server), 1);
        assert_int_equal(capauth_call_maybe_sent(call), 0);
        capauth_call_free(&call);
        assert_code(run(&scene, true, &call), CAPAUTH_OK);
        capauth_call_free(&call);
        close_scene(&scene);
    }
}

TEST(half_a_body_is_a_lost_answer)
{
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" GOOD;
    static const char half_head[] = "HTTP/1.1 200 OK\r\nContent-Le";
    static const char no_http[] = "220 mail.example ESMTP\r\n";
    static const char bad_chunk[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" GOOD;
    char no_more[1024]; /* a whole reply, and then something */
    /* curl takes a head that is cut off for a reply without a body. */
    const struct {
        const char *reply;
        int generate;
    } lost[] = {{cut, CAPAUTH_E_NETWORK},
                {half_head, PROTOCOL},
                {no_http, PROTOCOL},
                {bad_chunk, PROTOCOL},
                {no_more, PROTOCOL}};

    snprintf(no_more, sizeof no_more, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\nzz\r\n",
             strlen(GOOD), GOOD);
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        for (int validate = 0; validate < 2; validate++) {
            struct scene scene = {.replies = {lost[i].reply, http_reply(OK_LINE, "", GOOD)}};
            capauth_call *call = NULL;

            print_message("%zu\n", i);
            open_scene(&scene, true);
            assert_code(run(&scene, validate, &call), validate ? UNKNOWN : lost[i].generate);
            assert_int_equal(capauth_call_maybe_sent(call), 1);
            assert_int_equal(raw_server_requests(scene.server), 1);
            capauth_call_free(&call);
            assert_code(run(&scene, validate, &call), CAPAUTH_OK);
            capauth_call_free(&call);
            close_scene(&scene);
        }
    }
}

TEST(interim_replies_are_skipped)
{
    char text[1024];
    struct scene scene = {.replies = {text}};
    capauth_call *call = NULL;

    snprintf(text, sizeof text, "HTTP/1.1 103 Early Hints\r\nX-Amz-Cf-Id: early\r\nRetry-After: 9\r\n\r\n%s",
             http_reply(OK_LINE, "X-Amz-Cf-Id: late\r\n", GOOD));
    open_scene(&scene, false);
    assert_code(run(&scene, true, &call), CAPAUTH_OK);
    assert_string_equal(capauth_call_request_id(call), "late");
    assert_int_equal(capauth_call_retry_after_ms(call), -1);
    capauth_call_free(&call);
    close_scene(&scene);
}

TEST(what_an_interim_reply_is_called_is_not_what_the_reply_is_called)
{
    char text[1024];
    struct scene scene = {.replies = {text}};
    capauth_call *call = NULL;

    snprintf(text, sizeof text, "HTTP/1.1 103 Early Hints\r\nX-Amz-Cf-Id: early\r\n\r\n%s",
             http_reply(OK_LINE, "", GOOD));
    open_scene(&scene, false);
    assert_code(run(&scene, true, &call), CAPAUTH_OK);
    assert_string_equal(capauth_call_request_id(call), "");
    capauth_call_free(&call);
    close_scene(&scene);
}

static const struct {
    const char *headers;
    int retry_after_ms;
    const char *request_id;
} head_cases[] = {
    {"", -1, ""},
    {"Retry-After: 7\r\nX-Amz-Cf-Id: abc-_=\r\n", 7000, "abc-_="},
    {"retry-after:0\r\nx-amz-cf-id:\tabc \r\n", 0, "abc"},
    {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n", 30000, ""},
    {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:40:07 GMT\r\n", 0, ""},
    {"Retry-After: 99999999999999999999\r\n", INT32_MAX, ""},
    {"Retry-After: soon\r\n", -1, ""},
    {"Retry-After: -5\r\n", -1, ""},
    {"Retry-After: \r\n", -1, ""},
};

TEST(retry_after_and_the_cdn_s_id_reach_the_caller)
{
    for (size_t i = 0; i < sizeof head_cases / sizeof head_cases[0]; i++) {
        static const char *const lines[] = {"HTTP/1.1 503 Unavailable", "HTTP/1.1 200 OK"};

        for (size_t j = 0; j < 2; j++) {
            struct scene scene = {.replies = {http_reply(lines[j], head_cases[i].headers, j ? REFUSAL : PAGE)}};
            capauth_call *call = NULL;

            print_message("%zu\n", i);
            open_scene(&scene, false);
            assert_code(run(&scene, true, &call), j ? 1506 : SERVICE);
            assert_int_equal(capauth_call_retry_after_ms(call), head_cases[i].retry_after_ms);
            assert_string_equal(capauth_call_request_id(call), head_cases[i].request_id);
            capauth_call_free(&call);
            close_scene(&scene);
        }
    }
}

TEST(what_one_reply_says_is_not_said_of_an_answer_that_never_came)
{
    struct scene scene = {
        .replies = {http_reply("HTTP/1.1 503 Unavailable", "Retry-After: 7\r\nX-Amz-Cf-Id: abc\r\n", PAGE), ""}};
    capauth_call *call = NULL;

    open_scene(&scene, false);
    assert_code(run(&scene, true, &call), SERVICE);
    assert_string_equal(capauth_call_request_id(call), "abc");
    capauth_call_free(&call);
    assert_code(run(&scene, true, &call), UNKNOWN);
    assert_int_equal(capauth_call_retry_after_ms(call), -1);
    assert_string_equal(capauth_call_request_id(call), "");
    capauth_call_free(&call);
    close_scene(&scene);
}

/* ---- Large, deep, compressed ---- */

/* A reply with this body of any length, to be freed. */
static char *large_reply(const char *headers, const char *body, size_t length)
{
    char *text = malloc(length + 512);
    int head;

    assert_non_null(text);
    head = snprintf(text, 512, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n", length, headers);
    memcpy(text + head, body, length);
    text[(size_t)head + length] = '\0';
    return text;
}

/* Both operations get the reply, then a good one. */
static void check_text(const char *reply, int validated, int generated)
{
    for (int validate = 0; validate < 2; validate++) {
        struct scene scene = {.replies = {reply, http_reply(OK_LINE, "", GOOD)}};
        capauth_call *call = NULL;

        open_scene(&scene, false);
        assert_code(run(&scene, validate, &call), validate ? validated : generated);
        capauth_call_free(&call);
        assert_code(run(&scene, validate, &call), CAPAUTH_OK);
        capauth_call_free(&call);
        close_scene(&scene);
    }
}

TEST(bodies_over_one_mebibyte_are_refused)
{
    const size_t limit = 1024 * 1024;
    char *body = malloc(limit + 2);

    assert_non_null(body);
    memset(body, ' ', limit + 1);
    memcpy(body, REFUSAL, strlen(REFUSAL));
    for (size_t over = 0; over < 2; over++) {
        char *reply = large_reply("", body, limit + over);

        check_text(reply, over ? UNKNOWN : 1506, over ? PROTOCOL : 1506);
        free(reply);
    }
    free(body);
}

TEST(deep_nesting_is_refused)
{
    char *body = malloc(200000);
    char *reply;

    assert_non_null(body);
    strcpy(body, "{\"status\":{\"success\":false,\"code\":1506},\"x\":");
    memset(body + strlen(body), '[', 100000);
    body[100040] = '\0';
    reply = large_reply("", body, strlen(body));
    check_text(reply, UNKNOWN, PROTOCOL);
    free(reply);
    free(body);
}

/* Deflate with the fixed codes of RFC 1951 3.2.6: written here, so that no library is needed to make a bomb. */
struct bits {
    char data[20000];
    size_t length;
    unsigned held;
    int count;
};

static void put_bit(struct bits *out, unsigned bit)
{
    out->held |= bit << out->count;
    if (++out->count == 8) {
        out->data[out->length++] = (char)out->held;
        out->held = 0;
        out->count = 0;
    }
}

/* Huffman codes go out from their highest bit. */
static void put_code(struct bits *out, unsigned code, int width)
{
    while (width--)
        put_bit(out, code >> width & 1);
}

static void put_literal(struct bits *out, unsigned char c)
{
    assert_true(c < 144);
    put_code(out, 0x30U + c, 8);
}

static void deflate_begin(struct bits *out, const char *header)
{
    out->length = strlen(header);
    memcpy(out->data, header, out->length);
    put_bit(out, 1); /* the last block */
    put_code(out, 2, 2); /* fixed codes; these two bits are a number, lowest first: 1, 0 */
}

/* The gateway's reply to a customer who is signed in: its body begins so. */
static void check_gateway(const char *reply, int outcome, const char *body)
{
    struct scene scene = {.replies = {reply}};
    capauth_session *session = NULL;
    capauth_call *call = NULL;
    char text[512];

    open_scene(&scene, false);
    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mobile\",\"brand\":\"DocDemo\",\"device\":\"device-1\","
             "\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\",\"nextStep\":\"done\",\"token\":\"T1\"}",
             raw_server_url(scene.server));
    assert_code(capauth_session_restore(scene.client, text, &session), CAPAUTH_OK);
    assert_code(capauth_gateway_call(session, "GET", "a/b", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 10000), outcome);
    if (body)
        assert_int_equal(strncmp(capauth_call_body(call, NULL), body, strlen(body)), 0);
    capauth_call_free(&call);
    capauth_session_free(&session);
    close_scene(&scene);
}

TEST(a_coding_that_is_none_leaves_the_body_as_it_is)
{
    static const char *const announced[] = {"Content-Encoding: UTF-8\r\n", "Content-Encoding: aws-chunked\r\n",
                                            "Content-Encoding: gzip\r\n"};

    for (size_t i = 0; i < sizeof announced / sizeof announced[0]; i++) {
        char *reply = large_reply(announced[i], REFUSAL, strlen(REFUSAL));

        check_text(reply, 1506, 1506);
        if (i < 2)
            check_gateway(reply, CAPAUTH_OK, REFUSAL);
        free(reply);
    }
}

TEST(operations_ask_for_no_compression)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", GOOD)}};
    capauth_call *call = NULL;
    char request[8192];

    open_scene(&scene, false);
    assert_code(run(&scene, false, &call), CAPAUTH_OK);
    raw_server_last_request(scene.server, request, sizeof request);
    assert_null(strstr(request, "Accept-Encoding"));
    capauth_call_free(&call);
    close_scene(&scene);
    check_gateway(http_reply(OK_LINE, "", GOOD), CAPAUTH_OK, GOOD);
}

TEST(bombs_are_stopped_at_the_limit)
{
    struct bits *out = calloc(1, sizeof *out);
    char *reply;

    assert_non_null(out);
    /* gzip: magic, deflate, flag TEXT (so that no byte is 0), time, fast, Unix. */
    deflate_begin(out, "\x1f\x8b\x08\x01\x01\x01\x01\x01\x04\x03");
    put_literal(out, ' ');
    for (int i = 0; i < 9000; i++) {
        put_code(out, 0xc5, 8); /* the 258 bytes ... */
        put_code(out, 0, 5); /* ... from one byte back */
    }
    assert_int_equal(strlen(out->data), out->length); /* the server sends texts */
    reply = large_reply("Content-Encoding: gzip\r\n", out->data, out->length);
    check_gateway(reply, PROTOCOL, NULL);
    free(reply);
    free(out);
}

enum { RUNS = 6, RUN = 258 };

/* The text and some spaces, as zlib writes it. Six runs make the end of the block end a byte. */
static void deflate_text(struct bits *out, const char *text, size_t spaces)
{
    size_t length = strlen(text);
    unsigned a = 1, b = 0;

    memset(out, 0, sizeof *out);
    deflate_begin(out, "\x78\x9c");
    for (size_t i = 0; i < length + spaces; i++)
        put_literal(out, i < length ? (unsigned char)text[i] : ' ');
    for (int i = 0; i < RUNS; i++) {
        put_code(out, 0xc5, 8); /* RUN bytes ... */
        put_code(out, 3, 5); /* ... from four bytes back */
    }
    put_code(out, 0, 7); /* end of block */
    assert_int_equal(out->count, 0);
    for (size_t i = 0; i < length + spaces + RUNS * RUN; i++) {
        a = (a + (i < length ? (unsigned char)text[i] : ' ')) % 65521;
        b = (b + a) % 65521;
    }
    for (int i = 0; i < 4; i++)
        out->data[out->length++] = (char)((i < 2 ? b : a) >> (i % 2 ? 0 : 8) & 0xff);
}

TEST(compressed_replies_are_read)
{
    struct bits *out = calloc(1, sizeof *out);
    char *reply;

    assert_non_null(out);
    out->length = 1;
    for (size_t spaces = 4; spaces < 50 && strlen(out->data) != out->length; spaces++) /* the server sends texts */
        deflate_text(out, REFUSAL, spaces);
    assert_int_equal(strlen(out->data), out->length);
    reply = large_reply("Content-Encoding: deflate\r\n", out->data, out->length);
    check_gateway(reply, CAPAUTH_OK, REFUSAL);
    free(reply);
    out->data[20] ^= 0x55;
    reply = large_reply("Content-Encoding: deflate\r\n", out->data, out->length);
    check_gateway(reply, PROTOCOL, NULL);
    free(reply);
    free(out);
}

TEST(tokens_over_16_kibibytes_are_refused)
{
    char *body = malloc(20000);
    char *reply;

    assert_non_null(body);
    memset(body, 'x', 20000);
    memcpy(body, "{" DONE "," USER ",\"auth\":{\"token\":\"", strlen("{" DONE "," USER ",\"auth\":{\"token\":\""));
    strcpy(body + 19000, "\"}}");
    reply = large_reply("", body, strlen(body));
    check_text(reply, UNKNOWN, PROTOCOL);
    free(reply);
    free(body);
}

/* ---- Secrets ---- */

static int run_validate(capauth_session *session, capauth_call **call)
{
    return capauth_otp_validate(session, "483920", NULL, call);
}

static int run_password(capauth_session *session, capauth_call **call)
{
    return capauth_password_validate(session, "Pass-\"word", NULL, call);
}

static int run_change(capauth_session *session, capauth_call **call)
{
    return capauth_password_change(session, "Old-password", "New-password", NULL, call);
}

static int run_regenerate(capauth_session *session, capauth_call **call)
{
    return capauth_token_regenerate(session, NULL, call);
}

static const struct {
    int (*run)(capauth_session *, capauth_call **);
    const char *secret;
} secret_cases[] = {
    {run_validate, "483920"},     {run_password, "Pass-\"word"}, {run_change, "Old-password"},
    {run_change, "New-password"}, {run_change, "T1-secret"},     {run_regenerate, "K1-secret"},
};

static void check_withheld(size_t i, const char *reply)
{
    struct scene scene = {.replies = {reply}};
    capauth_call *call = NULL;
    int outcome;

    open_scene(&scene, false);
    assert_code(secret_cases[i].run(scene.session, &call), CAPAUTH_OK);
    outcome = capauth_call_wait(call, 10000);
    assert_true(outcome == 7777 || outcome == SERVICE);
    assert_null(strstr(capauth_call_error_message(call), secret_cases[i].secret));
    assert_null(strstr(capauth_call_server_message(call), secret_cases[i].secret));
    assert_null(strstr(capauth_session_error_message(scene.session), secret_cases[i].secret));
    assert_non_null(strstr(capauth_call_error_message(call), "withheld"));
    capauth_call_free(&call);
    close_scene(&scene);
}

TEST(messages_that_repeat_a_secret_are_withheld)
{
    for (size_t i = 0; i < sizeof secret_cases / sizeof secret_cases[0]; i++) {
        char escaped[64], body[256];
        size_t length = 0;

        print_message("%s\n", secret_cases[i].secret);
        for (const char *c = secret_cases[i].secret; *c; c++) {
            if (*c == '"')
                escaped[length++] = '\\';
            escaped[length++] = *c;
        }
        escaped[length] = '\0';
        snprintf(body, sizeof body, STATUS("\"success\":false,\"code\":7777,\"message\":\"got %s!\""), escaped);
        check_withheld(i, http_reply(OK_LINE, "", body));
        snprintf(body, sizeof body, "cannot read '%s'", secret_cases[i].secret);
        check_withheld(i, http_reply("HTTP/1.1 400 Bad Request", "", body));
    }
}

TEST(what_a_reply_says_of_the_customer_is_kept)
{
    static const struct {
        const char *user;
        int app_registered;
        int registered_for_password;
    } cases[] = {
        {"\"appRegistered\":true,\"userRegisteredForPassword\":false", 1, 0},
        {"\"appRegistered\":\"false\",\"userRegisteredForPassword\":\"true\"", 0, 1},
        {"\"appRegistered\":0,\"userRegisteredForPassword\":1", 0, 1},
        {"\"appRegistered\":null,\"userRegisteredForPassword\":\"perhaps\"", -1, -1},
        {"\"x\":1", -1, -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[512];
        struct scene scene = {0};

        snprintf(body, sizeof body, "{" DONE "," TOKENS ",\"user\":{\"sessionId\":\"P-2\",%s}}", cases[i].user);
        scene.replies[0] = http_reply(OK_LINE, "", body);
        open_scene(&scene, false);
        assert_code(capauth_token_generate(scene.session, NULL, NULL), CAPAUTH_OK);
        assert_int_equal(capauth_session_app_registered(scene.session), cases[i].app_registered);
        assert_int_equal(capauth_session_registered_for_password(scene.session), cases[i].registered_for_password);
        close_scene(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_keep_number_message_and_http_status),
        cmocka_unit_test(status_success_decides),
        cmocka_unit_test(what_is_no_reply_is_a_clear_error),
        cmocka_unit_test(redirects_are_not_followed),
        cmocka_unit_test(half_a_body_is_a_lost_answer),
        cmocka_unit_test(interim_replies_are_skipped),
        cmocka_unit_test(what_an_interim_reply_is_called_is_not_what_the_reply_is_called),
        cmocka_unit_test(retry_after_and_the_cdn_s_id_reach_the_caller),
        cmocka_unit_test(what_one_reply_says_is_not_said_of_an_answer_that_never_came),
        cmocka_unit_test(bodies_over_one_mebibyte_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_coding_that_is_none_leaves_the_body_as_it_is),
        cmocka_unit_test(operations_ask_for_no_compression),
        cmocka_unit_test(bombs_are_stopped_at_the_limit),
        cmocka_unit_test(compressed_replies_are_read),
        cmocka_unit_test(tokens_over_16_kibibytes_are_refused),
        cmocka_unit_test(messages_that_repeat_a_secret_are_withheld),
        cmocka_unit_test(what_a_reply_says_of_the_customer_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
