/* SPDX-License-Identifier: Apache-2.0 */
/* A transport of nothing: no library, no sockets. A test says when an exchange is answered, and how. */
#ifndef STUB_TRANSPORT_H
#define STUB_TRANSPORT_H

#include "net/transport.h"

enum { STUB_MOST = 64 };

struct stub {
    int room; /* how many may be under way */
    int fails_with; /* what a start fails with; 0: it does not */
    bool no_memory; /* for the transport itself */
    int transports; /* that are there */
    int under_way;
    struct capauth__exchange *started[STUB_MOST]; /* in order, since the test began */
    int started_count;
    int cancelled_count;
    int abandoned_count;
    int begun_with; /* so many ready descriptors, the last turn */
    int ready_count; /* of descriptors that it was told of */
    int ready_fd; /* the last of them */
    bool has_more; /* answers than there was time for */
    bool answers_at_once; /* what starts */
    bool slow; /* in starting: a turn's whole time */
    int64_t due_in_ms; /* what starts wants its timer to go off then; 0: not at all */
    int64_t due_ms;
    int timer_count; /* how often it did */
    struct capauth__exchange *to_answer; /* in the next turn */
    int status; /* with this */
};

extern struct stub stub;

#endif
