/* SPDX-License-Identifier: Apache-2.0 */
/* What operations that succeed do to a sign-in, and sign-out, reload and late replies. */
#include "endings.h"

#include <string.h>

#include "base/secret.h"
#include "memory.h"

/* ---- What succeeds ---- */

TEST(token_generate_begins_a_new_sign_in_and_keeps_nothing_of_the_one_before)
{
    check_mobile(
        SUCCESS_WITH(TOKEN_GENERATE, SESSION, 0, 1, .session_id = "S2", .token = "T2", .key = "K2", .role = "USER"),
        "session_id=S2 token=T2 key=- role=VIEW customer_id= expires_at=0 issued_at=0 app_registered=0 "
        "registered_for_password=1 next_step=password_validate otp.sent_at=0 otp.wrong_answers=0 "
        "refresh_off=0 validate_unknown=0 other_identifier=- stamp.sign_in=new stamp.token=new stamp.key=new "
        "changes=10");
}

TEST(token_generate_without_a_token_takes_the_old_one_away)
{
    check_mobile(SUCCESS(TOKEN_GENERATE, SESSION, .session_id = "S2"),
                 "session_id=S2 token=- key=- role= customer_id= expires_at=0 issued_at=0 next_step=otp_generate "
                 "otp.sent_at=0 otp.wrong_answers=0 refresh_off=0 validate_unknown=0 other_identifier=- "
                 "stamp.sign_in=new stamp.token=new stamp.key=new changes=10");
}

TEST(a_new_sign_in_is_one_though_there_was_no_token_and_no_key)
{
    struct capauth__state state, next;
    struct capauth__ending ending = SUCCESS(TOKEN_GENERATE, SESSION, .session_id = "S2");

    capauth__state_init(&state, CAPAUTH_FLOW_WEB);
    state.identity.brand = capauth__duplicate("Brand");
    state.changes = 9;
    assert_leaves(&state, ending,
                  "session_id=S2 next_step=otp_generate stamp.sign_in=new stamp.token=new "
                  "stamp.key=new changes=10");
    capauth__state_after_sign_out(&state, &next);
    assert_string_equal(swap_in(&state, &next), "session_id=- next_step=token_generate changes=11");
    capauth__state_wipe(&state);
}

TEST(a_reply_that_does_not_say_leads_to_the_otp)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending ending = SUCCESS(TOKEN_GENERATE, SESSION, .session_id = "S2", .token = "T2");
    struct capauth__state next;

    state.registered_for_password = -1;
    assert_code(capauth__state_after(&state, &ending, &next), CAPAUTH_OK);
    assert_int_equal(next.next_step, CAPAUTH_STEP_OTP_GENERATE);
    capauth__state_discard(&state, &next);
    capauth__state_wipe(&state);
}

TEST(otp_generate_notes_when_and_where_to_the_otp_went)
{
    struct capauth__ending ending = SUCCESS(OTP_GENERATE, NOTHING, .token = "T2", .key = "K2", .session_id = "S2");

    ending.fallback_channel = capauth__duplicate("WHATSAPP");
    check_mobile(ending, "next_step=otp_validate otp.sent_at=5000 otp.wrong_answers=0 otp.channel=WHATSAPP "
                         "otp.destination=9199******32 changes=10");
    check_mobile(SUCCESS(OTP_GENERATE, NOTHING), "next_step=otp_validate otp.sent_at=5000 otp.wrong_answers=0 "
                                                 "otp.channel=- otp.destination=9199******32 changes=10");
}

TEST(otp_generate_for_a_username_tells_of_the_contact)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending ending = SUCCESS(OTP_GENERATE, NOTHING);

    state.identity.identifier_type = CAPAUTH_IDENTIFIER_USERNAME;
    assert_leaves(&state, ending,
                  "next_step=otp_validate otp.sent_at=5000 otp.wrong_answers=0 otp.channel=- "
                  "otp.destination=c***@brand.example changes=10");
    capauth__state_wipe(&state);
}

static void check_validated(struct capauth__ending ending)
{
    check_mobile(ending, "session_id=- token=" HEAD_MINE "." CLAIMS
                         ".s key=K2 role=USER customer_id=4048647 expires_at=1760014380000 issued_at=1760013480000 "
                         "next_step=done refresh_off=0 validate_unknown=0 stamp.token=new stamp.key=new changes=10");
}

TEST(an_accepted_otp_or_password_brings_token_and_key_and_ends_the_session_id)
{
    check_validated(SUCCESS(OTP_VALIDATE, TOKEN, .token = HEAD_MINE "." CLAIMS ".s", .key = "K2", .role = "OTHER",
                            .session_id = "S2"));
    check_validated(SUCCESS(PASSWORD_VALIDATE, TOKEN, .token = HEAD_MINE "." CLAIMS ".s", .key = "K2"));
}

TEST(a_role_of_one_letter_is_one)
{
    check_changes(CAPAUTH_FLOW_WEB, SUCCESS(PASSWORD_VALIDATE, TOKEN, .token = "h." CLAIMS_ROLE_R ".s", .role = "USER"),
                  "session_id=- token=h." CLAIMS_ROLE_R
                  ".s role=R customer_id= expires_at=0 issued_at=0 next_step=done "
                  "refresh_off=0 validate_unknown=0 stamp.token=new changes=10");
}

TEST(the_role_of_a_token_that_names_none_is_the_replys)
{
    check_changes(CAPAUTH_FLOW_WEB, SUCCESS(PASSWORD_VALIDATE, TOKEN, .token = "T2", .role = "USER"),
                  "session_id=- token=T2 role=USER customer_id= expires_at=0 issued_at=0 next_step=done refresh_off=0 "
                  "validate_unknown=0 stamp.token=new changes=10");
}

TEST(a_role_that_is_too_long_for_one_is_none)
{
    check_changes(CAPAUTH_FLOW_WEB,
                  SUCCESS(PASSWORD_VALIDATE, TOKEN, .token = "T2",
                          .role = "1234567890123456789012345678901234567890123456789012345678901234"),
                  "session_id=- token=T2 role= customer_id= expires_at=0 issued_at=0 next_step=done refresh_off=0 "
                  "validate_unknown=0 stamp.token=new changes=10");
    check_changes(CAPAUTH_FLOW_WEB,
                  SUCCESS(PASSWORD_VALIDATE, TOKEN, .token = "T2",
                          .role = "123456789012345678901234567890123456789012345678901234567890123"),
                  "session_id=- token=T2 role=123456789012345678901234567890123456789012345678901234567890123 "
                  "customer_id= expires_at=0 issued_at=0 next_step=done refresh_off=0 validate_unknown=0 "
                  "stamp.token=new changes=10");
}

TEST(a_token_that_waits_for_the_second_factor_leads_there)
{
    check_mobile(SUCCESS(OTP_VALIDATE, TOKEN, .token = "h." CLAIMS_PENDING ".s"),
                 "session_id=- token=h." CLAIMS_PENDING ".s role=MFA_PENDING customer_id= expires_at=0 issued_at=0 "
                 "next_step=second_factor refresh_off=0 validate_unknown=0 stamp.token=new changes=10");
}

TEST(a_reply_without_key_keeps_the_key)
{
    check_mobile(SUCCESS(TOKEN_REGENERATE, NEW_TOKEN, .token = "T2", .role = "USER"),
                 "token=T2 role=USER customer_id= expires_at=0 issued_at=0 next_step=done refresh_off=0 "
                 "stamp.token=new changes=10");
}

TEST(a_regenerated_token_keeps_the_session_id_and_what_is_known_of_the_otp)
{
    check_mobile(SUCCESS(TOKEN_REGENERATE, NEW_TOKEN, .token = "h." CLAIMS ".s", .key = "K2", .session_id = "S2"),
                 "token=h." CLAIMS ".s key=K2 role=USER customer_id=4048647 expires_at=1760014380000 "
                 "issued_at=1760013480000 next_step=done refresh_off=0 stamp.token=new stamp.key=new changes=10");
}

TEST(what_brings_no_token_takes_none_from_its_reply)
{
    check_mobile(SUCCESS(PASSWORD_CHANGE, NOTHING, .token = "T2", .key = "K2", .session_id = "S2", .role = "USER"),
                 "changes=10");
    check_mobile(SUCCESS(PASSWORD_FORGET, NOTHING, .token = "T2", .key = "K2", .session_id = "S2"),
                 "next_step=otp_generate changes=10");
}

TEST(flags_that_a_reply_names_are_kept_and_others_stay)
{
    check_mobile(SUCCESS_WITH(PASSWORD_CHANGE, NOTHING, 0, -1, ), "app_registered=0 changes=10");
    check_mobile(SUCCESS_WITH(PASSWORD_CHANGE, NOTHING, -1, 1, ), "registered_for_password=1 changes=10");
}

TEST(a_customer_without_a_password_any_more_is_one)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);
    struct capauth__ending ending = SUCCESS_WITH(PASSWORD_CHANGE, NOTHING, -1, 0, );

    state.registered_for_password = 1;
    assert_leaves(&state, ending, "registered_for_password=0 changes=10");
    capauth__state_wipe(&state);
}

TEST(a_token_that_was_expired_is_gone_and_its_key_stays)
{
    check_changes(CAPAUTH_FLOW_MFA, SUCCESS(TOKEN_EXPIRE, NOTHING),
                  "token=- role= customer_id= expires_at=0 issued_at=0 next_step=token_generate stamp.token=new "
                  "changes=10");
}

TEST(an_identifier_that_was_updated_is_the_customers_from_now_on)
{
    struct capauth__ending ending = SUCCESS(IDENTIFIER_UPDATE, NOTHING);

    ending.new_value = capauth__duplicate("917");
    check_mobile(ending, "identifier=917 other_identifier=- stamp.token=new changes=10");
}

/* ---- Sign-out, reload, late replies ---- */

TEST(a_sign_out_leaves_who_it_is_and_nothing_else)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE), next;

    capauth__state_after_sign_out(&state, &next);
    assert_string_equal(swap_in(&state, &next),
                        CLEARED "other_identifier=- stamp.sign_in=new stamp.token=new stamp.key=new changes=10");
    capauth__state_wipe(&state);
}

TEST(after_a_sign_out_every_flow_begins_with_a_token)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_EXTERNAL), next;

    state.next_step = CAPAUTH_STEP_DONE;
    capauth__state_after_sign_out(&state, &next);
    assert_int_equal(next.next_step, CAPAUTH_STEP_TOKEN_GENERATE);
    capauth__state_swap(&state, &next);
    capauth__state_wipe(&state);
}

TEST(a_reload_takes_all_and_is_a_new_sign_in)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE), other = full_state(CAPAUTH_FLOW_WEB), next;
    struct capauth__state nothing = {0};

    other.stamp = (struct capauth__stamp){1, 1, 1};
    other.changes = 1;
    other.next_step = CAPAUTH_STEP_DONE;
    capauth__state_after_reload(&state, &other, &next);
    assert_memory_equal(&other, &nothing, sizeof other);
    assert_string_equal(swap_in(&state, &next), "flow=2 next_step=done stamp.sign_in=new stamp.token=new "
                                                "stamp.key=new changes=10");
    capauth__state_wipe(&state);
}

TEST(a_key_out_of_a_late_reply_changes_the_key_alone)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE), next;

    assert_code(capauth__state_after_key(&state, "K2", &next), CAPAUTH_OK);
    assert_string_equal(swap_in(&state, &next), "key=K2 stamp.key=new changes=10");
    capauth__state_wipe(&state);
}

TEST(the_same_token_anew_is_a_new_one)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending ending = SUCCESS(TOKEN_REGENERATE, NEW_TOKEN, .token = "T1", .key = "K1", .role = "OLD");

    assert_leaves(&state, ending,
                  "customer_id= expires_at=0 issued_at=0 next_step=done refresh_off=0 "
                  "stamp.token=new stamp.key=new changes=10");
    capauth__state_wipe(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(token_generate_begins_a_new_sign_in_and_keeps_nothing_of_the_one_before),
        CLEAN_TEST(token_generate_without_a_token_takes_the_old_one_away),
        CLEAN_TEST(a_new_sign_in_is_one_though_there_was_no_token_and_no_key),
        CLEAN_TEST(a_reply_that_does_not_say_leads_to_the_otp),
        CLEAN_TEST(otp_generate_notes_when_and_where_to_the_otp_went),
        CLEAN_TEST(otp_generate_for_a_username_tells_of_the_contact),
        CLEAN_TEST(an_accepted_otp_or_password_brings_token_and_key_and_ends_the_session_id),
        CLEAN_TEST(a_role_of_one_letter_is_one),
        CLEAN_TEST(the_role_of_a_token_that_names_none_is_the_replys),
        CLEAN_TEST(a_role_that_is_too_long_for_one_is_none),
        CLEAN_TEST(a_token_that_waits_for_the_second_factor_leads_there),
        CLEAN_TEST(a_reply_without_key_keeps_the_key),
        CLEAN_TEST(a_regenerated_token_keeps_the_session_id_and_what_is_known_of_the_otp),
        CLEAN_TEST(what_brings_no_token_takes_none_from_its_reply),
        CLEAN_TEST(flags_that_a_reply_names_are_kept_and_others_stay),
        CLEAN_TEST(a_customer_without_a_password_any_more_is_one),
        CLEAN_TEST(a_token_that_was_expired_is_gone_and_its_key_stays),
        CLEAN_TEST(an_identifier_that_was_updated_is_the_customers_from_now_on),
        CLEAN_TEST(a_sign_out_leaves_who_it_is_and_nothing_else),
        CLEAN_TEST(after_a_sign_out_every_flow_begins_with_a_token),
        CLEAN_TEST(a_reload_takes_all_and_is_a_new_sign_in),
        CLEAN_TEST(a_key_out_of_a_late_reply_changes_the_key_alone),
        CLEAN_TEST(the_same_token_anew_is_a_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
