/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between operating systems: clocks, waiting for a time, sockets, memory as a file, where the CA
 * certificates are. Waiting for descriptors is in reactor.h. */
#ifndef CAPAUTH_PLATFORM_H
#define CAPAUTH_PLATFORM_H

#include <pthread.h>
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

/* A condition, and to wait at it until then on the monotonic clock, whatever becomes of the wall clock; INT64_MAX: for
 * ever. Gives ETIMEDOUT, or 0, which may be without a cause. */
void capauth__condition_init(pthread_cond_t *condition);
int capauth__condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t due_us);

/* A socket as socket(2) makes it, closed when a program is executed. */
int capauth__socket(int family, int type, int protocol);
/* What tells an open descriptor from a later one with the same number; 0: it is closed. */
uint64_t capauth__descriptor_identity(int fd);

/* errno if no descriptor is to be had, else 0. */
int capauth__descriptor_shortage(void);
/* errno's own sentence. */
void capauth__system_error(int number, char *text, size_t size);
/* The code for it: CAPAUTH_E_SYSTEM, but CAPAUTH_E_NO_MEMORY where that was all. */
int capauth__system_code(int number);

/* Text as a file that other libraries can open, gone when the descriptor is closed: writes its name into `path` and
 * gives the descriptor, or -1 where the platform has no such thing. */
int capauth__memory_file(const char *text, size_t length, char *path, size_t size);

/* A byte that is 1 in the process that asked for it, and 0 in every process that is forked off: a look at it costs a
 * hundredth of a getpid. NULL where the platform has no such thing. */
const volatile unsigned char *capauth__fork_mark_new(void);
/* Takes NULL. */
void capauth__fork_mark_free(const volatile unsigned char *mark);

/* A variable of the environment that is not empty; NULL: there is none, or whoever started the program has fewer rights
 * than it (setuid), and may not tell it what to trust. */
const char *capauth__environment(const char *name);
/* Whether such a caller has set a variable, which another library would believe. */
bool capauth__environment_is_hostile(const char *name);

/* The first of the platform's usual files with CA certificates that can be read; NULL: none. Static. */
const char *capauth__system_ca_file(void);

#endif
