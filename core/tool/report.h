/* SPDX-License-Identifier: Apache-2.0 */
/* What capauth check has seen: a line for each place, which holds no secret and nothing of the customer. */
#ifndef CAPAUTH_TOOL_REPORT_H
#define CAPAUTH_TOOL_REPORT_H

#include "tool.h"

struct report {
    const char *factor; /* put before each place: "" or "second factor: " */
    int places, differences;
    int trouble; /* what kept a step from being seen: no difference, but the end */
};

/* What the service said. */
struct seen {
    int code; /* as the operation gives it; of a gateway's reply: its refusal, 0 if it is ok */
    int http_status;
    int64_t server_code;
    char message[120]; /* redacted */
};

/* Waits for the call and frees it; without one, `code` says why. */
struct seen report_seen(capauth_call *call, int code);

/* True if the code came that is expected. */
bool report_compare(struct report *report, const char *place, int expected, const struct seen *seen);

/* Says that what came is another thing than `expected` tells in words. */
void report_difference(struct report *report, const char *place, const char *expected, const struct seen *seen);

void report_fact(struct report *report, const char *place, bool holds);

/* A place that was left out, and why. */
void report_not_seen(const struct report *report, const char *place, const char *why);

#endif
