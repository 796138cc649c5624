/* SPDX-License-Identifier: Apache-2.0 */
/* Both reactors, without an engine around them: what one says is ready, its timer, and how a wait is ended. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/platform.h"
#include "net/reactor.h"

enum { LONG_MS = 60000, SHORT_MS = 30 };

/* In memory that was somebody else's. */
static struct capauth__reactor *reactor_new(void)
{
    struct capauth__reactor *reactor = malloc(sizeof *reactor);

    assert_non_null(reactor);
    memset(reactor, 0xa5, sizeof *reactor);
    capauth__reactor_init(reactor);
    assert_true(capauth__reactor_open(reactor));
    return reactor;
}

static void reactor_free(struct capauth__reactor *reactor)
{
    capauth__reactor_end(reactor);
    free(reactor);
}

static void open_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

static void close_pair(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

/* What one wait says of the descriptor; 0: nothing. */
static int events_of(struct capauth__reactor *reactor, int fd)
{
    struct capauth__ready ready[8];
    int count = capauth__reactor_wait(reactor, ready, 8, 0);
    int events = 0;

    for (int i = 0; i < count; i++) {
        if (ready[i].fd == fd)
            events |= ready[i].events;
    }
    return events;
}

/* How long a wait takes in which no descriptor is ready. */
static int64_t wait_ms(struct capauth__reactor *reactor, int timeout_ms)
{
    struct capauth__ready ready;
    int64_t start_ms = capauth__monotonic_ms();

    assert_int_equal(capauth__reactor_wait(reactor, &ready, 1, timeout_ms), 0);
    return capauth__monotonic_ms() - start_ms;
}

static void assert_waits_to_the_end(struct capauth__reactor *reactor)
{
    assert_true(wait_ms(reactor, SHORT_MS) >= SHORT_MS - 1); /* by whichever clock the system counts */
}

/* ---- What is ready ---- */

TEST(a_descriptor_is_ready_for_what_it_is_watched_for)
{
    struct capauth__reactor *reactor = reactor_new();
    int ends[2];

    open_pair(ends);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__READ));
    assert_int_equal(events_of(reactor, ends[0]), 0);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__READ | CAPAUTH__WRITE));
    assert_int_equal(events_of(reactor, ends[0]), CAPAUTH__WRITE);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(events_of(reactor, ends[0]), CAPAUTH__READ | CAPAUTH__WRITE);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__READ));
    assert_int_equal(events_of(reactor, ends[0]), CAPAUTH__READ);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__WRITE));
    assert_int_equal(events_of(reactor, ends[0]), CAPAUTH__WRITE);
    assert_true(capauth__reactor_watch(reactor, ends[0], 0));
    assert_int_equal(events_of(reactor, ends[0]), 0);
    close_pair(ends);
    reactor_free(reactor);
}

TEST(the_end_of_a_connection_is_to_be_read)
{
    struct capauth__reactor *reactor = reactor_new();
    int ends[2];

    open_pair(ends);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__READ));
    close(ends[1]);
    assert_int_equal(events_of(reactor, ends[0]), CAPAUTH__READ);
    close(ends[0]);
    reactor_free(reactor);
}

/* Also for who only wants to write: libcurl then finds out why it cannot. */
TEST(an_error_is_to_be_read_and_written)
{
    struct capauth__reactor *reactor = reactor_new();
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_true(capauth__reactor_watch(reactor, ends[1], CAPAUTH__WRITE));
    close(ends[0]); /* nobody will read: the system calls that an error */
    assert_int_equal(events_of(reactor, ends[1]), CAPAUTH__READ | CAPAUTH__WRITE);
    close(ends[1]);
    reactor_free(reactor);
}

enum { MANY = 40 };

/* Which of them were handed out in one wait, of `size` at most. */
static int wait_for_many(struct capauth__reactor *reactor, const int *fds, int size, bool seen[MANY])
{
    struct capauth__ready ready[MANY];
    int count = capauth__reactor_wait(reactor, ready, size, 0);

    memset(seen, 0, MANY * sizeof *seen);
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < MANY; j++)
            seen[j] = seen[j] || fds[j] == ready[i].fd;
    }
    return count;
}

TEST(many_are_handed_out_and_those_that_are_let_go_no_more)
{
    struct capauth__reactor *reactor = reactor_new();
    int ends[MANY][2], fds[MANY];
    bool seen[MANY];

    for (int i = 0; i < MANY; i++) {
        open_pair(ends[i]);
        fds[i] = ends[i][0];
        assert_int_equal(write(ends[i][1], "x", 1), 1);
        assert_true(capauth__reactor_watch(reactor, fds[i], CAPAUTH__READ));
    }
    assert_int_equal(wait_for_many(reactor, fds, 32, seen), 32);
    assert_int_equal(wait_for_many(reactor, fds, 1, seen), 1);
    for (int i = 0; i < MANY; i += 2)
        assert_true(capauth__reactor_watch(reactor, fds[i], 0));
    assert_true(capauth__reactor_watch(reactor, fds[0], 0)); /* which is known no more */
    assert_int_equal(wait_for_many(reactor, fds, 32, seen), MANY / 2);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(seen[i], i % 2);
        close_pair(ends[i]);
    }
    reactor_free(reactor);
}

TEST(what_is_let_go_is_not_told_of_even_when_it_ends)
{
    struct capauth__reactor *reactor = reactor_new();
    struct capauth__ready ready[8];
    int ends[2];

    open_pair(ends);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__READ));
    for (int i = 0; i < 64; i++) /* which is one place, however often it changes */
        assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__READ | CAPAUTH__WRITE));
    assert_int_equal(capauth__reactor_wait(reactor, ready, 8, 0), 1);
    assert_true(capauth__reactor_watch(reactor, ends[0], 0));
    shutdown(ends[1], SHUT_RDWR);
    assert_int_equal(capauth__reactor_wait(reactor, ready, 8, 0), 0);
    close_pair(ends);
    reactor_free(reactor);
}

/* ---- The timer ---- */

TEST(a_wait_ends_with_the_timer_or_its_own_time)
{
    struct capauth__reactor *reactor = reactor_new();
    int64_t due_ms;

    assert_true(wait_ms(reactor, 0) < LONG_MS);
    capauth__reactor_arm(reactor, capauth__monotonic_ms() + LONG_MS);
    assert_waits_to_the_end(reactor);
    due_ms = capauth__monotonic_ms() + SHORT_MS;
    capauth__reactor_arm(reactor, due_ms);
    assert_true(wait_ms(reactor, -1) < LONG_MS);
    assert_true(capauth__monotonic_ms() >= due_ms - 1);
    assert_true(wait_ms(reactor, -1) < SHORT_MS); /* until it is taken back */
    assert_true(wait_ms(reactor, LONG_MS) < LONG_MS);
    capauth__reactor_clear_timer(reactor);
    assert_int_equal(reactor->armed_ms, INT64_MAX);
    assert_waits_to_the_end(reactor);
    reactor_free(reactor);
}

TEST(a_timer_goes_off_for_the_earliest_time_and_at_once_for_one_that_is_past)
{
    struct capauth__reactor *reactor = reactor_new();

    capauth__reactor_arm(reactor, capauth__monotonic_ms() + SHORT_MS);
    capauth__reactor_arm(reactor, capauth__monotonic_ms() + LONG_MS);
    assert_true(wait_ms(reactor, -1) < LONG_MS / 2);
    for (int64_t past_ms = -1; past_ms <= 1; past_ms++) {
        capauth__reactor_clear_timer(reactor);
        capauth__reactor_arm(reactor, past_ms);
        assert_true(wait_ms(reactor, -1) < LONG_MS / 2);
    }
    capauth__reactor_clear_timer(reactor);
    capauth__reactor_arm(reactor, INT64_MAX);
    assert_waits_to_the_end(reactor);
    reactor_free(reactor);
}

/* ---- What ends a wait that has begun ---- */

static void *wait_long(void *data)
{
    struct capauth__ready ready;
    int64_t start_ms = capauth__monotonic_ms();

    (void)capauth__reactor_wait(data, &ready, 1, LONG_MS);
    return (void *)(intptr_t)(capauth__monotonic_ms() - start_ms);
}

static pthread_t begin_to_wait(struct capauth__reactor *reactor)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, wait_long, reactor), 0);
    usleep(20000); /* that a wait has begun shows nowhere; one that has not finds the same */
    return thread;
}

static void assert_ended_early(pthread_t thread)
{
    void *waited;

    assert_int_equal(pthread_join(thread, &waited), 0);
    assert_true((intptr_t)waited < LONG_MS / 2);
}

TEST(a_wait_that_has_begun_learns_of_an_earlier_time)
{
    struct capauth__reactor *reactor = reactor_new();
    pthread_t thread;

    capauth__reactor_arm(reactor, capauth__monotonic_ms() + LONG_MS);
    thread = begin_to_wait(reactor);
    capauth__reactor_arm(reactor, capauth__monotonic_ms());
    assert_ended_early(thread);
    capauth__reactor_clear_timer(reactor);
    assert_waits_to_the_end(reactor);
    reactor_free(reactor);
}

/* A fake one, so that it is sure to have begun. */
TEST(a_wait_that_has_begun_is_not_disturbed_by_a_time_that_it_knows)
{
    struct capauth__reactor *reactor = reactor_new();
    int64_t due_ms = capauth__monotonic_ms() + LONG_MS;

    capauth__reactor_arm(reactor, due_ms);
    reactor->waiting++;
    capauth__reactor_arm(reactor, due_ms);
    reactor->waiting--;
    assert_waits_to_the_end(reactor);
    reactor_free(reactor);
}

TEST(waking_ends_the_wait_that_has_begun_or_the_next_until_it_is_taken_back)
{
    struct capauth__reactor *reactor = reactor_new();
    pthread_t thread = begin_to_wait(reactor);

    capauth__reactor_wake(reactor);
    assert_ended_early(thread);
    for (int i = 0; i < 100; i++)
        capauth__reactor_wake(reactor);
    assert_true(wait_ms(reactor, LONG_MS) < LONG_MS / 2);
    capauth__reactor_clear_wake(reactor);
    assert_waits_to_the_end(reactor);
    capauth__reactor_clear_wake(reactor); /* which is no matter */
    reactor_free(reactor);
}

static void on_alarm(int number)
{
    (void)number;
}

/* Nobody may take it for one in which all was quiet. */
TEST(a_wait_that_a_signal_ended_says_that_it_does_not_know)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval never = {.it_value.tv_sec = 0};
    struct itimerval often = {.it_interval.tv_usec = 20000,
                              .it_value.tv_usec = 20000}; /* the first may come too early */
    struct capauth__reactor *reactor = reactor_new();
    struct capauth__ready ready;

    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_int_equal(capauth__reactor_wait(reactor, &ready, 1, LONG_MS), CAPAUTH__NOT_ASKED);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    reactor_free(reactor);
}

/* ---- Its descriptors ---- */

enum { LOOKED_AT = 64 };

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < LOOKED_AT; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void allow_descriptors(rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(what_cannot_be_opened_whole_takes_no_descriptor_and_opens_later)
{
    struct capauth__reactor reactor = {0};
    int before = open_descriptors();
    int refused = 0;
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    capauth__reactor_init(&reactor);
    for (bool opened = false; !opened && refused < LOOKED_AT;) {
        allow_descriptors((rlim_t)refused);
        opened = capauth__reactor_open(&reactor);
        if (!opened) {
            assert_int_equal(errno, EMFILE);
            assert_int_equal(open_descriptors(), before);
            refused++;
        }
    }
    allow_descriptors(limit.rlim_cur);
    assert_in_range(refused, 4, LOOKED_AT - 1);
    capauth__reactor_wake(&reactor);
    assert_true(wait_ms(&reactor, LONG_MS) < LONG_MS / 2);
    capauth__reactor_end(&reactor);
    assert_int_equal(open_descriptors(), before);
}

TEST(its_descriptors_are_no_childs_and_never_block)
{
    struct capauth__reactor *reactor = reactor_new();
    const int own[] = {reactor->poll_fd,       reactor->wake_fd,     reactor->timer_fd,
                       reactor->wake_write_fd, reactor->kick_fds[0], reactor->kick_fds[1]};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (own[i] <= 2)
            continue; /* the other reactor's */
        assert_true(fcntl(own[i], F_GETFD) & FD_CLOEXEC);
        assert_true(own[i] == reactor->poll_fd || fcntl(own[i], F_GETFL) & O_NONBLOCK);
    }
    reactor_free(reactor);
}

TEST(opening_twice_is_opening_once_and_closing_twice_is_closing_once)
{
    int before = open_descriptors();
    struct capauth__reactor *reactor = reactor_new();
    int opened = open_descriptors();

    assert_true(opened > before);
    assert_true(capauth__reactor_open(reactor));
    assert_int_equal(open_descriptors(), opened);
    capauth__reactor_close(reactor);
    capauth__reactor_close(reactor);
    assert_int_equal(open_descriptors(), before);
    assert_true(capauth__reactor_open(reactor));
    assert_int_equal(open_descriptors(), opened);
    reactor_free(reactor);
}

/* A program that has closed its standard input gets its number for a descriptor. */
TEST(a_descriptor_may_be_number_0)
{
    int input = fcntl(0, F_DUPFD_CLOEXEC, LOOKED_AT);
    struct capauth__reactor *reactor;
    int opened;

    close(0);
    reactor = reactor_new();
    assert_true(reactor->poll_fd == 0 || reactor->wake_fd == 0);
    opened = open_descriptors();
    assert_true(capauth__reactor_open(reactor));
    assert_int_equal(open_descriptors(), opened);
    reactor_free(reactor);
    assert_int_equal(fcntl(0, F_GETFD), -1);
    if (input >= 0) {
        assert_int_equal(dup2(input, 0), 0);
        close(input);
    }
}

TEST(one_that_opens_anew_watches_nothing)
{
    struct capauth__reactor *reactor = reactor_new();
    int ends[2];

    open_pair(ends);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__WRITE));
    assert_int_equal(events_of(reactor, ends[0]), CAPAUTH__WRITE);
    capauth__reactor_close(reactor);
    assert_true(capauth__reactor_open(reactor));
    assert_int_equal(events_of(reactor, ends[0]), 0);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__WRITE));
    assert_int_equal(events_of(reactor, ends[0]), CAPAUTH__WRITE);
    close_pair(ends);
    reactor_free(reactor);
}

/* ---- The application's ---- */

static bool is_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return poll(&one, 1, 0) == 1;
}

TEST(the_applications_descriptor_is_readable_for_all_that_there_is)
{
    struct capauth__reactor *reactor = reactor_new();
    int fd = capauth__reactor_fd(reactor);
    int ends[2];

    if (fd < 0) { /* the one of poll(2) has none */
        assert_int_equal(errno, ENOSYS);
        reactor_free(reactor);
        return;
    }
    assert_int_equal(capauth__reactor_fd(reactor), fd);
    assert_false(is_readable(fd));
    capauth__reactor_announce(reactor);
    assert_true(is_readable(fd));
    assert_waits_to_the_end(reactor); /* who waits here is not meant */
    capauth__reactor_clear_announcement(reactor);
    assert_false(is_readable(fd));
    capauth__reactor_wake(reactor);
    assert_true(is_readable(fd));
    capauth__reactor_clear_wake(reactor);
    capauth__reactor_arm(reactor, capauth__monotonic_ms());
    usleep(2000);
    assert_true(is_readable(fd));
    capauth__reactor_clear_timer(reactor);
    open_pair(ends);
    assert_true(capauth__reactor_watch(reactor, ends[0], CAPAUTH__READ));
    assert_false(is_readable(fd));
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_true(is_readable(fd));
    close_pair(ends);
    capauth__reactor_close(reactor);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC); /* it stays what it is for who watches it */
    capauth__reactor_end(reactor);
    assert_true(fcntl(fd, F_GETFD) < 0);
    free(reactor);
}

TEST(an_applications_descriptor_that_is_not_to_be_had_takes_none_and_says_why)
{
    int before = open_descriptors();
    struct capauth__reactor *reactor = reactor_new();
    int opened = open_descriptors(), refused = 0;
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (allow_descriptors(0); capauth__reactor_fd(reactor) < 0 && errno != ENOSYS;
         allow_descriptors((rlim_t)++refused)) {
        assert_int_equal(errno, EMFILE);
        assert_int_equal(open_descriptors(), opened);
        assert_in_range(refused, 0, LOOKED_AT - 2);
    }
    allow_descriptors(limit.rlim_cur);
    reactor_free(reactor);
    assert_int_equal(open_descriptors(), before);
}

TEST(announcing_is_nothing_before_the_descriptor_was_asked_for)
{
    struct capauth__reactor *reactor = reactor_new();

    capauth__reactor_announce(reactor);
    capauth__reactor_clear_announcement(reactor);
    assert_waits_to_the_end(reactor);
    reactor_free(reactor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_descriptor_is_ready_for_what_it_is_watched_for),
        cmocka_unit_test(the_end_of_a_connection_is_to_be_read),
        cmocka_unit_test(an_error_is_to_be_read_and_written),
        cmocka_unit_test(many_are_handed_out_and_those_that_are_let_go_no_more),
        cmocka_unit_test(what_is_let_go_is_not_told_of_even_when_it_ends),
        cmocka_unit_test(a_wait_ends_with_the_timer_or_its_own_time),
        cmocka_unit_test(a_timer_goes_off_for_the_earliest_time_and_at_once_for_one_that_is_past),
        cmocka_unit_test(a_wait_that_has_begun_learns_of_an_earlier_time),
        cmocka_unit_test(a_wait_that_has_begun_is_not_disturbed_by_a_time_that_it_knows),
        cmocka_unit_test(waking_ends_the_wait_that_has_begun_or_the_next_until_it_is_taken_back),
        cmocka_unit_test(a_wait_that_a_signal_ended_says_that_it_does_not_know),
        cmocka_unit_test(what_cannot_be_opened_whole_takes_no_descriptor_and_opens_later),
        cmocka_unit_test(its_descriptors_are_no_childs_and_never_block),
        cmocka_unit_test(opening_twice_is_opening_once_and_closing_twice_is_closing_once),
        cmocka_unit_test(a_descriptor_may_be_number_0),
        cmocka_unit_test(one_that_opens_anew_watches_nothing),
        cmocka_unit_test(the_applications_descriptor_is_readable_for_all_that_there_is),
        cmocka_unit_test(an_applications_descriptor_that_is_not_to_be_had_takes_none_and_says_why),
        cmocka_unit_test(announcing_is_nothing_before_the_descriptor_was_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
