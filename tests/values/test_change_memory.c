/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that do not come about: discarded, or memory runs out at any allocation. Then all is as it was. */
#include "endings.h"

#include <string.h>

#include "base/secret.h"
#include "memory.h"

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

TEST(what_a_reply_brings_and_the_operation_takes_away_is_wiped)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE), next;
    struct capauth__ending ending = SUCCESS(TOKEN_GENERATE, TOKEN, .token = "T2", .key = "K2");

    assert_code(capauth__state_after(&state, &ending, &next), CAPAUTH_OK);
    assert_null(next.key);
    capauth__state_swap(&state, &next);
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

    assert_int_equal(
        check_without_memory(SUCCESS(TOKEN_GENERATE, SESSION, .session_id = "S2", .token = "T2", .key = "K2")), 2);
    assert_int_equal(check_without_memory(SUCCESS(OTP_VALIDATE, TOKEN, .token = "T2", .key = "K2")), 2);
    assert_int_equal(check_without_memory(SUCCESS(IDENTIFIER_UPDATE, NEW_TOKEN, .token = "T2", .key = "K2")), 2);
    assert_int_equal(check_without_memory(SUCCESS(OTP_GENERATE, NEW_TOKEN, .token = "T2", .key = "K2")), 2);
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
        CLEAN_TEST(a_draft_that_is_discarded_has_changed_nothing),
        CLEAN_TEST(what_a_reply_brings_and_the_operation_takes_away_is_wiped),
        CLEAN_TEST(without_memory_nothing_has_changed),
        CLEAN_TEST(what_only_takes_away_or_moves_needs_no_memory),
        CLEAN_TEST(without_memory_to_see_whose_token_it_is_that_is_asked_again_next_time),
        CLEAN_TEST(without_memory_for_a_late_key_nothing_has_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
