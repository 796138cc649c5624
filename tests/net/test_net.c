/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room `net` alone: its heap, its inbox, tasks, exchanges and waiting threads, with a transport of nothing. That
 * this program is made of base and net, without libcurl and without the Auth Engine, is part of what it shows.
 */
#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/platform.h"
#include "net/heap.h"
#include "net/waiting.h"
#include "stub_transport.h"

static bool no_memory; /* for more of what is there */

void *__real_realloc(void *block, size_t size); /* NOLINT(bugprone-reserved-identifier): the linker's name */
void *__wrap_realloc(void *block, size_t size); /* NOLINT(bugprone-reserved-identifier) */

void *__wrap_realloc(void *block, size_t size) /* NOLINT(bugprone-reserved-identifier) */
{
    return no_memory ? NULL : __real_realloc(block, size);
}

static int announcements;

void __real_capauth__reactor_announce(struct capauth__reactor *reactor); /* NOLINT(bugprone-reserved-identifier) */
void __wrap_capauth__reactor_announce(struct capauth__reactor *reactor); /* NOLINT(bugprone-reserved-identifier) */

void __wrap_capauth__reactor_announce(struct capauth__reactor *reactor) /* NOLINT(bugprone-reserved-identifier) */
{
    announcements++;
    __real_capauth__reactor_announce(reactor);
}

/* A task with an exchange, as a call is one. */
struct job {
    struct capauth__task task; /* the first member */
    struct capauth__exchange exchange;
    struct capauth__engine *engine;
    bool sends; /* its exchange, when it enters; else it waits until it is due */
    bool slow; /* when it enters and when it is due: a turn's whole time */
    int entered;
    int due;
    int ends;
    int end_code; /* what the engine ended it with, and why */
    char end_reason[128];
    int error; /* of its answer */
    int status;
    int retry_after_ms;
    bool may_have_left;
    int answers;
    int *freed;
};

static struct job *job_of(struct capauth__task *task)
{
    return (struct job *)task;
}

static void settle(struct job *job)
{
    capauth__engine_withdraw(job->engine, &job->exchange);
    capauth__engine_settle(job->engine, &job->task);
}

static void take_its_time(const struct job *job)
{
    int64_t begun_us = capauth__monotonic_us();

    while (job->slow && capauth__monotonic_us() < begun_us + 2000)
        ;
}

static void job_enter(struct capauth__task *task)
{
    struct job *job = job_of(task);

    job->entered++;
    take_its_time(job);
    if (job->sends)
        capauth__engine_send(job->engine, &job->exchange);
}

static void job_due(struct capauth__task *task, int64_t now_ms)
{
    job_of(task)->due++;
    take_its_time(job_of(task));
    if (now_ms >= task->due_ms)
        settle(job_of(task));
}

static void job_end(struct capauth__task *task, int code, const char *why)
{
    snprintf(job_of(task)->end_reason, sizeof job_of(task)->end_reason, "%s", why ? why : "");
    job_of(task)->ends++;
    job_of(task)->end_code = code;
    settle(job_of(task));
}

static void job_free(struct capauth__task *task)
{
    struct job *job = job_of(task);

    if (job->freed)
        ++*job->freed;
    free(job);
}

static void job_answered(struct capauth__exchange *exchange, const struct capauth__answer *answer)
{
    struct job *job = exchange->owner;

    job->answers++;
    job->error = answer->error;
    job->status = answer->http_status;
    job->retry_after_ms = answer->retry_after_ms;
    job->may_have_left = answer->may_have_left;
    settle(job);
}

static const struct capauth__task_owner owner = {.enter = job_enter, .due = job_due, .end = job_end, .free = job_free};

static struct capauth__net_config config = {.ca_memory_fd = -1};

static struct capauth__engine *engine_new(void)
{
    struct capauth__engine *engine = calloc(1, sizeof *engine);

    assert_non_null(engine);
    memset(&stub, 0, sizeof stub);
    stub.room = 1;
    stub.status = 200;
    capauth__engine_init(engine, &config);
    return engine;
}

static void engine_free(struct capauth__engine *engine)
{
    capauth__engine_end(engine, false);
    assert_int_equal(stub.transports, 0);
    assert_int_equal(engine->reactor.wake_fd, -1);
    assert_int_equal(engine->reactor.outer_fd, -1);
    free(engine);
}

/* Due in `due_in_ms`; with a handle that somebody holds. */
static struct job *job_new(struct capauth__engine *engine, int due_in_ms)
{
    struct job *job = calloc(1, sizeof *job);

    assert_non_null(job);
    capauth__task_init(&job->task, &owner, &engine->inbox);
    job->task.due_ms = capauth__monotonic_ms() + due_in_ms;
    job->task.collectable = true;
    job->engine = engine;
    job->exchange.owner = job;
    job->exchange.deadline_ms = INT64_MAX;
    job->exchange.answered = job_answered;
    return job;
}

static struct job *sender_new(struct capauth__engine *engine)
{
    struct job *job = job_new(engine, 60000);

    job->sends = true;
    capauth__inbox_post(&job->task, true);
    return job;
}

/* One turn; how many were finished. */
static int turn(struct capauth__engine *engine)
{
    return capauth__wait_for_any(engine, 0);
}

/* That nothing is left at the reactor for which a wait would end early, again and again. */
static void assert_waits_to_the_end(struct capauth__engine *engine)
{
    int64_t start_ms = capauth__monotonic_ms();
    struct capauth__ready ready;

    assert_int_equal(capauth__reactor_wait(&engine->reactor, &ready, 1, 30), 0);
    assert_true(capauth__monotonic_ms() - start_ms >= 29); /* by whichever clock the system counts */
}

static bool is_done(const struct job *job)
{
    return atomic_load(&job->task.done);
}

static void release(struct job *job)
{
    capauth__inbox_let_go(&job->task);
    capauth__task_release(&job->task);
}

/* ---- The heap ---- */

enum { MANY = 200 };

static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void assert_in_order(const struct capauth__heap *heap)
{
    for (size_t i = 0; i < heap->length; i++) {
        assert_int_equal(heap->tasks[i]->heap_slot, i);
        assert_true(heap->tasks[(i ? i - 1 : 0) / 2]->due_ms <= heap->tasks[i]->due_ms);
    }
}

TEST(the_heap_stays_in_order_whatever_comes_moves_and_goes)
{
    struct capauth__heap heap = {0};
    struct capauth__task *tasks = calloc(MANY, sizeof *tasks);
    bool there[MANY] = {false};
    uint32_t seed = 1;

    assert_non_null(tasks);
    for (int i = 0; i < 20 * MANY; i++) {
        uint32_t which = next_number(&seed) % MANY;
        bool moves = next_number(&seed) % 2;

        if (!there[which] || moves)
            tasks[which].due_ms = next_number(&seed) % 1000;
        if (!there[which])
            assert_true(capauth__heap_add(&heap, &tasks[which]));
        else if (moves)
            capauth__heap_move(&heap, &tasks[which]);
        else
            capauth__heap_remove(&heap, &tasks[which]);
        there[which] = !there[which] || moves;
        assert_in_order(&heap);
    }
    free(heap.tasks);
    free(tasks);
}

/* ---- Tasks ---- */

TEST(a_task_enters_in_the_next_turn_and_is_due_at_its_time)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 20);

    capauth__inbox_post(&job->task, true);
    assert_int_equal(job->entered, 0);
    assert_int_equal(turn(engine), 0);
    assert_int_equal(job->entered, 1);
    capauth__wait_for(engine, &job->task, -1);
    assert_true(is_done(job));
    assert_int_equal(job->due, 1);
    assert_true(capauth__monotonic_ms() >= job->task.due_ms);
    assert_waits_to_the_end(engine);
    release(job);
    engine_free(engine);
}

TEST(an_overdue_task_ends_without_a_wait_however_much_work_is_before_it)
{
    struct capauth__engine *engine = engine_new();
    struct job *before[3], *overdue = job_new(engine, 0);

    for (size_t i = 0; i < 3; i++) {
        before[i] = job_new(engine, i == 2 ? -1 : 60000);
        before[i]->slow = true;
        capauth__inbox_post(&before[i]->task, true);
    }
    capauth__inbox_post(&overdue->task, true);
    capauth__wait_for_overdue(engine, &overdue->task);
    assert_true(is_done(overdue));
    release(overdue);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(before[i]->entered, 1);
        assert_int_equal(is_done(before[i]), i == 2);
        release(before[i]);
    }
    engine_free(engine);
}

TEST(a_task_that_is_scheduled_anew_is_due_then)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);

    capauth__inbox_post(&job->task, true);
    turn(engine);
    pthread_mutex_lock(&engine->mutex);
    capauth__engine_schedule(engine, &job->task, capauth__monotonic_ms() - 1);
    pthread_mutex_unlock(&engine->mutex);
    assert_int_equal(turn(engine), 1);
    assert_true(is_done(job));
    release(job);
    engine_free(engine);
}

TEST(a_task_that_is_scheduled_before_the_others_is_due_before_them)
{
    struct capauth__engine *engine = engine_new();
    struct job *first = job_new(engine, 60000), *second = job_new(engine, 70000);

    capauth__inbox_post(&first->task, true);
    capauth__inbox_post(&second->task, true);
    turn(engine);
    pthread_mutex_lock(&engine->mutex);
    capauth__engine_schedule(engine, &second->task, capauth__monotonic_ms() - 1);
    pthread_mutex_unlock(&engine->mutex);
    assert_int_equal(turn(engine), 1);
    assert_true(is_done(second));
    assert_false(is_done(first));
    release(first);
    release(second);
    engine_free(engine);
}

static void allow_descriptors(rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(a_task_for_which_there_are_no_descriptors_ends_with_the_systems_reason)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000), *later = job_new(engine, 60000);
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    allow_descriptors(0);
    capauth__inbox_post(&job->task, true);
    assert_int_equal(turn(engine), 1);
    assert_int_equal(capauth__engine_fd(engine), -1);
    assert_false(engine->watched);
    allow_descriptors(limit.rlim_cur);
    assert_int_equal(job->entered, 0);
    assert_int_equal(job->end_code, CAPAUTH_E_SYSTEM);
    assert_string_equal(job->end_reason, "Too many open files");
    capauth__inbox_post(&later->task, true);
    turn(engine);
    assert_int_equal(later->entered, 1);
    release(job);
    release(later);
    engine_free(engine);
}

TEST(a_wait_ends_at_its_time_and_the_task_goes_on)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);
    int64_t start_ms = capauth__monotonic_ms();

    capauth__inbox_post(&job->task, true);
    capauth__wait_for(engine, &job->task, 30);
    assert_true(capauth__monotonic_ms() - start_ms >= 30);
    assert_false(is_done(job));
    release(job);
    engine_free(engine);
}

TEST(a_cancelled_task_ends_once_whether_it_was_posted_entered_or_neither)
{
    struct capauth__engine *engine = engine_new();
    struct job *early = job_new(engine, 60000), *posted = job_new(engine, 60000), *entered = job_new(engine, 60000);

    capauth__inbox_post(&entered->task, true);
    turn(engine);
    capauth__inbox_cancel(&early->task);
    assert_true(capauth__inbox_is_empty(&engine->inbox)); /* whoever is about to post it does so for both */
    capauth__inbox_post(&early->task, true);
    capauth__inbox_post(&posted->task, true);
    capauth__inbox_cancel(&posted->task);
    capauth__inbox_cancel(&entered->task);
    capauth__inbox_cancel(&entered->task);
    assert_int_equal(turn(engine), 3);
    assert_int_equal(early->entered, 0);
    assert_int_equal(posted->entered, 0);
    assert_int_equal(early->end_code, CAPAUTH_E_CANCELLED);
    assert_int_equal(posted->end_code, CAPAUTH_E_CANCELLED);
    assert_int_equal(entered->end_code, CAPAUTH_E_CANCELLED);
    release(early);
    release(posted);
    release(entered);
    engine_free(engine);
}

TEST(a_task_that_has_ended_on_its_way_to_be_cancelled_ends_no_second_time)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);

    capauth__inbox_post(&job->task, true);
    turn(engine);
    capauth__inbox_cancel(&job->task);
    pthread_mutex_lock(&engine->mutex);
    settle(job);
    pthread_mutex_unlock(&engine->mutex);
    assert_int_equal(turn(engine), 1);
    assert_int_equal(job->ends, 0);
    release(job);
    engine_free(engine);
}

TEST(what_is_done_is_handed_out_once_in_order_unless_it_was_collected_or_let_go)
{
    struct capauth__engine *engine = engine_new();
    struct job *jobs[4];

    for (int i = 0; i < 4; i++) {
        jobs[i] = job_new(engine, 60000);
        capauth__inbox_post(&jobs[i]->task, true);
        capauth__inbox_cancel(&jobs[i]->task);
    }
    release(jobs[3]);
    assert_int_equal(turn(engine), 3);
    assert_int_equal(turn(engine), 0);
    capauth__inbox_collected(&jobs[1]->task);
    assert_ptr_equal(capauth__inbox_next_done(&engine->inbox), &jobs[0]->task);
    assert_ptr_equal(capauth__inbox_next_done(&engine->inbox), &jobs[2]->task);
    assert_null(capauth__inbox_next_done(&engine->inbox));
    for (int i = 0; i < 3; i++)
        release(jobs[i]);
    engine_free(engine);
}

TEST(a_task_is_freed_when_nobody_needs_it_any_more)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);
    int freed = 0;

    job->freed = &freed;
    capauth__inbox_post(&job->task, true);
    turn(engine);
    release(job);
    assert_int_equal(freed, 0); /* it is in the engine, and in the inbox to be cancelled */
    turn(engine);
    assert_int_equal(freed, 1);
    engine_free(engine);
}

TEST(a_closed_engine_ends_what_it_has_and_what_still_comes)
{
    struct capauth__engine *engine = engine_new();
    struct job *live = sender_new(engine), *posted, *late;

    turn(engine);
    posted = sender_new(engine);
    capauth__engine_close(engine);
    assert_true(is_done(posted));
    assert_int_equal(posted->entered, 0);
    assert_int_equal(posted->end_code, CAPAUTH_E_CLOSED);
    assert_true(is_done(live));
    assert_int_equal(live->end_code, CAPAUTH_E_CLOSED);
    assert_int_equal(stub.cancelled_count, 1);
    late = sender_new(engine);
    turn(engine);
    assert_int_equal(late->entered, 0);
    assert_int_equal(late->end_code, CAPAUTH_E_CLOSED);
    assert_false(capauth__engine_open_reactor(engine));
    assert_int_equal(engine->reactor.wake_fd, -1);
    release(live);
    release(posted);
    release(late);
    engine_free(engine);
}

TEST(a_task_that_there_is_no_memory_for_ends_with_that)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);

    no_memory = true;
    capauth__inbox_post(&job->task, true);
    assert_int_equal(turn(engine), 1);
    no_memory = false;
    assert_int_equal(job->entered, 0);
    assert_int_equal(job->end_code, CAPAUTH_E_NO_MEMORY);
    assert_int_equal(engine->heap.length, 0);
    release(job);
    engine_free(engine);
}

/* ---- Turns ---- */

enum { SLOW = 3 };

/* All live, and each takes a whole turn from now on. */
static void slow_jobs_begin(struct capauth__engine *engine, struct job *jobs[SLOW])
{
    for (int i = 0; i < SLOW; i++) {
        jobs[i] = job_new(engine, 60000);
        capauth__inbox_post(&jobs[i]->task, true);
    }
    for (int i = 0; i < SLOW; i++) {
        while (!jobs[i]->entered)
            turn(engine);
        jobs[i]->slow = true;
    }
}

TEST(a_turn_that_has_no_time_left_leaves_what_is_due_to_the_next)
{
    struct capauth__engine *engine = engine_new();
    struct job *jobs[SLOW];

    slow_jobs_begin(engine, jobs);
    pthread_mutex_lock(&engine->mutex);
    for (int i = 0; i < SLOW; i++)
        capauth__engine_schedule(engine, &jobs[i]->task, capauth__monotonic_ms() - 1);
    pthread_mutex_unlock(&engine->mutex);
    for (int i = 0; i < SLOW; i++)
        assert_int_equal(turn(engine), 1);
    for (int i = 0; i < SLOW; i++)
        release(jobs[i]);
    engine_free(engine);
}

/* Some turn is not interrupted for so long that its time is up. */
TEST(a_turn_ends_all_that_is_due_while_it_has_time)
{
    struct capauth__engine *engine = engine_new();
    int ended = 0;

    for (int i = 0; i < 100 && ended < 2; i++) {
        struct job *first = job_new(engine, -1), *second = job_new(engine, -1);

        capauth__inbox_post(&first->task, true);
        capauth__inbox_post(&second->task, true);
        ended = turn(engine);
        while (!is_done(first) || !is_done(second))
            turn(engine);
        release(first);
        release(second);
    }
    assert_int_equal(ended, 2);
    engine_free(engine);
}

TEST(an_engine_is_behind_with_what_is_posted_and_with_what_is_due)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);

    assert_false(capauth__engine_is_behind(engine));
    capauth__inbox_post(&job->task, true);
    assert_true(capauth__engine_is_behind(engine));
    turn(engine);
    assert_false(capauth__engine_is_behind(engine));
    pthread_mutex_lock(&engine->mutex);
    capauth__engine_schedule(engine, &job->task, capauth__monotonic_ms() - 1);
    pthread_mutex_unlock(&engine->mutex);
    assert_true(capauth__engine_is_behind(engine));
    turn(engine);
    assert_false(capauth__engine_is_behind(engine));
    release(job);
    engine_free(engine);
}

TEST(a_transport_has_its_timer_in_the_turn_that_starts_an_exchange_and_later)
{
    struct capauth__engine *engine = engine_new();
    struct job *sender;

    stub.due_in_ms = -1;
    sender = sender_new(engine);
    turn(engine);
    assert_int_equal(stub.timer_count, 1);
    stub.due_ms = capauth__monotonic_ms() + 40000;
    turn(engine);
    assert_int_equal(stub.timer_count, 1);
    assert_int_equal(engine->reactor.armed_ms, stub.due_ms); /* before the task, which is due in a minute */
    stub.due_ms = capauth__monotonic_ms() + 5;
    capauth__wait_for(engine, &sender->task, 200);
    assert_int_equal(stub.timer_count, 2);
    release(sender);
    engine_free(engine);
}

TEST(the_reactor_is_armed_for_a_task_that_is_due_before_the_transport)
{
    struct capauth__engine *engine = engine_new();
    struct job *sender;

    stub.due_in_ms = 70000;
    sender = sender_new(engine);
    turn(engine);
    assert_int_equal(engine->reactor.armed_ms, sender->task.due_ms);
    release(sender);
    engine_free(engine);
}

TEST(what_is_answered_at_once_ends_in_the_same_turn_and_makes_room)
{
    struct capauth__engine *engine = engine_new();
    struct job *first, *second;
    int ended = 0;

    stub.answers_at_once = true;
    for (int i = 0; i < 100 && ended < 2; i++) { /* until a turn is not interrupted */
        first = sender_new(engine);
        second = sender_new(engine);
        ended = turn(engine);
        while (!is_done(first) || !is_done(second))
            turn(engine);
        release(first);
        release(second);
    }
    assert_int_equal(ended, 2);
    engine_free(engine);
}

/* A turn in which nothing is left to be sent; whether it has called for another. */
static bool calls_for_another(struct capauth__engine *engine)
{
    bool called;

    pthread_mutex_lock(&engine->mutex);
    capauth__engine_turn(engine, NULL, 0);
    called = engine->inbox.called;
    pthread_mutex_unlock(&engine->mutex);
    return called;
}

/* Whether the reactor would end a wait now. */
static bool is_woken(struct capauth__engine *engine)
{
    return engine->inbox.signalled;
}

TEST(a_new_task_wakes_the_reactor_only_where_somebody_waits_or_watches)
{
    struct capauth__engine *engine = engine_new();
    struct job *first = sender_new(engine), *second;
    bool watched;

    assert_false(is_woken(engine));
    watched = capauth__engine_fd(engine) >= 0;
    assert_int_equal(is_woken(engine), watched); /* also for what came before */
    turn(engine);
    assert_false(is_woken(engine));
    assert_true(capauth__inbox_await(&engine->inbox));
    second = sender_new(engine);
    assert_true(is_woken(engine));
    assert_false(capauth__inbox_await(&engine->inbox));
    turn(engine);
    assert_false(is_woken(engine));
    release(first);
    release(second);
    engine_free(engine);
}

TEST(a_turn_that_leaves_tasks_or_answers_calls_for_another)
{
    struct capauth__engine *engine = engine_new();
    struct job *sender = sender_new(engine), *jobs[SLOW];

    turn(engine);
    assert_false(calls_for_another(engine));
    for (int i = 0; i < SLOW; i++) {
        jobs[i] = job_new(engine, 60000);
        jobs[i]->slow = true;
        capauth__inbox_post(&jobs[i]->task, false); /* without waking anybody */
    }
    assert_true(calls_for_another(engine));
    for (int i = 1; i < SLOW; i++)
        turn(engine);
    assert_false(calls_for_another(engine));
    stub.has_more = true;
    assert_true(calls_for_another(engine));
    stub.has_more = false;
    for (int i = 0; i < SLOW; i++)
        release(jobs[i]);
    release(sender);
    engine_free(engine);
}

TEST(a_turn_that_leaves_exchanges_calls_for_another)
{
    struct capauth__engine *engine = engine_new();
    struct job *first, *second;

    stub.room = 2;
    stub.slow = true; /* each start takes a whole turn */
    first = sender_new(engine);
    second = sender_new(engine);
    assert_true(calls_for_another(engine));
    assert_in_range(stub.started_count, 0, 1);
    while (stub.started_count < 2)
        turn(engine);
    assert_false(calls_for_another(engine));
    release(first);
    release(second);
    engine_free(engine);
}

TEST(a_turn_that_leaves_answers_to_what_it_has_sent_calls_for_another)
{
    struct capauth__engine *engine = engine_new();
    struct job *sender;

    stub.has_more = true;
    sender = sender_new(engine);
    assert_true(calls_for_another(engine));
    stub.has_more = false;
    release(sender);
    engine_free(engine);
}

TEST(a_turn_sees_to_all_ready_descriptors_while_it_has_time)
{
    const struct capauth__ready ready[] = {{.fd = 7, .events = CAPAUTH__READ}, {.fd = 8, .events = CAPAUTH__READ}};
    struct capauth__engine *engine = engine_new();
    struct job *sender = sender_new(engine);
    int seen = 0;

    pthread_mutex_lock(&engine->mutex);
    capauth__engine_turn(engine, ready, 2); /* while there is no transport, they are nobody's */
    pthread_mutex_unlock(&engine->mutex);
    assert_int_equal(stub.ready_count, 0);
    for (int i = 0; i < 100 && seen < 2; i++) { /* until a turn is not interrupted */
        stub.ready_count = 0;
        pthread_mutex_lock(&engine->mutex);
        capauth__engine_turn(engine, ready, 2);
        pthread_mutex_unlock(&engine->mutex);
        seen = stub.ready_count;
    }
    assert_int_equal(seen, 2);
    assert_int_equal(stub.ready_fd, 8);
    release(sender);
    engine_free(engine);
}

TEST(a_turn_sees_to_one_ready_descriptor_however_long_the_rest_took)
{
    const struct capauth__ready ready[] = {{.fd = 7, .events = CAPAUTH__READ}, {.fd = 8, .events = CAPAUTH__READ}};
    struct capauth__engine *engine = engine_new();
    struct job *sender = sender_new(engine), *slow = job_new(engine, 60000);

    turn(engine);
    slow->slow = true;
    capauth__inbox_post(&slow->task, true);
    pthread_mutex_lock(&engine->mutex);
    capauth__engine_turn(engine, ready, 2);
    pthread_mutex_unlock(&engine->mutex);
    assert_int_equal(slow->entered, 1);
    assert_int_equal(stub.begun_with, 2); /* it knows of the other, too */
    assert_int_equal(stub.ready_count, 1);
    assert_int_equal(stub.ready_fd, 7);
    release(slow);
    release(sender);
    engine_free(engine);
}

/* ---- The application's descriptor ---- */

static bool is_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return poll(&one, 1, 0) == 1;
}

static void turn_of_another(struct capauth__engine *engine)
{
    pthread_mutex_lock(&engine->mutex);
    capauth__engine_turn(engine, NULL, 0);
    pthread_mutex_unlock(&engine->mutex);
}

static struct job *ended_by_another(struct capauth__engine *engine)
{
    struct job *job = job_new(engine, 60000);

    capauth__inbox_post(&job->task, false);
    capauth__inbox_cancel(&job->task);
    turn_of_another(engine);
    assert_true(is_done(job));
    return job;
}

static int take_finished(struct capauth__engine *engine)
{
    int finished;

    pthread_mutex_lock(&engine->mutex);
    finished = capauth__engine_take_finished(engine);
    pthread_mutex_unlock(&engine->mutex);
    return finished;
}

TEST(the_descriptor_tells_of_what_has_finished_until_somebody_asks)
{
    struct capauth__engine *engine = engine_new();
    struct job *jobs[3];
    int fd;

    jobs[0] = ended_by_another(engine);
    fd = capauth__engine_fd(engine);
    assert_int_equal(fd >= 0, engine->reactor.poll_fd >= 0); /* the reactor of poll(2) has none */
    assert_true(fd < 0 || is_readable(fd)); /* also for what had finished before */
    assert_int_equal(take_finished(engine), 1);
    assert_int_equal(capauth__engine_fd(engine), fd);
    turn_of_another(engine);
    assert_false(is_readable(fd));
    jobs[1] = ended_by_another(engine);
    assert_true(fd < 0 || is_readable(fd));
    jobs[2] = ended_by_another(engine);
    assert_int_equal(take_finished(engine), 2);
    assert_false(is_readable(fd));
    for (int i = 0; i < 3; i++)
        release(jobs[i]);
    engine_free(engine);
}

TEST(what_ends_while_somebody_asks_is_no_news_for_the_descriptor)
{
    struct capauth__engine *engine = engine_new();
    bool watched = capauth__engine_fd(engine) >= 0;
    struct job *jobs[2];

    jobs[0] = job_new(engine, 60000);
    capauth__inbox_post(&jobs[0]->task, true);
    capauth__inbox_cancel(&jobs[0]->task);
    announcements = 0;
    assert_int_equal(turn(engine), 1);
    assert_int_equal(announcements, 0);
    jobs[1] = ended_by_another(engine);
    assert_int_equal(announcements, watched);
    assert_int_equal(take_finished(engine), 1);
    for (int i = 0; i < 2; i++)
        release(jobs[i]);
    engine_free(engine);
}

TEST(a_descriptor_that_was_not_to_be_had_tells_the_same_later)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = ended_by_another(engine);
    struct rlimit limit;
    int fd;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    allow_descriptors(0);
    assert_int_equal(capauth__engine_fd(engine), -1);
    allow_descriptors(limit.rlim_cur);
    fd = capauth__engine_fd(engine);
    assert_true(fd < 0 || is_readable(fd));
    release(job);
    engine_free(engine);
}

TEST(what_has_ended_is_told_even_if_there_are_no_descriptors_to_wait_with)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);
    struct rlimit limit;

    capauth__inbox_post(&job->task, true);
    capauth__inbox_cancel(&job->task);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    allow_descriptors(0);
    assert_int_equal(capauth__wait_for_any(engine, 1000), 1);
    allow_descriptors(limit.rlim_cur);
    release(job);
    engine_free(engine);
}

TEST(closing_is_something_to_learn_for_who_watches)
{
    struct capauth__engine *engine = engine_new();
    int fd = capauth__engine_fd(engine);

    capauth__engine_close(engine);
    assert_true(fd < 0 || is_readable(fd));
    assert_int_equal(capauth__engine_fd(engine), -1);
    engine_free(engine);
}

/* ---- The reactor ---- */

struct watcher {
    struct capauth__reactor *reactor;
    struct capauth__ready ready;
};

/* Until something is ready: a wait may end early, when what is waited for has changed. */
static void *wait_for_descriptor(void *data)
{
    struct watcher *watcher = data;

    while (!capauth__reactor_wait(watcher->reactor, &watcher->ready, 1, -1))
        ;
    return NULL;
}

/* Only the reactor without epoll needs to know whether anybody does. */
static void await_wait(struct capauth__reactor *reactor)
{
    bool waits = false;

    for (int i = 0; i < 50 && !waits; i++) {
        usleep(1000);
        pthread_mutex_lock(&reactor->mutex);
        waits = reactor->waiting > 0;
        pthread_mutex_unlock(&reactor->mutex);
    }
}

TEST(a_descriptor_is_seen_by_who_waits_already_and_the_next_wait_is_a_whole_one)
{
    struct capauth__engine *engine = engine_new();
    struct watcher watcher = {.reactor = &engine->reactor};
    pthread_t thread;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_true(capauth__engine_open_reactor(engine));
    assert_int_equal(pthread_create(&thread, NULL, wait_for_descriptor, &watcher), 0);
    await_wait(&engine->reactor);
    assert_true(capauth__reactor_watch(&engine->reactor, ends[0], CAPAUTH__READ));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(watcher.ready.fd, ends[0]);
    assert_int_equal(watcher.ready.events, CAPAUTH__READ);
    assert_true(capauth__reactor_watch(&engine->reactor, ends[0], 0));
    assert_waits_to_the_end(engine);
    close(ends[0]);
    close(ends[1]);
    engine_free(engine);
}

/* That of poll(2) keeps its descriptors itself. */
TEST(a_descriptor_for_which_there_is_no_memory_is_not_said_to_be_watched)
{
    struct capauth__engine *engine = engine_new();
    struct capauth__ready ready;
    int ends[2];
    bool watched;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_true(capauth__engine_open_reactor(engine));
    no_memory = true;
    watched = capauth__reactor_watch(&engine->reactor, ends[0], CAPAUTH__READ);
    no_memory = false;
    assert_int_equal(capauth__reactor_wait(&engine->reactor, &ready, 1, 0), watched);
    close(ends[0]);
    close(ends[1]);
    engine_free(engine);
}

/* ---- Descriptors in a forked child ---- */

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Its exit status: which of these is wrong. */
static int end_in_child(struct capauth__engine *engine)
{
    const int descriptors[] = {engine->reactor.wake_fd, engine->reactor.poll_fd, engine->reactor.timer_fd,
                               engine->reactor.kick_fds[0]};

    if (!is_open(descriptors[0]))
        return 1;
    capauth__engine_end(engine, true);
    if (stub.abandoned_count != 1 || stub.cancelled_count || stub.transports != 1)
        return 2;
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (descriptors[i] > 2 && is_open(descriptors[i]))
            return 3;
    }
    return 0;
}

/* In a program that has closed its standard input, that is the first descriptor to be had. */
static int close_descriptor_0(struct capauth__engine *engine)
{
    close(0);
    if (!capauth__engine_open_reactor(engine) || !is_open(0))
        return 1;
    capauth__reactor_close(&engine->reactor);
    return is_open(0);
}

static void in_child(int (*child)(struct capauth__engine *engine), struct capauth__engine *engine)
{
    pid_t process = fork();
    int status;

    if (process == 0)
        _exit(child(engine));
    assert_int_equal(waitpid(process, &status, 0), process);
    assert_int_equal(status, 0);
}

TEST(descriptor_0_is_one_like_any_other)
{
    struct capauth__engine *engine = engine_new();

    in_child(close_descriptor_0, engine);
    engine_free(engine);
}

TEST(a_reactor_that_may_not_be_opened_is_open_only_if_it_was)
{
    struct capauth__reactor reactor;
    struct capauth__inbox inbox = {0};

    capauth__reactor_init(&reactor);
    capauth__inbox_init(&inbox, &reactor);
    assert_false(capauth__inbox_open_reactor(&inbox, false));
    assert_int_equal(reactor.wake_fd, -1);
    assert_true(capauth__inbox_open_reactor(&inbox, true));
    assert_true(capauth__inbox_open_reactor(&inbox, false));
    capauth__inbox_close_reactor(&inbox);
    reactor.wake_fd = 0; /* a descriptor like any other */
    assert_true(capauth__inbox_open_reactor(&inbox, false));
    reactor.wake_fd = -1;
    capauth__inbox_end(&inbox);
    capauth__reactor_end(&reactor);
}

TEST(a_call_for_which_there_was_no_reactor_yet_is_heard_once_there_is)
{
    struct capauth__reactor reactor;
    struct capauth__inbox inbox = {0};
    struct pollfd woken = {.events = POLLIN};

    capauth__reactor_init(&reactor);
    capauth__inbox_init(&inbox, &reactor);
    capauth__inbox_watch(&inbox);
    capauth__inbox_wake(&inbox);
    assert_true(capauth__inbox_open_reactor(&inbox, true));
    woken.fd = reactor.wake_fd;
    assert_int_equal(poll(&woken, 1, 0), 1);
    capauth__inbox_end(&inbox);
    capauth__reactor_end(&reactor);
}

TEST(a_forked_child_gives_the_descriptors_back_and_abandons_the_connections)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = sender_new(engine);

    turn(engine);
    in_child(end_in_child, engine);
    release(job);
    engine_free(engine);
}

/* ---- Exchanges ---- */

TEST(exchanges_wait_in_line_for_a_connection_and_leave_it_in_order)
{
    struct capauth__engine *engine = engine_new();
    struct job *jobs[5];

    stub.room = 2;
    for (int i = 0; i < 5; i++)
        jobs[i] = sender_new(engine);
    turn(engine);
    assert_int_equal(stub.started_count, 2);
    assert_int_equal(jobs[2]->exchange.attempts, 0);
    for (int i = 0; i < 5; i++) {
        stub.to_answer = &jobs[i]->exchange;
        assert_int_equal(turn(engine), 1);
        assert_int_equal(jobs[i]->status, 200);
        assert_int_equal(jobs[i]->exchange.attempts, 1);
        assert_int_equal(stub.started_count, i + 3 < 5 ? i + 3 : 5);
    }
    for (int i = 0; i < 5; i++) {
        assert_ptr_equal(stub.started[i], &jobs[i]->exchange);
        release(jobs[i]);
    }
    engine_free(engine);
}

TEST(an_exchange_past_its_deadline_never_starts)
{
    struct capauth__engine *engine = engine_new();
    struct job *late = sender_new(engine);

    late->exchange.deadline_ms = capauth__monotonic_ms();
    turn(engine);
    assert_int_equal(late->entered, 1);
    assert_int_equal(stub.started_count, 0);
    release(late);
    turn(engine);
    engine_free(engine);
}

TEST(an_exchange_that_is_withdrawn_from_the_line_never_starts)
{
    struct capauth__engine *engine = engine_new();
    struct job *first = sender_new(engine), *second = sender_new(engine), *third = sender_new(engine);

    turn(engine);
    capauth__inbox_cancel(&second->task);
    assert_int_equal(turn(engine), 1);
    assert_int_equal(second->answers, 0);
    stub.to_answer = &first->exchange;
    turn(engine);
    assert_int_equal(stub.started_count, 2);
    assert_ptr_equal(stub.started[1], &third->exchange);
    assert_int_equal(stub.cancelled_count, 0);
    release(first);
    release(second);
    release(third);
    engine_free(engine);
}

TEST(an_exchange_that_is_withdrawn_from_the_wire_makes_room_for_the_next)
{
    struct capauth__engine *engine = engine_new();
    struct job *first = sender_new(engine), *second = sender_new(engine);

    turn(engine);
    capauth__inbox_cancel(&first->task);
    turn(engine);
    assert_int_equal(first->answers, 0);
    assert_int_equal(stub.cancelled_count, 1);
    assert_int_equal(stub.started_count, 2);
    release(first);
    release(second);
    engine_free(engine);
}

TEST(a_start_that_fails_is_an_answer_and_no_attempt)
{
    struct capauth__engine *engine = engine_new();
    struct job *job;

    stub.fails_with = CAPAUTH_E_UNSUPPORTED;
    job = sender_new(engine);
    assert_int_equal(turn(engine), 1);
    assert_int_equal(job->error, CAPAUTH_E_UNSUPPORTED);
    assert_int_equal(job->retry_after_ms, -1); /* nobody has said so */
    assert_int_equal(job->exchange.attempts, 0);
    release(job);
    engine_free(engine);
}

TEST(without_memory_for_a_transport_every_exchange_is_answered_so)
{
    struct capauth__engine *engine = engine_new();
    struct job *first, *second;

    stub.no_memory = true;
    first = sender_new(engine);
    second = sender_new(engine);
    assert_int_equal(turn(engine), 2);
    assert_int_equal(first->error, CAPAUTH_E_NO_MEMORY);
    assert_int_equal(second->error, CAPAUTH_E_NO_MEMORY);
    assert_false(first->may_have_left);
    release(first);
    release(second);
    engine_free(engine);
}

/* ---- Threads that wait ---- */

static void *wait_for_job(void *data)
{
    struct job *job = data;

    capauth__inbox_post(&job->task, false);
    capauth__wait_for(job->engine, &job->task, -1);
    return is_done(job) ? job : NULL;
}

/* The first to end is whoever's: its thread leaves, and another must lead for the rest. */
TEST(every_thread_gets_its_own_task_whoever_leads)
{
    enum { THREADS = 8 };
    struct capauth__engine *engine = engine_new();
    pthread_t threads[THREADS];
    struct job *jobs[THREADS];

    for (int i = 0; i < THREADS; i++) {
        jobs[i] = job_new(engine, 10 + 5 * ((i * 3) % THREADS));
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_job, jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, jobs[i]);
        release(jobs[i]);
    }
    engine_free(engine);
}

static void *wait_for_any(void *data)
{
    return (void *)(intptr_t)capauth__wait_for_any(data, -1);
}

static bool somebody_polls(struct capauth__engine *engine)
{
    bool polls;

    pthread_mutex_lock(&engine->mutex);
    polls = engine->waiters.leader_polling;
    pthread_mutex_unlock(&engine->mutex);
    return polls;
}

static void await_leader(struct capauth__engine *engine)
{
    while (!somebody_polls(engine))
        sched_yield();
}

TEST(the_leader_comes_back_for_what_anothers_turn_has_ended)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);
    pthread_t leader;
    void *finished;

    assert_int_equal(pthread_create(&leader, NULL, wait_for_any, engine), 0);
    await_leader(engine);
    capauth__inbox_post(&job->task, false); /* without waking anybody */
    pthread_mutex_lock(&engine->mutex);
    capauth__engine_turn(engine, NULL, 0);
    job_end(&job->task, CAPAUTH_E_CANCELLED, NULL);
    assert_true(engine->waiters.leader_called_back);
    capauth__engine_turn(engine, NULL, 0); /* which must not take the wake-up away */
    pthread_mutex_unlock(&engine->mutex);
    assert_int_equal(pthread_join(leader, &finished), 0);
    assert_int_equal((intptr_t)finished, 1);
    release(job);
    engine_free(engine);
}

TEST(a_task_that_is_waited_for_enters_though_another_leads)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 10);
    pthread_t leader;
    void *finished;

    assert_int_equal(pthread_create(&leader, NULL, wait_for_any, engine), 0);
    await_leader(engine);
    capauth__inbox_post(&job->task, false); /* without waking anybody */
    capauth__wait_for(engine, &job->task, 10000);
    assert_true(is_done(job));
    assert_int_equal(pthread_join(leader, &finished), 0);
    assert_int_equal((intptr_t)finished, 1);
    release(job);
    engine_free(engine);
}

static uint64_t turns_of(struct capauth__engine *engine)
{
    uint64_t turns;

    pthread_mutex_lock(&engine->mutex);
    turns = engine->turns;
    pthread_mutex_unlock(&engine->mutex);
    return turns;
}

/* Each would send the leader back to look at its descriptors anew. */
TEST(waiting_for_a_task_that_the_leader_knows_takes_no_turn)
{
    struct capauth__engine *engine = engine_new();
    struct job *job = job_new(engine, 60000);
    pthread_t leader;
    uint64_t turns;
    void *finished;

    capauth__inbox_post(&job->task, true);
    turn(engine);
    assert_int_equal(pthread_create(&leader, NULL, wait_for_any, engine), 0);
    await_leader(engine);
    turns = turns_of(engine);
    turn_of_another(engine);
    assert_true(turns_of(engine) != turns);
    turns = turns_of(engine);
    capauth__wait_for(engine, &job->task, 1);
    assert_int_equal(turns_of(engine), turns);
    capauth__inbox_cancel(&job->task);
    assert_int_equal(pthread_join(leader, &finished), 0);
    assert_int_equal((intptr_t)finished, 1);
    release(job);
    engine_free(engine);
}

TEST(closing_sends_home_whoever_waits)
{
    struct capauth__engine *engine = engine_new();
    pthread_t leader, sleeper;
    void *finished;

    assert_int_equal(pthread_create(&leader, NULL, wait_for_any, engine), 0);
    assert_int_equal(pthread_create(&sleeper, NULL, wait_for_any, engine), 0);
    await_leader(engine);
    capauth__engine_close(engine);
    assert_int_equal(pthread_join(leader, &finished), 0);
    assert_int_equal((intptr_t)finished, 0);
    assert_int_equal(pthread_join(sleeper, &finished), 0);
    assert_int_equal((intptr_t)finished, 0);
    assert_int_equal(engine->reactor.wake_fd, -1); /* the last one out gives the descriptors back */
    engine_free(engine);
}

/* A fake one, so that it is sure to be there still. */
TEST(the_leader_at_the_reactor_closes_it_and_nobody_before)
{
    struct capauth__engine *engine = engine_new();

    assert_true(capauth__engine_open_reactor(engine));
    engine->waiters.leader_polling = true;
    capauth__engine_close(engine);
    assert_true(engine->reactor.wake_fd >= 0);
    assert_true(engine->waiters.leader_called_back);
    engine->waiters.leader_polling = false;
    engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_heap_stays_in_order_whatever_comes_moves_and_goes),
        cmocka_unit_test(a_task_enters_in_the_next_turn_and_is_due_at_its_time),
        cmocka_unit_test(an_overdue_task_ends_without_a_wait_however_much_work_is_before_it),
        cmocka_unit_test(a_task_that_is_scheduled_anew_is_due_then),
        cmocka_unit_test(a_task_that_is_scheduled_before_the_others_is_due_before_them),
        cmocka_unit_test(a_task_for_which_there_are_no_descriptors_ends_with_the_systems_reason),
        cmocka_unit_test(a_turn_ends_all_that_is_due_while_it_has_time),
        cmocka_unit_test(an_engine_is_behind_with_what_is_posted_and_with_what_is_due),
        cmocka_unit_test(a_transport_has_its_timer_in_the_turn_that_starts_an_exchange_and_later),
        cmocka_unit_test(the_reactor_is_armed_for_a_task_that_is_due_before_the_transport),
        cmocka_unit_test(what_is_answered_at_once_ends_in_the_same_turn_and_makes_room),
        cmocka_unit_test(a_turn_that_leaves_exchanges_calls_for_another),
        cmocka_unit_test(a_turn_that_leaves_answers_to_what_it_has_sent_calls_for_another),
        cmocka_unit_test(a_turn_sees_to_all_ready_descriptors_while_it_has_time),
        cmocka_unit_test(the_descriptor_tells_of_what_has_finished_until_somebody_asks),
        cmocka_unit_test(closing_is_something_to_learn_for_who_watches),
        cmocka_unit_test(a_wait_ends_at_its_time_and_the_task_goes_on),
        cmocka_unit_test(a_cancelled_task_ends_once_whether_it_was_posted_entered_or_neither),
        cmocka_unit_test(a_task_that_has_ended_on_its_way_to_be_cancelled_ends_no_second_time),
        cmocka_unit_test(what_is_done_is_handed_out_once_in_order_unless_it_was_collected_or_let_go),
        cmocka_unit_test(a_task_is_freed_when_nobody_needs_it_any_more),
        cmocka_unit_test(a_closed_engine_ends_what_it_has_and_what_still_comes),
        cmocka_unit_test(a_task_that_there_is_no_memory_for_ends_with_that),
        cmocka_unit_test(a_turn_that_has_no_time_left_leaves_what_is_due_to_the_next),
        cmocka_unit_test(a_new_task_wakes_the_reactor_only_where_somebody_waits_or_watches),
        cmocka_unit_test(a_turn_that_leaves_tasks_or_answers_calls_for_another),
        cmocka_unit_test(a_turn_sees_to_one_ready_descriptor_however_long_the_rest_took),
        cmocka_unit_test(a_descriptor_is_seen_by_who_waits_already_and_the_next_wait_is_a_whole_one),
        cmocka_unit_test(a_descriptor_for_which_there_is_no_memory_is_not_said_to_be_watched),
        cmocka_unit_test(descriptor_0_is_one_like_any_other),
        cmocka_unit_test(a_reactor_that_may_not_be_opened_is_open_only_if_it_was),
        cmocka_unit_test(a_call_for_which_there_was_no_reactor_yet_is_heard_once_there_is),
        cmocka_unit_test(a_forked_child_gives_the_descriptors_back_and_abandons_the_connections),
        cmocka_unit_test(exchanges_wait_in_line_for_a_connection_and_leave_it_in_order),
        cmocka_unit_test(an_exchange_past_its_deadline_never_starts),
        cmocka_unit_test(an_exchange_that_is_withdrawn_from_the_line_never_starts),
        cmocka_unit_test(an_exchange_that_is_withdrawn_from_the_wire_makes_room_for_the_next),
        cmocka_unit_test(a_start_that_fails_is_an_answer_and_no_attempt),
        cmocka_unit_test(without_memory_for_a_transport_every_exchange_is_answered_so),
        cmocka_unit_test(every_thread_gets_its_own_task_whoever_leads),
        cmocka_unit_test(the_leader_comes_back_for_what_anothers_turn_has_ended),
        cmocka_unit_test(a_task_that_is_waited_for_enters_though_another_leads),
        cmocka_unit_test(waiting_for_a_task_that_the_leader_knows_takes_no_turn),
        cmocka_unit_test(closing_sends_home_whoever_waits),
        cmocka_unit_test(the_leader_at_the_reactor_closes_it_and_nobody_before),
        cmocka_unit_test(what_ends_while_somebody_asks_is_no_news_for_the_descriptor),
        cmocka_unit_test(a_descriptor_that_was_not_to_be_had_tells_the_same_later),
        cmocka_unit_test(what_has_ended_is_told_even_if_there_are_no_descriptors_to_wait_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
