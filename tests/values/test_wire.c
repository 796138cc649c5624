/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests as they go out: every operation's, in every flow, byte by byte, with the places of the secrets in it. Every
 * secret has "s3cret" in it and something that JSON escapes; nothing else has.
 */
#include "support.h"

#include <string.h>

#include "base/escape.h"
#include "base/header.h"
#include "memory.h"
#include "protocol/wire.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const struct capauth__arguments arguments = {.otp = "s3cret-O\n",
                                                    .current_password = "s3cret-C\x1f",
                                                    .password = "s3cret-P/",
                                                    .new_password = "s3cret-N \xc3\xa9",
                                                    .new_value = "917\""};
static const struct capauth__extras extras = {.first_password = "s3cret-F\"",
                                              .fallback_channel = "WHATSAPP",
                                              .otp_hash = "s3cret-H\"\"",
                                              .otp_timestamp_ms = 1760013480123};

static struct capauth__state state_of(int flow)
{
    static char identifier[] = "919\"9", brand[] = "Br\\nd",
                device[] = "D\x01"
                           "1",
                contact[] = "c@brand.example";
    static char session_id[] = "s3cret-S\t", token[] = "s3cret-T\\\"", key[] = "s3cret-K\\\\";
    static char authorized_token[] = "s3cret-A\\", access_token[] = "s3cret-X", id_token[] = "s3cret-Y";

    return (struct capauth__state){
        .identity = {.flow = flow,
                     .brand = brand,
                     .identifier_type = CAPAUTH_IDENTIFIER_MOBILE,
                     .identifier = identifier,
                     .contact_type = CAPAUTH_IDENTIFIER_EMAIL,
                     .contact = contact,
                     .device_id = device,
                     .access_token = access_token,
                     .id_token = id_token},
        .session_id = session_id,
        .token = token,
        .key = key,
        .authorized_token = authorized_token,
    };
}

/* As they are written. */
#define WHO "{\"identifierType\":\"MOBILE\",\"identifierValue\":\"919\\\"9\",\"brand\":\"Br\\\\nd\""
#define DEVICE ",\"deviceId\":\"D\\u00011\""
#define FIRST_PASSWORD ",\"password\":\"s3cret-F\\\"\",\"confirmPassword\":\"s3cret-F\\\"\""
#define AUTHORIZED ",\"authorizedToken\":\"s3cret-A\\\\\""
#define SESSION_ID ",\"sessionId\":\"s3cret-S\\u0009\""
#define HASH ",\"hash\":\"s3cret-H\\\"\\\"\",\"timeStamp\":1760013480123"
#define OTP ",\"otp\":\"s3cret-O\\u000a\""
#define TOKEN ",\"token\":\"s3cret-T\\\\\\\"\""
#define CHANGE                                                                                                         \
    ",\"password\":\"s3cret-C\\u001f\",\"newPassword\":\"s3cret-N \xc3\xa9\",\"confirmPassword\":\"s3cret-N "          \
    "\xc3\xa9\""
#define PASSWORD ",\"password\":\"s3cret-P/\""
#define RESET ",\"password\":\"s3cret-N \xc3\xa9\",\"confirmPassword\":\"s3cret-N \xc3\xa9\""
#define KEY ",\"key\":\"s3cret-K\\\\\\\\\""
#define EXPIRED ",\"expiredToken\":\"s3cret-T\\\\\\\"\""
#define NEW_VALUE ",\"newIdentifierValue\":\"917\\\"\""

#define MOBILE(OPERATION, method, path, body)                                                                          \
    {                                                                                                                  \
        CAPAUTH__##OPERATION, CAPAUTH_FLOW_MOBILE, method, path, body "}"                                              \
    }
#define WEB(OPERATION, method, path, body)                                                                             \
    {                                                                                                                  \
        CAPAUTH__##OPERATION, CAPAUTH_FLOW_WEB, method, path, body "}"                                                 \
    }
#define MFA(OPERATION, method, path, body)                                                                             \
    {                                                                                                                  \
        CAPAUTH__##OPERATION, CAPAUTH_FLOW_MFA, method, path, body "}"                                                 \
    }

static const struct row {
    enum capauth__operation operation;
    int flow;
    const char *method;
    const char *path;
    const char *body;
} rows[] = {
    MOBILE(TOKEN_GENERATE, "POST", "/auth/v1/token/generate", WHO DEVICE FIRST_PASSWORD),
    WEB(TOKEN_GENERATE, "POST", "/auth/v1/web/token/generate", WHO FIRST_PASSWORD),
    MFA(TOKEN_GENERATE, "POST", "/auth/v1/mfa/token/generate", WHO DEVICE AUTHORIZED FIRST_PASSWORD),
    MOBILE(OTP_GENERATE, "POST", "/auth/v1/otp/generate?fallbackChannel=WHATSAPP", WHO DEVICE SESSION_ID HASH),
    WEB(OTP_GENERATE, "POST", "/auth/v1/web/otp/generate?fallbackChannel=WHATSAPP", WHO SESSION_ID HASH),
    MFA(OTP_GENERATE, "POST", "/auth/v1/mfa/otp/generate?fallbackChannel=WHATSAPP", WHO DEVICE SESSION_ID HASH),
    MOBILE(OTP_VALIDATE, "POST", "/auth/v1/otp/validate", WHO DEVICE SESSION_ID OTP),
    WEB(OTP_VALIDATE, "POST", "/auth/v1/web/otp/validate", WHO SESSION_ID OTP),
    MFA(OTP_VALIDATE, "POST", "/auth/v1/mfa/otp/validate", WHO DEVICE SESSION_ID OTP),
    MOBILE(PASSWORD_VALIDATE, "POST", "/auth/v1/password/validate", WHO DEVICE SESSION_ID PASSWORD),
    WEB(PASSWORD_VALIDATE, "POST", "/auth/v1/web/password/validate", WHO SESSION_ID PASSWORD),
    MFA(PASSWORD_VALIDATE, "POST", "/auth/v1/mfa/password/validate", WHO DEVICE SESSION_ID PASSWORD),
    MOBILE(PASSWORD_CHANGE, "POST", "/auth/v1/password/change", WHO DEVICE TOKEN CHANGE),
    WEB(PASSWORD_CHANGE, "POST", "/auth/v1/web/password/change", WHO TOKEN CHANGE),
    MFA(PASSWORD_CHANGE, "POST", "/auth/v1/mfa/password/change", WHO DEVICE TOKEN CHANGE),
    MOBILE(PASSWORD_FORGET, "POST", "/auth/v1/password/forget", WHO DEVICE SESSION_ID RESET),
    WEB(PASSWORD_FORGET, "POST", "/auth/v1/web/password/forget", WHO SESSION_ID RESET),
    MFA(PASSWORD_FORGET, "POST", "/auth/v1/mfa/password/forget", WHO DEVICE SESSION_ID RESET),
    MOBILE(TOKEN_REGENERATE, "POST", "/auth/v1/token/regenerate", WHO DEVICE KEY),
    WEB(TOKEN_REGENERATE, "POST", "/auth/v1/web/token/regenerate", WHO EXPIRED),
    MFA(TOKEN_REGENERATE, "POST", "/auth/v1/mfa/token/regenerate", WHO DEVICE KEY),
    MFA(TOKEN_EXPIRE, "DELETE", "/auth/v1/mfa/token/expire", WHO DEVICE TOKEN),
    MOBILE(IDENTIFIER_UPDATE, "POST", "/auth/v1/user/updateIdentifierValue", WHO DEVICE TOKEN NEW_VALUE),
    WEB(IDENTIFIER_UPDATE, "POST", "/auth/v1/user/updateIdentifierValue", WHO TOKEN NEW_VALUE),
    MFA(IDENTIFIER_UPDATE, "POST", "/auth/v1/user/updateIdentifierValue", WHO DEVICE TOKEN NEW_VALUE),
};

static void write_body(const struct row *row, const struct capauth__extras *with, struct capauth__buffer *body,
                       struct capauth__secrets *secrets)
{
    const struct capauth__state state = state_of(row->flow);
    const struct capauth__request_form *form = capauth__request_form_of(row->operation, row->flow);

    assert_non_null(form);
    capauth__wire_body(form, &state, &arguments, with, body, secrets);
}

TEST(there_is_a_row_for_each_operation_in_each_flow_that_has_it)
{
    for (int operation = 0; operation < CAPAUTH__OPERATIONS; operation++) {
        for (int flow = CAPAUTH_FLOW_MOBILE; flow <= CAPAUTH_FLOW_EXTERNAL; flow++) {
            int found = 0;

            for (size_t i = 0; i < COUNT(rows); i++)
                found += (int)rows[i].operation == operation && rows[i].flow == flow;
            assert_int_equal(found, capauth__request_form_of((enum capauth__operation)operation, flow) != NULL);
        }
    }
}

TEST(each_request_has_its_method_url_and_body)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct capauth__request_form *form = capauth__request_form_of(rows[i].operation, rows[i].flow);
        struct capauth__buffer url = {0}, body = {0};
        struct capauth__secrets secrets = {0};

        capauth__wire_url(form, "", &extras, &url);
        write_body(&rows[i], &extras, &body, &secrets);
        assert_string_equal(form->method, rows[i].method);
        assert_string_equal(url.data, rows[i].path);
        assert_string_equal(body.data, rows[i].body);
        assert_false(body.failed);
        capauth__buffer_free(&url);
        capauth__buffer_free(&body);
    }
}

static bool is_a_secret(const char *text)
{
    const struct capauth__state state = state_of(CAPAUTH_FLOW_MFA);
    const char *const all[] = {arguments.otp,
                               arguments.current_password,
                               arguments.password,
                               arguments.new_password,
                               extras.first_password,
                               extras.otp_hash,
                               state.session_id,
                               state.token,
                               state.key,
                               state.authorized_token};

    for (size_t i = 0; i < COUNT(all); i++) {
        if (!strcmp(text, all[i]))
            return true;
    }
    return false;
}

/* It stands between quotes, and is a secret of ours when its escapes are undone. */
static void check_place(const char *body, size_t offset, size_t length)
{
    struct capauth__buffer plain = {0};

    assert_int_equal(body[offset - 1], '"');
    assert_int_equal(body[offset + length], '"');
    assert_true(capauth__unescape(body + offset, length, &plain));
    assert_true(is_a_secret(plain.data));
    capauth__buffer_free(&plain);
}

TEST(each_secret_of_a_body_has_its_place_and_nothing_else_has)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct capauth__buffer body = {0};
        struct capauth__secrets secrets = {0};
        size_t found = 0;

        write_body(&rows[i], &extras, &body, &secrets);
        for (const char *at = body.data; (at = strstr(at, "s3cret")); at++, found++) {
            assert_true(found < secrets.count);
            assert_int_equal(secrets.at[found].offset, at - body.data);
            check_place(body.data, secrets.at[found].offset, secrets.at[found].length);
        }
        assert_int_equal(found, secrets.count);
        capauth__buffer_free(&body);
    }
}

TEST(options_that_were_not_given_are_not_sent)
{
    static const struct capauth__extras none = {.otp_timestamp_ms = 5};
    const struct row generate = {.operation = CAPAUTH__TOKEN_GENERATE, .flow = CAPAUTH_FLOW_MOBILE};
    const struct row send = {.operation = CAPAUTH__OTP_GENERATE, .flow = CAPAUTH_FLOW_WEB};
    struct capauth__buffer body = {0}, url = {0};
    struct capauth__secrets secrets = {0};

    write_body(&generate, &none, &body, &secrets);
    assert_string_equal(body.data, WHO DEVICE "}");
    assert_int_equal(secrets.count, 0);
    capauth__buffer_clear(&body);
    write_body(&send, &none, &body, &secrets);
    assert_string_equal(body.data, WHO SESSION_ID "}");
    assert_int_equal(secrets.count, 1);
    capauth__wire_url(capauth__request_form_of(send.operation, send.flow), "http://h", &none, &url);
    assert_string_equal(url.data, "http://h/auth/v1/web/otp/generate");
    capauth__buffer_free(&body);
    capauth__buffer_free(&url);
}

static void check_contact(int type, int contact_type, const char *expected)
{
    struct capauth__state state = state_of(CAPAUTH_FLOW_WEB);
    struct capauth__buffer body = {0};
    struct capauth__secrets secrets = {0};

    state.identity.identifier_type = type;
    state.identity.contact_type = contact_type;
    capauth__wire_body(capauth__request_form_of(CAPAUTH__OTP_GENERATE, CAPAUTH_FLOW_WEB), &state, &arguments,
                       &(struct capauth__extras){0}, &body, &secrets);
    assert_string_equal(body.data, expected);
    capauth__buffer_free(&body);
}

#define WHO_ELSE(type, contact)                                                                                        \
    "{\"identifierType\":\"" type "\",\"identifierValue\":\"919\\\"9\",\"brand\":\"Br\\\\nd\"" contact SESSION_ID "}"

TEST(where_the_otp_goes_is_said_for_who_has_no_address_alone)
{
    check_contact(CAPAUTH_IDENTIFIER_USERNAME, CAPAUTH_IDENTIFIER_EMAIL,
                  WHO_ELSE("USERNAME", ",\"email\":\"c@brand.example\""));
    check_contact(CAPAUTH_IDENTIFIER_EXTERNALID, CAPAUTH_IDENTIFIER_MOBILE,
                  WHO_ELSE("EXTERNALID", ",\"mobile\":\"c@brand.example\""));
    check_contact(CAPAUTH_IDENTIFIER_EMAIL, CAPAUTH_IDENTIFIER_EMAIL, WHO_ELSE("EMAIL", ""));
}

/* A place is never that of something else, in a body that was not finished. */
TEST(without_memory_a_body_has_failed_and_no_place_is_wrong)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool ran_out = true;

        for (size_t which = 1; ran_out; which++) {
            struct capauth__buffer body = {0};
            struct capauth__secrets secrets = {0};

            memory_fail_at(which);
            write_body(&rows[i], &extras, &body, &secrets);
            ran_out = memory_ran_out();
            memory_fail_at(0);
            assert_int_equal(body.failed, ran_out);
            for (size_t place = 0; place < secrets.count; place++)
                check_place(body.data, secrets.at[place].offset, secrets.at[place].length);
            capauth__buffer_free(&body);
        }
    }
}

TEST(without_memory_a_header_with_a_secret_is_not_there_and_says_so)
{
    bool ran_out = true;

    for (size_t which = 1; ran_out; which++) {
        struct capauth__header *headers = NULL;
        bool there;

        memory_fail_at(which);
        there = capauth__header_push_secret(&headers, "cap_authorization", "Bearer ", "s3cret");
        ran_out = memory_ran_out();
        memory_fail_at(0);
        assert_int_equal(there, !ran_out);
        assert_int_equal(headers != NULL, there);
        capauth__headers_free(&headers);
    }
    memory.unwiped = 0; /* a header keeps where its secret began, which is none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(there_is_a_row_for_each_operation_in_each_flow_that_has_it),
        CLEAN_TEST(each_request_has_its_method_url_and_body),
        CLEAN_TEST(each_secret_of_a_body_has_its_place_and_nothing_else_has),
        CLEAN_TEST(options_that_were_not_given_are_not_sent),
        CLEAN_TEST(where_the_otp_goes_is_said_for_who_has_no_address_alone),
        CLEAN_TEST(without_memory_a_header_with_a_secret_is_not_there_and_says_so),
        CLEAN_TEST(without_memory_a_body_has_failed_and_no_place_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
