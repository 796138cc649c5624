/* SPDX-License-Identifier: Apache-2.0 */
/* Three ways to wait on one engine: the calls, the descriptor, deadlines, the queue, retries. */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include "support_net.h"
#include "support_waiter.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 100, ROUNDS = 200 };

/* ---- Sentences ---- */

static bool readable(capauth_client *client, int timeout_ms)
{
    struct pollfd ready = {.fd = capauth_client_fd(client), .events = POLLIN};

    assert_true(ready.fd >= 0);
    return poll(&ready, 1, timeout_ms) == 1;
}

/* Turns of an event loop until the call is done; nothing else may be waited for. */
static void loop_until_done(capauth_client *client, const capauth_call *call)
{
    while (!capauth_call_done(call)) {
        assert_true(readable(client, 10000));
        assert_true(capauth_client_poll(client, 0) >= 0);
    }
}

/* What is left to read on the descriptor once there is nothing to do. */
static void settle(capauth_client *client)
{
    for (int turns = 0; readable(client, 0); turns++) {
        assert_true(turns < 100);
        capauth_client_poll(client, 0);
    }
}

/* ---- Starting, looking, waiting ---- */

TEST(nothing_moves_until_somebody_polls)
{
    struct served it = served_begin(0);
    capauth_call *call = start_token(it.customers[0], PATIENCE_MS);
    capauth_client *other = client_of(slow_server_url(it.server));
    capauth_session *customer = new_mobile(other, "Brand", "919999999993");

    /* In the time that another client's call takes there and back, nothing moved here. */
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&other);
    assert_int_equal(slow_server_connections(it.server), 1);
    assert_false(capauth_call_done(call));
    assert_code(capauth_call_result(call), CAPAUTH_E_PENDING);
    assert_code(capauth_call_wait(call, 0), CAPAUTH_E_PENDING);
    assert_string_equal(capauth_call_operation(call), "token_generate");
    assert_string_equal(capauth_call_error_message(call), "");
    assert_int_equal(capauth_call_http_status(call), 0);
    assert_int_equal(capauth_call_retry_after_ms(call), -1);
    loop_until_done(it.client, call);
    assert_code(capauth_call_result(call), CAPAUTH_OK);
    assert_int_equal(capauth_call_http_status(call), 200);
    assert_int_equal(slow_server_requests(it.server), 2);
    capauth_call_free(&call);
    served_end(&it);
}

TEST(waiting_ends_with_its_time)
{
    struct served it = served_begin(-1);
    capauth_call *call = start_token(it.customers[0], 60000);
    int64_t start_ms = now_ms();

    assert_code(capauth_call_wait(call, 50), CAPAUTH_E_PENDING);
    assert_true(now_ms() - start_ms >= 50);
    assert_int_equal(capauth_client_poll(it.client, 50), 0);
    assert_true(now_ms() - start_ms >= 100);
    assert_true(now_ms() - start_ms < PATIENCE_MS);
    capauth_call_free(&call);
    served_end(&it);
}

TEST(poll_counts_and_next_done_hands_out_once)
{
    struct served it = served_begin(0);
    capauth_call *calls[FEW], *call = NULL;
    int finished = 0, handed_out = 0;

    for (int i = 0; i < FEW; i++)
        calls[i] = start_token(it.customers[i], 5000);
    assert_int_equal(capauth_client_next_done(it.client, &call), 0);
    assert_null(call);
    while (finished < FEW)
        finished += capauth_client_poll(it.client, -1);
    assert_int_equal(finished, FEW);
    assert_int_equal(capauth_client_poll(it.client, 0), 0);
    while (capauth_client_next_done(it.client, &call) == 1) {
        for (int i = 0; i < FEW; i++) {
            if (calls[i] == call) {
                capauth_call_free(&calls[i]);
                handed_out++;
            }
        }
    }
    assert_int_equal(handed_out, FEW);
    served_end(&it);
}

TEST(next_done_leaves_out_what_was_freed_or_waited_for)
{
    struct served it = served_begin(0);
    capauth_call *calls[FEW], *call = NULL;

    for (int i = 0; i < FEW; i++)
        calls[i] = start_token(it.customers[i], 5000);
    for (int i = 0; i < FEW; i++)
        loop_until_done(it.client, calls[i]);
    capauth_call_free(&calls[0]);
    assert_code(capauth_call_wait(calls[1], -1), CAPAUTH_OK);
    assert_int_equal(capauth_client_next_done(it.client, &call), 1);
    assert_ptr_equal(call, calls[2]);
    assert_int_equal(capauth_client_next_done(it.client, &call), 0);
    capauth_call_free(&calls[1]);
    capauth_call_free(&calls[2]);
    served_end(&it);
}

TEST(what_is_freed_or_refused_does_not_count)
{
    struct served it = served_begin(-1);
    capauth_call *call = start_token(it.customers[0], 5000), *refused = NULL;

    assert_code(capauth_otp_generate(it.customers[1], NULL, &refused), CAPAUTH_E_WRONG_STEP);
    assert_true(capauth_call_done(refused));
    capauth_client_poll(it.client, 0);
    capauth_call_free(&call);
    assert_int_equal(capauth_client_poll(it.client, 0), 0);
    assert_int_equal(capauth_client_next_done(it.client, &call), 0);
    capauth_call_free(&refused);
    served_end(&it);
}

/* ---- The descriptor ---- */

TEST(an_idle_client_is_not_readable)
{
    struct served it = served_begin(0);

    assert_false(readable(it.client, 0));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(capauth_client_poll(it.client, 0), 0);
    assert_false(readable(it.client, 0));
    served_end(&it);
}

TEST(readable_for_what_was_posted)
{
    struct served it = served_begin(-1);
    capauth_call *call = start_token(it.customers[0], 60000);

    assert_true(readable(it.client, 0));
    for (int i = 0; i < 20 || readable(it.client, 0); i++)
        capauth_client_poll(it.client, 0);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_true(readable(it.client, 0));
    assert_int_equal(capauth_client_poll(it.client, 0), 1);
    assert_code(capauth_call_result(call), CAPAUTH_E_CANCELLED);
    settle(it.client);
    capauth_call_free(&call);
    served_end(&it);
}

TEST(readable_when_a_deadline_has_passed)
{
    struct served it = served_begin(-1);
    int64_t start_ms = now_ms();
    capauth_call *call = start_token(it.customers[0], 100);

    loop_until_done(it.client, call);
    assert_code(capauth_call_result(call), CAPAUTH_E_DEADLINE);
    assert_true(now_ms() - start_ms >= 99);
    assert_true(now_ms() - start_ms < PATIENCE_MS);
    assert_true(capauth_call_maybe_sent(call));
    assert_true(capauth_call_retryable(call));
    capauth_call_free(&call);
    served_end(&it);
}

static void *wait_for_call(void *data)
{
    (void)capauth_call_wait(data, -1);
    return NULL;
}

TEST(readable_once_for_each_call_that_another_thread_finished)
{
    struct served it = served_begin(100);
    capauth_call *call;
    pthread_t thread;

    settle(it.client);
    call = start_token(it.customers[0], 10000);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_call, call), 0);
    pthread_join(thread, NULL);
    assert_true(capauth_call_done(call));
    assert_true(readable(it.client, 0));
    assert_int_equal(capauth_client_poll(it.client, 0), 1);
    settle(it.client);
    assert_int_equal(capauth_client_poll(it.client, 0), 0);
    assert_false(readable(it.client, 0));
    capauth_call_free(&call);
    served_end(&it);
}

/* ---- Leaders and followers ---- */

/* Takes the step that finishes the call, and then more, which may not take the wake-up from who waits for it. */
static void take_the_steps(capauth_client *client, const capauth_call *call)
{
    while (!capauth_call_done(call))
        capauth_client_poll(client, 0);
    for (int i = 0; i < 20; i++)
        capauth_client_poll(client, 0);
}

/* One thread waits for the call, and this one takes from it the very step that finishes it. */
TEST(a_waiter_learns_of_a_call_that_another_threads_step_finished)
{
    struct served it = served_begin(0);

    for (int round = 0; round < ROUNDS; round++) {
        capauth_call *call = start_token(it.customers[0], 10000);
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, wait_for_call, call), 0);
        take_the_steps(it.client, call);
        pthread_join(thread, NULL);
        assert_code(capauth_call_result(call), CAPAUTH_OK);
        capauth_call_free(&call);
    }
    served_end(&it);
}

TEST(a_waiter_learns_of_a_cancel_that_another_thread_saw_to)
{
    struct served it = served_begin(-1);

    for (int round = 0; round < ROUNDS; round++) {
        capauth_call *call = start_token(it.customers[0], 60000);
        struct waiter waits = {.call = call, .timeout_ms = -1};

        assert_int_equal(pthread_create(&waits.thread, NULL, waiter_run, &waits), 0);
        if (round % 2)
            waiter_until_asleep(&waits);
        assert_code(capauth_call_cancel(call), CAPAUTH_OK);
        take_the_steps(it.client, call);
        waiter_join(&waits);
        assert_code(capauth_call_result(call), CAPAUTH_E_CANCELLED);
        capauth_call_free(&call);
    }
    served_end(&it);
}

TEST(a_leader_that_leaves_lets_another_lead)
{
    struct served it = served_begin(300);
    capauth_call *leads = start_token(it.customers[0], 100);
    capauth_call *follows = start_token(it.customers[1], PATIENCE_MS);
    struct waiter first = {.call = leads, .timeout_ms = -1}, second = {.call = follows, .timeout_ms = -1};

    waiter_start(&first);
    waiter_start(&second);
    waiter_join(&first);
    waiter_join(&second);
    assert_code(capauth_call_result(leads), CAPAUTH_E_DEADLINE);
    assert_code(capauth_call_result(follows), CAPAUTH_OK);
    capauth_call_free(&leads);
    capauth_call_free(&follows);
    served_end(&it);
}

TEST(closing_ends_every_wait)
{
    struct served it = served_begin(-1);
    capauth_call *call = start_token(it.customers[0], 60000), *other = NULL;
    struct waiter waiters[] = {{.client = it.client, .timeout_ms = -1},
                               {.client = it.client, .timeout_ms = -1},
                               {.call = call, .timeout_ms = -1}};

    for (int i = 0; i < 3; i++)
        waiter_start(&waiters[i]);
    assert_code(capauth_client_close(it.client), CAPAUTH_OK);
    assert_code(capauth_client_close(it.client), CAPAUTH_OK);
    for (int i = 0; i < 3; i++)
        waiter_join(&waiters[i]);
    assert_code(capauth_call_result(call), CAPAUTH_E_CANCELLED);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_CANCELLED);
    assert_non_null(strstr(capauth_call_error_message(call), "closed"));
    assert_code(capauth_token_generate(it.customers[1], NULL, &other), CAPAUTH_E_CLOSED);
    assert_code(capauth_call_wait(other, -1), CAPAUTH_E_CLOSED);
    assert_code(capauth_client_fd(it.client), CAPAUTH_E_CLOSED);
    assert_code(capauth_client_prepare(it.client), CAPAUTH_E_CLOSED);
    assert_true(capauth_client_poll(it.client, -1) >= 0);
    capauth_call_free(&other);
    capauth_call_free(&call);
    served_end(&it);
}

TEST(closing_ends_a_poll_with_nothing_in_flight)
{
    struct served it = served_begin(-1);
    struct waiter polls[] = {{.client = it.client, .timeout_ms = -1}, {.client = it.client, .timeout_ms = -1}};

    for (int i = 0; i < 2; i++)
        waiter_start(&polls[i]);
    assert_code(capauth_client_close(it.client), CAPAUTH_OK);
    for (int i = 0; i < 2; i++)
        waiter_join(&polls[i]);
    served_end(&it);
}

/* ---- One outcome ---- */

TEST(cancelling_what_may_be_repeated_is_just_cancelled)
{
    struct served it = served_begin(-1);
    capauth_call *call = start_token(it.customers[0], 60000);

    while (!slow_server_requests(it.server))
        capauth_client_poll(it.client, 10);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_CANCELLED);
    assert_true(capauth_call_maybe_sent(call));
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_code(capauth_call_result(call), CAPAUTH_E_CANCELLED);
    capauth_call_free(&call);
    served_end(&it);
}

TEST(cancelling_an_otp_on_its_way_is_unknown)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;

    make_brand(shared, "EngineCancel", "{}");
    customer = new_mobile(client, "EngineCancel", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    make_fault(shared, "EngineCancel", "/auth/v1/otp/generate", 1, "\"delayMs\":2000");
    assert_code(capauth_otp_generate(customer, NULL, &call), CAPAUTH_OK);
    while (!requests_of(shared, "EngineCancel", "POST /auth/v1/otp/generate"))
        capauth_client_poll(client, 10);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_UNKNOWN_OUTCOME);
    assert_true(capauth_call_maybe_sent(call));
    assert_false(capauth_call_retryable(call));
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_second_step_is_busy_and_the_gateway_goes_beside_it)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *step = NULL, *second = NULL, *gateway = NULL;

    make_brand(shared, "EngineBusy", "{}");
    customer = new_mobile(client, "EngineBusy", "919999999993");
    sign_in(shared, customer);
    make_fault(shared, "EngineBusy", "/auth/v1/token/generate", 1, "\"delayMs\":400");
    assert_code(capauth_token_generate(customer, NULL, &step), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, &second), CAPAUTH_E_BUSY);
    assert_true(capauth_call_done(second));
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_E_BUSY);
    assert_code(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &gateway), CAPAUTH_OK);
    assert_code(capauth_call_wait(gateway, -1), CAPAUTH_OK);
    assert_int_equal(capauth_call_http_status(gateway), 200);
    assert_false(capauth_call_done(step));
    assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_call_wait(step, -1), CAPAUTH_OK);
    assert_int_equal(requests_of(shared, "EngineBusy", "POST /auth/v1/token/generate"), 2);
    capauth_call_free(&step);
    capauth_call_free(&second);
    capauth_call_free(&gateway);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* ---- Steps that were given up, in a program that only blocks ---- */

enum { DEADLINE_MS = 300 };

static void cancel_step(capauth_call **call)
{
    assert_code(capauth_call_cancel(*call), CAPAUTH_OK);
}

static void wait_out_its_deadline(capauth_call **call)
{
    (void)call;
    for (int64_t end_ms = now_ms() + DEADLINE_MS + 1; now_ms() < end_ms;)
        sched_yield();
}

static const struct giving_up {
    void (*give_up)(capauth_call **call);
    int timeout_ms;
    bool on_its_way;
    int outcome;
} ways_to_give_up[] = {
    {cancel_step, 60000, true, CAPAUTH_E_CANCELLED},
    {cancel_step, 60000, false, CAPAUTH_E_CANCELLED},
    {capauth_call_free, 60000, true, 0},
    {capauth_call_free, 60000, false, 0},
    {wait_out_its_deadline, DEADLINE_MS, true, CAPAUTH_E_DEADLINE},
    {wait_out_its_deadline, DEADLINE_MS, false, CAPAUTH_E_DEADLINE},
};
enum { WAYS_TO_GIVE_UP = sizeof ways_to_give_up / sizeof ways_to_give_up[0] };

/* A step that gets no answer: it was sent, or is in the inbox behind others, and then nobody wants it any more. */
static void give_up_a_step(const struct served *it, const struct giving_up *way)
{
    capauth_call *others = way->on_its_way ? NULL : start_token(it->customers[1], 60000);
    capauth_call *step = start_token(it->customers[0], way->timeout_ms);

    while (way->on_its_way && !slow_server_requests(it->server))
        assert_int_equal(capauth_client_poll(it->client, 1), 0);
    way->give_up(&step);
    if (way->outcome)
        assert_code(capauth_call_result(step), CAPAUTH_E_PENDING); /* nobody has looked */
    assert_int_equal(capauth_session_next_step(it->customers[0]), CAPAUTH_STEP_TOKEN_GENERATE);
    capauth_call_free(&step);
    capauth_call_free(&others);
}

TEST(a_step_that_was_given_up_leaves_room_for_the_next)
{
    for (int i = 0; i < WAYS_TO_GIVE_UP; i++) {
        struct served it = served_begin(-1);
        capauth_call *next = NULL;

        give_up_a_step(&it, &ways_to_give_up[i]);
        assert_code(capauth_token_generate(it.customers[0], NULL, &next), CAPAUTH_OK);
        capauth_call_free(&next);
        served_end(&it);
    }
}

TEST(reload_takes_over_from_a_step_that_was_given_up)
{
    for (int i = 0; i < WAYS_TO_GIVE_UP; i++) {
        struct served it = served_begin(-1);
        char *text = NULL;

        assert_code(capauth_session_export(it.customers[0], &text), CAPAUTH_OK);
        give_up_a_step(&it, &ways_to_give_up[i]);
        assert_code(capauth_session_reload(it.customers[0], text), CAPAUTH_OK);
        capauth_string_free(&text);
        served_end(&it);
    }
}

TEST(a_step_that_somebody_waits_for_stays_busy)
{
    struct served it = served_begin(-1);
    capauth_call *step = start_token(it.customers[0], 60000), *next = NULL;

    assert_code(capauth_token_generate(it.customers[0], NULL, &next), CAPAUTH_E_BUSY);
    assert_false(capauth_call_done(step));
    capauth_call_free(&next);
    capauth_call_free(&step);
    served_end(&it);
}

/* ---- Deadlines and the queue ---- */

TEST(deadlines_end_in_their_order)
{
    static const int timeouts_ms[FEW] = {220, 60, 140};
    struct served it = served_begin(-1);
    capauth_call *calls[FEW], *call = NULL;

    for (int i = 0; i < FEW; i++)
        calls[i] = start_token(it.customers[i], timeouts_ms[i]);
    for (int finished = 0; finished < FEW;)
        finished += capauth_client_poll(it.client, -1);
    assert_int_equal(capauth_client_next_done(it.client, &call), 1);
    assert_ptr_equal(call, calls[1]);
    assert_int_equal(capauth_client_next_done(it.client, &call), 1);
    assert_ptr_equal(call, calls[2]);
    assert_int_equal(capauth_client_next_done(it.client, &call), 1);
    assert_ptr_equal(call, calls[0]);
    for (int i = 0; i < FEW; i++)
        capauth_call_free(&calls[i]);
    served_end(&it);
}

TEST(waiting_in_the_queue_counts)
{
    struct served it = served_begin(-1);
    capauth_call *holds, *queued;
    int64_t start_ms = now_ms();

    assert_code(capauth_client_set_max_connections(it.client, 1), CAPAUTH_OK);
    holds = start_token(it.customers[0], 60000);
    queued = start_token(it.customers[1], 100);
    assert_code(capauth_call_wait(queued, -1), CAPAUTH_E_DEADLINE);
    assert_true(now_ms() - start_ms < PATIENCE_MS);
    assert_false(capauth_call_maybe_sent(queued));
    assert_false(capauth_call_done(holds));
    capauth_call_free(&queued);
    capauth_call_free(&holds);
    served_end(&it);
}

TEST(a_queued_call_is_cancelled_without_being_sent)
{
    struct served it = served_begin(150);
    capauth_call *holds, *queued, *last;

    assert_code(capauth_client_set_max_connections(it.client, 1), CAPAUTH_OK);
    holds = start_token(it.customers[0], 60000);
    queued = start_token(it.customers[1], 60000);
    last = start_token(it.customers[2], 60000);
    capauth_client_poll(it.client, 0);
    assert_code(capauth_call_cancel(queued), CAPAUTH_OK);
    assert_code(capauth_call_wait(queued, -1), CAPAUTH_E_CANCELLED);
    assert_false(capauth_call_maybe_sent(queued));
    assert_code(capauth_call_wait(last, -1), CAPAUTH_OK);
    assert_code(capauth_call_result(holds), CAPAUTH_OK);
    assert_int_equal(slow_server_requests(it.server), 2);
    assert_int_equal(slow_server_connections(it.server), 1);
    capauth_call_free(&queued);
    capauth_call_free(&holds);
    capauth_call_free(&last);
    served_end(&it);
}

TEST(many_calls_share_a_few_connections)
{
    struct served it = served_begin(2);
    capauth_session *customers[MANY];
    capauth_call *calls[MANY];
    int finished = 0;

    assert_code(capauth_client_set_max_connections(it.client, 4), CAPAUTH_OK);
    for (int i = 0; i < MANY; i++) {
        customers[i] = new_mobile(it.client, "Brand", "919999999993");
        calls[i] = start_token(customers[i], 60000);
    }
    while (finished < MANY)
        finished += capauth_client_poll(it.client, -1);
    for (int i = 0; i < MANY; i++) {
        assert_code(capauth_call_result(calls[i]), CAPAUTH_OK);
        capauth_call_free(&calls[i]);
        capauth_session_free(&customers[i]);
    }
    assert_int_equal(slow_server_requests(it.server), MANY);
    assert_true(slow_server_peak(it.server) <= 4);
    assert_true(slow_server_connections(it.server) <= 4);
    served_end(&it);
}

/* ---- Connecting ---- */

/* A listener whose backlog is full: Linux then drops what comes, so that connecting hangs. */
struct black_hole {
    int listener;
    int fillers[4];
    char url[64];
};

static struct black_hole black_hole_open(void)
{
    struct black_hole hole = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    assert_int_equal(bind(hole.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(hole.listener, 0), 0);
    getsockname(hole.listener, (struct sockaddr *)&address, &size);
    for (int i = 0; i < 4; i++) {
        hole.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(hole.fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    snprintf(hole.url, sizeof hole.url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return hole;
}

static void black_hole_close(struct black_hole *hole)
{
    for (int i = 0; i < 4; i++)
        close(hole->fillers[i]);
    close(hole->listener);
}

TEST(the_connect_timeout_ends_an_attempt)
{
    struct black_hole hole = black_hole_open();
    capauth_client *client = client_of(hole.url);
    capauth_session *customer;
    capauth_call *call;
    int64_t start_ms = now_ms();

    assert_code(capauth_client_set_connect_timeout_ms(client, 150), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    customer = new_mobile(client, "Brand", "919999999993");
    call = start_token(customer, 60000);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_CONNECT);
    assert_true(now_ms() - start_ms >= 150);
    assert_true(now_ms() - start_ms < PATIENCE_MS);
    assert_false(capauth_call_maybe_sent(call));
    assert_true(capauth_call_retryable(call));
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    black_hole_close(&hole);
}

TEST(the_deadline_ends_a_connection_attempt)
{
    struct black_hole hole = black_hole_open();
    capauth_client *client = client_of(hole.url);
    capauth_session *customer = new_mobile(client, "Brand", "919999999993");
    capauth_call *call = start_token(customer, 150);
    int64_t start_ms = now_ms();

    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_DEADLINE);
    assert_true(now_ms() - start_ms < PATIENCE_MS);
    assert_false(capauth_call_maybe_sent(call));
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    black_hole_close(&hole);
}

/* ---- Retries ---- */

struct retry_case {
    const char *name;
    const char *status_line;
    const char *headers;
    int failures; /* before a success; negative: always */
    int max_retries;
    int timeout_ms;
    int outcome;
    int requests;
    int retry_after_ms;
    int least_ms;
};

static const struct retry_case retry_cases[] = {
    {"one failure", "HTTP/1.1 503 No", "", 1, 2, 9000, CAPAUTH_OK, 2, -1, 50},
    {"two failures", "HTTP/1.1 502 No", "", 2, 2, 9000, CAPAUTH_OK, 3, -1, 150},
    {"too many failures", "HTTP/1.1 503 No", "", -1, 2, 9000, CAPAUTH_E_SERVICE, 3, -1, 150},
    {"no retries", "HTTP/1.1 503 No", "", 1, 0, 9000, CAPAUTH_E_SERVICE, 1, -1, 0},
    {"too many requests", "HTTP/1.1 429 No", "", -1, 0, 9000, CAPAUTH_E_RATE_LIMITED, 1, -1, 0},
    {"Retry-After is waited for", "HTTP/1.1 503 No", "Retry-After: 1\r\n", 1, 2, 9000, CAPAUTH_OK, 2, -1, 1000},
    {"Retry-After of 0", "HTTP/1.1 429 No", "Retry-After: 0\r\n", 2, 2, 9000, CAPAUTH_OK, 3, -1, 0},
    {"Retry-After beyond the deadline", "HTTP/1.1 503 No", "Retry-After: 10\r\n", 1, 2, 9000, CAPAUTH_E_SERVICE, 1,
     10000, 0},
    {"a redirect is not followed", "HTTP/1.1 302 No", "Location: /\r\n", 1, 2, 9000, CAPAUTH_E_SERVICE, 1, -1, 0},
    {"not found", "HTTP/1.1 404 No", "", 1, 2, 9000, CAPAUTH_E_SERVICE, 1, -1, 0},
};

static void check_retry(const struct retry_case *it)
{
    const char *replies[5] = {NULL};
    int failures = it->failures < 0 ? 1 : it->failures;
    struct raw_server *server;
    capauth_client *client;
    capauth_session *customer;
    capauth_call *call;
    int64_t start_ms = now_ms();

    for (int i = 0; i < failures; i++)
        replies[i] = http_reply(it->status_line, it->headers, "<html>no</html>");
    if (it->failures >= 0)
        replies[failures] = token_reply();
    server = raw_server_start(replies, false);
    client = new_raw_client(server);
    assert_code(capauth_client_set_max_retries(client, it->max_retries), CAPAUTH_OK);
    customer = new_mobile(client, "Brand", "919999999993");
    call = start_token(customer, it->timeout_ms);
    assert_code(capauth_call_wait(call, -1), it->outcome);
    if (raw_server_requests(server) != it->requests)
        fail_msg("%d requests, not %d", raw_server_requests(server), it->requests);
    if (now_ms() - start_ms < it->least_ms)
        fail_msg("took only %d ms", (int)(now_ms() - start_ms));
    assert_int_equal(capauth_call_retry_after_ms(call), it->retry_after_ms);
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    raw_server_stop(server);
}

TEST(retries_follow_the_rules)
{
    for (size_t i = 0; i < sizeof retry_cases / sizeof retry_cases[0]; i++) {
        print_message("           %s\n", retry_cases[i].name);
        check_retry(&retry_cases[i]);
    }
}

TEST(a_retry_that_waits_can_be_cancelled)
{
    const char *replies[] = {http_reply("HTTP/1.1 503 No", "Retry-After: 30\r\n", ""), NULL};
    struct raw_server *server = raw_server_start(replies, false);
    capauth_client *client = new_raw_client(server);
    capauth_session *customer = new_mobile(client, "Brand", "919999999993");
    capauth_call *call = start_token(customer, 60000);

    while (!raw_server_requests(server))
        capauth_client_poll(client, 10);
    assert_int_equal(capauth_client_poll(client, 50), 0);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 5000), CAPAUTH_E_CANCELLED);
    assert_int_equal(raw_server_requests(server), 1);
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    raw_server_stop(server);
}

/* ---- Prepare ---- */

/* How often this thread has gone to sleep, until there was something to do. */
static long times_asleep(void)
{
    struct rusage used;

    assert_int_equal(getrusage(RUSAGE_THREAD, &used), 0);
    return used.ru_nvcsw;
}

TEST(after_prepare_no_turn_sleeps)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;
    long before;

    make_brand(shared, "EnginePrepare", "{}");
    assert_code(capauth_client_prepare(client), CAPAUTH_OK);
    customer = new_mobile(client, "EnginePrepare", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
    before = times_asleep();
    while (!capauth_call_done(call))
        capauth_client_poll(client, 0);
    assert_code(capauth_call_result(call), CAPAUTH_OK);
    assert_int_equal(times_asleep(), before);
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(prepare_tells_what_stands_in_the_way)
{
    capauth_client *client = NULL;
    capauth_call *call = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_INVALID_ARGUMENT);
    assert_non_null(strstr(capauth_client_error_message(client), "base URL"));
    assert_code(capauth_client_start_prepare(client, &call), CAPAUTH_E_INVALID_ARGUMENT);
    assert_true(capauth_call_done(call));
    assert_string_equal(capauth_call_argument(call), "base_url");
    capauth_call_free(&call);
    assert_code(capauth_client_set_base_url(client, "http://127.0.0.1:1"), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_CONNECT);
    assert_non_null(strstr(capauth_client_error_message(client), "prepare: "));
    assert_non_null(strstr(capauth_client_error_message(client), "127.0.0.1"));
    assert_int_equal(capauth_client_poll(client, 0), 0); /* a blocking operation leaves no call behind */
    assert_code(capauth_client_close(client), CAPAUTH_OK);
    assert_code(capauth_client_start_prepare(client, &call), CAPAUTH_E_CLOSED);
    assert_code(capauth_call_result(call), CAPAUTH_E_CLOSED);
    capauth_call_free(&call);
    capauth_client_free(&client);
}

TEST(prepare_is_a_call_like_any_other)
{
    struct served it = served_begin(0);
    capauth_call *call = NULL, *done = NULL;

    assert_code(capauth_client_start_prepare(it.client, &call), CAPAUTH_OK);
    assert_string_equal(capauth_call_operation(call), "prepare");
    assert_int_equal(slow_server_connections(it.server), 0);
    loop_until_done(it.client, call);
    assert_code(capauth_call_result(call), CAPAUTH_OK);
    assert_int_equal(capauth_client_next_done(it.client, &done), 1);
    assert_ptr_equal(done, call);
    assert_int_equal(slow_server_requests(it.server), 0);
    capauth_call_free(&call);
    assert_code(capauth_client_start_prepare(it.client, &call), CAPAUTH_OK);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 5000), CAPAUTH_E_CANCELLED);
    capauth_call_free(&call);
    served_end(&it);
}

/* A peer that accepts and says nothing: the handshake never ends. */
TEST(prepare_ends_at_its_deadline_and_names_the_host)
{
    struct served it = served_begin(-1);
    capauth_client *client = NULL;
    char url[64];

    snprintf(url, sizeof url, "https%s", slow_server_url(it.server) + strlen("http"));
    client = client_of(url);
    assert_code(capauth_client_set_timeout_ms(client, 100), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_DEADLINE);
    assert_non_null(strstr(capauth_client_error_message(client), url));
    capauth_client_free(&client);
    served_end(&it);
}

TEST(durations_are_told_as_they_stand)
{
    capauth_client *client = NULL;

    assert_int_equal(capauth_client_timeout_ms(NULL), 0);
    assert_int_equal(capauth_client_refresh_margin_ms(NULL), 0);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_int_equal(capauth_client_timeout_ms(client), 20000);
    assert_int_equal(capauth_client_refresh_margin_ms(client), 30000);
    assert_code(capauth_client_set_timeout_ms(client, 1234), CAPAUTH_OK);
    assert_code(capauth_client_set_refresh_margin_ms(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_close(client), CAPAUTH_OK);
    assert_int_equal(capauth_client_timeout_ms(client), 1234);
    assert_int_equal(capauth_client_refresh_margin_ms(client), 0);
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_moves_until_somebody_polls),
        cmocka_unit_test(waiting_ends_with_its_time),
        cmocka_unit_test(poll_counts_and_next_done_hands_out_once),
        cmocka_unit_test(next_done_leaves_out_what_was_freed_or_waited_for),
        cmocka_unit_test(what_is_freed_or_refused_does_not_count),
        cmocka_unit_test(an_idle_client_is_not_readable),
        cmocka_unit_test(readable_for_what_was_posted),
        cmocka_unit_test(readable_when_a_deadline_has_passed),
        cmocka_unit_test(readable_once_for_each_call_that_another_thread_finished),
        cmocka_unit_test(a_waiter_learns_of_a_call_that_another_threads_step_finished),
        cmocka_unit_test(a_waiter_learns_of_a_cancel_that_another_thread_saw_to),
        cmocka_unit_test(a_leader_that_leaves_lets_another_lead),
        cmocka_unit_test(closing_ends_every_wait),
        cmocka_unit_test(closing_ends_a_poll_with_nothing_in_flight),
        cmocka_unit_test(cancelling_what_may_be_repeated_is_just_cancelled),
        cmocka_unit_test(cancelling_an_otp_on_its_way_is_unknown),
        cmocka_unit_test(a_second_step_is_busy_and_the_gateway_goes_beside_it),
        cmocka_unit_test(a_step_that_was_given_up_leaves_room_for_the_next),
        cmocka_unit_test(reload_takes_over_from_a_step_that_was_given_up),
        cmocka_unit_test(a_step_that_somebody_waits_for_stays_busy),
        cmocka_unit_test(deadlines_end_in_their_order),
        cmocka_unit_test(waiting_in_the_queue_counts),
        cmocka_unit_test(a_queued_call_is_cancelled_without_being_sent),
        cmocka_unit_test(many_calls_share_a_few_connections),
        cmocka_unit_test(the_connect_timeout_ends_an_attempt),
        cmocka_unit_test(the_deadline_ends_a_connection_attempt),
        cmocka_unit_test(retries_follow_the_rules),
        cmocka_unit_test(a_retry_that_waits_can_be_cancelled),
        cmocka_unit_test(after_prepare_no_turn_sleeps),
        cmocka_unit_test(prepare_tells_what_stands_in_the_way),
        cmocka_unit_test(prepare_is_a_call_like_any_other),
        cmocka_unit_test(prepare_ends_at_its_deadline_and_names_the_host),
        cmocka_unit_test(durations_are_told_as_they_stand),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
