/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for descriptors. Two files do it, of which the build takes one: reactor_epoll.c on Linux, reactor_poll.c,
 * with nothing but POSIX, elsewhere.
 */
#ifndef CAPAUTH_REACTOR_H
#define CAPAUTH_REACTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CAPAUTH__READ = 1, CAPAUTH__WRITE = 2 };
enum { CAPAUTH__READY_MOST = 32 }; /* descriptors that one wait hands out, at most */
enum { CAPAUTH__NOT_ASKED = -1 }; /* in place of how many are ready: that is not known */

struct capauth__ready {
    int fd;
    int events; /* CAPAUTH__READ | CAPAUTH__WRITE */
};

/*
 * A set of descriptors with one timer and one way to wake whoever waits on it; on Linux all three are one epoll
 * descriptor that a foreign event loop can watch. wait and wake may be called from any thread; the rest only by who
 * holds the engine's mutex.
 */
struct capauth__reactor {
    int poll_fd; /* epoll; -1 without it */
    int wake_fd;
    int timer_fd;
    int outer_fd; /* what the application watches: poll_fd and done_fd; -1 until it asks */
    int done_fd;
    int64_t armed_ms; /* when the timer is set to go off; INT64_MAX: not at all */

    /* Only without epoll; under `mutex`. */
    pthread_mutex_t mutex;
    struct pollfd *watched;
    size_t watched_count;
    size_t watched_capacity;
    int wake_write_fd;
    int kick_fds[2]; /* makes who waits look at a changed set */
    int waiting;
};

/* Without descriptors yet. */
void capauth__reactor_init(struct capauth__reactor *reactor);
/* false: the system has refused, and errno says why. Does nothing to one that is open. */
bool capauth__reactor_open(struct capauth__reactor *reactor);
/* Gives the descriptors back, save those of capauth__reactor_fd, which stay what they are for whoever watches them. */
void capauth__reactor_close(struct capauth__reactor *reactor);
/* Those too. */
void capauth__reactor_end(struct capauth__reactor *reactor);
/* A descriptor that is readable when there is something to do or to collect. -1: errno is ENOSYS where the platform has
 * no such thing; else the system has refused. Of one that is open. */
int capauth__reactor_fd(struct capauth__reactor *reactor);
/* Makes that descriptor readable, though not who waits here, until it is taken back. Nothing before it was asked for.
 */
void capauth__reactor_announce(struct capauth__reactor *reactor);
void capauth__reactor_clear_announcement(struct capauth__reactor *reactor);
/* Watches fd for `events`; 0 stops watching. false: the system has refused, and errno says why. */
bool capauth__reactor_watch(struct capauth__reactor *reactor, int fd, int events);
/* Sets the timer, in monotonic milliseconds; INT64_MAX: none. It may go off early, so that it is seldom set. */
void capauth__reactor_arm(struct capauth__reactor *reactor, int64_t due_ms);
/* Takes back that the timer went off. */
void capauth__reactor_clear_timer(struct capauth__reactor *reactor);
void capauth__reactor_wake(struct capauth__reactor *reactor);
/* Takes back a wake-up, so that the descriptor is no longer readable for it. */
void capauth__reactor_clear_wake(struct capauth__reactor *reactor);
/* How many descriptors of others are ready, at most `size`, which is no more than CAPAUTH__READY_MOST; the timer and
 * the wake-up end the wait uncounted. CAPAUTH__NOT_ASKED: the system did not answer, for a signal came in between. */
int capauth__reactor_wait(struct capauth__reactor *reactor, struct capauth__ready *ready, int size, int timeout_ms);

#endif
