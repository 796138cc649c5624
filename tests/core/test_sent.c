/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out: method, path, headers and body of every operation, no more and no less than the protocol says. */
#define _GNU_SOURCE /* strcasestr */
#include "support_operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#define GOOD                                                                                                           \
    "{\"status\":{\"success\":true,\"code\":200,\"message\":\"SUCCESS\"},\"auth\":{\"token\":\"T2\",\"key\":\"K2\"},"  \
    "\"user\":{\"sessionId\":\"P-2\",\"role\":\"USER\"}}"
#define WHO "\"identifierType\":\"MOBILE\",\"identifierValue\":\"919999999993\",\"brand\":\"DocDemo\""
#define DEVICE ",\"deviceId\":\"device-1\""

struct sent {
    struct raw_server *server;
    capauth_client *client;
    capauth_session *session;
    const char *replies[2];
    char request[65536];
};

/* At a step where everything can be sent. */
static void open_as(struct sent *sent, const char *flow, const char *identity)
{
    char text[1024];

    sent->replies[0] = http_reply("HTTP/1.1 200 OK", "", GOOD);
    sent->replies[1] = NULL;
    sent->server = raw_server_start(sent->replies, false);
    sent->client = new_raw_client(sent->server);
    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"%s\",\"brand\":\"DocDemo\",\"device\":\"device-1\",%s,"
             "\"sessionId\":\"P-1\",\"token\":\"T1\",\"key\":\"K1\",\"authorizedToken\":\"A1\"}",
             raw_server_url(sent->server), flow, identity);
    assert_code(capauth_session_restore(sent->client, text, &sent->session), CAPAUTH_OK);
}

static void open_flow(struct sent *sent, const char *flow)
{
    open_as(sent, flow, "\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\"");
}

static void close_sent(struct sent *sent)
{
    capauth_session_free(&sent->session);
    capauth_client_free(&sent->client);
    raw_server_stop(sent->server);
}

static const char *body_of(struct sent *sent)
{
    const char *body;

    raw_server_last_request(sent->server, sent->request, sizeof sent->request);
    body = strstr(sent->request, "\r\n\r\n");
    assert_non_null(body);
    return body + 4;
}

/* The same members with the same values and types, in whatever order. */
#define assert_body(sent, expected) check_body((sent), (expected), __FILE__, __LINE__)
static void check_body(struct sent *sent, const char *expected, const char *file, int line)
{
    struct json_object *is = json_tokener_parse(body_of(sent)), *should = json_tokener_parse(expected);

    assert_non_null(should);
    if (!json_object_equal(is, should)) {
        print_error("sent:     %s\nexpected: %s\n", body_of(sent), expected);
        _fail(file, line);
    }
    json_object_put(is);
    json_object_put(should);
}

static void assert_line(struct sent *sent, const char *method, const char *path)
{
    char line[256];

    raw_server_last_request(sent->server, sent->request, sizeof sent->request);
    snprintf(line, sizeof line, "%s %s HTTP/1.1\r\n", method, path);
    if (strncmp(sent->request, line, strlen(line)) != 0)
        fail_msg("sent %.*s, not %s", (int)strcspn(sent->request, "\r"), sent->request, line);
}

/* How many header lines are exactly this one, whatever the case of their names. */
static int header_count(struct sent *sent, const char *line)
{
    char wanted[512];
    int count = 0;

    raw_server_last_request(sent->server, sent->request, sizeof sent->request);
    snprintf(wanted, sizeof wanted, "\r\n%s\r\n", line);
    for (const char *at = strstr(sent->request, wanted); at; at = strstr(at + 2, wanted))
        count++;
    return count;
}

static bool has_header_named(struct sent *sent, const char *name)
{
    char wanted[128];

    raw_server_last_request(sent->server, sent->request, sizeof sent->request);
    snprintf(wanted, sizeof wanted, "\r\n%s:", name);
    *strstr(sent->request, "\r\n\r\n") = '\0';
    return strcasestr(sent->request, wanted) != NULL;
}

/* ---- The operations ---- */

static const struct row {
    const char *flow;
    const char *operation;
    const char *values[2];
    const char *method;
    const char *path;
    const char *body; /* beside the identity and, except for web, the device */
} rows[] = {
    {"mobile", "token_generate", {NULL}, "POST", "/auth/v1/token/generate", ""},
    {"web", "token_generate", {NULL}, "POST", "/auth/v1/web/token/generate", ""},
    {"mfa", "token_generate", {NULL}, "POST", "/auth/v1/mfa/token/generate", ",\"authorizedToken\":\"A1\""},
    {"mobile", "otp_generate", {NULL}, "POST", "/auth/v1/otp/generate", ",\"sessionId\":\"P-1\""},
    {"web", "otp_generate", {NULL}, "POST", "/auth/v1/web/otp/generate", ",\"sessionId\":\"P-1\""},
    {"mfa", "otp_generate", {NULL}, "POST", "/auth/v1/mfa/otp/generate", ",\"sessionId\":\"P-1\""},
    {"mobile",
     "otp_validate",
     {"012345"},
     "POST",
     "/auth/v1/otp/validate",
     ",\"sessionId\":\"P-1\",\"otp\":\"012345\""},
    {"web",
     "otp_validate",
     {"012345"},
     "POST",
     "/auth/v1/web/otp/validate",
     ",\"sessionId\":\"P-1\",\"otp\":\"012345\""},
    {"mfa",
     "otp_validate",
     {"012345"},
     "POST",
     "/auth/v1/mfa/otp/validate",
     ",\"sessionId\":\"P-1\",\"otp\":\"012345\""},
    {"mobile",
     "password_validate",
     {"p\t\"\\/\xc3\xa9\x7f"},
     "POST",
     "/auth/v1/password/validate",
     ",\"sessionId\":\"P-1\",\"password\":\"p\\t\\\"\\\\/\xc3\xa9\x7f\""},
    {"web",
     "password_validate",
     {"p\t\"\\/\xc3\xa9\x7f"},
     "POST",
     "/auth/v1/web/password/validate",
     ",\"sessionId\":\"P-1\",\"password\":\"p\\t\\\"\\\\/\xc3\xa9\x7f\""},
    {"mfa",
     "password_validate",
     {"p\t\"\\/\xc3\xa9\x7f"},
     "POST",
     "/auth/v1/mfa/password/validate",
     ",\"sessionId\":\"P-1\",\"password\":\"p\\t\\\"\\\\/\xc3\xa9\x7f\""},
    {"mobile",
     "password_change",
     {"old", "new"},
     "POST",
     "/auth/v1/password/change",
     ",\"token\":\"T1\",\"password\":\"old\",\"newPassword\":\"new\",\"confirmPassword\":\"new\""},
    {"web",
     "password_change",
     {"old", "new"},
     "POST",
     "/auth/v1/web/password/change",
     ",\"token\":\"T1\",\"password\":\"old\",\"newPassword\":\"new\",\"confirmPassword\":\"new\""},
    {"mfa",
     "password_change",
     {"old", "new"},
     "POST",
     "/auth/v1/mfa/password/change",
     ",\"token\":\"T1\",\"password\":\"old\",\"newPassword\":\"new\",\"confirmPassword\":\"new\""},
    {"mobile",
     "password_forget",
     {"new"},
     "POST",
     "/auth/v1/password/forget",
     ",\"sessionId\":\"P-1\",\"password\":\"new\",\"confirmPassword\":\"new\""},
    {"web",
     "password_forget",
     {"new"},
     "POST",
     "/auth/v1/web/password/forget",
     ",\"sessionId\":\"P-1\",\"password\":\"new\",\"confirmPassword\":\"new\""},
    {"mfa",
     "password_forget",
     {"new"},
     "POST",
     "/auth/v1/mfa/password/forget",
     ",\"sessionId\":\"P-1\",\"password\":\"new\",\"confirmPassword\":\"new\""},
    {"mobile", "token_regenerate", {NULL}, "POST", "/auth/v1/token/regenerate", ",\"key\":\"K1\""},
    {"web", "token_regenerate", {NULL}, "POST", "/auth/v1/web/token/regenerate", ",\"expiredToken\":\"T1\""},
    {"mfa", "token_regenerate", {NULL}, "POST", "/auth/v1/mfa/token/regenerate", ",\"key\":\"K1\""},
    {"mfa", "token_expire", {NULL}, "DELETE", "/auth/v1/mfa/token/expire", ",\"token\":\"T1\""},
    {"mobile",
     "identifier_update",
     {"919999999994"},
     "POST",
     "/auth/v1/user/updateIdentifierValue",
     ",\"token\":\"T1\",\"newIdentifierValue\":\"919999999994\""},
    {"web",
     "identifier_update",
     {"919999999994"},
     "POST",
     "/auth/v1/user/updateIdentifierValue",
     ",\"token\":\"T1\",\"newIdentifierValue\":\"919999999994\""},
    {"mfa",
     "identifier_update",
     {"919999999994"},
     "POST",
     "/auth/v1/user/updateIdentifierValue",
     ",\"token\":\"T1\",\"newIdentifierValue\":\"919999999994\""},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static bool is_in_rows(const char *flow, const char *path)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (!strcmp(rows[i].flow, flow) && !strcmp(rows[i].path, path))
            return true;
    }
    return false;
}

/* What is sent is written out here once more, lest a wrong table be right by itself. */
TEST(every_request_of_the_table_has_a_row)
{
    enum { MOBILE = 1, WEB = 2, MFA = 4 };
    static const char *const flows[] = {"mobile", "web", "mfa"};
    static const struct {
        int flows;
        const char *path;
    } requests[] = {
#define REQUEST(NAME, flows, method, path, fields, REPLY, REPEAT) {flows, path},
#include "generated/operations.def"
    };

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        for (int flow = 0; flow < 3; flow++) {
            if (requests[i].flows & 1 << flow && !is_in_rows(flows[flow], requests[i].path))
                fail_msg("nothing says what %s sends in the flow %s", requests[i].path, flows[flow]);
        }
    }
}

TEST(every_operation_sends_its_row)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct sent sent;
        char expected[512];

        print_message("%s %s\n", rows[i].flow, rows[i].path);
        open_flow(&sent, rows[i].flow);
        assert_code(operation_named(rows[i].operation)->start(sent.session, rows[i].values, NULL, NULL), CAPAUTH_OK);
        assert_int_equal(raw_server_requests(sent.server), 1);
        assert_line(&sent, rows[i].method, rows[i].path);
        snprintf(expected, sizeof expected, "{" WHO "%s%s}", strcmp(rows[i].flow, "web") != 0 ? DEVICE : "",
                 rows[i].body);
        assert_body(&sent, expected);
        assert_int_equal(header_count(&sent, "Content-Type: application/json"), 1);
        assert_int_equal(header_count(&sent, "Accept: application/json"), 1);
        snprintf(expected, sizeof expected, "User-Agent: capauth/%s", capauth_version());
        assert_int_equal(header_count(&sent, expected), 1);
        assert_false(has_header_named(&sent, "Expect"));
        assert_false(has_header_named(&sent, "Authorization"));
        assert_false(has_header_named(&sent, "Cookie"));
        assert_false(has_header_named(&sent, "Referer"));
        assert_false(has_header_named(&sent, "cap_authorization"));
        assert_false(has_header_named(&sent, "Transfer-Encoding"));
        close_sent(&sent);
    }
}

TEST(sign_out_expires_the_token_in_the_mfa_flow_only)
{
    struct sent sent;

    open_flow(&sent, "mfa");
    assert_code(capauth_session_sign_out(sent.session, NULL, NULL), CAPAUTH_OK);
    assert_line(&sent, "DELETE", "/auth/v1/mfa/token/expire");
    assert_body(&sent, "{" WHO DEVICE ",\"token\":\"T1\"}");
    close_sent(&sent);
    open_flow(&sent, "mobile");
    assert_code(capauth_session_sign_out(sent.session, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(raw_server_requests(sent.server), 0);
    close_sent(&sent);
}

TEST(values_are_sent_as_given)
{
    static const char brand[] = "Doc\xc3\xa9mo \"\\/+&";
    struct sent sent = {.replies = {http_reply("HTTP/1.1 200 OK", "", GOOD)}};
    struct json_object *body, *value = NULL;
    capauth_session *session = NULL;

    sent.server = raw_server_start(sent.replies, false);
    sent.client = new_raw_client(sent.server);
    assert_code(capauth_session_new(sent.client, CAPAUTH_FLOW_MOBILE, brand, &session), CAPAUTH_OK);
    assert_code(capauth_session_set_identifier(session, CAPAUTH_IDENTIFIER_EMAIL, " T@E.Com "), CAPAUTH_OK);
    assert_code(capauth_session_set_device_id(session, "007"), CAPAUTH_OK);
    assert_code(capauth_token_generate(session, NULL, NULL), CAPAUTH_OK);
    body = json_tokener_parse(body_of(&sent));
    assert_true(json_object_object_get_ex(body, "brand", &value));
    assert_string_equal(json_object_get_string(value), brand);
    assert_true(json_object_object_get_ex(body, "identifierValue", &value));
    assert_string_equal(json_object_get_string(value), " T@E.Com ");
    assert_true(json_object_object_get_ex(body, "deviceId", &value));
    assert_true(json_object_is_type(value, json_type_string));
    assert_string_equal(json_object_get_string(value), "007");
    json_object_put(body);
    sent.session = session;
    close_sent(&sent);
}

TEST(otps_keep_their_leading_zeros)
{
    static const char *const otps[] = {"000000", "0", "012345", "483920", "ab 1"};

    for (size_t i = 0; i < sizeof otps / sizeof otps[0]; i++) {
        struct sent sent;
        char expected[512];

        open_flow(&sent, "web");
        assert_code(capauth_otp_validate(sent.session, otps[i], NULL, NULL), CAPAUTH_OK);
        snprintf(expected, sizeof expected, "{" WHO ",\"sessionId\":\"P-1\",\"otp\":\"%s\"}", otps[i]);
        assert_body(&sent, expected);
        close_sent(&sent);
    }
}

/* ---- Optional members ---- */

TEST(first_passwords_go_with_token_generate)
{
    capauth_options *options = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_password(options, "first"), CAPAUTH_OK);
    for (size_t i = 0; i < 3; i++) {
        struct sent sent;
        char expected[512];

        open_flow(&sent, rows[i].flow);
        assert_code(capauth_token_generate(sent.session, options, NULL), CAPAUTH_OK);
        snprintf(expected, sizeof expected, "{" WHO "%s%s,\"password\":\"first\",\"confirmPassword\":\"first\"}",
                 i == 1 ? "" : DEVICE, rows[i].body);
        assert_body(&sent, expected);
        close_sent(&sent);
    }
    capauth_options_free(&options);
}

/* All that options can hold. */
static capauth_options *all_options(void)
{
    capauth_options *options = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_password(options, "first"), CAPAUTH_OK);
    assert_code(capauth_options_set_fallback_channel(options, "SMS"), CAPAUTH_OK);
    assert_code(capauth_options_set_otp_hash(options, "aGFzaA==", INT64_C(1760013480123)), CAPAUTH_OK);
    assert_code(capauth_options_set_margin_ms(options, 1000), CAPAUTH_OK);
    assert_code(capauth_options_add_query(options, "a", "b"), CAPAUTH_OK);
    assert_code(capauth_options_set_repeatable(options, 1), CAPAUTH_OK);
    return options;
}

TEST(options_that_an_operation_has_no_use_for_are_ignored)
{
    capauth_options *options = all_options();
    struct sent sent;

    open_flow(&sent, "mobile");
    assert_code(capauth_otp_validate(sent.session, "012345", options, NULL), CAPAUTH_OK);
    assert_line(&sent, "POST", "/auth/v1/otp/validate");
    assert_body(&sent, "{" WHO DEVICE ",\"sessionId\":\"P-1\",\"otp\":\"012345\"}");
    close_sent(&sent);
    open_flow(&sent, "mobile");
    assert_code(capauth_token_generate(sent.session, options, NULL), CAPAUTH_OK);
    assert_line(&sent, "POST", "/auth/v1/token/generate");
    assert_body(&sent, "{" WHO DEVICE ",\"password\":\"first\",\"confirmPassword\":\"first\"}");
    close_sent(&sent);
    capauth_options_free(&options);
}

TEST(otp_generate_takes_hash_and_channel)
{
    static const char *const paths[] = {"/auth/v1/otp/generate?fallbackChannel=SMS",
                                        "/auth/v1/web/otp/generate?fallbackChannel=SMS",
                                        "/auth/v1/mfa/otp/generate?fallbackChannel=SMS"};
    capauth_options *options = all_options();

    for (size_t i = 0; i < 3; i++) {
        struct sent sent;
        char expected[512];

        open_flow(&sent, rows[i].flow);
        assert_code(capauth_otp_generate(sent.session, options, NULL), CAPAUTH_OK);
        assert_line(&sent, "POST", paths[i]);
        snprintf(expected, sizeof expected,
                 "{" WHO "%s,\"sessionId\":\"P-1\",\"hash\":\"aGFzaA==\",\"timeStamp\":1760013480123}",
                 i == 1 ? "" : DEVICE);
        assert_body(&sent, expected);
        assert_string_equal(capauth_session_otp_channel(sent.session), "SMS");
        close_sent(&sent);
    }
    capauth_options_free(&options);
}

static const struct {
    const char *identity; /* of the export */
    const char *sent; /* identity and contact in the body */
    const char *destination;
} contacts[] = {
    {"\"identifierType\":\"USERNAME\",\"identifier\":\"anna\",\"contactType\":\"MOBILE\",\"contact\":\"919999999993\"",
     "\"identifierType\":\"USERNAME\",\"identifierValue\":\"anna\",\"mobile\":\"919999999993\"", "9199******93"},
    {"\"identifierType\":\"USERNAME\",\"identifier\":\"anna\",\"contactType\":\"EMAIL\",\"contact\":\"t@e.com\"",
     "\"identifierType\":\"USERNAME\",\"identifierValue\":\"anna\",\"email\":\"t@e.com\"", "t***@e.com"},
    {"\"identifierType\":\"USERNAME\",\"identifier\":\"anna\"",
     "\"identifierType\":\"USERNAME\",\"identifierValue\":\"anna\"", "****"},
    {"\"identifierType\":\"EXTERNALID\",\"identifier\":\"X-1\",\"contactType\":\"EMAIL\",\"contact\":\"t@e.com\"",
     "\"identifierType\":\"EXTERNALID\",\"identifierValue\":\"X-1\",\"email\":\"t@e.com\"", "t***@e.com"},
    {"\"identifierType\":\"EMAIL\",\"identifier\":\"t@e.com\",\"contactType\":\"MOBILE\",\"contact\":\"919999999993\"",
     "\"identifierType\":\"EMAIL\",\"identifierValue\":\"t@e.com\"", "t***@e.com"},
};

TEST(contacts_go_with_user_names_and_external_ids_only)
{
    for (size_t i = 0; i < sizeof contacts / sizeof contacts[0]; i++) {
        struct sent sent;
        char expected[512];

        print_message("%s\n", contacts[i].identity);
        open_as(&sent, "web", contacts[i].identity);
        assert_code(capauth_token_generate(sent.session, NULL, NULL), CAPAUTH_OK);
        snprintf(expected, sizeof expected, "{%s,\"brand\":\"DocDemo\"}", contacts[i].sent);
        assert_body(&sent, expected);
        assert_code(capauth_otp_generate(sent.session, NULL, NULL), CAPAUTH_OK);
        snprintf(expected, sizeof expected, "{%s,\"brand\":\"DocDemo\",\"sessionId\":\"P-2\"}", contacts[i].sent);
        assert_body(&sent, expected);
        assert_string_equal(capauth_session_otp_destination(sent.session), contacts[i].destination);
        assert_code(capauth_otp_validate(sent.session, "1", NULL, NULL), CAPAUTH_OK);
        assert_null(strstr(body_of(&sent), "mobile\":"));
        assert_null(strstr(body_of(&sent), "email\":"));
        close_sent(&sent);
    }
}

/* ---- Headers and places ---- */

TEST(headers_of_client_and_options_are_sent)
{
    struct sent sent = {.replies = {http_reply("HTTP/1.1 200 OK", "", GOOD)}};
    capauth_options *options = NULL;

    sent.server = raw_server_start(sent.replies, false);
    sent.client = new_raw_client(sent.server);
    assert_code(capauth_client_set_user_agent(sent.client, "App/7 (\xc3\xa9)"), CAPAUTH_OK);
    assert_code(capauth_client_add_header(sent.client, "X-App", "7"), CAPAUTH_OK);
    assert_code(capauth_client_add_header(sent.client, "X-Amz-Cf-Id", "a b"), CAPAUTH_OK);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_add_header(options, "X-CAP-USE-NEW-ENCRYPTION", "true"), CAPAUTH_OK);
    assert_code(capauth_options_add_header(options, "X-Empty", ""), CAPAUTH_OK);
    sent.session = new_web(sent.client, "DocDemo", "919999999993");
    assert_code(capauth_token_generate(sent.session, options, NULL), CAPAUTH_OK);
    capauth_options_free(&options);
    assert_int_equal(header_count(&sent, "User-Agent: App/7 (\xc3\xa9)"), 1);
    assert_int_equal(header_count(&sent, "X-App: 7"), 1);
    assert_int_equal(header_count(&sent, "X-Amz-Cf-Id: a b"), 1);
    assert_int_equal(header_count(&sent, "X-CAP-USE-NEW-ENCRYPTION: true"), 1);
    assert_int_equal(header_count(&sent, "X-Empty:"), 1);
    assert_code(capauth_otp_generate(sent.session, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(header_count(&sent, "X-App: 7"), 1);
    assert_false(has_header_named(&sent, "X-CAP-USE-NEW-ENCRYPTION")); /* it was that call's */
    close_sent(&sent);
}

TEST(base_urls_may_have_a_path_and_a_slash)
{
    static const struct {
        const char *suffix;
        const char *path;
    } cases[] = {
        {"", "/auth/v1/web/token/generate"},
        {"/", "/auth/v1/web/token/generate"},
        {"/brand/one//", "/brand/one/auth/v1/web/token/generate"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sent sent = {.replies = {http_reply("HTTP/1.1 200 OK", "", GOOD)}};
        char url[128];

        sent.server = raw_server_start(sent.replies, false);
        sent.client = new_raw_client(sent.server);
        snprintf(url, sizeof url, "%s%s", raw_server_url(sent.server), cases[i].suffix);
        assert_code(capauth_client_set_base_url(sent.client, url), CAPAUTH_OK);
        sent.session = new_web(sent.client, "DocDemo", "919999999993");
        assert_code(capauth_token_generate(sent.session, NULL, NULL), CAPAUTH_OK);
        assert_line(&sent, "POST", cases[i].path);
        close_sent(&sent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_of_the_table_has_a_row),
        cmocka_unit_test(every_operation_sends_its_row),
        cmocka_unit_test(sign_out_expires_the_token_in_the_mfa_flow_only),
        cmocka_unit_test(values_are_sent_as_given),
        cmocka_unit_test(otps_keep_their_leading_zeros),
        cmocka_unit_test(first_passwords_go_with_token_generate),
        cmocka_unit_test(options_that_an_operation_has_no_use_for_are_ignored),
        cmocka_unit_test(otp_generate_takes_hash_and_channel),
        cmocka_unit_test(contacts_go_with_user_names_and_external_ids_only),
        cmocka_unit_test(headers_of_client_and_options_are_sent),
        cmocka_unit_test(base_urls_may_have_a_path_and_a_slash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
