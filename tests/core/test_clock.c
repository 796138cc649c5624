/* SPDX-License-Identifier: Apache-2.0 */
/* The server's clock: who is believed about it, and what one odd Date does to tokens. */
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LIFE 900
#define ODD_DATE "Date: Fri, 01 Jan 2100 00:00:00 GMT\r\n"
#define OLD_DATE "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
#define REFUSED "{\"status\":{\"success\":false,\"code\":1519,\"message\":\"no\"}}"

/* A JWT with these claims. Valid until the next one. */
static const char *token_of(const char *claims)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static char token[1024];
    size_t length = strlen(claims), at = 2;

    memcpy(token, "e.", 2);
    for (size_t i = 0; i < length; i += 3) {
        unsigned bits = (unsigned char)claims[i] << 16;

        if (i + 1 < length)
            bits |= (unsigned)(unsigned char)claims[i + 1] << 8;
        if (i + 2 < length)
            bits |= (unsigned char)claims[i + 2];
        for (size_t j = 0; j < 4 && i + j <= length; j++)
            token[at++] = digits[bits >> (18 - 6 * j) & 63];
    }
    snprintf(token + at, sizeof token - at, ".s");
    return token;
}

/* One that is issued now. */
static const char *fresh_token(bool says_when)
{
    long long now = (long long)time(NULL);
    char claims[128], issued[48] = "";

    if (says_when)
        snprintf(issued, sizeof issued, ",\"iat\":%lld", now);
    snprintf(claims, sizeof claims, "{\"rol\":\"USER\",\"exp\":%lld%s}", now + LIFE, issued);
    return token_of(claims);
}

static const char *token_reply_with(const char *headers, const char *token)
{
    char body[1400];

    snprintf(body, sizeof body,
             "{\"status\":{\"success\":true},\"auth\":{\"token\":\"%s\"},\"user\":{\"sessionId\":\"S\"}}", token);
    return http_reply("HTTP/1.1 200 OK", headers, body);
}

static capauth_session *signed_in(capauth_client *client, const struct raw_server *server)
{
    capauth_session *customer = NULL;
    char text[2048];

    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"web\",\"brand\":\"B\",\"identifierType\":\"MOBILE\","
             "\"identifier\":\"919999999993\",\"token\":\"%s\",\"nextStep\":\"done\"}",
             raw_server_url(server), fresh_token(true));
    assert_code(capauth_session_restore(client, text, &customer), CAPAUTH_OK);
    return customer;
}

static int get(capauth_session *customer)
{
    capauth_call *call = NULL;
    int outcome = capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call);

    if (!outcome)
        outcome = capauth_call_wait(call, -1);
    capauth_call_free(&call);
    return outcome;
}

static void assert_last_was(struct raw_server *server, const char *start)
{
    char request[4096];

    raw_server_last_request(server, request, sizeof request);
    if (strncmp(request, start, strlen(start)) != 0)
        fail_msg("not \"%s\" but \"%.40s\"", start, request);
}

/* After a first reply with an odd Date and a fresh token, gateway calls are sent at once. */
static void check_fresh_token(const char *date, bool says_when)
{
    const char *const replies[] = {token_reply_with(date, fresh_token(says_when)),
                                   http_reply("HTTP/1.1 200 OK", "", "{}"), NULL};
    struct raw_server *server = raw_server_start(replies, false);
    capauth_client *client = new_raw_client(server);
    capauth_session *customer = signed_in(client, server);

    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    for (int calls = 1; calls <= 3; calls++) {
        assert_code(get(customer), CAPAUTH_OK);
        assert_last_was(server, "GET ");
        assert_int_equal(raw_server_requests(server), 1 + calls);
    }
    capauth_session_free(&customer);
    capauth_client_free(&client);
    raw_server_stop(server);
}

TEST(a_fresh_token_that_looks_expired_sets_the_clock)
{
    check_fresh_token(ODD_DATE, true);
}

TEST(it_need_not_say_when_it_was_issued)
{
    check_fresh_token(ODD_DATE, false);
}

TEST(one_odd_date_costs_one_regeneration)
{
    const char *const replies[] = {http_reply("HTTP/1.1 200 OK", ODD_DATE, REFUSED),
                                   token_reply_with(ODD_DATE, fresh_token(true)),
                                   http_reply("HTTP/1.1 200 OK", ODD_DATE, "{}"), NULL};
    struct raw_server *server = raw_server_start(replies, false);
    capauth_client *client = new_raw_client(server);
    capauth_session *customer = signed_in(client, server);

    assert_code(capauth_identifier_update(customer, "918888888888", NULL, NULL), CAPAUTH_INVALID_DETAILS);
    assert_code(get(customer), CAPAUTH_OK);
    assert_int_equal(raw_server_requests(server), 3);
    assert_code(get(customer), CAPAUTH_OK); /* a gateway's Date is not believed */
    assert_int_equal(raw_server_requests(server), 4);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    raw_server_stop(server);
}

TEST(a_fresh_token_from_the_future_sets_the_clock)
{
    const char *const replies[] = {token_reply_with(OLD_DATE, fresh_token(true)),
                                   http_reply("HTTP/1.1 200 OK", "", "{\"status\":{\"success\":true}}"), NULL};
    struct raw_server *server = raw_server_start(replies, false);
    capauth_client *client = new_raw_client(server);
    capauth_session *customer = new_web(client, "Brand", "919999999993");
    int64_t now_ms = (int64_t)time(NULL) * 1000;

    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_session_otp_sent_at(customer) > now_ms - 60000);
    assert_true(capauth_session_otp_sent_at(customer) < now_ms + 60000);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    raw_server_stop(server);
}

TEST(a_date_in_a_trailer_is_not_believed)
{
    char chunked[512];
    const char *replies[] = {chunked, http_reply("HTTP/1.1 200 OK", "", "{}"), NULL};
    struct raw_server *server;
    capauth_client *client;
    capauth_session *customer;

    snprintf(chunked, sizeof chunked,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Date\r\n\r\n%zx\r\n%s\r\n0\r\n" ODD_DATE "\r\n",
             strlen(REFUSED), REFUSED);
    server = raw_server_start(replies, false);
    client = new_raw_client(server);
    customer = signed_in(client, server);
    assert_code(capauth_identifier_update(customer, "918888888888", NULL, NULL), CAPAUTH_INVALID_DETAILS);
    assert_code(get(customer), CAPAUTH_OK);
    assert_int_equal(raw_server_requests(server), 2);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    raw_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_token_that_looks_expired_sets_the_clock),
        cmocka_unit_test(it_need_not_say_when_it_was_issued),
        cmocka_unit_test(one_odd_date_costs_one_regeneration),
        cmocka_unit_test(a_fresh_token_from_the_future_sets_the_clock),
        cmocka_unit_test(a_date_in_a_trailer_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
