/* SPDX-License-Identifier: Apache-2.0 */
/* A text of 100 MB in the place of every text that the public functions take: it is refused by its name and its limit,
 * or allowed to be that long; and nothing of it stays, as the most memory that the program ever had tells. */
#include "support_operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LONG = 100 * 1000 * 1000, SLACK_KB = 30000, LONGEST_MESSAGE = 300 };

static char *long_text;

static int make_long_text(void **state)
{
    (void)state;
    long_text = malloc(LONG + 1);
    assert_non_null(long_text);
    memset(long_text, 'x', LONG);
    long_text[LONG] = '\0';
    return 0;
}

static int free_long_text(void **state)
{
    (void)state;
    free(long_text);
    return 0;
}

/* Of the program's whole life, in KB: it cannot fall. */
static long most_memory_kb(void)
{
    struct rusage used;

    assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
    return used.ru_maxrss;
}

static void check_says(const char *message, const char *name, const char *limit, int line)
{
    if (strstr(message, name) && strstr(message, limit) && strlen(message) < LONGEST_MESSAGE)
        return;
    print_error("\"%.300s\" does not name %s and say \"%s\"\n", message, name, limit);
    _fail(__FILE__, line);
}
#define assert_says(message, name, limit) check_says(message, name, limit, __LINE__)

static capauth_client *nobodys_client(void)
{
    return client_of("http://127.0.0.1:9"); /* which is never reached: calls are started, not driven */
}

/* ---- Client ---- */

static const struct {
    const char *name;
    int (*set)(capauth_client *client, const char *value);
} settings[] = {
#define TEXT_SETTER(name) {#name, capauth_client_set_##name},
#include "generated/settings.def"
};

static const char *limit_of(const char *name)
{
    static const struct {
        const char *name, *limit;
    } limits[] = {
        {"cluster", "is not one of"},
        {"tls_min", "is not one of"},
        {"base_url", "is longer than 2048 bytes"},
        {"gateway_url", "is longer than 2048 bytes"},
        {"proxy", "is longer than 2048 bytes"},
        {"ca_file", "is longer than 4096 bytes"},
        {"client_cert", "is longer than 4096 bytes"},
        {"client_key", "is longer than 4096 bytes"},
        {"pinned_keys", "is longer than 4096 bytes"},
        {"ca_pem", "is longer than 16 MiB"},
        {"user_agent", "is longer than 256 bytes"},
    };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (!strcmp(name, limits[i].name))
            return limits[i].limit;
    }
    return "no limit is written down in this test";
}

TEST(settings_refuse_a_long_text)
{
    capauth_client *client = nobodys_client();

    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        assert_int_equal(settings[i].set(client, long_text), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_client_error_message(client), settings[i].name, limit_of(settings[i].name));
    }
    assert_int_equal(capauth_client_add_header(client, long_text, "v"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "header name", "is longer than 256 bytes");
    assert_int_equal(capauth_client_add_header(client, "X-A", long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "header value", "is longer than 8192 bytes");
    capauth_client_free(&client);
}

/* Long, and otherwise as it should be. */
static void begin_with(const char *beginning)
{
    memcpy(long_text, beginning, strlen(beginning));
}

static void restore_long_text(void)
{
    memset(long_text, 'x', 64);
}

TEST(settings_of_the_right_form_are_refused_for_their_length)
{
    capauth_client *client = nobodys_client();

    begin_with("-----BEGIN CERTIFICATE-----");
    assert_int_equal(capauth_client_set_ca_pem(client, long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "ca_pem", "is longer than 16 MiB");
    restore_long_text();
    begin_with("https://");
    assert_int_equal(capauth_client_set_base_url(client, long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "base_url", "is longer than 2048 bytes");
    restore_long_text();
    begin_with("sha256//");
    assert_int_equal(capauth_client_set_pinned_keys(client, long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "pinned_keys", "is longer than 4096 bytes");
    restore_long_text();
    capauth_client_free(&client);
}

/* ---- Sessions ---- */

TEST(sessions_refuse_a_long_text)
{
    capauth_client *client = nobodys_client();
    capauth_session *session = NULL;

    assert_int_equal(capauth_session_new(client, CAPAUTH_FLOW_WEB, long_text, &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "brand", "is longer than 256 bytes");
    assert_int_equal(capauth_session_external_new(client, long_text, "a", "i", &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "brand", "is longer than 256 bytes");
    assert_int_equal(capauth_session_external_new(client, "B", long_text, "i", &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "access_token", "is longer than 16384 bytes");
    assert_int_equal(capauth_session_external_new(client, "B", "a", long_text, &session), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "id_token", "is longer than 16384 bytes");
    assert_null(session);
    capauth_client_free(&client);
}

TEST(identities_refuse_a_long_text)
{
    capauth_client *client = nobodys_client();
    capauth_session *session = new_mobile(client, "B", "919999999993");

    assert_int_equal(capauth_session_set_identifier(session, CAPAUTH_IDENTIFIER_MOBILE, long_text),
                     CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_session_error_message(session), "identifier", "is longer than 256 bytes");
    assert_int_equal(capauth_session_set_contact(session, CAPAUTH_IDENTIFIER_EMAIL, long_text),
                     CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_session_error_message(session), "contact", "is longer than 256 bytes");
    assert_int_equal(capauth_session_set_device_id(session, long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_session_error_message(session), "device_id", "is longer than 512 bytes");
    assert_string_equal(capauth_session_identifier(session), "919999999993");
    capauth_session_free(&session);
    capauth_client_free(&client);
}

/* Also one that is an export, but for its length. */
TEST(exports_are_refused_for_their_length)
{
    const char *const beginnings[] = {"x", "{\"v\":1,\"origin\":\"http://127.0.0.1:9\",\"flow\":\"web\",\"other\":\""};
    capauth_client *client = nobodys_client();
    capauth_session *session = new_mobile(client, "B", "919999999993"), *other = NULL;

    memcpy(long_text + LONG - 2, "\"}", 2);
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        begin_with(beginnings[i]);
        assert_int_equal(capauth_session_restore(client, long_text, &other), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_client_error_message(client), "the export", "is longer than 4 MiB");
        assert_null(other);
        assert_int_equal(capauth_session_reload(session, long_text), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_session_error_message(session), "the export", "is longer than 4 MiB");
    }
    memcpy(long_text + LONG - 2, "xx", 2);
    memset(long_text, 'x', 128);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

/* ---- Options and operations ---- */

TEST(options_refuse_a_long_text)
{
    capauth_options *options = NULL;

    assert_int_equal(capauth_options_new(&options), CAPAUTH_OK);
    assert_int_equal(capauth_options_set_password(options, long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_options_error_message(options), "password", "is longer than 1024 bytes");
    assert_int_equal(capauth_options_set_fallback_channel(options, long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_options_error_message(options), "fallback_channel", "is longer than 64 bytes");
    assert_int_equal(capauth_options_set_otp_hash(options, long_text, 1), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_options_error_message(options), "hash", "is longer than 16384 bytes");
    assert_int_equal(capauth_options_add_header(options, long_text, "v"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_options_error_message(options), "header name", "is longer than 256 bytes");
    assert_int_equal(capauth_options_add_header(options, "X-A", long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_options_error_message(options), "header value", "is longer than 8192 bytes");
    assert_int_equal(capauth_options_add_query(options, long_text, "v"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_options_error_message(options), "query name", "is longer than 256 bytes");
    assert_int_equal(capauth_options_add_query(options, "a", long_text), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_options_error_message(options), "query value", "is longer than 8192 bytes");
    capauth_options_free(&options);
}

/* Signed in, and in the middle of a sign-in: every operation could be sent. */
static capauth_session *full_session(capauth_client *client)
{
    capauth_session *session = NULL;

    assert_int_equal(capauth_session_restore(client,
                                             "{\"v\":1,\"origin\":\"http://127.0.0.1:9\",\"flow\":\"mobile\","
                                             "\"brand\":\"B\",\"device\":\"d\",\"identifierType\":\"MOBILE\","
                                             "\"identifier\":\"919999999993\",\"sessionId\":\"P-1\","
                                             "\"token\":\"Token-1\",\"key\":\"Key-1\"}",
                                             &session),
                     CAPAUTH_OK);
    return session;
}

static const char *limit_of_argument(const char *name)
{
    return !strcmp(name, "method")                            ? "is neither GET nor POST"
           : !strcmp(name, "otp") || strstr(name, "password") ? "is longer than 1024 bytes"
                                                              : "is longer than 256 bytes";
}

static void check_operation(capauth_session *session, const struct operation *operation, size_t place)
{
    const char *values[MOST_TEXTS] = {NULL};
    const char *name = operation->texts[place];
    capauth_call *call = NULL;

    for (size_t i = 0; i < texts_of(operation); i++)
        values[i] = i == place ? long_text : sample_text(operation->texts[i]);
    assert_int_equal(operation->start(session, values, NULL, &call), CAPAUTH_E_INVALID_ARGUMENT);
    assert_string_equal(capauth_call_argument(call), name);
    assert_says(capauth_call_error_message(call), name, limit_of_argument(name));
    capauth_call_free(&call);
}

TEST(operations_refuse_a_long_text)
{
    capauth_client *client = nobodys_client();
    size_t texts = 0;

    for (size_t i = 0; i < all_operations_count; i++) {
        for (size_t j = 0; j < texts_of(&all_operations[i]); j++) {
            capauth_session *session = full_session(client);

            if (strcmp(all_operations[i].texts[j], "body") != 0) {
                check_operation(session, &all_operations[i], j);
                texts++;
            }
            capauth_session_free(&session);
        }
    }
    assert_true(texts >= 8);
    capauth_client_free(&client);
}

/* Sanitizers keep what is freed for a while. */
static void skip_with_sanitizers(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
}

/* By any of the tests above. */
TEST(nothing_was_copied)
{
    skip_with_sanitizers();
    assert_in_range(most_memory_kb(), LONG / 1024, LONG / 1024 + SLACK_KB);
}

/* What a brand's service takes is its own affair. */
TEST(a_body_may_be_long_and_goes_with_its_call)
{
    capauth_client *client;
    capauth_session *session;

    skip_with_sanitizers();
    client = nobodys_client();
    session = full_session(client);
    for (int i = 0; i < 3; i++) {
        capauth_call *call = NULL;

        assert_int_equal(capauth_gateway_call(session, "POST", "customer/update", long_text, NULL, &call), CAPAUTH_OK);
        assert_int_equal(capauth_call_result(call), CAPAUTH_E_PENDING);
        capauth_call_free(&call);
        assert_true(capauth_client_poll(client, 0) >= 0); /* which takes leave of it */
    }
    assert_in_range(most_memory_kb(), 2L * LONG / 1024, 2L * LONG / 1024 + SLACK_KB); /* one at a time */
    capauth_session_free(&session);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_refuse_a_long_text),
        cmocka_unit_test(settings_of_the_right_form_are_refused_for_their_length),
        cmocka_unit_test(sessions_refuse_a_long_text),
        cmocka_unit_test(identities_refuse_a_long_text),
        cmocka_unit_test(exports_are_refused_for_their_length),
        cmocka_unit_test(options_refuse_a_long_text),
        cmocka_unit_test(operations_refuse_a_long_text),
        cmocka_unit_test(nothing_was_copied),
        cmocka_unit_test(a_body_may_be_long_and_goes_with_its_call),
    };

    return cmocka_run_group_tests(tests, make_long_text, free_long_text);
}
