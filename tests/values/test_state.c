/* SPDX-License-Identifier: Apache-2.0 */
/* What a sign-in says of itself: who is signed in, what can be sent, whose answer comes too late. */
#include "support.h"

#include <string.h>

#include "base/secret.h"
#include "memory.h"
#include "picture.h"

static void set_role(struct capauth__state *state, const char *role)
{
    memset(state->claims.role, 0, sizeof state->claims.role);
    memcpy(state->claims.role, role, strlen(role));
}

TEST(a_new_state_knows_nothing)
{
    struct capauth__state state, empty = {0};
    struct picture before = picture_of(&empty), after;

    capauth__state_init(&state, CAPAUTH_FLOW_WEB);
    after = picture_of(&state);
    assert_string_equal(picture_differences(&before, &after),
                        "flow=2 app_registered=-1 registered_for_password=-1 next_step=token_generate");
    capauth__state_init(&state, CAPAUTH_FLOW_EXTERNAL);
    assert_int_equal(state.next_step, CAPAUTH_STEP_DONE);
}

TEST(wiping_leaves_nothing)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB), nothing = {0};

    capauth__state_wipe(&state);
    assert_memory_equal(&state, &nothing, sizeof state);
}

TEST(who_has_a_token_of_a_whole_role_is_signed_in)
{
    static const char *const partial[] = {"VIEW", "MFA_PENDING", "AUTH"};
    static const char *const whole[] = {"USER", "", "VIEWER", "view"};
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);

    for (size_t i = 0; i < 3; i++) {
        set_role(&state, partial[i]);
        assert_false(capauth__state_signed_in(&state));
        assert_false(capauth__state_can_regenerate(&state));
    }
    for (size_t i = 0; i < 4; i++) {
        set_role(&state, whole[i]);
        assert_true(capauth__state_signed_in(&state));
        assert_true(capauth__state_can_regenerate(&state));
    }
    capauth__wipe_free(&state.token);
    assert_false(capauth__state_signed_in(&state));
    capauth__state_wipe(&state);
}

TEST(mobile_and_mfa_regenerate_by_the_key_and_web_by_the_token)
{
    for (int flow = CAPAUTH_FLOW_MOBILE; flow <= CAPAUTH_FLOW_MFA; flow++) {
        struct capauth__state state = full_state(flow);
        bool by_token = flow == CAPAUTH_FLOW_WEB;

        capauth__wipe_free(&state.token);
        assert_int_equal(capauth__state_can_regenerate(&state), !by_token);
        capauth__state_wipe(&state);
        state = full_state(flow);
        capauth__wipe_free(&state.key);
        assert_int_equal(capauth__state_can_regenerate(&state), by_token);
        capauth__state_wipe(&state);
    }
}

TEST(only_a_token_that_is_there_expires)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);

    assert_int_equal(capauth__state_expires_at_ms(&state), 2000);
    capauth__wipe_free(&state.token);
    assert_int_equal(capauth__state_expires_at_ms(&state), 0);
    capauth__state_wipe(&state);
}

/* ---- What lacks ---- */

static void check_lacks(const struct capauth__state *state, enum capauth__operation operation, unsigned fields,
                        int code, const char *argument)
{
    struct capauth__fault fault = capauth__state_lacks(state, operation, fields);

    assert_code(fault.code, code);
    assert_int_equal(fault.message != NULL, code != CAPAUTH_OK);
    assert_int_equal(fault.argument != NULL, argument != NULL);
    if (argument)
        assert_string_equal(fault.argument, argument);
}

TEST(a_request_needs_each_member_that_it_sends)
{
    static const struct {
        unsigned field;
        size_t text;
        int code;
        const char *argument;
    } needed[] = {
        {0, offsetof(struct capauth__state, identity.identifier), CAPAUTH_E_INVALID_ARGUMENT, "identifier"},
        {CAPAUTH__F_DEVICE, offsetof(struct capauth__state, identity.device_id), CAPAUTH_E_INVALID_ARGUMENT,
         "device_id"},
        {CAPAUTH__F_SESSION_ID, offsetof(struct capauth__state, session_id), CAPAUTH_E_WRONG_STEP, NULL},
        {CAPAUTH__F_AUTHORIZED_TOKEN, offsetof(struct capauth__state, authorized_token), CAPAUTH_E_WRONG_STEP, NULL},
        {CAPAUTH__F_TOKEN, offsetof(struct capauth__state, token), CAPAUTH_E_WRONG_STEP, NULL},
    };
    enum { ALL = ~0 };

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);

        check_lacks(&state, CAPAUTH__OTP_GENERATE, (unsigned)ALL, CAPAUTH_OK, NULL);
        capauth__wipe_free((char **)(void *)((char *)&state + needed[i].text));
        check_lacks(&state, CAPAUTH__OTP_GENERATE, needed[i].field, needed[i].code, needed[i].argument);
        if (needed[i].field)
            check_lacks(&state, CAPAUTH__OTP_GENERATE, (unsigned)ALL & ~needed[i].field, CAPAUTH_OK, NULL);
        capauth__state_wipe(&state);
    }
}

TEST(web_needs_no_device)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);

    capauth__wipe_free(&state.identity.device_id);
    check_lacks(&state, CAPAUTH__OTP_GENERATE, CAPAUTH__F_DEVICE, CAPAUTH_OK, NULL);
    capauth__state_wipe(&state);
}

TEST(without_what_regenerates_a_sign_in_is_required)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);

    check_lacks(&state, CAPAUTH__TOKEN_REGENERATE, CAPAUTH__F_KEY, CAPAUTH_OK, NULL);
    capauth__wipe_free(&state.key);
    check_lacks(&state, CAPAUTH__TOKEN_REGENERATE, CAPAUTH__F_KEY, CAPAUTH_E_SIGN_IN_REQUIRED, NULL);
    check_lacks(&state, CAPAUTH__OTP_GENERATE, CAPAUTH__F_KEY, CAPAUTH_OK, NULL);
    state.identity.flow = CAPAUTH_FLOW_WEB;
    set_role(&state, "VIEW");
    check_lacks(&state, CAPAUTH__TOKEN_REGENERATE, 0, CAPAUTH_E_SIGN_IN_REQUIRED, NULL);
    capauth__state_wipe(&state);
}

TEST(what_is_missing_to_regenerate_is_named)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_MOBILE);

    capauth__wipe_free(&state.key);
    capauth__wipe_free(&state.token);
    assert_string_equal(capauth__state_lacks(&state, CAPAUTH__TOKEN_REGENERATE, 0).message, "the session has no key");
    state.identity.flow = CAPAUTH_FLOW_WEB;
    assert_string_equal(capauth__state_lacks(&state, CAPAUTH__TOKEN_REGENERATE, 0).message, "the session has no token");
    capauth__state_wipe(&state);
}

/* ---- Too late, and who ---- */

TEST(an_answer_is_past_when_the_sign_in_is_or_the_token_that_it_is_about)
{
    const struct capauth__state state = {.stamp = {.sign_in = 3, .token = 5, .key = 7}};
    const struct capauth__stamp same = {3, 5, 7}, other_token = {3, 4, 7}, other_key = {3, 5, 6}, other = {2, 5, 7};

    for (int about_token = 0; about_token < 2; about_token++) {
        assert_false(capauth__state_is_past(&state, &same, about_token));
        assert_false(capauth__state_is_past(&state, &other_key, about_token));
        assert_true(capauth__state_is_past(&state, &other, about_token));
        assert_int_equal(capauth__state_is_past(&state, &other_token, about_token), about_token);
    }
}

static struct capauth__state customer(char *identifier, char *other_identifier, const char *id)
{
    static char brand[] = "Brand", token[] = "T";
    struct capauth__state state = {.identity = {.flow = CAPAUTH_FLOW_WEB, .brand = brand, .identifier = identifier},
                                   .other_identifier = other_identifier,
                                   .token = token};

    memcpy(state.claims.customer_id, id, strlen(id));
    return state;
}

static void check_same(struct capauth__state one, struct capauth__state other, bool same)
{
    assert_int_equal(capauth__state_same_customer(&one, &other), same);
    assert_int_equal(capauth__state_same_customer(&other, &one), same);
}

TEST(a_customer_is_the_same_by_the_id_or_else_by_any_identifier)
{
    char a[] = "a", b[] = "b", also_a[] = "a", shouted[] = "BRAND", elsewhere[] = "Brand2";
    struct capauth__state other;

    check_same(customer(a, NULL, "1"), customer(b, NULL, "1"), true);
    check_same(customer(a, NULL, "1"), customer(also_a, NULL, "2"), false);
    check_same(customer(a, NULL, "1"), customer(also_a, NULL, ""), true);
    check_same(customer(a, NULL, ""), customer(also_a, NULL, ""), true);
    check_same(customer(a, NULL, ""), customer(b, NULL, ""), false);
    check_same(customer(a, NULL, ""), customer(b, also_a, ""), true);
    check_same(customer(b, a, ""), customer(NULL, NULL, ""), false);
    check_same(customer(a, NULL, ""), customer(NULL, NULL, ""), false);
    check_same(customer(NULL, a, ""), customer(b, also_a, ""), false); /* another one beside none says nothing */
    check_same(customer(b, a, ""), customer(elsewhere, also_a, ""), true);
    check_same(customer(NULL, NULL, ""), customer(NULL, NULL, ""), true);
    check_same(customer(NULL, NULL, "1"), customer(a, NULL, "1"), true);
    other = customer(also_a, NULL, "1");
    other.identity.brand = shouted;
    check_same(customer(a, NULL, "1"), other, true);
    other.identity.brand = elsewhere;
    check_same(customer(a, NULL, "1"), other, false);
    other = customer(also_a, NULL, "1");
    other.identity.flow = CAPAUTH_FLOW_MOBILE;
    check_same(customer(a, NULL, "1"), other, false);
}

TEST(an_id_of_a_token_that_is_gone_does_not_count)
{
    char a[] = "a", also_a[] = "a";
    struct capauth__state one = customer(a, NULL, "1"), other = customer(also_a, NULL, "2");

    other.token = NULL;
    check_same(one, other, true);
    one.token = NULL;
    check_same(one, other, true);
}

TEST(a_state_holds_its_own_texts_and_no_equal_ones)
{
    struct capauth__state state = full_state(CAPAUTH_FLOW_WEB);
    char equal[] = "T1";
    char **slot;
    size_t count = 0;

    for (; (slot = capauth__state_slot_at(&state, count)); count++)
        assert_true(capauth__state_holds(&state, *slot));
    assert_int_equal(count, 13);
    assert_false(capauth__state_holds(&state, equal));
    assert_false(capauth__state_holds(&state, NULL));
    capauth__state_wipe(&state);
    assert_false(capauth__state_holds(&state, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(a_new_state_knows_nothing),
        CLEAN_TEST(wiping_leaves_nothing),
        CLEAN_TEST(who_has_a_token_of_a_whole_role_is_signed_in),
        CLEAN_TEST(mobile_and_mfa_regenerate_by_the_key_and_web_by_the_token),
        CLEAN_TEST(only_a_token_that_is_there_expires),
        CLEAN_TEST(a_request_needs_each_member_that_it_sends),
        CLEAN_TEST(web_needs_no_device),
        CLEAN_TEST(without_what_regenerates_a_sign_in_is_required),
        CLEAN_TEST(what_is_missing_to_regenerate_is_named),
        CLEAN_TEST(an_answer_is_past_when_the_sign_in_is_or_the_token_that_it_is_about),
        CLEAN_TEST(a_customer_is_the_same_by_the_id_or_else_by_any_identifier),
        CLEAN_TEST(an_id_of_a_token_that_is_gone_does_not_count),
        CLEAN_TEST(a_state_holds_its_own_texts_and_no_equal_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
