/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between operating systems: clocks, waiting for descriptors, memory as a file. */
#ifndef CAPAUTH_PLATFORM_H
#define CAPAUTH_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Never goes back; deadlines are held against it. */
int64_t capauth__monotonic_ms(void);
int64_t capauth__monotonic_us(void);
/* Never goes back, and runs on while the device sleeps: the server's clock is carried on by it. */
int64_t capauth__boottime_ms(void);
/* The local wall clock, which may be wrong. */
int64_t capauth__realtime_ms(void);

enum { CAPAUTH__READ = 1, CAPAUTH__WRITE = 2 };

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
    int poll_fd;
    int wake_fd;
    int timer_fd;
    int64_t armed_ms; /* when the timer is set to go off; INT64_MAX: not at all */
};

bool capauth__reactor_open(struct capauth__reactor *reactor);
void capauth__reactor_close(struct capauth__reactor *reactor);
/* -1 where the platform has no descriptor that stands for all of it. */
int capauth__reactor_fd(const struct capauth__reactor *reactor);
/* Watches fd for `events`; 0 stops watching. */
void capauth__reactor_watch(struct capauth__reactor *reactor, int fd, int events);
/* Sets the timer, in monotonic milliseconds; INT64_MAX: none. It may go off early, so that it is seldom set. */
void capauth__reactor_arm(struct capauth__reactor *reactor, int64_t due_ms);
/* Takes back that the timer went off. */
void capauth__reactor_clear_timer(struct capauth__reactor *reactor);
void capauth__reactor_wake(struct capauth__reactor *reactor);
/* Takes back a wake-up, so that the descriptor is no longer readable for it. */
void capauth__reactor_clear_wake(struct capauth__reactor *reactor);
/* How many descriptors of others are ready, at most `size`; the timer and the wake-up end the wait uncounted. */
int capauth__reactor_wait(struct capauth__reactor *reactor, struct capauth__ready *ready, int size, int timeout_ms);

/* A socket as socket(2) makes it, closed when a program is executed. */
int capauth__socket(int family, int type, int protocol);
/* What tells an open descriptor from a later one with the same number; 0: it is closed. */
uint64_t capauth__descriptor_identity(int fd);

/* Text as a file that other libraries can open, gone when the descriptor is closed: writes its name into `path` and
 * gives the descriptor, or -1 where the platform has no such thing. */
int capauth__memory_file(const char *text, size_t length, char *path, size_t size);

/* The first of the platform's usual files with CA certificates that can be read; NULL: none. Static. */
const char *capauth__system_ca_file(void);

#endif
