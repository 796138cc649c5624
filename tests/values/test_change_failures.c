/* SPDX-License-Identifier: Apache-2.0 */
/* What operations that fail do to a sign-in, and what an identifier update does whose answer was lost. */
#include "endings.h"

#include "base/secret.h"
#include "memory.h"

/* ---- What fails ---- */

TEST(what_is_not_in_the_table_of_steps_changes_nothing)
{
    for (int operation = 0; operation < CAPAUTH__OPERATIONS; operation++) {
        struct capauth__ending ending = {.operation = (enum capauth__operation)operation, .outcome = CAPAUTH_E_NETWORK};

        check_mobile(ending, "changes=10");
        ending.outcome = 999;
        ending.maybe_sent = true;
        check_mobile(ending, "changes=10");
    }
}

TEST(a_wrong_otp_is_counted_and_leaves_the_step_open)
{
    check_mobile(FAILURE(OTP_VALIDATE, CAPAUTH_INVALID_OTP), "otp.wrong_answers=3 changes=10");
    check_mobile(FAILURE(PASSWORD_VALIDATE, CAPAUTH_INVALID_OTP), "changes=10");
}

TEST(an_answer_that_is_lost_is_remembered)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending lost = FAILURE(OTP_VALIDATE, CAPAUTH_E_UNKNOWN_OUTCOME);
    struct capauth__ending lost_password = FAILURE(PASSWORD_VALIDATE, CAPAUTH_E_UNKNOWN_OUTCOME);
    struct capauth__ending lost_change = FAILURE(PASSWORD_CHANGE, CAPAUTH_E_UNKNOWN_OUTCOME);

    state.validate_unknown = false;
    assert_leaves(&state, lost_change, "changes=10");
    assert_leaves(&state, lost, "validate_unknown=1 changes=11");
    state.validate_unknown = false;
    assert_leaves(&state, lost_password, "validate_unknown=1 changes=12");
    capauth__state_wipe(&state);
}

TEST(after_a_lost_answer_a_refusal_can_mean_that_the_sign_in_went_on_without_us)
{
    static const int codes[] = {CAPAUTH_CANNOT_VALIDATE_OTP, CAPAUTH_INVALID_SESSION, CAPAUTH_OTP_NOT_GENERATED};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        check_mobile(FAILURE(OTP_VALIDATE, codes[i]), "next_step=token_generate changes=10");
        check_mobile(FAILURE(PASSWORD_VALIDATE, codes[i]), "next_step=token_generate changes=10");
    }
    check_mobile(FAILURE(OTP_VALIDATE, CAPAUTH_E_NETWORK), "changes=10");
}

TEST(without_a_lost_answer_the_table_says_what_a_refusal_means)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending none = FAILURE(OTP_VALIDATE, CAPAUTH_OTP_NOT_GENERATED);
    struct capauth__ending cannot = FAILURE(OTP_VALIDATE, CAPAUTH_CANNOT_VALIDATE_OTP);
    struct capauth__ending mismatch = FAILURE(OTP_VALIDATE, CAPAUTH_MOBILE_MISMATCH);

    state.validate_unknown = false;
    assert_leaves(&state, none, "next_step=otp_generate changes=10");
    assert_leaves(&state, cannot, "changes=11");
    assert_leaves(&state, mismatch, "next_step=token_generate changes=12");
    capauth__state_wipe(&state);
}

TEST(an_unknown_outcome_leads_on_where_that_is_right_either_way)
{
    check_mobile(FAILURE(OTP_GENERATE, CAPAUTH_E_UNKNOWN_OUTCOME), "next_step=otp_validate changes=10");
    check_mobile(FAILURE(PASSWORD_FORGET, CAPAUTH_E_UNKNOWN_OUTCOME), "next_step=otp_generate changes=10");
}

TEST(a_failed_otp_generate_leaves_its_channel_to_the_caller)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending ending = FAILURE(OTP_GENERATE, CAPAUTH_E_NETWORK);

    ending.fallback_channel = capauth__duplicate("WHATSAPP");
    assert_leaves(&state, ending, "changes=10");
    assert_string_equal(ending.fallback_channel, "WHATSAPP");
    capauth__wipe_free(&ending.fallback_channel);
    capauth__state_wipe(&state);
}

TEST(a_lost_identifier_update_keeps_both_values)
{
    struct capauth__ending ending = FAILURE(IDENTIFIER_UPDATE, CAPAUTH_E_UNKNOWN_OUTCOME);

    ending.new_value = capauth__duplicate("917");
    check_mobile(ending, "other_identifier=917 changes=10");
}

TEST(a_refused_identifier_update_leaves_the_value_to_the_caller)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending ending = FAILURE(IDENTIFIER_UPDATE, 1500);

    ending.new_value = capauth__duplicate("917");
    assert_leaves(&state, ending, "changes=10");
    assert_string_equal(ending.new_value, "917");
    capauth__wipe_free(&ending.new_value);
    capauth__state_wipe(&state);
}

static void check_expire(int outcome, bool maybe_sent, const char *expected)
{
    struct capauth__ending ending = FAILURE(TOKEN_EXPIRE, outcome);
    struct capauth__state state = full_state(CAPAUTH_FLOW_MFA);

    ending.maybe_sent = maybe_sent;
    state.refresh_off = false;
    assert_leaves(&state, ending, expected);
    capauth__state_wipe(&state);
}

TEST(a_token_expire_that_may_have_arrived_has_expired_the_token)
{
    static const char gone[] = "token=- role= customer_id= expires_at=0 issued_at=0 next_step=token_generate "
                               "refresh_off=1 stamp.token=new changes=10";

    check_expire(CAPAUTH_E_NETWORK, true, gone);
    check_expire(CAPAUTH_E_UNKNOWN_OUTCOME, true, gone);
    check_expire(CAPAUTH_E_CANCELLED, true, gone);
    check_expire(CAPAUTH_TOKEN_EXPIRED, false, gone);
    check_expire(CAPAUTH_E_NETWORK, false, "changes=10");
    check_expire(1500, true, "changes=10"); /* the Auth Engine said no */
}

TEST(a_token_that_another_operation_finds_expired_is_kept_for_what_regenerates_it)
{
    check_mobile(FAILURE(IDENTIFIER_UPDATE, CAPAUTH_TOKEN_EXPIRED), "changes=10");
    check_mobile(FAILURE(PASSWORD_CHANGE, CAPAUTH_TOKEN_EXPIRED), "changes=10");
}

/* ---- Regeneration that is refused, and lost identifier updates ---- */

TEST(a_refused_regeneration_ends_the_sign_in)
{
    static const int codes[] = {CAPAUTH_CANNOT_REGENERATE_TOKEN, CAPAUTH_INVALID_KEY};

    for (size_t i = 0; i < 2; i++) {
        struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);
        struct capauth__ending ending = FAILURE(TOKEN_REGENERATE, codes[i]);

        capauth__wipe_free(&state.other_identifier);
        assert_false(capauth__state_regenerates_as_other(&state, ending.operation, ending.outcome));
        assert_leaves(&state, ending, CLEARED "stamp.sign_in=new stamp.token=new stamp.key=new changes=10");
        capauth__state_wipe(&state);
    }
}

TEST(after_a_lost_identifier_update_a_refused_regeneration_tries_the_other_value)
{
    static const int codes[] = {CAPAUTH_CANNOT_REGENERATE_TOKEN, CAPAUTH_INVALID_KEY};

    for (size_t i = 0; i < 2; i++) {
        struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);

        assert_true(capauth__state_regenerates_as_other(&state, CAPAUTH__TOKEN_REGENERATE, codes[i]));
        assert_false(capauth__state_regenerates_as_other(&state, CAPAUTH__OTP_VALIDATE, codes[i]));
        assert_false(capauth__state_regenerates_as_other(&state, CAPAUTH__TOKEN_REGENERATE, CAPAUTH_E_NETWORK));
        capauth__state_wipe(&state);
        check_mobile(FAILURE(TOKEN_REGENERATE, codes[i]),
                     "identifier=" OTHER " next_step=done other_identifier=- stamp.token=new changes=10");
        check_mobile(FAILURE(OTP_VALIDATE, codes[i]), "changes=10");
    }
}

static void check_tells(const char *token, const char *expected, const char *still_other)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending ending = SUCCESS(TOKEN_REGENERATE, NEW_TOKEN, .token = token);
    struct capauth__state next;

    assert_code(capauth__state_after(&state, &ending, &next), CAPAUTH_OK);
    capauth__state_swap(&state, &next);
    assert_string_equal(state.identity.identifier, expected);
    assert_string_equal(state.other_identifier ? state.other_identifier : "", still_other);
    capauth__state_wipe(&state);
}

TEST(after_a_lost_identifier_update_the_next_token_tells_which_value_holds)
{
    check_tells(HEAD_MINE "." CLAIMS ".s", MINE, "");
    check_tells(HEAD_OTHER "." CLAIMS ".s", OTHER, "");
    check_tells(HEAD_7 "." CLAIMS ".s", "7", "");
    check_tells(HEAD_OTHER_TYPE "." CLAIMS ".s", MINE, OTHER);
    check_tells(HEAD_LONGER_TYPE "." CLAIMS ".s", MINE, OTHER);
    check_tells(HEAD_OTHER_KIND "." CLAIMS ".s", MINE, OTHER);
    check_tells(HEAD_NOBODY "." CLAIMS ".s", MINE, OTHER);
    check_tells("T2", MINE, OTHER);
}

TEST(without_a_lost_identifier_update_a_token_does_not_change_the_identifier)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending ending = SUCCESS(TOKEN_REGENERATE, NEW_TOKEN, .token = HEAD_OTHER ".x.s");

    capauth__wipe_free(&state.other_identifier);
    assert_leaves(&state, ending,
                  "token=" HEAD_OTHER ".x.s role= customer_id= expires_at=0 issued_at=0 next_step=done "
                  "refresh_off=0 stamp.token=new changes=10");
    capauth__state_wipe(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(what_is_not_in_the_table_of_steps_changes_nothing),
        CLEAN_TEST(a_wrong_otp_is_counted_and_leaves_the_step_open),
        CLEAN_TEST(an_answer_that_is_lost_is_remembered),
        CLEAN_TEST(after_a_lost_answer_a_refusal_can_mean_that_the_sign_in_went_on_without_us),
        CLEAN_TEST(without_a_lost_answer_the_table_says_what_a_refusal_means),
        CLEAN_TEST(an_unknown_outcome_leads_on_where_that_is_right_either_way),
        CLEAN_TEST(a_failed_otp_generate_leaves_its_channel_to_the_caller),
        CLEAN_TEST(a_lost_identifier_update_keeps_both_values),
        CLEAN_TEST(a_refused_identifier_update_leaves_the_value_to_the_caller),
        CLEAN_TEST(a_token_expire_that_may_have_arrived_has_expired_the_token),
        CLEAN_TEST(a_token_that_another_operation_finds_expired_is_kept_for_what_regenerates_it),
        CLEAN_TEST(a_refused_regeneration_ends_the_sign_in),
        CLEAN_TEST(after_a_lost_identifier_update_a_refused_regeneration_tries_the_other_value),
        CLEAN_TEST(after_a_lost_identifier_update_the_next_token_tells_which_value_holds),
        CLEAN_TEST(without_a_lost_identifier_update_a_token_does_not_change_the_identifier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
