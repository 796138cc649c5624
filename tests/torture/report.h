/* SPDX-License-Identifier: Apache-2.0 */
/* What one run came to. It lies in memory that the run, a process of its own, shares with who started it: what is known
 * when the run crashes is not lost. */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>

#include "shortage.h"

enum { LEAKS_MOST = 16, COMPLAINT_SIZE = 400 };

struct leak {
    void *caller;
    size_t size;
};

struct report {
    long asked; /* allocations while memory could run out */
    int code; /* how the operation ended */
    int signal; /* what ended the run before its time; 0: nothing */
    struct place struck; /* where memory ran out */
    struct place crashed;
    char complaint[COMPLAINT_SIZE]; /* the first check that failed; "": none */
    struct leak leaks[LEAKS_MOST];
    int leak_count;
};

#endif
