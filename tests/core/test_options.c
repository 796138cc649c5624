/* SPDX-License-Identifier: Apache-2.0 */
/* A setter of options that refuses says why, in the words of whoever called it. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static char too_long[20000];

static int timeout_of_0(capauth_options *options)
{
    return capauth_options_set_timeout_ms(options, 0);
}

static int margin_of_two_days(capauth_options *options)
{
    return capauth_options_set_margin_ms(options, 2 * 86400000);
}

static int empty_password(capauth_options *options)
{
    return capauth_options_set_password(options, "");
}

static int long_password(capauth_options *options)
{
    return capauth_options_set_password(options, too_long);
}

static int channel_with_a_space(capauth_options *options)
{
    return capauth_options_set_fallback_channel(options, "S MS");
}

static int no_channel(capauth_options *options)
{
    return capauth_options_set_fallback_channel(options, NULL);
}

static int no_hash(capauth_options *options)
{
    return capauth_options_set_otp_hash(options, NULL, 1);
}

static int hash_before_1970(capauth_options *options)
{
    return capauth_options_set_otp_hash(options, "h", -1);
}

static int header_of_ours(capauth_options *options)
{
    return capauth_options_add_header(options, "Host", "v");
}

static int header_without_a_value(capauth_options *options)
{
    return capauth_options_add_header(options, "X-A", NULL);
}

static int header_33(capauth_options *options)
{
    int result = CAPAUTH_OK;

    for (int i = 0; i < 33; i++)
        result = capauth_options_add_header(options, "X-A", "v");
    return result;
}

static int query_without_a_name(capauth_options *options)
{
    return capauth_options_add_query(options, "", "v");
}

static int query_without_a_value(capauth_options *options)
{
    return capauth_options_add_query(options, "n", NULL);
}

static int repeatable_of_2(capauth_options *options)
{
    return capauth_options_set_repeatable(options, 2);
}

static int view_of_2(capauth_options *options)
{
    return capauth_options_set_view(options, 2);
}

static const struct {
    int (*set)(capauth_options *options);
    const char *message;
} refused[] = {
    {timeout_of_0, "timeout_ms is 0; it must be 1 to 86400000 milliseconds (one day)"},
    {margin_of_two_days, "margin_ms is 172800000; it must be 0 to 86400000 milliseconds (one day)"},
    {empty_password, "password is empty"},
    {long_password, "password is longer than 1024 bytes"},
    {channel_with_a_space, "fallback_channel has a character that is not a letter, a digit or one of -_"},
    {no_channel, "fallback_channel is missing"},
    {no_hash, "hash is missing"},
    {hash_before_1970, "timestamp_ms is -1; it must not be before 1970"},
    {header_of_ours, "header name is reserved: capauth or HTTP sets it"},
    {header_without_a_value, "header value is missing"},
    {header_33, "too many headers (at most 32)"},
    {query_without_a_name, "query name is empty"},
    {query_without_a_value, "query value is missing"},
    {repeatable_of_2, "repeatable is 2; it must be 0 or 1"},
    {view_of_2, "view is 2; it must be 0 or 1"},
};

TEST(a_setter_that_refuses_says_why)
{
    memset(too_long, 'x', sizeof too_long - 1);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        capauth_options *options = NULL;
        char *copy = NULL;

        assert_code(capauth_options_new(&options), CAPAUTH_OK);
        assert_string_equal(capauth_options_error_message(options), "");
        assert_code(refused[i].set(options), CAPAUTH_E_INVALID_ARGUMENT);
        assert_string_equal(capauth_options_error_message(options), refused[i].message);
        assert_code(capauth_options_copy_error_message(options, &copy), CAPAUTH_OK);
        assert_string_equal(copy, refused[i].message);
        capauth_string_free(&copy);
        capauth_options_free(&options);
    }
}

TEST(there_is_no_message_of_nothing)
{
    char question[] = "?", *copy = question;

    assert_string_equal(capauth_options_error_message(NULL), "");
    assert_code(capauth_options_copy_error_message(NULL, &copy), CAPAUTH_E_INVALID_ARGUMENT);
    assert_null(copy);
    assert_code(capauth_options_copy_error_message(NULL, NULL), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_options_set_view(NULL, 1), CAPAUTH_E_INVALID_ARGUMENT);
}

/* ---- Without memory ---- */

static bool starved; /* the program is linked so that the core's calls come here: see tests/CMakeLists.txt */

void *__real_malloc(size_t size); /* NOLINT(bugprone-reserved-identifier): the linker's name */
void *__wrap_malloc(size_t size); /* NOLINT(bugprone-reserved-identifier) */

void *__wrap_malloc(size_t size) /* NOLINT(bugprone-reserved-identifier) */
{
    return starved ? NULL : __real_malloc(size);
}

static int short_query(capauth_options *options)
{
    return capauth_options_add_query(options, "a", "1");
}

static int long_query(capauth_options *options)
{
    static char value[300];

    memset(value, 'x', sizeof value - 1);
    return capauth_options_add_query(options, "b", value);
}

static int password(capauth_options *options)
{
    return capauth_options_set_password(options, "p");
}

static int channel(capauth_options *options)
{
    return capauth_options_set_fallback_channel(options, "SMS");
}

static int hash(capauth_options *options)
{
    return capauth_options_set_otp_hash(options, "h", 1);
}

static int header(capauth_options *options)
{
    return capauth_options_add_header(options, "X-A", "v");
}

TEST(a_setter_without_memory_says_so_and_succeeds_later)
{
    static int (*const setters[])(capauth_options * options) = {short_query, long_query, password,
                                                                channel,     hash,       header};
    capauth_options *options = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++) {
        starved = true;
        assert_code(setters[i](options), CAPAUTH_E_NO_MEMORY);
        starved = false;
        assert_code(setters[i](options), CAPAUTH_OK);
    }
    capauth_options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setter_that_refuses_says_why),
        cmocka_unit_test(there_is_no_message_of_nothing),
        cmocka_unit_test(a_setter_without_memory_says_so_and_succeeds_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
