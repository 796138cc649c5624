/* SPDX-License-Identifier: Apache-2.0 */
/* Time passes only when the world says so. The reactor is the one of Linux, but its timer is a descriptor of ours that
 * becomes readable when our clock has come to its time, and it never waits: the world goes on instead. */
#include "world.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/platform.h"

enum {
    TICK_US = 400, /* of a slow world: what a look at the clock costs */
    MOST_LOOKS = 1000000 /* at a clock that stands */
};

static const int64_t start_us = INT64_C(1000000000);
static const int64_t unix_start_ms = INT64_C(1760013480000);

static struct {
    int64_t now_us;
    int tick_us;
    int looks;
    int timer_fd; /* -1: none */
    int64_t due_ms; /* INT64_MAX: not set */
} state;

void clock_tick(bool ticks)
{
    state.tick_us = ticks ? TICK_US : 0;
}

void clock_reset(void)
{
    state.now_us = start_us;
    state.looks = 0;
    state.timer_fd = -1;
    state.due_ms = INT64_MAX;
}

int64_t clock_ms(void)
{
    return state.now_us / 1000;
}

static void go_off(void)
{
    uint64_t one = 1;

    if (state.timer_fd < 0 || state.due_ms > clock_ms())
        return;
    state.due_ms = INT64_MAX;
    HOLDS(write(state.timer_fd, &one, sizeof one) == sizeof one);
}

void clock_advance(int64_t ms)
{
    state.now_us += ms * 1000;
    state.looks = 0;
    go_off();
}

int64_t clock_until_timer(void)
{
    if (state.due_ms == INT64_MAX)
        return -1;
    return state.due_ms > clock_ms() ? state.due_ms - clock_ms() : 0;
}

/* ---- In place of base/platform.c's ---- */

int64_t __wrap_capauth__monotonic_us(void);
int64_t __wrap_capauth__monotonic_ms(void);
int64_t __wrap_capauth__boottime_ms(void);
int64_t __wrap_capauth__realtime_ms(void);

int64_t __wrap_capauth__monotonic_us(void)
{
    HOLDS(++state.looks < MOST_LOOKS); /* else it goes round and round */
    state.now_us += state.tick_us;
    go_off();
    return state.now_us;
}

int64_t __wrap_capauth__monotonic_ms(void)
{
    return __wrap_capauth__monotonic_us() / 1000;
}

int64_t __wrap_capauth__boottime_ms(void)
{
    return clock_ms();
}

int64_t __wrap_capauth__realtime_ms(void)
{
    return unix_start_ms + clock_ms();
}

/* ---- In place of the system's, for the reactor ---- */

int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms);

int __wrap_timerfd_create(int clock, int flags)
{
    (void)clock, (void)flags;
    HOLDS(state.timer_fd < 0);
    return state.timer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
    (void)before;
    HOLDS(fd == state.timer_fd && flags == TFD_TIMER_ABSTIME);
    state.due_ms = (int64_t)when->it_value.tv_sec * 1000 + when->it_value.tv_nsec / 1000000;
    go_off();
    return 0;
}

int __wrap_close(int fd)
{
    if (fd == state.timer_fd) {
        state.timer_fd = -1;
        state.due_ms = INT64_MAX;
    }
    return __real_close(fd);
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms)
{
    int64_t end_ms = timeout_ms < 0 ? INT64_MAX : clock_ms() + timeout_ms;
    int ready;

    while (!(ready = __real_epoll_wait(fd, events, most, 0)) && clock_ms() < end_ms)
        world_passes_time(end_ms);
    return ready;
}
