/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight threads do everything at once with one client and its customers, against a server that delays, resets, refuses
 * and breaks off, while signals interrupt them:  stress SECONDS [SEED]
 *
 * It ends with 0 and a line of figures, or with the place of the first thing that is wrong and the seed that chooses
 * the same acts again; in which order the threads get to them is the scheduler's. ThreadSanitizer sees the rest.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fleet.h"
#include "support_net.h"
#include "world.h"

enum { ACTS = 200, STUCK_MS = 20000, PAUSE_MS = 8 };

static unsigned long long seed;

_Noreturn void stress_fail(const char *file, int line, const char *what, int code)
{
    fprintf(stderr, "%s:%d: %s is wrong (%d, %s); seed %llu\n", file, line, what, code, capauth_error_name(code), seed);
    _exit(1);
}

/* ---- The server's whims ---- */

static const char *const faults[] = {
    "\"delayMs\":10",
    "\"delayMs\":700",
    "\"reset\":\"before\"",
    "\"reset\":\"after\"",
    "\"truncateAfter\":20",
    "\"truncateAfter\":0",
    "\"status\":503",
    "\"status\":502,\"body\":\"<html>\"",
    "\"status\":429,\"headers\":{\"Retry-After\":\"1\"}",
    "\"status\":302,\"headers\":{\"Location\":\"/\"}",
    "\"status\":200,\"body\":{\"status\":{\"success\":false,\"code\":1506,\"message\":\"no\"}}",
    "\"status\":200,\"body\":{\"status\":{\"success\":false,\"code\":1597,\"message\":\"no\"}}",
    "\"status\":401,\"body\":{\"status\":{\"success\":false,\"code\":1529,\"message\":\"no\"}}",
};

static const char *const paths[] = {
    "/auth/v1/token/generate",     "/auth/v1/otp/generate",       "/auth/v1/otp/validate",
    "/auth/v1/token/regenerate",   "/auth/v1/web/token/generate", "/auth/v1/web/otp/validate",
    "/mobile/v2/api/customer/get",
};

struct whims {
    const struct emulator *emulator;
    struct dice dice;
    atomic_bool over;
};

static void *have_whims(void *data)
{
    struct whims *it = data;

    while (!atomic_load(&it->over)) {
        const char *path = paths[roll(&it->dice, sizeof paths / sizeof paths[0])];
        const char *fault = faults[roll(&it->dice, sizeof faults / sizeof faults[0])];

        make_fault(it->emulator, "Stress", path, 1 + roll(&it->dice, 2), fault);
        if (one_in(&it->dice, 50))
            control(it->emulator, "POST", "clock", "{\"advanceSeconds\":890}");
        usleep(PAUSE_MS * 1000);
    }
    control(it->emulator, "POST", "reset?brand=Stress", "");
    return NULL;
}

/* ---- Signals ---- */

static void interrupt(int number)
{
    (void)number;
}

/* Handlers as applications have them: with SA_RESTART and without. */
static void handle_signals(bool restart)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = restart ? SA_RESTART : 0};

    CHECK(!sigaction(SIGUSR1, &action, NULL));
}

/* Nobody ignores SIGPIPE here: if capauth raised it, it would end the program. */
static void expect_no_broken_pipe(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    CHECK(!sigaction(SIGPIPE, &action, NULL));
}

/* ---- A round ---- */

struct round {
    struct world world;
    struct actor actors[THREADS];
    atomic_int at_work;
    bool interrupted;
    bool closes; /* an actor closes the client on the way */
};

static void *be_an_actor(void *data)
{
    struct actor *actor = data;
    struct round *round = (struct round *)(void *)actor->world;
    int acts = actor->world->quiet ? ACTS / 4 : ACTS; /* that take longer */
    int last = round->closes && actor == round->actors ? roll(&actor->dice, acts) : -1;

    for (int i = 0; i < acts; i++) {
        if (i == last) {
            atomic_store(&actor->world->closed, true);
            CHECK(!capauth_client_close(actor->world->client));
        }
        act(actor);
    }
    atomic_fetch_sub(&round->at_work, 1);
    return NULL;
}

/* Interrupts them every millisecond, if that is wanted, and watches that each of their acts ends. */
static void watch(struct round *round)
{
    while (atomic_load(&round->at_work)) {
        for (int i = 0; i < THREADS; i++) {
            struct actor *actor = &round->actors[i];

            if (atomic_load(&actor->since_ms) && now_ms() - atomic_load(&actor->since_ms) > STUCK_MS &&
                atomic_load(&round->at_work))
                stress_fail(atomic_load(&actor->what), 0, "a wait that does not end", i);
            if (round->interrupted)
                pthread_kill(actor->thread, SIGUSR1);
        }
        usleep(1000);
    }
}

static void start_actors(struct round *round, struct dice *dice)
{
    atomic_store(&round->at_work, THREADS);
    make_customers(&(struct actor){.world = &round->world});
    for (int i = 0; i < THREADS; i++) {
        struct actor *actor = &round->actors[i];

        actor->world = &round->world;
        actor->dice.state = ((uint64_t)(unsigned)roll(dice, 1 << 30) << 32) + (unsigned)i;
        CHECK(!pthread_create(&actor->thread, NULL, be_an_actor, actor));
    }
}

struct figures {
    long rounds, acts, calls, succeeded, regenerations;
};

static void play_round(const struct emulator *emulator, bool quiet, struct dice *dice, struct figures *figures)
{
    static struct round round; /* the world is its first member */
    struct whims whims = {.emulator = emulator, .dice.state = (uint64_t)roll(dice, 1 << 30)};
    pthread_t server;

    memset(&round, 0, sizeof round);
    round.interrupted = !one_in(dice, 3);
    round.closes = one_in(dice, 3);
    handle_signals(one_in(dice, 2));
    world_open(&round.world, emulator, dice);
    round.world.quiet = quiet;
    CHECK(!pthread_create(&server, NULL, have_whims, &whims));
    start_actors(&round, dice);
    watch(&round);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(round.actors[i].thread, NULL);
        figures->acts += round.actors[i].acts;
    }
    atomic_store(&whims.over, true);
    pthread_join(server, NULL);
    figures->calls += round.world.books->begun;
    figures->succeeded += round.world.books->succeeded;
    world_close(&round.world, dice);
    figures->rounds++;
}

/* ---- All rounds ---- */

static void tell(FILE *to, const struct figures *figures, bool sanitized)
{
    fprintf(to,
            "concurrency: 8 threads, %ld acts, %ld calls (%ld succeeded), each ended once, %ld regenerations, one for "
            "each token%s\n",
            figures->acts, figures->calls, figures->succeeded, figures->regenerations, sanitized ? "; 0 races" : "");
}

static void tell_figures(const struct figures *figures)
{
#ifdef __SANITIZE_THREAD__
    const bool sanitized = true;
#else
    const bool sanitized = false;
#endif
    const char *folder = getenv("CAPAUTH_FIGURES");
    char path[4096];
    FILE *file;

    tell(stdout, figures, sanitized);
    if (!folder)
        return;
    snprintf(path, sizeof path, "%s/concurrency", folder);
    if ((file = fopen(path, "w"))) {
        tell(file, figures, sanitized);
        fclose(file);
    }
}

int main(int count, char **arguments)
{
    int64_t end_ms = now_ms() + 1000 * (count > 1 ? atoi(arguments[1]) : 5);
    struct figures figures = {0};
    struct emulator *emulator = emulator_start();
    struct dice dice;

    seed = count > 2 ? strtoull(arguments[2], NULL, 10) : (unsigned long long)time(NULL);
    printf("seed %llu\n", seed);
    fflush(stdout);
    dice.state = seed;
    expect_no_broken_pipe();
    make_brand(emulator, "Stress", "{\"FIXED_OTP\":\"483920\"}");
    do {
        play_round(emulator, false, &dice, &figures);
        play_round(emulator, true, &dice, &figures);
        figures.regenerations += fleet_round(emulator, &dice);
    } while (now_ms() < end_ms);
    emulator_stop(emulator);
    tell_figures(&figures);
    return 0;
}
