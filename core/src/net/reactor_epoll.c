/* SPDX-License-Identifier: Apache-2.0 */
/* The reactor on Linux: one epoll descriptor for the sockets, a timerfd and an eventfd. */
#include "net/reactor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static bool add_own(const struct capauth__reactor *reactor, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return fd >= 0 && epoll_ctl(reactor->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void capauth__reactor_init(struct capauth__reactor *reactor)
{
    reactor->armed_ms = INT64_MAX;
    reactor->poll_fd = reactor->wake_fd = reactor->timer_fd = reactor->outer_fd = reactor->done_fd = -1;
}

static void close_fd(int *fd)
{
    int reason = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = reason;
}

bool capauth__reactor_open(struct capauth__reactor *reactor)
{
    if (reactor->poll_fd >= 0)
        return true;
    reactor->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    reactor->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    reactor->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (reactor->poll_fd >= 0 && add_own(reactor, reactor->wake_fd) && add_own(reactor, reactor->timer_fd))
        return true;
    capauth__reactor_close(reactor);
    return false;
}

void capauth__reactor_close(struct capauth__reactor *reactor)
{
    close_fd(&reactor->poll_fd);
    close_fd(&reactor->wake_fd);
    close_fd(&reactor->timer_fd);
}

void capauth__reactor_end(struct capauth__reactor *reactor)
{
    capauth__reactor_close(reactor);
    close_fd(&reactor->outer_fd);
    close_fd(&reactor->done_fd);
}

/* Completions have a descriptor of their own, around the others: a leader that goes back to waiting takes back
 * wake-ups, and would take this one from under the application that has not seen it yet. */
int capauth__reactor_fd(struct capauth__reactor *reactor)
{
    struct epoll_event event = {.events = EPOLLIN};

    if (reactor->outer_fd >= 0)
        return reactor->outer_fd;
    reactor->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    reactor->outer_fd = epoll_create1(EPOLL_CLOEXEC);
    if (reactor->done_fd < 0 || reactor->outer_fd < 0 ||
        epoll_ctl(reactor->outer_fd, EPOLL_CTL_ADD, reactor->poll_fd, &event) ||
        epoll_ctl(reactor->outer_fd, EPOLL_CTL_ADD, reactor->done_fd, &event)) {
        close_fd(&reactor->outer_fd);
        close_fd(&reactor->done_fd);
    }
    return reactor->outer_fd;
}

bool capauth__reactor_watch(struct capauth__reactor *reactor, int fd, int events)
{
    struct epoll_event event = {.data.fd = fd};

    if (!events) {
        /* curl may have closed it already; then the kernel has taken it out by itself. */
        (void)epoll_ctl(reactor->poll_fd, EPOLL_CTL_DEL, fd, &event);
        return true;
    }
    event.events = (events & CAPAUTH__READ ? EPOLLIN : 0U) | (events & CAPAUTH__WRITE ? EPOLLOUT : 0U);
    /* Nearly always a connection that was idle, and which curl had us stop watching; but one may be known after all. */
    return !epoll_ctl(reactor->poll_fd, EPOLL_CTL_ADD, fd, &event) ||
           (errno == EEXIST && !epoll_ctl(reactor->poll_fd, EPOLL_CTL_MOD, fd, &event));
}

void capauth__reactor_arm(struct capauth__reactor *reactor, int64_t due_ms)
{
    struct itimerspec when = {0};

    /* Going off too early costs one idle turn; setting the timer for each change would cost a system call each. */
    if (due_ms >= reactor->armed_ms)
        return;
    if (due_ms < 1)
        due_ms = 1;
    when.it_value.tv_sec = (time_t)(due_ms / 1000);
    when.it_value.tv_nsec = (long)(due_ms % 1000) * 1000000;
    if (timerfd_settime(reactor->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0)
        reactor->armed_ms = due_ms;
}

void capauth__reactor_wake(struct capauth__reactor *reactor)
{
    uint64_t one = 1;
    ssize_t written = write(reactor->wake_fd, &one, sizeof one);

    (void)written; /* fails only when it is readable already */
}

static void drain(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);

    (void)got;
}

void capauth__reactor_clear_wake(struct capauth__reactor *reactor)
{
    drain(reactor->wake_fd);
}

int capauth__reactor_wait(struct capauth__reactor *reactor, struct capauth__ready *ready, int size, int timeout_ms)
{
    struct epoll_event events[CAPAUTH__READY_MOST + 2]; /* the timer and the wake-up are two more */
    int count = epoll_wait(reactor->poll_fd, events, size + 2, timeout_ms);
    int used = count < 0 ? CAPAUTH__NOT_ASKED : 0;

    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;

        if (fd == reactor->wake_fd || fd == reactor->timer_fd || used == size)
            continue;
        ready[used].fd = fd;
        ready[used].events = 0;
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            ready[used].events |= CAPAUTH__READ;
        if (events[i].events & (EPOLLOUT | EPOLLERR))
            ready[used].events |= CAPAUTH__WRITE;
        used++;
    }
    return used;
}

void capauth__reactor_clear_timer(struct capauth__reactor *reactor)
{
    drain(reactor->timer_fd);
    reactor->armed_ms = INT64_MAX;
}

void capauth__reactor_announce(struct capauth__reactor *reactor)
{
    uint64_t one = 1;
    ssize_t written = reactor->done_fd >= 0 ? write(reactor->done_fd, &one, sizeof one) : 0;

    (void)written; /* fails only when it is readable already */
}

void capauth__reactor_clear_announcement(struct capauth__reactor *reactor)
{
    if (reactor->done_fd >= 0)
        drain(reactor->done_fd);
}
