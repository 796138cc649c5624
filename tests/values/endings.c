/* SPDX-License-Identifier: Apache-2.0 */
#include "endings.h"

const char *swap_in(struct capauth__state *state, struct capauth__state *next)
{
    struct picture before = picture_of(state), after;

    capauth__state_swap(state, next);
    assert_null(next->token);
    assert_null(next->identity.brand);
    after = picture_of(state);
    return picture_differences(&before, &after);
}

const char *changes_of(struct capauth__state *state, struct capauth__ending *ending)
{
    struct picture before = picture_of(state), still;
    struct capauth__state next;

    assert_code(capauth__state_after(state, ending, &next), CAPAUTH_OK);
    still = picture_of(state);
    assert_string_equal(picture_differences(&before, &still), "");
    return swap_in(state, &next);
}

void check_changes(int flow, struct capauth__ending ending, const char *expected)
{
    struct capauth__state state = full_state(flow);

    assert_string_equal(changes_of(&state, &ending), expected);
    assert_null(ending.new_value);
    assert_null(ending.fallback_channel);
    capauth__state_wipe(&state);
}

void check_mobile(struct capauth__ending ending, const char *expected)
{
    check_changes(CAPAUTH_FLOW_MOBILE, ending, expected);
}
