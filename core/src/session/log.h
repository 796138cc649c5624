/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines and traces, for the application's two callbacks. */
#ifndef CAPAUTH_LOG_H
#define CAPAUTH_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "session/notices.h"

struct capauth__log {
    struct capauth__notices *notices; /* whose mutex holds the listeners */
    struct capauth__listener *log;
    struct capauth__listener *trace;
    atomic_bool has_log; /* so that silence costs nothing */
    atomic_bool has_trace;
    atomic_int level; /* of the least severe line that is written */
};

void capauth__log_init(struct capauth__log *log, struct capauth__notices *notices);
void capauth__log_end(struct capauth__log *log);

/* In place of the one before. NULL: none. */
void capauth__log_listen(struct capauth__log *log, struct capauth__listener *listener);
void capauth__trace_listen(struct capauth__log *log, struct capauth__listener *listener);

void capauth__log_set_level(struct capauth__log *log, int level);
/* Whether a line of that level is written. */
bool capauth__log_wants(const struct capauth__log *log, int level);
/* A line without a secret in it. CAPAUTH_LOG_... is its level. It is lost without memory, as a trace is. */
void capauth__log(struct capauth__log *log, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

struct capauth__trace {
    int event;
    int64_t call_id;
    const char *operation;
    int result;
    int http_status;
    int attempts;
    int duration_ms;
};
void capauth__trace(struct capauth__log *log, const struct capauth__trace *trace);

#endif
