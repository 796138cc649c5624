/* SPDX-License-Identifier: Apache-2.0 */
/* What the end of a call means, for every way in which its attempts can have gone; and which attempts are made again.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "session/outcome.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

enum { REFUSAL = 1506 };

static const enum capauth__reach reaches[] = {CAPAUTH__NOT_SENT, CAPAUTH__TURNED_AWAY, CAPAUTH__LOST,
                                              CAPAUTH__ANSWERED};

/* Why a call can end, and whether the same call may then succeed later. */
static const struct {
    int code;
    bool retryable;
} causes[] = {
    {CAPAUTH_OK, false},
    {REFUSAL, false},
    {CAPAUTH_E_RESOLVE, true},
    {CAPAUTH_E_CONNECT, true},
    {CAPAUTH_E_NETWORK, true},
    {CAPAUTH_E_TLS, false},
    {CAPAUTH_E_DEADLINE, true},
    {CAPAUTH_E_CANCELLED, false},
    {CAPAUTH_E_SERVICE, true},
    {CAPAUTH_E_PROTOCOL, false},
    {CAPAUTH_E_REFUSED, false},
    {CAPAUTH_E_NO_MEMORY, false},
    {CAPAUTH_OTP_RATE_LIMITED, true},
    {CAPAUTH_E_RATE_LIMITED, true},
    {CAPAUTH_E_CLOSED, false},
    {CAPAUTH_E_UNKNOWN_OUTCOME, false},
};

/* One row of the table, by the words of the rule. */
static void check_row(const struct capauth__attempts *attempts, int cause, bool cause_is_retryable)
{
    struct capauth__outcome outcome = capauth__outcome_of(attempts, cause);
    bool unknown = cause != CAPAUTH_OK && attempts->last == CAPAUTH__LOST && !attempts->repeatable;
    bool arrived = attempts->last == CAPAUTH__LOST || attempts->last == CAPAUTH__ANSWERED || attempts->lost_before;
    bool retryable = cause_is_retryable && !unknown && !attempts->pointless;

    assert_code(outcome.code, unknown ? CAPAUTH_E_UNKNOWN_OUTCOME : cause);
    assert_code(outcome.cause, cause);
    assert_int_equal(outcome.maybe_sent, arrived);
    assert_int_equal(outcome.retryable, retryable);
}

TEST(the_whole_table_of_reach_repeatable_and_cause)
{
    for (unsigned i = 0; i < COUNT(reaches) * COUNT(causes) * 8; i++) {
        struct capauth__attempts attempts = {
            .repeatable = i & 1,
            .lost_before = i & 2,
            .pointless = i & 4,
            .last = reaches[i / 8 % COUNT(reaches)],
        };

        check_row(&attempts, causes[i / 8 / COUNT(reaches)].code, causes[i / 8 / COUNT(reaches)].retryable);
    }
}

/* Some rows again, written out: what users rely on. */
TEST(what_may_have_been_done_and_may_not_be_repeated_has_an_unknown_outcome)
{
    struct capauth__attempts attempts = {.repeatable = false};

    capauth__attempts_add(&attempts, CAPAUTH__LOST);
    assert_code(capauth__outcome_of(&attempts, CAPAUTH_E_NETWORK).code, CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_code(capauth__outcome_of(&attempts, CAPAUTH_E_CANCELLED).code, CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_code(capauth__outcome_of(&attempts, CAPAUTH_E_NETWORK).cause, CAPAUTH_E_NETWORK);
    assert_true(capauth__outcome_of(&attempts, CAPAUTH_E_NETWORK).maybe_sent);
    assert_false(capauth__outcome_of(&attempts, CAPAUTH_E_NETWORK).retryable);
    attempts.repeatable = true;
    assert_code(capauth__outcome_of(&attempts, CAPAUTH_E_NETWORK).code, CAPAUTH_E_NETWORK);
    assert_true(capauth__outcome_of(&attempts, CAPAUTH_E_NETWORK).retryable);
}

TEST(what_was_never_sent_is_known_not_to_be_done)
{
    struct capauth__attempts attempts = {.repeatable = false};
    struct capauth__outcome outcome;

    capauth__attempts_add(&attempts, CAPAUTH__NOT_SENT);
    outcome = capauth__outcome_of(&attempts, CAPAUTH_E_CONNECT);
    assert_code(outcome.code, CAPAUTH_E_CONNECT);
    assert_false(outcome.maybe_sent);
    assert_true(outcome.retryable);
}

TEST(an_attempt_that_was_lost_is_not_forgotten_by_the_next)
{
    for (size_t i = 0; i < COUNT(reaches); i++) {
        struct capauth__attempts attempts = {.repeatable = true};

        capauth__attempts_add(&attempts, CAPAUTH__LOST);
        assert_false(attempts.lost_before);
        capauth__attempts_add(&attempts, reaches[i]);
        assert_true(attempts.lost_before);
        assert_int_equal(attempts.last, reaches[i]);
        capauth__attempts_add(&attempts, CAPAUTH__NOT_SENT);
        assert_true(attempts.lost_before);
        assert_true(capauth__outcome_of(&attempts, CAPAUTH_E_CONNECT).maybe_sent);
    }
}

TEST(attempts_that_were_not_lost_leave_nothing_behind)
{
    static const enum capauth__reach known[] = {CAPAUTH__NOT_SENT, CAPAUTH__TURNED_AWAY, CAPAUTH__ANSWERED};

    for (size_t i = 0; i < COUNT(known); i++) {
        struct capauth__attempts attempts = {.repeatable = true};

        capauth__attempts_add(&attempts, known[i]);
        capauth__attempts_add(&attempts, CAPAUTH__NOT_SENT);
        assert_false(attempts.lost_before);
    }
}

/* ---- Answers before anybody has read them ---- */

static const int errors[] = {CAPAUTH_OK,          CAPAUTH_E_RESOLVE,  CAPAUTH_E_CONNECT,
                             CAPAUTH_E_NETWORK,   CAPAUTH_E_TLS,      CAPAUTH_E_PROTOCOL,
                             CAPAUTH_E_NO_MEMORY, CAPAUTH_E_DEADLINE, CAPAUTH_E_CANCELLED};

static struct capauth__attempts ended_with(int error, bool may_have_left, int http_status)
{
    struct capauth__attempts attempts = {.repeatable = false, .pointless = true};
    struct capauth__answer answer = {.error = error, .may_have_left = may_have_left, .http_status = http_status};

    capauth__attempts_end(&attempts, &answer);
    return attempts;
}

TEST(an_answer_that_did_not_come_is_lost_unless_nothing_has_left)
{
    for (size_t i = 1; i < COUNT(errors); i++) {
        assert_int_equal(ended_with(errors[i], true, 0).last, CAPAUTH__LOST);
        assert_int_equal(ended_with(errors[i], false, 0).last, CAPAUTH__NOT_SENT);
        assert_false(ended_with(errors[i], false, 0).pointless);
        assert_false(ended_with(errors[i], true, 404).pointless);
    }
}

TEST(what_a_proxy_did_not_let_through_is_turned_away_for_good_or_for_now)
{
    static const int refusals[] = {407, 403};

    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct capauth__attempts attempts = ended_with(CAPAUTH_E_SERVICE, false, refusals[i]);

        assert_int_equal(attempts.last, CAPAUTH__TURNED_AWAY);
        assert_int_equal(attempts.pointless, refusals[i] == 407);
    }
}

TEST(a_status_tells_who_has_turned_the_request_away_and_whether_for_ever)
{
    for (int status = 100; status < 700; status++) {
        bool turned_away = (status >= 300 && status <= 499) || status == 503;
        bool passing = status == 403 || status == 408 || status == 429 || status == 503;
        struct capauth__attempts attempts = ended_with(CAPAUTH_OK, true, status);

        assert_int_equal(attempts.last, turned_away ? CAPAUTH__TURNED_AWAY : CAPAUTH__LOST);
        assert_int_equal(attempts.pointless, turned_away && !passing);
    }
}

static bool may_repeat(bool repeatable, int error, bool may_have_left, int http_status)
{
    struct capauth__attempts attempts = {.repeatable = repeatable};
    struct capauth__answer answer = {.error = error, .may_have_left = may_have_left, .http_status = http_status};

    return capauth__may_repeat(&attempts, &answer);
}

TEST(an_attempt_is_made_again_only_where_it_does_no_harm_and_may_help)
{
    for (size_t i = 1; i < COUNT(errors); i++) {
        bool passing =
            errors[i] == CAPAUTH_E_RESOLVE || errors[i] == CAPAUTH_E_CONNECT || errors[i] == CAPAUTH_E_NETWORK;

        assert_int_equal(may_repeat(true, errors[i], true, 0), passing);
        assert_int_equal(may_repeat(true, errors[i], false, 0), passing);
        assert_int_equal(may_repeat(false, errors[i], false, 0), passing);
        assert_false(may_repeat(false, errors[i], true, 0));
    }
}

TEST(a_status_is_asked_again_only_where_that_is_allowed_and_it_may_pass)
{
    for (int status = 100; status < 700; status++) {
        assert_int_equal(may_repeat(true, CAPAUTH_OK, true, status), status == 408 || status == 429 || status >= 500);
        assert_false(may_repeat(false, CAPAUTH_OK, true, status));
        assert_false(may_repeat(false, CAPAUTH_OK, false, status)); /* an answer came: it has arrived */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN_TEST(the_whole_table_of_reach_repeatable_and_cause),
        CLEAN_TEST(what_may_have_been_done_and_may_not_be_repeated_has_an_unknown_outcome),
        CLEAN_TEST(what_was_never_sent_is_known_not_to_be_done),
        CLEAN_TEST(an_attempt_that_was_lost_is_not_forgotten_by_the_next),
        CLEAN_TEST(attempts_that_were_not_lost_leave_nothing_behind),
        CLEAN_TEST(an_answer_that_did_not_come_is_lost_unless_nothing_has_left),
        CLEAN_TEST(what_a_proxy_did_not_let_through_is_turned_away_for_good_or_for_now),
        CLEAN_TEST(a_status_tells_who_has_turned_the_request_away_and_whether_for_ever),
        CLEAN_TEST(an_attempt_is_made_again_only_where_it_does_no_harm_and_may_help),
        CLEAN_TEST(a_status_is_asked_again_only_where_that_is_allowed_and_it_may_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
