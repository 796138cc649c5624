/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each operation's end does to a sign-in, and that it does nothing else. The sign-in before has everything set to
 * values of its own; what has changed after is compared as one line.
 */
#include "support.h"

#include <string.h>

#include "base/secret.h"
#include "memory.h"
#include "picture.h"
#include "protocol/change.h"

#define HEAD_MINE "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJNT0JJTEV8OTE5OTk5OTIyMzMyIl19"
#define HEAD_OTHER "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJNT0JJTEV8OTE4ODg4ODAwMDAwIl19"
#define HEAD_OTHER_TYPE "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJFTUFJTHw5MTg4ODg4MDAwMDAiXX0"
#define HEAD_NOBODY "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJNT0JJTEV8Il19"
#define CLAIMS "eyJyb2wiOiJVU0VSIiwidWlkIjoiNDA0ODY0NyIsImV4cCI6MTc2MDAxNDM4MCwiaWF0IjoxNzYwMDEzNDgwfQ"
#define CLAIMS_PENDING "eyJyb2wiOiJNRkFfUEVORElORyJ9"

#define MINE "919999922332"
#define OTHER "918888800000"

/* With what the reply says of the flags; SUCCESS: nothing. */
#define SUCCESS_WITH(OPERATION, BRINGS, registered, by_password, ...)                                                  \
    (struct capauth__ending)                                                                                           \
    {                                                                                                                  \
        .operation = CAPAUTH__##OPERATION, .brings = CAPAUTH__BRINGS_##BRINGS, .now_ms = 5000,                         \
        .reply = &(const struct capauth__reply)                                                                        \
        {                                                                                                              \
            .success = true, .app_registered = (registered), .registered_for_password = (by_password), __VA_ARGS__     \
        }                                                                                                              \
    }

#define SUCCESS(OPERATION, ...) SUCCESS_OF(OPERATION, __VA_ARGS__, )
#define SUCCESS_OF(OPERATION, BRINGS, ...) SUCCESS_WITH(OPERATION, BRINGS, -1, -1, __VA_ARGS__)

#define FAILURE(OPERATION, code)                                                                                       \
    (struct capauth__ending)                                                                                           \
    {                                                                                                                  \
        .operation = CAPAUTH__##OPERATION, .outcome = (code), .now_ms = 5000                                           \
    }

/* ---- The sentences ---- */

static const char *swap_in(struct capauth__state *state, struct capauth__state *next)
{
    struct picture before = picture_of(state), after;

    capauth__state_swap(state, next);
    assert_null(next->token);
    assert_null(next->identity.brand);
    after = picture_of(state);
    return picture_differences(&before, &after);
}

/* The changes; the state before stands until the new one is swapped in. */
static const char *changes_of(struct capauth__state *state, struct capauth__ending *ending)
{
    struct picture before = picture_of(state), still;
    struct capauth__state next;

    assert_code(capauth__state_after(state, ending, &next), CAPAUTH_OK);
    still = picture_of(state);
    assert_string_equal(picture_differences(&before, &still), "");
    return swap_in(state, &next);
}

#define assert_leaves(state, ending, expected) assert_string_equal(changes_of((state), &(ending)), (expected))

/* From a sign-in in which everything is set. */
static void check_changes(int flow, struct capauth__ending ending, const char *expected)
{
    struct capauth__state state = full_state(flow);

    assert_string_equal(changes_of(&state, &ending), expected);
    assert_null(ending.new_value);
    assert_null(ending.fallback_channel);
    capauth__state_wipe(&state);
}

static void check_mobile(struct capauth__ending ending, const char *expected)
{
    check_changes(CAPAUTH_FLOW_MOBILE, ending, expected);
}

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

/* ---- What fails ---- */

TEST(what_is_not_in_the_table_of_steps_changes_nothing)
{
    for (int operation = 0; operation < CAPAUTH__OPERATIONS; operation++) {
        struct capauth__ending ending = {.operation = operation, .outcome = CAPAUTH_E_NETWORK};

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

/* ---- Regeneration that is refused, and lost identifier updates ---- */

#define CLEARED                                                                                                        \
    "access_token=- id_token=- session_id=- token=- key=- authorized_token=- role= customer_id= expires_at=0 "         \
    "issued_at=0 app_registered=-1 registered_for_password=-1 next_step=token_generate otp.sent_at=0 "                 \
    "otp.wrong_answers=0 otp.channel=- otp.destination= refresh_off=0 validate_unknown=0 "

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

static void check_tells(const char *token, const char *expected)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    struct capauth__ending ending = SUCCESS(TOKEN_REGENERATE, NEW_TOKEN, .token = token);
    struct capauth__state next;

    assert_code(capauth__state_after(&state, &ending, &next), CAPAUTH_OK);
    capauth__state_swap(&state, &next);
    assert_string_equal(state.identity.identifier, expected);
    if (!strcmp(token, HEAD_MINE "." CLAIMS ".s") || !strcmp(token, HEAD_OTHER "." CLAIMS ".s"))
        assert_null(state.other_identifier);
    else
        assert_string_equal(state.other_identifier, OTHER);
    capauth__state_wipe(&state);
}

TEST(after_a_lost_identifier_update_the_next_token_tells_which_value_holds)
{
    check_tells(HEAD_MINE "." CLAIMS ".s", MINE);
    check_tells(HEAD_OTHER "." CLAIMS ".s", OTHER);
    check_tells(HEAD_OTHER_TYPE "." CLAIMS ".s", MINE);
    check_tells(HEAD_NOBODY "." CLAIMS ".s", MINE);
    check_tells("T2", MINE);
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

/* ---- Sign-out, reload, late replies ---- */

TEST(a_sign_out_leaves_who_it_is_and_nothing_else)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE), next;

    capauth__state_after_sign_out(&state, &next);
    assert_string_equal(swap_in(&state, &next),
                        CLEARED "other_identifier=- stamp.sign_in=new stamp.token=new stamp.key=new changes=10");
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

/* ---- Drafts ---- */

TEST(a_draft_that_is_discarded_has_changed_nothing)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE), next;
    struct capauth__ending ending =
        SUCCESS(OTP_VALIDATE, TOKEN, .token = HEAD_MINE "." CLAIMS ".s", .key = "K2", .session_id = "S2");
    struct picture before = picture_of(&state), after;
    size_t live = memory.live;

    assert_code(capauth__state_after(&state, &ending, &next), CAPAUTH_OK);
    capauth__state_discard(&state, &next);
    assert_null(next.token);
    assert_null(next.identity.brand);
    after = picture_of(&state);
    assert_string_equal(picture_differences(&before, &after), "");
    assert_int_equal(memory.live, live);
    capauth__state_wipe(&state);
}

/* What an operation's end did with memory running out at the `which`th allocation. */
struct run {
    struct capauth__state state;
    struct capauth__ending ending;
    struct picture before;
    struct picture after;
    bool ran_out;
    int code;
};

static struct run run_out(const struct capauth__ending *ending, size_t which)
{
    struct run run = {.state = full_state(CAPAUTH_FLOW_MOBILE), .ending = *ending};
    struct capauth__state next;
    size_t live;

    run.ending.new_value = capauth__duplicate("917");
    run.ending.fallback_channel = capauth__duplicate("WHATSAPP");
    run.before = picture_of(&run.state);
    live = memory.live;
    memory_fail_at(which);
    run.code = capauth__state_after(&run.state, &run.ending, &next);
    run.ran_out = memory_ran_out();
    memory_fail_at(0);
    if (run.code == CAPAUTH_OK)
        capauth__state_swap(&run.state, &next);
    else
        assert_int_equal(memory.live, live);
    run.after = picture_of(&run.state);
    return run;
}

static void end_run(struct run *run)
{
    capauth__wipe_free(&run->ending.new_value);
    capauth__wipe_free(&run->ending.fallback_channel);
    capauth__state_wipe(&run->state);
}

/* Gives how many allocations there are, at each of which there was no memory. */
static size_t check_without_memory(struct capauth__ending ending)
{
    size_t which = 0;
    bool ran_out = true;

    while (ran_out) {
        struct run run = run_out(&ending, ++which);

        if ((ran_out = run.ran_out)) {
            assert_code(run.code, CAPAUTH_E_NO_MEMORY);
            assert_string_equal(picture_differences(&run.before, &run.after), "");
            assert_string_equal(run.ending.new_value, "917");
            assert_string_equal(run.ending.fallback_channel, "WHATSAPP");
        } else {
            assert_code(run.code, CAPAUTH_OK);
        }
        end_run(&run);
    }
    return which - 1;
}

TEST(without_memory_nothing_has_changed)
{
    static const char claims_with_an_escape[] = "h.eyJyb2wiOiJVU0VSXHUwMDQxIn0.s";

    assert_int_equal(check_without_memory(SUCCESS(TOKEN_GENERATE, SESSION, .session_id = "S2", .token = "T2")), 2);
    assert_int_equal(check_without_memory(SUCCESS(OTP_VALIDATE, TOKEN, .token = "T2", .key = "K2")), 2);
    assert_true(check_without_memory(SUCCESS(OTP_VALIDATE, TOKEN, .token = "h." CLAIMS ".s", .key = "K2")) > 2);
    assert_true(check_without_memory(SUCCESS(OTP_VALIDATE, TOKEN, .token = claims_with_an_escape)) > 1);
}

TEST(what_only_takes_away_or_moves_needs_no_memory)
{
    assert_int_equal(check_without_memory(SUCCESS(OTP_GENERATE, NOTHING)), 0);
    assert_int_equal(check_without_memory(SUCCESS(IDENTIFIER_UPDATE, NOTHING)), 0);
    assert_int_equal(check_without_memory(SUCCESS(TOKEN_EXPIRE, NOTHING)), 0);
    assert_int_equal(check_without_memory(FAILURE(IDENTIFIER_UPDATE, CAPAUTH_E_UNKNOWN_OUTCOME)), 0);
    assert_int_equal(check_without_memory(FAILURE(TOKEN_REGENERATE, CAPAUTH_INVALID_KEY)), 0);
}

TEST(without_memory_to_see_whose_token_it_is_that_is_asked_again_next_time)
{
    struct capauth__ending ending = SUCCESS(TOKEN_REGENERATE, NEW_TOKEN, .token = HEAD_OTHER ".e30.s");
    size_t asked_again = 0;
    bool ran_out = true;

    for (size_t which = 1; ran_out; which++) {
        struct run run = run_out(&ending, which);

        ran_out = run.ran_out;
        if (ran_out && run.code == CAPAUTH_OK) {
            asked_again++;
            assert_string_equal(run.state.identity.identifier, MINE);
            assert_string_equal(run.state.other_identifier, OTHER);
            assert_string_equal(run.state.token, HEAD_OTHER ".e30.s");
        }
        end_run(&run);
    }
    assert_int_equal(asked_again, 2); /* to read the token, to keep the identifier */
}

TEST(without_memory_for_a_late_key_nothing_has_changed)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE), next;
    struct picture before = picture_of(&state), after;

    memory_fail_at(1);
    assert_code(capauth__state_after_key(&state, "K2", &next), CAPAUTH_E_NO_MEMORY);
    memory_fail_at(0);
    after = picture_of(&state);
    assert_string_equal(picture_differences(&before, &after), "");
    capauth__state_wipe(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(token_generate_begins_a_new_sign_in_and_keeps_nothing_of_the_one_before),
        CLEAN_TEST(token_generate_without_a_token_takes_the_old_one_away),
        CLEAN_TEST(otp_generate_notes_when_and_where_to_the_otp_went),
        CLEAN_TEST(otp_generate_for_a_username_tells_of_the_contact),
        CLEAN_TEST(an_accepted_otp_or_password_brings_token_and_key_and_ends_the_session_id),
        CLEAN_TEST(the_role_of_a_token_that_names_none_is_the_replys),
        CLEAN_TEST(a_role_that_is_too_long_for_one_is_none),
        CLEAN_TEST(a_token_that_waits_for_the_second_factor_leads_there),
        CLEAN_TEST(a_reply_without_key_keeps_the_key),
        CLEAN_TEST(a_regenerated_token_keeps_the_session_id_and_what_is_known_of_the_otp),
        CLEAN_TEST(what_brings_no_token_takes_none_from_its_reply),
        CLEAN_TEST(flags_that_a_reply_names_are_kept_and_others_stay),
        CLEAN_TEST(a_token_that_was_expired_is_gone_and_its_key_stays),
        CLEAN_TEST(an_identifier_that_was_updated_is_the_customers_from_now_on),
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
        CLEAN_TEST(a_refused_regeneration_ends_the_sign_in),
        CLEAN_TEST(after_a_lost_identifier_update_a_refused_regeneration_tries_the_other_value),
        CLEAN_TEST(after_a_lost_identifier_update_the_next_token_tells_which_value_holds),
        CLEAN_TEST(without_a_lost_identifier_update_a_token_does_not_change_the_identifier),
        CLEAN_TEST(a_sign_out_leaves_who_it_is_and_nothing_else),
        CLEAN_TEST(a_reload_takes_all_and_is_a_new_sign_in),
        CLEAN_TEST(a_key_out_of_a_late_reply_changes_the_key_alone),
        CLEAN_TEST(the_same_token_anew_is_a_new_one),
        CLEAN_TEST(a_draft_that_is_discarded_has_changed_nothing),
        CLEAN_TEST(without_memory_nothing_has_changed),
        CLEAN_TEST(what_only_takes_away_or_moves_needs_no_memory),
        CLEAN_TEST(without_memory_to_see_whose_token_it_is_that_is_asked_again_next_time),
        CLEAN_TEST(without_memory_for_a_late_key_nothing_has_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
