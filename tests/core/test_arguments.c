/* SPDX-License-Identifier: Apache-2.0 */
/* What each public function refuses on the spot, and what it says about it. Nothing here reaches a network. */
#include "support_operations.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static char text_256[257], text_257[258], text_512[513], text_513[514], text_1024[1025], text_1025[1026],
    text_8193[8194], text_16385[16386];

static int fill_texts(void **state)
{
    (void)state;
    memset(text_256, 'x', sizeof text_256 - 1);
    memset(text_257, 'x', sizeof text_257 - 1);
    memset(text_512, 'x', sizeof text_512 - 1);
    memset(text_513, 'x', sizeof text_513 - 1);
    memset(text_1024, 'x', sizeof text_1024 - 1);
    memset(text_1025, 'x', sizeof text_1025 - 1);
    memset(text_8193, 'x', sizeof text_8193 - 1);
    memset(text_16385, 'x', sizeof text_16385 - 1);
    return 0;
}

/* Port 9 is never reached: calls are started, not driven. */
static capauth_client *plain_client(void)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://127.0.0.1:9"), CAPAUTH_OK);
    return client;
}

/* At a step where everything can be sent. */
static capauth_session *full_session(capauth_client *client, const char *flow)
{
    capauth_session *session = NULL;
    char text[512];

    snprintf(
        text, sizeof text,
        "{\"v\":1,\"origin\":\"http://127.0.0.1:9\",\"flow\":\"%s\",\"brand\":\"B\",\"device\":\"d\","
        "\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\",\"sessionId\":\"P-1\",\"token\":\"Token-1\","
        "\"key\":\"Key-1\",\"authorizedToken\":\"Token-2\"}",
        flow);
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
    return session;
}

#define assert_says(text, part) check_says((text), (part), __FILE__, __LINE__)
static void check_says(const char *text, const char *part, const char *file, int line)
{
    if (!strstr(text, part)) {
        print_error("\"%s\" does not say \"%s\"\n", text, part);
        _fail(file, line);
    }
}

/* ---- Client settings ---- */

static const struct {
    const char *name;
    int (*set)(capauth_client *, const char *);
    const char *bad[12];
} text_settings[] = {
    {"cluster", capauth_client_set_cluster, {"", "eu", "MARS", "EU ", text_257}},
    {"base_url",
     capauth_client_set_base_url,
     {"", "brand.example", "ftp://brand.example", "http://brand.example", "http://127.evil.example",
      "https://u:p@brand.example", "https://brand.example?a=b", "https://brand.example#a", "https://brand.example/\n",
      "https://", "https://brand\x7f.example"}},
    {"gateway_url",
     capauth_client_set_gateway_url,
     {"", "brand.example", "http://brand.example", "https://u@brand.example", "https://brand.example?a=b"}},
    {"ca_file", capauth_client_set_ca_file, {"", "/no/such/file", "/tmp/a\nb"}},
    {"ca_pem", capauth_client_set_ca_pem, {"", "junk", "-----BEGIN PRIVATE KEY-----"}},
    {"tls_min", capauth_client_set_tls_min, {"", "1.1", "1.4", "TLSv1.2"}},
    {"pinned_keys", capauth_client_set_pinned_keys, {"", "sha256//short", "md5//abc", "/etc/passwd"}},
    {"client_cert", capauth_client_set_client_cert, {"", "/no/such/file"}},
    {"client_key", capauth_client_set_client_key, {"", "/no/such/file"}},
    {"proxy", capauth_client_set_proxy, {"http://proxy.example\r\nX: y"}},
    {"user_agent", capauth_client_set_user_agent, {"", "a\r\nb", "a\tb", "\xff", text_257}},
};

TEST(text_settings_refuse_nonsense_and_name_themselves)
{
    capauth_client *client = plain_client();

    for (size_t i = 0; i < sizeof text_settings / sizeof text_settings[0]; i++) {
        print_message("%s\n", text_settings[i].name);
        assert_code(text_settings[i].set(NULL, "1.2"), CAPAUTH_E_INVALID_ARGUMENT);
        assert_code(text_settings[i].set(client, NULL), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_client_error_message(client), text_settings[i].name);
        for (size_t j = 0; text_settings[i].bad[j]; j++) {
            assert_code(capauth_client_set_cluster(client, "?"), CAPAUTH_E_INVALID_ARGUMENT); /* another message */
            assert_code(text_settings[i].set(client, text_settings[i].bad[j]), CAPAUTH_E_INVALID_ARGUMENT);
            assert_says(capauth_client_error_message(client), text_settings[i].name);
        }
    }
    capauth_client_free(&client);
}

TEST(text_settings_take_what_is_right)
{
    capauth_client *client = plain_client();

    assert_code(capauth_client_set_cluster(client, "APAC"), CAPAUTH_OK);
    assert_code(capauth_client_set_cluster(client, "APAC2"), CAPAUTH_OK);
    assert_code(capauth_client_set_cluster(client, "EU"), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://brand.example/auth/"), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://[::1]:8080"), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://localhost"), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://127.9.8.7"), CAPAUTH_OK); /* all of 127.0.0.0/8 */
    assert_code(capauth_client_set_base_url(client, "HTTP://LOCALHOST:8080"), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 1), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://brand.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_tls_min(client, "1.3"), CAPAUTH_OK);
    assert_code(capauth_client_set_pinned_keys(client, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;"
                                                       "sha256//BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB="),
                CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, ""), CAPAUTH_OK);
    assert_code(capauth_client_set_user_agent(client, text_256), CAPAUTH_OK);
    capauth_client_free(&client);
}

static const struct {
    const char *name;
    int (*set)(capauth_client *, int);
    int least;
    int most;
} number_settings[] = {
#define NUMBER(name, member, least, most, value, check) {#name, capauth_client_set_##name, least, most},
#include "generated/settings.def"
};

TEST(number_settings_refuse_what_is_out_of_range)
{
    capauth_client *client = plain_client();

    for (size_t i = 0; i < sizeof number_settings / sizeof number_settings[0]; i++) {
        const int bad[] = {number_settings[i].least - 1, number_settings[i].most + 1, INT_MIN, INT_MAX};

        print_message("%s\n", number_settings[i].name);
        assert_code(number_settings[i].set(NULL, number_settings[i].least), CAPAUTH_E_INVALID_ARGUMENT);
        for (size_t j = 0; j < sizeof bad / sizeof bad[0]; j++) {
            assert_code(number_settings[i].set(client, bad[j]), CAPAUTH_E_INVALID_ARGUMENT);
            assert_says(capauth_client_error_message(client), number_settings[i].name);
        }
        assert_code(number_settings[i].set(client, number_settings[i].least), CAPAUTH_OK);
        assert_code(number_settings[i].set(client, number_settings[i].most), CAPAUTH_OK);
    }
    assert_code(capauth_client_set_clock_offset_ms(NULL, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_set_clock_offset_ms(client, INT64_MAX), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_set_clock_offset_ms(client, INT64_MIN), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "clock_offset_ms");
    assert_code(capauth_client_set_clock_offset_ms(client, -86400000), CAPAUTH_OK);
    capauth_client_free(&client);
}

static const struct {
    const char *name;
    const char *value;
    int expected;
} headers[] = {
    {NULL, "v", CAPAUTH_E_INVALID_ARGUMENT},
    {"X-A", NULL, CAPAUTH_E_INVALID_ARGUMENT},
    {"", "v", CAPAUTH_E_INVALID_ARGUMENT},
    {"X A", "v", CAPAUTH_E_INVALID_ARGUMENT},
    {"X:A", "v", CAPAUTH_E_INVALID_ARGUMENT},
    {"X-\xc3\xa9", "v", CAPAUTH_E_INVALID_ARGUMENT},
    {"X-A", "v\r\nX-B: w", CAPAUTH_E_INVALID_ARGUMENT},
    {"X-A\n", "v", CAPAUTH_E_INVALID_ARGUMENT},
    {"X-A", text_8193, CAPAUTH_E_INVALID_ARGUMENT},
    {text_257, "v", CAPAUTH_E_INVALID_ARGUMENT},
    {"content-length", "1", CAPAUTH_E_INVALID_ARGUMENT},
    {"Transfer-Encoding", "chunked", CAPAUTH_E_INVALID_ARGUMENT},
    {"Host", "other.example", CAPAUTH_E_INVALID_ARGUMENT},
    {"CAP_AUTHORIZATION", "t", CAPAUTH_E_INVALID_ARGUMENT},
    {"cap_brand", "b", CAPAUTH_E_INVALID_ARGUMENT},
    {"Authorization", "b", CAPAUTH_E_INVALID_ARGUMENT},
    {"X-CAP-USE-NEW-ENCRYPTION", "true", CAPAUTH_OK},
    {"X-Empty", "", CAPAUTH_OK},
};

TEST(headers_are_checked_on_clients_and_options)
{
    capauth_client *client = plain_client();
    capauth_options *options = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_client_add_header(NULL, "X-A", "v"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_add_header(NULL, "X-A", "v"), CAPAUTH_E_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_code(capauth_client_add_header(client, headers[i].name, headers[i].value), headers[i].expected);
        if (headers[i].expected)
            assert_says(capauth_client_error_message(client), "header");
        assert_code(capauth_options_add_header(options, headers[i].name, headers[i].value), headers[i].expected);
    }
    capauth_options_free(&options);
    capauth_client_free(&client);
}

/* ---- Sessions ---- */

TEST(new_sessions_refuse_nonsense)
{
    static const int flows[] = {0, -1, CAPAUTH_FLOW_MFA, CAPAUTH_FLOW_EXTERNAL, 5, INT_MAX};
    const char *const brands[] = {"", text_257, "a\nb", "a\x7f", "\xc3"};
    capauth_client *client = NULL;
    capauth_session *session = (capauth_session *)&client;

    assert_code(capauth_client_new(NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, "B", &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_null(session);
    assert_says(capauth_client_error_message(client), "base URL");
    assert_code(capauth_client_prepare(client), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_set_cluster(client, "EU"), CAPAUTH_OK);
    assert_code(capauth_session_new(NULL, CAPAUTH_FLOW_WEB, "B", &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, "B", NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, NULL, &session), CAPAUTH_E_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++) {
        assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, brands[i], &session), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_client_error_message(client), "brand");
    }
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        assert_code(capauth_session_new(client, flows[i], "B", &session), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_client_error_message(client), "flow");
        assert_null(session);
    }
    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, text_256, &session), CAPAUTH_OK);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(external_sessions_need_both_tokens)
{
    const char *const bad[] = {NULL, "", "a\nb", text_16385};
    capauth_client *client = plain_client();
    capauth_session *session = NULL, *second = NULL;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_code(capauth_session_external_new(client, "B", bad[i], "id", &session), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_client_error_message(client), "access_token");
        assert_code(capauth_session_external_new(client, "B", "access", bad[i], &session), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_client_error_message(client), "id_token");
        assert_null(session);
    }
    assert_code(capauth_session_external_new(client, NULL, "access", "id", &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_external_new(NULL, "B", "access", "id", &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_external_new(client, "B", "access", "id", NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_external_new(client, "B", "access", "id", &session), CAPAUTH_OK);
    assert_code(capauth_session_set_identifier(session, CAPAUTH_IDENTIFIER_MOBILE, "1"), CAPAUTH_E_UNSUPPORTED);
    assert_code(capauth_session_set_device_id(session, "d"), CAPAUTH_E_UNSUPPORTED);
    assert_code(capauth_token_ensure(session, NULL, NULL), CAPAUTH_E_UNSUPPORTED);
    assert_code(capauth_session_second_factor(session, &second), CAPAUTH_E_UNSUPPORTED);
    assert_says(capauth_session_error_message(session), "second_factor: an external session");
    assert_null(second);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

static int set_mobile(capauth_session *session, const char *value)
{
    return capauth_session_set_identifier(session, CAPAUTH_IDENTIFIER_MOBILE, value);
}

static int set_contact_mobile(capauth_session *session, const char *value)
{
    return capauth_session_set_contact(session, CAPAUTH_IDENTIFIER_MOBILE, value);
}

static const struct {
    const char *name;
    int (*set)(capauth_session *, const char *);
    const char *longest, *too_long, *says;
} identity_setters[] = {
    {"identifier", set_mobile, text_256, text_257, "longer than 256 bytes"},
    {"contact", set_contact_mobile, text_256, text_257, "longer than 256 bytes"},
    {"device_id", capauth_session_set_device_id, text_512, text_513, "longer than 512 bytes"},
};

TEST(identity_is_checked_and_kept_as_given)
{
    const char *const bad[] = {NULL, "", "a\nb", "\x01", "a\x7f", "\xf0\x9f\x98"};
    capauth_client *client = plain_client();
    capauth_session *session = NULL;

    assert_code(capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "B", &session), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof identity_setters / sizeof identity_setters[0]; i++) {
        assert_code(identity_setters[i].set(NULL, "v"), CAPAUTH_E_INVALID_ARGUMENT);
        for (size_t j = 0; j < sizeof bad / sizeof bad[0]; j++) {
            assert_code(capauth_session_set_contact(session, 99, "v"), CAPAUTH_E_INVALID_ARGUMENT);
            assert_code(identity_setters[i].set(session, bad[j]), CAPAUTH_E_INVALID_ARGUMENT);
            assert_says(capauth_session_error_message(session), identity_setters[i].name);
        }
        assert_code(identity_setters[i].set(session, identity_setters[i].too_long), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_session_error_message(session), identity_setters[i].says);
        assert_code(identity_setters[i].set(session, identity_setters[i].longest), CAPAUTH_OK);
        assert_code(identity_setters[i].set(session, " \xc3\xa9 \xf0\x9f\x98\x80\""), CAPAUTH_OK);
    }
    assert_string_equal(capauth_session_identifier(session), " \xc3\xa9 \xf0\x9f\x98\x80\"");
    assert_string_equal(capauth_session_device_id(session), " \xc3\xa9 \xf0\x9f\x98\x80\"");
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(wrong_types_and_a_device_on_web_are_refused)
{
    static const int identifier_types[] = {0, 5, -1, INT_MAX};
    static const int contact_types[] = {0, CAPAUTH_IDENTIFIER_USERNAME, CAPAUTH_IDENTIFIER_EXTERNALID, 5, -1};
    capauth_client *client = plain_client();
    capauth_session *session = NULL;

    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, "B", &session), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof identifier_types / sizeof identifier_types[0]; i++)
        assert_code(capauth_session_set_identifier(session, identifier_types[i], "v"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_session_error_message(session), "identifier has an unknown type");
    for (size_t i = 0; i < sizeof contact_types / sizeof contact_types[0]; i++)
        assert_code(capauth_session_set_contact(session, contact_types[i], "v"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_session_error_message(session), "contact");
    assert_code(capauth_session_set_device_id(session, "d"), CAPAUTH_E_UNSUPPORTED);
    assert_says(capauth_session_error_message(session), "device id");
    assert_string_equal(capauth_session_identifier(session), "");
    capauth_session_free(&session);
    capauth_client_free(&client);
}

/* ---- Operations ---- */

/* One text of one operation, or one without any. */
struct row {
    const struct operation *operation;
    const char *argument; /* NULL: it needs none */
    size_t longest;
};

static struct row rows[64];
static size_t row_count;

static size_t longest_of(const char *name)
{
    static const struct {
        const char *name;
        size_t longest;
    } arguments[] = {
#define OTP 1024
#define PASSWORD 1024
#define IDENTIFIER 256
#define ARGUMENT(NAME, value, KIND) {#value, KIND},
#include "generated/operations.def"
    };

    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        if (!strcmp(name, arguments[i].name))
            return arguments[i].longest;
    }
    return 0; /* the gateway's, which have a test of their own */
}

static int list_rows(void **state)
{
    fill_texts(state);
    for (size_t i = 0; i < all_operations_count; i++) {
        const struct operation *operation = &all_operations[i];
        size_t texts = 0;

        for (size_t j = 0; j < texts_of(operation); j++) {
            if (longest_of(operation->texts[j])) {
                rows[row_count++] = (struct row){operation, operation->texts[j], longest_of(operation->texts[j])};
                texts++;
            }
        }
        if (!texts)
            rows[row_count++] = (struct row){operation, NULL, 0};
    }
    assert_true(row_count < sizeof rows / sizeof rows[0]);
    return 0;
}

static bool is(const struct row *row, const char *name)
{
    return !strcmp(row->operation->name, name);
}

/* With `text` in the place of its argument. */
static int run(const struct row *row, capauth_session *session, const char *text, capauth_call **call)
{
    const char *values[MOST_TEXTS] = {NULL};

    for (size_t i = 0; i < texts_of(row->operation); i++) {
        bool here = row->argument && !strcmp(row->argument, row->operation->texts[i]);

        values[i] = here ? text : sample_text(row->operation->texts[i]);
    }
    return row->operation->start(session, values, NULL, call);
}

/* What a new session lacks for it, as the message says; NULL: nothing, or whatever the table says. */
static const char *missing_for(const struct row *row)
{
    static const struct {
        const char *operation;
        const char *missing;
    } lacks[] = {
        {"otp_generate", "no session id"},      {"otp_validate", "no session id"},
        {"password_validate", "no session id"}, {"password_forget", "no session id"},
        {"password_change", "no token"},        {"identifier_update", "no token"},
        {"token_regenerate", "no key"},         {"token_ensure", "nobody is signed in"},
        {"gateway", "nobody is signed in"},
    };

    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        if (is(row, lacks[i].operation))
            return lacks[i].missing;
    }
    return NULL;
}

/* token expire exists in the MFA flow only. */
static const char *flow_for(const struct row *row)
{
    return is(row, "token_expire") ? "mfa" : "mobile";
}

static bool blocks(const struct row *row)
{
    return !is(row, "gateway");
}

/* Refused on the spot, blocking and with a call, which then tells the rest. */
static void assert_refused(const struct row *row, capauth_session *session, const char *text, int code,
                           const char *argument, const char *says)
{
    capauth_call *call = NULL;

    assert_code(run(row, session, text, &call), code);
    assert_non_null(call);
    assert_true(capauth_call_done(call));
    assert_code(capauth_call_result(call), code);
    assert_code(capauth_call_wait(call, -1), code);
    assert_string_equal(capauth_call_operation(call), row->operation->name);
    assert_string_equal(capauth_call_argument(call), argument);
    assert_says(capauth_call_error_message(call), row->operation->name);
    assert_says(capauth_call_error_message(call), argument);
    assert_says(capauth_call_error_message(call), says);
    assert_int_equal(capauth_call_maybe_sent(call), 0);
    assert_int_equal(capauth_call_next_step(call), capauth_session_next_step(session));
    capauth_call_free(&call);
    capauth_call_free(&call);
    if (blocks(row)) {
        assert_code(run(row, session, text, NULL), code);
        assert_says(capauth_session_error_message(session), says);
    }
}

TEST(operations_without_a_session_give_no_call)
{
    for (size_t i = 0; i < row_count; i++) {
        capauth_call *call = (capauth_call *)&call;

        assert_code(run(&rows[i], NULL, "v", &call), CAPAUTH_E_INVALID_ARGUMENT);
        assert_null(call);
        assert_code(run(&rows[i], NULL, "v", NULL), CAPAUTH_E_INVALID_ARGUMENT);
    }
}

TEST(operations_name_the_argument_that_is_wrong)
{
    static const struct {
        const char *text, *says;
    } bad[] = {{NULL, "is missing"},
               {"", "is empty"},
               {"\xc0\xaf", "is not UTF-8"},
               {text_1025, "is longer than"},
               {"a\nb", "has a control character"}, /* the last two may be in a password */
               {"a\x7f", "has a control character"}};
    capauth_client *client = plain_client();

    for (size_t i = 0; i < row_count; i++) {
        capauth_session *session = full_session(client, flow_for(&rows[i]));
        bool password = rows[i].argument && strstr(rows[i].argument, "password");

        for (size_t j = 0; rows[i].argument && j < sizeof bad / sizeof bad[0] - (password ? 2 : 0); j++) {
            print_message("%s %s %zu\n", rows[i].operation->name, rows[i].argument, j);
            assert_refused(&rows[i], session, bad[j].text, CAPAUTH_E_INVALID_ARGUMENT, rows[i].argument, bad[j].says);
        }
        capauth_session_free(&session);
    }
    capauth_client_free(&client);
}

TEST(operations_take_the_longest_text)
{
    capauth_client *client = plain_client();

    for (size_t i = 0; i < row_count; i++) {
        capauth_session *session;
        capauth_call *call = NULL;

        if (!rows[i].argument)
            continue;
        session = full_session(client, "mobile");
        assert_refused(&rows[i], session, rows[i].longest == 256 ? text_257 : text_1025, CAPAUTH_E_INVALID_ARGUMENT,
                       rows[i].argument, rows[i].longest == 256 ? "longer than 256 bytes" : "longer than 1024 bytes");
        assert_code(run(&rows[i], session, rows[i].longest == 256 ? text_256 : text_1024, &call), CAPAUTH_OK);
        assert_code(capauth_call_result(call), CAPAUTH_E_PENDING);
        capauth_call_free(&call);
        capauth_session_free(&session);
    }
    capauth_client_free(&client);
}

TEST(operations_need_an_identifier_and_a_device)
{
    capauth_client *client = plain_client();
    capauth_session *session = NULL;

    assert_code(capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "B", &session), CAPAUTH_OK);
    assert_refused(&rows[0], session, "v", CAPAUTH_E_INVALID_ARGUMENT, "identifier", "identifier is not set");
    assert_code(set_mobile(session, "919999999993"), CAPAUTH_OK);
    assert_refused(&rows[0], session, "v", CAPAUTH_E_INVALID_ARGUMENT, "device_id", "device_id is not set");
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(operations_name_the_step_that_is_missing)
{
    capauth_client *client = plain_client();
    capauth_session *mobile = new_mobile(client, "B", "919999999993");
    capauth_session *web = new_web(client, "B", "919999999993"), *second = NULL;

    for (size_t i = 0; i < row_count; i++) {
        if (is(&rows[i], "token_expire"))
            assert_refused(&rows[i], mobile, "v", CAPAUTH_E_UNSUPPORTED, "", "does not have this operation");
        else if (missing_for(&rows[i]))
            assert_refused(&rows[i], mobile, "v",
                           is(&rows[i], "token_regenerate") || is(&rows[i], "token_ensure") || is(&rows[i], "gateway")
                               ? CAPAUTH_E_SIGN_IN_REQUIRED
                               : CAPAUTH_E_WRONG_STEP,
                           "", missing_for(&rows[i]));
    }
    assert_code(capauth_token_regenerate(web, NULL, NULL), CAPAUTH_E_SIGN_IN_REQUIRED);
    assert_says(capauth_session_error_message(web), "no token");
    assert_code(capauth_session_second_factor(mobile, &second), CAPAUTH_E_WRONG_STEP);
    assert_says(capauth_session_error_message(mobile), "second_factor: an earlier step is missing");
    assert_null(second);
    capauth_session_free(&web);
    capauth_session_free(&mobile);
    capauth_client_free(&client);
}

TEST(a_second_step_is_busy)
{
    capauth_client *client = plain_client();

    for (size_t i = 0; i < row_count; i++) {
        capauth_session *session = full_session(client, flow_for(&rows[i]));
        bool beside = is(&rows[i], "token_regenerate") || is(&rows[i], "token_ensure") || is(&rows[i], "sign_out") ||
                      is(&rows[i], "gateway");
        capauth_call *first = NULL, *second = NULL;

        print_message("%s\n", rows[i].operation->name);
        assert_code(capauth_token_generate(session, NULL, &first), CAPAUTH_OK);
        if (beside) {
            assert_code(run(&rows[i], session, "v", &second), CAPAUTH_OK);
            capauth_call_free(&second);
        } else {
            assert_refused(&rows[i], session, "v", CAPAUTH_E_BUSY, "", "in flight");
        }
        capauth_call_free(&first);
        capauth_session_free(&session);
    }
    capauth_client_free(&client);
}

TEST(closed_sessions_and_clients_refuse_every_operation)
{
    capauth_client *client = plain_client();

    for (int whole = 0; whole < 2; whole++) {
        capauth_session *mobile = full_session(client, "mobile"), *mfa = full_session(client, "mfa"), *other = NULL;
        char *text = NULL;

        assert_code(whole ? capauth_client_close(client) : capauth_session_close(mobile), CAPAUTH_OK);
        assert_code(whole ? capauth_client_close(client) : capauth_session_close(mfa), CAPAUTH_OK);
        assert_code(capauth_session_close(mobile), CAPAUTH_OK); /* twice is fine */
        for (size_t i = 0; i < row_count; i++)
            assert_refused(&rows[i], is(&rows[i], "token_expire") ? mfa : mobile, "v", CAPAUTH_E_CLOSED, "", "closed");
        assert_code(set_mobile(mobile, "1"), CAPAUTH_E_CLOSED);
        assert_code(capauth_session_set_device_id(mobile, "1"), CAPAUTH_E_CLOSED);
        assert_code(set_contact_mobile(mobile, "1"), CAPAUTH_E_CLOSED);
        assert_code(capauth_session_second_factor(mobile, &other), CAPAUTH_E_CLOSED);
        assert_code(capauth_session_export(mobile, &text), CAPAUTH_OK);
        assert_code(capauth_session_reload(mobile, text), CAPAUTH_E_CLOSED);
        assert_string_equal(capauth_session_token(mobile), "Token-1");
        capauth_string_free(&text);
        capauth_session_free(&mobile);
        capauth_session_free(&mfa);
    }
    assert_code(capauth_client_set_cluster(client, "EU"), CAPAUTH_E_CLOSED);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_CLOSED);
    capauth_client_free(&client);
}

TEST(settings_stand_after_the_first_operation)
{
    capauth_client *client = plain_client();
    capauth_session *session = new_mobile(client, "B", "919999999993");
    capauth_call *call = NULL;

    assert_code(capauth_token_generate(session, NULL, &call), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof text_settings / sizeof text_settings[0]; i++)
        assert_code(text_settings[i].set(client, "1.2"), CAPAUTH_E_STATE);
    for (size_t i = 0; i < sizeof number_settings / sizeof number_settings[0]; i++)
        assert_code(number_settings[i].set(client, 1), CAPAUTH_E_STATE);
    assert_code(capauth_client_set_clock_offset_ms(client, 1), CAPAUTH_E_STATE);
    assert_code(capauth_client_add_header(client, "X-A", "v"), CAPAUTH_E_STATE);
    assert_says(capauth_client_error_message(client), "after the first operation");
    for (size_t i = 0; i < sizeof identity_setters / sizeof identity_setters[0]; i++)
        assert_code(identity_setters[i].set(session, "v"), CAPAUTH_E_STATE);
    assert_says(capauth_session_error_message(session), "after the first operation");
    assert_string_equal(capauth_session_identifier(session), "919999999993");
    capauth_call_free(&call);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

/* ---- The gateway ---- */

TEST(gateway_names_the_argument_that_is_wrong)
{
    const struct {
        const char *method;
        const char *endpoint;
        const char *body;
        const char *argument;
    } bad[] = {
        {NULL, "a", NULL, "method"},
        {"", "a", NULL, "method"},
        {"get", "a", NULL, "method"},
        {"PUT", "a", NULL, "method"},
        {"GET\n", "a", NULL, "method"},
        {"GET", NULL, NULL, "endpoint"},
        {"GET", "", NULL, "endpoint"},
        {"GET", "//a", NULL, "endpoint"},
        {"GET", "/", NULL, "endpoint"},
        {"GET", "/a/../b", NULL, "endpoint"},
        {"GET", "a/", NULL, "endpoint"},
        {"GET", "a//b", NULL, "endpoint"},
        {"GET", "../a", NULL, "endpoint"},
        {"GET", "a/../b", NULL, "endpoint"},
        {"GET", "a?b=c", NULL, "endpoint"},
        {"GET", "a#b", NULL, "endpoint"},
        {"GET", "a b", NULL, "endpoint"},
        {"GET", "a%2e", NULL, "endpoint"},
        {"GET", "a\nb", NULL, "endpoint"},
        {"GET", "http://a", NULL, "endpoint"},
        {"GET", "\xc3\xa9", NULL, "endpoint"},
        {"GET", text_257, NULL, "endpoint"},
        {"GET", "a", "{}", "body"},
    };
    capauth_client *client = plain_client();
    capauth_session *session = full_session(client, "mobile");
    capauth_call *call = NULL;

    assert_code(capauth_gateway_call(session, "GET", "a", NULL, NULL, NULL), CAPAUTH_E_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_code(capauth_gateway_call(session, bad[i].method, bad[i].endpoint, bad[i].body, NULL, &call),
                    CAPAUTH_E_INVALID_ARGUMENT);
        assert_string_equal(capauth_call_argument(call), bad[i].argument);
        assert_says(capauth_call_error_message(call), bad[i].argument);
        capauth_call_free(&call);
    }
    capauth_session_free(&session);
    capauth_client_free(&client);
}

/* ---- Options ---- */

TEST(options_refuse_nonsense)
{
    capauth_options *options = NULL;

    assert_code(capauth_options_new(NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_timeout_ms(NULL, 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_timeout_ms(options, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_timeout_ms(options, 86400001), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_password(NULL, "p"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_password(options, NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_password(options, ""), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_password(options, "a\xff"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_password(options, text_1025), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_options_error_message(options), "password is longer than 1024 bytes");
    assert_code(capauth_options_set_password(options, text_1024), CAPAUTH_OK);
    assert_code(capauth_options_set_fallback_channel(NULL, "SMS"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_fallback_channel(options, NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_fallback_channel(options, ""), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_fallback_channel(options, "SMS&a=b"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_fallback_channel(options, text_257), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_otp_hash(NULL, "h", 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_otp_hash(options, NULL, 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_otp_hash(options, "", 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_otp_hash(options, "h", -1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_otp_hash(options, text_16385, 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_margin_ms(NULL, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_margin_ms(options, -1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_margin_ms(options, 86400001), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_add_query(NULL, "a", "b"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_add_query(options, NULL, "b"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_add_query(options, "", "b"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_add_query(options, "a", NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_add_query(options, "a", "b\n"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_add_query(options, text_257, "b"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_add_query(options, "a", text_8193), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_repeatable(NULL, 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_repeatable(options, 2), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_repeatable(options, -1), CAPAUTH_E_INVALID_ARGUMENT);
    capauth_options_free(&options);
}

/* ---- NULL, and twice ---- */

TEST(a_33rd_header_is_refused)
{
    capauth_client *client = NULL;
    char name[32];

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    for (int i = 0; i < 32; i++) {
        snprintf(name, sizeof name, "X-Own-%d", i);
        assert_code(capauth_client_add_header(client, name, "1"), CAPAUTH_OK);
    }
    assert_code(capauth_client_add_header(client, "X-Own-32", "1"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_string_equal(capauth_client_error_message(client), "too many headers (at most 32)");
    capauth_client_free(&client);
}

TEST(frees_take_null_and_what_was_freed)
{
    capauth_client *client = plain_client(), *no_client = NULL;
    capauth_session *session = full_session(client, "mobile"), *no_session = NULL;
    capauth_call *call = NULL, *no_call = NULL;
    capauth_options *options = NULL, *no_options = NULL;
    char *text = NULL, *no_text = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_session_export(session, &text), CAPAUTH_OK);
    assert_code(capauth_token_generate(session, options, &call), CAPAUTH_OK);
    for (int twice = 0; twice < 2; twice++) {
        capauth_client_free(&client);
        capauth_session_free(&session);
        capauth_call_free(&call);
        capauth_options_free(&options);
        capauth_string_free(&text);
        assert_null(client);
        assert_null(session);
        assert_null(call);
        assert_null(options);
        assert_null(text);
    }
    capauth_client_free(&no_client);
    capauth_session_free(&no_session);
    capauth_call_free(&no_call);
    capauth_options_free(&no_options);
    capauth_string_free(&no_text);
    capauth_client_free(NULL);
    capauth_session_free(NULL);
    capauth_call_free(NULL);
    capauth_options_free(NULL);
    capauth_string_free(NULL);
}

TEST(getters_take_null)
{
    static const char *(*const session_texts[])(const capauth_session *) = {
        capauth_session_token,         capauth_session_key,         capauth_session_role,
        capauth_session_customer_id,   capauth_session_brand,       capauth_session_identifier,
        capauth_session_device_id,     capauth_session_otp_channel, capauth_session_otp_destination,
        capauth_session_error_message,
    };
    static int (*const session_copies[])(const capauth_session *, char **) = {
        capauth_session_copy_token,         capauth_session_copy_key,         capauth_session_copy_role,
        capauth_session_copy_customer_id,   capauth_session_copy_brand,       capauth_session_copy_identifier,
        capauth_session_copy_device_id,     capauth_session_copy_otp_channel, capauth_session_copy_otp_destination,
        capauth_session_copy_error_message, capauth_session_export,
    };
    capauth_client *client = plain_client();
    capauth_session *session = full_session(client, "mobile");
    char *text = (char *)&text;

    for (size_t i = 0; i < sizeof session_texts / sizeof session_texts[0]; i++)
        assert_string_equal(session_texts[i](NULL), "");
    for (size_t i = 0; i < sizeof session_copies / sizeof session_copies[0]; i++) {
        text = (char *)&text;
        assert_code(session_copies[i](NULL, &text), CAPAUTH_E_INVALID_ARGUMENT);
        assert_null(text);
        assert_code(session_copies[i](session, NULL), CAPAUTH_E_INVALID_ARGUMENT);
        assert_code(session_copies[i](session, &text), CAPAUTH_OK);
        capauth_string_free(&text);
    }
    assert_int_equal(capauth_session_next_step(NULL), 0);
    assert_int_equal(capauth_session_signed_in(NULL), 0);
    assert_int_equal(capauth_session_expires_at(NULL), 0);
    assert_int_equal(capauth_session_expires_in_ms(NULL), -1);
    assert_int_equal(capauth_session_app_registered(NULL), -1);
    assert_int_equal(capauth_session_registered_for_password(NULL), -1);
    assert_int_equal(capauth_session_flow(NULL), 0);
    assert_int_equal(capauth_session_identifier_type(NULL), 0);
    assert_int_equal(capauth_session_otp_sent_at(NULL), 0);
    assert_int_equal(capauth_session_otp_wrong_answers(NULL), 0);
    assert_string_equal(capauth_client_error_message(NULL), "");
    assert_code(capauth_client_copy_error_message(NULL, &text), CAPAUTH_E_INVALID_ARGUMENT);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(calls_take_null)
{
    size_t length = 7;

    assert_int_equal(capauth_call_done(NULL), 0);
    assert_code(capauth_call_wait(NULL, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_call_result(NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_call_cancel(NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_string_equal(capauth_call_error_message(NULL), "");
    assert_string_equal(capauth_call_argument(NULL), "");
    assert_string_equal(capauth_call_operation(NULL), "");
    assert_string_equal(capauth_call_request_id(NULL), "");
    assert_string_equal(capauth_call_server_message(NULL), "");
    assert_int_equal(capauth_call_next_step(NULL), 0);
    assert_int_equal(capauth_call_http_status(NULL), 0);
    assert_int_equal(capauth_call_retry_after_ms(NULL), -1);
    assert_int_equal(capauth_call_maybe_sent(NULL), 0);
    assert_int_equal(capauth_call_retryable(NULL), 0);
    assert_int_equal(capauth_call_ok(NULL), 0);
    assert_int_equal(capauth_call_server_code(NULL), 0);
    assert_string_equal(capauth_call_body(NULL, &length), "");
    assert_int_equal(length, 0);
}

static int freed;

static void count_free(void *data)
{
    (void)data;
    freed++;
}

static void on_log(int level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
}

static void on_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                     int duration_ms, void *data)
{
    (void)event, (void)call_id, (void)operation, (void)result, (void)http_status, (void)attempts, (void)duration_ms;
    (void)data;
}

static void on_change(capauth_session *session, void *data)
{
    (void)session, (void)data;
}

TEST(client_functions_take_null_and_free_the_data)
{
    capauth_call *call = (capauth_call *)&call;
    capauth_session *session = (capauth_session *)&call;
    char *text = NULL;

    freed = 0;
    assert_code(capauth_client_set_log(NULL, on_log, &freed, count_free), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_set_trace(NULL, on_trace, &freed, count_free), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_on_change(NULL, on_change, &freed, count_free), CAPAUTH_E_INVALID_ARGUMENT);
    assert_int_equal(freed, 3);
    assert_code(capauth_client_close(NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_poll(NULL, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_fd(NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_prepare(NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_next_done(NULL, &call), CAPAUTH_E_INVALID_ARGUMENT);
    assert_null(call);
    assert_code(capauth_session_close(NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_restore(NULL, "{}", &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_null(session);
    assert_code(capauth_session_reload(NULL, "{}"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_session_second_factor(NULL, &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_diagnose(NULL, NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_diagnose(NULL, &text), CAPAUTH_OK);
    assert_non_null(strstr(text, "\nlibcurl "));
    assert_non_null(strstr(text, "\njson-c "));
    assert_says(text, "libcurl");
    capauth_string_free(&text);
}

TEST(a_client_without_an_origin_can_be_diagnosed)
{
    capauth_client *client = NULL;
    char *text = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, "http://127.0.0.1:1"), CAPAUTH_OK);
    assert_code(capauth_diagnose(client, &text), CAPAUTH_OK);
    assert_non_null(strstr(text, "\norigin: not set\n"));
    assert_non_null(strstr(text, ", no proxy\n"));
    capauth_string_free(&text);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_settings_refuse_nonsense_and_name_themselves),
        cmocka_unit_test(text_settings_take_what_is_right),
        cmocka_unit_test(number_settings_refuse_what_is_out_of_range),
        cmocka_unit_test(headers_are_checked_on_clients_and_options),
        cmocka_unit_test(new_sessions_refuse_nonsense),
        cmocka_unit_test(external_sessions_need_both_tokens),
        cmocka_unit_test(identity_is_checked_and_kept_as_given),
        cmocka_unit_test(wrong_types_and_a_device_on_web_are_refused),
        cmocka_unit_test(operations_without_a_session_give_no_call),
        cmocka_unit_test(operations_name_the_argument_that_is_wrong),
        cmocka_unit_test(operations_take_the_longest_text),
        cmocka_unit_test(operations_need_an_identifier_and_a_device),
        cmocka_unit_test(operations_name_the_step_that_is_missing),
        cmocka_unit_test(a_second_step_is_busy),
        cmocka_unit_test(closed_sessions_and_clients_refuse_every_operation),
        cmocka_unit_test(settings_stand_after_the_first_operation),
        cmocka_unit_test(gateway_names_the_argument_that_is_wrong),
        cmocka_unit_test(options_refuse_nonsense),
        cmocka_unit_test(a_33rd_header_is_refused),
        cmocka_unit_test(frees_take_null_and_what_was_freed),
        cmocka_unit_test(getters_take_null),
        cmocka_unit_test(calls_take_null),
        cmocka_unit_test(client_functions_take_null_and_free_the_data),
        cmocka_unit_test(a_client_without_an_origin_can_be_diagnosed),
    };

    return cmocka_run_group_tests(tests, list_rows, NULL);
}
