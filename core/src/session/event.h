/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the application is told: log lines, traces, changed sessions. It is queued where it happens and delivered later,
 * in order, one at a time per client, outside every lock, on the thread that next leaves a wait, a poll or a blocking
 * operation.
 */
#ifndef CAPAUTH_EVENT_H
#define CAPAUTH_EVENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <capauth/capauth.h>

/* A callback of the application's and its data; shared by the owner and the events that are on their way to it. */
struct capauth__listener {
    atomic_int references;
    union {
        capauth_log_callback log;
        capauth_trace_callback trace;
        capauth_change_callback change;
    } callback;
    void *data;
    void (*free_data)(void *data);
};

struct capauth__event;

struct capauth__events {
    pthread_mutex_t mutex;
    struct capauth__event *first;
    struct capauth__event *last;
    bool delivering;
    pthread_t deliverer;
    struct capauth__listener *log;
    struct capauth__listener *trace;
    atomic_bool has_log; /* so that silence costs nothing */
    atomic_bool has_trace;
};

/* Checks the client, and makes a listener where one is wanted; else, and on failure, runs free_data at once. */
int capauth__listener_make(const capauth_client *client, bool wanted, void *data, void (*free_data)(void *data),
                           struct capauth__listener **listener);
/* Drops a reference; the last one queues free_data, since user code may not run where this is called. */
void capauth__listener_drop(capauth_client *client, struct capauth__listener *listener);

/* `message` may hold no secret. */
void capauth__log(capauth_client *client, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct capauth__trace {
    int event;
    int64_t call_id;
    const char *operation;
    int result;
    int http_status;
    int attempts;
    int duration_ms;
};
void capauth__trace(capauth_client *client, const struct capauth__trace *trace);
/* What an export holds has changed. Never lost for lack of memory. There is an observer; the session's mutex is held.
 */
void capauth__notify_change(capauth_session *session);

/* Delivers what is queued, unless another thread is at it. No lock may be held. */
void capauth__deliver(capauth_client *client);
/* Called in a callback of this client? */
bool capauth__in_callback(capauth_client *client);
/* At the end of a client: runs the free_data that are left, drops the rest. */
void capauth__events_end(capauth_client *client);

#endif
