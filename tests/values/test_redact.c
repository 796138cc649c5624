/* SPDX-License-Identifier: Apache-2.0 */
/* Which texts from outside repeat a secret of ours, wherever it is held and however the text writes it. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "memory.h"
#include "picture.h"
#include "protocol/reply.h"
#include "session/redact.h"

/* Longer than what tells, with a character that JSON escapes; and one that is short. */
#define LONG "s3cret\"0123456789012345678901234567890123456789"
#define LONG_IN_JSON "s3cret\\\"0123456789012345678901234567890123456789"
#define LONG_TWICE "s3cret\\\\\\\"0123456789012345678901234567890123456789"
#define LONG_THRICE "s3cret\\\\\\\\\\\\\\\"0123456789012345678901234567890123456789"
#define TELLING "s3cret\"0123456789012345678901234" /* its first 32 bytes */
#define SHORT "48\\39"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* One secret, held in one place after the other. */
static void each_place(const char *secret, void (*check)(const struct capauth__secret_places *places))
{
    char copy[128], line[160], body[512] = "{\"otp\":\"";
    struct capauth__buffer escaped = {0};
    struct capauth__secrets in_body = {.count = 1};
    struct capauth__state state = {.next_step = CAPAUTH_STEP_DONE};
    struct capauth__reply reply = {.success = true};
    struct capauth__header last = {.line = line, .secret = sizeof "Authorization: Bearer " - 1};
    struct capauth__header first = {.next = &last, .line = line};
    char **held[] = {&state.token,
                     &state.key,
                     &state.session_id,
                     &state.authorized_token,
                     &state.identity.access_token,
                     &state.identity.id_token};
    const char **received[] = {&reply.token, &reply.key, &reply.session_id};

    snprintf(copy, sizeof copy, "%s", secret);
    snprintf(line, sizeof line, "Authorization: Bearer %s", secret);
    for (size_t i = 0; i < COUNT(held); i++) {
        *held[i] = copy;
        check(&(struct capauth__secret_places){.state = &state});
        *held[i] = NULL;
    }
    for (size_t i = 0; i < COUNT(received); i++) {
        *received[i] = secret;
        check(&(struct capauth__secret_places){.reply = &reply});
        *received[i] = NULL;
    }
    check(&(struct capauth__secret_places){.headers = &first});
    in_body.at[0].offset = strlen(body);
    in_body.at[0].length = capauth__json_put_text(&escaped, NULL, secret);
    memcpy(body + strlen(body), escaped.data + 1, escaped.length); /* with its closing quote */
    check(&(struct capauth__secret_places){.body = body, .in_body = &in_body});
    capauth__buffer_free(&escaped);
}

static void check_long(const struct capauth__secret_places *places)
{
    assert_true(capauth__repeats_a_secret(LONG, places));
    assert_true(capauth__repeats_a_secret("wrong: " LONG "!", places));
    assert_true(capauth__repeats_a_secret("ss3cret\"01 s3" LONG, places)); /* after a false start */
    assert_true(capauth__repeats_a_secret("{\\\"otp\\\":\\\"" LONG_IN_JSON "\\\"}", places));
    assert_true(capauth__repeats_a_secret("{\"otp\":\"" LONG_IN_JSON "\"}", places));
    assert_true(capauth__repeats_a_secret("message of a message: " LONG_TWICE, places));
    assert_true(capauth__repeats_a_secret("\\u0073\\u0033cret\\u00220123456789012345678901234", places));
    assert_true(capauth__repeats_a_secret("\\u0000 " LONG, places));
    assert_true(capauth__repeats_a_secret("\\u0000 " LONG_IN_JSON, places));
    assert_true(capauth__repeats_a_secret("no\\u0000 \\u0000" LONG_IN_JSON, places));
    assert_true(capauth__repeats_a_secret("cut: " TELLING, places));
    assert_false(capauth__repeats_a_secret("s3cret\"012345678901234567890123", places)); /* one less */
    assert_false(capauth__repeats_a_secret(LONG_THRICE, places)); /* looking has an end */
    assert_false(capauth__repeats_a_secret("S3CRET is no secret", places));
    assert_false(capauth__repeats_a_secret("", places));
}

TEST(a_long_secret_is_known_by_its_beginning_raw_escaped_and_escaped_twice)
{
    assert_int_equal(strlen(TELLING), 32);
    each_place(LONG, check_long);
}

static void check_short(const struct capauth__secret_places *places)
{
    assert_true(capauth__repeats_a_secret("48\\39 is wrong", places));
    assert_true(capauth__repeats_a_secret("{\"otp\":\"48\\\\39\"}", places));
    assert_false(capauth__repeats_a_secret("48\\3", places));
    assert_false(capauth__repeats_a_secret("8\\39", places));
}

TEST(a_short_secret_is_known_only_whole)
{
    each_place(SHORT, check_short);
}

static void check_empty(const struct capauth__secret_places *places)
{
    assert_false(capauth__repeats_a_secret("anything", places));
}

TEST(an_empty_secret_is_nowhere)
{
    each_place("", check_empty);
}

TEST(without_places_nothing_is_secret)
{
    const struct capauth__secret_places nowhere = {0};
    struct capauth__secrets in_body = {.count = 1, .at = {{0, 4}}};

    assert_false(capauth__repeats_a_secret("anything", &nowhere));
    assert_false(capauth__repeats_a_secret("body", &(struct capauth__secret_places){.body = "body"}));
    assert_false(capauth__repeats_a_secret("body", &(struct capauth__secret_places){.in_body = &in_body}));
    assert_true(
        capauth__repeats_a_secret("body", &(struct capauth__secret_places){.body = "body", .in_body = &in_body}));
}

TEST(every_secret_of_a_body_counts_and_what_stands_between_them_does_not)
{
    static const char body[] = "{\"brand\":\"Brand\",\"password\":\"first\",\"otp\":\"second\"}";
    struct capauth__secrets in_body = {.count = 2, .at = {{29, 5}, {43, 6}}};
    const struct capauth__secret_places places = {.body = body, .in_body = &in_body};

    assert_true(capauth__repeats_a_secret("the first", &places));
    assert_true(capauth__repeats_a_secret("the second", &places));
    assert_false(capauth__repeats_a_secret("Brand, otp, password", &places));
    in_body.count = 1; /* the other place counts no more */
    assert_false(capauth__repeats_a_secret("the second", &places));
}

TEST(who_the_customer_is_is_no_secret)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);
    const struct capauth__secret_places places = {.state = &state};

    assert_false(capauth__repeats_a_secret("Brand D1 919999922332 918888800000 c@brand.example EMAIL OLD 42", &places));
    capauth__state_wipe(&state);
}

TEST(a_header_that_is_no_secret_may_come_back_and_so_may_the_name_of_one_that_is)
{
    char public_line[] = "X-Trace: abcdef", secret_line[] = "Authorization: Bearer abc";
    struct capauth__header secret = {.line = secret_line, .secret = 22};
    struct capauth__header public = {.line = public_line, .next = &secret};
    const struct capauth__secret_places places = {.headers = &public};

    assert_false(capauth__repeats_a_secret("X-Trace, Authorization: Bearer", &places));
    assert_true(capauth__repeats_a_secret("abcdef", &places)); /* by the second, "abc" */
    secret.secret = 0;
    assert_false(capauth__repeats_a_secret("X-Trace: abcdef, Authorization: Bearer abc", &places));
}

TEST(a_secret_of_blanks_is_in_no_line)
{
    struct capauth__header *headers = NULL;

    assert_true(capauth__header_push_secret(&headers, "Authorization", "Bearer ", "  "));
    assert_string_equal(headers->line, "Authorization;");
    assert_int_equal(headers->secret, 0);
    assert_false(capauth__repeats_a_secret("anything", &(struct capauth__secret_places){.headers = headers}));
    capauth__headers_free(&headers);
}

TEST(without_memory_to_look_properly_a_text_repeats_a_secret)
{
    const struct capauth__secret_places nowhere = {0};
    struct capauth__secrets in_body = {.count = 1, .at = {{0, 4}}};
    const struct capauth__secret_places escaped = {.body = "a\\\\b", .in_body = &in_body};
    const struct capauth__secret_places plain = {.body = "text", .in_body = &in_body};

    for (size_t which = 1; which <= 2; which++) {
        memory_fail_at(which);
        assert_true(capauth__repeats_a_secret("\\\\u0041", &nowhere)); /* two levels of escapes, none of ours */
        assert_true(memory_ran_out());
    }
    memory_fail_at(0);
    assert_false(capauth__repeats_a_secret("\\\\u0041", &nowhere));
    assert_false(capauth__repeats_a_secret("other", &escaped));
    memory_fail_at(1);
    assert_true(capauth__repeats_a_secret("other", &escaped));
    memory_fail_at(1);
    assert_false(capauth__repeats_a_secret("other", &plain)); /* which needs none */
    memory_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(a_long_secret_is_known_by_its_beginning_raw_escaped_and_escaped_twice),
        CLEAN_TEST(a_short_secret_is_known_only_whole),
        CLEAN_TEST(an_empty_secret_is_nowhere),
        CLEAN_TEST(without_places_nothing_is_secret),
        CLEAN_TEST(every_secret_of_a_body_counts_and_what_stands_between_them_does_not),
        CLEAN_TEST(who_the_customer_is_is_no_secret),
        CLEAN_TEST(a_header_that_is_no_secret_may_come_back_and_so_may_the_name_of_one_that_is),
        CLEAN_TEST(a_secret_of_blanks_is_in_no_line),
        CLEAN_TEST(without_memory_to_look_properly_a_text_repeats_a_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
