/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that wait on one client beside each other: who leads, who is woken, what it costs, and in which order. */
#include "support_net.h"
#include "support_waiter.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 60000, ROUNDS = 100, DEADLINES = 60 };

/* ---- The lead ---- */

TEST(a_poller_that_leaves_hands_the_lead_on)
{
    struct served it = served_begin(300);
    capauth_call *call = start_token(it.customers[0], LONG_MS);
    struct waiter polls = {.client = it.client, .timeout_ms = 100};
    struct waiter waits = {.call = call, .timeout_ms = -1};

    waiter_start(&polls);
    waiter_start(&waits);
    waiter_join(&polls);
    assert_int_equal(polls.result, 0);
    waiter_join(&waits);
    assert_code(waits.result, CAPAUTH_OK);
    capauth_call_free(&call);
    served_end(&it);
}

TEST(a_waiter_whose_time_is_up_hands_the_lead_on)
{
    struct served it = served_begin(300);
    capauth_call *never = start_token(it.customers[0], LONG_MS);
    capauth_call *call = start_token(it.customers[1], LONG_MS);
    struct waiter gives_up = {.call = never, .timeout_ms = 50};
    struct waiter waits = {.call = call, .timeout_ms = -1};

    waiter_start(&gives_up);
    waiter_start(&waits);
    waiter_join(&gives_up);
    assert_code(gives_up.result, CAPAUTH_E_PENDING);
    waiter_join(&waits);
    assert_code(waits.result, CAPAUTH_OK);
    capauth_call_free(&never);
    capauth_call_free(&call);
    served_end(&it);
}

/* Nobody drives but the follower, once the leader has gone: its call's deadline must still end it. */
TEST(a_deadline_passes_although_the_leader_has_left)
{
    struct served it = served_begin(-1);
    capauth_call *call = start_token(it.customers[0], 300);
    struct waiter polls = {.client = it.client, .timeout_ms = 100};
    struct waiter waits = {.call = call, .timeout_ms = -1};

    waiter_start(&polls);
    waiter_start(&waits);
    waiter_join(&polls);
    waiter_join(&waits);
    assert_code(waits.result, CAPAUTH_E_DEADLINE);
    capauth_call_free(&call);
    served_end(&it);
}

TEST(only_one_of_many_takes_the_lead_and_all_end)
{
    enum { WAITERS = 12 };
    struct served it = served_begin(-1);
    capauth_call *call = start_token(it.customers[0], LONG_MS);
    struct waiter waiters[WAITERS];

    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (struct waiter){.client = it.client, .call = i % 3 ? call : NULL, .timeout_ms = 40 + 20 * i};
        waiter_start(&waiters[i]);
    }
    for (int i = 0; i < WAITERS; i++) {
        waiter_join(&waiters[i]);
        assert_int_equal(waiters[i].result, i % 3 ? CAPAUTH_E_PENDING : 0);
    }
    capauth_call_free(&call);
    served_end(&it);
}

/* ---- Waking ---- */

/* The thread that leads finishes a call that is not its own, and goes on leading: a poll must learn of it. */
TEST(a_poll_learns_of_a_call_that_a_leader_finished_for_another)
{
    struct served it = served_begin(-1);
    capauth_call *held = start_token(it.customers[0], LONG_MS);
    capauth_call *call = start_token(it.customers[1], LONG_MS);
    struct waiter leads = {.call = held, .timeout_ms = -1};
    struct waiter polls = {.client = it.client, .timeout_ms = -1};

    waiter_start(&leads);
    waiter_start(&polls);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    waiter_join(&polls);
    assert_int_equal(polls.result, 1);
    assert_false(atomic_load(&leads.over));
    assert_code(capauth_call_cancel(held), CAPAUTH_OK);
    waiter_join(&leads);
    assert_code(leads.result, CAPAUTH_E_CANCELLED);
    capauth_call_free(&call);
    capauth_call_free(&held);
    served_end(&it);
}

/* The other way round: the poll leads, and the step that finishes the call is another thread's. */
TEST(a_poll_that_leads_learns_of_a_call_that_another_thread_finished)
{
    struct served it = served_begin(0);

    for (int round = 0; round < ROUNDS; round++) {
        struct waiter polls = {.client = it.client, .timeout_ms = -1};
        capauth_call *call;

        waiter_start(&polls);
        call = start_token(it.customers[0], LONG_MS);
        assert_code(capauth_call_wait(call, PATIENCE_MS), CAPAUTH_OK);
        waiter_join(&polls);
        assert_int_equal(polls.result, 1);
        capauth_call_free(&call);
    }
    served_end(&it);
}

TEST(a_call_wakes_those_who_wait_for_it_and_nobody_else)
{
    struct served it = served_begin(-1);
    capauth_call *calls[FEW];
    struct waiter waiters[FEW];

    for (int i = 0; i < FEW; i++) {
        calls[i] = start_token(it.customers[i], LONG_MS);
        waiters[i] = (struct waiter){.call = calls[i], .timeout_ms = -1};
        waiter_start(&waiters[i]);
    }
    for (int i = FEW - 1; i >= 0; i--) { /* the leader's own comes last */
        assert_code(capauth_call_cancel(calls[i]), CAPAUTH_OK);
        waiter_join(&waiters[i]);
        assert_code(waiters[i].result, CAPAUTH_E_CANCELLED);
        for (int other = 0; other < i; other++)
            assert_false(atomic_load(&waiters[other].over));
        capauth_call_free(&calls[i]);
    }
    served_end(&it);
}

/* ---- What waiting costs ---- */

/* Both kinds of waiting, the leader's and a follower's, sleep: they take no processor time to speak of. */
TEST(timed_waits_sleep)
{
    struct served it = served_begin(-1);
    capauth_call *calls[FEW];
    struct waiter waiters[FEW];

    for (int i = 0; i < FEW; i++) {
        calls[i] = start_token(it.customers[i], LONG_MS);
        waiters[i] = (struct waiter){.client = it.client, .call = i ? calls[i] : NULL, .timeout_ms = 1000};
        waiter_start(&waiters[i]);
    }
    for (int i = 0; i < FEW; i++) {
        waiter_join(&waiters[i]);
        assert_int_equal(waiters[i].result, i ? CAPAUTH_E_PENDING : 0);
        assert_in_range(waiters[i].cpu_us, 0, 200000); /* a fifth of the time that it waited */
        capauth_call_free(&calls[i]);
    }
    served_end(&it);
}

/* ---- Handing out ---- */

struct driven {
    capauth_client *client;
    atomic_bool over;
};

static void *drive(void *data)
{
    struct driven *it = data;

    while (!atomic_load(&it->over))
        (void)capauth_client_poll(it->client, 1);
    return NULL;
}

static void *free_call(void *data)
{
    capauth_call_free(data);
    return NULL;
}

/* How often the call is handed out, once it has finished; others may be, while they are there. */
static int times_handed_out(capauth_client *client, const capauth_call *call)
{
    capauth_call *done;
    int times = 0;

    while (!capauth_call_done(call)) {
        if (capauth_client_next_done(client, &done) == 1)
            times += done == call;
    }
    while (capauth_client_next_done(client, &done) == 1)
        times += done == call;
    return times;
}

/* One thread finishes calls, one frees its own as they finish, and this one collects. */
TEST(calls_are_handed_out_once_while_others_finish_and_are_freed)
{
    struct served served = served_begin(0);
    struct driven it = {.client = served.client};
    pthread_t driver, freer;

    assert_int_equal(pthread_create(&driver, NULL, drive, &it), 0);
    for (int round = 0; round < 3 * ROUNDS; round++) {
        capauth_call *keep = start_token(served.customers[0], LONG_MS);
        capauth_session *other = new_web(served.client, "Brand", "919999999993");
        capauth_call *let_go = start_token(other, LONG_MS);

        for (int i = 0; round % 3 && i < round; i++)
            sched_yield(); /* the others are somewhere else each time */
        assert_int_equal(pthread_create(&freer, NULL, free_call, &let_go), 0);
        assert_int_equal(times_handed_out(served.client, keep), 1);
        pthread_join(freer, NULL);
        capauth_call_free(&keep);
        capauth_session_free(&other);
    }
    atomic_store(&it.over, true);
    pthread_join(driver, NULL);
    served_end(&served);
}

TEST(a_call_that_finished_before_the_descriptor_was_asked_for_makes_it_readable)
{
    struct served it = served_begin(0);
    capauth_call *call = start_token(it.customers[0], LONG_MS);
    struct pollfd ready = {.events = POLLIN};

    assert_code(capauth_call_wait(call, PATIENCE_MS), CAPAUTH_OK);
    ready.fd = capauth_client_fd(it.client);
    assert_int_equal(poll(&ready, 1, 0), 1);
    assert_int_equal(capauth_client_poll(it.client, 0), 1);
    assert_int_equal(capauth_client_poll(it.client, 0), 0);
    assert_int_equal(poll(&ready, 1, 0), 0);
    capauth_call_free(&call);
    served_end(&it);
}

/* ---- Cancelling early ---- */

TEST(a_call_that_is_cancelled_before_anybody_drives_is_never_sent)
{
    struct served it = served_begin(0);
    capauth_call *call = start_token(it.customers[0], LONG_MS);

    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, PATIENCE_MS), CAPAUTH_E_CANCELLED);
    assert_false(capauth_call_maybe_sent(call));
    assert_int_equal(slow_server_connections(it.server), 0);
    capauth_call_free(&call);
    served_end(&it);
}

static void *close_session(void *data)
{
    (void)capauth_session_close(data);
    return NULL;
}

/* The session is closed while the call is on its way to the engine: it must end, since nobody answers it. */
TEST(a_call_whose_session_is_closed_as_it_starts_ends)
{
    struct served it = served_begin(-1);

    for (int round = 0; round < ROUNDS; round++) {
        capauth_session *customer = new_web(it.client, "Brand", "919999999993");
        capauth_call *call = NULL;
        pthread_t thread;
        int outcome;

        assert_int_equal(pthread_create(&thread, NULL, close_session, customer), 0);
        (void)capauth_token_generate(customer, NULL, &call);
        outcome = capauth_call_wait(call, PATIENCE_MS);
        assert_true(outcome == CAPAUTH_E_CANCELLED || outcome == CAPAUTH_E_CLOSED);
        pthread_join(thread, NULL);
        capauth_call_free(&call);
        capauth_session_free(&customer);
    }
    served_end(&it);
}

/* ---- Copies beside a change ---- */

struct changing {
    capauth_session *customer;
    const char *exports[2];
    char *tokens[2];
    atomic_bool over;
};

static void *change(void *data)
{
    struct changing *it = data;

    for (int round = 0; round < 20 * ROUNDS; round++)
        assert_code(capauth_session_reload(it->customer, it->exports[round % 2]), CAPAUTH_OK);
    atomic_store(&it->over, true);
    return NULL;
}

static void check_copy(const struct changing *it)
{
    char *token = NULL, *role = NULL, *key = NULL;

    assert_code(capauth_session_copy_token(it->customer, &token), CAPAUTH_OK);
    assert_code(capauth_session_copy_role(it->customer, &role), CAPAUTH_OK);
    assert_code(capauth_session_copy_key(it->customer, &key), CAPAUTH_OK);
    assert_true(!strcmp(token, it->tokens[0]) || !strcmp(token, it->tokens[1]));
    assert_string_equal(role, "USER");
    assert_true(*key);
    assert_true(capauth_session_signed_in(it->customer));
    assert_true(capauth_session_expires_at(it->customer) > 0);
    capauth_string_free(&token);
    capauth_string_free(&role);
    capauth_string_free(&key);
}

TEST(copies_are_whole_while_the_token_changes)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer = new_mobile(client, "Copies", "919999999993");
    struct changing it = {.customer = customer};
    char *exports[2] = {NULL, NULL};
    pthread_t thread;

    make_brand(shared, "Copies", "{}");
    sign_in(shared, customer);
    for (int i = 0; i < 2; i++) {
        assert_code(capauth_session_export(customer, &exports[i]), CAPAUTH_OK);
        assert_code(capauth_session_copy_token(customer, &it.tokens[i]), CAPAUTH_OK);
        it.exports[i] = exports[i];
        control(shared, "POST", "clock", "{\"advanceSeconds\":1}"); /* or the next token is the same */
        assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    }
    assert_string_not_equal(it.tokens[0], it.tokens[1]);
    assert_code(capauth_session_reload(customer, exports[0]), CAPAUTH_OK);
    assert_int_equal(pthread_create(&thread, NULL, change, &it), 0);
    do
        check_copy(&it);
    while (!atomic_load(&it.over));
    pthread_join(thread, NULL);
    for (int i = 0; i < 2; i++) {
        capauth_string_free(&exports[i]);
        capauth_string_free(&it.tokens[i]);
    }
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* ---- Deadlines ---- */

struct deadline {
    capauth_session *customer;
    capauth_call *call;
    int64_t earliest_ms; /* when it can be due, since the clock goes on while it is started */
    int64_t latest_ms;
};

static void start_with_deadlines(capauth_client *client, struct deadline *deadlines, unsigned seed)
{
    for (int i = 0; i < DEADLINES; i++) {
        struct deadline *it = &deadlines[i];
        int timeout_ms;

        seed = seed * 1103515245 + 12345;
        timeout_ms = 200 + (int)(seed >> 16) % 400;
        it->customer = new_web(client, "Brand", "919999999993");
        it->earliest_ms = now_ms() + timeout_ms;
        it->call = start_token(it->customer, timeout_ms);
        it->latest_ms = now_ms() + timeout_ms;
    }
}

static const struct deadline *deadline_of(const struct deadline *deadlines, const capauth_call *call)
{
    for (int i = 0; i < DEADLINES; i++) {
        if (deadlines[i].call == call)
            return &deadlines[i];
    }
    fail_msg("a call that nobody started");
    return NULL;
}

/* All that the client hands out: those cancelled in any order, the others by their deadlines. */
static void check_order(capauth_client *client, const struct deadline *deadlines)
{
    const struct deadline *last = NULL;
    capauth_call *call = NULL;
    int cancelled = 0;

    while (capauth_client_next_done(client, &call) == 1) {
        const struct deadline *it = deadline_of(deadlines, call);

        if (capauth_call_result(call) == CAPAUTH_E_CANCELLED) {
            cancelled++;
            continue;
        }
        assert_code(capauth_call_result(call), CAPAUTH_E_DEADLINE);
        if (last)
            assert_true(last->earliest_ms <= it->latest_ms);
        last = it;
    }
    assert_int_equal(cancelled, DEADLINES / 2);
}

TEST(sixty_deadlines_in_any_order_half_of_them_cancelled)
{
    struct deadline deadlines[DEADLINES];

    for (unsigned seed = 1; seed <= 3; seed++) {
        struct served it = served_begin(-1);

        assert_code(capauth_client_set_max_connections(it.client, seed == 1 ? DEADLINES : 4), CAPAUTH_OK);
        start_with_deadlines(it.client, deadlines, seed);
        assert_true(capauth_client_poll(it.client, 0) >= 0);
        for (int i = 0; i < DEADLINES; i += 2)
            assert_code(capauth_call_cancel(deadlines[(i * 7) % DEADLINES].call), CAPAUTH_OK);
        for (int finished = 0; finished < DEADLINES;)
            finished += capauth_client_poll(it.client, -1);
        check_order(it.client, deadlines);
        for (int i = 0; i < DEADLINES; i++) {
            capauth_call_free(&deadlines[i].call);
            capauth_session_free(&deadlines[i].customer);
        }
        served_end(&it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poller_that_leaves_hands_the_lead_on),
        cmocka_unit_test(a_waiter_whose_time_is_up_hands_the_lead_on),
        cmocka_unit_test(a_deadline_passes_although_the_leader_has_left),
        cmocka_unit_test(only_one_of_many_takes_the_lead_and_all_end),
        cmocka_unit_test(a_poll_learns_of_a_call_that_a_leader_finished_for_another),
        cmocka_unit_test(a_poll_that_leads_learns_of_a_call_that_another_thread_finished),
        cmocka_unit_test(a_call_wakes_those_who_wait_for_it_and_nobody_else),
        cmocka_unit_test(timed_waits_sleep),
        cmocka_unit_test(calls_are_handed_out_once_while_others_finish_and_are_freed),
        cmocka_unit_test(a_call_that_finished_before_the_descriptor_was_asked_for_makes_it_readable),
        cmocka_unit_test(a_call_that_is_cancelled_before_anybody_drives_is_never_sent),
        cmocka_unit_test(a_call_whose_session_is_closed_as_it_starts_ends),
        cmocka_unit_test(copies_are_whole_while_the_token_changes),
        cmocka_unit_test(sixty_deadlines_in_any_order_half_of_them_cancelled),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
