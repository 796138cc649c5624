/* SPDX-License-Identifier: Apache-2.0 */
/* A world from its beginning to its end, and the client's three functions at which it watches calls. */
#include "world.h"

#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "callbacks.h"
#include "net/inbox.h"

struct world world;

/* ---- The input ---- */

bool has_input(void)
{
    return world.at < world.end;
}

unsigned take(void)
{
    return has_input() ? *world.at++ : 0;
}

unsigned choose(unsigned count)
{
    return take() % count;
}

void say(const char *format, ...)
{
    va_list arguments;

    if (!world.shown)
        return;
    va_start(arguments, format);
    printf("%9lld  %*s", (long long)clock_ms(), 4 * world.depth, "");
    vprintf(format, arguments);
    putchar('\n');
    fflush(stdout);
    va_end(arguments);
}

/* ---- Where calls begin and end ---- */

void __real_capauth__inbox_post(struct capauth__task *task, bool wake);
void __wrap_capauth__inbox_post(struct capauth__task *task, bool wake);
bool __real_capauth__inbox_set_done(struct capauth__task *task);
bool __wrap_capauth__inbox_set_done(struct capauth__task *task);

void __wrap_capauth__inbox_post(struct capauth__task *task, bool wake)
{
    model_began((const capauth_call *)task);
    __real_capauth__inbox_post(task, wake);
}

bool __wrap_capauth__inbox_set_done(struct capauth__task *task)
{
    model_ended((const capauth_call *)task);
    return __real_capauth__inbox_set_done(task);
}

/* ---- Moving on ---- */

static bool is_readable(void)
{
    struct pollfd descriptor = {.fd = world.fd, .events = POLLIN};

    return poll(&descriptor, 1, 0) > 0;
}

int turn(int timeout_ms)
{
    int finished;

    world.finished_inside = 0;
    finished = capauth_client_poll(world.client, timeout_ms);
    HOLDS(finished == world.finished - world.finished_inside);
    world.finished = world.finished_inside;
    return finished;
}

/* There is nothing to do when the descriptor is not readable. */
static void check_descriptor(void)
{
    int told = world.told, sent = world.sent, delivered = world.delivered;

    if (!world.client || world.depth || is_readable())
        return;
    clock_tick(false); /* else something may become due meanwhile */
    HOLDS(turn(0) == 0);
    clock_tick(world.slow);
    HOLDS(told == world.told && sent == world.sent && delivered == world.delivered);
    model_rests();
}

void settle(void)
{
    for (int turns = 0; world.client && !world.depth && is_readable(); turns++) {
        HOLDS(turns < 1000);
        turn(0);
        watch_handles();
    }
}

/* Whether all of a finished call's getters agree with what is known of it. */
static void check_result(struct handle *handle)
{
    const capauth_call *call = handle->call;
    int code = capauth_call_result(call);

    HOLDS(code != CAPAUTH_E_PENDING);
    HOLDS(!handle->done || code == handle->code); /* there is one outcome */
    HOLDS(!handle->life || (handle->life->ended && handle->life->code == code));
    HOLDS(!capauth_call_ok(call) || code == CAPAUTH_OK);
    HOLDS(code == CAPAUTH_OK || *capauth_call_error_message(call));
    check_shown(capauth_call_error_message(call));
    check_shown(capauth_call_server_message(call));
    handle->done = true;
    handle->code = code;
}

void watch_handles(void)
{
    for (int i = 0; i < CALLS; i++) {
        struct handle *handle = &world.handles[i];

        if (handle->call && capauth_call_done(handle->call) && !handle->done)
            check_result(handle);
        HOLDS(!handle->call || !handle->done || capauth_call_result(handle->call) == handle->code);
    }
}

void world_passes_time(int64_t end_ms)
{
    int64_t left_ms = clock_until_timer();
    struct request *request = has_input() && choose(3) ? request_chosen(true) : NULL;

    HOLDS(!world.depth);
    if (request) {
        say("meanwhile request %d is answered", (int)(request - world.requests));
        choose(4) ? service_agrees(request) : choose(2) ? service_refuses(request) : service_is_not_reached(request);
        return;
    }
    HOLDS(left_ms >= 0 || end_ms < INT64_MAX); /* else it waits for ever */
    if (left_ms < 0 || (end_ms < INT64_MAX && end_ms - clock_ms() < left_ms))
        left_ms = end_ms - clock_ms();
    clock_advance(left_ms > 0 ? left_ms : 1);
}

/* ---- The beginning ---- */

static void set_up(void)
{
    static const int timeouts_ms[] = {20000, 1000, 5000, 86400000};
    static const int margins_ms[] = {30000, 0, 1000, 86400000};
    static const int connections[] = {8, 1, 2, 3};
    unsigned flags = take();

    world.shown = getenv("CAPAUTH_FUZZ_STEPS") != NULL;
    world.slow = (flags & 3) == 3;
    world.connects_at_once = !(flags & 4);
    clock_reset();
    clock_tick(world.slow);
    world.timeout_ms = timeouts_ms[choose(4)];
    world.max_retries = (int)choose(4);
    world.max_connections = connections[choose(4)];
    HOLDS(!capauth_client_new(&world.client));
    HOLDS(!capauth_client_set_base_url(world.client, "https://auth.brand.example"));
    HOLDS(!capauth_client_set_timeout_ms(world.client, world.timeout_ms));
    HOLDS(!capauth_client_set_max_retries(world.client, world.max_retries));
    HOLDS(!capauth_client_set_max_connections(world.client, world.max_connections));
    HOLDS(!capauth_client_set_refresh_margin_ms(world.client, margins_ms[choose(4)]));
    HOLDS(!capauth_client_set_auto_refresh(world.client, !(flags & 8)));
    HOLDS(!capauth_client_set_cap_mobile(world.client, flags >> 4 & 1));
    if (flags & 32)
        HOLDS(!capauth_client_set_clock_offset_ms(world.client, 3600000));
    if (!(flags & 64))
        listen_to_client();
    HOLDS((world.fd = capauth_client_fd(world.client)) >= 0);
    say("a client: timeout %d ms, %d retries, %d connections%s", world.timeout_ms, world.max_retries,
        world.max_connections, world.slow ? ", in a slow world" : "");
}

/* ---- The end ---- */

/* Without a client nothing moves but by waiting; it must end all the same. */
static void end_calls(void)
{
    for (int i = 0; i < CALLS; i++) {
        struct handle *handle = &world.handles[i];

        if (handle->call)
            HOLDS(capauth_call_wait(handle->call, -1) != CAPAUTH_E_PENDING);
    }
    if (world.client) {
        clock_advance(INT64_C(2) * 86400000);
        settle();
        for (const struct life *life = world.lives; life; life = life->next)
            HOLDS(life->ended);
    }
    watch_handles();
}

static void free_handles(void)
{
    for (int i = 0; i < CALLS; i++)
        capauth_call_free(&world.handles[i].call);
    for (int i = 0; i < CUSTOMERS; i++)
        customer_free(&world.customers[i]);
    capauth_client_free(&world.client);
}

static void tear_down(void)
{
    for (int i = 0; i < world.listener_count; i++)
        HOLDS(world.listeners[i].freed);
    for (int i = 0; i < REQUESTS; i++)
        HOLDS(!world.requests[i].exchange);
    while (world.lives) {
        struct life *life = world.lives;

        HOLDS(life->ended);
        world.lives = life->next;
        free(life->key);
        free(life);
    }
    for (int i = 0; i < EXPORTS; i++)
        capauth_string_free(&world.exports[i]);
}

static int lowest_descriptor(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int descriptor = lowest_descriptor();

    world = (struct world){.at = data, .end = data + size};
    set_up();
    while (has_input() && world.steps++ < MOST_STEPS) {
        step();
        watch_handles();
        model_looks();
        check_descriptor();
    }
    say("the end");
    world.end = world.at;
    world.callback_steps = 0;
    end_calls();
    free_handles();
    tear_down();
    HOLDS(lowest_descriptor() == descriptor);
    return 0;
}
