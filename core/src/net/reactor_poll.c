/* SPDX-License-Identifier: Apache-2.0 */
/* The reactor where there is no epoll: poll(2) over a copy of the set, and pipes to interrupt it. It has no descriptor
 * that stands for all of it. */
#include "net/reactor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platform.h"

enum { OWN = 2 }; /* the wake-up and the kick come first in a set */

static bool open_pipe(int *read_fd, int *write_fd)
{
    int ends[2];

    if (pipe(ends))
        return false;
    for (int i = 0; i < 2; i++) {
        (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    *read_fd = ends[0];
    *write_fd = ends[1];
    return true;
}

static void close_fd(int *fd)
{
    int reason = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = reason;
}

void capauth__reactor_init(struct capauth__reactor *reactor)
{
    memset(reactor, 0, sizeof *reactor);
    reactor->poll_fd = reactor->timer_fd = reactor->wake_fd = reactor->wake_write_fd = -1;
    reactor->outer_fd = reactor->done_fd = -1;
    reactor->kick_fds[0] = reactor->kick_fds[1] = -1;
    reactor->armed_ms = INT64_MAX;
    pthread_mutex_init(&reactor->mutex, NULL);
}

bool capauth__reactor_open(struct capauth__reactor *reactor)
{
    if (reactor->wake_fd >= 0)
        return true;
    if (open_pipe(&reactor->wake_fd, &reactor->wake_write_fd) &&
        open_pipe(&reactor->kick_fds[0], &reactor->kick_fds[1]))
        return true;
    capauth__reactor_close(reactor);
    return false;
}

void capauth__reactor_close(struct capauth__reactor *reactor)
{
    close_fd(&reactor->wake_fd);
    close_fd(&reactor->wake_write_fd);
    close_fd(&reactor->kick_fds[0]);
    close_fd(&reactor->kick_fds[1]);
    free(reactor->watched);
    reactor->watched = NULL;
    reactor->watched_count = reactor->watched_capacity = 0;
}

void capauth__reactor_end(struct capauth__reactor *reactor)
{
    capauth__reactor_close(reactor);
}

int capauth__reactor_fd(struct capauth__reactor *reactor)
{
    (void)reactor;
    errno = ENOSYS;
    return -1;
}

void capauth__reactor_announce(struct capauth__reactor *reactor)
{
    (void)reactor;
}

void capauth__reactor_clear_announcement(struct capauth__reactor *reactor)
{
    (void)reactor;
}

static void put_byte(int fd)
{
    ssize_t written = write(fd, "", 1);

    (void)written; /* fails only when the pipe is full, and then readable anyway */
}

static void drain(int fd)
{
    char bytes[64];

    while (read(fd, bytes, sizeof bytes) > 0)
        ;
}

/* With the mutex: whoever waits has an old copy of the set or of the time. */
static void kick(struct capauth__reactor *reactor)
{
    if (reactor->waiting)
        put_byte(reactor->kick_fds[1]);
}

static bool make_room(struct capauth__reactor *reactor)
{
    size_t capacity = reactor->watched_capacity ? reactor->watched_capacity * 2 : 16;
    struct pollfd *watched;

    if (reactor->watched_count < reactor->watched_capacity)
        return true;
    if (!(watched = realloc(reactor->watched, capacity * sizeof *watched)))
        return false;
    reactor->watched = watched;
    reactor->watched_capacity = capacity;
    return true;
}

bool capauth__reactor_watch(struct capauth__reactor *reactor, int fd, int events)
{
    short wanted = (short)((events & CAPAUTH__READ ? POLLIN : 0) | (events & CAPAUTH__WRITE ? POLLOUT : 0));
    bool done = true;
    size_t i = 0;

    pthread_mutex_lock(&reactor->mutex);
    while (i < reactor->watched_count && reactor->watched[i].fd != fd)
        i++;
    if (!wanted) {
        if (i < reactor->watched_count)
            reactor->watched[i] = reactor->watched[--reactor->watched_count];
    } else if (i < reactor->watched_count || make_room(reactor)) {
        reactor->watched[i] = (struct pollfd){.fd = fd, .events = wanted};
        if (i == reactor->watched_count)
            reactor->watched_count++;
    } else {
        done = false;
    }
    kick(reactor);
    pthread_mutex_unlock(&reactor->mutex);
    return done;
}

void capauth__reactor_arm(struct capauth__reactor *reactor, int64_t due_ms)
{
    pthread_mutex_lock(&reactor->mutex);
    if (due_ms < reactor->armed_ms) {
        reactor->armed_ms = due_ms;
        kick(reactor);
    }
    pthread_mutex_unlock(&reactor->mutex);
}

void capauth__reactor_clear_timer(struct capauth__reactor *reactor)
{
    pthread_mutex_lock(&reactor->mutex);
    reactor->armed_ms = INT64_MAX;
    pthread_mutex_unlock(&reactor->mutex);
}

void capauth__reactor_wake(struct capauth__reactor *reactor)
{
    put_byte(reactor->wake_write_fd);
}

void capauth__reactor_clear_wake(struct capauth__reactor *reactor)
{
    drain(reactor->wake_fd);
}

/* Until the timer or the time given, whichever is earlier. With the mutex. */
static int time_to_wait(const struct capauth__reactor *reactor, int timeout_ms)
{
    int64_t left_ms;

    if (reactor->armed_ms == INT64_MAX)
        return timeout_ms;
    left_ms = reactor->armed_ms - capauth__monotonic_ms();
    if (left_ms < 0)
        left_ms = 0;
    return timeout_ms >= 0 && timeout_ms < left_ms ? timeout_ms : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

static int hand_out(const struct pollfd *set, size_t count, struct capauth__ready *ready, int size)
{
    int used = 0;

    for (size_t i = OWN; i < count && used < size; i++) {
        if (!set[i].revents)
            continue;
        ready[used].fd = set[i].fd;
        ready[used].events = (set[i].revents & (POLLIN | POLLHUP | POLLERR) ? CAPAUTH__READ : 0) |
                             (set[i].revents & (POLLOUT | POLLERR) ? CAPAUTH__WRITE : 0);
        used++;
    }
    return used;
}

int capauth__reactor_wait(struct capauth__reactor *reactor, struct capauth__ready *ready, int size, int timeout_ms)
{
    struct pollfd *set;
    size_t count;
    int used = CAPAUTH__NOT_ASKED;

    pthread_mutex_lock(&reactor->mutex);
    count = reactor->watched_count + OWN;
    set = malloc(count * sizeof *set);
    if (set) {
        set[0] = (struct pollfd){.fd = reactor->wake_fd, .events = POLLIN};
        set[1] = (struct pollfd){.fd = reactor->kick_fds[0], .events = POLLIN};
        if (reactor->watched_count)
            memcpy(set + OWN, reactor->watched, reactor->watched_count * sizeof *set);
    }
    timeout_ms = time_to_wait(reactor, timeout_ms);
    reactor->waiting++;
    pthread_mutex_unlock(&reactor->mutex);
    if (set && poll(set, (nfds_t)count, timeout_ms) >= 0)
        used = hand_out(set, count, ready, size);
    pthread_mutex_lock(&reactor->mutex);
    reactor->waiting--;
    if (set && set[1].revents)
        drain(reactor->kick_fds[0]);
    pthread_mutex_unlock(&reactor->mutex);
    free(set);
    return used;
}
