/* SPDX-License-Identifier: Apache-2.0 */
/* Exports as values: what is written is read again as it was, whole or not at all, and no text stays in memory. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "memory.h"
#include "picture.h"
#include "protocol/export.h"

#define ORIGIN "https://auth.brand.example"
#define MEMBERS "\"v\":1,\"flow\":\"web\",\"brand\":\"Brand\""

static void check_reads(const char *text, struct capauth__export *export)
{
    const char *why;

    assert_code(capauth__export_read(text, export, &why), CAPAUTH_OK);
}

/* Written, read, compared, and written again. `but` is what an export does not carry. */
static void check_round_trip(struct capauth__state *state, const char *origin, const char *but)
{
    struct picture before = picture_of(state), after;
    struct capauth__export export;
    char *text = capauth__export_write(state, origin), *again;

    assert_non_null(text);
    check_reads(text, &export);
    after = picture_of(&export.state);
    assert_string_equal(picture_differences(&before, &after), but);
    if (origin)
        assert_string_equal(export.origin, origin);
    else
        assert_null(export.origin);
    again = capauth__export_write(&export.state, export.origin);
    assert_string_equal(again, text);
    capauth__wipe_free(&again);
    capauth__wipe_free(&text);
    capauth__export_free(&export);
    assert_null(export.origin);
    capauth__state_wipe(state);
}

/* What the token itself says is read from it again; where the OTP went to follows from who it is. */
#define RECKONED "customer_id= expires_at=0 issued_at=0 otp.destination=9199******32 "
#define COUNTS "stamp.sign_in=new stamp.token=new stamp.key=new changes=0"

TEST(all_that_is_known_comes_back)
{
    for (int flow = CAPAUTH_FLOW_MOBILE; flow <= CAPAUTH_FLOW_EXTERNAL; flow++) {
        struct capauth__state state = full_state(flow);

        check_round_trip(&state, ORIGIN, RECKONED COUNTS);
        state = full_state(flow);
        check_round_trip(&state, NULL, RECKONED COUNTS);
    }
}

TEST(what_is_not_known_stays_unknown)
{
    struct capauth__state state;

    for (int flow = CAPAUTH_FLOW_MOBILE; flow <= CAPAUTH_FLOW_MFA; flow++) {
        capauth__state_init(&state, flow);
        state.identity.brand = capauth__duplicate("Brand");
        check_round_trip(&state, ORIGIN, "unknown_members=");
    }
}

TEST(each_text_alone_comes_back)
{
    size_t count;

    (void)capauth__state_texts(&count);
    for (size_t i = 0; i < count; i++) {
        struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);

        for (size_t other = 0; other < count; other++) {
            if (other != i &&
                capauth__state_texts(&count)[other].offset != offsetof(struct capauth__state, identity.brand))
                capauth__wipe_free(capauth__state_slot_at(&state, other));
        }
        memset(&state.claims, 0, sizeof state.claims);
        memset(&state.otp.destination, 0, sizeof state.otp.destination);
        state.identity.identifier_type = state.identity.identifier ? CAPAUTH_IDENTIFIER_USERNAME : 0;
        state.identity.contact_type = state.identity.contact ? CAPAUTH_IDENTIFIER_EMAIL : 0;
        if (state.identity.identifier)
            strcpy(state.otp.destination, "9199******32");
        if (state.identity.contact)
            strcpy(state.otp.destination, "c***@brand.example");
        check_round_trip(&state, ORIGIN, COUNTS);
    }
}

TEST(every_step_and_every_flag_comes_back)
{
    for (int i = 0; i < 7 * 3 * 3 * 4; i++) {
        struct capauth__state state;

        capauth__state_init(&state, CAPAUTH_FLOW_WEB);
        state.identity.brand = capauth__duplicate("Brand");
        state.unknown_members = capauth__duplicate("");
        state.next_step = 1 + i % 7;
        state.app_registered = i / 7 % 3 - 1;
        state.registered_for_password = i / 21 % 3 - 1;
        state.refresh_off = i / 63 & 1;
        state.validate_unknown = i / 63 & 2;
        check_round_trip(&state, ORIGIN, "");
    }
}

TEST(any_text_comes_back_whatever_json_makes_of_it)
{
    char bytes[256] = "";

    for (int i = 1; i < 0x80; i++) /* control characters are no text of ours */
        bytes[i - 1] = (char)(i < 0x20 || i == 0x7f ? ' ' : i);
    for (int i = 0; i < 2; i++) {
        struct capauth__state state;

        capauth__state_init(&state, CAPAUTH_FLOW_WEB);
        state.identity.brand = capauth__duplicate(i ? bytes : "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\\"/");
        state.unknown_members = capauth__duplicate("");
        check_round_trip(&state, ORIGIN, "");
    }
}

TEST(a_role_is_written_only_with_its_token)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);

    capauth__wipe_free(&state.token);
    check_round_trip(&state, ORIGIN, "role= " RECKONED COUNTS);
}

TEST(the_tokens_own_claims_come_before_the_role_that_is_written)
{
    struct capauth__export export;

    check_reads("{" MEMBERS
                ",\"role\":\"OLD\",\"token\":\"h.eyJyb2wiOiJVU0VSIiwidWlkIjoiNDA0ODY0NyIsImV4cCI6MTc2MDAxNDM4"
                "MCwiaWF0IjoxNzYwMDEzNDgwfQ.s\"}",
                &export);
    assert_string_equal(export.state.claims.role, "USER");
    assert_string_equal(export.state.claims.customer_id, "4048647");
    assert_int_equal(export.state.claims.expires_at_ms, 1760014380000);
    capauth__export_free(&export);
}

TEST(members_of_later_versions_come_back_as_they_were)
{
    struct capauth__export export;
    char *text;

    check_reads("{\"new\": [1.50, {\"a\":\"\\u0000\"}]," MEMBERS ", \"n\\u0065wer\" : 1e400, \"must\":[\"key\"]}",
                &export);
    assert_string_equal(export.state.unknown_members, "\"new\":[1.50,{\"a\":\"\\u0000\"}],\"n\\u0065wer\":1e400");
    text = capauth__export_write(&export.state, NULL);
    assert_string_equal(text, "{" MEMBERS ",\"nextStep\":\"token_generate\",\"new\":[1.50,{\"a\":\"\\u0000\"}],"
                              "\"n\\u0065wer\":1e400}");
    capauth__wipe_free(&text);
    capauth__export_free(&export);
}

TEST(numbers_that_count_nothing_are_none)
{
    struct capauth__export export;

    check_reads("{" MEMBERS ",\"otpSentAt\":-5,\"otpWrongAnswers\":1000000,\"nextStep\":\"dance\"}", &export);
    assert_int_equal(export.state.otp.sent_at_ms, 0);
    assert_int_equal(export.state.otp.wrong_answers, 0);
    assert_int_equal(export.state.next_step, CAPAUTH_STEP_TOKEN_GENERATE);
    capauth__export_free(&export);
    check_reads("{" MEMBERS ",\"otpSentAt\":5,\"otpWrongAnswers\":999999}", &export);
    assert_int_equal(export.state.otp.sent_at_ms, 5);
    assert_int_equal(export.state.otp.wrong_answers, 999999);
    capauth__export_free(&export);
}

/* ---- What is refused ---- */

static const struct {
    const char *text;
    const char *why;
} refused[] = {
    {NULL, "is missing"},
    {"", "is not JSON"},
    {"{" MEMBERS, "is not JSON"},
    {"{" MEMBERS "}}", "is not JSON"},
    {"[1]", "is not a JSON object"},
    {"null", "is not a JSON object"},
    {"{}", "needs a newer capauth: its version is unknown"},
    {"{\"v\":2,\"flow\":\"web\",\"brand\":\"B\"}", "needs a newer capauth: its version is unknown"},
    {"{\"v\":1.5,\"flow\":\"web\",\"brand\":\"B\"}", "needs a newer capauth: its version is unknown"},
    {"{" MEMBERS ",\"must\":[\"brand\",\"tune\"]}",
     "needs a newer capauth: it has members that this one does not know"},
    {"{" MEMBERS ",\"must\":\"brand\"}", "needs a newer capauth: it has members that this one does not know"},
    {"{" MEMBERS ",\"must\":[1]}", "needs a newer capauth: it has members that this one does not know"},
    {"{\"v\":1,\"brand\":\"B\"}", "has an unknown flow"},
    {"{\"v\":1,\"flow\":\"Web\",\"brand\":\"B\"}", "has an unknown flow"},
    {"{\"v\":1,\"flow\":\"web\"}", "has no brand"},
    {"{\"v\":1,\"flow\":\"web\",\"brand\":1}", "has a member that is not a valid string: brand"},
    {"{" MEMBERS ",\"token\":\"a\\u0000b\"}", "has a member that is not a valid string: token"},
    {"{" MEMBERS ",\"key\":\"\"}", "has a member that is not a valid string: key"},
    {"{\"v\":1,\"flow\":\"external\",\"brand\":\"B\",\"accessToken\":\"a\"}", "has no tokens of the OpenID provider"},
    {"{\"v\":1,\"flow\":\"external\",\"brand\":\"B\",\"idToken\":\"a\"}", "has no tokens of the OpenID provider"},
    {"{" MEMBERS ",\"identifier\":\"1\"}", "has an identifier of unknown type"},
    {"{" MEMBERS ",\"identifier\":\"1\",\"identifierType\":\"PIGEON\"}", "has an identifier of unknown type"},
    {"{" MEMBERS ",\"contact\":\"1\",\"contactType\":\"USERNAME\"}", "has a contact of unknown type"},
    {"{" MEMBERS ",\"contact\":\"1\"}", "has a contact of unknown type"},
};

TEST(what_cannot_be_understood_is_refused_with_the_reason)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct capauth__export export;
        const char *why = NULL;

        assert_code(capauth__export_read(refused[i].text, &export, &why), CAPAUTH_E_INVALID_ARGUMENT);
        assert_string_equal(why, refused[i].why);
        capauth__export_free(&export);
    }
}

static void check_longest(const struct capauth__state_text *text, size_t length, int code)
{
    struct capauth__buffer out = {0};
    struct capauth__export export;
    const char *why;

    if (!strcmp(text->name, "brand"))
        capauth__buffer_text(&out, "{\"v\":1,\"flow\":\"web\",\"brand\":\"");
    else
        capauth__buffer_text(&out, "{" MEMBERS ",\"identifierType\":\"MOBILE\",\"contactType\":\"EMAIL\",\"");
    if (strcmp(text->name, "brand") != 0) {
        capauth__buffer_text(&out, text->name);
        capauth__buffer_text(&out, "\":\"");
    }
    for (size_t i = 0; i < length; i++)
        capauth__buffer_text(&out, "x");
    capauth__buffer_text(&out, "\"}");
    assert_code(capauth__export_read(out.data, &export, &why), code);
    capauth__export_free(&export);
    capauth__buffer_free(&out);
}

TEST(each_text_may_be_as_long_as_it_can_get_and_no_longer)
{
    size_t count;
    const struct capauth__state_text *texts = capauth__state_texts(&count);

    for (size_t i = 0; i < count; i++) {
        bool token =
            strstr(texts[i].name, "oken") || !strcmp(texts[i].name, "key") || !strcmp(texts[i].name, "sessionId");
        size_t longest = token ? 16384 : !strcmp(texts[i].name, "device") ? 512 : 256;

        check_longest(&texts[i], longest, CAPAUTH_OK);
        check_longest(&texts[i], longest + 1, CAPAUTH_E_INVALID_ARGUMENT);
    }
}

/* ---- Without memory ---- */

TEST(without_memory_nothing_is_written)
{
    bool ran_out = true;

    for (size_t which = 1; ran_out; which++) {
        struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);
        char *text;

        memory_fail_at(which);
        text = capauth__export_write(&state, ORIGIN);
        ran_out = memory_ran_out();
        memory_fail_at(0);
        assert_int_equal(text == NULL, ran_out);
        capauth__wipe_free(&text);
        capauth__state_wipe(&state);
    }
}

TEST(without_memory_nothing_is_taken_for_a_broken_export)
{
    static const char text[] = "{" MEMBERS ",\"origin\":\"" ORIGIN "\",\"key\":\"K\",\"later\":[1],\"token\":"
                               "\"h.eyJyb2wiOiJVU0VSIiwidWlkIjoiNDA0ODY0NyIsImV4cCI6MTc2MDAxNDM4MH0.s\"}";
    bool ran_out = true;
    size_t which = 0;

    while (ran_out) {
        struct capauth__export export;
        const char *why;
        int code;

        memory_fail_at(++which);
        code = capauth__export_read(text, &export, &why);
        ran_out = memory_ran_out();
        memory_fail_at(0);
        assert_code(code, ran_out ? CAPAUTH_E_NO_MEMORY : CAPAUTH_OK);
        capauth__export_free(&export);
    }
    assert_true(which > 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(all_that_is_known_comes_back),
        CLEAN_TEST(what_is_not_known_stays_unknown),
        CLEAN_TEST(each_text_alone_comes_back),
        CLEAN_TEST(every_step_and_every_flag_comes_back),
        CLEAN_TEST(any_text_comes_back_whatever_json_makes_of_it),
        CLEAN_TEST(a_role_is_written_only_with_its_token),
        CLEAN_TEST(the_tokens_own_claims_come_before_the_role_that_is_written),
        CLEAN_TEST(members_of_later_versions_come_back_as_they_were),
        CLEAN_TEST(numbers_that_count_nothing_are_none),
        CLEAN_TEST(what_cannot_be_understood_is_refused_with_the_reason),
        CLEAN_TEST(each_text_may_be_as_long_as_it_can_get_and_no_longer),
        CLEAN_TEST(without_memory_nothing_is_written),
        CLEAN_TEST(without_memory_nothing_is_taken_for_a_broken_export),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
