/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls' answers come too late for the session as it stands now: by the stamps that a call noted. No sockets. */
#include "support.h"

#include "session/lifecycle.h"

/* The session has moved on since the call began, by a new `what`. */
static bool is_past(enum capauth__operation operation, bool internal, struct capauth__stamp now)
{
    struct capauth_session session = {.state = {.stamp = now}};
    capauth_call call = {
        .session = &session,
        .request = {.operation = operation, .internal = internal, .seen = {.sign_in = 3, .token = 5, .key = 7}},
    };

    return capauth__call_is_past(&call);
}

TEST(nothing_is_past_while_sign_in_token_and_key_stay)
{
    for (int operation = 0; operation < CAPAUTH__OPERATIONS; operation++) {
        assert_false(is_past(operation, false, (struct capauth__stamp){3, 5, 7}));
        assert_false(is_past(operation, true, (struct capauth__stamp){3, 5, 7}));
    }
}

TEST(everything_is_past_after_a_new_sign_in)
{
    for (int operation = 0; operation < CAPAUTH__OPERATIONS; operation++) {
        assert_true(is_past(operation, false, (struct capauth__stamp){8, 8, 8}));
        assert_true(is_past(operation, true, (struct capauth__stamp){8, 8, 8}));
    }
}

/* What expired the old token has not expired the new one; and a newer token is better than what an older
 * regeneration brings. */
TEST(only_token_expire_and_automatic_regeneration_are_past_after_a_newer_token)
{
    const struct capauth__stamp newer_token = {3, 8, 7};

    for (int operation = 0; operation < CAPAUTH__OPERATIONS; operation++) {
        assert_int_equal(is_past(operation, false, newer_token), operation == CAPAUTH__TOKEN_EXPIRE);
        assert_true(is_past(operation, true, newer_token));
    }
}

TEST(a_newer_key_alone_makes_nothing_past)
{
    for (int operation = 0; operation < CAPAUTH__OPERATIONS; operation++)
        assert_false(is_past(operation, true, (struct capauth__stamp){3, 5, 8}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_past_while_sign_in_token_and_key_stay),
        cmocka_unit_test(everything_is_past_after_a_new_sign_in),
        cmocka_unit_test(only_token_expire_and_automatic_regeneration_are_past_after_a_newer_token),
        cmocka_unit_test(a_newer_key_alone_makes_nothing_past),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
