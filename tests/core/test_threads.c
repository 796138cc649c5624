/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads on one client; handles freed at any moment, in any order. CAPAUTH_LONG=1 does much more of it. */
#include "support_net.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, MOST_CALLS = 200000 };

static int times(int usual, int long_run)
{
    return getenv("CAPAUTH_LONG") ? long_run : usual;
}

static void run_threads(void *(*run)(void *), void *data)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, data), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- Each call has one outcome: the trace tells ---- */

struct ledger {
    atomic_int begun;
    atomic_int ended;
    atomic_uchar ends[MOST_CALLS];
};

static void write_down(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                       int duration_ms, void *data)
{
    struct ledger *ledger = data;

    (void)operation, (void)result, (void)http_status, (void)attempts, (void)duration_ms;
    if (event == CAPAUTH_TRACE_START) {
        atomic_fetch_add(&ledger->begun, 1);
    } else {
        atomic_fetch_add(&ledger->ended, 1);
        atomic_fetch_add(&ledger->ends[call_id % MOST_CALLS], 1);
    }
}

static struct ledger *ledger_open(capauth_client *client)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);

    assert_non_null(ledger);
    assert_code(capauth_client_set_trace(client, write_down, ledger, NULL), CAPAUTH_OK);
    return ledger;
}

/* Once all has been delivered. */
static void ledger_check(struct ledger *ledger, int least)
{
    assert_true(atomic_load(&ledger->begun) >= least);
    assert_int_equal(atomic_load(&ledger->begun), atomic_load(&ledger->ended));
    for (int i = 0; i < MOST_CALLS; i++)
        assert_true(atomic_load(&ledger->ends[i]) <= 1);
    free(ledger);
}

/* ---- Blocking ---- */

struct sign_ins {
    capauth_client *client;
    const char *brand;
    int each;
    atomic_int next;
    atomic_int succeeded;
};

static void *sign_many_in(void *data)
{
    struct sign_ins *it = data;

    for (int i = 0; i < it->each; i++) {
        capauth_session *customer;
        char mobile[32];

        snprintf(mobile, sizeof mobile, "9199%08d", atomic_fetch_add(&it->next, 1));
        customer = new_mobile(it->client, it->brand, mobile);
        if (!capauth_token_generate(customer, NULL, NULL) && !capauth_otp_generate(customer, NULL, NULL) &&
            !capauth_otp_validate(customer, "012345", NULL, NULL) && capauth_session_signed_in(customer))
            atomic_fetch_add(&it->succeeded, 1);
        capauth_session_free(&customer);
    }
    return NULL;
}

TEST(threads_sign_in_over_a_few_connections)
{
    struct relay *relay = relay_start(shared->url);
    struct sign_ins it = {.client = client_of(relay_url(relay)), .brand = "Threads", .each = times(25, 1000)};

    make_brand(shared, "Threads", "{\"FIXED_OTP\":\"012345\"}");
    assert_code(capauth_client_set_ca_file(it.client, shared->ca_file), CAPAUTH_OK);
    assert_code(capauth_client_set_max_connections(it.client, 4), CAPAUTH_OK);
    run_threads(sign_many_in, &it);
    assert_int_equal(it.succeeded, THREADS * it.each);
    assert_true(relay_peak(relay) <= 4);
    if (!getenv("CAPAUTH_LONG")) /* they are not kept for ever */
        assert_int_equal(relay_connections(relay), relay_peak(relay));
    capauth_client_free(&it.client);
    relay_stop(relay);
}

/* ---- Everything at once ---- */

struct mixture {
    capauth_client *client;
    struct slow_server *server;
    int each;
    atomic_int seed;
    atomic_int wrong;
};

static void mix(struct mixture *it, capauth_session *customer, unsigned *seed)
{
    capauth_call *call = NULL, *done = NULL;
    int result = capauth_token_generate(customer, NULL, &call);
    int first;

    if (result && result != CAPAUTH_E_BUSY && result != CAPAUTH_E_CLOSED)
        atomic_fetch_add(&it->wrong, 1);
    for (int turns = rand_r(seed) % 4; turns >= 0; turns--) {
        switch (rand_r(seed) % 6) {
        case 0:
            (void)capauth_call_wait(call, rand_r(seed) % 3);
            break;
        case 1:
            (void)capauth_client_poll(it->client, rand_r(seed) % 2);
            break;
        case 2:
            (void)capauth_call_cancel(call);
            break;
        case 3:
            (void)capauth_session_next_step(customer);
            break;
        case 4:
            (void)capauth_session_close(customer);
            break;
        default:
            (void)capauth_client_next_done(it->client, &done);
            break;
        }
    }
    if (rand_r(seed) % 2) {
        first = capauth_call_wait(call, -1);
        if (first == CAPAUTH_E_PENDING || capauth_call_result(call) != first || capauth_call_wait(call, -1) != first)
            atomic_fetch_add(&it->wrong, 1);
    }
    capauth_call_free(&call);
}

static void *mix_many(void *data)
{
    struct mixture *it = data;
    unsigned seed = (unsigned)atomic_fetch_add(&it->seed, 1);

    for (int i = 0; i < it->each; i++) {
        capauth_session *customer = NULL;

        if (capauth_session_new(it->client, CAPAUTH_FLOW_WEB, "Brand", &customer))
            break;
        (void)capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999999993");
        mix(it, customer, &seed);
        if (rand_r(&seed) % 4 == 0)
            (void)capauth_token_generate(customer, NULL, NULL);
        capauth_session_free(&customer);
    }
    return NULL;
}

TEST(threads_that_do_everything_at_once)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    struct mixture it = {.client = client_of(slow_server_url(server)), .each = times(100, 2000)};
    struct ledger *ledger = ledger_open(it.client);

    run_threads(mix_many, &it);
    assert_int_equal(it.wrong, 0);
    assert_code(capauth_client_close(it.client), CAPAUTH_OK);
    (void)capauth_client_poll(it.client, 0);
    ledger_check(ledger, THREADS);
    capauth_client_free(&it.client);
    slow_server_stop(server);
}

/* In the thick of it. */
static void *close_soon(void *data)
{
    struct mixture *it = data;
    int requests = slow_server_requests(it->server);

    while (slow_server_requests(it->server) < requests + THREADS)
        usleep(1000);
    (void)capauth_client_close(it->client);
    return NULL;
}

TEST(closing_under_threads_that_do_everything)
{
    struct slow_server *server = slow_server_start(token_reply(), 1);
    struct mixture it = {.server = server, .each = 1000000};
    pthread_t closer;

    for (int round = times(5, 100); round; round--) {
        struct ledger *ledger;

        it.client = client_of(slow_server_url(server));
        ledger = ledger_open(it.client);
        assert_int_equal(pthread_create(&closer, NULL, close_soon, &it), 0);
        run_threads(mix_many, &it);
        pthread_join(closer, NULL);
        assert_int_equal(it.wrong, 0);
        (void)capauth_client_poll(it.client, 0);
        ledger_check(ledger, THREADS);
        capauth_client_free(&it.client);
    }
    slow_server_stop(server);
}

static void *close_client(void *data)
{
    (void)capauth_client_close(data);
    return NULL;
}

TEST(the_descriptor_of_a_client_that_is_being_closed)
{
    for (int round = times(300, 3000); round; round--) {
        capauth_client *client = client_of("http://127.0.0.1:1");
        pthread_t closer;
        int fd;

        assert_int_equal(pthread_create(&closer, NULL, close_client, client), 0);
        do
            fd = capauth_client_fd(client);
        while (fd >= 0 || fd == CAPAUTH_E_UNSUPPORTED); /* which it is without epoll, as long as it is open */
        assert_code(fd, CAPAUTH_E_CLOSED); /* not SYSTEM: nothing was refused */
        pthread_join(closer, NULL);
        capauth_client_free(&client);
    }
}

/* ---- Cancelling at any moment ---- */

static void *poll_until_closed(void *data)
{
    capauth_client *client = data;
    int fd = capauth_client_fd(client);

    while (capauth_client_fd(client) == fd)
        (void)capauth_client_poll(client, 1);
    return NULL;
}

/* Starts, lets a random while pass, cancels: it ends either way, once, and stays so. */
static void cancel_at_random(capauth_session *customer, unsigned *seed, int counts[2])
{
    capauth_call *call = NULL;
    int outcome;

    assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
    if (rand_r(seed) % 4 == 0)
        (void)capauth_call_wait(call, 1);
    for (int spins = rand_r(seed) % 4000; spins > 0; spins--)
        (void)capauth_call_done(call);
    assert_code(capauth_call_cancel(call), CAPAUTH_OK);
    if (rand_r(seed) % 4) {
        outcome = capauth_call_wait(call, -1);
        assert_true(outcome == CAPAUTH_OK || outcome == CAPAUTH_E_CANCELLED);
        assert_code(capauth_call_result(call), outcome);
        counts[outcome == CAPAUTH_E_CANCELLED]++;
    }
    capauth_call_free(&call);
}

TEST(cancelling_at_a_random_moment)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    capauth_client *client = client_of(slow_server_url(server));
    struct ledger *ledger = ledger_open(client);
    int rounds = times(10000, 100000);
    int counts[2] = {0, 0};
    unsigned seed = 1;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, poll_until_closed, client), 0);
    for (int i = 0; i < rounds; i++) {
        capauth_session *customer = new_web(client, "Brand", "919999999993");

        cancel_at_random(customer, &seed, counts);
        capauth_session_free(&customer);
    }
    assert_code(capauth_client_close(client), CAPAUTH_OK);
    pthread_join(thread, NULL);
    (void)capauth_client_poll(client, 0);
    assert_true(counts[false] > 0);
    assert_true(counts[true] > 0);
    ledger_check(ledger, rounds);
    capauth_client_free(&client);
    slow_server_stop(server);
}

/* ---- Freeing in every order ---- */

enum { HANDLES = 5, ORDERS = 120, MOMENTS = 5 };

struct handles {
    capauth_client *client;
    capauth_session *sessions[2];
    capauth_call *calls[2];
    int order[HANDLES];
};

/* The number'th permutation. */
static void permute(int order[HANDLES], int number)
{
    for (int i = 0; i < HANDLES; i++)
        order[i] = i;
    for (int i = HANDLES - 1; i > 0; i--) {
        int other = number % (i + 1);
        int kept = order[i];

        number /= i + 1;
        order[i] = order[other];
        order[other] = kept;
    }
}

static struct handles make_handles(const struct slow_server *server, int order)
{
    struct handles it = {.client = client_of(slow_server_url(server))};

    permute(it.order, order);
    for (int i = 0; i < 2; i++) {
        it.sessions[i] = new_mobile(it.client, "Brand", "919999999993");
        assert_code(capauth_token_generate(it.sessions[i], NULL, &it.calls[i]), CAPAUTH_OK);
    }
    return it;
}

static void free_handles(struct handles *it)
{
    for (int i = 0; i < HANDLES; i++) {
        switch (it->order[i]) {
        case 0:
            capauth_client_free(&it->client);
            break;
        case 1:
        case 2:
            capauth_session_free(&it->sessions[it->order[i] - 1]);
            break;
        default:
            capauth_call_free(&it->calls[it->order[i] - 3]);
            break;
        }
    }
}

/* Before anything moved, on the way, with one finished, with both finished, after close. */
static void bring_to(struct handles *it, int moment)
{
    if (moment == 1)
        (void)capauth_client_poll(it->client, 0);
    if (moment == 2 || moment == 3)
        assert_code(capauth_call_wait(it->calls[0], -1), CAPAUTH_OK);
    if (moment == 3)
        assert_code(capauth_call_wait(it->calls[1], -1), CAPAUTH_OK);
    if (moment == 4)
        assert_code(capauth_client_close(it->client), CAPAUTH_OK);
}

TEST(handles_are_freed_in_every_order)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);

    for (int order = 0; order < ORDERS; order++) {
        for (int moment = 0; moment < MOMENTS; moment++) {
            struct handles it = make_handles(server, order);

            bring_to(&it, moment);
            free_handles(&it);
        }
    }
    slow_server_stop(server);
}

static void free_at_the_first_end(int event, int64_t call_id, const char *operation, int result, int http_status,
                                  int attempts, int duration_ms, void *data)
{
    (void)call_id, (void)operation, (void)result, (void)http_status, (void)attempts, (void)duration_ms;
    if (event == CAPAUTH_TRACE_END)
        free_handles(data);
}

static void drive_once(const struct handles *it, int way)
{
    if (way == 0)
        (void)capauth_client_poll(it->client, -1);
    else
        (void)capauth_call_wait(it->calls[way - 1], -1);
}

TEST(handles_are_freed_in_every_order_from_a_callback)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);

    for (int order = 0; order < ORDERS; order++) {
        for (int way = 0; way < 3; way++) {
            struct handles it = make_handles(server, order);

            assert_code(capauth_client_set_trace(it.client, free_at_the_first_end, &it, NULL), CAPAUTH_OK);
            drive_once(&it, way);
            assert_null(it.client);
            assert_null(it.calls[0]);
        }
    }
    slow_server_stop(server);
}

/* A blocking operation whose own delivery frees its session and its client. */
static void free_session_and_client(int event, int64_t call_id, const char *operation, int result, int http_status,
                                    int attempts, int duration_ms, void *data)
{
    struct handles *it = data;

    (void)call_id, (void)operation, (void)result, (void)http_status, (void)attempts, (void)duration_ms;
    if (event == CAPAUTH_TRACE_END) {
        capauth_session_free(&it->sessions[0]);
        capauth_client_free(&it->client);
    }
}

TEST(a_blocking_operation_survives_its_handles)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    struct handles it = {.client = client_of(slow_server_url(server))};

    it.sessions[0] = new_mobile(it.client, "Brand", "919999999993");
    assert_code(capauth_client_set_trace(it.client, free_session_and_client, &it, NULL), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.sessions[0], NULL, NULL), CAPAUTH_OK);
    assert_null(it.client);
    slow_server_stop(server);
}

/* ---- Freeing and cancelling against the engine ---- */

static void *free_call(void *data)
{
    capauth_call_free(data);
    return NULL;
}

/* The moment when a call finishes is the moment when it is freed. */
TEST(freeing_races_with_finishing)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    capauth_client *client = client_of(slow_server_url(server));
    capauth_call *done = NULL;

    for (int round = times(300, 5000); round; round--) {
        capauth_session *customer = new_web(client, "Brand", "919999999993");
        capauth_call *call = NULL;
        pthread_t thread;

        assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
        for (int turns = 0; turns < 3 + round % 8; turns++)
            (void)capauth_client_poll(client, 0);
        assert_int_equal(pthread_create(&thread, NULL, free_call, &call), 0);
        for (int turns = 0; turns < 20; turns++)
            (void)capauth_client_poll(client, 0);
        pthread_join(thread, NULL);
        assert_int_equal(capauth_client_next_done(client, &done), 0);
        capauth_session_free(&customer);
    }
    capauth_client_free(&client);
    slow_server_stop(server);
}

struct race {
    capauth_session *customer;
    atomic_bool over;
};

static void *sign_out_again_and_again(void *data)
{
    struct race *race = data;

    while (!atomic_load(&race->over))
        (void)capauth_session_sign_out(race->customer, NULL, NULL);
    return NULL;
}

/* A call that is cancelled before it was handed over: started with a handle, it appears among the finished ones. */
TEST(signing_out_races_with_starting)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    capauth_client *client = client_of(slow_server_url(server));
    struct race race = {.customer = new_web(client, "Brand", "919999999993")};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, sign_out_again_and_again, &race), 0);
    for (int round = times(1000, 20000); round; round--) {
        capauth_call *call = NULL, *done = NULL;

        assert_code(capauth_token_generate(race.customer, NULL, &call), CAPAUTH_OK);
        while (capauth_client_next_done(client, &done) == 0)
            (void)capauth_client_poll(client, 1);
        assert_ptr_equal(done, call);
        assert_true(capauth_call_done(call));
        capauth_call_free(&call);
    }
    atomic_store(&race.over, true);
    pthread_join(thread, NULL);
    capauth_session_free(&race.customer);
    capauth_client_free(&client);
    slow_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_sign_in_over_a_few_connections),
        cmocka_unit_test(threads_that_do_everything_at_once),
        cmocka_unit_test(closing_under_threads_that_do_everything),
        cmocka_unit_test(the_descriptor_of_a_client_that_is_being_closed),
        cmocka_unit_test(cancelling_at_a_random_moment),
        cmocka_unit_test(handles_are_freed_in_every_order),
        cmocka_unit_test(handles_are_freed_in_every_order_from_a_callback),
        cmocka_unit_test(a_blocking_operation_survives_its_handles),
        cmocka_unit_test(freeing_races_with_finishing),
        cmocka_unit_test(signing_out_races_with_starting),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
