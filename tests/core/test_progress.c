/* SPDX-License-Identifier: Apache-2.0 */
/* Where a session stands after answers that the table of steps does not tell alone. */
#include "support_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK_LINE "HTTP/1.1 200 OK"
#define YES "{\"status\":{\"success\":true,\"code\":200},\"user\":{\"sessionId\":\"P-2\"}}"
#define LOST ""

static const char *no(int code)
{
    char body[128];

    snprintf(body, sizeof body, "{\"status\":{\"success\":false,\"code\":%d,\"message\":\"no\"}}", code);
    return http_reply(OK_LINE, "", body);
}

struct scene {
    const char *replies[8];
    struct raw_server *server;
    capauth_client *client;
    capauth_session *session;
    char request[65536];
};

static capauth_session *restore(capauth_client *client, const char *url, const char *flow, const char *members)
{
    capauth_session *session = NULL;
    char text[1024];

    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"%s\",\"brand\":\"DocDemo\",\"device\":\"device-1\",%s}", url, flow,
             members);
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
    return session;
}

#define WHO "\"identifierType\":\"MOBILE\",\"identifier\":\"919999999993\""
#define SIGNING_IN WHO ",\"sessionId\":\"P-1\",\"nextStep\":\"otp_validate\""
#define SIGNED_IN                                                                                                      \
    WHO ",\"token\":\"T1\",\"role\":\"USER\",\"key\":\"K1\",\"authorizedToken\":\"A1\",\"nextStep\":\"done\""

static void open_scene(struct scene *scene, const char *flow, const char *members)
{
    scene->server = raw_server_start(scene->replies, false);
    scene->client = new_raw_client(scene->server);
    assert_code(capauth_client_set_max_retries(scene->client, 0), CAPAUTH_OK);
    scene->session = restore(scene->client, raw_server_url(scene->server), flow, members);
}

static void close_scene(struct scene *scene)
{
    capauth_session_free(&scene->session);
    capauth_client_free(&scene->client);
    raw_server_stop(scene->server);
}

static void assert_step(const struct scene *scene, int step)
{
    assert_string_equal(capauth_step_name(capauth_session_next_step(scene->session)), capauth_step_name(step));
}

/* ---- The second factor ---- */

TEST(the_second_factor_keeps_the_contact_and_its_type)
{
    static const struct {
        const char *members, *sent;
    } rows[] = {
        {"\"contactType\":\"EMAIL\",\"contact\":\"t@e.com\"", "\"email\":\"t@e.com\""},
        {"\"contactType\":\"MOBILE\",\"contact\":\"919999999994\"", "\"mobile\":\"919999999994\""},
    };

    for (int i = 0; i < 2; i++) {
        struct scene scene = {.replies = {http_reply(OK_LINE, "", YES)}};
        capauth_session *second = NULL;
        char members[512];

        snprintf(members, sizeof members,
                 "\"identifierType\":\"USERNAME\",\"identifier\":\"tom\",%s,\"token\":\"T1\",\"role\":\"MFA_PENDING\"",
                 rows[i].members);
        open_scene(&scene, "mobile", members);
        assert_code(capauth_session_second_factor(scene.session, &second), CAPAUTH_OK);
        assert_code(capauth_token_generate(second, NULL, NULL), CAPAUTH_OK);
        raw_server_last_request(scene.server, scene.request, sizeof scene.request);
        assert_non_null(strstr(scene.request, rows[i].sent));
        assert_non_null(strstr(scene.request, "\"identifierType\":\"USERNAME\""));
        capauth_session_free(&second);
        close_scene(&scene);
    }
}

/* ---- OTPs ---- */

TEST(an_otp_was_sent_when_the_server_says_so)
{
    static const int64_t date_ms = INT64_C(1672628645000);
    struct scene scene = {.replies = {http_reply(OK_LINE, "Date: Mon, 02 Jan 2023 03:04:05 GMT\r\n", YES)}};

    open_scene(&scene, "mobile", SIGNING_IN);
    assert_int_equal(capauth_session_otp_sent_at(scene.session), 0);
    assert_code(capauth_otp_generate(scene.session, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_otp_sent_at(scene.session) >= date_ms);
    assert_true(capauth_session_otp_sent_at(scene.session) < date_ms + 60000);
    close_scene(&scene);
}

TEST(a_resend_counts_anew)
{
    struct scene scene = {.replies = {no(1506), no(1506), no(1528), http_reply(OK_LINE, "", YES), no(1506)}};

    open_scene(&scene, "mobile", SIGNING_IN);
    for (int i = 1; i <= 2; i++) {
        assert_code(capauth_otp_validate(scene.session, "1", NULL, NULL), CAPAUTH_INVALID_OTP);
        assert_int_equal(capauth_session_otp_wrong_answers(scene.session), i);
    }
    assert_code(capauth_password_validate(scene.session, "p", NULL, NULL), CAPAUTH_INVALID_PASSWORD);
    assert_int_equal(capauth_session_otp_wrong_answers(scene.session), 2); /* those are of the OTP */
    assert_code(capauth_otp_generate(scene.session, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(capauth_session_otp_wrong_answers(scene.session), 0);
    assert_code(capauth_otp_validate(scene.session, "1", NULL, NULL), CAPAUTH_INVALID_OTP);
    assert_int_equal(capauth_session_otp_wrong_answers(scene.session), 1);
    close_scene(&scene);
}

TEST(a_new_sign_in_has_sent_no_otp_and_counted_no_wrong_one)
{
    struct scene scene = {
        .replies = {http_reply(OK_LINE, "", YES), no(1506),
                    http_reply(OK_LINE, "",
                               "{\"status\":{\"success\":true,\"code\":200},\"auth\":{\"token\":\"V2\"},"
                               "\"user\":{\"sessionId\":\"P-2\"}}")}};

    open_scene(&scene, "mobile", SIGNING_IN);
    assert_code(capauth_otp_generate(scene.session, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(scene.session, "1", NULL, NULL), CAPAUTH_INVALID_OTP);
    assert_true(capauth_session_otp_sent_at(scene.session) > 0);
    assert_int_equal(capauth_session_otp_wrong_answers(scene.session), 1);
    assert_code(capauth_token_generate(scene.session, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_otp_sent_at(scene.session) == 0);
    assert_int_equal(capauth_session_otp_wrong_answers(scene.session), 0);
    close_scene(&scene);
}

/* ---- An answer to a validation is lost ---- */

static int validate(capauth_session *session, bool by_password)
{
    return by_password ? capauth_password_validate(session, "p", NULL, NULL)
                       : capauth_otp_validate(session, "1", NULL, NULL);
}

static const struct {
    int code;
    int otherwise; /* the step without anything lost; 0: as before */
    int otherwise_by_password;
} three[] = {
    {CAPAUTH_CANNOT_VALIDATE_OTP, 0, 0},
    {CAPAUTH_INVALID_SESSION, CAPAUTH_STEP_TOKEN_GENERATE, CAPAUTH_STEP_TOKEN_GENERATE},
    {CAPAUTH_OTP_NOT_GENERATED, CAPAUTH_STEP_OTP_GENERATE, 0},
};

TEST(three_codes_lead_to_the_start_after_a_lost_answer)
{
    for (int i = 0; i < 3; i++) {
        for (int by_password = 0; by_password < 2; by_password++) {
            struct scene scene = {.replies = {LOST, no(three[i].code)}};

            print_message("%d\n", three[i].code);
            open_scene(&scene, "mobile", SIGNING_IN);
            assert_code(validate(scene.session, by_password), CAPAUTH_E_UNKNOWN_OUTCOME);
            assert_step(&scene, CAPAUTH_STEP_OTP_VALIDATE); /* one more try */
            assert_code(validate(scene.session, by_password), three[i].code);
            assert_step(&scene, CAPAUTH_STEP_TOKEN_GENERATE);
            close_scene(&scene);
        }
    }
}

TEST(without_a_lost_answer_they_mean_what_they_say)
{
    for (int i = 0; i < 3; i++) {
        for (int by_password = 0; by_password < 2; by_password++) {
            struct scene scene = {.replies = {no(1506), no(three[i].code)}};
            int step = by_password ? three[i].otherwise_by_password : three[i].otherwise;

            print_message("%d\n", three[i].code);
            open_scene(&scene, "mobile", SIGNING_IN);
            (void)validate(scene.session, by_password);
            assert_code(validate(scene.session, by_password), three[i].code);
            assert_step(&scene, step ? step : CAPAUTH_STEP_OTP_VALIDATE);
            close_scene(&scene);
        }
    }
}

TEST(a_new_sign_in_forgets_the_lost_answer)
{
    struct scene scene = {.replies = {LOST, http_reply(OK_LINE, "", YES), no(1502)}};

    open_scene(&scene, "mobile", SIGNING_IN);
    assert_code(validate(scene.session, false), CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_code(capauth_token_generate(scene.session, NULL, NULL), CAPAUTH_OK);
    assert_code(validate(scene.session, false), CAPAUTH_CANNOT_VALIDATE_OTP);
    assert_step(&scene, CAPAUTH_STEP_OTP_GENERATE);
    close_scene(&scene);
}

TEST(a_lost_answer_is_remembered_by_an_export)
{
    struct scene scene = {.replies = {LOST, no(1502)}};
    char *text = NULL;

    open_scene(&scene, "mobile", SIGNING_IN);
    assert_code(validate(scene.session, false), CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_code(capauth_session_export(scene.session, &text), CAPAUTH_OK);
    capauth_session_free(&scene.session);
    assert_code(capauth_session_restore(scene.client, text, &scene.session), CAPAUTH_OK);
    assert_code(validate(scene.session, false), CAPAUTH_CANNOT_VALIDATE_OTP);
    assert_step(&scene, CAPAUTH_STEP_TOKEN_GENERATE);
    capauth_string_free(&text);
    close_scene(&scene);
}

/* ---- Signing out ---- */

TEST(whoever_signs_out_does_not_mind_a_token_that_is_gone)
{
    static const int codes[] = {CAPAUTH_TOKEN_EXPIRED, CAPAUTH_CANNOT_EXPIRE_TOKEN};

    for (int i = 0; i < 2; i++) {
        struct scene scene = {.replies = {no(codes[i])}};

        open_scene(&scene, "mfa", SIGNED_IN);
        assert_code(capauth_token_expire(scene.session, NULL, NULL), codes[i]); /* who asks for that alone is told */
        close_scene(&scene);
        scene = (struct scene){.replies = {no(codes[i])}};
        open_scene(&scene, "mfa", SIGNED_IN);
        assert_code(capauth_session_sign_out(scene.session, NULL, NULL), CAPAUTH_OK);
        assert_int_equal(raw_server_requests(scene.server), 1);
        assert_false(capauth_session_signed_in(scene.session));
        close_scene(&scene);
        /* Another refusal is told. */
        scene = (struct scene){.replies = {no(1519)}};
        open_scene(&scene, "mfa", SIGNED_IN);
        assert_code(capauth_session_sign_out(scene.session, NULL, NULL), CAPAUTH_INVALID_DETAILS);
        assert_false(capauth_session_signed_in(scene.session));
        close_scene(&scene);
    }
}

struct silence {
    struct slow_server *server;
    capauth_client *client;
    capauth_session *session;
};

static struct silence open_silence(const char *flow, const char *members)
{
    struct silence it = {.server = slow_server_start("", -1)};

    it.client = client_of(slow_server_url(it.server));
    it.session = restore(it.client, slow_server_url(it.server), flow, members);
    return it;
}

static void close_silence(struct silence *it)
{
    capauth_session_free(&it->session);
    capauth_client_free(&it->client);
    slow_server_stop(it->server);
}

TEST(after_a_sign_out_a_new_sign_in_may_begin_at_once)
{
    struct silence it = open_silence("mobile", SIGNED_IN ",\"sessionId\":\"P-1\"");
    capauth_call *before = NULL, *out = NULL, *generate = NULL, *third = NULL;

    assert_code(capauth_otp_generate(it.session, NULL, &before), CAPAUTH_OK);
    assert_code(capauth_session_sign_out(it.session, NULL, &out), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.session, NULL, &generate), CAPAUTH_OK);
    assert_code(capauth_call_wait(before, 10000),
                CAPAUTH_E_CANCELLED); /* the step before ends, and takes nothing along */
    assert_code(capauth_token_generate(it.session, NULL, &third), CAPAUTH_E_BUSY);
    capauth_call_free(&before);
    capauth_call_free(&out);
    capauth_call_free(&generate);
    capauth_call_free(&third);
    close_silence(&it);
}

TEST(a_sign_out_in_flight_keeps_nobody_from_signing_in)
{
    struct silence it = open_silence("mfa", SIGNED_IN);
    capauth_call *out = NULL, *generate = NULL;

    assert_code(capauth_session_sign_out(it.session, NULL, &out), CAPAUTH_OK);
    while (slow_server_requests(it.server) < 1)
        assert_true(capauth_client_poll(it.client, 10) >= 0);
    /* Not BUSY: what is missing is the first factor's token. */
    assert_code(capauth_token_generate(it.session, NULL, &generate), CAPAUTH_E_WRONG_STEP);
    capauth_call_free(&generate);
    capauth_call_free(&out);
    close_silence(&it);
}

TEST(closing_ends_a_sign_out_in_flight)
{
    struct silence it = open_silence("mfa", SIGNED_IN);
    capauth_call *out = NULL;

    assert_code(capauth_session_sign_out(it.session, NULL, &out), CAPAUTH_OK);
    while (slow_server_requests(it.server) < 1)
        assert_true(capauth_client_poll(it.client, 10) >= 0);
    assert_code(capauth_session_close(it.session), CAPAUTH_OK);
    assert_code(capauth_call_wait(out, 10000), CAPAUTH_E_CANCELLED);
    assert_int_equal(capauth_call_maybe_sent(out), 1);
    assert_string_equal(capauth_session_token(it.session), "");
    assert_string_equal(capauth_session_key(it.session), "");
    assert_code(capauth_session_sign_out(it.session, NULL, NULL), CAPAUTH_E_CLOSED);
    capauth_call_free(&out);
    close_silence(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_factor_keeps_the_contact_and_its_type),
        cmocka_unit_test(an_otp_was_sent_when_the_server_says_so),
        cmocka_unit_test(a_resend_counts_anew),
        cmocka_unit_test(a_new_sign_in_has_sent_no_otp_and_counted_no_wrong_one),
        cmocka_unit_test(three_codes_lead_to_the_start_after_a_lost_answer),
        cmocka_unit_test(without_a_lost_answer_they_mean_what_they_say),
        cmocka_unit_test(a_new_sign_in_forgets_the_lost_answer),
        cmocka_unit_test(a_lost_answer_is_remembered_by_an_export),
        cmocka_unit_test(whoever_signs_out_does_not_mind_a_token_that_is_gone),
        cmocka_unit_test(after_a_sign_out_a_new_sign_in_may_begin_at_once),
        cmocka_unit_test(a_sign_out_in_flight_keeps_nobody_from_signing_in),
        cmocka_unit_test(closing_ends_a_sign_out_in_flight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
