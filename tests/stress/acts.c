/* SPDX-License-Identifier: Apache-2.0 */
/* All that a thread may do, and what must come of it whatever the others do meanwhile. */
#include "world.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support_net.h"
#include "support_operations.h"

/* Any customer, for use; NULL: nobody is there just now. */
static struct customer *borrow(struct actor *actor)
{
    struct customer *customer = &actor->world->customers[roll(&actor->dice, CUSTOMERS)];

    if (pthread_rwlock_tryrdlock(&customer->lock))
        return NULL;
    if (customer->session)
        return customer;
    pthread_rwlock_unlock(&customer->lock);
    return NULL;
}

static void give_back(struct customer *customer)
{
    pthread_rwlock_unlock(&customer->lock);
}

/* An operation to start or to wait for; most often one that signs in, or needs a customer who is signed in. */
static const struct operation *any_operation(struct dice *dice)
{
    static const char *const usual[] = {"token_generate", "otp_generate", "otp_validate", "token_ensure", "gateway"};

    if (one_in(dice, 4))
        return &all_operations[roll(dice, (int)all_operations_count)];
    return operation_named(usual[roll(dice, 5)]);
}

/* Some that end soon, some with a margin that asks for a new token. NULL: none. */
static capauth_options *any_options(struct dice *dice)
{
    capauth_options *options = NULL;

    if (one_in(dice, 2))
        return NULL;
    CHECK(!capauth_options_new(&options));
    if (one_in(dice, 2))
        CHECK(!capauth_options_set_timeout_ms(options, 1 + roll(dice, LONGEST_MS)));
    if (one_in(dice, 2))
        CHECK(!capauth_options_set_margin_ms(options, roll(dice, 2) * 86400000));
    if (one_in(dice, 4))
        CHECK(!capauth_options_add_header(options, "X-Stress", "1"));
    return options;
}

/* ---- Calls ---- */

struct starting {
    capauth_session *session;
    struct dice *dice;
};

static int start_any(void *context, capauth_call **call)
{
    struct starting *it = context;
    capauth_options *options = any_options(it->dice);
    int code = start_operation(any_operation(it->dice), it->session, options, call);

    capauth_options_free(&options);
    return code;
}

static void leave_a_call(struct actor *actor)
{
    struct customer *customer = borrow(actor);

    if (!customer)
        return;
    books_leave(actor->world->books, start_any, &(struct starting){customer->session, &actor->dice});
    give_back(customer);
}

static void cancel_a_call(struct actor *actor)
{
    books_cancel(actor->world->books, roll(&actor->dice, MOST_LEFT));
}

static void collect_calls(struct actor *actor)
{
    books_collect(actor->world->books, actor->world->client);
}

/* One outcome, the same for whoever asks again. */
static void wait_to_the_end(capauth_call *call)
{
    int code = capauth_call_wait(call, -1);

    CHECK_CODE(code, may_happen(code));
    CHECK(capauth_call_done(call));
    CHECK_CODE(code, capauth_call_result(call) == code && capauth_call_wait(call, -1) == code);
    CHECK_CODE(code, (code == CAPAUTH_OK) == !*capauth_call_error_message(call) || capauth_call_http_status(call));
}

static void keep_a_call(struct actor *actor)
{
    struct customer *customer = borrow(actor);
    capauth_call *call = NULL;

    if (!customer)
        return;
    (void)start_any(&(struct starting){customer->session, &actor->dice}, &call);
    give_back(customer);
    CHECK(call);
    if (one_in(&actor->dice, 2))
        (void)capauth_call_wait(call, roll(&actor->dice, 20));
    if (one_in(&actor->dice, 3))
        CHECK(!capauth_call_cancel(call));
    if (one_in(&actor->dice, 2))
        wait_to_the_end(call);
    capauth_call_free(&call);
}

static void block(struct actor *actor)
{
    struct customer *customer = borrow(actor);
    const struct operation *operation = any_operation(&actor->dice);
    capauth_options *options = any_options(&actor->dice);

    if (customer && strcmp(operation->name, "gateway") != 0) {
        int code = start_operation(operation, customer->session, options, NULL);

        CHECK_CODE(code, may_happen(code));
    }
    if (customer)
        give_back(customer);
    capauth_options_free(&options);
}

static void sign_in_whole(struct actor *actor)
{
    struct customer *customer = borrow(actor);

    if (!customer)
        return;
    (void)(capauth_token_generate(customer->session, NULL, NULL) ||
           capauth_otp_generate(customer->session, NULL, NULL) ||
           capauth_otp_validate(customer->session, sample_text("otp"), NULL, NULL));
    give_back(customer);
}

/* ---- The client ---- */

static void poll_client(struct actor *actor)
{
    int count = capauth_client_poll(actor->world->client, one_in(&actor->dice, 2) ? 0 : roll(&actor->dice, 30));

    CHECK_CODE(count, count >= 0);
}

static void watch_descriptor(struct actor *actor)
{
    struct pollfd watched = {.fd = capauth_client_fd(actor->world->client), .events = POLLIN};

    if (watched.fd < 0) {
        CHECK_CODE(watched.fd, watched.fd == CAPAUTH_E_CLOSED || watched.fd == CAPAUTH_E_UNSUPPORTED);
        return;
    }
    (void)poll(&watched, 1, roll(&actor->dice, 10));
    CHECK(capauth_client_poll(actor->world->client, 0) >= 0);
}

static int start_prepare(void *client, capauth_call **call)
{
    return capauth_client_start_prepare(client, call);
}

static void prepare(struct actor *actor)
{
    if (one_in(&actor->dice, 2)) {
        books_leave(actor->world->books, start_prepare, actor->world->client);
    } else {
        int code = capauth_client_prepare(actor->world->client);

        CHECK_CODE(code, may_happen(code));
    }
}

static void set_something(struct actor *actor)
{
    capauth_client *client = actor->world->client;
    char *text = NULL;
    int code = one_in(&actor->dice, 2) ? capauth_client_set_user_agent(client, "stress/1")
                                       : capauth_client_set_refresh_margin_ms(client, roll(&actor->dice, 60000));

    CHECK_CODE(code, !code || code == CAPAUTH_E_STATE || code == CAPAUTH_E_CLOSED);
    CHECK(!capauth_diagnose(client, &text) && strstr(text, "libcurl"));
    capauth_string_free(&text);
    CHECK(!capauth_client_copy_error_message(client, &text));
    capauth_string_free(&text);
}

/* ---- Customers ---- */

static void read_all(struct actor *actor)
{
    struct customer *customer = borrow(actor);
    char *token = NULL, *message = NULL;

    if (!customer)
        return;
    CHECK(!capauth_session_copy_token(customer->session, &token));
    CHECK(!capauth_session_copy_error_message(customer->session, &message));
    CHECK(capauth_session_next_step(customer->session) > 0);
    (void)(capauth_session_signed_in(customer->session) + capauth_session_expires_in_ms(customer->session));
    give_back(customer);
    capauth_string_free(&token);
    capauth_string_free(&message);
}

static void save_and_load(struct actor *actor)
{
    struct customer *customer = borrow(actor);
    capauth_session *again = NULL;
    char *text = NULL;
    int code;

    if (!customer)
        return;
    CHECK(!capauth_session_export(customer->session, &text));
    code = one_in(&actor->dice, 2) ? capauth_session_restore(actor->world->client, text, &again)
                                   : capauth_session_reload(customer->session, text);
    /* Not another customer's, unless the identifier has been updated meanwhile. */
    CHECK_CODE(code, may_happen(code) || code == CAPAUTH_E_INVALID_ARGUMENT);
    give_back(customer);
    capauth_string_free(&text);
    capauth_session_free(&again);
}

static void second_factor(struct actor *actor)
{
    struct customer *customer = borrow(actor);
    capauth_session *second = NULL;

    if (!customer)
        return;
    if (!capauth_session_second_factor(customer->session, &second) &&
        !capauth_session_set_device_id(second, "device-1"))
        books_leave(actor->world->books, start_any, &(struct starting){second, &actor->dice});
    give_back(customer);
    capauth_session_free(&second);
}

static void pause_or_close(struct actor *actor)
{
    struct customer *customer = borrow(actor);

    if (!customer)
        return;
    if (one_in(&actor->dice, 2))
        (void)capauth_session_pause_refresh(customer->session, roll(&actor->dice, 50));
    else
        CHECK(!capauth_session_close(customer->session));
    give_back(customer);
}

static void changed(capauth_session *session, void *data)
{
    char *text = NULL;

    CHECK(books_of(data));
    CHECK(!capauth_session_export(session, &text));
    capauth_string_free(&text);
}

static void listen_to_changes(struct actor *actor, capauth_session *session)
{
    int code = capauth_session_on_change(session, changed, books_data(actor->world->books), books_free_data);

    CHECK_CODE(code, !code || code == CAPAUTH_E_CLOSED);
}

/* Only where nobody is: in a callback this thread itself may be. */
static void replace(struct actor *actor, int index)
{
    struct customer *customer = &actor->world->customers[index];
    bool web = one_in(&actor->dice, 3);
    char mobile[32];

    if (pthread_rwlock_trywrlock(&customer->lock))
        return;
    capauth_session_free(&customer->session);
    snprintf(mobile, sizeof mobile, "9199999999%02d", index);
    if (!capauth_session_new(actor->world->client, web ? CAPAUTH_FLOW_WEB : CAPAUTH_FLOW_MOBILE, "Stress",
                             &customer->session)) {
        (void)capauth_session_set_identifier(customer->session, CAPAUTH_IDENTIFIER_MOBILE, mobile);
        if (!web)
            (void)capauth_session_set_device_id(customer->session, "device-1");
        listen_to_changes(actor, customer->session);
    }
    pthread_rwlock_unlock(&customer->lock);
}

static void replace_customer(struct actor *actor)
{
    replace(actor, roll(&actor->dice, CUSTOMERS));
}

void make_customers(struct actor *actor)
{
    for (int i = 0; i < CUSTOMERS; i++)
        replace(actor, i);
}

/* ---- Callbacks ---- */

static void replace_callbacks(struct actor *actor);

/* What a callback may do; and that waiting in it is refused. */
static void act_in_callback(struct actor *actor)
{
    static void (*const acts[])(struct actor *) = {leave_a_call,  cancel_a_call,    collect_calls,    read_all,
                                                   save_and_load, replace_customer, replace_callbacks};

    CHECK(capauth_client_poll(actor->world->client, 0) == CAPAUTH_E_REENTRANT);
    acts[roll(&actor->dice, sizeof acts / sizeof acts[0])](actor);
}

struct listener {
    void *data; /* the books' */
    struct actor actor;
};

static void log_line(int level, const char *message, void *data)
{
    struct listener *it = data;

    CHECK(level >= CAPAUTH_LOG_ERROR && *message && books_of(it->data));
    if (!atomic_load(&it->actor.world->closed) && one_in(&it->actor.dice, 4))
        act_in_callback(&it->actor);
}

static void free_listener(void *data)
{
    books_free_data(((struct listener *)data)->data);
    free(data);
}

/* The dice of a callback are its own: it runs in any thread, one at a time. */
static void replace_callbacks(struct actor *actor)
{
    struct listener *listener = calloc(1, sizeof *listener);
    int code;

    CHECK(listener);
    listener->data = books_data(actor->world->books);
    listener->actor.world = actor->world;
    listener->actor.dice.state = (uint64_t)roll(&actor->dice, 1 << 30);
    code = capauth_client_set_log(actor->world->client, log_line, listener, free_listener);
    CHECK_CODE(code, !code || code == CAPAUTH_E_CLOSED);
    code = capauth_client_set_log_level(actor->world->client, roll(&actor->dice, CAPAUTH_LOG_DEBUG + 1));
    CHECK_CODE(code, !code || code == CAPAUTH_E_CLOSED);
    if (one_in(&actor->dice, 3))
        books_trace(actor->world->books, actor->world->client);
}

/* ---- One of all ---- */

static const struct {
    const char *name;
    void (*act)(struct actor *actor);
    int weight;
    int quiet_weight; /* where all only wait */
} all_acts[] = {
    {"polls", poll_client, 12, 0},
    {"leaves a call", leave_a_call, 12, 0},
    {"keeps a call", keep_a_call, 12, 2},
    {"blocks", block, 8, 1},
    {"signs in", sign_in_whole, 6, 1},
    {"collects", collect_calls, 8, 0},
    {"cancels", cancel_a_call, 4, 0},
    {"watches the descriptor", watch_descriptor, 4, 0},
    {"prepares", prepare, 1, 0},
    {"sets something", set_something, 2, 0},
    {"reads", read_all, 6, 0},
    {"saves and loads", save_and_load, 4, 0},
    {"takes a second factor", second_factor, 2, 0},
    {"pauses or closes", pause_or_close, 1, 0},
    {"replaces a customer", replace_customer, 4, 0},
    {"replaces callbacks", replace_callbacks, 2, 0},
};

static int weight_of(size_t i, bool quiet)
{
    return quiet ? all_acts[i].quiet_weight : all_acts[i].weight;
}

static size_t choose(struct dice *dice, bool quiet)
{
    int total = 0;
    size_t i;

    for (i = 0; i < sizeof all_acts / sizeof all_acts[0]; i++)
        total += weight_of(i, quiet);
    for (total = roll(dice, total), i = 0; (total -= weight_of(i, quiet)) >= 0;)
        i++;
    return i;
}

void act(struct actor *actor)
{
    size_t chosen = choose(&actor->dice, actor->world->quiet);

    atomic_store(&actor->since_ms, now_ms());
    atomic_store(&actor->what, all_acts[chosen].name);
    all_acts[chosen].act(actor);
    actor->acts++;
}
