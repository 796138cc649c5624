/* SPDX-License-Identifier: Apache-2.0 */
#include "session/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct log_notice {
    struct capauth__notice notice; /* first: the queue knows only this */
    struct capauth__listener *listener;
    int level;
    char message[];
};

struct trace_notice {
    struct capauth__notice notice;
    struct capauth__listener *listener;
    struct capauth__trace trace;
};

void capauth__log_init(struct capauth__log *log, struct capauth__notices *notices)
{
    log->notices = notices;
    log->level = CAPAUTH_LOG_DEBUG;
}

void capauth__log_end(struct capauth__log *log)
{
    capauth__listener_release(log->log);
    capauth__listener_release(log->trace);
}

static void listen(struct capauth__log *log, struct capauth__listener **slot, atomic_bool *present,
                   struct capauth__listener *listener)
{
    struct capauth__listener *old;

    capauth__notices_lock(log->notices);
    old = *slot;
    *slot = listener;
    atomic_store(present, listener != NULL);
    capauth__notices_unlock(log->notices);
    capauth__listener_release(old);
}

void capauth__log_listen(struct capauth__log *log, struct capauth__listener *listener)
{
    listen(log, &log->log, &log->has_log, listener);
}

void capauth__trace_listen(struct capauth__log *log, struct capauth__listener *listener)
{
    listen(log, &log->trace, &log->has_trace, listener);
}

/* Queues the notice for who listens now; with nobody there, it is thrown away. */
static void push(struct capauth__log *log, struct capauth__listener *const *slot, struct capauth__notice *notice,
                 struct capauth__listener **listener)
{
    capauth__notices_lock(log->notices);
    if (*slot) {
        *listener = capauth__listener_hold(*slot);
        capauth__notices_push_locked(log->notices, notice);
        notice = NULL;
    }
    capauth__notices_unlock(log->notices);
    free(notice);
}

/* ---- Log lines ---- */

static void tell_log(struct capauth__notice *notice)
{
    struct log_notice *line = (struct log_notice *)notice;

    line->listener->callback.log(line->level, line->message, line->listener->data);
}

static void end_log(struct capauth__notice *notice)
{
    capauth__listener_release(((struct log_notice *)notice)->listener);
    free(notice);
}

void capauth__log_set_level(struct capauth__log *log, int level)
{
    atomic_store(&log->level, level);
}

bool capauth__log_wants(const struct capauth__log *log, int level)
{
    return atomic_load(&log->has_log) && level <= atomic_load(&log->level);
}

void capauth__log(struct capauth__log *log, int level, const char *format, ...)
{
    char message[512];
    struct log_notice *line;
    va_list arguments;

    if (!capauth__log_wants(log, level))
        return;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started one line above; clang 14 loses sight of it */
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (!(line = calloc(1, sizeof *line + strlen(message) + 1)))
        return;
    line->notice.tell = tell_log;
    line->notice.end = end_log;
    line->level = level;
    memcpy(line->message, message, strlen(message) + 1);
    push(log, &log->log, &line->notice, &line->listener);
}

/* ---- Traces ---- */

static void tell_trace(struct capauth__notice *notice)
{
    const struct trace_notice *traced = (struct trace_notice *)notice;
    const struct capauth__trace *trace = &traced->trace;

    traced->listener->callback.trace(trace->event, trace->call_id, trace->operation, trace->result, trace->http_status,
                                     trace->attempts, trace->duration_ms, traced->listener->data);
}

static void end_trace(struct capauth__notice *notice)
{
    capauth__listener_release(((struct trace_notice *)notice)->listener);
    free(notice);
}

void capauth__trace(struct capauth__log *log, const struct capauth__trace *trace)
{
    struct trace_notice *traced;

    if (!atomic_load(&log->has_trace) || !(traced = calloc(1, sizeof *traced)))
        return;
    traced->notice.tell = tell_trace;
    traced->notice.end = end_trace;
    traced->trace = *trace;
    push(log, &log->trace, &traced->notice, &traced->listener);
}
