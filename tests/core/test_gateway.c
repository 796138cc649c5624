/* SPDX-License-Identifier: Apache-2.0 */
/* Gateway calls: what is sent, what every shape of reply means, and what happens when the token is refused. */
#define _GNU_SOURCE /* strcasestr */
#include "support.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK_LINE "HTTP/1.1 200 OK"
#define FINE "{\"status\":{\"success\":\"true\",\"code\":200,\"message\":\"Success\"},\"points\":7}"
#define EIGHT(text) text text text text text text text text
#define DEEP EIGHT("[") EIGHT("[") EIGHT("[") EIGHT("[") EIGHT("]") EIGHT("]") EIGHT("]") EIGHT("]")
#define EXPIRED "{\"status\":{\"success\":false,\"code\":401,\"message\":\"expired\"}}"
#define RENEWED                                                                                                        \
    "{\"status\":{\"success\":true,\"code\":200,\"message\":\"SUCCESS\"},\"auth\":{\"token\":\"T2\",\"key\":null},"    \
    "\"user\":{\"role\":\"USER\"}}"
#define REFUSED "{\"status\":{\"success\":false,\"code\":1597,\"message\":\"no\"}}"

struct scene {
    const char *replies[8];
    struct raw_server *server;
    capauth_client *client;
    capauth_session *session;
    char request[65536];
};

/* Starts the server; settings of the client may follow, then join(). */
static void open_scene(struct scene *scene)
{
    scene->server = raw_server_start(scene->replies, false);
    scene->client = new_raw_client(scene->server);
}

/* A customer who is signed in with the token T1, which does not say when it expires. */
static void join(struct scene *scene, const char *flow, const char *identity)
{
    char text[1024];

    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"%s\",\"brand\":\"DocDemo\",\"device\":\"device-1\",%s,"
             "\"token\":\"T1\",\"role\":\"USER\",\"key\":\"K1\",\"nextStep\":\"done\",\"accessToken\":\"access\","
             "\"idToken\":\"identity\"}",
             raw_server_url(scene->server), flow, identity);
    assert_code(capauth_session_restore(scene->client, text, &scene->session), CAPAUTH_OK);
}

static void join_mobile(struct scene *scene)
{
    join(scene, "mobile", "\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\"");
}

static void close_scene(struct scene *scene)
{
    capauth_session_free(&scene->session);
    capauth_client_free(&scene->client);
    raw_server_stop(scene->server);
}

static const char *request_of(struct scene *scene)
{
    raw_server_last_request(scene->server, scene->request, sizeof scene->request);
    return scene->request;
}

static bool sent_header(struct scene *scene, const char *line)
{
    char wanted[512];

    snprintf(wanted, sizeof wanted, "\r\n%s\r\n", line);
    return strstr(request_of(scene), wanted) != NULL;
}

static bool sent_header_named(struct scene *scene, const char *name)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "\r\n%s:", name);
    return strcasestr(request_of(scene), wanted) != NULL;
}

static bool sent_line(struct scene *scene, const char *line)
{
    return !strncmp(request_of(scene), line, strlen(line)) && request_of(scene)[strlen(line)] == '\r';
}

static int call_gateway(struct scene *scene, const char *method, const char *body, const capauth_options *options,
                        capauth_call **call)
{
    int result = capauth_gateway_call(scene->session, method, "points/history", body, options, call);

    return result ? result : capauth_call_wait(*call, 20000);
}

static int get(struct scene *scene, capauth_call **call)
{
    return call_gateway(scene, "GET", NULL, NULL, call);
}

static int post(struct scene *scene, capauth_call **call)
{
    return call_gateway(scene, "POST", "{\"a\":1}", NULL, call);
}

/* ---- What is sent ---- */

TEST(queries_are_encoded)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_add_query(options, "mlp", "true"), CAPAUTH_OK);
    assert_code(capauth_options_add_query(options, "a b&c", "\xc3\xa9=?#/%+"), CAPAUTH_OK);
    assert_code(capauth_options_add_query(options, "mlp", ""), CAPAUTH_OK);
    assert_code(capauth_options_add_query(options, "-._~", "-._~Az09"), CAPAUTH_OK);
    open_scene(&scene);
    join_mobile(&scene);
    assert_code(call_gateway(&scene, "GET", NULL, options, &call), CAPAUTH_OK);
    assert_true(sent_line(&scene, "GET /mobile/v2/api/points/history?mlp=true&a%20b%26c=%C3%A9%3D%3F%23%2F%25%2B&mlp="
                                  "&-._~=-._~Az09 HTTP/1.1"));
    capauth_call_free(&call);
    capauth_options_free(&options);
    close_scene(&scene);
}

TEST(the_token_and_the_identity_go_into_headers)
{
    static const struct {
        const char *flow;
        bool device;
    } flows[] = {{"mobile", true}, {"web", false}, {"mfa", true}};

    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
        capauth_call *call = NULL;

        open_scene(&scene);
        join(&scene, flows[i].flow, "\"identifierType\":\"EMAIL\",\"identifier\":\"t@e.com\"");
        assert_code(get(&scene, &call), CAPAUTH_OK);
        assert_true(sent_line(&scene, "GET /mobile/v2/api/points/history HTTP/1.1"));
        assert_true(sent_header(&scene, "cap_authorization: T1"));
        assert_true(sent_header(&scene, "cap_brand: DocDemo"));
        assert_int_equal(sent_header(&scene, "cap_device_id: device-1"), flows[i].device);
        assert_int_equal(sent_header_named(&scene, "cap_device_id"), flows[i].device);
        assert_true(sent_header(&scene, "cap_identifier_type: EMAIL"));
        assert_true(sent_header(&scene, "cap_identifier_value: t@e.com"));
        assert_true(sent_header(&scene, "Accept: application/json"));
        assert_false(sent_header_named(&scene, "cap_mobile"));
        assert_false(sent_header_named(&scene, "Authorization"));
        assert_false(sent_header_named(&scene, "Content-Type"));
        assert_false(sent_header_named(&scene, "Content-Length"));
        capauth_call_free(&call);
        close_scene(&scene);
    }
}

/* As many as may be, after a request that had few. */
TEST(every_header_that_was_added_goes_out)
{
    enum { MOST = 32 };
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
    capauth_options *options = NULL;
    capauth_call *call = NULL;
    char name[32];

    open_scene(&scene);
    join_mobile(&scene);
    assert_code(get(&scene, &call), CAPAUTH_OK);
    capauth_call_free(&call);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    for (int i = 0; i < MOST; i++) {
        snprintf(name, sizeof name, "X-Added-%d", i);
        assert_code(capauth_options_add_header(options, name, "v"), CAPAUTH_OK);
    }
    assert_code(call_gateway(&scene, "GET", NULL, options, &call), CAPAUTH_OK);
    for (int i = 0; i < MOST; i++) {
        snprintf(name, sizeof name, "X-Added-%d", i);
        assert_true(sent_header_named(&scene, name));
    }
    assert_true(sent_header_named(&scene, "Accept"));
    capauth_call_free(&call);
    capauth_options_free(&options);
    close_scene(&scene);
}

TEST(external_sessions_send_both_tokens_of_the_provider)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
    capauth_call *call = NULL;

    open_scene(&scene);
    assert_code(capauth_session_external_new(scene.client, "DocDemo", "access", "identity", &scene.session),
                CAPAUTH_OK);
    assert_code(get(&scene, &call), CAPAUTH_OK);
    assert_true(sent_header(&scene, "Authorization: Bearer access"));
    assert_true(sent_header(&scene, "X-CAP-EXTERNAL-OAUTH-ID-TOKEN: identity"));
    assert_true(sent_header(&scene, "cap_brand: DocDemo"));
    assert_false(sent_header_named(&scene, "cap_authorization"));
    assert_false(sent_header_named(&scene, "cap_device_id"));
    assert_false(sent_header_named(&scene, "cap_identifier_type"));
    assert_false(sent_header_named(&scene, "cap_identifier_value"));
    capauth_call_free(&call);
    /* Signing out forgets them. */
    assert_code(capauth_session_sign_out(scene.session, NULL, NULL), CAPAUTH_OK);
    assert_code(get(&scene, &call), CAPAUTH_E_SIGN_IN_REQUIRED);
    capauth_call_free(&call);
    assert_int_equal(raw_server_requests(scene.server), 1);
    close_scene(&scene);
}

TEST(cap_mobile_is_sent_where_asked_for)
{
    static const char *const identities[] = {"\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\"",
                                             "\"identifierType\":\"EMAIL\",\"identifier\":\"t@e.com\""};

    for (int email = 0; email < 2; email++) {
        struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
        capauth_call *call = NULL;

        open_scene(&scene);
        assert_code(capauth_client_set_cap_mobile(scene.client, 1), CAPAUTH_OK);
        join(&scene, "mobile", identities[email]);
        assert_code(get(&scene, &call), CAPAUTH_OK);
        assert_int_equal(sent_header(&scene, "cap_mobile: 919999999993"), !email);
        assert_int_equal(sent_header_named(&scene, "cap_mobile"), !email);
        assert_true(sent_header_named(&scene, "cap_identifier_value"));
        capauth_call_free(&call);
        close_scene(&scene);
    }
}

TEST(bodies_go_out_as_they_are)
{
    static const char *const bodies[] = {"{ \"a\" : 1 }", "not JSON", "", NULL};
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};

    open_scene(&scene);
    join_mobile(&scene);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        capauth_call *call = NULL;
        char length[64];

        assert_code(call_gateway(&scene, "POST", bodies[i], NULL, &call), CAPAUTH_OK);
        assert_true(sent_line(&scene, "POST /mobile/v2/api/points/history HTTP/1.1"));
        assert_true(sent_header(&scene, "Content-Type: application/json"));
        assert_false(sent_header_named(&scene, "Expect"));
        snprintf(length, sizeof length, "Content-Length: %zu", bodies[i] ? strlen(bodies[i]) : 0);
        assert_true(sent_header(&scene, length));
        assert_string_equal(strstr(request_of(&scene), "\r\n\r\n") + 4, bodies[i] ? bodies[i] : "");
        capauth_call_free(&call);
    }
    close_scene(&scene);
}

/* libcurl asks the server of long ones first whether it wants them, and waits a second for an answer. */
TEST(no_server_is_asked_whether_it_wants_a_long_body)
{
    enum { LONG = 1200 * 1024 };
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
    char *body = malloc(LONG + 1);
    capauth_call *call = NULL;

    assert_non_null(body);
    memset(body, 'x', LONG);
    body[LONG] = '\0';
    open_scene(&scene);
    join_mobile(&scene);
    assert_code(call_gateway(&scene, "POST", body, NULL, &call), CAPAUTH_OK);
    assert_false(sent_header_named(&scene, "Expect"));
    assert_true(sent_header(&scene, "Content-Length: 1228800"));
    capauth_call_free(&call);
    close_scene(&scene);
    free(body);
}

TEST(the_gateway_may_be_elsewhere)
{
    struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
    char url[128];
    capauth_call *call = NULL;

    open_scene(&scene);
    snprintf(url, sizeof url, "%s/gw/", raw_server_url(scene.server));
    assert_code(capauth_client_set_gateway_url(scene.client, url), CAPAUTH_OK);
    join_mobile(&scene);
    assert_code(get(&scene, &call), CAPAUTH_OK);
    assert_true(sent_line(&scene, "GET /gw/v2/api/points/history HTTP/1.1"));
    capauth_call_free(&call);
    close_scene(&scene);
}

/* One connection at a time: the same handle goes to and fro. */
TEST(calls_go_to_the_gateway_and_to_the_auth_engine_in_turns)
{
    const char *const replies[] = {http_reply(OK_LINE, "", FINE), http_reply(OK_LINE, "", FINE), NULL};
    struct raw_server *gateway = raw_server_start(replies, false);
    struct scene scene = {.replies = {http_reply(OK_LINE, "", RENEWED), http_reply(OK_LINE, "", RENEWED)}};
    capauth_call *call = NULL;

    open_scene(&scene);
    assert_code(capauth_client_set_gateway_url(scene.client, raw_server_url(gateway)), CAPAUTH_OK);
    assert_code(capauth_client_set_max_connections(scene.client, 1), CAPAUTH_OK);
    join_mobile(&scene);
    for (int i = 1; i <= 2; i++) {
        assert_code(get(&scene, &call), CAPAUTH_OK);
        capauth_call_free(&call);
        assert_int_equal(raw_server_requests(gateway), i);
        assert_code(capauth_token_regenerate(scene.session, NULL, NULL), CAPAUTH_OK);
        assert_int_equal(raw_server_requests(scene.server), i);
        assert_true(sent_line(&scene, "POST /auth/v1/token/regenerate HTTP/1.1"));
    }
    close_scene(&scene);
    raw_server_stop(gateway);
}

/* ---- What a reply means ---- */

static const struct {
    const char *status_line;
    const char *body;
    int refusal; /* 0: it is ok */
    int64_t code;
    const char *message;
} shapes[] = {
    {OK_LINE, FINE, 0, 200, "Success"},
    {OK_LINE, "{\"status\":{\"success\":true,\"code\":200}}", 0, 200, ""},
    {OK_LINE, "{\"status\":{\"success\":true,\"code\":401}}", 0, 401, ""}, /* success decides, never the number */
    {OK_LINE, "{\"status\":{\"code\":299}}", 0, 299, ""},
    {OK_LINE, "{\"status\":{\"code\":300}}", 300, 300, ""},
    {OK_LINE, "{\"status\":{\"success\":\"false\",\"code\":500,\"message\":\"no\"}}", 500, 500, "no"},
    {OK_LINE, "{\"status\":{\"success\":false,\"code\":200}}", CAPAUTH_E_REFUSED, 200, ""},
    {OK_LINE, "{\"status\":{\"success\":false,\"code\":1515}}", CAPAUTH_UNKNOWN_CUSTOMER, 1515, ""},
    {OK_LINE, "{\"status\":{\"code\":200,\"message\":\"Success\"}}", 0, 200, "Success"},
    {OK_LINE, "{\"status\":{\"code\":500,\"message\":\"no\"}}", 500, 500, "no"},
    {OK_LINE, "{\"status\":{\"code\":\"1011\"}}", 1011, 1011, ""},
    {OK_LINE, "{\"response\":{\"status\":{\"success\":\"true\",\"code\":200,\"message\":\"Yes\"}}}", 0, 200, "Yes"},
    {OK_LINE, "{\"response\":{\"status\":{\"success\":\"false\",\"code\":500,\"message\":\"no\\n\"}}}", 500, 500,
     "no "},
    {OK_LINE, "{\"errors\":[{\"status\":false,\"code\":600,\"message\":\"bad\"}],\"warnings\":[]}", 600, 600, "bad"},
    {OK_LINE, "{\"errors\":[{\"status\":false,\"message\":\"bad\"}]}", CAPAUTH_E_REFUSED, 0, "bad"},
    {OK_LINE, "{\"errors\":[],\"warnings\":[{\"code\":1}]}", 0, 0, ""},
    {OK_LINE, "{\"errors\":null,\"entity\":5}", 0, 0, ""},
    {OK_LINE, "{\"status\":\"ok\"}", 0, 0, ""},
    {OK_LINE, "[1]", 0, 0, ""},
    {OK_LINE, "{}", 0, 0, ""},
    {OK_LINE, "", 0, 0, ""},
    {OK_LINE, "<html>", 0, 0, ""},
    {OK_LINE, " {\"status\":{\"success\":false,\"code\":5}} ", CAPAUTH_E_REFUSED, 5, ""},
    {OK_LINE, "plain \xff text", 0, 0, ""},
    {OK_LINE, "\xef\xbb\xbf" FINE, 0, 200, "Success"},
    {OK_LINE, "\xef\xbb\xbf{\"status\":{\"success\":false,\"code\":1515}}", CAPAUTH_UNKNOWN_CUSTOMER, 1515, ""},
    {OK_LINE, "\xef\xbb\xbfplain", 0, 0, ""},
    {OK_LINE, "{\"status\":{\"success\":false", CAPAUTH_E_PROTOCOL, 0, "is not valid JSON"},
    {OK_LINE, "\f{\"status\":{\"success\":false}}", CAPAUTH_E_PROTOCOL, 0, "is not valid JSON"},
    {OK_LINE, "{\"status\":{\"success\":false},\"name\":\"Zo\xeb\"}", CAPAUTH_E_PROTOCOL, 0, "is not valid JSON"},
    {OK_LINE, "{\"status\":{\"success\":true},\"a\":" DEEP "}", CAPAUTH_E_PROTOCOL, 0, "is not valid JSON"},
    {"HTTP/1.1 404 Not Found", "{oops", CAPAUTH_E_REFUSED, 0, ""},
    {"HTTP/1.1 502 Bad gateway", "{oops", CAPAUTH_E_SERVICE, 0, ""},
    {"HTTP/1.1 201 Created", "{}", 0, 0, ""},
    {"HTTP/1.1 302 Found", "", CAPAUTH_E_REFUSED, 0, ""},
    {"HTTP/1.1 400 Bad Request", "nonsense", CAPAUTH_E_REFUSED, 0, ""},
    {"HTTP/1.1 403 Forbidden", "<html>", CAPAUTH_E_REFUSED, 0, ""},
    {"HTTP/1.1 404 Not Found", "{\"errors\":[{\"code\":404,\"message\":\"none\"}]}", 404, 404, "none"},
    {"HTTP/1.1 429 Slow down", "", CAPAUTH_E_RATE_LIMITED, 0, ""},
    {"HTTP/1.1 429 Slow down", "{\"status\":{\"success\":false}}", CAPAUTH_E_RATE_LIMITED, 0, ""},
    {"HTTP/1.1 429 Slow down", "{\"status\":{\"success\":false,\"code\":1534}}", CAPAUTH_OTP_LIMIT_REACHED, 1534, ""},
    {"HTTP/1.1 500 Oops", FINE, CAPAUTH_E_REFUSED, 200, "Success"},
    {"HTTP/1.1 500 Oops", "{}", CAPAUTH_E_SERVICE, 0, ""},
    {"HTTP/1.1 503 Unavailable", "<html>", CAPAUTH_E_SERVICE, 0, ""},
};

/* The reply's own words are in the message, beside the sentence of its code. */
static void assert_describes(const capauth_call *call, size_t i)
{
    const char *text = capauth_call_error_message(call);
    int refusal = shapes[i].refusal;

    if (!refusal) {
        assert_string_equal(text, "");
        return;
    }
    assert_non_null(strstr(text, capauth_strerror(refusal)));
    assert_non_null(strstr(text, shapes[i].message));
}

TEST(every_shape_of_reply_is_given_as_it_came)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (int posted = 0; posted < 2; posted++) {
            struct scene scene = {.replies = {http_reply(shapes[i].status_line, "Retry-After: 3\r\n", shapes[i].body)}};
            capauth_call *call = NULL;
            size_t length = 0;

            print_message("%s %s\n", shapes[i].status_line, shapes[i].body);
            open_scene(&scene);
            assert_code(capauth_client_set_max_retries(scene.client, 0), CAPAUTH_OK);
            join_mobile(&scene);
            assert_code(posted ? post(&scene, &call) : get(&scene, &call), CAPAUTH_OK);
            assert_int_equal(capauth_call_http_status(call), atoi(shapes[i].status_line + strlen("HTTP/1.1 ")));
            assert_int_equal(capauth_call_ok(call), !shapes[i].refusal);
            assert_code(capauth_call_refusal(call), shapes[i].refusal);
            assert_int_equal(capauth_call_server_code(call), shapes[i].code);
            if (shapes[i].refusal != CAPAUTH_E_PROTOCOL)
                assert_string_equal(capauth_call_server_message(call), shapes[i].message);
            assert_string_equal(capauth_call_body(call, &length), shapes[i].body);
            assert_int_equal(length, strlen(shapes[i].body));
            assert_int_equal(capauth_call_retry_after_ms(call), 3000);
            assert_describes(call, i);
            assert_int_equal(raw_server_requests(scene.server), 1);
            capauth_call_free(&call);
            close_scene(&scene);
        }
    }
}

static char *long_reply(void)
{
    enum { LONG = 64 * 1024 };
    char *text = malloc(LONG + 200);

    assert_non_null(text);
    snprintf(text, LONG + 200, OK_LINE "\r\nContent-Length: %d\r\n\r\n{\"status\":{\"code\":200},\"a\":%*s}", LONG,
             LONG - (int)strlen("{\"status\":{\"code\":200},\"a\":}"), "1");
    return text;
}

TEST(a_long_reply_has_the_memory_of_the_one_before)
{
    char *reply = long_reply();
    struct scene scene = {.replies = {reply}};
    capauth_call *call = NULL;
    uintptr_t first;
    char *other;

    open_scene(&scene);
    join_mobile(&scene);
    assert_code(get(&scene, &call), CAPAUTH_OK);
    first = (uintptr_t)capauth_call_body(call, NULL);
    capauth_call_free(&call);
    other = malloc(strlen(reply)); /* it would be here, had it gone back to the C library */
    assert_non_null(other);
    assert_code(get(&scene, &call), CAPAUTH_OK);
    assert_true((uintptr_t)capauth_call_body(call, NULL) == first);
    assert_string_equal(capauth_call_body(call, NULL), strchr(reply, '{'));
    capauth_call_free(&call);
    free(other);
    close_scene(&scene);
    free(reply);
}

TEST(a_refusal_may_be_repeated_where_nothing_was_done)
{
    static const struct {
        const char *status_line;
        int get, post;
    } rows[] = {
        {"HTTP/1.1 403 Forbidden", 0, 0},   {"HTTP/1.1 429 Slow down", 1, 1},   {"HTTP/1.1 500 Oops", 1, 0},
        {"HTTP/1.1 502 Bad gateway", 1, 0}, {"HTTP/1.1 503 Unavailable", 1, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int posted = 0; posted < 2; posted++) {
            struct scene scene = {.replies = {http_reply(rows[i].status_line, "", "")}};
            capauth_call *call = NULL;

            print_message("%s\n", rows[i].status_line);
            open_scene(&scene);
            assert_code(capauth_client_set_max_retries(scene.client, 0), CAPAUTH_OK);
            join_mobile(&scene);
            assert_code(posted ? post(&scene, &call) : get(&scene, &call), CAPAUTH_OK);
            assert_int_equal(capauth_call_retryable(call), posted ? rows[i].post : rows[i].get);
            capauth_call_free(&call);
            close_scene(&scene);
        }
    }
}

TEST(what_may_be_repeated_is)
{
    struct scene scene = {
        .replies = {"", http_reply("HTTP/1.1 503 Unavailable", "", ""), http_reply(OK_LINE, "", FINE)}};
    capauth_options *options = NULL;
    capauth_call *call = NULL;

    open_scene(&scene);
    join_mobile(&scene);
    assert_code(get(&scene, &call), CAPAUTH_OK);
    assert_int_equal(capauth_call_http_status(call), 200);
    assert_int_equal(raw_server_requests(scene.server), 3);
    capauth_call_free(&call);
    close_scene(&scene);

    scene = (struct scene){.replies = {"", http_reply(OK_LINE, "", FINE)}};
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_repeatable(options, 1), CAPAUTH_OK);
    open_scene(&scene);
    join_mobile(&scene);
    assert_code(call_gateway(&scene, "POST", "{}", options, &call), CAPAUTH_OK);
    assert_int_equal(raw_server_requests(scene.server), 2);
    assert_string_equal(strstr(request_of(&scene), "\r\n\r\n") + 4, "{}");
    capauth_call_free(&call);
    capauth_options_free(&options);
    close_scene(&scene);
}

TEST(a_post_whose_answer_is_lost_is_not_repeated)
{
    struct scene scene = {.replies = {"", http_reply(OK_LINE, "", FINE)}};
    capauth_call *call = NULL;

    open_scene(&scene);
    join_mobile(&scene);
    assert_code(post(&scene, &call), CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_int_equal(capauth_call_maybe_sent(call), 1);
    assert_int_equal(capauth_call_retryable(call), 0);
    assert_int_equal(raw_server_requests(scene.server), 1);
    capauth_call_free(&call);
    assert_code(post(&scene, &call), CAPAUTH_OK);
    capauth_call_free(&call);
    close_scene(&scene);
}

/* ---- The token is refused ---- */

static const struct {
    const char *status_line;
    const char *body;
} expired[] = {
    {"HTTP/1.1 401 Unauthorized", ""},
    {"HTTP/1.1 401 Unauthorized", "<html>"},
    {"HTTP/1.1 401 Unauthorized", EXPIRED},
    {OK_LINE, EXPIRED},
    {OK_LINE, "{\"status\":{\"success\":false,\"code\":302}}"},
    {OK_LINE, "{\"status\":{\"success\":\"false\",\"code\":\"401\"}}"},
    {OK_LINE, "{\"status\":{\"code\":401}}"},
    {OK_LINE, "{\"status\":{\"success\":false,\"code\":401.0}}"},
    {OK_LINE, "{\"status\":{\"success\":false,\"code\":\"4.01E2\"}}"},
    {OK_LINE, "{\"response\":{\"status\":{\"success\":\"false\",\"code\":401,\"message\":\"expired\"}}}"},
    {OK_LINE, "{\"response\":{\"status\":{\"code\":302}}}"},
    {OK_LINE, "\xef\xbb\xbf" EXPIRED},
};

enum { EXPIRED_FORMS = sizeof expired / sizeof expired[0] };

static const char *expired_reply(size_t i)
{
    return http_reply(expired[i].status_line, "", expired[i].body);
}

TEST(a_get_goes_again_with_a_new_token)
{
    for (size_t i = 0; i < EXPIRED_FORMS; i++) {
        struct scene scene = {
            .replies = {expired_reply(i), http_reply(OK_LINE, "", RENEWED), http_reply(OK_LINE, "", FINE)}};
        capauth_call *call = NULL;

        print_message("%zu\n", i);
        open_scene(&scene);
        join_mobile(&scene);
        assert_code(get(&scene, &call), CAPAUTH_OK);
        assert_int_equal(raw_server_requests(scene.server), 3);
        assert_true(sent_header(&scene, "cap_authorization: T2"));
        assert_false(sent_header(&scene, "cap_authorization: T1"));
        assert_string_equal(capauth_call_body(call, NULL), FINE);
        assert_int_equal(capauth_call_ok(call), 1);
        assert_string_equal(capauth_session_token(scene.session), "T2");
        assert_string_equal(capauth_session_key(scene.session), "K1");
        capauth_call_free(&call);
        close_scene(&scene);
    }
}

TEST(a_post_is_not_repeated_but_the_session_has_a_fresh_token)
{
    for (size_t i = 0; i < EXPIRED_FORMS; i++) {
        struct scene scene = {
            .replies = {expired_reply(i), http_reply(OK_LINE, "", RENEWED), http_reply(OK_LINE, "", FINE)}};
        capauth_call *call = NULL;

        print_message("%zu\n", i);
        open_scene(&scene);
        join_mobile(&scene);
        assert_code(post(&scene, &call), CAPAUTH_TOKEN_EXPIRED);
        assert_int_equal(capauth_call_retryable(call), 1);
        assert_int_equal(raw_server_requests(scene.server), 2);
        assert_string_equal(capauth_session_token(scene.session), "T2");
        capauth_call_free(&call);
        assert_code(post(&scene, &call), CAPAUTH_OK);
        assert_true(sent_header(&scene, "cap_authorization: T2"));
        capauth_call_free(&call);
        close_scene(&scene);
    }
}

TEST(a_fresh_token_that_is_refused_ends_it)
{
    for (size_t i = 0; i < EXPIRED_FORMS; i++) {
        struct scene scene = {.replies = {expired_reply(i), http_reply(OK_LINE, "", RENEWED), expired_reply(i)}};
        capauth_call *call = NULL;

        open_scene(&scene);
        join_mobile(&scene);
        assert_code(get(&scene, &call), CAPAUTH_TOKEN_EXPIRED);
        assert_int_equal(capauth_call_retryable(call), 0);
        assert_int_equal(raw_server_requests(scene.server), 3);
        assert_true(capauth_session_signed_in(scene.session));
        capauth_call_free(&call);
        close_scene(&scene);
    }
}

TEST(without_auto_refresh_the_reply_is_given_as_it_is)
{
    for (size_t i = 0; i < EXPIRED_FORMS; i++) {
        struct scene scene = {.replies = {expired_reply(i)}};
        capauth_call *call = NULL;

        open_scene(&scene);
        assert_code(capauth_client_set_auto_refresh(scene.client, 0), CAPAUTH_OK);
        join_mobile(&scene);
        assert_code(get(&scene, &call), CAPAUTH_OK);
        assert_int_equal(capauth_call_ok(call), 0);
        assert_string_equal(capauth_call_body(call, NULL), expired[i].body);
        assert_int_equal(raw_server_requests(scene.server), 1);
        assert_string_equal(capauth_session_token(scene.session), "T1");
        capauth_call_free(&call);
        close_scene(&scene);
    }
}

TEST(external_tokens_are_never_regenerated)
{
    struct scene scene = {.replies = {expired_reply(0)}};
    capauth_call *call = NULL;

    open_scene(&scene);
    join(&scene, "external", "\"x\":1");
    assert_code(get(&scene, &call), CAPAUTH_OK);
    assert_int_equal(capauth_call_http_status(call), 401);
    assert_int_equal(capauth_call_ok(call), 0);
    assert_int_equal(raw_server_requests(scene.server), 1);
    capauth_call_free(&call);
    close_scene(&scene);
}

TEST(a_regeneration_that_is_refused_signs_out)
{
    struct scene scene = {.replies = {expired_reply(0), http_reply(OK_LINE, "X-Amz-Cf-Id: abc\r\n", REFUSED)}};
    capauth_call *call = NULL;

    open_scene(&scene);
    join_mobile(&scene);
    assert_code(get(&scene, &call), CAPAUTH_INVALID_KEY);
    assert_int_equal(capauth_call_server_code(call), 1597);
    assert_string_equal(capauth_call_request_id(call), "abc");
    assert_false(capauth_session_signed_in(scene.session));
    assert_int_equal(capauth_session_next_step(scene.session), CAPAUTH_STEP_TOKEN_GENERATE);
    capauth_call_free(&call);
    assert_code(get(&scene, &call), CAPAUTH_E_SIGN_IN_REQUIRED);
    capauth_call_free(&call);
    assert_int_equal(raw_server_requests(scene.server), 2);
    close_scene(&scene);
}

TEST(a_regeneration_that_fails_signs_nobody_out)
{
    struct scene scene = {.replies = {expired_reply(0), ""}};
    capauth_call *call = NULL;

    open_scene(&scene);
    assert_code(capauth_client_set_max_retries(scene.client, 0), CAPAUTH_OK);
    join_mobile(&scene);
    assert_code(get(&scene, &call), CAPAUTH_E_NETWORK);
    assert_true(capauth_session_signed_in(scene.session));
    assert_string_equal(capauth_session_token(scene.session), "T1");
    assert_string_equal(capauth_session_key(scene.session), "K1");
    assert_int_equal(capauth_session_next_step(scene.session), CAPAUTH_STEP_DONE);
    capauth_call_free(&call);
    close_scene(&scene);
}

TEST(tokens_of_half_a_sign_in_are_not_used)
{
    static const char *const roles[] = {"VIEW", "MFA_PENDING", "AUTH"};

    for (size_t i = 0; i < 3; i++) {
        struct scene scene = {.replies = {http_reply(OK_LINE, "", FINE)}};
        capauth_call *call = NULL;
        char text[512];

        open_scene(&scene);
        snprintf(text, sizeof text,
                 "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mobile\",\"brand\":\"B\",\"device\":\"d\",\"identifierType\":"
                 "\"MOBILE\",\"identifier\":\"1\",\"token\":\"T1\",\"role\":\"%s\",\"key\":\"K1\"}",
                 raw_server_url(scene.server), roles[i]);
        assert_code(capauth_session_restore(scene.client, text, &scene.session), CAPAUTH_OK);
        assert_code(get(&scene, &call), CAPAUTH_E_SIGN_IN_REQUIRED);
        capauth_call_free(&call);
        assert_code(capauth_token_ensure(scene.session, NULL, NULL), CAPAUTH_E_SIGN_IN_REQUIRED);
        assert_int_equal(raw_server_requests(scene.server), 0);
        close_scene(&scene);
    }
}

/* ---- The emulator's gateway ---- */

static void check_emulator(capauth_session *customer)
{
    capauth_call *call = NULL;

    assert_code(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
    assert_int_equal(capauth_call_http_status(call), 200);
    assert_int_equal(capauth_call_ok(call), 1);
    assert_non_null(strstr(capauth_call_body(call, NULL), "919999999993"));
    capauth_call_free(&call);
    assert_code(capauth_gateway_call(customer, "POST", "no/such", "{}", NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
    assert_int_equal(capauth_call_http_status(call), 404);
    assert_int_equal(capauth_call_ok(call), 0);
    assert_true(capauth_call_server_code(call) != 0);
    capauth_call_free(&call);
}

TEST(the_emulator_s_gateway_answers_every_flow)
{
    capauth_client *client = new_client(shared);
    capauth_session *mobile, *web;

    make_brand(shared, "Gateway", "{}");
    mobile = new_mobile(client, "Gateway", "919999999993");
    web = new_web(client, "gateway", "919999999993");
    sign_in(shared, mobile);
    check_emulator(mobile);
    sign_in(shared, web);
    check_emulator(web);
    capauth_session_free(&mobile);
    capauth_session_free(&web);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_are_encoded),
        cmocka_unit_test(the_token_and_the_identity_go_into_headers),
        cmocka_unit_test(every_header_that_was_added_goes_out),
        cmocka_unit_test(external_sessions_send_both_tokens_of_the_provider),
        cmocka_unit_test(cap_mobile_is_sent_where_asked_for),
        cmocka_unit_test(bodies_go_out_as_they_are),
        cmocka_unit_test(no_server_is_asked_whether_it_wants_a_long_body),
        cmocka_unit_test(the_gateway_may_be_elsewhere),
        cmocka_unit_test(calls_go_to_the_gateway_and_to_the_auth_engine_in_turns),
        cmocka_unit_test(every_shape_of_reply_is_given_as_it_came),
        cmocka_unit_test(a_long_reply_has_the_memory_of_the_one_before),
        cmocka_unit_test(a_refusal_may_be_repeated_where_nothing_was_done),
        cmocka_unit_test(what_may_be_repeated_is),
        cmocka_unit_test(a_post_whose_answer_is_lost_is_not_repeated),
        cmocka_unit_test(a_get_goes_again_with_a_new_token),
        cmocka_unit_test(a_post_is_not_repeated_but_the_session_has_a_fresh_token),
        cmocka_unit_test(a_fresh_token_that_is_refused_ends_it),
        cmocka_unit_test(without_auto_refresh_the_reply_is_given_as_it_is),
        cmocka_unit_test(external_tokens_are_never_regenerated),
        cmocka_unit_test(a_regeneration_that_is_refused_signs_out),
        cmocka_unit_test(a_regeneration_that_fails_signs_nobody_out),
        cmocka_unit_test(tokens_of_half_a_sign_in_are_not_used),
        cmocka_unit_test(the_emulator_s_gateway_answers_every_flow),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
