/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of steps (core/operations.json), walked: from every state, every operation ends with every outcome
 * that the table lists, and with some that it does not, and next_step is what the table says.
 */
#include "support_operations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/operation.h"

struct transition {
    enum capauth__operation verb;
    int outcome;
    int step;
    const char *name;
};

static const struct transition table[] = {
#define NEXT_STEP(verb, outcome, step) {CAPAUTH__##verb, outcome, step, #verb ", " #outcome},
#include "generated/operations.def"
};

enum { TRANSITIONS = sizeof table / sizeof table[0], STATES = CAPAUTH_STEP_DONE };

/* ---- Provoking an outcome ---- */

/* A reply that makes an operation end so; an empty text drops the connection. */
static void write_reply(char *text, size_t size, int outcome, const char *user)
{
    char body[512];

    text[0] = '\0';
    if (outcome == CAPAUTH_E_UNKNOWN_OUTCOME)
        return;
    if (outcome == CAPAUTH_OK)
        snprintf(body, sizeof body,
                 "{\"status\":{\"success\":true,\"code\":200},\"auth\":{\"token\":\"T2\",\"key\":\"K2\"},"
                 "\"user\":{\"sessionId\":\"P-2\",%s}}",
                 user);
    else
        snprintf(body, sizeof body, "{\"status\":{\"success\":false,\"code\":%d,\"message\":\"no\"}}", outcome);
    snprintf(text, size, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
}

/* What the caller is told: what may be repeated never has an unknown outcome. */
static int told(enum capauth__operation verb, int outcome)
{
    const struct capauth__request_form *operation = capauth__request_form_of(verb, CAPAUTH_FLOW_MFA);

    return outcome == CAPAUTH_E_UNKNOWN_OUTCOME && operation->repeat != CAPAUTH__NEVER ? CAPAUTH_E_NETWORK : outcome;
}

/* In the MFA flow, which has every operation. */
static capauth_session *session_at(capauth_client *client, const struct raw_server *server, int step)
{
    char text[512];
    capauth_session *session = NULL;

    snprintf(
        text, sizeof text,
        "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mfa\",\"brand\":\"B\",\"device\":\"d\",\"identifierType\":\"MOBILE\","
        "\"identifier\":\"919999999993\",\"sessionId\":\"P-1\",\"nextStep\":\"%s\",\"token\":\"T1\",\"key\":\"K1\","
        "\"authorizedToken\":\"A1\"}",
        raw_server_url(server), capauth_step_name(step));
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
    return session;
}

/* One operation from each state; all see the same reply. `expected` 0: the step stays. */
static void check_from_every_state(enum capauth__operation verb, int outcome, const char *user, int expected)
{
    char reply[1024];
    const char *const replies[] = {reply, NULL};
    struct raw_server *server;
    capauth_client *client;

    write_reply(reply, sizeof reply, outcome, user);
    server = raw_server_start(replies, false);
    client = new_raw_client(server);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    for (int step = CAPAUTH_STEP_TOKEN_GENERATE; step <= STATES; step++) {
        capauth_session *session = session_at(client, server, step);

        assert_int_equal(capauth_session_next_step(session), step);
        assert_code(start_operation(operation_named(capauth__operation_name(verb)), session, NULL, NULL),
                    told(verb, outcome));
        if (capauth_session_next_step(session) != (expected ? expected : step))
            fail_msg("from %s, %s with %d leads to %s, not to %s", capauth_step_name(step),
                     capauth__operation_name(verb), outcome, capauth_step_name(capauth_session_next_step(session)),
                     capauth_step_name(expected ? expected : step));
        capauth_session_free(&session);
    }
    capauth_client_free(&client);
    raw_server_stop(server);
}

/* ---- The walk ---- */

TEST(every_row_of_the_table_from_every_state)
{
    for (size_t i = 0; i < TRANSITIONS; i++) {
        enum capauth__operation verb = table[i].verb;
        int outcome = table[i].outcome;

        print_message("%s\n", table[i].name);
        if (table[i].step == CAPAUTH__STEP_BY_PASSWORD) {
            check_from_every_state(verb, outcome, "\"userRegisteredForPassword\":true", CAPAUTH_STEP_PASSWORD_VALIDATE);
            check_from_every_state(verb, outcome, "\"userRegisteredForPassword\":false", CAPAUTH_STEP_OTP_GENERATE);
            check_from_every_state(verb, outcome, "\"userRegisteredForPassword\":null", CAPAUTH_STEP_OTP_GENERATE);
        } else if (table[i].step == CAPAUTH__STEP_BY_ROLE) {
            check_from_every_state(verb, outcome, "\"role\":\"MFA_PENDING\"", CAPAUTH_STEP_SECOND_FACTOR);
            check_from_every_state(verb, outcome, "\"role\":\"USER\"", CAPAUTH_STEP_DONE);
            check_from_every_state(verb, outcome, "\"role\":\"SHOPPER\"", CAPAUTH_STEP_DONE);
        } else {
            check_from_every_state(verb, outcome, "\"role\":\"USER\"", table[i].step);
        }
    }
}

static bool is_listed(enum capauth__operation verb, int outcome)
{
    for (size_t i = 0; i < TRANSITIONS; i++) {
        if (table[i].verb == verb && table[i].outcome == outcome)
            return true;
    }
    return false;
}

TEST(outcomes_that_are_not_listed_leave_the_step)
{
    static const int outcomes[] = {CAPAUTH_OK,
                                   CAPAUTH_E_UNKNOWN_OUTCOME,
                                   CAPAUTH_OTP_RATE_LIMITED,
                                   CAPAUTH_CANNOT_VALIDATE_OTP,
                                   CAPAUTH_CANNOT_GENERATE_TOKEN,
                                   CAPAUTH_INVALID_SESSION,
                                   CAPAUTH_INVALID_OTP,
                                   CAPAUTH_TOO_MANY_OTP_ATTEMPTS,
                                   CAPAUTH_INVALID_DETAILS,
                                   CAPAUTH_INVALID_PASSWORD,
                                   CAPAUTH_OTP_NOT_GENERATED,
                                   CAPAUTH_PASSWORD_RULES,
                                   7777};

    for (int verb = 0; verb < CAPAUTH__OPERATIONS; verb++) {
        for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
            if (!is_listed((enum capauth__operation)verb, outcomes[i]) &&
                capauth__request_form_of((enum capauth__operation)verb, CAPAUTH_FLOW_MFA))
                check_from_every_state((enum capauth__operation)verb, outcomes[i], "\"role\":\"USER\"", 0);
        }
    }
}

TEST(the_table_has_no_row_twice_and_no_unknown_step)
{
    assert_true(TRANSITIONS > 30);
    for (size_t i = 0; i < TRANSITIONS; i++) {
        assert_true(table[i].step >= CAPAUTH__STEP_BY_ROLE && table[i].step <= CAPAUTH_STEP_DONE);
        assert_int_not_equal(table[i].step, CAPAUTH__STEP_KEEP);
        assert_int_equal(capauth__next_step(table[i].verb, table[i].outcome), table[i].step);
        for (size_t j = 0; j < i; j++)
            assert_false(table[i].verb == table[j].verb && table[i].outcome == table[j].outcome);
    }
    assert_int_equal(capauth__next_step(CAPAUTH__OTP_VALIDATE, CAPAUTH_INVALID_OTP), CAPAUTH__STEP_KEEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_no_row_twice_and_no_unknown_step),
        cmocka_unit_test(every_row_of_the_table_from_every_state),
        cmocka_unit_test(outcomes_that_are_not_listed_leave_the_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
